//! Schemes, the table's and those that a client wrote: what comes is read and judged; what is signed holds, and what was
//! changed on the way does not.

use std::sync::OnceLock;

use signet::body::Fields;
use signet::profile;
use signet::provider::{self, Way};
use signet::signature::{Algorithm, Message, Scheme, VerifyingKey, read_scheme};

use super::judge::{judged, writable};
use crate::call::{Call, pick};
use crate::vectors;

/// Every scheme of the table, under its provider's name.
fn schemes() -> &'static [(&'static str, Way)] {
    static SCHEMES: OnceLock<Vec<(&'static str, Way)>> = OnceLock::new();
    SCHEMES.get_or_init(|| {
        let ways =
            provider::all().iter().flat_map(|one| one.signatures.iter().map(|way| (one.name.as_str(), way.clone())));
        ways.filter(|(_, way)| matches!(way, Way::Scheme(_))).collect()
    })
}

/// A scheme that a client wrote, if there is nothing wrong with it.
fn custom(text: &str) -> Option<Way> {
    let mut outer = Fields::parse(b"{}").ok()?;
    let inner = Fields::parse(text.as_bytes()).ok()?;
    let scheme = read_scheme(&mut outer, inner, &profile::standard().signature, Scheme::verifying_faults);
    outer.finish().ok().map(|()| Way::Scheme(Box::new(scheme)))
}

/// A call that names a provider, or holds a scheme.
pub fn run(input: &[u8]) {
    let call = Call::read(input);
    if call.who.starts_with('{') {
        if let Some(way) = custom(&call.who) {
            came(&way, &call);
            sent(&way, &call, false);
        }
        return;
    }
    let found = schemes();
    let (name, _) = pick(found, &call.who, |(name, _)| name);
    for (_, way) in found.iter().filter(|(other, _)| other == name) {
        came(way, &call);
        sent(way, &call, true);
    }
}

fn keys(way: &Way, call: &Call) -> Vec<VerifyingKey> {
    call.secrets.iter().filter_map(|secret| way.key(secret, &call.options).ok()).collect()
}

fn came(way: &Way, call: &Call) {
    let keys = keys(way, call);
    let _ = call.request(|request| judged(way, call, request, &keys));
}

/// `reads_back`: whether the scheme is one that reads whatever it wrote.
fn sent(way: &Way, call: &Call, reads_back: bool) {
    let Way::Scheme(scheme) = way else { return };
    let keys: Vec<_> = call.secrets.iter().filter_map(|secret| scheme.key(secret).ok()).collect();
    // What stands elsewhere in the request is the sender's to write.
    let elsewhere = scheme.timestamp_field.is_some() || scheme.content.contains("{header:");
    let id = call.options.get("id").map_or("msg_1", String::as_str);
    if keys.is_empty() || !scheme.algorithm.can_sign() || elsewhere || id.is_empty() {
        return;
    }
    let message = Message { id, time: writable(call.now), body: &call.body, method: &call.method, url: &call.url };
    let headers: Vec<(String, String)> =
        scheme.sign(&keys, message).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let options = signet::provider::Options::new();
    let sent = Call { headers, options, now: message.time, ..call.clone() };
    let verifying = self::keys(way, &sent);
    if scheme.algorithm == Algorithm::Ed25519 {
        return;
    }
    let holds = sent.request(|request| judged(way, &sent, request, &verifying));
    // Of more signatures than this none is looked at.
    if reads_back && keys.len() <= 32 {
        assert_eq!(holds, Ok(Some(true)), "{sent:?}");
    }

    let at = call.body.len() / 2;
    let mut changed = sent.clone();
    match changed.body.get_mut(at) {
        Some(byte) => *byte ^= 1,
        None => changed.body.push(b' '),
    }
    let holds = changed.request(|request| judged(way, &changed, request, &verifying));
    assert_ne!(holds, Ok(Some(true)), "{changed:?}");
    for at in 0..sent.headers.len().min(1) {
        let mut changed = sent.clone();
        let value = &mut changed.headers[at].1;
        // Of several signatures another may hold.
        if keys.len() == 1
            && let Some(last) = value.pop()
        {
            value.push(if last == 'A' { 'B' } else { 'A' });
            let holds = changed.request(|request| judged(way, &changed, request, &verifying));
            assert!(holds != Ok(Some(true)) || !scheme.format.ends_with("{signature}"), "{changed:?}");
        }
    }
}

/// Vectors, and schemes of a client's own.
pub fn seeds() -> Vec<Vec<u8>> {
    let named = |name: &str| schemes().iter().any(|(other, _)| *other == name);
    let mut seeds: Vec<Vec<u8>> =
        vectors::all().iter().filter(|vector| named(&vector.call.who)).map(|vector| vector.call.write()).collect();
    for scheme in [
        r#"{"algorithm":"hmac-sha512","content":"{method} {path}\n{header:X-A}{id}.{timestamp}.{body}","header":"X-S","idHeader":"X-Id","timestampHeader":"X-T","timestampFormat":"http-date","encoding":"base64url"}"#,
        r#"{"algorithm":"hmac-md5","secretEncoding":"whsec","content":"{url}{body}","header":"X-S","moreHeaders":["X-S2"],"format":"t={timestamp},v={signature}","separator":",","timestampFormat":"rfc3339","idField":"data.id"}"#,
        r#"{"algorithm":"token","content":"{body}","encoding":"text","header":"X-S","format":"Bearer {signature}"}"#,
        r#"{"algorithm":"ecdsa-p256-sha1","content":"{body}","encoding":"base64","header":"X-S","format":"{signature}","timestampField":"at","timestampFormat":"milliseconds"}"#,
    ] {
        let call = Call {
            who: scheme.into(),
            secrets: vec!["whsec_c2VjcmV0IQ==".into(), "00112233".into()],
            headers: vec![("X-S".into(), "t=1795500000,v=00".into()), ("X-Id".into(), "msg_1".into())],
            body: br#"{"data":{"id":"evt_1"},"at":1795500000000}"#.to_vec(),
            ..Call::default()
        };
        seeds.push(call.write());
    }
    seeds
}
