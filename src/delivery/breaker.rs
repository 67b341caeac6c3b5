//! Sparing a destination that takes nothing.
//!
//! ```text
//!              ten attempts in a row failed, the first of them a while ago
//!   closed ──────────────────────────────────────────────────────────────▶ open
//!     ▲                                                                    │ ▲
//!     │ it succeeds                                          after a pause │ │ it fails: the next pause is longer
//!     └────────────────────────── half-open: one attempt ◀─────────────────┘ │
//!                                         └──────────────────────────────────┘
//! ```
//!
//! While it is open nothing goes out by schedule, and nothing loses a try. What is known of failures is kept, so that it
//! outlives the instance; of a destination that takes everything nothing is known, so keeping that costs nothing.

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::time::Millis;

/// How many attempts in a row must have failed.
pub const IN_A_ROW: u32 = 10;
/// The first pause is this part of the longest one.
const FIRST_PAUSE: Millis = 10;

/// How long a destination may go on failing, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until it is spared: one attempt at a time, now and then.
    pub spared_after: Millis,
    /// Until it is disabled.
    pub disabled_after: Millis,
}

/// What is known of a destination's failures, as it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Breaker {
    /// When the first attempt failed after the last that did not.
    since: Option<Millis>,
    /// How many have failed since. Beyond [`IN_A_ROW`] an instance may know of some more than are kept.
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Open>,
    /// The one attempt that is made to see. One that a crash has taken along is made again.
    #[serde(skip)]
    probe: Option<Id>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    until: Millis,
    pause: Millis,
}

/// What an operator is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Circuit {
    /// Everything goes out.
    #[default]
    Closed,
    /// One attempt is under way, or may go out.
    HalfOpen,
    /// Nothing goes out.
    Open,
}

/// What an attempt's end has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// What is kept is another now.
    pub to_be_kept: bool,
    /// It has opened.
    pub opened: bool,
    /// It was open, and is closed.
    pub closed: bool,
}

impl Breaker {
    /// Reads what was kept.
    pub fn restore(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What is to be kept; nothing where the last attempt succeeded.
    pub fn kept(&self) -> Option<String> {
        self.since?;
        serde_json::to_string(self).ok()
    }

    /// An attempt by schedule failed.
    pub fn failed(&mut self, id: Id, now: Millis, patience: Patience) -> Change {
        let before = *self;
        // A clock that was set back makes no failure older than it is.
        let since = self.since.map_or(now, |since| since.min(now));
        self.since = Some(since);
        self.failures = self.failures.saturating_add(1);
        let first_pause = patience.spared_after.checked_div(FIRST_PAUSE).unwrap_or(0).max(1);
        match self.open {
            Some(open) if self.probe == Some(id) => {
                let pause = open.pause.saturating_mul(2).clamp(1, patience.spared_after.max(1));
                self.open = Some(Open { until: now.saturating_add(pause), pause });
                self.probe = None;
            }
            // It was on its way when the circuit opened.
            Some(_) => {}
            None if self.failures >= IN_A_ROW && now.saturating_sub(since) >= patience.spared_after => {
                self.open = Some(Open { until: now.saturating_add(first_pause), pause: first_pause });
            }
            None => {}
        }
        // Each number that is kept is a row: only as far as it matters.
        let to_be_kept = before.failures < IN_A_ROW || before.open != self.open;
        Change { to_be_kept, opened: before.open.is_none() && self.open.is_some(), closed: false }
    }

    /// An attempt succeeded, whoever asked for it.
    pub fn succeeded(&mut self) -> Change {
        let before = std::mem::take(self);
        Change { to_be_kept: before.since.is_some(), opened: false, closed: before.open.is_some() }
    }

    /// Whether an attempt by schedule may go out; while it is open the first one that does is the one to see by.
    pub fn admits(&self, now: Millis) -> bool {
        self.open.is_none() || self.probe.is_none() && self.opens_at(now).is_none()
    }

    /// An attempt by schedule is handed out.
    pub fn started(&mut self, id: Id) {
        if self.open.is_some() && self.probe.is_none() {
            self.probe = Some(id);
        }
    }

    /// Whether an attempt that was handed out before may still go.
    pub fn still_admits(&self, id: Id) -> bool {
        self.open.is_none() || self.probe == Some(id)
    }

    /// An attempt that was handed out was not made after all.
    pub fn not_made(&mut self, id: Id) {
        if self.probe == Some(id) {
            self.probe = None;
        }
    }

    /// When one attempt may go out again, where that is not now.
    pub fn opens_at(&self, now: Millis) -> Option<Millis> {
        // A pause is never longer than it was meant to be, wherever the clock went.
        let is_ahead = |open: &Open| open.until > now && open.until.saturating_sub(now) <= open.pause;
        self.open.filter(is_ahead).map(|open| open.until)
    }

    /// What an operator is shown.
    pub fn circuit(&self, now: Millis) -> Circuit {
        match self.open {
            None => Circuit::Closed,
            Some(_) if self.probe.is_some() || self.opens_at(now).is_none() => Circuit::HalfOpen,
            Some(_) => Circuit::Open,
        }
    }

    /// Whether the destination is spared.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Since when every attempt failed.
    pub fn since(&self) -> Option<Millis> {
        self.since
    }

    /// How many attempts in a row failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the destination is to be given up: it has failed for too long, and what failed now will not be tried
    /// again (`has_ended`) or is spared.
    pub fn is_hopeless(&self, has_ended: bool, now: Millis, patience: Patience) -> bool {
        let too_long = self.since.is_some_and(|since| now.saturating_sub(since) >= patience.disabled_after);
        too_long && (has_ended || self.open.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Place;

    const PATIENCE: Patience = Patience { spared_after: 300_000, disabled_after: 5 * 86_400_000 };

    fn id(number: u64) -> Id {
        Id::new(1, number, Place::for_subscription(1))
    }

    /// One whose attempts fail every 30 s.
    fn failing(times: i64) -> Breaker {
        let mut breaker = Breaker::default();
        for number in 0..times {
            breaker.failed(id(0), number * 30_000, PATIENCE);
        }
        breaker
    }

    #[test]
    fn opens_after_enough_failures_over_enough_time() {
        assert!(failing(10).admits(0), "ten in 270 s");
        assert_eq!(failing(11).opens_at(300_000), Some(330_000), "eleven in 300 s; a tenth of that is the first pause");
        let mut quick = Breaker::default();
        for number in 0..1_000 {
            assert!(!quick.failed(id(0), number * 100, PATIENCE).opened, "a thousand in 100 s");
        }
        let mut seldom = Breaker::default();
        let opened: Vec<bool> =
            (0..10).map(|number| seldom.failed(id(0), number * 86_400_000, PATIENCE).opened).collect();
        assert_eq!(opened, [[false; 9].as_slice(), &[true]].concat());
    }

    #[test]
    fn a_success_begins_anew() {
        let mut breaker = failing(9);
        assert_eq!(breaker.succeeded(), Change { to_be_kept: true, ..Change::default() });
        assert_eq!(breaker.kept(), None);
        assert_eq!(breaker.succeeded(), Change::default(), "what succeeds always costs nothing");
        assert!(!breaker.failed(id(0), 10_000_000, PATIENCE).opened);
    }

    #[test]
    fn one_attempt_after_each_pause_which_doubles_up_to_the_longest() {
        let mut breaker = failing(11);
        let mut now = 300_000;
        for pause in [30, 60, 120, 240, 300, 300] {
            let until = now + pause * 1000;
            assert_eq!(breaker.circuit(until - 1), Circuit::Open);
            assert!(!breaker.admits(until - 1) && breaker.admits(until));
            breaker.started(id(1));
            assert_eq!(breaker.circuit(until), Circuit::HalfOpen);
            assert!(!breaker.admits(until), "one alone");
            assert!(breaker.still_admits(id(1)) && !breaker.still_admits(id(2)));
            assert!(!breaker.failed(id(2), until, PATIENCE).to_be_kept, "a straggler says nothing new");
            assert_eq!(breaker.failed(id(1), until + 5, PATIENCE), Change { to_be_kept: true, ..Change::default() });
            now = until + 5;
        }
        breaker.started(id(3));
        assert_eq!(breaker.succeeded(), Change { to_be_kept: true, opened: false, closed: true });
        assert!(breaker.admits(now) && breaker.circuit(now) == Circuit::Closed);
    }

    #[test]
    fn an_attempt_that_was_not_made_leaves_its_place_to_another() {
        let mut breaker = failing(11);
        breaker.started(id(1));
        breaker.not_made(id(2));
        assert!(!breaker.admits(330_000));
        breaker.not_made(id(1));
        assert!(breaker.admits(330_000));
    }

    #[test]
    fn what_is_known_outlives_the_instance_but_not_the_attempt_under_way() {
        let mut breaker = failing(11);
        breaker.started(id(1));
        let restored = Breaker::restore(&breaker.kept().unwrap()).unwrap();
        assert!(restored.admits(330_000) && !restored.admits(329_999));
        assert_eq!((restored.since(), restored.failures()), (Some(0), 11));
    }

    #[test]
    fn counting_costs_at_most_ten_rows() {
        let mut breaker = Breaker::default();
        let kept = (0..1_000).filter(|now| breaker.failed(id(0), *now, PATIENCE).to_be_kept).count();
        assert_eq!(kept, 10);
    }

    #[test]
    fn is_given_up_when_something_is_lost_after_days() {
        let days = PATIENCE.disabled_after;
        let mut breaker = Breaker::default();
        breaker.failed(id(0), 0, PATIENCE);
        assert!(!breaker.is_hopeless(true, days - 1, PATIENCE));
        assert!(breaker.is_hopeless(true, days, PATIENCE));
        assert!(!breaker.is_hopeless(false, days, PATIENCE), "it is still tried, and not spared");
        assert!(failing(11).is_hopeless(false, days, PATIENCE));
    }

    #[test]
    fn a_clock_set_back_prolongs_no_pause() {
        let breaker = failing(11);
        assert!(!breaker.admits(310_000));
        assert!(breaker.admits(200_000));
    }
}
