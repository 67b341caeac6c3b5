//! Forms with files (RFC 7578), read for their fields.

use std::borrow::Cow;

use super::form::{Form, MAX_FIELDS};

/// The boundary in a Content-Type that is a form's.
pub fn boundary(content_type: &str) -> Option<&str> {
    let (essence, rest) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters(rest)?.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?.1;
    // RFC 2046, section 5.1.1.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (matches!(boundary.len(), 1..=70) && boundary.bytes().all(allowed)).then_some(boundary)
}

/// The fields of a form. A part with a file name is no field. `None` for what is not whole, or is not UTF-8.
pub fn parse<'a>(boundary: &str, body: &'a [u8]) -> Option<Form<'a>> {
    let delimiter = ["\r\n--", boundary].concat();
    let delimiter = delimiter.as_bytes();
    let mut fields = Vec::new();
    let mut parts = 0usize;
    // The first boundary may stand at the very beginning, without the line break that is part of every other.
    let mut rest = match body.strip_prefix(delimiter.get(2..)?) {
        Some(rest) => rest,
        None => cut(body, delimiter)?.1,
    };
    while !rest.starts_with(b"--") {
        parts = parts.checked_add(1).filter(|parts| *parts <= MAX_FIELDS)?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        // A part without headers has no name.
        let (head, after) = cut(rest.get(blanks..)?.strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
        let (value, next) = match after.strip_prefix(delimiter.get(2..)?) {
            Some(next) => (after.get(..0)?, next),
            None => cut(after, delimiter)?,
        };
        if let Some(name) = name(head)? {
            fields.push((Cow::Borrowed(name), Cow::Borrowed(std::str::from_utf8(value).ok()?)));
        }
        rest = next;
    }
    Some(Form(fields))
}

/// What stands before `mark` and after it. `mark` begins with a line break and has no other, or no line has more than
/// one: so each byte is looked at once or twice.
fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut from = 0usize;
    loop {
        let tail = bytes.get(from..)?;
        let at = from.checked_add(tail.iter().position(|byte| *byte == b'\r')?)?;
        if let Some(after) = bytes.get(at..)?.strip_prefix(mark) {
            return Some((bytes.get(..at)?, after));
        }
        from = at.checked_add(1)?;
    }
}

/// The name of a part that is a field, from its headers.
fn name(head: &[u8]) -> Option<Option<&str>> {
    let head = std::str::from_utf8(head).ok()?;
    let mut disposition = None;
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        if name.trim().eq_ignore_ascii_case("content-disposition") && disposition.replace(value).is_some() {
            return None;
        }
    }
    let (kind, rest) = disposition?.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let parameters = parameters(rest)?;
    if parameters.iter().any(|(name, _)| matches!(name.to_ascii_lowercase().as_str(), "filename" | "filename*")) {
        return Some(None);
    }
    let name = parameters.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("name"))?.1;
    Some(Some(name))
}

/// Parameters such as `; name="a"; filename=b`. `None` where a name comes twice, or a value holds an escape, which
/// readers do not agree on.
fn parameters(mut rest: &str) -> Option<Vec<(&str, &str)>> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                let next = next.trim_start();
                (value, next.strip_prefix(';').or(next.is_empty().then_some(""))?)
            }
            None => {
                let (value, next) = after.split_once(';').unwrap_or((after, ""));
                (value.trim(), next)
            }
        };
        let twice = found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if name.is_empty() || twice || value.contains(['\\', '"']) || found.len() >= 16 {
            return None;
        }
        found.push((name, value));
        rest = next;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(body: &str) -> Option<Vec<(String, String)>> {
        let form = parse("B", body.as_bytes())?;
        Some(form.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn part(disposition: &str, value: &str) -> String {
        format!("--B\r\nContent-Disposition: {disposition}\r\n\r\n{value}\r\n")
    }

    #[test]
    fn the_boundary_is_found() {
        for (text, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data;charset=x; Boundary=\"a b:c\"", Some("a b:c")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=a; boundary=b", None),
            ("multipart/form-data; boundary=\"a\\\"b\"", None),
            ("multipart/mixed; boundary=abc", None),
            ("application/json", None),
        ] {
            assert_eq!(boundary(text), expected, "{text}");
        }
    }

    #[test]
    fn fields_are_read_and_files_are_not() {
        let body = [
            "preamble\r\n",
            &part("form-data; name=\"a\"", "1\r\n--b"),
            &part("form-data; name=\"file\"; filename=\"x.txt\"", "2"),
            &part("form-data; name=\"file\"; filename*=UTF-8''x", "2"),
            &part("Form-Data; NAME=b", ""),
            "--B--\r\nepilogue",
        ]
        .concat();
        let expected = [("a", "1\r\n--b"), ("b", "")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(fields(&body).unwrap(), expected);
        assert_eq!(fields("--B--").unwrap(), []);
    }

    #[test]
    fn what_is_read_in_two_ways_is_refused() {
        let good = [&part("form-data; name=\"a\"", "1"), "--B--"].concat();
        assert!(fields(&good).is_some());
        for body in [
            String::new(),
            good.replace("--B--", ""),
            good.replace("--B--", "--B"),
            good.replace("\r\n", "\n"),
            good.replace("form-data", "attachment"),
            good.replace("name=\"a\"", "name=\"a\"; name=\"b\""),
            good.replace("name=\"a\"", "name=\"a\\\"b\""),
            good.replace("name=\"a\"", "title=\"a\""),
            good.replace("\r\n\r\n", "\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n"),
            good.replace("--B\r\n", "--Bx\r\n"),
        ] {
            assert_eq!(fields(&body), None, "{body:?}");
        }
        assert_eq!(
            parse("B", &[good.as_bytes().strip_suffix(b"1\r\n--B--").unwrap(), b"\xff\r\n--B--"].concat()),
            None
        );
        let many = [part("form-data; name=a", "").repeat(MAX_FIELDS + 1), "--B--".into()].concat();
        assert_eq!(fields(&many), None);
    }

    #[test]
    fn a_hostile_body_takes_no_time_at_all() {
        let body = b"\r\n--BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB".repeat(100_000);
        assert_eq!(parse(&"B".repeat(70), &body), None);
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "(--B|\r\n|Content-Disposition: form-data; name=\"a\"|[a-z;=\"]|\\PC){0,30}") {
            let _ = parse("B", body.as_bytes());
            let _ = boundary(&body);
        }
    }
}
