//! What an object tells the application of its destination, and an operator who asks.

use serde::{Deserialize, Serialize};

use super::Circuit;
use crate::time::{Millis, rfc3339};

/// How a destination is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It takes nothing, and is spared.
    Failing,
    /// It was, and takes deliveries again.
    Recovered,
    /// It is given up, until somebody resumes it.
    Disabled,
}

/// What the application is to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How it is.
    pub status: Condition,
    /// Why it was disabled: `gone` or `failing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when every attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Millis>,
    /// When somebody had resumed it last: what was before that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Millis>,
}

/// How many reports are kept for an application that can't be told; of more than these the oldest are old news.
const MOST: usize = 20;

/// Reports that the application has not heard yet, the oldest first.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unheard(Vec<Report>);

impl Unheard {
    /// Reads what was kept. An older version kept the reason of a disabling alone.
    pub fn restore(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| {
            Unheard(vec![Report {
                status: Condition::Disabled,
                reason: Some(text.to_owned()),
                since: None,
                resumed_at: None,
            }])
        })
    }

    /// What is to be kept, if anything is.
    pub fn kept(&self) -> Option<String> {
        if self.0.is_empty() { None } else { serde_json::to_string(self).ok() }
    }

    /// One more.
    pub fn add(&mut self, report: Report) {
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(report);
    }

    /// The next that is to be told.
    pub fn first(&self) -> Option<&Report> {
        self.0.first()
    }

    /// It was heard; by now another may be the first.
    pub fn heard(&mut self, report: &Report) {
        if self.0.first() == Some(report) {
            self.0.remove(0);
        }
    }
}

/// How a destination does: of one object, or of all that share a subscription.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether it is spared.
    pub circuit: Circuit,
    /// Since when every attempt failed.
    pub failing_since: Option<Millis>,
    /// How many in a row.
    pub consecutive_failures: u32,
    /// When the next one goes out, where it is spared.
    pub retry_at: Option<Millis>,
    /// How many deliveries are pending.
    pub waiting: u64,
}

impl Health {
    /// The worse of both, and what waits for either.
    #[must_use]
    pub fn and(self, other: Health) -> Self {
        let earliest = |one: Option<Millis>, other: Option<Millis>| one.into_iter().chain(other).min();
        Health {
            circuit: self.circuit.max(other.circuit),
            failing_since: earliest(self.failing_since, other.failing_since),
            consecutive_failures: self.consecutive_failures.max(other.consecutive_failures),
            retry_at: earliest(self.retry_at, other.retry_at),
            waiting: self.waiting.saturating_add(other.waiting),
        }
    }

    /// As the API shows it.
    pub fn view<'a>(&self, subscription: &'a str) -> HealthView<'a> {
        HealthView {
            subscription,
            circuit: self.circuit,
            failing_since: self.failing_since.map(rfc3339),
            consecutive_failures: self.consecutive_failures,
            retry_at: self.retry_at.map(rfc3339),
            waiting: self.waiting,
        }
    }
}

/// As the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthView<'a> {
    subscription: &'a str,
    circuit: Circuit,
    failing_since: Option<String>,
    consecutive_failures: u32,
    retry_at: Option<String>,
    waiting: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(since: Millis) -> Report {
        Report { status: Condition::Failing, reason: None, since: Some(since), resumed_at: None }
    }

    #[test]
    fn reports_are_told_in_turn_and_none_twice() {
        let mut unheard = Unheard::default();
        assert_eq!(unheard.kept(), None);
        unheard.add(failing(1));
        unheard.add(failing(2));
        let mut unheard = Unheard::restore(&unheard.kept().unwrap());
        let first = unheard.first().unwrap().clone();
        assert_eq!(first, failing(1));
        unheard.heard(&first);
        unheard.heard(&first);
        assert_eq!(unheard.first(), Some(&failing(2)));
        for since in 0..100 {
            unheard.add(failing(since));
        }
        assert_eq!((unheard.0.len(), unheard.0.last()), (MOST, Some(&failing(99))));
    }

    #[test]
    fn what_an_older_version_kept_is_a_reason() {
        let unheard = Unheard::restore("gone");
        let report = unheard.first().unwrap();
        assert_eq!((report.status, report.reason.as_deref()), (Condition::Disabled, Some("gone")));
        assert_eq!(serde_json::to_string(&failing(5)).unwrap(), r#"{"status":"failing","since":5}"#);
    }

    #[test]
    fn of_several_objects_the_worst_is_shown() {
        let one = Health {
            circuit: Circuit::HalfOpen,
            failing_since: Some(5),
            consecutive_failures: 3,
            retry_at: None,
            waiting: 2,
        };
        let other = Health {
            circuit: Circuit::Open,
            failing_since: Some(7),
            consecutive_failures: 2,
            retry_at: Some(9),
            waiting: 1,
        };
        let both = Health::default().and(one).and(other);
        assert_eq!(
            serde_json::to_string(&both).unwrap(),
            r#"{"circuit":"open","failingSince":5,"consecutiveFailures":3,"retryAt":9,"waiting":3}"#
        );
        assert_eq!(
            serde_json::to_string(&Health::default().view("sub_1")).unwrap(),
            r#"{"subscription":"sub_1","circuit":"closed","failingSince":null,"consecutiveFailures":0,"retryAt":null,"waiting":0}"#
        );
    }
}
