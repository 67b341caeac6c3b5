//! Calls about subscriptions.

use std::rc::Rc;

use serde::Serialize;
use serde_json::json;

use super::{Inner, Rotated, reached};
use crate::access::{Caller, DEFAULT};
use crate::delivery::Report;
use crate::edge;
use crate::id::{Id, Place, SUBSCRIPTION};
use crate::objects::outbox::Listening;
use crate::objects::{Outcome, Reply};
use crate::page::Page;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::signal::{self, Signal};
use crate::subscription::{Context, ProfileRef, Recipient, Status, Subscription};

impl Inner {
    pub(super) async fn create_subscription(self: &Rc<Self>, query: &str, body: &[u8]) -> Outcome {
        let signals = self.name == DEFAULT && reached(query).by == Caller::Operator;
        let mut made = self.read_subscription(body, signals)?;
        if self.look_up(&made.url, "url").await? {
            made = self.read_subscription(body, signals)?;
        }
        self.save(201, &made, made.view_with_secret()).await
    }

    /// A new subscription, as a body asks for it; `signals`: it may be one to Signet's own events.
    pub(super) fn read_subscription(&self, body: &[u8], signals: bool) -> Result<Subscription, Problem> {
        let settings = self.settings()?;
        let find = self.finder();
        let id = |place| Id::new(edge::now(), edge::random_id(), place).with(SUBSCRIPTION);
        let context = Context { signals, ..self.context(&settings.profile, &find) };
        let made = Subscription::create(id(self.free_place()?), body, &context)?;
        match signals && signal::is_asked_for(&made.interest) {
            true => Ok(Subscription { id: id(self.operators_place()?), ..made }),
            false => Ok(made),
        }
    }

    /// A place for a subscription of the operator's own.
    fn operators_place(&self) -> Result<Place, Problem> {
        for place in Place::operators() {
            if !self.store.is_taken(place)? {
                return Ok(place);
            }
        }
        let count = Place::operators().count();
        let detail = format!(
            "There may be {count} subscriptions to Signet's own events, deleted ones among them while their history is kept."
        );
        Err(Problem::new(409, "too_many_subscriptions", detail))
    }

    pub(super) fn list_subscriptions(&self, query: &str) -> Outcome {
        let reached = reached(query);
        let page = Page::read(reached.query, &[])?;
        let cursor = page.below(SUBSCRIPTION)?;
        let found = self.store.list(&cursor, page.limit.saturating_add(1), reached.by == Caller::Operator)?;
        let ids = found.iter().map(|it| it.id.clone()).collect();
        Ok(Reply::Json(
            200,
            page.answer(found.iter().map(|it| serde_json::to_string(&it.view()).unwrap_or_default()).collect(), ids),
        ))
    }

    pub(super) fn get_subscription(&self, id: &str) -> Outcome {
        Reply::ok(&self.store.subscription(id)?.view())
    }

    /// What an operation needs to know of a subscription.
    pub(super) fn recipient(&self, id: &str) -> Outcome {
        let subscription = self.store.subscription(id)?;
        let profile = self.store.profile(&subscription.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
        let Subscription { interest, shards, widest, pace, .. } = subscription;
        Reply::ok(&Recipient { interest, profile: ProfileRef::to(&profile), shards, widest, ordered: pace.ordered })
    }

    pub(super) async fn patch_subscription(self: &Rc<Self>, id: &str, body: &[u8]) -> Outcome {
        let patched = || {
            let settings = self.settings()?;
            let find = self.finder();
            let before = self.store.subscription(id)?;
            self.store.check(before.sealed.as_ref())?;
            let context = Context { signals: before.is_operators(), ..self.context(&settings.profile, &find) };
            let changed = before.patch(body, &context)?;
            Ok((before.url != changed.url, changed))
        };
        let (moves, mut changed) = patched()?;
        if moves && self.look_up(&changed.url, "url").await? {
            (_, changed) = patched()?;
        }
        self.save(200, &changed, changed.view()).await
    }

    pub(super) async fn delete_subscription(self: &Rc<Self>, id: &str) -> Outcome {
        let mut subscription = self.store.subscription(id)?;
        subscription.status = Status::Deleted;
        subscription.updated_at = edge::now();
        self.save(204, &subscription, ()).await
    }

    pub(super) async fn set_status(self: &Rc<Self>, id: &str, status: Status) -> Outcome {
        let mut subscription = self.store.subscription(id)?;
        if subscription.status != status {
            subscription.status = status;
            subscription.disabled_reason = None;
            subscription.updated_at = edge::now();
        }
        if status == Status::Active {
            subscription.forgive(edge::now());
        }
        self.save(200, &subscription, subscription.view()).await
    }

    /// `POST /report/{place}`: the object there says how its destination is.
    pub(super) async fn hear(self: &Rc<Self>, place: &str, body: &[u8]) -> Outcome {
        let listening = self.listening().await;
        let report: Report = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let at = Place::parse(place).ok_or_else(|| Problem::not_found("subscription"))?;
        let (mut subscription, _) = self.store.at_place(at.base())?;
        let before = subscription.clone();
        if !subscription.hear(place, &report, edge::now()) {
            return Ok(Reply::Done);
        }
        let signal = Signal::of_report(&before, &subscription);
        if subscription.status != before.status {
            return self.save_and_tell(200, &subscription, (), signal, &listening).await;
        }
        // Neither an object nor ingest does anything else for it: nobody has to be told.
        self.store.note(&subscription)?;
        self.tell_of(&subscription, signal, &listening);
        Ok(Reply::Done)
    }

    pub(super) async fn rotate_subscription(self: &Rc<Self>, id: &str, body: &[u8]) -> Outcome {
        let listening = self.listening().await;
        let mut subscription = self.store.subscription(id)?;
        self.store.check(subscription.sealed.as_ref())?;
        let profile = self.store.profile(&subscription.profile)?.ok_or_else(|| Problem::not_found("profile"))?;
        let find = self.finder();
        let until = subscription.rotate(body, &profile, &self.context("", &find))?;
        let shown = Rotated::new(&subscription.secrets, subscription.public_key.clone(), until);
        let signal = Signal::Rotated { subscription: Some(&subscription.id), until };
        self.save_and_tell(200, &subscription, shown, Some(signal), &listening).await
    }

    pub(super) fn show_secret(&self, query: &str, id: &str) -> Outcome {
        let subscription = self.store.subscription(id)?;
        self.store.check(subscription.sealed.as_ref())?;
        self.note_reading(query, &subscription.id);
        Reply::ok(&json!({"secret": subscription.secrets.current}))
    }

    /// Stores a change, pushes it to the object that delivers, and answers.
    async fn save(self: &Rc<Self>, status: u16, subscription: &Subscription, answer: impl Serialize) -> Outcome {
        let (place, version) = self.store.save(subscription)?;
        self.push(place).await;
        self.changed(status, &answer, version)
    }

    /// The same for a change that the operator may want to hear of.
    async fn save_and_tell(
        self: &Rc<Self>,
        status: u16,
        subscription: &Subscription,
        answer: impl Serialize,
        signal: Option<Signal<'_>>,
        listening: &Listening,
    ) -> Outcome {
        let (place, version) = self.store.save(subscription)?;
        self.tell_of(subscription, signal, listening);
        self.push(place).await;
        self.changed(status, &answer, version)
    }

    /// What happens to the operator's own subscriptions is told nobody.
    fn tell_of(&self, subscription: &Subscription, signal: Option<Signal<'_>>, listening: &Listening) {
        if let Some(signal) = signal.filter(|_| !subscription.is_operators()) {
            self.tell(&signal, listening);
        }
    }

    pub(super) fn finder(&self) -> impl Fn(&str) -> Option<Profile> {
        |name| self.store.profile(name).ok().flatten()
    }

    /// A place that no subscription and no source has.
    pub(super) fn free_place(&self) -> Result<Place, Problem> {
        loop {
            let [a, b, c, d, ..] = edge::random_bytes();
            let place = Place::for_subscription(u32::from_le_bytes([a, b, c, d]));
            if !self.store.is_taken(place)? {
                return Ok(place);
            }
        }
    }
}
