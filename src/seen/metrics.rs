//! What an instance has done since it started, in the Prometheus text format (0.0.4).
//!
//! Labels are names out of fixed lists, so that no stranger can make the figures grow.

use std::collections::BTreeMap;

use super::line::Request;
use super::name_of;
use crate::delivery::Outcome;
use crate::source;
use crate::time::Millis;

/// Where the buckets of a histogram end, in milliseconds.
const BOUNDS: [Millis; 13] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/// What objects and their storage were asked for: what is billed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Costs {
    /// Rows written.
    pub rows: u64,
    /// Requests to objects.
    pub requests: u64,
    /// Alarms set.
    pub alarms: u64,
}

/// Counts by what stands between the braces of a sample.
type Counters = BTreeMap<String, u64>;

/// The figures.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Counters,
    request_times: Histogram,
    events: u64,
    deliveries: u64,
    attempts: Counters,
    attempt_times: Histogram,
    source_requests: Counters,
    key_refusals: Counters,
}

impl Metrics {
    /// A request was answered.
    pub fn request(&mut self, request: &Request) {
        let Request { route, method, status, .. } = request;
        count(&mut self.requests, &[("route", route), ("method", method), ("status", &status.to_string())]);
        self.request_times.add(request.duration_ms);
        if let Some(reason @ ("unauthorized" | "too_many_attempts")) = request.code.as_deref() {
            count(&mut self.key_refusals, &[("reason", reason)]);
        }
    }

    /// An event was accepted.
    pub fn event(&mut self) {
        up(&mut self.events);
    }

    /// Deliveries were accepted.
    pub fn deliveries(&mut self, count: usize) {
        self.deliveries = self.deliveries.saturating_add(count as u64);
    }

    /// An attempt is over.
    pub fn attempt(&mut self, outcome: Outcome, duration: Millis) {
        let name = match outcome {
            Outcome::Answered { .. } if outcome.is_success() => "delivered".to_owned(),
            Outcome::Answered { .. } => "failed".to_owned(),
            Outcome::Failed(failure) => name_of(&failure),
        };
        count(&mut self.attempts, &[("outcome", &name)]);
        self.attempt_times.add(duration);
    }

    /// A request to a source was judged.
    pub fn source_request(&mut self, outcome: source::Outcome) {
        count(&mut self.source_requests, &[("outcome", &name_of(&outcome))]);
    }

    /// All of it.
    pub fn text(&self, costs: Costs) -> String {
        let mut page = Page(String::new());
        page.family("signet_build_info", "gauge", "The version that answers.");
        page.sample("signet_build_info", &labelled(&[("version", env!("CARGO_PKG_VERSION"))]), "1");

        let help = "Requests answered, by the pattern that their path fits.";
        page.counters("signet_requests_total", help, &self.requests);
        page.histogram("signet_request_duration_seconds", "Time to the answer.", &self.request_times);
        page.counter("signet_events_total", "Events accepted, without repetitions.", self.events);
        page.counter(
            "signet_deliveries_accepted_total",
            "Deliveries accepted, of events and sources.",
            self.deliveries,
        );
        page.counters("signet_attempts_total", "Attempts made, by what came of them.", &self.attempts);
        page.histogram("signet_attempt_duration_seconds", "Time of an attempt.", &self.attempt_times);
        let help = "Requests to sources, by what became of them.";
        page.counters("signet_source_requests_total", help, &self.source_requests);
        page.counters("signet_key_refusals_total", "Calls without a key that holds.", &self.key_refusals);

        let help = "Rows written to the objects' storage, index rows among them.";
        page.counter("signet_rows_written_total", help, costs.rows);
        page.counter("signet_object_requests_total", "Requests to Durable Objects.", costs.requests);
        page.counter("signet_alarms_set_total", "Alarms set; each is written like a row.", costs.alarms);
        page.0
    }
}

fn up(count: &mut u64) {
    *count = count.saturating_add(1);
}

fn count(counters: &mut Counters, labels: &[(&str, &str)]) {
    up(counters.entry(labelled(labels)).or_default());
}

/// What stands between the braces.
fn labelled(labels: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        let comma = if text.is_empty() { "" } else { "," };
        text.push_str(&[comma, name, "=\"", &escaped(value), "\""].concat());
    }
    text
}

/// How long things took.
#[derive(Debug, Default)]
struct Histogram {
    /// How many ended in each bucket, what is beyond the last bound left out.
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: Millis,
}

impl Histogram {
    fn add(&mut self, duration: Millis) {
        let bucket = self.buckets.iter_mut().zip(BOUNDS).find(|(_, bound)| duration <= *bound);
        if let Some((bucket, _)) = bucket {
            up(bucket);
        }
        up(&mut self.count);
        self.sum = self.sum.saturating_add(duration.max(0));
    }
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Whoever reads this in a browser reads no manual.
        let scope = "By this instance since it started: in production each one counts for itself.";
        self.0.push_str(&format!("# HELP {name} {help} {scope}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: &str) {
        let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
        self.0.push_str(&[name, open, labels, close, " ", value, "\n"].concat());
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(name, "", &value.to_string());
    }

    fn counters(&mut self, name: &str, help: &str, counters: &Counters) {
        self.family(name, "counter", help);
        for (labels, value) in counters {
            self.sample(name, labels, &value.to_string());
        }
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.family(name, "histogram", help);
        let bucket = [name, "_bucket"].concat();
        let mut below = 0u64;
        for (count, bound) in histogram.buckets.iter().zip(BOUNDS) {
            below = below.saturating_add(*count);
            self.sample(&bucket, &labelled(&[("le", &seconds(bound))]), &below.to_string());
        }
        self.sample(&bucket, &labelled(&[("le", "+Inf")]), &histogram.count.to_string());
        self.sample(&[name, "_sum"].concat(), "", &seconds(histogram.sum));
        self.sample(&[name, "_count"].concat(), "", &histogram.count.to_string());
    }
}

fn seconds(milliseconds: Millis) -> String {
    (milliseconds as f64 / 1000.0).to_string()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Failure;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Samples by name and labels; panics at whatever the format does not allow.
    fn read(text: &str) -> HashMap<String, f64> {
        assert!(text.ends_with('\n'));
        let mut samples = HashMap::new();
        let (mut family, mut kind) = ("", "");
        let mut seen = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split_once(' ').unwrap().0;
                assert!(!seen.contains(&family), "{family} is one group");
                seen.push(family);
                let of = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
                kind = of.strip_prefix(family).unwrap().trim_start();
                assert!(["counter", "gauge", "histogram"].contains(&kind));
                continue;
            }
            let (head, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = head.split_once('{').unwrap_or((head, "}"));
            let suffix = name.strip_prefix(family).unwrap();
            assert!(match kind {
                "histogram" => ["_bucket", "_sum", "_count"].contains(&suffix),
                _ => suffix.is_empty(),
            });
            let labels = labels.strip_suffix('}').unwrap();
            for label in labels.split(',').filter(|label| !label.is_empty()) {
                let (key, text) = label.split_once('=').unwrap();
                assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{label}");
                let text = text.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
                assert!(!text.contains('"') && !text.contains('\\'), "{label}");
            }
            let value: f64 = value.parse().unwrap();
            assert!(value >= 0.0 && samples.insert(head.to_owned(), value).is_none(), "{head} stands once");
        }
        samples
    }

    fn request(route: &'static str, status: u16, code: Option<&str>) -> Request {
        let mut request = Request::new("GET");
        request.fits(route, &[]);
        request.status = status;
        request.code = code.map(str::to_owned);
        request.duration_ms = 7;
        request
    }

    #[test]
    fn counts_what_it_is_told() {
        let mut metrics = Metrics::default();
        metrics.request(&request("/v1/events/{id}", 200, None));
        metrics.request(&request("/v1/events/{id}", 200, None));
        metrics.request(&request("unknown", 401, Some("unauthorized")));
        metrics.request(&request("unknown", 429, Some("too_many_attempts")));
        metrics.request(&request("/in/{source}/{path…}", 401, Some("not_verified")));
        metrics.event();
        metrics.deliveries(3);
        metrics.attempt(Outcome::Answered { status: 204, retry_after: None }, 3);
        metrics.attempt(Outcome::Answered { status: 500, retry_after: None }, 31_000);
        metrics.attempt(Outcome::Failed(Failure::Timeout), 10_000);
        metrics.source_request(source::Outcome::UnderWay);
        let text = metrics.text(Costs { rows: 5, requests: 6, alarms: 7 });
        let found = read(&text);
        for (name, value) in [
            (r#"signet_requests_total{route="/v1/events/{id}",method="GET",status="200"}"#, 2.0),
            (r#"signet_requests_total{route="/in/{source}/{path…}",method="GET",status="401"}"#, 1.0),
            (r#"signet_request_duration_seconds_bucket{le="0.005"}"#, 0.0),
            (r#"signet_request_duration_seconds_bucket{le="0.01"}"#, 5.0),
            ("signet_request_duration_seconds_sum", 0.035),
            ("signet_events_total", 1.0),
            ("signet_deliveries_accepted_total", 3.0),
            (r#"signet_attempts_total{outcome="delivered"}"#, 1.0),
            (r#"signet_attempts_total{outcome="failed"}"#, 1.0),
            (r#"signet_attempts_total{outcome="timeout"}"#, 1.0),
            (r#"signet_attempt_duration_seconds_bucket{le="30"}"#, 2.0),
            (r#"signet_attempt_duration_seconds_bucket{le="+Inf"}"#, 3.0),
            ("signet_attempt_duration_seconds_count", 3.0),
            (r#"signet_source_requests_total{outcome="under_way"}"#, 1.0),
            (r#"signet_key_refusals_total{reason="unauthorized"}"#, 1.0),
            (r#"signet_key_refusals_total{reason="too_many_attempts"}"#, 1.0),
            ("signet_rows_written_total", 5.0),
            ("signet_object_requests_total", 6.0),
            ("signet_alarms_set_total", 7.0),
            (concat!(r#"signet_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""}"#), 1.0),
        ] {
            assert_eq!(found.get(name), Some(&value), "{name} in\n{text}");
        }
        assert_eq!(found.keys().filter(|name| name.starts_with("signet_key_refusals")).count(), 2);
    }

    #[test]
    fn one_that_has_done_nothing_says_so() {
        let found = read(&Metrics::default().text(Costs::default()));
        assert_eq!(found["signet_events_total"], 0.0);
        assert_eq!(found["signet_request_duration_seconds_count"], 0.0);
    }

    #[test]
    fn labels_are_escaped() {
        let mut page = Page(String::new());
        page.sample("a", &labelled(&[("b", "c\"\\\n"), ("d", "e")]), "1");
        assert_eq!(page.0, "a{b=\"c\\\"\\\\\\n\",d=\"e\"} 1\n");
    }

    proptest! {
        #[test]
        fn buckets_hold_what_is_below_their_bound(durations in proptest::collection::vec(-5i64..60_000, 0..60)) {
            let mut metrics = Metrics::default();
            for duration in &durations {
                metrics.attempt(Outcome::Failed(Failure::Dns), *duration);
            }
            let found = read(&metrics.text(Costs::default()));
            for bound in BOUNDS {
                let name = format!("signet_attempt_duration_seconds_bucket{{le=\"{}\"}}", seconds(bound));
                prop_assert_eq!(found[&name] as usize, durations.iter().filter(|it| **it <= bound).count());
            }
            prop_assert_eq!(found["signet_attempt_duration_seconds_count"] as usize, durations.len());
        }
    }
}
