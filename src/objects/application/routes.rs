//! The routes of sources, which are claimed at the directories of their hosts.
//!
//! A route is noted, claimed, and then stored with its source. What is noted and no source has is released: at once where
//! the change was refused after all, by the alarm where this instance died in between.

use std::collections::HashSet;

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
        self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        self.claiming.borrow_mut().push(routed.clone());
        let claimed = self.ask_directory("/claim", &routed).await;
        self.claiming.borrow_mut().retain(|other| other.number != routed.number);
        let stored = claimed.and_then(|()| store());
        if stored.is_err() {
            self.release_routes().await;
        }
        stored
    }

    /// Releases what no source has any more.
    pub(super) async fn release_routes(&self) {
        let mut seen = HashSet::new();
        // Asked anew each time: while one is being released, the next may be stored with a source.
        while let Some(routed) = self.next_unused(&mut seen) {
            let released = self.ask_directory("/release", &routed).await;
            if released.is_err() || self.store.forget_route(&routed).is_err() {
                self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
            }
        }
    }

    /// A route that no source has, and that none is claiming right now.
    fn next_unused(&self, seen: &mut HashSet<u64>) -> Option<Routed> {
        let unused = self.store.unused_routes().unwrap_or_default();
        let claiming = self.claiming.borrow();
        let is_wanted = |routed: &Routed| claiming.iter().any(|other| other.is_for(routed));
        unused.into_iter().find(|routed| !is_wanted(routed) && seen.insert(routed.number))
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
