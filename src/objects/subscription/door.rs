//! What the object of a source keeps beside its log: which messages were let through, and which requests came.

use std::cell::Cell;

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::Inner;
use crate::edge::{self, Sql};
use crate::id::Id;
use crate::objects::{Outcome, Reply, storage};
use crate::page::Page;
use crate::problem::Problem;
use crate::source::{Entry, Outcome as Became};
use crate::time::Millis;

/// Prefix of a request's id.
const REQUEST: &str = "req_";
/// How many requests are remembered in each of the two rings.
const RING: i64 = 200;
/// How long a message is known again: longer than providers go on repeating one.
const REMEMBERED: Millis = 7 * 86_400_000;
/// How many claims are cleared away at once.
const SWEEP: i64 = 200;
/// How soon they are looked through again where none was too old.
const SWEEP_EVERY: Millis = 600_000;

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS claims (
        seq INTEGER PRIMARY KEY, mark TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, until INTEGER, delivery TEXT
    )",
    "CREATE TABLE IF NOT EXISTS requests (
        ring INTEGER NOT NULL, slot INTEGER NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (ring, slot)
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS rings (ring INTEGER PRIMARY KEY, next INTEGER NOT NULL)",
];

/// A message that wants to be let through.
#[derive(Debug, Serialize, Deserialize)]
pub struct Knock {
    /// What makes it known again.
    pub mark: String,
    /// How long it may be under way, in milliseconds, before nobody believes it any more.
    pub patience: Millis,
}

/// How it went with the origin.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Closing {
    /// The message that was let through, and whether the origin took it.
    pub claim: Option<(String, bool)>,
    /// What is to be remembered.
    pub entries: Vec<Entry>,
}

/// Whether a message may pass.
pub enum Passage {
    /// It may.
    Free,
    /// It is on its way already.
    UnderWay,
    /// It has passed; in queue mode it became this delivery.
    Passed(Option<String>),
}

/// The tables.
pub struct Door {
    sql: Sql,
    created: Cell<bool>,
    /// When to look again for what is too old.
    sweep_at: Cell<Millis>,
}

impl Door {
    /// Opens nothing yet: only a source has a door.
    pub fn new(sql: Sql) -> Self {
        Door { sql, created: Cell::new(false), sweep_at: Cell::new(0) }
    }

    /// Whether anything was ever written here.
    pub fn exists(&self) -> Result<bool, JsValue> {
        let query = "SELECT 1 FROM sqlite_master WHERE name = 'claims'";
        Ok(self.created.get() || self.sql.row(query, &[])?.is_some())
    }

    /// All of it was deleted.
    pub fn forget(&self) {
        self.created.set(false);
    }

    fn open(&self) -> Result<&Sql, JsValue> {
        if !self.created.replace(true) {
            for statement in SCHEMA {
                self.sql.run(statement, &[])?;
            }
        }
        Ok(&self.sql)
    }

    /// Lets a message through once. `until` is the time up to which it counts as under way; without, it has passed for
    /// good, and became `delivery`.
    pub fn claim(
        &self,
        mark: &str,
        until: Option<Millis>,
        delivery: Option<&str>,
        now: Millis,
    ) -> Result<Passage, JsValue> {
        let sql = self.open()?;
        self.sweep(now)?;
        let new = "INSERT INTO claims (mark, at, until, delivery) VALUES (?, ?, ?, ?) ON CONFLICT (mark) DO NOTHING";
        if sql.run(new, &[mark.into(), now.into(), until.into(), delivery.into()])? > 0 {
            return Ok(Passage::Free);
        }
        let known = sql.row("SELECT until, delivery, at FROM claims WHERE mark = ?", &[mark.into()])?;
        if let Some(row) = known
            && row.number(2).is_some_and(|at| at > now.saturating_sub(REMEMBERED))
        {
            match row.number(0) {
                None => return Ok(Passage::Passed(row.text(1))),
                Some(until) if until > now => return Ok(Passage::UnderWay),
                // Whoever had it died on the way.
                Some(_) => {}
            }
        }
        sql.run(
            "UPDATE claims SET at = ?2, until = ?3, delivery = ?4 WHERE mark = ?1",
            &[mark.into(), now.into(), until.into(), delivery.into()],
        )?;
        Ok(Passage::Free)
    }

    /// A message's way is over: it has passed, or may come again.
    fn close(&self, mark: &str, passed: bool) -> Result<(), JsValue> {
        let query = match passed {
            true => "UPDATE claims SET until = NULL WHERE mark = ?",
            false => "DELETE FROM claims WHERE mark = ? AND until IS NOT NULL",
        };
        self.open()?.run(query, &[mark.into()])?;
        Ok(())
    }

    /// Forgets what is too old, now and then: each claim clears away more than it adds.
    fn sweep(&self, now: Millis) -> Result<(), JsValue> {
        if now >= self.sweep_at.get() && !self.clear(now)? {
            self.sweep_at.set(now.saturating_add(SWEEP_EVERY));
        }
        Ok(())
    }

    /// Forgets some of the claims that are too old, the oldest first. Whether there may be more of them.
    fn clear(&self, now: Millis) -> Result<bool, JsValue> {
        let sql = self.open()?;
        let oldest = sql.row("SELECT at FROM claims ORDER BY seq LIMIT 1", &[])?.and_then(|row| row.number(0));
        let limit = now.saturating_sub(REMEMBERED);
        if oldest.is_none_or(|at| at >= limit) {
            return Ok(false);
        }
        sql.run(
            "DELETE FROM claims WHERE at < ?1 AND seq IN (SELECT seq FROM claims ORDER BY seq LIMIT ?2)",
            &[limit.into(), SWEEP.into()],
        )?;
        Ok(true)
    }

    /// Forgets claims that are too old, and requests that came before `since`. Whether there may be more of them.
    pub fn forget_old(&self, since: Millis, now: Millis) -> Result<bool, JsValue> {
        if !self.exists()? {
            return Ok(false);
        }
        let before = Id::floor(since).with(REQUEST);
        self.open()?.run("DELETE FROM requests WHERE id < ?", &[(&before).into()])?;
        self.clear(now)
    }

    /// Remembers requests, each in the place of the oldest of its ring.
    pub fn remember(&self, entries: &[Entry]) -> Result<(), JsValue> {
        let sql = self.open()?;
        for entry in entries {
            let ring = i64::from(entry.outcome == Became::Refused);
            let next = sql.row(
                "INSERT INTO rings VALUES (?, 1) ON CONFLICT (ring) DO UPDATE SET next = next + 1 RETURNING next",
                &[ring.into()],
            )?;
            let slot = next.and_then(|row| row.number(0)).unwrap_or(0).rem_euclid(RING);
            let json = serde_json::to_string(entry).unwrap_or_default();
            sql.run(
                "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?)",
                &[ring.into(), slot.into(), (&entry.id).into(), (&json).into()],
            )?;
        }
        Ok(())
    }

    fn recent(&self, below: &str, limit: u32) -> Result<Vec<Entry>, JsValue> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self
            .open()?
            .rows("SELECT json FROM requests WHERE id < ? ORDER BY id DESC LIMIT ?", &[below.into(), limit.into()])?;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(&row.text(0)?).ok()).collect())
    }
}

impl Inner {
    /// `POST /knock`: 204 where the message may pass, 409 while it is on its way, 200 where it has passed.
    pub(super) fn knock(&self, body: &[u8]) -> Outcome {
        let knock: Knock = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let now = edge::now();
        let until = now.saturating_add(knock.patience);
        match self.door.claim(&knock.mark, Some(until), None, now).map_err(storage)? {
            Passage::Free => Ok(Reply::Done),
            Passage::UnderWay => Ok(Reply::Json(409, String::new())),
            Passage::Passed(_) => Ok(Reply::Json(200, String::new())),
        }
    }

    /// `POST /close`: how it went, and what is to be remembered.
    pub(super) fn close(&self, body: &[u8]) -> Outcome {
        let closing: Closing = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        if let Some((mark, passed)) = &closing.claim {
            self.door.close(mark, *passed).map_err(storage)?;
        }
        self.door.remember(&closing.entries).map_err(storage)?;
        Ok(Reply::Done)
    }

    /// `POST /requests?limit&cursor`: the requests that came, newest first.
    pub(super) fn requests(&self, query: &str) -> Outcome {
        let page = Page::read(query, &[])?;
        let entries = self.door.recent(&page.below(REQUEST)?, page.limit.saturating_add(1)).map_err(storage)?;
        let ids = entries.iter().map(|entry| entry.id.clone()).collect();
        let items = entries.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default()).collect();
        Ok(Reply::Json(200, page.answer(items, ids)))
    }
}
