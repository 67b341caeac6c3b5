//! Nothing is kept for ever: this object asks all others of the application to clear away what is too old, and in the end
//! everything.
//!
//! It goes from one to the next in the order of their places, some at each alarm, and writes down how far it is. Who has
//! much to clear away goes on alone. What was deleted lingers for a day; then all its objects are emptied, and its row
//! goes. An application that was deleted is emptied when everybody has heard of it.

use futures_util::future::join_all;
use wasm_bindgen::JsValue;

use super::store::{Burial, Home};
use super::{Inner, PUBLISH_EVERY, TOLD_TOGETHER};
use crate::access::DEFAULT;
use crate::edge;
use crate::id::Place;
use crate::objects::registry;
use crate::objects::{Outcome, Reply};
use crate::problem::Problem;
use crate::time::Millis;

/// How many places one alarm asks, each with its shards.
const PLACES: u32 = 50;
/// How much of what was deleted one alarm empties.
const OVER: u32 = 20;
/// How often one alarm asks an object to go on that has more to empty.
const STEPS: usize = 20;
/// How soon what could not be done is tried again.
const AGAIN: Millis = 5_000;
/// How long an application's end waits for those that can't be told of it: what empties them ends them too.
const TOLD_WITHIN: Millis = 60_000;
/// How many applications that were deleted are seen to in one sweep.
const FORGOTTEN: u32 = 50;

impl Inner {
    /// Once in the life of an instance: sees to it that this object will wake.
    pub(super) fn mind(&self) -> Result<(), Problem> {
        if self.minded.get() || !self.store.is_there()? || self.store.settings()?.is_none() {
            return Ok(());
        }
        self.minded.set(true);
        let now = edge::now();
        // What is further away than it should be was set when things were kept for longer.
        let latest = now.saturating_add(self.env.settings().retention.sweep_every());
        if self.store.sweep_at()?.is_none_or(|at| at < now || at > latest) {
            self.wake_at(now.saturating_add(PUBLISH_EVERY));
        }
        Ok(())
    }

    /// What time has come for, and the alarm for what is to come.
    pub(super) async fn clear(&self) -> Result<(), Problem> {
        if !self.exists()? {
            if let Some(next) = self.bury().await? {
                self.wake_at(next);
            }
            return Ok(());
        }
        let emptied = self.empty_over().await;
        let next = self.sweep().await?;
        let pause = if matches!(emptied, Ok(true)) { PUBLISH_EVERY } else { AGAIN };
        let lingers = self.env.settings().retention.lingers();
        let over = |at: Millis| at.saturating_add(lingers).max(edge::now()).saturating_add(pause);
        self.wake_at(self.store.first_deleted()?.map_or(next, |at| over(at).min(next)));
        emptied.map(|_| ())
    }

    /// Asks some objects to clear away what is too old. When to go on.
    async fn sweep(&self) -> Result<Millis, Problem> {
        let now = edge::now();
        let every = self.env.settings().retention.sweep_every();
        match self.store.sweep_at()? {
            Some(at) if at <= now || at > now.saturating_add(every) => {}
            Some(at) => return Ok(at),
            // Nothing here is older than this.
            None => {
                let at = now.saturating_add(every);
                self.store.set_sweep_at(at)?;
                return Ok(at);
            }
        }
        let from = self.store.sweep_from()?.unwrap_or_default();
        let held = self.store.held_behind(&from, PLACES)?;
        let Some(last) = held.last().map(|held| held.base) else {
            self.ask_operations("/sweep").await;
            self.forget_applications().await;
            self.store.revoked_keys(now.saturating_sub(super::REVOKED_FOR))?;
            let at = now.saturating_add(every);
            self.store.set_sweep_at(at)?;
            self.store.set_sweep_from(None)?;
            return Ok(at);
        };
        let places: Vec<Place> = held.into_iter().flat_map(|Home { places, .. }| places).collect();
        for places in places.chunks(TOLD_TOGETHER) {
            // Who can't be asked now is asked by the next sweep.
            join_all(places.iter().map(|place| self.ask_at(*place, "/sweep"))).await;
        }
        self.store.set_sweep_from(Some(last.as_str()))?;
        Ok(edge::now().saturating_add(PUBLISH_EVERY))
    }

    /// What an object says, as its status; none where it can't be reached.
    async fn ask_at(&self, place: Place, path: &str) -> Option<u16> {
        let class = if place.is_ledger() { "LEDGER" } else { "SUBSCRIPTION" };
        let name = [&self.name, "/", place.as_str()].concat();
        self.env.call(class, &name, path, JsValue::NULL).await.ok().map(|said| said.status)
    }

    async fn ask_operations(&self, path: &str) -> Option<u16> {
        self.env.call("OPERATIONS", &self.name, path, JsValue::NULL).await.ok().map(|said| said.status)
    }

    /// Empties what was deleted and has lingered for its time. Whether all of that is done for which there was time.
    async fn empty_over(&self) -> Result<bool, Problem> {
        let before = edge::now().saturating_sub(self.env.settings().retention.lingers());
        for over in self.store.over(before, OVER)? {
            if !self.empty(&over.places).await {
                return Ok(false);
            }
            self.store.drop_over(&over)?;
        }
        Ok(true)
    }

    /// Empties objects. Whether nothing is left in any of them.
    async fn empty(&self, places: &[Place]) -> bool {
        for places in places.chunks(TOLD_TOGETHER) {
            let emptied = join_all(places.iter().map(|place| self.empty_one(*place))).await;
            if emptied.contains(&false) {
                return false;
            }
        }
        true
    }

    async fn empty_one(&self, place: Place) -> bool {
        for _ in 0..STEPS {
            match self.ask_at(place, "/purge").await {
                Some(204) => return true,
                Some(200) => {}
                _ => return false,
            }
        }
        false
    }

    /// The end of an application, a part at each alarm. Whoever is still to be told of it comes first. When to go on.
    async fn bury(&self) -> Result<Option<Millis>, Problem> {
        let now = edge::now();
        // One that was deleted by the version before left everything behind.
        let mut burial = self.store.burial()?.unwrap_or(Burial { since: now, ..Burial::default() });
        self.store.set_burial(&burial)?;
        let soon = Some(now.saturating_add(PUBLISH_EVERY));
        if !self.store.not_pushed(1)?.is_empty() && now.saturating_sub(burial.since) < TOLD_WITHIN {
            return Ok(soon);
        }
        // Until then somebody may take it for one that is there, and what comes of that its objects have to refuse: they
        // know that it is gone, and whose keys it had.
        let heard = burial.since.saturating_add(self.env.settings().retention.heard());
        if now < heard {
            return Ok(Some(heard));
        }
        if burial.rounds > 0 {
            return Ok(if self.close_grave().await? { None } else { soon });
        }
        let homes = self.store.held_behind(&burial.from, PLACES)?;
        match homes.last() {
            None if self.ask_operations("/purge").await != Some(204) => return Ok(Some(now.saturating_add(AGAIN))),
            None => burial = Burial { rounds: burial.rounds.saturating_add(1), from: String::new(), ..burial },
            Some(last) => {
                let from = last.base.as_str().to_owned();
                let places: Vec<Place> = homes.iter().flat_map(|home| home.places.iter().copied()).collect();
                if !self.empty(&places).await {
                    return Ok(Some(now.saturating_add(AGAIN)));
                }
                burial.from = from;
            }
        }
        self.store.set_burial(&burial)?;
        Ok(soon)
    }

    /// The last: nobody outside knows of it any more, and then this object does not.
    async fn close_grave(&self) -> Result<bool, Problem> {
        let is_busy = self.ending_until.get() > edge::now() || self.store.is_behind();
        if is_busy || !self.store.is_released()? || !registry::forget(&self.env, &self.name).await {
            return Ok(false);
        }
        self.store.forget();
        self.is_gone.set(true);
        self.state.forget().await;
        Ok(true)
    }

    /// `POST /bury`: the registry knows of an application that was deleted. 204 where it sees to its end, 404 where nothing
    /// is left of it.
    pub(super) fn is_to_be_buried(&self) -> Outcome {
        if !self.store.is_there()? || self.store.settings()?.is_none() {
            return Err(Problem::not_found("application"));
        }
        if !self.exists()? {
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
        Ok(Reply::Done)
    }

    /// What the registry still knows of applications that were deleted is seen to by the one that is always there.
    async fn forget_applications(&self) {
        if self.name != DEFAULT {
            return;
        }
        let deleted = registry::deleted(&self.env, FORGOTTEN).await;
        for application in deleted {
            let said = self.env.call("APPLICATION", &application, "/bury", JsValue::NULL).await;
            if said.is_ok_and(|said| said.status == 404) {
                registry::forget(&self.env, &application).await;
            }
        }
    }
}
