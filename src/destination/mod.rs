//! The rules for URLs that deliveries may go to.
//!
//! A URL is judged by what the WHATWG parser makes of it, which is also what gets stored and
//! fetched, so no spelling of a host means one thing here and another on the wire. Names are judged
//! as text: that a public name points at a private address is for the network that connects to
//! refuse, and only as advice for a resolver to tell.

mod address;
mod resolve;
#[cfg(test)]
pub(crate) mod tests;

use url::{Host, ParseError, Url};

pub use resolve::{leads_inside, questions};

/// The longest URL accepted, in characters as the caller wrote them.
const MAX_CHARS: usize = 2_048;

/// Names refused together with everything below them.
const BLOCKED_NAMES: &[(&str, &str)] = &[
    // IANA's special-use domain names: https://www.iana.org/assignments/special-use-domain-names
    ("alt", "non-DNS names, RFC 9476"),
    ("arpa", "infrastructure, RFC 3172; home.arpa, RFC 8375; ipv4only.arpa, RFC 8880"),
    ("example", "RFC 6761; example.com is a public name like any other"),
    ("invalid", "RFC 6761"),
    ("local", "multicast DNS, RFC 6762"),
    ("localhost", "RFC 6761"),
    ("onion", "Tor, RFC 7686"),
    ("test", "RFC 6761"),
    // Private networks' own, never to be delegated.
    ("corp", "RFC 6762 appendix G; ICANN name collision"),
    ("home", "RFC 6762 appendix G; ICANN name collision"),
    ("internal", "reserved by ICANN in 2024; AWS and Google Cloud, metadata included"),
    ("intranet", "RFC 6762 appendix G"),
    ("lan", "RFC 6762 appendix G"),
    ("localdomain", "Unix hosts files"),
    ("localdomain6", "Unix hosts files"),
    ("mail", "ICANN name collision"),
    ("private", "RFC 6762 appendix G"),
    ("svc", "Kubernetes services"),
    // Clouds' metadata under public names.
    ("metadata.cloud.ibm.com", "IBM Cloud"),
    ("metadata.goog", "Google Cloud"),
    ("metadata.packet.net", "Equinix Metal"),
    ("metadata.platformequinix.com", "Equinix Metal"),
    ("metadata.tencentyun.com", "Tencent Cloud"),
];

/// Why a URL can't be a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    /// More than 2,048 characters.
    TooLong,
    /// Not a URL, or one with whitespace or control characters in it.
    Malformed,
    /// Neither `https:` nor `http:`.
    Scheme,
    /// A user or a password, be they empty.
    Credentials,
    /// No host.
    NoHost,
    /// Port 0, or none that exists.
    Port,
    /// An address that isn't public.
    PrivateAddress,
    /// A name that isn't public.
    PrivateName,
}

impl UrlError {
    /// The code an API error carries.
    pub fn code(self) -> &'static str {
        match self {
            Self::PrivateAddress | Self::PrivateName => "private_address",
            _ => "invalid_url",
        }
    }

    /// A sentence for the caller.
    pub fn detail(self) -> &'static str {
        match self {
            Self::TooLong => "The URL is longer than 2,048 characters.",
            Self::Malformed => "The URL isn't a valid absolute URL, or has whitespace or control characters in it.",
            Self::Scheme => "The URL must begin with https:// or http://.",
            Self::Credentials => "The URL must not carry a user name or password.",
            Self::NoHost => "The URL has no host.",
            Self::Port => "The URL's port must be between 1 and 65535.",
            Self::PrivateAddress => "The URL's host is a private or reserved address.",
            Self::PrivateName => "The URL's host is a private or reserved name.",
        }
    }
}

/// What the rules depend on.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Lifts the rules on addresses and names, and nothing else.
    pub allow_private: bool,
    /// Writes a URL whose host is not ASCII as the WHATWG parser does, in punycode. The tables for that would be a
    /// sixth of the worker, and the runtime has them.
    pub to_ascii: fn(&str) -> Option<String>,
}

/// Checks and normalises a destination: the URL as the WHATWG parser writes it, without its fragment.
///
/// # Errors
/// Says which rule it breaks.
pub fn check(url: &str, rules: Rules) -> Result<String, UrlError> {
    let mut parsed = parse(url, rules)?;
    if has_credentials(url) {
        return Err(UrlError::Credentials);
    }
    if parsed.port() == Some(0) {
        return Err(UrlError::Port);
    }
    match parsed.host().ok_or(UrlError::NoHost)? {
        Host::Domain(name) if has_empty_label(name) => return Err(UrlError::Malformed),
        _ if rules.allow_private => {}
        Host::Domain(name) if !is_public_name(name) => return Err(UrlError::PrivateName),
        Host::Ipv4(address) if !address::is_public_v4(address) => return Err(UrlError::PrivateAddress),
        Host::Ipv6(address) if !address::is_public_v6(address) => return Err(UrlError::PrivateAddress),
        _ => {}
    }
    parsed.set_fragment(None);
    Ok(parsed.into())
}

/// Whether a URL is one of the web, whoever's host it names: for one that is signed as it stands, and never gone to.
pub fn is_web_url(url: &str, rules: Rules) -> bool {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let is_absolute = ["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_absolute && parse(url, rules).is_ok()
}

/// A URL of the web, no longer than it may be, with nothing in it that the parser would drop.
fn parse(url: &str, rules: Rules) -> Result<Url, UrlError> {
    if url.chars().nth(MAX_CHARS).is_some() {
        return Err(UrlError::TooLong);
    }
    // The parser would drop tabs, newlines and spaces around; nobody who writes them means that.
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Malformed);
    }
    let is_plain = |url: &str| {
        let host = authority(url).rsplit('@').next().unwrap_or_default();
        host.bytes().all(|byte| byte.is_ascii() && byte != b'%')
    };
    let ascii;
    let plain = match is_plain(url) {
        true => url,
        false => {
            ascii = (rules.to_ascii)(url).filter(|url| is_plain(url)).ok_or(UrlError::Malformed)?;
            &ascii
        }
    };
    let parsed = Url::parse(plain).map_err(|error| match error {
        ParseError::EmptyHost => UrlError::NoHost,
        ParseError::InvalidPort => UrlError::Port,
        _ => UrlError::Malformed,
    })?;
    if !matches!(parsed.scheme(), "https" | "http") {
        return Err(UrlError::Scheme);
    }
    Ok(parsed)
}

/// Whether the authority, as written, has an `@`: asked of the text because the parser forgets empty credentials.
fn has_credentials(url: &str) -> bool {
    authority(url).contains('@')
}

/// The authority of an `http(s)` URL as it is written. Like the parser, it takes any number of slashes of either kind
/// before it.
fn authority(url: &str) -> &str {
    let rest = url.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches(['/', '\\']);
    rest.split(['/', '\\', '?', '#']).next().unwrap_or_default()
}

/// Whether a name is none in DNS: only the root, after the last dot, is an empty label.
fn has_empty_label(name: &str) -> bool {
    without_root(name).split('.').any(str::is_empty)
}

/// Whether a name, in the parser's lower case, can be resolved by anybody to the same host.
fn is_public_name(name: &str) -> bool {
    let name = without_root(name);
    let is_or_is_below = |parent| name.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    // A single label is looked up in the resolver's own search domains.
    name.contains('.') && !BLOCKED_NAMES.iter().any(|&(parent, _)| is_or_is_below(parent))
}

fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
