//! The operator's calls about applications.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::gateway::Gateway;
use super::{Answer, Call, management};
use crate::access::DEFAULT;
use crate::edge;
use crate::id::{APPLICATION, Id, Place};
use crate::objects::registry;
use crate::page::Page;
use crate::problem::Problem;

/// How many applications are asked at once.
const AT_ONCE: u32 = 50;

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

/// `POST /v1/reseal`: has every application seal its secrets under the key that comes first now. Called again until nothing
/// remains; what is sealed under a key that is `missing` stays as it is.
pub async fn reseal(call: Call) -> Result<Answer, Problem> {
    #[derive(Default, Serialize, Deserialize)]
    struct Remaining {
        #[serde(default)]
        applications: u64,
        remaining: u64,
        missing: BTreeSet<String>,
    }
    let env = &call.gateway.env;
    let mut sum = Remaining::default();
    let mut below = [APPLICATION, "~"].concat();
    let mut ids = vec![DEFAULT.to_owned()];
    while !ids.is_empty() {
        let asked = ids.iter().map(|id| env.call("APPLICATION", id, "/reseal", JsValue::NULL));
        for said in join_all(asked).await {
            let said = said?;
            // It was deleted meanwhile.
            if said.status == 404 {
                continue;
            }
            let Ok(told) = serde_json::from_str::<Remaining>(&said.text) else {
                return management::said(said);
            };
            sum.applications = sum.applications.saturating_add(1);
            sum.remaining = sum.remaining.saturating_add(told.remaining);
            sum.missing.extend(told.missing);
        }
        let listed = registry::list(env, &below, AT_ONCE).await?;
        ids = listed.into_iter().map(|(id, _)| id).collect();
        if let Some(last) = ids.last() {
            below.clone_from(last);
        }
    }
    Ok(Answer::json(200, crate::body::written(&sum)?))
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
