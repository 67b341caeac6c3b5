//! Which attempts are under way, and which wait in memory for their turn.
//!
//! The queue is memory: what does not fit in it, and what a crash takes with it, stands in the log. It counts and keeps;
//! who may start is the gate's to say.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::Trigger;
use crate::id::Id;

/// How many attempts wait in memory; what is beyond waits in the log.
pub const WAITING: usize = 1_000;

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

impl<T> Job<T> {
    /// Whether a person asked for it, who is not kept waiting by what holds up the schedule.
    pub fn is_manual(&self) -> bool {
        self.trigger == Trigger::Manual
    }
}

/// What may start now.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// How many attempts of a lane may be under way at once.
    pub at_once: u32,
    /// How many that the schedule asks for may be, in all lanes together.
    pub scheduled: u32,
}

/// The queue.
#[derive(Debug)]
pub struct Queue<T> {
    waiting: VecDeque<Job<T>>,
    /// What persons asked for.
    manual: VecDeque<Job<T>>,
    running: HashMap<Lane, u32>,
    /// How many of those that run the schedule asked for.
    scheduled: u32,
    known: HashSet<(Id, Trigger)>,
    more: bool,
    more_manual: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue {
            waiting: VecDeque::new(),
            manual: VecDeque::new(),
            running: HashMap::new(),
            scheduled: 0,
            known: HashSet::new(),
            more: false,
            more_manual: false,
        }
    }
}

impl<T> Queue<T> {
    /// Takes a job in. If there is room for it now it is handed back, to be sent. One that is known already is dropped.
    pub fn push(&mut self, job: Job<T>, room: Room) -> Option<Job<T>> {
        if !self.known.insert((job.id, job.trigger)) {
            return None;
        }
        // Nobody overtakes within a lane, and nobody waits for another lane.
        let is_next = !self.line_of(&job).iter().any(|waiting| waiting.lane == job.lane);
        if is_next && self.has_room(&job, room) {
            return Some(self.started(job));
        }
        if self.line_of(&job).len() >= WAITING {
            self.known.remove(&(job.id, job.trigger));
            *self.more_of(&job) = true;
            return None;
        }
        // The body waits in the log: a thousand of them would not fit in memory.
        let job = Job { in_hand: None, ..job };
        self.line_of_mut(&job).push_back(job);
        None
    }

    /// The next job that there is room for. Somebody waits for what a person asked for.
    pub fn pop(&mut self, room: Room) -> Option<Job<T>> {
        let manual = self.manual.iter().position(|job| self.has_room(job, room));
        let job = match manual {
            Some(at) => self.manual.remove(at)?,
            None => {
                let at = self.waiting.iter().position(|job| self.has_room(job, room))?;
                self.waiting.remove(at)?
            }
        };
        Some(self.started(job))
    }

    /// A job that was handed out is over.
    pub fn finished(&mut self, job: &Job<T>) {
        self.known.remove(&(job.id, job.trigger));
        if !job.is_manual() {
            self.scheduled = self.scheduled.saturating_sub(1);
        }
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
        let job = Job { in_hand: None, ..job };
        self.line_of_mut(&job).push_front(job);
    }

    /// The log has attempts that are owed.
    pub fn more_in_log(&mut self) {
        self.more = true;
        self.more_manual = true;
    }

    /// The log may have attempts that persons asked for.
    pub fn more_manual_in_log(&mut self) {
        self.more_manual = true;
    }

    /// Whether the log should be asked for what the schedule wants. It is asked once, and then fills the line by
    /// [`Queue::refill`].
    pub fn wants_refill(&mut self) -> bool {
        self.waiting.is_empty() && std::mem::take(&mut self.more)
    }

    /// The same for what persons asked for.
    pub fn wants_manual(&mut self) -> bool {
        self.manual.is_empty() && std::mem::take(&mut self.more_manual)
    }

    /// Takes in what the log owes, at most [`WAITING`] of each kind; with as many as that there may be more.
    pub fn refill(&mut self, owed: impl IntoIterator<Item = (Id, Trigger, Lane)>) {
        let mut count = 0usize;
        for (id, trigger, lane) in owed {
            count = count.saturating_add(1);
            let job = Job { id, trigger, lane, in_hand: None };
            if count >= WAITING {
                *self.more_of(&job) = true;
            }
            if self.known.insert((id, trigger)) {
                self.line_of_mut(&job).push_back(job);
            }
        }
    }

    /// Leaves to the log what waits here by schedule.
    pub fn leave_to_log(&mut self) {
        for job in self.waiting.drain(..) {
            self.known.remove(&(job.id, job.trigger));
        }
        self.more_in_log();
    }

    /// Whether an append should leave its attempt to the log.
    pub fn is_full(&self) -> bool {
        self.more || self.waiting.len() >= WAITING
    }

    /// Whether anything is under way or waits.
    pub fn is_busy(&self) -> bool {
        self.more || self.more_manual || !self.known.is_empty()
    }

    /// Whether anything is under way.
    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// How many attempts are under way that the schedule asked for.
    pub fn scheduled(&self) -> u32 {
        self.scheduled
    }

    /// Whether a job waits here or is under way.
    pub fn knows(&self, id: Id, trigger: Trigger) -> bool {
        self.known.contains(&(id, trigger))
    }

    fn has_room(&self, job: &Job<T>, room: Room) -> bool {
        self.running.get(&job.lane).copied().unwrap_or(0) < room.at_once
            && (job.is_manual() || self.scheduled < room.scheduled)
    }

    fn started(&mut self, job: Job<T>) -> Job<T> {
        let running = self.running.entry(job.lane.clone()).or_default();
        *running = running.saturating_add(1);
        if !job.is_manual() {
            self.scheduled = self.scheduled.saturating_add(1);
        }
        job
    }

    fn line_of(&self, job: &Job<T>) -> &VecDeque<Job<T>> {
        if job.is_manual() { &self.manual } else { &self.waiting }
    }

    fn line_of_mut(&mut self, job: &Job<T>) -> &mut VecDeque<Job<T>> {
        if job.is_manual() { &mut self.manual } else { &mut self.waiting }
    }

    fn more_of(&mut self, job: &Job<T>) -> &mut bool {
        if job.is_manual() { &mut self.more_manual } else { &mut self.more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Place;
    use proptest::prelude::*;

    const AT_ONCE: u32 = 32;
    const ROOM: Room = Room { at_once: AT_ONCE, scheduled: u32::MAX };

    fn job(number: u64, lane: u8) -> Job<()> {
        let id = Id::new(number as i64, number, Place::for_subscription(1));
        let lane = Lane::to(&format!("https://{lane}.example/"));
        Job { id, trigger: Trigger::Schedule, lane, in_hand: Some(()) }
    }

    #[test]
    fn a_hanging_lane_holds_up_nobody_else() {
        let mut queue = Queue::default();
        for number in 0..100 {
            assert_eq!(queue.push(job(number, 0), ROOM).is_some(), number < u64::from(AT_ONCE));
        }
        let other = queue.push(job(100, 1), ROOM);
        assert!(other.is_some_and(|job| job.in_hand.is_some()));
        assert!(queue.pop(ROOM).is_none());
    }

    #[test]
    fn what_does_not_fit_stays_in_the_log() {
        let mut queue = Queue::default();
        for number in 0..2_000 {
            queue.push(job(number, 0), ROOM);
        }
        assert!(queue.is_full());
        let first = job(0, 0);
        for _ in 0..WAITING {
            queue.finished(&first);
            assert!(queue.pop(ROOM).is_some());
        }
        queue.finished(&first);
        assert!(queue.pop(ROOM).is_none() && queue.wants_refill() && !queue.wants_refill());
        queue.refill((0..1_000).map(|number| (job(number + 5_000, 0).id, Trigger::Schedule, Lane::default())));
        assert!(queue.is_full(), "as many as were asked for: there may be more");
    }

    #[test]
    fn a_person_is_served_before_the_schedule_and_where_it_may_not_go() {
        let mut queue = Queue::default();
        let room = Room { at_once: 2, scheduled: 1 };
        let by_hand = |number| Job { trigger: Trigger::Manual, ..job(number, 0) };
        let first = queue.push(job(0, 0), room).unwrap();
        assert!(queue.push(job(1, 0), room).is_none(), "one by schedule");
        let second = queue.push(by_hand(1), room).unwrap();
        assert!(queue.push(by_hand(2), room).is_none(), "no more at once than allowed");
        queue.finished(&first);
        assert!(queue.pop(room).unwrap().is_manual());
        queue.finished(&second);
        assert_eq!(queue.pop(room).unwrap().trigger, Trigger::Schedule);
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
                        queue.push(new, ROOM)
                    }
                    2 => queue.pop(ROOM),
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
                prop_assert_eq!(queue.scheduled() as usize, out.len());
            }
        }
    }
}
