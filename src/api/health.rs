//! What a deployment says of itself.

use std::cell::Cell;

use serde::Serialize;
use wasm_bindgen::JsValue;
use web_sys::Response;

use super::gateway;
use super::{Answer, Call};
use crate::access::DEFAULT;
use crate::edge::{self, Env, Head};
use crate::problem::Problem;
use crate::time::Millis;
use crate::vault;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// What works, but not as it should.
#[derive(Serialize)]
struct Warning {
    code: &'static str,
    detail: &'static str,
}

const KEY_NOT_SET: Warning = Warning {
    code: "encryption_key_not_set",
    detail: "Secrets are sealed under a key made of OPERATOR_KEY. Set ENCRYPTION_KEY before OPERATOR_KEY is changed: \
             `npx wrangler secret put ENCRYPTION_KEY`.",
};
const GUESSES_NOT_BOUND: Warning = Warning {
    code: "guesses_not_limited",
    detail: "The rate limit GUESSES is not bound: whoever guesses keys is not slowed down.",
};
const PAGES_NOT_BOUND: Warning =
    Warning { code: "pages_not_bound", detail: "ASSETS is not bound: there is no dashboard, and no /openapi.json." };

/// How long it is believed that no key is missing: anybody may ask.
const FRESH: Millis = 10_000;

thread_local! {
    static KEYS_SEEN_AT: Cell<Millis> = const { Cell::new(0) };
}

/// `GET /healthz`: whether this deployment can work, and if not what it lacks.
pub async fn check(head: &Head, env: &Env) -> Response {
    if head.method != "GET" && head.method != "HEAD" {
        let problem = Problem::new(405, "method_not_allowed", format!("{} is not offered here.", head.method));
        head.seen.borrow_mut().refused(&problem);
        return edge::respond(405, "application/problem+json", &problem.to_json(), &[("allow", "GET, HEAD")]);
    }
    let found = match gateway::missing(env) {
        None => missing_key(env).await.err(),
        problem => problem,
    };
    match found {
        None => {
            let warnings = [
                (!env.vault().is_set(), KEY_NOT_SET),
                (!env.has("GUESSES"), GUESSES_NOT_BOUND),
                (!env.has("ASSETS"), PAGES_NOT_BOUND),
            ];
            let warnings = warnings.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning).collect();
            let health = Health { status: "ok", warnings };
            edge::respond(200, "application/json", &serde_json::to_string(&health).unwrap_or_default(), &[])
        }
        Some(problem) => {
            head.seen.borrow_mut().refused(&problem);
            edge::respond(problem.status, "application/problem+json", &problem.to_json(), &[])
        }
    }
}

/// Whether every key is there that the default application's rows are sealed under: it has been here longest, and what
/// it lacks the others lack.
async fn missing_key(env: &Env) -> Result<(), Problem> {
    let now = edge::now();
    if now.saturating_sub(KEYS_SEEN_AT.get()) < FRESH {
        return Ok(());
    }
    let said = env.call("APPLICATION", DEFAULT, "/missing-keys", JsValue::NULL).await?;
    let missing: Vec<String> = serde_json::from_str(&said.text).unwrap_or_default();
    if let Some(id) = missing.first() {
        return Err(vault::missing(id));
    }
    KEYS_SEEN_AT.set(now);
    Ok(())
}

/// `GET /metrics`: what this instance has done since it started, in the Prometheus text format.
pub async fn metrics(_call: Call) -> Result<Answer, Problem> {
    Ok(Answer { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", text: edge::metrics() })
}
