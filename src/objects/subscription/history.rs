//! What people ask of the log: lists, single deliveries, another attempt, an end.

use std::rc::Rc;

use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::log::{Query, Row};
use super::{Inner, WATCH};
use crate::access::{Caller, Scope};
use crate::delivery::{Health, Job, Stage, Trigger};
use crate::edge;
use crate::id::{DELIVERY, Id};
use crate::objects::{Outcome, Reply, storage};
use crate::problem::Problem;
use crate::seen::Notice;
use crate::stats::Parts;
use crate::subscription::{Destination, Prepared, Status};
use crate::time::rfc3339;

impl Inner {
    pub(super) fn list(&self, body: &[u8]) -> Outcome {
        let query: Query = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let mut listed = self.log.list(&query).map_err(storage)?;
        self.log.add_replays(&query, &mut listed).map_err(storage)?;
        let destination = self.destination();
        let items = listed.rows.iter().map(|row| row.view(destination.as_ref())).collect();
        Reply::ok(&Part { items, seen: listed.seen.as_deref() })
    }

    pub(super) fn get(&self, id: &str) -> Outcome {
        let id = Id::parse_bare(id).ok_or_else(|| Problem::not_found("delivery"))?;
        let row = self.log.whole(id).map_err(storage)?.ok_or_else(|| Problem::not_found("delivery"))?;
        Reply::ok(&row.view_whole(self.destination().as_ref()))
    }

    pub(super) fn event(&self, id: &str) -> Outcome {
        let id = Id::parse_bare(id).ok_or_else(|| Problem::not_found("event"))?;
        if let Some(event) = self.log.event(id).map_err(storage)? {
            return Ok(Reply::Json(200, event));
        }
        let is_known = self.log.find(id).map_err(storage)?.is_some();
        match is_known && !self.log.has_payload(id).map_err(storage)? {
            true => Err(Problem::payload_expired(404)),
            false => Err(Problem::not_found("event")),
        }
    }

    /// `POST /stats/{since}/{until}/{interval}/{health}`: how the deliveries of that time went, and how the destination does,
    /// if that is asked for; with an id in the body, those from there on.
    pub(super) fn stats(&self, parts: [&str; 3], health: bool, from: &[u8]) -> Outcome {
        let parts = Parts::restore(parts).ok_or_else(|| Problem::not_found("call"))?;
        let now = edge::now();
        let counted = self.log.count(parts, &String::from_utf8_lossy(from), now).map_err(storage)?;
        let health = if health { Some(self.condition(now)?) } else { None };
        Reply::ok(&Counted { series: counted.series.stored(), next: counted.next, health })
    }

    /// The destination as far as it is known here, for what is shown.
    fn destination(&self) -> Option<Destination> {
        if let Some(known) = &self.memory.borrow().prepared {
            return Some(known.destination.clone());
        }
        self.env.vault().look(&self.log.read("destination").ok()??, &self.name).ok()
    }

    /// `POST /request/{id}`: what an attempt made now would send, as the caller in the body may see it.
    pub(super) async fn request(&self, id: &str, body: &[u8]) -> Outcome {
        let id = Id::parse_bare(id).ok_or_else(|| Problem::not_found("delivery"))?;
        let caller: Caller = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let row = self.log.whole(id).map_err(storage)?.ok_or_else(|| Problem::not_found("delivery"))?;
        let prepared = self.prepared().await?;
        refuse_deleted(&prepared)?;
        let Some(body) = row.body.as_ref().map(Uint8Array::to_vec) else {
            return Err(Problem::payload_expired(409));
        };
        self.check(&prepared)?;
        let received = self.request_of(&row, Trigger::Manual)?;
        let outgoing = row.outgoing(received.as_ref(), &prepared, &body, edge::now()).map_err(|_| {
            Problem::new(409, "blocked_address", "Nothing would be sent: deliveries may not go to this URL.")
        })?;
        if received.is_some() && caller.scopes().has(Scope::SecretsRead) {
            let delivery = row.id.with(DELIVERY);
            let (application, key) = (self.address().0, caller.name());
            edge::put(&Notice { what: "secret_read", application, key, id: &delivery }, true);
        }
        Reply::ok(&prepared.shown(&outgoing, &body, caller.scopes()))
    }

    fn row(&self, id: &str) -> Result<Row, Problem> {
        let id = Id::parse_bare(id).ok_or_else(|| Problem::not_found("delivery"))?;
        self.log.find(id).map_err(storage)?.ok_or_else(|| Problem::not_found("delivery"))
    }

    pub(super) async fn retry(self: &Rc<Self>, id: &str) -> Outcome {
        let row = self.row(id)?;
        let prepared = self.prepared().await?;
        refuse_deleted(&prepared)?;
        if !self.log.has_payload(row.id).map_err(storage)? {
            return Err(Problem::payload_expired(409));
        }
        self.log.ask(row.id).map_err(storage)?;
        self.wake_at(edge::now().saturating_add(WATCH));
        let lane = self.lane(row.url.as_deref());
        self.enqueue(Job { id: row.id, trigger: Trigger::Manual, lane, in_hand: None });
        Reply::json(202, &row.view(Some(&prepared.destination)))
    }

    pub(super) async fn cancel(self: &Rc<Self>, id: &str) -> Outcome {
        let mut row = self.row(id)?;
        if row.progress.stage != Stage::Cancelled && !self.end(&mut row).await? {
            let detail = format!("The delivery is {} already.", row.progress.stage.status());
            return Err(Problem::new(409, "not_pending", detail));
        }
        Reply::ok(&row.view(self.destination().as_ref()))
    }

    /// `POST /call-off` with a delivery's id: 200 where it was pending, 204 where it had ended.
    pub(super) async fn call_off(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let mut row = self.row(std::str::from_utf8(body).unwrap_or_default())?;
        Ok(if self.end(&mut row).await? { Reply::Json(200, String::new()) } else { Reply::Done })
    }

    /// Calls off a delivery. Whether it was pending.
    async fn end(self: &Rc<Self>, row: &mut Row) -> Result<bool, Problem> {
        let before = row.progress;
        let Some(cancelled) = before.cancel(edge::now()) else { return Ok(false) };
        row.progress = cancelled;
        self.log.advance(row.id, &cancelled).map_err(storage)?;
        self.close_up();
        if before.stage == Stage::Waiting {
            self.disarm_far(row.id, before.next_at).await;
        }
        Ok(true)
    }
}

/// What is deleted has no attempts any more.
fn refuse_deleted(prepared: &Prepared) -> Result<(), Problem> {
    match prepared.destination.status {
        Status::Deleted => Err(Problem::new(409, "subscription_deleted", "The subscription of this delivery is gone.")),
        _ => Ok(()),
    }
}

impl Row {
    /// As a list shows it.
    pub fn view<'a>(&'a self, destination: Option<&'a Destination>) -> View<'a> {
        let progress = &self.progress;
        let next_at = match progress.stage {
            Stage::Fresh | Stage::Due => Some(progress.next_at.unwrap_or_else(|| self.id.time())),
            Stage::Waiting => progress.next_at,
            _ => None,
        };
        View {
            id: self.id.with(DELIVERY),
            event: EventView { id: self.event_id(), kind: &self.kind },
            subscription: destination.and_then(|destination| destination.subscription.as_deref()),
            source: destination.and_then(|destination| destination.source.as_ref()).map(|source| source.id.as_str()),
            url: self.url.as_deref().or(destination.and_then(|destination| destination.url.as_deref())),
            status: progress.stage.status(),
            attempt_count: progress.count,
            max_attempts: self.planned,
            next_attempt_at: next_at.map(rfc3339),
            created_at: rfc3339(self.id.time()),
            completed_at: progress.completed_at.map(rfc3339),
            payload: None,
            attempts: None,
        }
    }

    /// As it is shown alone.
    pub fn view_whole<'a>(&'a self, destination: Option<&'a Destination>) -> View<'a> {
        let body = self.body.as_ref().map(|body| String::from_utf8_lossy(&body.to_vec()).into_owned());
        let attempts = self.attempts.clone().unwrap_or_else(|| "[]".into());
        View { payload: Some(body), attempts: RawValue::from_string(attempts).ok(), ..self.view(destination) }
    }
}

/// What an object has for a list.
#[derive(Serialize)]
struct Part<'a> {
    /// Its newest.
    items: Vec<View<'a>>,
    /// The id down to which it has looked, where there may be more below.
    seen: Option<&'a str>,
}

/// What an object has counted.
#[derive(Serialize, Deserialize)]
pub struct Counted {
    /// The parts, as they are sent.
    pub series: String,
    /// From where on to ask again, where that is not all.
    pub next: Option<String>,
    /// How the destination does, for who asked.
    pub health: Option<Health>,
}

/// A delivery as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    id: String,
    event: EventView<'a>,
    subscription: Option<&'a str>,
    source: Option<&'a str>,
    url: Option<&'a str>,
    status: &'static str,
    attempt_count: u32,
    max_attempts: u32,
    next_attempt_at: Option<String>,
    created_at: String,
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct EventView<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
}
