//! Which pages of the web may call the API from a browser. The dashboard comes from Signet itself and needs no leave; no
//! other page has any, unless the deployment names its origin.

/// What a page may send besides what every page may.
const REQUEST_HEADERS: &str =
    "authorization, content-type, idempotency-key, signet-application, traceparent, tracestate, x-api-key";
/// What a page may read besides what every page may.
const EXPOSED_HEADERS: &str = "allow, retry-after";
/// How long a browser remembers what it was told, in seconds.
const MAX_AGE: &str = "600";

/// The origins whose pages may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    listed: Vec<String>,
}

/// Names and values.
pub type Headers = Vec<(&'static str, String)>;

impl Origins {
    /// Reads `https://app.example.com, https://admin.example.com`, or `*` for all. What is no origin allows nobody.
    pub fn read(text: &str) -> Self {
        let entries = || text.split([',', ' ']).map(str::trim);
        let listed = entries().map(|entry| entry.trim_end_matches('/').to_ascii_lowercase()).filter(|it| is_origin(it));
        Origins { any: entries().any(|entry| entry == "*"), listed: listed.collect() }
    }

    /// Whether a page of `origin`, as the browser names it, may call.
    fn allows(&self, origin: &str) -> bool {
        self.any || self.listed.iter().any(|listed| listed == origin)
    }

    /// What an answer says to a page of `origin`; nothing at all where nobody may call.
    pub fn told(&self, origin: &str) -> Headers {
        if !self.any && self.listed.is_empty() {
            return Headers::new();
        }
        let mut told = vec![("vary", "Origin".to_owned())];
        if self.allows(origin) {
            told.push(("access-control-allow-origin", origin.to_owned()));
            told.push(("access-control-expose-headers", EXPOSED_HEADERS.to_owned()));
        }
        told
    }

    /// What a browser is told that asks first, on behalf of a page of `origin`, about a path that has these `methods`.
    /// It shows no key: what is said here is what everybody may know.
    pub fn preflight(&self, origin: &str, methods: &[&str]) -> Headers {
        let mut told = vec![("vary", "Origin".to_owned())];
        let named = methods.join(", ");
        if self.allows(origin) {
            told.push(("access-control-allow-origin", origin.to_owned()));
            told.push(("access-control-allow-headers", REQUEST_HEADERS.to_owned()));
            told.push(("access-control-max-age", MAX_AGE.to_owned()));
            // A path that is none may still be called, to hear that it is none.
            if !methods.is_empty() {
                told.push(("access-control-allow-methods", named.clone()));
            }
        }
        if !methods.is_empty() {
            told.push(("allow", named));
        }
        told
    }
}

/// Whether a text is a scheme, a host and maybe a port, and nothing else.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &str = "https://app.example.com, http://localhost:5173";

    #[test]
    fn only_who_is_named_may_call() {
        for (allowed, origin, may) in [
            (TWO, "https://app.example.com", true),
            (TWO, "http://localhost:5173", true),
            ("HTTPS://App.Example.com/", "https://app.example.com", true),
            ("https://a.example,https://app.example.com", "https://app.example.com", true),
            ("http://[::1]:8080", "http://[::1]:8080", true),
            ("*", "https://anybody.example", true),
            ("*", "null", true),
            ("https://a.example, *", "https://b.example", true),
            (TWO, "http://app.example.com", false),
            (TWO, "https://app.example.com:8443", false),
            (TWO, "https://app.example.com.evil.example", false),
            (TWO, "https://evil.example/https://app.example.com", false),
            (TWO, "https://sub.app.example.com", false),
            (TWO, "https://APP.example.com", false),
            (TWO, "http://localhost", false),
            (TWO, "null", false),
            (TWO, "", false),
            (TWO, "*", false),
            ("null", "null", false),
            ("https://*.example.com", "https://a.example.com", false),
            ("https://*.example.com", "https://*.example.com", false),
            ("app.example.com", "app.example.com", false),
            ("https://", "https://", false),
            ("", "https://app.example.com", false),
            (" , ", "", false),
        ] {
            let origins = Origins::read(allowed);
            assert_eq!(origins.allows(origin), may, "{allowed} {origin}");
            let named = |told: Headers| told.into_iter().find(|(name, _)| *name == "access-control-allow-origin");
            for told in [origins.told(origin), origins.preflight(origin, &["GET"])] {
                assert_eq!(named(told).map(|(_, value)| value), may.then(|| origin.to_owned()), "{allowed} {origin}");
            }
        }
    }

    fn lines(told: &Headers) -> Vec<String> {
        told.iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    #[test]
    fn an_answer_says_who_may_read_it() {
        let origins = Origins::read(TWO);
        let expected = [
            "vary: Origin",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: allow, retry-after",
        ];
        assert_eq!(lines(&origins.told("https://app.example.com")), expected);
        assert_eq!(lines(&origins.told("https://other.example")), ["vary: Origin"]);
        assert!(Origins::default().told("https://app.example.com").is_empty());
    }

    #[test]
    fn a_browser_that_asks_first_is_told_what_there_is() {
        let origins = Origins::read(TWO);
        let expected = [
            "vary: Origin",
            "access-control-allow-origin: http://localhost:5173",
            "access-control-allow-headers: authorization, content-type, idempotency-key, signet-application, traceparent, \
             tracestate, x-api-key",
            "access-control-max-age: 600",
            "access-control-allow-methods: GET, POST",
            "allow: GET, POST",
        ];
        assert_eq!(lines(&origins.preflight("http://localhost:5173", &["GET", "POST"])), expected);
        assert_eq!(lines(&origins.preflight("https://other.example", &["GET"])), ["vary: Origin", "allow: GET"]);
        assert_eq!(lines(&Origins::default().preflight("https://other.example", &[])), ["vary: Origin"]);
        let nowhere = origins.preflight("http://localhost:5173", &[]);
        assert!(nowhere.iter().all(|(name, _)| !name.ends_with("methods") && *name != "allow"));
    }

    proptest! {
        #[test]
        fn no_text_lets_in_who_is_not_in_it(allowed in "[a-z:/., ]{0,40}", origin in "[a-z:/.]{0,20}") {
            let origins = Origins::read(&allowed);
            prop_assert!(!origins.allows(&origin) || allowed.contains(&origin));
            prop_assert!(!lines(&origins.preflight(&origin, &["GET"])).concat().contains("credentials"));
        }
    }
}
