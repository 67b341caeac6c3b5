//! What a source remembers of the requests that came: the newest few hundred, whatever comes.
//!
//! A flood of forgeries must neither push out what was genuine nor cost anything. So the refused have a ring of their
//! own, every ring overwrites its oldest, and a Worker writes a burst of entries one by one and after that at most once
//! a second, counting together what is alike.

use serde::{Deserialize, Serialize};

use crate::signature::Reason;
use crate::time::Millis;

/// How many entries may be written at once before they are gathered.
const BURST: f64 = 60.0;
/// How many may be written a second in the long run.
const PER_SECOND: f64 = 1.0;
/// How many are gathered, beyond which like is counted with like.
const GATHERED: usize = 20;
/// How long what a stranger wrote is kept, in characters.
const MAX_TEXT: usize = 256;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is genuine and went on.
    Verified,
    /// It is not, or nobody can tell.
    Refused,
    /// It is not, and went on all the same: the source does not enforce.
    Unverified,
    /// It is genuine, and the origin had it already.
    Duplicate,
    /// It is genuine, and on its way to the origin already.
    UnderWay,
    /// A question of the provider's, answered here.
    Handshake,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// `req_…`
    pub id: String,
    /// When it came, in RFC 3339.
    pub time: String,
    /// Its method.
    pub method: String,
    /// What stood behind the source's own path, and the query.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// What was answered.
    pub status: u16,
    /// How long that took.
    pub duration_ms: Millis,
    /// The provider's id of the message.
    pub message_id: Option<String>,
    /// The delivery that it became.
    pub delivery: Option<String>,
    /// How many were like it, itself included.
    pub count: u32,
}

impl Entry {
    /// Cuts what a stranger wrote.
    pub fn bounded(mut self) -> Self {
        for text in [Some(&mut self.method), Some(&mut self.path), self.message_id.as_mut()].into_iter().flatten() {
            if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
                text.truncate(end);
            }
        }
        self
    }

    fn is_like(&self, other: &Entry) -> bool {
        (self.outcome, self.reason, self.status) == (other.outcome, other.reason, other.status)
    }
}

/// What waits to be written.
#[derive(Debug)]
pub struct Recorder {
    waiting: Vec<Entry>,
    allowed: f64,
    at: Millis,
}

impl Recorder {
    /// One that has written nothing yet.
    pub fn new(now: Millis) -> Self {
        Recorder { waiting: Vec::new(), allowed: BURST, at: now }
    }

    /// Takes an entry. Answers what is to be written now; nothing where it is to be gathered.
    pub fn add(&mut self, entry: Entry, now: Millis) -> Vec<Entry> {
        let passed = now.saturating_sub(self.at).max(0) as f64 / 1000.0;
        self.allowed = (self.allowed + passed * PER_SECOND).min(BURST);
        self.at = now;
        let full = self.waiting.len() >= GATHERED;
        match self.waiting.iter_mut().rev().find(|known| known.is_like(&entry)).filter(|_| full) {
            Some(known) => *known = Entry { count: known.count.saturating_add(entry.count), ..entry },
            // There are fewer kinds of entries than places, or nearly: the oldest goes.
            None if full => {
                self.waiting.remove(0);
                self.waiting.push(entry);
            }
            None => self.waiting.push(entry),
        }
        if self.allowed >= 1.0 {
            self.allowed -= 1.0;
            return self.drain();
        }
        Vec::new()
    }

    /// Everything that waits.
    pub fn drain(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.waiting)
    }

    /// Whether nothing is waiting.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(outcome: Outcome, status: u16) -> Entry {
        Entry {
            id: String::new(),
            time: String::new(),
            method: "POST".into(),
            path: "é".repeat(1_000),
            outcome,
            reason: None,
            status,
            duration_ms: 0,
            message_id: None,
            delivery: None,
            count: 1,
        }
    }

    #[test]
    fn a_flood_is_counted_and_not_written() {
        let mut recorder = Recorder::new(0);
        let written: usize = (0..100_000).map(|_| recorder.add(entry(Outcome::Refused, 401), 0).len()).sum();
        assert_eq!(written, 60, "the burst");
        recorder.add(entry(Outcome::Verified, 200), 0);
        let waiting = recorder.drain();
        assert!(waiting.len() <= GATHERED);
        assert_eq!(waiting.iter().map(|entry| entry.count as usize).sum::<usize>(), 100_001 - 60 - 1, "one made room");
        assert!(recorder.is_idle());
        assert_eq!(recorder.add(entry(Outcome::Refused, 401), 2_000).len(), 1, "later there is room again");
    }

    #[test]
    fn what_a_stranger_wrote_is_cut() {
        assert_eq!(entry(Outcome::Refused, 401).bounded().path.chars().count(), MAX_TEXT);
    }
}
