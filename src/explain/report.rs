//! What is found, for a person to read.
//!
//! A report says what was measured and never repeats what came: neither a secret nor a signature can stand in it,
//! wherever in a request somebody put one.

use std::borrow::Cow;

use serde::Serialize;

use crate::signature::Reason;

/// Why a request is let through or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether it would be let through.
    pub verified: bool,
    /// Why not.
    pub reason: Option<Reason>,
    /// What was looked at, in order, up to where it parted.
    pub steps: Vec<Step>,
    /// What is likely to be wrong, and what to do.
    pub hints: Vec<Hint>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub step: &'static str,
    /// Whether it was as it has to be.
    pub ok: bool,
    /// A sentence on it.
    pub detail: Cow<'static, str>,
}

impl Step {
    pub(super) fn new(step: &'static str, ok: bool, detail: impl Into<Cow<'static, str>>) -> Self {
        Step { step, ok, detail: detail.into() }
    }
}

/// Something that is likely to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// Its name, for programs.
    pub code: &'static str,
    /// What it is and what to do, for a person.
    pub detail: Cow<'static, str>,
}

impl Hint {
    pub(super) fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Hint { code, detail: detail.into() }
    }
}

/// `1 byte`, `2 bytes`.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// `a, b or c`.
pub(super) fn list(items: &[&str], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., end] => [&rest.join(", "), " ", last, " ", end].concat(),
    }
}

/// What kind of text this is, without a word of it.
pub(super) fn kind(text: &str) -> &'static str {
    let all = |test: fn(u8) -> bool| text.bytes().all(test);
    let bare = text.trim_end_matches('=');
    let rest = |test: fn(u8) -> bool| bare.bytes().all(test);
    if text.is_empty() {
        "nothing"
    } else if all(|byte| byte.is_ascii_digit()) {
        "digits"
    } else if all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        "lower-case hexadecimal digits"
    } else if all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte)) {
        "upper-case hexadecimal digits"
    } else if all(|byte| byte.is_ascii_hexdigit()) {
        "hexadecimal digits of both cases"
    } else if rest(|byte| byte.is_ascii_alphanumeric()) {
        "letters and digits"
    } else if rest(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/') {
        "base64's alphabet"
    } else if rest(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        "base64url's alphabet"
    } else if all(|byte| (b' '..=b'~').contains(&byte)) {
        "visible ASCII"
    } else {
        "characters beyond visible ASCII"
    }
}
