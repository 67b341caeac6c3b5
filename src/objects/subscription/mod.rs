//! The object of a subscription: the log of its deliveries, the attempts, and everything that is per destination.
//!
//! Appending is idempotent: a delivery's id is made from the event and the place, and inserted once. The reply means
//! durable. Right after it the attempt goes out (`sender`), unless something holds it up ([`Gate`]). What must be tried
//! again within a minute waits here; what waits longer gets an object of its own, which hands it back when its time has
//! come. What a crash left unsettled is found when the object wakes, and it always wakes: an alarm stands as long as
//! anything is owed.

mod care;
mod door;
mod history;
mod log;
mod notices;
mod operations;
mod sender;
mod sweep;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use serde_json::value::RawValue;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::outbox::Outbox;
use super::{Outcome, Reply, answering, steps, storage};
use crate::access::unauthorized;
use crate::body::Fields;
use crate::delivery::{Gate, Job, Lane, NEAR, Progress, Ring, Stage, Trigger};
use crate::edge::{self, Env, State};
use crate::event::frame::{self, Frame};
use crate::event::{ABOUT_SECRETS, About, TYPE_FAULT, Target, is_type};
use crate::id::{DELIVERY, EVENT, Id, Place};
use crate::problem::{Fault, Problem};
use crate::profile::Facts;
use crate::signal;
use crate::subscription::{DESTINATION_SECRETS, Destination, Prepared, Status};
use crate::time::Millis;
use door::{Door, Passage};
use log::Log;
use sender::InHand;

pub use crate::event::frame::Append;
pub use door::{Closing, Knock};
pub use history::Counted;
pub use log::{Query, RENDERED_LIMIT};

/// How soon an object that was interrupted wakes to see what it owes.
const WATCH: Millis = 10_000;

/// How many deliveries of one call get objects of their own: with more the alarm of this one costs less.
const ARMED_AT_ONCE: usize = 8;

/// A delivery that is about to be taken in.
struct Arrival {
    id: Id,
    /// When its first attempt is to be made, if not now.
    first_at: Option<Millis>,
    /// Whether an object of its own sees to that.
    is_armed: bool,
}

/// What became of it.
enum Taken {
    /// It is stored; an attempt whose turn is now.
    New(Option<Job<InHand>>),
    /// It is stored, and for the log to tell of.
    Left,
    /// It was there; for a message that came to a source, as which delivery.
    Known(Option<Option<String>>),
}

struct Inner {
    state: State,
    env: Env,
    name: String,
    is_direct: bool,
    log: Log,
    door: Door,
    outbox: Rc<Outbox>,
    memory: RefCell<Memory>,
}

/// What is lost when the object is evicted, and found again in the log.
struct Memory {
    prepared: Option<Rc<Prepared>>,
    gate: Gate<InHand>,
    alarm: Option<Millis>,
    awake: bool,
    /// Whether the gate knows what was kept of the destination's failures.
    knows_failures: bool,
    /// Whether the alarm goes on clearing away what is too old.
    sweeping: bool,
    /// Everything was deleted here: what comes late must not begin anew.
    is_purged: bool,
}

impl Memory {
    fn new(gate: Gate<InHand>) -> Self {
        Memory {
            prepared: None,
            gate,
            alarm: None,
            awake: false,
            knows_failures: false,
            sweeping: false,
            is_purged: false,
        }
    }
}

/// The object.
#[wasm_bindgen]
pub struct Subscription(Rc<Inner>);

#[wasm_bindgen]
impl Subscription {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        // What the log is to hold, before there is anything to say.
        let patience = env.settings().patience;
        let log = Log::new(state.open());
        let door = Door::new(state.open());
        let outbox = Outbox::new(state.open());
        let name = state.own_name();
        let is_direct = place_of(&name).is_some_and(Place::is_direct);
        let memory = Memory::new(Gate::new(!is_direct, patience));
        Subscription(Rc::new(Inner { state, env, name, is_direct, log, door, outbox, memory: memory.into() }))
    }

    /// A call from the worker, the application's object or a delivery's.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let body = edge::call_body(&request).await?;
            inner.wake()?;
            let (path, query) = edge::target(&url);
            match steps(path).as_slice() {
                ["append"] => inner.append(&body).await,
                ["ring", id] => inner.ring(id),
                ["destination"] => inner.set_destination(&body.to_vec()),
                ["test"] => inner.test(&body.to_vec()).await,
                ["list"] => inner.list(&body.to_vec()),
                ["get", id] => inner.get(id),
                ["request", id] => inner.request(id, &body.to_vec()).await,
                ["event", id] => inner.event(id),
                ["retry", id] => inner.retry(id).await,
                ["cancel", id] => inner.cancel(id).await,
                ["call-off"] => inner.call_off(&body.to_vec()).await,
                ["knock"] => inner.knock(&body.to_vec()),
                ["close"] => inner.close(&body.to_vec()),
                ["notices"] => inner.take_notices(&body.to_vec()).await,
                ["requests"] => inner.requests(query),
                ["stats", since, until, interval, health] => {
                    inner.stats([since, until, interval], *health == "health", &body.to_vec())
                }
                ["health"] => inner.health(),
                ["bulk", "count"] => inner.count_meant(&body.to_vec()).await,
                ["bulk", "step"] => inner.step(&body.to_vec()).await,
                ["bulk", "end", operation] => inner.end_operation(operation),
                ["events", "count"] => inner.count_events(&body.to_vec()),
                ["events", "find"] => inner.find_events(&body.to_vec()),
                ["sweep"] => inner.sweep(),
                ["purge"] => inner.purge().await,
                _ => Err(Problem::not_found("call")),
            }
        })
    }

    /// The alarm: somebody may owe something.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            inner.memory.borrow_mut().alarm = None;
            // Throwing would end after six times; the watch is set again instead.
            if let Err(problem) = inner.watch().await {
                edge::log_problem("watch", &problem);
                inner.wake_at(edge::now().saturating_add(WATCH));
            }
            JsValue::UNDEFINED
        })
    }
}

impl Inner {
    /// Once in the life of an instance: what the one before it owed is taken over.
    fn wake(&self) -> Result<(), Problem> {
        if std::mem::replace(&mut self.memory.borrow_mut().awake, true) {
            return Ok(());
        }
        let taken_over = self.take_over();
        // Half awake is not awake.
        self.memory.borrow_mut().awake = taken_over.is_ok();
        taken_over
    }

    fn take_over(&self) -> Result<(), Problem> {
        self.recall_failures()?;
        if self.log.recover(edge::now()).map_err(storage)? {
            self.memory.borrow_mut().gate.more_in_log();
            self.wake_at(edge::now());
        }
        Ok(())
    }

    /// Makes sure that the object wakes at `at` or before.
    fn wake_at(&self, at: Millis) {
        let mut memory = self.memory.borrow_mut();
        if memory.alarm.is_none_or(|standing| standing > at) {
            memory.alarm = Some(at);
            self.state.alarm_at(at);
        }
    }

    async fn watch(self: &Rc<Self>) -> Result<(), Problem> {
        if !self.log.exists().map_err(storage)? {
            // All of it was deleted, but for what a source's door has to clear away.
            return self.go_on_sweeping().await;
        }
        self.wake()?;
        self.send_notices();
        let prepared = self.prepared().await?;
        self.report().await;
        self.move_on(&prepared)?;
        let now = edge::now();
        let (owed, next) = self.log.owed(now).map_err(storage)?;
        if owed {
            self.memory.borrow_mut().gate.more_in_log();
        }
        if let Some(next) = next {
            self.wake_at(next);
        }
        self.start_senders();
        self.look_again();
        self.log.advance_mark().map_err(storage)?;
        self.log.tidy(now).map_err(storage)?;
        self.go_on_sweeping().await
    }

    /// The destination as it is now; asked of the application's object where this one was never told.
    async fn prepared(&self) -> Result<Rc<Prepared>, Problem> {
        if let Some(known) = self.known()? {
            return Ok(known);
        }
        let (application, place) = self.address();
        let path = ["/destination/", place].concat();
        let said = self.env.call("APPLICATION", application, &path, JsValue::NULL).await?;
        match said.status {
            // Asked before everything was deleted here.
            200 if self.memory.borrow().is_purged => Err(Problem::not_found("subscription")),
            200 => self.adopt(&said.text),
            503 => Err(Problem::unavailable("The application did not answer. Try again.")),
            _ => Err(Problem::not_found("subscription")),
        }
    }

    /// The destination as far as this object was told, from memory or from the log. One that can't be opened does not
    /// count: the application may have sealed it anew.
    fn known(&self) -> Result<Option<Rc<Prepared>>, Problem> {
        if let Some(prepared) = self.memory.borrow().prepared.clone() {
            return Ok(Some(prepared));
        }
        let Some(json) = self.log.read("destination").map_err(storage)? else { return Ok(None) };
        let destination: Destination = self.env.vault().look(&json, &self.name)?;
        if destination.sealed.is_some() {
            return Ok(None);
        }
        self.prepare(destination).map(Some)
    }

    fn prepare(&self, destination: Destination) -> Result<Rc<Prepared>, Problem> {
        if let Err(problem) = self.env.vault().check(destination.sealed.as_ref()) {
            edge::log(&format!("{}: {}", self.name, problem.detail));
        }
        let prepared = Rc::new(Prepared::new(destination, self.env.rules())?);
        self.obey(&prepared)?;
        self.memory.borrow_mut().prepared = Some(prepared.clone());
        Ok(prepared)
    }

    /// Takes over a destination, unless a newer one is known.
    fn adopt(&self, json: &str) -> Result<Rc<Prepared>, Problem> {
        let destination = read_destination(json)?;
        // One that can't be read any more is no reason to refuse its successor.
        let known = self.known().ok().flatten();
        if let Some(known) = &known
            && known.destination.version > destination.version
        {
            return Ok(known.clone());
        }
        let text = self.env.vault().write(&destination, DESTINATION_SECRETS, &self.name)?;
        self.log.write("destination", &text).map_err(storage)?;
        let prepared = self.prepare(destination)?;
        self.follow(known.as_deref(), &prepared)?;
        Ok(prepared)
    }

    /// Whether the secrets of the destination are there.
    fn check(&self, prepared: &Prepared) -> Result<(), Problem> {
        self.env.vault().check(prepared.destination.sealed.as_ref())
    }

    /// The application and the place that this object is named by.
    fn address(&self) -> (&str, &str) {
        self.name.split_once('/').unwrap_or_default()
    }

    fn set_destination(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let text = String::from_utf8_lossy(body);
        // The place may be somebody else's by now, but nobody's who is gone.
        if self.memory.borrow().is_purged {
            if read_destination(&text)?.status == Status::Deleted {
                return Ok(Reply::Done);
            }
            self.memory.borrow_mut().is_purged = false;
        }
        self.adopt(&text)?;
        self.start_senders();
        self.look_again();
        Ok(Reply::Done)
    }

    /// Takes deliveries in, one or many: all that are new are durable together when this is answered.
    async fn append(self: &Rc<Self>, call: &Uint8Array) -> Outcome {
        let prepared = self.prepared().await?;
        let bytes = call.to_vec();
        let frames = frame::read_all(&bytes).ok_or_else(|| Problem::not_json("no frame"))?;
        let now = edge::now();
        let mut arrivals =
            frames.iter().map(|frame| self.arrival(&prepared, frame, now)).collect::<Result<Vec<_>, _>>()?;
        self.arm_far(&mut arrivals, now).await?;

        // The destination may have changed meanwhile. From here on nothing is waited for, so all of it commits together, in
        // the order in which it came.
        let prepared = self.prepared().await?;
        let revoked = &prepared.destination.revoked;
        if frames.iter().any(|frame| frame.append.key.is_some_and(|key| revoked.iter().any(|revoked| revoked == key))) {
            return Err(unauthorized());
        }
        let mut started = Vec::new();
        let mut is_left = false;
        let mut taken = Ok(Reply::Done);
        for (frame, arrival) in frames.iter().zip(&arrivals) {
            match self.take_in(&prepared, frame, arrival, call, &bytes) {
                Ok(Taken::New(job)) => started.extend(job),
                Ok(Taken::Left) => is_left = true,
                Ok(Taken::Known(None)) => {}
                Ok(Taken::Known(delivery)) => taken = Reply::ok(&delivery),
                // What was taken in before it goes out all the same.
                Err(problem) => {
                    taken = Err(problem);
                    break;
                }
            }
        }
        for job in started {
            self.start(job);
        }
        if is_left {
            self.memory.borrow_mut().gate.more_in_log();
            if self.memory.borrow().gate.is_ordered() {
                self.start_senders();
            }
            self.look_again();
        }
        taken
    }

    /// What is known of a delivery before it is taken in.
    fn arrival(&self, prepared: &Prepared, frame: &Frame<'_>, now: Millis) -> Result<Arrival, Problem> {
        let id = Id::parse_bare(frame.append.id).ok_or_else(|| Problem::not_found("delivery"))?;
        // Chance would change the order.
        let chance = if prepared.destination.pace.ordered { 0.0 } else { edge::chance() };
        let first_delay = prepared.profile.retry.delay(0, chance).unwrap_or(0);
        let first_at = frame.append.not_before.unwrap_or(0).max(now.saturating_add(first_delay));
        Ok(Arrival { id, first_at: (first_at > now).then_some(first_at), is_armed: false })
    }

    /// Gives those whose first attempt is far away objects of their own. Where many come at once the alarm of this object
    /// does for all of them.
    async fn arm_far(&self, arrivals: &mut [Arrival], now: Millis) -> Result<(), Problem> {
        let is_far = |arrival: &Arrival| arrival.first_at.is_some_and(|at| at.saturating_sub(now) > NEAR);
        // In a line nobody is handed back.
        let is_line = self.memory.borrow().gate.is_ordered();
        if is_line || arrivals.iter().filter(|arrival| is_far(arrival)).count() > ARMED_AT_ONCE {
            return Ok(());
        }
        for arrival in arrivals.iter_mut().filter(|arrival| is_far(arrival)) {
            // One that is known already has its alarm, maybe for another time.
            if let Some(at) = arrival.first_at
                && self.log.find(arrival.id).map_err(storage)?.is_none()
            {
                arrival.is_armed = self.arm(arrival.id, at).await;
            }
        }
        Ok(())
    }

    /// Appends a delivery, if it is new.
    fn take_in(
        &self,
        prepared: &Prepared,
        frame: &Frame<'_>,
        arrival: &Arrival,
        call: &Uint8Array,
        bytes: &[u8],
    ) -> Result<Taken, Problem> {
        let Frame { append, body, spare } = frame;
        let id = arrival.id;
        let part = |range: &Range<usize>| {
            let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            call.subarray(at(range.start), at(range.end))
        };
        let data = spare.as_ref().map(part);

        let sealed;
        let about = match append.about {
            Some(about) if append.queued => {
                sealed = self.env.vault().close(about.get().to_owned(), ABOUT_SECRETS, id.as_str())?;
                Some(sealed.as_str())
            }
            about => about.map(RawValue::get),
        };

        let now = edge::now();
        let accepted = Progress::accepted(arrival.first_at);
        let mut memory = self.memory.borrow_mut();
        let progress = match prepared.destination.status {
            Status::Deleted => accepted.cancel(now).unwrap_or(accepted),
            Status::Paused | Status::Disabled => Progress { stage: Stage::Held, ..accepted },
            Status::Active if arrival.is_armed => Progress { stage: Stage::Waiting, ..accepted },
            Status::Active if arrival.first_at.is_some() => Progress { stage: Stage::Due, ..accepted },
            Status::Active => match memory.gate.arrival(now) {
                Stage::Due => Progress { stage: Stage::Due, next_at: Some(now), ..accepted },
                stage => Progress { stage, ..accepted },
            },
        };
        let body = part(body);
        let row = log::NewRow {
            id,
            append,
            progress,
            attempts_planned: prepared.profile.retry.attempts(),
            test: false,
            body: &body,
            about,
            data: data.as_ref(),
        };
        if let Some(mark) = &append.mark
            && let Passage::Passed(delivery) =
                self.door.claim(mark, None, Some(&id.with(DELIVERY)), now).map_err(storage)?
        {
            return Ok(Taken::Known(Some(delivery)));
        }
        if !self.log.insert(&row).map_err(storage)? {
            return Ok(Taken::Known(None));
        }
        let mut job = None;
        let wake = match progress.stage {
            Stage::Fresh => {
                let lane = self.lane(append.url.as_deref());
                let in_hand = Some(InHand::new(append, body, bytes.get(frame.body.clone()).unwrap_or_default(), now));
                job = memory.gate.push(Job { id, trigger: Trigger::Schedule, lane, in_hand }, now);
                Some(now.saturating_add(WATCH))
            }
            Stage::Due if arrival.first_at.is_some() => arrival.first_at,
            Stage::Due => return Ok(Taken::Left),
            _ => None,
        };
        drop(memory);
        if let Some(at) = wake {
            self.wake_at(at);
        }
        Ok(Taken::New(job))
    }

    /// A delivery's own alarm rang: the attempt is this object's to make again.
    fn ring(self: &Rc<Self>, id: &str) -> Outcome {
        let Some(id) = Id::parse_bare(id) else {
            return Ok(Reply::Done);
        };
        let Some(row) = self.log.find(id).map_err(storage)? else {
            return Ok(Reply::Done);
        };
        let active = match self.memory.borrow().prepared.as_ref() {
            Some(prepared) => prepared.is_active(),
            // Not known yet: taken as active, and seen again before the attempt.
            None => true,
        };
        match row.progress.ring(edge::now(), active) {
            Ring::Again(at) => Ok(Reply::Json(200, at.to_string())),
            Ring::Done(None) => Ok(Reply::Done),
            Ring::Done(Some(progress)) => {
                self.log.advance(id, &progress).map_err(storage)?;
                if progress.stage == Stage::Due {
                    self.wake_at(edge::now().saturating_add(WATCH));
                    let lane = self.lane(row.url.as_deref());
                    self.enqueue(Job { id, trigger: Trigger::Schedule, lane, in_hand: None });
                }
                Ok(Reply::Done)
            }
        }
    }

    /// Where deliveries have URLs of their own, those to one host wait for each other alone.
    fn lane(&self, url: Option<&str>) -> Lane {
        url.filter(|_| self.is_direct).map(Lane::to).unwrap_or_default()
    }

    fn enqueue(self: &Rc<Self>, job: Job<InHand>) {
        let mut memory = self.memory.borrow_mut();
        let started = memory.gate.push(job, edge::now());
        let is_line = memory.gate.is_ordered();
        drop(memory);
        if let Some(job) = started {
            self.start(job);
        } else if is_line {
            self.start_senders();
        }
    }

    /// Sends `job` now, and after it what else waits.
    fn start(self: &Rc<Self>, job: Job<InHand>) {
        let inner = self.clone();
        edge::task::spawn(async move { inner.send_all(job).await });
    }

    fn start_senders(self: &Rc<Self>) {
        for _ in 0..sender::PER_WAKE {
            let job = self.next_job();
            match job {
                Some(job) => self.start(job),
                None => return,
            }
        }
    }

    async fn test(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let prepared = self.prepared().await?;
        if prepared.destination.status == Status::Deleted {
            return Err(Problem::not_found("subscription"));
        }
        self.check(&prepared)?;
        let mut fields = Fields::parse_optional(body)?;
        let kind = fields.take::<String>("type", "must be a string").unwrap_or_else(|| "webhook.test".into());
        if !is_type(&kind) {
            fields.fault("type", TYPE_FAULT);
        } else if signal::is_own(&kind) && !self.is_operators() {
            fields.fault("type", signal::TYPE_FAULT);
        }
        let sample = RawValue::from_string(r#"{"message":"This is a test event."}"#.into()).ok();
        let data = fields.raw("data").or(sample.as_deref()).unwrap_or(RawValue::NULL);
        fields.finish()?;
        let place = place_of(&self.name).ok_or_else(|| Problem::not_found("subscription"))?;
        let now = edge::now();
        let id = Id::new(now, edge::random_id(), place);
        let (event_id, delivery_id) = (id.with(EVENT), id.with(DELIVERY));
        let facts = Facts {
            event_id: &event_id,
            event_type: &kind,
            occurred_at: now,
            data,
            delivery_id: &delivery_id,
            subscription_id: prepared.subscription(),
        };
        let rendered = prepared.profile.body.render(&facts, RENDERED_LIMIT).ok_or_else(|| {
            Problem::invalid(vec![Fault { pointer: "/data".into(), detail: "is too large for the profile".into() }])
        })?;
        let target =
            Target { id: delivery_id.clone(), subscription: prepared.destination.subscription.clone(), source: None };
        let about = About { occurred_at: now, deliveries: vec![target], ..About::default() };
        let about = serde_json::value::to_raw_value(&about).map_err(|error| Problem::not_json(error.to_string()))?;
        let append =
            Append { about: Some(&about), ..Append::new(id.as_str(), &kind, rendered.bytes.len(), rendered.data) };
        let bytes = Uint8Array::from(rendered.bytes.as_slice());
        let spare = Uint8Array::from(data.get().as_bytes());
        let row = log::NewRow {
            id,
            append: &append,
            progress: Progress::accepted(None),
            attempts_planned: 1,
            test: true,
            body: &bytes,
            about: Some(about.get()),
            data: rendered.data.is_none().then_some(&spare),
        };
        self.log.insert(&row).map_err(storage)?;
        self.wake_at(now.saturating_add(WATCH));
        let in_hand = Some(InHand::new(&append, bytes, &rendered.bytes, 0));
        let job = Job { id, trigger: Trigger::Test, lane: Lane::default(), in_hand };
        let report = self.attempt(&job).await?;
        Reply::ok(&report)
    }
}

fn read_destination(json: &str) -> Result<Destination, Problem> {
    serde_json::from_str(json).map_err(|error| Problem::not_json(error.to_string()))
}

/// Objects are named by their application and their place in it.
fn place_of(name: &str) -> Option<Place> {
    Place::parse(name.split_once('/')?.1)
}
