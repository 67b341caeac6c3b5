//! Replays: events are read where they are remembered, and delivered as new deliveries.

use std::rc::Rc;

use futures_util::future::join_all;
use js_sys::Uint8Array;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::start::class_of;
use super::store::Work;
use super::{Inner, Stepped};
use crate::edge;
use crate::event::Attributes;
use crate::id::{DELIVERY, Id, Place, SUBSCRIPTION};
use crate::objects::events;
use crate::objects::subscription::{Append, RENDERED_LIMIT};
use crate::operation::{Finding, Found, Replay, Seek, Wanted, replay_id};
use crate::problem::Problem;
use crate::profile::{Facts, Profile};
use crate::subscription::Recipient;
use crate::time::parse_rfc3339;

/// How many events a place looks at in a step.
const LIMIT: u32 = 200;
/// How many are delivered at once.
const TOGETHER: usize = 25;

/// What a place is asked for.
pub fn seek(operation: Id, replay: &Replay, recipient: &Recipient, after: &str) -> Seek {
    Seek {
        operation: operation.as_str().to_owned(),
        home: replay.from.is_none(),
        window: replay.window.ids(operation.time()),
        after: after.to_owned(),
        limit: LIMIT,
        wanted: Wanted { interest: recipient.interest.clone(), types: replay.types.clone() },
    }
}

/// An event as the API shows it, read again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    data: &'a RawValue,
    attributes: Attributes,
    occurred_at: String,
}

/// To whom events go, and how.
struct Aim {
    operation: Id,
    wanted: Wanted,
    profile: Profile,
    subscription: String,
    place: Place,
    shards: u32,
}

/// What became of an event.
enum Became {
    Delivered,
    Lost,
    /// It is not wanted after all: where it was counted its attributes were not known.
    Unwanted,
}

impl Inner {
    /// The next events at the place where an operation stands; none where the subscription is gone.
    pub(super) async fn replay_step(&self, work: &Work, replay: &Replay) -> Result<Option<Stepped>, Problem> {
        let Some(recipient) = self.recipient(&replay.subscription).await? else { return Ok(None) };
        let Some(target) = Id::parse(SUBSCRIPTION, &replay.subscription) else { return Ok(None) };
        let place = work.plan.places.get(work.position.at).map_or("", String::as_str);
        let sought = seek(work.id, replay, &recipient, &work.position.cursor);
        let asked = crate::body::written(&sought)?;
        let said = self.at_place(class_of(place), place, "/events/find", &asked).await?;
        let found: Found = match said.status {
            200 => {
                crate::body::parsed(said.text.as_bytes()).map_err(|error| Problem::unavailable(error.to_string()))?
            }
            _ => Found::default(),
        };
        let aim = Rc::new(Aim {
            operation: work.id,
            wanted: sought.wanted,
            profile: recipient.profile.resolve()?,
            subscription: replay.subscription.clone(),
            place: target.place(),
            shards: work.plan.shards,
        });
        let (mut done, mut failed, mut fewer) = (0u64, found.gone, 0u64);
        // Where they are to come in order, the next one is not given away before the last one lies there.
        let together = if recipient.ordered { 1 } else { TOGETHER };
        for findings in found.events.chunks(together) {
            edge::pause(1).await;
            for became in join_all(findings.iter().map(|finding| self.deliver(&aim, finding))).await {
                let count = match became? {
                    Became::Delivered => &mut done,
                    Became::Lost => &mut failed,
                    Became::Unwanted => &mut fewer,
                };
                *count = count.saturating_add(1);
            }
        }
        let position = work.position.read(found.next, done, failed);
        Ok(Some(Stepped { done: position.done, failed: position.failed, position, fewer }))
    }

    /// Delivers one event.
    async fn deliver(&self, aim: &Aim, finding: &Finding) -> Result<Became, Problem> {
        // The operator's own events are apart from all others.
        let sees = |place: Place| place.is_operators() == aim.place.is_operators();
        let elsewhere;
        let text = match finding {
            Finding::Here(text) => text,
            Finding::Elsewhere(id) => match events::find(&self.env, &self.application, id, sees).await? {
                Some(text) => {
                    elsewhere = text;
                    &elsewhere
                }
                None => return Ok(Became::Lost),
            },
        };
        let Ok(event) = crate::body::parsed::<Event<'_>>(text.as_bytes()) else { return Ok(Became::Lost) };
        if !aim.wanted.has(&event.kind, &event.attributes) {
            return Ok(Became::Unwanted);
        }
        let id = replay_id(aim.operation, &event.id, aim.place, aim.shards);
        let facts = Facts {
            event_id: &event.id,
            event_type: &event.kind,
            occurred_at: parse_rfc3339(&event.occurred_at).unwrap_or_default(),
            data: event.data,
            delivery_id: &id.with(DELIVERY),
            subscription_id: &aim.subscription,
        };
        // Under this profile it may be too large to be kept.
        let Ok(rendered) = aim.profile.render(&facts, RENDERED_LIMIT) else { return Ok(Became::Lost) };
        let head = Append {
            event: Some(event.id.clone()),
            operation: Some(aim.operation.as_str()),
            ..Append::new(id.as_str(), &event.kind, rendered.bytes.len(), rendered.data)
        };
        let mut frame = head.line().map_err(|error| Problem::unavailable(error.to_string()))?;
        frame.extend_from_slice(&rendered.bytes);
        let frame = Uint8Array::from(frame.as_slice());
        let name = [&self.application, "/", id.place().as_str()].concat();
        match self.env.call("SUBSCRIPTION", &name, "/append", frame).await?.status {
            200..300 => {
                edge::measure(|metrics| metrics.deliveries(1));
                Ok(Became::Delivered)
            }
            404 => Ok(Became::Lost),
            _ => Err(Problem::unavailable("A delivery is not stored. It is tried again.")),
        }
    }
}
