//! Braintree: HMAC-SHA1 over a field of the form, in another, next to the public key that it belongs to.
//! <https://developer.paypal.com/braintree/docs/guides/webhooks/parse/node>

use sha1::{Digest, Sha1};

use super::form::Form;
use super::{Claimed, bytes, decoded, option};
use crate::provider::Options;
use crate::signature::{
    Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, SecretEncoding, SecretError, VerifyingKey,
};

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
    let public_key = option(options, "publicKey")?;
    let pairs = pairs.split('&').filter_map(|pair| pair.split_once('|'));
    let mut own = pairs.filter(|(key, _)| *key == public_key).map(|(_, signature)| signature);
    let signature = own.next().ok_or(Reason::SignatureMismatch)?;
    if own.any(|other| other != signature) {
        return Err(Reason::SignatureMalformed);
    }
    let signature = decoded(Encoding::Hex, signature, 20)?;
    let payload = bytes(payload);
    // Some frameworks between here and Braintree take away the last line feed.
    let contents = vec![vec![payload.clone()], vec![payload, b"\n".into()]];
    let key = KeySource::Secrets;
    Ok(Claim::of(Check { algorithm: Algorithm::HmacSha1, contents, signatures: vec![signature], key }))
}
