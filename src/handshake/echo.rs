//! Unsigned questions whose answer is a word of their own, or none. No secret has a part in it.

use std::borrow::Cow;

use super::question::{MAX_ECHO, is_plain, is_visible, is_word};
use super::{Asked, Reply};
use crate::secret;

/// Microsoft calls its token opaque, and it is longer than others.
const MAX_GRAPH_TOKEN: usize = 4096;

/// Sends a text back, if it may be.
fn back(text: &str) -> Reply {
    if is_plain(text, MAX_ECHO) { Reply::text(text) } else { Reply::refused() }
}

/// GET with one parameter, which is the answer: Dropbox, Nylas, Onfleet.
pub fn parameter(asked: &Asked, name: &str) -> Option<Reply> {
    let [challenge] = asked.query([name])?;
    challenge.filter(|_| asked.is("GET")).map(|challenge| back(&challenge))
}

/// What a hub asks, with the challenge. `Err` where it is to be refused.
fn hub_challenge<'a>(asked: &Asked<'a>) -> Option<Result<Cow<'a, str>, Reply>> {
    let [mode, challenge, token] = asked.query(["hub.mode", "hub.challenge", "hub.verify_token"])?;
    let (mode, challenge) = (mode.filter(|_| asked.is("GET"))?, challenge?);
    Some(match asked.option("verifyToken") {
        // Without a token to compare, whoever asks could register this URL as theirs.
        None => Err(Reply::refused()),
        Some(expected) if mode == "subscribe" && secret::same(&token.unwrap_or_default(), expected) => Ok(challenge),
        Some(_) => Err(Reply::empty(403)),
    })
}

/// Meta: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>.
pub fn meta(asked: &Asked) -> Option<Reply> {
    Some(hub_challenge(asked)?.map_or_else(|refusal| refusal, |challenge| back(&challenge)))
}

/// Strava: <https://developers.strava.com/docs/webhooks/>.
pub fn strava(asked: &Asked) -> Option<Reply> {
    let answer = |challenge: Cow<str>| match is_plain(&challenge, MAX_ECHO) {
        true => Reply::json(&[("hub.challenge", &challenge)]),
        false => Reply::refused(),
    };
    Some(hub_challenge(asked)?.map_or_else(|refusal| refusal, answer))
}

/// A WebSub hub: <https://www.w3.org/TR/websub/#hub-verifies-intent>. What was not asked for is 404.
pub fn websub(asked: &Asked) -> Option<Reply> {
    let [mode, topic, challenge, token] =
        asked.query(["hub.mode", "hub.topic", "hub.challenge", "hub.verify_token"])?;
    let (mode, topic) = (mode.filter(|_| asked.is("GET"))?, topic?);
    if mode == "denied" {
        return Some(Reply::empty(200));
    }
    let challenge = challenge?;
    // Anybody can tell a hub to ask. What is wanted is known by the list of topics, which is WebSub's way, or by a token
    // that only the subscriber knows, which was PubSubHubbub's. Without a token, what is listed is not to be ended.
    let listed = asked.option("topics").map(|_| asked.lists("topics", &topic));
    let known = asked.option("verifyToken").map(|expected| secret::same(&token.unwrap_or_default(), expected));
    let wanted = match (&*mode, known) {
        ("subscribe", Some(known)) => known && listed.unwrap_or(true),
        ("subscribe", None) => listed.unwrap_or(false),
        ("unsubscribe", Some(known)) => known,
        ("unsubscribe", None) => listed.is_some_and(|listed| !listed),
        _ => false,
    };
    Some(if wanted { back(&challenge) } else { Reply::empty(404) })
}

/// Microsoft Graph: <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>. A body would be
/// notifications.
pub fn graph(asked: &Asked) -> Option<Reply> {
    let [token] = asked.query(["validationToken"])?;
    let token = token.filter(|_| asked.is("POST") && asked.request.body.trim_ascii().is_empty())?;
    Some(if is_plain(&token, MAX_GRAPH_TOKEN) { Reply::text(token) } else { Reply::refused() })
}

/// monday.com, for a board's webhook, which is never signed: <https://developer.monday.com/api-reference/docs/webhooks>.
/// That of an app is, and is looked at when it was verified.
pub fn monday_board(asked: &Asked) -> Option<Reply> {
    if asked.has("Authorization") { None } else { monday(asked) }
}

/// monday.com's question, a challenge and nothing else.
pub fn monday(asked: &Asked) -> Option<Reply> {
    let mut fields = asked.fields()?;
    let challenge: String = fields.take("challenge", "")?;
    fields.finish().ok()?;
    Some(match is_word(&challenge, 256, b"_-") {
        true => Reply::json(&[("challenge", &challenge)]),
        false => Reply::refused(),
    })
}

/// RingCentral: <https://developers.ringcentral.com/guide/notifications/webhooks/creating-webhooks>. With an event the
/// header is one that the subscriber chose, and proves nothing unless it is verified.
pub fn ringcentral(asked: &Asked) -> Option<Reply> {
    let token = asked.header("Validation-Token")?;
    if !asked.is("POST") || !asked.says_nothing() {
        return None;
    }
    Some(match is_word(token, 128, b"_-") {
        true => Reply::empty(200).with("Validation-Token", token),
        false => Reply::refused(),
    })
}

/// Smartsheet: <https://developers.smartsheet.com/api/smartsheet/guides/webhooks/webhook-verification>.
pub fn smartsheet(asked: &Asked) -> Option<Reply> {
    let challenge = asked.header("Smartsheet-Hook-Challenge").filter(|_| asked.is("POST"))?;
    let mut fields = asked.fields()?;
    let repeated: String = fields.take("challenge", "")?;
    fields.raw("webhookId")?;
    fields.finish().ok()?;
    Some(match repeated == challenge && is_word(challenge, 128, b"-") {
        true => Reply::json(&[("smartsheetHookResponse", challenge)]).with("Smartsheet-Hook-Response", challenge),
        false => Reply::refused(),
    })
}

/// Worldline: <https://docs.connect.worldline-solutions.com/documentation/webhooks>.
pub fn worldline(asked: &Asked) -> Option<Reply> {
    let value = asked.header("X-GCS-Webhooks-Endpoint-Verification").filter(|_| asked.is("GET"))?;
    Some(if is_visible(value, 256) { Reply::text(value) } else { Reply::refused() })
}

/// CloudEvents: <https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md>, section 4. The callback that
/// a request may name is never called.
pub fn cloudevents(asked: &Asked) -> Option<Reply> {
    let origin = asked.header("WebHook-Request-Origin").filter(|_| asked.is("OPTIONS"))?;
    let known = is_visible(origin, 256) && asked.lists("allowedOrigins", origin);
    Some(if known { allowed(asked, origin) } else { Reply::refused() })
}

/// That `origin` may send, as often as it would.
pub fn allowed(asked: &Asked, origin: &str) -> Reply {
    let digits = |rate: &&str| rate.len() <= 9 && rate.bytes().all(|byte| byte.is_ascii_digit());
    let rate = asked.header("WebHook-Request-Rate").filter(digits).unwrap_or("*");
    Reply::empty(200)
        .with("WebHook-Allowed-Origin", origin)
        .with("WebHook-Allowed-Rate", rate)
        .with("Allow", "POST, OPTIONS")
}

/// Slack looks at the certificate of a slash command's URL now and then:
/// <https://docs.slack.dev/interactivity/implementing-slash-commands>.
pub fn slack_certificate(asked: &Asked) -> Option<Reply> {
    let [check, command] = match asked.request.method {
        "GET" => asked.query(["ssl_check", "command"])?,
        "POST" => asked.form(["ssl_check", "command"])?,
        _ => return None,
    };
    (check.as_deref() == Some("1") && command.is_none()).then(|| Reply::empty(200))
}

/// WooCommerce's ping, when a webhook is saved for the first time: `WC_Webhook::deliver_ping()`.
pub fn woocommerce(asked: &Asked) -> Option<Reply> {
    let id = asked.request.body.strip_prefix(b"webhook_id=")?;
    let number = matches!(id.len(), 1..=20) && id.iter().all(u8::is_ascii_digit);
    let event = asked.has("X-WC-Webhook-Topic") || asked.has("X-WC-Webhook-Signature");
    (asked.is("POST") && number && !event).then(|| Reply::empty(200))
}

/// Whoever only looks whether anybody is there.
pub fn presence(asked: &Asked, methods: &[&str]) -> Option<Reply> {
    methods.contains(&asked.request.method).then(|| Reply::empty(200))
}
