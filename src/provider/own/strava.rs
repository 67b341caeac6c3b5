//! Strava: nothing is signed; the body names the subscription. <https://developers.strava.com/docs/webhooks/>

use super::json::{integer, member, object};
use super::{Claimed, token};
use crate::signature::{Claim, Reason, Request};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    let Some(mut body) = object(request.body) else { return Some(Err(Reason::SignatureMalformed)) };
    let number = member(&mut body, "subscription_id")?;
    let number = integer(number.get()).ok_or(Reason::SignatureMalformed);
    Some(number.map(|number| Claim { unsigned: Some(request.body), ..Claim::of(token(number)) }))
}
