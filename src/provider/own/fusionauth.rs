//! FusionAuth: a token with the body's hash, signed with a secret or with a private key.
//! <https://fusionauth.io/docs/extend/events-and-webhooks/signing>

use super::jwt::{EDDSA, ES256, HS256, HS384, HS512, Jwt, RS256};
use super::{Claimed, header};
use crate::body::text_at;
use crate::provider::Options;
use crate::signature::{Claim, Encoding, KeySource, Reason, Request};

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    Some(read(request, options, header(request, "X-FusionAuth-Signature-JWT")?))
}

fn read<'a>(request: Request<'a>, options: &Options, token: &'a str) -> Result<Claim<'a>, Reason> {
    // A public key is never held against the first three, nor a secret against the others.
    let token = Jwt::read(token, &[HS256, HS384, HS512, RS256, ES256, EDDSA])?;
    token.covers("request_body_sha256", Encoding::Base64, request.body)?;
    let key = match options.get("jwksUrl") {
        Some(_) => KeySource::Named(token.kid().unwrap_or_default().to_owned()),
        None => KeySource::Secrets,
    };
    let window = token.window()?;
    let key = if token.is_public() { key } else { KeySource::Secrets };
    Ok(Claim { window, id: text_at(request.body, "event.id"), ..token.claim(key) })
}
