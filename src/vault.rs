//! Secrets at rest: what is stored of a thing has its secrets sealed.
//!
//! A thing is sealed where it becomes JSON: the fields that are named secret are taken out, and stand sealed together
//! under `sealed`. What is left can be read by anybody who needs no secret, whether the key is there or not. A text
//! without `sealed` is of an older version, and is read as it is.
//!
//! AES-256-GCM, a random nonce each time, and whose secrets they are as associated data: a sealed text that was put into
//! another's row does not open there. Before it stands the id of its key, so that keys can be changed while texts of both
//! are about.

use std::borrow::Cow;

use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use aes_gcm::{Aes256Gcm, Key as CipherKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::body::Split;
use crate::problem::Problem;

/// The key in `.dev.vars`. Everybody can read it, so it seals nothing outside a developer's machine.
const LOCAL_KEY: &str = "local-encryption-key";
/// How long a key must be at least, in characters.
const MIN_KEY: usize = 16;
/// Where the sealed fields stand.
const SEALED_AT: &str = "/sealed";
/// How many characters of hex name a key.
pub const KEY_ID: usize = 8;
const NONCE: usize = 12;

/// What each text is hashed with, so that none of its hashes says anything of another.
struct Labels {
    key: &'static [u8],
    id: &'static [u8],
}

const OWN: Labels = Labels { key: b"signet: encryption key, 1", id: b"signet: encryption key's id, 1" };
const OPERATOR: Labels =
    Labels { key: b"signet: encryption key of the operator key, 1", id: b"signet: operator encryption key's id, 1" };

struct Key {
    id: String,
    cipher: Aes256Gcm,
}

impl Key {
    /// Always one: a MAC takes a key of any length.
    fn new(text: &str, labels: &Labels) -> Option<Self> {
        let id = hex::encode(hash(text, labels.id)?).chars().take(KEY_ID).collect();
        Some(Key { id, cipher: Aes256Gcm::new(&CipherKey::<Aes256Gcm>::from(hash(text, labels.key)?)) })
    }
}

fn hash(text: &str, label: &[u8]) -> Option<[u8; 32]> {
    let mac = Hmac::<Sha256>::new_from_slice(text.as_bytes()).ok()?;
    Some(mac.chain_update(label).finalize().into_bytes().into())
}

/// Seals and opens under a deployment's keys.
pub struct Vault {
    /// The first seals, all open.
    keys: Vec<Key>,
    is_set: bool,
    has_short: bool,
    random: fn() -> [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Vault {
    /// One whose keys are those of `encryption`, parted by commas, and after them one made of `operator`: it seals where
    /// there is no other, and opens what was sealed before there was. `is_local`: on a developer's machine.
    pub fn new(encryption: &str, operator: &str, is_local: bool, random: fn() -> [u8; 32]) -> Self {
        let given = encryption.split(',').map(str::trim).filter(|key| !key.is_empty());
        let given: Vec<&str> = given.filter(|key| is_local || *key != LOCAL_KEY).collect();
        let has_short = given.iter().any(|key| key.chars().count() < MIN_KEY);
        let own = given.iter().filter_map(|key| Key::new(key, &OWN));
        let operator = Some(operator).filter(|key| !key.is_empty()).and_then(|key| Key::new(key, &OPERATOR));
        Vault { keys: own.chain(operator).collect(), is_set: !given.is_empty(), has_short, random }
    }

    /// What is wrong with the keys, if anything.
    pub fn fault(&self) -> Option<String> {
        self.has_short.then(|| format!("ENCRYPTION_KEY holds a key of fewer than {MIN_KEY} characters."))
    }

    /// Whether there is a key of its own for this.
    pub fn is_set(&self) -> bool {
        self.is_set
    }

    /// The ids of the keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Writes a thing of `owner`'s, the fields at these JSON pointers sealed. What could not be opened stays as it is.
    ///
    /// # Errors
    /// 503 where there is no key to seal with.
    pub fn write(&self, thing: &impl Serialize, fields: &[&str], owner: &str) -> Result<String, Problem> {
        self.close(crate::body::written(thing)?, fields, owner)
    }

    /// Reads a thing of `owner`'s with its secrets.
    ///
    /// # Errors
    /// 503 where they can't be opened, or the thing can't be read.
    pub fn read<T: DeserializeOwned>(&self, text: &str, owner: &str) -> Result<T, Problem> {
        serde_json::from_str(&self.opened(text, owner)?).map_err(not_read)
    }

    /// Reads a thing of `owner`'s, with its secrets where they can be opened; else it still has them sealed, see
    /// [`Vault::check`].
    ///
    /// # Errors
    /// 503 where it can't be read.
    pub fn look<T: DeserializeOwned>(&self, text: &str, owner: &str) -> Result<T, Problem> {
        let opened = self.opened(text, owner);
        serde_json::from_str(opened.as_deref().unwrap_or(text)).map_err(not_read)
    }

    /// Whether a thing that was looked at has its secrets.
    ///
    /// # Errors
    /// 503 with what is missing where it has them sealed.
    pub fn check(&self, sealed: Option<&String>) -> Result<(), Problem> {
        match sealed {
            None => Ok(()),
            Some(sealed) => Err(match self.key_of(sealed) {
                Err(problem) => problem,
                Ok(_) => unreadable(),
            }),
        }
    }

    /// The same for a thing that is JSON already.
    ///
    /// # Errors
    /// As [`Vault::write`], or where it is no object.
    pub fn close(&self, mut text: String, fields: &[&str], owner: &str) -> Result<String, Problem> {
        let mut secrets = "{}".to_owned();
        for field in fields {
            if let Some(secret) = swap(&mut text, field, None)? {
                swap(&mut secrets, &["/", &escaped(field)].concat(), Some(&secret))?;
            }
        }
        if sealed_in(&text)?.is_none() {
            let sealed = crate::body::written(&self.seal(secrets.as_bytes(), owner)?)?;
            swap(&mut text, SEALED_AT, Some(&sealed))?;
        }
        Ok(text)
    }

    /// A text with its secrets put back; one of an older version as it is.
    fn opened<'a>(&self, text: &'a str, owner: &str) -> Result<Cow<'a, str>, Problem> {
        let Some(sealed) = sealed_in(text)? else { return Ok(Cow::Borrowed(text)) };
        let secrets = self.open(&sealed, owner)?;
        let Split(secrets) = serde_json::from_str(&secrets).map_err(not_read)?;
        let mut text = text.to_owned();
        swap(&mut text, SEALED_AT, None)?;
        for (field, secret) in secrets {
            swap(&mut text, &field, Some(secret.get()))?;
        }
        Ok(Cow::Owned(text))
    }

    fn seal(&self, text: &[u8], owner: &str) -> Result<String, Problem> {
        let no_key = || Problem::new(503, "not_configured", "There is no key to seal secrets with.");
        let key = self.keys.first().ok_or_else(no_key)?;
        let mut sealed: Vec<u8> = (self.random)().into_iter().take(NONCE).collect();
        let nonce = nonce_of(&sealed).ok_or_else(no_key)?;
        let payload = Payload { msg: text, aad: owner.as_bytes() };
        let mut body = key.cipher.encrypt(&nonce, payload).map_err(|_| no_key())?;
        sealed.append(&mut body);
        Ok([key.id.as_str(), ".", &BASE64.encode(&sealed)].concat())
    }

    fn open(&self, sealed: &str, owner: &str) -> Result<String, Problem> {
        let (key, body) = self.key_of(sealed)?;
        let bytes = BASE64.decode(body).map_err(|_| unreadable())?;
        let (nonce, body) = bytes.split_at_checked(NONCE).ok_or_else(unreadable)?;
        let nonce = nonce_of(nonce).ok_or_else(unreadable)?;
        let payload = Payload { msg: body, aad: owner.as_bytes() };
        let text = key.cipher.decrypt(&nonce, payload).map_err(|_| unreadable())?;
        String::from_utf8(text).map_err(|_| unreadable())
    }

    /// The key that a text was sealed with, and what stands behind its id.
    fn key_of<'a>(&self, sealed: &'a str) -> Result<(&Key, &'a str), Problem> {
        let (id, body) = sealed.split_once('.').ok_or_else(unreadable)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| missing(id))?;
        Ok((key, body))
    }
}

/// 503: the key of this id is not there.
pub fn missing(id: &str) -> Problem {
    let detail =
        format!("Secrets are sealed under the key {id}, which ENCRYPTION_KEY does not hold. Add that key again.");
    Problem::new(503, "encryption_key_missing", detail)
}

fn unreadable() -> Problem {
    Problem::new(503, "secrets_unreadable", "What is stored of these secrets was changed, or is not theirs.")
}

fn nonce_of(bytes: &[u8]) -> Option<Nonce<Aes256Gcm>> {
    Nonce::<Aes256Gcm>::try_from(bytes).ok()
}

fn not_read(error: serde_json::Error) -> Problem {
    Problem::unavailable(error.to_string())
}

fn sealed_in(text: &str) -> Result<Option<String>, Problem> {
    let Split(parts) = serde_json::from_str(text).map_err(not_read)?;
    let sealed = parts.iter().find(|(name, _)| name == "sealed").map(|(_, raw)| serde_json::from_str(raw.get()));
    sealed.transpose().map_err(not_read)
}

/// Puts another value into the place of an object's field, or none; answers what was there. Only the text around a field
/// is looked at: a thing need not be taken apart, nor be another one when it is put together again.
fn swap(text: &mut String, field: &str, value: Option<&str>) -> Result<Option<String>, Problem> {
    let path = field.strip_prefix('/').unwrap_or(field);
    let (name, within) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let name = name.replace("~1", "/");
    let Split(parts) = serde_json::from_str(text).map_err(not_read)?;
    let mut parts: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        parts.into_iter().map(|(name, raw)| (name, Cow::Borrowed(raw.get()))).collect();
    let at = parts.iter().position(|(other, _)| *other == name);
    let before = match (within, at) {
        (Some(rest), Some(at)) => match parts.get_mut(at).filter(|(_, inner)| inner.starts_with('{')) {
            Some((_, inner)) => swap(inner.to_mut(), rest, value)?,
            None => None,
        },
        (Some(_), None) => None,
        (None, at) => {
            let before = at.map(|at| parts.remove(at).1.into_owned());
            if let Some(value) = value {
                parts.push((Cow::Owned(name), Cow::Borrowed(value)));
            }
            before
        }
    };
    let mut whole = String::from("{");
    for (at, (name, value)) in parts.iter().enumerate() {
        whole.push_str(if at > 0 { "," } else { "" });
        whole.push_str(&crate::body::written(name)?);
        whole.push(':');
        whole.push_str(value);
    }
    whole.push('}');
    *text = whole;
    Ok(before)
}

/// A pointer as one name in another.
fn escaped(pointer: &str) -> String {
    pointer.replace('/', "~1")
}

#[cfg(test)]
mod tests;
