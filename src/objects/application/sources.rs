//! Calls about sources.

use std::rc::Rc;

use serde::Serialize;
use serde_json::json;

use super::{Inner, PUBLISH_EVERY, reached};
use crate::edge;
use crate::id::{Id, Place, SOURCE};
use crate::objects::{Outcome, Reply};
use crate::page::Page;
use crate::problem::Problem;
use crate::source::{Context, Source};
use crate::subscription::Status;

/// How many sources an application may have.
const MAX_SOURCES: usize = 1_000;

impl Inner {
    pub(super) async fn create_source(self: &Rc<Self>, query: &str, body: &[u8]) -> Outcome {
        let gateway = &reached(query).at;
        let id = Id::new(edge::now(), edge::random_id(), self.free_place()?).with(SOURCE);
        let mut made = Source::create(id, self.name.clone(), body, &self.source_context())?;
        self.look_up(&made.origin, "origin").await?;
        let route = made.route.clone();
        let place = self
            .claim(&made.id.clone(), route.as_ref(), || {
                // Counted where nothing is waited for any more before it is stored.
                if self.store.count_sources()? >= MAX_SOURCES {
                    let detail = format!("An application may have {MAX_SOURCES} sources.");
                    return Err(Problem::new(409, "too_many_sources", detail));
                }
                self.store.save_source(&mut made, Status::Active)
            })
            .await?;
        self.spread(201, place, &made, made.view_with_secret(&made.url(gateway))).await
    }

    pub(super) fn list_sources(&self, query: &str) -> Outcome {
        let reached = reached(query);
        let page = Page::read(reached.query, &[])?;
        let found = self.store.list_sources(&page.below(SOURCE)?, page.limit.saturating_add(1))?;
        let ids = found.iter().map(|it| it.id.clone()).collect();
        let shown = |it: &Source| serde_json::to_string(&it.view(&it.url(&reached.at))).unwrap_or_default();
        Ok(Reply::Json(200, page.answer(found.iter().map(shown).collect(), ids)))
    }

    pub(super) fn get_source(&self, query: &str, id: &str) -> Outcome {
        let source = self.store.source(id)?;
        Reply::ok(&source.view(&source.url(&reached(query).at)))
    }

    pub(super) async fn patch_source(self: &Rc<Self>, query: &str, id: &str, body: &[u8]) -> Outcome {
        let gateway = &reached(query).at;
        let context = self.source_context();
        let before = self.store.source(id)?;
        self.store.check(before.sealed.as_ref())?;
        let planned = before.patch(body, &context)?;
        if planned.origin != before.origin {
            self.look_up(&planned.origin, "origin").await?;
        }
        let claimed = planned.route.as_ref().filter(|route| before.route.as_ref() != Some(*route));
        let (place, changed, signs_anew) = self
            .claim(id, claimed, || {
                // Somebody may have changed it while the route was being claimed: that counts too.
                let now = self.store.source(id)?;
                self.store.check(now.sealed.as_ref())?;
                let mut changed = now.patch(body, &context)?;
                let place = self.store.save_source(&mut changed, Status::Active)?;
                let signs_anew = changed.signing_secret != now.signing_secret;
                Ok((place, changed, signs_anew))
            })
            .await?;
        let url = changed.url(gateway);
        let shown = if signs_anew { changed.view_with_secret(&url) } else { changed.view(&url) };
        self.spread(200, place, &changed, shown).await
    }

    pub(super) async fn delete_source(self: &Rc<Self>, id: &str) -> Outcome {
        let mut source = self.store.source(id)?;
        source.forget_secrets(edge::now());
        let place = self.store.save_source(&mut source, Status::Deleted)?;
        self.spread(204, place, &source, ()).await
    }

    /// The secret that the provider told itself: some want to see it again, entered by hand.
    pub(super) fn show_learned_secret(&self, query: &str, id: &str) -> Outcome {
        let source = self.store.source(id)?;
        self.store.check(source.sealed.as_ref())?;
        let secret = source.learned.ok_or_else(|| Problem::not_found("learned secret"))?;
        self.note_reading(query, &source.id);
        Reply::ok(&json!({"secret": secret}))
    }

    /// A source as it is stored, for a Worker that can't wait for KV, or can't open what KV has.
    pub(super) fn whole_source(&self, id: &str) -> Outcome {
        Reply::ok(&self.store.source(id)?)
    }

    /// The provider has told its secret.
    pub(super) async fn learn(self: &Rc<Self>, id: &str, secret: &str) -> Outcome {
        let source = self.store.source(id)?;
        self.store.check(source.sealed.as_ref())?;
        // Said twice, where the first answer got lost.
        if source.learned.as_deref() == Some(secret) {
            return Ok(Reply::Changed(204, String::new(), source.version));
        }
        let mut learned = source.learn(secret, edge::now())?;
        let place = self.store.save_source(&mut learned, Status::Active)?;
        self.spread(204, place, &learned, ()).await
    }

    /// Tells everybody of a change that is stored, and answers.
    async fn spread(
        self: &Rc<Self>,
        status: u16,
        place: Option<Place>,
        source: &Source,
        answer: impl Serialize,
    ) -> Outcome {
        // Should this instance die before everybody knows, the alarm tells them.
        self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        if let Some(place) = place {
            self.push(place).await;
        }
        self.publish_source(&source.id).await;
        self.release_routes().await;
        self.changed(status, &answer, source.version)
    }

    /// Writes a source to KV, one write at a time, so that an older one can't land on a newer.
    pub(super) async fn publish_source(&self, id: &str) {
        if !self.publishing_sources.borrow_mut().insert(id.to_owned()) {
            return self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
        let key = ["source:", id].concat();
        let published = match self.store.source_to_publish(id) {
            Ok(None) => true,
            Ok(Some((json, version))) => {
                let written = match json {
                    Some(json) => self.env.kv_put("SUBSCRIPTIONS", &key, &json).await,
                    None => self.env.kv_delete("SUBSCRIPTIONS", &key).await,
                };
                written && self.store.set_source_published(id, version).is_ok()
            }
            Err(_) => false,
        };
        self.publishing_sources.borrow_mut().remove(id);
        if !published {
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
        }
    }

    fn source_context(&self) -> Context {
        Context { now: edge::now(), random: edge::random_bytes(), rules: self.env.rules() }
    }
}
