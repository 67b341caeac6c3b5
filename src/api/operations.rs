//! What is done to many deliveries in the background: here it begins, and is asked for.

use wasm_bindgen::JsValue;

use super::{Answer, Call, deliveries, management};
use crate::access::Caller;
use crate::id::{Id, SUBSCRIPTION};
use crate::objects::operations::Start;
use crate::operation::{Job, Kind};
use crate::problem::Problem;

/// `POST /v1/subscriptions/{id}/recover`
pub async fn recover(call: Call) -> Result<Answer, Problem> {
    let job = Job::recover(&subscription(&call)?, &call.body.to_vec())?;
    start(call, job).await
}

/// `POST /v1/subscriptions/{id}/replay`
pub async fn replay(call: Call) -> Result<Answer, Problem> {
    let job = Job::replay(&subscription(&call)?, &call.body.to_vec())?;
    start(call, job).await
}

/// `POST /v1/deliveries/retry`
pub async fn retry(call: Call) -> Result<Answer, Problem> {
    bulk(Kind::Retry, call).await
}

/// `POST /v1/deliveries/cancel`
pub async fn cancel(call: Call) -> Result<Answer, Problem> {
    bulk(Kind::Cancel, call).await
}

async fn bulk(kind: Kind, call: Call) -> Result<Answer, Problem> {
    let mut job = Job::bulk(kind, &call.body.to_vec())?;
    if let Job::Bulk(bulk) = &mut job
        && let Some(event) = &mut bulk.event
    {
        let core = deliveries::core_of(&call, &event.id).await?;
        event.core = core.and_then(|core| core.as_str().get(..22).map(str::to_owned));
    }
    start(call, job).await
}

/// The subscription that a path names.
fn subscription(call: &Call) -> Result<String, Problem> {
    let id = call.param(0);
    Id::parse(SUBSCRIPTION, id).map(|_| id.to_owned()).ok_or_else(|| Problem::not_found("subscription"))
}

/// Has the application's operations begin one more.
async fn start(call: Call, job: Job) -> Result<Answer, Problem> {
    let text = crate::body::written(&Start { job, operator: call.caller == Caller::Operator })?;
    // Once: it is not known whether one that did not answer has begun.
    let application = &call.gateway.application;
    management::said(call.gateway.env.call_once("OPERATIONS", application, "/start", &text.into()).await?)
}

/// `GET /v1/operations`
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let which = if call.caller == Caller::Operator { "all" } else { "others" };
    ask(&call, &["/list/", which, "?", call.query()].concat()).await
}

/// `GET /v1/operations/{id}`
pub async fn get(call: Call) -> Result<Answer, Problem> {
    ask(&call, &["/get/", id(&call)?].concat()).await
}

/// `POST /v1/operations/{id}/stop`
pub async fn stop(call: Call) -> Result<Answer, Problem> {
    ask(&call, &["/stop/", id(&call)?].concat()).await
}

/// An id, and not the rest of a path to somewhere else.
fn id(call: &Call) -> Result<&str, Problem> {
    let id = call.param(0);
    Id::parse(crate::id::OPERATION, id).map(|_| id).ok_or_else(|| Problem::not_found("operation"))
}

async fn ask(call: &Call, path: &str) -> Result<Answer, Problem> {
    management::said(call.gateway.env.call("OPERATIONS", &call.gateway.application, path, JsValue::NULL).await?)
}
