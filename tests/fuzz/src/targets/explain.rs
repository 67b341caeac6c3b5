//! Explaining: any call is read or refused, and no report holds a secret or a signature that would have held.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde_json::{Value, json};
use signet::explain::{Captured, MAX_BODY, explain};
use signet::header::Headers;
use signet::provider::{self, Way};
use signet::signature::{Algorithm, Encoding, KeySource, Message, Question, Reason, Request, VerifyingKey};
use signet::source::{Gate, Source};

use crate::call::{Call, NOW, pick};
use crate::vectors;

/// Secrets of every kind; none is a word that a report could hold by chance.
const SECRETS: [&str; 4] = [
    "whsec_c2VjcmV0IHRoYXQgaXMgYmFzZTY0IQ==",
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "user-name:pass-word",
    "plain text secret",
];

/// Runs what waits for nothing.
fn ready<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn gate(call: &Call) -> Gate {
    let provider = pick(provider::all(), &call.who, |one| one.name.as_str());
    let source = json!({
        "id": "src_1", "application": "default", "provider": provider.name, "secrets": SECRETS,
        "origin": "https://origin.example.com", "mode": "proxy", "enforce": true, "timeoutSeconds": 25,
        "deduplicate": false, "createdAt": 0, "updatedAt": 0, "options": call.options,
        "publicUrl": call.options.get("publicUrl"),
    });
    Gate::new(serde_json::from_value::<Source>(source).unwrap()).unwrap()
}

/// A call whose body is the call to explain.
pub fn run(input: &[u8]) {
    let call = Call::read(input);
    let captured = match Captured::read(&call.body, NOW) {
        Ok(captured) => captured,
        Err(problem) => {
            assert!(matches!(problem.status, 400 | 413 | 422), "{problem:?}");
            return;
        }
    };
    assert!(captured.body.len() <= MAX_BODY && captured.headers.len() <= 256);
    let gate = gate(&call);
    let fetch = async |_: &KeySource, _: Algorithm, _: &[VerifyingKey]| Err(Reason::KeyUnavailable);
    let report = ready(explain(&gate, &captured, fetch, async |_: &Question<'_>| false));
    let said = serde_json::to_string(&report).unwrap();
    for secret in SECRETS {
        assert!(!said.contains(secret) && !said.contains(secret.trim_start_matches("whsec_")), "{said}");
    }
    for signature in expected(&gate, &captured) {
        assert!(!said.contains(&signature), "{signature} in {said}");
    }
    assert_eq!(report.verified, report.reason.is_none());
    assert!(report.verified == report.hints.is_empty(), "{said}");
    assert!(said.len() < 64 << 10, "{} bytes", said.len());
}

/// Every signature that would have held, however it is written.
fn expected(gate: &Gate, captured: &Captured) -> Vec<String> {
    let headers = Headers::new(captured.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let url = captured.url.as_deref().unwrap_or_default();
    let request = Request { method: &captured.method, url, headers: &headers, body: &captured.body };
    let mut found = Vec::new();
    for way in &gate.provider.signatures {
        let Some(Ok(claim)) = way.claim(request, &gate.source.options) else { continue };
        for key in SECRETS.iter().filter_map(|secret| way.key(secret, &gate.source.options).ok()) {
            for content in claim.checks.iter().flat_map(|check| &check.contents) {
                let Some(signature) = key.expected(content) else { continue };
                let written = [Encoding::Hex, Encoding::HexUpper, Encoding::Base64, Encoding::Base64url];
                found.extend(written.map(|encoding| encoding.encode(&signature)));
            }
        }
    }
    found.retain(|signature| signature.len() > 8);
    found
}

/// Requests of every provider, right ones and wrong ones.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let explained = |call: &Call, headers: Value, body: &[u8], at: Option<&str>| {
        let mut inner = json!({ "method": call.method, "url": call.url, "headers": headers, "body": String::from_utf8_lossy(body) });
        if let Some(at) = at {
            inner["at"] = at.into();
        }
        Call { body: inner.to_string().into_bytes(), secrets: Vec::new(), headers: Vec::new(), ..call.clone() }.write()
    };
    for vector in vectors::all().iter().step_by(3) {
        let headers: serde_json::Map<String, Value> =
            vector.call.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        seeds.push(explained(&vector.call, headers.into(), &vector.call.body, None));
    }
    for (at, provider) in provider::all().iter().enumerate() {
        for way in &provider.signatures {
            let Way::Scheme(scheme) = way else { continue };
            let Some(key) = SECRETS.iter().find_map(|secret| scheme.key(secret).ok()) else { continue };
            let call = Call { who: provider.name.clone(), ..Call::default() };
            let body: &[u8] = if at % 2 == 0 { br#"{"id":"evt_1", "n":[1.50]}"# } else { "a=1&b=ü".as_bytes() };
            let message = Message { id: "msg_1", time: NOW, body, method: &call.method, url: &call.url };
            let pairs: Vec<Value> =
                scheme.sign([&key], message).iter().map(|(name, value)| json!([name, value])).collect();
            let changed = [body, b"\n"].concat();
            seeds.push(explained(
                &call,
                pairs.into(),
                if at % 3 == 0 { &changed } else { body },
                (at % 5 == 0).then_some("2026-05-18T12:00:00Z"),
            ));
        }
    }
    seeds
}
