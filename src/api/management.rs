//! Calls that the application's object answers: here they are only let through.

use serde::Deserialize;

use super::{Answer, Call, JSON};
use crate::edge::Said;
use crate::problem::Problem;
use crate::proxy;

/// Hands a call to the application's object as it is, without `/v1`.
pub async fn forward(call: Call) -> Result<Answer, Problem> {
    let (path, query) = call.head.target();
    // The placeholders are passed on as they came: ids and names hold nothing that would need escaping.
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let target = format!("/{}{path}?{query}", call.head.method);
    said(call.gateway.tell(&target, &call.body).await?)
}

/// The same for a call by which a caller hands on what it may do, or where this gateway is, or that is noted.
pub async fn hand_on(call: Call) -> Result<Answer, Problem> {
    said(tell(&call).await?)
}

/// Passes a call on with who calls, and where they reached this gateway, before the client's own query.
async fn tell(call: &Call) -> Result<Said, Problem> {
    let (path, query) = call.head.target();
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let from = crate::body::written(&(call.origin(), &call.caller))?;
    let from: String = url::form_urlencoded::byte_serialize(from.as_bytes()).collect();
    call.gateway.tell(&format!("/{}{path}?from={from}&{query}", call.head.method), &call.body).await
}

/// The same for a call about sources, whose URLs begin with where the caller reached this gateway.
pub async fn source(call: Call) -> Result<Answer, Problem> {
    let answer = tell(&call).await?;
    if let Some(version) = answer.version
        && let Some(id) = changed_source(&call, &answer)
    {
        // Requests that come right after to this instance are to find the source as it is now.
        proxy::changed(&id, &call.gateway.application, version);
    }
    said(answer)
}

/// The source that a call has changed, or made.
fn changed_source(call: &Call, answer: &Said) -> Option<String> {
    #[derive(Deserialize)]
    struct Made {
        id: String,
    }
    match call.param(0) {
        "" => serde_json::from_str(&answer.text).ok().map(|Made { id }| id),
        id => Some(id.to_owned()),
    }
}

/// What an object said, as the API says it.
pub fn said(said: Said) -> Result<Answer, Problem> {
    Ok(Answer {
        status: said.status,
        kind: if said.status < 400 { JSON } else { "application/problem+json" },
        text: said.text,
    })
}
