//! Events by their ids, wherever they lie: with the delivery that remembers them, or in the ledger.

use wasm_bindgen::JsValue;

use super::ledger::Entry;
use crate::edge::Env;
use crate::id::{EVENT, Id, Place};
use crate::problem::Problem;

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
    if let Some(core) = Id::parse(EVENT, id) {
        if !core.place().is_ledger() {
            if sees(core.place())
                && let Some(event) = at_home(env, application, core).await?
            {
                return Ok(Some(event));
            }
        } else if let Some(entry) = recall(env, application, core.place(), id).await? {
            return from_entry(env, application, entry).await;
        }
    }
    match recall(env, application, Place::for_event(id), id).await? {
        Some(entry) => from_entry(env, application, entry).await,
        None => Ok(None),
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

async fn from_entry(env: &Env, application: &str, entry: Entry) -> Result<Option<String>, Problem> {
    match (entry.event, Id::parse_bare(&entry.core)) {
        (Some(event), _) => Ok(Some(event)),
        (None, Some(core)) => at_home(env, application, core).await,
        (None, None) => Ok(None),
    }
}

async fn at_home(env: &Env, application: &str, core: Id) -> Result<Option<String>, Problem> {
    let name = [application, "/", core.place().as_str()].concat();
    let said = env.call("SUBSCRIPTION", &name, &["/event/", core.as_str()].concat(), JsValue::NULL).await?;
    match said.status {
        200 => Ok(Some(said.text)),
        404 => Ok(None),
        _ => Err(Problem::unavailable("The event can't be read now. Try again.")),
    }
}
