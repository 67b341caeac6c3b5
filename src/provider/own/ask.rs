//! Asking a provider for the key that a request names: what is sent, and what the answer says. Whoever asks keeps the
//! answer for a while, whatever it is.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Own, certificate, json, jwk};
use crate::provider::Options;
use crate::signature::{Algorithm, KeySource, VerifyingKey};
use crate::time::Millis;

/// Where fal keeps its keys.
const FAL_KEYS: &str = "https://rest.fal.ai/.well-known/jwks.json";
/// How many keys of a set are looked at.
const MAX_KEYS: usize = 32;

/// A request for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its method.
    pub method: &'static str,
    /// Its URL: a provider's own, or the one that the source names in its options.
    pub url: String,
    /// Its headers.
    pub headers: BTreeMap<&'static str, String>,
    /// Its body.
    pub body: Option<String>,
}

impl Ask {
    fn get(url: impl Into<String>) -> Self {
        Ask { method: "GET", url: url.into(), headers: BTreeMap::new(), body: None }
    }
}

impl Own {
    /// What has to be asked before a key can be: for leave to ask. The answer is read by [`Own::leave_in`].
    pub fn asks_leave(self, secret: &str, options: &Options) -> Option<Ask> {
        if self != Own::Ebay {
            return None;
        }
        let credentials = [options.get("clientId")?, ":", secret].concat();
        let kind = "application/x-www-form-urlencoded".to_owned();
        let basic = ["Basic ", &STANDARD.encode(credentials)].concat();
        let scope = "scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope";
        Some(Ask {
            method: "POST",
            url: [self.host(options), "/identity/v1/oauth2/token"].concat(),
            headers: BTreeMap::from([("content-type", kind), ("authorization", basic)]),
            body: Some(["grant_type=client_credentials&", scope].concat()),
        })
    }

    /// The token in an answer that gives leave, and for how many seconds it does.
    pub fn leave_in(answer: &[u8]) -> Option<(String, u32)> {
        #[derive(Deserialize)]
        struct Leave {
            access_token: String,
            expires_in: u32,
        }
        let leave: Leave = crate::body::parsed(answer).ok()?;
        // It becomes part of a header.
        let plain = !leave.access_token.is_empty() && leave.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then_some((leave.access_token, leave.expires_in))
    }

    /// What is asked for a key. `secret` is the source's, or the token that gave leave. `None` where nobody can be asked.
    pub fn asks(self, key: &KeySource, secret: Option<&str>, options: &Options) -> Option<Ask> {
        let name = match key {
            KeySource::Secrets => return None,
            KeySource::Certificate(url) => return Some(Ask::get(url)),
            KeySource::Named(name) => name,
        };
        let host = self.host(options);
        match self {
            Own::FalAi => Some(Ask::get(options.get("jwksUrl").map_or(FAL_KEYS, String::as_str))),
            Own::Fusionauth => Some(Ask::get(options.get("jwksUrl")?)),
            Own::Ebay => {
                let url = [host, "/commerce/notification/v1/public_key/", name].concat();
                let bearer = ["bearer ", secret?].concat();
                Some(Ask { headers: BTreeMap::from([("authorization", bearer)]), ..Ask::get(url) })
            }
            Own::Plaid => {
                let body = json!({ "client_id": options.get("clientId")?, "secret": secret?, "key_id": name });
                Some(Ask {
                    method: "POST",
                    url: [host, "/webhook_verification_key/get"].concat(),
                    headers: BTreeMap::from([("content-type", "application/json".into())]),
                    body: Some(body.to_string()),
                })
            }
            _ => None,
        }
    }

    /// The keys that an answer holds, those that are good now.
    pub fn keys_in(self, key: &KeySource, algorithm: Algorithm, answer: &[u8], now: Millis) -> Vec<VerifyingKey> {
        let found = match key {
            KeySource::Secrets => None,
            KeySource::Certificate(_) => certificate::public_key(answer, now).map(|key| vec![key]),
            KeySource::Named(name) => match self {
                Own::Plaid => of_plaid(name, answer).map(|key| vec![key]),
                Own::Ebay => of_ebay(algorithm, answer).map(|key| vec![key]),
                _ => of_set(name, algorithm, answer),
            },
        };
        let keys = found.unwrap_or_default().into_iter();
        keys.filter_map(|key| VerifyingKey::public(algorithm, key).ok()).collect()
    }

    fn host(self, options: &Options) -> &'static str {
        let sandbox = options.get("environment").is_some_and(|name| name == "sandbox");
        match (self, sandbox) {
            (Own::Ebay, false) => "https://api.ebay.com",
            (Own::Ebay, true) => "https://api.sandbox.ebay.com",
            (_, false) => "https://production.plaid.com",
            (_, true) => "https://sandbox.plaid.com",
        }
    }
}

/// `{"key": a JSON Web Key}`, which must not have expired.
fn of_plaid(name: &str, answer: &[u8]) -> Option<Vec<u8>> {
    let key = json::member(&mut json::object(answer)?, "key")?.get();
    let mut fields = json::object(key.as_bytes())?;
    if json::member(&mut fields, "expired_at").is_some() {
        return None;
    }
    let key = jwk::read(key.as_bytes())?;
    let is = key.name.as_deref() == Some(name) && key.algorithm == Algorithm::EcdsaP256Sha256;
    is.then_some(key.bytes)
}

/// `{"key": a PEM, "algorithm": "ECDSA", "digest": "SHA1"}`: what it says of the algorithm counts, not the request.
fn of_ebay(algorithm: Algorithm, answer: &[u8]) -> Option<Vec<u8>> {
    let mut fields = json::object(answer)?;
    let mut of = |name: &str| json::text(&mut fields, name).ok().flatten();
    let digest = match algorithm {
        Algorithm::EcdsaP256Sha1 => "SHA1",
        _ => "SHA256",
    };
    let agrees = of("algorithm")?.eq_ignore_ascii_case("ECDSA") && of("digest")?.eq_ignore_ascii_case(digest);
    let key = jwk::public_key(algorithm, &of("key")?).ok()?;
    agrees.then(|| key.bytes().to_vec())
}

/// The keys of a JSON Web Key Set, those of this name where there is one.
fn of_set(name: &str, algorithm: Algorithm, answer: &[u8]) -> Option<Vec<Vec<u8>>> {
    let keys = json::member(&mut json::object(answer)?, "keys")?;
    let keys: Vec<&RawValue> = json::items(keys.get().as_bytes())?;
    let fits = |key: &jwk::Jwk| key.algorithm == algorithm && (name.is_empty() || key.name.as_deref() == Some(name));
    let keys = keys.into_iter().filter_map(|key| jwk::read(key.get().as_bytes())).filter(fits);
    Some(keys.take(MAX_KEYS).map(|key| key.bytes).collect())
}
