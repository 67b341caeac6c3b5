//! What may become of a request on a bad way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::*;
use super::vector::{Sent, Vector};
use crate::signature::{Algorithm, Encoding};

/// A request that was changed on its way, and as what it may be refused.
pub(super) struct Forged {
    pub(super) what: String,
    pub(super) sent: Sent,
    pub(super) reasons: &'static [Reason],
}

pub(super) const FORM: &[Reason] = &[Reason::SignatureMalformed];
pub(super) const MADE: &[Reason] = &[Reason::SignatureMismatch];
pub(super) const EITHER: &[Reason] = &[Reason::SignatureMalformed, Reason::SignatureMismatch];
pub(super) const ANY: &[Reason] = &[
    Reason::SignatureMissing,
    Reason::SignatureMalformed,
    Reason::SignatureMismatch,
    Reason::TimestampMissing,
    Reason::TimestampMalformed,
    Reason::TimestampOutOfTolerance,
];

/// Up to 64 places of something that has `length` of them.
pub(super) fn places(length: usize) -> impl Iterator<Item = usize> {
    let count = length.min(64);
    (0..count).map(move |at| at * length / count)
}

pub(super) fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << (at % 8);
    bytes
}

/// A text with another character of the same kind in one place.
pub(super) fn altered(text: &str, at: usize) -> String {
    let other = |symbol: char| match symbol {
        '9' | 'z' | 'Z' => char::from(symbol as u8 - 1),
        '0'..='8' | 'a'..='y' | 'A'..='Y' => char::from(symbol as u8 + 1),
        _ => 'A',
    };
    text.chars().enumerate().map(|(place, symbol)| if place == at { other(symbol) } else { symbol }).collect()
}

pub(super) fn swapped_case(text: &str) -> String {
    let swap =
        |symbol: char| if symbol.is_lowercase() { symbol.to_ascii_uppercase() } else { symbol.to_ascii_lowercase() };
    text.chars().map(swap).collect()
}

/// A header's value with each signature in it changed.
pub(super) fn rewritten(scheme: &Scheme, value: &str, change: &dyn Fn(&str) -> String) -> String {
    let separator = scheme.separator.as_deref().unwrap_or("\0");
    let rewrite = |item: &str| {
        let bare = item.trim_start();
        let lead = item.strip_suffix(bare).unwrap_or_default();
        let templates = scheme.format.split(separator).filter_map(|template| template.split_once("{signature}"));
        let mut found = templates.filter_map(|(before, after)| {
            let text = bare.strip_prefix(before)?.strip_suffix(after)?;
            Some([lead, before, &change(text), after].concat())
        });
        found.next().unwrap_or_else(|| item.to_owned())
    };
    value.split(separator).map(rewrite).collect::<Vec<_>>().join(separator)
}

/// Every way to spoil the signatures of a request.
pub(super) fn spoilt_signatures(scheme: &Scheme, names: &[&str], sent: &Sent) -> Vec<Forged> {
    let each = |change: &dyn Fn(&str) -> String| {
        let values = names.iter().filter_map(|name| Some((*name, sent.header(name)?)));
        values.fold(sent.clone(), |forged, (name, value)| forged.with(name, Some(&rewritten(scheme, value, change))))
    };
    let whole = |change: &dyn Fn(&str) -> String| {
        let values = names.iter().filter_map(|name| Some((*name, sent.header(name)?)));
        values.fold(sent.clone(), |forged, (name, value)| forged.with(name, Some(&change(value))))
    };
    let decode = |text: &str| scheme.encoding.decode(text).unwrap_or_else(|| text.as_bytes().to_vec());
    let is_token = scheme.algorithm == Algorithm::Token;
    let is_rsa = matches!(scheme.algorithm, Algorithm::RsaSha256 | Algorithm::RsaSha1);
    let form = if is_token || is_rsa { EITHER } else { FORM };
    let mut forged: Vec<Forged> = Vec::new();
    let mut add = |what: &str, reasons, sent| forged.push(Forged { what: what.to_owned(), sent, reasons });

    for at in places(64) {
        let changed = each(&|text| match scheme.encoding {
            Encoding::Text => altered(text, at * text.len() / 64),
            encoding => {
                let bytes = decode(text);
                encoding.encode(&flipped(&bytes, at * bytes.len() / 64))
            }
        });
        add("one bit of it", if scheme.algorithm.is_ecdsa() { EITHER } else { MADE }, changed);
    }
    let emptied = if scheme.format == "{signature}" { &[Reason::SignatureMissing] } else { FORM };
    add("nothing in its place", emptied, each(&|_| String::new()));
    add("its last character missing", form, each(&|text| text[..text.len() - 1].to_owned()));
    add("its first half", form, each(&|text| text[..text.len() / 2].to_owned()));
    add("twice in a row", form, each(&|text| text.repeat(2)));
    add("a character more", form, each(&|text| [text, "0"].concat()));
    if scheme.separator.is_none() || scheme.format != "{signature}" {
        // In a list, spaces around an item are nobody's.
        add("a space in front", form, each(&|text| [" ", text].concat()));
    }
    add("the other case", if scheme.encoding == Encoding::Hex { FORM } else { EITHER }, each(&swapped_case));
    add("in unicode", form, each(&|text| text.replacen(|_| true, "\u{ff11}", 1)));
    add("a character of unicode more", form, each(&|text| [text, "\u{e9}"].concat()));
    add("100 KB of it", form, each(&|text| text.repeat(102_400 / text.len() + 1)));
    add("100 KB more", form, each(&|text| [text, &"x".repeat(102_400)].concat()));
    add(
        "in base64",
        form,
        each(&|text| match scheme.encoding {
            Encoding::Base64 | Encoding::Base64url => hex::encode(decode(text)),
            _ => STANDARD.encode(decode(text)),
        }),
    );
    add(
        "nothing at all",
        &[Reason::SignatureMissing],
        names.iter().fold(sent.clone(), |sent, name| sent.with(name, None)),
    );
    add("an empty header", &[Reason::SignatureMissing], whole(&|_| String::new()));
    // A list may hold a signature twice, but not a time. Where something else parts its items, the comma is an item's.
    let twice = whole(&|value| [value, ", ", value].concat());
    match scheme.separator.as_deref() {
        None => add("the header twice", form, twice),
        Some(",") if scheme.format.contains("{timestamp}") => add("the header twice", FORM, twice),
        Some(",") => add("the header twice", &[], twice),
        Some(_) => {}
    }
    if let Some((prefix, _)) = scheme.format.split_once("{signature}").filter(|(prefix, _)| !prefix.is_empty()) {
        let other = whole(&|value| value.replace(prefix, "x="));
        let reasons: &[Reason] = if prefix.contains("{timestamp}") { &[] } else { FORM };
        if !reasons.is_empty() {
            add("another version", reasons, other);
        }
    }
    forged
}

/// Every way to spoil what is signed besides the body.
pub(super) fn spoilt_headers(scheme: &Scheme, names: &[&str], sent: &Sent) -> Vec<Forged> {
    let mut forged: Vec<Forged> = Vec::new();
    let mut add = |what: &str, reasons, sent| forged.push(Forged { what: what.to_owned(), sent, reasons });
    let content = &scheme.content;
    if let Some(name) = scheme.id_header.as_deref().filter(|_| content.contains("{id}")) {
        let id = sent.header(name).unwrap();
        add("another id", MADE, sent.with(name, Some(&altered(id, 0))));
        add("no id", FORM, sent.with(name, None));
        add("an empty id", FORM, sent.with(name, Some("")));
    }
    for (start, _) in content.match_indices("{header:") {
        let name = content[start + 8..].split('}').next().unwrap();
        let value = sent.header(name).unwrap();
        add("another signed header", MADE, sent.with(name, Some(&altered(value, value.len() - 1))));
        add("no signed header", MADE, sent.with(name, None));
    }
    if content.contains("{url}") || content.contains("{path}") {
        let (path, query) = sent.url.split_once('?').map_or((&*sent.url, None), |(path, query)| (path, Some(query)));
        let query = query.map_or(String::new(), |query| ["?", query].concat());
        add("another path", MADE, Sent { url: [path, "x", &query].concat(), ..sent.clone() });
        add(
            "another query",
            MADE,
            Sent { url: [&*sent.url, if query.is_empty() { "?" } else { "&" }, "x"].concat(), ..sent.clone() },
        );
    }
    if content.contains("{method}") {
        add("another method", MADE, Sent { method: "PUT".into(), ..sent.clone() });
    }
    let time: Option<(&str, String)> = match &scheme.timestamp_header {
        Some(name) => sent.header(name).map(|value| (name.as_str(), value.to_owned())),
        None => names.iter().find_map(|name| Some((*name, time_in(scheme, sent.header(name)?)?))),
    };
    if let Some((name, text)) = time {
        let put = |new: &str| {
            let value = sent.header(name).unwrap();
            sent.with(name, Some(&value.replacen(&text, new, 1)))
        };
        let at = scheme.timestamp_format.read(&text).unwrap();
        add("another time", MADE, put(&scheme.timestamp_format.write(at + 1000)));
        add("no time", &[Reason::TimestampMissing], put(""));
        for bad in ["soon", "-1", "1e9", "0x65", "\u{ff11}", &[&text, "x"].concat(), &"1".repeat(102_400)] {
            add("a time that is none", &[Reason::TimestampMalformed], put(bad));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            add("the same time in other digits", MADE, put(&["0", &text].concat()));
        }
        if scheme.timestamp_header.is_some() {
            add("no header with the time", &[Reason::TimestampMissing], sent.with(name, None));
        }
    }
    forged
}

/// The time that stands beside the signatures.
pub(super) fn time_in(scheme: &Scheme, value: &str) -> Option<String> {
    let separator = scheme.separator.as_deref()?;
    let (before, after) = scheme.format.split(separator).find_map(|template| template.split_once("{timestamp}"))?;
    let found = value.split(separator).find_map(|item| item.trim().strip_prefix(before)?.strip_suffix(after));
    found.map(str::to_owned)
}

/// The headers that a way of a provider's own judges by, the one with the signature first.
pub(super) fn own_headers(own: Own) -> &'static [&'static str] {
    match own {
        Own::Twilio => &["X-Twilio-Signature"],
        Own::Mandrill => &["X-Mandrill-Signature"],
        Own::Messagebird => &["MessageBird-Signature-JWT"],
        Own::Netlify => &["X-Webhook-Signature"],
        Own::Livekit | Own::Monday | Own::Vonage => &["Authorization"],
        Own::Plaid => &["Plaid-Verification"],
        Own::Ebay => &["X-EBAY-SIGNATURE"],
        Own::Fusionauth => &["X-FusionAuth-Signature-JWT"],
        Own::AzureEventgrid => &["X-Hook-Key"],
        Own::Plivo => &[
            "X-Plivo-Signature-V3",
            "X-Plivo-Signature-Ma-V3",
            "X-Plivo-Signature-V3-Nonce",
            "X-Plivo-Signature-V2",
            "X-Plivo-Signature-Ma-V2",
            "X-Plivo-Signature-V2-Nonce",
        ],
        Own::Contentful => &[
            "x-contentful-signature",
            "x-contentful-signed-headers",
            "x-contentful-timestamp",
            "x-contentful-topic",
            "x-contentful-space-id",
            "x-custom",
        ],
        Own::FalAi => {
            &["X-Fal-Webhook-Signature", "X-Fal-Webhook-Request-Id", "X-Fal-Webhook-User-Id", "X-Fal-Webhook-Timestamp"]
        }
        Own::Paypal => &[
            "PAYPAL-TRANSMISSION-SIG",
            "PAYPAL-TRANSMISSION-ID",
            "PAYPAL-TRANSMISSION-TIME",
            "PAYPAL-CERT-URL",
            "PAYPAL-AUTH-ALGO",
        ],
        // The signature stands in the body.
        Own::AwsSns | Own::Mailgun | Own::Adyen | Own::Braintree | Own::DropboxSign => &[],
        Own::MicrosoftGraph | Own::Strava => &[],
    }
}

pub(super) fn spoilt_own_headers(own: Own, sent: &Sent) -> Vec<Forged> {
    let mut forged = Vec::new();
    let headers = own_headers(own);
    for name in headers {
        let Some(value) = sent.header(name) else { continue };
        let mut add = |what: &str, new: Option<&str>| {
            if new.is_some_and(|new| new.trim() == value.trim()) {
                return;
            }
            let gone = new.is_none_or(str::is_empty) && Some(name) == headers.first() && headers.len() == 1;
            let reasons = if gone { &[Reason::SignatureMissing] } else { ANY };
            forged.push(Forged { what: [name, ": ", what].concat(), sent: sent.with(name, new), reasons });
        };
        add("none", None);
        add("empty", Some(""));
        for at in places(value.split(',').map(str::len).min().unwrap_or(0)) {
            let parts: Vec<String> = value.split(',').map(|part| altered(part, at)).collect();
            add(&format!("another character at {at}"), Some(&parts.join(",")));
        }
        add("its last character missing", Some(&value[..value.len() - 1]));
        add("twice in a row", Some(&value.repeat(2)));
        if own != Own::Plivo {
            // Which sends a list, that may hold a signature twice.
            add("twice", Some(&[value, ", ", value].concat()));
        }
        add("the other case", Some(&swapped_case(value)));
        add("unicode", Some(&[value, "\u{e9}"].concat()));
        add("100 KB", Some(&[value, &"x".repeat(102_400)].concat()));
    }
    if matches!(own, Own::Twilio | Own::Mandrill | Own::Messagebird | Own::Plivo | Own::Contentful) {
        let path = sent.url.split('?').next().unwrap();
        let url = sent.url.replacen(path, &[path, "x"].concat(), 1);
        forged.push(Forged { what: "another path".into(), sent: Sent { url, ..sent.clone() }, reasons: ANY });
    }
    forged
}

/// The headers that carry the signature of a scheme.
pub(super) fn carriers<'a>(scheme: &'a Scheme, options: &'a Options) -> Vec<&'a str> {
    match options.get("header") {
        Some(name) => vec![name],
        None => std::iter::once(&scheme.header).chain(&scheme.more_headers).map(String::as_str).collect(),
    }
}

/// A secret of the same form that is another one, whichever way it is read.
pub(super) fn other_secret(provider: &Provider, secret: &str, vector: &Vector) -> String {
    // To a MAC, zeros at a key's end are nothing (RFC 2104, section 2).
    let bare = |key: VerifyingKey| {
        let end = key.bytes().iter().rposition(|byte| *byte != 0)?;
        key.bytes().get(..=end).map(<[u8]>::to_vec)
    };
    let keys = |secret: &str| -> Vec<Option<Vec<u8>>> {
        provider.signatures.iter().map(|way| way.key(secret, &vector.options).ok().and_then(bare)).collect()
    };
    let known = keys(secret);
    let is_other = |other: &String| {
        let read = keys(other);
        let same = read.iter().zip(&known).any(|(one, other)| one.is_some() && one == other);
        !same && read.iter().any(Option::is_some) && !vector.secrets.contains(other)
    };
    let found = (0..secret.chars().count()).rev().map(|at| altered(secret, at)).find(is_other);
    found.unwrap_or_else(|| panic!("no other secret like {secret}"))
}
