//! How a message is signed, and how a signature is judged: one [`Scheme`] says it, as data, in both directions, for every
//! product that Signet can be and every provider that it can stand behind.

mod fault;
mod key;
mod read;
mod template;
mod time;
mod verify;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use serde::{Deserialize, Serialize};

use crate::header::Headers;
use crate::time::Millis;

pub use key::{Key, SecretError, VerifyingKey};
pub use read::read_scheme;
pub use template::{Part, split_template};
pub use time::TimeFormat;
pub use verify::{Check, Claim, KeySource, Question, Reason, Request, Stamp, raw_ecdsa};

/// What turns a key and the signed bytes into a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 2104).
    HmacSha256,
    /// HMAC with SHA-1, for products that still promise it.
    HmacSha1,
    /// HMAC with SHA-384.
    HmacSha384,
    /// HMAC with SHA-512.
    HmacSha512,
    /// HMAC with MD5, for those who never changed.
    HmacMd5,
    /// Ed25519 (RFC 8032): the receiver needs the public key alone.
    Ed25519,
    /// ECDSA over P-256 with SHA-256, the signature in DER. Verified only.
    EcdsaP256Sha256,
    /// The same with SHA-1. Verified only.
    EcdsaP256Sha1,
    /// RSA PKCS #1 v1.5 with SHA-256. Verified only.
    RsaSha256,
    /// The same with SHA-1. Verified only.
    RsaSha1,
    /// Nothing is signed: the header holds the secret itself.
    Token,
}

impl Algorithm {
    /// Whether the secret is a public key, which can't sign.
    pub fn is_public(self) -> bool {
        use Algorithm::{EcdsaP256Sha1, EcdsaP256Sha256, Ed25519, RsaSha1, RsaSha256};
        matches!(self, Ed25519 | EcdsaP256Sha256 | EcdsaP256Sha1 | RsaSha256 | RsaSha1)
    }

    /// Whether signatures are ECDSA's, which stand in DER but are checked as two numbers.
    pub fn is_ecdsa(self) -> bool {
        matches!(self, Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP256Sha1)
    }

    /// How many bytes its signatures have, where all have as many.
    pub fn signature_length(self) -> Option<usize> {
        use Algorithm::{EcdsaP256Sha1, EcdsaP256Sha256, RsaSha1, RsaSha256, Token};
        match self {
            Algorithm::HmacMd5 => Some(16),
            Algorithm::HmacSha1 => Some(20),
            Algorithm::HmacSha256 => Some(32),
            Algorithm::HmacSha384 => Some(48),
            Algorithm::HmacSha512 | Algorithm::Ed25519 => Some(64),
            EcdsaP256Sha256 | EcdsaP256Sha1 | RsaSha256 | RsaSha1 | Token => None,
        }
    }

    /// Whether Signet can sign with it.
    pub fn can_sign(self) -> bool {
        self == Algorithm::Ed25519 || !(self.is_public() || self == Algorithm::Token)
    }
}

/// How the text of a secret stands for the key's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretEncoding {
    /// The text as written, a prefix such as `whsec_` included.
    #[default]
    Utf8,
    /// Base64 after an optional `whsec_` (or `whsk_`, `whpk_` for Ed25519), as Standard Webhooks writes it.
    Base64,
    /// Hexadecimal digits, after the same optional prefixes.
    Hex,
    /// Base64 where the text begins with `whsec_`, else the text as written.
    Whsec,
}

/// How the signature's bytes are written in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Lower-case hexadecimal.
    #[default]
    Hex,
    /// Upper-case hexadecimal.
    HexUpper,
    /// Base64 with padding.
    Base64,
    /// Base64 with the URL alphabet, without padding.
    Base64url,
    /// As it is: for a `token`.
    Text,
}

impl Encoding {
    /// Writes bytes.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => hex::encode(bytes),
            Encoding::HexUpper => hex::encode_upper(bytes),
            Encoding::Base64 => BASE64.encode(bytes),
            Encoding::Base64url => BASE64URL.encode(bytes),
            Encoding::Text => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// Reads what [`Encoding::encode`] writes, and nothing else: of all texts one alone stands for some bytes, so that no
    /// other spelling of a signature is taken for it.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        let upper = |byte: u8| byte.is_ascii_uppercase();
        let lower = |byte: u8| byte.is_ascii_lowercase();
        match self {
            Encoding::Hex => hex::decode(text).ok().filter(|_| !text.bytes().any(upper)),
            Encoding::HexUpper => hex::decode(text).ok().filter(|_| !text.bytes().any(lower)),
            Encoding::Base64 => BASE64.decode(text).ok(),
            Encoding::Base64url => BASE64URL.decode(text).ok(),
            Encoding::Text => Some(text.as_bytes().to_vec()),
        }
    }
}

/// A way to sign: which bytes, with what, and how it stands in the headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scheme {
    /// HMAC, public key or token.
    pub algorithm: Algorithm,
    /// How to read the secret.
    #[serde(default)]
    pub secret_encoding: SecretEncoding,
    /// What is signed: a template of `{id}`, `{timestamp}` (as it is sent) and `{body}` (the raw bytes); where it is
    /// verified also `{method}`, `{url}` (the public one), `{path}` (and query) and `{header:X-Name}`.
    #[serde(default = "body_alone")]
    pub content: String,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// The header that carries it.
    pub header: String,
    /// Further headers that may carry one: a second key's, in most cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_headers: Vec<String>,
    /// What stands in that header: a template of `{signature}` and `{timestamp}`.
    #[serde(default = "signature_alone")]
    pub format: String,
    /// What parts the items of `format`. The item with the signature is repeated for every secret in force; without
    /// a separator the format can carry one signature alone, the newest secret's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// What stands in the header instead for a secret that begins with `whsk_`: such a one is an Ed25519 private key, whatever
    /// the algorithm of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asymmetric_format: Option<String>,
    /// A header of its own for the timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// Where the timestamp stands in a JSON body, the steps parted by dots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_field: Option<String>,
    /// How the timestamp is written.
    #[serde(default, skip_serializing_if = "TimeFormat::is_seconds")]
    pub timestamp_format: TimeFormat,
    /// How far the timestamp may lie from the present, in seconds, where whoever verifies does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,
    /// A header of its own for the message's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_header: Option<String>,
    /// Where the message's id stands in a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_field: Option<String>,
}

fn body_alone() -> String {
    "{body}".into()
}

fn signature_alone() -> String {
    "{signature}".into()
}

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The message's id, the same in every attempt.
    pub id: &'a str,
    /// When this attempt is made.
    pub time: Millis,
    /// The raw body, whatever bytes it holds.
    pub body: &'a [u8],
    /// The request's method.
    pub method: &'a str,
    /// The URL that it is sent to, for those who sign it.
    pub url: &'a str,
}

/// A signature, and whether a public key verifies it.
struct Made {
    text: String,
    is_public: bool,
}

/// What the placeholders of `content` stand for.
struct Values<'a> {
    id: &'a str,
    timestamp: Cow<'a, str>,
    method: &'a str,
    url: &'a str,
    headers: &'a Headers<'a>,
    body: &'a [u8],
}

impl Scheme {
    /// Reads a secret as this scheme does, to sign with it.
    ///
    /// # Errors
    /// Says what the secret should have been.
    pub fn key(&self, secret: &str) -> Result<Key, SecretError> {
        match self.asymmetric_format.is_some() && secret.starts_with("whsk_") {
            true => Key::read(Algorithm::Ed25519, SecretEncoding::Base64, secret),
            false => Key::read(self.algorithm, self.secret_encoding, secret),
        }
    }

    /// Reads a secret, or a public key, to verify with it.
    ///
    /// # Errors
    /// Says what it should have been.
    pub fn verifying_key(&self, secret: &str) -> Result<VerifyingKey, SecretError> {
        VerifyingKey::read(self.algorithm, self.secret_encoding, secret)
    }

    /// The headers that sign `message` with every key in force, newest first. No header is made without a key.
    pub fn sign<'k>(&self, keys: impl IntoIterator<Item = &'k Key>, message: Message<'_>) -> Vec<(&str, String)> {
        let timestamp = self.timestamp_format.write(message.time);
        let carried = if self.carries_several() { usize::MAX } else { 1 };
        let none = Headers::default();
        let values = Values {
            id: message.id,
            timestamp: Cow::Borrowed(&timestamp),
            method: message.method,
            url: message.url,
            headers: &none,
            body: message.body,
        };
        // The parts go into the hash one after another: the body is never copied to stand between them.
        let content = self.content(&values);
        let parts: Vec<&[u8]> = content.iter().map(AsRef::as_ref).collect();
        let sign =
            |key: &Key| Made { text: self.encoding.encode(&key.sign(&parts)), is_public: key.public().is_some() };
        let signatures: Vec<Made> = keys.into_iter().take(carried).map(sign).collect();
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

    /// What is signed, in its parts.
    fn content<'a>(&'a self, values: &Values<'a>) -> Vec<Cow<'a, [u8]>> {
        split_template(&self.content)
            .map(|part| {
                Cow::Borrowed(match part {
                    Part::Literal(text) => text.as_bytes(),
                    Part::Placeholder("id") => values.id.as_bytes(),
                    Part::Placeholder("method") => values.method.as_bytes(),
                    Part::Placeholder("url") => values.url.as_bytes(),
                    Part::Placeholder("path") => crate::route::target(values.url).as_bytes(),
                    Part::Placeholder("body") => values.body,
                    Part::Placeholder("timestamp") => match &values.timestamp {
                        Cow::Borrowed(text) => text.as_bytes(),
                        Cow::Owned(text) => return Cow::Owned(text.as_bytes().to_vec()),
                    },
                    Part::Placeholder(other) => {
                        let name = other.strip_prefix("header:").unwrap_or_default();
                        values.headers.get(name).unwrap_or_default().as_bytes()
                    }
                })
            })
            .collect()
    }

    /// The items of `format`.
    fn items(&self) -> impl Iterator<Item = &str> {
        let separator = self.separator.as_deref().filter(|separator| !separator.is_empty());
        let (whole, parted) = match separator {
            None => (Some(self.format.as_str()), None),
            Some(separator) => (None, Some(self.format.split(separator))),
        };
        whole.into_iter().chain(parted.into_iter().flatten())
    }

    fn render(&self, signatures: &[Made], timestamp: &str) -> String {
        let rendered: Vec<String> = self
            .items()
            .flat_map(|item| {
                let times = if item.contains("{signature}") { signatures.len() } else { 1 };
                signatures.iter().take(times).map(move |signature| {
                    let own = self.asymmetric_format.as_deref().filter(|_| signature.is_public);
                    let item = own.unwrap_or(item).replace("{timestamp}", timestamp);
                    item.replace("{signature}", &signature.text)
                })
            })
            .collect();
        rendered.join(self.separator.as_deref().unwrap_or_default())
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
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify_tests;
