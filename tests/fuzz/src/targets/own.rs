//! The ways that no scheme can say: what comes is read and judged; what is signed holds, and another body does not.

use std::sync::OnceLock;

use signet::provider::{self, Own, Way};
use signet::signature::{Message, VerifyingKey};

use super::judge::judged;
use crate::call::{Call, NOW, pick};
use crate::vectors;

/// Each of them, under its provider's name.
fn ways() -> &'static [(&'static str, Way)] {
    static WAYS: OnceLock<Vec<(&'static str, Way)>> = OnceLock::new();
    WAYS.get_or_init(|| {
        let ways =
            provider::all().iter().flat_map(|one| one.signatures.iter().map(|way| (one.name.as_str(), way.clone())));
        ways.filter(|(_, way)| matches!(way, Way::Own { .. })).collect()
    })
}

/// A call that names a provider.
pub fn run(input: &[u8]) {
    let call = Call::read(input);
    let (_, way) = pick(ways(), &call.who, |(name, _)| name);
    let keys: Vec<VerifyingKey> =
        call.secrets.iter().filter_map(|secret| way.key(secret, &call.options).ok()).collect();
    let _ = call.request(|request| judged(way, &call, request, &keys));
    let Way::Own { own } = way else { return };
    for secret in call.secrets.iter().take(2) {
        sent(*own, way, &call, secret);
    }
}

fn sent(own: Own, way: &Way, call: &Call, secret: &str) {
    // Years that every provider's clock knows.
    let time = if (1_600_000_000_000..7_258_000_000_000).contains(&call.now) { call.now } else { NOW };
    // What a source can be: a message goes to a URL, and an option that is given says something.
    let is_plain = call.url.len() <= 2048 && !call.url.contains(char::is_control);
    let is_url = is_plain && call.url.starts_with("https://") && url::Url::parse(&call.url).is_ok();
    if !is_url || call.options.values().any(String::is_empty) {
        return;
    }
    // What is given twice counts for nothing: what came signed in its query is not signed there again.
    let url =
        if own == Own::AzureEventgrid { call.url.split(['?', '#']).next().unwrap_or_default() } else { &call.url };
    let message = Message { id: "msg_1", time, body: &call.body, method: &call.method, url };
    let Ok(signed) = own.sign(secret, &call.options, &message) else { return };
    let key = way.key(secret, &call.options).unwrap();
    let sent = Call {
        now: time,
        headers: signed.headers,
        url: signed.url.unwrap_or_else(|| url.to_owned()),
        body: signed.body.clone().unwrap_or_else(|| call.body.clone()),
        ..call.clone()
    };
    let holds = sent.request(|request| judged(way, &sent, request, std::slice::from_ref(&key)));
    assert_eq!(holds, Ok(Some(true)), "{own:?} {sent:?}");

    // Where the hash of all of the body is signed.
    use Own::{Fusionauth, Livekit, Messagebird, Netlify, Vonage};
    if matches!(own, Netlify | Livekit | Messagebird | Vonage | Fusionauth) {
        let mut changed = sent.clone();
        let at = call.body.len() / 2;
        match changed.body.get_mut(at) {
            Some(byte) => *byte ^= 1,
            None => changed.body.push(b' '),
        }
        let holds = changed.request(|request| judged(way, &changed, request, std::slice::from_ref(&key)));
        assert_ne!(holds, Ok(Some(true)), "{own:?} {changed:?}");
    }
}

/// Vectors.
pub fn seeds() -> Vec<Vec<u8>> {
    let named = |name: &str| ways().iter().any(|(other, _)| *other == name);
    vectors::all().iter().filter(|vector| named(&vector.call.who)).map(|vector| vector.call.write()).collect()
}
