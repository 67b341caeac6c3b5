//! The operator's calls about applications.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::gateway::Gateway;
use super::{Answer, Call, management};
use crate::access::DEFAULT;
use crate::edge;
use crate::id::{APPLICATION, Id, Place};
use crate::objects::registry;
use crate::page::Page;
use crate::problem::Problem;

/// `GET /v1/applications`: newest first, and at the end the one that was always there.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let page = Page::read(call.query(), &[])?;
    let listed = registry::list(&call.gateway.env, &page.below(APPLICATION)?, page.limit.saturating_add(1)).await?;
    let (mut ids, mut items): (Vec<String>, Vec<String>) = listed.into_iter().unzip();
    if items.len() <= page.limit as usize {
        let said = call.gateway.env.call("APPLICATION", DEFAULT, "/GET/applications/default", JsValue::NULL).await?;
        if said.status != 200 {
            return management::said(said);
        }
        items.push(said.text);
        ids.push(DEFAULT.into());
    }
    Ok(Answer::json(200, page.answer(items, ids)))
}

/// `POST /v1/applications`
pub async fn create(call: Call) -> Result<Answer, Problem> {
    let [a, b, c, d, ..] = edge::random_bytes();
    let place = Place::for_subscription(u32::from_le_bytes([a, b, c, d]));
    let id = Id::new(edge::now(), edge::random_id(), place).with(APPLICATION);
    let gateway = Gateway { application: id, ..call.gateway };
    management::said(gateway.tell("/create", &call.body).await?)
}

/// A call about one application.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let id = call.param(0).to_owned();
    if id != DEFAULT && Id::parse(APPLICATION, &id).is_none() {
        return Err(Problem::not_found("application"));
    }
    let body: JsValue = match call.head.method.as_str() {
        "GET" | "DELETE" => JsValue::NULL,
        _ => Uint8Array::clone(&call.body).into(),
    };
    let path = call.head.target().0;
    let target = ["/", &call.head.method, path.strip_prefix("/v1").unwrap_or(path)].concat();
    management::said(Gateway { application: id, ..call.gateway }.tell(&target, &body).await?)
}
