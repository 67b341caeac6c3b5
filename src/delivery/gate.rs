//! Which attempt may go now: the queue of a destination, and everything that can hold it up.
//!
//! An attempt by schedule goes when there is room for it (`concurrency`), when its turn has come (`rateLimit`), when it is
//! the first in line (`ordered`), and while the destination is not being spared (the breaker). One that a person asked for
//! waits for room alone. What a paused or disabled destination holds up goes through here without waiting: it is not sent.
//!
//! The gate lives in memory, and decides; the log keeps. In ordered mode the log is the line: nothing waits in memory, and
//! the log is asked for the first in line each time that nothing is under way.

use super::breaker::{Breaker, Patience};
use super::queue::{Job, Lane, Queue, Room, WAITING};
use super::report::{Condition, Health};
use super::{Outcome, Stage, Trigger};
use crate::id::Id;
use crate::subscription::{MAX_CONCURRENCY, Pace};
use crate::time::Millis;

/// A turn that is further away than this is waited for by an alarm and not by a sender.
pub const PATIENCE: Millis = 5_000;

/// What the log is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// What is due, the longest first, at most so many.
    Due(u32),
    /// The first in line.
    First,
}

/// What an attempt's end comes to for the destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is kept of its failures is another now: [`Gate::kept`].
    pub to_be_kept: bool,
    /// What the application is to hear.
    pub report: Option<Condition>,
    /// It is to be disabled.
    pub disable: bool,
}

/// The gate.
#[derive(Debug)]
pub struct Gate<T> {
    queue: Queue<T>,
    pace: Pace,
    /// Whether deliveries go out at all.
    is_active: bool,
    /// The last turn that was taken, and the part of a millisecond that it came later: turns come closer than that.
    last_turn: Option<(Millis, f64)>,
    breaker: Breaker,
    /// Whether there is one destination, which can be spared; else there are many.
    is_one: bool,
    patience: Patience,
}

impl<T> Gate<T> {
    /// An open one; `is_one` says whether it leads to one destination.
    pub fn new(is_one: bool, patience: Patience) -> Self {
        Gate {
            queue: Queue::default(),
            pace: Pace::default(),
            is_active: true,
            last_turn: None,
            breaker: Breaker::default(),
            is_one,
            patience,
        }
    }

    /// Takes over what was kept of the destination's failures.
    pub fn restore(&mut self, kept: Option<&str>) {
        self.breaker = kept.and_then(Breaker::restore).unwrap_or_default();
    }

    /// What is to be kept of the destination's failures, if anything is.
    pub fn kept(&self) -> Option<String> {
        self.breaker.kept()
    }

    /// Whether there is only one destination.
    pub fn is_one(&self) -> bool {
        self.is_one
    }

    /// Goes by this pace from now on. Whether the log becomes the line: then whatever has not left it is to stand there.
    pub fn obey(&mut self, pace: Pace, is_active: bool) -> bool {
        let lines_up = pace.ordered && !self.pace.ordered;
        if lines_up {
            self.queue.leave_to_log();
        } else if (pace, is_active) != (self.pace, self.is_active) {
            // What had to wait until now may not have to any more.
            self.queue.more_in_log();
        }
        self.pace = pace;
        self.is_active = is_active;
        lines_up
    }

    /// Whether deliveries go out one by one, in the order of their acceptance.
    pub fn is_ordered(&self) -> bool {
        self.pace.ordered
    }

    /// Somebody says that the destination is well. Whether anything else was known.
    pub fn forgive(&mut self) -> bool {
        self.queue.more_in_log();
        self.breaker.succeeded().to_be_kept
    }

    /// How a delivery that is accepted now is stored: in hand, or for the log to tell of.
    pub fn arrival(&self, now: Millis) -> Stage {
        let waits = self.is_ordered() || self.queue.is_full() || !self.breaker.admits(now);
        if waits { Stage::Due } else { Stage::Fresh }
    }

    /// Takes a job in. If it may go now it is handed back, to be sent.
    pub fn push(&mut self, job: Job<T>, now: Millis) -> Option<Job<T>> {
        if self.is_ordered() && !job.is_manual() {
            // Where it stands in line is the log's to say.
            self.queue.more_in_log();
            return None;
        }
        let room = self.room(now);
        let job = self.queue.push(job, room)?;
        Some(self.started(job))
    }

    /// The next job that may go.
    pub fn pop(&mut self, now: Millis) -> Option<Job<T>> {
        let room = self.room(now);
        let job = self.queue.pop(room)?;
        Some(self.started(job))
    }

    /// What the log is to be asked for now, if anything; [`Gate::refill`] takes the answer.
    pub fn ask(&mut self, now: Millis) -> Option<Ask> {
        // Nothing could start: what the log says now would be old by then.
        if self.room(now).scheduled <= self.queue.scheduled() || !self.queue.wants_refill() {
            return None;
        }
        match self.is_ordered() && self.is_active {
            true => Some(Ask::First),
            false => Some(Ask::Due(u32::try_from(WAITING).unwrap_or(u32::MAX))),
        }
    }

    /// Whether the log is to be asked for what persons want.
    pub fn asks_for_manual(&mut self) -> bool {
        self.queue.wants_manual()
    }

    /// Takes in what the log owes.
    pub fn refill(&mut self, owed: impl IntoIterator<Item = (Id, Trigger, Lane)>) {
        self.queue.refill(owed);
    }

    /// Takes in the first in line: which delivery, how far it is, and when it may go. Answers when to ask again, where
    /// that is known here; what waits with a delivery's own alarm is handed back by it.
    pub fn take_first(&mut self, first: Option<(Id, Stage, Option<Millis>)>, now: Millis) -> Option<Millis> {
        match first? {
            (_, Stage::Waiting, _) => None,
            (_, _, Some(at)) if at > now => Some(at),
            (id, ..) => {
                self.queue.refill([(id, Trigger::Schedule, Lane::default())]);
                None
            }
        }
    }

    /// The log has attempts that are owed.
    pub fn more_in_log(&mut self) {
        self.queue.more_in_log();
    }

    /// Takes the next turn under the rate limit for a job that was handed out, and says how far away it is.
    ///
    /// # Errors
    /// The time of that turn, which is not taken, where it is further away than [`PATIENCE`].
    pub fn turn(&mut self, job: &Job<T>, now: Millis) -> Result<Millis, Millis> {
        let limit = self.pace.rate_limit.filter(|_| !job.is_manual() && self.is_active);
        let Some(limit) = limit else { return Ok(0) };
        let interval = 1000.0 / limit.per_second.max(1e-6);
        // How far ahead it is. The clock shows whole milliseconds: what lies in the last one is not over. And no turn is
        // ever taken further ahead than the patience: where one seems to be, the clock was set back.
        let ahead = self.last_turn.map(|(last, part)| last.saturating_sub(now) as f64 + part + interval);
        let ahead = ahead.filter(|ahead| *ahead > -1.0 && *ahead <= PATIENCE as f64 + interval).unwrap_or(0.0);
        let wait = ahead.ceil().max(0.0) as Millis;
        if wait > PATIENCE {
            return Err(now.saturating_add(wait));
        }
        self.last_turn = Some((now.saturating_add(ahead.floor() as Millis), ahead - ahead.floor()));
        Ok(wait)
    }

    /// Whether a job that was handed out may still go, after it has waited for its turn.
    pub fn still_admits(&self, job: &Job<T>) -> bool {
        // Where there was no line yet when it was handed out, others may be under way.
        let is_alone = !self.must_be_first(job) || self.queue.scheduled() <= 1;
        job.is_manual() || !self.is_active || is_alone && self.breaker.still_admits(job.id)
    }

    /// Whether a job must be the first in line to go.
    pub fn must_be_first(&self, job: &Job<T>) -> bool {
        job.trigger == Trigger::Schedule && self.is_ordered() && self.is_active
    }

    /// A job that was handed out can't be done now: it waits at the head of the line.
    pub fn put_back(&mut self, job: Job<T>) {
        if self.is_ordered() && !job.is_manual() {
            self.finished(&job);
            return self.queue.more_in_log();
        }
        self.breaker.not_made(job.id);
        self.queue.put_back(job);
    }

    /// A job that was handed out is over, whatever came of it.
    pub fn finished(&mut self, job: &Job<T>) {
        if !job.is_manual() {
            self.breaker.not_made(job.id);
        }
        self.queue.finished(job);
        if job.is_manual() {
            // Somebody may have asked for another attempt of the same delivery meanwhile.
            self.queue.more_manual_in_log();
        }
        if self.is_ordered() {
            self.queue.more_in_log();
        }
    }

    /// How an attempt went, and what that made of its delivery.
    pub fn outcome(&mut self, id: Id, trigger: Trigger, outcome: Outcome, becomes: Stage, now: Millis) -> Verdict {
        if !self.is_one || trigger == Trigger::Test {
            return Verdict::default();
        }
        if outcome.is_success() {
            let change = self.breaker.succeeded();
            if change.closed {
                self.queue.more_in_log();
            }
            let report = change.closed.then_some(Condition::Recovered);
            return Verdict { to_be_kept: change.to_be_kept, report, disable: false };
        }
        // A person may try what is known not to work, as often as wanted.
        if trigger == Trigger::Manual || !self.is_active {
            return Verdict::default();
        }
        let change = self.breaker.failed(id, now, self.patience);
        let disable = self.breaker.is_hopeless(becomes == Stage::Failed, now, self.patience);
        let report = change.opened.then_some(Condition::Failing);
        Verdict { to_be_kept: change.to_be_kept, report, disable }
    }

    /// When somebody should look after what waits here, where anything does; `watch` is how soon what is under way may
    /// need that, should it be interrupted.
    pub fn look_again(&self, now: Millis, watch: Millis) -> Option<Millis> {
        if !self.queue.is_busy() {
            return None;
        }
        let spared_until = self.breaker.opens_at(now).filter(|_| self.is_active && !self.queue.is_running());
        Some(spared_until.unwrap_or(now.saturating_add(watch)))
    }

    /// Whether the destination is spared.
    pub fn is_sparing(&self) -> bool {
        self.breaker.is_open()
    }

    /// Since when every attempt failed.
    pub fn failing_since(&self) -> Option<Millis> {
        self.breaker.since()
    }

    /// How the destination does, with so many deliveries pending.
    pub fn health(&self, now: Millis, waiting: u64) -> Health {
        Health {
            circuit: self.breaker.circuit(now),
            failing_since: self.breaker.since(),
            consecutive_failures: self.breaker.failures(),
            retry_at: self.breaker.opens_at(now),
            waiting,
        }
    }

    /// Whether a job waits here or is under way.
    pub fn knows(&self, id: Id, trigger: Trigger) -> bool {
        self.queue.knows(id, trigger)
    }

    /// Whether an attempt is under way.
    pub fn is_under_way(&self) -> bool {
        self.queue.is_running()
    }

    fn room(&self, now: Millis) -> Room {
        let at_once = self.pace.concurrency.unwrap_or(MAX_CONCURRENCY).clamp(1, MAX_CONCURRENCY);
        let scheduled = if !self.is_active {
            u32::MAX
        } else if !self.breaker.admits(now) {
            0
        } else if self.is_ordered() {
            1
        } else if self.breaker.is_open() {
            // Besides those that were on their way when it opened.
            self.queue.scheduled().saturating_add(1)
        } else {
            u32::MAX
        };
        Room { at_once, scheduled }
    }

    fn started(&mut self, job: Job<T>) -> Job<T> {
        if !job.is_manual() && self.is_active {
            self.breaker.started(job.id);
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Place;
    use crate::subscription::RateLimit;

    const PATIENT: Patience = Patience { spared_after: 300_000, disabled_after: 432_000_000 };

    fn job(number: u64, trigger: Trigger) -> Job<()> {
        let id = Id::new(1, number, Place::for_subscription(1));
        Job { id, trigger, lane: Lane::default(), in_hand: Some(()) }
    }

    fn at_rate(per_second: f64) -> Gate<()> {
        let mut gate = Gate::new(true, PATIENT);
        gate.obey(Pace { rate_limit: Some(RateLimit { per_second }), ..Pace::default() }, true);
        gate
    }

    #[test]
    fn turns_come_at_their_rate() {
        let mut gate = at_rate(0.5);
        let job = job(0, Trigger::Schedule);
        assert_eq!(gate.turn(&job, 0), Ok(0));
        assert_eq!(gate.turn(&job, 0), Ok(2_000));
        assert_eq!(gate.turn(&job, 0), Ok(4_000));
        assert_eq!(gate.turn(&job, 0), Err(6_000));
        assert_eq!(gate.turn(&job, 1_500), Ok(4_500));
        assert_eq!(gate.turn(&job, 100_000), Ok(0));
        gate.obey(Pace { rate_limit: Some(RateLimit { per_second: 20.0 }), ..Pace::default() }, true);
        assert_eq!(gate.turn(&job, 100_000), Ok(50));
        assert_eq!(gate.turn(&job, 50_000), Ok(0), "a clock that was set back");
    }

    #[test]
    fn rates_that_are_no_whole_milliseconds_are_kept_exactly() {
        for per_second in [0.3, 3.0, 7.0, 300.0, 999.5, 4_000.0, 10_000.0] {
            let mut gate = at_rate(per_second);
            let (mut now, mut count) = (1_800_000_000_000, 0);
            let end = now + 60_000;
            while now < end {
                match gate.turn(&job(0, Trigger::Schedule), now) {
                    Ok(wait) => {
                        now += wait;
                        count += 1;
                    }
                    Err(at) => now = at,
                }
            }
            let meant = per_second * 60.0;
            assert!((f64::from(count) - meant).abs() <= 1.0 + per_second / 1000.0, "{count} and not {meant}");
        }
    }

    #[test]
    fn a_person_waits_for_no_turn_and_for_no_line() {
        let mut gate = at_rate(0.01);
        assert_eq!(gate.turn(&job(0, Trigger::Schedule), 0), Ok(0));
        assert_eq!(gate.turn(&job(1, Trigger::Manual), 0), Ok(0));
        gate.obey(Pace { ordered: true, ..Pace::default() }, true);
        assert!(gate.push(job(2, Trigger::Schedule), 0).is_none());
        assert_eq!(gate.ask(0), Some(Ask::First));
        gate.refill([(job(2, Trigger::Schedule).id, Trigger::Schedule, Lane::default())]);
        let first = gate.pop(0).unwrap();
        assert_eq!(gate.ask(0), None, "one at a time");
        assert!(gate.push(job(3, Trigger::Manual), 0).is_some());
        gate.finished(&first);
        assert_eq!(gate.ask(0), Some(Ask::First));
    }

    #[test]
    fn many_destinations_are_never_spared() {
        let mut gate = Gate::<()>::new(false, PATIENT);
        let failed = Outcome::Answered { status: 500, retry_after: None };
        for now in 0..100 {
            let id = job(0, Trigger::Schedule).id;
            let verdict = gate.outcome(id, Trigger::Schedule, failed, Stage::Due, now * 1_000_000_000);
            assert_eq!(verdict, Verdict::default());
        }
        assert_eq!(gate.arrival(0), Stage::Fresh);
    }

    #[test]
    fn what_is_paused_is_not_kept_waiting_to_be_held() {
        let mut gate = at_rate(0.01);
        gate.turn(&job(0, Trigger::Schedule), 0).unwrap();
        gate.obey(gate.pace, false);
        assert_eq!(gate.turn(&job(1, Trigger::Schedule), 0), Ok(0));
    }
}
