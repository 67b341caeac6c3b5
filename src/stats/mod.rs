//! How the deliveries of a subscription went.

mod histogram;
mod summary;

use serde::Serialize;

use crate::delivery::Stage;
use crate::page::Page;
use crate::problem::Problem;
use crate::time::{Millis, rfc3339};

pub use histogram::Histogram;
pub use summary::Summary;

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
    ///
    /// # Errors
    /// 422 for what is no window.
    pub fn read(query: &str, now: Millis) -> Result<Self, Problem> {
        let page = Page::whole(query, &["since", "until"])?;
        let until = page.time("until")?.unwrap_or(now);
        let since = page.time("since")?.unwrap_or(until.saturating_sub(USUAL));
        if since > until {
            return Err(Problem::query("since", "must not be after until"));
        }
        Ok(Window { since, until })
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

    /// What is answered.
    pub fn view(&self, subscription: &str, window: Window) -> View {
        let rank = |share| self.latencies.percentile(share);
        let latency_ms = match (rank(50), rank(95), rank(99)) {
            (Some(p50), Some(p95), Some(p99)) => Some(Percentiles { p50, p95, p99 }),
            _ => None,
        };
        let Counts { pending, delivered, failed, cancelled } = self.counts;
        let ended = delivered.saturating_add(failed);
        View {
            subscription: subscription.to_owned(),
            since: rfc3339(window.since),
            until: rfc3339(window.until),
            total: ended.saturating_add(pending).saturating_add(cancelled),
            attempts: self.attempts,
            success_rate: (ended > 0).then(|| delivered as f64 / ended as f64),
            latency_ms,
            counts: self.counts,
        }
    }
}

/// As the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    subscription: String,
    since: String,
    until: String,
    counts: Counts,
    total: u64,
    attempts: u64,
    success_rate: Option<f64>,
    latency_ms: Option<Percentiles>,
}

#[derive(Debug, Serialize)]
struct Percentiles {
    p50: Millis,
    p95: Millis,
    p99: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    #[test]
    fn a_window_is_the_last_day_or_what_is_asked_for() {
        let at = |text| parse_rfc3339(text).unwrap();
        let now = at("2026-05-18T12:00:00Z");
        let read = |query| Window::read(query, now);
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
    fn nothing_has_no_rate_and_no_times() {
        let mut tally = Tally::default();
        tally.add(Stage::Held, 1, None);
        tally.add(Stage::Due, 2, None);
        let view = tally.view("sub_1", Window { since: 0, until: 1 });
        assert_eq!(
            serde_json::to_string(&view).unwrap(),
            r#"{"subscription":"sub_1","since":"1970-01-01T00:00:00.000Z","until":"1970-01-01T00:00:00.001Z","counts":{"pending":2,"delivered":0,"failed":0,"cancelled":0},"total":2,"attempts":3,"successRate":null,"latencyMs":null}"#
        );
    }

    #[test]
    fn counts_by_what_the_api_calls_them() {
        let mut tally = Tally::default();
        for stage in 0..7 {
            for _ in 0..1 << stage {
                tally.add(Stage::from_stored(stage).unwrap(), 1, (stage == 4).then_some(20));
            }
        }
        tally.add(Stage::Delivered, 3, Some(10));
        tally.add(Stage::Delivered, 0, Some(30));
        let view = tally.view("sub_1", Window { since: 0, until: 0 });
        assert_eq!(view.counts, Counts { pending: 0b1111, delivered: 18, failed: 32, cancelled: 64 });
        assert_eq!((view.total, view.attempts), (129, 130));
        assert_eq!(view.success_rate, Some(18.0 / 50.0));
        let times = view.latency_ms.unwrap();
        assert_eq!((times.p50, times.p95, times.p99), (20, 30, 30));
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
