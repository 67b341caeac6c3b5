//! The way to an application's objects, and what ingest knows of it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use crate::access::DEFAULT;
use crate::edge::{self, Env, Said};
use crate::problem::Problem;
use crate::snapshot::View;
use crate::time::Millis;

/// The key in `.dev.vars`. Everybody can read it, so it opens nothing outside a developer's machine.
const LOCAL_KEY: &str = "local-operator-key";

/// How long a snapshot is taken as it is before KV is asked again, in this instance's memory.
const FRESH: Millis = 10_000;
/// How old KV may answer, in seconds; it takes no less than 30.
const KV_TTL: u32 = 30;
/// How many applications are kept in memory.
const KEPT: usize = 1_000;
/// How long KV may take to hear of a change, and then some.
const BEHIND: Millis = 90_000;

#[derive(Default)]
struct Cached {
    view: Option<Rc<View>>,
    read_at: Millis,
    /// A change of this version was made from here: nothing older will do.
    at_least: u64,
    /// Until then KV may know something older.
    behind_until: Millis,
}

thread_local! {
    static SNAPSHOTS: RefCell<HashMap<String, Cached>> = RefCell::default();
    /// Until then KV need not be asked again for an application that it has never heard of.
    static SILENT_UNTIL: Cell<Millis> = const { Cell::new(0) };
}

/// The way to an application's objects, for somebody who may use it.
pub struct Gateway {
    /// The bindings.
    pub env: Env,
    /// The application's id.
    pub application: String,
}

/// What stands in the way of every call to this deployment, if anything.
pub fn missing(env: &Env) -> Option<Problem> {
    let settings = env.settings();
    let mut lacks = Vec::new();
    if !settings.unbound.is_empty() {
        lacks.push(format!(
            "It lacks the bindings {}: deploy it with its own wrangler.toml.",
            settings.unbound.join(", ")
        ));
    }
    let key = settings.operator_key.as_str();
    if key.is_empty() || (key == LOCAL_KEY && !settings.allow_private) {
        lacks.push("It has no operator key yet: set one with `npx wrangler secret put OPERATOR_KEY`.".into());
    }
    lacks.extend(settings.vault.fault());
    let detail = || ["This deployment is not ready. ", &lacks.join(" ")].concat();
    (!lacks.is_empty()).then(|| Problem::new(503, "not_configured", detail()))
}

impl Gateway {
    /// Asks the application's own object.
    pub async fn ask(&self, path: &str) -> Result<Said, Problem> {
        self.env.call("APPLICATION", &self.application, path, JsValue::NULL).await
    }

    /// Has the application's own object do something, once.
    pub async fn tell(&self, path: &str, body: &JsValue) -> Result<Said, Problem> {
        let said = self.env.call_once("APPLICATION", &self.application, path, body).await?;
        if let Some(version) = said.version {
            self.require(version);
        }
        Ok(said)
    }

    /// Calls an object of the application by its place.
    pub async fn object(
        &self,
        class: &str,
        place: &str,
        path: &str,
        body: impl Into<JsValue>,
    ) -> Result<Said, Problem> {
        let name = [&self.application, "/", place].concat();
        self.env.call(class, &name, path, body).await
    }

    fn require(&self, version: u64) {
        SNAPSHOTS.with_borrow_mut(|snapshots| {
            let cached = snapshots.entry(self.application.clone()).or_default();
            cached.at_least = cached.at_least.max(version);
            cached.behind_until = edge::now().saturating_add(BEHIND);
        });
    }

    /// The application as ingest sees it: from memory, else from KV, else, where a change made from here has not come
    /// through yet, from the application's object.
    pub async fn snapshot(&self) -> Result<Rc<View>, Problem> {
        let (known, at_least) = self.remembered();
        if let Some(view) = known {
            return Ok(view);
        }
        match self.stored(at_least).await {
            Some(view) => Ok(self.remember(view)),
            None => self.asked().await,
        }
    }

    /// What is in memory, where that is fresh; and the version that it must not be older than.
    fn remembered(&self) -> (Option<Rc<View>>, u64) {
        let now = edge::now();
        SNAPSHOTS.with_borrow(|snapshots| {
            let Some(cached) = snapshots.get(&self.application) else { return (None, 0) };
            let is_fresh = |view: &Rc<View>| {
                view.snapshot.version >= cached.at_least && now.saturating_sub(cached.read_at) < FRESH
            };
            (cached.view.clone().filter(is_fresh), cached.at_least)
        })
    }

    async fn stored(&self, at_least: u64) -> Option<View> {
        let key = ["application:", &self.application].concat();
        let text = self.env.kv_get("SUBSCRIPTIONS", &key, KV_TTL).await?;
        View::read(&text).ok().filter(|view| view.snapshot.version >= at_least)
    }

    async fn asked(&self) -> Result<Rc<View>, Problem> {
        let said = self.ask("/snapshot").await?;
        if said.status == 404 {
            // What made it so is not forgotten: KV may still have the application.
            SNAPSHOTS.with_borrow_mut(|snapshots| {
                snapshots.entry(self.application.clone()).and_modify(|cached| cached.view = None);
            });
            return Err(Problem::not_found("application"));
        }
        let view =
            View::read(&said.text).map_err(|_| Problem::unavailable("The application did not answer. Try again."))?;
        Ok(self.remember(view))
    }

    fn remember(&self, view: View) -> Rc<View> {
        let now = edge::now();
        let view = Rc::new(view);
        SNAPSHOTS.with_borrow_mut(|snapshots| {
            if snapshots.len() >= KEPT {
                snapshots.retain(|_, cached| now.saturating_sub(cached.read_at) < FRESH || cached.behind_until > now);
            }
            let cached = snapshots.entry(self.application.clone()).or_default();
            cached.view = Some(view.clone());
            cached.read_at = now;
        });
        view
    }
}

/// The application `default` as far as KV has heard of it, for objects that want to know who listens. What KV has never
/// heard of has nobody: its object is called only where a change was made from here a moment ago.
pub async fn known(env: &Env) -> Option<Rc<View>> {
    let gateway = Gateway { env: env.clone(), application: DEFAULT.to_owned() };
    let (known, at_least) = gateway.remembered();
    if known.is_some() {
        return known;
    }
    let now = edge::now();
    if at_least == 0 && SILENT_UNTIL.get() > now {
        return None;
    }
    match gateway.stored(at_least).await {
        Some(view) => Some(gateway.remember(view)),
        None if at_least > 0 => gateway.asked().await.ok(),
        None => {
            SILENT_UNTIL.set(now.saturating_add(FRESH));
            None
        }
    }
}
