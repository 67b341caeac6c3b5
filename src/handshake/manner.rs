//! How some providers want to be answered that is not as others do, whatever they sent.

use serde_json::value::RawValue;

use super::question::is_visible;
use super::{Asked, Handshake, Reply};

/// What a verified message that was stored is answered with, where 202 will not do.
pub fn received(kinds: &[Handshake]) -> Option<Reply> {
    kinds.iter().find_map(|kind| match kind {
        // "Any other response code will be considered a failure."
        Handshake::Xero => Some(Reply::empty(200)),
        Handshake::Discord => Some(Reply::empty(204).with("Content-Type", "application/json")),
        Handshake::DropboxSign => Some(Reply::text("Hello API Event Received")),
        _ => None,
    })
}

/// A header that every answer to a verified request has to carry, an origin's too.
pub fn echoed(kinds: &[Handshake], asked: &Asked) -> Option<(&'static str, String)> {
    let id = asked.header("X-AdobeSign-ClientId").filter(|_| kinds.contains(&Handshake::AdobeSign))?;
    (is_visible(id, 256) && asked.is_secret(id)).then(|| ("X-AdobeSign-ClientId", id.to_owned()))
}

/// Whether what is not verified gets a 401 without a body: with one, Xero takes its intent, which holds no events, for
/// refused.
pub fn refused_without_body(kinds: &[Handshake], asked: &Asked) -> bool {
    kinds.contains(&Handshake::Xero)
        && crate::body::parsed(asked.request.body)
            .ok()
            .and_then(|body: &RawValue| crate::body::member(body, "events"))
            .and_then(|events| serde_json::from_str::<Vec<&RawValue>>(events.get()).ok())
            .is_some_and(|events| events.is_empty())
}
