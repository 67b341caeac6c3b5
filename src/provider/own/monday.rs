//! monday.com: a token that says for whom and how long, and nothing of the body.
//! <https://developer.monday.com/apps/docs/authorization-header>

use super::jwt::{HS256, Jwt, bearer};
use super::{Claimed, header};
use crate::body::text_at;
use crate::provider::Options;
use crate::signature::{Claim, KeySource, Reason, Request};

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    Some(read(request, options, bearer(header(request, "Authorization")?)))
}

fn read<'a>(request: Request<'a>, options: &Options, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[HS256])?;
    token.required_time("exp")?;
    if let (Some(expected), Some(audience)) = (options.get("audience"), token.get("aud")) {
        let is = |value: &serde_json::Value| value.as_str() == Some(expected);
        if !is(audience) && !audience.as_array().is_some_and(|several| several.iter().any(is)) {
            return Err(Reason::SignatureMismatch);
        }
    }
    let window = token.window()?;
    let id = text_at(request.body, "event.triggerUuid");
    Ok(Claim { window, id, unsigned: Some(request.body), ..token.claim(KeySource::Secrets) })
}
