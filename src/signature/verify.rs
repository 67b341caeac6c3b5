//! Judging a signature. What a request claims is read first, without any key; then it is held against the keys.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::template::extract;
use super::{Algorithm, Key, Scheme, Values, VerifyingKey};
use crate::body;
use crate::header::Headers;
use crate::secret;
use crate::time::Millis;

/// How many signatures of one request are looked at: every further one would be work for a stranger.
const MAX_SIGNATURES: usize = 32;

/// A request that is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its method.
    pub method: &'a str,
    /// The URL that the provider was given.
    pub url: &'a str,
    /// Its headers.
    pub headers: &'a Headers<'a>,
    /// Its raw body.
    pub body: &'a [u8],
}

/// Why a request is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No signature came along.
    SignatureMissing,
    /// One came that this provider never sends: another form, another length, another encoding, several where there is one.
    SignatureMalformed,
    /// None of the secrets makes it.
    SignatureMismatch,
    /// The time that is signed did not come along.
    TimestampMissing,
    /// One came that is no time.
    TimestampMalformed,
    /// It lies too far from the present.
    TimestampOutOfTolerance,
    /// The provider's public key or certificate could not be had.
    KeyUnavailable,
}

impl Reason {
    /// Its name in the source's log.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::SignatureMissing => "signature_missing",
            Reason::SignatureMalformed => "signature_malformed",
            Reason::SignatureMismatch => "signature_mismatch",
            Reason::TimestampMissing => "timestamp_missing",
            Reason::TimestampMalformed => "timestamp_malformed",
            Reason::TimestampOutOfTolerance => "timestamp_out_of_tolerance",
            Reason::KeyUnavailable => "key_unavailable",
        }
    }
}

/// What a request claims: that somebody who holds a key signed this, then.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// What has to hold, all of it.
    pub checks: Vec<Check<'a>>,
    /// When it was signed.
    pub stamp: Option<Stamp>,
    /// Not to be taken before, and after: what a JWT says of itself.
    pub window: (Option<Millis>, Option<Millis>),
    /// The provider's id of the message.
    pub id: Option<String>,
    /// What is part of the message and was not signed, where two messages may differ in it alone: the body that a token
    /// came with.
    pub unsigned: Option<&'a [u8]>,
    /// Whether the provider rightly says the same again, signed the same: then only an id makes a message known.
    pub repeats: bool,
}

/// A time that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The time.
    pub at: Millis,
    /// How fine it was written, in milliseconds.
    pub unit: Millis,
}

/// One signature, or several of which one has to hold.
#[derive(Debug, Clone)]
pub struct Check<'a> {
    /// With what it was made.
    pub algorithm: Algorithm,
    /// What was signed, in its parts; where it can't be known which of several ways, each of them.
    pub contents: Vec<Vec<Cow<'a, [u8]>>>,
    /// The signatures that came, decoded.
    pub signatures: Vec<Vec<u8>>,
    /// Whose key.
    pub key: KeySource,
}

/// Where the key of a check is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// One of the source's secrets.
    Secrets,
    /// The certificate at this URL, which was checked to be the provider's.
    Certificate(String),
    /// The provider's key of this name, to be asked for.
    Named(String),
}

/// What WebCrypto is asked where the answer needs a public key, or where it is quicker.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// With what.
    pub algorithm: Algorithm,
    /// The key.
    pub key: &'a VerifyingKey,
    /// What was signed.
    pub content: &'a [Cow<'a, [u8]>],
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> Claim<'a> {
    /// A claim that stands on one check.
    pub fn of(check: Check<'a>) -> Self {
        Claim { checks: vec![check], stamp: None, window: (None, None), id: None, unsigned: None, repeats: false }
    }

    /// Whether it was made about now.
    ///
    /// # Errors
    /// Where it was not.
    pub fn in_time(&self, now: Millis, tolerance: Option<u32>) -> Result<(), Reason> {
        let Some(leeway) = tolerance.map(|seconds| i64::from(seconds).saturating_mul(1000)) else {
            return match self.window {
                (Some(from), _) if from > now => Err(Reason::TimestampOutOfTolerance),
                (_, Some(until)) if until < now => Err(Reason::TimestampOutOfTolerance),
                _ => Ok(()),
            };
        };
        if let Some(Stamp { at, unit }) = self.stamp {
            // Whole seconds are compared with whole seconds: the edge of the tolerance lies within it.
            let unit = unit.max(1);
            let distance = now.div_euclid(unit).saturating_sub(at.div_euclid(unit)).saturating_abs();
            if distance.saturating_mul(unit) > leeway {
                return Err(Reason::TimestampOutOfTolerance);
            }
        }
        match self.window {
            (Some(from), _) if from.saturating_sub(leeway) > now => Err(Reason::TimestampOutOfTolerance),
            (_, Some(until)) if until.saturating_add(leeway) < now => Err(Reason::TimestampOutOfTolerance),
            _ => Ok(()),
        }
    }

    /// What makes a replay of this message known again: the provider's id, else what was signed and the signature that
    /// held, and the body where neither tells of it. None where nothing was signed: the next message has the same token.
    pub fn mark(&self, held: &[Option<usize>]) -> Option<String> {
        if let Some(id) = &self.id {
            return Some(["id:", id].concat());
        }
        if self.repeats {
            return None;
        }
        let mut hash = Sha256::new();
        for (at, check) in self.checks.iter().enumerate() {
            if check.algorithm == Algorithm::Token && self.unsigned.is_none() {
                return None;
            }
            let signature = held.get(at).copied().flatten().and_then(|which| check.signatures.get(which));
            match signature {
                // A MAC stands for what it was made of. An attacker can't make another one that holds.
                Some(signature) if !check.algorithm.is_public() => hash.update(signature),
                // A signature of a public key may have a twin.
                _ => check.contents.iter().flatten().for_each(|part| hash.update(part)),
            }
        }
        hash.update(self.unsigned.unwrap_or_default());
        Some(["sig:", &hex::encode(hash.finalize())].concat())
    }
}

impl<'a> Check<'a> {
    /// Holds the signatures against the keys, in a time that tells nothing of either: which one held. `Err` with the
    /// questions that only the runtime can answer.
    ///
    /// # Errors
    /// Where a key is public.
    pub fn holds<'k>(&'k self, keys: &'k [VerifyingKey]) -> Result<Option<usize>, Vec<Question<'k>>> {
        let mut questions = Vec::new();
        for key in keys.iter().filter(|key| self.takes(key)) {
            let rehashed = self.rehashed(key);
            for content in &self.contents {
                let expected = rehashed.as_ref().map(|key| key.sign(content)).or_else(|| key.expected(content));
                let Some(expected) = expected else {
                    questions.extend(self.asked(key, content));
                    continue;
                };
                let found = self.signatures.iter().position(|signature| secret::same_bytes(signature, &expected));
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        if questions.is_empty() { Ok(None) } else { Err(questions) }
    }

    /// The same as questions for the runtime, whatever the keys are.
    pub fn questions<'k>(&'k self, keys: &'k [VerifyingKey]) -> Vec<Question<'k>> {
        let keys = keys.iter().filter(|key| self.takes(key));
        keys.flat_map(|key| self.contents.iter().flat_map(move |content| self.asked(key, content))).collect()
    }

    /// Whether each of the signatures holds, asked of the runtime.
    fn asked<'k>(&'k self, key: &'k VerifyingKey, content: &'k [Cow<'a, [u8]>]) -> impl Iterator<Item = Question<'k>> {
        self.signatures.iter().map(move |signature| Question { algorithm: self.algorithm, key, content, signature })
    }

    /// Whether a key is of the kind that the algorithm asks for, whatever the request says: a public key, which anybody
    /// may have, is never the secret of a MAC.
    fn takes(&self, key: &VerifyingKey) -> bool {
        matches!(key, VerifyingKey::Public(_)) == self.algorithm.is_public()
    }

    /// The same secret for another hash, where the request may choose one: a JWT's HS256 or HS512.
    fn rehashed(&self, key: &VerifyingKey) -> Option<Key> {
        let VerifyingKey::Secret(known, bytes) = key else { return None };
        let fits = matches!(
            (known.as_ref(), self.algorithm),
            (Key::HmacSha256(_), Algorithm::HmacSha256)
                | (Key::HmacSha1(_), Algorithm::HmacSha1)
                | (Key::HmacSha384(_), Algorithm::HmacSha384)
                | (Key::HmacSha512(_), Algorithm::HmacSha512)
                | (Key::HmacMd5(_), Algorithm::HmacMd5)
                | (Key::Token(_), Algorithm::Token)
        );
        if fits { None } else { Key::from_bytes(self.algorithm, bytes).ok() }
    }

    /// How many bytes are signed.
    pub fn size(&self) -> usize {
        self.contents.iter().flatten().fold(0, |sum, part| sum.saturating_add(part.len()))
    }
}

impl Scheme {
    /// What a request claims in this scheme's terms. `None` where it carries no signature of this scheme's.
    pub fn claim<'a>(&'a self, request: Request<'a>) -> Option<Result<Claim<'a>, Reason>> {
        let carried: Vec<&str> = std::iter::once(&self.header)
            .chain(&self.more_headers)
            .filter_map(|name| request.headers.get(name))
            .filter(|value| !value.is_empty())
            .collect();
        if carried.is_empty() {
            return None;
        }
        Some(self.claim_in(&carried, request))
    }

    /// The same, for a signature in the header `name`.
    pub fn claim_at<'a>(&'a self, name: &str, request: Request<'a>) -> Option<Result<Claim<'a>, Reason>> {
        let value = request.headers.get(name).filter(|value| !value.is_empty())?;
        Some(self.claim_in(&[value], request))
    }

    fn claim_in<'a>(&'a self, carried: &[&'a str], request: Request<'a>) -> Result<Claim<'a>, Reason> {
        let (texts, time_in_format) = self.read_format(carried)?;
        // Of several, those that can't be read are passed over: they may be of a kind that is still to come.
        let signatures: Vec<Vec<u8>> = texts.iter().filter_map(|text| self.read_signature(text)).collect();
        if signatures.is_empty() {
            return Err(Reason::SignatureMalformed);
        }

        let timestamp = match (time_in_format, &self.timestamp_header, &self.timestamp_field) {
            (Some(text), _, _) => Some(Cow::Borrowed(text)),
            (None, Some(name), _) => {
                let text = request.headers.get(name).filter(|text| !text.is_empty());
                Some(Cow::Borrowed(text.ok_or(Reason::TimestampMissing)?))
            }
            (None, None, Some(field)) => {
                Some(Cow::Owned(body::text_at(request.body, field).ok_or(Reason::TimestampMissing)?))
            }
            (None, None, None) => None,
        };
        let stamp = match &timestamp {
            None => None,
            Some(text) => Some(Stamp {
                at: self.timestamp_format.read(text).ok_or(Reason::TimestampMalformed)?,
                unit: self.timestamp_format.unit(),
            }),
        };

        let id = self.id_header.as_ref().and_then(|name| request.headers.get(name)).filter(|id| !id.is_empty());
        if self.content.contains("{id}") && id.is_none() {
            return Err(Reason::SignatureMalformed);
        }
        let content = match self.algorithm {
            Algorithm::Token => Vec::new(),
            _ => {
                let values = Values {
                    id: id.unwrap_or_default(),
                    timestamp: timestamp.unwrap_or_default(),
                    method: request.method,
                    url: request.url,
                    headers: request.headers,
                    body: request.body,
                };
                self.content(&values)
            }
        };
        let check = Check { algorithm: self.algorithm, contents: vec![content], signatures, key: KeySource::Secrets };
        let field = || self.id_field.as_ref().and_then(|path| body::text_at(request.body, path));
        Ok(Claim { stamp, id: id.map(str::to_owned).or_else(field), ..Claim::of(check) })
    }

    /// The signatures that stand in the headers, and the time if one stands there.
    fn read_format<'v>(&self, carried: &[&'v str]) -> Result<(Vec<&'v str>, Option<&'v str>), Reason> {
        let mut signatures = Vec::new();
        let mut time = None;
        for value in carried {
            let items: Vec<&'v str> = match self.separator.as_deref().filter(|separator| !separator.is_empty()) {
                None => vec![value],
                // A comma before a space is where the header was given twice and joined by the runtime.
                Some(" ") if value.contains(", ") => return Err(Reason::SignatureMalformed),
                Some(separator) => value.split(separator).map(|item| item.trim_matches(' ')).collect(),
            };
            for item in items {
                let found = self.items().find_map(|template| {
                    let found = extract(template, item)?;
                    // Without a prefix to tell them apart, the time comes first.
                    let again = template == "{timestamp}" && time.is_some();
                    (!again).then_some(found)
                });
                // Other items are other versions' signatures, or come to be some day.
                for (name, text) in found.into_iter().flatten() {
                    match name {
                        "signature" => signatures.push(text),
                        _ if time.is_some() => return Err(Reason::SignatureMalformed),
                        _ => time = Some(text),
                    }
                }
            }
        }
        if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
            return Err(Reason::SignatureMalformed);
        }
        if self.format.contains("{timestamp}") && time.is_none_or(str::is_empty) {
            return Err(Reason::TimestampMissing);
        }
        Ok((signatures, time))
    }

    fn read_signature(&self, text: &str) -> Option<Vec<u8>> {
        // What a token decodes to is compared with the secret: the text is as good.
        let bytes = self.encoding.decode(text)?;
        match self.algorithm {
            Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP256Sha1 => raw_ecdsa(&bytes),
            Algorithm::RsaSha256 | Algorithm::RsaSha1 => matches!(bytes.len(), 128..=1024).then_some(bytes),
            Algorithm::Token => (!bytes.is_empty()).then_some(bytes),
            other => (other.signature_length() == Some(bytes.len())).then_some(bytes),
        }
    }
}

/// An ECDSA signature over P-256 as WebCrypto takes it, two numbers of 32 bytes, from DER (RFC 3279, section 2.2.3).
pub fn raw_ecdsa(der: &[u8]) -> Option<Vec<u8>> {
    let number = |bytes: &mut &[u8]| -> Option<[u8; 32]> {
        let (tag, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        *bytes = rest;
        let (sign, tail) = value.split_first()?;
        let digits = match (sign, tail.first()) {
            // A leading zero keeps the number from being negative, and is there for nothing else.
            (0, Some(first)) if *first >= 0x80 => tail,
            (0, _) | (0x80.., _) => return None,
            _ => value,
        };
        let mut number = [0; 32];
        let start = 32usize.checked_sub(digits.len())?;
        number.get_mut(start..)?.copy_from_slice(digits);
        (*tag == 2).then_some(number)
    };
    let (head, mut rest) = der.split_at_checked(2)?;
    if head != [0x30, u8::try_from(rest.len()).ok().filter(|length| *length < 0x80)?] {
        return None;
    }
    let (r, s) = (number(&mut rest)?, number(&mut rest)?);
    rest.is_empty().then(|| [r, s].concat())
}
