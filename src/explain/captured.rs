//! Reading a request that somebody captured and wants explained.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::body::{Fields, join};
use crate::header::Headers;
use crate::problem::Problem;
use crate::source::Gate;
use crate::time::{Millis, parse_rfc3339};

/// How large the captured body may be, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// How large the call that holds it may be, in bytes: room for the escapes of a text, or for base64.
pub const MAX_CALL: usize = 4 << 20;
/// How many headers, and values of them, are read: more than any server takes.
const MAX_HEADERS: usize = 256;
/// How large they may be all together, in bytes.
const MAX_HEAD: usize = 128 << 10;
/// How long a name may be, or a value, or a URL, in bytes.
const MAX_TEXT: usize = 16 << 10;

/// A request as it was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Its method.
    pub method: String,
    /// The URL that it came to, as it was written.
    pub url: Option<String>,
    /// Its headers, each value by itself.
    pub headers: Vec<(String, String)>,
    /// Its raw body.
    pub body: Vec<u8>,
    /// The present that its time is held against.
    pub at: Millis,
}

impl Captured {
    /// Reads the body of a call: `method`, `url`, `headers`, `body` or `bodyBase64`, and `at`.
    ///
    /// # Errors
    /// 400, 413 or 422, with every fault named.
    pub fn read(bytes: &[u8], now: Millis) -> Result<Self, Problem> {
        if bytes.len() > MAX_CALL {
            return Err(Problem::too_large(MAX_CALL));
        }
        let mut fields = Fields::parse(bytes)?;
        let method: String = fields.take("method", "must be a string").unwrap_or_else(|| "POST".into());
        if !matches!(method.len(), 1..=32) || !method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
            fields.fault("method", "must be an HTTP method");
        }
        let url: Option<String> = fields.take("url", "must be a string");
        if url.as_deref().is_some_and(|url| !is_url(url)) {
            fields.fault("url", "must be the whole URL, https://… or http://…, as it was called");
        }
        let headers = read_headers(&mut fields);
        let body = read_body(&mut fields);
        let at: Option<String> = fields.take("at", "must be a string");
        let at = match at.as_deref().map(parse_rfc3339) {
            None => now,
            Some(Some(at)) => at,
            Some(None) => {
                fields.fault("at", "must be an RFC 3339 time");
                now
            }
        };
        fields.finish()?;
        Ok(Captured { method, url, headers, body, at })
    }

    /// The headers as a Worker sees them: several of a name are one, parted by commas, in the order they came.
    pub(super) fn merged(&self) -> Vec<(String, String)> {
        let mut merged: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.headers {
            match merged.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
                None => merged.push((name.clone(), value.clone())),
                Some((_, whole)) => {
                    whole.push_str(", ");
                    whole.push_str(value);
                }
            }
        }
        merged
    }

    /// The URL that the provider signed, where one is known: what stands behind the source's own path counts as in a
    /// request that comes to it.
    pub(super) fn public_url<'a>(&'a self, gate: &'a Gate) -> Cow<'a, str> {
        let url = self.url.as_deref().unwrap_or_default();
        let own = ["/in/", &gate.source.id].concat();
        let rest = url.split_once(own.as_str()).map(|(_, rest)| rest.split(['?', '#']).next().unwrap_or_default());
        gate.public_url(url, rest.filter(|rest| rest.starts_with('/')).unwrap_or_default())
    }
}

/// Pairs as what signatures are judged by.
pub(super) fn as_headers(pairs: &[(String, String)]) -> Headers<'_> {
    Headers::new(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn is_url(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let has_scheme = lower.starts_with("https://") || lower.starts_with("http://");
    has_scheme && url.len() <= MAX_TEXT && !url.chars().any(|symbol| symbol.is_control() || symbol == ' ')
}

fn read_body(fields: &mut Fields<'_>) -> Vec<u8> {
    let text: Option<Cow<'_, str>> = fields.take("body", "must be a string");
    let base64: Option<Cow<'_, str>> = fields.take("bodyBase64", "must be a string");
    if text.is_some() && base64.is_some() {
        fields.fault("bodyBase64", "can't stand beside body: give one of them");
    }
    let (name, body) = match (text, base64) {
        (Some(text), _) => ("body", text.into_owned().into_bytes()),
        (None, Some(base64)) => match BASE64.decode(base64.as_ref()) {
            Ok(bytes) => ("bodyBase64", bytes),
            Err(_) => {
                fields.fault("bodyBase64", "must be base64 with padding");
                return Vec::new();
            }
        },
        (None, None) => return Vec::new(),
    };
    if body.len() > MAX_BODY {
        fields.fault(name, format!("may have at most {MAX_BODY} bytes"));
    }
    body
}

fn read_headers(fields: &mut Fields<'_>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let Some(given) =
        fields.require::<Given<'_>>("headers", "must be an object of names and values, or a list of pairs")
    else {
        return headers;
    };
    if given.entries.len() > MAX_HEADERS {
        fields.fault("headers", format!("may hold at most {MAX_HEADERS} headers"));
        return headers;
    }
    let mut names = HashSet::new();
    for (at, (name, values)) in given.entries.iter().enumerate() {
        let pointer = match given.is_list {
            true => format!("headers/{at}"),
            false => join("headers", name),
        };
        if !names.insert(name) && !given.is_list {
            fields.fault_at(&pointer, "is given more than once");
        } else if !is_name(name) {
            fields.fault_at(&pointer, "must be a header's name");
        }
        let Ok(Values(values)) = serde_json::from_str::<Values>(values.get()) else {
            fields.fault_at(&pointer, "must be a string or a list of strings");
            continue;
        };
        for value in values {
            // Spaces around a value are not part of it (RFC 9110, section 5.5).
            let value = value.trim_matches([' ', '\t']);
            if value.len() > MAX_TEXT || value.contains(['\r', '\n', '\0']) {
                fields.fault_at(&pointer, format!("must be one line of at most {MAX_TEXT} bytes"));
            }
            headers.push((name.to_string(), value.to_owned()));
        }
    }
    let size =
        headers.iter().fold(0, |sum: usize, (name, value)| sum.saturating_add(name.len()).saturating_add(value.len()));
    if headers.len() > MAX_HEADERS || size > MAX_HEAD {
        fields.fault("headers", format!("may hold at most {MAX_HEADERS} values and {MAX_HEAD} bytes"));
    }
    headers
}

fn is_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    matches!(name.len(), 1..=256) && name.bytes().all(token)
}

/// Headers as a client writes them, each value still as its text.
struct Given<'a> {
    is_list: bool,
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Given<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Given { is_list: false, entries })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(Given { is_list: true, entries })
            }
        }
        deserializer.deserialize_any(Entries)
    }
}

/// One value or several.
struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            One(String),
            Several(Vec<String>),
        }
        Ok(Values(match Either::deserialize(deserializer)? {
            Either::One(value) => vec![value],
            Either::Several(values) => values,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    #[test]
    fn a_request_is_read_with_every_fault_named() {
        let read = |body: Value| Captured::read(body.to_string().as_bytes(), NOW);
        let call = r#"{"headers": {"A": " 1 ", "b": ["2", "3"], "B": "4"}, "body": "ü", "at": "2023-11-14T22:13:21Z"}"#;
        let captured = Captured::read(call.as_bytes(), NOW).unwrap();
        assert_eq!(
            (captured.method.as_str(), captured.at, captured.body.as_slice()),
            ("POST", NOW + 1000, "ü".as_bytes())
        );
        assert_eq!(captured.merged(), [("A".into(), "1".into()), ("b".into(), "2, 3, 4".into())]);
        let captured =
            read(json!({"method": "PUT", "url": "https://a.example/in/src_1", "headers": [["A", "1"], ["A", ["2"]]], "bodyBase64": "/w=="}))
                .unwrap();
        assert_eq!((captured.body.as_slice(), captured.headers.len(), captured.at), (&[0xff][..], 2, NOW));
        assert_eq!(captured.url.as_deref(), Some("https://a.example/in/src_1"));

        let pointers = |body: Value| -> Vec<String> {
            let problem = read(body).unwrap_err();
            assert_eq!(problem.status, 422);
            problem.errors.into_iter().map(|fault| fault.pointer).collect()
        };
        assert_eq!(
            pointers(json!({"method": "GET /", "url": "/x", "body": 1, "bodyBase64": "?", "at": "now", "more": 1,
                "headers": {"a b": "1", "c": 1, "d": "x\ny", "e/f": [1]}})),
            [
                "/method",
                "/url",
                "/headers/a b",
                "/headers/c",
                "/headers/d",
                "/headers/e~1f",
                "/headers/e~1f",
                "/body",
                "/bodyBase64",
                "/at",
                "/more"
            ]
        );
        assert_eq!(pointers(json!({})), ["/headers"]);
        assert_eq!(pointers(json!({"headers": [["a"]]})), ["/headers"]);
        assert_eq!(pointers(json!({"headers": {}, "body": "a", "bodyBase64": ""})), ["/bodyBase64"]);
        assert_eq!(pointers(json!({"headers": {}, "body": "a".repeat(MAX_BODY + 1)})), ["/body"]);
        assert_eq!(pointers(json!({"headers": {"a": vec!["1"; 300]}})), ["/headers"]);
        assert_eq!(pointers(json!({"headers": vec![["a", "1"]; 300]})), ["/headers"]);
        assert_eq!(pointers(json!({"headers": vec![("a", "x".repeat(16 << 10)); 9]})), ["/headers"]);
        let twice = Captured::read(br#"{"headers":{"a":"1","a":"2"}}"#, NOW).unwrap_err();
        assert_eq!(twice.errors[0].detail, "is given more than once");
        assert_eq!(Captured::read(b"{", NOW).unwrap_err().status, 400);
        assert_eq!(Captured::read(&vec![b' '; MAX_CALL + 1], NOW).unwrap_err().status, 413);
    }

    proptest! {
        #[test]
        fn no_call_panics(bytes: Vec<u8>, text in "\\PC{0,40}", number in -9i64..9) {
            let _ = Captured::read(&bytes, NOW);
            let body = json!({"method": text, "url": text, "headers": {text.clone(): text}, "body": text, "at": text, "n": number});
            let _ = Captured::read(body.to_string().as_bytes(), NOW);
        }
    }
}
