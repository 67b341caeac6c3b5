//! Ingest: an event comes in, is rendered for everybody who wants it, and is durable before the answer.

use std::collections::HashMap;
use std::rc::Rc;

use futures_util::future::join_all;
use js_sys::Uint8Array;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Answer, Call};
use crate::access::unauthorized;
use crate::edge;
use crate::event::{About, Event, Target, fingerprint};
use crate::id::{DELIVERY, EVENT, Id, Place, SUBSCRIPTION};
use crate::objects::events;
use crate::objects::ledger::Entry;
use crate::objects::subscription::{Append, RENDERED_LIMIT};
use crate::problem::Problem;
use crate::profile::{Facts, Profile, Rendered};
use crate::snapshot::View;
use crate::time::Millis;

/// How many objects are called at once for one event.
const AT_ONCE: usize = 50;

/// A request that was repeated within a day completes what the first one may have left undone. Later it is only
/// answered: the log may have forgotten what was delivered long ago, and would take it for new.
const COMPLETED_WITHIN: Millis = 86_400_000;

/// `POST /v1/events`
pub async fn post(call: Call) -> Result<Answer, Problem> {
    let bytes = call.body.to_vec();
    let now = edge::now();
    let key = call.head.idempotency_key.as_deref();
    let trace = call.head.trace();
    call.head.seen.borrow_mut().trace = trace.as_ref().map(|trace| trace.id().to_owned());
    let event = Event::read(&bytes, key, now, call.gateway.env.rules())?;
    let view = call.gateway.snapshot().await?;

    let mut posting = Posting::plan(&event, &view, now);
    posting.trace = trace.map(|trace| trace.stored());
    // Whatever could refuse the event does so before anything of it is stored.
    let bodies = posting.render_each(&view, &event)?;
    let duplicate = posting.claim(&call, &event, &bytes).await?;
    if !duplicate || now.saturating_sub(posting.core.time()) < COMPLETED_WITHIN {
        posting.append_all(&call, &view, &event, &bodies).await?;
    }
    call.head.seen.borrow_mut().event = Some(posting.core.with(EVENT));
    if !duplicate {
        edge::measure(|metrics| {
            metrics.event();
            metrics.deliveries(posting.targets.len());
        });
    }
    let answer = Accepted { id: &posting.id, deliveries: &posting.targets, duplicate };
    let text = crate::body::written(&answer)?;
    Ok(Answer::json(202, text))
}

/// What the producer is told.
#[derive(Serialize)]
struct Accepted<'a> {
    id: &'a str,
    deliveries: &'a [Target],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

/// The body under each profile, by the profile's name.
type Bodies<'a> = HashMap<&'a str, Rc<Rendered>>;

/// An event on its way to the objects.
struct Posting {
    /// The id that its producer knows.
    id: String,
    /// What its deliveries' ids are made from, and where the event is remembered.
    core: Id,
    is_brought: bool,
    targets: Vec<Target>,
    /// The trace that it is part of, as it is stored.
    trace: Option<String>,
}

impl Posting {
    /// Decides who gets the event, and under which ids.
    fn plan(event: &Event<'_>, view: &View, now: Millis) -> Self {
        let unique = edge::random_id();
        let subscribers = view.snapshot.subscriptions.iter();
        let mut places: Vec<(Place, Option<String>)> = subscribers
            .filter(|subscriber| subscriber.interest.wants(&event.kind, &event.attributes))
            .filter_map(|wanting| {
                let base = Id::parse(SUBSCRIPTION, &wanting.id)?.place();
                let place = Id::new(now, unique, base).sharded(base, wanting.shards).place();
                Some((place, Some(wanting.id.clone())))
            })
            .collect();
        if let Some(url) = &event.webhook_url {
            let host = url.split('/').nth(2).unwrap_or_default();
            places.push((Place::for_host(host), None));
        }
        let home = match (places.first(), &event.id) {
            (Some((home, _)), _) => *home,
            (None, Some(id)) => Place::for_event(id),
            (None, None) => Place::for_event(&unique.to_string()),
        };
        let core = Id::new(now, unique, home);
        let targets = places
            .into_iter()
            .map(|(place, subscription)| Target { id: core.at(place).with(DELIVERY), subscription, source: None })
            .collect();
        let id = event.id.clone().unwrap_or_else(|| core.with(EVENT));
        Posting { id, core, is_brought: event.id.is_some(), targets, trace: None }
    }

    /// Remembers an id that the producer chose, so that it is never sent twice, and an event that nobody wants, so that
    /// it can be read again. Answers whether the id was accepted before; then this is that posting again.
    async fn claim(&mut self, call: &Call, event: &Event<'_>, bytes: &[u8]) -> Result<bool, Problem> {
        if !self.is_brought && !self.targets.is_empty() {
            return Ok(false);
        }
        let view = || self.about(event).view(&self.id, &event.kind, event.data, self.core.time());
        let entry = Entry {
            id: self.id.clone(),
            core: self.core.as_str().to_owned(),
            fingerprint: if self.is_brought { fingerprint(bytes) } else { String::new() },
            key: call.caller.key().map(str::to_owned),
            targets: self.targets.clone(),
            event: self.targets.is_empty().then(view),
        };
        let text = crate::body::written(&entry)?;
        let place = if self.targets.is_empty() { self.core.place() } else { Place::for_event(&self.id) };
        let said = call.gateway.object("LEDGER", place.as_str(), "/claim", text.as_str()).await?;
        let unreadable = || Problem::unavailable("The ledger can't be read.");
        match said.status {
            201 => return Ok(false),
            200 => {}
            // The key was revoked, and what was read of it here is older than that.
            401 => return Err(unauthorized()),
            _ => return Err(Problem::unavailable("The ledger refused. Try again.")),
        }
        let known: Entry = serde_json::from_str(&said.text).map_err(|_| unreadable())?;
        if known.fingerprint != entry.fingerprint {
            let detail = "An event with this id and another body was accepted before.";
            return Err(Problem::new(409, "id_conflict", detail));
        }
        self.core = Id::parse_bare(&known.core).ok_or_else(unreadable)?;
        self.targets = known.targets;
        Ok(true)
    }

    /// What is remembered of the event beside its type and data.
    fn about(&self, event: &Event<'_>) -> About {
        About {
            occurred_at: self.occurred_at(event),
            attributes: event.attributes.clone(),
            deliveries: self.targets.clone(),
            request: None,
        }
    }

    fn occurred_at(&self, event: &Event<'_>) -> Millis {
        event.occurred_at.unwrap_or(self.core.time())
    }

    /// The body under each profile that is asked for.
    fn render_each<'a>(&self, view: &'a View, event: &Event<'_>) -> Result<Bodies<'a>, Problem> {
        let mut bodies = Bodies::new();
        for target in &self.targets {
            if let Some(profile) = self.profile(view, target)
                && !bodies.contains_key(profile.name.as_str())
            {
                bodies.insert(&profile.name, Rc::new(self.render(profile, event, target)?));
            }
        }
        Ok(bodies)
    }

    /// Appends every delivery. The answer of each object means durable.
    async fn append_all(
        &self,
        call: &Call,
        view: &View,
        event: &Event<'_>,
        bodies: &Bodies<'_>,
    ) -> Result<(), Problem> {
        let remembered = to_raw_value(&self.about(event)).map_err(|error| Problem::unavailable(error.to_string()))?;
        for (chunk_at, chunk) in self.targets.chunks(AT_ONCE).enumerate() {
            let mut frames = Vec::with_capacity(chunk.len());
            for (at, target) in chunk.iter().enumerate() {
                let Some(profile) = self.profile(view, target) else {
                    continue;
                };
                let rendered = match bodies.get(profile.name.as_str()) {
                    Some(body) if !profile.body.is_per_delivery() => body.clone(),
                    _ => Rc::new(self.render(profile, event, target)?),
                };
                // The first of them remembers the event for all.
                let about = (chunk_at == 0 && at == 0).then_some(&*remembered);
                let Some(id) = Id::parse(DELIVERY, &target.id) else {
                    continue;
                };
                frames.push((id, self.frame(id, event, target, &rendered, about, call.caller.key())?));
            }
            let calls = frames.iter().map(|(id, frame)| {
                let place = id.place();
                async move { call.gateway.object("SUBSCRIPTION", place.as_str(), "/append", frame).await }
            });
            for said in join_all(calls).await {
                // 404: the subscription was never there, or all of it is gone; there is nobody to deliver to.
                let said = said?;
                // The key was revoked, and what was read of it here is older than that.
                if said.status == 401 {
                    return Err(unauthorized());
                }
                if !matches!(said.status, 204 | 404) {
                    return Err(Problem::unavailable("The event is not stored as a whole. Send it again, with an id."));
                }
            }
        }
        Ok(())
    }

    /// The profile of a target; none for a subscription that was deleted since an event was first posted.
    fn profile<'a>(&self, view: &'a View, target: &Target) -> Option<&'a Profile> {
        match &target.subscription {
            None => view.profile(&view.snapshot.profile),
            Some(id) => {
                let subscriber = view.snapshot.subscriptions.iter().find(|subscriber| subscriber.id == *id)?;
                view.profile(&subscriber.profile)
            }
        }
    }

    fn render(&self, profile: &Profile, event: &Event<'_>, target: &Target) -> Result<Rendered, Problem> {
        let facts = Facts {
            event_id: &self.id,
            event_type: &event.kind,
            occurred_at: self.occurred_at(event),
            data: event.data,
            delivery_id: &target.id,
            subscription_id: target.subscription.as_deref().unwrap_or_default(),
        };
        profile.render(&facts, RENDERED_LIMIT)
    }

    fn frame(
        &self,
        id: Id,
        event: &Event<'_>,
        target: &Target,
        rendered: &Rendered,
        about: Option<&RawValue>,
        key: Option<&str>,
    ) -> Result<Uint8Array, Problem> {
        let spare = if about.is_some() && rendered.data.is_none() { event.data.get().as_bytes() } else { &[] };
        let head = Append {
            id: id.as_str(),
            kind: &event.kind,
            event: (self.is_brought || id != self.core).then(|| self.id.clone()),
            url: if target.subscription.is_none() { event.webhook_url.clone() } else { None },
            not_before: event.deliver_at,
            queued: false,
            mark: None,
            key,
            trace: self.trace.clone(),
            operation: None,
            length: rendered.bytes.len(),
            data: rendered.data,
            about,
        };
        let mut frame = serde_json::to_vec(&head).map_err(|error| Problem::unavailable(error.to_string()))?;
        frame.push(b'\n');
        frame.extend_from_slice(&rendered.bytes);
        frame.extend_from_slice(spare);
        Ok(Uint8Array::from(frame.as_slice()))
    }
}

/// `GET /v1/events/{id}`
pub async fn get(call: Call) -> Result<Answer, Problem> {
    let found =
        events::find(&call.gateway.env, &call.gateway.application, call.param(0), |place| call.caller.sees(place))
            .await?;
    found.map(|event| Answer::json(200, event)).ok_or_else(|| Problem::not_found("event"))
}
