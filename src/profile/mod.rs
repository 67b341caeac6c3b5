//! What a delivery looks like on the wire, and when it is tried again. Every profile is data in one form: the six
//! built-in ones (`builtin.json`) and an application's own are read by the same code.

mod read;
mod secret;
mod template;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::problem::Problem;
use crate::signature::Scheme;
use crate::time::Millis;

pub use read::is_name;
pub use secret::{SecretFormat, private_key};
pub use template::{Body, Facts, HeaderFacts, Rendered, check_header, render_header};

/// How a product delivers.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Its name, unique in the application.
    pub name: String,
    /// Whether it came with Signet and can't be changed.
    pub built_in: bool,
    /// How deliveries are signed.
    pub signature: Scheme,
    /// Headers besides the signature's, their values templates.
    pub headers: BTreeMap<String, String>,
    /// The body's template.
    pub body: Body,
    /// When attempts are made.
    pub retry: Retry,
    /// How long one attempt may take, from the first byte out to the last byte in: 1 to 60 seconds.
    pub timeout_seconds: u32,
    /// What a secret made here looks like.
    pub secret_format: SecretFormat,
}

/// The schedule of attempts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retry {
    /// Seconds before each attempt, counted from the end of the one before; the first from the event's arrival.
    pub delays: Vec<f64>,
    /// The share of a delay that chance may add, 0 to 1. Nothing is ever tried earlier than the schedule says.
    pub jitter: f64,
}

impl Retry {
    /// How many attempts there are.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.delays.len()).unwrap_or(u32::MAX)
    }

    /// How long to wait before attempt `number` (from 0), with `chance` in 0 to 1 deciding on the jitter.
    pub fn delay(&self, number: u32, chance: f64) -> Option<Millis> {
        let seconds = self.delays.get(usize::try_from(number).ok()?)?;
        let spread = 1.0 + self.jitter.clamp(0.0, 1.0) * chance.clamp(0.0, 1.0);
        // A float cast saturates: the longest delay that `read` lets in is far below.
        Some((seconds * 1000.0 * spread).round() as Millis)
    }
}

impl Profile {
    /// The body of a delivery.
    ///
    /// # Errors
    /// 413 where it would take more than `limit` bytes, together with the event's data where it does not hold them: then
    /// they are stored beside it.
    pub fn render(&self, facts: &Facts<'_>, limit: usize) -> Result<Rendered, Problem> {
        let fits = |body: &Rendered| {
            let beside = if body.data.is_none() { facts.data.get().len() } else { 0 };
            body.bytes.len().saturating_add(beside) <= limit
        };
        self.body.render(facts, limit).filter(fits).ok_or_else(|| {
            let detail = format!("Under the profile `{}` the body would have more than {limit} bytes.", self.name);
            Problem::new(413, "body_too_large", detail)
        })
    }
}

const BUILT_IN: &str = include_str!("builtin.json");

/// The profiles that come with Signet, `standard` first.
pub fn built_in() -> &'static [Profile] {
    static PROFILES: OnceLock<Vec<Profile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let entries: Vec<&RawValue> = serde_json::from_str(BUILT_IN).unwrap_or_default();
        let mut profiles: Vec<Profile> = Vec::new();
        for entry in entries {
            // A fault in `builtin.json` can't reach a build: a test reads every entry.
            if let Ok(profile) = Profile::read_built_in(entry.get().as_bytes(), profiles.first()) {
                profiles.push(profile);
            }
        }
        profiles
    })
}

/// Standard Webhooks, what every other profile falls back on.
pub fn standard() -> &'static Profile {
    static EMPTY: OnceLock<Profile> = OnceLock::new();
    built_in().first().unwrap_or_else(|| EMPTY.get_or_init(Profile::nothing))
}

/// A built-in profile by its name.
pub fn find(name: &str) -> Option<&'static Profile> {
    built_in().iter().find(|profile| profile.name == name)
}

#[cfg(test)]
mod tests;
