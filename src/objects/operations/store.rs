//! What is stored of operations. Rows are small: what an operation goes through lies apart, and only while it runs.

use std::cell::Cell;

use serde::{Deserialize, Serialize};

use super::Stepped;
use crate::edge::{Row, Sql};
use crate::id::{Id, Place};
use crate::objects::storage;
use crate::operation::{Job, Operation, Position, Status};
use crate::problem::Problem;
use crate::time::Millis;

/// How many operations are remembered that have ended.
const KEPT: u32 = 1_000;

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS operations (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, subscription TEXT, status TEXT NOT NULL, matched INTEGER NOT NULL,
        done INTEGER NOT NULL, failed INTEGER NOT NULL, completed_at INTEGER, detail TEXT
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS running (
        id TEXT PRIMARY KEY, turn INTEGER NOT NULL, troubles INTEGER NOT NULL, position TEXT NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS plans (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID",
];

const COLUMNS: &str = "id, kind, subscription, status, matched, done, failed, completed_at, detail";

/// What an operation goes through: it does not change.
#[derive(Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What is to be done.
    pub job: Job,
    /// Where, one place after another.
    pub places: Vec<String>,
    /// How many objects share the subscription that events are replayed to: the ids depend on it.
    pub shards: u32,
}

/// An operation that runs.
pub struct Work {
    /// Which.
    pub id: Id,
    /// What it goes through.
    pub plan: Plan,
    /// How far it is.
    pub position: Position,
    /// How often in a row its next step could not be made.
    pub troubles: u32,
}

/// The store.
pub struct Store {
    sql: Sql,
    created: Cell<bool>,
}

impl Store {
    pub fn new(sql: Sql) -> Self {
        Store { sql, created: Cell::default() }
    }

    /// Whether anything is here: a look at an object that never was leaves none.
    fn exists(&self) -> Result<bool, Problem> {
        let query = "SELECT 1 FROM sqlite_master WHERE name = 'plans'";
        let there = self.created.get() || self.sql.row(query, &[]).map_err(storage)?.is_some();
        self.created.set(there);
        Ok(there)
    }

    /// Everything was deleted.
    pub fn forgotten(&self) {
        self.created.set(false);
    }

    /// Forgets operations that began before a time and have ended.
    pub fn forget_before(&self, time: Millis) -> Result<(), Problem> {
        if self.exists()? {
            let query = "DELETE FROM operations WHERE id < ? AND id NOT IN (SELECT id FROM running)";
            self.sql.run(query, &[Id::floor(time).as_str().into()]).map_err(storage)?;
        }
        Ok(())
    }

    /// How many operations run.
    pub fn running(&self) -> Result<u32, Problem> {
        if !self.exists()? {
            return Ok(0);
        }
        let row = self.sql.row("SELECT count(*) FROM running", &[]).map_err(storage)?;
        Ok(row.and_then(|row| u32::try_from(row.number(0)?).ok()).unwrap_or(0))
    }

    /// Takes in an operation that begins.
    pub fn insert(&self, operation: &Operation, plan: &Plan) -> Result<(), Problem> {
        if !self.exists()? {
            for table in SCHEMA {
                self.sql.run(table, &[]).map_err(storage)?;
            }
        }
        let id = operation.id.as_str();
        self.sql
            .run(
                "INSERT INTO operations VALUES (?, ?, ?, ?, ?, 0, 0, ?, NULL)",
                &[
                    id.into(),
                    name(operation.kind).as_str().into(),
                    operation.subscription.as_ref().into(),
                    name(operation.status).as_str().into(),
                    number(operation.matched).into(),
                    operation.completed_at.into(),
                ],
            )
            .map_err(storage)?;
        if operation.status == Status::Running {
            let plan = crate::body::written(plan)?;
            self.sql.run("INSERT INTO plans VALUES (?, ?)", &[id.into(), (&plan).into()]).map_err(storage)?;
            let position = crate::body::written(&Position::default())?;
            self.sql
                .run(
                    "INSERT INTO running VALUES (?, ?, 0, ?)",
                    &[id.into(), operation.id.time().into(), (&position).into()],
                )
                .map_err(storage)?;
        }
        self.sql
            .run(
                "DELETE FROM operations WHERE id <= (SELECT id FROM operations ORDER BY id DESC LIMIT 1 OFFSET ?)
                 AND id NOT IN (SELECT id FROM running)",
                &[KEPT.into()],
            )
            .map_err(storage)?;
        Ok(())
    }

    /// Operations, newest first, below an id; those at the operator's places `too`.
    pub fn list(&self, below: &str, limit: u32, too: bool) -> Result<Vec<Operation>, Problem> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let query = format!(
            "SELECT {COLUMNS} FROM operations WHERE id < ? AND (? OR substr(id, -6) NOT BETWEEN ? AND ?)
             ORDER BY id DESC LIMIT ?"
        );
        let (first, last) = Place::span_of_operators();
        let params = [below.into(), i64::from(too).into(), first.as_str().into(), last.as_str().into(), limit.into()];
        let rows = self.sql.rows(&query, &params).map_err(storage)?;
        Ok(rows.iter().filter_map(read).collect())
    }

    /// An operation.
    pub fn get(&self, id: Id) -> Result<Operation, Problem> {
        let found = match self.exists()? {
            true => {
                let query = format!("SELECT {COLUMNS} FROM operations WHERE id = ?");
                self.sql.row(&query, &[id.as_str().into()]).map_err(storage)?
            }
            false => None,
        };
        found.as_ref().and_then(read).ok_or_else(|| Problem::not_found("operation"))
    }

    /// What is left to do of an operation.
    pub fn work(&self, id: Id) -> Result<Option<Work>, Problem> {
        let query =
            "SELECT r.id, r.position, r.troubles, p.json FROM running r JOIN plans p ON p.id = r.id WHERE r.id = ?";
        let row = self.sql.row(query, &[id.as_str().into()]).map_err(storage)?;
        Ok(row.as_ref().and_then(work))
    }

    /// The operation whose turn it is.
    pub fn next(&self, now: Millis) -> Result<Option<Work>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        let query = "SELECT r.id, r.position, r.troubles, p.json FROM running r JOIN plans p ON p.id = r.id
             WHERE r.turn <= ? ORDER BY r.turn, r.id LIMIT 1";
        Ok(self.sql.row(query, &[now.into()]).map_err(storage)?.as_ref().and_then(work))
    }

    /// When the next turn is.
    pub fn next_turn(&self) -> Result<Option<Millis>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        let row = self.sql.row("SELECT min(turn) FROM running", &[]).map_err(storage)?;
        Ok(row.and_then(|row| row.number(0)))
    }

    /// What a step came to; also one that was under way while somebody stopped the operation.
    pub fn save(&self, id: Id, stepped: &Stepped, now: Millis) -> Result<(), Problem> {
        let counts = [
            number(stepped.done).into(),
            number(stepped.failed).into(),
            number(stepped.fewer).into(),
            id.as_str().into(),
        ];
        self.sql
            .run("UPDATE operations SET done = ?, failed = ?, matched = max(matched - ?, 0) WHERE id = ?", &counts)
            .map_err(storage)?;
        let position = crate::body::written(&stepped.position)?;
        let params = [(&position).into(), now.into(), id.as_str().into()];
        self.sql
            .run("UPDATE running SET position = ?, turn = ?, troubles = 0 WHERE id = ?", &params)
            .map_err(storage)?;
        Ok(())
    }

    /// Leaves an operation until `at`.
    pub fn postpone(&self, id: Id, at: Millis) -> Result<(), Problem> {
        let params = [at.into(), id.as_str().into()];
        self.sql.run("UPDATE running SET turn = ?, troubles = troubles + 1 WHERE id = ?", &params).map_err(storage)?;
        Ok(())
    }

    /// Ends an operation that runs.
    pub fn end(&self, id: Id, status: Status, detail: Option<&str>, now: Millis) -> Result<(), Problem> {
        let status = name(status);
        let params = [(&status).into(), now.into(), detail.into(), id.as_str().into()];
        self.sql
            .run(
                "UPDATE operations SET status = ?, completed_at = ?, detail = ? WHERE id = ? AND status = 'running'",
                &params,
            )
            .map_err(storage)?;
        for table in ["running", "plans"] {
            let query = format!("DELETE FROM {table} WHERE id = ?");
            self.sql.run(&query, &[id.as_str().into()]).map_err(storage)?;
        }
        Ok(())
    }
}

fn work(row: &Row) -> Option<Work> {
    Some(Work {
        id: Id::parse_bare(&row.text(0)?)?,
        position: serde_json::from_str(&row.text(1)?).ok()?,
        troubles: u32::try_from(row.number(2)?).ok()?,
        plan: serde_json::from_str(&row.text(3)?).ok()?,
    })
}

fn read(row: &Row) -> Option<Operation> {
    let count = |at| row.number(at).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    Some(Operation {
        id: Id::parse_bare(&row.text(0)?)?,
        kind: named(&row.text(1)?)?,
        subscription: row.text(2),
        status: named(&row.text(3)?)?,
        matched: count(4),
        done: count(5),
        failed: count(6),
        completed_at: row.number(7),
        detail: row.text(8),
    })
}

/// The name of a kind or a status, as the API has it.
fn name(value: impl Serialize) -> String {
    let text = serde_json::to_string(&value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

/// What has this name.
fn named<T: for<'a> Deserialize<'a>>(name: &str) -> Option<T> {
    serde_json::from_str(&format!("\"{name}\"")).ok()
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
