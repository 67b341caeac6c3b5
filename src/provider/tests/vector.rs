//! The vectors, and judging a request as the proxy does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::*;
use crate::header::Headers;
use crate::signature::{Algorithm, Check, KeySource};
use crate::source::{Gate, Source};
use crate::time::Millis;

/// Where a vector names no time, any will do.
const SOMETIME: Millis = 1_795_000_000_000;

/// A genuine request, and what its receiver knows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) from: String,
    pub(super) kind: Kind,
    pub(super) secrets: Vec<String>,
    pub(super) options: Options,
    pub(super) public_url: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    body_base64: Option<String>,
    /// When it is in time, in Unix seconds.
    pub(super) at: Option<i64>,
    pub(super) certificate: Option<String>,
    pub(super) certificate_url: Option<String>,
    pub(super) key: Option<Value>,
    pub(super) key_url: Option<String>,
}

/// Where a vector is from.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// The provider's own page or tests.
    Published,
    /// The provider's own library made it.
    Sdk,
    /// It was made after the provider's page.
    Made,
}

impl Vector {
    pub(super) fn sent(&self) -> Sent {
        let here = || ["https://signet.example.com", &self.path].concat();
        let bytes = self.body_base64.as_ref().map(|text| STANDARD.decode(text).unwrap());
        Sent {
            method: self.method.clone(),
            url: self.public_url.clone().unwrap_or_else(here),
            headers: self.headers.clone().into_iter().collect(),
            body: bytes.unwrap_or_else(|| self.body.clone().unwrap_or_default().into_bytes()),
        }
    }

    pub(super) fn now(&self) -> Millis {
        self.at.map_or(SOMETIME, |at| at * 1000)
    }

    /// Nothing is to be known of the time where the vector says none.
    pub(super) fn tolerance(&self) -> Option<u32> {
        if self.at.is_some() { None } else { Some(u32::MAX) }
    }

    pub(super) fn gate(&self, provider: &str, tolerance: Option<u32>) -> Gate {
        self.gate_with(provider, tolerance, &self.secrets)
    }

    pub(super) fn gate_with(&self, provider: &str, tolerance: Option<u32>, secrets: &[String]) -> Gate {
        let source: Source = serde_json::from_value(json!({
            "id": "src_1", "application": "default", "provider": provider, "secrets": secrets, "mode": "proxy",
            "origin": "https://origin.example.com/", "enforce": true, "timeoutSeconds": 25, "deduplicate": true,
            "options": self.options, "toleranceSeconds": tolerance, "createdAt": 0, "updatedAt": 0,
        }))
        .unwrap();
        Gate::new(source).unwrap()
    }

    /// The way of the provider's that this is signed in.
    pub(super) fn way(&self, provider: &'static Provider) -> &'static Way {
        let found = provider.signatures.iter().find(|way| {
            let keys: Vec<VerifyingKey> =
                self.secrets.iter().filter_map(|secret| way.key(secret, &self.options).ok()).collect();
            self.sent().read(|request| match way.claim(request, &self.options) {
                Some(Ok(claim)) => claim.checks.iter().all(|check| asked(check, &keys, None).is_some()),
                _ => false,
            })
        });
        found.unwrap_or_else(|| panic!("{}: no way reads the vector from {}", provider.name, self.from))
    }
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Every vector whose provider is in the table.
pub(super) fn vectors() -> Vec<(&'static Provider, Vector)> {
    let mut found = Vec::new();
    for provider in all() {
        let Ok(text) = fs::read_to_string(folder().join("vectors").join([&provider.name, ".json"].concat())) else {
            continue;
        };
        let read: Vec<Vector> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}.json: {error}", provider.name));
        found.extend(read.into_iter().map(|vector| (provider, vector)));
    }
    found
}

/// A request on its way.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What only the runtime, or the provider, can answer: whose key, what was signed, and the signature.
pub(super) type Question = (String, Vec<u8>, Vec<u8>);

impl Sent {
    pub(super) fn read<T>(&self, reader: impl FnOnce(Request<'_>) -> T) -> T {
        let headers = Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        reader(Request { method: &self.method, url: &self.url, headers: &headers, body: &self.body })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The same with another value for a header, which it has; `None` takes it away.
    pub(super) fn with(&self, name: &str, value: Option<&str>) -> Sent {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        let mut sent = self.clone();
        sent.headers.retain(|(other, _)| value.is_some() || !is(other));
        for (other, old) in &mut sent.headers {
            if is(other) {
                *old = value.unwrap_or_default().to_owned();
            }
        }
        sent
    }

    /// Judges it as the proxy does. The questions that are left over where keys are public; with `known`, those of a
    /// genuine request, a question that is not among them is answered with no.
    pub(super) fn judged(
        &self,
        gate: &Gate,
        now: Millis,
        known: Option<&BTreeSet<Question>>,
    ) -> Result<BTreeSet<Question>, Reason> {
        self.read(|request| {
            let mut left = BTreeSet::new();
            let mut holds = false;
            for (claim, keys) in gate.claims(request, now)? {
                let answers: Vec<Option<BTreeSet<Question>>> =
                    claim.checks.iter().map(|check| asked(check, keys, known)).collect();
                assert!(!answers.is_empty(), "a claim without a check holds for everybody");
                if answers.iter().all(Option::is_some) {
                    holds = true;
                    left.extend(answers.into_iter().flatten().flatten());
                }
            }
            if holds { Ok(left) } else { Err(Reason::SignatureMismatch) }
        })
    }
}

/// The questions that a check leaves over; `None` where it does not hold.
pub(super) fn asked(
    check: &Check<'_>,
    keys: &[VerifyingKey],
    known: Option<&BTreeSet<Question>>,
) -> Option<BTreeSet<Question>> {
    if check.key == KeySource::Secrets
        && let Ok(held) = check.holds(keys)
    {
        return held.map(|_| BTreeSet::new());
    }
    // A key that is to be asked for may be among the secrets instead.
    let source = match &check.key {
        KeySource::Secrets => String::new(),
        other => format!("{other:?} "),
    };
    let public = keys.iter().filter(|key| matches!(key, VerifyingKey::Public(_)));
    let mut whose: Vec<String> = public.map(|key| [&*source, &hex::encode(key.bytes())].concat()).collect();
    if whose.is_empty() {
        whose.push(source);
    }
    let contents = check.contents.iter().map(|parts| parts.concat());
    let questions: BTreeSet<Question> = contents
        .flat_map(|content| check.signatures.iter().map(move |signature| (content.clone(), signature.clone())))
        .flat_map(|(content, signature)| whose.iter().map(move |key| (key.clone(), content.clone(), signature.clone())))
        .collect();
    if check.algorithm == Algorithm::Ed25519 && check.key == KeySource::Secrets {
        return questions.iter().any(ed25519_holds).then_some(questions);
    }
    let open: BTreeSet<Question> =
        questions.into_iter().filter(|one| known.is_none_or(|known| known.contains(one))).collect();
    (!open.is_empty()).then_some(open)
}

pub(super) fn ed25519_holds((key, content, signature): &Question) -> bool {
    let key = hex::decode(key).unwrap();
    let key = key.as_slice().try_into().ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok());
    let signature = ed25519_dalek::Signature::from_slice(signature);
    key.zip(signature.ok()).is_some_and(|(key, signature)| key.verify_strict(content, &signature).is_ok())
}

/// Every vector that passes, and what it asks. (That all do has a test of its own.)
pub(super) fn genuine() -> Vec<(&'static Provider, &'static Way, Vector, BTreeSet<Question>)> {
    let judged = vectors().into_iter().filter_map(|(provider, vector)| {
        let gate = vector.gate(&provider.name, vector.tolerance());
        let known = vector.sent().judged(&gate, vector.now(), None).ok()?;
        Some((provider, vector.way(provider), vector, known))
    });
    judged.collect()
}
