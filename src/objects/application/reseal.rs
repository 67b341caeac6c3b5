//! Sealing anew what is sealed under an older key.

use std::rc::Rc;

use serde::Serialize;

use super::store::Stale;
use super::{Inner, PUBLISH_EVERY};
use crate::edge;
use crate::id::Place;
use crate::objects::{Outcome, Reply};
use crate::problem::Problem;

/// How many rows are sealed anew in one step.
const STEP: u32 = 200;

/// How far it is.
#[derive(Serialize)]
struct Resealed {
    /// How much is still under another key.
    remaining: u64,
    /// Keys that rows are sealed under and that are not there.
    missing: Vec<String>,
}

impl Inner {
    /// `POST /reseal`: a step at once, the rest by the alarm. Nothing is left to do when `remaining` is 0.
    pub(super) async fn reseal(self: &Rc<Self>) -> Outcome {
        self.reseal_step().await?;
        // Not left to the alarm alone, which whoever asks often would put off each time.
        self.catch_up().await;
        Reply::ok(&Resealed { remaining: self.store.count_stale()?, missing: self.missing_keys()? })
    }

    /// Keys that rows are sealed under and that are not there.
    pub(super) fn missing_keys(&self) -> Result<Vec<String>, Problem> {
        let vault = self.env.vault();
        let used = self.store.keys_in_use()?;
        Ok(used.into_iter().filter(|used| vault.ids().all(|id| id != used)).collect())
    }

    /// Goes on with what was begun, where it was.
    pub(super) async fn go_on_resealing(self: &Rc<Self>) {
        if self.store.is_resealing()
            && let Err(problem) = self.reseal_step().await
        {
            edge::log_problem("reseal", &problem);
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
    }

    async fn reseal_step(self: &Rc<Self>) -> Result<(), Problem> {
        let stale = self.store.stale(STEP)?;
        self.store.set_resealing(stale.len() >= STEP as usize)?;
        let mut settings = false;
        for row in &stale {
            settings |= matches!(row, Stale::Settings);
            // What has a new version is pushed and published with all else that is behind.
            match row {
                Stale::Settings => self.store.set_settings(&self.settings()?)?,
                Stale::Subscription(id) => self.store.reseal_subscription(id)?,
                Stale::Source(id) => self.store.reseal_source(id)?,
            }
        }
        if !stale.is_empty() {
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
        if settings {
            self.store.mark_direct(self.store.bump()?)?;
            for place in Place::direct() {
                self.push(place).await;
            }
        }
        Ok(())
    }
}
