//! What is remembered of an attempt.

use serde::Serialize;

use super::{Failure, Trigger};
use crate::time::{Millis, rfc3339};

/// How much of an answer's body is kept, in bytes.
pub const KEPT_BODY: usize = 16 * 1024;

/// How large the memory of all attempts of a delivery may grow, in bytes: a row holds 2 MB, its body apart.
const MAX_MEMORY: usize = 1024 * 1024;

/// One attempt, as the API shows it and as it is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt<'a> {
    /// From 1.
    pub number: u32,
    /// Who asked for it.
    pub trigger: Trigger,
    /// When it was made.
    #[serde(serialize_with = "as_rfc3339")]
    pub started_at: Millis,
    /// How long it took.
    pub duration_ms: i64,
    /// The answer's status.
    pub response_status: Option<u16>,
    /// The beginning of the answer's body; bytes that are no UTF-8 are replaced.
    pub response_body: Option<&'a str>,
    /// Whether the body went on.
    pub response_body_truncated: bool,
    /// Why there was no answer.
    pub error: Option<Failure>,
}

fn as_rfc3339<S: serde::Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// Adds an attempt to the JSON list of those before. When a delivery was tried by hand so often that the list would
/// not fit its row, the oldest half is forgotten; the count goes on.
pub fn append(list: Option<&str>, attempt: &Attempt<'_>) -> String {
    let added = serde_json::to_string(attempt).unwrap_or_default();
    append_all(list.unwrap_or("[]"), &added)
}

/// As [`append`], with the attempt as JSON.
fn append_all(list: &str, added: &str) -> String {
    let inner = list.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or_default();
    if inner.is_empty() {
        return ["[", added, "]"].concat();
    }
    if inner.len().saturating_add(added.len()) <= MAX_MEMORY {
        return ["[", inner, ",", added, "]"].concat();
    }
    let kept: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(list).unwrap_or_default();
    let kept = kept.get(kept.len().div_ceil(2)..).unwrap_or_default();
    let list = serde_json::to_string(kept).unwrap_or_else(|_| "[]".into());
    append_all(&list, added)
}
