//! Netlify: a token with the body's hash. <https://docs.netlify.com/deploy/deploy-notifications/#payload-signature>

use super::jwt::{HS256, Jwt};
use super::{Claimed, header};
use crate::signature::{Claim, Encoding, KeySource, Reason, Request};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, header(request, "X-Webhook-Signature")?))
}

fn read<'a>(request: Request<'a>, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[HS256])?;
    token.issued_by("netlify")?;
    token.covers("sha256", Encoding::Hex, request.body)?;
    Ok(token.claim(KeySource::Secrets))
}
