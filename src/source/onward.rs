//! How a request goes on to its origin: as it came, but for what belongs to the connection and what only Signet may say.

use crate::header::{Headers, is_of_the_connection};
use crate::profile;
use crate::signature::{Key, Message};
use crate::time::Millis;

/// The names of those headers of a request that do not go on.
pub fn dropped<'a>(headers: &Headers<'a>, resign: bool) -> Vec<&'a str> {
    let named: Vec<&str> = headers.get("connection").unwrap_or_default().split(',').map(str::trim).collect();
    let is_dropped = |name: &str| {
        let is = |other: &&str| other.eq_ignore_ascii_case(name);
        is_of_the_connection(name)
            || named.iter().any(is)
            || name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("signet-"))
            || (resign && profile::standard().signature.headers().any(|other| is(&other)))
    };
    headers.iter().map(|(name, _)| name).filter(|name| is_dropped(name)).collect()
}

/// What Signet says of a request.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// The source's id.
    pub source: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// Whether its signature held.
    pub verified: bool,
    /// Signs anew for the origin.
    pub signing_secret: Option<&'a str>,
    /// What the message is called where it is signed anew.
    pub id: &'a str,
}

impl Word<'_> {
    /// The headers that say so, names and values in turn.
    pub fn headers(&self, body: &[u8], now: Millis) -> Vec<String> {
        let mut lines: Vec<String> = [
            ("Signet-Source", self.source),
            ("Signet-Provider", self.provider),
            ("Signet-Verified", if self.verified { "true" } else { "false" }),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
        .collect();
        let scheme = &profile::standard().signature;
        // What was not verified is not vouched for.
        let key = self.signing_secret.filter(|_| self.verified).and_then(|secret| scheme.key(secret).ok());
        let message = Message { id: self.id, time: now, body, method: "POST", url: "" };
        for (name, value) in key.iter().flat_map(|key: &Key| scheme.sign([key], message)) {
            lines.extend([name.to_owned(), value]);
        }
        lines
    }
}

/// Whether a provider's id can stand in a header, and so name a message that is signed anew.
pub fn can_name(id: &str) -> bool {
    matches!(id.len(), 1..=256) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where a request goes: the origin's path, then `rest`, then the query, which is given with its mark: one that nothing
/// follows goes on, too.
pub fn target(origin: &str, rest: &str, query: &str) -> String {
    let (base, own) = origin.split_once('?').unwrap_or((origin, ""));
    let base = if rest.starts_with('/') { base.trim_end_matches('/') } else { base };
    if own.is_empty() {
        return [base, rest, query].concat();
    }
    let query = query.strip_prefix('?').unwrap_or_default();
    let between = if query.is_empty() { "" } else { "&" };
    [base, rest, "?", own, between, query].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_and_what_only_signet_may_say_stay_behind() {
        let headers = Headers::new([
            ("connection", "keep-alive, X-Once"),
            ("x-once", "1"),
            ("content-type", "text/plain"),
            ("signet-verified", "true"),
            ("Signet-", "x"),
            ("signetx", "y"),
            ("webhook-id", "1"),
            ("te", "trailers"),
            ("é", "z"),
        ]);
        assert_eq!(dropped(&headers, false), ["connection", "x-once", "signet-verified", "Signet-", "te"]);
        assert!(dropped(&headers, true).contains(&"webhook-id"));
    }

    #[test]
    fn what_is_not_verified_is_not_vouched_for() {
        let word =
            Word { source: "src_1", provider: "github", verified: true, signing_secret: Some("whsec_AQID"), id: "m" };
        assert_eq!(word.headers(b"x", 0).len(), 12);
        assert_eq!(Word { verified: false, ..word }.headers(b"x", 0).len(), 6);
        assert_eq!(Word { signing_secret: None, ..word }.headers(b"x", 0).len(), 6);
    }

    #[test]
    fn a_path_and_a_query_go_on() {
        for (origin, rest, query, expected) in [
            ("https://a.com/hook", "", "", "https://a.com/hook"),
            ("https://a.com/hook", "", "?", "https://a.com/hook?"),
            ("https://a.com/hook", "/x/y", "?a=b", "https://a.com/hook/x/y?a=b"),
            ("https://a.com/", "/x", "", "https://a.com/x"),
            ("https://a.com/?k=v", "/x", "?a=b", "https://a.com/x?k=v&a=b"),
            ("https://a.com/?k=v", "/x", "?", "https://a.com/x?k=v"),
            ("https://a.com/h?k=v", "", "", "https://a.com/h?k=v"),
        ] {
            assert_eq!(target(origin, rest, query), expected);
        }
    }
}
