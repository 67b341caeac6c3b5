//! A receiver of Signet's own, to try things with: it takes whatever comes and keeps nothing.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::body::{self, member};
use crate::problem::Problem;

/// Where it is.
pub const PATH: &str = "/receiver";

/// What it says of a request.
#[derive(Debug, Serialize)]
struct Received<'a> {
    received: bool,
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<String>,
    bytes: usize,
}

/// The status that it was asked to answer with, so that somebody can see what becomes of one.
///
/// # Errors
/// 422 for what no receiver answers.
pub fn status(query: &str) -> Result<u16, Problem> {
    let Some((_, asked)) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "status") else {
        return Ok(200);
    };
    let is_whole = asked.len() == 3 && asked.bytes().all(|byte| byte.is_ascii_digit());
    let status = if is_whole { asked.parse().ok() } else { None };
    status.filter(|status| (200..=599).contains(status)).ok_or_else(|| Problem::query("status", "must be 200 to 599"))
}

/// Whether an answer with this status can have a body (RFC 9110).
pub fn has_body(status: u16) -> bool {
    !matches!(status, 204 | 205 | 304)
}

/// What it answers to a request with this `webhook-id` and this body.
///
/// # Errors
/// Where it can't be written.
pub fn answer(id: Option<&str>, bytes: &[u8]) -> Result<String, Problem> {
    body::written(&Received { received: true, id, kind: kind(bytes), bytes: bytes.len() })
}

/// The type of the event that a body tells of, under the names that products give it.
fn kind(bytes: &[u8]) -> Option<String> {
    let text = body::text(bytes).ok()?;
    let body: &RawValue = serde_json::from_str(text).ok()?;
    let named = |name| serde_json::from_str(member(body, name)?.get()).ok();
    named("type").or_else(|| named("event"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_with_the_status_that_it_is_asked_for() {
        for (query, expected) in [
            ("", Some(200)),
            ("other=1", Some(200)),
            ("status=200", Some(200)),
            ("a=b&status=%3503", Some(503)),
            ("status=599", Some(599)),
            ("status=199", None),
            ("status=600", None),
            ("status=", None),
            ("status=0503", None),
            ("status=+50", None),
            ("status=2e2", None),
            ("status", None),
        ] {
            assert_eq!(status(query).ok(), expected, "{query}");
        }
    }

    #[test]
    fn says_what_it_has_received() {
        for (body, kind, bytes) in [
            (r#"{"type":"a.b","event":"c"}"#, r#""a.b""#, 26),
            (r#"{"type":7,"event":"c"}"#, r#""c""#, 22),
            (r#"{"type":null}"#, "null", 13),
            (r#"["type"]"#, "null", 8),
            ("type", "null", 4),
            ("\u{fc}", "null", 2),
            ("", "null", 0),
        ] {
            let said = answer(None, body.as_bytes()).unwrap();
            assert_eq!(said, format!(r#"{{"received":true,"id":null,"type":{kind},"bytes":{bytes}}}"#), "{body}");
        }
        assert!(answer(Some("del_1"), b"").unwrap().contains(r#""id":"del_1""#));
    }

    proptest! {
        #[test]
        fn nothing_that_comes_panics(bytes: Vec<u8>, query: String, id: String) {
            let _ = status(&query);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&answer(Some(&id), &bytes).unwrap()).is_ok());
        }

        #[test]
        fn every_status_is_one_that_can_be_answered(status_of in 0u16..1_000) {
            let found = status(&format!("status={status_of}"));
            prop_assert_eq!(found.ok(), (200..=599).contains(&status_of).then_some(status_of));
        }
    }
}
