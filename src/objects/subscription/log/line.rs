//! What is owed, to whom the turn belongs next, and what becomes of all that waits when the destination changes.

use wasm_bindgen::JsValue;

use super::Log;
use crate::id::Id;
use crate::time::Millis;

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
        let row = self.sql.row(
            "SELECT max(at <= ?1), min(CASE WHEN at > ?1 THEN at END)
             FROM (SELECT coalesce(next_at, 0) AS at FROM deliveries WHERE stage = 2 AND stage NOT IN (0, 4)
                 UNION ALL SELECT 0 FROM deliveries WHERE asked > 0)",
            &[now.into()],
        )?;
        Ok(row.map_or((false, None), |row| (row.number(0) == Some(1), row.number(1))))
    }

    /// Attempts that are owed now: id, URL of its own, and whether a person asked.
    pub fn due(&self, now: Millis, limit: u32) -> Result<Vec<(Id, Option<String>, bool)>, JsValue> {
        let rows = self.sql.rows(
            "SELECT id, url, 1 FROM deliveries WHERE asked > 0
             UNION ALL SELECT * FROM (SELECT id, url, 0 FROM deliveries
                 WHERE stage = 2 AND stage NOT IN (0, 4) AND coalesce(next_at, 0) <= ? ORDER BY id LIMIT ?)",
            &[now.into(), limit.into()],
        )?;
        Ok(rows
            .iter()
            .filter_map(|row| Some((Id::parse_bare(&row.text(0)?)?, row.text(1), row.number(2) == Some(1))))
            .collect())
    }

    /// Lets go what was held. Whether there was any.
    pub fn release(&self, now: Millis) -> Result<bool, JsValue> {
        let written = self.sql.run(
            "UPDATE deliveries SET stage = 2, next_at = max(coalesce(next_at, 0), ?)
             WHERE stage = 3 AND stage NOT IN (0, 4)",
            &[now.into()],
        )?;
        Ok(written > 0)
    }

    /// Calls off all that is pending.
    pub fn cancel_all(&self, now: Millis) -> Result<(), JsValue> {
        for pending in [
            "stage IN (1, 2, 3) AND stage NOT IN (0, 4) AND ? >= 0",
            "stage = 0 AND id IN (SELECT delivery FROM payloads WHERE seq > ?)",
        ] {
            let query =
                format!("UPDATE deliveries SET stage = 6, next_at = NULL, completed_at = ?, asked = 0 WHERE {pending}");
            self.sql.run(&query, &[now.into(), self.mark.get().into()])?;
        }
        self.all_touched()
    }
}
