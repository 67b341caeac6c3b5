//! Every call that needs a key: the one table of the API, and what its document is checked against.

use crate::access::Needs::{self, AnyKey, Operator, Scope as Has};
use crate::access::Scope::{
    DeliveriesRead, DeliveriesWrite, EventsWrite, KeysWrite, SecretsRead, SourcesRead, SourcesWrite, SubscriptionsRead,
    SubscriptionsWrite,
};
use crate::event::MAX_EVENT;
use crate::event::batch::MAX_BATCH;
use crate::explain::MAX_CALL;

#[cfg(target_arch = "wasm32")]
use super::{Run, applications, deliveries, events, health, management, me, operations, providers, sources, stats};

/// How large a body may be where nothing else is said, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// One thing that can be asked of Signet.
pub struct Endpoint {
    /// As it is sent.
    pub method: &'static str,
    /// With its placeholders.
    pub path: &'static str,
    /// What the caller must have.
    pub needs: Needs,
    /// How large a body may be, in bytes.
    pub limit: usize,
    #[cfg(target_arch = "wasm32")]
    pub(super) run: Run,
}

macro_rules! limit {
    () => {
        MAX_BODY
    };
    ($limit:expr) => {
        $limit
    };
}

/// A table of `METHOD path, needs => handler`, with `up to` how large a body may be. Outside of the worker there are no
/// handlers.
macro_rules! endpoints {
    ($($method:ident $path:literal, $needs:expr $(, up to $limit:expr)? => $handler:path;)*) => {
        /// The table.
        pub const ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            method: stringify!($method),
            path: $path,
            needs: $needs,
            limit: limit!($($limit)?),
            #[cfg(target_arch = "wasm32")]
            run: |call| Box::pin($handler(call)),
        },)*];
    };
}

endpoints! {
    GET "/v1/me", AnyKey => me::get;
    POST "/v1/events", Has(EventsWrite), up to MAX_EVENT => events::post;
    POST "/v1/events/batch", Has(EventsWrite), up to MAX_BATCH => events::post_all;
    GET "/v1/events/{id}", Has(DeliveriesRead) => events::get;
    POST "/v1/events/{id}/cancel", Has(DeliveriesWrite) => events::cancel;
    GET "/v1/deliveries", Has(DeliveriesRead) => deliveries::list;
    GET "/v1/deliveries/{id}", Has(DeliveriesRead) => deliveries::get;
    GET "/v1/deliveries/{id}/request", Has(DeliveriesWrite) => deliveries::request;
    POST "/v1/deliveries/{id}/retry", Has(DeliveriesWrite) => deliveries::retry;
    POST "/v1/deliveries/{id}/cancel", Has(DeliveriesWrite) => deliveries::cancel;
    POST "/v1/deliveries/retry", Has(DeliveriesWrite) => operations::retry;
    POST "/v1/deliveries/cancel", Has(DeliveriesWrite) => operations::cancel;
    GET "/v1/stats", Has(DeliveriesRead) => stats::all;
    GET "/v1/operations", Has(DeliveriesRead) => operations::list;
    GET "/v1/operations/{id}", Has(DeliveriesRead) => operations::get;
    POST "/v1/operations/{id}/stop", Has(DeliveriesWrite) => operations::stop;
    GET "/v1/subscriptions", Has(SubscriptionsRead) => management::hand_on;
    POST "/v1/subscriptions", Has(SubscriptionsWrite) => management::hand_on;
    GET "/v1/subscriptions/{id}", Has(SubscriptionsRead) => management::forward;
    PATCH "/v1/subscriptions/{id}", Has(SubscriptionsWrite) => management::forward;
    DELETE "/v1/subscriptions/{id}", Has(SubscriptionsWrite) => management::forward;
    POST "/v1/subscriptions/{id}/pause", Has(SubscriptionsWrite) => management::forward;
    POST "/v1/subscriptions/{id}/resume", Has(SubscriptionsWrite) => management::forward;
    POST "/v1/subscriptions/{id}/rotate-secret", Has(SubscriptionsWrite) => management::forward;
    GET "/v1/subscriptions/{id}/health", Has(DeliveriesRead) => deliveries::health;
    GET "/v1/subscriptions/{id}/secret", Has(SecretsRead) => management::hand_on;
    GET "/v1/subscriptions/{id}/stats", Has(DeliveriesRead) => stats::one;
    POST "/v1/subscriptions/{id}/test", Has(DeliveriesWrite) => deliveries::test;
    POST "/v1/subscriptions/{id}/recover", Has(DeliveriesWrite) => operations::recover;
    POST "/v1/subscriptions/{id}/replay", Has(DeliveriesWrite) => operations::replay;
    GET "/v1/profiles", AnyKey => management::forward;
    GET "/v1/profiles/{name}", AnyKey => management::forward;
    PUT "/v1/profiles/{name}", Has(SubscriptionsWrite) => management::forward;
    DELETE "/v1/profiles/{name}", Has(SubscriptionsWrite) => management::forward;
    POST "/v1/profiles/{name}/preview", AnyKey => management::forward;
    GET "/v1/providers", AnyKey => providers::list;
    GET "/v1/providers/{name}", AnyKey => providers::get;
    GET "/v1/sources", Has(SourcesRead) => management::source;
    POST "/v1/sources", Has(SourcesWrite) => management::source;
    GET "/v1/sources/{id}", Has(SourcesRead) => management::source;
    PATCH "/v1/sources/{id}", Has(SourcesWrite) => management::source;
    DELETE "/v1/sources/{id}", Has(SourcesWrite) => management::source;
    GET "/v1/sources/{id}/learned-secret", Has(SecretsRead) => management::source;
    GET "/v1/sources/{id}/requests", Has(SourcesRead) => sources::requests;
    POST "/v1/sources/{id}/explain", Has(SourcesRead), up to MAX_CALL => sources::explain;
    GET "/v1/applications", Operator => applications::list;
    POST "/v1/applications", Operator => applications::create;
    GET "/v1/applications/{id}", Operator => applications::one;
    PATCH "/v1/applications/{id}", Operator => applications::one;
    DELETE "/v1/applications/{id}", Operator => applications::one;
    POST "/v1/applications/{id}/rotate-secret", Operator => applications::one;
    GET "/v1/api-keys", Has(KeysWrite) => management::forward;
    POST "/v1/api-keys", Has(KeysWrite) => management::hand_on;
    GET "/v1/api-keys/{id}", Has(KeysWrite) => management::forward;
    DELETE "/v1/api-keys/{id}", Has(KeysWrite) => management::forward;
    POST "/v1/api-keys/{id}/webhook/test", Has(DeliveriesWrite) => deliveries::test_of_key;
    POST "/v1/portal-links", Has(KeysWrite) => management::hand_on;
    POST "/v1/reseal", Operator => applications::reseal;
    GET "/metrics", Operator => health::metrics;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::{BTreeSet, HashSet};

    /// The document's path, method, scope and limit of each call that needs a key.
    fn documented() -> BTreeSet<(String, String, String, Option<u64>)> {
        let document: Value = serde_json::from_str(include_str!("../../www/openapi.json")).unwrap();
        let mut found = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Some(scope) = operation["x-signet-scope"].as_str().filter(|scope| *scope != "none") else {
                    continue;
                };
                let limit = operation["x-signet-limit"].as_u64();
                found.insert((path.clone(), method.to_uppercase(), scope.to_owned(), limit));
            }
        }
        found
    }

    #[test]
    fn the_document_has_what_is_here_and_what_it_needs() {
        let here = ENDPOINTS.iter().map(|endpoint| {
            let scope = match endpoint.needs {
                AnyKey => "any",
                Operator => "operator",
                Has(scope) => scope.name(),
            };
            let has_body = !matches!(endpoint.method, "GET" | "DELETE");
            let limit = has_body.then_some(endpoint.limit as u64);
            (endpoint.path.to_owned(), endpoint.method.to_owned(), scope.to_owned(), limit)
        });
        let (here, documented) = (here.collect::<BTreeSet<_>>(), documented());
        let missing: Vec<_> = here.difference(&documented).collect();
        assert!(missing.is_empty(), "not in the document, or there otherwise: {missing:#?}");
        let more: Vec<_> =
            documented.difference(&here).filter(|(path, method, ..)| !is_awaited(method, path)).collect();
        assert!(more.is_empty(), "in the document alone, or there otherwise: {more:#?}");
    }

    /// What the document is ahead with, by tests/openapi/waiting.mjs.
    fn is_awaited(method: &str, path: &str) -> bool {
        let document: Value = serde_json::from_str(include_str!("../../www/openapi.json")).unwrap();
        let name = &document["paths"][path][method.to_lowercase()]["operationId"];
        include_str!("../../tests/openapi/waiting.mjs").contains(&name.to_string())
    }

    #[test]
    fn nothing_stands_twice() {
        let mut seen = HashSet::new();
        assert!(ENDPOINTS.iter().all(|it| seen.insert((it.method, it.path))));
    }
}
