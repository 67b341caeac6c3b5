//! Public keys that providers publish: fetched where they may be fetched from, and kept for a while.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::edge;
use crate::signature::{Algorithm, KeySource, Reason, VerifyingKey};
use crate::source::Gate;
use crate::time::Millis;

/// How long a key is taken without asking again.
const KEPT_FOR: Millis = 3_600_000;
/// How soon a URL that gave none is asked again: forgeries must not make the gateway hammer a provider.
const RETRY_AFTER: Millis = 30_000;
/// How many keys are kept.
const KEPT: usize = 200;
/// How large a certificate may be, in bytes.
const MAX_CERTIFICATE: u32 = 64 * 1024;
/// How long a provider may take to hand it out.
const TIMEOUT: Millis = 5_000;

type Kept = (Millis, Option<Rc<Vec<u8>>>);

thread_local! {
    static KEYS: RefCell<HashMap<String, Kept>> = RefCell::default();
}

/// The keys for a check whose key is not among the secrets.
///
/// # Errors
/// `KeyUnavailable` where there is none to be had.
pub async fn of(
    gate: &Gate,
    source: &KeySource,
    algorithm: Algorithm,
    secrets: &[VerifyingKey],
    now: Millis,
) -> Result<Vec<VerifyingKey>, Reason> {
    let _ = (gate, secrets);
    match source {
        KeySource::Certificate(url) => {
            let pem = kept(url, now, || async { edge::get_text(url, MAX_CERTIFICATE, TIMEOUT).await }).await;
            let pem = pem.ok_or(Reason::KeyUnavailable)?;
            let _ = (pem, algorithm);
            Err(Reason::KeyUnavailable)
        }
        _ => Err(Reason::KeyUnavailable),
    }
}

/// What `fetch` brought under this name, now or a while ago.
async fn kept<F: Future<Output = Option<String>>>(
    name: &str,
    now: Millis,
    fetch: impl FnOnce() -> F,
) -> Option<Rc<Vec<u8>>> {
    let known = KEYS.with_borrow(|keys| keys.get(name).cloned());
    if let Some((at, key)) = known {
        let good_for = if key.is_some() { KEPT_FOR } else { RETRY_AFTER };
        if now.saturating_sub(at) < good_for {
            return key;
        }
    }
    let key = fetch().await.map(|text| Rc::new(text.into_bytes()));
    KEYS.with_borrow_mut(|keys| {
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert(name.to_owned(), (now, key.clone()));
    });
    key
}
