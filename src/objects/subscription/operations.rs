//! What operations ask of a subscription's log: their steps, and the events that it remembers.

use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::Inner;
use crate::delivery::Stage;
use crate::edge;
use crate::objects::{Outcome, Reply, storage};
use crate::operation::{Kind, Order};
use crate::problem::Problem;
use crate::subscription::Status;

impl Inner {
    /// `POST /bulk/count` with an [`Order`]: how many deliveries it is about.
    pub(super) async fn count_meant(&self, body: &[u8]) -> Outcome {
        let order: Order = read(body)?;
        let count = match self.becomes(&order).await? {
            Some(_) => self.log.count_meant(&order).map_err(storage)?,
            None => 0,
        };
        Reply::ok(&count)
    }

    /// `POST /bulk/step` with an [`Order`]: does the next step of it, and answers with a
    /// [`crate::operation::Moved`].
    pub(super) async fn step(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let order: Order = read(body)?;
        let to = self.becomes(&order).await?;
        let now = edge::now();
        let moved = self.log.step(&order, to, now).map_err(storage)?;
        match to {
            Some(Stage::Due) if moved.done > 0 => {
                self.memory.borrow_mut().gate.more_in_log();
                self.start_senders();
                self.look_again();
            }
            Some(Stage::Cancelled) if moved.done > 0 => self.close_up(),
            _ => {}
        }
        Reply::ok(&moved)
    }

    /// `POST /bulk/end/{operation}`
    pub(super) fn end_operation(&self, operation: &str) -> Outcome {
        self.log.forget_operation(operation).map_err(storage)?;
        Ok(Reply::Done)
    }

    /// `POST /events/count` with a [`crate::operation::Seek`]
    pub(super) fn count_events(&self, body: &[u8]) -> Outcome {
        Reply::ok(&self.log.count_events(&read(body)?).map_err(storage)?)
    }

    /// `POST /events/find` with a [`crate::operation::Seek`]
    pub(super) fn find_events(&self, body: &[u8]) -> Outcome {
        Reply::ok(&self.log.events(&read(body)?).map_err(storage)?)
    }

    /// What becomes of a delivery here that is tried again; nothing where nobody wants it any more.
    async fn becomes(&self, order: &Order) -> Result<Option<Stage>, Problem> {
        if order.bulk.kind == Kind::Cancel {
            return Ok(Some(Stage::Cancelled));
        }
        Ok(match self.prepared().await?.destination.status {
            Status::Active => Some(Stage::Due),
            Status::Paused | Status::Disabled => Some(Stage::Held),
            Status::Deleted => None,
        })
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))
}
