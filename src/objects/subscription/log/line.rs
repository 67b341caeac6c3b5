//! What is owed, to whom the turn belongs next, and what becomes of all that waits when the destination changes.

use wasm_bindgen::JsValue;

use super::{Log, stage_of};
use crate::delivery::Stage;
use crate::id::Id;
use crate::time::Millis;

/// The line of a destination that takes its deliveries in order: all that this object is to send, as they came. It costs
/// a row more for each delivery, so it is there only where there is a line.
const LINE: &str = "CREATE INDEX IF NOT EXISTS line ON deliveries (payload) WHERE stage IN (1, 2)";

/// How many deliveries are moved on by one statement.
const MOVED_AT_ONCE: u32 = 5_000;

/// An attempt that is owed: of which delivery, and its URL, where it has one of its own.
pub type Owed = (Id, Option<String>);

impl Log {
    /// Notes that a person wants an attempt.
    pub fn ask(&self, id: Id) -> Result<(), JsValue> {
        self.sql.run("UPDATE deliveries SET asked = asked + 1 WHERE id = ?", &[id.as_str().into()])?;
        Ok(())
    }

    /// Whether attempts are owed now that no delivery's own alarm will ask for, and when the next one will be.
    pub fn owed(&self, now: Millis) -> Result<(bool, Option<Millis>), JsValue> {
        if !self.exists()? {
            return Ok((false, None));
        }
        // Each of the three looks at one entry of an index.
        let row = self.sql.row(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE asked > 0)
                 OR EXISTS (SELECT 1 FROM deliveries WHERE stage = 2 AND next_at <= ?1),
                 (SELECT min(next_at) FROM deliveries WHERE stage = 2 AND next_at > ?1)",
            &[now.into()],
        )?;
        Ok(row.map_or((false, None), |row| (row.number(0) == Some(1), row.number(1))))
    }

    /// Attempts that are owed now by schedule, what became due first at the head.
    pub fn due(&self, now: Millis, limit: u32) -> Result<Vec<Owed>, JsValue> {
        self.owed_by(
            "SELECT id, url FROM deliveries WHERE stage = 2 AND next_at <= ?2 ORDER BY next_at, id LIMIT ?1",
            now,
            limit,
        )
    }

    /// Attempts that persons asked for.
    pub fn asked(&self, now: Millis, limit: u32) -> Result<Vec<Owed>, JsValue> {
        self.owed_by("SELECT id, url FROM deliveries WHERE asked > 0 AND ?2 > 0 LIMIT ?1", now, limit)
    }

    fn owed_by(&self, query: &str, now: Millis, limit: u32) -> Result<Vec<Owed>, JsValue> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self.sql.rows(query, &[limit.into(), now.into()])?;
        Ok(rows.iter().filter_map(|row| Some((Id::parse_bare(&row.text(0)?)?, row.text(1)))).collect())
    }

    /// The first in line, in the order of acceptance, and when it may go. What is to wait for a time that its producer
    /// named, and was never tried, stands in no line yet.
    pub fn first(&self, now: Millis) -> Result<Option<(Id, Stage, Option<Millis>)>, JsValue> {
        let row = self.sql.row(
            "SELECT id, stage, next_at FROM deliveries
             WHERE stage IN (1, 2) AND NOT (tries = 0 AND coalesce(next_at, 0) > ?) ORDER BY payload LIMIT 1",
            &[now.into()],
        )?;
        Ok(row.and_then(|row| Some((Id::parse_bare(&row.text(0)?)?, stage_of(&row, 1)?, row.number(2)))))
    }

    /// From now on the log is the line: what an instance had in hand takes its place there.
    pub fn line_up(&self, now: Millis) -> Result<(), JsValue> {
        self.sql.run(LINE, &[])?;
        self.sql.run(
            "UPDATE deliveries SET stage = 2, next_at = max(coalesce(next_at, 0), ?)
             WHERE stage = 0 AND test = 0 AND id IN (SELECT delivery FROM payloads WHERE seq > ?)",
            &[now.into(), self.mark.get().into()],
        )?;
        Ok(())
    }

    /// There is no line any more.
    pub fn break_up(&self) -> Result<(), JsValue> {
        self.sql.run("DROP INDEX IF EXISTS line", &[])?;
        Ok(())
    }

    /// How many deliveries are pending.
    pub fn pending(&self) -> Result<u64, JsValue> {
        if !self.exists()? {
            return Ok(0);
        }
        let row = self.sql.row(
            "SELECT (SELECT count(*) FROM deliveries WHERE stage IN (1, 2, 3) AND stage NOT IN (0, 4))
                 + (SELECT count(*) FROM deliveries WHERE stage = 0 AND test = 0
                     AND id IN (SELECT delivery FROM payloads WHERE seq > ?))",
            &[self.mark.get().into()],
        )?;
        Ok(row.and_then(|row| u64::try_from(row.number(0)?).ok()).unwrap_or(0))
    }

    /// Lets go what was held, the oldest first: so many at a time that others get their turn, but all at once where there is
    /// an order, which is not that of ids to the last. Whether there was any.
    pub fn release(&self, now: Millis, in_order: bool) -> Result<bool, JsValue> {
        if !self.exists()? {
            return Ok(false);
        }
        let limit = if in_order { u32::MAX } else { MOVED_AT_ONCE };
        let written = self.sql.run(
            "UPDATE deliveries SET stage = 2, next_at = max(coalesce(next_at, 0), ?) WHERE id IN (
                SELECT id FROM deliveries WHERE stage = 3 AND stage NOT IN (0, 4) ORDER BY id LIMIT ?)",
            &[now.into(), limit.into()],
        )?;
        Ok(written > 0)
    }

    /// Calls off what is pending, so many at a time. Whether there was any. What waits for its own alarm keeps the time of
    /// it, so that the alarm can be taken back when everything is deleted.
    pub fn cancel_all(&self, now: Millis) -> Result<bool, JsValue> {
        if !self.exists()? {
            return Ok(false);
        }
        let mut any = false;
        for (pending, param) in [
            ("stage = 1 AND stage NOT IN (0, 4) AND ? >= 0", 0),
            ("stage = 2 AND stage NOT IN (0, 4) AND ? >= 0", 0),
            ("stage = 3 AND stage NOT IN (0, 4) AND ? >= 0", 0),
            ("stage = 0 AND id IN (SELECT delivery FROM payloads WHERE seq > ?)", self.mark.get()),
        ] {
            let some = format!("SELECT id FROM deliveries WHERE {pending} ORDER BY id LIMIT ?");
            let range = self
                .sql
                .row(&format!("SELECT min(id), max(id) FROM ({some})"), &[param.into(), MOVED_AT_ONCE.into()])?;
            let id = |at| Id::parse_bare(&range.as_ref()?.text(at)?);
            let (Some(first), Some(last)) = (id(0), id(1)) else { continue };
            self.touched(first, last)?;
            let query = format!(
                "UPDATE deliveries SET stage = 6, next_at = CASE stage WHEN 1 THEN next_at END, completed_at = ?, asked = 0
                 WHERE id IN ({some})"
            );
            self.sql.run(&query, &[now.into(), param.into(), MOVED_AT_ONCE.into()])?;
            any = true;
        }
        Ok(any)
    }
}
