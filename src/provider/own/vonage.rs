//! Vonage: a token with the body's hash. <https://developer.vonage.com/en/getting-started/concepts/webhooks>

use super::address::Address;
use super::form::Form;
use super::jwt::{HS256, Jwt, bearer};
use super::{Claimed, header};
use crate::signature::{Claim, Encoding, KeySource, Reason, Request, Stamp};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, bearer(header(request, "Authorization")?)))
}

fn read<'a>(request: Request<'a>, token: &'a str) -> Result<Claim<'a>, Reason> {
    let token = Jwt::read(token, &[HS256])?;
    token.issued_by("Vonage")?;
    let covered = match token.covers_or_empty("payload_hash", request.body) {
        Err(Reason::SignatureMismatch) if request.body.is_empty() => {
            let query = query_as_json(request).ok_or(Reason::SignatureMalformed)?;
            token.covers("payload_hash", Encoding::Hex, query.as_bytes())
        }
        covered => covered,
    };
    covered?;
    let stamp = Some(Stamp { at: token.required_time("iat")?, unit: 1000 });
    let window = token.window()?;
    let id = token.has("jti").then(|| token.text("jti").map(str::to_owned)).transpose()?;
    Ok(Claim { stamp, window, id, ..token.claim(KeySource::Secrets) })
}

/// The query's parameters in their order as an object of strings: what is hashed where there is no body.
fn query_as_json(request: Request<'_>) -> Option<String> {
    let query = Address::read(request.url)?.query.unwrap_or_default();
    let members: Option<Vec<String>> = Form::parse(query.as_bytes())?
        .0
        .iter()
        .map(|(name, value)| Some([serde_json::to_string(name).ok()?, serde_json::to_string(value).ok()?].join(":")))
        .collect();
    Some(["{", &members?.join(","), "}"].concat())
}
