//! Signing as a provider would, so that a receiver can be called by hand.

use std::borrow::Cow;

use super::own::{Signed, Unsigned};
use super::{Options, Way};
use crate::body;
use crate::signature::{Algorithm, Key, Message, Part, Scheme, SecretError, split_template};

/// Why a message can't be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignError {
    /// The secret is none of this kind.
    Secret(SecretError),
    /// Only the provider can: it keeps the private key.
    PrivateKey,
    /// An option of this name is needed.
    NoOption(String),
    /// The body is not what the provider sends: the signature has no place in it.
    Body,
    /// The time is signed as it stands in the body at this path, and there is none.
    NoTime(String),
    /// This header is signed too, and no option of its name says what is in it.
    NoHeader(String),
    /// The URL is signed, and there is none.
    NoUrl,
    /// A part of what is signed holds braces, which a template can't.
    Braces(String),
}

impl SignError {
    /// What is wrong, as a sentence without its beginning.
    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            SignError::Secret(error) => ["the secret ", error.detail()].concat().into(),
            SignError::PrivateKey => "can't be signed here: the provider holds the private key".into(),
            SignError::NoOption(name) => format!("the option {name} is needed").into(),
            SignError::Body => "the body is not what this provider sends: its signature has no place in it".into(),
            SignError::NoTime(path) => format!("the time is read from the body: it has to hold one at `{path}`").into(),
            SignError::NoHeader(name) => {
                format!("the header {name} is signed too: give it as an option of that name").into()
            }
            SignError::NoUrl => "the URL is signed: it has to be given".into(),
            SignError::Braces(name) => format!("{name} holds braces, which can't be signed here").into(),
        }
    }
}

impl From<Unsigned> for SignError {
    fn from(error: Unsigned) -> Self {
        match error {
            Unsigned::NotOurs => SignError::PrivateKey,
            Unsigned::Secret(error) => SignError::Secret(error),
            Unsigned::Option(name) => SignError::NoOption(name.to_owned()),
            Unsigned::Body => SignError::Body,
        }
    }
}

impl Way {
    /// Signs a message as this way does.
    ///
    /// # Errors
    /// Where a secret can't, or something that is signed is missing.
    pub fn sign(&self, secret: &str, options: &Options, message: &Message<'_>) -> Result<Signed, SignError> {
        match self {
            Way::Own { own } => Ok(own.sign(secret, options, message)?),
            Way::Scheme(scheme) => sign(scheme, secret, options, message),
        }
    }
}

fn sign(scheme: &Scheme, secret: &str, options: &Options, message: &Message<'_>) -> Result<Signed, SignError> {
    let key = key(scheme, secret, options)?;
    let mut headers = Vec::new();
    let mut content = String::new();
    for part in split_template(&scheme.content) {
        let value = match part {
            Part::Literal(text) => {
                content.push_str(text);
                continue;
            }
            Part::Placeholder("timestamp") if is_in_body(scheme) => time_in_body(scheme, message)?,
            Part::Placeholder("url" | "path") if message.url.is_empty() => return Err(SignError::NoUrl),
            Part::Placeholder(name) => match name.strip_prefix("header:") {
                Some(name) => {
                    let value = other_header(scheme, name, options, message)?;
                    headers.push((name.to_owned(), value.clone()));
                    value
                }
                None => {
                    content.extend(["{", name, "}"]);
                    continue;
                }
            },
        };
        // It becomes part of a template.
        if value.contains(['{', '}']) {
            return Err(SignError::Braces(value));
        }
        content.push_str(&value);
    }
    if is_in_body(scheme) {
        // Whoever verifies holds it against the present, signed or not.
        time_in_body(scheme, message)?;
    }

    let scheme = Scheme { content, ..scheme.clone() };
    let named = |name: &str| match options.get("header") {
        // Where the sender chooses the header, an option names it.
        Some(other) if name == scheme.header => other.clone(),
        _ => name.to_owned(),
    };
    let signed = scheme.sign([&key], *message).into_iter().map(|(name, value)| (named(name), value));
    Ok(Signed { headers: signed.chain(headers).collect(), url: None, body: None })
}

/// The key, read as whoever verifies reads it.
fn key(scheme: &Scheme, secret: &str, options: &Options) -> Result<Key, SignError> {
    if scheme.algorithm.is_public() && scheme.algorithm != Algorithm::Ed25519 {
        return Err(SignError::PrivateKey);
    }
    let key = match options.get("username") {
        Some(user) => scheme.key(&[user, ":", secret].concat()),
        None => scheme.key(secret),
    };
    key.map_err(SignError::Secret)
}

fn is_in_body(scheme: &Scheme) -> bool {
    scheme.timestamp_field.is_some() && scheme.timestamp_header.is_none() && !scheme.format.contains("{timestamp}")
}

fn time_in_body(scheme: &Scheme, message: &Message<'_>) -> Result<String, SignError> {
    let path = scheme.timestamp_field.as_deref().unwrap_or_default();
    let text = body::text_at(message.body, path).filter(|text| scheme.timestamp_format.read(text).is_some());
    text.ok_or_else(|| SignError::NoTime(path.to_owned()))
}

/// A header that is signed besides: an option of its name, or the time where it is one for that.
fn other_header(scheme: &Scheme, name: &str, options: &Options, message: &Message<'_>) -> Result<String, SignError> {
    let given = options.iter().find(|(option, _)| option.eq_ignore_ascii_case(name));
    match given {
        Some((_, value)) => Ok(value.clone()),
        None if name.to_ascii_lowercase().ends_with("timestamp") => Ok(scheme.timestamp_format.write(message.time)),
        None => Err(SignError::NoHeader(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Headers;
    use crate::provider::{self, all};
    use crate::signature::{Reason, Request};

    const NOW: i64 = 1_700_000_000_000;
    const BODY: &[u8] = br#"{"webhookTimestamp":1700000000000}"#;
    const URL: &str = "https://example.com/hook?a=b";

    fn message(body: &[u8]) -> Message<'_> {
        Message { id: "msg_1", time: NOW, body, method: "POST", url: URL }
    }

    /// Whether what is signed is verified by the same way.
    fn held(way: &Way, secret: &str, options: &Options, message: &Message<'_>) -> Result<bool, Reason> {
        let signed = way.sign(secret, options, message).unwrap();
        let headers: Vec<(&str, &str)> =
            signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let headers = Headers::new(headers);
        let request = Request { method: message.method, url: message.url, headers: &headers, body: message.body };
        let claim = way.claim(request, options).ok_or(Reason::SignatureMissing)??;
        claim.in_time(NOW, way.tolerance())?;
        let keys = [way.key(secret, options).unwrap()];
        Ok(claim.checks.iter().all(|check| check.holds(&keys).unwrap().is_some()))
    }

    #[test]
    fn every_way_of_the_table_that_can_be_signed_is_verified() {
        let options = Options::new();
        let mut signed = 0;
        for provider in all() {
            for way in &provider.signatures {
                let Way::Scheme(scheme) = way else { continue };
                if scheme.algorithm.is_public() {
                    continue;
                }
                let secret = "00112233445566778899aabbccddeeff";
                assert_eq!(held(way, secret, &options, &message(BODY)), Ok(true), "{}", provider.name);
                signed += 1;
            }
        }
        assert!(signed > 100, "{signed}");
    }

    #[test]
    fn options_change_what_is_sent() {
        let with = |pairs: &[(&str, &str)]| -> Options {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let way = |name: &str| &provider::find(name).unwrap().signatures[0];
        let options = with(&[("username", "me")]);
        let signed = way("postmark").sign("pass", &options, &message(BODY)).unwrap();
        assert_eq!(signed.headers, [("Authorization".into(), "Basic bWU6cGFzcw==".into())]);
        let options = with(&[("header", "X-Hook-Token")]);
        let signed = way("okta").sign("token", &options, &message(BODY)).unwrap();
        assert_eq!(signed.headers, [("X-Hook-Token".into(), "token".into())]);
        assert_eq!(held(way("okta"), "token", &options, &message(BODY)), Ok(true));
        let options = with(&[("x-webhook-timestamp", "1700000000123")]);
        assert_eq!(held(way("cashfree"), "s", &options, &message(BODY)), Ok(true));
        let signed = way("cashfree").sign("s", &options, &message(BODY)).unwrap();
        assert!(signed.headers.contains(&("x-webhook-timestamp".into(), "1700000000123".into())));
        let braces = with(&[("x-webhook-timestamp", "{body}")]);
        assert!(matches!(way("cashfree").sign("s", &braces, &message(BODY)), Err(SignError::Braces(_))));
    }

    #[test]
    fn what_is_missing_is_named() {
        let way = |name: &str| &provider::find(name).unwrap().signatures[0];
        let options = Options::new();
        let sign =
            |name: &str, secret: &str, message: &Message<'_>| way(name).sign(secret, &options, message).unwrap_err();
        assert_eq!(sign("linear", "s", &message(b"{}")), SignError::NoTime("webhookTimestamp".into()));
        assert_eq!(sign("square", "s", &Message { url: "", ..message(b"") }), SignError::NoUrl);
        assert_eq!(sign("sendgrid", "s", &message(b"")), SignError::PrivateKey);
        assert_eq!(sign("paypal", "s", &message(b"")), SignError::PrivateKey);
        assert_eq!(sign("livekit", "s", &message(b"")), SignError::NoOption("apiKey".into()));
        assert_eq!(sign("mailgun", "s", &message(b"[]")), SignError::Body);
        assert_eq!(sign("clerk", "?", &message(b"")), SignError::Secret(SecretError::Base64));
        let detail = SignError::Secret(SecretError::Base64).detail();
        assert_eq!(detail, "the secret must be base64 after an optional whsec_ prefix");
        let scheme = r#"{"algorithm":"hmac-sha256","content":"{header:X-Kind}{body}","header":"X-Sig"}"#;
        let scheme = Way::Scheme(Box::new(serde_json::from_str(scheme).unwrap()));
        assert_eq!(scheme.sign("s", &options, &message(b"")), Err(SignError::NoHeader("X-Kind".into())));
        let scheme = r#"{"algorithm":"hmac-sha256","content":"{timestamp}{body}","header":"X-Sig","timestampField":"webhookTimestamp","timestampFormat":"milliseconds"}"#;
        let scheme = Way::Scheme(Box::new(serde_json::from_str(scheme).unwrap()));
        assert_eq!(held(&scheme, "s", &options, &message(BODY)), Ok(true));
    }
}
