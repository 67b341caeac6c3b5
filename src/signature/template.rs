//! Templates of schemes and profiles: text with `{placeholders}`.

/// A stretch of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it stands.
    Literal(&'a str),
    /// What stood between braces.
    Placeholder(&'a str),
}

/// Cuts a template at its `{placeholders}`. A brace without its partner is literal text.
pub fn split_template(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, tail)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'))
            && !name.contains('{')
        {
            rest = tail;
            return Some(Part::Placeholder(name));
        }
        let end = rest.char_indices().skip(1).find(|(_, symbol)| *symbol == '{').map_or(rest.len(), |(at, _)| at);
        let (text, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = tail;
        Some(Part::Literal(text))
    })
}

/// Reads `text` as something that `template` could have made: what stands for each placeholder, in order. A placeholder
/// reaches up to the first place where the literal behind it stands.
pub(super) fn extract<'t, 'v>(template: &'t str, text: &'v str) -> Option<Vec<(&'t str, &'v str)>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut parts = split_template(template).peekable();
    while let Some(part) = parts.next() {
        match (part, parts.peek()) {
            (Part::Literal(literal), _) => rest = rest.strip_prefix(literal)?,
            (Part::Placeholder(name), Some(Part::Literal(literal))) => {
                let (value, _) = rest.split_once(literal)?;
                found.push((name, value));
                rest = rest.strip_prefix(value)?;
            }
            (Part::Placeholder(name), _) => found.push((name, std::mem::take(&mut rest))),
        }
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn templates_are_cut_at_their_placeholders() {
        let parts: Vec<Part> = split_template("v0:{a}{b}{ {c}} }{").collect();
        assert_eq!(
            parts,
            [
                Part::Literal("v0:"),
                Part::Placeholder("a"),
                Part::Placeholder("b"),
                Part::Literal("{ "),
                Part::Placeholder("c"),
                Part::Literal("} }"),
                Part::Literal("{"),
            ]
        );
    }

    #[test]
    fn what_a_template_made_is_read_back() {
        assert_eq!(extract("sha256={s}", "sha256=ab").unwrap(), [("s", "ab")]);
        assert_eq!(extract("t={t};v={s}.", "t=1;v=ab.").unwrap(), [("t", "1"), ("s", "ab")]);
        for text in ["", "sha1=ab", "SHA256=ab", " sha256=ab"] {
            assert_eq!(extract("sha256={s}", text), None, "{text}");
        }
        assert_eq!(extract("a{s}b", "axbb"), None);
    }

    proptest! {
        #[test]
        fn parts_of_a_template_make_it_whole_again(template in "[a{}b]{0,24}") {
            let whole: String = split_template(&template).map(|part| match part {
                Part::Literal(text) => text.to_owned(),
                Part::Placeholder(name) => format!("{{{name}}}"),
            }).collect();
            prop_assert_eq!(whole, template);
        }

        #[test]
        fn no_text_panics(template in "[a{}b]{0,24}", text in "[ab]{0,24}|.{0,8}") {
            let _ = extract(&template, &text);
        }
    }
}
