//! Reading what somebody asks for.

use super::{Bulk, Job, Kind, Replay, Sought, Window};
use crate::body::{Fields, join};
use crate::delivery::Stage;
use crate::event::{TYPE_FAULT, is_type};
use crate::id::{Id, SOURCE, SUBSCRIPTION};
use crate::problem::{Fault, Problem};
use crate::subscription::{PATTERN_FAULT, is_pattern};
use crate::time::parse_rfc3339;

/// How many types a replay may be for.
const MAX_TYPES: usize = 100;

impl Job {
    /// Reads the body of `POST /v1/subscriptions/{id}/recover`.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn recover(subscription: &str, body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields::parse(body)?;
        let window = window(&mut fields, true);
        status(&mut fields, &["failed"]);
        fields.finish()?;
        let stages = stages_of("failed");
        let subscription = Some(subscription.to_owned());
        let kind = Kind::Recover;
        Ok(Job::Bulk(Bulk { kind, subscription, source: None, event: None, event_type: None, stages, window }))
    }

    /// Reads the body of `POST /v1/subscriptions/{id}/replay`.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn replay(subscription: &str, body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields::parse(body)?;
        let window = window(&mut fields, true);
        let types = fields.take::<Vec<String>>("types", "must be a list of strings");
        if let Some(types) = &types {
            if !matches!(types.len(), 1..=MAX_TYPES) {
                fields.fault("types", format!("must name 1 to {MAX_TYPES} types; left out it means all"));
            }
            for (at, _) in types.iter().enumerate().filter(|(_, kind)| !is_pattern(kind)) {
                fields.fault_at(&join("types", &at.to_string()), PATTERN_FAULT);
            }
        }
        let from = id(&mut fields, "from", SUBSCRIPTION);
        fields.finish()?;
        Ok(Job::Replay(Replay { subscription: subscription.to_owned(), from, types, window }))
    }

    /// Reads the body of `POST /v1/deliveries/retry` or `POST /v1/deliveries/cancel`.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn bulk(kind: Kind, body: &[u8]) -> Result<Self, Problem> {
        const NAMES: [&str; 7] = ["status", "subscription", "source", "event", "type", "since", "until"];
        let mut fields = Fields::parse(body)?;
        let is_given = |name: &&str| fields.peek(name).is_some_and(|raw| raw.get() != "null");
        let is_empty = !NAMES.iter().any(is_given);
        let known: &[&str] = if kind == Kind::Cancel { &["pending"] } else { &["failed", "cancelled", "pending"] };
        let status = status(&mut fields, known);
        let subscription = id(&mut fields, "subscription", SUBSCRIPTION);
        let source = id(&mut fields, "source", SOURCE);
        let event = fields.take::<String>("event", "must be an event's id");
        let event_type = fields.take::<String>("type", "must be a string");
        if event_type.as_ref().is_some_and(|kind| !is_type(kind)) {
            fields.fault("type", TYPE_FAULT);
        }
        let window = window(&mut fields, false);
        fields.finish()?;
        if is_empty {
            let detail = format!("must name at least one of {}", NAMES.join(", "));
            return Err(Problem::invalid(vec![Fault { pointer: String::new(), detail }]));
        }
        let event = event.map(|id| Sought { id, core: None });
        let mut stages = stages_of(status.as_deref().or(known.first().copied()).unwrap_or_default());
        if kind == Kind::Retry {
            // What was just appended is on its way: there is nothing to hasten.
            stages.retain(|stage| *stage != Stage::Fresh as u8);
        }
        Ok(Job::Bulk(Bulk { kind, subscription, source, event, event_type, stages, window }))
    }
}

fn window(fields: &mut Fields<'_>, since_is_required: bool) -> Window {
    let expected = "must be an RFC 3339 time";
    let mut time = |name: &str, is_required: bool| {
        let text: String = if is_required { fields.require(name, expected) } else { fields.take(name, expected) }?;
        let time = parse_rfc3339(&text);
        if time.is_none() {
            fields.fault(name, expected);
        }
        time
    };
    let window = Window { since: time("since", since_is_required), until: time("until", false) };
    if let Window { since: Some(since), until: Some(until) } = window
        && since > until
    {
        fields.fault("since", "must not be after until");
    }
    window
}

fn id(fields: &mut Fields<'_>, name: &str, prefix: &str) -> Option<String> {
    let text = fields.take::<String>(name, &format!("must be an id, {prefix}…"))?;
    if Id::parse(prefix, &text).is_none() {
        fields.fault(name, format!("must be an id, {prefix}…"));
    }
    Some(text)
}

fn status(fields: &mut Fields<'_>, known: &[&str]) -> Option<String> {
    let fault = ["must be ", &known.join(", ")].concat();
    let status = fields.take::<String>("status", &fault)?;
    if !known.contains(&status.as_str()) {
        fields.fault("status", fault);
    }
    Some(status)
}

fn stages_of(status: &str) -> Vec<u8> {
    Stage::of_status(status).unwrap_or_default().iter().map(|stage| *stage as u8).collect()
}
