//! What an object has to say to the operator and nobody has taken yet.
//!
//! A notice is written in the same stretch as the change that it tells of, so that a crash loses none; its deliveries have
//! their ids from then on, so that none arrives twice. An alarm stands until every place has taken its own. What gathers
//! in a moment goes together: a burst of failures is a few calls.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::join_all;
use wasm_bindgen::JsValue;

use super::storage;
use crate::access::DEFAULT;
use crate::api::gateway;
use crate::edge::{self, Env, Row, Sql};
use crate::id::Place;
use crate::problem::Problem;
use crate::signal::Signal;
use crate::snapshot::Subscriber;
use crate::time::Millis;

/// How many notices go in one call.
const GROUP: u32 = 100;
/// How long notices gather before they are sent.
const GATHER: Millis = 200;
/// How long a sender is believed to be at it: one that died on the way is followed by another.
const PATIENCE: Millis = 30_000;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS outbox (
    place TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (place, id)
) WITHOUT ROWID";

/// Who of the operator's subscriptions hears of what happens.
pub struct Listening(Vec<Subscriber>);

impl Listening {
    /// Those that are named.
    pub fn of(listening: &[Subscriber]) -> Self {
        Listening(listening.to_vec())
    }

    /// As far as is known here: asked for where something has failed or was changed, and never on the plain path.
    pub async fn known(env: &Env) -> Self {
        Self::of(gateway::known(env).await.as_ref().map_or(&[], |view| view.snapshot.listening.as_slice()))
    }
}

/// The table, made when there is something to say for the first time.
pub struct Outbox {
    sql: Sql,
    sending: Cell<Option<Millis>>,
}

impl Outbox {
    /// Opens nothing yet.
    pub fn new(sql: Sql) -> Rc<Self> {
        Rc::new(Outbox { sql, sending: Cell::new(None) })
    }

    /// Writes down what is to be said, if anybody listens. Whether there is something to be sent.
    ///
    /// # Errors
    /// Where the storage refuses.
    pub fn put(&self, signal: &Signal<'_>, application: &str, to: &Listening) -> Result<bool, Problem> {
        let Some(notice) = signal.notice(application, &to.0, edge::random_id(), edge::now())? else {
            return Ok(false);
        };
        self.sql.run(TABLE, &[]).map_err(storage)?;
        let json = crate::body::written(&notice)?;
        for id in notice.deliveries() {
            let place = id.place();
            let params = [place.as_str().into(), id.as_str().into(), (&json).into()];
            self.sql.run("INSERT INTO outbox VALUES (?, ?, ?)", &params).map_err(storage)?;
        }
        Ok(true)
    }

    /// Whether everything was taken. When in doubt it was not.
    pub fn is_empty(&self) -> bool {
        self.places().is_ok_and(|places| places.is_empty())
    }

    fn places(&self) -> Result<Vec<Place>, JsValue> {
        // Nothing is made for a look, and all of it may have been deleted since.
        if self.sql.row("SELECT 1 FROM sqlite_master WHERE name = 'outbox'", &[])?.is_none() {
            return Ok(Vec::new());
        }
        let rows = self.sql.rows("SELECT DISTINCT place FROM outbox", &[])?;
        Ok(rows.iter().filter_map(|row| Place::parse(&row.text(0)?)).collect())
    }

    /// Starts sending. Where somebody is at it already they find what was added.
    pub fn start(self: &Rc<Self>, env: &Env) {
        let (outbox, env) = (self.clone(), env.clone());
        edge::task::spawn(async move { outbox.send(&env).await });
    }

    /// Sends until nothing is left, or nobody takes it; then the alarm tries again.
    async fn send(&self, env: &Env) {
        let now = edge::now();
        if self.sending.get().is_some_and(|since| now.saturating_sub(since) < PATIENCE) {
            return;
        }
        self.sending.set(Some(now));
        loop {
            edge::pause(GATHER).await;
            let Ok(places) = self.places().map_err(storage) else { break };
            if places.is_empty() {
                break;
            }
            let sent = join_all(places.into_iter().map(|place| self.send_to(env, place))).await;
            if sent.contains(&false) {
                break;
            }
        }
        self.sending.set(None);
    }

    /// Sends one place its own, the oldest first. Whether it took all.
    async fn send_to(&self, env: &Env, place: Place) -> bool {
        let name = [DEFAULT, "/", place.as_str()].concat();
        loop {
            let query = "SELECT id, json FROM outbox WHERE place = ? ORDER BY id LIMIT ?";
            let Ok(rows) = self.sql.rows(query, &[place.as_str().into(), GROUP.into()]).map_err(storage) else {
                return false;
            };
            if rows.is_empty() {
                return true;
            }
            let column = |at| move |row: &Row| row.text(at);
            let notices = ["[", &rows.iter().filter_map(column(1)).collect::<Vec<_>>().join(","), "]"].concat();
            let ids: Vec<String> = rows.iter().filter_map(column(0)).collect();
            self.sending.set(Some(edge::now()));
            // 404: the subscription is gone, and there is nobody to tell.
            match env.call("SUBSCRIPTION", &name, "/notices", notices.as_str()).await {
                Ok(said) if matches!(said.status, 204 | 404) => {}
                _ => return false,
            }
            let taken = serde_json::to_string(&ids).unwrap_or_default();
            let query = "DELETE FROM outbox WHERE place = ? AND id IN (SELECT value FROM json_each(?))";
            if self.sql.run(query, &[place.as_str().into(), (&taken).into()]).map_err(storage).is_err() {
                return false;
            }
        }
    }
}
