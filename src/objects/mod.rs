//! The Durable Objects, each a thin shell around the pure rooms.
//!
//! | object | one per | what it is for |
//! |---|---|---|
//! | [`application`] | application | the only writer of subscriptions, sources, keys, profiles and the snapshot that ingest reads |
//! | [`subscription`] | subscription or source | the log of its deliveries and everything that is per destination |
//! | [`delivery`] | delivery that waits for more than a minute | one alarm |
//! | [`ledger`] | sixteenth of an application | event ids that producers chose, and events that nobody wanted; relays |
//! | [`operations`] | application | what is done to many deliveries in the background, and how far it is |
//! | [`directory`] | host that sources have routes on | which source claims which path |
//! | [`registry`] | deployment | which applications there are |
//!
//! `outbox` is what an object has to say to the operator.

pub mod application;
pub mod delivery;
pub mod directory;
pub mod events;
pub mod ledger;
pub mod operations;
mod outbox;
pub mod registry;
pub mod subscription;

use std::future::Future;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use web_sys::Response;

use crate::edge;
use crate::problem::Problem;

/// What an object's method comes to.
pub type Outcome = Result<Reply, Problem>;

/// What an object says to its caller.
pub enum Reply {
    /// It is done: 204.
    Done,
    /// A status and JSON.
    Json(u16, String),
    /// The same, after a change that made this version of the application's snapshot.
    Changed(u16, String, u64),
}

impl Reply {
    /// 200 with JSON.
    pub fn ok(value: &impl serde::Serialize) -> Outcome {
        Self::json(200, value)
    }

    /// A status with JSON.
    pub fn json(status: u16, value: &impl serde::Serialize) -> Outcome {
        let text = crate::body::written(value)?;
        Ok(Reply::Json(status, text))
    }
}

/// Runs an object's method and puts what it comes to into a response. An object never throws at its caller.
pub fn answering(work: impl Future<Output = Outcome> + 'static) -> Promise {
    edge::task::promise(async move { response(work.await) })
}

fn response(outcome: Outcome) -> Response {
    match outcome {
        Ok(Reply::Done) => edge::done(),
        Ok(Reply::Json(status, text)) => edge::say(status, &text, None),
        Ok(Reply::Changed(status, text, version)) => edge::say(status, &text, Some(&version.to_string())),
        Err(problem) => {
            if problem.code == "encryption_key_missing" {
                edge::log(&problem.detail);
            }
            edge::say(problem.status, &problem.to_json(), None)
        }
    }
}

/// What SQLite refuses is nothing that a client could mend.
pub fn storage(error: JsValue) -> Problem {
    edge::log(&format!("storage: {error:?}"));
    Problem::unavailable("The storage refused. Try again.")
}

/// The path of a call to an object, cut at its slashes.
pub fn steps(path: &str) -> Vec<&str> {
    path.trim_start_matches('/').split('/').collect()
}
