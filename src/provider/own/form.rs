//! Forms: what stands in `application/x-www-form-urlencoded`, of bodies and of queries.

use std::borrow::Cow;

use super::multipart;
use crate::signature::{Reason, Request};

/// More fields than any provider sends; each costs memory before anything is verified.
pub const MAX_FIELDS: usize = 10_000;

/// The fields of a form in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Reads a body or a query. `None` for what is not UTF-8: two bodies would read alike.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Vec::new();
        for piece in bytes.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
            if fields.len() >= MAX_FIELDS {
                return None;
            }
            let mut halves = piece.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            fields.push((decode(name)?, decode(value)?));
        }
        Some(Form(fields))
    }

    /// The form that is a request's body, of either kind; `None` where the body is none.
    pub fn of(request: Request<'a>) -> Option<Result<Self, Reason>> {
        let content_type = request.headers.get("content-type")?;
        let form = if is_urlencoded(content_type) {
            Form::parse(request.body)
        } else {
            multipart::parse(multipart::boundary(content_type)?, request.body)
        };
        Some(form.ok_or(Reason::SignatureMalformed))
    }

    /// Takes a field that may stand there once.
    pub fn once(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Reason> {
        let mut found = self.0.iter_mut().filter(|(other, _)| other == name);
        let value = found.next().map(|(_, value)| std::mem::take(value));
        if found.next().is_some() { Err(Reason::SignatureMalformed) } else { Ok(value) }
    }

    /// The last field of a name.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_ref())
    }

    /// The fields sorted by name, those of one name by value.
    pub fn sorted(mut self) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        self.0.sort_unstable();
        self.0
    }
}

/// Whether a Content-Type is that of a form without files.
pub fn is_urlencoded(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Undoes the encoding. A `%` that begins no byte stays what it is (WHATWG URL, section 1.3).
fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if !bytes.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = tail.first_chunk::<2>().filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        text.push(match (first, escaped.as_deref()) {
            (b'+', _) => b' ',
            (_, Some([byte])) => {
                rest = tail.get(2..).unwrap_or_default();
                *byte
            }
            _ => *first,
        });
    }
    String::from_utf8(text).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(text: &str) -> Vec<(String, String)> {
        let form = Form::parse(text.as_bytes()).unwrap();
        form.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn reads_as_browsers_write() {
        for (text, expected) in [
            ("", vec![]),
            ("&&", vec![]),
            ("a=1&b=2", vec![("a", "1"), ("b", "2")]),
            ("a=b=c&d", vec![("a", "b=c"), ("d", "")]),
            ("=x", vec![("", "x")]),
            ("a+b=%2B+%20%e2%82%AC ", vec![("a b", "+  € ")]),
            ("a=100%&b=%zz%4", vec![("a", "100%"), ("b", "%zz%4")]),
            ("ä=€", vec![("ä", "€")]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(fields(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_utf8_or_without_end_is_refused() {
        assert_eq!(Form::parse(b"a=%ff"), None);
        assert_eq!(Form::parse(b"\xff=a"), None);
        assert!(Form::parse(&b"a&".repeat(MAX_FIELDS)).is_some());
        assert_eq!(Form::parse(&b"a&".repeat(MAX_FIELDS + 1)), None);
    }

    #[test]
    fn a_field_may_be_asked_to_stand_there_once() {
        let mut form = Form::parse(b"a=1&b=2&a=3").unwrap();
        assert_eq!(form.once("a"), Err(Reason::SignatureMalformed));
        assert_eq!(form.once("b"), Ok(Some("2".into())));
        assert_eq!(form.once("c"), Ok(None));
    }

    proptest! {
        /// The same as the library that browsers' rules are written in.
        #[test]
        fn reads_what_others_read(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'%'), Just(b'&'), Just(b'='), Just(b'+'), 0x30u8..0x47], 0..60)) {
            let theirs: Vec<_> = url::form_urlencoded::parse(&bytes).collect();
            if let Some(ours) = Form::parse(&bytes) {
                prop_assert_eq!(ours.0, theirs);
            } else {
                let lost = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
                prop_assert!(theirs.iter().any(|(name, value)| lost(name) || lost(value)));
            }
        }
    }
}
