//! Attempts: whose turn it is, how a request is made, and what comes of it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::JsValue;

use super::log::{Row, Settlement};
use super::{Append, Inner, WATCH, storage};
use crate::delivery::{Attempt, Failure, KEPT_BODY, Outcome, Progress, Stage, Trigger, append};
use crate::destination::{self, Rules};
use crate::edge::{self, Exchange};
use crate::id::{DELIVERY, EVENT, Id};
use crate::problem::Problem;
use crate::profile::{HeaderFacts, Profile, Retry, render_header};
use crate::signature::{Key, Message};
use crate::subscription::{Destination, Status};
use crate::time::{Millis, parse_retry_after};

/// How many attempts to one destination may be under way at once: a receiver that hangs holds so many sockets, no more.
const AT_ONCE: u32 = 32;
/// How many attempts wait in memory; what is beyond waits in the log.
const WAITING: usize = 1_000;
/// How many senders an alarm starts: a Worker waits for the headers of six connections at once in one invocation.
pub const PER_WAKE: usize = 6;
/// How many attempts one invocation makes before it leaves the rest to an alarm: each counts as a subrequest.
const PER_SENDER: u32 = 500;
/// A turn that is further away than this is waited for by an alarm and not by a sender.
const PATIENCE: Millis = 5_000;

/// A destination with everything that can be made ready once for many attempts.
pub struct Prepared {
    /// As it was pushed.
    pub destination: Destination,
    /// Its profile.
    pub profile: Profile,
    keys: Vec<(Key, Option<Millis>)>,
    url_is_allowed: bool,
    rules: Rules,
}

impl Prepared {
    /// Reads the profile and the secrets of `destination`.
    pub fn new(destination: Destination, rules: Rules) -> Result<Self, Problem> {
        let profile = destination.profile.resolve()?;
        let keys = destination.secrets.keys(&profile.signature);
        let allowed = |url: &String| destination::check(url, rules).is_ok();
        let url_is_allowed = destination.url.as_ref().is_some_and(allowed);
        Ok(Prepared {
            destination,
            profile,
            keys,
            url_is_allowed,
            rules,
        })
    }
}

/// Which attempts wait for each other: those to one host. Nothing in an object that knows a single destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Lane(Rc<str>);

impl Lane {
    /// The lane of attempts to `url`.
    pub fn to(url: &str) -> Self {
        Lane(url.split('/').nth(2).unwrap_or_default().into())
    }
}

/// An attempt to be made.
pub struct Job {
    id: Id,
    trigger: Trigger,
    lane: Lane,
    in_hand: Option<InHand>,
}

/// What an attempt needs, where it need not be read back from the log.
struct InHand {
    kind: String,
    event: Option<String>,
    url: Option<String>,
    first_at: Millis,
    body: Uint8Array,
    bytes: Vec<u8>,
}

impl Job {
    /// The first attempt of a delivery that was appended just now.
    pub fn fresh(
        id: Id,
        lane: Lane,
        append: &Append<'_>,
        body: Uint8Array,
        bytes: Option<&[u8]>,
        first_at: Millis,
    ) -> Self {
        let in_hand = bytes.map(|bytes| InHand {
            kind: append.kind.to_owned(),
            event: append.event.clone(),
            url: append.url.clone(),
            first_at,
            body,
            bytes: bytes.to_vec(),
        });
        Job {
            id,
            trigger: Trigger::Schedule,
            lane,
            in_hand,
        }
    }

    /// The one attempt of a test.
    pub fn test(id: Id, append: &Append<'_>, body: Uint8Array, bytes: &[u8]) -> Self {
        let job = Self::fresh(id, Lane::default(), append, body, Some(bytes), 0);
        Job {
            trigger: Trigger::Test,
            ..job
        }
    }

    /// An attempt of a delivery that stands in the log.
    pub fn from_log(id: Id, trigger: Trigger, lane: Lane) -> Self {
        Job {
            id,
            trigger,
            lane,
            in_hand: None,
        }
    }
}

/// Whose turn it is.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<Job>,
    running: HashMap<Lane, u32>,
    known: HashSet<(Id, Trigger)>,
    more: bool,
    next_slot: Millis,
}

impl Queue {
    /// Takes a job in. If its turn is now it is handed back, to be sent.
    pub fn push(&mut self, job: Job) -> Option<Job> {
        if !self.known.insert((job.id, job.trigger)) {
            return None;
        }
        // Nobody overtakes within a lane, and nobody waits for another lane.
        if self.has_room(&job.lane) && !self.waiting.iter().any(|waiting| waiting.lane == job.lane) {
            return Some(self.started(job));
        }
        if self.waiting.len() >= WAITING {
            self.known.remove(&(job.id, job.trigger));
            self.more = true;
            return None;
        }
        // The body waits in the log: a thousand of them would not fit in memory.
        self.waiting.push_back(Job { in_hand: None, ..job });
        None
    }

    /// Whether an append should leave its attempt to the log.
    pub fn is_full(&self) -> bool {
        self.more || self.waiting.len() >= WAITING
    }

    /// Whether anything is under way or waits.
    pub fn is_busy(&self) -> bool {
        self.more || !self.known.is_empty()
    }

    /// The log has attempts that are owed.
    pub fn more_in_log(&mut self) {
        self.more = true;
    }

    fn has_room(&self, lane: &Lane) -> bool {
        self.running.get(lane).copied().unwrap_or(0) < AT_ONCE
    }

    fn started(&mut self, job: Job) -> Job {
        let running = self.running.entry(job.lane.clone()).or_default();
        *running = running.saturating_add(1);
        job
    }

    fn next(&mut self) -> Option<Job> {
        let at = self.waiting.iter().position(|job| self.has_room(&job.lane))?;
        let job = self.waiting.remove(at)?;
        Some(self.started(job))
    }

    fn finished(&mut self, job: &Job) {
        self.known.remove(&(job.id, job.trigger));
        if let Some(running) = self.running.get_mut(&job.lane) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.running.remove(&job.lane);
            }
        }
    }

    /// Puts a job back at the head of the line.
    fn put_back(&mut self, job: Job) {
        self.finished(&job);
        if self.known.insert((job.id, job.trigger)) {
            self.waiting.push_front(Job { in_hand: None, ..job });
        }
    }

    /// Takes the next turn under a rate limit, and says how far away it is; `None`, and no turn is taken, where it is
    /// too far.
    fn reserve(&mut self, now: Millis, per_second: f64) -> Option<Millis> {
        let slot = self.next_slot.max(now);
        let wait = slot.saturating_sub(now);
        if wait > PATIENCE {
            return None;
        }
        self.next_slot = slot.saturating_add((1000.0 / per_second).ceil() as Millis);
        Some(wait)
    }
}

/// An attempt that is over.
struct Ended<'a> {
    outcome: Outcome,
    attempt: Attempt<'a>,
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
    pub(super) fn next_job(&self) -> Option<Job> {
        let mut memory = self.memory.borrow_mut();
        if memory.queue.waiting.is_empty() && std::mem::take(&mut memory.queue.more) {
            let limit = u32::try_from(WAITING).unwrap_or(u32::MAX);
            match self.log.due(edge::now(), limit) {
                Ok(due) => {
                    memory.queue.more = due.len() >= WAITING;
                    for (id, url, asked) in due {
                        let trigger = if asked { Trigger::Manual } else { Trigger::Schedule };
                        let lane = self.lane(url.as_deref());
                        if memory.queue.known.insert((id, trigger)) {
                            memory.queue.waiting.push_back(Job::from_log(id, trigger, lane));
                        }
                    }
                }
                Err(error) => {
                    storage(error);
                    memory.queue.more = true;
                }
            }
        }
        memory.queue.next()
    }

    /// Sends one attempt after another until nothing waits.
    pub(super) async fn send_all(self: &Rc<Self>, first: Job) {
        let mut job = first;
        for _ in 0..PER_SENDER {
            match self.turn(&job).await {
                Ok(Some(0)) | Err(_) => {}
                Ok(Some(wait)) => {
                    edge::pause(wait).await;
                    // It may have been called off meanwhile: the log knows.
                    job.in_hand = None;
                }
                Ok(None) => {
                    let mut memory = self.memory.borrow_mut();
                    memory.queue.put_back(job);
                    let at = memory.queue.next_slot;
                    drop(memory);
                    return self.wake_at(at);
                }
            }
            if let Err(problem) = self.attempt(&job).await {
                // The row still owes the attempt. Looking through the log anew finds it.
                edge::log(&format!("attempt of {}: {}", job.id.as_str(), problem.detail));
                self.memory.borrow_mut().awake = false;
                self.wake_at(edge::now().saturating_add(WATCH));
            }
            let mut memory = self.memory.borrow_mut();
            memory.queue.finished(&job);
            // Somebody may have asked for another attempt of the same delivery meanwhile.
            memory.queue.more |= job.trigger == Trigger::Manual;
            drop(memory);
            match self.next_job() {
                Some(next) => job = next,
                None => return,
            }
        }
        // This invocation has done its share; an alarm goes on.
        let mut memory = self.memory.borrow_mut();
        memory.queue.put_back(job);
        memory.queue.more = true;
        memory.alarm = None;
        drop(memory);
        self.wake_at(edge::now());
    }

    /// Makes one attempt, unless it is no longer wanted.
    pub(super) async fn attempt(&self, job: &Job) -> Result<Option<Report>, Problem> {
        let prepared = self.prepared().await?;
        let now = edge::now();
        let (row, bytes) = match &job.in_hand {
            Some(hand) => {
                let progress = Progress::accepted((hand.first_at > now).then_some(hand.first_at));
                (hand.row(job, progress), None)
            }
            None => {
                let Some(row) = self.log.whole(job.id).map_err(storage)? else {
                    return Ok(None);
                };
                let bytes = row.body.as_ref().map(Uint8Array::to_vec).unwrap_or_default();
                (row, Some(bytes))
            }
        };
        let bytes = bytes
            .as_deref()
            .or(job.in_hand.as_ref().map(|hand| hand.bytes.as_slice()))
            .unwrap_or_default();
        if !self.is_wanted(job, &row, &prepared, now).await? {
            return Ok(None);
        }
        let (started_at, url, exchange) = self.exchange(&row, &prepared, bytes).await;
        let ended_at = edge::now();
        let read = Read::of(exchange, ended_at);
        let attempt = Attempt {
            number: 0,
            trigger: job.trigger,
            started_at,
            duration_ms: ended_at.saturating_sub(started_at),
            response_status: read.status,
            response_body: read.body.as_deref(),
            response_body_truncated: read.truncated,
            error: read.error,
        };
        let ended = Ended {
            outcome: read.outcome,
            attempt: attempt.clone(),
            url: &url,
            at: ended_at,
        };
        self.settle(job, row, &prepared, ended).await?;
        Ok(Some(Report {
            delivered: read.outcome.is_success(),
            http_status: read.status,
            delivery_id: job.id.with(DELIVERY),
            duration_ms: attempt.duration_ms,
            error: read.error,
        }))
    }

    /// How long the attempt has to wait for its turn under a rate limit; `None` where that is so far away that nobody
    /// should be kept waiting for it.
    async fn turn(&self, job: &Job) -> Result<Option<Millis>, Problem> {
        let limit = self.prepared().await?.destination.rate_limit;
        Ok(match limit.filter(|_| job.trigger == Trigger::Schedule) {
            Some(limit) => self.memory.borrow_mut().queue.reserve(edge::now(), limit.per_second),
            None => Some(0),
        })
    }

    /// Whether the attempt is still to be made; what stands against it is recorded.
    async fn is_wanted(&self, job: &Job, row: &Row, prepared: &Prepared, now: Millis) -> Result<bool, Problem> {
        match job.trigger {
            Trigger::Test => return Ok(true),
            Trigger::Manual => return Ok(row.asked),
            Trigger::Schedule if !matches!(row.progress.stage, Stage::Fresh | Stage::Due) => return Ok(false),
            Trigger::Schedule => {}
        }
        let moved = match prepared.destination.status {
            Status::Deleted => row.progress.cancel(now),
            Status::Paused | Status::Disabled => Some(Progress {
                stage: Stage::Held,
                ..row.progress
            }),
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

    async fn exchange(&self, row: &Row, prepared: &Prepared, bytes: &[u8]) -> (Millis, String, Exchange) {
        let own = row.url.as_ref().filter(|_| self.is_direct);
        let url = own.or(prepared.destination.url.as_ref()).cloned().unwrap_or_default();
        let started_at = edge::now();
        let allowed = match own {
            Some(url) => destination::check(url, prepared.rules).is_ok(),
            None => prepared.url_is_allowed,
        };
        if !allowed {
            return (started_at, url, Exchange::None("Blocked".into(), String::new()));
        }
        let headers = headers(row, prepared, bytes, started_at);
        let timeout = i64::from(prepared.profile.timeout_seconds).saturating_mul(1000);
        let body = match &row.body {
            Some(body) => body.clone(),
            None => Uint8Array::from(bytes),
        };
        let exchange = edge::post(&url, &headers, &body, timeout, KEPT_BODY).await;
        (started_at, url, exchange)
    }

    /// Records how an attempt went and sees to the next one.
    async fn settle(&self, job: &Job, first: Row, prepared: &Prepared, ended: Ended<'_>) -> Result<(), Problem> {
        let once = Retry {
            delays: vec![0.0],
            jitter: 0.0,
        };
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
            let attempts = append(
                row.attempts.as_deref(),
                &Attempt {
                    number: progress.count,
                    ..ended.attempt.clone()
                },
            );
            let settlement = Settlement {
                before: &row.progress,
                after: &progress,
                planned: retry.attempts(),
                was_asked: job.trigger == Trigger::Manual,
                attempts: &attempts,
                url: ended.url,
            };
            if self.log.settle(job.id, &settlement).map_err(storage)? {
                if settled.gone && prepared.destination.subscription.is_some() {
                    self.disable("gone").await?;
                }
                return Ok(());
            }
            // It was cancelled or tried by hand while this attempt was under way: what that made of it counts.
            let Some(found) = self.log.whole(job.id).map_err(storage)? else {
                return Ok(());
            };
            row = found;
        }
    }

    /// Sees to it that somebody wakes for what is to be done later: this object where it is near, else one of the
    /// delivery's own; where that can't be reached, this one all the same.
    async fn keep(&self, id: Id, progress: Progress) -> Progress {
        let Some(at) = progress.next_at else { return progress };
        if progress.stage == Stage::Waiting && self.arm(id, at).await {
            return progress;
        }
        self.wake_at(at);
        Progress {
            stage: Stage::Due,
            ..progress
        }
    }

    /// Gives a delivery an object of its own, whose alarm will ask for the next attempt.
    async fn arm(&self, id: Id, at: Millis) -> bool {
        let (application, _) = self.name.split_once('/').unwrap_or_default();
        let name = [application, "/", id.as_str()].concat();
        let said = self.env.call("DELIVERY", &name, &format!("/{at}"), JsValue::NULL).await;
        said.is_ok_and(|said| said.status == 204)
    }

    /// The destination never wants to hear of this again. In force here at once; the application is told until it knows.
    async fn disable(&self, reason: &str) -> Result<(), Problem> {
        let prepared = self.prepared().await?;
        if prepared.destination.status != Status::Active {
            return Ok(());
        }
        let disabled = Destination {
            status: Status::Disabled,
            ..prepared.destination.clone()
        };
        let json = serde_json::to_string(&disabled).map_err(|error| Problem::unavailable(error.to_string()))?;
        self.adopt(&json)?;
        self.log.write("report", reason).map_err(storage)?;
        self.wake_at(edge::now().saturating_add(WATCH));
        self.report().await;
        Ok(())
    }

    /// Tells the application what it should know, if anything.
    pub(super) async fn report(&self) {
        let Ok(Some(reason)) = self.log.read("report") else {
            return;
        };
        let (application, place) = self.name.split_once('/').unwrap_or_default();
        let path = ["/disable/", place].concat();
        match self.env.call("APPLICATION", application, &path, reason.as_str()).await {
            Ok(said) if said.status < 500 => {
                if let Err(error) = self.log.erase("report") {
                    storage(error);
                }
            }
            _ => self.wake_at(edge::now().saturating_add(WATCH)),
        }
    }
}

impl InHand {
    fn row(&self, job: &Job, progress: Progress) -> Row {
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
        }
    }
}

/// The headers of a delivery, names and values in turn, a line each: the profile's, then the subscriber's own, then
/// those that sign.
fn headers(row: &Row, prepared: &Prepared, bytes: &[u8], now: Millis) -> String {
    let (delivery_id, event_id) = (
        row.id.with(DELIVERY),
        row.event.clone().unwrap_or_else(|| row.id.with(EVENT)),
    );
    let facts = HeaderFacts {
        event_id: &event_id,
        event_type: &row.kind,
        delivery_id: &delivery_id,
        subscription_id: prepared.destination.subscription.as_deref().unwrap_or_default(),
    };
    let own = &prepared.destination.headers;
    let mut lines = vec!["Content-Type".to_owned(), "application/json".to_owned()];
    for (name, template) in &prepared.profile.headers {
        if !own.keys().any(|other| other.eq_ignore_ascii_case(name)) {
            lines.extend([name.clone(), render_header(template, &facts)]);
        }
    }
    for (name, value) in own {
        lines.extend([name.clone(), value.clone()]);
    }
    let in_force = prepared
        .keys
        .iter()
        .filter(|(_, until)| until.is_none_or(|until| until > now))
        .map(|(key, _)| key);
    let message = Message {
        id: &delivery_id,
        timestamp: now.div_euclid(1000),
        body: bytes,
    };
    for (name, value) in prepared.profile.signature.sign(in_force, message) {
        lines.extend([name.to_owned(), value]);
    }
    lines.join("\n")
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
            Exchange::Answer {
                status,
                retry_after,
                body,
                truncated,
            } => Read {
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
                let failure = failure(&name, &message);
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

/// The runtime tells failures apart in words alone.
fn failure(name: &str, message: &str) -> Failure {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match name {
        "Blocked" => Failure::BlockedAddress,
        "TimeoutError" | "AbortError" => Failure::Timeout,
        _ if says(&["tls", "ssl", "certificate"]) => Failure::Tls,
        _ if says(&["dns", "resolve", "getaddrinfo"]) => Failure::Dns,
        _ => Failure::Connection,
    }
}
