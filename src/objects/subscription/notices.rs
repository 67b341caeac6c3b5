//! Signet's own events: what this object has to say to the operator, and what it takes in where it is the operator's.

use std::rc::Rc;

use js_sys::Uint8Array;
use serde_json::value::to_raw_value;

use super::log::{NewRow, Row};
use super::sender::Ended;
use super::{Append, Inner, RENDERED_LIMIT, WATCH, place_of, storage};
use crate::delivery::{Progress, Stage};
use crate::edge;
use crate::event::About;
use crate::id::{DELIVERY, EVENT, Id, Place};
use crate::objects::outbox::Listening;
use crate::objects::{Outcome, Reply};
use crate::problem::Problem;
use crate::profile::Facts;
use crate::signal::{Failed, Notice, Signal};
use crate::subscription::{Prepared, Status};
use crate::time::Millis;

impl Inner {
    /// Whether the deliveries of this object are Signet's own events, of which nothing is ever said.
    pub(super) fn is_operators(&self) -> bool {
        place_of(&self.name).is_some_and(Place::is_operators)
    }

    /// Who is to hear that a delivery has failed for good, where an attempt has made it so. To be asked before that is
    /// recorded, since it takes time.
    pub(super) async fn listening(&self, before: &Row, after: &Progress) -> Option<Listening> {
        let fails = after.stage == Stage::Failed && before.progress.stage.is_pending() && !before.test;
        match fails && !self.is_operators() {
            true => Some(Listening::known(&self.env).await),
            false => None,
        }
    }

    /// A delivery has failed for good. Nothing is waited for here, so that it is written with what it tells of.
    pub(super) fn note_failed(
        &self,
        row: &Row,
        progress: &Progress,
        prepared: &Prepared,
        ended: &Ended<'_>,
        listening: Option<&Listening>,
    ) {
        let Some(listening) = listening else { return };
        let destination = &prepared.destination;
        let signal = Signal::Failed(Failed {
            delivery: row.id,
            subscription: destination.subscription.as_deref(),
            source: destination.source.as_ref().map(|source| source.id.as_str()),
            event: &row.event_id(),
            kind: &row.kind,
            attempts: progress.count,
            status: ended.attempt.response_status,
            error: ended.attempt.error,
        });
        match self.outbox.put(&signal, self.address().0, listening) {
            Ok(true) => {
                self.wake_at(edge::now().saturating_add(WATCH));
                self.outbox.start(&self.env);
            }
            Ok(false) => {}
            Err(problem) => edge::log_problem("notice", &problem),
        }
    }

    /// Sends what nobody has taken yet.
    pub(super) fn send_notices(&self) {
        if !self.outbox.is_empty() {
            self.wake_at(edge::now().saturating_add(WATCH));
            self.outbox.start(&self.env);
        }
    }

    /// `POST /notices`: takes in what other objects have to say. One that is here already is the same one.
    pub(super) async fn take_notices(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let place = place_of(&self.name).filter(|place| place.is_operators());
        let place = place.ok_or_else(|| Problem::not_found("call"))?;
        let prepared = self.prepared().await?;
        let notices: Vec<Notice> = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let now = edge::now();
        for notice in &notices {
            let own = notice.deliveries().find(|id| id.place() == place);
            if let (Some(id), Some(core)) = (own, notice.deliveries().next()) {
                self.take_notice(notice, id, core, &prepared, now)?;
            }
        }
        self.memory.borrow_mut().gate.more_in_log();
        self.wake_at(now.saturating_add(WATCH));
        self.start_senders();
        Ok(Reply::Done)
    }

    /// Writes down one delivery; the log has it next in line. `core` is the one whose place remembers the event.
    fn take_notice(&self, notice: &Notice, id: Id, core: Id, prepared: &Prepared, now: Millis) -> Result<(), Problem> {
        let event = core.with(EVENT);
        let facts = Facts {
            event_id: &event,
            event_type: &notice.kind,
            occurred_at: notice.at,
            data: &notice.data,
            delivery_id: &id.with(DELIVERY),
            subscription_id: prepared.subscription(),
        };
        // What the operator's own profile makes too large nobody can send.
        let Some(rendered) = prepared.profile.body.render(&facts, RENDERED_LIMIT) else {
            edge::log("a notice is too large under the operator's own profile");
            return Ok(());
        };
        let about = About {
            occurred_at: notice.at,
            attributes: notice.attributes.clone(),
            deliveries: notice.to.clone(),
            request: None,
        };
        let about = to_raw_value(&about).map_err(|error| Problem::unavailable(error.to_string()))?;
        let about = (id == core).then_some(&*about);
        let append = Append {
            event: (id != core).then_some(event),
            about,
            ..Append::new(id.as_str(), &notice.kind, rendered.bytes.len(), rendered.data)
        };
        let bytes = Uint8Array::from(rendered.bytes.as_slice());
        let spare = Uint8Array::from(notice.data.get().as_bytes());
        let first_at = now.saturating_add(prepared.profile.retry.delay(0, edge::chance()).unwrap_or(0));
        let mut progress = Progress { stage: Stage::Due, ..Progress::accepted(Some(first_at)) };
        match prepared.destination.status {
            Status::Deleted => progress = progress.cancel(now).unwrap_or(progress),
            Status::Paused | Status::Disabled => progress.stage = Stage::Held,
            Status::Active => {}
        }
        let row = NewRow {
            id,
            append: &append,
            progress,
            attempts_planned: prepared.profile.retry.attempts(),
            test: false,
            body: &bytes,
            about: about.map(|about| about.get()),
            data: (about.is_some() && rendered.data.is_none()).then_some(&spare),
        };
        self.log.insert(&row).map_err(storage)?;
        Ok(())
    }
}
