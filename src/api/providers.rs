//! The table of providers.

use super::{Answer, Call};
use crate::page::Page;
use crate::problem::Problem;
use crate::provider;

/// `GET /v1/providers`
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let page = Page::read(call.query(), &[])?;
    let item = |it: &provider::Provider| (it.name.clone(), serde_json::to_string(it).unwrap_or_default());
    Ok(Answer::json(200, page.answer_whole(provider::all().iter().map(item).collect())?))
}

/// `GET /v1/providers/{name}`
pub async fn get(call: Call) -> Result<Answer, Problem> {
    let provider = provider::find(call.param(0)).ok_or_else(|| Problem::not_found("provider"))?;
    Ok(Answer::json(200, crate::body::written(provider)?))
}
