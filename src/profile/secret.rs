//! What a product's secrets look like when Signet makes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use serde::{Serialize, Serializer};

use crate::signature::{Algorithm, SecretEncoding};

/// How many random bytes a secret is made of.
pub const SECRET_BYTES: usize = 32;

/// A prefix and the way the random bytes are written behind it, as in `whsec_{base64}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFormat {
    prefix: String,
    hex: bool,
}

impl SecretFormat {
    /// Reads `prefix{base64}` or `prefix{hex}`.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, hex) = match text.strip_suffix("{hex}") {
            Some(prefix) => (prefix, true),
            None => (text.strip_suffix("{base64}")?, false),
        };
        let plain =
            prefix.len() <= 32 && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        plain.then(|| SecretFormat { prefix: prefix.to_owned(), hex })
    }

    /// What suits a scheme when nobody says.
    pub fn suiting(algorithm: Algorithm, encoding: SecretEncoding) -> Self {
        let prefix = if algorithm == Algorithm::Ed25519 { "whsk_" } else { "whsec_" };
        SecretFormat { prefix: prefix.into(), hex: encoding != SecretEncoding::Base64 }
    }

    /// Writes a secret made of `random`; for Ed25519 the seed and its public key.
    pub fn make(&self, algorithm: Algorithm, random: &[u8; SECRET_BYTES]) -> String {
        let bytes = match algorithm {
            Algorithm::Ed25519 => SigningKey::from_bytes(random).to_keypair_bytes().to_vec(),
            _ => random.to_vec(),
        };
        let text = if self.hex { hex::encode(bytes) } else { BASE64.encode(bytes) };
        [&self.prefix, text.as_str()].concat()
    }
}

/// A private key made of `random`, as Standard Webhooks writes it.
pub fn private_key(random: &[u8; SECRET_BYTES]) -> String {
    SecretFormat { prefix: "whsk_".into(), hex: false }.make(Algorithm::Ed25519, random)
}

impl Serialize for SecretFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.prefix, if self.hex { "{hex}" } else { "{base64}" }))
    }
}
