//! Attempts: how they are made, and what comes of them.

use std::borrow::Cow;
use std::rc::Rc;

use js_sys::Uint8Array;
use serde::Serialize;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use super::log::{Owed, Row, Settlement};
use super::{Append, Inner, WATCH, storage};
use crate::delivery::{Ask, Attempt, Failure, Job, KEPT_BODY, Outcome, Progress, Stage, Trigger, WAITING, append};
use crate::edge::{self, Exchange};
use crate::event::{About, Received};
use crate::id::{DELIVERY, EVENT, Id};
use crate::problem::Problem;
use crate::profile::{HeaderFacts, Retry};
use crate::seen;
use crate::subscription::{Item, Outgoing, Prepared, Status};
use crate::time::{Millis, parse_retry_after, rfc3339};
use crate::trace::Trace;

/// How many senders an alarm starts: a Worker waits for the headers of six connections at once in one invocation.
pub const PER_WAKE: usize = 6;
/// How many attempts one invocation makes before it leaves the rest to an alarm: each counts as a subrequest.
const PER_SENDER: u32 = 500;

/// How soon a request is tried again that can't be opened.
const UNOPENED: Millis = 30_000;

/// What an attempt needs, where it need not be read back from the log.
pub struct InHand {
    kind: String,
    event: Option<String>,
    url: Option<String>,
    first_at: Millis,
    body: Uint8Array,
    bytes: Vec<u8>,
    request: Option<Received>,
    trace: Option<Trace>,
}

impl InHand {
    /// What came with an append, its body both where JavaScript and where Rust can read it.
    pub fn new(append: &Append<'_>, body: Uint8Array, bytes: &[u8], first_at: Millis) -> Self {
        InHand {
            kind: append.kind.to_owned(),
            event: append.event.clone(),
            url: append.url.clone(),
            first_at,
            body,
            bytes: bytes.to_vec(),
            request: append.about.filter(|_| append.queued).and_then(read_request),
            trace: append.trace.as_deref().and_then(Trace::restore),
        }
    }
}

/// An attempt that is over.
pub(super) struct Ended<'a> {
    outcome: Outcome,
    pub(super) attempt: Attempt<'a>,
    url: &'a str,
    at: Millis,
}

/// What the caller of a test is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    delivered: bool,
    http_status: Option<u16>,
    delivery_id: String,
    duration_ms: Millis,
    error: Option<Failure>,
}

impl Inner {
    /// The next attempt whose turn has come.
    pub(super) fn next_job(&self) -> Option<Job<InHand>> {
        if let Err(error) = self.refill() {
            storage(error);
            self.memory.borrow_mut().gate.more_in_log();
        }
        self.memory.borrow_mut().gate.pop(edge::now())
    }

    /// Asks the log for what the gate has room for.
    fn refill(&self) -> Result<(), JsValue> {
        let now = edge::now();
        let mut memory = self.memory.borrow_mut();
        let gate = &mut memory.gate;
        let lined =
            |owed: Vec<Owed>, trigger| owed.into_iter().map(move |(id, url)| (id, trigger, self.lane(url.as_deref())));
        if gate.asks_for_manual() {
            let limit = u32::try_from(WAITING).unwrap_or(u32::MAX);
            gate.refill(lined(self.log.asked(now, limit)?, Trigger::Manual));
        }
        match gate.ask(now) {
            Some(Ask::Due(limit)) => gate.refill(lined(self.log.due(now, limit)?, Trigger::Schedule)),
            Some(Ask::First) => {
                let wait = gate.take_first(self.log.first(now)?, now);
                drop(memory);
                if let Some(at) = wait {
                    self.wake_at(at);
                }
            }
            None => {}
        }
        Ok(())
    }

    /// Sends one attempt after another until nothing waits.
    pub(super) async fn send_all(self: &Rc<Self>, first: Job<InHand>) {
        let mut job = first;
        for _ in 0..PER_SENDER {
            match self.turn(&job).await {
                Ok(0) => {}
                Ok(wait) => {
                    edge::pause(wait).await;
                    // It may have been called off meanwhile: the log knows.
                    job.in_hand = None;
                }
                Err(at) => {
                    self.memory.borrow_mut().gate.put_back(job);
                    return self.wake_at(at);
                }
            }
            if !self.memory.borrow().gate.still_admits(&job) {
                self.memory.borrow_mut().gate.put_back(job);
                return self.look_again();
            }
            let made = self.attempt(&job).await;
            self.memory.borrow_mut().gate.finished(&job);
            if let Err(problem) = made {
                // The row still owes the attempt. Looking through the log anew finds it, when the object wakes next and
                // not at once again.
                edge::log_problem(&["attempt of ", &job.id.with(DELIVERY)].concat(), &problem);
                self.memory.borrow_mut().awake = false;
                self.wake_at(edge::now().saturating_add(WATCH));
                // The log would name this one again.
                if job.is_manual() || self.memory.borrow().gate.is_ordered() {
                    return;
                }
            }
            if self.memory.borrow().gate.is_sparing() {
                self.look_again();
            }
            match self.next_job() {
                Some(next) => job = next,
                None => return,
            }
        }
        // This invocation has done its share; an alarm goes on.
        let mut memory = self.memory.borrow_mut();
        memory.gate.put_back(job);
        memory.gate.more_in_log();
        memory.alarm = None;
        drop(memory);
        self.wake_at(edge::now());
    }

    /// Makes one attempt, unless it is no longer wanted.
    pub(super) async fn attempt(self: &Rc<Self>, job: &Job<InHand>) -> Result<Option<Report>, Problem> {
        let prepared = self.prepared().await?;
        let now = edge::now();
        let (row, bytes) = match &job.in_hand {
            Some(hand) => {
                let progress = Progress::accepted((hand.first_at > now).then_some(hand.first_at));
                (hand.row(job, progress), Cow::Borrowed(hand.bytes.as_slice()))
            }
            None => {
                let Some(row) = self.log.whole(job.id).map_err(storage)? else {
                    return Ok(None);
                };
                let Some(bytes) = row.body.as_ref().map(Uint8Array::to_vec) else {
                    // It was kept for its time: an empty body in its place would be another message.
                    self.log.lose(job.id, now).map_err(storage)?;
                    return Ok(None);
                };
                (row, Cow::Owned(bytes))
            }
        };
        if !self.is_wanted(job, &row, &prepared, now).await? {
            return Ok(None);
        }
        self.check(&prepared)?;
        let request = match &job.in_hand {
            Some(hand) => hand.request.clone(),
            None => self.request_of(&row, job.trigger)?,
        };
        let (started_at, url, exchange) = self.exchange(&row, request, &prepared, &bytes).await;
        let ended_at = edge::now();
        let duration_ms = ended_at.saturating_sub(started_at);
        let read = Read::of(exchange, ended_at);
        let attempt = Attempt {
            number: 0,
            trigger: job.trigger,
            started_at,
            duration_ms,
            response_status: read.status,
            response_body: read.body.as_deref(),
            response_body_truncated: read.truncated,
            error: read.error,
        };
        edge::measure(|metrics| metrics.attempt(read.outcome, duration_ms));
        let (event, trace) = (event_of(&row), row.trace.clone());
        let ended = Ended { outcome: read.outcome, attempt, url: &url, at: ended_at };
        if let Some(progress) = self.settle(job, row, &prepared, ended).await? {
            let line = seen::Attempt {
                application: self.address().0,
                delivery: job.id.with(DELIVERY),
                event,
                subscription: prepared.destination.subscription.as_deref(),
                source: prepared.destination.source.as_ref().map(|source| source.id.as_str()),
                number: progress.count,
                trigger: job.trigger,
                status: read.status,
                error: read.error,
                duration_ms,
                becomes: progress.stage.status(),
                next_attempt_at: progress.next_at.map(rfc3339),
                trace: trace.as_ref().map(Trace::id),
            };
            edge::put(&line, line.matters());
        }
        Ok(Some(Report {
            delivered: read.outcome.is_success(),
            http_status: read.status,
            delivery_id: job.id.with(DELIVERY),
            duration_ms,
            error: read.error,
        }))
    }

    /// How long the attempt has to wait for its turn under a rate limit; `Err` with the time where that is so far away
    /// that nobody should be kept waiting for it, or where nothing can be signed before the key is back.
    async fn turn(&self, job: &Job<InHand>) -> Result<Millis, Millis> {
        // Where the destination can't be read the attempt itself says so.
        let prepared = self.prepared().await.ok();
        if prepared.as_ref().is_some_and(|prepared| self.check(prepared).is_err()) {
            return Err(edge::now().saturating_add(WATCH));
        }
        self.memory.borrow_mut().gate.turn(job, edge::now())
    }

    /// Whether the attempt is still to be made; what stands against it is recorded.
    async fn is_wanted(&self, job: &Job<InHand>, row: &Row, prepared: &Prepared, now: Millis) -> Result<bool, Problem> {
        match job.trigger {
            Trigger::Test => return Ok(true),
            Trigger::Manual => return Ok(row.asked),
            Trigger::Schedule if !matches!(row.progress.stage, Stage::Fresh | Stage::Due) => return Ok(false),
            Trigger::Schedule => {}
        }
        let moved = match prepared.destination.status {
            Status::Deleted => row.progress.cancel(now),
            Status::Paused | Status::Disabled => Some(Progress { stage: Stage::Held, ..row.progress }),
            Status::Active if !self.is_first(job, now)? => return Ok(false),
            Status::Active => match row.progress.next_at.filter(|at| *at > now) {
                Some(at) => Some(self.keep(job.id, row.progress.waiting(at, now)).await),
                None => return Ok(true),
            },
        };
        if let Some(progress) = moved {
            self.log.advance(job.id, &progress).map_err(storage)?;
        }
        Ok(false)
    }

    /// The request that a delivery was, where it came to a source. Where it can't be opened it stays owed, and lets others
    /// go first.
    pub(super) fn request_of(&self, row: &Row, trigger: Trigger) -> Result<Option<Received>, Problem> {
        let Some(about) = &row.about else { return Ok(None) };
        let about = self.env.vault().read::<About>(about, row.id.as_str());
        if about.is_err() && trigger == Trigger::Schedule {
            let next_at = Some(edge::now().saturating_add(UNOPENED));
            let later = Progress { stage: Stage::Due, next_at, ..row.progress };
            self.log.advance(row.id, &later).map_err(storage)?;
        }
        Ok(about?.request)
    }

    async fn exchange(
        &self,
        row: &Row,
        request: Option<Received>,
        prepared: &Prepared,
        bytes: &[u8],
    ) -> (Millis, String, Exchange) {
        let started_at = edge::now();
        let outgoing = match row.outgoing(request.as_ref(), prepared, bytes, started_at) {
            Ok(outgoing) => outgoing,
            Err(url) => return (started_at, url, Exchange::None(Failure::BLOCKED.into(), String::new())),
        };
        let body = row.body.clone().unwrap_or_else(|| Uint8Array::from(bytes));
        let Outgoing { method, url, plain_url, lines, timeout, .. } = outgoing;
        let exchange = edge::post(&method, &url, &lines.join("\n"), &body, timeout, KEPT_BODY).await;
        // What came in a query goes out, and is not kept.
        (started_at, plain_url, exchange)
    }

    /// Records how an attempt went and sees to the next one. How far the delivery is then, if it is still known.
    async fn settle(
        self: &Rc<Self>,
        job: &Job<InHand>,
        first: Row,
        prepared: &Prepared,
        ended: Ended<'_>,
    ) -> Result<Option<Progress>, Problem> {
        let once = Retry { delays: vec![0.0], jitter: 0.0 };
        let retry = if first.test { &once } else { &prepared.profile.retry };
        let chance = edge::chance();
        let mut row = first;
        let mut kept = None;
        loop {
            let settled = row.progress.settle(job.trigger, ended.outcome, retry, ended.at, chance);
            let mut progress = settled.progress;
            if job.trigger != Trigger::Manual && progress.next_at.is_some() {
                // The alarm is set before the row says so: a crash between the two sends once more, and loses nothing.
                progress = match kept {
                    Some(Progress { stage, .. }) => Progress { stage, ..progress },
                    None => self.keep(job.id, progress).await,
                };
                kept = Some(progress);
            }
            let attempts =
                append(row.attempts.as_deref(), &Attempt { number: progress.count, ..ended.attempt.clone() });
            let settlement = Settlement {
                before: &row.progress,
                after: &progress,
                planned: retry.attempts(),
                was_asked: job.trigger == Trigger::Manual,
                attempts: &attempts,
                url: ended.url,
            };
            let listening = self.listening(&row, &progress).await;
            if self.log.settle(job.id, &settlement).map_err(storage)? {
                self.note_failed(&row, &progress, prepared, &ended, listening.as_ref());
                let is_news = self.judge(job, ended.outcome, progress.stage, settled.gone, prepared)?;
                if row.progress.stage == Stage::Waiting && progress.stage != Stage::Waiting {
                    self.disarm_far(job.id, row.progress.next_at).await;
                }
                if is_news {
                    self.report().await;
                }
                return Ok(Some(progress));
            }
            // It was cancelled or tried by hand while this attempt was under way: what that made of it counts.
            let Some(found) = self.log.whole(job.id).map_err(storage)? else {
                return Ok(None);
            };
            row = found;
        }
    }

    /// Sees to it that somebody wakes for what is to be done later: this object where it is near, else one of the
    /// delivery's own; where that can't be reached, this one all the same.
    async fn keep(&self, id: Id, progress: Progress) -> Progress {
        let Some(at) = progress.next_at else { return progress };
        // In a line nobody is handed back: this object waits for the first of it, however long.
        let is_line = self.memory.borrow().gate.is_ordered();
        if progress.stage == Stage::Waiting && !is_line && self.arm(id, at).await {
            return progress;
        }
        self.wake_at(at);
        Progress { stage: Stage::Due, ..progress }
    }

    /// Gives a delivery an object of its own, whose alarm will ask for the next attempt.
    pub(super) async fn arm(&self, id: Id, at: Millis) -> bool {
        let (application, _) = self.address();
        let name = [application, "/", id.as_str()].concat();
        let said = self.env.call("DELIVERY", &name, &format!("/{at}"), JsValue::NULL).await;
        said.is_ok_and(|said| said.status == 204)
    }
}

impl Row {
    /// The request of an attempt that is made now.
    pub(super) fn outgoing(
        &self,
        received: Option<&Received>,
        prepared: &Prepared,
        body: &[u8],
        now: Millis,
    ) -> Result<Outgoing, String> {
        let facts = HeaderFacts {
            event_id: &self.event_id(),
            event_type: &self.kind,
            delivery_id: &self.id.with(DELIVERY),
            subscription_id: prepared.subscription(),
        };
        let item = Item { facts, url: self.url.as_deref(), received, trace: self.trace.as_ref(), body };
        prepared.outgoing(&item, now, || edge::random_id() << 4 ^ edge::random_id())
    }
}

impl InHand {
    fn row(&self, job: &Job<InHand>, progress: Progress) -> Row {
        Row {
            id: job.id,
            progress,
            kind: self.kind.clone(),
            event: self.event.clone(),
            url: self.url.clone(),
            test: job.trigger == Trigger::Test,
            planned: 0,
            asked: false,
            attempts: None,
            body: Some(self.body.clone()),
            about: None,
            trace: self.trace.clone(),
        }
    }
}

/// What an event is called in the log: never by an id that its producer chose, for that may be anything.
fn event_of(row: &Row) -> String {
    let made = row.event.as_deref().and_then(|event| Id::parse(EVENT, event));
    made.unwrap_or(row.id).with(EVENT)
}

/// The request that came to a source, from what is remembered of it.
fn read_request(about: &RawValue) -> Option<Received> {
    serde_json::from_str::<About>(about.get()).ok()?.request
}

/// An exchange as the state machine and the log see it.
struct Read {
    outcome: Outcome,
    status: Option<u16>,
    body: Option<String>,
    truncated: bool,
    error: Option<Failure>,
}

impl Read {
    fn of(exchange: Exchange, now: Millis) -> Self {
        match exchange {
            Exchange::Answer { status, retry_after, body, truncated } => Read {
                outcome: Outcome::Answered {
                    status,
                    retry_after: retry_after.and_then(|value| parse_retry_after(&value, now)),
                },
                status: Some(status),
                body: Some(String::from_utf8_lossy(&body).into_owned()),
                truncated,
                error: None,
            },
            Exchange::None(name, message) => {
                let failure = Failure::named(&name, &message);
                Read {
                    outcome: Outcome::Failed(failure),
                    status: None,
                    body: None,
                    truncated: false,
                    error: Some(failure),
                }
            }
        }
    }
}
