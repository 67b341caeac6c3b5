//! What is too old is cleared away, a step at a time and by ranges of the keys, so that traffic goes on between.
//!
//! A delivery goes when it has ended and both its beginning and its end are that long ago; what is still pending, or was
//! asked for by hand, stays. Where payloads are kept for a shorter time they go first: their rows are deleted as a whole.

use wasm_bindgen::JsValue;

use super::Log;
use crate::edge::Row;
use crate::id::Id;
use crate::retention::Retention;
use crate::time::Millis;

/// How many rows are looked at in one step.
const ROWS: usize = 500;
/// How many bytes of payloads go in one step, the last one's that is begun included.
const BYTES: i64 = 16_000_000;

/// Where the next step goes on, as a row of `meta`.
const CURSOR: &str = "sweep";

/// What is over, its end before a time: `?` is that.
const OVER: &str = "stage IN (4, 5, 6) AND asked = 0 AND coalesce(completed_at, 0) < ?";

/// How far it is.
enum Cursor {
    /// Payloads, up to this number.
    Payloads(i64),
    /// Deliveries, up to this id.
    History(String),
}

impl Cursor {
    fn read(text: &str) -> Self {
        match text.parse() {
            Ok(seq) if text.len() < Id::LENGTH => Cursor::Payloads(seq),
            _ => Cursor::History(text.to_owned()),
        }
    }

    fn written(&self) -> String {
        match self {
            Cursor::Payloads(seq) => seq.to_string(),
            Cursor::History(id) => id.clone(),
        }
    }
}

/// Deliveries that were called off.
#[derive(Default)]
pub struct CalledOff {
    /// Those that still have an alarm, and its time.
    pub alarms: Vec<(Id, Millis)>,
    /// The last that was looked at; none where there are no more.
    pub last: Option<String>,
}

impl Log {
    /// Whether clearing was begun and is not at its end.
    pub fn is_sweeping(&self) -> Result<bool, JsValue> {
        Ok(self.read(CURSOR)?.is_some())
    }

    /// Clears away some of what is too old, from where the last step came to, or from the beginning. Whether there is more.
    pub fn sweep(&self, retention: Retention, now: Millis) -> Result<bool, JsValue> {
        if !self.exists()? {
            return Ok(false);
        }
        let known = self.read(CURSOR)?;
        let was_sweeping = known.is_some();
        let begin = || match retention.payloads < retention.history {
            true => Cursor::Payloads(0),
            false => Cursor::History(String::new()),
        };
        let next = match known.as_deref().map(Cursor::read).unwrap_or_else(begin) {
            Cursor::Payloads(seq) => {
                let next = self.sweep_payloads(seq, now.saturating_sub(retention.payloads))?;
                Some(next.map_or(Cursor::History(String::new()), Cursor::Payloads))
            }
            Cursor::History(id) => self.sweep_history(&id, now.saturating_sub(retention.history))?.map(Cursor::History),
        };
        match &next {
            Some(cursor) => self.write(CURSOR, &cursor.written())?,
            None if was_sweeping => self.erase(CURSOR)?,
            None => {}
        }
        Ok(next.is_some())
    }

    /// In the order in which they came: what stands there for longer is pending. Up to where this came, unless it is the
    /// end.
    fn sweep_payloads(&self, above: i64, before: Millis) -> Result<Option<i64>, JsValue> {
        let rows = self.sql.rows(
            "SELECT seq, delivery, coalesce(length(body), 0) + coalesce(length(data), 0) FROM payloads
             WHERE seq > ? ORDER BY seq LIMIT ?",
            &[above.into(), (ROWS as i64).into()],
        )?;
        let Some((last, is_whole)) = step(&rows, 2) else { return Ok(None) };
        let Some(seq) = last.number(0) else { return Ok(None) };
        self.keep_seq(seq)?;
        let query = format!(
            "DELETE FROM payloads WHERE seq > ? AND seq <= ? AND coalesce((
                 SELECT {OVER} AND id < ? FROM deliveries WHERE id = payloads.delivery), 1)"
        );
        let floor = Id::floor(before);
        self.sql.run(&query, &[above.into(), seq.into(), before.into(), floor.as_str().into()])?;
        // Behind what is too young nothing is too old, but for what came in late, which the next sweep finds.
        let goes_on = last.text(1).is_some_and(|delivery| delivery.as_str() < floor.as_str());
        Ok((goes_on && !is_whole).then_some(seq))
    }

    fn sweep_history(&self, above: &str, before: Millis) -> Result<Option<String>, JsValue> {
        let floor = Id::floor(before);
        let rows = self.sql.rows(
            "SELECT d.id, coalesce(length(p.body), 0) + coalesce(length(p.data), 0), d.payload
             FROM deliveries d LEFT JOIN payloads p ON p.seq = d.payload AND p.delivery = d.id
             WHERE d.id > ? AND d.id < ? ORDER BY d.id LIMIT ?",
            &[above.into(), floor.as_str().into(), (ROWS as i64).into()],
        )?;
        let id = |row: Option<&Row>| Id::parse_bare(&row?.text(0)?);
        let Some((end, is_whole)) = step(&rows, 1) else { return Ok(None) };
        let Some(last) = end.text(0) else { return Ok(None) };
        self.keep_seq(rows.iter().filter_map(|row| row.number(2)).max().unwrap_or(0))?;
        let over = format!("id > ? AND id <= ? AND {OVER}");
        let params = [above.into(), (&last).into(), before.into()];
        let payloads = format!(
            "DELETE FROM payloads WHERE seq IN (SELECT payload FROM deliveries WHERE {over})
             AND delivery > ?1 AND delivery <= ?2"
        );
        self.sql.run(&payloads, &params)?;
        let gone = self.sql.run(&format!("DELETE FROM deliveries WHERE {over}"), &params)?;
        if let (1.., Some(first), Some(last)) = (gone, id(rows.first()), id(Some(end))) {
            self.touched(first, last)?;
        }
        Ok((!is_whole).then_some(last))
    }

    /// No payload's number is given twice: the highest is written down before its row may go.
    fn keep_seq(&self, seq: i64) -> Result<(), JsValue> {
        let last = self.next_seq()?.saturating_sub(1);
        let known = self.read("seq")?.and_then(|known| known.parse().ok()).unwrap_or(0);
        if seq >= last && known < last {
            self.write("seq", &last.to_string())?;
        }
        Ok(())
    }

    /// Whether what was sent is still there.
    pub fn has_payload(&self, id: Id) -> Result<bool, JsValue> {
        let query =
            "SELECT 1 FROM deliveries d JOIN payloads p ON p.seq = d.payload AND p.delivery = d.id WHERE d.id = ?";
        Ok(self.exists()? && self.sql.row(query, &[id.as_str().into()])?.is_some())
    }

    /// Nothing can be sent any more: what was sent is gone. Nobody waits for an attempt, and what was pending has failed.
    pub fn lose(&self, id: Id, now: Millis) -> Result<(), JsValue> {
        self.touched(id, id)?;
        self.sql.run(
            "UPDATE deliveries SET asked = 0, next_at = NULL,
                completed_at = CASE WHEN stage < 4 THEN ?1 ELSE completed_at END,
                stage = CASE WHEN stage < 4 THEN 5 ELSE stage END
             WHERE id = ?2",
            &[now.into(), id.as_str().into()],
        )?;
        Ok(())
    }

    /// Some of the deliveries that were called off, in the order of their ids.
    pub fn called_off(&self, above: &str, now: Millis) -> Result<CalledOff, JsValue> {
        if !self.exists()? {
            return Ok(CalledOff::default());
        }
        let rows = self.sql.rows(
            "SELECT id, next_at FROM deliveries WHERE stage = 6 AND stage NOT IN (0, 4) AND id > ? ORDER BY id LIMIT ?",
            &[above.into(), (ROWS as i64).into()],
        )?;
        let armed = |row: &Row| Some((Id::parse_bare(&row.text(0)?)?, row.number(1).filter(|at| *at > now)?));
        Ok(CalledOff { alarms: rows.iter().filter_map(armed).collect(), last: rows.last().and_then(|row| row.text(0)) })
    }

    /// All of it was deleted.
    pub fn forget(&self) {
        self.exists.set(false);
        self.next_seq.set(None);
        self.mark.set(0);
        self.frontier.replace(None);
        self.tidied_at.set(0);
    }
}

/// The last of the rows that one step clears, their bytes in the column `size`, and whether nothing follows it.
fn step(rows: &[Row], size: u32) -> Option<(&Row, bool)> {
    let mut bytes = 0i64;
    let at = rows.iter().position(|row| {
        bytes = bytes.saturating_add(row.number(size).unwrap_or(0));
        bytes >= BYTES
    });
    let last = at.and_then(|at| rows.get(at)).or(rows.last())?;
    Some((last, at.is_none() && rows.len() < ROWS))
}
