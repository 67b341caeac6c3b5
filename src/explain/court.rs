//! Trying whether a signature would hold if one thing were otherwise.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::captured::as_headers;
use super::report::Hint;
use crate::header::Headers;
use crate::provider::Way;
use crate::secret::same_bytes;
use crate::signature::{Algorithm, Claim, KeySource, Question, Reason, Request, VerifyingKey};
use crate::source::Gate;

/// How many variants of a request are tried at most.
pub const MAX_TRIALS: usize = 200;
/// How many bytes are hashed for them at most, all together.
pub const MAX_HASHED: usize = 128 << 20;
/// How many questions the runtime is asked for them at most.
pub const MAX_QUESTIONS: usize = 256;
/// How many of the provider's own keys are fetched at most.
const MAX_FETCHED: usize = 4;

/// A request, and how it is judged.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub gate: &'a Gate,
    pub method: &'a str,
    pub url: &'a str,
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
    pub way: &'a Way,
    pub keys: &'a [VerifyingKey],
}

impl<'a> Scene<'a> {
    /// The request with these headers, which are to be its own.
    pub fn request<'r>(self, headers: &'r Headers<'r>) -> Request<'r>
    where
        'a: 'r,
    {
        Request { method: self.method, url: self.url, headers, body: self.body }
    }
}

/// What would have to be otherwise for the signature to hold, and what to say if it does.
#[derive(Default)]
pub(super) struct Trial {
    pub hints: Vec<Hint>,
    pub method: Option<&'static str>,
    pub url: Option<String>,
    pub headers: Option<Vec<(String, String)>>,
    pub body: Option<Vec<u8>>,
    pub way: Option<Way>,
    pub keys: Option<Vec<VerifyingKey>>,
}

/// Brings the provider's own keys for a check, given those of the secrets that could be read.
pub(super) trait Fetch:
    AsyncFn(&KeySource, Algorithm, &[VerifyingKey]) -> Result<Vec<VerifyingKey>, Reason>
{
}
impl<F: AsyncFn(&KeySource, Algorithm, &[VerifyingKey]) -> Result<Vec<VerifyingKey>, Reason>> Fetch for F {}

/// Asks the runtime whether a signature of a public key holds.
pub(super) trait Ask: AsyncFn(&Question<'_>) -> bool {}
impl<A: AsyncFn(&Question<'_>) -> bool> Ask for A {}

/// Who judges: with the keys that are at hand, and the runtime for what only it can do.
pub(super) struct Court<F, A> {
    fetch: F,
    ask: A,
    fetched: Vec<(KeySource, Result<Vec<VerifyingKey>, Reason>)>,
    seen: HashSet<u64>,
    /// How many variants were tried.
    pub trials: usize,
    hashed: usize,
    questions: usize,
    /// Whether one of them holds.
    pub has_found: bool,
    /// Whether there was more to try than may be tried.
    pub is_spent: bool,
}

impl<F: Fetch, A: Ask> Court<F, A> {
    pub fn new(fetch: F, ask: A) -> Self {
        Court {
            fetch,
            ask,
            fetched: Vec::new(),
            seen: HashSet::new(),
            trials: 0,
            hashed: 0,
            questions: 0,
            has_found: false,
            is_spent: false,
        }
    }

    /// Fetches the provider's own keys that a claim names, each once.
    ///
    /// # Errors
    /// Why one of them is not to be had.
    pub async fn fetch_keys(&mut self, claim: &Claim<'_>, secrets: &[VerifyingKey]) -> Result<(), Reason> {
        for check in claim.checks.iter().filter(|check| check.key != KeySource::Secrets) {
            if self.fetched.iter().all(|(known, _)| *known != check.key) {
                let keys = match self.fetched.len() {
                    MAX_FETCHED.. => Err(Reason::KeyUnavailable),
                    _ => (self.fetch)(&check.key, check.algorithm, secrets).await,
                };
                self.fetched.push((check.key.clone(), keys));
            }
            if let Some((_, Err(reason))) = self.fetched.iter().find(|(known, _)| *known == check.key) {
                return Err(*reason);
            }
        }
        Ok(())
    }

    /// Whether what a request claims holds, all of it.
    pub async fn holds(&mut self, claim: &Claim<'_>, secrets: &[VerifyingKey]) -> bool {
        if self.fetch_keys(claim, secrets).await.is_err() {
            return false;
        }
        for check in &claim.checks {
            let keys = match &check.key {
                KeySource::Secrets => secrets,
                named => match self.fetched.iter().find(|(known, _)| known == named) {
                    Some((_, Ok(keys))) => keys.as_slice(),
                    _ => &[],
                },
            };
            let mut held = false;
            match check.holds(keys) {
                Ok(which) => held = which.is_some(),
                Err(questions) => {
                    for question in questions {
                        self.questions = self.questions.saturating_add(1);
                        held = (self.ask)(&question).await;
                        if held {
                            break;
                        }
                    }
                }
            }
            if !held {
                return false;
            }
        }
        true
    }

    /// Whether it would hold if that were so.
    pub async fn grants(&mut self, scene: Scene<'_>, trial: &Trial) -> bool {
        let headers = as_headers(trial.headers.as_deref().unwrap_or(scene.headers));
        let request = Request {
            method: trial.method.unwrap_or(scene.method),
            url: trial.url.as_deref().unwrap_or(scene.url),
            headers: &headers,
            body: trial.body.as_deref().unwrap_or(scene.body),
        };
        let way = trial.way.as_ref().unwrap_or(scene.way);
        let Some(Ok(claim)) = way.claim(request, &scene.gate.source.options) else { return false };
        let read;
        let keys = match (&trial.keys, &trial.way) {
            (Some(keys), _) => keys,
            (None, Some(way)) => {
                read = scene.gate.source.keys(way);
                &read
            }
            // The same bytes against the same keys give the same answer, whatever they were called.
            (None, None) if !self.seen.insert(fingerprint(&claim)) => return false,
            (None, None) => scene.keys,
        };
        self.may_spend(&claim, keys.len()) && self.holds(&claim, keys).await
    }

    /// Has what the request claims as it came count as tried.
    pub fn remember(&mut self, claim: &Claim<'_>) {
        self.seen.insert(fingerprint(claim));
    }

    /// Whether the signature is a plain hash: of the secret and the content in either order, or of the content alone.
    pub fn is_plain_hash(&mut self, claim: &Claim<'_>, keys: &[VerifyingKey]) -> Option<&'static str> {
        let check = claim.checks.first().filter(|check| check.algorithm != Algorithm::Token)?;
        let content = check.contents.first()?.concat();
        let is_one = |parts: &[&[u8]]| {
            let hashes = [hash::<Sha256>(parts), hash::<Sha1>(parts)];
            check.signatures.iter().any(|signature| hashes.iter().any(|hash| same_bytes(hash, signature)))
        };
        if !self.may_spend(claim, keys.len().saturating_mul(4)) {
            return None;
        }
        if is_one(&[&content]) {
            return Some("what is signed, without any secret");
        }
        keys.iter().find_map(|key| match key {
            VerifyingKey::Secret(_, secret) if is_one(&[secret, &content]) => Some("the secret and what is signed"),
            VerifyingKey::Secret(_, secret) if is_one(&[&content, secret]) => Some("what is signed and the secret"),
            _ => None,
        })
    }

    fn may_spend(&mut self, claim: &Claim<'_>, keys: usize) -> bool {
        let size: usize = claim.checks.iter().fold(0, |sum, check| sum.saturating_add(check.size()));
        let hashed = self.hashed.saturating_add(size.saturating_mul(keys.max(1)));
        if self.trials >= MAX_TRIALS || hashed > MAX_HASHED || self.questions >= MAX_QUESTIONS {
            self.is_spent = true;
            return false;
        }
        self.trials = self.trials.saturating_add(1);
        self.hashed = hashed;
        true
    }
}

/// Tells what was tried from what was not. It decides nothing but that.
fn fingerprint(claim: &Claim<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for check in &claim.checks {
        (&check.contents, &check.signatures).hash(&mut hasher);
    }
    hasher.finish()
}

fn hash<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}
