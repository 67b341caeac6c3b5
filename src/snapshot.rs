//! What ingest needs to know of an application: made by its object, kept in KV, read by every Worker.

use serde::{Deserialize, Serialize};

use crate::access::{Grant, Scopes};
use crate::profile::{self, Profile};
use crate::secret;
use crate::subscription::{Interest, ProfileRef};

/// An application as ingest sees it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Grows with each change.
    pub version: u64,
    /// The profile of deliveries to a `webhookUrl`, and of subscriptions that name none.
    pub profile: String,
    /// The subscriptions that get events.
    pub subscriptions: Vec<Subscriber>,
    /// The application's own profiles.
    #[serde(default)]
    pub profiles: Vec<ProfileRef>,
    /// The application's keys that may post events.
    #[serde(default)]
    pub keys: Vec<Producer>,
}

/// A key as ingest sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Producer {
    /// `key_…`
    pub id: String,
    /// Of its text.
    pub hash: String,
    /// What it may do.
    pub scopes: Scopes,
}

/// A subscription as ingest sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscriber {
    /// `sub_…`
    pub id: String,
    /// Which events it gets.
    #[serde(flatten)]
    pub interest: Interest,
    /// In what form.
    pub profile: String,
}

/// A snapshot with its profiles read.
#[derive(Debug)]
pub struct View {
    /// As it was stored.
    pub snapshot: Snapshot,
    profiles: Vec<Profile>,
}

impl View {
    /// Reads a snapshot's text.
    ///
    /// # Errors
    /// For text that is none.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let snapshot: Snapshot = serde_json::from_str(text)?;
        let profiles = snapshot.profiles.iter().filter_map(|profile| profile.resolve().ok()).collect();
        Ok(View { snapshot, profiles })
    }

    /// What the key with this hash allows.
    pub fn grant(&self, hash: &str) -> Option<Grant> {
        let key = self.snapshot.keys.iter().find(|key| secret::same_hash(&key.hash, hash))?;
        Some(Grant { key: Some(key.id.clone()), scopes: key.scopes, until: None })
    }

    /// A profile by its name, built in or the application's own.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        profile::find(name).or_else(|| self.profiles.iter().find(|profile| profile.name == name))
    }
}
