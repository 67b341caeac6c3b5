//! Finding a source: in this instance's memory, else in KV, else with the application that made it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use crate::edge::{self, Env};
use crate::problem::Problem;
use crate::source::{Gate, Source};
use crate::time::Millis;

/// How long a source, or a host's routes, is taken as it is before KV is asked again.
pub(super) const FRESH: Millis = 10_000;
/// How old KV may answer, in seconds; it takes no less than 30.
pub(super) const KV_TTL: u32 = 30;
/// How many of each are kept in memory.
pub(super) const KEPT: usize = 1_000;

#[derive(Default)]
struct Cached {
    gate: Option<Rc<Gate>>,
    read_at: Millis,
    /// A change of this version was made from here, by this application: nothing older will do.
    changed: Option<(String, u64)>,
}

thread_local! {
    static GATES: RefCell<HashMap<String, Cached>> = RefCell::default();
}

/// A source was changed from here.
pub fn changed(id: &str, application: &str, version: u64) {
    GATES.with_borrow_mut(|gates| {
        let cached = gates.entry(id.to_owned()).or_default();
        cached.read_at = 0;
        cached.changed = Some((application.to_owned(), version));
    });
    super::front::forget();
}

/// The source of this id, ready to judge; none where there is none.
///
/// # Errors
/// 503 where nobody can say.
pub async fn gate(env: &Env, id: &str) -> Result<Option<Rc<Gate>>, Problem> {
    let now = edge::now();
    let (fresh, changed) = GATES.with_borrow(|gates| match gates.get(id) {
        Some(cached) if now.saturating_sub(cached.read_at) < FRESH => (Some(cached.gate.clone()), None),
        Some(cached) => (None, cached.changed.clone()),
        None => (None, None),
    });
    if let Some(gate) = fresh {
        return Ok(gate);
    }
    let stored = env.kv_get("SUBSCRIPTIONS", &["source:", id].concat(), KV_TTL).await;
    let mut source = stored.and_then(|text| env.vault().look::<Source>(&text, id).ok());
    let newer = changed.as_ref().filter(|(_, version)| source.as_ref().is_none_or(|source| source.version < *version));
    // KV may not know yet that it was sealed anew.
    let unopened = source.as_ref().filter(|source| source.sealed.is_some()).map(|source| source.application.clone());
    if let Some(application) = newer.map(|(application, _)| application.clone()).or(unopened) {
        let said = env.call("APPLICATION", &application, &["/source/", id].concat(), JsValue::NULL).await?;
        source = match said.status {
            200 => serde_json::from_str(&said.text).ok(),
            404 => None,
            _ => return Err(Problem::unavailable("The source can't be read. Try again.")),
        };
    }
    if let Err(problem) = env.vault().check(source.as_ref().and_then(|source| source.sealed.as_ref())) {
        edge::log(&format!("{id}: {}", problem.detail));
        return Err(problem);
    }
    let gate = source.and_then(Gate::new).map(Rc::new);
    GATES.with_borrow_mut(|gates| {
        // Whoever makes names up must not fill the memory.
        if gates.len() >= KEPT {
            gates.clear();
        }
        if gate.is_some() || changed.is_some() {
            gates.insert(id.to_owned(), Cached { gate: gate.clone(), read_at: now, changed });
        }
    });
    Ok(gate)
}
