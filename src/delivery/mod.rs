//! The life of a delivery, as a state machine that knows neither clock nor network.
//!
//! ```text
//!  append            attempt failed, more to come
//! ────────▶ Fresh ──┬──────── in over a minute ───────▶ Waiting ──alarm──┐
//!             │     └──────── sooner ───────▶ Due ◀────────────────────┘
//!             │                                │ ▲
//!             │                     paused     ▼ │ resumed
//!             │                               Held
//!             ▼
//!        2xx: Delivered · 410, or the last attempt: Failed · called off by a person: Cancelled
//! ```
//!
//! In `Fresh` and `Due` the subscription's object owes an attempt, now or within a minute; in `Waiting` a delivery's own
//! object holds the alarm; in `Held` nobody owes anything until somebody resumes.

mod attempt;
mod breaker;
mod gate;
mod queue;
mod report;

use serde::{Deserialize, Serialize};

use crate::profile::Retry;
use crate::time::Millis;

pub use attempt::{Attempt, KEPT_BODY, append};
pub use breaker::{Breaker, Circuit, IN_A_ROW, Patience};
pub use gate::{Ask, Gate, PATIENCE, Verdict};
pub use queue::{Job, Lane, Queue, WAITING};
pub use report::{Condition, Health, HealthView, Report, Unheard};

/// A wait of up to this long is kept by the subscription's object itself, which is awake anyway: a minute. Only a longer
/// one is worth an object of its own.
pub const NEAR: Millis = 60_000;

/// `Retry-After` can move an attempt by this much at most: a day.
pub const MAX_RETRY_AFTER: Millis = 86_400_000;

/// Where a delivery stands. The numbers are stored: they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Appended; the first attempt is this object's to make, now.
    Fresh = 0,
    /// A delivery object's alarm will ask for the next attempt.
    Waiting = 1,
    /// An attempt is this object's to make, at `next_at`.
    Due = 2,
    /// Not to be sent until the subscription is resumed.
    Held = 3,
    /// A 2xx came.
    Delivered = 4,
    /// The last attempt failed, or the destination is gone.
    Failed = 5,
    /// A person called it off.
    Cancelled = 6,
}

impl Stage {
    /// Reads a stored stage.
    pub fn from_stored(number: u8) -> Option<Self> {
        [Stage::Fresh, Stage::Waiting, Stage::Due, Stage::Held, Stage::Delivered, Stage::Failed, Stage::Cancelled]
            .into_iter()
            .find(|stage| *stage as u8 == number)
    }

    /// What the API calls it.
    pub fn status(self) -> &'static str {
        match self {
            Stage::Fresh | Stage::Waiting | Stage::Due | Stage::Held => "pending",
            Stage::Delivered => "delivered",
            Stage::Failed => "failed",
            Stage::Cancelled => "cancelled",
        }
    }

    /// The stages that the API calls by one name.
    pub fn of_status(status: &str) -> Option<&'static [Stage]> {
        Some(match status {
            "pending" => &[Stage::Fresh, Stage::Waiting, Stage::Due, Stage::Held],
            "delivered" => &[Stage::Delivered],
            "failed" => &[Stage::Failed],
            "cancelled" => &[Stage::Cancelled],
            _ => return None,
        })
    }

    /// Whether the schedule still has something to do.
    pub fn is_pending(self) -> bool {
        matches!(self, Stage::Fresh | Stage::Waiting | Stage::Due | Stage::Held)
    }
}

/// Why an attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The schedule asked for it.
    Schedule,
    /// A person asked for it.
    Manual,
    /// It is the one attempt of a test.
    Test,
}

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An HTTP answer came, with the time that its `Retry-After` names.
    Answered {
        /// The status.
        status: u16,
        /// Not before.
        retry_after: Option<Millis>,
    },
    /// None came.
    Failed(Failure),
}

/// Why no HTTP answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The exchange took longer than the profile allows.
    Timeout,
    /// No connection, or it broke.
    Connection,
    /// The certificate does not hold, or there is no TLS there.
    Tls,
    /// The name has no address.
    Dns,
    /// The URL is not one that deliveries may go to.
    BlockedAddress,
}

impl Failure {
    /// What stands for the runtime's name of an error where nothing was sent.
    pub const BLOCKED: &str = "Blocked";

    /// The runtime tells failures apart in names and words alone.
    pub fn named(name: &str, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        match name {
            Self::BLOCKED => Failure::BlockedAddress,
            "TimeoutError" | "AbortError" => Failure::Timeout,
            _ if says(&["tls", "ssl", "certificate"]) => Failure::Tls,
            _ if says(&["dns", "resolve", "getaddrinfo"]) => Failure::Dns,
            _ => Failure::Connection,
        }
    }
}

impl Outcome {
    /// Whether the receiver took it.
    pub fn is_success(self) -> bool {
        matches!(self, Outcome::Answered { status: 200..=299, .. })
    }

    /// Whether the receiver never wants to hear of it again.
    fn is_gone(self) -> bool {
        matches!(self, Outcome::Answered { status: 410, .. })
    }

    /// `Retry-After` counts on 429 and 503 (RFC 9110, section 10.2.3; RFC 6585, section 4).
    fn not_before(self, now: Millis) -> Option<Millis> {
        match self {
            Outcome::Answered { status: 429 | 503, retry_after: Some(at) } => {
                Some(at.min(now.saturating_add(MAX_RETRY_AFTER)))
            }
            _ => None,
        }
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub stage: Stage,
    /// How many attempts the schedule has made.
    pub tries: u32,
    /// How many attempts there were, asked for by whomever.
    pub count: u32,
    /// When the schedule wants the next one.
    pub next_at: Option<Millis>,
    /// When it ended.
    pub completed_at: Option<Millis>,
}

/// What an attempt's end comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// How far the delivery is now.
    pub progress: Progress,
    /// The destination said 410: it is to be disabled.
    pub gone: bool,
}

/// What a delivery object's alarm is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// Nothing is left to do for the alarm: the delivery has moved on.
    Done(Option<Progress>),
    /// It is too early; ring again then.
    Again(Millis),
}

impl Progress {
    /// A delivery that was just accepted.
    pub fn accepted(first_at: Option<Millis>) -> Self {
        Progress { stage: Stage::Fresh, tries: 0, count: 0, next_at: first_at, completed_at: None }
    }

    /// The end of an attempt. `now` is when it ended, `chance` in 0 to 1 decides on the jitter.
    pub fn settle(self, trigger: Trigger, outcome: Outcome, retry: &Retry, now: Millis, chance: f64) -> Settled {
        let mut progress = Progress { count: self.count.saturating_add(1), ..self };
        if trigger != Trigger::Manual {
            progress.tries = self.tries.saturating_add(1);
        }
        let gone = outcome.is_gone() && trigger != Trigger::Test;
        if outcome.is_success() {
            // Also one that was cancelled or had failed: the receiver has it, and the history says so.
            return Settled { progress: progress.ended(Stage::Delivered, now), gone };
        }
        if !self.stage.is_pending() {
            return Settled { progress, gone };
        }
        if gone {
            return Settled { progress: progress.ended(Stage::Failed, now), gone };
        }
        if trigger == Trigger::Manual {
            // A pending delivery's schedule goes on beside it.
            return Settled { progress, gone };
        }
        progress = match retry.delay(progress.tries, chance).filter(|_| trigger == Trigger::Schedule) {
            Some(delay) => {
                let at = now.saturating_add(delay);
                let at = outcome.not_before(now).map_or(at, |not_before| at.max(not_before));
                progress.waiting(at, now)
            }
            None => progress.ended(Stage::Failed, now),
        };
        Settled { progress, gone }
    }

    /// A delivery object's alarm rang.
    pub fn ring(self, now: Millis, active: bool) -> Ring {
        match (self.stage, self.next_at) {
            (Stage::Waiting, Some(at)) if at > now => Ring::Again(at),
            (Stage::Waiting, _) if active => Ring::Done(Some(Progress { stage: Stage::Due, ..self })),
            (Stage::Waiting, _) => Ring::Done(Some(Progress { stage: Stage::Held, ..self })),
            _ => Ring::Done(None),
        }
    }

    /// Nothing is to be done before `at`.
    pub fn waiting(self, at: Millis, now: Millis) -> Self {
        let stage = if at.saturating_sub(now) > NEAR { Stage::Waiting } else { Stage::Due };
        Progress { stage, next_at: Some(at), ..self }
    }

    /// A person calls it off.
    pub fn cancel(self, now: Millis) -> Option<Self> {
        self.stage.is_pending().then(|| self.ended(Stage::Cancelled, now))
    }

    fn ended(self, stage: Stage, now: Millis) -> Self {
        let completed_at = self.completed_at.filter(|_| self.stage == stage).or(Some(now));
        Progress { stage, next_at: None, completed_at, ..self }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;
