//! Who may do what: callers, their keys and their scopes.
//!
//! A key says whose it is: `sk_`, the application, and 160 random bits. So a call finds its application without an index,
//! and what was never a key is told from one without asking anybody. Of a key only its hash is kept.

mod guard;
mod key;
mod link;
mod me;
mod scope;

use serde::{Deserialize, Serialize};

use crate::id::Place;
use crate::problem::Problem;
use crate::time::Millis;

pub use guard::{Guard, Known, network_of};
pub use key::{ApiKey, Asked, DEFAULT, hash, key_text, owner_of};
pub use link::{Link, asked_link};
pub use me::{Me, Named};
pub use scope::{Scope, Scopes};

/// What a call asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A key that holds, whatever its scopes.
    AnyKey,
    /// A key with this scope.
    Scope(Scope),
    /// The operator's key.
    Operator,
}

/// Somebody who showed a key that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// The operator of this deployment.
    Operator,
    /// An application's key, or a link that one of its keys made.
    Key(Grant),
}

/// What an application's key, or a link, allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// `key_…`; none for a link that the operator made.
    pub key: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends, for a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

impl Caller {
    /// Whether the caller may make a call.
    ///
    /// # Errors
    /// 403, which names what is missing.
    pub fn may(&self, needs: Needs) -> Result<(), Problem> {
        match (self, needs) {
            (Caller::Operator, _) | (_, Needs::AnyKey) => Ok(()),
            (Caller::Key(grant), Needs::Scope(scope)) if grant.scopes.has(scope) => Ok(()),
            (Caller::Key(_), Needs::Scope(scope)) => Err(missing(scope)),
            (Caller::Key(_), Needs::Operator) => {
                Err(Problem::new(403, "forbidden", "Only the operator's key may do this."))
            }
        }
    }

    /// Whether the caller may know of what lies at a place: what is the operator's own is there for nobody else, exactly as
    /// what never was. Who asks decides, and not what is there.
    pub fn sees(&self, place: Place) -> bool {
        matches!(self, Caller::Operator) || !place.is_operators()
    }

    /// The most that the caller can hand on.
    pub fn scopes(&self) -> Scopes {
        match self {
            Caller::Operator => Scopes::all(),
            Caller::Key(grant) => grant.scopes,
        }
    }

    /// The key that was shown, where it is an application's.
    pub fn key(&self) -> Option<&str> {
        match self {
            Caller::Operator => None,
            Caller::Key(grant) => grant.key.as_deref(),
        }
    }

    /// What the caller is called in the log.
    pub fn name(&self) -> &str {
        match self {
            Caller::Operator => "operator",
            Caller::Key(grant) => grant.key.as_deref().unwrap_or("link"),
        }
    }

    /// When what was shown ends by itself.
    pub fn until(&self) -> Option<Millis> {
        match self {
            Caller::Operator => None,
            Caller::Key(grant) => grant.until,
        }
    }
}

/// 403 for a scope that a key has not.
pub fn missing(scope: Scope) -> Problem {
    Problem::new(403, "missing_scope", format!("The key has not the scope `{}`.", scope.name()))
}

/// 401, always the same.
pub fn unauthorized() -> Problem {
    Problem {
        header: Some(("www-authenticate", "Bearer".into())),
        ..Problem::new(401, "unauthorized", "Give a key: `Authorization: Bearer KEY` or `X-Api-Key: KEY`.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_what_its_scopes_say_and_nothing_of_the_operators() {
        let grant = Grant { key: None, scopes: Scopes::from_iter([Scope::EventsWrite]), until: None };
        let key = Caller::Key(grant);
        assert!(key.may(Needs::AnyKey).is_ok());
        assert!(key.may(Needs::Scope(Scope::EventsWrite)).is_ok());
        assert_eq!(key.may(Needs::Scope(Scope::KeysWrite)).unwrap_err().code, "missing_scope");
        assert_eq!(key.may(Needs::Operator).unwrap_err().code, "forbidden");
        for needs in [Needs::AnyKey, Needs::Operator, Needs::Scope(Scope::SecretsRead)] {
            assert!(Caller::Operator.may(needs).is_ok());
        }
    }
    #[test]
    fn nobody_else_sees_what_is_the_operators() {
        let key = Caller::Key(Grant { key: None, scopes: Scopes::all(), until: None });
        for place in Place::operators().flat_map(|place| place.shards(32)) {
            assert!(Caller::Operator.sees(place) && !key.sees(place));
        }
        for place in [Place::for_subscription(0), Place::for_host("a"), Place::for_event("a")] {
            assert!(Caller::Operator.sees(place) && key.sees(place));
        }
    }
}
