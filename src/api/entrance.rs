//! The Worker's one entrance, and what every request has in common.

use std::future::Future;
use std::pin::Pin;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use super::gateway::Gateway;
use super::table::{ENDPOINTS, Endpoint, MAX_BODY};
use super::{caller, health};
use crate::access::Caller;
use crate::cors;
use crate::edge::{self, Context, Env, Head};
use crate::id::{DELIVERY, Id, OPERATION, SUBSCRIPTION};
use crate::problem::Problem;
use crate::proxy;
use crate::receiver;
use crate::route;

pub(super) const JSON: &str = "application/json";

/// What an endpoint answers.
pub(super) struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub text: String,
}

impl Answer {
    pub fn json(status: u16, text: String) -> Self {
        Answer { status, kind: JSON, text }
    }
}

/// A request that has been let in.
pub(super) struct Call {
    pub gateway: Gateway,
    pub caller: Caller,
    pub head: Head,
    /// What the path's placeholders stood for.
    pub params: Vec<String>,
    pub body: Uint8Array,
    /// As it came, its body read.
    pub request: Request,
}

impl Call {
    pub fn query(&self) -> &str {
        self.head.target().1
    }

    pub fn param(&self, at: usize) -> &str {
        self.params.get(at).map_or("", String::as_str)
    }

    /// The scheme and host that the gateway was reached at.
    pub fn origin(&self) -> &str {
        let length = self.head.url.len().saturating_sub(route::target(&self.head.url).len());
        self.head.url.get(..length).unwrap_or_default()
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Answer, Problem>>>>;

/// What answers a call.
pub(super) type Run = fn(Call) -> Answering;

/// Called by the runtime.
#[wasm_bindgen]
pub fn fetch(request: Request, env: Env, context: Context) -> Promise {
    edge::task::promise(respond(request, env, context))
}

async fn respond(request: Request, env: Env, context: Context) -> Response {
    let head = Head::of(&request);
    let told = told(&head, &env);
    let response = watched(head, request, env, context).await.unwrap_or_else(|problem| {
        let header = problem.header.as_ref().map(|(name, value)| (*name, value.as_str()));
        edge::respond(problem.status, "application/problem+json", &problem.to_json(), header.as_slice())
    });
    if told.is_empty() { response } else { edge::including(&response, &borrowed(&told)) }
}

/// Whether a path is the API's.
fn is_api(path: &str) -> bool {
    path.starts_with("/v1/") || path == "/metrics"
}

/// What the API's answer says to the page that calls, if one does.
fn told(head: &Head, env: &Env) -> cors::Headers {
    match &head.origin {
        Some(origin) if head.asks_for.is_none() && is_api(head.target().0) && !proxy::is_front(env, head) => {
            env.settings().origins.told(origin)
        }
        _ => cors::Headers::new(),
    }
}

fn borrowed(headers: &cors::Headers) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Lets a request in, and says in the log and in the figures what became of it.
async fn watched(head: Head, request: Request, env: Env, context: Context) -> Result<Response, Problem> {
    let (seen, began) = (head.seen.clone(), edge::now());
    env.settings();
    let answered = enter(head, request, env, context).await;
    let mut seen = seen.borrow_mut();
    match &answered {
        Ok(response) => seen.status = response.status(),
        Err(problem) => seen.refused(problem),
    }
    seen.duration_ms = edge::now().saturating_sub(began);
    edge::measure(|metrics| metrics.request(&seen));
    edge::put(&*seen, seen.matters());
    answered
}

/// Which door a request goes through: an origin's that Signet stands in front of, a source's, the API's, or the pages'.
async fn enter(head: Head, request: Request, env: Env, context: Context) -> Result<Response, Problem> {
    let to = |route| head.seen.borrow_mut().fits(route, &[]);
    if proxy::is_front(&env, &head) {
        to(FRONT);
        return match proxy::claimed(&env, &head).await {
            Some(claim) => proxy::visit(&claim.source, &claim.rest, request, head, env, context).await,
            None => proxy::pass_through(&env, &head, &request).await,
        };
    }
    let (path, _) = head.target();
    if path == "/healthz" {
        to("/healthz");
        return Ok(health::check(&head, &env).await);
    }
    if path == receiver::PATH {
        to(receiver::PATH);
        return receive(&head, &request).await;
    }
    if let Some((source, rest)) = proxy::addressed(path) {
        to("/in/{source}/{path…}");
        let (source, rest) = (source.to_owned(), rest.to_owned());
        return proxy::visit(&source, &rest, request, head, env, context).await;
    }
    if is_api(path) {
        if let (Some(origin), Some(_)) = (&head.origin, &head.asks_for) {
            let headers = env.settings().origins.preflight(origin, &offered(path));
            return Ok(edge::respond(204, "", "", &borrowed(&headers)));
        }
        return Ok(match answer(head, request, env).await? {
            Answer { status, kind: JSON, text } => edge::respond_json(status, &text),
            answer => edge::respond(answer.status, answer.kind, &answer.text, &[]),
        });
    }
    if let Some(claim) = proxy::claimed(&env, &head).await {
        to(FRONT);
        return proxy::visit(&claim.source, &claim.rest, request, head, env, context).await;
    }
    let is_read = matches!(head.method.as_str(), "GET" | "HEAD");
    let page = if is_read { env.page(&request).await } else { None };
    if page.is_some() {
        to("page");
    }
    page.ok_or_else(|| Problem::not_found("page"))
}

/// A request to Signet's own receiver.
async fn receive(head: &Head, request: &Request) -> Result<Response, Problem> {
    if head.method != "POST" {
        return Err(Problem::not_offered(&head.method, &["POST"]));
    }
    let status = receiver::status(head.target().1)?;
    let body = edge::body(request, MAX_BODY).await?;
    let id = request.headers().get("webhook-id").ok().flatten();
    let text = receiver::answer(id.as_deref(), &body.to_vec())?;
    Ok(match receiver::has_body(status) {
        true => edge::respond_json(status, &text),
        false => edge::respond(status, "", "", &[]),
    })
}

/// Refuses what a path names and the caller may not know of, as what is not there.
fn in_sight(path: &str, params: &[String], caller: &Caller) -> Result<(), Problem> {
    let (prefix, what) = match path.split('/').nth(2) {
        Some("subscriptions") => (SUBSCRIPTION, "subscription"),
        Some("deliveries") => (DELIVERY, "delivery"),
        Some("operations") => (OPERATION, "operation"),
        _ => return Ok(()),
    };
    let named = params.first().and_then(|param| Id::parse(prefix, param));
    match named.is_none_or(|id| caller.sees(id.place())) {
        true => Ok(()),
        false => Err(Problem::not_found(what)),
    }
}

/// The methods that a path has.
fn offered(path: &str) -> Vec<&'static str> {
    fitting(path).map(|(endpoint, _)| endpoint.method).collect()
}

/// The endpoints that a path leads to, each with what its placeholders stand for. A path that is an endpoint's to the letter
/// leads to no other: `/v1/events/batch` is no event.
fn fitting(path: &str) -> impl Iterator<Item = (&'static Endpoint, Vec<String>)> {
    let is_literal = ENDPOINTS.iter().any(|it| it.path == path);
    ENDPOINTS
        .iter()
        .filter(move |it| !is_literal || it.path == path)
        .filter_map(move |it| Some((it, route::params(it.path, path)?)))
}

/// What a request to a host that Signet stands in front of is called in the log: its path is the origin's.
const FRONT: &str = "front";

async fn answer(head: Head, request: Request, env: Env) -> Result<Answer, Problem> {
    let (path, _) = head.target();
    // An object would be called by another path than the one that was looked up.
    let path = if route::is_settled(path) { path } else { "" };
    let found = fitting(path).find(|(endpoint, _)| endpoint.method == head.method);
    let seen = head.seen.clone();
    match &found {
        Some((endpoint, params)) => seen.borrow_mut().fits(endpoint.path, params),
        None => {
            if let Some((endpoint, params)) = fitting(path).next() {
                seen.borrow_mut().fits(endpoint.path, &params);
            }
        }
    }
    // Who is calling comes before what there is to find.
    let (gateway, caller) = caller::let_in(&head, env, found.as_ref().map(|(endpoint, _)| endpoint.needs)).await?;
    seen.borrow_mut().by(&gateway.application, &caller);
    let Some((endpoint, params)) = found else {
        let allowed = offered(path);
        return Err(match allowed.is_empty() {
            true => Problem::not_found("endpoint"),
            false => Problem::not_offered(&head.method, &allowed),
        });
    };
    caller.may(endpoint.needs)?;
    let body = edge::body(&request, endpoint.limit).await?;
    in_sight(endpoint.path, &params, &caller)?;
    let answer = (endpoint.run)(Call { gateway, caller, head, params, body, request }).await?;
    seen.borrow_mut().answered(answer.status, &answer.text);
    Ok(answer)
}
