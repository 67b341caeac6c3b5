//! The parts of a URL, as they are written.

use std::borrow::Cow;

use url::Url;

/// A URL without its fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// `https`
    pub scheme: &'a str,
    /// `user:password@`, or nothing.
    pub user: &'a str,
    /// The host, an IPv6 address in its brackets.
    pub host: &'a str,
    /// The port, where one is written.
    pub port: Option<&'a str>,
    /// The path.
    pub path: &'a str,
    /// The query without its mark, where there is one.
    pub query: Option<&'a str>,
}

impl<'a> Address<'a> {
    /// Takes a URL apart.
    pub fn read(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        let start = authority.rfind('@').map_or(0, |at| at.saturating_add(1));
        let (user, place) = authority.split_at_checked(start)?;
        // In an IPv6 address the colon before the port stands after the bracket.
        let from = place.rfind(']').unwrap_or(0);
        let colon = place.get(from..)?.find(':').map(|at| at.saturating_add(from));
        let (host, port) = match colon.and_then(|at| place.split_at_checked(at)) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => (place, None),
        };
        Some(Address { scheme, user, host, port, path, query })
    }

    /// It with another port, or none.
    pub fn with_port(self, port: Option<&str>) -> String {
        let (colon, port) = port.map_or(("", ""), |port| (":", port));
        let (mark, query) = self.query.map_or(("", ""), |query| ("?", query));
        [self.scheme, "://", self.user, self.host, colon, port, self.path, mark, query].concat()
    }

    /// It up to its path.
    pub fn base(self) -> String {
        Address { query: None, ..self }.with_port(self.port)
    }
}

/// A URL as it came, and, where that is another, as it may have been signed: `'` in a query is `%27` to some, the runtime
/// among them.
pub fn spellings(url: &str) -> Vec<Cow<'_, str>> {
    let mut spellings = vec![Cow::Borrowed(url)];
    if let Some((base, query)) = url.split_once('?') {
        for other in [query.replace("%27", "'"), query.replace('\'', "%27")] {
            if other != query {
                spellings.push(Cow::Owned([base, "?", &other].concat()));
            }
        }
    }
    spellings
}

/// A URL to fetch from that came with a request: https, the usual port, nobody's credentials, and written in the one way
/// that every reader understands alike.
pub fn pinned(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain =
        url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    let bare = url.query().is_none() && url.fragment().is_none() && !url.path().contains('%');
    (plain && bare && text.len() <= 512 && url.as_str() == text).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_are_taken_apart() {
        let read = |url| {
            let it = Address::read(url).unwrap();
            (it.user, it.host, it.port, it.path, it.query)
        };
        assert_eq!(read("https://a.example"), ("", "a.example", None, "", None));
        assert_eq!(read("https://u:p@a.example:8443/x?y#z"), ("u:p@", "a.example", Some("8443"), "/x", Some("y")));
        assert_eq!(read("https://[::1]:8443?y"), ("", "[::1]", Some("8443"), "", Some("y")));
        assert_eq!(read("https://[::1]/"), ("", "[::1]", None, "/", None));
        assert_eq!(read("https://a/b@c:d/?e@f"), ("", "a", None, "/b@c:d/", Some("e@f")));
        assert_eq!(Address::read("no url"), None);
        let address = Address::read("https://u:p@a.example:8443/x?y#z").unwrap();
        assert_eq!(address.with_port(None), "https://u:p@a.example/x?y");
        assert_eq!(address.base(), "https://u:p@a.example:8443/x");
    }

    #[test]
    fn only_plain_urls_are_fetched_from() {
        assert!(pinned("https://api.paypal.com/v1/notifications/certs/CERT-1").is_some());
        for url in [
            "http://api.paypal.com/a",
            "https://api.paypal.com",
            "https://api.paypal.com:8443/a",
            "https://api.paypal.com:443/a",
            "https://user@api.paypal.com/a",
            "https://api.paypal.com/a?b",
            "https://api.paypal.com/a#b",
            "https://api.paypal.com/a/../b",
            "https://api.paypal.com/a%2f..%2fb",
            "https:\\\\api.paypal.com\\a",
            "https://API.paypal.com/a",
            " https://api.paypal.com/a",
            "https://api.paypal.com/a\n",
            "https://evil.example\\@api.paypal.com/a",
            "",
        ] {
            assert_eq!(pinned(url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_url_panics(url in "(https?://)?[a-z@:/?#\\[\\]é%']{0,30}") {
            let _ = spellings(&url);
            let _ = pinned(&url);
            if let Some(address) = Address::read(&url) {
                let whole = url.split_once("://").unwrap().1.split('#').next().unwrap();
                let written = address.with_port(address.port);
                prop_assert_eq!(written.split_once("://").unwrap().1, whole);
            }
        }
    }
}
