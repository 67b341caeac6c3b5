//! What every way of signing keeps to, whatever comes.

use signet::provider::{Options, Way};
use signet::signature::{Check, Claim, KeySource, Reason, Request, VerifyingKey};
use signet::time::Millis;

use crate::call::Call;

/// What a request claims, checked; for each check, which signature held, where that takes no public key.
pub fn judged(way: &Way, call: &Call, request: Request<'_>, keys: &[VerifyingKey]) -> Result<Option<bool>, Reason> {
    let Some(claim) = way.claim(request, &call.options) else { return Ok(None) };
    let claim = claim?;
    let _ = claim.in_time(call.now, None);
    if claim.in_time(call.now, Some(300)).is_ok()
        && let Some(stamp) = claim.stamp
    {
        assert!(stamp.at.abs_diff(call.now) < 301_000, "{stamp:?} at {}", call.now);
    }
    let held: Vec<Option<usize>> = claim.checks.iter().map(|check| held(check, keys)).collect();
    assert!(!held.is_empty(), "a claim of nothing");
    assert_eq!(claim.mark(&held), claim.mark(&held));
    questions(way, &claim, &call.options);
    Ok(Some(held.iter().all(Option::is_some)))
}

fn held(check: &Check<'_>, keys: &[VerifyingKey]) -> Option<usize> {
    assert!(!check.contents.is_empty() && !check.signatures.is_empty(), "nothing to hold");
    // Each signature is as many hashes for a stranger.
    assert!(
        check.signatures.len() <= 32 && check.contents.len() <= 32,
        "{} {}",
        check.signatures.len(),
        check.contents.len()
    );
    assert!(check.signatures.iter().all(|signature| !signature.is_empty()), "an empty signature");
    let length = check.algorithm.signature_length();
    assert!(check.signatures.iter().all(|signature| length.is_none_or(|length| length == signature.len())));
    let _ = check.size();
    match check.holds(keys) {
        Ok(held) => {
            assert!(held.is_none_or(|at| at < check.signatures.len()));
            held
        }
        Err(questions) => {
            assert!(check.algorithm.is_public());
            assert!(questions.iter().all(|question| matches!(question.key, VerifyingKey::Public(_))));
            None
        }
    }
}

/// Whoever is asked for a key is the provider, and is asked for nothing but keys.
fn questions(way: &Way, claim: &Claim<'_>, options: &Options) {
    let Way::Own { own } = way else { return };
    for check in &claim.checks {
        let Some(ask) = own.asks(&check.key, Some("leave"), options) else { continue };
        let url = url::Url::parse(&ask.url).unwrap();
        let host = url.host_str().unwrap_or_default();
        let chosen = options.get("jwksUrl") == Some(&ask.url);
        let known = [".amazonaws.com", ".amazonaws.com.cn", ".paypal.com", ".ebay.com", ".plaid.com", ".fal.ai"];
        let is_known = host == "paypal.com" || known.iter().any(|end| host.ends_with(end));
        assert!(chosen || (url.scheme() == "https" && is_known && url.username().is_empty()), "{}", ask.url);
        if let KeySource::Named(_) = &check.key
            && let Some(rest) = url.path().strip_prefix("/commerce/")
        {
            assert!(rest.starts_with("notification/v1/public_key/") && rest.split('/').count() == 4, "{}", ask.url);
            assert!(url.query().is_none() && url.fragment().is_none(), "{}", ask.url);
        }
    }
}

/// A time that every format can write.
pub fn writable(now: Millis) -> Millis {
    now.clamp(0, 253_402_300_799_999)
}
