//! fal: Ed25519 over three headers' values and the body's hash.
//! <https://docs.fal.ai/model-endpoints/webhooks>

use sha2::{Digest, Sha256};

use super::{Claimed, decoded, header};
use crate::provider::Options;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, Stamp, TimeFormat};

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    Some(read(request, options, header(request, "X-Fal-Webhook-Signature")?))
}

fn read<'a>(request: Request<'a>, options: &Options, signature: &str) -> Result<Claim<'a>, Reason> {
    let signature = decoded(Encoding::Hex, signature, 64)?;
    let part = |name: &str| header(request, name);
    let id = part("X-Fal-Webhook-Request-Id").ok_or(Reason::SignatureMalformed)?;
    let user = part("X-Fal-Webhook-User-Id").ok_or(Reason::SignatureMalformed)?;
    let time = part("X-Fal-Webhook-Timestamp").ok_or(Reason::TimestampMissing)?;
    let at = TimeFormat::Seconds.read(time).ok_or(Reason::TimestampMalformed)?;
    // Every customer's messages are signed with the same keys.
    if options.get("userId").is_some_and(|expected| expected != user) {
        return Err(Reason::SignatureMismatch);
    }
    let content = [id, user, time, &hex::encode(Sha256::digest(request.body))].join("\n");
    let check = Check {
        algorithm: Algorithm::Ed25519,
        contents: vec![vec![content.into_bytes().into()]],
        signatures: vec![signature],
        // The request does not say which of fal's keys.
        key: KeySource::Named(String::new()),
    };
    let stamp = Some(Stamp { at, unit: TimeFormat::Seconds.unit() });
    Ok(Claim { stamp, id: Some(id.to_owned()), ..Claim::of(check) })
}
