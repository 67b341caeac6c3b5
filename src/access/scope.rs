//! What a key may do.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::body::{Fields, join};

macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident = $name:literal,)*) => {
        /// One thing that a key may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Scope {
            $($(#[$doc])* $scope,)*
        }

        impl Scope {
            /// Every one.
            pub const ALL: &[Scope] = &[$(Scope::$scope,)*];

            /// As the API writes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Scope::$scope => $name,)*
                }
            }
        }
    };
}

scopes! {
    /// Posts events.
    EventsWrite = "events:write",
    /// Reads subscriptions.
    SubscriptionsRead = "subscriptions:read",
    /// Makes, changes and deletes subscriptions and profiles.
    SubscriptionsWrite = "subscriptions:write",
    /// Reads deliveries, events, figures and operations.
    DeliveriesRead = "deliveries:read",
    /// Tests, retries, cancels, recovers, replays.
    DeliveriesWrite = "deliveries:write",
    /// Reads sources and what came to them.
    SourcesRead = "sources:read",
    /// Makes, changes and deletes sources.
    SourcesWrite = "sources:write",
    /// Makes and revokes keys, and makes links.
    KeysWrite = "keys:write",
    /// Reads signing secrets.
    SecretsRead = "secrets:read",
}

impl Scope {
    fn bit(self) -> u16 {
        1 << self as u16
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|scope| scope.name() == name).copied()
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// All of them.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether `scope` is among them.
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// What is in this set and not in `other`.
    pub fn beyond(self, other: Self) -> Option<Scope> {
        self.iter().find(|scope| !other.has(*scope))
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }

    /// Reads the field `scopes` of a body; `otherwise` where it is left out.
    pub fn take(fields: &mut Fields<'_>, otherwise: Self) -> Self {
        let Some(names) = fields.take::<Vec<String>>("scopes", "must be a list of scopes") else {
            return otherwise;
        };
        if names.is_empty() {
            fields.fault("scopes", "must name at least one scope; left out it means all that you have");
        }
        let mut scopes = Scopes::default();
        for (at, name) in names.iter().enumerate() {
            match Scope::parse(name) {
                Some(scope) => scopes.0 |= scope.bit(),
                None => {
                    let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
                    fields.fault_at(&join("scopes", &at.to_string()), format!("must be one of {}", known.join(", ")));
                }
            }
        }
        scopes
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(scopes.into_iter().fold(0, |set, scope| set | scope.bit()))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::name))
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        // What is not known here came from a newer version, or was spoilt: it allows nothing.
        if names.len() > 64 {
            return Err(D::Error::custom("too many scopes"));
        }
        Ok(names.iter().filter_map(|name| Scope::parse(name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_lists_and_names_what_is_none() {
        let read = |body: &str| {
            let mut fields = Fields::parse(body.as_bytes()).unwrap();
            let scopes = Scopes::take(&mut fields, Scopes::all());
            fields.finish().map(|()| scopes)
        };
        assert_eq!(read("{}").unwrap(), Scopes::all());
        assert_eq!(read(r#"{"scopes":null}"#).unwrap(), Scopes::all());
        assert_eq!(
            read(r#"{"scopes":["events:write","events:write"]}"#).unwrap(),
            Scopes::from_iter([Scope::EventsWrite])
        );
        for (body, pointer) in [
            (r#"{"scopes":[]}"#, "/scopes"),
            (r#"{"scopes":"events:write"}"#, "/scopes"),
            (r#"{"scopes":["keys:write","*"]}"#, "/scopes/1"),
            (r#"{"scopes":["events:read"]}"#, "/scopes/0"),
        ] {
            assert_eq!(read(body).unwrap_err().errors[0].pointer, pointer, "{body}");
        }
    }

    #[test]
    fn what_is_beyond_a_set_is_named() {
        let some = Scopes::from_iter([Scope::EventsWrite, Scope::KeysWrite]);
        assert_eq!(some.beyond(Scopes::all()), None);
        assert_eq!(Scopes::all().beyond(some), Some(Scope::SubscriptionsRead));
    }

    proptest! {
        #[test]
        fn a_stored_set_is_read_as_it_was(bits in 0u16..512) {
            let scopes = Scopes(bits);
            let text = serde_json::to_string(&scopes).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scopes>(&text).unwrap(), scopes);
        }
    }
}
