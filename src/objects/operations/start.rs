//! The beginning of an operation: where it has to go, and how much there is to do.

use std::rc::Rc;

use futures_util::future::join_all;

use super::store::Plan;
use super::{Inner, Start, WATCH, bulk, replay};
use crate::edge;
use crate::id::{Id, OPERATION, Place, SUBSCRIPTION};
use crate::objects::application::Held;
use crate::objects::{Outcome, Reply};
use crate::operation::{Job, Operation, Status};
use crate::problem::Problem;
use crate::subscription::Recipient;

/// How many places are asked at once.
const ASKED_TOGETHER: usize = 50;
/// How many operations may run at the same time.
const AT_MOST: u32 = 100;

impl Inner {
    pub(super) async fn start(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let Start { job, operator } =
            crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        if self.store.running()? >= AT_MOST {
            let detail = format!("There are {AT_MOST} operations under way already.");
            return Err(Problem::new(409, "too_many_operations", detail));
        }
        let began = edge::now();
        let recipient = self.recipient_of(&job, operator).await?;
        let named = job.subscription().and_then(|id| Id::parse(SUBSCRIPTION, id)).map(Id::place);
        let at = named.filter(|place| recipient.is_some() || operator && place.is_operators());
        // Nothing lives at an operation's place: it only says whose it is.
        let id = Id::new(began, edge::random_id(), at.unwrap_or(Place::for_host("")));
        let places = match (&job, &recipient) {
            // It is gone: what was pending was cancelled with it, and nobody wants the rest.
            (Job::Bulk(bulk), None) if bulk.subscription.is_some() => Vec::new(),
            _ => self.places_of(&job, recipient.as_ref()).await?,
        };
        let counted = self.count(&job, id, recipient.as_ref(), places).await?;
        let matched = counted.iter().map(|(_, count)| *count).fold(0, u64::saturating_add);
        let is_done = matched == 0;
        let operation = Operation {
            id,
            kind: job.kind(),
            subscription: job.subscription().map(str::to_owned),
            status: if is_done { Status::Done } else { Status::Running },
            matched,
            done: 0,
            failed: 0,
            completed_at: is_done.then(edge::now),
            detail: None,
        };
        let places = counted.into_iter().filter(|(_, count)| *count > 0).map(|(place, _)| place).collect();
        let plan = Plan { job, places, shards: recipient.map_or(1, |recipient| recipient.shards) };
        self.store.insert(&operation, &plan)?;
        if !is_done {
            // Should this instance die before it has begun, the alarm does.
            self.state.alarm_at(edge::now().saturating_add(WATCH));
            let inner = self.clone();
            edge::task::spawn(async move { inner.run().await });
        }
        Reply::json(202, &serde_json::json!({"operation": id.with(OPERATION), "matched": matched}))
    }

    /// The subscription that a job is about; none where it is about several, or about one that is gone.
    async fn recipient_of(&self, job: &Job, operator: bool) -> Result<Option<Recipient>, Problem> {
        let Some(id) = job.subscription() else { return Ok(None) };
        // What is the operator's own is not there for anybody else.
        let is_hidden = !operator && Id::parse(SUBSCRIPTION, id).is_some_and(|id| id.place().is_operators());
        let recipient = if is_hidden { None } else { self.recipient(id).await? };
        match job {
            Job::Bulk(bulk) if bulk.kind != crate::operation::Kind::Recover => Ok(recipient),
            _ => recipient.map(Some).ok_or_else(|| Problem::not_found("subscription")),
        }
    }

    /// A subscription as events are delivered to it; none where there is no such subscription.
    pub(super) async fn recipient(&self, id: &str) -> Result<Option<Recipient>, Problem> {
        let Some(id) = Id::parse(SUBSCRIPTION, id) else { return Ok(None) };
        let path = ["/recipient/", &id.with(SUBSCRIPTION)].concat();
        let said = self.env.call("APPLICATION", &self.application, &path, wasm_bindgen::JsValue::NULL).await?;
        match said.status {
            200 => serde_json::from_str(&said.text).map(Some).map_err(|error| Problem::unavailable(error.to_string())),
            404 => Ok(None),
            _ => Err(Problem::unavailable("The application did not answer. Try again.")),
        }
    }

    /// The places that a job has to go to.
    async fn places_of(&self, job: &Job, recipient: Option<&Recipient>) -> Result<Vec<String>, Problem> {
        let texts = |places: &mut dyn Iterator<Item = Place>| places.map(|place| place.as_str().to_owned()).collect();
        if let Job::Bulk(bulk) = job {
            match (&bulk.subscription, recipient, &bulk.source) {
                // No delivery is both a subscription's and a source's.
                (Some(_), _, Some(_)) => return Ok(Vec::new()),
                (Some(id), Some(recipient), None) => {
                    let base = Id::parse(SUBSCRIPTION, id).map(Id::place).into_iter();
                    return Ok(texts(&mut base.flat_map(|base| base.shards(recipient.widest))));
                }
                _ => {}
            }
        }
        let said = self.env.call("APPLICATION", &self.application, "/places", wasm_bindgen::JsValue::NULL).await?;
        if said.status != 200 {
            return Err(Problem::unavailable("The application did not answer. Try again."));
        }
        let held: Vec<Held> =
            serde_json::from_str(&said.text).map_err(|error| Problem::unavailable(error.to_string()))?;
        let is_operators = |held: &Held| Place::parse(&held.place).is_some_and(Place::is_operators);
        let mut found: Vec<String> = match job {
            Job::Bulk(bulk) => {
                let is_meant = |held: &Held| bulk.source.is_none() || bulk.source == held.source;
                // What is the operator's own is meant where it is named, which was seen to above.
                let held = held.into_iter().filter(|held| is_meant(held) && !is_operators(held));
                held.map(|held| held.place).collect()
            }
            Job::Replay(replay) => {
                let to = Id::parse(SUBSCRIPTION, &replay.subscription);
                let to_operators = to.is_some_and(|id| id.place().is_operators());
                let is_meant = |held: &Held| match &replay.from {
                    // What Signet itself has to say goes to the operator's own subscriptions, and nothing else does.
                    _ if is_operators(held) != to_operators => false,
                    Some(from) => held.subscription.as_ref() == Some(from),
                    // What came to a source is a request.
                    None => held.source.is_none(),
                };
                let found: Vec<String> = held.into_iter().filter(is_meant).map(|held| held.place).collect();
                if replay.from.is_some() && found.is_empty() {
                    return Err(Problem::not_found("subscription to replay from"));
                }
                found
            }
        };
        if let Job::Replay(replay) = job
            && replay.from.is_none()
        {
            found.extend(Place::ledger().map(|place| place.as_str().to_owned()));
        }
        Ok(found)
    }

    /// How much there is to do at each place.
    async fn count(
        &self,
        job: &Job,
        id: Id,
        recipient: Option<&Recipient>,
        places: Vec<String>,
    ) -> Result<Vec<(String, u64)>, Problem> {
        let (path, asked) = match (job, recipient) {
            (Job::Bulk(bulk), _) => ("/bulk/count", crate::body::written(&bulk::order(id.as_str(), id.time(), bulk))?),
            (Job::Replay(replay), Some(recipient)) => {
                ("/events/count", crate::body::written(&replay::seek(id, replay, recipient, ""))?)
            }
            (Job::Replay(_), None) => return Ok(Vec::new()),
        };
        let mut counted = Vec::with_capacity(places.len());
        for places in places.chunks(ASKED_TOGETHER) {
            let asking = places.iter().map(|place| self.at_place(class_of(place), place, path, &asked));
            for (place, said) in places.iter().zip(join_all(asking).await) {
                // 404: it is gone, or never was.
                let count = serde_json::from_str(&said?.text).unwrap_or(0);
                counted.push((place.clone(), count));
            }
        }
        Ok(counted)
    }
}

/// Which class of objects a place's is.
pub fn class_of(place: &str) -> &'static str {
    if Place::parse(place).is_some_and(Place::is_ledger) { "LEDGER" } else { "SUBSCRIPTION" }
}
