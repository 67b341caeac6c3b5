//! Paths.

use std::borrow::Cow;

/// What the placeholders of `pattern` stand for in `path`, percent-decoded, if it fits.
pub fn params(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut path = path.split('/');
    for step in pattern.split('/') {
        let given = path.next()?;
        if step.starts_with('{') {
            found.push(decode(given)?);
        } else if step != given {
            return None;
        }
    }
    path.next().is_none().then_some(found)
}

/// The path and query of a URL.
pub fn target(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
    target.split_once('#').map_or(target, |(target, _)| target)
}

/// Whether a path holds dot segments, in any spelling. The runtime resolves them when it fetches, so that what stands
/// behind a prefix would leave it.
pub fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|step| matches!(step.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
}

/// Whether a path reads the same after a URL parser has taken it: with no dot segments, which that resolves, no backslash,
/// which it takes for a slash, and nothing that it drops. What is let in under one path must not be done under another.
pub fn is_settled(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    let dropped = |byte: u8| byte == b'\\' || byte == b'#' || byte <= b' ';
    path.bytes().all(plain) || !(path.bytes().any(dropped) || climbs(path))
}

/// A path with nothing escaped that need not be (RFC 3986, section 6.2.2.2): what means the same reads the same.
pub fn plain(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut parts = path.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        match byte.filter(unreserved).zip(part.get(2..)) {
            Some((byte, rest)) => {
                plain.push(char::from(byte));
                plain.push_str(rest);
            }
            None => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    Cow::Owned(plain)
}

/// Undoes percent-encoding. `None` for what is empty or no UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.first_chunk::<2>().filter(|_| *first == b'%');
        match digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_fits_its_pattern_or_not() {
        let one = |path| params("/v1/events/{id}", path).map(|found| found.concat());
        assert_eq!(one("/v1/events/evt_1").as_deref(), Some("evt_1"));
        assert_eq!(one("/v1/events/a%2Fb%c3%a9%").as_deref(), Some("a/bé%"));
        for path in ["/v1/events", "/v1/events/", "/v1/events/a/b", "/v1/events/%ff", "/v2/events/a", ""] {
            assert_eq!(one(path), None, "{path}");
        }
        assert_eq!(params("/v1/events", "/v1/events"), Some(vec![]));
    }

    #[test]
    fn dot_segments_are_seen_in_any_spelling() {
        for path in ["/../a", "/a/..", "/a/./b", "..", "/%2e%2E/a", "/a\\..\\b", "/.%2e"] {
            assert!(climbs(path), "{path}");
        }
        for path in ["", "/", "/a..b", "/...", "/a/.b", "/%2e%2e%2e", "/%252e%252e/"] {
            assert!(!climbs(path), "{path}");
        }
    }

    #[test]
    fn a_path_that_a_parser_would_change_is_seen() {
        for path in ["", "/", "/v1/events/evt_1", "/v1/events/a.b", "/v1/events/a%2F..%5Cb%20", "/v1/events/é", "/a//b"]
        {
            assert!(is_settled(path), "{path}");
        }
        for path in [
            "/v1/subscriptions/sub_1\\secret",
            "/a\\..\\b",
            "/a/../b",
            "/a/%2e%2E",
            "/a/.",
            "/a\tb",
            "/a\n",
            "/a b",
            "/a#b",
        ] {
            assert!(!is_settled(path), "{path}");
        }
    }

    #[test]
    fn what_means_the_same_reads_the_same() {
        for (path, expected) in [
            ("/hooks/%67ithub", "/hooks/github"),
            ("/%68%6F%6f%6Bs%7e", "/hooks~"),
            ("/a%2Fb%20c%", "/a%2Fb%20c%"),
            ("/%é%+1%zz%2", "/%é%+1%zz%2"),
            ("/plain", "/plain"),
        ] {
            assert_eq!(plain(path), expected);
        }
    }

    #[test]
    fn a_target_is_cut_out_as_it_stands() {
        for (url, expected) in [
            ("https://a.com", "/"),
            ("https://a.com/x//y?a='b'", "/x//y?a='b'"),
            ("https://a.com?q", "?q"),
            ("https://a.com/x#f", "/x"),
        ] {
            assert_eq!(target(url), expected);
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(path: String) {
            let _ = params("/v1/{a}/{b}", &path);
            let _ = plain(&path);
        }

        #[test]
        fn a_settled_path_stays_as_it_is(path in "(/|\\\\|\\.|%2e|%2E|%5c|[a-z_-]|[\t#? ]){0,12}") {
            let path = format!("/{path}").replace('?', "");
            let parsed = url::Url::parse(&format!("http://object/x{path}")).unwrap();
            prop_assert!(!is_settled(&path) || parsed.path() == format!("/x{path}"), "{}", path);
        }
    }
}
