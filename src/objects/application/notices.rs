//! Telling the operator of what happens to an application.

use super::{Inner, PUBLISH_EVERY};
use crate::access::DEFAULT;
use crate::edge;
use crate::objects::outbox::Listening;
use crate::signal::Signal;
use crate::snapshot::View;
use crate::time::Millis;

/// How soon somebody is told again who did not take it.
const AGAIN: Millis = 5_000;

impl Inner {
    /// Who hears of it. Asked before anything is read that is to be changed: it takes time.
    pub(super) async fn listening(&self) -> Listening {
        if self.name != DEFAULT {
            return Listening::known(&self.env).await;
        }
        // Nobody knows better than this object itself.
        let view = self.snapshot().ok().and_then(|text| View::read(&text).ok());
        Listening::of(view.as_ref().map_or(&[], |view| view.snapshot.listening.as_slice()))
    }

    /// Writes down what is to be said, with the change that it tells of, and sends it.
    pub(super) fn tell(&self, signal: &Signal<'_>, listening: &Listening) {
        match self.outbox.put(signal, &self.name, listening) {
            Ok(true) => {
                // Should this instance die before it was taken, the alarm sends it again.
                self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
                self.outbox.start(&self.env);
            }
            Ok(false) => {}
            Err(problem) => edge::log_problem("notice", &problem),
        }
    }

    /// Sends what nobody has taken yet.
    pub(super) fn go_on_telling(&self) {
        if !self.outbox.is_empty() {
            self.wake_at(edge::now().saturating_add(AGAIN));
            self.outbox.start(&self.env);
        }
    }
}
