//! How a signature may have been written where it was expected otherwise.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::court::{Scene, Trial};
use super::headers::signed_in;
use super::report::Hint;
use crate::provider::Way;
use crate::signature::{Algorithm, Encoding, Scheme};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// What may part the items of a header, whatever should.
const SEPARATORS: [&str; 5] = [",", ";", " ", "&", "|"];
/// How many items of a header are looked at.
const MAX_ITEMS: usize = 8;

/// A header's value cut as `format` says: what stands in front of each placeholder.
struct Form<'s> {
    scheme: &'s Scheme,
    signature: &'s str,
    time: Option<&'s str>,
}

impl<'s> Form<'s> {
    fn of(scheme: &'s Scheme) -> Self {
        let before = |placeholder: &str| {
            let (before, _) = scheme.format.split_once(placeholder)?;
            // Items that are parted begin behind what parts them; else they begin behind the other placeholder.
            let start = match scheme.separator.as_deref().filter(|separator| !separator.is_empty()) {
                Some(separator) => before.rsplit_once(separator),
                None => before.rsplit_once('}'),
            };
            let item = start.map_or(before, |(_, item)| item);
            Some(item.trim_start_matches([',', ';', ' ', '&', '|']))
        };
        Form { scheme, signature: before("{signature}").unwrap_or_default(), time: before("{timestamp}") }
    }

    /// The items of a value, parted as they should be, or else in the first way that finds a signature.
    fn signatures(&self, value: &str) -> (Vec<Found>, Option<String>, bool) {
        let own = self.scheme.separator.as_deref().filter(|separator| !separator.is_empty());
        let whole = [own];
        let others = SEPARATORS.into_iter().filter(|separator| own != Some(separator)).map(Some);
        for (at, separator) in whole.into_iter().chain(others).enumerate() {
            let items: Vec<&str> = match separator {
                None => vec![value],
                Some(separator) => value.split(separator).take(MAX_ITEMS).collect(),
            };
            let found: Vec<Found> = items.iter().filter_map(|item| self.signature(item)).collect();
            let time = items.iter().find_map(|item| self.time(item));
            if !found.is_empty() && (self.time.is_none() || time.is_some()) {
                return (found, time, at > 0 && items.len() > 1);
            }
        }
        (Vec::new(), None, false)
    }

    /// A signature in an item, whatever stands around it.
    fn signature(&self, item: &str) -> Option<Found> {
        let trimmed = item.trim_matches(['"', '\'', ' ', '<', '>']);
        let mut rest = trimmed;
        let mut times = 0usize;
        let mut is_exact = true;
        while !self.signature.is_empty() {
            let Some((front, tail)) = rest.split_at_checked(self.signature.len()) else { break };
            if !front.eq_ignore_ascii_case(self.signature) {
                break;
            }
            is_exact = is_exact && front == self.signature;
            times = times.saturating_add(1);
            rest = tail;
        }
        let read = |text: &str| decode(self.scheme, text);
        let other = || {
            let (word, tail) = rest.split_at_checked(rest.find(['=', ',', ':', ' '])?.checked_add(1)?)?;
            let is_word =
                matches!(word.len(), 2..=20) && word.bytes().rev().skip(1).all(|byte| byte.is_ascii_graphic());
            is_word.then_some(tail.trim())
        };
        let (bytes, text, is_other) = match read(rest) {
            Some(bytes) => (bytes, rest, false),
            None => {
                let tail = other()?;
                (read(tail)?, tail, true)
            }
        };
        let written = self.scheme.encoding.encode(&bytes);
        let wants_prefix = !self.signature.is_empty();
        Some(Found {
            prefix: match (is_other, times) {
                (true, _) => Some("has something else in front"),
                (_, 0) if wants_prefix => Some("has nothing in front"),
                (_, 2..) => Some("has it in front more than once"),
                _ if !is_exact => Some("has it in front in another case"),
                _ => None,
            },
            is_other_encoding: written != text,
            is_quoted: trimmed.len() < item.trim_matches(' ').len(),
            written,
        })
    }

    /// The time in an item, whatever stands in front of it.
    fn time(&self, item: &str) -> Option<String> {
        let item = item.trim_matches(['"', '\'', ' ']);
        let prefix = self.time?;
        let named = item.split_at_checked(prefix.len()).filter(|(front, _)| front.eq_ignore_ascii_case(prefix));
        let text = match named {
            Some((_, text)) => text,
            None => item.rsplit_once(['=', ':']).map_or(item, |(_, text)| text),
        };
        let looks = matches!(text.len(), 9..=40) && text.bytes().all(|byte| byte.is_ascii_digit());
        (looks || (named.is_some() && !text.is_empty())).then(|| text.to_owned())
    }
}

/// A signature that was found, and what is otherwise about it.
struct Found {
    /// The signature as it should have been written.
    written: String,
    prefix: Option<&'static str>,
    is_other_encoding: bool,
    is_quoted: bool,
}

/// The header as it should have been: at most 11 ways, for each header that may carry a signature.
pub(super) fn trials(scene: Scene<'_>) -> Vec<Trial> {
    match scene.way {
        Way::Scheme(scheme) => rewritten(scene, scheme),
        Way::Own { .. } => Vec::new(),
    }
}

/// The same for a scheme that is not quite the provider's.
pub(super) fn rewritten(scene: Scene<'_>, scheme: &Scheme) -> Vec<Trial> {
    let form = Form::of(scheme);
    let mut trials = Vec::new();
    for name in signed_in(scheme, &scene.gate.source.options).into_iter().take(2) {
        let Some((at, (_, value))) =
            scene.headers.iter().enumerate().find(|(_, (other, _))| other.eq_ignore_ascii_case(name))
        else {
            continue;
        };
        let (found, time, is_parted_otherwise) = form.signatures(value);
        for one in found.into_iter().chain(worded(scheme, value)) {
            let written = scheme.format.replace("{timestamp}", time.as_deref().unwrap_or_default());
            let mut headers = scene.headers.to_vec();
            if let Some((_, value)) = headers.get_mut(at) {
                *value = written.replace("{signature}", &one.written);
            }
            let hints = hints(scheme, name, &one, is_parted_otherwise);
            trials.push(Trial { hints, headers: Some(headers), ..Trial::default() });
        }
    }
    trials
}

/// A token with and without the word that names its kind.
fn worded(scheme: &Scheme, value: &str) -> Vec<Found> {
    if scheme.algorithm != Algorithm::Token {
        return Vec::new();
    }
    let bare = value.split_once(' ').map(|(_, bare)| (bare.trim().to_owned(), "has a word in front"));
    let words = ["Bearer ", "Token "].map(|word| ([word, value].concat(), "lacks the word in front"));
    let found = |(text, prefix): (String, &'static str)| Found {
        written: scheme.encoding.encode(text.as_bytes()),
        prefix: Some(prefix),
        is_other_encoding: false,
        is_quoted: false,
    };
    bare.into_iter().chain(words).map(found).collect()
}

fn hints(scheme: &Scheme, name: &str, found: &Found, is_parted_otherwise: bool) -> Vec<Hint> {
    let format = &scheme.format;
    let mut hints = Vec::new();
    if found.is_other_encoding {
        let encoding = encoding_name(scheme.encoding);
        hints.push(Hint::new(
            "signature_encoding",
            format!("The signature in {name} is right but written in another encoding: it has to be {encoding}."),
        ));
    }
    if let Some(prefix) = found.prefix {
        hints.push(Hint::new(
            "signature_prefix",
            format!("The signature in {name} is right but {prefix}: `{format}` has to stand there."),
        ));
    }
    if found.is_quoted {
        hints.push(Hint::new(
            "signature_quoted",
            format!("The signature in {name} is right but has quotes around it: it has to stand as `{format}`."),
        ));
    }
    if is_parted_otherwise || hints.is_empty() {
        hints.push(Hint::new(
            "signature_separator",
            format!("The signature in {name} is right but its items are not written as they have to be: `{format}`."),
        ));
    }
    hints
}

/// What the encoding is called.
pub(super) fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => "lower-case hexadecimal",
        Encoding::HexUpper => "upper-case hexadecimal",
        Encoding::Base64 => "base64 with padding",
        Encoding::Base64url => "base64url without padding",
        Encoding::Text => "plain text",
    }
}

/// The bytes of a signature in whatever encoding it is, where their number is right.
fn decode(scheme: &Scheme, text: &str) -> Option<Vec<u8>> {
    if scheme.algorithm == Algorithm::Token {
        let inner = if scheme.encoding == Encoding::Text { None } else { scheme.encoding.decode(text) };
        return Some(inner.unwrap_or_else(|| text.as_bytes().to_vec())).filter(|bytes| !bytes.is_empty());
    }
    let fits = |bytes: &Vec<u8>| match scheme.algorithm.signature_length() {
        Some(length) => bytes.len() == length,
        None => bytes.len() >= 64,
    };
    let hex = hex::decode(text).ok().filter(fits);
    hex.or_else(|| BASE64.decode(text).ok().filter(fits)).or_else(|| BASE64URL.decode(text).ok().filter(fits))
}
