//! Links that open the dashboard of one application for a while, to be handed to a customer.
//!
//! A link carries a token: the claims and an HMAC over them under a secret of the application. It goes where a key goes.
//! It dies with its time, with the key that made it, and with its application.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::key::application;
use super::{Caller, Grant, Scopes, missing};
use crate::body::Fields;
use crate::id::APPLICATION;
use crate::problem::Problem;
use crate::secret;
use crate::time::Millis;

const PREFIX: &str = "pt_";
/// How long a link may last, in seconds: a week at most.
const LONGEST: i64 = 7 * 86_400;
const SHORTEST: i64 = 1;
/// How long it lasts when nobody says, in seconds.
const USUAL: i64 = 3_600;
/// How long a token may be: one that is longer was not made here.
const MAX_TOKEN: usize = 1_024;

/// A token, its claims not believed yet.
#[derive(Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// Whose it says it is.
    pub application: String,
    claims: &'a str,
    mac: &'a str,
}

/// Reads the body of `POST /v1/portal-links`: what the link is to allow.
///
/// # Errors
/// 400 or 422, every fault named; 403 for more than the caller may hand on.
pub fn asked_link(bytes: &[u8], by: &Caller, now: Millis) -> Result<Grant, Problem> {
    let mut fields = Fields::parse_optional(bytes)?;
    let seconds = fields.take("expiresIn", "must be a whole number of seconds").unwrap_or(USUAL);
    if !(SHORTEST..=LONGEST).contains(&seconds) {
        fields.fault("expiresIn", format!("must be {SHORTEST} to {LONGEST} seconds"));
    }
    let scopes = Scopes::take(&mut fields, by.scopes());
    fields.finish()?;
    if let Some(scope) = scopes.beyond(by.scopes()) {
        return Err(missing(scope));
    }
    let until = now.saturating_add(seconds.saturating_mul(1_000));
    // A link makes no link that outlives it.
    let until = by.until().map_or(until, |own| own.min(until));
    Ok(Grant { key: by.key().map(str::to_owned), scopes, until: Some(until) })
}

impl<'a> Link<'a> {
    /// Makes the token of a grant.
    ///
    /// # Errors
    /// None that a caller could mend.
    pub fn make(application: &str, grant: &Grant, secret: &str) -> Result<String, Problem> {
        let owner = application.strip_prefix(APPLICATION).unwrap_or(application);
        let claims = BASE64.encode(crate::body::written(grant)?);
        let mac = BASE64.encode(mac(owner, &claims, secret)?);
        Ok([PREFIX, owner, ".", &claims, ".", &mac].concat())
    }

    /// Takes a token apart; none for what is none.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_TOKEN)?.split('.');
        let (owner, claims, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let application = application(owner).filter(|_| parts.next().is_none())?;
        Some(Link { application, claims, mac })
    }

    /// What it allows, if it was made under `secret` and its time is not over.
    pub fn open(&self, secret: &str, now: Millis) -> Option<Grant> {
        let owner = self.application.strip_prefix(APPLICATION).unwrap_or(&self.application);
        let expected = mac(owner, self.claims, secret).ok()?;
        if !secret::same_bytes(&expected, &BASE64.decode(self.mac).ok()?) {
            return None;
        }
        let grant: Grant = crate::body::parsed(&BASE64.decode(self.claims).ok()?).ok()?;
        grant.until.is_some_and(|until| until > now).then_some(grant)
    }
}

fn mac(owner: &str, claims: &str, secret: &str) -> Result<Vec<u8>, Problem> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| Problem::unavailable("The link could not be made."))?;
    mac.update(["portal-link.", owner, ".", claims].concat().as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;
    use proptest::prelude::*;

    fn grant(until: Millis) -> Grant {
        Grant { key: Some("key_1".into()), scopes: Scopes::from_iter([Scope::DeliveriesRead]), until: Some(until) }
    }

    #[test]
    fn a_token_holds_until_its_time_is_over() {
        let app = "app_0123456789abcdefghjkmnpqrstv";
        let token = Link::make(app, &grant(1_000), "hush").unwrap();
        let link = Link::read(&token).unwrap();
        assert_eq!(link.application, app);
        assert_eq!(link.open("hush", 999), Some(grant(1_000)));
        assert_eq!(link.open("hush", 1_000), None);
        assert_eq!(link.open("other", 999), None);
        let elsewhere = token.replace("0123456789abcdefghjkmnpqrstv", "default");
        assert_eq!(Link::read(&elsewhere).unwrap().open("hush", 0), None, "another application's");
        assert_eq!(Link::read(&[&token, "."].concat()), None);
        assert_eq!(Link::read("sk_default_0"), None);
    }

    #[test]
    fn nobody_hands_on_more_than_they_have_or_for_longer() {
        let by = Caller::Key(grant(100_000));
        assert_eq!(asked_link(b"", &by, 0).unwrap(), grant(100_000));
        assert_eq!(asked_link(br#"{"expiresIn":60}"#, &by, 0).unwrap().until, Some(60_000));
        assert_eq!(asked_link(br#"{"scopes":["keys:write"]}"#, &by, 0).unwrap_err().code, "missing_scope");
        assert_eq!(asked_link(b"{}", &Caller::Operator, 0).unwrap().scopes, Scopes::all());
        for body in [r#"{"expiresIn":0}"#, r#"{"expiresIn":604801}"#, r#"{"expiresIn":"1h"}"#, r#"{"x":1}"#] {
            assert_eq!(asked_link(body.as_bytes(), &by, 0).unwrap_err().status, 422, "{body}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_token_opens_nothing(at in 0usize..100, to in "[a-zA-Z0-9._-]") {
            let token = Link::make("default", &grant(1_000), "hush").unwrap();
            let at = at % token.len();
            let changed = [&token[..at], &to, &token[at + 1..]].concat();
            let opened = Link::read(&changed).and_then(|link| link.open("hush", 0));
            prop_assert!(opened.is_none() || changed == token);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = Link::read(&text).and_then(|link| link.open("hush", 0));
        }
    }
}
