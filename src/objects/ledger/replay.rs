//! Events that nobody wanted, for those who want them now.

use serde::Deserialize;

use super::Inner;
use crate::event::Attributes;
use crate::objects::{Outcome, Reply, storage};
use crate::operation::{Finding, Found, Seek};
use crate::problem::Problem;

/// How many bytes of events are handed over at once, give or take one event.
const AT_ONCE: usize = 2 * 1024 * 1024;

/// What is read of an event to see whether it is wanted.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    attributes: Attributes,
}

impl Inner {
    /// How many of them are sought.
    pub(super) fn count_events(&self, text: &str) -> Outcome {
        let seek = read(text)?;
        let (after, below) = &seek.window;
        let attributes =
            if seek.wanted.interest.filter.is_empty() { "NULL" } else { "json_extract(event, '$.attributes')" };
        let query = format!(
            "SELECT json_extract(event, '$.type'), {attributes}, count(*) FROM (
                SELECT json_extract(json, '$.event') AS event FROM {}
                WHERE json_extract(json, '$.core') > ? AND json_extract(json, '$.core') < ?
             ) WHERE event IS NOT NULL GROUP BY 1, 2",
            self.book.rows()
        );
        if !self.book.exists().map_err(storage)? {
            return Reply::ok(&0);
        }
        let rows = self.book.sql().rows(&query, &[after.into(), below.into()]).map_err(storage)?;
        let groups: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((row.text(0)?, row.text(1), u64::try_from(row.number(2)?).ok()?)))
            .collect();
        let groups = groups.iter().map(|(kind, attributes, count)| (kind.as_str(), attributes.as_deref(), *count));
        Reply::ok(&seek.wanted.count(groups))
    }

    /// The next of them, in the order in which they are written down, which says little of their time: every entry is looked
    /// at once.
    pub(super) fn find_events(&self, text: &str) -> Outcome {
        let seek = read(text)?;
        let (after, below) = &seek.window;
        if !self.book.exists().map_err(storage)? {
            return Reply::ok(&Found::default());
        }
        let query = format!(
            "SELECT slot || ' ' || id, CASE WHEN core > ?3 AND core < ?4 THEN json_extract(json, '$.event') END FROM (
                SELECT slot, id, json, json_extract(json, '$.core') AS core FROM {} WHERE (slot, id) > (?1, ?2)
                ORDER BY slot, id LIMIT {}
             ) ORDER BY slot, id",
            self.book.rows(),
            seek.limit
        );
        let (slot, id) = seek.after.split_once(' ').unwrap_or_default();
        let params = [slot.parse().unwrap_or(-1i64).into(), id.into(), after.into(), below.into()];
        let rows = self.book.sql().rows(&query, &params).map_err(storage)?;
        let is_full = rows.len() >= seek.limit as usize;
        let mut found = Found { next: rows.last().filter(|_| is_full).and_then(|row| row.text(0)), ..Found::default() };
        let mut bytes = 0usize;
        for row in rows {
            let Some(text) = row.text(1) else { continue };
            let event: Option<Event> = serde_json::from_str(&text).ok();
            if !event.is_some_and(|event| seek.wanted.has(&event.kind, &event.attributes)) {
                continue;
            }
            bytes = bytes.saturating_add(text.len());
            found.events.push(Finding::Here(text));
            if bytes >= AT_ONCE {
                found.next = row.text(0);
                break;
            }
        }
        Reply::ok(&found)
    }
}

fn read(text: &str) -> Result<Seek, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::not_json(error.to_string()))
}
