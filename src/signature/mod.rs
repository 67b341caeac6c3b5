//! How a message is signed: one [`Scheme`] says it, as data, for every product that Signet can be.

mod key;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

pub use key::{Key, SecretError};

/// What turns a key and the signed bytes into a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 2104).
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// HMAC with SHA-1, for products that still promise it.
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
    /// HMAC with SHA-512.
    #[serde(rename = "hmac-sha512")]
    HmacSha512,
    /// Ed25519 (RFC 8032): the receiver needs the public key alone.
    #[serde(rename = "ed25519")]
    Ed25519,
}

/// How the text of a secret stands for the key's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretEncoding {
    /// The text as written, a prefix such as `whsec_` included.
    Utf8,
    /// Base64 after an optional `whsec_` (or `whsk_` for Ed25519), as Standard Webhooks writes it.
    Base64,
    /// Hexadecimal digits, after the same optional prefixes.
    Hex,
}

/// How the signature's bytes are written in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// A way to sign: which bytes, with what, and how it stands in the headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scheme {
    /// HMAC or public key.
    pub algorithm: Algorithm,
    /// How to read the secret.
    pub secret_encoding: SecretEncoding,
    /// What is signed: a template of `{id}`, `{timestamp}` (Unix seconds) and `{body}` (the raw bytes).
    pub content: String,
    /// How the signature is written.
    pub encoding: Encoding,
    /// The header that carries it.
    pub header: String,
    /// What stands in that header: a template of `{signature}` and `{timestamp}`.
    pub format: String,
    /// What parts the items of `format`. The item with the signature is repeated for every secret in force; without
    /// a separator the format can carry one signature alone, the newest secret's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// A header of its own for the timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// A header of its own for the message's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_header: Option<String>,
}

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The message's id, the same in every attempt.
    pub id: &'a str,
    /// When this attempt is made, in Unix seconds.
    pub timestamp: i64,
    /// The raw body, whatever bytes it holds.
    pub body: &'a [u8],
}

impl Scheme {
    /// Reads a secret as this scheme does.
    ///
    /// # Errors
    /// Says what the secret should have been.
    pub fn key(&self, secret: &str) -> Result<Key, SecretError> {
        Key::read(self.algorithm, self.secret_encoding, secret)
    }

    /// The headers that sign `message` with every key in force, newest first. No header is made without a key.
    pub fn sign<'k>(&self, keys: impl IntoIterator<Item = &'k Key>, message: Message<'_>) -> Vec<(&str, String)> {
        let timestamp = message.timestamp.to_string();
        let carried = if self.carries_several() { usize::MAX } else { 1 };
        let signatures: Vec<String> = keys
            .into_iter()
            .take(carried)
            .map(|key| self.signature(key, message.id, &timestamp, message.body))
            .collect();
        if signatures.is_empty() {
            return Vec::new();
        }
        let mut headers = vec![(self.header.as_str(), self.render(&signatures, &timestamp))];
        if let Some(name) = &self.timestamp_header {
            headers.push((name, timestamp));
        }
        if let Some(name) = &self.id_header {
            headers.push((name, message.id.to_owned()));
        }
        headers
    }

    fn signature(&self, key: &Key, id: &str, timestamp: &str, body: &[u8]) -> String {
        // The parts go into the hash one after another: the body is never copied to stand between them.
        let parts: Vec<&[u8]> = split_template(&self.content)
            .map(|part| match part {
                Part::Literal(text) => text.as_bytes(),
                Part::Placeholder("id") => id.as_bytes(),
                Part::Placeholder("timestamp") => timestamp.as_bytes(),
                Part::Placeholder(_) => body,
            })
            .collect();
        let signature = key.sign(&parts);
        match self.encoding {
            Encoding::Hex => hex::encode(signature),
            Encoding::Base64 => BASE64.encode(signature),
        }
    }

    fn render(&self, signatures: &[String], timestamp: &str) -> String {
        let separator = self.separator.as_deref().unwrap_or_default();
        let items: Vec<&str> = match separator {
            "" => vec![&self.format],
            _ => self.format.split(separator).collect(),
        };
        let rendered: Vec<String> = items
            .into_iter()
            .flat_map(|item| {
                let times = if item.contains("{signature}") { signatures.len() } else { 1 };
                signatures.iter().take(times).map(move |signature| {
                    let item = item.replace("{timestamp}", timestamp);
                    item.replace("{signature}", signature)
                })
            })
            .collect();
        rendered.join(separator)
    }

    /// Whether a rotation's old and new signature can stand in one request.
    pub fn carries_several(&self) -> bool {
        self.separator.is_some()
    }

    /// Every header that this scheme writes.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        [Some(&self.header), self.timestamp_header.as_ref(), self.id_header.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// What is wrong with this scheme, as `(field, fault)`: it may come from a stranger.
    pub fn faults(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        let mut faults: Vec<(&'static str, Cow<'static, str>)> = Vec::new();
        if let Err(fault) = check_template(&self.content, &["id", "timestamp", "body"]) {
            faults.push(("content", fault.into()));
        } else if !self.content.contains("{body}") {
            faults.push(("content", "must contain {body}, or the body would not be signed".into()));
        }
        if let Err(fault) = check_template(&self.format, &["signature", "timestamp"]) {
            faults.push(("format", fault.into()));
        } else if self.format.matches("{signature}").count() != 1 {
            faults.push(("format", "must contain {signature} once".into()));
        }
        if !self.format.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            faults.push(("format", "must be visible ASCII".into()));
        }
        if self.separator.as_ref().is_some_and(|separator| {
            !matches!(separator.len(), 1..=4) || !separator.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        }) {
            faults.push(("separator", "must be 1 to 4 visible ASCII characters or spaces".into()));
        }
        let carries_time = self.timestamp_header.is_some() || self.format.contains("{timestamp}");
        if self.content.contains("{timestamp}") && !carries_time {
            faults.push(("timestampHeader", "is needed: the timestamp is signed but sent nowhere".into()));
        }
        if self.content.contains("{id}") && self.id_header.is_none() {
            faults.push(("idHeader", "is needed: the id is signed but sent nowhere".into()));
        }
        let named = [
            ("header", Some(&self.header)),
            ("timestampHeader", self.timestamp_header.as_ref()),
            ("idHeader", self.id_header.as_ref()),
        ];
        for (field, name) in named {
            if let Some(fault) = name.and_then(|name| crate::header::name_fault(name)) {
                faults.push((field, fault.into()));
            }
        }
        let mut names: Vec<String> = self.headers().map(str::to_ascii_lowercase).collect();
        names.sort();
        names.dedup();
        if names.len() != self.headers().count() {
            faults.push(("header", "is named twice: each needs a header of its own".into()));
        }
        faults
    }
}

/// A stretch of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it stands.
    Literal(&'a str),
    /// What stood between braces.
    Placeholder(&'a str),
}

/// Cuts a template at its `{placeholders}`. A brace without its partner is literal text.
pub fn split_template(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, tail)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'))
            && !name.contains('{')
        {
            rest = tail;
            return Some(Part::Placeholder(name));
        }
        let end = rest.char_indices().skip(1).find(|(_, symbol)| *symbol == '{').map_or(rest.len(), |(at, _)| at);
        let (text, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = tail;
        Some(Part::Literal(text))
    })
}

/// Refuses placeholders that are not in `known`.
fn check_template(template: &str, known: &[&str]) -> Result<(), String> {
    if template.len() > 256 {
        return Err("may have at most 256 bytes".into());
    }
    for part in split_template(template) {
        if let Part::Placeholder(name) = part
            && !known.contains(&name)
        {
            return Err(format!("{{{name}}} is not known here; known are {{{}}}", known.join("}, {")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
