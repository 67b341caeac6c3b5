//! How a message may have been signed by another scheme than the one it is held against.

use super::court::{Scene, Trial};
use super::marks;
use super::report::Hint;
use crate::provider::Way;
use crate::signature::{Algorithm, Scheme};

const ALGORITHMS: [(Algorithm, &str); 5] = [
    (Algorithm::HmacSha256, "HMAC with SHA-256"),
    (Algorithm::HmacSha1, "HMAC with SHA-1"),
    (Algorithm::HmacSha512, "HMAC with SHA-512"),
    (Algorithm::HmacSha384, "HMAC with SHA-384"),
    (Algorithm::HmacMd5, "HMAC with MD5"),
];

/// What else is signed by some.
const CONTENTS: [&str; 12] = [
    "{body}",
    "{timestamp}.{body}",
    "{timestamp}:{body}",
    "{timestamp}{body}",
    "{body}{timestamp}",
    "{body}.{timestamp}",
    "v0:{timestamp}:{body}",
    "{id}.{timestamp}.{body}",
    "{id}{timestamp}{body}",
    "{url}{body}",
    "{body}{url}",
    "{method}{url}{body}{timestamp}",
];

/// What an algorithm is called.
pub(super) fn algorithm_name(algorithm: Algorithm) -> &'static str {
    let named = ALGORITHMS.iter().find(|(other, _)| *other == algorithm).map(|(_, name)| *name);
    named.unwrap_or(match algorithm {
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::EcdsaP256Sha256 => "ECDSA over P-256 with SHA-256",
        Algorithm::EcdsaP256Sha1 => "ECDSA over P-256 with SHA-1",
        Algorithm::RsaSha256 => "RSA with SHA-256",
        Algorithm::RsaSha1 => "RSA with SHA-1",
        _ => "the secret itself",
    })
}

/// The scheme as it may have been: at most 60 ways.
pub(super) fn trials(scene: Scene<'_>) -> Vec<Trial> {
    let Way::Scheme(scheme) = scene.way else { return Vec::new() };
    if scheme.algorithm == Algorithm::Token {
        return Vec::new();
    }
    let mut trials = Vec::new();
    if !scheme.algorithm.is_public() {
        for (algorithm, name) in ALGORITHMS.iter().filter(|(algorithm, _)| *algorithm != scheme.algorithm) {
            let other = Scheme { algorithm: *algorithm, ..scheme.as_ref().clone() };
            // The header may be written as that algorithm's would be, or as this one's, or as neither's.
            let rewritten = marks::rewritten(scene, &other).into_iter().map(|trial| trial.headers);
            for headers in std::iter::once(None).chain(rewritten) {
                let detail = format!(
                    "The signature holds as {name}, but it has to be {}: sign with that, or, in a scheme of your own, \
                     set `algorithm`.",
                    algorithm_name(scheme.algorithm)
                );
                let way = Some(Way::Scheme(Box::new(other.clone())));
                let hints = vec![Hint::new("other_algorithm", detail)];
                trials.push(Trial { hints, headers, way, ..Trial::default() });
            }
        }
    }
    let carries_time = scheme.timestamp_header.is_some() || scheme.format.contains("{timestamp}");
    for content in CONTENTS.into_iter().filter(|content| *content != scheme.content) {
        let lacks_time = content.contains("{timestamp}") && !carries_time && scheme.timestamp_field.is_none();
        if lacks_time || (content.contains("{id}") && scheme.id_header.is_none()) {
            continue;
        }
        let other = Scheme { content: content.into(), ..scheme.as_ref().clone() };
        let detail =
            format!("The signature holds over `{content}`, but what has to be signed is `{}`.", scheme.content);
        let hints = vec![Hint::new("other_content", detail)];
        trials.push(Trial { hints, way: Some(Way::Scheme(Box::new(other))), ..Trial::default() });
    }
    trials
}
