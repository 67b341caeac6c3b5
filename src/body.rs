//! Reading a JSON body so that every fault in it is named, and nothing in it is parsed twice.
//!
//! A body is split once into its fields, each left as the text it came as. A field is then read as what it should be;
//! what it is not is noted under its pointer, and what nobody asked for is noted as unknown.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Fault, Problem};

/// How deep a body may nest.
pub const MAX_DEPTH: usize = 128;

/// The fields of a JSON object that are still to be read, and the faults found so far.
#[derive(Debug)]
pub struct Fields<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    faults: Vec<Fault>,
    pointer: String,
}

impl<'a> Fields<'a> {
    /// Splits a body that must be a JSON object.
    ///
    /// # Errors
    /// 400 for what is not JSON, 422 for JSON that is no object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let text = text(bytes)?;
        match serde_json::from_str::<Split<'a>>(text) {
            Ok(Split(fields)) => Ok(Self::from_split(fields, String::new())),
            // A number that is larger than any is JSON nevertheless.
            Err(error) if error.is_data() || serde_json::from_str::<&RawValue>(text).is_ok() => {
                Err(Problem::invalid(vec![Fault { pointer: String::new(), detail: "must be a JSON object".into() }]))
            }
            Err(error) => Err(Problem::not_json(format!("The body is not JSON: {error}."))),
        }
    }

    /// As [`Fields::parse`], where no body at all means an empty object.
    ///
    /// # Errors
    /// As [`Fields::parse`].
    pub fn parse_optional(bytes: &'a [u8]) -> Result<Self, Problem> {
        match bytes.iter().all(u8::is_ascii_whitespace) {
            true => Ok(Self::from_split(Vec::new(), String::new())),
            false => Self::parse(bytes),
        }
    }

    fn from_split(mut fields: Vec<(Cow<'a, str>, &'a RawValue)>, pointer: String) -> Self {
        // A name given twice would mean one thing here and another to the next reader.
        let mut seen = HashSet::new();
        let twice: HashSet<String> =
            fields.iter().filter(|(name, _)| !seen.insert(name.as_ref())).map(|(name, _)| name.to_string()).collect();
        fields.retain(|(name, _)| !twice.contains(name.as_ref()));
        let fault = |name: String| Fault { pointer: join(&pointer, &name), detail: "is given more than once".into() };
        let faults = twice.into_iter().map(fault).collect();
        Fields { fields, faults, pointer }
    }

    /// Looks at a field without taking it.
    pub fn peek(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, raw)| *raw)
    }

    /// Takes a field as it stands in the text, `null` included.
    pub fn raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.fields.iter().position(|(field, _)| field == name)?;
        Some(self.fields.swap_remove(at).1)
    }

    /// Takes a field as a `T`. `null` counts as left out; a wrong type is noted with `expected` ("must be …").
    pub fn take<T: Deserialize<'a>>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.take_nullable(name, expected).flatten()
    }

    /// Takes a field as a `T`, telling left out (`None`) from `null` (`Some(None)`).
    pub fn take_nullable<T: Deserialize<'a>>(&mut self, name: &str, expected: &str) -> Option<Option<T>> {
        let raw = self.raw(name)?;
        if raw.get() == "null" {
            return Some(None);
        }
        match serde_json::from_str(raw.get()) {
            Ok(value) => Some(Some(value)),
            Err(_) => {
                self.fault(name, expected);
                None
            }
        }
    }

    /// Takes a field that must be there.
    pub fn require<T: Deserialize<'a>>(&mut self, name: &str, expected: &str) -> Option<T> {
        let before = self.faults.len();
        let value = self.take(name, expected);
        if value.is_none() && self.faults.len() == before {
            self.fault(name, "is required");
        }
        value
    }

    /// Takes a field that is an object, to be read field by field; give it back with [`Fields::absorb`].
    pub fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        let raw = self.raw(name)?;
        if raw.get() == "null" {
            return None;
        }
        match serde_json::from_str::<Split<'a>>(raw.get()) {
            Ok(Split(fields)) => Some(Fields::from_split(fields, join(&self.pointer, name))),
            Err(_) => {
                self.fault(name, "must be an object");
                None
            }
        }
    }

    /// Adds the faults of an inner object, its unknown fields among them.
    pub fn absorb(&mut self, mut inner: Fields<'a>) {
        inner.note_unknown();
        self.faults.append(&mut inner.faults);
    }

    /// Notes a fault at a field.
    pub fn fault(&mut self, name: &str, detail: impl Into<String>) {
        let pointer = join(&self.pointer, name);
        self.faults.push(Fault { pointer, detail: detail.into() });
    }

    /// Notes a fault below a field, `path` being made with [`join`].
    pub fn fault_at(&mut self, path: &str, detail: impl Into<String>) {
        let pointer = [&self.pointer, "/", path].concat();
        self.faults.push(Fault { pointer, detail: detail.into() });
    }

    /// Whether nothing was wrong so far.
    pub fn sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn note_unknown(&mut self) {
        for (name, _) in std::mem::take(&mut self.fields) {
            self.fault(&name, "is not a known field");
        }
    }

    /// Ends the reading: what is left over is unknown.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn finish(mut self) -> Result<(), Problem> {
        self.note_unknown();
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(self.faults)),
        }
    }
}

/// A body as text that can be read as JSON.
///
/// # Errors
/// 400 for what is not UTF-8, or nested too deep.
pub fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::not_json("The body is not UTF-8."))?;
    match depth(bytes) > MAX_DEPTH {
        true => Err(Problem::not_json(format!("The body is nested deeper than {MAX_DEPTH} levels."))),
        false => Ok(text),
    }
}

/// Writes a value as JSON.
///
/// # Errors
/// 503: what is written here is made here, so no client could mend it.
pub fn written(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::unavailable(error.to_string()))
}

/// Reads JSON. All of it is read from text: a second reader, of bytes, would take its room in the worker once more for each
/// type that is read.
///
/// # Errors
/// What is wrong with it.
pub fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> serde_json::Result<T> {
    serde_json::from_str(std::str::from_utf8(body).map_err(serde::de::Error::custom)?)
}

/// Appends a reference token to a JSON pointer, escaped as RFC 6901 asks.
pub fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// How deep the brackets of a text go, strings aside. For text that is not JSON the answer means nothing, but it comes.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// An object's fields in order, each as its own text.
pub struct Split<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Split<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Split<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push((name.0, value));
                }
                Ok(Split(fields))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A field's name, borrowed where it holds no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Finds `name` in a JSON object without reading the rest of it; of a name given twice the last counts, as for
/// `JSON.parse`. `None` for what is no object.
pub fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let text = object.get();
    if !text.starts_with('{') {
        return None;
    }
    let Split(fields) = serde_json::from_str(text).ok()?;
    fields.into_iter().rev().find(|(field, _)| field == name).map(|(_, value)| value)
}

/// How large a body is looked into before anybody has vouched for it: its fields may take a hundred times its room.
const MAX_SEARCHED: usize = 4 * 1024 * 1024;

/// The string or number that stands at a dotted path in a JSON body.
pub fn text_at(body: &[u8], path: &str) -> Option<String> {
    if body.len() > MAX_SEARCHED || depth(body) > MAX_DEPTH {
        return None;
    }
    let mut value: &RawValue = parsed(body).ok()?;
    for step in path.split('.') {
        value = member(value, step)?;
    }
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok(),
        b'-' | b'0'..=b'9' => Some(text.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(result: Result<(), Problem>) -> Vec<(String, String)> {
        result.unwrap_err().errors.into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
    }

    #[test]
    fn names_every_fault_at_once() {
        let mut fields = Fields::parse(br#"{"a":1,"b":"x","c":{"d":true,"e/f":0},"g":null}"#).unwrap();
        assert_eq!(fields.take::<String>("a", "must be a string"), None);
        assert_eq!(fields.require::<String>("b", "must be a string").as_deref(), Some("x"));
        let mut inner = fields.object("c").unwrap();
        assert_eq!(inner.take::<u8>("d", "must be a number"), None);
        fields.absorb(inner);
        assert_eq!(fields.require::<String>("g", "must be a string"), None);
        assert_eq!(
            faults(fields.finish()),
            [
                ("/a".into(), "must be a string".into()),
                ("/c/d".into(), "must be a number".into()),
                ("/c/e~1f".into(), "is not a known field".into()),
                ("/g".into(), "is required".into()),
            ]
        );
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        let fields = Fields::parse(br#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        assert_eq!(faults(fields.finish())[0].0, "/a");
    }

    #[test]
    fn what_is_no_json_is_400_and_what_is_no_object_is_422() {
        let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
        let inner = |levels: usize| format!("{{\"a\":{}}}", deep(levels));
        for (body, status) in [
            ("", 400),
            ("{", 400),
            ("{}x", 400),
            ("{\"a\":01}", 400),
            ("nul", 400),
            ("null", 422),
            ("[]", 422),
            ("\"{}\"", 422),
            ("1e400", 422),
            (&inner(128), 400),
        ] {
            assert_eq!(Fields::parse(body.as_bytes()).unwrap_err().status, status, "{body:.20}");
        }
        assert_eq!(Fields::parse(b"{\"a\":\"\xff\"}").unwrap_err().status, 400);
        assert!(Fields::parse(inner(127).as_bytes()).is_ok());
        assert!(Fields::parse(br#"{"a":"[[[[\"[[["}"#).is_ok());
        assert!(Fields::parse_optional(b" \n").unwrap().finish().is_ok());
    }

    #[test]
    fn finds_members_without_touching_them() {
        let object: &RawValue = serde_json::from_str(r#"{"n":1.0000000000000000001,"n2":{"x":[1, 2]},"n":2}"#).unwrap();
        assert_eq!(member(object, "n").unwrap().get(), "2");
        assert_eq!(member(member(object, "n2").unwrap(), "x").unwrap().get(), "[1, 2]");
        assert!(member(object, "none").is_none());
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes: Vec<u8>) {
            let _ = Fields::parse(&bytes).map(Fields::finish);
        }
    }
}
