//! How deliveries went.

mod destinations;
mod histogram;
mod series;
mod summary;
mod view;

use serde::Serialize;

use crate::delivery::Stage;
use crate::id::Id;
use crate::page::Page;
use crate::problem::Problem;
use crate::time::Millis;

pub use destinations::Destinations;
pub use histogram::Histogram;
pub use series::{Parts, Piece, Series};
pub use summary::Summary;
pub use view::View;

/// How far back it is looked where nobody says: a day.
const USUAL: Millis = 86_400_000;

/// From when to when deliveries were made that count, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From then on.
    pub since: Millis,
    /// Up to then.
    pub until: Millis,
}

impl Window {
    /// Reads `since` and `until`.
    fn of(page: &Page<'_>, now: Millis) -> Result<Self, Problem> {
        let until = page.time("until")?.unwrap_or(now);
        let since = page.time("since")?.unwrap_or(until.saturating_sub(USUAL));
        if since > until {
            return Err(Problem::query("since", "must not be after until"));
        }
        Ok(Window { since, until })
    }

    /// The first id of it.
    pub fn from(self) -> String {
        Id::floor(self.since).as_str().to_owned()
    }

    /// The first id after it.
    pub fn below(self) -> String {
        Id::floor(self.until.saturating_add(1)).as_str().to_owned()
    }
}

/// How many are how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pending: u64,
    delivered: u64,
    failed: u64,
    cancelled: u64,
}

/// Counts and times, step by step. Those of parts, added, are those of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counts: Counts,
    attempts: u64,
    latencies: Histogram,
}

impl Tally {
    /// One more delivery is this far, after so many attempts, and took so long if it was delivered.
    pub fn add(&mut self, stage: Stage, attempts: u64, took: Option<Millis>) {
        let counts = &mut self.counts;
        let count = match stage {
            Stage::Fresh | Stage::Waiting | Stage::Due | Stage::Held => &mut counts.pending,
            Stage::Delivered => &mut counts.delivered,
            Stage::Failed => &mut counts.failed,
            Stage::Cancelled => &mut counts.cancelled,
        };
        *count = count.saturating_add(1);
        self.attempts = self.attempts.saturating_add(attempts);
        if let Some(took) = took {
            self.latencies.add(took);
        }
    }

    /// All that another one counts.
    pub fn merge(&mut self, other: &Self) {
        let add = |count: &mut u64, more: u64| *count = count.saturating_add(more);
        add(&mut self.counts.pending, other.counts.pending);
        add(&mut self.counts.delivered, other.counts.delivered);
        add(&mut self.counts.failed, other.counts.failed);
        add(&mut self.counts.cancelled, other.counts.cancelled);
        add(&mut self.attempts, other.attempts);
        self.latencies.merge(&other.latencies);
    }

    /// All that another one counts, which is a part of this, is taken out again.
    pub fn subtract(&mut self, other: &Self) {
        let take = |count: &mut u64, less: u64| *count = count.saturating_sub(less);
        take(&mut self.counts.pending, other.counts.pending);
        take(&mut self.counts.delivered, other.counts.delivered);
        take(&mut self.counts.failed, other.counts.failed);
        take(&mut self.counts.cancelled, other.counts.cancelled);
        take(&mut self.attempts, other.attempts);
        self.latencies.subtract(&other.latencies);
    }

    /// As it is stored.
    pub fn stored(&self) -> String {
        let Counts { pending, delivered, failed, cancelled } = self.counts;
        format!("{pending},{delivered},{failed},{cancelled},{};{}", self.attempts, self.latencies.stored())
    }

    /// Reads what was stored.
    pub fn restore(text: &str) -> Option<Self> {
        let (counts, latencies) = text.split_once(';')?;
        let mut counts = counts.split(',').map(|count| count.parse::<u64>().ok());
        let mut next = || counts.next().flatten();
        let tally = Tally {
            counts: Counts { pending: next()?, delivered: next()?, failed: next()?, cancelled: next()? },
            attempts: next()?,
            latencies: Histogram::restore(latencies)?,
        };
        counts.next().is_none().then_some(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    #[test]
    fn a_window_is_the_last_day_or_what_is_asked_for() {
        let at = |text| parse_rfc3339(text).unwrap();
        let now = at("2026-05-18T12:00:00Z");
        let read = |query| Parts::read(query, now).map(|parts| parts.window());
        assert_eq!(read(""), Ok(Window { since: now - USUAL, until: now }));
        assert_eq!(
            read("until=2026-05-01T00:00:00Z"),
            Ok(Window { since: at("2026-04-30T00:00:00Z"), until: at("2026-05-01T00:00:00Z") })
        );
        assert_eq!(
            read("since=2026-05-01T00:00:00%2B02:00").unwrap(),
            Window { since: at("2026-04-30T22:00:00Z"), until: now }
        );
        assert!(read("since=2026-05-01T00:00:00Z&until=2026-05-01T00:00:00Z").is_ok());
        for query in [
            "since=2026-05-02T00:00:00Z&until=2026-05-01T00:00:00Z",
            "since=2027-05-02T00:00:00Z",
            "since=today",
            "since=2026-05-01T00:00:00Z&since=2026-05-01T00:00:00Z",
            "limit=5",
            "cursor=x",
            "from=2026-05-01T00:00:00Z",
        ] {
            assert_eq!(read(query).unwrap_err().status, 422, "{query}");
        }
    }

    #[test]
    fn ranks_are_the_nearest() {
        let hundred: Vec<i64> = (1..=100).collect();
        for (list, percent, expected) in [
            (&hundred[..], 50, Some(50)),
            (&hundred[..], 95, Some(95)),
            (&hundred[..], 99, Some(99)),
            (&hundred[..1], 99, Some(1)),
            (&hundred[..2], 50, Some(1)),
            (&hundred[..2], 95, Some(2)),
            (&[], 50, None),
        ] {
            let mut counted = Histogram::default();
            list.iter().for_each(|time| counted.add(*time));
            assert_eq!(counted.percentile(percent), expected, "{percent} of {}", list.len());
        }
    }

    #[test]
    fn what_is_not_stored_by_this_is_not_read() {
        for text in ["", ";", "1,2,3,4;", "1,2,3,4,5", "1,2,3,4,5,6;", "1,2,3,4,-5;", "1,2,3,4,5;x"] {
            assert_eq!(Tally::restore(text), None, "{text}");
        }
    }
}
