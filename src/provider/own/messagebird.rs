//! MessageBird, now Bird: a token with the hashes of the URL and the body.
//! <https://developers.messagebird.com/api/#verifying-http-requests>

use super::address::spellings;
use super::jwt::{HS256, HS384, HS512, Jwt};
use super::{Claimed, header};
use crate::signature::{Claim, Encoding, KeySource, Reason, Request};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, header(request, "MessageBird-Signature-JWT")?))
}

fn read<'a>(request: Request<'a>, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[HS256, HS384, HS512])?;
    token.issued_by("MessageBird")?;
    token.required_time("nbf")?;
    token.required_time("exp")?;
    let id = token.text("jti")?.to_owned();
    let url = |url: &str| token.covers("url_hash", Encoding::Hex, url.as_bytes());
    let mut judged = Err(Reason::SignatureMismatch);
    for spelling in spellings(request.url) {
        judged = judged.or_else(|_| url(&spelling));
    }
    judged?;
    token.covers_or_empty("payload_hash", request.body)?;
    let window = token.window()?;
    Ok(Claim { window, id: Some(id), ..token.claim(KeySource::Secrets) })
}
