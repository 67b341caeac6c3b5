//! LiveKit: a token with the body's hash, of the same key that lets clients in.
//! <https://docs.livekit.io/home/server/webhooks/>

use super::jwt::{HS256, Jwt, bearer};
use super::{Claimed, header, option};
use crate::body::text_at;
use crate::provider::Options;
use crate::signature::{Claim, Encoding, KeySource, Reason, Request};

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    Some(read(request, options, bearer(header(request, "Authorization")?)))
}

fn read<'a>(request: Request<'a>, options: &Options, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[HS256])?;
    token.issued_by(option(options, "apiKey")?)?;
    // Every participant of a room holds a token of this key: theirs have no hash.
    token.covers("sha256", Encoding::Base64, request.body)?;
    token.required_time("exp")?;
    let window = token.window()?;
    Ok(Claim { window, id: text_at(request.body, "id"), ..token.claim(KeySource::Secrets) })
}
