//! Headers: those of a request, and which ones a product or a subscriber may set on a delivery.

/// Headers of one connection, which end with it (RFC 9110, section 7.6.1), and those that the runtime writes itself.
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Further headers that are never anybody's to set: they say what the body is, or where the request has been.
const FRAMING: &[&str] = &["content-encoding", "content-type", "forwarded", "via"];

/// W3C Trace Context: whose trace an event is part of is its producer's to say.
const TRACE: &[&str] = &["traceparent", "tracestate"];

/// Prefixes that are not anybody's to set: the edge writes them, or they would pass for Signet's own word.
const RESERVED: &[&str] = &["cf-", "signet-", "x-forwarded-"];

/// The headers of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Headers<'a> {
    /// Headers from names and values.
    pub fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Headers(pairs.into_iter().collect())
    }

    /// Reads names and values in turn, each on a line of its own.
    pub fn from_lines(lines: &'a str) -> Self {
        let mut lines = lines.split('\n');
        Headers(std::iter::from_fn(|| Some((lines.next()?, lines.next()?))).collect())
    }

    /// A header's value, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// Each name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }
}

/// Whether a header belongs to the connection, and does not go on with a request.
pub fn is_of_the_connection(name: &str) -> bool {
    OF_THE_CONNECTION.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Whether a header says which trace a request is part of.
pub fn is_of_the_trace(name: &str) -> bool {
    TRACE.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// What is wrong with a header's name, if anything: not a token (RFC 9110, section 5.6.2), framing, or reserved.
pub fn name_fault(name: &str) -> Option<&'static str> {
    if let Some(fault) = token_fault(name) {
        return Some(fault);
    }
    let lower = name.to_ascii_lowercase();
    let is_framing = is_of_the_connection(name) || is_of_the_trace(name) || FRAMING.contains(&lower.as_str());
    if is_framing || RESERVED.iter().any(|prefix| lower.starts_with(prefix)) {
        return Some("is a header that can't be set");
    }
    None
}

/// What is wrong with the name of a header that is only read, if anything.
pub fn token_fault(name: &str) -> Option<&'static str> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = matches!(name.len(), 1..=128) && name.bytes().all(token);
    if fits { None } else { Some("must be a header name of 1 to 128 characters") }
}

/// What is wrong with a header's value, if anything: only visible ASCII and inner spaces are the same to everybody.
pub fn value_fault(value: &str) -> Option<&'static str> {
    if value.len() > 1024 {
        return Some("may have at most 1024 characters");
    }
    if value.trim() != value || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Some("must be visible ASCII, without spaces around or line breaks");
    }
    None
}

/// What is wrong with a header that a subscriber wants on their deliveries, if anything. `signing` are the names that
/// the profile writes itself.
pub fn custom_fault<'a>(name: &str, value: &str, signing: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
    if let Some(fault) = name_fault(name) {
        return Some(fault);
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("webhook-") || lower.contains("signature") {
        return Some("is a header that carries signatures and can't be set");
    }
    if signing.into_iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
        return Some("is a header that the profile signs with and can't be set");
    }
    value_fault(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Table {
        allowed: Vec<(String, String)>,
        names: Vec<String>,
        values: Vec<String>,
    }

    #[test]
    fn only_harmless_headers_may_be_set() {
        let table: Table = serde_json::from_str(include_str!("../tests/support/custom-headers.json")).unwrap();
        let signing = ["X-Sig", "X-Sig-Timestamp"];
        for (name, value) in &table.allowed {
            assert_eq!(custom_fault(name, value, signing), None, "{name}: {value}");
        }
        for name in table.names.iter().map(String::as_str).chain(["x-sig", "X-SIG", "x-Sig-timestamp"]) {
            for name in [name.to_owned(), name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
                assert!(custom_fault(&name, "review", signing).is_some(), "{name:?}");
            }
        }
        for value in table.values.iter().map(String::as_str).chain([&*"a".repeat(1025)]) {
            assert!(custom_fault("X-Team", value, signing).is_some(), "{value:?}");
        }
    }
}
