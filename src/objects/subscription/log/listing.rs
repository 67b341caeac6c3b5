//! Lists and figures.

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{COLUMNS, Log, Row};
use crate::delivery::Stage;
use crate::edge::Value;
use crate::id::Id;
use crate::stats::{LATENCIES, Tally, Window};
use crate::time::Millis;

/// What to list, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Below this id.
    pub below: Option<String>,
    /// From this id on.
    pub from: Option<String>,
    /// The delivery of this event alone: the 22 characters that they share.
    pub only: Option<String>,
    /// That event's own id, for those by which it was replayed.
    pub event: Option<String>,
    /// One of these stages, as they are stored.
    pub stages: Option<Vec<u8>>,
    /// Events of this type.
    pub kind: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Log {
    /// Deliveries, newest first.
    pub fn list(&self, query: &Query) -> Result<Vec<Row>, JsValue> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let Some(stages) = &query.stages else {
            return self.list_where("1", query);
        };
        let mut found = Vec::new();
        for stage in stages {
            let condition = match Stage::from_stored(*stage) {
                Some(Stage::Delivered) => "d.stage = 4".to_owned(),
                Some(Stage::Fresh) => {
                    format!("d.stage = 0 AND d.id IN (SELECT delivery FROM payloads WHERE seq > {})", self.mark.get())
                }
                _ => format!("d.stage = {stage} AND d.stage NOT IN (0, 4)"),
            };
            found.append(&mut self.list_where(&condition, query)?);
        }
        found.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        found.truncate(query.limit as usize);
        Ok(found)
    }

    fn list_where(&self, condition: &str, query: &Query) -> Result<Vec<Row>, JsValue> {
        let (from, below) = match &query.only {
            // 'z' is the last digit of the alphabet that ids are written in, '~' comes after it.
            Some(event) => (event.clone(), [event, "~"].concat()),
            None => (query.from.clone().unwrap_or_default(), query.below.clone().unwrap_or_else(|| "~".into())),
        };
        let below = query.below.clone().filter(|cursor| *cursor < below).unwrap_or(below);
        let kind = if query.kind.is_some() { "d.kind = ?" } else { "? IS NULL" };
        let text = format!(
            "SELECT {COLUMNS} FROM deliveries d WHERE {condition} AND d.id >= ? AND d.id < ? AND {kind} ORDER BY d.id DESC LIMIT ?"
        );
        let params: [Value<'_>; 4] = [(&from).into(), (&below).into(), query.kind.as_ref().into(), query.limit.into()];
        Ok(self.sql.rows(&text, &params)?.iter().filter_map(Row::read).collect())
    }

    /// How many deliveries of a time are how far, tests left out.
    pub fn tally(&self, window: Window) -> Result<Tally, JsValue> {
        let mut tally = Tally::default();
        if !self.exists()? {
            return Ok(tally);
        }
        let (from, below) = ids_of(window);
        let rows = self.sql.rows(
            "SELECT stage, count(*), sum(count) FROM deliveries WHERE id >= ? AND id < ? AND test = 0 GROUP BY stage",
            &[from.as_str().into(), below.as_str().into()],
        )?;
        for row in rows {
            let count = |at| row.number(at).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
            let stage = row.number(0).and_then(|stage| Stage::from_stored(u8::try_from(stage).ok()?));
            if let Some(stage) = stage {
                tally.add(stage, count(1), count(2));
            }
        }
        Ok(tally)
    }

    /// How long the newest of them took that were delivered, as one text: row by row it would be 10,000 crossings.
    pub fn latencies(&self, window: Window) -> Result<Vec<Millis>, JsValue> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let (from, below) = ids_of(window);
        let row = self.sql.row(
            "SELECT group_concat(id || completed_at, ' ') FROM (
                SELECT id, completed_at FROM deliveries
                WHERE id >= ? AND id < ? AND stage = 4 AND test = 0 AND completed_at IS NOT NULL ORDER BY id DESC LIMIT ?
            )",
            &[from.as_str().into(), below.as_str().into(), LATENCIES.into()],
        )?;
        let text = row.and_then(|row| row.text(0)).unwrap_or_default();
        let latency = |entry: &str| {
            let (id, completed_at) = entry.split_at_checked(Id::LENGTH)?;
            Some(completed_at.parse::<Millis>().ok()?.saturating_sub(Id::parse_bare(id)?.time()).max(0))
        };
        Ok(text.split(' ').filter_map(latency).collect())
    }
}

/// The first id of a time, and the first after it.
fn ids_of(window: Window) -> (Id, Id) {
    (Id::floor(window.since), Id::floor(window.until.saturating_add(1)))
}
