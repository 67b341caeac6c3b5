//! The routes of sources, which are claimed at the directories of their hosts.
//!
//! A route is noted, claimed, and then stored with its source. What is noted and no source has is released: at once where
//! the change was refused after all, by the alarm where this instance died in between.

use super::store::Routed;
use super::{Inner, PUBLISH_EVERY};
use crate::edge;
use crate::objects::directory::Asked;
use crate::problem::{Fault, Problem};
use crate::source::Route;

impl Inner {
    /// Claims a route for a source and then stores it, which waits for nothing.
    pub(super) async fn claim<T>(
        &self,
        source: &str,
        route: Option<&Route>,
        store: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let Some(route) = route else { return store() };
        let routed = self.store.note_route(source, route)?;
        self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
        self.claiming.borrow_mut().insert(routed.number);
        let claimed = self.ask_directory("/claim", &routed).await;
        self.claiming.borrow_mut().remove(&routed.number);
        let stored = claimed.and_then(|()| store());
        if stored.is_err() {
            self.release_routes().await;
        }
        stored
    }

    /// Releases what no source has any more.
    pub(super) async fn release_routes(&self) {
        let Ok(unused) = self.store.unused_routes() else { return };
        for routed in unused {
            // What is being claimed right now is not stored yet.
            let is_free = !self.claiming.borrow().contains(&routed.number);
            let released = is_free && self.ask_directory("/release", &routed).await.is_ok();
            if !released || self.store.forget_route(&routed).is_err() {
                self.state.alarm_at(edge::now().saturating_add(PUBLISH_EVERY));
            }
        }
    }

    async fn ask_directory(&self, path: &str, routed: &Routed) -> Result<(), Problem> {
        let asked = Asked { claim: routed.claim(&self.name), number: routed.number };
        let text = crate::body::written(&asked)?;
        let said = self.env.call("DIRECTORY", &routed.route.host, path, text.as_str()).await?;
        match said.status {
            204 => Ok(()),
            409 => {
                let fault = Fault { pointer: "/route".into(), detail: "is taken by another source".into() };
                Err(Problem::invalid(vec![fault]).coded("route_taken"))
            }
            _ => Err(Problem::unavailable("The route could not be claimed. Try again.")),
        }
    }
}
