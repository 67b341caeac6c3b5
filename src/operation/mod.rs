//! What is done to many deliveries in the background: recovered, replayed, tried again, called off.
//!
//! An operation goes through places, one after another, in bounded steps. How far it is in a place that changes its own
//! rows is known there alone, and written together with them; so a step that is asked for twice is done once. What a
//! replay makes has ids that follow from the operation and the event, so that there it does no harm either.

mod position;
mod read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::event::Attributes;
use crate::id::{Id, OPERATION, Place};
use crate::subscription::Interest;
use crate::time::{Millis, rfc3339};

pub use position::Position;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Failed deliveries of one subscription are tried again.
    Recover,
    /// Events are delivered to one subscription as new deliveries.
    Replay,
    /// Deliveries are tried again.
    Retry,
    /// Deliveries are called off.
    Cancel,
}

/// How an operation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It has something left to do.
    Running,
    /// It went through everything.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// It can't go on.
    Failed,
}

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Job {
    /// Something is to become of deliveries that are there.
    Bulk(Bulk),
    /// Events are to be delivered anew.
    Replay(Replay),
}

/// Deliveries that something is to become of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    /// What.
    pub kind: Kind,
    /// Those of this subscription.
    pub subscription: Option<String>,
    /// Those of this source.
    pub source: Option<String>,
    /// Those of this event.
    pub event: Option<Sought>,
    /// Those of events of this type.
    pub event_type: Option<String>,
    /// Those that are this far, as it is stored.
    pub stages: Vec<u8>,
    /// When they were made.
    pub window: Window,
}

/// An event whose deliveries are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// Its id, as its producer knows it.
    pub id: String,
    /// The 22 characters that its deliveries share; none where no such event was ever posted.
    pub core: Option<String>,
}

/// Events that are to be delivered anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// To this subscription.
    pub subscription: String,
    /// Those that this subscription got; the application's otherwise.
    pub from: Option<String>,
    /// Those of these types alone.
    pub types: Option<Vec<String>>,
    /// When they were posted.
    pub window: Window,
}

/// A time, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From then on.
    pub since: Option<Millis>,
    /// Up to then.
    pub until: Option<Millis>,
}

impl Window {
    /// What all ids of the window come after and before, for one that somebody asked for at `began`.
    pub fn ids(self, began: Millis) -> (String, String) {
        let mut after = self.since.map(|since| Id::floor(since).as_str().to_owned()).unwrap_or_default();
        // One character less comes right before.
        after.pop();
        let until = self.until.unwrap_or(began).min(began);
        (after, Id::floor(until.saturating_add(1)).as_str().to_owned())
    }
}

impl Job {
    /// What kind of operation it is.
    pub fn kind(&self) -> Kind {
        match self {
            Job::Bulk(bulk) => bulk.kind,
            Job::Replay(_) => Kind::Replay,
        }
    }

    /// The one subscription that it is about.
    pub fn subscription(&self) -> Option<&str> {
        match self {
            Job::Bulk(bulk) => bulk.subscription.as_deref(),
            Job::Replay(replay) => Some(&replay.subscription),
        }
    }
}

/// Part of a bulk operation, as a place is asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The operation, without its prefix.
    pub operation: String,
    /// When it began: what ended later is none of its business.
    pub began: Millis,
    /// What all ids come after.
    pub after: String,
    /// What all ids come before.
    pub below: String,
    /// How many rows are looked at in a step.
    pub limit: u32,
    /// Which of them are meant, and what is to become of them.
    pub bulk: Bulk,
}

/// How far a place has come with an operation, all its steps taken together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What was done.
    pub done: u64,
    /// What could not be done.
    pub failed: u64,
    /// Whether there is nothing left.
    pub over: bool,
}

/// Which events a replay is after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What the subscription asks for.
    pub interest: Interest,
    /// Of that, these types alone.
    pub types: Option<Vec<String>>,
}

impl Wanted {
    /// Whether an event of this type may be wanted.
    pub fn has_type(&self, kind: &str) -> bool {
        let named = |types: &Vec<String>| Interest { events: types.clone(), filter: Default::default() }.has_type(kind);
        self.interest.has_type(kind) && self.types.as_ref().is_none_or(named)
    }

    /// Whether an event is wanted.
    pub fn has(&self, kind: &str, attributes: &Attributes) -> bool {
        self.has_type(kind) && self.interest.wants(kind, attributes)
    }

    /// Of groups of events, each with its type, its attributes where they are known, and its size: how many are wanted.
    pub fn count<'a>(&self, groups: impl IntoIterator<Item = (&'a str, Option<&'a str>, u64)>) -> u64 {
        let wanted = |(kind, attributes, count): (&str, Option<&str>, u64)| {
            let attributes = attributes.and_then(|text| serde_json::from_str::<Attributes>(text).ok());
            let is_wanted = match attributes {
                Some(attributes) => self.has(kind, &attributes),
                None => self.has_type(kind),
            };
            if is_wanted { count } else { 0 }
        };
        groups.into_iter().map(wanted).fold(0, u64::saturating_add)
    }
}

/// Part of a replay, as a place that holds events is asked for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seek {
    /// The operation, whose own deliveries don't count.
    pub operation: String,
    /// Whether only events count that this place remembers.
    pub home: bool,
    /// What all ids of deliveries come after, and before.
    pub window: (String, String),
    /// The last one that was looked at.
    pub after: String,
    /// How many are looked at.
    pub limit: u32,
    /// Which are wanted.
    pub wanted: Wanted,
}

/// What a place has of events that are sought.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// The events.
    pub events: Vec<Finding>,
    /// Events whose data are gone.
    pub gone: u64,
    /// The last one that was looked at, if there may be more.
    pub next: Option<String>,
}

/// An event that was found.
#[derive(Debug, Serialize, Deserialize)]
pub enum Finding {
    /// It is here, as the API shows it.
    Here(String),
    /// It is remembered elsewhere under this id.
    Elsewhere(String),
}

/// An operation as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The 28 characters of its id; when it began is among them.
    pub id: Id,
    /// What it does.
    pub kind: Kind,
    /// The one subscription that it is about.
    pub subscription: Option<String>,
    /// How it is doing.
    pub status: Status,
    /// How many it found when it began.
    pub matched: u64,
    /// For how many of them it did what it is for.
    pub done: u64,
    /// For how many it could not.
    pub failed: u64,
    /// When it ended.
    pub completed_at: Option<Millis>,
    /// Why it could not go on.
    pub detail: Option<String>,
}

impl Operation {
    /// As the API shows it.
    pub fn view(&self) -> View<'_> {
        View {
            id: self.id.with(OPERATION),
            kind: self.kind,
            subscription: self.subscription.as_deref(),
            status: self.status,
            matched: self.matched,
            done: self.done,
            failed: self.failed,
            created_at: rfc3339(self.id.time()),
            completed_at: self.completed_at.map(rfc3339),
            detail: self.detail.as_deref(),
        }
    }
}

/// An operation as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    id: String,
    kind: Kind,
    subscription: Option<&'a str>,
    status: Status,
    matched: u64,
    done: u64,
    failed: u64,
    created_at: String,
    completed_at: Option<String>,
    detail: Option<&'a str>,
}

/// The id of the delivery by which `operation` sends an event to the subscription at `place`, which `shards` objects
/// share. It follows from these alone: made twice, it is the same row.
pub fn replay_id(operation: Id, event: &str, place: Place, shards: u32) -> Id {
    let digest = Sha256::new().chain_update(operation.as_str()).chain_update([0]).chain_update(event).finalize();
    let random = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    Id::new(operation.time(), random, place).sharded(place, shards)
}

#[cfg(test)]
mod tests;
