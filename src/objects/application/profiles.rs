//! Calls about profiles.

use std::rc::Rc;

use super::Inner;
use crate::edge;
use crate::objects::{Outcome, Reply};
use crate::page::Page;
use crate::problem::Problem;
use crate::profile::{self, Profile};
use crate::subscription::{self, Made};

/// How many profiles an application may have of its own: every Worker holds them in memory.
const MAX_PROFILES: usize = 100;

impl Inner {
    /// The built-in ones first, then the application's own by name.
    pub(super) fn list_profiles(&self, query: &str) -> Outcome {
        let page = Page::read(query, &[])?;
        let own = self.store.profiles()?.into_iter().filter_map(|profile| profile.resolve().ok());
        let all = profile::built_in().iter().cloned().chain(own);
        let items = all.map(|profile| (profile.name.clone(), serde_json::to_string(&profile).unwrap_or_default()));
        Ok(Reply::Json(200, page.answer_whole(items.collect())?))
    }

    pub(super) fn get_profile(&self, name: &str) -> Outcome {
        Reply::ok(&self.store.profile(name)?.ok_or_else(|| Problem::not_found("profile"))?)
    }

    /// What a delivery under a profile looks like: nothing is stored, and nothing is sent.
    pub(super) fn preview_profile(&self, name: &str, body: &[u8]) -> Outcome {
        let profile = self.store.profile(name)?.ok_or_else(|| Problem::not_found("profile"))?;
        let unique = edge::random_id();
        let made = Made { now: edge::now(), random: edge::random_bytes(), unique, rules: self.env.rules() };
        Ok(Reply::Json(200, subscription::preview(&profile, body, &made)?))
    }

    pub(super) async fn put_profile(self: &Rc<Self>, name: &str, body: &[u8]) -> Outcome {
        refuse_built_in(name)?;
        let profile = Profile::read(name, body)?;
        let known = self.store.profile(name)?.is_some();
        if !known && self.store.profiles()?.len() >= MAX_PROFILES {
            let detail = format!("An application may have {MAX_PROFILES} profiles of its own.");
            return Err(Problem::new(409, "too_many_profiles", detail));
        }
        self.check_users(&profile)?;
        self.store.save_profile(&profile)?;
        let version = self.store.bump()?;
        let mut users = self.store.touch_users(name, version)?;
        if self.settings()?.profile == name {
            self.store.mark_direct(version)?;
            users.extend(crate::id::Place::direct());
        }
        self.push_all(users).await;
        self.changed(if known { 200 } else { 201 }, &profile, version)
    }

    pub(super) async fn delete_profile(self: &Rc<Self>, name: &str) -> Outcome {
        refuse_built_in(name)?;
        if !self.store.users(name)?.is_empty() || self.settings()?.profile == name {
            return Err(Problem::new(
                409,
                "profile_in_use",
                "Subscriptions or the application still use this profile.",
            ));
        }
        if !self.store.drop_profile(name)? {
            return Err(Problem::not_found("profile"));
        }
        let version = self.store.bump()?;
        self.changed(204, &(), version)
    }

    /// A profile may change under its subscriptions, but not so that one of them can't sign any more.
    fn check_users(&self, profile: &Profile) -> Result<(), Problem> {
        for place in self.store.users(&profile.name)? {
            let (subscription, _) = self.store.at_place(place)?;
            self.store.check(subscription.sealed.as_ref())?;
            if profile.signature.key(&subscription.secrets.current).is_err() {
                // Which subscriptions the operator has is nobody else's business.
                let whose = if place.is_operators() { "the operator's subscription" } else { &subscription.id };
                let detail = format!("The secret of {whose} would not fit; rotate it to one that does first.");
                return Err(Problem::new(409, "secret_does_not_fit", detail));
            }
        }
        let settings = self.settings()?;
        if settings.profile == profile.name {
            self.store.check(settings.sealed.as_ref())?;
        }
        if settings.profile == profile.name && profile.signature.key(&settings.secrets.current).is_err() {
            let detail = "The application's secret would not fit; rotate it to one that does first.";
            return Err(Problem::new(409, "secret_does_not_fit", detail));
        }
        Ok(())
    }
}

fn refuse_built_in(name: &str) -> Result<(), Problem> {
    match profile::find(name) {
        Some(_) => {
            Err(Problem::new(409, "profile_built_in", "A built-in profile can't be changed; give yours another name."))
        }
        None => Ok(()),
    }
}
