//! Writing a JSON text anew as other programs would have written it: the same values in the same order, the numbers
//! digit for digit.

use std::fmt::Write;

use serde::de::IgnoredAny;

/// What is written is given up beyond this many bytes: indented by its depth, a small text can become a large one.
const MAX_WRITTEN: usize = 4 << 20;

/// How a program writes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// What stands between the values.
    pub space: Space,
    /// Which characters are written as escapes though they need not be.
    pub escapes: Escapes,
    /// Whether `/` is written `\/`.
    pub slashes: bool,
    /// Whether the names of an object are in order.
    pub sorted: bool,
}

/// What stands between the values of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Nothing.
    None,
    /// One space after `:` and `,`.
    One,
    /// Lines, indented by this many spaces for each level.
    Lines(usize),
}

/// Which characters are written as `\uXXXX` though they need not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// None.
    None,
    /// Those beyond ASCII.
    Ascii,
    /// `<`, `>` and `&`, as Go does, and the two line separators.
    Html,
}

/// A JSON value. Numbers and words are the text they came as.
pub(super) enum Node<'a> {
    Plain(&'a str),
    Text(String),
    List(Vec<Node<'a>>),
    Object(Vec<(String, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Reads a text; `None` for what is no JSON, or nested deeper than anybody writes.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        // From here on the text is known to be sound, and how deep it goes: what follows need not ask.
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Self::value(&mut text.trim_ascii_start())
    }

    fn value(rest: &mut &'a str) -> Option<Self> {
        match rest.as_bytes().first()? {
            b'{' => {
                let mut members = Vec::new();
                while take_next(rest, '}')? {
                    let name = text(rest)?;
                    *rest = rest.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
                    members.push((name, Self::value(rest)?));
                }
                Some(Node::Object(members))
            }
            b'[' => {
                let mut items = Vec::new();
                while take_next(rest, ']')? {
                    items.push(Self::value(rest)?);
                }
                Some(Node::List(items))
            }
            b'"' => text(rest).map(Node::Text),
            _ => {
                let end = rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                let (word, tail) = rest.split_at_checked(end)?;
                *rest = tail;
                Some(Node::Plain(word))
            }
        }
    }

    /// Writes it; `None` where that becomes too long.
    pub fn write(&self, style: Style) -> Option<String> {
        let mut out = String::new();
        self.write_to(&mut out, style, 0)?;
        Some(out)
    }

    fn write_to(&self, out: &mut String, style: Style, depth: usize) -> Option<()> {
        let inner = depth.saturating_add(1);
        match self {
            Node::Plain(word) => out.push_str(word),
            Node::Text(text) => write_text(out, text, style),
            Node::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    write_gap(out, style.space, at > 0, inner);
                    item.write_to(out, style, inner)?;
                }
                write_end(out, style.space, !items.is_empty(), depth);
                out.push(']');
            }
            Node::Object(members) => {
                let mut members: Vec<&(String, Node<'_>)> = members.iter().collect();
                if style.sorted {
                    members.sort_by(|(one, _), (other, _)| one.cmp(other));
                }
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    write_gap(out, style.space, at > 0, inner);
                    write_text(out, name, style);
                    out.push_str(if style.space == Space::None { ":" } else { ": " });
                    value.write_to(out, style, inner)?;
                }
                write_end(out, style.space, !members.is_empty(), depth);
                out.push('}');
            }
        }
        (out.len() <= MAX_WRITTEN).then_some(())
    }
}

/// Goes on to the next item of what began with a bracket; `false` at its end.
fn take_next(rest: &mut &str, end: char) -> Option<bool> {
    *rest = rest.trim_ascii_start();
    if let Some(tail) = rest.strip_prefix(end) {
        *rest = tail;
        return Some(false);
    }
    *rest = rest.strip_prefix(['{', '[', ','])?.trim_ascii_start();
    // Right behind the first bracket may stand the last.
    match rest.strip_prefix(end) {
        Some(tail) => *rest = tail,
        None => return Some(true),
    }
    Some(false)
}

/// Takes a quoted text off the front.
fn text(rest: &mut &str) -> Option<String> {
    let mut escaped = false;
    let closing = |(_, byte): &(usize, u8)| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    };
    let (end, _) = rest.bytes().enumerate().skip(1).find(closing)?;
    let (quoted, tail) = rest.split_at_checked(end.checked_add(1)?)?;
    *rest = tail;
    serde_json::from_str(quoted).ok()
}

fn write_gap(out: &mut String, space: Space, is_later: bool, depth: usize) {
    if is_later {
        out.push(',');
    }
    match space {
        Space::None => {}
        Space::One if is_later => out.push(' '),
        Space::One => {}
        Space::Lines(width) => write_line(out, width.saturating_mul(depth)),
    }
}

fn write_end(out: &mut String, space: Space, has_items: bool, depth: usize) {
    if let (Space::Lines(width), true) = (space, has_items) {
        write_line(out, width.saturating_mul(depth));
    }
}

fn write_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn write_text(out: &mut String, text: &str, style: Style) {
    out.push('"');
    for symbol in text.chars() {
        let is_escaped = match style.escapes {
            Escapes::None => false,
            Escapes::Ascii => !symbol.is_ascii() || symbol == '\x7f',
            Escapes::Html => matches!(symbol, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'),
        };
        match symbol {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '/' if style.slashes => out.push_str("\\/"),
            _ if is_escaped || symbol < ' ' => {
                for unit in symbol.encode_utf16(&mut [0; 2]) {
                    // A String takes whatever is written to it.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(symbol),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMPACT: Style = Style { space: Space::None, escapes: Escapes::None, slashes: false, sorted: false };

    fn rewrite(text: &str, style: Style) -> Option<String> {
        Node::read(text.as_bytes())?.write(style)
    }

    #[test]
    fn texts_are_written_as_other_programs_write_them() {
        let text = " {\"b\" : [1.0,{ } , [ ],-0e1, \"\\u00e9\\/ü😀<\\u0001\" ],\n\"a\":null}\n";
        for (style, expected) in [
            (COMPACT, "{\"b\":[1.0,{},[],-0e1,\"é/ü😀<\\u0001\"],\"a\":null}"),
            // json.dumps
            (
                Style { space: Space::One, escapes: Escapes::Ascii, ..COMPACT },
                "{\"b\": [1.0, {}, [], -0e1, \"\\u00e9/\\u00fc\\ud83d\\ude00<\\u0001\"], \"a\": null}",
            ),
            // JSON.stringify(value, null, 2)
            (
                Style { space: Space::Lines(2), ..COMPACT },
                "{\n  \"b\": [\n    1.0,\n    {},\n    [],\n    -0e1,\n    \"é/ü😀<\\u0001\"\n  ],\n  \"a\": null\n}",
            ),
            // json_encode
            (
                Style { escapes: Escapes::Ascii, slashes: true, ..COMPACT },
                "{\"b\":[1.0,{},[],-0e1,\"\\u00e9\\/\\u00fc\\ud83d\\ude00<\\u0001\"],\"a\":null}",
            ),
            // Go's json.Marshal of a map
            (
                Style { escapes: Escapes::Html, sorted: true, ..COMPACT },
                "{\"a\":null,\"b\":[1.0,{},[],-0e1,\"é/ü😀\\u003c\\u0001\"]}",
            ),
        ] {
            assert_eq!(rewrite(text, style).unwrap(), expected);
        }
        assert_eq!(rewrite("\"a\"", COMPACT).unwrap(), "\"a\"");
        for text in ["", "{", "nul", "{} x", "[1,]", "\"\\ud800\""] {
            assert_eq!(rewrite(text, COMPACT), None, "{text}");
        }
    }

    #[test]
    fn what_is_indented_deeply_stays_small() {
        let deep = ["[".repeat(120), "1,".repeat(100_000), "1".into(), "]".repeat(120)].concat();
        assert!(Node::read(deep.as_bytes()).is_some());
        assert_eq!(rewrite(&deep, Style { space: Space::Lines(4), ..COMPACT }), None);
        assert!(Node::read("[".repeat(100_000).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in "[\\[\\]{}\",:\\\\u1a ]{0,40}") {
            let _ = Node::read(&bytes);
            let _ = Node::read(text.as_bytes());
        }

        #[test]
        fn the_values_stay_the_same(text in "\\PC{0,20}", lines: bool, ascii: bool, slashes: bool) {
            let value = serde_json::json!({"a/<é>": [text, 1, null, {"b": {}, "c": [[], true]}]});
            let style = Style {
                space: if lines { Space::Lines(2) } else { Space::One },
                escapes: if ascii { Escapes::Ascii } else { Escapes::Html },
                slashes,
                sorted: false,
            };
            let written = rewrite(&value.to_string(), style).unwrap();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        }
    }
}
