//! Answers, none of which a browser could take for a page.

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// A status, and nothing else: RingCentral counts the bytes of the headers too.
    pub fn empty(status: u16) -> Self {
        Reply { status, headers: Vec::new(), body: String::new() }
    }

    /// 401 and not a word: for a question that is wrong in a way which the provider's page has no status for.
    pub fn refused() -> Self {
        Reply::empty(401)
    }

    /// 200 with plain text.
    pub fn text(body: impl Into<String>) -> Self {
        Reply::of("text/plain; charset=utf-8", body.into())
    }

    /// 200 with a JSON object of texts, in this order.
    pub fn json(members: &[(&str, &str)]) -> Self {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{}:{}", Value::from(*name), Value::from(*value))).collect();
        Reply::object(["{", &members.join(","), "}"].concat())
    }

    /// 200 with a JSON object that is written already.
    pub fn object(body: impl Into<String>) -> Self {
        Reply::of("application/json", body.into())
    }

    /// The same with one more header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn of(kind: &str, body: String) -> Self {
        let reply = Reply { body, ..Reply::empty(200) };
        reply.with("Content-Type", kind).with("X-Content-Type-Options", "nosniff").with("Cache-Control", "no-store")
    }
}
