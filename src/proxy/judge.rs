//! Holding what a request claims against the keys. Public keys are the runtime's to use, which keeps their arithmetic out
//! of the worker.

use crate::edge::{self, Env};
use crate::signature::{Algorithm, Check, Claim, KeySource, Question, Reason, Request, VerifyingKey};
use crate::source::Gate;
use crate::time::Millis;

/// From how many bytes on the runtime is asked for a MAC too. To ask costs 13 µs; then 1 KB takes 1 µs instead of 3.2, which
/// from here on is a tenth of a request's time and more (`npm run bench -- --verify`).
const LARGE: usize = 32 * 1024;

/// A claim that holds.
pub struct Held {
    /// The provider's id of the message.
    pub id: Option<String>,
    /// What makes a replay of it known again.
    pub mark: Option<String>,
}

/// Judges a request.
///
/// # Errors
/// Why it is not genuine.
pub async fn judge(env: &Env, gate: &Gate, request: Request<'_>, now: Millis) -> Result<Held, Reason> {
    let mut reason = Reason::SignatureMismatch;
    for (claim, keys) in gate.claims(request, now)? {
        match held(env, gate, &claim, keys, now).await {
            Ok(held) => return Ok(Held { mark: claim.mark(&held), id: claim.id }),
            Err(Reason::KeyUnavailable) => reason = Reason::KeyUnavailable,
            Err(_) => {}
        }
    }
    Err(reason)
}

/// Which signature of each check held.
async fn held(
    env: &Env,
    gate: &Gate,
    claim: &Claim<'_>,
    keys: &[VerifyingKey],
    now: Millis,
) -> Result<Vec<Option<usize>>, Reason> {
    let mut held = Vec::with_capacity(claim.checks.len());
    for check in &claim.checks {
        let fetched;
        let keys = match &check.key {
            KeySource::Secrets => keys,
            // Who was given the public key needs to ask nobody.
            _ if keys.iter().any(|key| matches!(key, VerifyingKey::Public(_))) => keys,
            _ => {
                fetched = super::keys::of(env, gate, &check.key, check.algorithm, keys, now).await?;
                fetched.as_slice()
            }
        };
        held.push(holds(check, keys).await?);
    }
    Ok(held)
}

/// Which signature holds under one of the keys; none where it is a public key's.
async fn holds(check: &Check<'_>, keys: &[VerifyingKey]) -> Result<Option<usize>, Reason> {
    if is_for_runtime(check) {
        return if ask(&check.questions(keys)).await { Ok(Some(0)) } else { Err(Reason::SignatureMismatch) };
    }
    match check.holds(keys) {
        Ok(Some(which)) => Ok(Some(which)),
        Ok(None) => Err(Reason::SignatureMismatch),
        Err(questions) => match ask(&questions).await {
            true => Ok(None),
            false => Err(Reason::SignatureMismatch),
        },
    }
}

/// Whether the runtime is quicker. Of several signatures it would compute a MAC for each; here one is computed for all.
fn is_for_runtime(check: &Check<'_>) -> bool {
    use Algorithm::{HmacSha1, HmacSha256, HmacSha384, HmacSha512};
    check.signatures.len() == 1
        && check.size() >= LARGE
        && matches!(check.algorithm, HmacSha1 | HmacSha256 | HmacSha384 | HmacSha512)
}

/// Whether the answer to any of the questions is yes.
async fn ask(questions: &[Question<'_>]) -> bool {
    for question in questions {
        if edge::verify(question).await {
            return true;
        }
    }
    false
}
