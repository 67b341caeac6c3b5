//! What a producer posts.

pub mod batch;
pub mod frame;
pub mod parcel;
pub mod posting;
pub mod targets;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::body::Fields;
use crate::destination::{self, Rules};
use crate::problem::Problem;
use crate::signal;
use crate::time::{Millis, parse_rfc3339, rfc3339};

/// How large an event's body may be, in bytes.
pub const MAX_EVENT: usize = 1024 * 1024;
/// How many deliveries an event may have: what remembers them all has to fit in a row.
pub const MAX_TARGETS: usize = 20_000;
/// How far ahead `deliverAt` may be: 30 days.
const MAX_AHEAD: Millis = 30 * 86_400_000;
const MAX_ATTRIBUTES: usize = 64;
const MAX_VALUES: usize = 256;
const MAX_TEXT: usize = 256;

/// What subscriptions can filter by: each key has one value or several.
pub type Attributes = BTreeMap<String, Values>;

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// One.
    One(String),
    /// Any number.
    Many(Vec<String>),
}

impl Values {
    /// The values, however they were given.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        }
    }
}

/// An event as it was posted, checked.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its type, as `task.completed`.
    pub kind: Cow<'a, str>,
    /// Its data, in the bytes they came in.
    pub data: &'a RawValue,
    /// The id that the producer knows it by.
    pub id: Option<String>,
    /// When it happened, where the producer says.
    pub occurred_at: Option<Millis>,
    /// What subscriptions can filter by.
    pub attributes: Attributes,
    /// A destination of this event's own.
    pub webhook_url: Option<String>,
    /// Not to be sent before.
    pub deliver_at: Option<Millis>,
}

impl<'a> Event<'a> {
    /// Reads the body of `POST /v1/events`; `key` is the header `Idempotency-Key`, which counts in a body without an id.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn read(bytes: &'a [u8], key: Option<&str>, now: Millis, rules: Rules) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let kind = match fields.require::<Text<'a>>("type", "must be a string") {
            Some(Text(kind)) => {
                if !is_type(&kind) {
                    fields.fault("type", TYPE_FAULT);
                } else if signal::is_own(&kind) {
                    fields.fault("type", signal::TYPE_FAULT);
                }
                kind
            }
            None => Cow::Borrowed(""),
        };
        let data = fields.raw("data").unwrap_or_else(|| {
            fields.fault("data", "is required");
            RawValue::NULL
        });
        let id = fields.take::<String>("id", "must be a string");
        if id.as_ref().is_some_and(|id| !is_id(id)) {
            fields.fault("id", "must be 1 to 256 visible ASCII characters");
        }
        let occurred_at = time(&mut fields, "occurredAt");
        let deliver_at = time(&mut fields, "deliverAt");
        if deliver_at.is_some_and(|at| at > now.saturating_add(MAX_AHEAD)) {
            fields.fault("deliverAt", "may be at most 30 days ahead");
        }
        let attributes: Attributes = fields
            .take("attributes", "must be an object whose values are strings or lists of strings")
            .unwrap_or_default();
        let fits = |text: &String| text.len() <= MAX_TEXT;
        if attributes.len() > MAX_ATTRIBUTES
            || !attributes.iter().all(|(name, values)| {
                fits(name) && values.as_slice().len() <= MAX_VALUES && values.as_slice().iter().all(fits)
            })
        {
            fields.fault("attributes", "may have at most 64 keys of 256 values of 256 bytes each");
        }
        let webhook_url = fields.take::<String>("webhookUrl", "must be a string");
        let mut code = None;
        let webhook_url = webhook_url.and_then(|url| match destination::check(&url, rules) {
            Ok(url) => Some(url),
            Err(error) => {
                code = Some(error.code());
                fields.fault("webhookUrl", error.detail());
                None
            }
        });
        match (fields.finish(), code) {
            (Ok(()), _) => {}
            (Err(problem), Some(code)) if problem.errors.len() == 1 => return Err(problem.coded(code)),
            (Err(problem), _) => return Err(problem),
        }
        if key.is_some_and(|key| !is_id(key)) {
            let detail = "Idempotency-Key must be 1 to 256 visible ASCII characters.";
            return Err(Problem::new(422, "invalid_header", detail));
        }
        let id = id.or_else(|| key.map(str::to_owned));
        Ok(Event { kind, data, id, occurred_at, attributes, webhook_url, deliver_at })
    }
}

/// A string that is borrowed where it holds no escape.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn time(fields: &mut Fields<'_>, name: &str) -> Option<Millis> {
    let text = fields.take::<String>(name, "must be an RFC 3339 time")?;
    let time = parse_rfc3339(&text).filter(|time| *time >= 0);
    if time.is_none() {
        fields.fault(name, "must be an RFC 3339 time since 1970");
    }
    time
}

/// What is wrong with what [`is_type`] refuses.
pub const TYPE_FAULT: &str = "must be 1 to 128 letters, digits or _ . : / -";

/// Whether `text` can be an event's type.
pub fn is_type(text: &str) -> bool {
    matches!(text.len(), 1..=128) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte))
}

/// Whether `text` can be an event's id.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 1..=256) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What makes two bodies the same event: the JSON they mean, not its spaces or the order of its fields.
pub fn fingerprint(body: &[u8]) -> String {
    let mut hash = Sha256::new();
    match crate::body::parsed::<serde_json::Value>(body).and_then(|value| serde_json::to_vec(&value)) {
        Ok(canonical) => hash.update(canonical),
        // JSON that does not fit a value (a number beyond every float) is compared as it stands.
        Err(_) => hash.update(body),
    }
    hex::encode(hash.finalize())
}

/// One delivery of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `del_…`
    pub id: String,
    /// `sub_…`, or null for the event's own `webhookUrl`.
    pub subscription: Option<String>,
    /// `src_…` for what came to a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A request that came to a source, which is to go out as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Its method.
    pub method: String,
    /// What stood behind the source's own path, and the query.
    pub rest: String,
    /// With its mark.
    pub query: String,
    /// Names and values in turn, each on a line of its own.
    pub headers: String,
    /// The provider's id of the message.
    pub id: Option<String>,
    /// Whether it is genuine.
    #[serde(default)]
    pub verified: bool,
}

/// What is remembered of an event beside its type and data, at one of the places that it went to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// When it happened.
    pub occurred_at: Millis,
    /// What it could be filtered by.
    pub attributes: Attributes,
    /// Everybody who got it.
    #[serde(with = "targets")]
    pub deliveries: Vec<Target>,
    /// The request that it was, where it came to a source. It may hold tokens, and is never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Received>,
}

/// What is sealed of it where it is stored: headers and queries carry providers' tokens.
pub const ABOUT_SECRETS: &[&str] = &["/request"];

impl About {
    /// The event as the API shows it, its data as they came.
    pub fn view(&self, id: &str, kind: &str, data: &RawValue, created_at: Millis) -> String {
        let view = View {
            id,
            kind,
            data,
            attributes: &self.attributes,
            occurred_at: rfc3339(self.occurred_at),
            created_at: rfc3339(created_at),
            deliveries: &self.deliveries,
        };
        serde_json::to_string(&view).unwrap_or_default()
    }
}

/// An event as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    data: &'a RawValue,
    attributes: &'a Attributes,
    occurred_at: String,
    created_at: String,
    deliveries: &'a [Target],
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<Event<'_>, Problem> {
        Event::read(body.as_bytes(), None, 1_779_105_600_000, destination::tests::PUBLIC)
    }

    #[test]
    fn reads_the_contracts_own_example() {
        let body = r#"{"type":"task.completed","data":{"taskId":"abc123", "n": 12345678901234567890123},"id":"my-id-1",
            "occurredAt":"2026-05-18T12:00:00.000Z","attributes":{"index_ids":["idx_archive"],"team":"a"},
            "webhookUrl":"https://example.com/hook#x"}"#;
        let event = read(body).unwrap();
        assert_eq!(event.kind, "task.completed");
        assert_eq!(event.data.get(), r#"{"taskId":"abc123", "n": 12345678901234567890123}"#);
        assert_eq!(event.id.as_deref(), Some("my-id-1"));
        assert_eq!(event.occurred_at, Some(1_779_105_600_000));
        assert_eq!(event.attributes["team"].as_slice(), ["a"]);
        assert_eq!(event.webhook_url.as_deref(), Some("https://example.com/hook"));
        assert_eq!(read(r#"{"type":"a","data":null}"#).unwrap().data.get(), "null");
    }

    #[test]
    fn names_each_fault() {
        for (body, pointers) in [
            ("{}", "/data /type"),
            (r#"{"type":"a b","data":1}"#, "/type"),
            (r#"{"type":1,"data":1,"dta":2}"#, "/dta /type"),
            (r#"{"type":"signet.delivery.failed","data":1}"#, "/type"),
            (r#"{"type":"\u0073ignet.x","data":1}"#, "/type"),
            (r#"{"type":"\ud800","data":1}"#, "/type"),
            (r#"{"type":"a","data":1,"id":"a b"}"#, "/id"),
            (r#"{"type":"a","data":1,"id":""}"#, "/id"),
            (r#"{"type":"a","data":1,"occurredAt":"yesterday"}"#, "/occurredAt"),
            (r#"{"type":"a","data":1,"deliverAt":"2027-05-18T12:00:00.000Z"}"#, "/deliverAt"),
            (r#"{"type":"a","data":1,"attributes":{"a":[1]}}"#, "/attributes"),
            (r#"{"type":"a","data":1,"webhookUrl":"http://10.0.0.1/"}"#, "/webhookUrl"),
        ] {
            let mut found: Vec<String> =
                read(body).unwrap_err().errors.into_iter().map(|fault| fault.pointer).collect();
            found.sort_unstable();
            assert_eq!(found.join(" "), pointers, "{body}");
        }
        assert_eq!(
            read(r#"{"type":"a","data":1,"webhookUrl":"http://10.0.0.1/"}"#).unwrap_err().code,
            "private_address"
        );
    }

    #[test]
    fn the_header_gives_an_id_to_a_body_without() {
        let with = |body: &'static str, key| Event::read(body.as_bytes(), Some(key), 0, destination::tests::PUBLIC);
        assert_eq!(with(r#"{"type":"a","data":1}"#, "k").unwrap().id.as_deref(), Some("k"));
        assert_eq!(with(r#"{"type":"a","data":1,"id":"b"}"#, "k").unwrap().id.as_deref(), Some("b"));
        for body in [r#"{"type":"a","data":1}"#, r#"{"type":"a","data":1,"id":"b"}"#] {
            assert_eq!(with(body, "k k").unwrap_err().code, "invalid_header");
        }
    }

    #[test]
    fn a_fingerprint_is_of_what_is_meant() {
        let one = fingerprint(br#"{"a":1,"b":[1, 2]}"#);
        assert_eq!(one, fingerprint(br#"{ "b":[1,2],"a":1 }"#));
        assert_ne!(one, fingerprint(br#"{"b":[2,1],"a":1}"#));
        assert_ne!(fingerprint(br#"{"a":1e999}"#), fingerprint(br#"{"a":2e999}"#));
    }

    proptest! {
        #[test]
        fn no_body_panics(text: String, bytes: Vec<u8>) {
            let _ = Event::read(&bytes, Some(&text), 0, destination::tests::PRIVATE);
            let value = serde_json::to_string(&text).unwrap();
            let body = format!("{{\"type\":{value},\"data\":{value},\"id\":{value},\"occurredAt\":{value},\"webhookUrl\":{value},\"attributes\":{{{value}:{value}}}}}");
            let _ = Event::read(body.as_bytes(), None, 0, destination::tests::PRIVATE);
            let _ = fingerprint(&bytes);
        }
    }
}
