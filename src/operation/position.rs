//! How far an operation is.

use serde::{Deserialize, Serialize};

use super::Moved;

/// How far an operation is: in which of its places, and what came of those before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The place, counted from the first.
    pub at: usize,
    /// The last of the place's events that was looked at, in a replay.
    pub cursor: String,
    /// Whether the place has done its part and only has to forget the operation.
    pub closing: bool,
    /// What was done in the places before.
    pub done: u64,
    /// What could not be done there.
    pub failed: u64,
}

impl Position {
    /// After a step in the place where it stands: how far it is then, and what was done and could not be, all together.
    pub fn moved(&self, moved: Moved) -> (Self, u64, u64) {
        let done = self.done.saturating_add(moved.done);
        let failed = self.failed.saturating_add(moved.failed);
        let next = match moved.over {
            true => Position { closing: true, done, failed, ..self.clone() },
            // The place counts for itself until it is through.
            false => self.clone(),
        };
        (next, done, failed)
    }

    /// At the place after this one.
    pub fn next(&self) -> Self {
        Position { at: self.at.saturating_add(1), cursor: String::new(), closing: false, ..self.clone() }
    }

    /// After a page of a place's events: on to the next page, or the next place.
    pub fn read(&self, next: Option<String>, done: u64, failed: u64) -> Self {
        let (done, failed) = (self.done.saturating_add(done), self.failed.saturating_add(failed));
        match next {
            Some(cursor) => Position { cursor, done, failed, ..self.clone() },
            None => Position { done, failed, ..self.next() },
        }
    }
}
