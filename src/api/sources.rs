//! What a source remembers of the requests that came, and why one of them failed.

use wasm_bindgen::JsValue;

use super::{Answer, Call, management};
use crate::edge;
use crate::explain::{self, Captured};
use crate::id::{Id, SOURCE};
use crate::problem::Problem;
use crate::proxy::keys;
use crate::signature::{KeySource, Question, VerifyingKey};
use crate::source::{Gate, Source};

/// `GET /v1/sources/{id}/requests`
pub async fn requests(call: Call) -> Result<Answer, Problem> {
    let id = Id::parse(SOURCE, &known(&call).await?.id).ok_or_else(|| Problem::not_found("source"))?;
    let path = ["/requests?", call.query()].concat();
    management::said(call.gateway.object("SUBSCRIPTION", id.place().as_str(), &path, JsValue::NULL).await?)
}

/// `POST /v1/sources/{id}/explain`
pub async fn explain(call: Call) -> Result<Answer, Problem> {
    let now = edge::now();
    let body = call.body.to_vec();
    let captured = Captured::read(&body, now)?;
    let source = known(&call).await?;
    let env = &call.gateway.env;
    env.vault().check(source.sealed.as_ref())?;
    let gate = Gate::new(source).ok_or_else(|| Problem::not_found("provider"))?;
    let fetch = async |key: &KeySource, algorithm, secrets: &[VerifyingKey]| {
        keys::of(env, &gate, key, algorithm, secrets, now).await
    };
    let report =
        explain::explain(&gate, &captured, fetch, async |question: &Question<'_>| edge::verify(question).await);
    Ok(Answer::json(200, crate::body::written(&report.await)?))
}

/// The source that a call is about, if it is one of the caller's.
async fn known(call: &Call) -> Result<Source, Problem> {
    let unknown = || Problem::not_found("source");
    Id::parse(SOURCE, call.param(0)).ok_or_else(unknown)?;
    let said = call.gateway.ask(&["/source/", call.param(0)].concat()).await?;
    match said.status {
        404 => Err(unknown()),
        _ => serde_json::from_str(&said.text)
            .map_err(|_| Problem::unavailable("The application did not answer. Try again.")),
    }
}
