//! What a source remembers of the requests that came, and why one of them failed.

use wasm_bindgen::JsValue;

use super::{Answer, Call, management};
use crate::id::{Id, SOURCE};
use crate::problem::Problem;

/// `GET /v1/sources/{id}/requests`
pub async fn requests(call: Call) -> Result<Answer, Problem> {
    let id = known(&call).await?;
    let path = ["/requests?", call.query()].concat();
    management::said(call.gateway.object("SUBSCRIPTION", id.place().as_str(), &path, JsValue::NULL).await?)
}

/// The source that a call is about, if it is one of the caller's.
async fn known(call: &Call) -> Result<Id, Problem> {
    let unknown = || Problem::not_found("source");
    let id = Id::parse(SOURCE, call.param(0)).ok_or_else(unknown)?;
    match call.gateway.ask(&["/source/", call.param(0)].concat()).await?.status {
        200 => Ok(id),
        404 => Err(unknown()),
        _ => Err(Problem::unavailable("The application did not answer. Try again.")),
    }
}
