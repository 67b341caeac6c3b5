//! The ways to sign that no scheme can say: each in a file of its own.

use serde::{Deserialize, Serialize};

use super::Options;
use crate::signature::{Algorithm, Claim, Reason, Request, SecretEncoding, SecretError, VerifyingKey};

/// A way that is one provider's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Own {
    /// SHA-1 over the URL and the sorted form, or the URL with the body's hash.
    Twilio,
}

impl Own {
    /// Reads a secret.
    ///
    /// # Errors
    /// Says what it should have been.
    pub fn key(self, secret: &str, _options: &Options) -> Result<VerifyingKey, SecretError> {
        match self {
            Own::Twilio => VerifyingKey::read(Algorithm::HmacSha1, SecretEncoding::Utf8, secret),
        }
    }

    /// What a request claims.
    pub fn claim<'a>(self, _request: Request<'a>, _options: &'a Options) -> Option<Result<Claim<'a>, Reason>> {
        match self {
            Own::Twilio => None,
        }
    }

    /// How far the time may lie from the present, in seconds.
    pub fn tolerance(self) -> Option<u32> {
        None
    }

    /// Whether a secret is needed to judge.
    pub fn needs_secret(self) -> bool {
        true
    }
}
