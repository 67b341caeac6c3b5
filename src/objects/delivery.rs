//! A delivery that waits for more than a minute: one alarm, and nothing else.
//!
//! It is made when an attempt fails and the next one is that far away. Its name says whom to wake: the application and the delivery's id, which holds
//! the place. When the alarm rings it hands the delivery back to the object there, in whose queue the attempt waits its
//! turn like any other, and is gone.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::{Outcome, Reply, answering, steps};
use crate::edge::{self, Env, State};
use crate::id::Id;
use crate::problem::Problem;
use crate::time::Millis;

/// How long to wait before an object that did not answer is woken again.
const AGAIN: Millis = 5_000;

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

    /// `POST /{time}`: ring then. `POST /forget/{time}`: nobody waits for that any more.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let time = |time: &str| time.parse().map_err(|_| Problem::not_found("call"));
            match steps(edge::target(&url).0).as_slice() {
                ["forget", at] => inner.forget(time(at)?).await,
                [at] => inner.set(time(at)?),
                _ => Err(Problem::not_found("call")),
            }
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
    fn set(&self, at: Millis) -> Outcome {
        self.state.alarm_at(at);
        Ok(Reply::Done)
    }

    /// A word that comes late must not undo an alarm that was set after it.
    async fn forget(&self, at: Millis) -> Outcome {
        if self.state.alarm().await.is_some_and(|standing| standing == at) {
            self.state.forget().await;
        }
        Ok(Reply::Done)
    }

    async fn ring(&self) {
        let name = self.state.own_name();
        let found = name.split_once('/').and_then(|(application, id)| Some((application, Id::parse_bare(id)?)));
        let Some((application, id)) = found else {
            return self.state.forget().await;
        };
        let object = [application, "/", id.place().as_str()].concat();
        let path = ["/ring/", id.as_str()].concat();
        match self.env.call("SUBSCRIPTION", &object, &path, JsValue::NULL).await {
            Ok(said) if said.status == 204 => self.state.forget().await,
            // Postponed in the meantime: the answer is the new time.
            Ok(said) if said.status == 200 => {
                self.state.alarm_at(said.text.parse().unwrap_or(edge::now().saturating_add(AGAIN)));
            }
            // Throwing would end after six times; this never gives up.
            _ => self.state.alarm_at(edge::now().saturating_add(AGAIN)),
        }
    }
}
