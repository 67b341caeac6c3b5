//! The HTTP API: one table of endpoints, and what every request has in common.

mod deliveries;
mod events;
mod gateway;
mod health;
mod management;
mod providers;
mod sources;

use std::future::Future;
use std::pin::Pin;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use crate::edge::{self, Context, Env, Head};
use crate::event::MAX_EVENT;
use crate::explain::MAX_CALL;
use crate::objects::application::MAX_BODY;
use crate::problem::Problem;
use crate::proxy;
use crate::route;
use gateway::Gateway;

const JSON: &str = "application/json";

/// What an endpoint answers.
struct Answer {
    status: u16,
    kind: &'static str,
    text: String,
}

impl Answer {
    fn json(status: u16, text: String) -> Self {
        Answer { status, kind: JSON, text }
    }
}

/// A request that has been let in.
struct Call {
    gateway: Gateway,
    head: Head,
    /// What the path's placeholders stood for.
    params: Vec<String>,
    body: Uint8Array,
}

impl Call {
    fn query(&self) -> &str {
        self.head.target().1
    }

    fn param(&self, at: usize) -> &str {
        self.params.get(at).map_or("", String::as_str)
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Answer, Problem>>>>;

/// One thing that can be asked of Signet.
struct Endpoint {
    method: &'static str,
    path: &'static str,
    /// How large a body may be, in bytes.
    limit: usize,
    run: fn(Call) -> Answering,
}

const fn endpoint(method: &'static str, path: &'static str, run: fn(Call) -> Answering) -> Endpoint {
    Endpoint { method, path, limit: MAX_BODY, run }
}

/// An endpoint that the application's object answers.
const fn managed(method: &'static str, path: &'static str) -> Endpoint {
    endpoint(method, path, |call| Box::pin(management::forward(call)))
}

/// One that does so for a caller of that very application.
const fn of_application(method: &'static str, path: &'static str) -> Endpoint {
    endpoint(method, path, |call| Box::pin(management::application(call)))
}

/// One about sources.
const fn of_source(method: &'static str, path: &'static str) -> Endpoint {
    endpoint(method, path, |call| Box::pin(management::source(call)))
}

const ENDPOINTS: &[Endpoint] = &[
    Endpoint { limit: MAX_EVENT, ..endpoint("POST", "/v1/events", |call| Box::pin(events::post(call))) },
    endpoint("GET", "/v1/events/{id}", |call| Box::pin(events::get(call))),
    endpoint("GET", "/v1/deliveries", |call| Box::pin(deliveries::list(call))),
    endpoint("GET", "/v1/deliveries/{id}", |call| Box::pin(deliveries::one("get", call))),
    endpoint("POST", "/v1/deliveries/{id}/retry", |call| Box::pin(deliveries::one("retry", call))),
    endpoint("POST", "/v1/deliveries/{id}/cancel", |call| Box::pin(deliveries::one("cancel", call))),
    managed("GET", "/v1/subscriptions"),
    managed("POST", "/v1/subscriptions"),
    managed("GET", "/v1/subscriptions/{id}"),
    managed("PATCH", "/v1/subscriptions/{id}"),
    managed("DELETE", "/v1/subscriptions/{id}"),
    managed("POST", "/v1/subscriptions/{id}/pause"),
    managed("POST", "/v1/subscriptions/{id}/resume"),
    managed("POST", "/v1/subscriptions/{id}/rotate-secret"),
    managed("GET", "/v1/subscriptions/{id}/secret"),
    endpoint("POST", "/v1/subscriptions/{id}/test", |call| Box::pin(deliveries::test(call))),
    managed("GET", "/v1/profiles"),
    managed("GET", "/v1/profiles/{name}"),
    managed("PUT", "/v1/profiles/{name}"),
    managed("DELETE", "/v1/profiles/{name}"),
    endpoint("GET", "/v1/providers", |call| Box::pin(providers::list(call))),
    endpoint("GET", "/v1/providers/{name}", |call| Box::pin(providers::get(call))),
    endpoint("GET", "/v1/applications", |call| Box::pin(management::list_applications(call))),
    of_application("GET", "/v1/applications/{id}"),
    of_application("PATCH", "/v1/applications/{id}"),
    of_application("POST", "/v1/applications/{id}/rotate-secret"),
    of_source("GET", "/v1/sources"),
    of_source("POST", "/v1/sources"),
    of_source("GET", "/v1/sources/{id}"),
    of_source("PATCH", "/v1/sources/{id}"),
    of_source("DELETE", "/v1/sources/{id}"),
    of_source("GET", "/v1/sources/{id}/learned-secret"),
    endpoint("GET", "/v1/sources/{id}/requests", |call| Box::pin(sources::requests(call))),
    Endpoint {
        limit: MAX_CALL,
        ..endpoint("POST", "/v1/sources/{id}/explain", |call| Box::pin(sources::explain(call)))
    },
    endpoint("GET", "/metrics", |call| Box::pin(health::metrics(call))),
];

/// The Worker's one entrance.
#[wasm_bindgen]
pub fn fetch(request: Request, env: Env, context: Context) -> Promise {
    edge::task::promise(respond(request, env, context))
}

async fn respond(request: Request, env: Env, context: Context) -> Response {
    let head = Head::of(&request);
    enter(head, request, env, context).await.unwrap_or_else(|problem| {
        let mut headers = NO_STORE.to_vec();
        if let Some((name, value)) = &problem.header {
            headers.push((name, value));
        }
        edge::respond(problem.status, "application/problem+json", &problem.to_json(), &headers)
    })
}

/// Which door a request goes through: an origin's that Signet stands in front of, a source's, the API's, or the pages'.
async fn enter(head: Head, request: Request, env: Env, context: Context) -> Result<Response, Problem> {
    if proxy::is_front(&env, &head) {
        return match proxy::claimed(&env, &head).await {
            Some(claim) => proxy::visit(&claim.source, &claim.rest, request, head, env, context).await,
            None => proxy::pass_through(&env, &head, &request).await,
        };
    }
    let (path, _) = head.target();
    if path == "/healthz" {
        return Ok(health::check(&head, &env));
    }
    if let Some((source, rest)) = proxy::addressed(path) {
        let (source, rest) = (source.to_owned(), rest.to_owned());
        return proxy::visit(&source, &rest, request, head, env, context).await;
    }
    if path.starts_with("/v1/") || path == "/metrics" {
        return Ok(match answer(head, request, env).await? {
            Answer { status, kind: JSON, text } => edge::respond_json(status, &text),
            answer => edge::respond(answer.status, answer.kind, &answer.text, NO_STORE),
        });
    }
    if let Some(claim) = proxy::claimed(&env, &head).await {
        return proxy::visit(&claim.source, &claim.rest, request, head, env, context).await;
    }
    let is_read = matches!(head.method.as_str(), "GET" | "HEAD");
    let page = if is_read { env.page(&request).await } else { None };
    page.ok_or_else(|| Problem::not_found("page"))
}

/// Answers hold secrets and what changes by the second: nobody is to keep them.
const NO_STORE: &[(&str, &str)] = &[("cache-control", "no-store")];

async fn answer(head: Head, request: Request, env: Env) -> Result<Answer, Problem> {
    let (path, _) = head.target();
    let fits = |endpoint: &Endpoint| route::params(endpoint.path, path);
    let found = ENDPOINTS.iter().find_map(|endpoint| {
        let is_method = endpoint.method == head.method;
        is_method.then(|| fits(endpoint)).flatten().map(|params| (endpoint, params))
    });
    // Who is calling comes before what there is to find.
    let gateway = Gateway::let_in(&head, env)?;
    let Some((endpoint, params)) = found else {
        let allowed: Vec<&str> = ENDPOINTS.iter().filter(|it| fits(it).is_some()).map(|it| it.method).collect();
        return Err(match allowed.is_empty() {
            true => Problem::not_found("endpoint"),
            false => Problem {
                header: Some(("allow", allowed.join(", "))),
                ..Problem::new(405, "method_not_allowed", format!("{} is not offered here.", head.method))
            },
        });
    };
    let body = edge::body(&request, endpoint.limit).await?;
    (endpoint.run)(Call { gateway, head, params, body }).await
}
