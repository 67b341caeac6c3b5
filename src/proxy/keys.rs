//! Public keys that providers publish: asked for where they may be asked for, and kept for a while.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::allowance::Allowance;
use crate::destination;
use crate::edge::{self, Env};
use crate::provider::Way;
use crate::provider::own::{Ask, Own};
use crate::signature::{Algorithm, KeySource, Reason, VerifyingKey};
use crate::source::Gate;
use crate::time::Millis;

/// How long an answer is taken without asking again.
const KEPT_FOR: Millis = 3_600_000;
/// How soon what gave none is asked again.
const RETRY_AFTER: Millis = 30_000;
/// How many answers are kept.
const KEPT: usize = 200;
/// How large an answer may be, in bytes.
const LIMIT: u32 = 64 * 1024;
/// How long a provider may take for it.
const TIMEOUT: Millis = 5_000;
/// Whoever forges requests chooses the names of keys: so many may be asked for at once for a source, and so many a second
/// after that.
const BURST: f64 = 20.0;
const PER_SECOND: f64 = 0.5;

/// What a provider answered, or why there is no answer.
type Answer = Result<Rc<Vec<u8>>, Reason>;

#[derive(Default)]
struct Kept {
    answers: HashMap<String, (Answer, Millis)>,
    /// What each source may still ask for.
    allowed: HashMap<String, Allowance>,
}

thread_local! {
    static KEPT_ANSWERS: RefCell<Kept> = RefCell::default();
}

/// The keys of a check whose key is not among the source's secrets.
///
/// # Errors
/// `KeyUnavailable` where nobody answers, `SignatureMismatch` where the provider has no such key.
pub async fn of(
    env: &Env,
    gate: &Gate,
    key: &KeySource,
    algorithm: Algorithm,
    secrets: &[VerifyingKey],
    now: Millis,
) -> Result<Vec<VerifyingKey>, Reason> {
    let own = gate.provider.signatures.iter().find_map(|way| match way {
        Way::Own { own } => Some(*own),
        Way::Scheme(_) => None,
    });
    let own = own.ok_or(Reason::KeyUnavailable)?;
    let options = &gate.source.options;
    let client = options.get("clientId").map_or("", String::as_str);
    let mut credential = secrets.iter().find_map(|key| match key {
        VerifyingKey::Secret(_, bytes) => String::from_utf8(bytes.clone()).ok(),
        VerifyingKey::Public(_) => None,
    });
    if let Some(ask) = credential.as_deref().and_then(|secret| own.asks_leave(secret, options)) {
        let answer = answer(&gate.source.id, &[&ask.url, " ", client].concat(), &ask, now).await?;
        let (token, _) = Own::leave_in(&answer).ok_or(Reason::KeyUnavailable)?;
        credential = Some(token);
    }
    let ask = own.asks(key, credential.as_deref(), options).ok_or(Reason::SignatureMismatch)?;
    // What the source's options name is as much a destination as its origin.
    if options.contains_key("jwksUrl") && destination::check(&ask.url, env.rules()).is_err() {
        return Err(Reason::KeyUnavailable);
    }
    let name = match key {
        KeySource::Named(name) if ask.method == "POST" => name.as_str(),
        _ => "",
    };
    let name = [&ask.url, " ", client, " ", name].concat();
    let mut keys = own.keys_in(key, algorithm, answer(&gate.source.id, &name, &ask, now).await?.as_slice(), now);
    if keys.is_empty() && forget(&name, now) {
        // The provider may have changed its keys since.
        keys = own.keys_in(key, algorithm, answer(&gate.source.id, &name, &ask, now).await?.as_slice(), now);
    }
    if keys.is_empty() { Err(Reason::SignatureMismatch) } else { Ok(keys) }
}

/// Forgets an answer that is not of just now. Whether there was one.
fn forget(name: &str, now: Millis) -> bool {
    KEPT_ANSWERS.with_borrow_mut(|kept| {
        let is_old = kept.answers.get(name).is_some_and(|(_, at)| now.saturating_sub(*at) >= RETRY_AFTER);
        is_old && kept.answers.remove(name).is_some()
    })
}

/// What was answered under this name, now or a while ago.
async fn answer(source: &str, name: &str, ask: &Ask, now: Millis) -> Answer {
    let known = KEPT_ANSWERS.with_borrow(|kept| kept.answers.get(name).cloned());
    if let Some((answer, at)) = known {
        let good_for = if answer.is_ok() { KEPT_FOR } else { RETRY_AFTER };
        if now.saturating_sub(at) < good_for {
            return answer;
        }
    }
    if !KEPT_ANSWERS.with_borrow_mut(|kept| kept.may_ask(source, now)) {
        return Err(Reason::KeyUnavailable);
    }
    let headers: Vec<String> = ask.headers.iter().flat_map(|(name, value)| [name.to_string(), value.clone()]).collect();
    let told = edge::ask(ask.method, &ask.url, &headers.join("\n"), ask.body.as_deref(), LIMIT, TIMEOUT).await;
    let answer = match told {
        Some((200, text)) => Ok(Rc::new(text.into_bytes())),
        Some((400..500, _)) => Err(Reason::SignatureMismatch),
        _ => Err(Reason::KeyUnavailable),
    };
    KEPT_ANSWERS.with_borrow_mut(|kept| {
        if kept.answers.len() >= KEPT {
            kept.answers.clear();
        }
        kept.answers.insert(name.to_owned(), (answer.clone(), now));
    });
    answer
}

impl Kept {
    fn may_ask(&mut self, source: &str, now: Millis) -> bool {
        if self.allowed.len() >= KEPT {
            self.allowed.clear();
        }
        let full = || Allowance::new(BURST, PER_SECOND, now);
        self.allowed.entry(source.to_owned()).or_insert_with(full).take(now)
    }
}
