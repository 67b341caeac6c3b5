//! Which events a subscription gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Attributes, is_type};

/// For every key, the event must have one of these values.
pub type Filter = BTreeMap<String, Vec<String>>;

/// What a subscription asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Exact types, `task.*` or `*`.
    pub events: Vec<String>,
    /// Conditions on the event's attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filter: Filter,
}

impl Interest {
    /// Whether an event of this type with these attributes is wanted.
    pub fn wants(&self, kind: &str, attributes: &Attributes) -> bool {
        self.has_type(kind)
            && self.filter.iter().all(|(key, wanted)| {
                attributes.get(key).is_some_and(|values| values.as_slice().iter().any(|value| wanted.contains(value)))
            })
    }

    /// Whether events of this type are wanted at all.
    pub fn has_type(&self, kind: &str) -> bool {
        self.events.iter().any(|pattern| matches(pattern, kind))
    }
}

/// Whether a type is one that a pattern asks for.
pub fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        // `task.*` leaves `task.`: what follows must be there, so `task` and `task.` are not meant.
        Some(stem) => kind.strip_prefix(stem).is_some_and(|rest| !rest.is_empty()),
        None => pattern == kind,
    }
}

/// What is wrong with what [`is_pattern`] refuses.
pub const PATTERN_FAULT: &str =
    "must be a type (1 to 128 letters, digits or _ . : / -), a type's beginning and .*, or *";

/// Whether `text` can be asked for: a type, `*`, or a type's beginning and `.*`.
pub fn is_pattern(text: &str) -> bool {
    text == "*" || is_type(text.strip_suffix(".*").unwrap_or(text)) && text.len() <= 128
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Values;
    use proptest::prelude::*;

    #[test]
    fn types_match_exactly_below_a_prefix_or_always() {
        for (pattern, yes, no) in [
            ("*", "a a.b x/y:z-_", ""),
            ("task.*", "task.a task.a.b task..", "task task. taskx.a a.task.b Task.a"),
            ("task.done", "task.done", "task task.done.x task.donex task.Done"),
            ("a.b.*", "a.b.c a.b.c.d", "a.b a.bc a.c.b"),
        ] {
            assert!(is_pattern(pattern));
            let wants = |kind: &str| {
                Interest { events: vec!["none".into(), pattern.into()], filter: Filter::new() }
                    .wants(kind, &Attributes::new())
            };
            assert!(yes.split_whitespace().all(wants), "{pattern} wants {yes}");
            assert!(!no.split_whitespace().any(wants), "{pattern} does not want {no}");
        }
        for bad in ["", "*.a", "a*", "a.*.b", "**", ".*x", " ", "a b", "é"] {
            assert!(!is_pattern(bad), "{bad:?}");
        }
    }

    #[test]
    fn every_filter_key_must_share_a_value() {
        let list = |values: &[&str]| values.iter().map(|value| value.to_string()).collect::<Vec<_>>();
        let interest = Interest {
            events: list(&["*"]),
            filter: [("index".into(), list(&["a", "b"])), ("team".into(), list(&["x"]))].into(),
        };
        let one = |value: &str| Values::One(value.into());
        for (attributes, wanted) in [
            (vec![("index", one("a")), ("team", one("x"))], true),
            (vec![("index", Values::Many(list(&["z", "b"]))), ("team", one("x")), ("more", one("1"))], true),
            (vec![("index", one("c")), ("team", one("x"))], false),
            (vec![("index", one("a"))], false),
            (vec![("index", Values::Many(vec![])), ("team", one("x"))], false),
            (vec![], false),
        ] {
            let attributes: Attributes = attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            assert_eq!(interest.wants("t", &attributes), wanted, "{attributes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_type_always_wants_itself(kind in "[A-Za-z0-9_.:/-]{1,128}") {
            prop_assert!(is_type(&kind));
            prop_assert!(matches(&kind, &kind));
            prop_assert!(matches("*", &kind));
        }
    }
}
