//! Vonage: a token with the body's hash. <https://developer.vonage.com/en/getting-started/concepts/webhooks>

use super::jwt::{HS256, Jwt, bearer};
use super::{Claimed, header};
use crate::signature::{Claim, KeySource, Reason, Request, Stamp};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, bearer(header(request, "Authorization")?)))
}

fn read<'a>(request: Request<'a>, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[HS256])?;
    token.issued_by("Vonage")?;
    token.covers_or_empty("payload_hash", request.body)?;
    let stamp = Some(Stamp { at: token.required_time("iat")?, unit: 1000 });
    let window = token.window()?;
    let id = token.has("jti").then(|| token.text("jti").map(str::to_owned)).transpose()?;
    Ok(Claim { stamp, window, id, ..token.claim(KeySource::Secrets) })
}
