//! A delivery that must be tried again: one alarm, and whom to wake by it.
//!
//! It is made when a first attempt fails and holds nothing of the delivery itself. When the alarm rings it hands the
//! delivery back to its subscription's object, in whose queue the attempt waits its turn like any other, and is gone.

use std::rc::Rc;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::{Outcome, Reply, answering, storage};
use crate::edge::{self, Env, State};
use crate::problem::Problem;
use crate::time::Millis;

/// How long to wait before an object that did not answer is woken again.
const AGAIN: Millis = 5_000;

/// Whom to wake, and when.
#[derive(Serialize, Deserialize)]
pub struct Wake {
    /// The name of the object that owes the attempt.
    pub object: String,
    /// The delivery, without its prefix.
    pub delivery: String,
    /// When.
    pub at: Millis,
}

struct Inner {
    state: State,
    env: Env,
}

/// The object.
#[wasm_bindgen]
pub struct Delivery(Rc<Inner>);

#[wasm_bindgen]
impl Delivery {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        Delivery(Rc::new(Inner { state, env }))
    }

    /// `POST /` with a [`Wake`].
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let body = edge::call_body(&request).await?.to_vec();
            inner.set(&body)
        })
    }

    /// The alarm.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            inner.ring().await;
            JsValue::UNDEFINED
        })
    }
}

impl Inner {
    fn set(&self, body: &[u8]) -> Outcome {
        let wake: Wake = serde_json::from_slice(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let sql = self.state.open();
        let text = String::from_utf8_lossy(body);
        sql.run(
            "CREATE TABLE IF NOT EXISTS wake (one INTEGER PRIMARY KEY, json TEXT)",
            &[],
        )
        .map_err(storage)?;
        sql.run("INSERT OR REPLACE INTO wake VALUES (1, ?)", &[text.as_ref().into()])
            .map_err(storage)?;
        self.state.alarm_at(wake.at);
        Ok(Reply::Done)
    }

    async fn ring(&self) {
        let row = self.state.open().row("SELECT json FROM wake", &[]);
        let wake = row
            .ok()
            .flatten()
            .and_then(|row| serde_json::from_str::<Wake>(&row.text(0)?).ok());
        let Some(wake) = wake else {
            return self.state.forget().await;
        };
        let path = ["/ring/", &wake.delivery].concat();
        match self.env.call("SUBSCRIPTION", &wake.object, &path, JsValue::NULL).await {
            Ok(said) if said.status == 204 => self.state.forget().await,
            // Postponed in the meantime: the answer is the new time.
            Ok(said) if said.status == 200 => {
                self.state
                    .alarm_at(said.text.parse().unwrap_or(edge::now().saturating_add(AGAIN)));
            }
            // Throwing would end after six times; this never gives up.
            _ => self.state.alarm_at(edge::now().saturating_add(AGAIN)),
        }
    }
}
