//! A subscription: where events go, which ones, and in what form.

mod matching;
mod outgoing;
mod pace;
mod prepared;
mod preview;
mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::delivery::{Condition, Report};
use crate::id::{Id, SUBSCRIPTION};
use crate::problem::Problem;
use crate::profile::{self, Profile};
use crate::signature::{Key, Scheme};
use crate::time::{Millis, rfc3339};

pub use matching::{Filter, Interest, PATTERN_FAULT, is_pattern, matches};
pub use outgoing::{Item, Outgoing, Shown};
pub use pace::{MAX_CONCURRENCY, MAX_SHARDS, Pace, RateLimit};
pub use prepared::Prepared;
pub use preview::{Made, preview};
pub use read::{Context, rotate};

/// How many old secrets may be in force at once.
pub const MAX_OLD_SECRETS: usize = 10;
/// The longest overlap of a rotation, in seconds: 7 days.
pub const MAX_OVERLAP: i64 = 7 * 86_400;
/// The overlap of a rotation when nobody says, in seconds: a day.
pub const DEFAULT_OVERLAP: i64 = 86_400;

/// Whether deliveries go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// They do.
    Active,
    /// They are recorded and held, because somebody asked for it.
    Paused,
    /// New events are not matched, what was accepted is held: the destination said 410, or failed for too long.
    Disabled,
    /// It is gone; only its history is left.
    Deleted,
}

/// The secrets in force, newest first.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The one that is shown.
    pub current: String,
    /// Those that still sign, until their time is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<OldSecret>,
}

/// A secret that was rotated away.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecret {
    /// Its text.
    pub secret: String,
    /// When it stops signing.
    pub until: Millis,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl Secrets {
    /// One secret alone.
    pub fn new(current: String) -> Self {
        Secrets { current, previous: Vec::new() }
    }

    /// Puts `secret` in force; the one before goes on signing for `overlap` milliseconds. Without an overlap the new one
    /// signs alone, whatever earlier rotations allowed: that is for a secret that got into wrong hands.
    pub fn rotate(&mut self, secret: String, overlap: Millis, now: Millis) {
        let old = std::mem::replace(&mut self.current, secret);
        if overlap <= 0 {
            self.previous.clear();
        }
        self.previous.retain(|old| old.until > now && old.secret != self.current);
        if overlap > 0 && old != self.current {
            self.previous.insert(0, OldSecret { secret: old, until: now.saturating_add(overlap) });
        }
        self.previous.truncate(MAX_OLD_SECRETS);
    }

    /// The half of the newest that everybody may know, if it has one.
    pub fn public_key(&self, scheme: &Scheme) -> Option<String> {
        scheme.key(&self.current).ok()?.public()
    }

    /// The keys, newest first, each with the time when it stops signing. One that the scheme can't read any more is
    /// left out.
    pub fn keys(&self, scheme: &Scheme) -> Vec<(Key, Option<Millis>)> {
        let old = self.previous.iter().map(|old| (&old.secret, Some(old.until)));
        std::iter::once((&self.current, None))
            .chain(old)
            .filter_map(|(secret, until)| Some((scheme.key(secret).ok()?, until)))
            .collect()
    }
}

/// A subscription as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// `sub_…`
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Where deliveries go.
    pub url: String,
    /// Which events it gets.
    #[serde(flatten)]
    pub interest: Interest,
    /// The owner's own notes.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// The name of its profile.
    pub profile: String,
    /// Headers on each delivery.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How fast, and in what order, it wants to be called.
    #[serde(flatten)]
    pub pace: Pace,
    /// How many objects share its deliveries.
    #[serde(default = "one")]
    pub shards: u32,
    /// The most that ever did: each of them may still have some.
    #[serde(default = "one")]
    pub widest: u32,
    /// Whether deliveries go out.
    pub status: Status,
    /// Why they don't, where Signet decided so: `gone` or `failing`.
    #[serde(default)]
    pub disabled_reason: Option<String>,
    /// Since when the destination takes nothing, where that has lasted so long that it is spared.
    #[serde(default)]
    pub failing_since: Option<Millis>,
    /// The same for each object that shares its deliveries, by its place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failing: BTreeMap<String, Millis>,
    /// When somebody said last that the destination is well, by resuming it or by naming another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// What signs.
    #[serde(default)]
    pub secrets: Secrets,
    /// What verifies, where that is no secret.
    #[serde(default)]
    pub public_key: Option<String>,
    /// Its [`SUBSCRIPTION_SECRETS`], where they could not be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

fn one() -> u32 {
    1
}

/// What is sealed of a stored subscription. Headers carry the receiver's own tokens.
pub const SUBSCRIPTION_SECRETS: &[&str] = &["/secrets", "/headers"];

impl Subscription {
    /// As the API shows it: everything but the secrets.
    pub fn view(&self) -> View<'_> {
        View {
            id: &self.id,
            name: self.name.as_deref(),
            url: &self.url,
            events: &self.interest.events,
            filter: &self.interest.filter,
            metadata: &self.metadata,
            profile: &self.profile,
            headers: Some(&self.headers).filter(|_| self.sealed.is_none()),
            rate_limit: self.pace.rate_limit,
            concurrency: self.pace.concurrency,
            ordered: self.pace.ordered,
            shards: self.shards,
            status: self.status,
            disabled_reason: self.disabled_reason.as_deref(),
            failing_since: self.failing_since.map(rfc3339),
            public_key: self.public_key.as_deref(),
            secret: None,
            created_at: rfc3339(self.created_at),
            updated_at: rfc3339(self.updated_at),
        }
    }

    /// As the API shows it when its secret is to be shown too.
    pub fn view_with_secret(&self) -> View<'_> {
        View { secret: Some(&self.secrets.current), ..self.view() }
    }

    /// Whether it gets Signet's own events, and is for the operator alone.
    pub fn is_operators(&self) -> bool {
        Id::parse(SUBSCRIPTION, &self.id).is_some_and(|id| id.place().is_operators())
    }

    /// Somebody says that the destination is well: what is known of its failures is over.
    pub fn forgive(&mut self, now: Millis) {
        // Two of them are never the same, however fast.
        self.resumed_at = Some(self.resumed_at.map_or(now, |before| now.max(before.saturating_add(1))));
        self.failing_since = None;
        self.failing.clear();
    }

    /// The object at a place says how its destination is. Whether that is news; what was said before somebody resumed it
    /// is none.
    pub fn hear(&mut self, place: &str, report: &Report, now: Millis) -> bool {
        if self.status == Status::Deleted || report.resumed_at != self.resumed_at {
            return false;
        }
        let before = (self.status, self.failing.clone());
        match report.status {
            Condition::Failing => {
                self.failing.insert(place.to_owned(), report.since.unwrap_or(now));
            }
            Condition::Recovered => {
                self.failing.remove(place);
            }
            Condition::Disabled if self.status == Status::Active => {
                self.status = Status::Disabled;
                self.disabled_reason = report.reason.clone();
                self.updated_at = now;
                if let Some(since) = report.since {
                    self.failing.insert(place.to_owned(), since);
                }
            }
            Condition::Disabled => {}
        }
        self.failing_since = self.failing.values().min().copied();
        before != (self.status, self.failing.clone())
    }

    /// What the object that delivers needs to know.
    pub fn destination(&self, version: u64, profile: &Profile) -> Destination {
        Destination {
            version,
            subscription: Some(self.id.clone()),
            source: None,
            url: Some(self.url.clone()),
            headers: self.headers.clone(),
            profile: ProfileRef::to(profile),
            secrets: self.secrets.clone(),
            sealed: self.sealed.clone(),
            pace: self.pace.shared_by(self.shards),
            status: self.status,
            resumed_at: self.resumed_at,
            revoked: Vec::new(),
        }
    }
}

/// What events can be delivered to a subscription by, whoever holds them: nothing of it is secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recipient {
    /// Which events it gets.
    pub interest: Interest,
    /// In what form.
    pub profile: ProfileRef,
    /// How many objects share its deliveries.
    pub shards: u32,
    /// The most that ever did.
    pub widest: u32,
    /// Whether it wants them one after another.
    pub ordered: bool,
}

/// A subscription as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    id: &'a str,
    name: Option<&'a str>,
    url: &'a str,
    events: &'a [String],
    filter: &'a Filter,
    metadata: &'a Map<String, Value>,
    profile: &'a str,
    /// `null`: nobody can tell, their key is missing.
    headers: Option<&'a BTreeMap<String, String>>,
    rate_limit: Option<RateLimit>,
    concurrency: Option<u32>,
    ordered: bool,
    shards: u32,
    status: Status,
    disabled_reason: Option<&'a str>,
    failing_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

/// What an object needs to deliver: pushed to it at each change, so that its next attempt obeys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// Grows with each change; an older one that arrives late is dropped.
    pub version: u64,
    /// The subscription's id; none for the objects that deliver to a `webhookUrl`.
    pub subscription: Option<String>,
    /// The source whose queue this is, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRef>,
    /// Where to; none where each delivery has its own URL.
    pub url: Option<String>,
    /// Headers on each delivery.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// In what form.
    pub profile: ProfileRef,
    /// What signs.
    #[serde(default)]
    pub secrets: Secrets,
    /// Its [`DESTINATION_SECRETS`], where they could not be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// How fast, and in what order.
    #[serde(flatten)]
    pub pace: Pace,
    /// Whether deliveries go out.
    pub status: Status,
    /// When somebody said last that it is well: what failed before counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Millis>,
    /// Keys that were revoked so lately that somewhere ingest may not have heard of it yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<String>,
}

/// What is sealed of a stored destination.
pub const DESTINATION_SECRETS: &[&str] = &["/secrets", "/headers", "/source/signingSecret"];

/// A source, as the object that keeps its queue needs to know it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRef {
    /// `src_…`
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// Signs anew for the origin, where it does.
    #[serde(default)]
    pub signing_secret: Option<String>,
    /// How long the origin may take.
    pub timeout_seconds: u32,
}

impl std::fmt::Debug for SourceRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)
    }
}

/// A profile as it travels between objects: a built-in one by name, an application's own in full.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProfileRef {
    /// Its name.
    pub name: String,
    /// Its JSON, where it is not built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
}

impl ProfileRef {
    /// Refers to `profile`.
    pub fn to(profile: &Profile) -> Self {
        let spec = if profile.built_in { None } else { serde_json::to_string(profile).ok() };
        ProfileRef { name: profile.name.clone(), spec }
    }

    /// The profile itself.
    ///
    /// # Errors
    /// Where a stored profile can't be read any more.
    pub fn resolve(&self) -> Result<Profile, Problem> {
        match &self.spec {
            Some(spec) => Profile::read(&self.name, spec.as_bytes()),
            None => profile::find(&self.name).cloned().ok_or_else(|| Problem::not_found("profile")),
        }
    }
}

#[cfg(test)]
mod tests;
