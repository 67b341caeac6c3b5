//! The ledger: which event ids producers chose, so that an id accepted once is never sent twice; and the events that
//! nobody wanted, so that they too can be read again.

mod replay;

use std::rc::Rc;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::application::REVOKED_FOR;
use super::{Outcome, Reply, answering, steps, storage};
use crate::access::unauthorized;
use crate::edge::{self, Env, Sql, State};
use crate::event::Target;
use crate::problem::Problem;

/// What is remembered of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The id that the producer knows.
    pub id: String,
    /// The 28 characters that its deliveries' ids are made from.
    pub core: String,
    /// What makes two bodies the same.
    pub fingerprint: String,
    /// The key that posted it, where it is an application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Everybody who gets it.
    pub targets: Vec<Target>,
    /// The event itself, where no delivery holds it.
    #[serde(default)]
    pub event: Option<String>,
}

struct Inner {
    state: State,
}

/// The object.
#[wasm_bindgen]
pub struct Ledger(Rc<Inner>);

#[wasm_bindgen]
impl Ledger {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, _env: Env) -> Self {
        Ledger(Rc::new(Inner { state }))
    }

    /// `POST /claim` with an [`Entry`]: 201 if it is new, else 200 with the one that was there.
    /// `POST /get` with an id: 200 with its entry, or 404.
    /// `POST /events/count` and `POST /events/find` with a [`crate::operation::Seek`]: events that nobody wanted.
    /// `POST /revoked` with a list of keys: what they post from now on is refused with 401.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            // An entry holds the event and what surrounds it.
            let body = edge::call_body(&request).await?.to_vec();
            let text = String::from_utf8(body).map_err(|error| Problem::not_json(error.to_string()))?;
            match steps(edge::target(&url).0).as_slice() {
                ["claim"] => inner.claim(&text),
                ["get"] => inner.get(&text),
                ["events", "count"] => inner.count_events(&text),
                ["events", "find"] => inner.find_events(&text),
                ["revoked"] => inner.revoke(&text),
                _ => Err(Problem::not_found("call")),
            }
        })
    }
}

impl Inner {
    fn open(&self) -> Result<Sql, Problem> {
        let sql = self.state.open();
        for table in [
            "CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS revoked (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
        ] {
            sql.run(table, &[]).map_err(storage)?;
        }
        Ok(sql)
    }

    fn claim(&self, text: &str) -> Outcome {
        let entry: Entry = serde_json::from_str(text).map_err(|error| Problem::not_json(error.to_string()))?;
        let sql = self.open()?;
        // Else somebody who has lost the right could still take an id from those who have it.
        if let Some(key) = &entry.key
            && sql.row("SELECT 1 FROM revoked WHERE key = ?", &[key.into()]).map_err(storage)?.is_some()
        {
            return Err(unauthorized());
        }
        let written = sql
            .run("INSERT OR IGNORE INTO entries VALUES (?, ?)", &[(&entry.id).into(), text.into()])
            .map_err(storage)?;
        match written {
            0 => self.get(&entry.id),
            _ => Ok(Reply::Json(201, String::new())),
        }
    }

    fn revoke(&self, text: &str) -> Outcome {
        let keys: Vec<String> = serde_json::from_str(text).map_err(|error| Problem::not_json(error.to_string()))?;
        let (sql, now) = (self.open()?, edge::now());
        let forgotten = now.saturating_sub(REVOKED_FOR);
        sql.run("DELETE FROM revoked WHERE at < ?", &[forgotten.into()]).map_err(storage)?;
        for key in &keys {
            sql.run("INSERT OR IGNORE INTO revoked VALUES (?, ?)", &[key.into(), now.into()]).map_err(storage)?;
        }
        Ok(Reply::Done)
    }

    fn get(&self, id: &str) -> Outcome {
        let row = self.open()?.row("SELECT json FROM entries WHERE id = ?", &[id.into()]).map_err(storage)?;
        let json = row.and_then(|row| row.text(0)).ok_or_else(|| Problem::not_found("event"))?;
        Ok(Reply::Json(200, json))
    }
}
