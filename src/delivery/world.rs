//! A world to try the state machine and the gate in: a subscription, the objects that share its deliveries, a receiver
//! that is up or down, machines that die, a clock that jumps.
//!
//! What is decided is decided by the code itself: the life of a delivery ([`Progress`]), the gate of each object, what the
//! application makes of a report. The world is what the shell is: rows that outlive a crash, memory that does not, alarms.

use std::collections::HashMap;

use super::*;
use crate::destination::Rules;
use crate::id::{DELIVERY, Id, Place};
use crate::profile::{self, Profile};
use crate::subscription::{Context, MAX_CONCURRENCY, Pace, Status, Subscription};

/// As the object's own.
const WATCH: Millis = 10_000;

pub const PATIENCE_HERE: Patience = Patience { spared_after: 20_000, disabled_after: 600_000 };

/// A delivery as the log has it.
pub struct Row {
    pub id: Id,
    pub progress: Progress,
    asked: u32,
    /// How often the receiver took it.
    received: u32,
    /// How often it may have come once more: it was not recorded, or a person asked for it.
    more: u32,
    cancelled: bool,
    gone: bool,
}

/// An attempt that was handed out.
struct Flight {
    job: Job<()>,
    /// When its turn comes; none: it is sent.
    until: Option<Millis>,
    /// Whether it is the one to see by.
    probe: bool,
    /// Whether there was a line when it was sent.
    in_line: bool,
}

/// What an object was told.
#[derive(Clone, Copy, PartialEq)]
struct Told {
    status: Status,
    pace: Pace,
    resumed_at: Option<Millis>,
}

pub struct Object {
    place: Place,
    // What outlives a crash. Rows stand in the order of their arrival.
    pub rows: Vec<Row>,
    told: Told,
    kept: Option<String>,
    unheard: Option<String>,
    alarm: Option<Millis>,
    // What does not.
    gate: Gate<()>,
    flights: Vec<Flight>,
    own_alarm: Option<Millis>,
    awake: bool,
    prepared: bool,
    // What is observed.
    turns: Vec<Millis>,
}

/// How much of what is to be tried was met.
#[derive(Debug, Default)]
pub struct Met {
    pub opened: u64,
    pub closed: u64,
    pub disabled: u64,
    pub in_line: u64,
    pub turns: u64,
    pub failed: u64,
    pub crashes: u64,
    pub spread: u64,
}

impl Met {
    pub fn add(&mut self, other: &Met) {
        self.opened += other.opened;
        self.closed += other.closed;
        self.disabled += other.disabled;
        self.in_line += other.in_line;
        self.turns += other.turns;
        self.failed += other.failed;
        self.crashes += other.crashes;
        self.spread += other.spread;
    }
}

pub struct World {
    pub now: Millis,
    schedule: Retry,
    subscription: Subscription,
    base: Place,
    pub objects: Vec<Object>,
    /// The delivery objects' alarms.
    bells: HashMap<Id, Millis>,
    events: Vec<Id>,
    pub is_up: bool,
    pub met: Met,
}

/// What may happen.
#[derive(Debug, Clone)]
pub enum Step {
    /// An event is accepted, its first attempt to be made so much later.
    Append(Millis),
    /// The producer posts one again.
    Repeat(usize),
    /// The attempt under way at this index ends so.
    Answer(usize, usize, u16),
    /// The receiver takes it, and the machine dies before that is recorded.
    TakenAndCrash(usize, usize),
    Crash(usize),
    /// The clock moves, also back.
    Clock(Millis),
    /// An alarm rings, in time or late.
    Alarm(usize),
    Bell(usize),
    /// The world runs on for so many events.
    Run(usize),
    Weather(bool),
    Pause,
    Resume,
    Pace(Pace),
    Shards(u32),
    Cancel(usize, usize),
    ByHand(usize, usize),
    /// What failed is to be tried anew.
    Recover(usize, usize),
}

fn pick(index: usize, length: usize) -> Option<usize> {
    index.checked_rem(length)
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered { status, retry_after: None }
}

impl World {
    pub fn new(delays: &[f64]) -> Self {
        let find = |_: &str| -> Option<Profile> { profile::find("standard").cloned() };
        let to_ascii = |_: &str| None;
        let rules = Rules { allow_private: false, to_ascii };
        let context =
            Context { now: 0, random: [7; 32], rules, default_profile: "standard", profile: &find, signals: false };
        let base = Place::for_subscription(u32::MAX);
        let id = Id::new(1, 1, base).with("sub_");
        let subscription = Subscription::create(id, br#"{"url":"https://example.com/"}"#, &context).unwrap();
        World {
            now: 1_800_000_000_000,
            schedule: Retry { delays: delays.to_vec(), jitter: 0.0 },
            subscription,
            base,
            objects: Vec::new(),
            bells: HashMap::new(),
            events: Vec::new(),
            is_up: true,
            met: Met::default(),
        }
    }

    fn told(&self) -> Told {
        let Subscription { status, pace, shards, resumed_at, .. } = self.subscription;
        Told { status, pace: pace.shared_by(shards), resumed_at }
    }

    /// Which object is at a place; it is made where there is none.
    fn at(&mut self, place: Place) -> usize {
        if let Some(at) = self.objects.iter().position(|object| object.place == place) {
            return at;
        }
        let told = self.told();
        self.objects.push(Object {
            place,
            rows: Vec::new(),
            told,
            kept: None,
            unheard: None,
            alarm: None,
            gate: Gate::new(true, PATIENCE_HERE),
            flights: Vec::new(),
            own_alarm: None,
            awake: false,
            prepared: false,
            turns: Vec::new(),
        });
        self.met.spread += u64::from(self.objects.len() == 2);
        self.objects.len() - 1
    }

    /// The application tells all objects.
    fn push(&mut self) {
        let told = self.told();
        for at in 0..self.objects.len() {
            self.wake(at);
            self.adopt(at, told);
            self.pump(at);
            self.look_again(at);
        }
    }

    pub fn apply(&mut self, step: &Step) {
        match *step {
            Step::Append(ahead) => {
                let id =
                    Id::new(self.now, (self.events.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15), self.base);
                let id = id.sharded(self.base, self.subscription.shards);
                if self.subscription.status != Status::Disabled {
                    self.events.push(id);
                    self.append(id, self.now + ahead);
                }
            }
            Step::Repeat(index) => {
                if let Some(at) = pick(index, self.events.len()) {
                    self.append(self.events[at], self.now);
                }
            }
            Step::Answer(object, index, status) => {
                if let Some((at, flight)) = self.sent(object, index) {
                    self.answer(at, flight, status);
                }
            }
            Step::TakenAndCrash(object, index) => {
                if let Some((at, flight)) = self.sent(object, index) {
                    let id = self.objects[at].flights[flight].job.id;
                    let row = self.row(at, id);
                    row.received += 1;
                    row.more += 1;
                    self.crash(at);
                }
            }
            Step::Crash(object) => {
                if let Some(at) = pick(object, self.objects.len()) {
                    self.crash(at);
                }
            }
            Step::Clock(by) => {
                self.now = (self.now + by).max(1_000);
                if by < 0 {
                    self.objects.iter_mut().for_each(|object| object.turns.clear());
                }
                self.sleepers();
            }
            Step::Alarm(object) => {
                if let Some(at) = pick(object, self.objects.len())
                    && self.objects[at].alarm.is_some_and(|alarm| alarm <= self.now)
                {
                    self.alarm(at);
                }
            }
            Step::Bell(index) => {
                let mut bells: Vec<Id> = self.bells.keys().copied().collect();
                bells.sort_unstable();
                if let Some(at) = pick(index, bells.len()) {
                    self.ring(bells[at]);
                }
            }
            Step::Run(events) => {
                for _ in 0..events {
                    if !self.run() {
                        break;
                    }
                }
            }
            Step::Weather(is_up) => self.is_up = is_up,
            Step::Pause => {
                self.subscription.status = Status::Paused;
                self.push();
            }
            Step::Resume => {
                self.subscription.status = Status::Active;
                self.subscription.disabled_reason = None;
                self.subscription.forgive(self.now);
                self.push();
                let circuit = |object: &Object| object.gate.health(self.now, 0).circuit;
                assert!(self.objects.iter().all(|object| circuit(object) == Circuit::Closed), "it was resumed");
            }
            Step::Pace(pace) => {
                if pace.ordered {
                    self.subscription.shards = 1;
                }
                self.subscription.pace = pace;
                self.push();
            }
            Step::Shards(shards) => {
                self.subscription.shards = shards;
                self.subscription.pace.ordered &= shards == 1;
                self.push();
            }
            Step::Cancel(object, index) => {
                if let Some((at, row)) = self.any_row(object, index)
                    && let Some(progress) = self.objects[at].rows[row].progress.cancel(self.now)
                {
                    self.wake(at);
                    let object = &mut self.objects[at];
                    object.rows[row].progress = progress;
                    object.rows[row].cancelled = true;
                    if object.gate.is_ordered() {
                        object.gate.more_in_log();
                        self.pump(at);
                        self.look_again(at);
                    }
                }
            }
            Step::ByHand(object, index) => {
                if let Some((at, row)) = self.any_row(object, index) {
                    self.wake(at);
                    self.prepare(at);
                    self.objects[at].rows[row].asked += 1;
                    self.objects[at].rows[row].more += 1;
                    self.wake_at(at, self.now + WATCH);
                    self.enqueue(at, self.objects[at].rows[row].id, Trigger::Manual);
                }
            }
            Step::Recover(object, index) => {
                if let Some((at, row)) = self.any_row(object, index)
                    && self.objects[at].rows[row].progress.stage == Stage::Failed
                {
                    self.wake(at);
                    self.prepare(at);
                    let row = &mut self.objects[at].rows[row];
                    let next_at = Some(self.now);
                    row.progress =
                        Progress { stage: Stage::Due, tries: 0, next_at, completed_at: None, ..row.progress };
                    self.objects[at].gate.more_in_log();
                    self.pump(at);
                    self.look_again(at);
                }
            }
        }
    }

    fn any_row(&self, object: usize, index: usize) -> Option<(usize, usize)> {
        let at = pick(object, self.objects.len())?;
        Some((at, pick(index, self.objects[at].rows.len())?))
    }

    fn sent(&self, object: usize, index: usize) -> Option<(usize, usize)> {
        let at = pick(object, self.objects.len())?;
        let flights = &self.objects[at].flights;
        let sent: Vec<usize> = (0..flights.len()).filter(|at| flights[*at].until.is_none()).collect();
        Some((at, sent[pick(index, sent.len())?]))
    }

    fn row(&mut self, at: usize, id: Id) -> &mut Row {
        self.objects[at].rows.iter_mut().find(|row| row.id == id).unwrap()
    }

    // What the shell does.

    /// Once in the life of an instance.
    fn wake(&mut self, at: usize) {
        let now = self.now;
        let object = &mut self.objects[at];
        if std::mem::replace(&mut object.awake, true) {
            return;
        }
        object.gate.restore(object.kept.as_deref());
        for row in object.rows.iter_mut().filter(|row| row.progress.stage == Stage::Fresh) {
            let next_at = Some(row.progress.next_at.unwrap_or(0).max(now));
            row.progress = Progress { stage: Stage::Due, next_at, ..row.progress };
        }
        if self.owed(at) != (false, None) {
            self.objects[at].gate.more_in_log();
            self.wake_at(at, now);
        }
    }

    fn owed(&self, at: usize) -> (bool, Option<Millis>) {
        let rows = &self.objects[at].rows;
        let due = |row: &&Row| row.progress.stage == Stage::Due;
        let is_owed = rows.iter().any(|row| row.asked > 0)
            || rows.iter().filter(due).any(|row| row.progress.next_at.unwrap() <= self.now);
        let later = rows.iter().filter(due).filter_map(|row| row.progress.next_at).filter(|next| *next > self.now);
        (is_owed, later.min())
    }

    fn first(&self, at: usize) -> Option<(Id, Stage, Option<Millis>)> {
        let is_in_line = |row: &&Row| {
            let Progress { stage, tries, next_at, .. } = row.progress;
            matches!(stage, Stage::Waiting | Stage::Due) && !(tries == 0 && next_at.unwrap_or(0) > self.now)
        };
        let row = self.objects[at].rows.iter().find(is_in_line)?;
        Some((row.id, row.progress.stage, row.progress.next_at))
    }

    fn wake_at(&mut self, at: usize, time: Millis) {
        let now = self.now;
        let object = &mut self.objects[at];
        if object.own_alarm.is_none_or(|standing| standing > time) {
            object.own_alarm = Some(time);
            object.alarm = Some(time.max(now + 1));
        }
    }

    fn look_again(&mut self, at: usize) {
        if let Some(time) = self.objects[at].gate.look_again(self.now, WATCH) {
            self.wake_at(at, time);
        }
    }

    fn prepare(&mut self, at: usize) {
        if std::mem::replace(&mut self.objects[at].prepared, true) {
            return;
        }
        self.obey(at);
    }

    fn obey(&mut self, at: usize) {
        let now = self.now;
        let object = &mut self.objects[at];
        if object.gate.obey(object.told.pace, object.told.status == Status::Active) {
            for row in object.rows.iter_mut().filter(|row| row.progress.stage == Stage::Fresh) {
                let next_at = Some(row.progress.next_at.unwrap_or(0).max(now));
                row.progress = Progress { stage: Stage::Due, next_at, ..row.progress };
            }
        }
    }

    fn adopt(&mut self, at: usize, told: Told) {
        self.prepare(at);
        let now = self.now;
        let before = std::mem::replace(&mut self.objects[at].told, told);
        if before.pace != told.pace {
            self.objects[at].turns.clear();
            self.wake_at(at, now + WATCH);
        }
        self.obey(at);
        let object = &mut self.objects[at];
        if before.resumed_at != told.resumed_at && object.gate.forgive() {
            object.kept = object.gate.kept();
        }
        if told.status == Status::Active {
            let held = object.rows.iter_mut().filter(|row| row.progress.stage == Stage::Held);
            let released = held.map(|row| {
                let next_at = Some(row.progress.next_at.unwrap_or(0).max(now));
                row.progress = Progress { stage: Stage::Due, next_at, ..row.progress };
            });
            if released.count() > 0 {
                object.gate.more_in_log();
                self.wake_at(at, now + WATCH);
            }
        }
    }

    fn append(&mut self, id: Id, first_at: Millis) {
        let at = self.at(id.place());
        let now = self.now;
        self.wake(at);
        self.prepare(at);
        let object = &mut self.objects[at];
        if object.rows.iter().any(|row| row.id == id) {
            return;
        }
        let mut progress = Progress::accepted((first_at > now).then_some(first_at));
        progress.stage = match object.told.status {
            Status::Active => object.gate.arrival(now),
            _ => Stage::Held,
        };
        if progress.stage == Stage::Due {
            progress.next_at = Some(first_at);
        }
        object.rows.push(Row { id, progress, asked: 0, received: 0, more: 0, cancelled: false, gone: false });
        match progress.stage {
            Stage::Fresh => {
                self.enqueue(at, id, Trigger::Schedule);
                self.wake_at(at, now + WATCH);
            }
            Stage::Due => {
                object.gate.more_in_log();
                if object.gate.is_ordered() {
                    self.pump(at);
                }
                self.look_again(at);
                if first_at > now {
                    self.wake_at(at, first_at);
                }
            }
            _ => {}
        }
    }

    fn enqueue(&mut self, at: usize, id: Id, trigger: Trigger) {
        let (now, gate) = (self.now, &mut self.objects[at].gate);
        match gate.push(Job { id, trigger, lane: Lane::default(), in_hand: None }, now) {
            Some(job) => {
                self.start(at, job);
            }
            None if gate.is_ordered() => self.pump(at),
            None => {}
        }
    }

    /// Starts what may start.
    fn pump(&mut self, at: usize) {
        // More would be a loop that never ends.
        for _ in 0..1_000 {
            let asked: Vec<Id> = self.objects[at].rows.iter().filter(|row| row.asked > 0).map(|row| row.id).collect();
            let first = self.first(at);
            let now = self.now;
            let mut wait = None;
            let Object { gate, rows, .. } = &mut self.objects[at];
            if gate.asks_for_manual() {
                gate.refill(asked.into_iter().map(|id| (id, Trigger::Manual, Lane::default())));
            }
            match gate.ask(now) {
                Some(Ask::Due(_)) => {
                    let due = rows.iter().filter(|row| row.progress.stage == Stage::Due);
                    let mut due: Vec<(Millis, Id)> = due.map(|row| (row.progress.next_at.unwrap(), row.id)).collect();
                    due.retain(|(next_at, _)| *next_at <= now);
                    due.sort_unstable();
                    gate.refill(due.into_iter().map(|(_, id)| (id, Trigger::Schedule, Lane::default())));
                }
                Some(Ask::First) => wait = gate.take_first(first, now),
                None => {}
            }
            let job = gate.pop(now);
            if let Some(time) = wait {
                self.wake_at(at, time);
            }
            let goes_on = job.is_some_and(|job| self.start(at, job));
            if !goes_on {
                return;
            }
        }
        panic!("it goes round and round");
    }

    /// Takes the turn of a job, and sends it when that has come. Whether anybody goes on after it.
    fn start(&mut self, at: usize, job: Job<()>) -> bool {
        self.prepare(at);
        let (now, object) = (self.now, &mut self.objects[at]);
        let most = object.told.pace.concurrency.unwrap_or(MAX_CONCURRENCY) as usize;
        assert!(object.flights.len() < most, "more at once than {most}");
        let has_turn = object.told.pace.rate_limit.filter(|_| !job.is_manual() && object.told.status == Status::Active);
        match object.gate.turn(&job, now) {
            Ok(wait) => {
                if let Some(limit) = has_turn {
                    let turn = now + wait;
                    object.turns.push(turn);
                    self.met.turns += 1;
                    for (count, earlier) in object.turns.iter().rev().take(30).enumerate() {
                        // The clock shows whole milliseconds.
                        let most = limit.per_second * ((turn - earlier + 1) as f64 / 1000.0) + 1.0;
                        assert!(
                            (count + 1) as f64 <= most + 1e-6,
                            "{} since {earlier} at {turn}, not {most}",
                            count + 1
                        );
                    }
                }
                match wait {
                    0 => self.depart(at, job),
                    _ => object.flights.push(Flight { job, until: Some(now + wait), probe: false, in_line: false }),
                }
                true
            }
            Err(time) => {
                object.gate.put_back(job);
                self.wake_at(at, time);
                false
            }
        }
    }

    /// The turns of those that wait for one have come.
    fn sleepers(&mut self) {
        for at in 0..self.objects.len() {
            while let Some(index) = (0..self.objects[at].flights.len())
                .find(|index| self.objects[at].flights[*index].until.is_some_and(|until| until <= self.now))
            {
                let flight = self.objects[at].flights.remove(index);
                self.depart(at, flight.job);
                self.pump(at);
            }
        }
    }

    /// Its turn has come: it is sent, unless something stands against it.
    fn depart(&mut self, at: usize, job: Job<()>) {
        let (now, id) = (self.now, job.id);
        if !self.objects[at].gate.still_admits(&job) {
            self.objects[at].gate.put_back(job);
            return self.look_again(at);
        }
        let first = self.first(at).map(|(first, ..)| first);
        let status = self.objects[at].told.status;
        let must_be_first = self.objects[at].gate.must_be_first(&job);
        let row = self.row(at, id);
        let wanted = match job.trigger {
            Trigger::Manual => row.asked > 0,
            _ if !matches!(row.progress.stage, Stage::Fresh | Stage::Due) => false,
            _ if status != Status::Active => {
                row.progress.stage = Stage::Held;
                false
            }
            _ if must_be_first && first != Some(id) => false,
            _ => match row.progress.next_at.filter(|next| *next > now) {
                Some(next) => {
                    let progress = row.progress.waiting(next, now);
                    let progress = self.keep(at, id, progress);
                    self.row(at, id).progress = progress;
                    false
                }
                None => true,
            },
        };
        if !wanted {
            return self.objects[at].gate.finished(&job);
        }
        let probe = if job.is_manual() { false } else { self.observe_departure(at, id) };
        let in_line = !job.is_manual() && self.objects[at].told.pace.ordered;
        self.objects[at].flights.push(Flight { job, until: None, probe, in_line });
    }

    /// What must hold whenever an attempt by schedule goes out.
    fn observe_departure(&mut self, at: usize, id: Id) -> bool {
        let object = &self.objects[at];
        let others = || object.flights.iter().filter(|flight| !flight.job.is_manual());
        if object.told.pace.ordered {
            assert!(others().all(|flight| !flight.in_line), "one at a time");
            let earlier = object.rows.iter().take_while(|row| row.id != id).find(|row| {
                let Progress { stage, tries, next_at, .. } = row.progress;
                stage.is_pending() && (tries > 0 || next_at.is_none_or(|next_at| next_at <= self.now))
            });
            assert!(earlier.is_none(), "{:?} stands before {id:?}", earlier.map(|row| row.progress));
            self.met.in_line += 1;
        }
        match object.gate.health(self.now, 0).circuit {
            Circuit::Closed => false,
            Circuit::Open => panic!("it is spared"),
            Circuit::HalfOpen => {
                assert!(others().all(|flight| !flight.probe), "one to see by");
                true
            }
        }
    }

    fn keep(&mut self, at: usize, id: Id, progress: Progress) -> Progress {
        let Some(next_at) = progress.next_at else { return progress };
        if progress.stage == Stage::Waiting && !self.objects[at].gate.is_ordered() {
            self.bells.insert(id, next_at);
            return progress;
        }
        self.wake_at(at, next_at);
        Progress { stage: Stage::Due, ..progress }
    }

    fn answer(&mut self, at: usize, flight: usize, status: u16) {
        let now = self.now;
        let Flight { job, .. } = self.objects[at].flights.remove(flight);
        let schedule = self.schedule.clone();
        let row = self.row(at, job.id);
        let settled = row.progress.settle(job.trigger, answered(status), &schedule, now, 0.5);
        row.received += u32::from((200..300).contains(&status));
        row.gone |= settled.gone;
        if job.is_manual() {
            row.asked = row.asked.saturating_sub(1);
        }
        let mut progress = settled.progress;
        if !job.is_manual() && progress.next_at.is_some() {
            progress = self.keep(at, job.id, progress);
        }
        self.row(at, job.id).progress = progress;
        let object = &mut self.objects[at];
        let verdict = object.gate.outcome(job.id, job.trigger, answered(status), progress.stage, now);
        if verdict.to_be_kept {
            object.kept = object.gate.kept();
        }
        self.met.failed += u64::from(progress.stage == Stage::Failed);
        if let Some(condition) = verdict.report {
            self.met.opened += u64::from(condition == Condition::Failing);
            self.met.closed += u64::from(condition == Condition::Recovered);
            self.note(at, condition);
        }
        if (settled.gone || verdict.disable) && self.objects[at].told.status == Status::Active {
            let told = Told { status: Status::Disabled, ..self.objects[at].told };
            self.adopt(at, told);
            self.note(at, Condition::Disabled);
            self.met.disabled += 1;
        }
        self.objects[at].gate.finished(&job);
        if self.objects[at].gate.is_sparing() {
            self.look_again(at);
        }
        self.pump(at);
    }

    fn note(&mut self, at: usize, status: Condition) {
        let object = &mut self.objects[at];
        let mut unheard = object.unheard.as_deref().map(Unheard::restore).unwrap_or_default();
        let since = object.gate.failing_since();
        unheard.add(Report { status, reason: None, since, resumed_at: object.told.resumed_at });
        object.unheard = unheard.kept();
        self.wake_at(at, self.now + WATCH);
    }

    /// The application hears of it, and tells everybody.
    fn tell(&mut self, at: usize) {
        while let Some(text) = self.objects[at].unheard.clone() {
            let mut unheard = Unheard::restore(&text);
            let report = unheard.first().unwrap().clone();
            let before = self.subscription.status;
            self.subscription.hear(self.objects[at].place.as_str(), &report, self.now);
            unheard.heard(&report);
            self.objects[at].unheard = unheard.kept();
            if self.subscription.status != before {
                self.push();
            }
        }
    }

    /// The alarm of an object rings.
    fn alarm(&mut self, at: usize) {
        self.objects[at].alarm = None;
        self.objects[at].own_alarm = None;
        self.wake(at);
        self.prepare(at);
        self.tell(at);
        let (owed, next) = self.owed(at);
        if owed {
            self.objects[at].gate.more_in_log();
        }
        if let Some(next) = next {
            self.wake_at(at, next);
        }
        self.pump(at);
        self.look_again(at);
    }

    /// The alarm of a delivery's own object rings, in time, early or again.
    fn ring(&mut self, id: Id) {
        let at = self.at(id.place());
        self.wake(at);
        let is_active = !self.objects[at].prepared || self.objects[at].told.status == Status::Active;
        let now = self.now;
        let row = self.row(at, id);
        match row.progress.ring(now, is_active) {
            Ring::Again(time) => {
                self.bells.insert(id, time);
            }
            Ring::Done(moved) => {
                if let Some(progress) = moved {
                    row.progress = progress;
                    if progress.stage == Stage::Due {
                        self.wake_at(at, now + WATCH);
                        self.enqueue(at, id, Trigger::Schedule);
                    }
                }
                self.bells.remove(&id);
            }
        }
    }

    fn crash(&mut self, at: usize) {
        self.met.crashes += 1;
        let object = &mut self.objects[at];
        object.gate = Gate::new(true, PATIENCE_HERE);
        object.flights.clear();
        object.own_alarm = None;
        object.awake = false;
        object.prepared = false;
        object.turns.clear();
    }

    /// The next thing happens that is to happen; whether there was one.
    pub fn run(&mut self) -> bool {
        for at in 0..self.objects.len() {
            if let Some(flight) = self.objects[at].flights.iter().position(|flight| flight.until.is_none()) {
                self.now += 7;
                self.answer(at, flight, if self.is_up { 200 } else { 500 });
                self.sleepers();
                return true;
            }
        }
        let alarms = self.objects.iter().filter_map(|object| object.alarm);
        let turns = self.objects.iter().flat_map(|object| &object.flights).filter_map(|flight| flight.until);
        let Some(next) = alarms.chain(turns).chain(self.bells.values().copied()).min() else { return false };
        self.now = self.now.max(next);
        self.sleepers();
        let mut bells: Vec<Id> = self.bells.iter().filter(|(_, at)| **at <= self.now).map(|(id, _)| *id).collect();
        bells.sort_unstable();
        bells.into_iter().for_each(|id| self.ring(id));
        for at in 0..self.objects.len() {
            if self.objects[at].alarm.is_some_and(|alarm| alarm <= self.now) {
                self.alarm(at);
            }
        }
        true
    }

    // What must always hold.

    pub fn check(&self) {
        for object in &self.objects {
            let is_active = object.told.status == Status::Active;
            let mut owes = false;
            for Row { id, progress, received, more, cancelled, gone, asked } in &object.rows {
                let name = || format!("{}: {progress:?}", id.with(DELIVERY));
                match progress.stage {
                    Stage::Fresh => {
                        let is_known = !object.awake || object.gate.knows(*id, Trigger::Schedule);
                        assert!(is_known && object.alarm.is_some(), "{} is owed and nobody knows", name());
                    }
                    Stage::Due => owes = true,
                    Stage::Waiting => assert!(self.bells.contains_key(id), "{} waits for no alarm", name()),
                    Stage::Held => assert!(!is_active, "{} is held by nobody", name()),
                    Stage::Delivered => assert!(*received > 0, "{} was never received", name()),
                    Stage::Failed => {
                        assert!(*gone || progress.tries >= self.schedule.attempts(), "{} failed early", name());
                    }
                    Stage::Cancelled => assert!(*cancelled),
                }
                assert!(*received <= 1 + *more, "{} came {received} times", name());
                assert!(*asked == 0 || object.alarm.is_some(), "{} was asked for, and nobody knows", name());
                assert_eq!(progress.stage.is_pending(), progress.completed_at.is_none(), "{}", name());
                assert!(progress.tries <= self.schedule.attempts() && progress.tries <= progress.count);
            }
            let is_behind_a_bell = |place: usize| {
                object.told.pace.ordered && self.first(place).is_some_and(|(_, stage, _)| stage == Stage::Waiting)
            };
            if owes && is_active && object.alarm.is_none() {
                let place = self.objects.iter().position(|other| other.place == object.place).unwrap();
                assert!(is_behind_a_bell(place), "something is owed at {:?}, and nobody wakes", object.place);
            }
            assert!(object.unheard.is_none() || object.alarm.is_some(), "a report that nobody makes");
            if object.told.status == Status::Disabled && self.subscription.status == Status::Active {
                assert!(object.unheard.is_some(), "the application does not know that it is disabled");
            }
        }
        let rows: usize = self.objects.iter().map(|object| object.rows.len()).sum();
        assert_eq!(rows, self.events.len(), "each is there once");
    }

    /// What nobody has stopped has to come to its end without anybody's help.
    pub fn resume_if_stopped(&mut self) {
        let is_stopped = |object: &Object| object.told.status != Status::Active;
        if self.subscription.status != Status::Active || self.objects.iter().any(is_stopped) {
            self.apply(&Step::Resume);
        }
    }

    pub fn is_over(&self) -> bool {
        self.objects
            .iter()
            .flat_map(|object| &object.rows)
            .all(|row| !row.progress.stage.is_pending() && row.asked == 0)
    }
}
