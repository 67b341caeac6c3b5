//! Calls that the application's object answers: here they are only let through.

use serde::Deserialize;

use super::{Answer, Call, JSON};
use crate::edge::Said;
use crate::page::Page;
use crate::problem::Problem;
use crate::proxy;
use crate::route;

/// Hands a call to the application's object as it is, without `/v1`.
pub async fn forward(call: Call) -> Result<Answer, Problem> {
    let (path, query) = call.head.target();
    // The placeholders are passed on as they came: ids and names hold nothing that would need escaping.
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let target = format!("/{}{path}?{query}", call.head.method);
    said(call.gateway.tell(&target, &call.body).await?)
}

/// The same for a call about sources, whose URLs begin with where the caller reached this gateway.
pub async fn source(call: Call) -> Result<Answer, Problem> {
    let (path, query) = call.head.target();
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let at = call.head.url.get(..call.head.url.len().saturating_sub(route::target(&call.head.url).len()));
    let target = format!("/{}{path}?at={}&{query}", call.head.method, at.unwrap_or_default());
    let answer = call.gateway.tell(&target, &call.body).await?;
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

/// `GET /v1/applications`
pub async fn list_applications(call: Call) -> Result<Answer, Problem> {
    let page = Page::read(call.query(), &[])?;
    let application = &call.gateway.application;
    let said = call.gateway.ask(&["/GET/applications/", application].concat()).await?;
    Ok(Answer::json(200, page.answer_whole(vec![(application.clone(), said.text)])?))
}

/// A call about one application, which must be the one that the caller acts on.
pub async fn application(call: Call) -> Result<Answer, Problem> {
    if call.param(0) != call.gateway.application {
        return Err(Problem::not_found("application"));
    }
    forward(call).await
}

/// What an object said, as the API says it.
pub fn said(said: Said) -> Result<Answer, Problem> {
    Ok(Answer {
        status: said.status,
        kind: if said.status < 400 { JSON } else { "application/problem+json" },
        text: said.text,
    })
}
