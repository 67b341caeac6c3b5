//! Events by their ids, wherever they lie: with the delivery that remembers them, or in the ledger.

use wasm_bindgen::JsValue;

use super::ledger::Entry;
use crate::edge::Env;
use crate::id::{EVENT, Id, Place};
use crate::problem::Problem;

/// What is known of an event.
pub enum Known {
    /// It, as the API shows it.
    Here(String),
    /// What came of it; its data were kept for their time.
    Expired,
    /// Nothing.
    Nothing,
}

impl Known {
    /// The event, or why it can't be shown.
    ///
    /// # Errors
    /// 404.
    pub fn known(self) -> Result<String, Problem> {
        match self {
            Known::Here(event) => Ok(event),
            Known::Expired => Err(Problem::payload_expired(404)),
            Known::Nothing => Err(Problem::not_found("event")),
        }
    }
}

/// An event as the API shows it, by the id that its producer knows, for somebody who `sees` what is at a place.
///
/// # Errors
/// 503 where a part did not answer.
pub async fn find(
    env: &Env,
    application: &str,
    id: &str,
    sees: impl Fn(Place) -> bool,
) -> Result<Option<String>, Problem> {
    Ok(look(env, application, id, sees).await?.known().ok())
}

/// The same, and why it is not there.
///
/// # Errors
/// 503 where a part did not answer.
pub async fn look(env: &Env, application: &str, id: &str, sees: impl Fn(Place) -> bool) -> Result<Known, Problem> {
    let mut known = Known::Nothing;
    if let Some(core) = Id::parse(EVENT, id) {
        if !core.place().is_ledger() {
            if sees(core.place()) {
                known = at_home(env, application, core).await?;
            }
            if let Known::Here(_) = known {
                return Ok(known);
            }
        } else if let Some(entry) = recall(env, application, core.place(), id).await? {
            return from_entry(env, application, entry).await;
        }
    }
    match recall(env, application, Place::for_event(id), id).await? {
        Some(entry) => from_entry(env, application, entry).await,
        None => Ok(known),
    }
}

/// The ledger's entry of an id.
///
/// # Errors
/// 503 where it did not answer.
pub async fn recall(env: &Env, application: &str, place: Place, id: &str) -> Result<Option<Entry>, Problem> {
    let said = env.call("LEDGER", &[application, "/", place.as_str()].concat(), "/get", id).await?;
    Ok(serde_json::from_str(&said.text).ok().filter(|_| said.status == 200))
}

async fn from_entry(env: &Env, application: &str, entry: Entry) -> Result<Known, Problem> {
    match (entry.event, Id::parse_bare(&entry.core)) {
        (Some(event), _) => Ok(Known::Here(event)),
        // Nobody wanted it, and the ledger holds it no more.
        (None, Some(core)) if core.place().is_ledger() => Ok(Known::Expired),
        (None, Some(core)) => at_home(env, application, core).await,
        (None, None) => Ok(Known::Nothing),
    }
}

async fn at_home(env: &Env, application: &str, core: Id) -> Result<Known, Problem> {
    let name = [application, "/", core.place().as_str()].concat();
    let said = env.call("SUBSCRIPTION", &name, &["/event/", core.as_str()].concat(), JsValue::NULL).await?;
    match said.status {
        200 => Ok(Known::Here(said.text)),
        404 if said.text.contains("\"payload_expired\"") => Ok(Known::Expired),
        404 => Ok(Known::Nothing),
        _ => Err(Problem::unavailable("The event can't be read now. Try again.")),
    }
}
