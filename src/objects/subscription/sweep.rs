//! What is too old goes, and in the end everything.

use futures_util::future::join_all;
use wasm_bindgen::JsValue;

use super::{Inner, Memory, WATCH};
use crate::delivery::Gate;
use crate::edge;
use crate::id::Id;
use crate::objects::{Outcome, Reply, storage};
use crate::problem::Problem;
use crate::time::Millis;

/// How many steps one alarm takes.
const STEPS: usize = 10;
/// How long traffic goes first between two steps.
const PAUSE: Millis = 30;
/// How many objects are told at the same time that nobody waits for their alarms.
const TOLD_TOGETHER: usize = 25;

/// Where taking back alarms goes on, as a row of `meta`.
const CALLED_OFF: &str = "called_off";

impl Inner {
    /// `POST /sweep`: clears away some of what is too old; where there is more the alarm goes on.
    pub(super) fn sweep(&self) -> Outcome {
        // One that was begun goes on by itself.
        if self.log.is_sweeping().map_err(storage)? {
            self.wake_at(edge::now().saturating_add(PAUSE));
        } else if self.sweep_step()? {
            self.memory.borrow_mut().sweeping = true;
            self.wake_at(edge::now().saturating_add(PAUSE));
        }
        Ok(Reply::Done)
    }

    fn sweep_step(&self) -> Result<bool, Problem> {
        let (now, retention) = (edge::now(), self.env.settings().retention);
        let in_door = self.door.forget_old(now.saturating_sub(retention.history), now).map_err(storage)?;
        let in_log = self.log.sweep(retention, now).map_err(storage)?;
        Ok(in_door || in_log)
    }

    /// Goes on with what was begun.
    pub(super) async fn go_on_sweeping(&self) -> Result<(), Problem> {
        let begun = self.memory.borrow().sweeping || self.log.is_sweeping().map_err(storage)?;
        if !begun {
            return Ok(());
        }
        for _ in 0..STEPS {
            if !self.sweep_step()? {
                self.memory.borrow_mut().sweeping = false;
                return Ok(());
            }
            edge::pause(PAUSE).await;
        }
        self.wake_at(edge::now().saturating_add(PAUSE));
        Ok(())
    }

    /// `POST /purge`: everything goes. 204 once nothing is left, 200 as long as there is more to do.
    pub(super) async fn purge(&self) -> Outcome {
        let now = edge::now();
        let called_off = self.log.cancel_all(now).map_err(storage)?;
        // What is under way would be written down afterwards.
        if called_off || self.memory.borrow().gate.is_under_way() {
            return Ok(Reply::Json(200, String::new()));
        }
        let above = self.log.read(CALLED_OFF).map_err(storage)?.unwrap_or_default();
        let called_off = self.log.called_off(&above, now).map_err(storage)?;
        for alarms in called_off.alarms.chunks(TOLD_TOGETHER) {
            let told = join_all(alarms.iter().map(|(id, at)| self.disarm(*id, *at))).await;
            if told.contains(&false) {
                return Err(Problem::unavailable("A delivery's alarm could not be taken back. Try again."));
            }
        }
        if let Some(last) = called_off.last {
            self.log.write(CALLED_OFF, &last).map_err(storage)?;
            return Ok(Reply::Json(200, String::new()));
        }
        self.log.forget();
        self.door.forget();
        let gate = Gate::new(!self.is_direct, self.env.settings().patience);
        *self.memory.borrow_mut() = Memory { awake: true, is_purged: true, ..Memory::new(gate) };
        self.state.forget().await;
        Ok(Reply::Done)
    }

    /// Takes back the alarm of a delivery that waits for it no longer. Where nobody hears it, the alarm rings in vain.
    pub(super) async fn disarm(&self, id: Id, at: Millis) -> bool {
        let (application, _) = self.address();
        let name = [application, "/", id.as_str()].concat();
        let said = self.env.call("DELIVERY", &name, &format!("/forget/{at}"), JsValue::NULL).await;
        said.is_ok_and(|said| said.status == 204)
    }

    /// The same where its time is far enough away to be worth it.
    pub(super) async fn disarm_far(&self, id: Id, at: Option<Millis>) {
        if let Some(at) = at.filter(|at| at.saturating_sub(edge::now()) > WATCH) {
            self.disarm(id, at).await;
        }
    }
}
