//! The ways to sign that no scheme can say: each in a file of its own.

mod address;
mod adyen;
mod ask;
mod aws_sns;
mod azure_eventgrid;
mod braintree;
mod certificate;
mod contentful;
mod dropbox_sign;
mod ebay;
mod fal_ai;
mod form;
mod fusionauth;
mod json;
mod jwk;
mod jwt;
mod livekit;
mod mailgun;
mod mandrill;
mod messagebird;
mod microsoft_graph;
mod monday;
mod multipart;
mod netlify;
mod paypal;
mod plaid;
mod plivo;
mod sign;
mod strava;
mod twilio;
mod vonage;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Options;
use crate::signature::{
    Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, SecretEncoding, SecretError, VerifyingKey,
};
pub use ask::Ask;
pub use sign::{Signed, Unsigned};

/// A way that is one provider's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Own {
    /// HMAC over the URL and the sorted form, or over the URL with the body's hash.
    Twilio,
    /// RSA over the body's members, with the certificate that they name.
    AwsSns,
    /// RSA over the body's checksum, with the certificate that a header names.
    Paypal,
    /// HMAC over a time and a token in the body.
    Mailgun,
    /// HMAC over members of each item of the body.
    Adyen,
    /// A token of a key that is to be asked for.
    Plaid,
    /// HMAC over a field of the form.
    Braintree,
    /// HMAC over the URL and the sorted form.
    Mandrill,
    /// A token with the body's hash.
    Netlify,
    /// HMAC over method, path, some headers and the body.
    Contentful,
    /// A token with the hashes of URL and body.
    Messagebird,
    /// A token with the body's hash, of an API key.
    Livekit,
    /// HMAC over the type and the time of the event in the body.
    DropboxSign,
    /// HMAC over the URL, the parameters and a nonce.
    Plivo,
    /// ECDSA over the body, of a key that is to be asked for.
    Ebay,
    /// A secret in each item of the body.
    MicrosoftGraph,
    /// A token that says nothing of the body.
    Monday,
    /// A secret in a header or in the query.
    AzureEventgrid,
    /// A number in the body.
    Strava,
    /// A token with the body's hash.
    Vonage,
    /// A token with the body's hash, of a secret or a private key.
    Fusionauth,
    /// Ed25519 over some headers and the body's hash.
    FalAi,
}

/// What a request claims; none where it carries no signature of the kind.
type Claimed<'a> = Option<Result<Claim<'a>, Reason>>;

impl Own {
    /// Reads a secret.
    ///
    /// # Errors
    /// Says what it should have been.
    pub fn key(self, secret: &str, options: &Options) -> Result<VerifyingKey, SecretError> {
        let text = |algorithm| VerifyingKey::read(algorithm, SecretEncoding::Utf8, secret);
        match self {
            Own::Twilio | Own::Mandrill => text(Algorithm::HmacSha1),
            Own::Adyen => VerifyingKey::read(Algorithm::HmacSha256, SecretEncoding::Hex, secret),
            Own::Braintree => braintree::key(secret),
            Own::Mailgun | Own::Netlify | Own::Contentful | Own::Messagebird | Own::Livekit => {
                text(Algorithm::HmacSha256)
            }
            Own::DropboxSign | Own::Plivo | Own::Monday | Own::Vonage => text(Algorithm::HmacSha256),
            Own::MicrosoftGraph | Own::AzureEventgrid | Own::Strava => text(Algorithm::Token),
            // The secret that asks for the key, or the key, where nobody is to be asked.
            Own::Plaid | Own::Ebay => match jwk::public_key(Algorithm::EcdsaP256Sha256, secret) {
                Err(_) if options.contains_key("clientId") => text(Algorithm::Token),
                key => key,
            },
            Own::Fusionauth => jwk::any_public_key(secret).unwrap_or_else(|| text(Algorithm::HmacSha256)),
            Own::FalAi => jwk::public_key(Algorithm::Ed25519, secret),
            // The certificate is asked for.
            Own::AwsSns | Own::Paypal => text(Algorithm::Token),
        }
    }

    /// What a request claims.
    pub fn claim<'a>(self, request: Request<'a>, options: &'a Options) -> Option<Result<Claim<'a>, Reason>> {
        match self {
            Own::Twilio => twilio::claim(request),
            Own::AwsSns => aws_sns::claim(request, options),
            Own::Paypal => paypal::claim(request, options),
            Own::Mailgun => mailgun::claim(request),
            Own::Adyen => adyen::claim(request),
            Own::Plaid => plaid::claim(request),
            Own::Braintree => braintree::claim(request, options),
            Own::Mandrill => mandrill::claim(request),
            Own::Netlify => netlify::claim(request),
            Own::Contentful => contentful::claim(request),
            Own::Messagebird => messagebird::claim(request),
            Own::Livekit => livekit::claim(request, options),
            Own::DropboxSign => dropbox_sign::claim(request),
            Own::Plivo => plivo::claim(request),
            Own::Ebay => ebay::claim(request),
            Own::MicrosoftGraph => microsoft_graph::claim(request),
            Own::Monday => monday::claim(request, options),
            Own::AzureEventgrid => azure_eventgrid::claim(request, options),
            Own::Strava => strava::claim(request),
            Own::Vonage => vonage::claim(request),
            Own::Fusionauth => fusionauth::claim(request, options),
            Own::FalAi => fal_ai::claim(request, options),
        }
    }

    /// How far the time may lie from the present, in seconds.
    pub fn tolerance(self) -> Option<u32> {
        match self {
            Own::Plaid | Own::FalAi => Some(300),
            Own::Contentful => Some(30),
            Own::Livekit => Some(10),
            Own::Messagebird => Some(5),
            _ => None,
        }
    }

    /// Whether a secret is needed to judge.
    pub fn needs_secret(self) -> bool {
        !matches!(self, Own::AwsSns | Own::Paypal | Own::FalAi | Own::Fusionauth)
    }
}

/// A header that is not empty.
fn header<'a>(request: Request<'a>, name: &str) -> Option<&'a str> {
    request.headers.get(name).filter(|value| !value.is_empty())
}

/// An option without which nothing is genuine.
fn option<'a>(options: &'a Options, name: &str) -> Result<&'a str, Reason> {
    options.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(Reason::SignatureMismatch)
}

/// A signature of `length` bytes.
fn decoded(encoding: Encoding, text: &str, length: usize) -> Result<Vec<u8>, Reason> {
    encoding.decode(text).filter(|bytes| bytes.len() == length).ok_or(Reason::SignatureMalformed)
}

/// A text's bytes, borrowed where it is.
fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// A text that must be one of the secrets.
fn token(text: &str) -> Check<'static> {
    let signatures = vec![text.as_bytes().to_vec()];
    Check { algorithm: Algorithm::Token, contents: vec![Vec::new()], signatures, key: KeySource::Secrets }
}

#[cfg(test)]
mod refused;
#[cfg(test)]
mod tests;
