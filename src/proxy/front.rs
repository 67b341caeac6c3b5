//! In front of an origin's own hosts: which source claims a request by its host and path, and what becomes of the rest.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use web_sys::{Request, Response};

use super::door::{FRESH, KEPT, KV_TTL};
use crate::edge::{self, Env, Forwarded, Head};
use crate::problem::Problem;
use crate::source::{Claim, find, without_usual_port};
use crate::time::Millis;

type Known = (Millis, Rc<Vec<Claim>>);

thread_local! {
    static HOSTS: RefCell<HashMap<String, Known>> = RefCell::default();
}

/// The routes may have changed.
pub fn forget() {
    HOSTS.with_borrow_mut(HashMap::clear);
}

/// A request that a source claims, and what stands behind the path that it claims.
pub struct Claimed {
    /// `src_…`
    pub source: String,
    /// The rest of the path.
    pub rest: String,
}

/// Who claims a request.
pub async fn claimed(env: &Env, head: &Head) -> Option<Claimed> {
    let (path, _) = head.target();
    let claims = claims(env, &host_of(&head.url)).await;
    // Else who escapes a letter would pass by the source, and reach the same page of the origin.
    let path = crate::route::plain(path);
    let (claim, rest) = find(&claims, &path)?;
    Some(Claimed { source: claim.source.clone(), rest: rest.to_owned() })
}

/// What is claimed of a host.
async fn claims(env: &Env, host: &str) -> Rc<Vec<Claim>> {
    let now = edge::now();
    let known = HOSTS.with_borrow(|hosts| hosts.get(host).cloned());
    if let Some((at, claims)) = known
        && now.saturating_sub(at) < FRESH
    {
        return claims;
    }
    let text = env.kv_get("SUBSCRIPTIONS", &["route:", host].concat(), KV_TTL).await.unwrap_or_default();
    let claims: Rc<Vec<Claim>> = Rc::new(serde_json::from_str(&text).unwrap_or_default());
    HOSTS.with_borrow_mut(|hosts| {
        // Whoever makes names up must not fill the memory.
        if hosts.len() >= KEPT {
            hosts.clear();
        }
        hosts.insert(host.to_owned(), (now, claims.clone()));
    });
    claims
}

/// Sends what nobody claims on to its origin, untouched; or refuses it, as the deployment says.
///
/// # Errors
/// 404 where it is refused, 502 where the origin can't be reached.
pub async fn pass_through(env: &Env, head: &Head, request: &Request) -> Result<Response, Problem> {
    let host = host_of(&head.url);
    let found = env.settings().front_of.iter().find(|(name, _)| *name == host);
    let origin = found.and_then(|(_, origin)| origin.as_ref()).ok_or_else(|| Problem::not_found("page"))?;
    let url = [origin.trim_end_matches('/'), crate::route::target(&head.url)].concat();
    match edge::pass(request, &url).await {
        Forwarded::Answer(response) => Ok(response),
        Forwarded::None(..) => Err(Problem::new(502, "origin_unreachable", "The origin could not be reached.")),
    }
}

/// Whether this host is one that Signet stands in front of.
pub fn is_front(env: &Env, head: &Head) -> bool {
    // Most deployments stand in front of none, and need not look.
    let hosts = &env.settings().front_of;
    !hosts.is_empty() && {
        let host = host_of(&head.url);
        hosts.iter().any(|(name, _)| *name == host)
    }
}

/// The host of a URL as routes have it, whichever way it was written: not every runtime's URLs went through a parser.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    without_usual_port(host).to_ascii_lowercase()
}
