//! What ingest needs to know of an application: made by its object, kept in KV, read by every Worker.

use std::cell::OnceCell;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::access::{Grant, Scopes};
use crate::profile::{self, Profile};
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
    /// Those that get Signet's own events, in the application `default`: apart, so that no other event meets them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listening: Vec<Subscriber>,
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
    /// How many objects share its deliveries.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub shards: u32,
}

fn one() -> u32 {
    1
}

fn is_one(shards: &u32) -> bool {
    *shards == 1
}

/// A snapshot with its profiles read.
#[derive(Debug)]
pub struct View {
    /// As it was stored.
    pub snapshot: Snapshot,
    profiles: Vec<Profile>,
    /// By the hash of the key's text.
    grants: HashMap<String, Grant>,
    /// Where each subscription stands, in the order of their ids; made when it is first asked for.
    order: OnceCell<Vec<u32>>,
}

impl View {
    /// Reads a snapshot's text.
    ///
    /// # Errors
    /// For text that is none.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let mut snapshot: Snapshot = serde_json::from_str(text)?;
        let grant = |key: Producer| (key.hash, Grant { key: Some(key.id), scopes: key.scopes, until: None });
        let grants = std::mem::take(&mut snapshot.keys).into_iter().map(grant).collect();
        let profiles = snapshot.profiles.iter().filter_map(|profile| profile.resolve().ok()).collect();
        Ok(View { snapshot, profiles, grants, order: OnceCell::new() })
    }

    /// What the key with this hash allows. How much of a hash is right may show in the time that this takes: nobody can
    /// choose a key by its hash.
    pub fn grant(&self, hash: &str) -> Option<Grant> {
        self.grants.get(hash).cloned()
    }

    /// A subscription by its id.
    pub fn subscriber(&self, id: &str) -> Option<&Subscriber> {
        let all = &self.snapshot.subscriptions;
        let at = |at: &u32| usize::try_from(*at).ok().and_then(|at| all.get(at));
        let name = |number: &u32| at(number).map(|subscriber| subscriber.id.as_str());
        let order = self.order.get_or_init(|| {
            let mut order: Vec<u32> = (0..u32::try_from(all.len()).unwrap_or(u32::MAX)).collect();
            order.sort_by_key(name);
            order
        });
        let found = order.binary_search_by_key(&Some(id), name).ok()?;
        order.get(found).and_then(at)
    }

    /// A profile by its name, built in or the application's own.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        profile::find(name).or_else(|| self.profiles.iter().find(|profile| profile.name == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Scope;

    #[test]
    fn a_key_is_found_by_its_hash() {
        let key = Producer { id: "key_1".into(), hash: "ab".into(), scopes: Scopes::from_iter([Scope::EventsWrite]) };
        let text = serde_json::to_string(&Snapshot { keys: vec![key], ..Snapshot::default() }).unwrap();
        let view = View::read(&text).unwrap();
        assert_eq!(view.grant("ab").unwrap().key.as_deref(), Some("key_1"));
        assert_eq!(view.grant("ac"), None);
    }

    #[test]
    fn a_subscription_is_found_among_many() {
        let ids = (0..500u32).map(|number| format!("sub_{}", number.wrapping_mul(2_654_435_761)));
        let subscription = |id: &str| serde_json::json!({"id": id, "events": ["*"], "profile": format!("of {id}")});
        let all: Vec<_> = ids.clone().map(|id| subscription(&id)).collect();
        let text = serde_json::json!({"version": 1, "profile": "standard", "subscriptions": all}).to_string();
        let view = View::read(&text).unwrap();
        for id in ids {
            assert_eq!(view.subscriber(&id).unwrap().profile, format!("of {id}"));
        }
        assert!(view.subscriber("sub_").is_none() && view.subscriber("sub_x").is_none());
    }

    #[test]
    fn one_of_an_older_version_knows_no_keys() {
        let view = View::read(r#"{"version":1,"profile":"standard","subscriptions":[]}"#).unwrap();
        assert_eq!(view.grant(""), None);
    }
}
