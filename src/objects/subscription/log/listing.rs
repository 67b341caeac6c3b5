//! Lists.

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::blocks::BLOCK;
use super::{COLUMNS, Log, Row};
use crate::delivery::Stage;
use crate::stats::Summary;
use crate::time::Millis;

/// How many rows are looked at for one page, where no index says which of them are wanted.
const LOOKED: u32 = 20_000;
/// How many blocks that is.
const BLOCKS: u32 = LOOKED / BLOCK;

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
    /// Those alone whose first attempt is still to come at this time.
    pub scheduled: Option<Millis>,
    /// Those alone that were tried and wait to be tried again, the soonest first.
    pub retrying: bool,
    /// At most so many.
    pub limit: u32,
}

/// Deliveries, newest first.
#[derive(Default)]
pub struct Listed {
    /// Themselves.
    pub rows: Vec<Row>,
    /// The id down to which it was looked for them, where there may be more below.
    pub seen: Option<String>,
}

/// The ids that are looked through.
#[derive(Clone, Copy)]
struct Range<'a> {
    from: &'a str,
    below: &'a str,
}

/// Which deliveries may wait for a first attempt that has a time: word for word as the index has it, or it would not be used.
const SCHEDULED: &str = "count = 0 AND next_at IS NOT NULL AND stage NOT IN (0, 4, 5, 6)";

impl Log {
    /// Deliveries, newest first, unless the query says otherwise.
    pub fn list(&self, query: &Query) -> Result<Listed, JsValue> {
        if !self.exists()? {
            return Ok(Listed::default());
        }
        if query.retrying {
            return Ok(Listed { rows: self.retrying(query.limit)?, seen: None });
        }
        let mut past = query.below.clone().unwrap_or_else(|| "~".into());
        let mut from = query.from.clone().unwrap_or_default();
        if let Some(event) = &query.only {
            // 'z' is the last digit of the alphabet that ids are written in, '~' comes after it.
            past = past.min([event, "~"].concat());
            from = from.max(event.clone());
        }
        let range = Range { from: &from, below: &past };
        if let Some(now) = query.scheduled {
            return self.walk(SCHEDULED, &format!("d.next_at > {now}"), range, query);
        }
        let Some(stages) = &query.stages else {
            return match &query.kind {
                None => self.newest("1", range, query.limit),
                Some(_) => self.walk_blocks("1", range, query),
            };
        };
        let mut found = Listed::default();
        for stage in stages {
            let listed = self.list_stage(*stage, range, query)?;
            found.rows.extend(listed.rows);
            found.seen = found.seen.max(listed.seen);
        }
        found.rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        // What lies below is not known of every stage.
        found.rows.retain(|row| found.seen.as_deref().is_none_or(|seen| row.id.as_str() >= seen));
        found.cut(query.limit);
        Ok(found)
    }

    /// What was tried and waits to be tried again, the soonest first.
    fn retrying(&self, limit: u32) -> Result<Vec<Row>, JsValue> {
        let text = format!(
            "SELECT {COLUMNS} FROM deliveries d INDEXED BY retrying
             WHERE d.count > 0 AND d.stage IN (1, 2) AND d.next_at >= 0 ORDER BY d.next_at, d.id LIMIT ?"
        );
        Ok(self.sql.rows(&text, &[limit.into()])?.iter().filter_map(Row::read).collect())
    }

    fn list_stage(&self, stage: u8, range: Range<'_>, query: &Query) -> Result<Listed, JsValue> {
        match (Stage::from_stored(stage), &query.kind) {
            (Some(Stage::Delivered), None) => self.walk("1", "d.stage = 4", range, query),
            (Some(Stage::Delivered), Some(_)) => self.walk_blocks("d.stage = 4", range, query),
            (Some(Stage::Fresh), kind) => {
                let mark = self.mark.get();
                let fresh = format!("d.stage = 0 AND d.id IN (SELECT delivery FROM payloads WHERE seq > {mark})");
                match kind {
                    None => self.newest(&fresh, range, query.limit),
                    Some(_) => self.walk(&fresh, "1", range, query),
                }
            }
            (_, kind) => {
                let indexed = format!("d.stage = {stage} AND d.stage NOT IN (0, 4)");
                match kind {
                    None => self.newest(&indexed, range, query.limit),
                    Some(_) => self.walk(&indexed, "1", range, query),
                }
            }
        }
    }

    /// The newest that an index finds.
    fn newest(&self, condition: &str, range: Range<'_>, limit: u32) -> Result<Listed, JsValue> {
        let text = format!(
            "SELECT {COLUMNS} FROM deliveries d WHERE {condition} AND d.id >= ? AND d.id < ? ORDER BY d.id DESC LIMIT ?"
        );
        let rows = self.sql.rows(&text, &[range.from.into(), range.below.into(), limit.into()])?;
        let mut listed = Listed { rows: rows.iter().filter_map(Row::read).collect(), seen: None };
        listed.cut(limit);
        Ok(listed)
    }

    /// Looks through what an index finds by `indexed`, from the newest, for what is asked for besides; not through more than
    /// [`LOOKED`].
    fn walk(&self, indexed: &str, besides: &str, range: Range<'_>, query: &Query) -> Result<Listed, JsValue> {
        let kind = if query.kind.is_some() { "d.kind = ?" } else { "? IS NULL" };
        let within = format!("FROM deliveries d WHERE {indexed} AND d.id >= ? AND d.id < ? ORDER BY d.id DESC LIMIT");
        let text = format!("SELECT {COLUMNS} FROM (SELECT {COLUMNS} {within} ?) d WHERE {besides} AND {kind} LIMIT ?");
        let (from, below) = (range.from.into(), range.below.into());
        let rows =
            self.sql.rows(&text, &[from, below, LOOKED.into(), query.kind.as_ref().into(), query.limit.into()])?;
        let mut listed = Listed { rows: rows.iter().filter_map(Row::read).collect(), seen: None };
        listed.cut(query.limit);
        if listed.seen.is_none() {
            let text = format!("SELECT d.id {within} 1 OFFSET ?");
            let last = [range.from.into(), range.below.into(), LOOKED.saturating_sub(1).into()];
            listed.seen = self.sql.row(&text, &last)?.and_then(|row| row.text(0));
        }
        Ok(listed)
    }

    /// Looks for a type: through what is too new for a block, and then through the blocks that may hold it.
    fn walk_blocks(&self, besides: &str, range: Range<'_>, query: &Query) -> Result<Listed, JsValue> {
        let frontier = self.frontier()?;
        let mut found = Listed::default();
        if *range.below > *frontier {
            found = self.walk("1", besides, Range { from: range.from.max(&frontier), ..range }, query)?;
        }
        if found.seen.is_some() || *range.from >= *frontier {
            return Ok(found);
        }
        let kind = Summary::named(query.kind.as_deref().unwrap_or_default());
        let blocks = self.sql.rows(
            "SELECT first, past FROM blocks INDEXED BY types
             WHERE first >= (SELECT max(first) FROM blocks WHERE first <= ?) AND first < ?
                 AND (kinds IS NULL OR instr(kinds, ?) > 0) ORDER BY first DESC LIMIT ?",
            &[range.from.into(), range.below.into(), (&kind).into(), BLOCKS.into()],
        )?;
        for (at, row) in blocks.iter().enumerate() {
            let (Some(first), Some(past)) = (row.text(0), row.text(1)) else { continue };
            let part = Range { from: range.from.max(&first), below: range.below.min(&past) };
            let limit = query.limit.saturating_sub(u32::try_from(found.rows.len()).unwrap_or(u32::MAX));
            let listed = self.walk("1", besides, part, &Query { limit, ..query.clone() })?;
            found.rows.extend(listed.rows);
            found.seen = listed.seen;
            if found.seen.is_none() && at.saturating_add(1) >= BLOCKS as usize && part.from > range.from {
                found.seen = Some(first);
            }
            if found.seen.is_some() {
                break;
            }
        }
        Ok(found)
    }
}

impl Listed {
    /// Adds what was found elsewhere, at most `limit`.
    pub fn add(&mut self, rows: Vec<Row>, limit: u32) {
        let mut more = Listed { rows, seen: None };
        more.cut(limit);
        self.rows.append(&mut more.rows);
        self.seen = self.seen.take().max(more.seen);
        self.rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        self.rows.retain(|row| self.seen.as_deref().is_none_or(|seen| row.id.as_str() >= seen));
        self.cut(limit);
    }

    /// No more than `limit`. With as many as that nobody knows what is below the last one.
    fn cut(&mut self, limit: u32) {
        self.rows.truncate(limit as usize);
        if self.rows.len() >= limit as usize {
            self.seen = self.rows.last().map(|row| row.id.as_str().to_owned());
        }
    }
}
