//! What a refused request is answered with: RFC 9457 `application/problem+json`.

use serde::Serialize;

/// One fault in a body, at an RFC 6901 JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where in the body, `""` for the body itself.
    pub pointer: String,
    /// What is wrong there, for a person.
    pub detail: String,
}

/// How many faults are listed: a body of a million unknown fields is not answered in kind.
const MAX_FAULTS: usize = 100;

/// A refusal. `code` is stable and meant for programs, `detail` for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable name of what went wrong.
    pub code: &'static str,
    /// One sentence on this occurrence.
    pub detail: String,
    /// The faults of a body, each named.
    pub errors: Vec<Fault>,
    /// Headers that the answer needs besides (`Allow`, `Retry-After`).
    pub header: Option<(&'static str, String)>,
}

impl Problem {
    /// A refusal with nothing but a status, a code and a sentence.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Problem { status, code, detail: detail.into(), errors: Vec::new(), header: None }
    }

    /// 404. The same for what never existed and for what belongs to somebody else.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("There is no such {what}."))
    }

    /// 405, with the methods that a path has.
    pub fn not_offered(method: &str, allowed: &[&str]) -> Self {
        let problem = Self::new(405, "method_not_allowed", format!("{method} is not offered here."));
        Problem { header: Some(("allow", allowed.join(", "))), ..problem }
    }

    /// 400 for a body that is not JSON.
    pub fn not_json(detail: impl Into<String>) -> Self {
        Self::new(400, "invalid_json", detail)
    }

    /// 422 for a body whose faults are listed, the first hundred of them.
    pub fn invalid(mut errors: Vec<Fault>) -> Self {
        let count = errors.len();
        errors.truncate(MAX_FAULTS);
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", if only.pointer.is_empty() { "body" } else { &only.pointer }, only.detail),
            _ => format!("{count} fields are not valid."),
        };
        Problem { errors, ..Self::new(422, "invalid_body", detail) }
    }

    /// 422 for a query parameter.
    pub fn query(parameter: &str, detail: &str) -> Self {
        Self::new(422, "invalid_parameter", format!("{parameter}: {detail}"))
    }

    /// 413 with the limit in bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(413, "body_too_large", format!("The body may have at most {limit} bytes."))
    }

    /// The body that was sent, or the event's data, was kept for its time and is gone.
    pub fn payload_expired(status: u16) -> Self {
        Self::new(
            status,
            "payload_expired",
            "What was sent is kept for a shorter time than what came of it, and is gone.",
        )
    }

    /// 503: nothing was decided, the caller should try again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Problem { header: Some(("retry-after", "1".into())), ..Self::new(503, "unavailable", detail) }
    }

    /// Takes another code, for a fault that has a name of its own.
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// The body of the answer.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
            errors: &'a [Fault],
        }
        serde_json::to_string(&Body {
            kind: "about:blank",
            title: title(self.status),
            status: self.status,
            detail: &self.detail,
            code: self.code,
            errors: &self.errors,
        })
        .unwrap_or_default()
    }
}

/// RFC 9457 asks for the status's own phrase where `type` is `about:blank`.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        503 => "Service Unavailable",
        _ => "Error",
    }
}
