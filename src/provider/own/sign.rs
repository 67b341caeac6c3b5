//! Signing as these providers do, where that takes no private key: with what reads a request, so that both agree on what
//! is signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded::Serializer;

use super::{Own, jwt};
use crate::header::Headers;
use crate::provider::Options;
use crate::signature::{Encoding, Key, Message, Request, SecretError, VerifyingKey};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What a message becomes when it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The headers that it needs.
    pub headers: Vec<(String, String)>,
    /// Its URL, where the signature, or the body's hash, stands there.
    pub url: Option<String>,
    /// Its body, where the signature stands there.
    pub body: Option<Vec<u8>>,
}

/// Why a message can't be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsigned {
    /// Only the provider has the key.
    NotOurs,
    /// The secret is none.
    Secret(SecretError),
    /// This option is needed.
    Option(&'static str),
    /// The body is not what this provider sends: its signature has no place in it.
    Body,
}

impl From<SecretError> for Unsigned {
    fn from(error: SecretError) -> Self {
        Unsigned::Secret(error)
    }
}

type Put<'a> = Box<dyn Fn(&mut Signed, Vec<String>) + 'a>;

/// A message with a place for each signature.
struct Draft<'a> {
    headers: Vec<(&'static str, String)>,
    url: Option<String>,
    body: Option<Vec<u8>>,
    /// Writes a signature into its place.
    put: Put<'a>,
    encoding: Encoding,
}

impl Own {
    /// Signs a message.
    ///
    /// # Errors
    /// Where it can't be.
    pub fn sign(self, secret: &str, options: &Options, message: &Message<'_>) -> Result<Signed, Unsigned> {
        let key = self.key(secret, options)?;
        let VerifyingKey::Secret(key, _) = &key else { return Err(Unsigned::NotOurs) };
        let option = |name: &'static str| {
            let value = options.get(name).map(String::as_str);
            value.filter(|value| !value.is_empty()).ok_or(Unsigned::Option(name))
        };
        let first_of = |name: &'static str| {
            let first = option(name)?.split(',').next().map(str::trim);
            first.filter(|value| !value.is_empty()).ok_or(Unsigned::Option(name))
        };
        let seconds = message.time.div_euclid(1000);
        let hash = || hex::encode(Sha256::digest(message.body));
        let hash64 = || STANDARD.encode(Sha256::digest(message.body));
        let bearing = |name: &str, claims: Value| headers([(name, jwt::write(key, &claims))]);
        let draft = match self {
            Own::AwsSns | Own::Paypal | Own::Plaid | Own::Ebay | Own::FalAi => return Err(Unsigned::NotOurs),
            Own::Netlify => {
                return Ok(bearing("X-Webhook-Signature", json!({ "iss": "netlify", "sha256": hash() })));
            }
            Own::Livekit => {
                let claims = json!({ "iss": option("apiKey")?, "sha256": hash64(), "nbf": seconds,
                    "exp": seconds.saturating_add(300) });
                return Ok(bearing("Authorization", claims));
            }
            Own::Messagebird => {
                let mut claims = json!({ "iss": "MessageBird", "nbf": seconds, "exp": seconds.saturating_add(60),
                    "jti": message.id, "url_hash": hex::encode(Sha256::digest(message.url)) });
                if let Some(claims) = claims.as_object_mut().filter(|_| !message.body.is_empty()) {
                    claims.insert("payload_hash".into(), hash().into());
                }
                return Ok(bearing("MessageBird-Signature-JWT", claims));
            }
            Own::Monday => {
                let claims = json!({ "aud": message.url, "iat": seconds, "exp": seconds.saturating_add(300) });
                return Ok(bearing("Authorization", claims));
            }
            Own::Vonage => {
                let claims = json!({ "iss": "Vonage", "iat": seconds, "jti": message.id, "payload_hash": hash() });
                let token = jwt::write(key, &claims);
                return Ok(headers([("Authorization", ["Bearer ", &token].concat())]));
            }
            Own::Fusionauth => {
                return Ok(bearing("X-FusionAuth-Signature-JWT", json!({ "request_body_sha256": hash64() })));
            }
            Own::AzureEventgrid => {
                return Ok(match options.get("header") {
                    Some(name) => headers([(name.as_str(), secret.to_owned())]),
                    None => {
                        let name = options.get("parameter").map_or("code", String::as_str);
                        let pair = Serializer::new(String::new()).append_pair(name, secret).finish();
                        Signed { url: Some(with_query(message.url, &pair)), ..headers([]) }
                    }
                });
            }
            Own::MicrosoftGraph => {
                let mut body = object(message.body)?;
                let items = body.get_mut("value").and_then(Value::as_array_mut).ok_or(Unsigned::Body)?;
                for item in items {
                    item.as_object_mut().ok_or(Unsigned::Body)?.insert("clientState".into(), secret.into());
                }
                return Ok(with_body(&body));
            }
            Own::Strava => {
                let mut body = object(message.body)?;
                // The body has the number as JSON writes it: no plus, no zeros before it.
                let number = secret.parse().ok().filter(|number: &i64| number.to_string() == secret);
                let number = number.ok_or(SecretError::Characters)?;
                put(&mut body, "", "subscription_id", number.into());
                return Ok(with_body(&body));
            }
            Own::Twilio => in_header("X-Twilio-Signature", Encoding::Base64, 20, of_kind(message)),
            Own::Mandrill => in_header("X-Mandrill-Signature", Encoding::Base64, 20, (vec![form()], None)),
            Own::Plivo => {
                let nonce = Sha256::digest(message.id).first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
                let mut more = vec![("X-Plivo-Signature-V3-Nonce", format!("{nonce:020}"))];
                if !message.body.is_empty() {
                    more.push(form());
                }
                in_header("X-Plivo-Signature-V3", Encoding::Base64, 32, (more, None))
            }
            Own::Contentful => {
                let names = "x-contentful-signed-headers,x-contentful-timestamp".to_owned();
                let time = message.time.to_string();
                let more = vec![("x-contentful-signed-headers", names), ("x-contentful-timestamp", time)];
                in_header("x-contentful-signature", Encoding::Hex, 32, (more, None))
            }
            Own::Mailgun => {
                let token: String = hex::encode(Sha256::digest(message.id)).chars().take(50).collect();
                let mut body = object(message.body)?;
                let signature =
                    json!({ "timestamp": format!("{seconds:010}"), "token": token, "signature": zeros(32) });
                put(&mut body, "", "signature", signature);
                in_json(body, Encoding::Hex, |body, signatures| {
                    put(body, "/signature", "signature", signatures.concat().into());
                })
            }
            Own::Adyen => {
                let mut body = object(message.body)?;
                let count = body.get("notificationItems").and_then(Value::as_array).map_or(0, Vec::len);
                let blank = STANDARD.encode([0; 32]);
                write_adyen(&mut body, vec![blank; count]);
                in_json(body, Encoding::Base64, write_adyen)
            }
            Own::DropboxSign => {
                let mut event = object(message.body)?;
                if event.pointer("/event/event_time").is_none() {
                    put(&mut event, "/event", "event_time", seconds.to_string().into());
                }
                put(&mut event, "/event", "event_hash", zeros(32).into());
                let write = |event: &Value| fields([("json", event.to_string().as_str())]);
                Draft {
                    headers: vec![form()],
                    url: None,
                    body: Some(write(&event)),
                    put: Box::new(move |signed, signatures| {
                        let mut event = event.clone();
                        put(&mut event, "/event", "event_hash", signatures.concat().into());
                        signed.body = Some(write(&event));
                    }),
                    encoding: Encoding::Hex,
                }
            }
            Own::Braintree => {
                let payload = [&STANDARD.encode(message.body), "\n"].concat();
                let public_key = first_of("publicKey")?.to_owned();
                let write = move |signature: &str| {
                    let pair = [&public_key, "|", signature].concat();
                    fields([("bt_signature", pair.as_str()), ("bt_payload", payload.as_str())])
                };
                Draft {
                    headers: vec![form()],
                    url: None,
                    body: Some(write(&zeros(20))),
                    put: Box::new(move |signed, signatures| signed.body = Some(write(&signatures.concat()))),
                    encoding: Encoding::Hex,
                }
            }
        };
        self.fill(draft, key, options, message)
    }

    /// Signs what the draft, read as a request, says is signed.
    fn fill(self, draft: Draft<'_>, key: &Key, options: &Options, message: &Message<'_>) -> Result<Signed, Unsigned> {
        let headers = Headers::new(draft.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let request = Request {
            method: message.method,
            url: draft.url.as_deref().unwrap_or(message.url),
            headers: &headers,
            body: draft.body.as_deref().unwrap_or(message.body),
        };
        let claim = self.claim(request, options).and_then(Result::ok).ok_or(Unsigned::Body)?;
        let sign = |check: &super::Check<'_>| {
            check.contents.first().map(|content| draft.encoding.encode(&key.sign(content))).unwrap_or_default()
        };
        let signatures = claim.checks.iter().map(sign).collect();
        let headers = draft.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut signed = Signed { headers, url: draft.url.clone(), body: None };
        (draft.put)(&mut signed, signatures);
        Ok(signed)
    }
}

/// A draft whose signature stands in a header.
fn in_header<'a>(
    name: &'static str,
    encoding: Encoding,
    length: usize,
    (mut headers, url): (Vec<(&'static str, String)>, Option<String>),
) -> Draft<'a> {
    headers.push((name, encoding.encode(&vec![0; length])));
    let put = move |signed: &mut Signed, signatures: Vec<String>| {
        if let Some((_, value)) = signed.headers.iter_mut().find(|(other, _)| other == name) {
            *value = signatures.concat();
        }
    };
    Draft { headers, url, body: None, put: Box::new(put), encoding }
}

/// A draft whose signatures stand in a JSON body.
fn in_json<'a>(body: Value, encoding: Encoding, write: impl Fn(&mut Value, Vec<String>) + 'a) -> Draft<'a> {
    let draft = body.to_string().into_bytes();
    let put = move |signed: &mut Signed, signatures: Vec<String>| {
        let mut body = body.clone();
        write(&mut body, signatures);
        signed.body = Some(body.to_string().into_bytes());
    };
    let headers = vec![("Content-Type", JSON.to_owned())];
    Draft { headers, url: None, body: Some(draft), put: Box::new(put), encoding }
}

/// How Twilio would send this: JSON with its hash in the URL, all else as a form.
fn of_kind(message: &Message<'_>) -> (Vec<(&'static str, String)>, Option<String>) {
    match message.body.first() {
        None => (Vec::new(), None),
        Some(b'{' | b'[') => {
            let pair = ["bodySHA256=", &hex::encode(Sha256::digest(message.body))].concat();
            (vec![("Content-Type", JSON.to_owned())], Some(with_query(message.url, &pair)))
        }
        Some(_) => (vec![form()], None),
    }
}

fn write_adyen(body: &mut Value, signatures: Vec<String>) {
    for (at, signature) in signatures.into_iter().enumerate() {
        let item = format!("/notificationItems/{at}/NotificationRequestItem");
        let data = body.pointer(&[&item, "/additionalData"].concat());
        if !data.is_some_and(Value::is_object) {
            put(body, &item, "additionalData", json!({}));
        }
        put(body, &[&item, "/additionalData"].concat(), "hmacSignature", signature.into());
    }
}

/// Sets a member of the object at a pointer, if there is one.
fn put(value: &mut Value, pointer: &str, name: &str, member: Value) {
    if let Some(object) = value.pointer_mut(pointer).and_then(Value::as_object_mut) {
        object.insert(name.to_owned(), member);
    }
}

fn object(body: &[u8]) -> Result<Value, Unsigned> {
    crate::body::parsed(body).ok().filter(Value::is_object).ok_or(Unsigned::Body)
}

fn form() -> (&'static str, String) {
    ("Content-Type", FORM.to_owned())
}

fn fields<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

fn zeros(length: usize) -> String {
    hex::encode(vec![0; length])
}

fn headers<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Signed {
    let headers = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Signed { headers, url: None, body: None }
}

fn with_body(body: &Value) -> Signed {
    Signed { body: Some(body.to_string().into_bytes()), ..headers([("Content-Type", JSON.to_owned())]) }
}

/// A URL with one more pair in its query.
fn with_query(url: &str, pair: &str) -> String {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let mark = if url.contains('?') { "&" } else { "?" };
    [url, mark, pair].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::own::tests::{Example, Judged};

    fn options() -> Options {
        ["apiKey", "publicKey"].map(|name| (name.to_owned(), "a".to_owned())).into()
    }

    /// What becomes of what was signed.
    fn judged(
        own: Own,
        secret: &str,
        options: &Options,
        message: &Message<'_>,
        signed: &Signed,
    ) -> Result<Judged, super::super::Reason> {
        let example = Example {
            secrets: vec![secret.to_owned()],
            options: options.clone(),
            public_url: Some(signed.url.clone().unwrap_or_else(|| message.url.to_owned())),
            method: message.method.to_owned(),
            headers: signed.headers.iter().cloned().collect(),
            ..Example::default()
        };
        let body = signed.body.as_deref().unwrap_or(message.body);
        example.with_body(body).judge_at(own, message.time)
    }

    /// A body that the provider could send.
    fn body(own: Own, text: &str, number: i64) -> Vec<u8> {
        let value = match own {
            Own::Adyen => {
                let item = json!({ "NotificationRequestItem": { "pspReference": text, "eventCode": "A", "success": "true",
                    "amount": { "value": number, "currency": "EUR" }, "additionalData": { "x": text } } });
                json!({ "live": "false", "notificationItems": [item, { "NotificationRequestItem": { "merchantReference": text } }] })
            }
            Own::DropboxSign => json!({ "event": { "event_type": format!("a{text}") } }),
            Own::MicrosoftGraph => json!({ "value": [{ "resource": text }, { "subscriptionId": text }] }),
            Own::Mandrill => return fields([("mandrill_events", text), ("a", "b")]),
            Own::Plivo => return fields([("To", text), ("From", "b")]),
            _ => json!({ "text": text }),
        };
        value.to_string().into_bytes()
    }

    #[test]
    fn what_is_not_ours_is_not_signed() {
        let message = Message { id: "1", time: 0, body: b"[]", method: "POST", url: "https://a.example/" };
        let with = Options::from([("clientId".to_owned(), "a".to_owned())]);
        for own in [Own::AwsSns, Own::Paypal, Own::Plaid, Own::Ebay] {
            assert_eq!(own.sign("secret", &with, &message), Err(Unsigned::NotOurs), "{own:?}");
        }
        assert_eq!(Own::Livekit.sign("s", &Options::new(), &message), Err(Unsigned::Option("apiKey")));
        for secret in ["0123", "+5", "x"] {
            let refused = Err(Unsigned::Secret(SecretError::Characters));
            let event = Message { body: b"{}", ..message };
            assert_eq!(Own::Strava.sign(secret, &Options::new(), &event), refused, "{secret}");
        }
        // A comma parts nothing where one name is wanted.
        let odd = Options::from([("apiKey".into(), "a,b".into())]);
        let signed = Own::Livekit.sign("s", &odd, &message).unwrap();
        assert_eq!(judged(Own::Livekit, "s", &odd, &message, &signed), Ok(Judged::Holds));
        for own in [Own::Mailgun, Own::DropboxSign, Own::MicrosoftGraph] {
            assert_eq!(own.sign("1", &Options::new(), &message), Err(Unsigned::Body), "{own:?}");
        }
        assert!(matches!(Own::Adyen.sign("x", &Options::new(), &message), Err(Unsigned::Secret(_))));
    }

    proptest! {
        #[test]
        fn what_sign_makes_claim_accepts(
            text in "\\PC{0,20}|[a-z&=+%'\" :|]{0,20}",
            number: i32,
            secret in "[!-~]{8,20}",
            id in "[a-zA-Z0-9_]{1,20}",
            // Between 2020 and 2200.
            time in 1_600_000_000_000i64..7_258_000_000_000,
            url in "https://[a-z]{1,9}\\.example(:8443)?/[a-z%/]{0,9}(\\?[a-z]{1,3}=([a-z']|%27){0,9})?",
        ) {
            for own in crate::provider::own::tests::OWN {
                if matches!(own, Own::AwsSns | Own::Paypal | Own::Plaid | Own::Ebay | Own::FalAi) {
                    continue;
                }
                let secret = match own {
                    Own::Adyen => hex::encode(&secret),
                    Own::Strava => number.to_string(),
                    _ => secret.clone(),
                };
                let body = body(*own, &text, number.into());
                let message = Message { id: &id, time, body: &body, method: "POST", url: &url };
                let signed = own.sign(&secret, &options(), &message);
                prop_assert!(signed.is_ok(), "{own:?}: {signed:?}");
                let signed = signed.unwrap();
                prop_assert_eq!(judged(*own, &secret, &options(), &message, &signed), Ok(Judged::Holds), "{:?}: {:?}", own, signed);
                let other = if *own == Own::Adyen { "00" } else { "1" };
                prop_assert!(judged(*own, other, &options(), &message, &signed).is_err() || secret == other, "{own:?}");
            }
        }

        #[test]
        fn no_message_panics(body: Vec<u8>, text in "[{}\\[\\]\":,a-z0-9]{0,60}", url in "\\PC{0,40}", secret in "\\PC{0,20}", time: i64) {
            for own in crate::provider::own::tests::OWN {
                for body in [body.as_slice(), text.as_bytes()] {
                    let message = Message { id: &secret, time, body, method: "POST", url: &url };
                    let _ = own.sign(&secret, &options(), &message);
                }
            }
        }
    }
}
