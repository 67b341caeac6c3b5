//! Why did it fail? A request that somebody captured is followed through its source's gate step by step, and where it
//! parts from what the provider sends, the usual faults are tried one by one: the one that makes the signature hold is
//! the one that happened.
//!
//! A report measures what came and repeats none of it, and nothing that a secret makes is in it: it can be shown to
//! whoever may know that the source is there. The work is bounded: at most [`MAX_TRIALS`] variants, [`MAX_HASHED`] bytes
//! and [`MAX_QUESTIONS`] questions for the runtime.

mod bodies;
mod captured;
mod court;
mod headers;
mod json;
mod marks;
mod neighbours;
mod observed;
mod report;
mod schemes;
mod search;
mod secrets;
mod times;
mod tried;
mod urls;
mod walk;

pub use captured::{Captured, MAX_BODY, MAX_CALL};
pub use court::{MAX_HASHED, MAX_QUESTIONS, MAX_TRIALS};
pub use report::{Hint, Report, Step};

use crate::signature::{Algorithm, KeySource, Question, Reason, Request, VerifyingKey};
use crate::source::Gate;
use captured::as_headers;
use court::{Court, Scene};
use report::count;

/// Explains what becomes of a request at a gate, at the time that it is to be judged by.
///
/// `fetch` brings the provider's own keys for a check whose key is not among the secrets, given those of the secrets that
/// could be read, or says why there are none. `ask` asks the runtime whether a signature of a public key holds.
pub async fn explain(
    gate: &Gate,
    captured: &Captured,
    fetch: impl AsyncFn(&KeySource, Algorithm, &[VerifyingKey]) -> Result<Vec<VerifyingKey>, Reason>,
    ask: impl AsyncFn(&Question<'_>) -> bool,
) -> Report {
    let merged = captured.merged();
    let headers = as_headers(&merged);
    let url = captured.public_url(gate);
    let request = Request { method: &captured.method, url: &url, headers: &headers, body: &captured.body };
    let ways = &gate.provider.signatures;
    let keys: Vec<Vec<VerifyingKey>> = ways.iter().map(|way| gate.source.keys(way)).collect();
    let scenes: Vec<Scene<'_>> = ways
        .iter()
        .zip(&keys)
        .map(|(way, keys)| Scene {
            gate,
            way,
            keys,
            method: request.method,
            url: request.url,
            headers: &merged,
            body: request.body,
        })
        .collect();

    let mut court = Court::new(fetch, ask);
    let mut tried = Vec::new();
    for (at, scene) in scenes.iter().enumerate() {
        let number = Some(at.saturating_add(1)).filter(|_| ways.len() > 1);
        if let Some(mut walk) = walk::walk(*scene, request, captured.at, number) {
            let held = tried::keys(&mut court, *scene, &mut walk).await;
            tried.push((*scene, walk, held));
        }
    }

    let passed = tried.iter().position(|(_, walk, _)| walk.reason.is_none());
    let unavailable = tried.iter().any(|(_, walk, _)| walk.reason == Some(Reason::KeyUnavailable));
    let reason = match gate.claims(request, captured.at) {
        Err(reason) => Some(reason),
        Ok(_) if passed.is_some() => None,
        Ok(_) if unavailable => Some(Reason::KeyUnavailable),
        Ok(_) => Some(Reason::SignatureMismatch),
    };
    // The way that says why is the one to show, and one with keys says more than one without.
    let says_why = |(scene, walk, _): &(Scene<'_>, walk::Walk<'_>, bool)| match walk.reason == reason {
        false => 2,
        true => u8::from(scene.keys.is_empty()),
    };
    let shown = tried.into_iter().min_by_key(says_why);
    let Some(reason) = reason else {
        let steps = shown.map(|(_, walk, _)| walk.steps).unwrap_or_default();
        return Report { verified: true, reason: None, steps, hints: Vec::new() };
    };

    let (mut steps, hints) = match shown {
        Some((scene, walk, held)) => {
            let hints = search::explained(&mut court, scene, captured, &walk, held).await;
            (walk.steps, hints)
        }
        None => {
            let steps = scenes.first().map(|scene| walk::missing(*scene)).into_iter().collect();
            (steps, search::found_elsewhere(&mut court, &scenes).await)
        }
    };
    if court.trials > 0 {
        let limit = if court.is_spent { " There were more, beyond what is tried at most." } else { "" };
        let tried = count(court.trials, "variant");
        let detail = format!("{tried} of what came, of how it is signed and of the secret were tried.{limit}");
        steps.push(Step::new("variants_tried", court.has_found, detail));
    }
    Report { verified: false, reason: Some(reason), steps, hints }
}

#[cfg(test)]
mod tests;
