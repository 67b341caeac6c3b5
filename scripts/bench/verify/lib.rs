//! What `npm run bench -- --verify` runs on workerd: GitHub's signature, held against a key as the proxy does it.

#![cfg(target_arch = "wasm32")]

use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use signet::edge;
use signet::header::Headers;
use signet::provider::{self, Options, Way};
use signet::signature::{Request, VerifyingKey};
use wasm_bindgen::prelude::*;

/// A source's key.
#[wasm_bindgen]
pub struct Bench {
    way: &'static Way,
    keys: Rc<Vec<VerifyingKey>>,
}

#[wasm_bindgen]
impl Bench {
    /// Reads a secret.
    pub fn of(secret: &str) -> Option<Bench> {
        let way = provider::find("github")?.signatures.first()?;
        let key = way.key(secret, &Options::default()).ok()?;
        Some(Bench { way, keys: Rc::new(vec![key]) })
    }

    /// How often of `times` the signature in a request's header lines held, computed in wasm.
    pub fn computed(&self, body: &Uint8Array, lines: &str, times: u32) -> u32 {
        let options = Options::default();
        let held = |_: &u32| {
            let body = body.to_vec();
            let headers = Headers::from_lines(lines);
            let request = Request { method: "POST", url: "https://example.com/in/src", headers: &headers, body: &body };
            let Some(Ok(claim)) = self.way.claim(request, &options) else { return false };
            claim.checks.iter().all(|check| matches!(check.holds(&self.keys), Ok(Some(_))))
        };
        u32::try_from((0..times).filter(held).count()).unwrap_or_default()
    }

    /// The same where the runtime is asked.
    pub fn asked(&self, body: Uint8Array, lines: String, times: u32) -> Promise {
        let (way, keys) = (self.way, self.keys.clone());
        edge::task::promise(async move {
            let options = Options::default();
            let mut held = 0u32;
            for _ in 0..times {
                let body = body.to_vec();
                let headers = Headers::from_lines(&lines);
                let request =
                    Request { method: "POST", url: "https://example.com/in/src", headers: &headers, body: &body };
                let Some(Ok(claim)) = way.claim(request, &options) else { continue };
                for question in claim.checks.iter().flat_map(|check| check.questions(&keys)) {
                    held = held.saturating_add(u32::from(edge::verify(&question).await));
                }
            }
            held
        })
    }
}
