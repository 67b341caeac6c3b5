//! The history of deliveries, wherever it lies.

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use super::{Answer, Call, management};
use crate::delivery::{Health, Stage};
use crate::edge;
use crate::id::{DELIVERY, EVENT, Id, KEY, Place, SOURCE, SUBSCRIPTION};
use crate::objects::application::Held;
use crate::objects::events;
use crate::objects::subscription::Query;
use crate::page::{Merged, Page, Soonest};
use crate::problem::Problem;

/// How many objects are asked at once for one answer.
pub(super) const AT_ONCE: usize = 50;

/// `GET /v1/deliveries`: each object's newest, or soonest, merged.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let known = ["status", "subscription", "source", "event", "type", "since", "until", "scheduled", "retrying"];
    let page = Page::read(call.query(), &known)?;
    let mut merged = Merged::new(page.limit);
    let mut soonest = Soonest::new(page.limit);
    let Some(query) = read_query(&call, &page).await? else {
        return Ok(Answer::json(200, merged.answer()));
    };
    let text = crate::body::written(&query)?;
    let places = whereabouts(&call, &page).await?;
    for places in places.chunks(AT_ONCE) {
        let asked = places.iter().map(|place| call.gateway.object("SUBSCRIPTION", place, "/list", text.as_str()));
        for said in join_all(asked).await {
            let part: Part = serde_json::from_str(&said?.text).map_err(|_| silent())?;
            let items = part.items.into_iter().filter_map(named);
            match query.retrying {
                true => items.for_each(|(named, item)| soonest.add(named.next_attempt_at.unwrap_or_default(), item)),
                false => merged.add(items.map(|(named, item)| (named.id, item)), part.seen),
            }
        }
    }
    Ok(Answer::json(200, if query.retrying { soonest.answer() } else { merged.answer() }))
}

/// What an object has for a list.
#[derive(Deserialize)]
struct Part {
    items: Vec<Box<RawValue>>,
    seen: Option<String>,
}

/// Without one of them the answer would leave something out.
pub(super) fn silent() -> Problem {
    Problem::unavailable("A part of the gateway did not answer. Try again.")
}

/// What an item is put in its place by.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    id: String,
    next_attempt_at: Option<String>,
}

fn named(item: Box<RawValue>) -> Option<(Named, String)> {
    let named = serde_json::from_str(item.get()).ok()?;
    Some((named, String::from(Box::<str>::from(item))))
}

/// What each object is asked for; `None` where nothing can match.
async fn read_query(call: &Call, page: &Page<'_>) -> Result<Option<Query>, Problem> {
    let stages = match page.get("status") {
        None => None,
        Some(status) => Some(
            Stage::of_status(status)
                .ok_or_else(|| Problem::query("status", "must be pending, delivered, failed or cancelled"))?,
        ),
    };
    let retrying = is_set(page, "retrying")?;
    if retrying {
        page.alone_with("retrying", &["subscription", "source"])?;
    }
    let scheduled = is_set(page, "scheduled")?.then(edge::now);
    if scheduled.is_some() && stages.is_some_and(|stages| !stages.contains(&Stage::Due)) {
        return Ok(None);
    }
    let bare = |id: Id| id.as_str().to_owned();
    let from = page.time("since")?.map(|since| bare(Id::floor(since)));
    let until = page.time("until")?.map(|until| bare(Id::floor(until.saturating_add(1))));
    let cursor = page.below("")?;
    let below = match until {
        Some(until) if until < cursor => until,
        _ => cursor,
    };
    let only = match page.get("event") {
        None => None,
        Some(event) => match core_of(call, event).await? {
            Some(core) => core.as_str().get(..22).map(str::to_owned),
            None => return Ok(None),
        },
    };
    Ok(Some(Query {
        below: Some(below),
        from,
        only,
        event: page.get("event").map(str::to_owned),
        stages: stages.map(|stages| stages.iter().map(|stage| *stage as u8).collect()),
        kind: page.get("type").map(str::to_owned),
        scheduled,
        retrying,
        limit: page.limit.saturating_add(1),
    }))
}

fn is_set(page: &Page<'_>, name: &str) -> Result<bool, Problem> {
    match page.get(name) {
        None => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::query(name, "can only be true")),
    }
}

/// The characters that an event's deliveries are made from.
pub(super) async fn core_of(call: &Call, event: &str) -> Result<Option<Id>, Problem> {
    let gateway = &call.gateway;
    if let Some(entry) = events::recall(&gateway.env, &gateway.application, Place::for_event(event), event).await? {
        return Ok(Id::parse_bare(&entry.core));
    }
    Ok(Id::parse(EVENT, event))
}

/// Where to look, as far as the caller may.
async fn whereabouts(call: &Call, page: &Page<'_>) -> Result<Vec<String>, Problem> {
    let mut places = places_asked_for(call, page).await?;
    places.retain(|place| Place::parse(place).is_none_or(|place| call.caller.sees(place)));
    Ok(places)
}

async fn places_asked_for(call: &Call, page: &Page<'_>) -> Result<Vec<String>, Problem> {
    let named: Vec<Option<Id>> = [("subscription", SUBSCRIPTION), ("source", SOURCE)]
        .into_iter()
        .filter_map(|(name, prefix)| page.get(name).map(|id| Id::parse(prefix, id)))
        .collect();
    match named.as_slice() {
        [] => {}
        [Some(id)] if page.get("source").is_some() => return Ok(vec![id.place().as_str().to_owned()]),
        [Some(id)] => return asked_places(call, &[id.with(SUBSCRIPTION).as_str(), "/ever"].concat()).await,
        // No delivery is both a subscription's and a source's.
        _ => return Ok(Vec::new()),
    }
    Ok(held(call).await?.into_iter().map(|held| held.place).collect())
}

/// Every object that holds deliveries, as far as the caller may know of it.
pub(super) async fn held(call: &Call) -> Result<Vec<Held>, Problem> {
    let said = call.gateway.ask("/places").await?;
    // Where nothing was ever made there is nothing.
    let mut held: Vec<Held> = match said.status {
        404 => Vec::new(),
        _ => serde_json::from_str(&said.text).map_err(|_| silent())?,
    };
    held.retain(|held| Place::parse(&held.place).is_none_or(|place| call.caller.sees(place)));
    Ok(held)
}

/// Every object that may hold deliveries of a subscription, the first of its shards first.
pub async fn places(call: &Call, subscription: &str) -> Result<Vec<String>, Problem> {
    let id = Id::parse(SUBSCRIPTION, subscription).ok_or_else(|| Problem::not_found("subscription"))?;
    match asked_places(call, &id.with(SUBSCRIPTION)).await? {
        places if places.is_empty() => Err(Problem::not_found("subscription")),
        places => Ok(places),
    }
}

/// What the application says of a subscription's places; none where it knows no such subscription.
async fn asked_places(call: &Call, which: &str) -> Result<Vec<String>, Problem> {
    let said = call.gateway.ask(&["/places/", which].concat()).await?;
    match said.status {
        404 => Ok(Vec::new()),
        _ => serde_json::from_str(&said.text)
            .map_err(|_| Problem::unavailable("The application did not answer. Try again.")),
    }
}

/// `GET /v1/deliveries/{id}`
pub async fn get(call: Call) -> Result<Answer, Problem> {
    one("get", call, JsValue::NULL).await
}

/// `GET /v1/deliveries/{id}/request`: what an attempt made now would send.
pub async fn request(call: Call) -> Result<Answer, Problem> {
    let caller = crate::body::written(&call.caller)?;
    one("request", call, caller.into()).await
}

/// `POST /v1/deliveries/{id}/retry`
pub async fn retry(call: Call) -> Result<Answer, Problem> {
    one("retry", call, JsValue::NULL).await
}

/// `POST /v1/deliveries/{id}/cancel`
pub async fn cancel(call: Call) -> Result<Answer, Problem> {
    one("cancel", call, JsValue::NULL).await
}

/// A call about one delivery, answered where it lies.
async fn one(what: &str, call: Call, body: JsValue) -> Result<Answer, Problem> {
    let id = Id::parse(DELIVERY, call.param(0)).ok_or_else(|| Problem::not_found("delivery"))?;
    let path = ["/", what, "/", id.as_str()].concat();
    management::said(call.gateway.object("SUBSCRIPTION", id.place().as_str(), &path, body).await?)
}

/// `POST /v1/subscriptions/{id}/test`
pub async fn test(call: Call) -> Result<Answer, Problem> {
    let id = call.param(0).to_owned();
    test_of(&id, call).await
}

/// `POST /v1/api-keys/{id}/webhook/test`
pub async fn test_of_key(call: Call) -> Result<Answer, Problem> {
    #[derive(Deserialize)]
    struct Key {
        subscription: Option<String>,
    }
    // An id, and not the rest of a path to somewhere else.
    let id = Id::parse(KEY, call.param(0)).ok_or_else(|| Problem::not_found("key"))?;
    let said = call.gateway.ask(&["/GET/api-keys/", &id.with(KEY)].concat()).await?;
    if said.status != 200 {
        return management::said(said);
    }
    let key: Option<Key> = serde_json::from_str(&said.text).ok();
    let id = key.and_then(|key| key.subscription).ok_or_else(|| Problem::not_found("webhook of this key"))?;
    test_of(&id, call).await
}

async fn test_of(subscription: &str, call: Call) -> Result<Answer, Problem> {
    let places = places(&call, subscription).await?;
    let place = places.first().map(String::as_str).unwrap_or_default();
    let name = [&call.gateway.application, "/", place].concat();
    management::said(call.gateway.env.call_once("SUBSCRIPTION", &name, "/test", &call.body).await?)
}

/// `GET /v1/subscriptions/{id}/health`: the worst of the objects that share its deliveries.
pub async fn health(call: Call) -> Result<Answer, Problem> {
    let subscription = call.param(0);
    let places = places(&call, subscription).await?;
    let asked = places.iter().map(|place| call.gateway.object("SUBSCRIPTION", place, "/health", JsValue::NULL));
    let mut health = Health::default();
    for said in join_all(asked).await {
        let said = said?;
        match serde_json::from_str::<Health>(&said.text) {
            Ok(one) if said.status == 200 => health = health.and(one),
            _ => return management::said(said),
        }
    }
    Ok(Answer::json(200, crate::body::written(&health.view(subscription))?))
}
