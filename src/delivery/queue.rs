//! Whose turn it is, among the attempts that an object owes.
//!
//! The queue is memory: what does not fit in it, and what a crash takes with it, stands in the log.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::Trigger;
use crate::id::Id;
use crate::time::Millis;

/// How many attempts to one destination may be under way at once: a receiver that hangs holds so many sockets, no more.
pub const AT_ONCE: u32 = 32;
/// How many attempts wait in memory; what is beyond waits in the log.
pub const WAITING: usize = 1_000;
/// A turn that is further away than this is waited for by an alarm and not by a sender.
pub const PATIENCE: Millis = 5_000;

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
#[derive(Debug)]
pub struct Job<T> {
    /// Of which delivery.
    pub id: Id,
    /// Who asked for it.
    pub trigger: Trigger,
    /// With whom it waits in line.
    pub lane: Lane,
    /// What it needs, where it need not be read back from the log.
    pub in_hand: Option<T>,
}

/// The line.
#[derive(Debug)]
pub struct Queue<T> {
    waiting: VecDeque<Job<T>>,
    running: HashMap<Lane, u32>,
    known: HashSet<(Id, Trigger)>,
    more: bool,
    next_turn: Millis,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { waiting: VecDeque::new(), running: HashMap::new(), known: HashSet::new(), more: false, next_turn: 0 }
    }
}

impl<T> Queue<T> {
    /// Takes a job in. If its turn is now it is handed back, to be sent. One that is known already is dropped.
    pub fn push(&mut self, job: Job<T>) -> Option<Job<T>> {
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

    /// The next job whose lane has room.
    pub fn pop(&mut self) -> Option<Job<T>> {
        let at = self.waiting.iter().position(|job| self.has_room(&job.lane))?;
        let job = self.waiting.remove(at)?;
        Some(self.started(job))
    }

    /// A job that was handed out is over.
    pub fn finished(&mut self, job: &Job<T>) {
        self.known.remove(&(job.id, job.trigger));
        if let Some(running) = self.running.get_mut(&job.lane) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.running.remove(&job.lane);
            }
        }
    }

    /// A job that was handed out could not be done now: it goes back to the head of the line.
    pub fn put_back(&mut self, job: Job<T>) {
        self.finished(&job);
        self.known.insert((job.id, job.trigger));
        self.waiting.push_front(Job { in_hand: None, ..job });
    }

    /// The log has attempts that are owed.
    pub fn more_in_log(&mut self) {
        self.more = true;
    }

    /// Whether the log should be asked now. It is asked once, and then fills the line by [`Queue::refill`].
    pub fn wants_refill(&mut self) -> bool {
        self.waiting.is_empty() && std::mem::take(&mut self.more)
    }

    /// Takes in what the log owes, at most [`WAITING`]; with as many as that there may be more.
    pub fn refill(&mut self, owed: impl IntoIterator<Item = (Id, Trigger, Lane)>) {
        let mut count = 0usize;
        for (id, trigger, lane) in owed {
            count = count.saturating_add(1);
            if self.known.insert((id, trigger)) {
                self.waiting.push_back(Job { id, trigger, lane, in_hand: None });
            }
        }
        self.more |= count >= WAITING;
    }

    /// Whether an append should leave its attempt to the log.
    pub fn is_full(&self) -> bool {
        self.more || self.waiting.len() >= WAITING
    }

    /// Whether anything is under way or waits.
    pub fn is_busy(&self) -> bool {
        self.more || !self.known.is_empty()
    }

    /// Takes the next turn under a rate limit, and says how far away it is.
    ///
    /// # Errors
    /// The time of that turn, which is not taken, where it is further away than [`PATIENCE`].
    pub fn reserve(&mut self, now: Millis, per_second: f64) -> Result<Millis, Millis> {
        let turn = self.next_turn.max(now);
        let wait = turn.saturating_sub(now);
        if wait > PATIENCE {
            return Err(turn);
        }
        self.next_turn = turn.saturating_add((1000.0 / per_second).ceil() as Millis);
        Ok(wait)
    }

    fn has_room(&self, lane: &Lane) -> bool {
        self.running.get(lane).copied().unwrap_or(0) < AT_ONCE
    }

    fn started(&mut self, job: Job<T>) -> Job<T> {
        let running = self.running.entry(job.lane.clone()).or_default();
        *running = running.saturating_add(1);
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Place;
    use proptest::prelude::*;

    fn job(number: u64, lane: u8) -> Job<()> {
        let id = Id::new(number as i64, number, Place::for_subscription(1));
        let lane = Lane::to(&format!("https://{lane}.example/"));
        Job { id, trigger: Trigger::Schedule, lane, in_hand: Some(()) }
    }

    #[test]
    fn a_hanging_lane_holds_up_nobody_else() {
        let mut queue = Queue::default();
        for number in 0..100 {
            assert_eq!(queue.push(job(number, 0)).is_some(), number < u64::from(AT_ONCE));
        }
        let other = queue.push(job(100, 1));
        assert!(other.is_some_and(|job| job.in_hand.is_some()));
        assert!(queue.pop().is_none());
    }

    #[test]
    fn what_does_not_fit_stays_in_the_log() {
        let mut queue = Queue::default();
        for number in 0..2_000 {
            queue.push(job(number, 0));
        }
        assert!(queue.is_full());
        let first = job(0, 0);
        for _ in 0..WAITING {
            queue.finished(&first);
            assert!(queue.pop().is_some());
        }
        queue.finished(&first);
        assert!(queue.pop().is_none() && queue.wants_refill() && !queue.wants_refill());
        queue.refill((0..1_000).map(|number| (job(number + 5_000, 0).id, Trigger::Schedule, Lane::default())));
        assert!(queue.is_full(), "as many as were asked for: there may be more");
    }

    #[test]
    fn turns_come_at_their_rate() {
        let mut queue = Queue::<()>::default();
        assert_eq!(queue.reserve(0, 0.5), Ok(0));
        assert_eq!(queue.reserve(0, 0.5), Ok(2_000));
        assert_eq!(queue.reserve(0, 0.5), Ok(4_000));
        assert_eq!(queue.reserve(0, 0.5), Err(6_000));
        assert_eq!(queue.reserve(1_500, 0.5), Ok(4_500));
        assert_eq!(queue.reserve(100_000, 20.0), Ok(0));
        assert_eq!(queue.reserve(100_000, 20.0), Ok(50));
    }

    proptest! {
        /// However jobs come and go: never more at once than allowed, none twice at a time, none lost, and within a
        /// lane in the order they came.
        #[test]
        fn fair_and_bounded(steps in proptest::collection::vec((0u8..4, 0u64..400), 1..600)) {
            let mut queue = Queue::default();
            let (mut out, mut line): (Vec<Job<()>>, Vec<(Id, Lane)>) = (Vec::new(), Vec::new());
            for (step, number) in steps {
                // A delivery is always of the same lane.
                let lane = (number % 3) as u8;
                let started = match step {
                    0 | 1 => {
                        let new = job(number, lane);
                        let is_known = out.iter().any(|job| job.id == new.id) || line.iter().any(|(id, _)| *id == new.id);
                        if !is_known {
                            line.push((new.id, new.lane.clone()));
                        }
                        queue.push(new)
                    }
                    2 => queue.pop(),
                    _ if out.is_empty() => None,
                    _ => {
                        let done = out.swap_remove(number as usize % out.len());
                        queue.finished(&done);
                        None
                    }
                };
                if let Some(job) = started {
                    let first = line.iter().position(|(_, lane)| *lane == job.lane).unwrap();
                    prop_assert_eq!(line.remove(first).0, job.id, "in the order they came");
                    out.push(job);
                }
                for lane in 0..3 {
                    let lane = job(0, lane).lane;
                    prop_assert!(out.iter().filter(|job| job.lane == lane).count() <= AT_ONCE as usize);
                }
                prop_assert_eq!(queue.is_busy(), !out.is_empty() || !line.is_empty());
            }
        }
    }
}
