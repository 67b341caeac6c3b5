//! What providers ask before they send, or in between: answered here, so that an origin never has to.
//!
//! Anybody may ask. So an answer says no more than the provider's page wants: an echo is plain text or JSON, never a page,
//! and short; what a secret makes of a stranger's text is made of texts alone that no event can be (see `computed`).

mod computed;
mod echo;
mod learn;
mod manner;
mod question;
mod reply;
mod signed;
mod sns;

use serde::{Deserialize, Serialize};

use crate::provider::Options;
use crate::signature::Request;

pub use manner::{echoed, received, refused_without_body};
pub use reply::Reply;

/// A kind of handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// Slack's `url_verification`, and the look at the certificate of a slash command.
    Slack,
    /// Meta's `hub.challenge`: Facebook, Instagram, WhatsApp, Messenger, Threads.
    Meta,
    /// The challenge-response check of X.
    Crc,
    /// Zoom's `endpoint.url_validation`.
    Zoom,
    /// Dropbox' `challenge`, and that of others who ask in the same way.
    Dropbox,
    /// Discord's PING, that of interactions and that of events.
    Discord,
    /// Microsoft Graph's `validationToken`.
    Graph,
    /// Twitch's `webhook_callback_verification`.
    Twitch,
    /// Asana's `X-Hook-Secret`.
    Asana,
    /// The confirmations of Amazon SNS.
    Sns,
    /// Notion's `verification_token`.
    Notion,
    /// WooCommerce's ping.
    Woocommerce,
    /// Okta's one-time verification.
    Okta,
    /// LinkedIn's `challengeCode`.
    Linkedin,
    /// eBay's `challenge_code`.
    Ebay,
    /// Azure Event Grid's validation, in its own schema and in that of CloudEvents.
    Eventgrid,
    /// The CloudEvents' abuse protection, for senders that the option `allowedOrigins` names.
    Cloudevents,
    /// The intent of a WebSub hub.
    Websub,
    /// Strava's `hub.challenge`, answered in JSON.
    Strava,
    /// monday.com's `challenge`.
    Monday,
    /// RingCentral's `Validation-Token`.
    Ringcentral,
    /// Acrobat Sign's client id, which is wanted back on every answer.
    AdobeSign,
    /// The endpoint verification of Worldline.
    Worldline,
    /// Fastly's challenge for log endpoints.
    Fastly,
    /// Nylas' `challenge`.
    Nylas,
    /// Braintree's `bt_challenge`.
    Braintree,
    /// A HEAD that looks whether anybody is there: Trello, Intercom, Mandrill.
    Head,
    /// The same as a GET: Mailchimp.
    Mailchimp,
    /// Xero's intent to receive.
    Xero,
    /// Dropbox Sign, which wants to be greeted.
    DropboxSign,
    /// Smartsheet's `Smartsheet-Hook-Challenge`.
    Smartsheet,
    /// Onfleet's `check`.
    Onfleet,
    /// Gusto's `verification_token`.
    Gusto,
}

/// A question as it came.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The request; its URL as it came, with the query.
    pub request: Request<'a>,
    /// The source's secrets, the first of which answers where the question does not say which.
    pub secrets: &'a [String],
    /// What else the source was told.
    pub options: &'a Options,
    /// The URL that the provider was given.
    pub public_url: &'a str,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Answer so.
    Answer(Reply),
    /// Call this URL, whose host was checked to be the provider's, then answer 200; 502 where it fails.
    Confirm(String),
    /// The provider made its secret known: keep it (the source has none yet), then answer so. Where it can't be kept the
    /// answer is 401.
    Learn {
        /// What to keep.
        secret: String,
        /// What to answer then.
        reply: Reply,
    },
}

/// Questions that are unsigned by their design, looked at before anything is verified.
pub fn before(kinds: &[Handshake], asked: &Asked) -> Option<Step> {
    kinds.iter().find_map(|kind| {
        let reply = match kind {
            Handshake::Slack => echo::slack_certificate(asked),
            Handshake::Meta => echo::meta(asked),
            Handshake::Crc => computed::crc(asked),
            Handshake::Dropbox | Handshake::Nylas => echo::parameter(asked, "challenge"),
            Handshake::Onfleet => echo::parameter(asked, "check"),
            Handshake::Graph => echo::graph(asked),
            Handshake::Linkedin => computed::linkedin(asked),
            Handshake::Ebay => computed::ebay(asked),
            Handshake::Cloudevents => echo::cloudevents(asked),
            Handshake::Websub => echo::websub(asked),
            Handshake::Strava => echo::strava(asked),
            Handshake::Monday => echo::monday_board(asked),
            Handshake::Ringcentral => echo::ringcentral(asked),
            Handshake::Smartsheet => echo::smartsheet(asked),
            Handshake::Worldline => echo::worldline(asked),
            Handshake::Fastly => computed::fastly(asked),
            Handshake::Braintree => computed::braintree(asked),
            Handshake::Head => echo::presence(asked, &["HEAD"]),
            Handshake::Mailchimp => echo::presence(asked, &["HEAD", "GET"]),
            Handshake::Woocommerce => echo::woocommerce(asked),
            Handshake::Asana => return learn::asana(asked),
            Handshake::Notion => return learn::notion(asked),
            Handshake::Gusto => return learn::gusto(asked),
            Handshake::Zoom
            | Handshake::Discord
            | Handshake::Twitch
            | Handshake::Sns
            | Handshake::Okta
            | Handshake::Eventgrid
            | Handshake::AdobeSign
            | Handshake::Xero
            | Handshake::DropboxSign => None,
        };
        reply.map(Step::Answer)
    })
}

/// Questions that count only in a request that was verified.
pub fn after(kinds: &[Handshake], asked: &Asked) -> Option<Step> {
    kinds.iter().find_map(|kind| {
        let reply = match kind {
            Handshake::Slack => signed::slack(asked),
            Handshake::Zoom => computed::zoom(asked),
            Handshake::Discord => signed::discord(asked),
            Handshake::Twitch => signed::twitch(asked),
            Handshake::Okta => signed::okta(asked),
            Handshake::Eventgrid => signed::eventgrid(asked),
            Handshake::Monday => signed::monday_app(asked),
            Handshake::AdobeSign => signed::adobe_sign(asked),
            Handshake::Xero => signed::xero(asked),
            Handshake::Crc => computed::crc_as_event(asked),
            Handshake::Braintree => computed::braintree_as_event(asked),
            Handshake::Sns => return sns::confirmation(asked),
            _ => None,
        };
        reply.map(Step::Answer)
    })
}

#[cfg(test)]
mod tests;
