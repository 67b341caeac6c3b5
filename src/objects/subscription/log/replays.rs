//! Events that are to be delivered anew, as far as they are remembered here; and the deliveries that came of that.

use wasm_bindgen::JsValue;

use super::listing::Listed;
use super::{COLUMNS, Log, Query, Row};
use crate::edge::Value;
use crate::event::About;
use crate::id::Id;
use crate::operation::{Finding, Found, Seek};

/// How many bytes of events are handed over at once, give or take one event.
const AT_ONCE: usize = 2 * 1024 * 1024;

/// An event belongs to the delivery that remembers it. One whose body is gone is still known by its delivery, as long as
/// that has the event's own id.
const HOME: &str = "(p.about IS NOT NULL OR d.event IS NULL AND d.operation IS NULL)";

impl Log {
    /// How many events are sought that are known here.
    pub fn count_events(&self, seek: &Seek) -> Result<u64, JsValue> {
        if !self.exists()? {
            return Ok(0);
        }
        // Attributes need only be read where somebody filters by them.
        let attributes =
            if seek.wanted.interest.filter.is_empty() { "NULL" } else { "json_extract(p.about, '$.attributes')" };
        let home = if seek.home { HOME } else { "1" };
        let query = format!(
            "SELECT d.kind, {attributes}, count(*) FROM deliveries d LEFT JOIN payloads p ON p.seq = d.payload
             WHERE d.id > ? AND d.id < ? AND d.test = 0 AND {home} GROUP BY 1, 2"
        );
        let (after, below) = &seek.window;
        let rows = self.sql.rows(&query, &[after.into(), below.into()])?;
        let groups: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((row.text(0)?, row.text(1), u64::try_from(row.number(2)?).ok()?)))
            .collect();
        Ok(seek
            .wanted
            .count(groups.iter().map(|(kind, attributes, count)| (kind.as_str(), attributes.as_deref(), *count))))
    }

    /// The next of them.
    pub fn events(&self, seek: &Seek) -> Result<Found, JsValue> {
        let mut found = Found::default();
        if !self.exists()? {
            return Ok(found);
        }
        let (after, below) = &seek.window;
        let after = if seek.after.is_empty() { after } else { &seek.after };
        let query = format!(
            "SELECT d.id, d.kind, d.event, p.about, d.test = 0 AND coalesce(d.operation, '') <> ?3, {HOME} FROM (
                SELECT id, kind, event, test, operation, payload FROM deliveries WHERE id > ?1 AND id < ?2
                ORDER BY id LIMIT {}
             ) d LEFT JOIN payloads p ON p.seq = d.payload ORDER BY d.id",
            seek.limit
        );
        let rows = self.sql.rows(&query, &[after.into(), below.into(), seek.operation.as_str().into()])?;
        let mut bytes = 0usize;
        for row in &rows {
            let read = || Some((Id::parse_bare(&row.text(0)?)?, row.text(1)?));
            let Some((id, kind)) = read().filter(|(_, kind)| row.number(4) == Some(1) && seek.wanted.has_type(kind))
            else {
                continue;
            };
            match (row.number(5) == Some(1), row.text(3)) {
                (true, about) => {
                    let about = about.and_then(|about| serde_json::from_str::<About>(&about).ok());
                    if about.as_ref().is_some_and(|about| !seek.wanted.has(&kind, &about.attributes)) {
                        continue;
                    }
                    match self.event(id)? {
                        Some(event) => {
                            bytes = bytes.saturating_add(event.len());
                            found.events.push(Finding::Here(event));
                        }
                        None => found.gone = found.gone.saturating_add(1),
                    }
                }
                (false, _) if !seek.home => found.events.extend(row.text(2).map(Finding::Elsewhere)),
                (false, _) => {}
            }
            if bytes >= AT_ONCE {
                found.next = row.text(0);
                return Ok(found);
            }
        }
        let is_full = rows.len() >= seek.limit as usize;
        found.next = rows.last().filter(|_| is_full).and_then(|row| row.text(0));
        Ok(found)
    }

    /// Adds to a list of one event's deliveries those by which it was replayed: their ids are not made from the event's.
    pub fn add_replays(&self, query: &Query, listed: &mut Listed) -> Result<(), JsValue> {
        let Some(event) = query.event.as_ref().filter(|_| self.exists().unwrap_or(false)) else { return Ok(()) };
        let stages = match &query.stages {
            Some(stages) => {
                let stages: Vec<String> = stages.iter().map(u8::to_string).collect();
                format!("d.stage IN ({})", stages.join(", "))
            }
            None => "1".to_owned(),
        };
        let text = format!(
            "SELECT {COLUMNS} FROM deliveries d INDEXED BY replays
             WHERE d.operation IS NOT NULL AND d.event = ?1 AND d.id >= ?2 AND d.id < ?3 AND (?4 IS NULL OR d.kind = ?4)
             AND {stages} ORDER BY d.id DESC LIMIT ?5"
        );
        let params: [Value<'_>; 5] = [
            event.into(),
            query.from.as_deref().unwrap_or_default().into(),
            query.below.as_deref().unwrap_or("~").into(),
            query.kind.as_ref().into(),
            query.limit.into(),
        ];
        let rows = self.sql.rows(&text, &params)?;
        listed.add(rows.iter().filter_map(Row::read).collect(), query.limit);
        Ok(())
    }
}
