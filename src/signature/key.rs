//! Secrets read into keys. A key is made once and used for many messages.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign_byupdate};
use ed25519_dalek::{SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Algorithm, SecretEncoding};

/// Secrets are pasted from many places: padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret longer than this is a mistake.
const MAX_SECRET: usize = 512;

/// Why a text is no secret for a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretError {
    /// Empty, or longer than 512 bytes.
    Length,
    /// Control characters or spaces at its ends: such secrets get lost in a copy.
    Characters,
    /// Not the base64 that the scheme reads.
    Base64,
    /// Not the hexadecimal digits that the scheme reads.
    Hex,
    /// Not 32 bytes (a seed) or 64 (a seed and its public key).
    Ed25519,
}

impl SecretError {
    /// What the secret should have been.
    pub fn detail(self) -> &'static str {
        match self {
            SecretError::Length => "must have 1 to 512 bytes",
            SecretError::Characters => "must be visible characters without spaces around",
            SecretError::Base64 => "must be base64 after an optional whsec_ prefix",
            SecretError::Hex => "must be hexadecimal digits",
            SecretError::Ed25519 => "must be an Ed25519 private key: whsk_ and the base64 of 32 or 64 bytes",
        }
    }
}

/// A key that signs.
pub enum Key {
    /// For HMAC-SHA256.
    HmacSha256(Hmac<Sha256>),
    /// For HMAC-SHA1.
    HmacSha1(Hmac<Sha1>),
    /// For HMAC-SHA512.
    HmacSha512(Hmac<Sha512>),
    /// For Ed25519: the expanded secret and the public key.
    Ed25519(Box<(ExpandedSecretKey, VerifyingKey)>),
}

impl Key {
    /// Reads a secret's text.
    ///
    /// # Errors
    /// Says what the secret should have been.
    pub fn read(algorithm: Algorithm, encoding: SecretEncoding, secret: &str) -> Result<Self, SecretError> {
        if secret.is_empty() || secret.len() > MAX_SECRET {
            return Err(SecretError::Length);
        }
        if secret.trim() != secret || secret.chars().any(char::is_control) {
            return Err(SecretError::Characters);
        }
        let bare = ["whsec_", "whsk_"].iter().find_map(|prefix| secret.strip_prefix(prefix)).unwrap_or(secret);
        let bytes = match encoding {
            SecretEncoding::Utf8 => secret.as_bytes().to_vec(),
            SecretEncoding::Base64 => LENIENT.decode(bare).map_err(|_| SecretError::Base64)?,
            SecretEncoding::Hex => hex::decode(bare).map_err(|_| SecretError::Hex)?,
        };
        if bytes.is_empty() {
            return Err(SecretError::Length);
        }
        Ok(match algorithm {
            Algorithm::HmacSha256 => Key::HmacSha256(hmac(&bytes)?),
            Algorithm::HmacSha1 => Key::HmacSha1(hmac(&bytes)?),
            Algorithm::HmacSha512 => Key::HmacSha512(hmac(&bytes)?),
            Algorithm::Ed25519 => {
                let seed = match bytes.len() {
                    32 | 64 => bytes.first_chunk::<32>().ok_or(SecretError::Ed25519)?,
                    _ => return Err(SecretError::Ed25519),
                };
                let public = SigningKey::from_bytes(seed).verifying_key();
                // The second half must be the first one's own public key, or the pair was put together wrongly.
                if bytes.get(32..).is_some_and(|half| !half.is_empty() && half != public.as_bytes()) {
                    return Err(SecretError::Ed25519);
                }
                Key::Ed25519(Box::new((ExpandedSecretKey::from(seed), public)))
            }
        })
    }

    /// The signature over the parts as if they stood in one row.
    pub fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Key::HmacSha256(mac) => mac_over(mac, parts),
            Key::HmacSha1(mac) => mac_over(mac, parts),
            Key::HmacSha512(mac) => mac_over(mac, parts),
            Key::Ed25519(pair) => {
                let (secret, public) = pair.as_ref();
                raw_sign_byupdate::<Sha512, _>(
                    secret,
                    |hash| {
                        for part in parts {
                            sha2::Digest::update(hash, part);
                        }
                        Ok(())
                    },
                    public,
                )
                .map(|signature| signature.to_bytes().to_vec())
                .unwrap_or_default()
            }
        }
    }
}

fn hmac<M: KeyInit>(bytes: &[u8]) -> Result<M, SecretError> {
    M::new_from_slice(bytes).map_err(|_| SecretError::Length)
}

fn mac_over<M: Mac + Clone>(mac: &M, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
