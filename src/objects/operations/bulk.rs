//! Operations on deliveries that are there: each place does its own part.

use wasm_bindgen::JsValue;

use super::store::Work;
use super::{Inner, Stepped};
use crate::operation::{Bulk, Job, Moved, Order};
use crate::problem::Problem;
use crate::time::Millis;

/// How many rows a place looks at in a step.
const LIMIT: u32 = 500;

/// What a place is asked for.
pub fn order(operation: &str, began: Millis, bulk: &Bulk) -> Order {
    let (after, below) = bulk.window.ids(began);
    Order { operation: operation.to_owned(), began, after, below, limit: LIMIT, bulk: bulk.clone() }
}

impl Inner {
    /// A step at the place where an operation stands; or the end of it there.
    pub(super) async fn bulk_step(&self, work: &Work, bulk: &Bulk) -> Result<Stepped, Problem> {
        let place = work.plan.places.get(work.position.at).map_or("", String::as_str);
        if work.position.closing {
            self.at_place("SUBSCRIPTION", place, &["/bulk/end/", work.id.as_str()].concat(), "").await?;
            let position = work.position.next();
            return Ok(Stepped { done: position.done, failed: position.failed, position, fewer: 0 });
        }
        let order = crate::body::written(&order(work.id.as_str(), work.id.time(), bulk))?;
        let said = self.at_place("SUBSCRIPTION", place, "/bulk/step", &order).await?;
        let moved = match said.status {
            200 => serde_json::from_str(&said.text).map_err(|error| Problem::unavailable(error.to_string()))?,
            // It is gone, and what it had with it.
            _ => Moved { over: true, ..Moved::default() },
        };
        let (position, done, failed) = work.position.moved(moved);
        Ok(Stepped { position, done, failed, fewer: 0 })
    }

    /// An operation was stopped: the place where it stood need not remember it. Where it can't be told it forgets by
    /// itself, some day.
    pub(super) async fn leave(&self, work: &Work) {
        if let (Job::Bulk(_), Some(place)) = (&work.plan.job, work.plan.places.get(work.position.at)) {
            let name = [&self.application, "/", place].concat();
            let path = ["/bulk/end/", work.id.as_str()].concat();
            let _ = self.env.call("SUBSCRIPTION", &name, &path, JsValue::NULL).await;
        }
    }
}
