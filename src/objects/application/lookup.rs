//! Asking where the name in a URL leads, where the deployment has somebody to ask.

use futures_util::future::join;

use super::Inner;
use crate::destination::{leads_inside, questions};
use crate::edge;
use crate::problem::{Fault, Problem};
use crate::time::Millis;

/// How long a resolver may take. Whoever enters a URL is waiting.
const PATIENCE: Millis = 2_000;
/// How much of its answer is read, in bytes.
const MAX_ANSWER: u32 = 64 * 1024;

impl Inner {
    /// Refuses the URL of a body's `field` whose name leads to an address that is not public. Answers whether that took
    /// time, in which everything may have changed.
    pub(super) async fn look_up(&self, url: &str, field: &str) -> Result<bool, Problem> {
        let resolver = self.env.settings().resolver.as_deref();
        let Some([v4, v6]) = resolver.and_then(|resolver| questions(resolver, url)) else { return Ok(false) };
        let ask = |question| async move {
            let said = edge::ask("GET", question, "accept\napplication/dns-json", None, MAX_ANSWER, PATIENCE).await;
            said.filter(|(status, _)| *status == 200).and_then(|(_, text)| leads_inside(&text).ok())
        };
        let said = join(ask(&v4), ask(&v6)).await;
        if let (Some(true), _) | (_, Some(true)) = said {
            let detail = "The URL's host is a name that leads to a private or reserved address.".to_owned();
            let fault = Fault { pointer: ["/", field].concat(), detail };
            return Err(Problem::invalid(vec![fault]).coded("private_address"));
        }
        if let (None, _) | (_, None) = said {
            edge::log("the resolver gave no answer that could be read: a URL was taken as it is");
        }
        match self.exists()? {
            true => Ok(true),
            false => Err(Problem::not_found("application")),
        }
    }
}
