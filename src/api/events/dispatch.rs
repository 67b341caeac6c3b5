//! Calls of many objects at once, within what one invocation may do.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use js_sys::Uint8Array;

use crate::access::unauthorized;
use crate::api::gateway::Gateway;
use crate::edge;
use crate::event::parcel::{Parcel, together};
use crate::event::posting::{Frame, Placed};
use crate::id::Place;
use crate::problem::Problem;

/// How many objects the Worker calls itself for one thing. Where it is more, relays do it: an invocation may make a thousand
/// calls, where the deployment's plan is an old one, and each is tried three times.
const DIRECT: usize = 200;
/// How many relays there are for an application, and how many of them work at the same time for one call.
const RELAYS: usize = 16;
const RELAYS_AT_ONCE: usize = 6;
/// How large a call is, in bytes, unless a single delivery has more.
const CALL: usize = 2 * 1024 * 1024;

/// A call of the object at a place.
pub struct Outgoing<'a> {
    /// Where.
    pub place: Place,
    /// What its body is made of.
    pub parts: Vec<&'a [u8]>,
}

impl Outgoing<'_> {
    fn len(&self) -> usize {
        self.parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.len()))
    }
}

/// Appends deliveries, those to one place in their order and as few calls as may be. The events of which not all is stored.
///
/// # Errors
/// 401 where the key was revoked, and what was read of it here is older than that.
pub async fn append(gateway: &Gateway, frames: Vec<Placed>) -> Result<HashSet<usize>, Problem> {
    let mut failed = HashSet::new();
    let mut round = grouped(frames);
    while !round.is_empty() {
        let (mut calls, mut later) = (Vec::with_capacity(round.len()), Vec::new());
        for (place, mut frames) in round {
            let rest = frames.split_off(fitting(&frames));
            calls.push((place, frames, rest));
        }
        let outgoing: Vec<Outgoing<'_>> = calls
            .iter()
            .map(|(place, frames, _)| Outgoing { place: *place, parts: frames.iter().flat_map(Frame::parts).collect() })
            .collect();
        let statuses = call_all(gateway, "/append", &outgoing).await;
        for ((place, frames, rest), status) in calls.into_iter().zip(statuses) {
            match status {
                401 => return Err(unauthorized()),
                // 404: the subscription was never there, or all of it is gone; there is nobody to deliver to.
                204 | 404 if rest.is_empty() => {}
                204 | 404 => later.push((place, rest)),
                // What comes after it must not go first.
                _ => failed.extend(frames.iter().chain(&rest).map(|frame| frame.item)),
            }
        }
        round = later;
    }
    Ok(failed)
}

/// The frames of each place, in their order.
fn grouped(frames: Vec<Placed>) -> Vec<(Place, Vec<Frame>)> {
    let mut groups: Vec<(Place, Vec<Frame>)> = Vec::new();
    let mut known: HashMap<Place, usize> = HashMap::new();
    for (place, frame) in frames {
        let next = groups.len();
        let at = *known.entry(place).or_insert(next);
        match groups.get_mut(at) {
            Some((_, group)) => group.push(frame),
            None => groups.push((place, vec![frame])),
        }
    }
    groups
}

/// How many of a place's frames go into its next call.
fn fitting(frames: &[Frame]) -> usize {
    let sums = frames.iter().scan(0usize, |sum, frame| {
        *sum = sum.saturating_add(frame.size());
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= CALL).count().max(1).min(frames.len())
}

/// Calls objects that keep deliveries, each with its own body. Their statuses, 0 for one that did not answer.
pub async fn call_all(gateway: &Gateway, path: &str, calls: &[Outgoing<'_>]) -> Vec<u16> {
    if calls.len() > DIRECT {
        return relayed(gateway, path, calls).await;
    }
    let mut statuses = Vec::with_capacity(calls.len());
    let mut rest = calls;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(together(rest.iter().map(Outgoing::len)).min(rest.len()));
        let made = now.iter().map(|call| {
            let body = Uint8Array::from(call.parts.concat().as_slice());
            async move {
                gateway.object("SUBSCRIPTION", call.place.as_str(), path, body).await.map_or(0, |said| said.status)
            }
        });
        statuses.extend(join_all(made).await);
        rest = later;
    }
    statuses
}

/// The same through relays.
async fn relayed(gateway: &Gateway, path: &str, calls: &[Outgoing<'_>]) -> Vec<u16> {
    let mut statuses = Vec::with_capacity(calls.len());
    let mut rest = calls;
    let mut relays = (0..RELAYS).cycle().skip(edge::random_id() as usize % RELAYS);
    while !rest.is_empty() {
        let mut parcels = Vec::with_capacity(RELAYS_AT_ONCE);
        while let Some(relay) = relays.next().filter(|_| parcels.len() < RELAYS_AT_ONCE && !rest.is_empty()) {
            let mut parcel = Parcel::new(path);
            while let Some((call, later)) = rest.split_first()
                && parcel.add(call.place.as_str(), &call.parts)
            {
                rest = later;
            }
            let bytes = parcel.pack().unwrap_or_default();
            parcels.push((relay, parcel.len(), Uint8Array::from(bytes.as_slice())));
        }
        let made = parcels.iter().map(|(relay, count, bytes)| async move {
            let said = gateway.object("LEDGER", &format!("relay-{relay}"), "/relay", bytes).await;
            let told: Option<Vec<u16>> = said.ok().and_then(|said| serde_json::from_str(&said.text).ok());
            told.filter(|told| told.len() == *count).unwrap_or_else(|| vec![0; *count])
        });
        statuses.extend(join_all(made).await.into_iter().flatten());
    }
    statuses
}
