//! What is to become of many deliveries at once: a bounded number of them at a time, each once.
//!
//! A step looks at so many rows of the index by status, above where the operation has come to, changes those that are
//! meant, and notes how far it is, all in one transaction. Whatever else is asked for (a type, a time) is applied to the
//! rows that were looked at: no step reads more of them. A step that is repeated, because its answer was lost, goes on
//! where this log says that it is.

use wasm_bindgen::JsValue;

use super::Log;
use crate::delivery::Stage;
use crate::edge::Value;
use crate::id::Id;
use crate::operation::{Kind, Moved, Order};
use crate::time::Millis;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS bulk (
    operation TEXT PRIMARY KEY, cursor TEXT NOT NULL, done INTEGER NOT NULL, failed INTEGER NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID";

/// How long an operation is remembered that never said that it is over.
const FORGOTTEN_AFTER: Millis = 30 * 86_400_000;

/// Whether a row is meant that was looked at; tests never are. What ended after the operation began is none of its
/// business: else it would try again and again what goes on failing.
const MEANT: &str = "d.test = 0 AND coalesce(d.completed_at, 0) <= ?3 AND (?4 IS NULL OR d.kind = ?4)";

/// Whether the body is still there: without it nothing can be sent.
const WHOLE: &str = "EXISTS (SELECT 1 FROM payloads p WHERE p.seq = d.payload AND p.body IS NOT NULL)";

/// A row that was looked at.
struct Candidate {
    id: String,
    is_meant: bool,
    is_whole: bool,
}

impl Log {
    /// How many deliveries an order is about.
    pub fn count_meant(&self, order: &Order) -> Result<u64, JsValue> {
        if !self.exists()? {
            return Ok(0);
        }
        let mut count = 0i64;
        for source in self.sources(order) {
            let query = format!("SELECT count(*) FROM {source} AND {MEANT}");
            let found = self.sql.row(&query, &params(order, &order.after))?;
            count = count.saturating_add(found.and_then(|row| row.number(0)).unwrap_or(0));
        }
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Does the next step of an order: what is meant becomes `to`; without that nothing is left to do here. What came of
    /// all steps so far.
    pub fn step(&self, order: &Order, to: Option<Stage>, now: Millis) -> Result<Moved, JsValue> {
        if !self.exists()? {
            return Ok(Moved { over: true, ..Moved::default() });
        }
        self.sql.run(TABLE, &[])?;
        let known = self
            .sql
            .row("SELECT cursor, done, failed FROM bulk WHERE operation = ?", &[order.operation.as_str().into()])?;
        let (cursor, mut moved) = match &known {
            Some(row) => {
                let number = |at| row.number(at).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
                (row.text(0).unwrap_or_default(), Moved { done: number(1), failed: number(2), over: false })
            }
            None => {
                let forgotten = now.saturating_sub(FORGOTTEN_AFTER);
                self.sql.run("DELETE FROM bulk WHERE at < ?", &[forgotten.into()])?;
                (order.after.clone(), Moved::default())
            }
        };
        let Some(to) = to else { return Ok(Moved { over: true, ..moved }) };
        let looked_at = self.candidates(order, &cursor)?;
        moved.over = looked_at.len() < order.limit as usize;
        let Some(last) = looked_at.last() else { return Ok(moved) };

        let meant = || looked_at.iter().filter(|it| it.is_meant);
        let is_cancelled = order.bulk.kind == Kind::Cancel;
        let ids: Vec<&str> = meant().filter(|it| is_cancelled || it.is_whole).map(|it| it.id.as_str()).collect();
        let place = |id: Option<&&str>| id.and_then(|id| Id::parse_bare(id));
        if let (Some(first), Some(last)) = (place(ids.first()), place(ids.last())) {
            self.touched(first, last)?;
        }
        let count = |length: usize| u64::try_from(length).unwrap_or(0);
        moved.done = moved.done.saturating_add(count(ids.len()));
        moved.failed = moved.failed.saturating_add(count(meant().count().saturating_sub(ids.len())));
        let ids = serde_json::to_string(&ids).unwrap_or_default();
        let change = match is_cancelled {
            // An alarm that stands is taken back when everything is deleted, if it has not rung by then.
            true => {
                "stage = 6, next_at = CASE stage WHEN 1 THEN next_at END, completed_at = ?1, asked = 0 WHERE ?2 >= 0"
            }
            // What has ended begins anew; what is still pending only becomes due.
            false => {
                "tries = CASE WHEN stage IN (5, 6) THEN 0 ELSE tries END, next_at = ?1, completed_at = NULL, stage = ?2
                 WHERE 1"
            }
        };
        let query = format!("UPDATE deliveries SET {change} AND id IN (SELECT value FROM json_each(?3))");
        self.sql.run(&query, &[now.into(), i64::from(to as u8).into(), (&ids).into()])?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.sql.run(
            "INSERT OR REPLACE INTO bulk VALUES (?, ?, ?, ?, ?)",
            &[
                order.operation.as_str().into(),
                (&last.id).into(),
                number(moved.done).into(),
                number(moved.failed).into(),
                now.into(),
            ],
        )?;
        Ok(moved)
    }

    /// An operation is over.
    pub fn forget_operation(&self, operation: &str) -> Result<(), JsValue> {
        if self.exists()? {
            self.sql.run(TABLE, &[])?;
            self.sql.run("DELETE FROM bulk WHERE operation = ?", &[operation.into()])?;
        }
        Ok(())
    }

    /// The next rows to be looked at, by id, at most so many as the order says.
    fn candidates(&self, order: &Order, cursor: &str) -> Result<Vec<Candidate>, JsValue> {
        let mut found = Vec::new();
        for source in self.sources(order) {
            let query = format!("SELECT d.id, {MEANT}, {WHOLE} FROM {source} ORDER BY d.id LIMIT {}", order.limit);
            let rows = self.sql.rows(&query, &params(order, cursor))?;
            found.extend(rows.iter().filter_map(|row| {
                let is = |at| row.number(at) == Some(1);
                Some(Candidate { id: row.text(0)?, is_meant: is(1), is_whole: is(2) })
            }));
        }
        // Merged by id, so that a row that changes its stage between two steps is not passed by.
        found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        found.truncate(order.limit as usize);
        Ok(found)
    }

    /// Where the rows of an order lie: each a table with an index that finds them in the order of their ids.
    fn sources(&self, order: &Order) -> Vec<String> {
        let ids = "d.id > ?1 AND d.id < ?2";
        let stages = order.bulk.stages.iter().filter_map(|stage| Stage::from_stored(*stage));
        if order.bulk.event.is_some() {
            let stages: Vec<String> = stages.map(|stage| (stage as u8).to_string()).collect();
            let stages = stages.join(", ");
            // One event has one delivery here, and one for each time that it was replayed.
            return vec![
                format!("deliveries d WHERE {ids} AND d.id >= ?6 AND d.id < ?6 || '~' AND d.stage IN ({stages})"),
                format!(
                    "deliveries d INDEXED BY replays WHERE {ids} AND d.operation IS NOT NULL AND d.event = ?5
                     AND ?6 <> '~' AND d.stage IN ({stages})"
                ),
            ];
        }
        stages
            .map(|stage| match stage {
                Stage::Fresh => format!(
                    "deliveries d WHERE {ids} AND d.stage = 0 AND d.id IN (SELECT delivery FROM payloads WHERE seq > {})",
                    self.mark.get()
                ),
                // What was delivered is in no index: it is nobody's to change.
                _ => format!(
                    "deliveries d INDEXED BY unsettled WHERE {ids} AND d.stage = {} AND d.stage NOT IN (0, 4)",
                    stage as u8
                ),
            })
            .collect()
    }
}

/// What the statements above take: where to begin, where to end, when the operation began, the type; and the event.
fn params<'a>(order: &'a Order, cursor: &'a str) -> Vec<Value<'a>> {
    let mut params =
        vec![cursor.into(), (&order.below).into(), order.began.into(), order.bulk.event_type.as_ref().into()];
    if let Some(event) = &order.bulk.event {
        // Nothing comes after '~', so that nothing is found for an event that never was.
        params.extend([(&event.id).into(), event.core.as_deref().unwrap_or("~").into()]);
    }
    params
}
