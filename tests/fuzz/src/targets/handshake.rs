//! Questions: whatever is asked, no answer holds a secret, or what a secret makes of a text that an event could be.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use signet::handshake::{Asked, Handshake, Reply, Step, after, before, echoed, received, refused_without_body};
use signet::provider;

use crate::call::Call;
use crate::vectors;

/// Every kind.
const KINDS: &str = "slack meta crc zoom dropbox discord graph twitch asana sns notion woocommerce okta linkedin ebay \
    eventgrid cloudevents websub strava monday ringcentral adobe-sign worldline fastly nylas braintree head mailchimp xero \
    dropbox-sign smartsheet onfleet gusto";

fn kinds() -> impl Iterator<Item = Handshake> {
    KINDS.split_whitespace().filter_map(|kind| serde_json::from_value(json!(kind)).ok())
}

/// A call; who is asked are all.
pub fn run(input: &[u8]) {
    let call = Call::read(input);
    call.request(|request| {
        let public_url = call.url.split('?').next().unwrap_or_default();
        let asked = Asked { request, secrets: &call.secrets, options: &call.options, public_url };
        let macs = macs(&call);
        for kind in kinds() {
            if let Some(step) = before(&[kind], &asked) {
                harmless(&call, kind, &step);
                if let Step::Answer(reply) = &step {
                    unsigned(&call, kind, reply, &macs);
                }
            }
            if let Some(step) = after(&[kind], &asked) {
                harmless(&call, kind, &step);
            }
            let _ = refused_without_body(&[kind], &asked);
            if let Some((name, value)) = echoed(&[kind], &asked) {
                harmless(&call, kind, &Step::Answer(Reply::empty(200).with(name, &value)));
            }
            let _ = received(&[kind]);
        }
    });
}

/// An answer that neither a browser nor a header could take for more than it is, and nothing of which is secret.
fn harmless(call: &Call, kind: Handshake, step: &Step) {
    let reply = match step {
        Step::Answer(reply) => reply,
        Step::Learn { secret, reply } => {
            assert!(call.secrets.is_empty() && call_says(call, secret), "{kind:?} {secret}");
            reply
        }
        Step::Confirm(url) => {
            let url = url::Url::parse(url).unwrap();
            let host = url.host_str().unwrap_or_default();
            let is_amazons = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
            assert!(kind == Handshake::Sns && url.scheme() == "https" && is_amazons, "{url}");
            return;
        }
    };
    assert!(matches!(reply.status, 200..=299 | 400..=404), "{kind:?} {reply:?}");
    for (name, value) in &reply.headers {
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()), "{kind:?} {reply:?}");
        assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{kind:?} {reply:?}");
    }
    let is = |name: &str, value: &str| reply.headers.iter().any(|(other, found)| other == name && found == value);
    let known = is("Content-Type", "text/plain; charset=utf-8") || is("Content-Type", "application/json");
    assert!(reply.body.is_empty() || (known && is("X-Content-Type-Options", "nosniff")), "{kind:?} {reply:?}");
    if is("Content-Type", "application/json") && !reply.body.is_empty() {
        assert!(serde_json::from_str::<serde_json::Value>(&reply.body).is_ok_and(|it| it.is_object()), "{reply:?}");
    } else {
        assert!(!reply.body.contains(['<', '>', '\0', '\r']), "{kind:?} {reply:?}");
    }
    // A secret that is a word of the answers themselves is found in them by nobody's fault.
    let is_random = |secret: &&String| secret.bytes().filter(u8::is_ascii_digit).count() >= 8;
    for secret in call.secrets.iter().filter(is_random) {
        assert!(!said(reply, secret) || call_says(call, secret) || is_option(call, secret), "{kind:?} {reply:?}");
    }
}

/// An unsigned question's answer: of what its secret makes only what the kind's rule allows.
fn unsigned(call: &Call, kind: Handshake, reply: &Reply, macs: &[(String, Vec<u8>)]) {
    for (mac, content) in macs.iter().filter(|(mac, _)| said(reply, mac)) {
        if call_says(call, mac) || is_option(call, mac) {
            continue;
        }
        let word = |more: &[u8]| content.iter().all(|byte| byte.is_ascii_alphanumeric() || more.contains(byte));
        let allowed = match kind {
            // No JSON object, no `hmacsha256=…`, no base64 of XML.
            Handshake::Crc => !content.is_empty() && word(b"+/=_-"),
            Handshake::Linkedin => content.len() == 36 && word(b"-"),
            Handshake::Braintree => (20..=32).contains(&content.len()) && word(b""),
            _ => false,
        };
        assert!(allowed, "{kind:?} signs {:?}: {reply:?}", String::from_utf8_lossy(content));
        // What is signed so is no event.
        let event = Call {
            method: "POST".into(),
            body: if kind == Handshake::Braintree {
                [b"bt_signature=x&bt_payload=", content.as_slice()].concat()
            } else {
                content.clone()
            },
            ..call.clone()
        };
        event.request(|request| {
            let asked = Asked { request, secrets: &call.secrets, options: &call.options, public_url: "" };
            let refused = Some(Step::Answer(Reply::refused()));
            assert!(kind == Handshake::Linkedin || after(&[kind], &asked) == refused, "{kind:?} {event:?}");
        });
    }
}

fn said(reply: &Reply, text: &str) -> bool {
    reply.body.contains(text) || reply.headers.iter().any(|(_, value)| value.contains(text))
}

/// Whether a stranger knew it before: as it is, or as a query writes it.
fn call_says(call: &Call, text: &str) -> bool {
    let decoded = |encoded: &[u8]| {
        url::form_urlencoded::parse(encoded).any(|(name, value)| name.contains(text) || value.contains(text))
    };
    let query = call.url.split_once('?').map_or("", |(_, query)| query);
    let strings = serde_json::from_slice::<serde_json::Value>(&call.body).is_ok_and(|body| holds(&body, text));
    call.says(text) || decoded(query.as_bytes()) || decoded(&call.body) || strings
}

fn holds(value: &serde_json::Value, text: &str) -> bool {
    match value {
        serde_json::Value::String(found) => found.contains(text),
        serde_json::Value::Array(items) => items.iter().any(|item| holds(item, text)),
        serde_json::Value::Object(fields) => fields.iter().any(|(name, item)| name.contains(text) || holds(item, text)),
        _ => false,
    }
}

/// Options are hashed and sent back by some kinds: what stands there is no secret to begin with.
fn is_option(call: &Call, text: &str) -> bool {
    call.options.values().any(|value| value.contains(text))
}

/// What the secrets make of the parts of a question.
fn macs(call: &Call) -> Vec<(String, Vec<u8>)> {
    let mut contents = vec![call.body.clone(), call.url.clone().into_bytes()];
    let query = call.url.split('#').next().unwrap_or_default().split_once('?').map_or("", |(_, query)| query);
    contents.push(query.as_bytes().to_vec());
    contents.extend(
        url::form_urlencoded::parse(query.as_bytes()).take(4).map(|(_, value)| value.into_owned().into_bytes()),
    );
    contents.extend(call.headers.iter().take(4).map(|(_, value)| value.clone().into_bytes()));
    if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(&call.body) {
        contents
            .extend(fields.values().filter_map(|value| value.as_str()).take(4).map(|text| text.as_bytes().to_vec()));
    }
    let mut macs = Vec::new();
    for secret in call.secrets.iter().take(2) {
        for content in &contents {
            let mut sha256 = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            sha256.update(content);
            let mut sha1 = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
            sha1.update(content);
            let mut hashed = Hmac::<Sha1>::new_from_slice(&Sha1::digest(secret)).unwrap();
            hashed.update(content);
            let made = [
                sha256.finalize().into_bytes().to_vec(),
                sha1.finalize().into_bytes().to_vec(),
                hashed.finalize().into_bytes().to_vec(),
            ];
            use base64::Engine;
            use base64::engine::general_purpose::STANDARD;
            macs.extend(
                made.iter().flat_map(|mac| [hex::encode(mac), STANDARD.encode(mac)]).map(|mac| (mac, content.clone())),
            );
        }
    }
    macs
}

/// Questions of every kind, and events of providers that ask.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    let url = "https://hooks.example.com/in/src_1";
    let options: provider::Options = [
        ("verifyToken", "verify-me"),
        ("topics", "https://feed.example/a,https://feed.example/b"),
        ("allowedOrigins", "eventemitter.example.com"),
        ("publicKey", "integration_public_key"),
        ("serviceIds", "*,SU1Z0isxPaozGVKXdv0eY"),
        ("topicArn", "arn:aws:sns:us-east-1:123456789012:MyTopic"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for (method, query, header, body) in [
        ("GET", "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-me", "", ""),
        ("GET", "?hub.mode=unsubscribe&hub.topic=https%3A%2F%2Ffeed.example%2Fa&hub.challenge=x", "", ""),
        ("GET", "?hub.mode=denied&hub.topic=x", "", ""),
        ("GET", "?crc_token=YWJj_-%2B%3D&nonce=1", "", ""),
        ("GET", "?crc_token=a", "x-twitter-webhooks-signature: sha256=x", ""),
        ("GET", "?challenge=abc", "", ""),
        ("GET", "?check=abc", "", ""),
        ("POST", "?validationToken=Validation%3A+Testing", "", ""),
        ("GET", "?challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0", "", ""),
        ("GET", "?challenge_code=a8628072-3d33-45ee-9004-bee86830a22d", "", ""),
        ("GET", "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", "", ""),
        ("GET", "?ssl_check=1", "", ""),
        ("POST", "", "Content-Type: application/x-www-form-urlencoded", "ssl_check=1&token=x"),
        ("POST", "", "X-Hook-Secret: b537207f20cbfa02357cf448134da559", ""),
        ("POST", "", "Validation-Token: 3f2e-1", "{}"),
        ("POST", "", "Smartsheet-Hook-Challenge: a-b", r#"{"challenge":"a-b","webhookId":1}"#),
        ("GET", "", "X-GCS-Webhooks-Endpoint-Verification: v", ""),
        ("GET", "", "X-AdobeSign-ClientId: client-id-1", ""),
        ("GET", "", "X-Okta-Verification-Challenge: abc", ""),
        ("OPTIONS", "", "WebHook-Request-Origin: eventemitter.example.com\nWebHook-Request-Rate: 120", ""),
        ("OPTIONS", "", "WebHook-Request-Origin: eventgrid.azure.net", ""),
        (
            "POST",
            "",
            "aeg-event-type: SubscriptionValidation",
            r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"512d"}}]"#,
        ),
        ("POST", "", "", r#"{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#),
        ("POST", "", "", r#"{"type":"url_verification","challenge":"3eZ","token":"x"}"#),
        ("POST", "", "", r#"{"type":1}"#),
        ("POST", "", "", r#"{"type":0,"event":{}}"#),
        ("POST", "", "", r#"{"events":[],"lastEventSequence":0}"#),
        ("POST", "", "", r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b","webhook_subscription_uuid":"x"}"#),
        ("POST", "", "", "webhook_id=12"),
        (
            "POST",
            "",
            "x-zm-signature: v0=00\nx-zm-request-timestamp: 1",
            r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#,
        ),
        ("POST", "", "Twitch-Eventsub-Message-Type: webhook_callback_verification", r#"{"challenge":"pogchamp"}"#),
        (
            "POST",
            "",
            "",
            r#"{"Type":"SubscriptionConfirmation","Token":"23","TopicArn":"arn:aws:sns:us-east-1:123456789012:MyTopic","SubscribeURL":"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:123456789012:MyTopic&Token=23"}"#,
        ),
        ("HEAD", "", "", ""),
    ] {
        for secrets in [vec!["client-id-1".to_owned(), "0123456789abcdef".to_owned()], Vec::new()] {
            let call = Call {
                who: String::new(),
                method: method.into(),
                url: [url, query].concat(),
                headers: header
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
                body: body.as_bytes().to_vec(),
                options: options.clone(),
                secrets,
                ..Call::default()
            };
            seeds.push(call.write());
        }
    }
    let fastly = Call {
        method: "GET".into(),
        url: "https://h.example/.well-known/fastly/logging/challenge".into(),
        options,
        ..Call::default()
    };
    seeds.push(fastly.write());
    let asks = |name: &str| provider::find(name).is_some_and(|found| !found.handshakes.is_empty());
    seeds.extend(vectors::all().iter().filter(|vector| asks(&vector.call.who)).map(|vector| vector.call.write()));
    seeds
}
