//! Reading a question. What is given twice is none: it would mean one thing here and another to the next reader.

use std::borrow::Cow;

use url::form_urlencoded;

use super::Asked;
use crate::body::Fields;
use crate::secret;

/// Questions are short: of a stranger's long body nothing is read.
const MAX_QUESTION: usize = 16 * 1024;

/// How long a text may be that is sent back.
pub const MAX_ECHO: usize = 1024;

impl<'a> Asked<'a> {
    /// Whether it came with this method.
    pub(super) fn is(&self, method: &str) -> bool {
        self.request.method == method
    }

    /// A header that is there once and not empty.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        let mut values =
            self.request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        values.next().filter(|value| !value.is_empty() && values.next().is_none())
    }

    /// Whether a header is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.request.headers.get(name).is_some()
    }

    /// The query as it came, without its question mark.
    pub(super) fn raw_query(&self) -> &'a str {
        let url = self.request.url.split('#').next().unwrap_or_default();
        url.split_once('?').map_or("", |(_, query)| query)
    }

    /// The query's parameters of these names, decoded.
    pub(super) fn query<const N: usize>(&self, names: [&str; N]) -> Option<[Option<Cow<'a, str>>; N]> {
        parameters(self.raw_query().as_bytes(), names)
    }

    /// The same of a form in the body.
    pub(super) fn form<const N: usize>(&self, names: [&str; N]) -> Option<[Option<Cow<'a, str>>; N]> {
        parameters(self.request.body, names)
    }

    /// The body, if it is as short as a question's.
    pub(super) fn short_body(&self) -> Option<&'a [u8]> {
        Some(self.request.body).filter(|body| body.len() <= MAX_QUESTION)
    }

    /// The fields of the JSON object that was posted; one that is given twice is not among them.
    pub(super) fn fields(&self) -> Option<Fields<'a>> {
        self.short_body().filter(|_| self.is("POST")).and_then(|body| Fields::parse(body).ok())
    }

    /// Whether the body says nothing.
    pub(super) fn says_nothing(&self) -> bool {
        let body = self.request.body.trim_ascii();
        body.is_empty() || body == b"{}"
    }

    /// An option that was set.
    pub(super) fn option(&self, name: &str) -> Option<&'a str> {
        self.options.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether an option lists this value, its items parted by commas.
    pub(super) fn lists(&self, name: &str, value: &str) -> bool {
        self.option(name).is_some_and(|list| list.split(',').any(|item| item.trim() == value))
    }

    /// The secret that answers where the question does not say which.
    pub(super) fn secret(&self) -> Option<&'a str> {
        self.secrets.first().map(String::as_str).filter(|secret| !secret.is_empty())
    }

    /// Whether a text is one of the secrets.
    pub(super) fn is_secret(&self, text: &str) -> bool {
        // All of them are looked at: the time tells nothing of which.
        !text.is_empty() && self.secrets.iter().fold(false, |found, own| secret::same(own, text) | found)
    }
}

/// The parameters of these names; `None` where one of them is given twice.
fn parameters<'a, const N: usize>(encoded: &'a [u8], names: [&str; N]) -> Option<[Option<Cow<'a, str>>; N]> {
    if encoded.len() > MAX_QUESTION {
        return None;
    }
    let mut found = std::array::from_fn(|_| None);
    for (name, value) in form_urlencoded::parse(encoded) {
        if let Some(place) = names.iter().position(|wanted| *wanted == name).and_then(|at| found.get_mut(at))
            && place.replace(value).is_some()
        {
            return None;
        }
    }
    Some(found)
}

/// Whether a text may be sent back: short, on one line, and without the brackets that make markup. No challenge of
/// anybody's holds them, and then it does not hang on a header alone that a browser shows no stranger's page.
pub fn is_plain(text: &str, limit: usize) -> bool {
    // What was no UTF-8 came out of the decoder as a replacement character: the echo would not be exact.
    let odd =
        |c: char| c.is_control() || matches!(c, '<' | '>' | '\u{2028}' | '\u{2029}' | char::REPLACEMENT_CHARACTER);
    (1..=limit).contains(&text.len()) && !text.contains(odd)
}

/// Whether a text is of letters, digits and `more` alone.
pub fn is_word(text: &str, limit: usize, more: &[u8]) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
    (1..=limit).contains(&text.len()) && text.bytes().all(known)
}

/// Whether a text may stand in a header.
pub fn is_visible(text: &str, limit: usize) -> bool {
    is_plain(text, limit) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
