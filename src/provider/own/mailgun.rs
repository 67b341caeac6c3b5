//! Mailgun: HMAC-SHA256 over a time and a random token, all three in the body, which itself is not signed.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use super::form::Form;
use super::json::{inner, member, object, text, text_or_number};
use super::{Claimed, decoded};
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, Stamp, TimeFormat};

/// What a body says of its signature.
struct Parts {
    timestamp: Option<String>,
    token: Option<String>,
    signature: Option<String>,
    /// Made with the key of the account that owns this one.
    parent: Option<String>,
}

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    let parts = match Form::of(request) {
        Some(form) => form.map(of_form).transpose()?,
        None => of_json(request.body).transpose()?,
    };
    Some(parts.and_then(read))
}

fn of_form(form: Form<'_>) -> Option<Parts> {
    // Old webhooks put a message's own variables among the fields, under any name: Mailgun's come last.
    let last = |name: &str| form.last(name).map(str::to_owned);
    let signature = Some(last("signature")?);
    Some(Parts { timestamp: last("timestamp"), token: last("token"), signature, parent: last("parent-signature") })
}

fn of_json(body: &[u8]) -> Result<Option<Parts>, Reason> {
    let mut body = object(body).ok_or(Reason::SignatureMalformed)?;
    let Some(signature) = member(&mut body, "signature") else { return Ok(None) };
    let mut fields = inner(signature)?;
    Ok(Some(Parts {
        timestamp: text_or_number(&mut fields, "timestamp")?,
        token: text(&mut fields, "token")?,
        signature: text(&mut fields, "signature")?,
        parent: text(&mut fields, "parent-signature")?,
    }))
}

fn read(parts: Parts) -> Result<Claim<'static>, Reason> {
    let signature = parts.signature.ok_or(Reason::SignatureMissing)?;
    let signatures = [Some(signature), parts.parent].into_iter().flatten();
    let signatures = signatures.map(|text| decoded(Encoding::Hex, &text, 32)).collect::<Result<_, _>>()?;
    let visible = |token: &String| matches!(token.len(), 1..=128) && token.bytes().all(|byte| byte.is_ascii_graphic());
    let token = parts.token.filter(visible).ok_or(Reason::SignatureMalformed)?;
    let timestamp = parts.timestamp.ok_or(Reason::TimestampMissing)?;
    // Nothing parts the two where they are signed. Ten digits, no fewer and no more, keep the token's own digits from
    // being taken for the time's, and one message from passing under two tokens.
    let format = TimeFormat::Seconds;
    let at = format.read(&timestamp).filter(|_| timestamp.len() == 10).ok_or(Reason::TimestampMalformed)?;
    let contents = vec![vec![timestamp.into_bytes().into(), token.clone().into_bytes().into()]];
    let check = Check { algorithm: Algorithm::HmacSha256, contents, signatures, key: KeySource::Secrets };
    let stamp = Some(Stamp { at, unit: format.unit() });
    Ok(Claim { stamp, id: Some(token), ..Claim::of(check) })
}
