//! The registry: which applications there are. One object for the deployment, asked by the operator alone; an application
//! tells it how it is to be shown.

use std::rc::Rc;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::{Outcome, Reply, answering, steps, storage};
use crate::edge::{self, Env, Sql, State};
use crate::problem::Problem;

/// The name of the one object.
const NAME: &str = "applications";

/// How an application is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Registered {
    /// `app_…`
    pub id: String,
    /// Grows with each change: an older word that comes late is dropped.
    pub version: u64,
    /// As the API shows it; none once it is gone.
    pub view: Option<String>,
}

struct Inner {
    state: State,
}

/// The object.
#[wasm_bindgen]
pub struct Registry(Rc<Inner>);

#[wasm_bindgen]
impl Registry {
    /// Called by the runtime.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, _env: Env) -> Self {
        Registry(Rc::new(Inner { state }))
    }

    /// `POST /put` with a [`Registered`]; `POST /list/{below}/{limit}`. `POST /deleted/{limit}`: applications that are gone,
    /// of which something may be left; `POST /forget/{id}`: nothing is left of one.
    pub fn fetch(&self, request: Request) -> Promise {
        let inner = self.0.clone();
        answering(async move {
            let url = edge::url_of(&request);
            let body = edge::call_body(&request).await?.to_vec();
            match steps(edge::target(&url).0).as_slice() {
                ["put"] => inner.put(&body),
                ["list", below, limit] => inner.list(below, limit.parse().unwrap_or(1)),
                ["deleted", limit] => inner.deleted(limit.parse().unwrap_or(1)),
                ["forget", id] => inner.forget(id),
                _ => Err(Problem::not_found("call")),
            }
        })
    }
}

impl Inner {
    fn open(&self) -> Result<Sql, Problem> {
        let sql = self.state.open();
        let schema = "CREATE TABLE IF NOT EXISTS applications (
            id TEXT PRIMARY KEY, version INTEGER NOT NULL, view TEXT
        ) WITHOUT ROWID";
        sql.run(schema, &[]).map_err(storage)?;
        Ok(sql)
    }

    fn put(&self, body: &[u8]) -> Outcome {
        let told: Registered = crate::body::parsed(body).map_err(|error| Problem::not_json(error.to_string()))?;
        let params =
            [(&told.id).into(), i64::try_from(told.version).unwrap_or(i64::MAX).into(), told.view.as_ref().into()];
        self.open()?
            .run(
                "INSERT INTO applications VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET version = ?2, view = ?3 WHERE version < ?2",
                &params,
            )
            .map_err(storage)?;
        Ok(Reply::Done)
    }

    fn deleted(&self, limit: u32) -> Outcome {
        let query = "SELECT id FROM applications WHERE view IS NULL ORDER BY id LIMIT ?";
        let rows = self.open()?.rows(query, &[limit.into()]).map_err(storage)?;
        Reply::ok(&rows.iter().filter_map(|row| row.text(0)).collect::<Vec<_>>())
    }

    fn forget(&self, id: &str) -> Outcome {
        let query = "DELETE FROM applications WHERE id = ? AND view IS NULL";
        self.open()?.run(query, &[id.into()]).map_err(storage)?;
        Ok(Reply::Done)
    }

    fn list(&self, below: &str, limit: u32) -> Outcome {
        let rows = self
            .open()?
            .rows(
                "SELECT id, view FROM applications WHERE id < ? AND view IS NOT NULL ORDER BY id DESC LIMIT ?",
                &[below.into(), limit.into()],
            )
            .map_err(storage)?;
        let pairs: Vec<_> = rows.iter().filter_map(|row| Some((row.text(0)?, row.text(1)?))).collect();
        Reply::ok(&pairs)
    }
}

/// Applications below an id, newest first: each one's id and how it is shown.
///
/// # Errors
/// 503 where the registry does not answer.
pub async fn list(env: &Env, below: &str, limit: u32) -> Result<Vec<(String, String)>, Problem> {
    let said = env.call("REGISTRY", NAME, &format!("/list/{below}/{limit}"), JsValue::NULL).await?;
    serde_json::from_str(&said.text).map_err(|_| Problem::unavailable("The registry did not answer. Try again."))
}

/// Tells the registry how an application is now. Whether it heard it.
pub async fn put(env: &Env, told: &Registered) -> bool {
    let Ok(text) = serde_json::to_string(told) else { return false };
    env.call("REGISTRY", NAME, "/put", text.as_str()).await.is_ok_and(|said| said.status == 204)
}

/// Some of the applications that were deleted and are not forgotten yet; none where the registry does not answer.
pub async fn deleted(env: &Env, limit: u32) -> Vec<String> {
    let said = env.call("REGISTRY", NAME, &format!("/deleted/{limit}"), JsValue::NULL).await;
    said.ok().and_then(|said| serde_json::from_str(&said.text).ok()).unwrap_or_default()
}

/// Tells the registry that nothing is left of an application. Whether it heard it.
pub async fn forget(env: &Env, id: &str) -> bool {
    let said = env.call("REGISTRY", NAME, &["/forget/", id].concat(), JsValue::NULL).await;
    said.is_ok_and(|said| said.status == 204)
}
