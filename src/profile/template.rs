//! Body templates: any JSON, whose strings may hold placeholders.
//!
//! A string that is one placeholder takes the JSON value itself, in the very bytes the producer wrote; a placeholder
//! inside a longer string takes its text. `{data.status|event.typeSuffix}` falls back from left to right over what is
//! missing or null; what is missing altogether is null, or nothing inside a string.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::body::member;
use crate::signature::{Part, split_template};
use crate::time::{Millis, rfc3339};

/// What a template can tell of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The event's id, as its producer knows it.
    pub event_id: &'a str,
    /// The event's type.
    pub event_type: &'a str,
    /// When it happened.
    pub occurred_at: Millis,
    /// The event's data.
    pub data: &'a RawValue,
    /// The delivery's id.
    pub delivery_id: &'a str,
    /// The subscription's id, empty for a delivery that has none.
    pub subscription_id: &'a str,
}

/// A body's template, ready to render.
#[derive(Debug, Clone)]
pub struct Body {
    source: Box<RawValue>,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq)]
enum Segment {
    /// JSON as it stands.
    Literal(String),
    /// A placeholder alone in its string: a whole JSON value.
    Value(Vec<Source>),
    /// A placeholder inside a string: its text, escaped.
    Text(Vec<Source>),
}

/// One alternative of a placeholder.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    EventId,
    EventType,
    EventTypeSuffix,
    EventDigest,
    OccurredAt,
    UnixTime,
    UnixMillis,
    DeliveryId,
    SubscriptionId,
    Data(Vec<String>),
}

const KNOWN: &str = "event.id, event.type, event.typeSuffix, event.digest, event.occurredAt, event.unixTime, \
                     event.unixMillis, delivery.id, subscription.id, data, data.…";

impl Source {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "event.id" => Source::EventId,
            "event.type" => Source::EventType,
            "event.typeSuffix" => Source::EventTypeSuffix,
            "event.digest" => Source::EventDigest,
            "event.occurredAt" => Source::OccurredAt,
            "event.unixTime" => Source::UnixTime,
            "event.unixMillis" => Source::UnixMillis,
            "delivery.id" => Source::DeliveryId,
            "subscription.id" => Source::SubscriptionId,
            "data" => Source::Data(Vec::new()),
            _ => {
                let path: Vec<String> = name.strip_prefix("data.")?.split('.').map(str::to_owned).collect();
                if path.iter().any(String::is_empty) {
                    return None;
                }
                Source::Data(path)
            }
        })
    }

    /// The value as JSON; `None` where there is none, or null.
    fn json<'a>(&self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        match self {
            Source::Data(path) => {
                let value = path.iter().try_fold(facts.data, |value, name| member(value, name))?;
                (value.get() != "null").then_some(Cow::Borrowed(value.get()))
            }
            Source::UnixTime => Some(facts.occurred_at.div_euclid(1000).to_string().into()),
            Source::UnixMillis => Some(facts.occurred_at.to_string().into()),
            _ => Some(serde_json::to_string(&self.text(facts)?).ok()?.into()),
        }
    }

    /// The value as text: a string's own characters, anything else as JSON.
    fn text<'a>(&self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        Some(match self {
            Source::EventId => facts.event_id.into(),
            Source::EventType => facts.event_type.into(),
            Source::EventTypeSuffix => {
                facts.event_type.rsplit_once('.').map_or(facts.event_type, |(_, suffix)| suffix).into()
            }
            // The same sixteen digits for the same event, for products whose ids have that form.
            Source::EventDigest => {
                hex::encode(Sha256::digest(facts.event_id).first_chunk::<8>().unwrap_or(&[0; 8])).into()
            }
            Source::OccurredAt => rfc3339(facts.occurred_at).into(),
            Source::DeliveryId => facts.delivery_id.into(),
            Source::SubscriptionId if facts.subscription_id.is_empty() => return None,
            Source::SubscriptionId => facts.subscription_id.into(),
            Source::UnixTime | Source::UnixMillis => self.json(facts)?,
            Source::Data(_) => {
                let json = self.json(facts)?;
                match serde_json::from_str::<String>(&json) {
                    Ok(text) => text.into(),
                    Err(_) => json,
                }
            }
        })
    }
}

/// A rendered body, and where in it the event's data stands as a whole, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The exact bytes to send.
    pub bytes: Vec<u8>,
    /// Offset and length of the event's data in them.
    pub data: Option<(usize, usize)>,
}

impl Body {
    /// Reads a template.
    ///
    /// # Errors
    /// Says which placeholder is not known, or that the text is no JSON.
    pub fn parse(source: &RawValue) -> Result<Self, String> {
        let node: Node = serde_json::from_str(source.get()).map_err(|error| error.to_string())?;
        let mut segments = vec![Segment::Literal(String::new())];
        compile(&node, &mut segments)?;
        Ok(Body { source: source.to_owned(), segments })
    }

    /// A body that is `null` whatever the event.
    pub(super) fn empty(null: &RawValue) -> Self {
        Body { source: null.to_owned(), segments: vec![Segment::Literal("null".into())] }
    }

    /// Whether the body differs between two deliveries of one event under one profile.
    pub fn is_per_delivery(&self) -> bool {
        self.segments.iter().any(|segment| match segment {
            Segment::Literal(_) => false,
            Segment::Value(sources) | Segment::Text(sources) => {
                sources.contains(&Source::DeliveryId) || sources.contains(&Source::SubscriptionId)
            }
        })
    }

    /// Fills in the placeholders. `None` where that would make more than `limit` bytes.
    pub fn render(&self, facts: &Facts<'_>, limit: usize) -> Option<Rendered> {
        let mut bytes = Vec::with_capacity(facts.data.get().len().saturating_add(256));
        let mut data = None;
        for segment in &self.segments {
            if bytes.len() > limit {
                return None;
            }
            match segment {
                Segment::Literal(text) => bytes.extend_from_slice(text.as_bytes()),
                Segment::Value(sources) => {
                    let found = sources.iter().find_map(|source| source.json(facts).map(|json| (source, json)));
                    match found {
                        Some((source, json)) => {
                            if matches!(source, Source::Data(path) if path.is_empty()) {
                                data = Some((bytes.len(), json.len()));
                            }
                            bytes.extend_from_slice(json.as_bytes());
                        }
                        None => bytes.extend_from_slice(b"null"),
                    }
                }
                Segment::Text(sources) => {
                    let text = sources.iter().find_map(|source| source.text(facts)).unwrap_or_default();
                    bytes.extend_from_slice(quoted(&text).as_bytes());
                }
            }
        }
        (bytes.len() <= limit).then_some(Rendered { bytes, data })
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.source.serialize(serializer)
    }
}

/// A string's characters as they stand between JSON's quotation marks.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.trim_start_matches('"').strip_suffix('"').map(str::to_owned).unwrap_or_default()
}

fn sources(placeholder: &str) -> Result<Vec<Source>, String> {
    placeholder
        .split('|')
        .map(|name| {
            Source::parse(name).ok_or_else(|| format!("{{{placeholder}}} is not known here; known are {KNOWN}"))
        })
        .collect()
}

/// Checks a header's template: what it may tell of is what every attempt knows.
///
/// # Errors
/// Says which placeholder is not known.
pub fn check_header(template: &str) -> Result<(), String> {
    for part in split_template(template) {
        if let Part::Placeholder(name) = part
            && header_fact(name, &HeaderFacts::default()).is_none()
        {
            return Err(format!(
                "{{{name}}} is not known here; known are event.id, event.type, delivery.id, subscription.id"
            ));
        }
    }
    Ok(())
}

/// What a header's template can tell of.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderFacts<'a> {
    /// The event's id.
    pub event_id: &'a str,
    /// The event's type.
    pub event_type: &'a str,
    /// The delivery's id.
    pub delivery_id: &'a str,
    /// The subscription's id, or nothing.
    pub subscription_id: &'a str,
}

fn header_fact<'a>(name: &str, facts: &HeaderFacts<'a>) -> Option<&'a str> {
    Some(match name {
        "event.id" => facts.event_id,
        "event.type" => facts.event_type,
        "delivery.id" => facts.delivery_id,
        "subscription.id" => facts.subscription_id,
        _ => return None,
    })
}

/// Fills in a header's template.
pub fn render_header(template: &str, facts: &HeaderFacts<'_>) -> String {
    split_template(template)
        .map(|part| match part {
            Part::Literal(text) => text,
            Part::Placeholder(name) => header_fact(name, facts).unwrap_or_default(),
        })
        .collect()
}

fn compile(node: &Node, into: &mut Vec<Segment>) -> Result<(), String> {
    match node {
        Node::Plain(json) => literal(into, json),
        Node::Text(text) => match split_template(text).collect::<Vec<_>>().as_slice() {
            [Part::Placeholder(name)] => into.push(Segment::Value(sources(name)?)),
            parts => {
                literal(into, "\"");
                for part in parts {
                    match part {
                        Part::Literal(text) => literal(into, &quoted(text)),
                        Part::Placeholder(name) => into.push(Segment::Text(sources(name)?)),
                    }
                }
                literal(into, "\"");
            }
        },
        Node::List(items) => {
            literal(into, "[");
            for (at, item) in items.iter().enumerate() {
                literal(into, if at == 0 { "" } else { "," });
                compile(item, into)?;
            }
            literal(into, "]");
        }
        Node::Object(fields) => {
            literal(into, "{");
            for (at, (name, value)) in fields.iter().enumerate() {
                literal(into, if at == 0 { "\"" } else { ",\"" });
                literal(into, &quoted(name));
                literal(into, "\":");
                compile(value, into)?;
            }
            literal(into, "}");
        }
    }
    Ok(())
}

/// Adds literal text to the last segment, or a new one.
fn literal(into: &mut Vec<Segment>, text: &str) {
    match into.last_mut() {
        Some(Segment::Literal(last)) => last.push_str(text),
        _ => into.push(Segment::Literal(text.to_owned())),
    }
}

/// JSON that keeps its fields' order: the products' pages show one, and a test of theirs may compare text.
enum Node {
    Plain(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Nodes;
        impl<'de> Visitor<'de> for Nodes {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Plain(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Plain(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Plain(value.to_string()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
                serde_json::to_string(&value).map(Node::Plain).map_err(E::custom)
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Plain("null".into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Node::Object(fields))
            }
        }
        deserializer.deserialize_any(Nodes)
    }
}
