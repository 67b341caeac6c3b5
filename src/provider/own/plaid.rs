//! Plaid: a token with the body's hash, signed with a key that is to be asked for by its name.
//! <https://plaid.com/docs/api/webhooks/webhook-verification/>

use super::jwt::{ES256, Jwt, key_name};
use super::{Claimed, header};
use crate::signature::{Claim, Encoding, KeySource, Reason, Request, Stamp};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, header(request, "Plaid-Verification")?))
}

fn read<'a>(request: Request<'a>, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[ES256])?;
    let name = token.kid().and_then(key_name).ok_or(Reason::SignatureMalformed)?.to_owned();
    let stamp = Some(Stamp { at: token.required_time("iat")?, unit: 1000 });
    token.covers("request_body_sha256", Encoding::Hex, request.body)?;
    let window = token.window()?;
    // Two messages may have the same body, word for word: only the token tells them apart.
    Ok(Claim { stamp, window, ..token.claim(KeySource::Named(name)) })
}
