//! What a caller is told of itself.

use serde::Serialize;

use super::{Caller, Scopes};
use crate::time::rfc3339;

/// A caller, as the API tells it who it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Me<'a> {
    kind: &'static str,
    application: Named<'a>,
    key: Option<&'a str>,
    scopes: Scopes,
    expires_at: Option<String>,
}

/// The application that a call acts on.
#[derive(Debug, Serialize)]
pub struct Named<'a> {
    /// `app_…`, or `default`.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// What its deliveries look like where nobody says otherwise.
    pub profile: &'a str,
}

impl<'a> Me<'a> {
    /// Who calls, and for which application.
    pub fn new(caller: &'a Caller, application: Named<'a>) -> Self {
        let kind = match caller {
            Caller::Operator => "operator",
            Caller::Key(grant) if grant.until.is_some() => "link",
            Caller::Key(_) => "key",
        };
        let expires_at = caller.until().map(rfc3339);
        Me { kind, application, key: caller.key(), scopes: caller.scopes(), expires_at }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Grant, Scope};
    use super::*;

    #[test]
    fn each_kind_of_caller_is_told_what_it_is() {
        let named = || Named { id: "app_1", name: "Acme", profile: "standard" };
        let told = |caller: &Caller| serde_json::to_value(Me::new(caller, named())).unwrap();
        let application = json!({"id": "app_1", "name": "Acme", "profile": "standard"});
        let grant = |key: Option<&str>, until| {
            let scopes = Scopes::from_iter([Scope::DeliveriesRead, Scope::EventsWrite]);
            Caller::Key(Grant { key: key.map(str::to_owned), scopes, until })
        };
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        assert_eq!(
            told(&Caller::Operator),
            json!({"kind": "operator", "application": application, "key": null, "scopes": all, "expiresAt": null})
        );
        let some = json!(["events:write", "deliveries:read"]);
        assert_eq!(
            told(&grant(Some("key_1"), None)),
            json!({"kind": "key", "application": application, "key": "key_1", "scopes": some, "expiresAt": null})
        );
        let until = "1970-01-01T00:00:01.000Z";
        assert_eq!(
            told(&grant(Some("key_1"), Some(1_000))),
            json!({"kind": "link", "application": application, "key": "key_1", "scopes": some, "expiresAt": until})
        );
        assert_eq!(
            told(&grant(None, Some(1_000))),
            json!({"kind": "link", "application": application, "key": null, "scopes": some, "expiresAt": until})
        );
    }
}
