//! Holding what a request claims against the keys, one after another.

use super::court::{Ask, Court, Fetch, Scene};
use super::report::{Step, count};
use super::walk::Walk;
use crate::provider::Way;
use crate::signature::{KeySource, Reason, VerifyingKey};

/// Tries each key of a way's, and notes what came of it. Whether one of them holds, whatever the time says.
pub(super) async fn keys<F: Fetch, A: Ask>(court: &mut Court<F, A>, scene: Scene<'_>, walk: &mut Walk<'_>) -> bool {
    let Some(claim) = &walk.claim else { return false };
    court.remember(claim);
    let is_foreign = claim.checks.iter().any(|check| check.key != KeySource::Secrets);
    let needs_secret = scene.way.needs_secret();
    let mut reason = Reason::SignatureMismatch;
    let mut held = false;

    if needs_secret && scene.gate.source.secrets.is_empty() {
        walk.steps.push(Step::new("secret_tried", false, "The source has no secret to try."));
    } else if is_foreign || !needs_secret {
        for (at, secret) in scene.gate.source.secrets.iter().enumerate() {
            walk.steps.extend(unreadable(scene.way, at, secret, scene));
        }
        if !needs_secret || !scene.keys.is_empty() {
            match court.fetch_keys(claim, scene.keys).await {
                Ok(()) => {
                    let found = || Step::new("key_found", true, "The provider's own key was found.");
                    walk.steps.extend(is_foreign.then(found));
                    held = court.holds(claim, scene.keys).await;
                    let detail = if held { "The signature holds." } else { "The signature does not hold." };
                    walk.steps.push(Step::new("key_tried", held, detail));
                }
                Err(why) => {
                    reason = why;
                    let detail = match why {
                        Reason::KeyUnavailable => "The provider's own key, or its certificate, could not be had.",
                        _ => "The request names a key that the provider does not have.",
                    };
                    walk.steps.push(Step::new("key_found", false, detail));
                }
            }
        }
    } else {
        let all = scene.gate.source.secrets.len();
        for (at, secret) in scene.gate.source.secrets.iter().enumerate() {
            let number = at.saturating_add(1);
            let Ok(key) = scene.way.key(secret, &scene.gate.source.options) else {
                walk.steps.extend(unreadable(scene.way, at, secret, scene));
                continue;
            };
            held = court.holds(claim, std::slice::from_ref(&key)).await;
            let what = match key {
                VerifyingKey::Public(_) => "Public key",
                VerifyingKey::Secret(..) => "Secret",
            };
            let detail = match held {
                true => format!("{what} {number} of {all} fits the signature."),
                false => format!("{what} {number} of {all} does not fit the {}.", signatures(claim.checks.len())),
            };
            walk.steps.push(Step::new("secret_tried", held, detail));
            if held {
                break;
            }
        }
    }
    if !held {
        walk.reason = walk.reason.or(Some(reason));
    }
    held
}

fn unreadable(way: &Way, at: usize, secret: &str, scene: Scene<'_>) -> Option<Step> {
    let fault = way.key(secret, &scene.gate.source.options).err()?;
    let detail = format!("Secret {} can't be read for this: it {}.", at.saturating_add(1), fault.detail());
    Some(Step::new("secret_tried", false, detail))
}

fn signatures(checks: usize) -> String {
    if checks > 1 { count(checks, "signature") } else { "signature".into() }
}
