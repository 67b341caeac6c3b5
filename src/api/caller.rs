//! Who is calling.
//!
//! The operator's key is compared here. An application's key is known by its hash: every call but ingest asks the
//! application's own object, so that a revoked key is at its end at once, everywhere. Ingest reads the snapshot, and the
//! objects that take the event, which are told of a revocation before it is answered, have the last word.

use std::cell::RefCell;

use serde::Deserialize;

use super::gateway::{self, Gateway};
use crate::access::{self, Caller, DEFAULT, Grant, Guard, Known, Link, Needs, Scope, unauthorized};
use crate::edge::{self, Env, Head};
use crate::id::{APPLICATION, Id};
use crate::objects::application::Shown;
use crate::problem::Problem;
use crate::secret;

thread_local! {
    static GUARD: RefCell<Guard> = RefCell::default();
}

/// Lets the caller in, or says why not.
///
/// # Errors
/// 503 without an operator key, 401 without a key that holds, 404 for an application that is not the caller's, 429 for
/// whoever guesses keys.
pub async fn let_in(head: &Head, env: Env, needs: Option<Needs>) -> Result<(Gateway, Caller), Problem> {
    if let Some(problem) = gateway::missing(&env) {
        return Err(problem);
    }
    let key = given(head).ok_or_else(unauthorized)?;
    let network = access::network_of(head.address.as_deref().unwrap_or_default());
    let (known, is_slowed) =
        GUARD.with_borrow(|guard| (guard.known(&network, key), guard.is_slowed(&network, edge::now())));
    let shown = shown(key);
    match known {
        Known::Wrong => return Err(unauthorized()),
        Known::Nothing if is_slowed && shown.is_none() => return Err(slowed()),
        Known::Nothing | Known::Held => {}
    }
    let found = identify(key, shown, head, env.clone(), needs).await;
    match &found {
        Ok(_) if known == Known::Nothing => GUARD.with_borrow_mut(|guard| guard.note(&network, key, true)),
        Err(problem) if problem.status == 401 => {
            GUARD.with_borrow_mut(|guard| guard.note(&network, key, false));
            if !env.may_guess(&network).await {
                GUARD.with_borrow_mut(|guard| guard.slow(&network, edge::now()));
                return Err(slowed());
            }
        }
        Ok(_) | Err(_) => {}
    }
    found
}

fn given(head: &Head) -> Option<&str> {
    let bearer = head.authorization.as_deref().and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer.or(head.api_key.as_deref()).filter(|key| !key.is_empty())
}

/// Whose key it is.
async fn identify(
    key: &str,
    shown: Option<(String, Shown)>,
    head: &Head,
    env: Env,
    needs: Option<Needs>,
) -> Result<(Gateway, Caller), Problem> {
    let named = head.application.as_deref();
    let Some((owner, shown)) = shown else {
        if !secret::same(key, &env.settings().operator_key) {
            return Err(unauthorized());
        }
        let gateway = Gateway { env, application: named.unwrap_or(DEFAULT).to_owned() };
        // Applications are found, not made up; the one that always exists needs no looking up.
        if gateway.application != DEFAULT {
            Id::parse(APPLICATION, &gateway.application).ok_or_else(|| Problem::not_found("application"))?;
            gateway.snapshot().await?;
        }
        return Ok((gateway, Caller::Operator));
    };
    let gateway = Gateway { env, application: owner };
    let listed = match (&shown, needs) {
        (Shown::Key(hash), Some(Needs::Scope(Scope::EventsWrite))) => {
            known(&gateway).await?.and_then(|view| view.grant(hash))
        }
        _ => None,
    };
    let grant = match listed {
        Some(grant) => grant,
        // It may have been made a moment ago, and KV has not heard of it.
        None => ask(&gateway, &shown).await?,
    };
    // Somebody else's application is none.
    if named.is_some_and(|named| named != gateway.application) {
        return Err(Problem::not_found("application"));
    }
    Ok((gateway, Caller::Key(grant)))
}

/// What may be a key of an application, or a link, and whose; none for what can only be the operator's.
fn shown(key: &str) -> Option<(String, Shown)> {
    if let Some(owner) = access::owner_of(key) {
        return Some((owner, Shown::Key(access::hash(key))));
    }
    Some((Link::read(key)?.application, Shown::Link(key.to_owned())))
}

/// The application as ingest sees it; none where there is no such application, which is the caller's key's fault.
async fn known(gateway: &Gateway) -> Result<Option<std::rc::Rc<crate::snapshot::View>>, Problem> {
    match gateway.snapshot().await {
        Ok(view) => Ok(Some(view)),
        Err(problem) if problem.status == 404 => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Asks the application's object, which has the last word.
async fn ask(gateway: &Gateway, shown: &Shown) -> Result<Grant, Problem> {
    let text = crate::body::written(shown)?;
    let said = gateway.env.call("APPLICATION", &gateway.application, "/caller", text.as_str()).await?;
    #[derive(Deserialize)]
    struct Known {
        grant: Grant,
    }
    match said.status {
        200 => serde_json::from_str(&said.text)
            .map(|Known { grant }| grant)
            .map_err(|_| Problem::unavailable("The application did not answer. Try again.")),
        401 | 404 => Err(unauthorized()),
        _ => Err(Problem::unavailable("The application did not answer. Try again.")),
    }
}

fn slowed() -> Problem {
    let detail = "Too many wrong keys were tried from this address. Try again in a minute.";
    Problem { header: Some(("retry-after", "60".into())), ..Problem::new(429, "too_many_attempts", detail) }
}
