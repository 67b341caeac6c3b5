//! How fast, and in what order, a destination takes its deliveries.

use serde::{Deserialize, Serialize};

use crate::body::Fields;

/// How many objects may share the deliveries of a subscription.
pub const MAX_SHARDS: u32 = 32;
/// How many attempts may be under way at once where nobody says, and the most that may be asked for: a receiver that hangs
/// holds so many sockets, no more.
pub const MAX_CONCURRENCY: u32 = 32;

const RATE_FAULT: &str = "must be an object with perSecond, a number from 0.01 to 10000";

/// A limit on attempts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Attempts per second, 0.01 to 10,000.
    pub per_second: f64,
}

/// How fast, and in what order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pace {
    /// How many attempts a second at most.
    pub rate_limit: Option<RateLimit>,
    /// How many attempts at once at most.
    pub concurrency: Option<u32>,
    /// Whether each delivery waits until the one before has ended.
    pub ordered: bool,
}

impl Pace {
    /// Reads `rateLimit`, `concurrency` and `ordered`; what is left out stays.
    pub(super) fn read(&mut self, fields: &mut Fields<'_>) {
        if let Some(limit) = fields.take_nullable::<RateLimit>("rateLimit", RATE_FAULT) {
            if limit.is_some_and(|limit| !(0.01..=10_000.0).contains(&limit.per_second)) {
                fields.fault("rateLimit", RATE_FAULT);
            }
            self.rate_limit = limit;
        }
        let fault = "must be a whole number from 1 to 32";
        if let Some(most) = fields.take_nullable::<u32>("concurrency", fault) {
            if most.is_some_and(|most| !(1..=MAX_CONCURRENCY).contains(&most)) {
                fields.fault("concurrency", fault);
            }
            self.concurrency = most;
        }
        if let Some(ordered) = fields.take_nullable::<bool>("ordered", "must be true or false") {
            self.ordered = ordered.unwrap_or_default();
        }
    }

    /// The part of it that one of `shards` objects may take.
    pub fn shared_by(self, shards: u32) -> Self {
        let shards = shards.max(1);
        let share = |limit: RateLimit| RateLimit { per_second: limit.per_second / f64::from(shards) };
        Pace {
            rate_limit: self.rate_limit.map(share),
            concurrency: self.concurrency.map(|most| most.div_ceil(shards)),
            ..self
        }
    }
}
