//! What a deployment is configured with.

use std::sync::OnceLock;

use super::{Env, random_bytes, to_ascii};
use crate::cors::Origins;
use crate::delivery::Patience;
use crate::destination::Rules;
use crate::retention::Retention;
use crate::seen::Level;
use crate::time::Millis;
use crate::vault::Vault;

const SECOND: Millis = 1_000;
const DAY: Millis = 86_400_000;

/// What nothing works without.
const BINDINGS: &[&str] =
    &["SUBSCRIPTIONS", "APPLICATION", "SUBSCRIPTION", "DELIVERY", "LEDGER", "DIRECTORY", "REGISTRY", "OPERATIONS"];

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// What a deployment is configured with. A change of it starts every instance anew.
pub struct Settings {
    /// The key that may do everything; empty until somebody sets one.
    pub operator_key: String,
    /// What seals secrets, and opens them.
    pub vault: Vault,
    /// What `wrangler.toml` should bind and does not.
    pub unbound: Vec<&'static str>,
    /// Whether destinations may be private addresses: on a developer's machine only.
    pub allow_private: bool,
    /// The hosts that Signet stands in front of, each with the origin of what no source claims; none: it is refused.
    pub front_of: Vec<(String, Option<String>)>,
    /// Whose pages may call the API from a browser.
    pub origins: Origins,
    /// Who says which addresses a name has; none: names are taken as they are.
    pub resolver: Option<String>,
    /// Which lines the log has.
    pub log: Level,
    /// How long history is kept, and how long what was sent.
    pub retention: Retention,
    /// When a destination that fails is spared, and when it is given up.
    pub patience: Patience,
}

/// Reads `api.example.com=https://origin.example.net, shop.example.com=refuse`.
fn read_front(text: &str) -> Vec<(String, Option<String>)> {
    let entries = text.split([',', ' ']).filter_map(|entry| entry.trim().split_once('='));
    let read = |(host, origin): (&str, &str)| {
        let origin = (origin != "refuse").then(|| origin.to_owned());
        (host.to_ascii_lowercase(), origin)
    };
    entries.map(read).collect()
}

/// Whether the log has lines that do or do not `matter`. An object that has asked for no setting yet says everything.
pub(super) fn shows(matters: bool) -> bool {
    SETTINGS.get().is_none_or(|settings| settings.log.shows(matters))
}

impl Env {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).as_string()
    }

    /// A variable that is a number of `unit`s, fractions allowed.
    fn span(&self, name: &str, unit: Millis) -> Option<Millis> {
        let number: f64 = self.var(name)?.trim().parse().ok()?;
        (number > 0.0 && number < 1e6).then_some((number * unit as f64) as Millis)
    }

    fn retention(&self) -> Retention {
        let history = self.span("RETENTION_DAYS", DAY).unwrap_or(30 * DAY);
        let payloads = self.span("PAYLOAD_RETENTION_DAYS", DAY).unwrap_or(history).min(history);
        Retention { history, payloads }
    }

    /// What the deployment was configured with, read once in the life of an instance.
    pub fn settings(&self) -> &'static Settings {
        SETTINGS.get_or_init(|| {
            let operator_key = self.var("OPERATOR_KEY").unwrap_or_default();
            let allow_private = self.var("ALLOW_PRIVATE_DESTINATIONS").as_deref() == Some("true");
            let encryption = self.var("ENCRYPTION_KEY").unwrap_or_default();
            Settings {
                vault: Vault::new(&encryption, &operator_key, allow_private, random_bytes),
                operator_key,
                allow_private,
                unbound: BINDINGS.iter().copied().filter(|name| !self.has(name)).collect(),
                front_of: read_front(&self.var("FRONT_OF").unwrap_or_default()),
                origins: Origins::read(&self.var("ALLOWED_ORIGINS").unwrap_or_default()),
                resolver: self.var("DNS_OVER_HTTPS").filter(|url| !url.is_empty()),
                log: Level::read(&self.var("LOG").unwrap_or_default()),
                retention: self.retention(),
                patience: Patience {
                    spared_after: self.span("CIRCUIT_BREAKER_SECONDS", SECOND).unwrap_or(300 * SECOND),
                    disabled_after: self.span("DISABLE_AFTER_DAYS", DAY).unwrap_or(5 * DAY),
                },
            }
        })
    }

    /// What seals secrets, and opens them.
    pub fn vault(&self) -> &'static Vault {
        &self.settings().vault
    }

    /// The rules for destinations.
    pub fn rules(&self) -> Rules {
        Rules { allow_private: self.settings().allow_private, to_ascii }
    }

    /// Whether `wrangler.toml` has bound this name.
    pub fn has(&self, name: &str) -> bool {
        !self.get(name).is_undefined()
    }
}
