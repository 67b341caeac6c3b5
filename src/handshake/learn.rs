//! First contacts that bring the secret along. The first one is believed where a source has no secret: nobody but the
//! provider was told its URL. From then on nobody can put another in its place.

use super::question::is_word;
use super::{Asked, Reply, Step};

/// A secret shorter than this was made by nobody who sells signatures.
const MIN_SECRET: usize = 8;
/// A longer one neither.
const MAX_SECRET: usize = 256;

fn learn(asked: &Asked, secret: &str, reply: Reply) -> Step {
    if secret.len() < MIN_SECRET || !is_word(secret, MAX_SECRET, b"_-+/=.") {
        return Step::Answer(Reply::refused());
    }
    match asked.secrets {
        [] => Step::Learn { secret: secret.to_owned(), reply },
        // It is asked again where the first answer was lost.
        _ if asked.is_secret(secret) => Step::Answer(reply),
        _ => Step::Answer(Reply::refused()),
    }
}

/// Asana: <https://developers.asana.com/docs/webhooks-guide>.
pub fn asana(asked: &Asked) -> Option<Step> {
    let secret = asked.header("X-Hook-Secret")?;
    if !asked.is("POST") || asked.has("X-Hook-Signature") || !asked.says_nothing() {
        return None;
    }
    Some(learn(asked, secret, Reply::empty(200).with("X-Hook-Secret", secret)))
}

/// Notion: <https://developers.notion.com/reference/webhooks>. The person who made the subscription has to give the token
/// back there.
pub fn notion(asked: &Asked) -> Option<Step> {
    token(asked, "X-Notion-Signature", &[])
}

/// Gusto: <https://docs.gusto.com/embedded-payroll/docs/webhooks>, in the same way.
pub fn gusto(asked: &Asked) -> Option<Step> {
    token(asked, "X-Gusto-Signature", &["webhook_subscription_uuid"])
}

/// A token in the body of a request that is not signed, beside these fields.
fn token(asked: &Asked, signature: &str, beside: &[&str]) -> Option<Step> {
    if asked.has(signature) {
        return None;
    }
    let mut fields = asked.fields()?;
    let secret: String = fields.take("verification_token", "")?;
    for name in beside {
        fields.raw(name)?;
    }
    Some(learn(asked, &secret, Reply::empty(200)))
}
