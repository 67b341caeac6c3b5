//! The application's keys, and the links that they make.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Inner, PUBLISH_EVERY, reached};
use crate::access::{ApiKey, Asked, Caller, Grant, Link, Scope, asked_link, key_text, unauthorized};
use crate::edge;
use crate::id::{Id, KEY};
use crate::objects::{Outcome, Reply};
use crate::page::Page;
use crate::problem::Problem;
use crate::subscription::Subscription;
use crate::time::{Millis, rfc3339};

/// How many keys an application may have: every Worker holds those that post events in memory.
const MAX_KEYS: usize = 2_000;
/// How long a revoked key is remembered where events arrive: many times what KV takes to be heard of everywhere.
pub const REVOKED_FOR: Millis = 3_600_000;

/// What somebody has shown who calls.
#[derive(Serialize, Deserialize)]
pub enum Shown {
    /// A key, by its hash.
    Key(String),
    /// A link's token.
    Link(String),
}

impl Inner {
    /// Who that is.
    pub(super) fn caller(&self, body: &[u8]) -> Outcome {
        let shown: Shown = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let grant = match shown {
            Shown::Key(hash) => {
                self.store.key_of(&hash)?.map(|key| Grant { key: Some(key.id), scopes: key.scopes, until: None })
            }
            Shown::Link(token) => self.open_link(&token)?,
        };
        Reply::ok(&json!({"grant": grant.ok_or_else(unauthorized)?}))
    }

    /// What a link allows, as long as the key that made it holds.
    fn open_link(&self, token: &str) -> Result<Option<Grant>, Problem> {
        let settings = self.settings()?;
        self.store.check(settings.sealed.as_ref())?;
        let Some(secret) = settings.link_secret else { return Ok(None) };
        let Some(grant) = Link::read(token).and_then(|link| link.open(&secret, edge::now())) else { return Ok(None) };
        match &grant.key {
            Some(key) if self.store.key(key)?.is_none() => Ok(None),
            _ => Ok(Some(grant)),
        }
    }

    pub(super) fn list_keys(&self, query: &str) -> Outcome {
        let page = Page::read(query, &[])?;
        let found = self.store.list_keys(&page.below(KEY)?, page.limit.saturating_add(1))?;
        let ids = found.iter().map(|key| key.id.clone()).collect();
        let items = found.iter().map(|key| serde_json::to_string(&key.view()).unwrap_or_default()).collect();
        Ok(Reply::Json(200, page.answer(items, ids)))
    }

    pub(super) fn get_key(&self, id: &str) -> Outcome {
        Reply::ok(&self.known_key(id)?.view())
    }

    fn known_key(&self, id: &str) -> Result<ApiKey, Problem> {
        Id::parse(KEY, id).and_then(|_| self.store.key(id).transpose()).ok_or_else(|| Problem::not_found("key"))?
    }

    pub(super) async fn create_key(self: &Rc<Self>, query: &str, body: &[u8]) -> Outcome {
        let by: Caller = reached(query).by;
        let now = edge::now();
        let (label, scopes, asked) = ApiKey::read(body, &by)?;
        let mut subscription = self.subscription_of_key(&asked)?;
        if let Some(made) = &subscription
            && self.look_up(&made.url, "webhookUrl").await?
        {
            subscription = self.subscription_of_key(&asked)?;
        }
        if self.store.count_keys()? >= MAX_KEYS {
            let detail = format!("An application may have {MAX_KEYS} keys.");
            return Err(Problem::new(409, "too_many_keys", detail));
        }
        let text = key_text(&self.name, &edge::random_bytes());
        let mut key = ApiKey::new(self.new_key_id()?, label, scopes, &text, now);
        let mut place = None;
        if let Some(made) = &subscription {
            place = Some(self.store.save(made)?.0);
            key.subscription = Some(made.id.clone());
        }
        self.store.save_key(&key)?;
        let version = self.store.bump()?;
        if let Some(place) = place {
            self.push(place).await;
        }
        let secret = subscription.as_ref().map(|made| made.secrets.current.as_str());
        self.changed(201, &key.view_with(&text, secret), version)
    }

    /// The subscription that comes with a key; what is wrong with it is wrong with the key's own fields.
    fn subscription_of_key(&self, asked: &Asked) -> Result<Option<Subscription>, Problem> {
        let Some(body) = &asked.subscription else { return Ok(None) };
        self.read_subscription(body.as_bytes(), false).map(Some).map_err(|mut problem| {
            for error in problem.errors.iter_mut().filter(|error| error.pointer == "/url") {
                error.pointer = "/webhookUrl".into();
            }
            Problem { code: problem.code, ..Problem::invalid(problem.errors) }
        })
    }

    /// Revokes a key. Everybody who takes events is told before this is answered: a snapshot in KV may still list it.
    pub(super) async fn delete_key(self: &Rc<Self>, id: &str) -> Outcome {
        let key = self.known_key(id)?;
        let version = self.store.bump()?;
        self.store.drop_key(&key.id)?;
        if key.scopes.has(Scope::EventsWrite) {
            self.store.note_revoked(&key.id, edge::now(), version)?;
            // Should this instance die before everybody knows, the alarm tells them.
            self.wake_at(edge::now().saturating_add(PUBLISH_EVERY));
            self.push_all(self.store.not_pushed(u32::MAX)?).await;
        }
        self.changed(204, &(), version)
    }

    pub(super) async fn create_link(self: &Rc<Self>, query: &str, body: &[u8]) -> Outcome {
        let reached = reached(query);
        let grant = asked_link(body, &reached.by, edge::now())?;
        let mut settings = self.settings()?;
        self.store.check(settings.sealed.as_ref())?;
        let secret = match &settings.link_secret {
            Some(secret) => secret.clone(),
            None => {
                let secret = hex::encode(edge::random_bytes());
                settings.link_secret = Some(secret.clone());
                self.store.set_settings(&settings)?;
                secret
            }
        };
        let token = Link::make(&self.name, &grant, &secret)?;
        let expires_at = rfc3339(grant.until.unwrap_or_default());
        // Behind the mark: a browser keeps that to itself, and no log has it.
        let url = [reached.at.as_str(), "/#token=", &token].concat();
        Reply::json(201, &json!({"url": url, "expiresAt": expires_at}))
    }
}
