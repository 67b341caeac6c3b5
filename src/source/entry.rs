//! What a source remembers of the requests that came: the newest few hundred, whatever comes.
//!
//! A flood of forgeries must neither push out what was genuine nor cost anything. So the refused have a ring of their
//! own, every ring overwrites its oldest, and a Worker writes a burst of entries one by one and after that at most once
//! a second, counting together what is alike.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::allowance::Allowance;
use crate::signature::Reason;
use crate::time::Millis;

/// How many entries may be written at once before they are gathered.
const BURST: f64 = 60.0;
/// How many may be written a second in the long run.
const PER_SECOND: f64 = 1.0;
/// How long somebody may gather before nobody believes it any more.
const CUT_OFF: Millis = 5_000;
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

/// A query as it may be remembered: without what is secret of it, and no more of it than an entry takes.
pub fn masked(query: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let (mark, pairs) = query.split_at_checked(usize::from(query.starts_with('?'))).unwrap_or_default();
    let shown = |pair: &str| {
        let value = form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value).unwrap_or_default();
        match pair.split_once('=') {
            Some((name, raw)) if is_secret(&value) || is_secret(raw) => [name, "=***"].concat(),
            _ => pair.to_owned(),
        }
    };
    let mut text = mark.to_owned();
    for (at, pair) in pairs.split('&').enumerate() {
        if text.len() > 4 * MAX_TEXT {
            break;
        }
        text.push_str(if at > 0 { "&" } else { "" });
        text.push_str(&shown(pair));
    }
    text
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
    /// Since when somebody has been gathering, if anybody is.
    gathering: Option<Millis>,
    allowed: Allowance,
}

/// What is to be done with what waits.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It is to be written now.
    Write(Vec<Entry>),
    /// It is to be written in a second, by whoever is told so.
    Gather,
    /// Somebody sees to it already.
    Wait,
}

impl Recorder {
    /// One that has written nothing yet.
    pub fn new(now: Millis) -> Self {
        Recorder { waiting: Vec::new(), gathering: None, allowed: Allowance::new(BURST, PER_SECOND, now) }
    }

    /// Takes an entry.
    pub fn add(&mut self, entry: Entry, now: Millis) -> Next {
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
        // Whoever was to gather may have been cut off.
        if self.gathering.is_some_and(|since| now.saturating_sub(since) < CUT_OFF) {
            return Next::Wait;
        }
        if self.allowed.has(now) {
            return Next::Write(self.drain(now));
        }
        self.gathering = Some(now);
        Next::Gather
    }

    /// Everything that waits, to be written now.
    pub fn drain(&mut self, now: Millis) -> Vec<Entry> {
        self.gathering = None;
        self.allowed.spend(now);
        std::mem::take(&mut self.waiting)
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
        let (mut writes, mut counted, mut gathering) = (0, 0, None);
        // A thousand a second, for a minute.
        for now in 0..60_000 {
            let mut written = Vec::new();
            if gathering.is_some_and(|since| now - since >= 1_000) {
                gathering = None;
                written = recorder.drain(now);
                writes += 1;
            }
            match recorder.add(entry(Outcome::Refused, 401), now) {
                Next::Write(entries) => {
                    written.extend(entries);
                    writes += 1;
                }
                Next::Gather => {
                    assert_eq!(gathering.replace(now), None, "one gathers at a time");
                }
                Next::Wait => {}
            }
            counted += written.iter().map(|entry| entry.count as usize).sum::<usize>();
        }
        assert!((100..=125).contains(&writes), "{writes}: the burst, and one a second");
        let waiting = recorder.drain(60_000);
        assert!(waiting.len() <= GATHERED);
        counted += waiting.iter().map(|entry| entry.count as usize).sum::<usize>();
        assert_eq!(counted, 60_000, "none is forgotten");
    }

    #[test]
    fn one_who_gathers_and_is_cut_off_is_followed_by_another() {
        let mut recorder = Recorder::new(0);
        while recorder.add(entry(Outcome::Verified, 200), 0) != Next::Gather {}
        assert_eq!(recorder.add(entry(Outcome::Verified, 200), 1_000), Next::Wait);
        let Next::Write(entries) = recorder.add(entry(Outcome::Verified, 200), 10_000) else { panic!("it waits") };
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn what_is_secret_of_a_query_is_not_remembered() {
        let shown = |query| masked(query, |text| text == "t0ken" || text == "meaty ham");
        for (query, expected) in [
            ("", ""),
            ("?", "?"),
            ("?a=1&b=&c", "?a=1&b=&c"),
            ("?code=t0ken", "?code=***"),
            ("?a=1&hub.verify_token=meaty+ham&b=meaty%20ham&c=%6deaty ham", "?a=1&hub.verify_token=***&b=***&c=***"),
            ("?t0ken&t0ken=t0kens&=t0ken", "?t0ken&t0ken=t0kens&=***"),
        ] {
            assert_eq!(shown(query), expected);
        }
        let long = ["?", &"a=b&".repeat(10_000), "c=t0ken"].concat();
        assert!(shown(&long).len() < 2_000);
    }

    #[test]
    fn what_a_stranger_wrote_is_cut() {
        assert_eq!(entry(Outcome::Refused, 401).bounded().path.chars().count(), MAX_TEXT);
    }
}
