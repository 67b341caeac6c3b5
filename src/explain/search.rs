//! Looking for the fault: what is tried, in which order, and what is said where nothing fits.

use super::captured::{Captured, as_headers};
use super::court::{Ask, Court, Fetch, Scene, Trial};
use super::report::Hint;
use super::walk::Walk;
use super::{bodies, headers, marks, neighbours, observed, schemes, secrets, times, urls};
use crate::provider::Way;
use crate::signature::{Algorithm, Claim, Reason};

/// What is wrong with a request that carries a signature.
pub(super) async fn explained<F: Fetch, A: Ask>(
    court: &mut Court<F, A>,
    scene: Scene<'_>,
    captured: &Captured,
    walk: &Walk<'_>,
    held: bool,
) -> Vec<Hint> {
    let other = times::otherwise(scene, captured.at);
    let tolerance = scene.gate.source.tolerance_seconds.or(scene.way.tolerance());
    let stamp = walk.claim.as_ref().and_then(|claim| claim.stamp);
    let apart = || times::apart(stamp, captured.at, tolerance, held);
    if held {
        return vec![other.map_or_else(apart, |(_, hint)| hint)];
    }
    if let Some(hint) = without_keys(scene, walk) {
        return [vec![hint], neighbours::hint(scene).into_iter().collect()].concat();
    }
    let Some((scheme, hint)) = other else {
        let mut hints = fault(court, scene, captured, walk.claim.as_ref()).await;
        hints.extend((walk.reason == Some(Reason::TimestampOutOfTolerance)).then(apart));
        return hints;
    };

    // The time is one fault. With that mended, there may be another.
    let way = Way::Scheme(Box::new(scheme));
    let keys = scene.gate.source.keys(&way);
    let scene = Scene { way: &way, keys: &keys, ..scene };
    if court.grants(scene, &Trial::default()).await {
        court.has_found = true;
        return vec![hint];
    }
    let lines = as_headers(scene.headers);
    let claim = way.claim(scene.request(&lines), &scene.gate.source.options).and_then(Result::ok);
    [vec![hint], fault(court, scene, captured, claim.as_ref()).await].concat()
}

/// What is wrong with a request that carries no signature of the provider's.
pub(super) async fn found_elsewhere<F: Fetch, A: Ask>(court: &mut Court<F, A>, scenes: &[Scene<'_>]) -> Vec<Hint> {
    let mut hints = Vec::new();
    for scene in scenes {
        let Some(trial) = headers::renamed(*scene) else { continue };
        court.has_found = court.grants(*scene, &trial).await;
        // Even where the signature does not hold either, this is what to mend first.
        hints = trial.hints;
        if court.has_found {
            return hints;
        }
    }
    let Some(scene) = scenes.first() else { return hints };
    if let Some(found) = first(court, *scene, neighbours::trials(*scene).into_iter()).await {
        return found;
    }
    hints.extend(neighbours::hint(*scene));
    if hints.is_empty() {
        let title = &scene.gate.provider.title;
        hints.push(Hint::new(
            "signature_missing",
            format!(
                "Nothing in the request is a signature of {title}: it does not sign until a secret is set there, the \
                 request is somebody else's, or something on the way drops headers that it does not know."
            ),
        ));
    }
    hints
}

/// Tries what may have happened to a request whose signature does not hold.
async fn fault<F: Fetch, A: Ask>(
    court: &mut Court<F, A>,
    scene: Scene<'_>,
    captured: &Captured,
    claim: Option<&Claim<'_>>,
) -> Vec<Hint> {
    let lines = as_headers(scene.headers);
    let request = scene.request(&lines);
    let algorithm = match (claim.and_then(|claim| claim.checks.first()), scene.way) {
        (Some(check), _) => check.algorithm,
        (None, Way::Scheme(scheme)) => scheme.algorithm,
        (None, Way::Own { .. }) => Algorithm::HmacSha256,
    };
    let names = headers::read_by(scene.way, &scene.gate.source.options);
    if algorithm != Algorithm::Token && observed::secret_sent(scene, &names) {
        let detail = "The header holds the secret itself where the signature should be: the sender has to sign with it, \
                      not to send it. It is known to everybody on the way now: make a new one.";
        return vec![Hint::new("secret_sent", detail)];
    }
    let came = captured.url.as_deref().filter(|url| *url != scene.url);
    let trials = headers::merged(scene, &captured.headers)
        .into_iter()
        .chain(headers::renamed(scene))
        .chain(marks::trials(scene))
        .chain(times::trials(scene))
        .chain(bodies::trials(scene.body))
        .chain(secrets::trials(scene, algorithm))
        .chain(urls::trials(scene, came, &lines))
        .chain(schemes::trials(scene));
    if let Some(hints) = first(court, scene, trials).await {
        return hints;
    }
    if let Some(of) = claim.and_then(|claim| court.is_plain_hash(claim, scene.keys)) {
        court.has_found = true;
        let name = schemes::algorithm_name(algorithm);
        let detail = format!("The signature is a plain hash of {of}; it has to be {name}, keyed with the secret.");
        return vec![Hint::new("plain_hash", detail)];
    }
    if let Some(hints) = first(court, scene, neighbours::trials(scene).into_iter()).await {
        return hints;
    }
    let mut hints = observed::body(scene, request);
    hints.extend(observed::url(scene, request, claim));
    hints.extend(neighbours::hint(scene));
    hints.push(match claim {
        Some(claim) => other_secret(scene, claim),
        None => other_form(scene),
    });
    hints
}

/// What is said of the first trial whose signature holds.
async fn first<F: Fetch, A: Ask>(
    court: &mut Court<F, A>,
    scene: Scene<'_>,
    trials: impl Iterator<Item = Trial>,
) -> Option<Vec<Hint>> {
    for trial in trials {
        if court.grants(scene, &trial).await {
            court.has_found = true;
            return Some(trial.hints);
        }
        if court.is_spent {
            break;
        }
    }
    None
}

/// What is wrong where there is no key to try.
fn without_keys(scene: Scene<'_>, walk: &Walk<'_>) -> Option<Hint> {
    let detail = match walk.reason {
        Some(Reason::KeyUnavailable) => {
            let detail = "The provider's own key could not be fetched: it is down, or the request names a key that it \
                          does not have. Try again; what stays so is forged, or of another environment.";
            return Some(Hint::new("key_unavailable", detail));
        }
        _ if !scene.keys.is_empty() || !scene.way.needs_secret() => return None,
        _ if scene.gate.source.secrets.is_empty() => {
            "The source has no secret: add the one that the provider signs with."
        }
        _ => {
            "None of the source's secrets can be one of this kind: it may be another product's, or the other half of a \
              key pair."
        }
    };
    Some(Hint::new("secret_unreadable", [detail, &secret_of(scene)].concat()))
}

/// What is left where everything has the right form and nothing fits.
fn other_secret(scene: Scene<'_>, claim: &Claim<'_>) -> Hint {
    let key = match claim.checks.first().is_some_and(|check| check.algorithm.is_public()) {
        true => "public key",
        false => "secret",
    };
    let is = secret_of(scene);
    Hint::new(
        "wrong_secret",
        format!(
            "The request has the right form, and nothing that usually goes wrong makes it hold. Most likely another \
             {key} was used: that of another endpoint, of the test environment and not the live one, or one from \
             before or after a rotation.{is} If the {key} is right, the body is not the one that was signed."
        ),
    )
}

/// What is left where not even the form is right.
fn other_form(scene: Scene<'_>) -> Hint {
    let title = &scene.gate.provider.title;
    let notes = scene.gate.provider.notes.as_ref().map_or_else(String::new, |notes| [" ", notes].concat());
    let detail = format!(
        "What came is not in the form in which {title} signs, and nothing that usually goes wrong explains it: the step \
         that is not ok says what was expected.{notes}"
    );
    Hint::new("other_form", detail)
}

fn secret_of(scene: Scene<'_>) -> String {
    match scene.gate.provider.secret.as_str() {
        "" => String::new(),
        secret => [" For ", &scene.gate.provider.title, " it is: ", secret].concat(),
    }
}
