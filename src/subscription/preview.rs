//! What a delivery under a profile looks like, made as a real one is, and neither kept nor sent.

use serde::Serialize;
use serde_json::value::RawValue;

use super::outgoing::{Item, Shown};
use super::read::{finish, read_headers, read_metadata, read_secret, read_url};
use super::{Destination, Pace, Prepared, ProfileRef, Secrets, Status};
use crate::body::Fields;
use crate::destination::Rules;
use crate::event::frame::RENDERED_LIMIT;
use crate::event::{TYPE_FAULT, is_type};
use crate::id::{DELIVERY, EVENT, Id, Place, SUBSCRIPTION};
use crate::problem::Problem;
use crate::profile::{Facts, HeaderFacts, Profile};
use crate::time::Millis;

/// Where an example goes if nobody says.
const URL: &str = "https://example.com/webhook";
/// What an example tells of if nobody says: what a subscription's test does.
const TYPE: &str = "webhook.test";
const DATA: &str = r#"{"message":"This is a test event."}"#;

/// What an example is made of that its asker does not say.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// The present.
    pub now: Millis,
    /// What a secret is made of.
    pub random: [u8; 32],
    /// What ids are made of.
    pub unique: u64,
    /// Where destinations may be.
    pub rules: Rules,
}

/// An example as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    #[serde(flatten)]
    request: Shown<'a>,
    /// What it is signed with: nobody's, unless whoever asks has brought it.
    secret: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

/// The answer to a body `{type?, data?, url?, headers?, secret?, secretType?, metadata?}`. No subscription's own secret is ever
/// used: whoever may ask could have anything signed.
///
/// # Errors
/// 400 or 422, every fault named; 413 for what would be too large under the profile.
pub fn preview(profile: &Profile, bytes: &[u8], made: &Made) -> Result<String, Problem> {
    let mut fields = Fields::parse_optional(bytes)?;
    let kind = fields.take::<String>("type", "must be a string").unwrap_or_else(|| TYPE.into());
    if !is_type(&kind) {
        fields.fault("type", TYPE_FAULT);
    }
    let sample = RawValue::from_string(DATA.into()).ok();
    let data = fields.raw("data").or(sample.as_deref()).unwrap_or(RawValue::NULL);
    let given = fields.take::<String>("url", "must be a string").unwrap_or_else(|| URL.into());
    let (url, code) = match read_url(&mut fields, &given, made.rules) {
        Ok(url) => (url, None),
        Err(code) => (given, Some(code)),
    };
    let headers = read_headers(&mut fields, &Default::default(), Some(profile)).unwrap_or_default();
    // Nothing of it is on the wire: what is asked for a subscription can be asked here as it is.
    read_metadata(&mut fields);
    let secrets = Secrets::new(read_secret(&mut fields, profile, &made.random));
    finish(fields, code)?;

    let id = Id::new(made.now, made.unique, Place::for_subscription(0));
    let (event_id, delivery_id, subscription_id) = (id.with(EVENT), id.with(DELIVERY), id.with(SUBSCRIPTION));
    let rendered = profile.render(
        &Facts {
            event_id: &event_id,
            event_type: &kind,
            occurred_at: made.now,
            data,
            delivery_id: &delivery_id,
            subscription_id: &subscription_id,
        },
        RENDERED_LIMIT,
    )?;
    let destination = Destination {
        version: 0,
        subscription: Some(subscription_id.clone()),
        source: None,
        url: Some(url),
        headers,
        profile: ProfileRef::to(profile),
        secrets,
        sealed: None,
        pace: Pace::default(),
        status: Status::Active,
        resumed_at: None,
        revoked: Vec::new(),
    };
    let prepared = Prepared::new(destination, made.rules)?;
    let facts = HeaderFacts {
        event_id: &event_id,
        event_type: &kind,
        delivery_id: &delivery_id,
        subscription_id: prepared.subscription(),
    };
    let item = Item { facts, url: None, received: None, trace: None, body: &rendered.bytes };
    let outgoing = prepared
        .outgoing(&item, made.now, || made.unique)
        .map_err(|_| Problem::unavailable("The example can't be made. Try again."))?;
    let secrets = &prepared.destination.secrets;
    crate::body::written(&Preview {
        request: outgoing.shown(&rendered.bytes),
        secret: &secrets.current,
        public_key: secrets.public_key(&profile.signature),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::destination;
    use crate::profile;
    use crate::signature::Message;

    const MADE: Made =
        Made { now: 1_779_105_600_000, random: [7; 32], unique: 0x0123_4567_89ab, rules: destination::tests::PUBLIC };

    fn example(profile: &Profile, body: &str) -> Result<Value, Problem> {
        preview(profile, body.as_bytes(), &MADE).map(|text| serde_json::from_str(&text).unwrap())
    }

    fn header<'a>(shown: &'a Value, name: &str) -> Option<&'a str> {
        let headers = shown["headers"].as_array().unwrap();
        headers.iter().find(|header| header["name"] == name)?["value"].as_str()
    }

    #[test]
    fn every_built_in_one_is_signed_with_the_secret_that_it_names() {
        for profile in profile::built_in() {
            let body = r#"{"type":"video.done","data":{"id":"v1", "n":1.0},"headers":{"X-Own":"a"}}"#;
            let shown = example(profile, body).unwrap();
            let text = shown["body"].as_str().unwrap();
            assert!(text.contains(r#"{"id":"v1", "n":1.0}"#), "{text}");
            assert_eq!(header(&shown, "X-Own"), Some("a"));
            assert_eq!((&shown["method"], &shown["url"]), (&"POST".into(), &URL.into()));
            let scheme = &profile.signature;
            let key = scheme.key(shown["secret"].as_str().unwrap()).unwrap();
            let id = scheme.id_header.as_ref().map_or("", |name| header(&shown, name).unwrap());
            let message = Message { id, time: MADE.now, body: text.as_bytes(), method: "POST", url: "" };
            for (name, value) in scheme.sign([&key], message) {
                assert_eq!(header(&shown, name), Some(value.as_str()), "{}: {name}", profile.name);
            }
            assert!(shown.get("publicKey").is_none());
        }
    }

    #[test]
    fn nothing_has_to_be_said() {
        for body in ["", " ", "{}"] {
            let shown = example(profile::standard(), body).unwrap();
            assert!(shown["secret"].as_str().unwrap().starts_with("whsec_"));
            assert_eq!(
                shown["body"],
                r#"{"type":"webhook.test","timestamp":"2026-05-18T12:00:00.000Z","data":{"message":"This is a test event."}}"#
            );
        }
        assert!(example(profile::standard(), r#"{"data":null}"#).unwrap()["body"].as_str().unwrap().contains(":null}"));
    }

    #[test]
    fn a_private_key_shows_its_other_half() {
        let shown = example(profile::standard(), r#"{"secretType":"ed25519"}"#).unwrap();
        assert!(shown["secret"].as_str().unwrap().starts_with("whsk_"));
        assert!(shown["publicKey"].as_str().unwrap().starts_with("whpk_"));
        assert!(header(&shown, "webhook-signature").unwrap().starts_with("v1a,"));
    }

    #[test]
    fn names_each_fault() {
        for (body, pointers, code) in [
            (r#"{"type":"a b"}"#, "/type", "invalid_body"),
            (r#"{"url":"http://10.0.0.1/"}"#, "/url", "private_address"),
            (r#"{"url":"x"}"#, "/url", "invalid_url"),
            (r#"{"url":"x","type":""}"#, "/type /url", "invalid_body"),
            (r#"{"headers":{"webhook-id":"x"}}"#, "/headers/webhook-id", "invalid_body"),
            (r#"{"headers":{"host":"x"}}"#, "/headers/host", "invalid_body"),
            (r#"{"secret":"whsec_!"}"#, "/secret", "invalid_body"),
            (r#"{"secret":"whsec_AQID","secretType":"shared"}"#, "/secretType", "invalid_body"),
            (r#"{"metadata":1}"#, "/metadata", "invalid_body"),
            (r#"{"events":["*"]}"#, "/events", "invalid_body"),
        ] {
            let problem = example(profile::standard(), body).unwrap_err();
            let mut found: Vec<&str> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
            found.sort_unstable();
            assert_eq!((found.join(" ").as_str(), problem.code), (pointers, code), "{body}");
        }
    }

    #[test]
    fn what_a_template_makes_too_large_is_refused() {
        let profile = Profile::read("big", br#"{"body":["{data}","{data}","{data}"]}"#).unwrap();
        let body = format!(r#"{{"data":"{}"}}"#, "x".repeat(700_000));
        assert_eq!(example(&profile, &body).unwrap_err().code, "body_too_large");
    }

    proptest! {
        #[test]
        fn no_body_panics(text: String, bytes: Vec<u8>) {
            let _ = preview(profile::standard(), &bytes, &MADE);
            let value = serde_json::to_string(&text).unwrap();
            let body = format!(
                "{{\"type\":{value},\"data\":{value},\"url\":{value},\"secret\":{value},\"headers\":{{{value}:{value}}}}}"
            );
            let _ = preview(profile::standard(), body.as_bytes(), &MADE);
        }
    }
}
