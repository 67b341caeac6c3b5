//! Questions of a request that was verified: its signature, or the credentials it came with, are the provider's.

use serde_json::value::RawValue;

use super::echo;
use super::question::{MAX_ECHO, is_plain, is_visible};
use super::{Asked, Reply};
use crate::body::Fields;

/// Slack: <https://docs.slack.dev/reference/events/url_verification>.
pub fn slack(asked: &Asked) -> Option<Reply> {
    let mut fields = asked.fields()?;
    if fields.take::<String>("type", "")? != "url_verification" {
        return None;
    }
    let challenge: String = fields.take("challenge", "")?;
    Some(if is_plain(&challenge, MAX_ECHO) { Reply::text(challenge) } else { Reply::refused() })
}

/// Discord: type 1 asks an endpoint of interactions, type 0 one of events, where 1 is an event:
/// <https://discord.com/developers/docs/interactions/overview>, <https://discord.com/developers/docs/events/webhook-events>.
pub fn discord(asked: &Asked) -> Option<Reply> {
    let mut fields = asked.fields()?;
    match fields.raw("type")?.get() {
        "0" => Some(Reply::empty(204).with("Content-Type", "application/json")),
        "1" if fields.raw("event").is_none() => Some(Reply::object(r#"{"type":1}"#)),
        _ => None,
    }
}

/// Twitch: <https://dev.twitch.tv/docs/eventsub/handling-webhook-events>. The header is not signed; the challenge in the
/// body is.
pub fn twitch(asked: &Asked) -> Option<Reply> {
    let kind = asked.header("Twitch-Eventsub-Message-Type").filter(|_| asked.is("POST"))?;
    if kind != "webhook_callback_verification" {
        return None;
    }
    let challenge: String = asked.fields()?.take("challenge", "")?;
    Some(if is_plain(&challenge, MAX_ECHO) { Reply::text(challenge) } else { Reply::refused() })
}

/// Okta, which sends its credentials along: <https://developer.okta.com/docs/concepts/event-hooks/>.
pub fn okta(asked: &Asked) -> Option<Reply> {
    let value = asked.header("X-Okta-Verification-Challenge").filter(|_| asked.is("GET"))?;
    Some(if is_visible(value, MAX_ECHO) { Reply::json(&[("verification", value)]) } else { Reply::refused() })
}

/// monday.com, for an app's webhook.
pub fn monday_app(asked: &Asked) -> Option<Reply> {
    echo::monday(asked)
}

/// Azure Event Grid: <https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema>. The URL
/// that it offers beside the code is never called.
pub fn eventgrid(asked: &Asked) -> Option<Reply> {
    match asked.request.method {
        "OPTIONS" => match asked.header("WebHook-Request-Origin")? {
            origin @ "eventgrid.azure.net" => Some(echo::allowed(asked, origin)),
            _ => Some(Reply::refused()),
        },
        "POST" => match asked.header("aeg-event-type")? {
            "SubscriptionValidation" => {
                let code = validation_code(asked.short_body()?)?;
                let plain = is_plain(&code, MAX_ECHO);
                Some(if plain { Reply::json(&[("validationResponse", &code)]) } else { Reply::refused() })
            }
            "Unsubscribe" => Some(Reply::empty(200)),
            _ => None,
        },
        _ => None,
    }
}

/// The code in a list of one validation event.
fn validation_code(body: &[u8]) -> Option<String> {
    let events: Vec<&RawValue> = crate::body::parsed(body).ok()?;
    let [event] = events.as_slice() else { return None };
    let mut fields = Fields::parse(event.get().as_bytes()).ok()?;
    if fields.take::<String>("eventType", "")? != "Microsoft.EventGrid.SubscriptionValidationEvent" {
        return None;
    }
    fields.object("data")?.take("validationCode", "")
}

/// Acrobat Sign asks with the id that it sends on every request:
/// <https://opensource.adobe.com/acrobat-sign/developer_guide/webhooks.html>.
pub fn adobe_sign(asked: &Asked) -> Option<Reply> {
    let id = asked.header("X-AdobeSign-ClientId").filter(|_| asked.is("GET"))?;
    Some(match is_visible(id, 256) && asked.is_secret(id) {
        true => Reply::json(&[("xAdobeSignClientId", id)]).with("X-AdobeSign-ClientId", id),
        false => Reply::refused(),
    })
}

/// Xero sends events that are none, some rightly signed, some not; the others get the 401 of whatever is not verified:
/// <https://developer.xero.com/documentation/webhooks/configuring-your-server>.
pub fn xero(asked: &Asked) -> Option<Reply> {
    let mut fields = asked.fields()?;
    let events: Vec<&RawValue> = fields.take("events", "")?;
    events.is_empty().then(|| Reply::empty(200))
}
