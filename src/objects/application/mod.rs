//! The object of an application: the only writer of its subscriptions, its sources, its profiles and what KV knows of
//! them.
//!
//! A change is stored, pushed to the objects that it concerns, and only then answered, so that their next attempt obeys.
//! The snapshot follows: the answer carries its version, by which the Worker that made the change knows that what KV
//! says is too old and asks here instead; other places see the change when KV does, within a minute.

mod keys;
mod lifecycle;
mod lookup;
mod notices;
mod profiles;
mod reseal;
mod routes;
mod sources;
mod store;
mod subscriptions;
mod sweep;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use futures_util::future::join_all;
use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::outbox::Outbox;
use super::{Outcome, Reply, answering, steps};
use crate::access::{Caller, Grant, Scopes};
use crate::edge::{self, Env, State};
use crate::id::Place;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::seen::Notice;
use crate::subscription::{Context, Destination, Pace, ProfileRef, Secrets, Status};
use crate::time::{Millis, rfc3339};
use store::{Routed, Store};

pub use keys::{REVOKED_FOR, Shown};
pub use store::Held;

/// KV takes one write a second for a key.
const PUBLISH_EVERY: Millis = 1_100;

/// How soon it is tried again to clear away what is too old.
const TRY_AGAIN: Millis = 30_000;

/// How many objects are told of a change at the same time.
const TOLD_TOGETHER: usize = 25;

/// How many objects one alarm tells of a change.
const PUSHED_AT_ONCE: u32 = 100;

struct Inner {
    state: State,
    env: Env,
    name: String,
    store: Store,
    outbox: Rc<Outbox>,
    publishing: RefCell<bool>,
    /// Sources that are being written to KV.
    publishing_sources: RefCell<HashSet<String>>,
    /// Routes that are being claimed.
    claiming: RefCell<Vec<Routed>>,
    /// When the alarm rings, as far as this instance has set it.
    alarm: Cell<Option<Millis>>,
    /// Whether this instance has seen to it that an alarm stands.
    minded: Cell<bool>,
    /// Until when somebody may be at work who deletes the application.
    ending_until: Cell<Millis>,
    /// Nothing is left: what comes late must not begin anew.
    is_gone: Cell<bool>,
}

/// The object.
#[wasm_bindgen]
pub struct Application(Rc<Inner>);

#[wasm_bindgen]
impl Application {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        let name = state.own_name();
        let store = Store::new(state.open(), env.vault(), name.clone());
        let outbox = Outbox::new(state.open());
        Application(Rc::new(Inner {
            state,
            env,
            name,
            store,
            outbox,
            publishing: RefCell::default(),
            publishing_sources: RefCell::default(),
            claiming: RefCell::default(),
            alarm: Cell::default(),
            minded: Cell::default(),
            ending_until: Cell::default(),
            is_gone: Cell::default(),
        }))
    }

    /// A call from the Worker (`/METHOD/path…`), or from an object of this application.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let body = edge::call_body(&request).await?.to_vec();
            let (path, query) = edge::target(&url);
            let outcome = inner.answer(&steps(path), query, &body).await;
            if let Err(problem) = inner.mind() {
                edge::log_problem("mind", &problem);
            }
            outcome
        })
    }

    /// The alarm: something was not pushed or published yet, or it is time to clear away what is too old.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            inner.alarm.set(None);
            inner.catch_up().await;
            JsValue::UNDEFINED
        })
    }
}

impl Inner {
    async fn answer(self: &Rc<Self>, steps: &[&str], query: &str, body: &[u8]) -> Outcome {
        if let ["create"] = steps {
            return self.create(body).await;
        }
        if let ["bury"] = steps {
            return self.is_to_be_buried();
        }
        if !self.exists()? {
            return Err(Problem::not_found("application"));
        }
        self.store.create()?;
        match steps {
            ["caller"] => self.caller(body),
            ["snapshot"] => Ok(Reply::Json(200, self.snapshot()?)),
            ["places"] => Reply::ok(&self.store.places()?),
            ["places", id] => self.places_of(id, false),
            ["places", id, "ever"] => self.places_of(id, true),
            ["recipient", id] => self.recipient(id),
            ["destination", place] => self.tell_destination(place),
            ["report", place] => self.hear(place, body).await,
            ["source", id] => self.whole_source(id),
            ["reseal"] => self.reseal().await,
            ["missing-keys"] => Reply::ok(&self.missing_keys()?),
            ["learn", id] => self.learn(id, &String::from_utf8_lossy(body)).await,

            ["GET", "applications", _] => Reply::ok(&self.settings()?.view()),
            ["PATCH", "applications", _] => self.patch(body).await,
            ["DELETE", "applications", _] => self.delete().await,
            ["POST", "applications", _, "rotate-secret"] => self.rotate(body).await,

            ["POST", "api-keys"] => self.create_key(query, body).await,
            ["GET", "api-keys"] => self.list_keys(query),
            ["GET", "api-keys", id] => self.get_key(id),
            ["DELETE", "api-keys", id] => self.delete_key(id).await,
            ["POST", "portal-links"] => self.create_link(query, body).await,

            ["POST", "subscriptions"] => self.create_subscription(query, body).await,
            ["GET", "subscriptions"] => self.list_subscriptions(query),
            ["GET", "subscriptions", id] => self.get_subscription(id),
            ["PATCH", "subscriptions", id] => self.patch_subscription(id, body).await,
            ["DELETE", "subscriptions", id] => self.delete_subscription(id).await,
            ["POST", "subscriptions", id, "pause"] => self.set_status(id, Status::Paused).await,
            ["POST", "subscriptions", id, "resume"] => self.set_status(id, Status::Active).await,
            ["POST", "subscriptions", id, "rotate-secret"] => self.rotate_subscription(id, body).await,
            ["GET", "subscriptions", id, "secret"] => self.show_secret(query, id),

            ["POST", "sources"] => self.create_source(query, body).await,
            ["GET", "sources"] => self.list_sources(query),
            ["GET", "sources", id] => self.get_source(query, id),
            ["PATCH", "sources", id] => self.patch_source(query, id, body).await,
            ["DELETE", "sources", id] => self.delete_source(id).await,
            ["GET", "sources", id, "learned-secret"] => self.show_learned_secret(query, id),

            ["GET", "profiles"] => self.list_profiles(query),
            ["GET", "profiles", name] => self.get_profile(name),
            ["PUT", "profiles", name] => self.put_profile(name, body).await,
            ["POST", "profiles", name, "preview"] => self.preview_profile(name, body),
            ["DELETE", "profiles", name] => self.delete_profile(name).await,
            _ => Err(Problem::not_found("call")),
        }
    }

    /// Notes who has read a secret.
    fn note_reading(&self, query: &str, id: &str) {
        let reached = reached(query);
        let notice = Notice { what: "secret_read", application: &self.name, key: reached.by.name(), id };
        edge::put(&notice, true);
    }

    fn context<'a>(&self, default_profile: &'a str, find: &'a dyn Fn(&str) -> Option<Profile>) -> Context<'a> {
        Context {
            now: edge::now(),
            random: edge::random_bytes(),
            rules: self.env.rules(),
            default_profile,
            profile: find,
            signals: false,
        }
    }

    /// The answer to a change that is stored, and the start of its way into KV.
    fn changed(self: &Rc<Self>, status: u16, answer: &impl Serialize, version: u64) -> Outcome {
        let text = crate::body::written(answer)?;
        // Should this instance die before it has published, the alarm does it.
        self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        let inner = self.clone();
        edge::task::spawn(async move { inner.publish().await });
        Ok(Reply::Changed(status, text, version))
    }

    fn snapshot(&self) -> Result<String, Problem> {
        let settings = self.settings()?;
        let snapshot = self.store.snapshot(&settings.profile)?;
        crate::body::written(&snapshot)
    }

    /// Writes the snapshot to KV, one write at a time, so that an older one can't land on a newer.
    async fn publish(&self) {
        if self.publishing.replace(true) {
            return;
        }
        let published = match (self.snapshot(), self.store.version()) {
            (Ok(snapshot), Ok(version)) => {
                let key = ["application:", &self.name].concat();
                let written = match self.exists() {
                    Ok(false) => self.env.kv_delete("SUBSCRIPTIONS", &key).await,
                    _ => self.env.kv_put("SUBSCRIPTIONS", &key, &snapshot).await,
                };
                written && self.store.set_published(version).is_ok()
            }
            _ => false,
        };
        self.publishing.replace(false);
        if !published || self.store.is_behind() {
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
    }

    async fn catch_up(self: &Rc<Self>) {
        if !self.store.is_there().unwrap_or(true) {
            return;
        }
        self.go_on_telling();
        self.go_on_resealing().await;
        if let Ok(places) = self.store.not_pushed(PUSHED_AT_ONCE) {
            self.push_all(places).await;
            if self.store.not_pushed(1).is_ok_and(|left| !left.is_empty()) {
                self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
            }
        }
        if !self.store.is_registered() {
            self.register().await;
        }
        for id in self.store.unpublished_sources().unwrap_or_default() {
            self.publish_source(&id).await;
        }
        self.release_routes().await;
        // Should this instance die while it claims a route, the next one has to look again.
        if !self.claiming.borrow().is_empty() {
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
        if self.store.is_behind() {
            self.publish().await;
        }
        if let Err(problem) = self.clear().await {
            edge::log_problem("clear", &problem);
            self.wake_at(edge::now().saturating_add(TRY_AGAIN));
        }
    }

    /// Sees to it that the alarm rings at `at` or before.
    fn wake_at(&self, at: Millis) {
        if !self.is_gone.get() && self.alarm.get().is_none_or(|standing| standing > at) {
            self.alarm.set(Some(at));
            self.state.alarm_at(at);
        }
    }

    /// What an object asks that does not know where to: nothing begins anew where all is to be deleted.
    fn tell_destination(&self, place: &str) -> Outcome {
        let before = edge::now().saturating_sub(self.env.settings().retention.lingers());
        match Place::parse(place) {
            Some(place) if self.store.is_over(place, before)? => Err(Problem::not_found("subscription")),
            _ => Reply::ok(&self.destination(place)?),
        }
    }

    /// What the object at `place` needs to know.
    fn destination(&self, place: &str) -> Result<Destination, Problem> {
        let place = Place::parse(place).ok_or_else(|| Problem::not_found("subscription"))?;
        if place.is_direct() {
            let settings = self.settings()?;
            let profile = self.store.profile(&settings.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
            return Ok(Destination {
                version: self.store.version()?,
                subscription: None,
                source: None,
                url: None,
                headers: Default::default(),
                profile: ProfileRef::to(&profile),
                secrets: settings.secrets,
                sealed: settings.sealed,
                pace: Pace::default(),
                status: if settings.deleted { Status::Deleted } else { Status::Active },
                resumed_at: None,
                revoked: self.revoked()?,
            });
        }
        if let Ok((source, status)) = self.store.source_at(place) {
            return Ok(source.destination(status, &edge::random_bytes()));
        }
        let (subscription, version) = self.store.at_place(place)?;
        let profile = self.store.profile(&subscription.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
        Ok(Destination { revoked: self.revoked()?, ..subscription.destination(version, &profile) })
    }

    /// The keys that ingest somewhere may still take for good.
    fn revoked(&self) -> Result<Vec<String>, Problem> {
        self.store.revoked_keys(edge::now().saturating_sub(REVOKED_FOR))
    }

    /// `/places/{subscription}`: every object that may hold its deliveries.
    fn places_of(&self, id: &str, ever: bool) -> Outcome {
        let places = self.store.places_of(id, ever)?;
        Reply::ok(&places.iter().map(Place::as_str).collect::<Vec<_>>())
    }

    /// Tells what is at each of these places, several at once.
    async fn push_all(&self, places: Vec<Place>) {
        for places in places.chunks(TOLD_TOGETHER) {
            join_all(places.iter().map(|place| self.push(*place))).await;
        }
    }

    /// Tells the objects of what is at `place` what they are to know now. It counts as told when all of them have heard:
    /// where one can't be told, the alarm tells all of them later.
    async fn push(&self, place: Place) {
        let told = if place.is_ledger() { self.revocations() } else { self.whereto(place) };
        let (Ok((class, path, version, json)), Ok(objects)) = (told, self.store.objects_at(place)) else { return };
        let mut heard = true;
        for objects in objects.chunks(TOLD_TOGETHER) {
            let calls = objects.iter().map(|object| {
                let name = [&self.name, "/", object.as_str()].concat();
                let json = json.as_str();
                async move { self.env.call(class, &name, path, json).await.is_ok_and(|said| said.status == 204) }
            });
            heard &= join_all(calls).await.into_iter().all(|heard| heard);
        }
        match heard.then(|| self.store.set_pushed(place, version)) {
            Some(Ok(())) => {}
            Some(Err(problem)) => edge::log_problem("pushed", &problem),
            None => self.wake_at(edge::now().saturating_add(PUBLISH_EVERY)),
        }
    }

    fn whereto(&self, place: Place) -> Result<Pushed, Problem> {
        let destination = self.destination(place.as_str())?;
        Ok(("SUBSCRIPTION", "/destination", destination.version, crate::body::written(&destination)?))
    }

    fn revocations(&self) -> Result<Pushed, Problem> {
        Ok(("LEDGER", "/revoked", self.store.version()?, crate::body::written(&self.revoked()?)?))
    }
}

/// What an object is told: its class, the call, the version, and the word itself.
type Pushed = (&'static str, &'static str, u64, String);

/// A secret that was rotated.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rotated {
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    previous_secret_expires_at: String,
}

impl Rotated {
    fn new(secrets: &Secrets, public_key: Option<String>, until: Millis) -> Self {
        Rotated { secret: secrets.current.clone(), public_key, previous_secret_expires_at: rfc3339(until) }
    }
}

/// What the Worker puts before the client's own query.
struct Reached<'a> {
    /// The scheme and host that the gateway was reached at.
    at: String,
    /// Who is calling, where that matters: without a word nobody is trusted with anything.
    by: Caller,
    /// The client's own query.
    query: &'a str,
}

/// Reads `from={at},{by}&{query}`, the first part escaped as a form's.
fn reached(query: &str) -> Reached<'_> {
    let (first, rest) = query.split_once('&').unwrap_or((query, ""));
    let said = url::form_urlencoded::parse(first.as_bytes()).next().map(|(_, value)| value).unwrap_or_default();
    let (at, by) = serde_json::from_str(&said).unwrap_or_else(|_| (String::new(), nobody()));
    Reached { at, by, query: rest }
}

fn nobody() -> Caller {
    Caller::Key(Grant { key: None, scopes: Scopes::default(), until: None })
}
