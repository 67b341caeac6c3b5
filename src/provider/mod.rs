//! How other people's webhooks are signed: a table of providers, as data.

pub mod own;
mod sign;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::handshake::Handshake;
use crate::signature::{Claim, Reason, Request, Scheme, SecretError, VerifyingKey};

pub use own::{Own, Signed};
pub use sign::SignError;

/// What a provider needs to be told besides secrets, by name.
pub type Options = BTreeMap<String, String>;

/// A provider of webhooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// The name that sources call it by.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Where the facts are from.
    pub docs: String,
    /// The ways it signs, the one that is to be preferred first.
    pub signatures: Vec<Way>,
    /// What a secret is, and where it is found.
    pub secret: String,
    /// What else it needs, each with what that is.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Which of these are secret: they are never shown again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_options: Vec<String>,
    /// What it asks before it sends, or in between.
    #[serde(default)]
    pub handshakes: Vec<Handshake>,
    /// What its users should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// A way to sign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Way {
    /// One that is nobody else's.
    Own {
        /// Its name.
        own: Own,
    },
    /// One that a scheme can say.
    Scheme(Box<Scheme>),
}

impl Way {
    /// Reads a secret, or a public key, as this way does.
    ///
    /// # Errors
    /// Says what it should have been.
    pub fn key(&self, secret: &str, options: &Options) -> Result<VerifyingKey, SecretError> {
        match self {
            Way::Own { own } => own.key(secret, options),
            Way::Scheme(scheme) => match options.get("username") {
                // Basic credentials may come in two halves.
                Some(user) => scheme.verifying_key(&[user, ":", secret].concat()),
                None => scheme.verifying_key(secret),
            },
        }
    }

    /// What a request claims in this way's terms; `None` where it carries no signature of this way's.
    pub fn claim<'a>(&'a self, request: Request<'a>, options: &'a Options) -> Option<Result<Claim<'a>, Reason>> {
        match self {
            Way::Own { own } => own.claim(request, options),
            Way::Scheme(scheme) => match options.get("header") {
                // Where the sender chooses the header, the receiver says which.
                Some(name) => scheme.claim_at(name, request),
                None => scheme.claim(request),
            },
        }
    }

    /// How far the time may lie from the present, in seconds, where the source does not say.
    pub fn tolerance(&self) -> Option<u32> {
        match self {
            Way::Own { own } => own.tolerance(),
            Way::Scheme(scheme) => scheme.tolerance_seconds,
        }
    }

    /// Whether a secret is needed to judge: a certificate needs none.
    pub fn needs_secret(&self) -> bool {
        match self {
            Way::Own { own } => own.needs_secret(),
            Way::Scheme(_) => true,
        }
    }
}

const TABLE: &str = include_str!("table.json");

/// Every provider that came with Signet.
pub fn all() -> &'static [Provider] {
    static PROVIDERS: OnceLock<Vec<Provider>> = OnceLock::new();
    PROVIDERS.get_or_init(|| {
        let entries: Vec<&RawValue> = serde_json::from_str(TABLE).unwrap_or_default();
        // A fault in the table can't reach a build: a test reads every entry.
        entries.iter().filter_map(|entry| serde_json::from_str(entry.get()).ok()).collect()
    })
}

/// Whether an option of this name is a secret, whichever provider's it is.
pub fn is_secret_option(name: &str) -> bool {
    all().iter().any(|provider| provider.secret_options.iter().any(|secret| secret == name))
}

/// A provider by its name.
pub fn find(name: &str) -> Option<&'static Provider> {
    all().iter().find(|provider| provider.name == name)
}

#[cfg(test)]
mod tests;
