//! Requests, and what is said of them.

mod faults;
mod limits;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ed25519_dalek::{Signature, SigningKey, VerifyingKey as PublicKey};
use serde_json::{Value, json};

use super::*;
use crate::signature::{Message, Scheme};
use crate::source::Source;
use crate::time::Millis;

const NOW: Millis = 1_700_000_000_000;
const SECRET: &str = "s3cret-Of-The-Endpoint/1";
const BODY: &str = r#"{"id":"evt_1","text":"ünïcode </b>","n":[1.50,{}]}"#;
const URL: &str = "https://hooks.example.com/in/src_1";

/// Runs what waits for nothing.
fn ready<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// What the runtime does, as far as tests need it.
fn verify(question: &Question<'_>) -> bool {
    let key = question.key.bytes().try_into().ok().and_then(|bytes| PublicKey::from_bytes(bytes).ok());
    let signature = question.signature.try_into().map(|bytes| Signature::from_bytes(&bytes));
    let (Some(key), Ok(signature)) = (key, signature) else { return false };
    key.verify_strict(&question.content.concat(), &signature).is_ok()
}

fn gate(provider: Value, secrets: &[&str]) -> Gate {
    gate_with(provider, secrets, json!({}))
}

fn gate_with(provider: Value, secrets: &[&str], more: Value) -> Gate {
    let mut source = json!({
        "id": "src_1", "application": "default", "provider": provider, "secrets": secrets,
        "origin": "https://origin.example.com", "mode": "proxy", "enforce": true, "timeoutSeconds": 25,
        "deduplicate": false, "createdAt": 0, "updatedAt": 0,
    });
    for (name, value) in more.as_object().unwrap() {
        source[name] = value.clone();
    }
    Gate::new(serde_json::from_value::<Source>(source).unwrap()).unwrap()
}

fn explained(gate: &Gate, captured: &Captured) -> Report {
    let fetch = async |_: &KeySource, _: Algorithm, _: &[VerifyingKey]| Err(Reason::KeyUnavailable);
    ready(explain(gate, captured, fetch, async |question: &Question<'_>| verify(question)))
}

/// A scheme, and what a test makes of it before it signs.
fn scheme(gate: &Gate) -> Scheme {
    match &gate.provider.signatures[0] {
        crate::provider::Way::Scheme(scheme) => scheme.as_ref().clone(),
        crate::provider::Way::Own { .. } => panic!("no scheme"),
    }
}

/// A request as a scheme signs it.
fn signed(scheme: &Scheme, secret: &str, body: &[u8]) -> Captured {
    let key = scheme.key(secret).unwrap();
    let message = Message { id: "msg_1", time: NOW, body, method: "POST", url: URL };
    let headers = scheme.sign([&key], message).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Captured { method: "POST".into(), url: Some(URL.into()), headers, body: body.to_vec(), at: NOW }
}

fn with_body(captured: &Captured, body: impl AsRef<[u8]>) -> Captured {
    Captured { body: body.as_ref().to_vec(), ..captured.clone() }
}

fn with_header(captured: &Captured, name: &str, value: &str) -> Captured {
    let mut captured = captured.clone();
    captured.headers.retain(|(other, _)| other != name);
    captured.headers.push((name.into(), value.into()));
    captured
}

fn value<'c>(captured: &'c Captured, name: &str) -> &'c str {
    &captured.headers.iter().find(|(other, _)| other == name).unwrap().1
}

/// The codes of all hints, and the words of the first.
fn codes(report: &Report) -> Vec<&str> {
    report.hints.iter().map(|hint| hint.code).collect()
}

fn assert_hint(gate: &Gate, captured: &Captured, code: &str, words: &str) {
    let report = explained(gate, captured);
    assert!(!report.verified && report.reason.is_some(), "{report:#?}");
    assert_eq!(codes(&report).first(), Some(&code), "{report:#?}");
    assert!(report.hints[0].detail.contains(words), "{words}: {report:#?}");
    assert!(report.steps.iter().any(|step| !step.ok), "{report:#?}");
}

fn github() -> Gate {
    gate(json!("github"), &[SECRET])
}

fn stripe() -> Gate {
    gate(json!("stripe"), &[SECRET])
}

/// A custom provider.
fn custom(signature: Value, secret: &str) -> Gate {
    gate(json!({ "signature": signature }), &[secret])
}

#[test]
fn what_holds_is_followed_to_its_end() {
    let gate = gate(json!("stripe"), &["another", SECRET]);
    let report = explained(&gate, &signed(&scheme(&gate), SECRET, BODY.as_bytes()));
    assert!(report.verified && report.reason.is_none() && report.hints.is_empty(), "{report:#?}");
    let steps: Vec<(&str, bool)> = report.steps.iter().map(|step| (step.step, step.ok)).collect();
    assert_eq!(
        steps,
        [
            ("signature_found", true),
            ("signature_decoded", true),
            ("timestamp_found", true),
            ("timestamp_in_tolerance", true),
            ("content_built", true),
            ("secret_tried", false),
            ("secret_tried", true),
        ]
    );
    let built = &report.steps[4].detail;
    assert!(built.contains("`{timestamp}.{body}`: timestamp 10 bytes, `.` 1 byte, body 52 bytes."), "{built}");
    assert_eq!(report.steps[6].detail, "Secret 2 of 2 fits the signature.");
}

#[test]
fn each_reason_has_its_step() {
    let gate = gate(json!("slack"), &[SECRET]);
    let good = signed(&scheme(&gate), SECRET, b"x");
    let (name, time) = ("X-Slack-Signature", "X-Slack-Request-Timestamp");
    for (captured, reason, step, words) in [
        (with_header(&good, name, ""), Reason::SignatureMissing, "signature_found", "came, but empty"),
        (
            with_header(&good, name, "v0=zz"),
            Reason::SignatureMalformed,
            "signature_decoded",
            "begins with `v0=`, then has 2 characters: letters and digits",
        ),
        (with_header(&good, time, ""), Reason::TimestampMissing, "timestamp_found", "in X-Slack-Request-Timestamp"),
        (with_header(&good, time, "soon"), Reason::TimestampMalformed, "timestamp_found", "4 characters came"),
        (
            with_header(&good, time, "1699999000"),
            Reason::TimestampOutOfTolerance,
            "timestamp_in_tolerance",
            "1000 s (about 17 minutes) before",
        ),
        (with_body(&good, "y"), Reason::SignatureMismatch, "secret_tried", "Secret 1 of 1 does not fit"),
    ] {
        let report = explained(&gate, &captured);
        assert_eq!(report.reason, Some(reason), "{report:#?}");
        let failed = report.steps.iter().find(|step| !step.ok).unwrap();
        assert_eq!(failed.step, step, "{report:#?}");
        assert!(failed.detail.contains(words), "{report:#?}");
    }
    let mut bare = good.clone();
    bare.headers.remove(0);
    let report = explained(&gate, &bare);
    let said = "No header X-Slack-Signature came. Of the headers of Slack, X-Slack-Request-Timestamp came.";
    assert_eq!(report.steps[0].detail, said);

    let svix = self::gate(json!("standard-webhooks"), &["whsec_c2VjcmV0"]);
    let mut lacking = signed(&scheme(&svix), "whsec_c2VjcmV0", b"x");
    lacking.headers.retain(|(name, _)| name != "webhook-id");
    let report = explained(&svix, &lacking);
    assert!(report.steps.iter().any(|step| step.step == "id_found" && !step.ok), "{report:#?}");
}

/// A request as Twilio signs it, over a URL and a form that is in order.
fn called(url: &str, form: &str) -> Captured {
    let key = crate::signature::Key::from_bytes(Algorithm::HmacSha1, SECRET.as_bytes()).unwrap();
    let signature = key.sign(&[url, &form.replace(['=', '&'], "")]);
    let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, signature);
    let kind = "application/x-www-form-urlencoded";
    let headers = [("X-Twilio-Signature", signature.as_str()), ("Content-Type", kind)];
    Captured {
        method: "POST".into(),
        url: Some(url.into()),
        headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
        body: form.into(),
        at: NOW,
    }
}

#[test]
fn a_providers_own_way_is_followed_too() {
    let url = "https://a.example/in/src_1";
    let twilio = gate(json!("twilio"), &[SECRET]);
    let good = called(url, "A=1&B=2");
    let report = explained(&twilio, &good);
    assert!(report.verified, "{report:#?}");
    assert_hint(&twilio, &with_body(&good, r#"{"A": "1", "B": "2"}"#), "body_form", "");
    assert_hint(&twilio, &with_body(&good, "A=1&B=3"), "public_url_missing", "Twilio signs the URL");
    assert_hint(
        &twilio,
        &called("http://a.example/in/src_1", "A=1").at_url(url),
        "url_differs",
        "http in place of https",
    );
    assert_hint(&twilio, &called("https://a.example/in/src_1/", "A=1").at_url(url), "url_differs", "with a slash");
    assert_hint(&twilio, &Captured { url: None, ..good.clone() }, "public_url_missing", "none is known here");
    assert_hint(&twilio, &with_header(&good, "X-Twilio-Signature", "x"), "other_form", "");
    let quoted = gate(json!("twilio"), &["\"s3cret-Of-The-Endpoint/1\""]);
    assert_hint(&quoted, &good, "secret_quoted", "without the quotes");
    let token = gate(json!("okta"), &[SECRET]);
    let sent = with_header(&good, "Authorization", &["Bearer ", SECRET].concat());
    assert_hint(&token, &sent, "signature_prefix", "a word in front");
    let worded = gate(json!("okta"), &["Bearer abc"]);
    assert_hint(&worded, &with_header(&good, "Authorization", "abc"), "signature_prefix", "lacks the word");
}

impl Captured {
    fn at_url(self, url: &str) -> Captured {
        Captured { url: Some(url.into()), ..self }
    }
}

#[test]
fn a_key_that_has_to_be_fetched_is_fetched_once() {
    let gate = gate_with(json!("paypal"), &[], json!({"options": {"webhookId": "1"}}));
    let headers = [
        ("PayPal-Transmission-Id", "id"),
        ("PayPal-Transmission-Time", "2023-11-14T22:13:20Z"),
        ("PayPal-Transmission-Sig", &base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [1; 256])),
        ("PayPal-Cert-Url", "https://api.paypal.com/v1/notifications/certs/CERT-1"),
        ("PayPal-Auth-Algo", "SHA256withRSA"),
    ];
    let captured = Captured {
        method: "POST".into(),
        url: None,
        headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
        body: BODY.into(),
        at: NOW,
    };
    let fetched = std::cell::Cell::new(0);
    let run = |keys: Result<(), Reason>, answer: bool| {
        fetched.set(0);
        let fetch = async |key: &KeySource, _: Algorithm, _: &[VerifyingKey]| {
            assert!(matches!(key, KeySource::Certificate(url) if url.starts_with("https://api.paypal.com/")));
            fetched.set(fetched.get() + 1);
            keys.map(|()| {
                vec![VerifyingKey::public(Algorithm::RsaSha256, [vec![0x30], vec![0; 100]].concat()).unwrap()]
            })
        };
        ready(explain(&gate, &captured, fetch, async |_: &Question<'_>| answer))
    };
    let report = run(Ok(()), true);
    assert!(report.verified && fetched.get() == 1, "{report:#?}");
    let report = run(Ok(()), false);
    assert_eq!((report.reason, fetched.get()), (Some(Reason::SignatureMismatch), 1), "{report:#?}");
    let report = run(Err(Reason::KeyUnavailable), true);
    assert_eq!((report.reason, codes(&report)[0]), (Some(Reason::KeyUnavailable), "key_unavailable"), "{report:#?}");
    let report = run(Err(Reason::SignatureMismatch), true);
    assert_eq!((report.reason, fetched.get()), (Some(Reason::SignatureMismatch), 1), "{report:#?}");
    assert!(report.steps.iter().any(|step| step.step == "key_found" && !step.ok), "{report:#?}");
}

#[test]
fn a_report_is_what_the_contract_says() {
    let gate = github();
    let report = explained(&gate, &with_body(&signed(&scheme(&gate), SECRET, b"a"), "a\n"));
    let shown = serde_json::to_value(&report).unwrap();
    assert_eq!(shown["verified"], false);
    assert_eq!(shown["reason"], "signature_mismatch");
    assert_eq!(shown["steps"][0]["step"], "signature_found");
    assert_eq!(shown["hints"][0]["code"], "body_trailing_newline");
    let whole = Captured { at: NOW, ..signed(&scheme(&gate), SECRET, b"a") };
    assert_eq!(serde_json::to_value(explained(&gate, &whole)).unwrap()["reason"], Value::Null);
}
