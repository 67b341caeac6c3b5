//! A source with everything made ready that many requests need.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::Source;
use crate::destination::{self, Rules};
use crate::handshake::Handshake;
use crate::provider::Provider;
use crate::signature::{Claim, Reason, Request, VerifyingKey};
use crate::time::Millis;

/// A source, its provider found, its secrets made keys.
#[derive(Debug)]
pub struct Gate {
    /// As it was stored.
    pub source: Source,
    /// Who signs.
    pub provider: Provider,
    /// For each of the provider's ways, the keys that it can read.
    keys: Vec<Vec<VerifyingKey>>,
    allowed: OnceCell<bool>,
}

impl Gate {
    /// Makes a source ready. `None` where its provider is not known (any more).
    pub fn new(source: Source) -> Option<Self> {
        let provider = source.provider()?;
        let keys = provider.signatures.iter().map(|way| source.keys(way)).collect();
        Some(Gate { source, provider, keys, allowed: OnceCell::new() })
    }

    /// Whether requests may go to the origin: the rules may have changed since the source was made, but not while this
    /// instance lives.
    pub fn is_allowed(&self, rules: Rules) -> bool {
        *self.allowed.get_or_init(|| destination::check(&self.source.origin, rules).is_ok())
    }

    /// What a request claims, in every way that it does: one of them has to hold. Each comes with the keys to hold it
    /// against.
    ///
    /// # Errors
    /// Where it claims nothing that could hold.
    pub fn claims<'a>(
        &'a self,
        request: Request<'a>,
        now: Millis,
    ) -> Result<Vec<(Claim<'a>, &'a [VerifyingKey])>, Reason> {
        let mut found = Vec::new();
        let mut refused = None;
        for (way, keys) in self.provider.signatures.iter().zip(&self.keys) {
            let Some(claim) = way.claim(request, &self.source.options) else { continue };
            let tolerance = self.source.tolerance_seconds.or(way.tolerance());
            let reason = match claim.and_then(|claim| claim.in_time(now, tolerance).map(|()| claim)) {
                Err(reason) => reason,
                Ok(_) if keys.is_empty() && way.needs_secret() => Reason::SignatureMismatch,
                Ok(claim) => {
                    found.push((claim, keys.as_slice()));
                    continue;
                }
            };
            // What is known of the first way that was claimed says most, but that it was of another form says least.
            if refused.is_none_or(|known| known == Reason::SignatureMalformed) {
                refused = Some(reason);
            }
        }
        if found.is_empty() { Err(refused.unwrap_or(Reason::SignatureMissing)) } else { Ok(found) }
    }

    /// The URL that the provider signed, for a request that came to `url` with `rest` behind the source's own path. The
    /// request's own query counts, since it is what goes on; one in the source's `publicUrl` stands in where a request
    /// has none, but not for a provider whose secret is in the query: there it would vouch for everybody.
    pub fn public_url<'a>(&self, url: &'a str, rest: &str) -> Cow<'a, str> {
        let Some(public) = &self.source.public_url else { return Cow::Borrowed(url) };
        let (base, own) = public.split_once('?').unwrap_or((public, ""));
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let in_query = self.provider.handshakes.contains(&Handshake::Eventgrid);
        // The runtime writes an apostrophe as %27: the query that came is the one given here, which says how it was signed.
        let is_own = query == own.replace('\'', "%27");
        let query = if is_own || (query.is_empty() && !in_query) { own } else { query };
        let mark = if query.is_empty() { "" } else { "?" };
        Cow::Owned([base, rest, mark, query].concat())
    }
}
