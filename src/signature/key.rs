//! Secrets read into keys. A key is made once and used for many messages.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign_byupdate};
use ed25519_dalek::{SigningKey, VerifyingKey as PublicKey};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::{Algorithm, SecretEncoding};

/// Secrets are pasted from many places: padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret longer than this is a mistake.
const MAX_SECRET: usize = 512;
/// A public key longer than this is one too: RSA with 8,192 bits has 1,456 characters as PEM.
const MAX_PUBLIC: usize = 4096;

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
    /// Not a public key of the scheme's kind.
    PublicKey,
    /// A private key, or a public one, where the other is wanted.
    WrongHalf,
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
            SecretError::PublicKey => {
                "must be the provider's public key: 32 bytes for Ed25519, else a PEM or the base64 of its DER"
            }
            SecretError::WrongHalf => "is the other half of a key pair: a public key verifies, a private key signs",
        }
    }
}

/// A key that signs.
pub enum Key {
    /// For HMAC-SHA256.
    HmacSha256(Hmac<Sha256>),
    /// For HMAC-SHA1.
    HmacSha1(Hmac<Sha1>),
    /// For HMAC-SHA384.
    HmacSha384(Hmac<Sha384>),
    /// For HMAC-SHA512.
    HmacSha512(Hmac<Sha512>),
    /// For HMAC-MD5.
    HmacMd5(Hmac<Md5>),
    /// A token, which signs nothing: it is the signature.
    Token(Vec<u8>),
    /// For Ed25519: the expanded secret and the public key.
    Ed25519(Box<(ExpandedSecretKey, PublicKey)>),
}

impl Key {
    /// Reads a secret's text.
    ///
    /// # Errors
    /// Says what the secret should have been.
    pub fn read(algorithm: Algorithm, encoding: SecretEncoding, secret: &str) -> Result<Self, SecretError> {
        let bytes = read_bytes(encoding, secret, MAX_SECRET)?;
        if secret.starts_with("whpk_") && encoding != SecretEncoding::Utf8 {
            return Err(SecretError::WrongHalf);
        }
        Self::from_bytes(algorithm, &bytes)
    }

    /// A key of these very bytes.
    ///
    /// # Errors
    /// Where no key has them.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, SecretError> {
        Ok(match algorithm {
            Algorithm::HmacSha256 => Key::HmacSha256(hmac(bytes)?),
            Algorithm::HmacSha1 => Key::HmacSha1(hmac(bytes)?),
            Algorithm::HmacSha384 => Key::HmacSha384(hmac(bytes)?),
            Algorithm::HmacSha512 => Key::HmacSha512(hmac(bytes)?),
            Algorithm::HmacMd5 => Key::HmacMd5(hmac(bytes)?),
            Algorithm::Token => Key::Token(bytes.to_vec()),
            Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP256Sha1 | Algorithm::RsaSha256 | Algorithm::RsaSha1 => {
                return Err(SecretError::WrongHalf);
            }
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

    /// The half that everybody may know, as Standard Webhooks writes it: `whpk_` and base64. A shared secret has none.
    pub fn public(&self) -> Option<String> {
        match self {
            Key::Ed25519(pair) => Some(["whpk_", &LENIENT.encode(pair.1.as_bytes())].concat()),
            _ => None,
        }
    }

    /// The signature over the parts as if they stood in one row.
    pub fn sign(&self, parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
        match self {
            Key::HmacSha256(mac) => mac_over(mac, parts),
            Key::HmacSha1(mac) => mac_over(mac, parts),
            Key::HmacSha384(mac) => mac_over(mac, parts),
            Key::HmacSha512(mac) => mac_over(mac, parts),
            Key::HmacMd5(mac) => mac_over(mac, parts),
            Key::Token(token) => token.clone(),
            Key::Ed25519(pair) => {
                let (secret, public) = pair.as_ref();
                raw_sign_byupdate::<Sha512, _>(
                    secret,
                    |hash| {
                        for part in parts {
                            sha2::Digest::update(hash, part.as_ref());
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

fn mac_over<M: Mac + Clone>(mac: &M, parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(part.as_ref());
    }
    mac.finalize().into_bytes().to_vec()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// A key that verifies.
pub enum VerifyingKey {
    /// A secret: what it would have signed is compared. Its bytes are kept for the runtime, which is quicker with large
    /// bodies.
    Secret(Box<Key>, Vec<u8>),
    /// A public key, for the runtime: 32 bytes for Ed25519, else a SubjectPublicKeyInfo (RFC 5280) in DER.
    Public(Vec<u8>),
}

impl VerifyingKey {
    /// Reads a secret's, or a public key's, text.
    ///
    /// # Errors
    /// Says what it should have been.
    pub fn read(algorithm: Algorithm, encoding: SecretEncoding, secret: &str) -> Result<Self, SecretError> {
        if !algorithm.is_public() {
            let key = Key::read(algorithm, encoding, secret)?;
            return Ok(VerifyingKey::Secret(Box::new(key), read_bytes(encoding, secret, MAX_SECRET)?));
        }
        if secret.starts_with("whsk_") || secret.starts_with("whsec_") || secret.contains("PRIVATE KEY") {
            return Err(SecretError::WrongHalf);
        }
        let bytes = match read_pem(secret) {
            Some(der) => der,
            None => read_bytes(encoding, secret, MAX_PUBLIC)?,
        };
        Self::public(algorithm, bytes)
    }

    /// A secret of these very bytes.
    ///
    /// # Errors
    /// Where no key has them.
    pub fn secret(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, SecretError> {
        Ok(VerifyingKey::Secret(Box::new(Key::from_bytes(algorithm, bytes)?), bytes.to_vec()))
    }

    /// A public key of these very bytes.
    ///
    /// # Errors
    /// Where they are none.
    pub fn public(algorithm: Algorithm, bytes: Vec<u8>) -> Result<Self, SecretError> {
        // A SubjectPublicKeyInfo of Ed25519 is twelve bytes that never change, and the key (RFC 8410).
        let spki = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let key = match (algorithm, bytes.strip_prefix(&spki)) {
            (Algorithm::Ed25519, Some(key)) => key.to_vec(),
            _ => bytes,
        };
        let fits = match algorithm {
            Algorithm::Ed25519 => key.len() == 32,
            _ => key.first() == Some(&0x30) && matches!(key.len(), 59..=2048),
        };
        if fits { Ok(VerifyingKey::Public(key)) } else { Err(SecretError::PublicKey) }
    }

    /// The signature that this key would have made; `None` where only its owner could.
    pub fn expected(&self, parts: &[impl AsRef<[u8]>]) -> Option<Vec<u8>> {
        match self {
            VerifyingKey::Secret(key, _) => Some(key.sign(parts)),
            VerifyingKey::Public(_) => None,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            VerifyingKey::Secret(_, bytes) | VerifyingKey::Public(bytes) => bytes,
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// The bytes that a secret's text stands for.
fn read_bytes(encoding: SecretEncoding, secret: &str, limit: usize) -> Result<Vec<u8>, SecretError> {
    if secret.is_empty() || secret.len() > limit {
        return Err(SecretError::Length);
    }
    if secret.trim() != secret || secret.chars().any(char::is_control) {
        return Err(SecretError::Characters);
    }
    let prefixes = ["v1,whsec_", "whsec_", "whsk_", "whpk_"];
    let bare = prefixes.iter().find_map(|prefix| secret.strip_prefix(prefix));
    let bytes = match (encoding, bare) {
        (SecretEncoding::Utf8, _) | (SecretEncoding::Whsec, None) => secret.as_bytes().to_vec(),
        (SecretEncoding::Base64 | SecretEncoding::Whsec, _) => {
            LENIENT.decode(bare.unwrap_or(secret)).map_err(|_| SecretError::Base64)?
        }
        (SecretEncoding::Hex, _) => hex::decode(bare.unwrap_or(secret)).map_err(|_| SecretError::Hex)?,
    };
    if bytes.is_empty() { Err(SecretError::Length) } else { Ok(bytes) }
}

/// The DER in a PEM block (RFC 7468).
fn read_pem(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_PUBLIC {
        return None;
    }
    let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (inner, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    // A PEM that was pasted into one line may have its line breaks as letters.
    let inner: String = inner.replace("\\n", "").split_whitespace().collect();
    LENIENT.decode(inner).ok()
}
