//! Dropbox Sign, once HelloSign: HMAC-SHA256 over the time and the type of the event, in the body, and over nothing else.
//! <https://developers.hellosign.com/docs/events/overview/>

use super::form::Form;
use super::json::{inner, member, object, text, text_or_number};
use super::{Claimed, decoded};
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, Stamp, TimeFormat};

/// Reads a request. The JSON is a field of a form; some senders let it be the body.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    let Some(form) = Form::of(request) else { return read(request, request.body).transpose() };
    match form.and_then(|mut form| form.once("json")) {
        Ok(json) => read(request, json?.as_bytes()).transpose(),
        Err(reason) => Some(Err(reason)),
    }
}

fn read<'a>(request: Request<'a>, json: &[u8]) -> Result<Option<Claim<'a>>, Reason> {
    let mut json = object(json).ok_or(Reason::SignatureMalformed)?;
    let Some(event) = member(&mut json, "event") else { return Ok(None) };
    let mut event = inner(event)?;
    let Some(signature) = text(&mut event, "event_hash")? else { return Ok(None) };
    let signature = decoded(Encoding::Hex, &signature, 32)?;
    let kind = text(&mut event, "event_type")?.ok_or(Reason::SignatureMalformed)?;
    let time = text_or_number(&mut event, "event_time")?.ok_or(Reason::TimestampMissing)?;
    let format = TimeFormat::Seconds;
    let at = format.read(&time).ok_or(Reason::TimestampMalformed)?;
    // Nothing parts the two where they are signed: a digit of the one must not become the other's.
    if kind.is_empty() || kind.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Reason::SignatureMalformed);
    }
    let contents = vec![vec![time.into_bytes().into(), kind.into_bytes().into()]];
    let check =
        Check { algorithm: Algorithm::HmacSha256, contents, signatures: vec![signature], key: KeySource::Secrets };
    let stamp = Some(Stamp { at, unit: format.unit() });
    // Two events of a type in one second have the same signature.
    Ok(Some(Claim { stamp, unsigned: Some(request.body), ..Claim::of(check) }))
}
