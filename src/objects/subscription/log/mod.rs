//! The log of a subscription's deliveries, in its object's SQLite.
//!
//! A delivery that succeeds at once costs two rows at its arrival (itself and its payload) and one when it settles.
//! The indexes are partial, so that such a delivery never enters one: what is listed by status is found there unless it
//! was delivered, and what was delivered is nearly everything, found by walking the ids from the newest.
//!
//! What old stretches of the log come to is kept in blocks, so that figures and filters read a thousand rows and not a
//! million.
//!
//! A `Fresh` row is in nobody's index either. While the object lives it knows them by heart; one that starts anew finds
//! them among the payloads that arrived after `mark`, and takes them over.

mod blocks;
mod bulk;
mod figures;
mod line;
mod listing;
mod replays;
mod retention;

use std::cell::{Cell, RefCell};

use js_sys::Uint8Array;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use super::Append;
use crate::delivery::{Progress, Stage};
use crate::edge::{Row as Columns, Sql};
use crate::event::About;
use crate::id::{EVENT, Id};
use crate::time::Millis;
use crate::trace::Trace;

pub use crate::event::frame::RENDERED_LIMIT;
pub use line::Owed;
pub use listing::Query;

/// How far `mark` may lag behind before it is worth a row.
const MARK_STEP: i64 = 1_000;

const SCHEMA: &[&str] = &[
    "CREATE TABLE deliveries (
        id TEXT PRIMARY KEY, stage INTEGER NOT NULL, kind TEXT NOT NULL, event TEXT, url TEXT, test INTEGER NOT NULL,
        planned INTEGER NOT NULL, tries INTEGER NOT NULL, count INTEGER NOT NULL, next_at INTEGER, completed_at INTEGER,
        asked INTEGER NOT NULL, payload INTEGER NOT NULL, attempts TEXT, operation TEXT
    ) WITHOUT ROWID",
    "CREATE INDEX unsettled ON deliveries (stage, id) WHERE stage NOT IN (0, 4)",
    "CREATE INDEX asked ON deliveries (id) WHERE asked > 0",
    "CREATE TABLE payloads (
        seq INTEGER PRIMARY KEY, delivery TEXT NOT NULL, body BLOB, data_at INTEGER, data_length INTEGER, about TEXT, data BLOB,
        trace TEXT
    )",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
];

/// Columns that came with later versions: an object of one before has its tables without them.
const ADDED: &[(&str, &str)] = &[("payloads", "trace"), ("deliveries", "operation")];

/// What came with later versions: made where it is missing, whenever an instance opens its log.
const LATER: &[&str] = &[
    "CREATE INDEX IF NOT EXISTS due ON deliveries (next_at, id) WHERE stage = 2",
    "CREATE INDEX IF NOT EXISTS replays ON deliveries (event, id) WHERE operation IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS scheduled ON deliveries (id, next_at)
     WHERE count = 0 AND next_at IS NOT NULL AND stage NOT IN (0, 4, 5, 6)",
    "CREATE INDEX IF NOT EXISTS retrying ON deliveries (next_at, id) WHERE count > 0 AND stage IN (1, 2)",
];

const COLUMNS: &str =
    "d.id, d.stage, d.tries, d.count, d.next_at, d.completed_at, d.kind, d.event, d.url, d.test, d.planned, d.asked";

/// The log.
pub struct Log {
    sql: Sql,
    exists: Cell<bool>,
    next_seq: Cell<Option<i64>>,
    mark: Cell<i64>,
    /// Where the last block ends, once that was read.
    frontier: RefCell<Option<String>>,
    tidied_at: Cell<Millis>,
}

/// A delivery to be appended.
pub struct NewRow<'a> {
    /// Its id.
    pub id: Id,
    /// What came with it.
    pub append: &'a Append<'a>,
    /// How far it is.
    pub progress: Progress,
    /// How many attempts its schedule has.
    pub attempts_planned: u32,
    /// Whether it is a test.
    pub test: bool,
    /// Its body.
    pub body: &'a Uint8Array,
    /// What else is to be remembered of the event.
    pub about: Option<&'a str>,
    /// The event's data, where it is to be remembered and the body does not hold it.
    pub data: Option<&'a Uint8Array>,
}

/// What an attempt made of a delivery.
pub struct Settlement<'a> {
    /// How far it was when that was read.
    pub before: &'a Progress,
    /// How far it is now.
    pub after: &'a Progress,
    /// How many attempts its schedule has.
    pub planned: u32,
    /// Whether it is one that a person asked for.
    pub was_asked: bool,
    /// All attempts, as JSON.
    pub attempts: &'a str,
    /// Where this one went.
    pub url: &'a str,
}

/// A delivery as the log knows it.
pub struct Row {
    /// Its id.
    pub id: Id,
    /// How far it is.
    pub progress: Progress,
    /// The event's type.
    pub kind: String,
    /// The event's id, where it is not made of the same characters.
    pub event: Option<String>,
    /// A destination of its own, or the one that the last attempt went to.
    pub url: Option<String>,
    /// Whether it is a test.
    pub test: bool,
    /// How many attempts its schedule has.
    pub planned: u32,
    /// Whether a person asked for an attempt that was not made yet.
    pub asked: bool,
    /// The attempts so far, as JSON; read for a single delivery alone.
    pub attempts: Option<String>,
    /// Its body; read for a single delivery alone, and kept for a shorter time than the rest.
    pub body: Option<Uint8Array>,
    /// What is remembered of the event, if anything is here, its secrets sealed; read for a single delivery alone.
    pub about: Option<String>,
    /// The trace that it is part of; read for a single delivery alone.
    pub trace: Option<Trace>,
}

impl Log {
    /// Opens the log. Nothing is written before something is appended: a look at an object that never was leaves none.
    pub fn new(sql: Sql) -> Self {
        Log {
            sql,
            exists: Cell::new(false),
            next_seq: Cell::new(None),
            mark: Cell::new(0),
            frontier: RefCell::default(),
            tidied_at: Cell::new(0),
        }
    }

    /// Whether anything was ever written here.
    pub fn exists(&self) -> Result<bool, JsValue> {
        if !self.exists.get() {
            let found = "SELECT name, sql FROM sqlite_master WHERE name IN ('payloads', 'deliveries')";
            let made = self.sql.rows(found, &[])?;
            if made.is_empty() {
                return Ok(false);
            }
            for (table, column) in ADDED {
                let of_table = |row: &&Columns| row.text(0).as_deref() == Some(table);
                let made = made.iter().find(of_table).and_then(|row| row.text(1)).unwrap_or_default();
                if !made.contains(&format!(" {column} TEXT")) {
                    self.sql.run(&format!("ALTER TABLE {table} ADD COLUMN {column} TEXT"), &[])?;
                }
            }
            self.upgrade()?;
        }
        Ok(true)
    }

    fn create(&self) -> Result<(), JsValue> {
        if !self.exists()? {
            for statement in SCHEMA {
                self.sql.run(statement, &[])?;
            }
            self.upgrade()?;
        }
        Ok(())
    }

    fn upgrade(&self) -> Result<(), JsValue> {
        for statement in LATER.iter().chain(blocks::BLOCKS) {
            self.sql.run(statement, &[])?;
        }
        self.exists.set(true);
        Ok(())
    }

    /// A remembered value.
    pub fn read(&self, name: &str) -> Result<Option<String>, JsValue> {
        if !self.exists()? {
            return Ok(None);
        }
        Ok(self.sql.row("SELECT value FROM meta WHERE name = ?", &[name.into()])?.and_then(|row| row.text(0)))
    }

    /// Remembers a value.
    pub fn write(&self, name: &str, value: &str) -> Result<(), JsValue> {
        self.create()?;
        self.sql.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", &[name.into(), value.into()])?;
        Ok(())
    }

    /// Forgets a value.
    pub fn erase(&self, name: &str) -> Result<(), JsValue> {
        if !self.exists()? {
            return Ok(());
        }
        self.sql.run("DELETE FROM meta WHERE name = ?", &[name.into()])?;
        Ok(())
    }

    /// Takes over what an earlier instance owed. Whether there is anything to be done.
    pub fn recover(&self, now: Millis) -> Result<bool, JsValue> {
        if !self.exists()? {
            return Ok(false);
        }
        let mark = self.read("mark")?.and_then(|mark| mark.parse().ok()).unwrap_or(0);
        self.mark.set(mark);
        // What an older version left to the log has no time, and would be in no line.
        self.sql.run("UPDATE deliveries SET next_at = 0 WHERE stage = 2 AND next_at IS NULL", &[])?;
        // The one attempt of a test has nobody waiting for it any more.
        self.sql.run(
            "UPDATE deliveries SET stage = 5, completed_at = ?
             WHERE stage = 0 AND test = 1 AND id IN (SELECT delivery FROM payloads WHERE seq > ?)",
            &[now.into(), mark.into()],
        )?;
        self.sql.run(
            "UPDATE deliveries SET stage = 2, next_at = max(coalesce(next_at, 0), ?)
             WHERE stage = 0 AND id IN (SELECT delivery FROM payloads WHERE seq > ?)",
            &[now.into(), mark.into()],
        )?;
        Ok(self.owed(now)? != (false, None))
    }

    /// Notes how far everything has left `Fresh`: a new instance need not look further back.
    pub fn advance_mark(&self) -> Result<(), JsValue> {
        let last = self.next_seq()?.saturating_sub(1);
        if last.saturating_sub(self.mark.get()) < MARK_STEP {
            return Ok(());
        }
        let oldest = self.sql.row(
            "SELECT min(p.seq) FROM payloads p JOIN deliveries d ON d.id = p.delivery WHERE p.seq > ? AND d.stage = 0",
            &[self.mark.get().into()],
        )?;
        let mark = oldest.and_then(|row| row.number(0)).map_or(last, |seq| seq.saturating_sub(1));
        if mark.saturating_sub(self.mark.get()) >= MARK_STEP {
            self.write("mark", &mark.to_string())?;
            self.mark.set(mark);
        }
        Ok(())
    }

    fn next_seq(&self) -> Result<i64, JsValue> {
        if let Some(next) = self.next_seq.get() {
            return Ok(next);
        }
        // Payloads that were cleared away have had the numbers up to `seq`: none is given twice, and none at or below
        // `mark`, where a new instance does not look.
        let last = match self.exists()? {
            true => self.sql.row(
                "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM payloads
                 UNION ALL SELECT CAST(value AS INTEGER) FROM meta WHERE name IN ('seq', 'mark'))",
                &[],
            )?,
            false => None,
        };
        let last = last.and_then(|row| row.number(0));
        let next = last.unwrap_or(0).saturating_add(1);
        self.next_seq.set(Some(next));
        Ok(next)
    }

    /// Appends a delivery. Whether it was new.
    pub fn insert(&self, row: &NewRow<'_>) -> Result<bool, JsValue> {
        self.create()?;
        let seq = self.next_seq()?;
        let progress = &row.progress;
        let written = self.sql.run(
            "INSERT OR IGNORE INTO deliveries (id, stage, kind, event, url, test, planned, tries, count, next_at,
             completed_at, asked, payload, operation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
            &[
                row.id.as_str().into(),
                i64::from(progress.stage as u8).into(),
                row.append.kind.into(),
                row.append.event.as_ref().into(),
                row.append.url.as_ref().into(),
                i64::from(row.test).into(),
                row.attempts_planned.into(),
                progress.tries.into(),
                progress.count.into(),
                progress.next_at.into(),
                progress.completed_at.into(),
                seq.into(),
                row.append.operation.into(),
            ],
        )?;
        if written == 0 {
            return Ok(false);
        }
        let span = |number: usize| i64::try_from(number).unwrap_or(0);
        self.sql.run(
            "INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            &[
                seq.into(),
                row.id.as_str().into(),
                row.body.into(),
                row.append.data.map(|(at, _)| span(at)).into(),
                row.append.data.map(|(_, length)| span(length)).into(),
                row.about.into(),
                row.data.into(),
                row.append.trace.as_ref().into(),
            ],
        )?;
        self.next_seq.set(Some(seq.saturating_add(1)));
        self.arrived(row.id)?;
        Ok(true)
    }

    /// A delivery without its attempts and body.
    pub fn find(&self, id: Id) -> Result<Option<Row>, JsValue> {
        if !self.exists()? {
            return Ok(None);
        }
        let query = format!("SELECT {COLUMNS} FROM deliveries d WHERE d.id = ?");
        Ok(self.sql.row(&query, &[id.as_str().into()])?.and_then(|row| Row::read(&row)))
    }

    /// A delivery with all that is known of it.
    pub fn whole(&self, id: Id) -> Result<Option<Row>, JsValue> {
        if !self.exists()? {
            return Ok(None);
        }
        let query = format!(
            "SELECT {COLUMNS}, d.attempts, p.body, p.about, p.trace
             FROM deliveries d LEFT JOIN payloads p ON p.seq = d.payload AND p.delivery = d.id WHERE d.id = ?"
        );
        let found = self.sql.row(&query, &[id.as_str().into()])?;
        Ok(found.and_then(|row| {
            let about = row.text(14);
            let trace = row.text(15).and_then(|trace| Trace::restore(&trace));
            Some(Row { attempts: row.text(12), body: row.blob(13), about, trace, ..Row::read(&row)? })
        }))
    }

    /// Moves a delivery on without an attempt.
    pub fn advance(&self, id: Id, progress: &Progress) -> Result<(), JsValue> {
        self.sql.run(
            "UPDATE deliveries SET stage = ?, next_at = ?, completed_at = ? WHERE id = ?",
            &[
                i64::from(progress.stage as u8).into(),
                progress.next_at.into(),
                progress.completed_at.into(),
                id.as_str().into(),
            ],
        )?;
        self.touched(id, id)
    }

    /// Records an attempt, unless the delivery has moved on since `before` was read. Whether it was recorded.
    pub fn settle(&self, id: Id, settled: &Settlement<'_>) -> Result<bool, JsValue> {
        if !self.exists()? {
            return Ok(false);
        }
        let Settlement { before, after, planned, was_asked, attempts, url } = settled;
        let written = self.sql.run(
            "UPDATE deliveries SET stage = ?, tries = ?, count = ?, next_at = ?, completed_at = ?, planned = ?,
             asked = max(asked - ?, 0), attempts = ?, url = ? WHERE id = ? AND stage = ? AND count = ?",
            &[
                i64::from(after.stage as u8).into(),
                after.tries.into(),
                after.count.into(),
                after.next_at.into(),
                after.completed_at.into(),
                (*planned).into(),
                i64::from(*was_asked).into(),
                (*attempts).into(),
                (*url).into(),
                id.as_str().into(),
                i64::from(before.stage as u8).into(),
                before.count.into(),
            ],
        )?;
        self.touched(id, id)?;
        Ok(written > 0)
    }

    /// The event that a delivery is of, as JSON, where this is the place that remembers it.
    pub fn event(&self, id: Id) -> Result<Option<String>, JsValue> {
        if !self.exists()? {
            return Ok(None);
        }
        let row = self.sql.row(
            "SELECT d.kind, d.event, p.about, p.body, p.data_at, p.data_length, p.data
             FROM deliveries d JOIN payloads p ON p.seq = d.payload AND p.delivery = d.id
             WHERE d.id = ? AND p.about IS NOT NULL",
            &[id.as_str().into()],
        )?;
        Ok(row.and_then(|row| {
            let data = match (row.number(4), row.number(5)) {
                (Some(at), Some(length)) => {
                    let end = u32::try_from(at.saturating_add(length)).ok()?;
                    row.blob(3)?.subarray(u32::try_from(at).ok()?, end)
                }
                _ => row.blob(6)?,
            };
            let data = RawValue::from_string(String::from_utf8(data.to_vec()).ok()?).ok()?;
            let event = row.text(1).unwrap_or_else(|| id.with(EVENT));
            let about: About = serde_json::from_str(&row.text(2)?).ok()?;
            Some(about.view(&event, &row.text(0)?, &data, id.time()))
        }))
    }
}

fn stage_of(row: &Columns, at: u32) -> Option<Stage> {
    Stage::from_stored(u8::try_from(row.number(at)?).ok()?)
}

impl Row {
    fn read(row: &Columns) -> Option<Self> {
        let count = |at| row.number(at).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let stage = stage_of(row, 1)?;
        Some(Row {
            id: Id::parse_bare(&row.text(0)?)?,
            progress: Progress {
                stage,
                tries: count(2),
                count: count(3),
                // What was called off with all the others still says when its alarm rings.
                next_at: row.number(4).filter(|_| stage.is_pending()),
                completed_at: row.number(5),
            },
            kind: row.text(6)?,
            event: row.text(7),
            url: row.text(8),
            test: row.number(9) == Some(1),
            planned: count(10),
            asked: count(11) > 0,
            attempts: None,
            body: None,
            about: None,
            trace: None,
        })
    }

    /// The event's id.
    pub fn event_id(&self) -> String {
        self.event.clone().unwrap_or_else(|| self.id.with(EVENT))
    }
}
