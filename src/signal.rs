//! What Signet itself has to say: events of its own about what becomes of deliveries, for its operator.
//!
//! They tell of all applications, so they go to the operator alone: to subscriptions of the application `default` whose
//! types all begin with `signet.`. Such a subscription has one of the reserved places, by which anybody can tell what is
//! the operator's; ordinary matching never meets it, and what becomes of its own deliveries is no reason for a signal. So
//! signals can't cause signals.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::event::{Attributes, Target, Values};
use crate::id::{DELIVERY, Id, SUBSCRIPTION};
use crate::problem::Problem;
use crate::snapshot::Subscriber;
use crate::subscription::{Interest, Status, Subscription, matches};
use crate::time::{Millis, rfc3339};

/// How the types of Signet's own events begin.
const PREFIX: &str = "signet.";

/// What is wrong with a type that only Signet itself may use.
pub const TYPE_FAULT: &str = "must not begin with signet.: such events are Signet's own";

const DISABLED: &str = "signet.subscription.disabled";
const FAILING: &str = "signet.subscription.failing";
const RECOVERED: &str = "signet.subscription.recovered";
const FAILED: &str = "signet.delivery.failed";
const ROTATED: &str = "signet.secret.rotated";

/// Every type.
pub const KINDS: &[&str] = &[DISABLED, FAILING, RECOVERED, FAILED, ROTATED];

/// Whether a type, or a pattern of types, is of Signet's own.
pub fn is_own(kind: &str) -> bool {
    kind.starts_with(PREFIX)
}

/// Whether a subscription asks for Signet's own events.
pub fn is_asked_for(interest: &Interest) -> bool {
    interest.events.iter().any(|event| is_own(event))
}

/// What is wrong with one of the types that a subscription asks for, if it is: Signet's own don't mix with others, and only
/// who `may` have them can ask for them.
pub fn fault(event: &str, events: &[String], may: bool) -> Option<String> {
    let mixed = events.iter().any(|event| is_own(event));
    Some(match is_own(event) {
        false if mixed && may => {
            "can't stand beside types that begin with signet.: make a subscription for each".into()
        }
        false => return None,
        true if !may => {
            "must not begin with signet.: Signet's own events go to subscriptions that the operator makes in \
                         the application default"
                .into()
        }
        true if !KINDS.iter().any(|kind| matches(event, kind)) => {
            format!("is none of Signet's own types, which are {}", KINDS.join(", "))
        }
        true => return None,
    })
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal<'a> {
    /// A subscription was disabled.
    Disabled {
        /// Which one.
        subscription: &'a str,
        /// `gone` or `failing`.
        reason: &'a str,
        /// Since when its destination takes nothing.
        since: Option<Millis>,
    },
    /// A destination takes nothing, and is spared.
    Failing {
        /// Whose.
        subscription: &'a str,
        /// Since when.
        since: Option<Millis>,
    },
    /// It takes deliveries again.
    Recovered {
        /// Whose.
        subscription: &'a str,
        /// Since when it took nothing.
        since: Option<Millis>,
    },
    /// A secret was rotated.
    Rotated {
        /// Whose; none: the application's own.
        subscription: Option<&'a str>,
        /// Until when the one before signs too.
        until: Millis,
    },
    /// A delivery has failed for good.
    Failed(Failed<'a>),
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed<'a> {
    /// Which one.
    pub delivery: Id,
    /// Whose it was, if a subscription's.
    pub subscription: Option<&'a str>,
    /// Whose it was, if a source's.
    pub source: Option<&'a str>,
    /// Of which event.
    pub event: &'a str,
    /// Of which type.
    pub kind: &'a str,
    /// How many attempts there were.
    pub attempts: u32,
    /// What the last one was answered with.
    pub status: Option<u16>,
    /// Why it was not answered.
    pub error: Option<crate::delivery::Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    application: &'a str,
    subscription: Option<&'a str>,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum More<'a> {
    Disabled {
        reason: &'a str,
        failing_since: Option<String>,
        disabled_at: String,
    },
    Failing {
        failing_since: Option<String>,
    },
    Recovered {
        failing_since: Option<String>,
        recovered_at: String,
    },
    Rotated {
        rotated_at: String,
        previous_secret_expires_at: String,
    },
    Failed {
        source: Option<&'a str>,
        delivery: String,
        event: Of<'a>,
        attempt_count: u32,
        response_status: Option<u16>,
        error: Option<crate::delivery::Failure>,
        created_at: String,
        failed_at: String,
    },
}

#[derive(Serialize)]
struct Of<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

impl<'a> Signal<'a> {
    /// What a report of its object has made of a subscription, if that is worth a word.
    pub fn of_report(before: &Subscription, after: &'a Subscription) -> Option<Self> {
        let subscription = after.id.as_str();
        let is_new = |status| after.status == status && before.status != status;
        match (before.failing_since, after.failing_since) {
            (_, since) if is_new(Status::Disabled) => {
                let reason = after.disabled_reason.as_deref().unwrap_or_default();
                Some(Signal::Disabled { subscription, reason, since })
            }
            (None, since @ Some(_)) => Some(Signal::Failing { subscription, since }),
            (since @ Some(_), None) => Some(Signal::Recovered { subscription, since }),
            _ => None,
        }
    }
}

impl Signal<'_> {
    /// Its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Signal::Disabled { .. } => DISABLED,
            Signal::Failing { .. } => FAILING,
            Signal::Recovered { .. } => RECOVERED,
            Signal::Rotated { .. } => ROTATED,
            Signal::Failed(_) => FAILED,
        }
    }

    fn subscription(&self) -> Option<&str> {
        match self {
            Signal::Disabled { subscription, .. }
            | Signal::Failing { subscription, .. }
            | Signal::Recovered { subscription, .. } => Some(subscription),
            Signal::Rotated { subscription, .. } => *subscription,
            Signal::Failed(failed) => failed.subscription,
        }
    }

    /// Ids and times. No URL, no payload, no secret.
    fn data(&self, application: &str, now: Millis) -> Result<Box<RawValue>, Problem> {
        let more = match self {
            Signal::Disabled { reason, since, .. } => {
                More::Disabled { reason, failing_since: since.map(rfc3339), disabled_at: rfc3339(now) }
            }
            Signal::Failing { since, .. } => More::Failing { failing_since: since.map(rfc3339) },
            Signal::Recovered { since, .. } => {
                More::Recovered { failing_since: since.map(rfc3339), recovered_at: rfc3339(now) }
            }
            Signal::Rotated { until, .. } => {
                More::Rotated { rotated_at: rfc3339(now), previous_secret_expires_at: rfc3339(*until) }
            }
            Signal::Failed(failed) => More::Failed {
                source: failed.source,
                delivery: failed.delivery.with(DELIVERY),
                event: Of { id: failed.event, kind: failed.kind },
                attempt_count: failed.attempts,
                response_status: failed.status,
                error: failed.error,
                created_at: rfc3339(failed.delivery.time()),
                failed_at: rfc3339(now),
            },
        };
        to_raw_value(&Data { application, subscription: self.subscription(), more })
            .map_err(|error| Problem::unavailable(error.to_string()))
    }

    /// What it can be filtered by.
    fn attributes(&self, application: &str) -> Attributes {
        let subscription = self.subscription().map(|id| ("subscription", id));
        let named = [("application", application)].into_iter().chain(subscription);
        named.map(|(name, value)| (name.to_owned(), Values::One(value.to_owned()))).collect()
    }

    /// The notice of it to those of the operator's subscriptions that want one; none where nobody does.
    ///
    /// # Errors
    /// None that a caller could mend.
    pub fn notice(
        &self,
        application: &str,
        listening: &[Subscriber],
        random: u64,
        now: Millis,
    ) -> Result<Option<Notice>, Problem> {
        let (kind, attributes) = (self.kind(), self.attributes(application));
        let wanting: Vec<(&Subscriber, Id)> = listening
            .iter()
            .filter(|subscriber| subscriber.interest.wants(kind, &attributes))
            .filter_map(|subscriber| Some((subscriber, Id::parse(SUBSCRIPTION, &subscriber.id)?)))
            .filter(|(_, id)| id.place().is_operators())
            .collect();
        let Some((_, first)) = wanting.first() else { return Ok(None) };
        let unique = Id::new(now, random, first.place());
        let target = |(subscriber, id): &(&Subscriber, Id)| Target {
            id: unique.sharded(id.place(), subscriber.shards).with(DELIVERY),
            subscription: Some(subscriber.id.clone()),
            source: None,
        };
        let to = wanting.iter().map(target).collect();
        let data = self.data(application, now)?;
        Ok(Some(Notice { kind: kind.to_owned(), at: now, attributes, data, to }))
    }
}

/// A signal on its way. Its deliveries have their ids from the beginning: however often it is sent on, each of them is there
/// once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    /// The event's type.
    pub kind: String,
    /// When it happened.
    pub at: Millis,
    /// What it can be filtered by.
    pub attributes: Attributes,
    /// The event's data.
    pub data: Box<RawValue>,
    /// Who gets it. The first one's place remembers the event.
    pub to: Vec<Target>,
}

impl Notice {
    /// Its deliveries.
    pub fn deliveries(&self) -> impl Iterator<Item = Id> {
        self.to.iter().filter_map(|target| Id::parse(DELIVERY, &target.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Failure;
    use crate::id::Place;
    use crate::subscription::Filter;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const NOW: Millis = 1_779_105_600_000;

    fn subscriber(place: Place, events: &[&str], filter: Filter) -> Subscriber {
        let events = events.iter().map(|event| event.to_string()).collect();
        let id = Id::new(1, 2, place).with(SUBSCRIPTION);
        Subscriber { id, interest: Interest { events, filter }, profile: "standard".into(), shards: 1 }
    }

    fn every_signal() -> Vec<Signal<'static>> {
        let delivery = Id::new(NOW - 5_000, 7, Place::for_subscription(9));
        vec![
            Signal::Disabled { subscription: "sub_1", reason: "gone", since: None },
            Signal::Failing { subscription: "sub_1", since: Some(NOW) },
            Signal::Recovered { subscription: "sub_1", since: Some(NOW - 1) },
            Signal::Rotated { subscription: None, until: NOW + 1 },
            Signal::Failed(Failed {
                delivery,
                subscription: None,
                source: Some("src_1"),
                event: "my-id",
                kind: "task.done",
                attempts: 3,
                status: None,
                error: Some(Failure::Timeout),
            }),
        ]
    }

    fn operators() -> Vec<Place> {
        Place::operators().collect()
    }

    #[test]
    fn every_kind_has_its_data() {
        let all = [subscriber(operators()[0], &["signet.*"], Filter::new())];
        let notices: Vec<Notice> =
            every_signal().iter().map(|signal| signal.notice("app_1", &all, 5, NOW).unwrap().unwrap()).collect();
        let kinds: Vec<&str> = notices.iter().map(|notice| notice.kind.as_str()).collect();
        assert_eq!(
            kinds,
            KINDS.iter().copied().filter(|kind| *kind != FAILED).take(3).chain([ROTATED, FAILED]).collect::<Vec<_>>()
        );
        let data: Vec<Value> = notices.iter().map(|notice| serde_json::from_str(notice.data.get()).unwrap()).collect();
        let now = "2026-05-18T12:00:00.000Z";
        assert_eq!(
            data[0],
            json!({"application": "app_1", "subscription": "sub_1", "reason": "gone", "failingSince": null, "disabledAt": now})
        );
        assert_eq!(data[1], json!({"application": "app_1", "subscription": "sub_1", "failingSince": now}));
        assert_eq!(data[2]["failingSince"], "2026-05-18T11:59:59.999Z");
        assert_eq!(data[2]["recoveredAt"], now);
        assert_eq!(
            data[3],
            json!({"application": "app_1", "subscription": null, "rotatedAt": now,
                "previousSecretExpiresAt": "2026-05-18T12:00:00.001Z"})
        );
        assert_eq!(data[4]["event"], json!({"id": "my-id", "type": "task.done"}));
        assert_eq!(data[4]["createdAt"], "2026-05-18T11:59:55.000Z");
        assert_eq!((&data[4]["responseStatus"], &data[4]["error"]), (&Value::Null, &json!("timeout")));
        assert_eq!((&data[4]["source"], &data[4]["attemptCount"]), (&json!("src_1"), &json!(3)));
    }

    #[test]
    fn what_a_report_made_of_a_subscription_is_said_once() {
        let find = |name: &str| crate::profile::find(name).cloned();
        let context = crate::subscription::Context {
            now: NOW,
            random: [1; 32],
            rules: crate::destination::tests::PUBLIC,
            default_profile: "standard",
            profile: &find,
            signals: false,
        };
        let well = Subscription::create("sub_1".into(), br#"{"url":"https://example.com"}"#, &context).unwrap();
        let ill = Subscription { failing_since: Some(NOW), ..well.clone() };
        let off = |it: &Subscription, reason: &str| Subscription {
            status: Status::Disabled,
            disabled_reason: Some(reason.into()),
            ..it.clone()
        };
        let (gone, given_up) = (off(&well, "gone"), off(&ill, "failing"));
        let since = Some(NOW);
        let subscription = "sub_1";
        for (before, after, said) in [
            (&well, &well, None),
            (&well, &ill, Some(Signal::Failing { subscription, since })),
            (&ill, &ill, None),
            (&ill, &well, Some(Signal::Recovered { subscription, since })),
            (&well, &gone, Some(Signal::Disabled { subscription, reason: "gone", since: None })),
            (&ill, &given_up, Some(Signal::Disabled { subscription, reason: "failing", since })),
            (&well, &given_up, Some(Signal::Disabled { subscription, reason: "failing", since })),
            (&given_up, &given_up, None),
        ] {
            assert_eq!(Signal::of_report(before, after), said);
        }
    }

    #[test]
    fn only_who_asked_is_told_and_nobody_who_is_not_the_operators() {
        let places = operators();
        let tenant = Place::for_subscription(77);
        let of = |application: &str| Filter::from([("application".to_owned(), vec![application.to_owned()])]);
        let listening = [
            subscriber(places[0], &["signet.delivery.*"], Filter::new()),
            subscriber(places[1], &["signet.subscription.disabled"], Filter::new()),
            subscriber(places[2], &["signet.*"], of("app_1")),
            subscriber(places[3], &["signet.*"], of("app_2")),
            subscriber(tenant, &["signet.*", "*"], Filter::new()),
        ];
        let disabled = &every_signal()[0];
        let notice = disabled.notice("app_1", &listening, 5, NOW).unwrap().unwrap();
        let told: Vec<Place> = notice.deliveries().map(Id::place).collect();
        assert_eq!(told, places[1..3]);
        let home = notice.deliveries().next().unwrap();
        assert!(notice.deliveries().all(|id| id.same_event(home) && id.time() == NOW));
        assert!(disabled.notice("app_1", &listening[..1], 5, NOW).unwrap().is_none());
        assert!(disabled.notice("app_1", &[], 5, NOW).unwrap().is_none());
        assert!(disabled.notice("app_1", &listening[4..], 5, NOW).unwrap().is_none());
    }

    #[test]
    fn a_notice_that_was_stored_is_the_same_one() {
        let all = [subscriber(operators()[29], &["signet.*"], Filter::new())];
        for signal in every_signal() {
            let notice = signal.notice("default", &all, 5, NOW).unwrap().unwrap();
            let text = serde_json::to_string(&notice).unwrap();
            let read: Notice = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            assert_eq!(read.to, notice.to);
        }
    }

    #[test]
    fn what_may_be_asked_for() {
        let faults = |events: &[&str], may| {
            let events: Vec<String> = events.iter().map(|event| event.to_string()).collect();
            events.iter().map(|event| fault(event, &events, may).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(faults(&["signet.*"], true), [false]);
        assert_eq!(faults(&["signet.delivery.*", "signet.secret.rotated"], true), [false, false]);
        assert_eq!(faults(&["signet.*"], false), [true]);
        assert_eq!(faults(&["signet.*", "task.*", "*"], true), [false, true, true]);
        assert_eq!(faults(&["signet.*", "task.*"], false), [true, false]);
        assert_eq!(faults(&["*", "signets", "signet", "Signet.x"], false), [false; 4]);
        for none in ["signet.nothing", "signet.delivery", "signet.delivery.failed.*", "signet.", "signet.deliver.*"] {
            assert_eq!(faults(&[none], true), [true], "{none}");
        }
        assert!(KINDS.iter().all(|kind| faults(&[kind], true) == [false]));
    }

    proptest! {
        #[test]
        fn a_type_of_anybody_else_never_is_one_of_signets(kind in "[a-z.]{1,20}") {
            let own = is_own(&kind);
            prop_assert_eq!(own, kind.starts_with("signet."));
            prop_assert!(!own || fault(&kind, std::slice::from_ref(&kind), false).is_some());
        }
    }
}
