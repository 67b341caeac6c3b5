//! Where deliveries go, and how each of these places does: those that fail first.

use std::cmp::Ordering;

use serde::Serialize;

use super::view::Percentiles;
use super::{Counts, Tally};
use crate::delivery::{Circuit, Health};
use crate::time::rfc3339;

/// How many are shown.
const SHOWN: usize = 100;

/// A destination: a subscription's or a source's id; neither for all `webhookUrl`s together.
type Name = (Option<String>, Option<String>);

/// The destinations of an application: which, what its deliveries come to, and how it does.
#[derive(Debug, Default)]
pub struct Destinations(Vec<(Name, Tally, Health)>);

/// One as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    subscription: Option<String>,
    source: Option<String>,
    counts: Counts,
    total: u64,
    attempts: u64,
    success_rate: Option<f64>,
    latency_ms: Option<Percentiles>,
    circuit: Circuit,
    failing_since: Option<String>,
    waiting: u64,
    retry_at: Option<String>,
}

impl Destinations {
    /// Adds what one of the objects that share a destination has: they come one after another.
    pub fn add(&mut self, subscription: &Option<String>, source: &Option<String>, tally: &Tally, health: Health) {
        match self.0.last_mut() {
            Some((name, sum, known)) if name.0 == *subscription && name.1 == *source => {
                sum.merge(tally);
                *known = std::mem::take(known).and(health);
            }
            _ => self.0.push(((subscription.clone(), source.clone()), tally.clone(), health)),
        }
    }

    /// Those that have anything to show.
    pub(super) fn views(self) -> Vec<View> {
        let mut shown: Vec<View> = Vec::new();
        for view in self.0.into_iter().map(View::of) {
            if view.total > 0 || view.waiting > 0 || view.is_failing() {
                let at = shown.partition_point(|other| other.in_turn(&view).is_le());
                if at < SHOWN {
                    shown.truncate(SHOWN.saturating_sub(1));
                    shown.insert(at, view);
                }
            }
        }
        shown
    }
}

impl View {
    fn of(((subscription, source), tally, health): (Name, Tally, Health)) -> Self {
        View {
            subscription,
            source,
            counts: tally.counts,
            total: tally.total(),
            attempts: tally.attempts,
            success_rate: tally.success_rate(),
            latency_ms: tally.latency(),
            circuit: health.circuit,
            failing_since: health.failing_since.map(rfc3339),
            waiting: health.waiting,
            retry_at: health.retry_at.map(rfc3339),
        }
    }

    fn is_failing(&self) -> bool {
        self.circuit != Circuit::Closed || self.failing_since.is_some()
    }

    /// The worse, then the busier, comes first.
    fn in_turn(&self, other: &Self) -> Ordering {
        // Where nothing has ended nothing went wrong.
        let rate = |of: &Self| of.success_rate.unwrap_or(1.0);
        let failing = other.is_failing().cmp(&self.is_failing());
        let failed = other.counts.failed.cmp(&self.counts.failed);
        failing.then(failed).then(rate(self).total_cmp(&rate(other))).then(other.total.cmp(&self.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Stage;

    fn tally(delivered: usize, failed: usize, cancelled: usize) -> Tally {
        let mut tally = Tally::default();
        for (stage, count) in [(Stage::Delivered, delivered), (Stage::Failed, failed), (Stage::Cancelled, cancelled)] {
            for _ in 0..count {
                tally.add(stage, 1, (stage == Stage::Delivered).then_some(10));
            }
        }
        tally
    }

    fn names(destinations: Destinations) -> Vec<String> {
        destinations.views().into_iter().map(|it| it.subscription.or(it.source).unwrap_or_default()).collect()
    }

    #[test]
    fn what_fails_comes_first() {
        let failing = || Health { failing_since: Some(5), ..Health::default() };
        let open = || Health { circuit: Circuit::Open, ..Health::default() };
        let waiting = || Health { waiting: 1, ..Health::default() };
        let well = Health::default;
        let mut all = Destinations::default();
        // In the order that they are expected in; their names are in the other one.
        let table = [
            ("z", tally(0, 3, 0), open()),
            ("y", tally(90, 2, 0), failing()),
            ("x", tally(9, 2, 0), failing()),
            ("w", tally(0, 0, 0), failing()),
            ("v", tally(9, 5, 0), well()),
            ("u", tally(5, 1, 0), well()),
            ("t", tally(9, 1, 0), well()),
            ("s", tally(9, 0, 0), well()),
            ("r", tally(3, 0, 2), well()),
            ("q", tally(0, 0, 4), well()),
            ("p", tally(0, 0, 0), waiting()),
        ];
        for (name, tally, health) in table.iter().rev() {
            let health = Health { waiting: health.waiting, retry_at: None, ..*health };
            all.add(&Some((*name).to_owned()), &None, tally, health);
        }
        all.add(&Some("none".into()), &None, &Tally::default(), well());
        assert_eq!(names(all).concat(), "zxywvutsrqp");
    }

    #[test]
    fn shards_are_one_and_only_so_many_are_shown() {
        let mut all = Destinations::default();
        let health = |waiting| Health { waiting, ..Health::default() };
        all.add(&Some("sub_1".into()), &None, &tally(1, 0, 0), health(2));
        all.add(&Some("sub_1".into()), &None, &tally(2, 1, 0), health(3));
        all.add(&None, &Some("src_1".into()), &tally(1, 0, 0), health(0));
        all.add(&None, &None, &tally(1, 0, 0), health(0));
        let shown = all.views();
        assert_eq!(
            serde_json::to_string(&shown[0]).unwrap(),
            r#"{"subscription":"sub_1","source":null,"counts":{"pending":0,"delivered":3,"failed":1,"cancelled":0},"total":4,"attempts":4,"successRate":0.75,"latencyMs":{"p50":10,"p95":10,"p99":10},"circuit":"closed","failingSince":null,"waiting":5,"retryAt":null}"#
        );
        assert_eq!(shown.len(), 3);
        let mut many = Destinations::default();
        for number in 0..150 {
            many.add(&Some(format!("{number:03}")), &None, &tally(1, 0, 0), health(0));
        }
        let names = names(many);
        assert_eq!((names.len(), names.last().map(String::as_str)), (100, Some("099")));
    }
}
