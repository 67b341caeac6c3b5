//! An application's own beginning, changes and end.

use std::rc::Rc;

use serde::Serialize;

use super::store::Burial;
use super::{Inner, PUBLISH_EVERY, Rotated};
use crate::access::{ApiKey, DEFAULT, Scopes, key_text};
use crate::application::Settings;
use crate::edge;
use crate::id::{Id, KEY, Place};
use crate::objects::registry::{self, Registered};
use crate::objects::{Outcome, Reply};
use crate::problem::Problem;
use crate::signal::Signal;
use crate::source::Source;
use crate::subscription::{Status, rotate};
use crate::time::Millis;

/// How long an application's end may take before nobody believes in it any more.
const ENDS_WITHIN: Millis = 60_000;

/// How many objects are told of an application's end before that is answered; the alarm tells the rest.
const TOLD_AT_ONCE: u32 = 1_000;

impl Inner {
    /// Whether this application is there. Of one that never was nothing is written, whoever makes its name up.
    pub(super) fn exists(&self) -> Result<bool, Problem> {
        if self.name == DEFAULT {
            return Ok(true);
        }
        Ok(self.store.is_there()? && self.store.settings()?.is_some_and(|settings| !settings.deleted))
    }

    pub(super) fn settings(&self) -> Result<Settings, Problem> {
        if let Some(settings) = self.store.settings()? {
            return Ok(settings);
        }
        if self.name != DEFAULT {
            return Err(Problem::not_found("application"));
        }
        let settings = Settings::new(self.name.clone(), self.name.clone(), &edge::random_bytes(), edge::now());
        self.store.set_settings(&settings)?;
        Ok(settings)
    }

    /// Makes the application, with a key that may do everything in it.
    pub(super) async fn create(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let now = edge::now();
        let settings = Settings::create(self.name.clone(), body, &edge::random_bytes(), now)?;
        self.store.create()?;
        if self.store.settings()?.is_some() {
            return Err(Problem::new(409, "application_exists", "There is such an application already."));
        }
        self.store.set_settings(&settings)?;
        let text = key_text(&self.name, &edge::random_bytes());
        let key = ApiKey::new(self.new_key_id()?, "First key".into(), Scopes::all(), &text, now);
        self.store.save_key(&key)?;
        let version = self.store.bump_settings()?;
        self.register().await;
        self.changed(201, &settings.view_with(&text), version)
    }

    pub(super) async fn patch(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let settings = self.settings()?;
        self.store.check(settings.sealed.as_ref())?;
        let settings = settings.patch(body, |name| self.store.profile(name))?;
        self.store.set_settings(&settings)?;
        self.change_settings(settings.view()).await
    }

    pub(super) async fn rotate(self: &Rc<Self>, body: &[u8]) -> Outcome {
        let listening = self.listening().await;
        let mut settings = self.settings()?;
        let profile = self.store.profile(&settings.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
        let none = |_: &str| None;
        let sealed = settings.sealed.take();
        let until = rotate(&mut settings.secrets, body, &profile, &self.context("", &none))?;
        // Where the old one can't be opened, a new one can still take its place: the application has no other way out.
        if until > edge::now() {
            self.store.check(sealed.as_ref())?;
        }
        settings.public_key = settings.secrets.public_key(&profile.signature);
        self.store.set_settings(&settings)?;
        self.tell(&Signal::Rotated { subscription: None, until }, &listening);
        let shown = Rotated::new(&settings.secrets, settings.public_key.clone(), until);
        self.change_settings(shown).await
    }

    /// After a change of the application's own settings: everything that delivers to a `webhookUrl` must know.
    async fn change_settings(self: &Rc<Self>, answer: impl Serialize) -> Outcome {
        let version = self.store.bump_settings()?;
        self.store.mark_direct(version)?;
        self.push_all(Place::direct().collect()).await;
        self.register().await;
        self.changed(200, &answer, version)
    }

    /// Ends the application: nothing goes out any more, and nobody finds it. The alarm removes what it had.
    pub(super) async fn delete(self: &Rc<Self>) -> Outcome {
        if self.name == DEFAULT {
            let detail = "The application `default` always exists.";
            return Err(Problem::new(409, "application_is_default", detail));
        }
        self.ending_until.set(edge::now().saturating_add(ENDS_WITHIN));
        let ended = self.end().await;
        self.ending_until.set(0);
        ended
    }

    async fn end(self: &Rc<Self>) -> Outcome {
        let mut settings = self.settings()?;
        settings.deleted = true;
        self.store.set_settings(&settings)?;
        self.store.set_burial(&Burial { since: edge::now(), ..Burial::default() })?;
        self.store.revoke_keys(edge::now())?;
        let version = self.store.bump_settings()?;
        self.store.mark_direct(version)?;
        self.store.mark_ledger(version)?;
        self.store.end_subscriptions(version)?;
        for mut source in self.store.all_sources()? {
            source.forget_secrets(edge::now());
            self.store.save_source(&mut source, Status::Deleted)?;
        }
        // Should this instance die before everybody knows, the alarm tells them.
        self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        self.push_all(self.store.not_pushed(TOLD_AT_ONCE)?).await;
        self.register().await;
        self.publish().await;
        Ok(Reply::Changed(204, String::new(), version))
    }

    /// Tells the registry how the application is now. Where it can't be told, the alarm tells it later.
    pub(super) async fn register(&self) {
        if self.name == DEFAULT {
            return;
        }
        let told = (|| -> Result<Registered, Problem> {
            let settings = self.settings()?;
            let view = if settings.deleted { None } else { Some(crate::body::written(&settings.view())?) };
            Ok(Registered { id: self.name.clone(), version: self.store.version()?, view })
        })();
        let Ok(told) = told else { return };
        let heard = registry::put(&self.env, &told).await;
        if !heard || self.store.set_registered(told.version).is_err() {
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
    }

    pub(super) fn new_key_id(&self) -> Result<String, Problem> {
        Ok(Id::new(edge::now(), edge::random_id(), self.free_place()?).with(KEY))
    }
}

impl Source {
    /// Its history is still read, its secrets never again; some providers have theirs among the options.
    pub(super) fn forget_secrets(&mut self, now: Millis) {
        self.updated_at = now;
        self.secrets.clear();
        self.options.clear();
        self.learned = None;
        self.signing_secret = None;
        self.sealed = None;
    }
}
