//! Adyen's payment webhooks: each item of the body has an HMAC-SHA256 over eight of its members.
//! <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures>

use serde_json::value::RawValue;

use super::json::{inner, integer, items as items_of, member, object, text};
use super::{Claimed, decoded};
use crate::body::Fields;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request};

/// Adyen sends one item, older set-ups up to six.
const MAX_ITEMS: usize = 100;

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    let Some(mut body) = object(request.body) else { return Some(Err(Reason::SignatureMalformed)) };
    let items = member(&mut body, "notificationItems")?;
    let Some(items) = items_of(items.get().as_bytes()) else { return Some(Err(Reason::SignatureMalformed)) };
    if items.is_empty() {
        return None;
    }
    Some(read(&items))
}

fn read(items: &[&RawValue]) -> Result<Claim<'static>, Reason> {
    if items.len() > MAX_ITEMS {
        return Err(Reason::SignatureMalformed);
    }
    let read = items.iter().map(|item| read_item(item)).collect::<Result<Vec<_>, _>>()?;
    // An authorisation that failed may be followed by the same one that did not.
    let id = match read.as_slice() {
        [one] => Some([&one.event, ":", &one.reference, ":", &one.success].concat()),
        _ => None,
    };
    let checks = read.into_iter().map(|item| item.check).collect();
    Ok(Claim { checks, stamp: None, window: (None, None), id, unsigned: None, repeats: false })
}

struct Item {
    event: String,
    reference: String,
    success: String,
    check: Check<'static>,
}

fn read_item(item: &RawValue) -> Result<Item, Reason> {
    let mut wrapper = inner(item)?;
    let mut item = inner(member(&mut wrapper, "NotificationRequestItem").ok_or(Reason::SignatureMissing)?)?;
    let mut data = inner(member(&mut item, "additionalData").ok_or(Reason::SignatureMissing)?)?;
    let signature = text(&mut data, "hmacSignature")?.ok_or(Reason::SignatureMissing)?;
    let signature = decoded(Encoding::Base64, &signature, 32)?;

    let (value, currency) = match member(&mut item, "amount") {
        None => (String::new(), String::new()),
        Some(amount) => {
            let mut amount = inner(amount)?;
            (number(&mut amount, "value")?, text(&mut amount, "currency")?.unwrap_or_default())
        }
    };
    let mut of = |name: &str| Ok(text(&mut item, name)?.unwrap_or_default());
    let (reference, original) = (of("pspReference")?, of("originalReference")?);
    let (account, merchant) = (of("merchantAccountCode")?, of("merchantReference")?);
    let event = of("eventCode")?;
    let success = match member(&mut item, "success").map(RawValue::get) {
        Some(word @ ("true" | "false")) => word.to_owned(),
        Some(quoted) => serde_json::from_str(quoted).map_err(|_| Reason::SignatureMalformed)?,
        None => String::new(),
    };
    let content = [&reference, &original, &account, &merchant, &value, &currency, &event, &success];
    let content = content.map(String::as_str).join(":");
    let contents = vec![vec![content.into_bytes().into()]];
    let check =
        Check { algorithm: Algorithm::HmacSha256, contents, signatures: vec![signature], key: KeySource::Secrets };
    Ok(Item { event, reference, success, check })
}

/// A whole number as it is written.
fn number(fields: &mut Fields<'_>, name: &str) -> Result<String, Reason> {
    let Some(raw) = member(fields, name) else { return Ok(String::new()) };
    integer(raw.get()).map(str::to_owned).ok_or(Reason::SignatureMalformed)
}
