//! The directory of a host: which source claims which of its paths. First come, first served; the only writer of what
//! every Worker knows of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::{Outcome, Reply, answering, steps, storage};
use crate::edge::{self, Env, Row, Sql, State};
use crate::problem::Problem;
use crate::source::Claim;
use crate::time::Millis;

/// KV takes one write a second for a key.
const PUBLISH_EVERY: Millis = 1_100;

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS claims (
        path TEXT PRIMARY KEY, source TEXT NOT NULL, application TEXT NOT NULL, number INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
];

/// What an application asks for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The path, and for whom.
    #[serde(flatten)]
    pub claim: Claim,
    /// Grows with each claim of the application: a release that comes late frees nothing that was claimed after it.
    pub number: u64,
}

struct Inner {
    state: State,
    env: Env,
    host: String,
    sql: Sql,
    created: Cell<bool>,
    publishing: RefCell<bool>,
}

/// The object.
#[wasm_bindgen]
pub struct Directory(Rc<Inner>);

#[wasm_bindgen]
impl Directory {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        let (host, sql) = (state.own_name(), state.open());
        Directory(Rc::new(Inner { state, env, host, sql, created: Cell::default(), publishing: RefCell::default() }))
    }

    /// `POST /claim` with an [`Asked`]: 204, or 409 where it is another's. `POST /release` with one: 204, whether it was
    /// that source's or not. `POST /list`: 200 with every claim.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let body = edge::call_body(&request).await?.to_vec();
            inner.create()?;
            match steps(edge::target(&url).0).as_slice() {
                ["claim"] => inner.claim(&read(&body)?).await,
                ["release"] => inner.release(&read(&body)?).await,
                ["list"] => Reply::ok(&inner.claims()?),
                _ => Err(Problem::not_found("call")),
            }
        })
    }

    /// The alarm: something was not published yet.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            if inner.create().is_err() || inner.is_behind() {
                inner.publish().await;
            }
            JsValue::UNDEFINED
        })
    }
}

fn read(body: &[u8]) -> Result<Asked, Problem> {
    crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))
}

impl Inner {
    fn create(&self) -> Result<(), Problem> {
        if !self.created.get() {
            for statement in SCHEMA {
                self.sql.run(statement, &[]).map_err(storage)?;
            }
            self.created.set(true);
        }
        Ok(())
    }

    async fn claim(&self, asked: &Asked) -> Outcome {
        let claims = self.claims()?;
        if claims.iter().any(|claim| claim.disputes(&asked.claim)) {
            return Err(Problem::new(409, "route_taken", "The route is taken by another source."));
        }
        let Claim { path, source, application } = &asked.claim;
        self.sql
            .run(
                "INSERT INTO claims VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (path) DO UPDATE SET number = max(number, ?4)",
                &[path.into(), source.into(), application.into(), (asked.number as i64).into()],
            )
            .map_err(storage)?;
        if claims.contains(&asked.claim) {
            return Ok(Reply::Done);
        }
        self.changed().await
    }

    async fn release(&self, asked: &Asked) -> Outcome {
        let Claim { path, source, .. } = &asked.claim;
        let params = [path.into(), source.into(), (asked.number as i64).into()];
        let freed = self
            .sql
            .run("DELETE FROM claims WHERE path = ? AND source = ? AND number <= ?", &params)
            .map_err(storage)?;
        if freed == 0 {
            return Ok(Reply::Done);
        }
        self.changed().await
    }

    fn claims(&self) -> Result<Vec<Claim>, Problem> {
        let rows = self.sql.rows("SELECT path, source, application FROM claims ORDER BY path", &[]).map_err(storage)?;
        let claim = |row: &Row| Some(Claim { path: row.text(0)?, source: row.text(1)?, application: row.text(2)? });
        Ok(rows.iter().filter_map(claim).collect())
    }

    /// After a change: every Worker must come to know it.
    async fn changed(&self) -> Outcome {
        self.set_version("stored", self.version("stored")?.saturating_add(1))?;
        // Should this instance die before it has published, the alarm does it.
        self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
        self.publish().await;
        Ok(Reply::Done)
    }

    /// Writes the claims to KV, one write at a time, so that an older one can't land on a newer.
    async fn publish(&self) {
        if self.publishing.replace(true) {
            return;
        }
        let published = match (self.claims(), self.version("stored")) {
            (Ok(claims), Ok(version)) => {
                let key = ["route:", &self.host].concat();
                let text = serde_json::to_string(&claims).unwrap_or_default();
                let written = match claims.is_empty() {
                    true => self.env.kv_delete("SUBSCRIPTIONS", &key).await,
                    false => self.env.kv_put("SUBSCRIPTIONS", &key, &text).await,
                };
                written && self.set_version("published", version).is_ok()
            }
            _ => false,
        };
        self.publishing.replace(false);
        if !published || self.is_behind() {
            self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
        } else if self.claims().is_ok_and(|claims| claims.is_empty()) {
            // Nobody has a route here any more.
            self.created.set(false);
            self.state.forget().await;
        }
    }

    /// Whether KV knows less than is stored. When in doubt it does.
    fn is_behind(&self) -> bool {
        match (self.version("stored"), self.version("published")) {
            (Ok(stored), Ok(published)) => published < stored,
            _ => true,
        }
    }

    fn version(&self, name: &str) -> Result<i64, Problem> {
        let row = self.sql.row("SELECT version FROM versions WHERE name = ?", &[name.into()]).map_err(storage)?;
        Ok(row.and_then(|row| row.number(0)).unwrap_or(0))
    }

    fn set_version(&self, name: &str, version: i64) -> Result<(), Problem> {
        let params = [name.into(), version.into()];
        self.sql.run("INSERT OR REPLACE INTO versions VALUES (?, ?)", &params).map_err(storage)?;
        Ok(())
    }
}
