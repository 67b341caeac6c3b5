//! What a part of the ledger has written down, in slots of time: what is too old stands at the beginning, and is cleared
//! from there without looking at the rest. An entry is one row, and costs no other.

use std::borrow::Cow;
use std::cell::Cell;

use serde::Deserialize;
use wasm_bindgen::JsValue;

use crate::edge::{Row, Sql};
use crate::id::Id;
use crate::retention::Retention;
use crate::time::Millis;

/// How many rows are looked at in one step.
const STEP: i64 = 200;

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS ids (
        slot INTEGER NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (slot, id)
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS revoked (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, slot INTEGER NOT NULL, id TEXT NOT NULL) WITHOUT ROWID",
];

/// An entry by its id: a look into each slot that there is.
const FIND: &str = "WITH RECURSIVE slots (slot) AS (
        SELECT max(slot) FROM ids
        UNION ALL SELECT (SELECT max(slot) FROM ids WHERE slot < slots.slot) FROM slots WHERE slots.slot IS NOT NULL
    ) SELECT ids.json FROM slots CROSS JOIN ids ON ids.slot = slots.slot AND ids.id = ?";

/// What the version before had: no time beside it. All of it is too old when this version has remembered for so long.
const OLDER: &str = "entries";

/// The tables.
pub struct Book {
    sql: Sql,
    retention: Retention,
    created: Cell<bool>,
    has_older: Cell<bool>,
}

impl Book {
    /// Opens nothing yet.
    pub fn new(sql: Sql, retention: Retention) -> Self {
        Book { sql, retention, created: Cell::default(), has_older: Cell::default() }
    }

    fn has(&self, table: &str) -> Result<bool, JsValue> {
        Ok(self.sql.row("SELECT 1 FROM sqlite_master WHERE name = ?", &[table.into()])?.is_some())
    }

    /// Whether anything was ever written here: a look at what never was leaves nothing.
    pub fn exists(&self) -> Result<bool, JsValue> {
        if !self.created.get() && (self.has("ids")? || self.has(OLDER)?) {
            self.create()?;
        }
        Ok(self.created.get())
    }

    fn create(&self) -> Result<(), JsValue> {
        if !self.created.get() {
            for statement in SCHEMA {
                self.sql.run(statement, &[])?;
            }
            self.has_older.set(self.has(OLDER)?);
            self.created.set(true);
        }
        Ok(())
    }

    /// Its tables, for who looks through all of it.
    pub fn sql(&self) -> &Sql {
        &self.sql
    }

    /// All entries: `slot`, `id`, `json`.
    pub fn rows(&self) -> &'static str {
        match self.has_older.get() {
            true => "(SELECT slot, id, json FROM ids UNION ALL SELECT 0, id, json FROM entries)",
            false => "ids",
        }
    }

    /// What is written of an id.
    pub fn find(&self, id: &str) -> Result<Option<String>, JsValue> {
        if !self.exists()? {
            return Ok(None);
        }
        let text = |row: Row| row.text(0);
        if let Some(known) = self.sql.row(FIND, &[id.into()])?.and_then(text) {
            return Ok(Some(known));
        }
        match self.has_older.get() {
            true => Ok(self.sql.row("SELECT json FROM entries WHERE id = ?", &[id.into()])?.and_then(text)),
            false => Ok(None),
        }
    }

    /// Writes an entry, unless its id is known: then answers what is known of it. What is too old is not known any more.
    pub fn enter(&self, id: &str, text: &str, now: Millis) -> Result<Option<String>, JsValue> {
        self.create()?;
        if let Some(known) = self.find(id)?
            && made_at(&known).is_none_or(|at| at > now.saturating_sub(self.retention.history))
        {
            return Ok(Some(known));
        }
        let slot = self.retention.slot(made_at(text).unwrap_or(now));
        self.sql.run("INSERT OR REPLACE INTO ids VALUES (?, ?, ?)", &[slot.into(), id.into(), text.into()])?;
        Ok(None)
    }

    /// Whether a key is known to be at its end.
    pub fn is_revoked(&self, key: &str) -> Result<bool, JsValue> {
        Ok(self.exists()? && self.sql.row("SELECT 1 FROM revoked WHERE key = ?", &[key.into()])?.is_some())
    }

    /// Remembers that keys are at their end.
    pub fn revoke(&self, keys: &[String], now: Millis) -> Result<(), JsValue> {
        // Who has nobody to refuse need not begin.
        if !keys.is_empty() {
            self.create()?;
        }
        for key in keys {
            self.sql.run("INSERT OR IGNORE INTO revoked VALUES (?, ?)", &[key.into(), now.into()])?;
        }
        Ok(())
    }

    /// Forgets keys that were revoked before `since`.
    pub fn forget_revoked(&self, since: Millis) -> Result<(), JsValue> {
        if self.exists()? {
            self.sql.run("DELETE FROM revoked WHERE at < ?", &[since.into()])?;
        }
        Ok(())
    }

    /// Clears away some of what is too old. Whether there may be more of it.
    pub fn sweep(&self, now: Millis) -> Result<bool, JsValue> {
        let before = self.retention.slots_before(now, self.retention.history);
        let cleared = self.sql.run(
            "DELETE FROM ids WHERE (slot, id) IN (SELECT slot, id FROM ids WHERE slot < ? ORDER BY slot, id LIMIT ?)",
            &[before.into(), STEP.into()],
        )?;
        Ok(i64::from(cleared) >= STEP || self.sweep_older(now)? || self.sweep_events(now)?)
    }

    fn sweep_older(&self, now: Millis) -> Result<bool, JsValue> {
        if !self.has_older.get() {
            return Ok(false);
        }
        let until = now.saturating_add(self.retention.history);
        self.sql.run("INSERT OR IGNORE INTO marks VALUES ('older', ?, '')", &[until.into()])?;
        let until = self.sql.row("SELECT slot FROM marks WHERE name = 'older'", &[])?.and_then(|row| row.number(0));
        if until.is_none_or(|until| until > now) {
            return Ok(false);
        }
        let query = "DELETE FROM entries WHERE id IN (SELECT id FROM entries LIMIT ?)";
        if i64::from(self.sql.run(query, &[STEP.into()])?) >= STEP {
            return Ok(true);
        }
        self.sql.run("DROP TABLE entries", &[])?;
        self.sql.run("DELETE FROM marks WHERE name = 'older'", &[])?;
        self.has_older.set(false);
        Ok(false)
    }

    /// Events that nobody wanted are written here whole: their data go when payloads go, their ids stay. What was looked
    /// at is not looked at again.
    fn sweep_events(&self, now: Millis) -> Result<bool, JsValue> {
        if self.retention.payloads >= self.retention.history {
            return Ok(false);
        }
        let before = self.retention.slots_before(now, self.retention.payloads);
        let place = |row: Row| Some((row.number(0)?, row.text(1)?));
        let mark = self.sql.row("SELECT slot, id FROM marks WHERE name = 'events'", &[])?.and_then(place);
        let (slot, id) = mark.unwrap_or((0, String::new()));
        let rows = self.sql.rows(
            "SELECT slot, id FROM ids WHERE (slot, id) > (?, ?) AND slot < ? ORDER BY slot, id LIMIT ?",
            &[slot.into(), (&id).into(), before.into(), STEP.into()],
        )?;
        let count = rows.len();
        let Some((last_slot, last)) = rows.into_iter().next_back().and_then(place) else { return Ok(false) };
        self.sql.run(
            "UPDATE ids SET json = json_remove(json, '$.event')
             WHERE (slot, id) > (?, ?) AND (slot, id) <= (?, ?) AND json_type(json, '$.event') = 'text'",
            &[slot.into(), (&id).into(), last_slot.into(), (&last).into()],
        )?;
        let params = [last_slot.into(), (&last).into()];
        self.sql.run("INSERT OR REPLACE INTO marks VALUES ('events', ?, ?)", &params)?;
        Ok(count as i64 >= STEP)
    }

    /// Whether nothing is written here any more.
    pub fn is_empty(&self) -> Result<bool, JsValue> {
        let held = "SELECT 1 WHERE EXISTS (SELECT 1 FROM ids) OR EXISTS (SELECT 1 FROM revoked)";
        Ok(!self.has_older.get() && self.sql.row(held, &[])?.is_none())
    }

    /// All of it was deleted.
    pub fn forget(&self) {
        self.created.set(false);
        self.has_older.set(false);
    }
}

/// When the event of an entry was accepted.
fn made_at(entry: &str) -> Option<Millis> {
    #[derive(Deserialize)]
    struct Made<'a> {
        #[serde(borrow)]
        core: Cow<'a, str>,
    }
    Id::parse_bare(&serde_json::from_str::<Made<'_>>(entry).ok()?.core).map(Id::time)
}
