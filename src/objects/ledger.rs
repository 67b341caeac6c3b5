//! The ledger: which event ids producers chose, so that an id accepted once is never sent twice; and the events that
//! nobody wanted, so that they too can be read again.
//!
//! Objects of the same class, under names of their own, are relays: they keep nothing, and make calls for the Worker, since
//! each object's invocation may make as many as the Worker's.

mod book;
mod replay;

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::join_all;
use js_sys::{Promise, Uint8Array};
use serde::Deserialize;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::application::REVOKED_FOR;
use super::{Outcome, Reply, answering, steps, storage};
use crate::access::unauthorized;
use crate::edge::{self, Env, State};
use crate::event::parcel;
use crate::problem::Problem;
use crate::time::Millis;
use book::Book;

/// How long traffic goes first between two steps of clearing away what is too old.
const PAUSE: Millis = 50;

pub use crate::event::posting::Entry;

struct Inner {
    state: State,
    env: Env,
    book: Book,
    /// Whether the alarm goes on clearing.
    sweeping: Cell<bool>,
}

/// The object.
#[wasm_bindgen]
pub struct Ledger(Rc<Inner>);

#[wasm_bindgen]
impl Ledger {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        let book = Book::new(state.open(), env.settings().retention);
        Ledger(Rc::new(Inner { state, env, book, sweeping: Cell::default() }))
    }

    /// `POST /claim` with a list of [`Entry`]: 201 if all are new, else 200 with the list of those that were there, null
    /// where one is new.
    /// `POST /get` with an id: 200 with its entry, or 404.
    /// `POST /events/count` and `POST /events/find` with a [`crate::operation::Seek`]: events that nobody wanted.
    /// `POST /revoked` with a list of keys: what they post from now on is refused with 401.
    /// `POST /relay` with a parcel: 200 with the status of each of its calls, 0 for one that was not answered.
    /// `POST /sweep`: what is too old is forgotten. `POST /purge`: everything is.
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
                ["sweep"] => inner.sweep().await,
                ["purge"] => Ok(inner.purge().await),
                _ => Err(Problem::not_found("call")),
            }
        })
    }

    /// The alarm: there is more that is too old.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            inner.sweeping.set(false);
            if let Err(problem) = inner.sweep().await {
                edge::log_problem("sweep", &problem);
            }
            JsValue::UNDEFINED
        })
    }
}

impl Inner {
    /// All of them in one go, in their order: of two with the same id the first one has it.
    fn claim(&self, text: &str) -> Outcome {
        let entries: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|error| Problem::not_json(error.to_string()))?;
        let now = edge::now();
        let mut known = Vec::with_capacity(entries.len());
        for raw in entries {
            let entry: Claim<'_> =
                serde_json::from_str(raw.get()).map_err(|error| Problem::not_json(error.to_string()))?;
            // Else somebody who has lost the right could still take an id from those who have it.
            if let Some(key) = &entry.key
                && self.book.is_revoked(key).map_err(storage)?
            {
                return Err(unauthorized());
            }
            known.push(self.book.enter(&entry.id, raw.get(), now).map_err(storage)?);
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
        let now = edge::now();
        self.book.forget_revoked(now.saturating_sub(REVOKED_FOR)).map_err(storage)?;
        self.book.revoke(&keys, now).map_err(storage)?;
        Ok(Reply::Done)
    }

    fn get(&self, id: &str) -> Outcome {
        let json = self.book.find(id).map_err(storage)?.ok_or_else(|| Problem::not_found("event"))?;
        Ok(Reply::Json(200, json))
    }

    /// Forgets what is too old, a step at a time; where nothing is left, nothing of the object is.
    async fn sweep(&self) -> Outcome {
        if !self.book.exists().map_err(storage)? {
            return Ok(Reply::Done);
        }
        let now = edge::now();
        self.book.forget_revoked(now.saturating_sub(REVOKED_FOR)).map_err(storage)?;
        if self.book.sweep(now).map_err(storage)? {
            if !self.sweeping.replace(true) {
                self.state.alarm_at(now.saturating_add(PAUSE));
            }
        } else if self.book.is_empty().map_err(storage)? {
            return Ok(self.purge().await);
        }
        Ok(Reply::Done)
    }

    async fn purge(&self) -> Reply {
        self.book.forget();
        self.state.forget().await;
        Reply::Done
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
