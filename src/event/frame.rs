//! How a delivery travels to the object that keeps it: a line of JSON, its body byte for byte, and the event's data, where
//! the body does not hold them. Several follow one another; one is as good as many.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::time::Millis;

/// How large a body may be once it is rendered, together with the data that it does not hold: a row takes 2 MB.
pub const RENDERED_LIMIT: usize = 1_900_000;

/// The head of a frame: what the log needs to know beside the body.
#[derive(Debug, Serialize, Deserialize)]
pub struct Append<'a> {
    /// The delivery's id, without its prefix.
    pub id: &'a str,
    /// The event's type.
    pub kind: &'a str,
    /// The event's id, where it is not made from the same characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// A destination of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Not to be sent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Millis>,
    /// Whether it came to a source, and is to go on as it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
    /// What makes a message known again that a provider sends more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The key that posted it, where it is an application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<&'a str>,
    /// The trace that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The replay that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'a str>,
    /// Length of the body.
    pub length: usize,
    /// Length of the event's data where they follow the body.
    #[serde(default, skip_serializing_if = "is_none")]
    pub spare: usize,
    /// Offset and length of the event's data in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<(usize, usize)>,
    /// What else is to be remembered of the event, at the one place that remembers it.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub about: Option<&'a RawValue>,
}

fn is_none(length: &usize) -> bool {
    *length == 0
}

impl<'a> Append<'a> {
    /// The head of a delivery whose body has so many bytes, of which `data` are the event's; whatever else it may say is
    /// left out.
    pub fn new(id: &'a str, kind: &'a str, length: usize, data: Option<(usize, usize)>) -> Self {
        Append {
            id,
            kind,
            event: None,
            url: None,
            not_before: None,
            queued: false,
            mark: None,
            key: None,
            trace: None,
            operation: None,
            length,
            spare: 0,
            data,
            about: None,
        }
    }

    /// The head as its line.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// A frame, and where its parts stand in what came.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Its head.
    pub append: Append<'a>,
    /// The body.
    pub body: Range<usize>,
    /// The event's data, where they follow the body.
    pub spare: Option<Range<usize>>,
}

/// Reads what came: one frame or several. `None` where that is not what came.
pub fn read_all(bytes: &[u8]) -> Option<Vec<Frame<'_>>> {
    let mut frames = Vec::with_capacity(1);
    let mut at = 0usize;
    while at < bytes.len() {
        let rest = bytes.get(at..)?;
        let head = rest.get(..rest.iter().position(|byte| *byte == b'\n')?)?;
        let append: Append<'_> = crate::body::parsed(head).ok()?;
        let start = at.checked_add(head.len())?.checked_add(1)?;
        let end = start.checked_add(append.length)?;
        at = end.checked_add(append.spare)?;
        let spare = (append.spare > 0).then_some(end..at);
        frames.push(Frame { append, body: start..end, spare });
    }
    (at == bytes.len() && !frames.is_empty()).then_some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn append(id: &str, length: usize, spare: usize) -> Append<'_> {
        Append {
            id,
            kind: "a.b",
            event: None,
            url: None,
            not_before: Some(7),
            queued: false,
            mark: None,
            key: Some("key_1"),
            trace: None,
            operation: None,
            length,
            spare,
            data: None,
            about: None,
        }
    }

    fn written(parts: &[(String, Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let frame = |(id, body, spare): &(String, Vec<u8>, Vec<u8>)| {
            [append(id, body.len(), spare.len()).line().unwrap(), body.clone(), spare.clone()].concat()
        };
        parts.iter().flat_map(frame).collect()
    }

    #[test]
    fn what_is_cut_short_is_none() {
        let parts = [("a".to_owned(), b"{}\n".to_vec(), b"1".to_vec()), ("b".to_owned(), vec![], vec![])];
        let bytes = written(&parts);
        let first = written(&parts[..1]).len();
        for end in (0..bytes.len()).filter(|end| *end != first) {
            assert!(read_all(&bytes[..end]).is_none(), "{end}");
        }
        assert_eq!(read_all(&bytes).unwrap().len(), 2);
    }

    #[test]
    fn a_length_beyond_every_memory_is_none() {
        let head = format!("{{\"id\":\"a\",\"kind\":\"a\",\"length\":{},\"spare\":{}}}\n", usize::MAX, usize::MAX);
        assert!(read_all(head.as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn one_is_as_good_as_many(parts: Vec<(String, Vec<u8>, Vec<u8>)>) {
            let parts: Vec<_> =
                parts.into_iter().map(|(id, body, spare)| (id.replace(|c: char| !c.is_ascii_alphanumeric(), ""), body, spare)).collect();
            let bytes = written(&parts);
            let frames = read_all(&bytes);
            prop_assert_eq!(frames.is_some(), !parts.is_empty());
            for (frame, (id, body, spare)) in frames.iter().flatten().zip(&parts) {
                prop_assert_eq!(frame.append.id, id);
                prop_assert_eq!(&bytes[frame.body.clone()], body);
                prop_assert_eq!(frame.spare.clone().map(|range| &bytes[range]).unwrap_or_default(), spare);
            }
        }

        #[test]
        fn no_frame_panics(bytes: Vec<u8>) {
            let _ = read_all(&bytes);
        }
    }
}
