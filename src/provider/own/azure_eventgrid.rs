//! Azure Event Grid: a secret in a header, or in the query.
//! <https://learn.microsoft.com/azure/event-grid/security-authentication>

use super::address::Address;
use super::form::Form;
use super::json::items;
use super::{Claimed, header, token};
use crate::body::text_at;
use crate::provider::Options;
use crate::signature::{Claim, Reason, Request};

/// What Azure's own functions call the parameter.
const PARAMETER: &str = "code";

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    let secret = match options.get("header") {
        Some(name) => Ok(header(request, name)?.to_owned()),
        None => of_query(request, options.get("parameter").map_or(PARAMETER, String::as_str)).transpose()?,
    };
    // One event as CloudEvents has it, or a list, of one event in most cases.
    let id = || match items(request.body)?.as_slice() {
        [one] => text_at(one.get().as_bytes(), "id"),
        _ => None,
    };
    let id = || id().or_else(|| text_at(request.body, "id"));
    Some(secret.map(|secret| Claim { id: id(), unsigned: Some(request.body), ..Claim::of(token(&secret)) }))
}

fn of_query(request: Request<'_>, name: &str) -> Result<Option<String>, Reason> {
    let query = Address::read(request.url).and_then(|address| address.query).unwrap_or_default();
    let mut query = Form::parse(query.as_bytes()).ok_or(Reason::SignatureMalformed)?;
    Ok(query.once(name)?.filter(|secret| !secret.is_empty()).map(std::borrow::Cow::into_owned))
}
