//! The ledger: which event ids producers chose, so that an id accepted once is never sent twice; and the events that
//! nobody wanted, so that they too can be read again.
//!
//! Objects of the same class, under names of their own, are relays: they keep nothing, and make calls for the Worker, since
//! each object's invocation may make as many as the Worker's.

mod replay;

use std::borrow::Cow;
use std::rc::Rc;

use futures_util::future::join_all;
use js_sys::{Promise, Uint8Array};
use serde::Deserialize;
use serde_json::value::RawValue;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::application::REVOKED_FOR;
use super::{Outcome, Reply, answering, steps, storage};
use crate::access::unauthorized;
use crate::edge::{self, Env, Sql, State};
use crate::event::parcel;
use crate::problem::Problem;

pub use crate::event::posting::Entry;

struct Inner {
    state: State,
    env: Env,
}

/// The object.
#[wasm_bindgen]
pub struct Ledger(Rc<Inner>);

#[wasm_bindgen]
impl Ledger {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        Ledger(Rc::new(Inner { state, env }))
    }

    /// `POST /claim` with a list of [`Entry`]: 201 if all are new, else 200 with the list of those that were there, null
    /// where one is new.
    /// `POST /get` with an id: 200 with its entry, or 404.
    /// `POST /events/count` and `POST /events/find` with a [`crate::operation::Seek`]: events that nobody wanted.
    /// `POST /revoked` with a list of keys: what they post from now on is refused with 401.
    /// `POST /relay` with a parcel: 200 with the status of each of its calls, 0 for one that was not answered.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            // An entry holds the event and what surrounds it.
            let body = edge::call_body(&request).await?.to_vec();
            if let ["relay"] = steps(edge::target(&url).0).as_slice() {
                return inner.relay(&body).await;
            }
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

    /// All of them in one go, in their order: of two with the same id the first one has it.
    fn claim(&self, text: &str) -> Outcome {
        let entries: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|error| Problem::not_json(error.to_string()))?;
        let sql = self.open()?;
        let mut known = Vec::with_capacity(entries.len());
        for raw in entries {
            let entry: Claim<'_> =
                serde_json::from_str(raw.get()).map_err(|error| Problem::not_json(error.to_string()))?;
            // Else somebody who has lost the right could still take an id from those who have it.
            if let Some(key) = &entry.key
                && sql.row("SELECT 1 FROM revoked WHERE key = ?", &[key.as_ref().into()]).map_err(storage)?.is_some()
            {
                return Err(unauthorized());
            }
            let id = entry.id.as_ref();
            let written = sql
                .run("INSERT OR IGNORE INTO entries VALUES (?, ?)", &[id.into(), raw.get().into()])
                .map_err(storage)?;
            known.push(if written == 0 { find(&sql, id)? } else { None });
        }
        match known.iter().all(Option::is_none) {
            true => Ok(Reply::Json(201, String::new())),
            false => {
                let known: Vec<&str> = known.iter().map(|entry| entry.as_deref().unwrap_or("null")).collect();
                Ok(Reply::Json(200, format!("[{}]", known.join(","))))
            }
        }
    }

    /// Makes the calls of a parcel. It says how each of them went: what to make of it is for the Worker.
    async fn relay(&self, body: &[u8]) -> Outcome {
        let (path, calls) = parcel::unpack(body).ok_or_else(|| Problem::not_json("no parcel"))?;
        let name = self.state.own_name();
        let application = name.split_once('/').map_or(name.as_str(), |(application, _)| application);
        let mut statuses: Vec<u16> = Vec::with_capacity(calls.len());
        let mut rest = calls.as_slice();
        while !rest.is_empty() {
            let sizes =
                rest.iter().map(|call| call.parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.len())));
            let (now, later) = rest.split_at(parcel::together(sizes).min(rest.len()));
            let made = now.iter().map(|call| async {
                let object = [application, "/", &call.place].concat();
                let body = Uint8Array::from(call.parts.concat().as_slice());
                self.env.call("SUBSCRIPTION", &object, &path, &body).await.map_or(0, |said| said.status)
            });
            statuses.extend(join_all(made).await);
            rest = later;
        }
        Reply::ok(&statuses)
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
        let json = find(&self.open()?, id)?.ok_or_else(|| Problem::not_found("event"))?;
        Ok(Reply::Json(200, json))
    }
}

/// What claiming needs to know of an [`Entry`].
#[derive(Deserialize)]
struct Claim<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
}

fn find(sql: &Sql, id: &str) -> Result<Option<String>, Problem> {
    let row = sql.row("SELECT json FROM entries WHERE id = ?", &[id.into()]).map_err(storage)?;
    Ok(row.and_then(|row| row.text(0)))
}
