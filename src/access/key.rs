//! The keys of an application.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Caller, Scope, Scopes, missing};
use crate::body::Fields;
use crate::id::{self, APPLICATION, Id};
use crate::problem::Problem;
use crate::time::{Millis, rfc3339};

const PREFIX: &str = "sk_";
/// 160 random bits in base32.
const RANDOM: usize = 32;
/// How many of its last characters are shown, so that people know one key from another.
const HINT: usize = 4;
const MAX_LABEL: usize = 256;

/// The application that always exists.
pub const DEFAULT: &str = "default";

/// The text of a new key of an application.
pub fn key_text(application: &str, random: &[u8; 32]) -> String {
    let owner = application.strip_prefix(APPLICATION).unwrap_or(application);
    [PREFIX, owner, "_", &id::base32(random, RANDOM)].concat()
}

/// The application whose key a text may be: none for what is none.
pub fn owner_of(text: &str) -> Option<String> {
    let (owner, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    (secret.len() == RANDOM && id::is_base32(secret)).then_some(())?;
    application(owner)
}

/// The id of the application that keys and links call `owner`.
pub(super) fn application(owner: &str) -> Option<String> {
    match owner {
        DEFAULT => Some(DEFAULT.to_owned()),
        _ => Id::parse_bare(owner).map(|id| id.with(APPLICATION)),
    }
}

/// What is kept of a key. It has 160 random bits: there is nothing to be gained by trying texts, however fast.
pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// `key_…`
    pub id: String,
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Of its text.
    pub hash: String,
    /// The end of its text.
    pub hint: String,
    /// The subscription that was made with it.
    #[serde(default)]
    pub subscription: Option<String>,
    /// When it was made.
    pub created_at: Millis,
}

/// What a body asks for beside the key itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The body of the subscription that is to be made with it.
    pub subscription: Option<String>,
}

impl ApiKey {
    /// Makes the record of the key `text`.
    pub fn new(id: String, label: String, scopes: Scopes, text: &str, now: Millis) -> Self {
        let hint = text.get(text.len().saturating_sub(HINT)..).unwrap_or_default().to_owned();
        ApiKey { id, label, scopes, hash: hash(text), hint, subscription: None, created_at: now }
    }

    /// Reads the body of `POST /v1/api-keys`: label and scopes, and what else is to be made.
    ///
    /// # Errors
    /// 400 or 422, every fault named; 403 for more than the caller may hand on, and for a link: what it allows ends with it.
    pub fn read(bytes: &[u8], by: &Caller) -> Result<(String, Scopes, Asked), Problem> {
        let mut fields = Fields::parse(bytes)?;
        let label: String = fields.require("label", "must be a string").unwrap_or_default();
        if fields.sound() && !matches!(label.chars().count(), 1..=MAX_LABEL) {
            fields.fault("label", format!("must have 1 to {MAX_LABEL} characters"));
        }
        let scopes = Scopes::take(&mut fields, by.scopes());
        let asked = Asked { subscription: read_webhook(&mut fields) };
        fields.finish()?;
        if by.until().is_some() {
            return Err(Problem::new(403, "forbidden", "A link makes no keys: they would outlive it."));
        }
        if let Some(scope) = scopes.beyond(by.scopes()) {
            return Err(missing(scope));
        }
        if asked.subscription.is_some() && !by.scopes().has(Scope::SubscriptionsWrite) {
            return Err(missing(Scope::SubscriptionsWrite));
        }
        Ok((label, scopes, asked))
    }

    /// As the API shows it. The key itself is shown once, when it is made.
    pub fn view(&self) -> View<'_> {
        View {
            id: &self.id,
            label: &self.label,
            scopes: self.scopes,
            key: None,
            hint: &self.hint,
            subscription: self.subscription.as_deref(),
            webhook_secret: None,
            created_at: rfc3339(self.created_at),
        }
    }

    /// As it is shown when it is made.
    pub fn view_with<'a>(&'a self, key: &'a str, webhook_secret: Option<&'a str>) -> View<'a> {
        View { key: Some(key), webhook_secret, ..self.view() }
    }
}

/// The fields that make a subscription, as the body of `POST /v1/subscriptions`.
fn read_webhook(fields: &mut Fields<'_>) -> Option<String> {
    let given = |fields: &mut Fields<'_>, name: &str| {
        let raw = fields.raw(name)?.get();
        (raw != "null").then(|| raw.to_owned())
    };
    let url = given(fields, "webhookUrl");
    let rest = ["events", "profile"].map(|name| (name, given(fields, name)));
    let mut body = format!(r#"{{"url":{}"#, url.as_deref().unwrap_or("null"));
    for (name, raw) in rest {
        match (raw, url.is_some()) {
            (Some(raw), true) => body.push_str(&format!(r#","{name}":{raw}"#)),
            (Some(_), false) => fields.fault(name, "is for a webhook: give webhookUrl too"),
            (None, _) => {}
        }
    }
    body.push('}');
    url.map(|_| body)
}

/// A key as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    id: &'a str,
    label: &'a str,
    scopes: Scopes,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    hint: &'a str,
    subscription: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<&'a str>,
    created_at: String,
}

#[cfg(test)]
mod tests {
    use super::super::Grant;
    use super::*;
    use proptest::prelude::*;

    const APP: &str = "app_0123456789abcdefghjkmnpqrstv";

    #[test]
    fn a_key_says_whose_it_is() {
        for application in [APP, DEFAULT] {
            let key = key_text(application, &[7; 32]);
            assert_eq!(owner_of(&key).as_deref(), Some(application), "{key}");
        }
        let key = key_text(APP, &[7; 32]);
        for text in ["", "sk_", "sk_default", "sk_default_", &key[..key.len() - 1], &[&key, "0"].concat(), &key[3..]] {
            assert_eq!(owner_of(text), None, "{text}");
        }
        assert_eq!(owner_of(&key.to_uppercase()), None);
    }

    fn by(scopes: &[Scope]) -> Caller {
        Caller::Key(Grant { key: None, scopes: scopes.iter().copied().collect(), until: None })
    }

    #[test]
    fn reads_what_a_key_is_to_be() {
        let body = br#"{"label":"Production","webhookUrl":"https://a.example/\u0068","events":["task.*"]}"#;
        let (label, scopes, asked) = ApiKey::read(body, &Caller::Operator).unwrap();
        assert_eq!((label.as_str(), scopes), ("Production", Scopes::all()));
        assert_eq!(asked.subscription.unwrap(), r#"{"url":"https://a.example/\u0068","events":["task.*"]}"#);

        let own = by(&[Scope::KeysWrite, Scope::EventsWrite]);
        let (_, scopes, asked) = ApiKey::read(br#"{"label":"x"}"#, &own).unwrap();
        assert_eq!((scopes, asked), (own.scopes(), Asked::default()));
        for (body, code) in [
            (r#"{"label":"x","scopes":["secrets:read"]}"#, "missing_scope"),
            (r#"{"label":"x","webhookUrl":"https://a.example"}"#, "missing_scope"),
            (r#"{"label":""}"#, "invalid_body"),
            (r"{}", "invalid_body"),
            (r#"{"label":"x","events":["a"]}"#, "invalid_body"),
            (r#"{"label":"x","key":"sk_mine"}"#, "invalid_body"),
        ] {
            assert_eq!(ApiKey::read(body.as_bytes(), &own).unwrap_err().code, code, "{body}");
        }
    }

    #[test]
    fn a_link_makes_no_keys() {
        let link = Caller::Key(Grant { key: None, scopes: Scopes::all(), until: Some(1) });
        assert_eq!(ApiKey::read(br#"{"label":"x"}"#, &link).unwrap_err().code, "forbidden");
    }

    #[test]
    fn what_is_stored_and_shown_does_not_hold_the_key() {
        let text = key_text(DEFAULT, &[9; 32]);
        let key = ApiKey::new("key_1".into(), "x".into(), Scopes::all(), &text, 0);
        let secret = text.rsplit('_').next().unwrap();
        let shown = serde_json::to_string(&key.view()).unwrap() + &serde_json::to_string(&key).unwrap();
        assert!(!shown.contains(&secret[..8]) && shown.contains(&secret[28..]), "{shown}");
        assert!(!shown.contains(&secret[27..]), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String, body: Vec<u8>) {
            let _ = (owner_of(&text), ApiKey::read(&body, &Caller::Operator));
        }

        #[test]
        fn keys_differ(a: [u8; 20], b: [u8; 20]) {
            let text = |bytes: [u8; 20]| {
                let mut random = [0; 32];
                random[..20].copy_from_slice(&bytes);
                key_text(DEFAULT, &random)
            };
            prop_assert_eq!(a == b, text(a) == text(b));
        }
    }
}
