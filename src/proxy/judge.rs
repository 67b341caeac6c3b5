//! Holding what a request claims against the keys. Public keys are the runtime's to use, which keeps their arithmetic out
//! of the worker.

use crate::edge::{self, Env};
use crate::signature::{Check, Claim, KeySource, Question, Reason, Request, VerifyingKey};
use crate::source::Gate;
use crate::time::Millis;

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
    match check.holds(keys) {
        Ok(Some(which)) => Ok(Some(which)),
        Ok(None) => Err(Reason::SignatureMismatch),
        Err(questions) => match ask(&questions).await {
            true => Ok(None),
            false => Err(Reason::SignatureMismatch),
        },
    }
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
