//! A destination with everything made ready that many attempts need.

use super::{Destination, Status};
use crate::destination::{self, Rules};
use crate::problem::Problem;
use crate::profile::{HeaderFacts, Profile, render_header};
use crate::signature::{Key, Message};
use crate::time::Millis;

/// A destination, its profile read, its secrets made keys.
#[derive(Debug)]
pub struct Prepared {
    /// As it was pushed.
    pub destination: Destination,
    /// Its profile.
    pub profile: Profile,
    keys: Vec<(Key, Option<Millis>)>,
    rules: Rules,
    url_is_allowed: bool,
}

impl Prepared {
    /// Reads the profile and the secrets of `destination`. One whose secrets could not be opened has no keys: it takes in
    /// what is to be delivered, and must not be asked to sign.
    ///
    /// # Errors
    /// Where its profile can't be read, or its secret by the profile: nothing leaves unsigned.
    pub fn new(destination: Destination, rules: Rules) -> Result<Self, Problem> {
        let profile = destination.profile.resolve()?;
        let keys = destination.secrets.keys(&profile.signature);
        if destination.sealed.is_none() && !keys.first().is_some_and(|(_, until)| until.is_none()) {
            return Err(Problem::unavailable("The secret can't be read under the profile; rotate it."));
        }
        let url_is_allowed = destination.url.as_ref().is_some_and(|url| destination::check(url, rules).is_ok());
        Ok(Prepared { destination, profile, keys, rules, url_is_allowed })
    }

    /// Whether deliveries go out.
    pub fn is_active(&self) -> bool {
        self.destination.status == Status::Active
    }

    /// The subscription's id, or nothing.
    pub fn subscription(&self) -> &str {
        self.destination.subscription.as_deref().unwrap_or_default()
    }

    /// Where an attempt goes, `own` being the delivery's own URL; `Err` with it where deliveries may not go there.
    ///
    /// # Errors
    /// The URL, to be shown.
    pub fn url<'a>(&'a self, own: Option<&'a str>) -> Result<&'a str, &'a str> {
        let (url, is_allowed) = match (&self.destination.url, own) {
            (Some(url), _) => (url.as_str(), self.url_is_allowed),
            (None, Some(url)) => (url, destination::check(url, self.rules).is_ok()),
            (None, None) => ("", false),
        };
        if is_allowed { Ok(url) } else { Err(url) }
    }

    /// The headers of an attempt, names and values in turn: the profile's, then the subscriber's own, then those that
    /// sign. A profile that was changed may sign under a name that somebody's own header had before: then that one gives
    /// way.
    pub fn headers(&self, facts: &HeaderFacts<'_>, body: &[u8], now: Millis) -> Vec<String> {
        let own = &self.destination.headers;
        let mut lines = vec!["Content-Type".to_owned(), "application/json".to_owned()];
        for (name, template) in &self.profile.headers {
            if !own.keys().any(|other| other.eq_ignore_ascii_case(name)) {
                lines.extend([name.clone(), render_header(template, facts)]);
            }
        }
        for (name, value) in own.iter().filter(|(name, _)| !self.signs(name)) {
            lines.extend([name.clone(), value.clone()]);
        }
        let in_force = self.keys.iter().filter(|(_, until)| until.is_none_or(|until| until > now)).map(|(key, _)| key);
        let message = Message { id: facts.delivery_id, time: now, body, method: "POST", url: "" };
        for (name, value) in self.profile.signature.sign(in_force, message) {
            lines.extend([name.to_owned(), value]);
        }
        lines
    }

    /// Whether the profile signs under this name.
    fn signs(&self, name: &str) -> bool {
        self.profile.signature.headers().any(|signing| signing.eq_ignore_ascii_case(name))
    }

    /// Whether a header is one that the subscriber wants on each delivery.
    pub(super) fn is_subscribers(&self, name: &str) -> bool {
        self.destination.headers.contains_key(name) && !self.signs(name)
    }
}
