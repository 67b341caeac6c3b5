//! Ingest: an event comes in, is rendered for everybody who wants it, and is durable before the answer.

mod dispatch;
mod storing;

use serde::{Deserialize, Serialize};

use self::dispatch::Outgoing;
use self::storing::{Item, Storing};
use super::{Answer, Call};
use crate::edge;
use crate::event::batch::{Budget, Form, Key};
use crate::event::posting::{Posting, Setting};
use crate::event::{Event, MAX_EVENT, MAX_TARGETS, Target};
use crate::id::{DELIVERY, Id, Place};
use crate::objects::events;
use crate::problem::Problem;
use crate::trace::Trace;

/// How much of a batch is in memory at the same time, rendered, in bytes.
const WAVE: usize = 16 * 1024 * 1024;
/// How much a batch may write, in bytes, all its deliveries together.
const VOLUME: usize = 64 * 1024 * 1024;

/// `POST /v1/events`
pub async fn post(call: Call) -> Result<Answer, Problem> {
    let bytes = call.body.to_vec();
    let now = edge::now();
    let trace = trace(&call);
    let event = Event::read(&bytes, call.head.idempotency_key.as_deref(), now, call.gateway.env.rules())?;
    let view = call.gateway.snapshot().await?;
    let completes = call.gateway.env.settings().retention.completes();
    let setting = Setting { view: &view, key: call.caller.key(), trace: trace.as_deref(), now, completes };
    let posting = Posting::plan(setting, event, &bytes, edge::random_id())?;
    let mut item = Item { posting, refused: None };
    Storing::new(&call.gateway).store(std::slice::from_mut(&mut item)).await?;
    if let Some(problem) = item.refused {
        return Err(problem);
    }
    call.head.seen.borrow_mut().event = Some(item.posting.event());
    Ok(Answer::json(202, item.posting.answer()?))
}

/// `POST /v1/events/batch`
pub async fn post_all(call: Call) -> Result<Answer, Problem> {
    let kind = call.request.headers().get("content-type").ok().flatten().unwrap_or_default();
    let key = Key::read(call.head.idempotency_key.as_deref())?;
    let bytes = call.body.to_vec();
    let texts = Form::named(&kind).split(&bytes)?;
    let (now, rules, trace) = (edge::now(), call.gateway.env.rules(), trace(&call));
    let view = call.gateway.snapshot().await?;
    let completes = call.gateway.env.settings().retention.completes();
    let setting = Setting { view: &view, key: call.caller.key(), trace: trace.as_deref(), now, completes };
    // Of one time, their ids sort by what is random in them: so that they sort as they came.
    let mut uniques: Vec<u64> = texts.iter().map(|_| edge::random_id()).collect();
    uniques.sort_unstable();

    let mut batch = Batch { storing: Storing::new(&call.gateway), results: Vec::new(), wave: Vec::new() };
    let mut budget = Budget::new(MAX_TARGETS, VOLUME);
    let mut weight = 0usize;
    for (number, (text, unique)) in texts.into_iter().zip(uniques).enumerate() {
        let id = key.of(number);
        let planned = match text.len() > MAX_EVENT {
            true => Err(Problem::too_large(MAX_EVENT)),
            false => Event::read(text, id.as_deref(), now, rules)
                .and_then(|event| Posting::plan(setting, event, text, unique))
                .and_then(|posting| budget.take(posting.deliveries(), posting.volume()).map(|()| posting)),
        };
        let size = planned.as_ref().map_or(0, Posting::weight);
        if weight.saturating_add(size) > WAVE {
            batch.store().await?;
            weight = 0;
        }
        weight = weight.saturating_add(size);
        batch.wave.push(planned.map(|posting| Item { posting, refused: None }));
    }
    batch.store().await?;
    Ok(Answer::json(202, format!("{{\"results\":[{}]}}", batch.results.join(","))))
}

/// The trace that a call is part of, as it is stored.
fn trace(call: &Call) -> Option<String> {
    let trace = call.head.trace();
    call.head.seen.borrow_mut().trace = trace.as_ref().map(|trace| trace.id().to_owned());
    trace.as_ref().map(Trace::stored)
}

/// A batch on its way: what became of its first events, and those that come next.
struct Batch<'c, 'a> {
    storing: Storing<'c>,
    results: Vec<String>,
    wave: Vec<Result<Item<'a>, Problem>>,
}

impl Batch<'_, '_> {
    /// Stores what is in memory, and makes room.
    async fn store(&mut self) -> Result<(), Problem> {
        let (mut items, mut order) = (Vec::new(), Vec::with_capacity(self.wave.len()));
        for planned in std::mem::take(&mut self.wave) {
            order.push(planned.map(|item| items.push(item)));
        }
        self.storing.store(&mut items).await?;
        let mut items = items.into_iter();
        for planned in order {
            let result = planned.and_then(|()| match items.next() {
                Some(Item { posting, refused: None }) => posting.answer(),
                Some(Item { refused: Some(problem), .. }) => Err(problem),
                None => Err(Problem::unavailable("The event is not stored.")),
            });
            self.results.push(result.unwrap_or_else(|problem| problem.to_json()));
        }
        Ok(())
    }
}

/// `GET /v1/events/{id}`
pub async fn get(call: Call) -> Result<Answer, Problem> {
    let (env, application) = (&call.gateway.env, &call.gateway.application);
    let found = events::look(env, application, call.param(0), |place| call.caller.sees(place)).await?;
    found.known().map(|event| Answer::json(200, event))
}

/// `POST /v1/events/{id}/cancel`: calls off what is still pending, wherever it lies.
pub async fn cancel(call: Call) -> Result<Answer, Problem> {
    #[derive(Deserialize)]
    struct Sent {
        deliveries: Vec<Target>,
    }
    #[derive(Serialize)]
    struct Cancelled<'a> {
        id: &'a str,
        cancelled: usize,
        ended: usize,
    }
    let (env, application, id) = (&call.gateway.env, &call.gateway.application, call.param(0));
    let targets = match events::find(env, application, id, |place| call.caller.sees(place)).await? {
        Some(event) => serde_json::from_str::<Sent>(&event).map(|sent| sent.deliveries).unwrap_or_default(),
        // One that was not stored as a whole: the ledger knows it, whoever was to remember it does not.
        None => match events::recall(env, application, Place::for_event(id), id).await? {
            Some(entry) => entry.targets,
            None => return Err(Problem::not_found("event")),
        },
    };
    let ids: Vec<Id> = targets.iter().filter_map(|target| Id::parse(DELIVERY, &target.id)).collect();
    let calls: Vec<Outgoing<'_>> =
        ids.iter().map(|id| Outgoing { place: id.place(), parts: vec![id.as_str().as_bytes()] }).collect();
    let statuses = dispatch::call_all(&call.gateway, "/call-off", &calls).await;
    let count = |which: fn(u16) -> bool| statuses.iter().filter(|status| which(**status)).count();
    if count(|status| !matches!(status, 200 | 204 | 404)) > 0 {
        return Err(Problem::unavailable("Not all of its deliveries could be called off. Try again."));
    }
    let cancelled = count(|status| status == 200);
    let ended = statuses.len().saturating_sub(cancelled);
    let text = crate::body::written(&Cancelled { id: call.param(0), cancelled, ended })?;
    Ok(Answer::json(200, text))
}
