//! Microsoft Graph: each notification of the body repeats the secret that its subscription was given.
//! <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>

use std::collections::BTreeSet;

use super::json::{inner, items, object, text};
use super::{Claimed, token};
use crate::signature::{Claim, Reason, Request};

/// How many subscriptions' secrets may stand in one request.
const MAX_STATES: usize = 32;

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request))
}

fn read(request: Request<'_>) -> Result<Claim<'_>, Reason> {
    let malformed = Reason::SignatureMalformed;
    let mut body = object(request.body).ok_or(malformed)?;
    let value = body.raw("value").ok_or(malformed)?;
    let mut states = BTreeSet::new();
    for item in items(value.get().as_bytes()).ok_or(malformed)? {
        let state = text(&mut inner(item)?, "clientState")?.filter(|state| !state.is_empty());
        states.insert(state.ok_or(Reason::SignatureMissing)?);
        if states.len() > MAX_STATES {
            return Err(malformed);
        }
    }
    if states.is_empty() {
        return Err(malformed);
    }
    // All of them have to be known: one stranger's notification among others would be let through.
    let checks = states.iter().map(|state| token(state)).collect();
    // What changed in a drive is told in the same words each time: a message can't be known again.
    Ok(Claim { checks, stamp: None, window: (None, None), id: None, unsigned: None, repeats: true })
}
