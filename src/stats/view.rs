//! Figures as the API shows them.

use serde::Serialize;

use super::{Counts, Destinations, Series, Tally, Window};
use crate::time::{Millis, rfc3339};

/// Of a subscription, or of all of an application.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<&'a str>,
    since: String,
    until: String,
    counts: Counts,
    total: u64,
    attempts: u64,
    success_rate: Option<f64>,
    latency_ms: Option<Percentiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Vec<PartView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destinations: Option<Vec<super::destinations::View>>,
}

/// Of one part of the time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartView {
    since: String,
    until: String,
    counts: Counts,
    success_rate: Option<f64>,
    latency_ms: Option<Percentiles>,
}

/// How long it took.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    p50: Millis,
    p95: Millis,
    p99: Millis,
}

impl<'a> View<'a> {
    /// Of a subscription.
    pub fn of(subscription: &'a str, series: &Series) -> Self {
        View { subscription: Some(subscription), ..Self::of_all(series, None) }
    }

    /// Of an application, with what each of its destinations comes to.
    pub fn of_application(series: &Series, destinations: Destinations) -> Self {
        Self::of_all(series, Some(destinations.views()))
    }

    fn of_all(series: &Series, destinations: Option<Vec<super::destinations::View>>) -> Self {
        let Window { since, until } = series.parts().window();
        let tally = series.total();
        View {
            subscription: None,
            since: rfc3339(since),
            until: rfc3339(until),
            counts: tally.counts,
            total: tally.total(),
            attempts: tally.attempts,
            success_rate: tally.success_rate(),
            latency_ms: tally.latency(),
            series: series.told().map(|parts| parts.map(|(window, tally)| PartView::of(window, tally)).collect()),
            destinations,
        }
    }
}

impl PartView {
    fn of(window: Window, tally: &Tally) -> Self {
        PartView {
            since: rfc3339(window.since),
            until: rfc3339(window.until),
            counts: tally.counts,
            success_rate: tally.success_rate(),
            latency_ms: tally.latency(),
        }
    }
}

impl Tally {
    /// How many deliveries it counts.
    pub(super) fn total(&self) -> u64 {
        let Counts { pending, delivered, failed, cancelled } = self.counts;
        [delivered, failed, cancelled].into_iter().fold(pending, u64::saturating_add)
    }

    pub(super) fn success_rate(&self) -> Option<f64> {
        let Counts { delivered, failed, .. } = self.counts;
        let ended = delivered.saturating_add(failed);
        (ended > 0).then(|| delivered as f64 / ended as f64)
    }

    pub(super) fn latency(&self) -> Option<Percentiles> {
        let rank = |share| self.latencies.percentile(share);
        Some(Percentiles { p50: rank(50)?, p95: rank(95)?, p99: rank(99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Stage;
    use crate::stats::Parts;

    /// A series of one second of 1970, and so much of the next.
    fn cut(query: &str) -> Series {
        let window = "since=1970-01-01T00:00:00Z&until=1970-01-01T00:00:01.001Z";
        Series::new(Parts::read(&[window, query].concat(), 0).unwrap())
    }

    #[test]
    fn nothing_has_no_rate_and_no_times() {
        let mut tally = Tally::default();
        tally.add(Stage::Held, 1, None);
        tally.add(Stage::Due, 2, None);
        let mut series = cut("");
        series.add(0, &tally);
        assert_eq!(
            serde_json::to_string(&View::of("sub_1", &series)).unwrap(),
            r#"{"subscription":"sub_1","since":"1970-01-01T00:00:00.000Z","until":"1970-01-01T00:00:01.001Z","counts":{"pending":2,"delivered":0,"failed":0,"cancelled":0},"total":2,"attempts":3,"successRate":null,"latencyMs":null}"#
        );
    }

    #[test]
    fn parts_are_shown_with_their_times_and_destinations_of_an_application_alone() {
        let mut tally = Tally::default();
        tally.add(Stage::Delivered, 1, Some(20));
        let mut series = cut("&interval=1");
        series.add(1, &tally);
        let shown = View::of_application(&series, Destinations::default());
        assert_eq!(
            serde_json::to_string(&shown.series).unwrap(),
            r#"[{"since":"1970-01-01T00:00:00.000Z","until":"1970-01-01T00:00:00.999Z","counts":{"pending":0,"delivered":0,"failed":0,"cancelled":0},"successRate":null,"latencyMs":null},{"since":"1970-01-01T00:00:01.000Z","until":"1970-01-01T00:00:01.001Z","counts":{"pending":0,"delivered":1,"failed":0,"cancelled":0},"successRate":1.0,"latencyMs":{"p50":20,"p95":20,"p99":20}}]"#
        );
        let shown = serde_json::to_value(shown).unwrap();
        assert_eq!((&shown["destinations"], shown.get("subscription")), (&serde_json::json!([]), None));
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
        assert_eq!(tally.counts, Counts { pending: 0b1111, delivered: 18, failed: 32, cancelled: 64 });
        assert_eq!((tally.total(), tally.attempts), (129, 130));
        assert_eq!(tally.success_rate(), Some(18.0 / 50.0));
        assert_eq!(tally.latency(), Some(Percentiles { p50: 20, p95: 30, p99: 30 }));
    }
}
