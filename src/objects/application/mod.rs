//! The object of an application: the only writer of its subscriptions, its sources, its profiles and what KV knows of
//! them.
//!
//! A change is stored, pushed to the objects that it concerns, and only then answered, so that their next attempt obeys.
//! The snapshot follows: the answer carries its version, by which the Worker that made the change knows that what KV
//! says is too old and asks here instead; other places see the change when KV does, within a minute.

mod profiles;
mod routes;
mod sources;
mod store;
mod subscriptions;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::{Outcome, Reply, answering, steps};
use crate::body::Fields;
use crate::edge::{self, Env, State};
use crate::id::Place;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::subscription::{Context, Destination, ProfileRef, Secrets, Status, rotate};
use crate::time::{Millis, rfc3339};
use store::{Routed, Store};

/// The application that always exists.
pub const DEFAULT: &str = "default";

/// KV takes one write a second for a key.
const PUBLISH_EVERY: Millis = 1_100;

/// How many objects one alarm tells of a change.
const PUSHED_AT_ONCE: u32 = 100;

/// How large a body of a management call may be, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// What is stored of the application itself.
#[derive(Serialize, Deserialize)]
struct Settings {
    id: String,
    name: String,
    profile: String,
    secrets: Secrets,
    created_at: Millis,
}

struct Inner {
    state: State,
    env: Env,
    name: String,
    store: Store,
    publishing: RefCell<bool>,
    /// Sources that are being written to KV.
    publishing_sources: RefCell<HashSet<String>>,
    /// Routes that are being claimed.
    claiming: RefCell<Vec<Routed>>,
}

/// The object.
#[wasm_bindgen]
pub struct Application(Rc<Inner>);

#[wasm_bindgen]
impl Application {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env) -> Self {
        let store = Store::new(state.open());
        let name = state.own_name();
        Application(Rc::new(Inner {
            state,
            env,
            name,
            store,
            publishing: RefCell::default(),
            publishing_sources: RefCell::default(),
            claiming: RefCell::default(),
        }))
    }

    /// A call from the Worker (`/METHOD/path…`), or from an object of this application.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let body = edge::call_body(&request).await?.to_vec();
            let (path, query) = edge::target(&url);
            inner.store.create()?;
            inner.answer(&steps(path), query, &body).await
        })
    }

    /// The alarm: something was not pushed or published yet.
    pub fn alarm(&self) -> Promise {
        let inner = self.0.clone();
        edge::task::promise(async move {
            inner.catch_up().await;
            JsValue::UNDEFINED
        })
    }
}

impl Inner {
    async fn answer(self: &Rc<Self>, steps: &[&str], query: &str, body: &[u8]) -> Outcome {
        match steps {
            ["snapshot"] => Ok(Reply::Json(200, self.snapshot()?)),
            ["places"] => Reply::ok(&self.store.places()?),
            ["destination", place] => Reply::ok(&self.destination(place)?),
            ["disable", place] => self.disable(place, &String::from_utf8_lossy(body)).await,
            ["source", id] => self.whole_source(id),
            ["learn", id] => self.learn(id, &String::from_utf8_lossy(body)).await,

            ["GET", "applications", _] => Reply::ok(&self.settings()?.view()),
            ["PATCH", "applications", _] => self.patch(body).await,
            ["POST", "applications", _, "rotate-secret"] => self.rotate(body).await,

            ["POST", "subscriptions"] => self.create_subscription(body).await,
            ["GET", "subscriptions"] => self.list_subscriptions(query),
            ["GET", "subscriptions", id] => self.get_subscription(id),
            ["PATCH", "subscriptions", id] => self.patch_subscription(id, body).await,
            ["DELETE", "subscriptions", id] => self.delete_subscription(id).await,
            ["POST", "subscriptions", id, "pause"] => self.set_status(id, Status::Paused).await,
            ["POST", "subscriptions", id, "resume"] => self.set_status(id, Status::Active).await,
            ["POST", "subscriptions", id, "rotate-secret"] => self.rotate_subscription(id, body).await,
            ["GET", "subscriptions", id, "secret"] => self.show_secret(id),

            ["POST", "sources"] => self.create_source(query, body).await,
            ["GET", "sources"] => self.list_sources(query),
            ["GET", "sources", id] => self.get_source(query, id),
            ["PATCH", "sources", id] => self.patch_source(query, id, body).await,
            ["DELETE", "sources", id] => self.delete_source(id).await,
            ["GET", "sources", id, "learned-secret"] => self.show_learned_secret(id),

            ["GET", "profiles"] => self.list_profiles(query),
            ["GET", "profiles", name] => self.get_profile(name),
            ["PUT", "profiles", name] => self.put_profile(name, body).await,
            ["DELETE", "profiles", name] => self.delete_profile(name).await,
            _ => Err(Problem::not_found("call")),
        }
    }

    fn settings(&self) -> Result<Settings, Problem> {
        if let Some(settings) = self.store.settings()? {
            return Ok(settings);
        }
        let standard = crate::profile::standard();
        let secret = standard.secret_format.make(standard.signature.algorithm, &edge::random_bytes());
        let settings = Settings {
            id: self.name.clone(),
            name: self.name.clone(),
            profile: standard.name.clone(),
            secrets: Secrets::new(secret),
            created_at: edge::now(),
        };
        self.store.set_settings(&settings)?;
        Ok(settings)
    }

    fn context<'a>(&self, default_profile: &'a str, find: &'a dyn Fn(&str) -> Option<Profile>) -> Context<'a> {
        Context {
            now: edge::now(),
            random: edge::random_bytes(),
            rules: self.env.rules(),
            default_profile,
            profile: find,
        }
    }

    async fn patch(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let mut settings = self.settings()?;
        let mut fields = Fields::parse(body)?;
        if let Some(name) = fields.take::<String>("name", "must be a string") {
            if !matches!(name.chars().count(), 1..=256) {
                fields.fault("name", "must have 1 to 256 characters");
            }
            settings.name = name;
        }
        if let Some(name) = fields.take::<String>("profile", "must be a profile's name") {
            match self.store.profile(&name)? {
                None => fields.fault("profile", "is not a profile of this application; GET /v1/profiles lists them"),
                Some(profile) if profile.signature.key(&settings.secrets.current).is_err() => {
                    fields
                        .fault("profile", "can't sign with the application's secret; rotate it to one that fits first");
                }
                Some(_) => settings.profile = name,
            }
        }
        fields.finish()?;
        self.store.set_settings(&settings)?;
        self.change_settings(settings.view()).await
    }

    async fn rotate(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let mut settings = self.settings()?;
        let profile = self.store.profile(&settings.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
        let none = |_: &str| None;
        let until = rotate(&mut settings.secrets, body, &profile, &self.context("", &none))?;
        self.store.set_settings(&settings)?;
        let shown = Rotated::new(&settings.secrets, until);
        self.change_settings(shown).await
    }

    /// After a change of the application's own settings: everything that delivers to a `webhookUrl` must know.
    async fn change_settings(self: &Rc<Self>, answer: impl Serialize) -> Outcome {
        let version = self.store.bump()?;
        for place in Place::direct() {
            self.push(place).await;
        }
        self.changed(200, &answer, version)
    }

    /// The answer to a change that is stored, and the start of its way into KV.
    fn changed(self: &Rc<Self>, status: u16, answer: &impl Serialize, version: u64) -> Outcome {
        let text = crate::body::written(answer)?;
        // Should this instance die before it has published, the alarm does it.
        self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
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
                self.env.kv_put("SUBSCRIPTIONS", &key, &snapshot).await && self.store.set_published(version).is_ok()
            }
            _ => false,
        };
        self.publishing.replace(false);
        if !published || self.store.is_behind() {
            self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
    }

    async fn catch_up(&self) {
        if let Ok(places) = self.store.not_pushed(PUSHED_AT_ONCE) {
            if places.len() >= PUSHED_AT_ONCE as usize {
                self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
            }
            for place in places {
                self.push(place).await;
            }
        }
        for id in self.store.unpublished_sources().unwrap_or_default() {
            self.publish_source(&id).await;
        }
        self.release_routes().await;
        // Should this instance die while it claims a route, the next one has to look again.
        if !self.claiming.borrow().is_empty() {
            self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
        if self.store.is_behind() {
            self.publish().await;
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
                rate_limit: None,
                status: Status::Active,
            });
        }
        if let Ok((source, status)) = self.store.source_at(place) {
            return Ok(source.destination(status, &edge::random_bytes()));
        }
        let (subscription, version) = self.store.at_place(place)?;
        let profile = self.store.profile(&subscription.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
        Ok(subscription.destination(version, &profile))
    }

    /// Tells the object at `place` how its destination is now. Where it can't be told, the alarm tells it later.
    async fn push(&self, place: Place) {
        let Ok(destination) = self.destination(place.as_str()) else {
            return;
        };
        let Ok(json) = serde_json::to_string(&destination) else {
            return;
        };
        let name = [&self.name, "/", place.as_str()].concat();
        match self.env.call("SUBSCRIPTION", &name, "/destination", json.as_str()).await {
            Ok(said) if said.status == 204 => {
                if let Err(problem) = self.store.set_pushed(place, destination.version) {
                    edge::log(&format!("pushed: {}", problem.detail));
                }
            }
            _ => self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY)),
        }
    }
}

impl Settings {
    fn view(&self) -> SettingsView<'_> {
        SettingsView { id: &self.id, name: &self.name, profile: &self.profile, created_at: rfc3339(self.created_at) }
    }
}

/// The application as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SettingsView<'a> {
    id: &'a str,
    name: &'a str,
    profile: &'a str,
    created_at: String,
}

/// A secret that was rotated.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rotated {
    secret: String,
    previous_secret_expires_at: String,
}

impl Rotated {
    fn new(secrets: &Secrets, until: Millis) -> Self {
        Rotated { secret: secrets.current.clone(), previous_secret_expires_at: rfc3339(until) }
    }
}
