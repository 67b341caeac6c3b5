//! An application: whose subscriptions, sources and keys these are.

use serde::{Deserialize, Serialize};

use crate::body::Fields;
use crate::problem::Problem;
use crate::profile::{self, Profile};
use crate::subscription::Secrets;
use crate::time::{Millis, rfc3339};

pub use crate::access::DEFAULT;

const MAX_NAME: usize = 256;

/// What is stored of an application itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// `app_…`, or `default`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The profile of subscriptions that name none, and of deliveries to a `webhookUrl`.
    pub profile: String,
    /// What signs deliveries to a `webhookUrl`.
    #[serde(default)]
    pub secrets: Secrets,
    /// What verifies them, where that is no secret.
    #[serde(default)]
    pub public_key: Option<String>,
    /// What signs links to the dashboard.
    #[serde(default)]
    pub link_secret: Option<String>,
    /// When it was made.
    pub created_at: Millis,
    /// Whether it was deleted. It delivers nothing any more, and nobody finds it.
    #[serde(default)]
    pub deleted: bool,
    /// Its [`SETTINGS_SECRETS`], where they could not be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// What is sealed of a stored application.
pub const SETTINGS_SECRETS: &[&str] = &["/secrets", "/link_secret"];

impl Settings {
    /// An application with the usual profile.
    pub fn new(id: String, name: String, random: &[u8; 32], now: Millis) -> Self {
        let standard = profile::standard();
        Settings {
            id,
            name,
            profile: standard.name.clone(),
            secrets: Secrets::new(standard.secret_format.make(standard.signature.algorithm, random)),
            public_key: None,
            link_secret: None,
            created_at: now,
            deleted: false,
            sealed: None,
        }
    }

    /// Makes an application from the body of `POST /v1/applications`.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn create(id: String, bytes: &[u8], random: &[u8; 32], now: Millis) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let mut made = Settings::new(id, String::new(), random, now);
        if let Some(name) = fields.require::<String>("name", "must be a string") {
            made.rename(name, &mut fields);
        }
        if let Some(name) = fields.take::<String>("profile", "must be a profile's name") {
            match profile::find(&name) {
                Some(profile) => {
                    made.profile = name;
                    made.secrets = Secrets::new(profile.secret_format.make(profile.signature.algorithm, random));
                }
                // It has none of its own yet.
                None => fields.fault("profile", "is not a built-in profile; GET /v1/profiles lists them"),
            }
        }
        fields.finish()?;
        Ok(made)
    }

    /// Changes what the body of `PATCH` names.
    ///
    /// # Errors
    /// 400 or 422, every fault named; then nothing is changed.
    pub fn patch(
        &self,
        bytes: &[u8],
        find: impl Fn(&str) -> Result<Option<Profile>, Problem>,
    ) -> Result<Self, Problem> {
        let mut changed = self.clone();
        let mut fields = Fields::parse(bytes)?;
        if let Some(name) = fields.take::<String>("name", "must be a string") {
            changed.rename(name, &mut fields);
        }
        if let Some(name) = fields.take::<String>("profile", "must be a profile's name") {
            match find(&name)? {
                None => fields.fault("profile", "is not a profile of this application; GET /v1/profiles lists them"),
                Some(profile) if profile.signature.key(&self.secrets.current).is_err() => {
                    fields
                        .fault("profile", "can't sign with the application's secret; rotate it to one that fits first");
                }
                Some(profile) => {
                    changed.profile = name;
                    changed.public_key = self.secrets.public_key(&profile.signature);
                }
            }
        }
        fields.finish()?;
        Ok(changed)
    }

    fn rename(&mut self, name: String, fields: &mut Fields<'_>) {
        if !matches!(name.chars().count(), 1..=MAX_NAME) {
            fields.fault("name", format!("must have 1 to {MAX_NAME} characters"));
        }
        self.name = name;
    }

    /// As the API shows it.
    pub fn view(&self) -> View<'_> {
        View {
            id: &self.id,
            name: &self.name,
            profile: &self.profile,
            public_key: self.public_key.as_deref(),
            key: None,
            secret: None,
            created_at: rfc3339(self.created_at),
        }
    }

    /// As it is shown when it is made, with its first key.
    pub fn view_with<'a>(&'a self, key: &'a str) -> View<'a> {
        View { key: Some(key), secret: Some(&self.secrets.current), ..self.view() }
    }
}

/// An application as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    id: &'a str,
    name: &'a str,
    profile: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    created_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(body: &str) -> Result<Settings, Problem> {
        Settings::create("app_1".into(), body.as_bytes(), &[3; 32], 0)
    }

    #[test]
    fn every_profile_gets_a_secret_that_it_can_sign_with() {
        for profile in profile::built_in() {
            let made = create(&format!(r#"{{"name":"Acme","profile":"{}"}}"#, profile.name)).unwrap();
            assert!(profile.signature.key(&made.secrets.current).is_ok(), "{}", profile.name);
        }
    }

    #[test]
    fn every_fault_is_named() {
        for (body, pointer) in [
            ("{}", "/name"),
            (r#"{"name":""}"#, "/name"),
            (r#"{"name":7}"#, "/name"),
            (r#"{"name":"a","profile":"mine"}"#, "/profile"),
            (r#"{"name":"a","secret":"s"}"#, "/secret"),
        ] {
            let errors = create(body).unwrap_err().errors;
            assert_eq!(errors.len(), 1, "{body}: {errors:?}");
            assert_eq!(errors[0].pointer, pointer, "{body}");
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let made = create(r#"{"name":"Acme"}"#).unwrap();
        let find = |name: &str| Ok(profile::find(name).cloned());
        let changed = made.patch(br#"{"profile":"sketchpen"}"#, find).unwrap();
        assert_eq!((changed.name.as_str(), changed.profile.as_str()), ("Acme", "sketchpen"));
        assert_eq!(made.patch(b"{}", find).unwrap().view().name, "Acme");
        assert_eq!(made.patch(br#"{"profile":"none"}"#, find).unwrap_err().status, 422);
    }

    #[test]
    fn the_secret_is_shown_once() {
        let made = create(r#"{"name":"Acme"}"#).unwrap();
        let secret = made.secrets.current.clone();
        assert!(serde_json::to_string(&made.view_with("sk_1")).unwrap().contains(&secret));
        assert!(!serde_json::to_string(&made.view()).unwrap().contains(&secret));
        assert!(!format!("{made:?}").contains(&secret));
    }
}
