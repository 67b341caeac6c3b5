//! Questions whose answer is made with a secret.
//!
//! Where the secret also signs events, whoever may choose the text could have an event signed. So each kind has a rule for
//! what it computes with, and no text that keeps the rule can be taken for an event's signed bytes:
//!
//! - X signs bodies, which are JSON objects. Its token has no brace, no quote and no colon, so no object can be one. A body
//!   that keeps the rule all the same is refused even when its signature holds ([`crc_as_event`]).
//! - LinkedIn signs `hmacsha256=` and the body. A UUID does not begin so.
//! - Braintree signs base64 of XML. A hexadecimal challenge decodes to no XML, and is refused as a payload
//!   ([`braintree_as_event`]).
//! - Zoom signs `v0:time:body`. Its token has no colon; and it is asked for in a signed request alone.
//! - What eBay and Fastly have hashed signs nothing.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::question::{is_visible, is_word};
use super::{Asked, Reply};
use crate::route;
use crate::secret;
use crate::signature::{Algorithm, Encoding, Key};

fn mac(algorithm: Algorithm, key: &[u8], parts: &[&[u8]], encoding: Encoding) -> Option<String> {
    Key::from_bytes(algorithm, key).ok().map(|key| encoding.encode(&key.sign(parts)))
}

/// What X sends as a token is base64 or of its alphabets.
fn is_crc_token(text: &str) -> bool {
    is_word(text, 256, b"+/=_-")
}

/// X: <https://docs.x.com/x-api/webhooks/quickstart>.
pub fn crc(asked: &Asked) -> Option<Reply> {
    let [token] = asked.query(["crc_token"])?;
    let token = token.filter(|_| asked.is("GET"))?;
    let made = |own: &str, text: &str| {
        let mac = mac(Algorithm::HmacSha256, own.as_bytes(), &[text.as_bytes()], Encoding::Base64)?;
        Some(["sha256=", &mac].concat())
    };
    // The question may be signed. Where it is, that must hold, and says which secret the answer is made with.
    let own = match asked.has("x-twitter-webhooks-signature") {
        false => asked.secret(),
        true => asked.header("x-twitter-webhooks-signature").and_then(|signature| {
            let holds =
                |own: &&String| made(own, asked.raw_query()).is_some_and(|expected| secret::same(&expected, signature));
            asked.secrets.iter().find(holds).map(String::as_str)
        }),
    };
    let answer = own.filter(|_| is_crc_token(&token)).and_then(|own| made(own, &token));
    Some(answer.map_or_else(Reply::refused, |answer| Reply::json(&[("response_token", &answer)])))
}

/// A body that could have been a token is no event, whoever signed it: anybody could have asked for the signature.
pub fn crc_as_event(asked: &Asked) -> Option<Reply> {
    std::str::from_utf8(asked.request.body).ok().filter(|body| is_crc_token(body)).map(|_| Reply::refused())
}

/// Zoom, in a signed request: <https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint>.
pub fn zoom(asked: &Asked) -> Option<Reply> {
    let mut fields = asked.fields()?;
    if fields.take::<String>("event", "")? != "endpoint.url_validation" {
        return None;
    }
    let token: String = fields.object("payload")?.take("plainToken", "")?;
    Some(zoom_answer(asked, &token).unwrap_or_else(Reply::refused))
}

fn zoom_answer(asked: &Asked, token: &str) -> Option<Reply> {
    let hex = |own: &str, parts: &[&[u8]]| mac(Algorithm::HmacSha256, own.as_bytes(), parts, Encoding::Hex);
    let (signature, time) = (asked.header("x-zm-signature")?, asked.header("x-zm-request-timestamp")?);
    let content = [b"v0:".as_slice(), time.as_bytes(), b":", asked.request.body];
    // The secret that signed the question makes the answer: while there are two, Zoom knows one.
    let holds = |own: &&String| {
        hex(own, &content).is_some_and(|expected| secret::same(&["v0=", &expected].concat(), signature))
    };
    let own = asked.secrets.iter().find(holds).filter(|_| is_word(token, 128, b"_-"))?;
    let encrypted = hex(own, &[token.as_bytes()])?;
    Some(Reply::json(&[("plainToken", token), ("encryptedToken", &encrypted)]))
}

/// Whether a text is a UUID.
fn is_uuid(text: &str) -> bool {
    let group = |group: &str, length| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut groups = text.split('-');
    let fits = [8, 4, 4, 4, 12].into_iter().all(|length| groups.next().is_some_and(|found| group(found, length)));
    fits && groups.next().is_none()
}

/// LinkedIn: <https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation>.
pub fn linkedin(asked: &Asked) -> Option<Reply> {
    let [code] = asked.query(["challengeCode"])?;
    let code = code.filter(|_| asked.is("GET"))?;
    let own = asked.secret().filter(|_| is_uuid(&code));
    let answer = own.and_then(|own| mac(Algorithm::HmacSha256, own.as_bytes(), &[code.as_bytes()], Encoding::Hex));
    Some(
        answer.map_or_else(Reply::refused, |answer| {
            Reply::json(&[("challengeCode", &code), ("challengeResponse", &answer)])
        }),
    )
}

/// eBay: <https://developer.ebay.com/marketplace-account-deletion>. The URL is the one that was entered there.
pub fn ebay(asked: &Asked) -> Option<Reply> {
    let [code] = asked.query(["challenge_code"])?;
    let code = code.filter(|_| asked.is("GET"))?;
    let endpoint = asked.public_url.split(['?', '#']).next().unwrap_or_default();
    let token = asked.option("verifyToken").filter(|_| is_visible(&code, 256));
    Some(token.map_or_else(Reply::refused, |token| {
        let hash = Sha256::new().chain_update(&*code).chain_update(token).chain_update(endpoint).finalize();
        Reply::json(&[("challengeResponse", &hex::encode(hash))])
    }))
}

fn is_braintree_challenge(text: &str) -> bool {
    matches!(text.len(), 20..=32) && text.bytes().all(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9'))
}

/// Braintree: `WebhookNotificationGateway.verify` of its SDKs. Its key is the SHA-1 of the private one.
pub fn braintree(asked: &Asked) -> Option<Reply> {
    let [challenge] = asked.query(["bt_challenge"])?;
    let challenge = challenge.filter(|_| asked.is("GET"))?;
    if !is_braintree_challenge(&challenge) {
        return Some(Reply::empty(400));
    }
    let answer = asked.option("publicKey").filter(|public| is_visible(public, 256)).zip(asked.secret());
    let answer = answer.and_then(|(public, private)| {
        let key = Sha1::digest(private);
        let mac = mac(Algorithm::HmacSha1, &key, &[challenge.as_bytes()], Encoding::Hex)?;
        Some(Reply::text([public, "|", &mac].concat()))
    });
    Some(answer.unwrap_or_else(Reply::refused))
}

/// A payload that could have been a challenge is no event, whoever signed it.
pub fn braintree_as_event(asked: &Asked) -> Option<Reply> {
    // Every one that the form has, however long it is: what is not looked at here must not count elsewhere.
    let mut form = form_urlencoded::parse(asked.request.body);
    form.any(|(name, value)| name == "bt_payload" && is_braintree_challenge(value.trim())).then(Reply::refused)
}

/// Fastly, which asks at the host and takes an answer for each of its services:
/// <https://www.fastly.com/documentation/guides/integrations/logging-endpoints/log-streaming-https/>.
pub fn fastly(asked: &Asked) -> Option<Reply> {
    let path = route::target(asked.request.url).split('?').next().unwrap_or_default();
    if !asked.is("GET") || path != "/.well-known/fastly/logging/challenge" {
        return None;
    }
    let line = |service: &str| match service.trim() {
        "*" => "*\n".to_owned(),
        service => [&hex::encode(Sha256::digest(service)), "\n"].concat(),
    };
    let services = asked.option("serviceIds").map(|list| list.split(',').map(line).collect::<String>());
    Some(services.map_or_else(Reply::refused, Reply::text))
}
