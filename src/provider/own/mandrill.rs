//! Mailchimp Transactional, once Mandrill: HMAC-SHA1 over the URL and the sorted form.
//! <https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/>

use super::form::{Form, is_urlencoded};
use super::{Claimed, bytes, decoded, header};
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, header(request, "X-Mandrill-Signature")?))
}

fn read<'a>(request: Request<'a>, signature: &str) -> Result<Claim<'a>, Reason> {
    let signature = decoded(Encoding::Base64, signature, 20)?;
    let is_form = header(request, "content-type").is_some_and(is_urlencoded);
    let form = if is_form { Form::parse(request.body) } else { None };
    let fields = form.ok_or(Reason::SignatureMalformed)?.sorted();
    // PHP would take the last of a name, others the first.
    let twice = fields.iter().zip(fields.iter().skip(1)).any(|((one, _), (next, _))| one == next);
    if twice {
        return Err(Reason::SignatureMalformed);
    }
    let mut content = vec![request.url.as_bytes().into()];
    content.extend(fields.into_iter().flat_map(|(name, value)| [bytes(name), bytes(value)]));
    let (contents, key) = (vec![content], KeySource::Secrets);
    Ok(Claim::of(Check { algorithm: Algorithm::HmacSha1, contents, signatures: vec![signature], key }))
}
