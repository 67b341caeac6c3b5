//! A request as an attempt sends it. Attempts are made of it, and so is what is shown of one beforehand: neither can drift
//! from the other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use super::Prepared;
use crate::access::{Scope, Scopes};
use crate::event::Received;
use crate::profile::HeaderFacts;
use crate::source::{Word, can_name, target};
use crate::time::Millis;
use crate::trace::Trace;

/// A delivery, as far as a request is made of it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// What its headers can tell of.
    pub facts: HeaderFacts<'a>,
    /// A destination of its own.
    pub url: Option<&'a str>,
    /// The request that it was, where it came to a source.
    pub received: Option<&'a Received>,
    /// The trace that it is part of.
    pub trace: Option<&'a Trace>,
    /// Its body.
    pub body: &'a [u8],
}

/// A request, but for its body.
#[derive(Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// Where it goes, without a query that came to a source and may hold a token.
    pub plain_url: String,
    /// Names and values in turn.
    pub lines: Vec<String>,
    /// How many of the lines came with a request to a source.
    received: usize,
    /// How long the exchange may take.
    pub timeout: Millis,
}

impl Prepared {
    /// The request of an attempt that is made `now`, a span of its trace under `random`.
    ///
    /// # Errors
    /// The URL, where deliveries may not go there.
    pub fn outgoing(&self, item: &Item<'_>, now: Millis, random: impl FnOnce() -> u64) -> Result<Outgoing, String> {
        let url = self.url(item.url).map_err(str::to_owned)?;
        let timeout = |seconds: u32| i64::from(seconds).saturating_mul(1000);
        if let (Some(source), Some(received)) = (&self.destination.source, item.received) {
            let word = Word {
                source: &source.id,
                provider: &source.provider,
                verified: received.verified,
                signing_secret: source.signing_secret.as_deref(),
                id: received.id.as_deref().filter(|id| can_name(id)).unwrap_or(item.facts.delivery_id),
            };
            let word = word.headers(item.body, now);
            let mut lines = without(&received.headers, &word);
            let came = lines.len();
            lines.extend(word);
            return Ok(Outgoing {
                method: received.method.clone(),
                url: target(url, &received.rest, &received.query),
                plain_url: target(url, &received.rest, ""),
                lines,
                received: came,
                timeout: timeout(source.timeout_seconds),
            });
        }
        let mut lines = self.headers(&item.facts, item.body, now);
        if let Some(trace) = item.trace {
            lines = trace.set(lines, random());
        }
        Ok(Outgoing {
            method: "POST".into(),
            url: url.to_owned(),
            plain_url: url.to_owned(),
            lines,
            received: 0,
            timeout: timeout(self.profile.timeout_seconds),
        })
    }

    /// A request as it is shown to somebody who has these scopes. What a subscriber wants on each delivery is for those who
    /// may read subscriptions; what a provider has sent may hold the very secret that it is known by.
    pub fn shown<'a>(&self, outgoing: &'a Outgoing, body: &'a [u8], scopes: Scopes) -> Shown<'a> {
        let (reads, knows) = (scopes.has(Scope::SubscriptionsRead), scopes.has(Scope::SecretsRead));
        let is_hidden = |at: usize, name: &str| match at < outgoing.received {
            true => !knows,
            false => !reads && self.is_subscribers(name),
        };
        let mut shown = outgoing.shown(body);
        for (number, header) in shown.headers.iter_mut().enumerate() {
            if is_hidden(number.saturating_mul(2), header.name) {
                header.value = None;
            }
        }
        if !knows {
            shown.url = &outgoing.plain_url;
        }
        shown
    }
}

/// The lines of a request that came, but for what Signet itself says under the same names.
fn without(received: &str, word: &[String]) -> Vec<String> {
    let is_said = |name: &str| word.iter().step_by(2).any(|said| said.eq_ignore_ascii_case(name));
    let mut lines = Vec::new();
    let mut came = received.split('\n');
    while let (Some(name), Some(value)) = (came.next(), came.next()) {
        if !is_said(name) {
            lines.extend([name.to_owned(), value.to_owned()]);
        }
    }
    lines
}

/// A request as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown<'a> {
    method: &'a str,
    url: &'a str,
    headers: Vec<Header<'a>>,
    /// `null` for one that is no text.
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

#[derive(Debug, Serialize)]
struct Header<'a> {
    name: &'a str,
    /// `null`: not for whoever asks.
    value: Option<&'a str>,
}

impl Outgoing {
    /// All of it.
    pub fn shown<'a>(&'a self, body: &'a [u8]) -> Shown<'a> {
        // Such a request carries none, whatever came with it.
        let body = if matches!(self.method.as_str(), "GET" | "HEAD") { &[] } else { body };
        let header = |line: &'a [String]| match line {
            [name, value] => Some(Header { name, value: Some(value) }),
            _ => None,
        };
        let text = std::str::from_utf8(body).ok();
        Shown {
            method: &self.method,
            url: &self.url,
            headers: self.lines.chunks(2).filter_map(header).collect(),
            body: text,
            body_base64: text.is_none().then(|| BASE64.encode(body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Destination, Pace, ProfileRef, Secrets, SourceRef, Status};
    use super::*;
    use crate::destination;
    use crate::profile;

    const NOW: Millis = 1_779_105_600_000;

    fn destination() -> Destination {
        let headers = [("X-Own".to_owned(), "token".to_owned())].into();
        Destination {
            version: 1,
            subscription: Some("sub_1".into()),
            source: None,
            url: Some("https://example.com/hook?k=v".into()),
            headers,
            profile: ProfileRef::to(profile::find("clipcabinet").unwrap()),
            secrets: Secrets::new("whsec_x".into()),
            sealed: None,
            pace: Pace::default(),
            status: Status::Active,
            resumed_at: None,
            revoked: Vec::new(),
        }
    }

    fn item<'a>(received: Option<&'a Received>, trace: Option<&'a Trace>, body: &'a [u8]) -> Item<'a> {
        let facts =
            HeaderFacts { event_id: "evt_1", event_type: "a.b", delivery_id: "del_1", subscription_id: "sub_1" };
        Item { facts, url: None, received, trace, body }
    }

    fn shown(destination: Destination, item: &Item<'_>, scopes: &[Scope]) -> Value {
        let prepared = Prepared::new(destination, destination::tests::PUBLIC).unwrap();
        let outgoing = prepared.outgoing(item, NOW, || 7).unwrap();
        serde_json::to_value(prepared.shown(&outgoing, item.body, scopes.iter().copied().collect())).unwrap()
    }

    fn names(shown: &Value) -> Vec<&str> {
        shown["headers"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect()
    }

    fn value<'a>(shown: &'a Value, name: &str) -> &'a Value {
        &shown["headers"].as_array().unwrap().iter().find(|header| header["name"] == name).unwrap()["value"]
    }

    #[test]
    fn a_delivery_is_shown_as_it_goes_out() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = Trace::read(parent, None).unwrap();
        let all = shown(destination(), &item(None, Some(&trace), b"{}"), Scope::ALL);
        assert_eq!(
            names(&all),
            [
                "Content-Type",
                "User-Agent",
                "X-ClipCabinet-Delivery",
                "X-ClipCabinet-Event",
                "X-Own",
                "X-ClipCabinet-Signature",
                "traceparent"
            ]
        );
        assert_eq!((&all["method"], &all["body"]), (&json!("POST"), &json!("{}")));
        assert_eq!(all["url"], "https://example.com/hook?k=v");
        assert_eq!(value(&all, "X-ClipCabinet-Delivery"), "del_1");
        assert_eq!(value(&all, "X-Own"), "token");
    }

    #[test]
    fn what_a_subscriber_added_is_for_those_who_read_subscriptions() {
        let some = shown(destination(), &item(None, None, b"{}"), &[Scope::DeliveriesWrite, Scope::SecretsRead]);
        let hidden = |header: &&Value| header["value"].is_null();
        let headers = some["headers"].as_array().unwrap();
        assert_eq!(headers.iter().filter(hidden).count(), 1, "{some}");
        assert_eq!(value(&some, "X-Own"), &Value::Null);
        assert_eq!(some["url"], "https://example.com/hook?k=v");
        // A subscriber's header in the place of the profile's is the subscriber's.
        let other = Destination { headers: [("user-agent".to_owned(), "x".to_owned())].into(), ..destination() };
        let some = shown(other, &item(None, None, b"{}"), &[]);
        assert!(!names(&some).contains(&"User-Agent"));
        assert_eq!(value(&some, "user-agent"), &Value::Null);
    }

    #[test]
    fn what_a_provider_sent_is_for_those_who_read_secrets() {
        let source = SourceRef {
            id: "src_1".into(),
            provider: "gitlab".into(),
            signing_secret: Some("whsec_AQID".into()),
            timeout_seconds: 7,
        };
        let queue = Destination { source: Some(source), subscription: None, ..destination() };
        let received = Received {
            method: "PUT".into(),
            rest: "/deep".into(),
            query: "?token=t".into(),
            headers: "content-type\ntext/plain\nx-gitlab-token\nthe secret\nwebhook-id\nnot ours".into(),
            id: Some("their id".into()),
            verified: true,
        };
        let item = item(Some(&received), None, b"\xff");
        let all = shown(queue.clone(), &item, Scope::ALL);
        assert_eq!((&all["method"], &all["url"]), (&json!("PUT"), &json!("https://example.com/hook/deep?k=v&token=t")));
        assert_eq!((&all["body"], &all["bodyBase64"]), (&Value::Null, &json!("/w==")));
        assert_eq!(
            names(&all),
            [
                "content-type",
                "x-gitlab-token",
                "Signet-Source",
                "Signet-Provider",
                "Signet-Verified",
                "webhook-signature",
                "webhook-timestamp",
                "webhook-id"
            ]
        );
        assert_eq!(value(&all, "x-gitlab-token"), "the secret");
        assert_eq!(value(&all, "webhook-id"), "del_1", "an id that can't stand in a header is not used");
        let some = shown(queue, &item, &[Scope::DeliveriesWrite, Scope::SubscriptionsRead]);
        assert_eq!(names(&some), names(&all));
        assert!(!some.to_string().contains("secret") && !some.to_string().contains("token=t"), "{some}");
        assert_eq!(value(&some, "Signet-Verified"), "true");
        let none = Received { method: "GET".into(), ..received.clone() };
        let got = shown(destination_of_queue(), &Item { received: Some(&none), ..item }, Scope::ALL);
        assert_eq!(got["body"], "");
    }

    fn destination_of_queue() -> Destination {
        let source = SourceRef { id: "src_1".into(), provider: "x".into(), signing_secret: None, timeout_seconds: 7 };
        Destination { source: Some(source), subscription: None, ..destination() }
    }

    #[test]
    fn where_deliveries_may_not_go_nothing_is_made() {
        let inside = Destination { url: Some("http://10.0.0.1/".into()), ..destination() };
        let prepared = Prepared::new(inside, destination::tests::PUBLIC).unwrap();
        assert_eq!(prepared.outgoing(&item(None, None, b""), NOW, || 7).unwrap_err(), "http://10.0.0.1/");
    }
}
