//! What makes events durable: claims of their ids first, then their deliveries.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;

use super::dispatch;
use crate::access::unauthorized;
use crate::api::gateway::Gateway;
use crate::edge;
use crate::event::posting::{Entry, Placed, Posting};
use crate::id::{Id, Place};
use crate::problem::Problem;

/// How many bytes of deliveries are in memory at the same time.
const ROOM: usize = 16 * 1024 * 1024;
/// How large one call of the ledger is, in bytes, unless a single entry has more.
const CLAIMS: usize = 2 * 1024 * 1024;

/// An event that is being stored, or what stands against it.
pub struct Item<'a> {
    /// The event.
    pub posting: Posting<'a>,
    /// Why it is not stored.
    pub refused: Option<Problem>,
}

/// Stores the events of one call, some of them at a time.
pub struct Storing<'c> {
    gateway: &'c Gateway,
    /// Those that were seen in this call.
    seen: HashSet<Id>,
    /// Those of them of which not all is stored.
    failed: HashSet<Id>,
}

impl<'c> Storing<'c> {
    /// For one call.
    pub fn new(gateway: &'c Gateway) -> Self {
        Storing { gateway, seen: HashSet::new(), failed: HashSet::new() }
    }

    /// Stores events in their order. What could not be stored says why.
    ///
    /// # Errors
    /// 401 where the key was revoked, and what was read of it here is older than that.
    pub async fn store(&mut self, items: &mut [Item<'_>]) -> Result<(), Problem> {
        self.claim(items).await?;
        let mut frames = Vec::new();
        let mut room = ROOM;
        for (number, Item { posting, refused }) in items.iter().enumerate() {
            // The same id twice in one call is one event.
            if refused.is_some() || !self.seen.insert(posting.core()) || !posting.is_to_be_stored() {
                continue;
            }
            let mut next = Some(0);
            while let Some(from) = next {
                let (mut more, rest) = posting.frames(number, from, &mut room)?;
                frames.append(&mut more);
                next = rest;
                if room == 0 {
                    self.append(std::mem::take(&mut frames), items).await?;
                    room = ROOM;
                }
            }
        }
        self.append(frames, items).await?;
        for item in items.iter_mut().filter(|item| item.refused.is_none()) {
            if self.failed.contains(&item.posting.core()) {
                let detail = "The event is not stored as a whole. Send it again, with an id.";
                item.refused = Some(Problem::unavailable(detail));
                continue;
            }
            if !item.posting.is_duplicate() {
                edge::measure(|metrics| {
                    metrics.event();
                    metrics.deliveries(item.posting.deliveries());
                });
            }
        }
        Ok(())
    }

    async fn append(&mut self, frames: Vec<Placed>, items: &[Item<'_>]) -> Result<(), Problem> {
        let failed = dispatch::append(self.gateway, frames).await?;
        self.failed.extend(failed.into_iter().filter_map(|number| Some(items.get(number)?.posting.core())));
        Ok(())
    }

    /// Has the ledger remember what it has to know, as many at a time as one call holds.
    async fn claim(&self, items: &mut [Item<'_>]) -> Result<(), Problem> {
        let mut parts: HashMap<Place, Vec<Vec<(usize, String)>>> = HashMap::new();
        for (number, item) in items.iter().enumerate().filter(|(_, item)| item.refused.is_none()) {
            let Some((place, entry)) = item.posting.claim()? else { continue };
            let calls = parts.entry(place).or_default();
            let size = |call: &Vec<(usize, String)>| {
                call.iter().fold(entry.len(), |sum, (_, it)| sum.saturating_add(it.len()))
            };
            match calls.last_mut() {
                Some(call) if size(call) <= CLAIMS => call.push((number, entry)),
                _ => calls.push(vec![(number, entry)]),
            }
        }
        let asked = parts.into_iter().map(|(place, calls)| self.claim_at(place, calls));
        for (number, known) in join_all(asked).await.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            let Some(item) = items.get_mut(number) else { continue };
            let accepted = known.and_then(|known| known.map_or(Ok(()), |known| item.posting.is_known(known)));
            item.refused = accepted.err();
        }
        Ok(())
    }

    /// What a part of the ledger knows of some events, asked for in their order: of two with the same id the first one has it.
    async fn claim_at(&self, place: Place, calls: Vec<Vec<(usize, String)>>) -> Result<Vec<Claimed>, Problem> {
        let mut claimed = Vec::new();
        for call in calls {
            let (numbers, entries): (Vec<usize>, Vec<String>) = call.into_iter().unzip();
            let text = format!("[{}]", entries.join(","));
            let said = self.gateway.object("LEDGER", place.as_str(), "/claim", text.as_str()).await;
            let (status, text) = said.map_or_else(|_| (503, String::new()), |said| (said.status, said.text));
            let known: Option<Vec<Option<Entry>>> = match status {
                201 => Some(numbers.iter().map(|_| None).collect()),
                200 => serde_json::from_str(&text).ok(),
                // The key was revoked, and what was read of it here is older than that.
                401 => return Err(unauthorized()),
                _ => None,
            };
            match known.filter(|known| known.len() == numbers.len()) {
                Some(known) => claimed.extend(numbers.into_iter().zip(known.into_iter().map(Ok))),
                None => {
                    let refused = || Err(Problem::unavailable("The ledger refused. Try again."));
                    claimed.extend(numbers.into_iter().map(|number| (number, refused())));
                }
            }
        }
        Ok(claimed)
    }
}

/// What the ledger knew of an event, by its number.
type Claimed = (usize, Result<Option<Entry>, Problem>);
