//! The way to an application's objects, and what ingest knows of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use wasm_bindgen::JsValue;

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
        let now = edge::now();
        let (known, at_least) = SNAPSHOTS.with_borrow(|snapshots| match snapshots.get(&self.application) {
            Some(cached) => (cached.view.clone().map(|view| (view, cached.read_at)), cached.at_least),
            None => (None, 0),
        });
        if let Some((view, read_at)) = &known
            && view.snapshot.version >= at_least
            && now.saturating_sub(*read_at) < FRESH
        {
            return Ok(view.clone());
        }
        let key = ["application:", &self.application].concat();
        let stored = self.env.kv_get("SUBSCRIPTIONS", &key, KV_TTL).await;
        let stored = stored.and_then(|text| View::read(&text).ok());
        let view = match stored.filter(|view| view.snapshot.version >= at_least) {
            Some(view) => view,
            None => {
                let said = self.ask("/snapshot").await?;
                if said.status == 404 {
                    // What made it so is not forgotten: KV may still have the application.
                    SNAPSHOTS.with_borrow_mut(|snapshots| {
                        snapshots.entry(self.application.clone()).and_modify(|cached| cached.view = None);
                    });
                    return Err(Problem::not_found("application"));
                }
                View::read(&said.text)
                    .map_err(|_| Problem::unavailable("The application did not answer. Try again."))?
            }
        };
        let view = Rc::new(view);
        SNAPSHOTS.with_borrow_mut(|snapshots| {
            if snapshots.len() >= KEPT {
                snapshots.retain(|_, cached| now.saturating_sub(cached.read_at) < FRESH || cached.behind_until > now);
            }
            let cached = snapshots.entry(self.application.clone()).or_default();
            cached.view = Some(view.clone());
            cached.read_at = now;
        });
        Ok(view)
    }
}
