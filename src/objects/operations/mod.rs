//! The operations of an application: which ones there are, how far each is, and the alarm that moves them on.
//!
//! One object per application. An alarm stands as long as anything runs, so that an operation goes on whatever became of
//! whoever worked at it. Each step of an operation is bounded and can be repeated without doing anything twice; running
//! operations take turns. What can't be reached is asked again later and later, and in the end given up.

mod bulk;
mod replay;
mod start;
mod store;

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::{Outcome, Reply, answering, steps};
use crate::edge::{self, Env, Said, State};
use crate::id::{Id, OPERATION};
use crate::operation::{Job, Position, Status};
use crate::page::Page;
use crate::problem::Problem;
use crate::time::Millis;
use store::{Store, Work};

/// How many steps one invocation makes before it leaves the rest to an alarm.
const AT_ONCE: u32 = 40;
/// How soon somebody looks whether an operation goes on that was interrupted.
const WATCH: Millis = 5_000;
/// How long a step may take before nobody believes in it any more.
const PATIENCE: Millis = 60_000;
/// How soon what did not answer is asked again at first, and at most.
const AGAIN: Millis = 2_000;
const AGAIN_AT_MOST: Millis = 300_000;
/// How often it is asked before an operation is given up: for more than an hour.
const TROUBLES: u32 = 20;

/// What the object is told of an operation that is to begin.
#[derive(Debug, Serialize, Deserialize)]
pub struct Start {
    /// What is to be done.
    pub job: Job,
    /// Whether the operator asks for it, who alone has deliveries of what Signet itself has to say.
    pub operator: bool,
}

struct Inner {
    state: State,
    env: Env,
    application: String,
    store: Store,
    /// Until when somebody is at work.
    busy_until: Cell<Millis>,
}

/// The object.
#[wasm_bindgen]
pub struct Operations(Rc<Inner>);

#[wasm_bindgen]
impl Operations {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        let (application, store) = (state.own_name(), Store::new(state.open()));
        Operations(Rc::new(Inner { state, env, application, store, busy_until: Cell::default() }))
    }

    /// `POST /start` with a [`Start`]; `POST /list/{all|others}?{query}`; `POST /get/{id}`; `POST /stop/{id}`; `POST /sweep`: what
    /// ended long ago is forgotten; `POST /purge`: the application is gone.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let body = edge::call_body(&request).await?.to_vec();
            let (path, query) = edge::target(&url);
            match steps(path).as_slice() {
                ["start"] => inner.start(&body).await,
                ["list", which] => inner.list(*which == "all", query),
                ["get", id] => Reply::ok(&inner.store.get(bare(id)?)?.view()),
                ["stop", id] => inner.stop(id).await,
                ["sweep"] => inner.sweep(),
                ["purge"] => inner.purge().await,
                _ => Err(Problem::not_found("call")),
            }
        })
    }

    /// The alarm: something runs.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            inner.run().await;
            JsValue::UNDEFINED
        })
    }
}

/// What a step came to.
struct Stepped {
    position: Position,
    done: u64,
    failed: u64,
    /// Of those that were counted, how many turned out not to be meant.
    fewer: u64,
}

impl Inner {
    /// The operations; those about the operator's own subscriptions `too`.
    fn list(&self, too: bool, query: &str) -> Outcome {
        let page = Page::read(query, &[])?;
        let found = self.store.list(&page.below("")?, page.limit.saturating_add(1), too)?;
        let ids = found.iter().map(|it| it.id.with(OPERATION)).collect();
        let views = found.iter().map(|it| serde_json::to_string(&it.view()).unwrap_or_default()).collect();
        Ok(Reply::Json(200, page.answer(views, ids)))
    }

    async fn stop(&self, id: &str) -> Outcome {
        let id = bare(id)?;
        let operation = self.store.get(id)?;
        match operation.status {
            Status::Running => {}
            Status::Stopped => return Reply::ok(&operation.view()),
            Status::Done | Status::Failed => {
                return Err(Problem::new(409, "not_running", "The operation has ended by itself."));
            }
        }
        let work = self.store.work(id)?;
        self.store.end(id, Status::Stopped, None, edge::now())?;
        // Whoever is at work leaves the place when their step is done.
        if let Some(work) = work.filter(|_| self.busy_until.get() <= edge::now()) {
            self.leave(&work).await;
        }
        Reply::ok(&self.store.get(id)?.view())
    }

    fn sweep(&self) -> Outcome {
        let before = edge::now().saturating_sub(self.env.settings().retention.history);
        self.store.forget_before(before)?;
        Ok(Reply::Done)
    }

    async fn purge(&self) -> Outcome {
        self.store.forgotten();
        self.state.forget().await;
        Ok(Reply::Done)
    }

    /// Moves on whatever runs, a step each in turn; an alarm goes on where that does not end it.
    async fn run(self: &Rc<Self>) {
        // Nothing runs, so nobody has to look again.
        if matches!(self.store.next_turn(), Ok(None)) {
            return;
        }
        let now = edge::now();
        if self.busy_until.get() > now {
            return self.state.alarm_at(now.saturating_add(WATCH));
        }
        self.busy_until.set(now.saturating_add(PATIENCE));
        // Should this invocation die, the next one goes on.
        self.state.alarm_at(now.saturating_add(WATCH));
        let mut rest = WATCH;
        for left in (0..AT_ONCE).rev() {
            // Where all objects share one thread, others get their turn too.
            edge::pause(1).await;
            match self.store.next(edge::now()) {
                Ok(Some(work)) => {
                    self.busy_until.set(edge::now().saturating_add(PATIENCE));
                    if let Err(problem) = self.advance(&work).await {
                        self.trouble(&work, &problem);
                    }
                    if left == 0 {
                        rest = 0;
                    }
                }
                _ => break,
            }
        }
        self.busy_until.set(0);
        let now = edge::now();
        match self.store.next_turn() {
            Ok(None) => {}
            Ok(Some(at)) if at > now => self.state.alarm_at(at),
            // What is owed and was not handed out can't be read.
            _ => self.state.alarm_at(now.saturating_add(rest)),
        }
    }

    /// The next step of an operation.
    async fn advance(&self, work: &Work) -> Result<(), Problem> {
        if work.position.at >= work.plan.places.len() {
            return self.store.end(work.id, Status::Done, None, edge::now());
        }
        let stepped = match &work.plan.job {
            Job::Bulk(bulk) => self.bulk_step(work, bulk).await?,
            Job::Replay(replay) => match self.replay_step(work, replay).await? {
                Some(stepped) => stepped,
                None => {
                    let detail = "The subscription is gone.";
                    return self.store.end(work.id, Status::Failed, Some(detail), edge::now());
                }
            },
        };
        let is_over = stepped.position.at >= work.plan.places.len();
        self.store.save(work.id, &stepped, edge::now())?;
        if is_over {
            self.store.end(work.id, Status::Done, None, edge::now())?;
        } else if self.store.get(work.id)?.status == Status::Stopped {
            self.leave(work).await;
        }
        Ok(())
    }

    /// A step could not be made: it is tried again later, and some day no more.
    fn trouble(&self, work: &Work, problem: &Problem) {
        edge::log_problem(&["operation ", &work.id.with(OPERATION)].concat(), problem);
        let now = edge::now();
        let noted = match work.troubles >= TROUBLES {
            true => self.store.end(work.id, Status::Failed, Some("A part of the gateway did not answer."), now),
            false => {
                let wait = AGAIN.saturating_mul(1 << work.troubles.min(16)).min(AGAIN_AT_MOST);
                self.store.postpone(work.id, now.saturating_add(wait))
            }
        };
        if let Err(problem) = noted {
            edge::log_problem("operation", &problem);
        }
    }

    async fn at_place(&self, class: &str, place: &str, path: &str, body: &str) -> Result<Said, Problem> {
        let said = self.env.call(class, &[&self.application, "/", place].concat(), path, body).await?;
        match said.status {
            500.. => Err(Problem::unavailable("A part of the gateway did not answer. Try again.")),
            _ => Ok(said),
        }
    }
}

/// An id of an operation, as it is stored.
fn bare(id: &str) -> Result<Id, Problem> {
    Id::parse(OPERATION, id).ok_or_else(|| Problem::not_found("operation"))
}
