//! Braintree: HMAC-SHA1 over a field of the form, in another, next to the public key that it belongs to.
//! <https://developer.paypal.com/braintree/docs/guides/webhooks/parse/node>

use sha1::{Digest, Sha1};

use super::form::Form;
use super::{Claimed, bytes, decoded, option};
use crate::provider::Options;
use crate::signature::{
    Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, SecretEncoding, SecretError, VerifyingKey,
};

/// How many key pairs may be in force.
const MAX_KEYS: usize = 16;

/// The key is the hash of the private key.
pub fn key(secret: &str) -> Result<VerifyingKey, SecretError> {
    let read = VerifyingKey::read(Algorithm::HmacSha1, SecretEncoding::Utf8, secret)?;
    VerifyingKey::secret(Algorithm::HmacSha1, &Sha1::digest(read.bytes()))
}

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    let parts = Form::of(request)?.and_then(|mut form| Ok((form.once("bt_signature")?, form.once("bt_payload")?)));
    match parts {
        Ok((Some(signature), Some(payload))) if !signature.is_empty() && !payload.is_empty() => {
            Some(read(&signature, payload, options))
        }
        Ok(_) => None,
        Err(reason) => Some(Err(reason)),
    }
}

fn read<'a>(pairs: &str, payload: std::borrow::Cow<'a, str>, options: &Options) -> Result<Claim<'a>, Reason> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(&byte);
    if !payload.bytes().all(allowed) {
        return Err(Reason::SignatureMalformed);
    }
    let mut signatures = Vec::new();
    for public_key in option(options, "publicKey")?.split(',').map(str::trim).take(MAX_KEYS) {
        let pairs = pairs.split('&').filter_map(|pair| pair.split_once('|'));
        let mut own = pairs.filter(|(key, _)| *key == public_key).map(|(_, signature)| signature);
        let Some(signature) = own.next() else { continue };
        if own.any(|other| other != signature) {
            return Err(Reason::SignatureMalformed);
        }
        signatures.push(decoded(Encoding::Hex, signature, 20)?);
    }
    if signatures.is_empty() {
        return Err(Reason::SignatureMismatch);
    }
    let payload = bytes(payload);
    // Some frameworks between here and Braintree take away the last line feed.
    let contents = vec![vec![payload.clone()], vec![payload, b"\n".into()]];
    let key = KeySource::Secrets;
    Ok(Claim::of(Check { algorithm: Algorithm::HmacSha1, contents, signatures, key }))
}
