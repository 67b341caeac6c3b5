//! A source: who sends, what proves it, and where it goes.

mod entry;
mod gate;
mod onward;
mod read;
mod route;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{Id, Place, SOURCE};
use crate::profile;
use crate::provider::{self, Options, Provider, Way};
use crate::secret;
use crate::signature::{Scheme, VerifyingKey};
use crate::subscription::{Destination, Pace, ProfileRef, Secrets, SourceRef, Status};
use crate::time::{Millis, rfc3339};

pub use entry::{Entry, Next, Outcome, Recorder, masked};
pub use gate::Gate;
pub use onward::{Word, can_name, dropped, target};
pub use read::Context;
pub use route::{Claim, Route, find, without_usual_port};

/// How far a time may lie from the present where a custom signature signs one and nobody says, in seconds: as Standard
/// Webhooks has it.
const CUSTOM_TOLERANCE: u32 = 300;
/// How long an origin may take when nobody says, in seconds.
pub const DEFAULT_TIMEOUT: u32 = 25;

/// What becomes of a request that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It goes to the origin, whose answer goes back.
    Proxy,
    /// It is stored, answered with 202, and delivered with retries.
    Queue,
}

/// Who signs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Signer {
    /// A provider of the table.
    Named(String),
    /// Somebody else, who signs so.
    Custom {
        /// How.
        signature: Box<Scheme>,
    },
}

/// A source as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// `src_…`
    pub id: String,
    /// Whose it is.
    pub application: String,
    /// Grows with each change.
    #[serde(default)]
    pub version: u64,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Who signs.
    pub provider: Signer,
    /// The secrets, any of which will do.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The secret that the provider itself made known in a handshake, where there was none before; it is among `secrets`.
    #[serde(default)]
    pub learned: Option<String>,
    /// Where verified requests go.
    pub origin: String,
    /// How.
    pub mode: Mode,
    /// Whether what is not verified stays outside.
    pub enforce: bool,
    /// Signs anew for the origin, where it does.
    #[serde(default)]
    pub signing_secret: Option<String>,
    /// How far a timestamp may lie from the present; none: as the provider says.
    #[serde(default)]
    pub tolerance_seconds: Option<u32>,
    /// How long the origin may take.
    pub timeout_seconds: u32,
    /// Whether a message is let through only once.
    pub deduplicate: bool,
    /// The URL that the provider was given, where it is not the one that requests come with.
    #[serde(default)]
    pub public_url: Option<String>,
    /// What else the provider needs.
    #[serde(default)]
    pub options: Options,
    /// Requests that are this source's besides those to its own URL.
    #[serde(default)]
    pub route: Option<Route>,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Its [`SECRETS`], where they could not be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// What is sealed of a stored source: some providers have a secret among the options.
pub const SECRETS: &[&str] = &["/secrets", "/learned", "/signingSecret", "/options"];

impl Source {
    /// The provider's name; `custom` for one that is not in the table.
    pub fn provider_name(&self) -> &str {
        match &self.provider {
            Signer::Named(name) => name,
            Signer::Custom { .. } => "custom",
        }
    }

    /// The provider; none where the table has lost it.
    pub fn provider(&self) -> Option<Provider> {
        match &self.provider {
            Signer::Named(name) => provider::find(name).cloned(),
            Signer::Custom { signature } => Some(Provider {
                name: "custom".into(),
                title: "Custom".into(),
                docs: String::new(),
                signatures: vec![Way::Scheme(Box::new(Scheme {
                    tolerance_seconds: signature.tolerance_seconds.or(Some(CUSTOM_TOLERANCE)),
                    ..*signature.clone()
                }))],
                secret: String::new(),
                options: Options::new(),
                secret_options: Vec::new(),
                handshakes: Vec::new(),
                notes: None,
            }),
        }
    }

    /// Where the provider sends to, `gateway` being the scheme and host that the gateway goes by.
    pub fn url(&self, gateway: &str) -> String {
        [gateway, "/in/", &self.id].concat()
    }

    /// What the object that keeps its queue needs to know. `spare` makes a secret where the source signs nothing: a
    /// destination has one, and this one is never used.
    pub fn destination(&self, status: Status, spare: &[u8; 32]) -> Destination {
        let secret = self.signing_secret.clone().unwrap_or_else(|| read::signing_secret(spare));
        Destination {
            version: self.version,
            subscription: None,
            source: Some(SourceRef {
                id: self.id.clone(),
                provider: self.provider_name().to_owned(),
                signing_secret: self.signing_secret.clone(),
                timeout_seconds: self.timeout_seconds,
            }),
            url: Some(self.origin.clone()),
            headers: BTreeMap::new(),
            profile: ProfileRef::to(profile::standard()),
            secrets: Secrets::new(secret),
            sealed: self.sealed.clone(),
            pace: Pace::default(),
            status,
            resumed_at: None,
            revoked: Vec::new(),
        }
    }

    /// The keys that one of the provider's ways can read among the secrets.
    pub fn keys(&self, way: &Way) -> Vec<VerifyingKey> {
        self.secrets.iter().filter_map(|secret| way.key(secret, &self.options).ok()).collect()
    }

    /// Whether a text is one of its secrets.
    pub fn is_secret(&self, text: &str) -> bool {
        let options = self.options.iter().filter(|(name, _)| provider::is_secret_option(name)).map(|(_, value)| value);
        self.secrets.iter().chain(options).any(|secret| secret::same(secret, text))
    }

    /// Where its log and its queue are.
    pub fn place(&self) -> Option<Place> {
        Id::parse(SOURCE, &self.id).map(Id::place)
    }

    /// As the API shows it: `url` is where the provider sends to. Secrets are never shown again.
    pub fn view(&self, url: &str) -> View<'_> {
        // What could not be opened nobody can tell.
        let is_open = self.sealed.is_none();
        View {
            id: &self.id,
            name: self.name.as_deref(),
            url: url.to_owned(),
            provider: &self.provider,
            secret_count: is_open.then_some(self.secrets.len()),
            origin: &self.origin,
            mode: self.mode,
            enforce: self.enforce,
            resign: is_open.then_some(self.signing_secret.is_some()),
            signing_secret: None,
            tolerance_seconds: self.tolerance_seconds,
            timeout_seconds: self.timeout_seconds,
            deduplicate: self.deduplicate,
            public_url: self.public_url.as_deref(),
            options: is_open.then(|| self.shown_options()),
            route: self.route.as_ref(),
            created_at: rfc3339(self.created_at),
            updated_at: rfc3339(self.updated_at),
        }
    }

    /// The options, `null` standing for one that is secret.
    fn shown_options(&self) -> BTreeMap<&str, Option<&str>> {
        let shown = |name: &str, value| Some(value).filter(|_| !provider::is_secret_option(name));
        self.options.iter().map(|(name, value)| (name.as_str(), shown(name, value.as_str()))).collect()
    }

    /// The same with the secret that signs for the origin, if it does.
    pub fn view_with_secret(&self, url: &str) -> View<'_> {
        View { signing_secret: self.signing_secret.as_deref(), ..self.view(url) }
    }
}

/// A source as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    id: &'a str,
    name: Option<&'a str>,
    url: String,
    provider: &'a Signer,
    secret_count: Option<usize>,
    origin: &'a str,
    mode: Mode,
    enforce: bool,
    resign: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<&'a str>,
    tolerance_seconds: Option<u32>,
    timeout_seconds: u32,
    deduplicate: bool,
    public_url: Option<&'a str>,
    options: Option<BTreeMap<&'a str, Option<&'a str>>>,
    route: Option<&'a Route>,
    created_at: String,
    updated_at: String,
}

#[cfg(test)]
mod tests;
