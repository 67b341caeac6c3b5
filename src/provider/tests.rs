#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

//! The table, and each provider against vectors of its own: what is genuine passes, what was changed on the way does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::header::Headers;
use crate::signature::{Algorithm, Check, Encoding, KeySource};
use crate::source::{Gate, Source};
use crate::time::Millis;

/// Where a vector names no time, any will do.
const SOMETIME: Millis = 1_795_000_000_000;

#[test]
fn every_entry_of_the_table_is_read() {
    let entries: Vec<&RawValue> = serde_json::from_str(TABLE).unwrap();
    for entry in &entries {
        if let Err(error) = serde_json::from_str::<Provider>(entry.get()) {
            panic!("{error}: {entry}");
        }
    }
    assert_eq!(entries.len(), all().len());
}

#[test]
fn the_table_is_in_order() {
    let names: Vec<&str> = all().iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names[0], "standard-webhooks");
    for pair in names[1..].windows(2) {
        assert!(pair[0] < pair[1], "{} stands before {}", pair[0], pair[1]);
    }
    let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!(names.iter().all(|name| name.bytes().all(kebab) && !name.starts_with('-') && !name.ends_with('-')));
}

#[test]
fn every_entry_says_what_people_need_to_know() {
    let is_sentence = |text: &str| text.len() > 10 && text.ends_with(['.', ')']) && text.trim() == text;
    for provider in all() {
        let name = &provider.name;
        assert!(provider.docs.starts_with("https://") && !provider.docs.contains(' '), "{name}: {}", provider.docs);
        assert!(!provider.title.is_empty() && !provider.signatures.is_empty(), "{name}");
        assert!(is_sentence(&provider.secret), "{name}: {}", provider.secret);
        assert!(provider.notes.as_deref().is_none_or(is_sentence), "{name}: {:?}", provider.notes);
        for (option, text) in &provider.options {
            assert!(is_sentence(text), "{name}, {option}: {text}");
        }
        let kinds: BTreeSet<String> = provider.handshakes.iter().map(|kind| format!("{kind:?}")).collect();
        assert_eq!(kinds.len(), provider.handshakes.len(), "{name}: a handshake is named twice");
        // Whoever asks has to say a word that the source knows.
        let asks = provider.handshakes.iter().any(|kind| matches!(kind, Handshake::Meta | Handshake::Strava));
        assert!(!asks || provider.options.contains_key("verifyToken"), "{name}");
    }
}

#[test]
fn every_scheme_can_be_verified_with() {
    for provider in all() {
        for way in &provider.signatures {
            let Way::Scheme(scheme) = way else { continue };
            assert_eq!(scheme.verifying_faults(), [], "{}", provider.name);
            let covers_time = scheme.content.contains("{timestamp}") || scheme.timestamp_field.is_some();
            let reads_time = scheme.timestamp_header.is_some() || scheme.format.contains("{timestamp}");
            assert!(covers_time || !reads_time, "{}: a time that nobody signed proves nothing", provider.name);
            assert!(scheme.tolerance_seconds.is_none() || covers_time, "{}", provider.name);
        }
    }
}

/// A genuine request, and what its receiver knows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    from: String,
    kind: Kind,
    secrets: Vec<String>,
    options: Options,
    public_url: Option<String>,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    body_base64: Option<String>,
    /// When it is in time, in Unix seconds.
    at: Option<i64>,
    certificate: Option<String>,
    certificate_url: Option<String>,
    key: Option<Value>,
    key_url: Option<String>,
}

/// Where a vector is from.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// The provider's own page or tests.
    Published,
    /// The provider's own library made it.
    Sdk,
    /// It was made after the provider's page.
    Made,
}

impl Vector {
    fn sent(&self) -> Sent {
        let here = || ["https://signet.example.com", &self.path].concat();
        let bytes = self.body_base64.as_ref().map(|text| STANDARD.decode(text).unwrap());
        Sent {
            method: self.method.clone(),
            url: self.public_url.clone().unwrap_or_else(here),
            headers: self.headers.clone().into_iter().collect(),
            body: bytes.unwrap_or_else(|| self.body.clone().unwrap_or_default().into_bytes()),
        }
    }

    fn now(&self) -> Millis {
        self.at.map_or(SOMETIME, |at| at * 1000)
    }

    /// Nothing is to be known of the time where the vector says none.
    fn tolerance(&self) -> Option<u32> {
        if self.at.is_some() { None } else { Some(u32::MAX) }
    }

    fn gate(&self, provider: &str, tolerance: Option<u32>) -> Gate {
        self.gate_with(provider, tolerance, &self.secrets)
    }

    fn gate_with(&self, provider: &str, tolerance: Option<u32>, secrets: &[String]) -> Gate {
        let source: Source = serde_json::from_value(json!({
            "id": "src_1", "application": "default", "provider": provider, "secrets": secrets, "mode": "proxy",
            "origin": "https://origin.example.com/", "enforce": true, "timeoutSeconds": 25, "deduplicate": true,
            "options": self.options, "toleranceSeconds": tolerance, "createdAt": 0, "updatedAt": 0,
        }))
        .unwrap();
        Gate::new(source).unwrap()
    }

    /// The way of the provider's that this is signed in: the first that reads its headers and a secret of its.
    fn way(&self, provider: &'static Provider) -> &'static Way {
        let has_key = |way: &Way| {
            self.secrets.is_empty() || self.secrets.iter().any(|secret| way.key(secret, &self.options).is_ok())
        };
        let fits = |way: &Way| self.sent().read(|request| matches!(way.claim(request, &self.options), Some(Ok(_))));
        let found = provider.signatures.iter().find(|way| has_key(way) && fits(way));
        found.unwrap_or_else(|| panic!("{}: no way reads the vector from {}", provider.name, self.from))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Every vector whose provider is in the table.
fn vectors() -> Vec<(&'static Provider, Vector)> {
    let mut found = Vec::new();
    for provider in all() {
        let Ok(text) = fs::read_to_string(folder().join("vectors").join([&provider.name, ".json"].concat())) else {
            continue;
        };
        let read: Vec<Vector> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}.json: {error}", provider.name));
        found.extend(read.into_iter().map(|vector| (provider, vector)));
    }
    found
}

/// A request on its way.
#[derive(Clone)]
struct Sent {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What only the runtime, or the provider, can answer: whose key, what was signed, and the signature.
type Question = (String, Vec<u8>, Vec<u8>);

impl Sent {
    fn read<T>(&self, reader: impl FnOnce(Request<'_>) -> T) -> T {
        let headers = Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        reader(Request { method: &self.method, url: &self.url, headers: &headers, body: &self.body })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The same with another value for a header, which it has; `None` takes it away.
    fn with(&self, name: &str, value: Option<&str>) -> Sent {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        let mut sent = self.clone();
        sent.headers.retain(|(other, _)| value.is_some() || !is(other));
        for (other, old) in &mut sent.headers {
            if is(other) {
                *old = value.unwrap_or_default().to_owned();
            }
        }
        sent
    }

    /// Judges it as the proxy does. The questions that are left over where keys are public; with `known`, those of a
    /// genuine request, a question that is not among them is answered with no.
    fn judged(
        &self,
        gate: &Gate,
        now: Millis,
        known: Option<&BTreeSet<Question>>,
    ) -> Result<BTreeSet<Question>, Reason> {
        self.read(|request| {
            let mut left = BTreeSet::new();
            let mut holds = false;
            for (claim, keys) in gate.claims(request, now)? {
                let answers: Vec<Option<BTreeSet<Question>>> =
                    claim.checks.iter().map(|check| asked(check, keys, known)).collect();
                assert!(!answers.is_empty(), "a claim without a check holds for everybody");
                if answers.iter().all(Option::is_some) {
                    holds = true;
                    left.extend(answers.into_iter().flatten().flatten());
                }
            }
            if holds { Ok(left) } else { Err(Reason::SignatureMismatch) }
        })
    }
}

/// The questions that a check leaves over; `None` where it does not hold.
fn asked(check: &Check<'_>, keys: &[VerifyingKey], known: Option<&BTreeSet<Question>>) -> Option<BTreeSet<Question>> {
    if check.key == KeySource::Secrets
        && let Ok(held) = check.holds(keys)
    {
        return held.map(|_| BTreeSet::new());
    }
    // A key that is to be asked for may be among the secrets instead.
    let source = match &check.key {
        KeySource::Secrets => String::new(),
        other => format!("{other:?} "),
    };
    let public = keys.iter().filter(|key| matches!(key, VerifyingKey::Public(_)));
    let mut whose: Vec<String> = public.map(|key| [&*source, &hex::encode(key.bytes())].concat()).collect();
    if whose.is_empty() {
        whose.push(source);
    }
    let contents = check.contents.iter().map(|parts| parts.concat());
    let questions: BTreeSet<Question> = contents
        .flat_map(|content| check.signatures.iter().map(move |signature| (content.clone(), signature.clone())))
        .flat_map(|(content, signature)| whose.iter().map(move |key| (key.clone(), content.clone(), signature.clone())))
        .collect();
    if check.algorithm == Algorithm::Ed25519 && check.key == KeySource::Secrets {
        return questions.iter().any(ed25519_holds).then_some(questions);
    }
    let open: BTreeSet<Question> =
        questions.into_iter().filter(|one| known.is_none_or(|known| known.contains(one))).collect();
    (!open.is_empty()).then_some(open)
}

fn ed25519_holds((key, content, signature): &Question) -> bool {
    let key = hex::decode(key).unwrap();
    let key = key.as_slice().try_into().ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok());
    let signature = ed25519_dalek::Signature::from_slice(signature);
    key.zip(signature.ok()).is_some_and(|(key, signature)| key.verify_strict(content, &signature).is_ok())
}

#[test]
fn every_provider_has_a_vector_and_every_vector_a_provider() {
    let told: BTreeSet<String> = vectors().iter().map(|(provider, _)| provider.name.clone()).collect();
    let silent: Vec<&str> =
        all().iter().map(|provider| provider.name.as_str()).filter(|name| !told.contains(*name)).collect();
    assert!(silent.is_empty(), "without a vector: {silent:?}");
    let files = fs::read_dir(folder().join("vectors")).unwrap();
    let lost: Vec<String> = files
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !told.contains(name))
        .collect();
    assert!(lost.is_empty(), "vectors without a provider: {lost:?}");
    for (provider, vector) in vectors() {
        assert!(vector.from.len() > 10, "{}: a vector is from somewhere", provider.name);
        assert_eq!(vector.certificate.is_some(), vector.certificate_url.is_some());
        assert_eq!(vector.key.is_some(), vector.key_url.is_some());
    }
}

#[test]
fn every_way_of_every_provider_has_a_vector() {
    let mut told: BTreeSet<(&str, usize)> = BTreeSet::new();
    for (provider, vector) in vectors() {
        let way = vector.way(provider);
        told.insert((&provider.name, provider.signatures.iter().position(|other| std::ptr::eq(other, way)).unwrap()));
    }
    let ways = all().iter().flat_map(|one| (0..one.signatures.len()).map(|at| (one.name.as_str(), at)));
    let silent: Vec<(&str, usize)> = ways.filter(|way| !told.contains(way)).collect();
    assert!(silent.is_empty(), "ways without a vector: {silent:?}");
}

#[test]
fn what_is_genuine_passes() {
    let mut failed = Vec::new();
    for (provider, vector) in vectors() {
        let name = &provider.name;
        let gate = vector.gate(name, vector.tolerance());
        let questions = match vector.sent().judged(&gate, vector.now(), None) {
            Ok(questions) => questions,
            Err(reason) => {
                failed.push(format!("{name}: {} for the one from {}", reason.as_str(), vector.from));
                continue;
            }
        };
        let asks = |whose: &str| questions.iter().any(|(key, ..)| key.contains(whose));
        if let Some(url) = &vector.certificate_url {
            assert!(asks("Certificate") && asks(url), "{name} asks for its certificate: {questions:?}");
        }
        if vector.key_url.is_some() {
            assert!(asks("Named"), "{name} asks for a key: {questions:?}");
        }
        let public = |way: &Way| matches!(way, Way::Scheme(scheme) if scheme.algorithm.is_public());
        if public(vector.way(provider)) {
            assert!(!questions.is_empty(), "{name}: only the runtime can answer");
        }
    }
    assert!(failed.is_empty(), "refused:\n{}", failed.join("\n"));
}

/// Every vector that passes, and what it asks. (That all do has a test of its own.)
fn genuine() -> Vec<(&'static Provider, &'static Way, Vector, BTreeSet<Question>)> {
    let judged = vectors().into_iter().filter_map(|(provider, vector)| {
        let gate = vector.gate(&provider.name, vector.tolerance());
        let known = vector.sent().judged(&gate, vector.now(), None).ok()?;
        Some((provider, vector.way(provider), vector, known))
    });
    judged.collect()
}

/// A request that was changed on its way, and as what it may be refused.
struct Forged {
    what: String,
    sent: Sent,
    reasons: &'static [Reason],
}

const FORM: &[Reason] = &[Reason::SignatureMalformed];
const MADE: &[Reason] = &[Reason::SignatureMismatch];
const EITHER: &[Reason] = &[Reason::SignatureMalformed, Reason::SignatureMismatch];
const ANY: &[Reason] = &[
    Reason::SignatureMissing,
    Reason::SignatureMalformed,
    Reason::SignatureMismatch,
    Reason::TimestampMissing,
    Reason::TimestampMalformed,
    Reason::TimestampOutOfTolerance,
];

/// Up to 64 places of something that has `length` of them.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let count = length.min(64);
    (0..count).map(move |at| at * length / count)
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << (at % 8);
    bytes
}

/// A text with another character of the same kind in one place.
fn altered(text: &str, at: usize) -> String {
    let other = |symbol: char| match symbol {
        '9' | 'z' | 'Z' => char::from(symbol as u8 - 1),
        '0'..='8' | 'a'..='y' | 'A'..='Y' => char::from(symbol as u8 + 1),
        _ => 'A',
    };
    text.chars().enumerate().map(|(place, symbol)| if place == at { other(symbol) } else { symbol }).collect()
}

fn swapped_case(text: &str) -> String {
    let swap =
        |symbol: char| if symbol.is_lowercase() { symbol.to_ascii_uppercase() } else { symbol.to_ascii_lowercase() };
    text.chars().map(swap).collect()
}

/// A header's value with each signature in it changed.
fn rewritten(scheme: &Scheme, value: &str, change: &dyn Fn(&str) -> String) -> String {
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
fn spoilt_signatures(scheme: &Scheme, names: &[&str], sent: &Sent) -> Vec<Forged> {
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
    add("a space in front", form, each(&|text| [" ", text].concat()));
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
fn spoilt_headers(scheme: &Scheme, names: &[&str], sent: &Sent) -> Vec<Forged> {
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
fn time_in(scheme: &Scheme, value: &str) -> Option<String> {
    let separator = scheme.separator.as_deref()?;
    let (before, after) = scheme.format.split(separator).find_map(|template| template.split_once("{timestamp}"))?;
    let found = value.split(separator).find_map(|item| item.trim().strip_prefix(before)?.strip_suffix(after));
    found.map(str::to_owned)
}

/// The headers that a way of a provider's own judges by, the one with the signature first.
fn own_headers(own: Own) -> &'static [&'static str] {
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

fn spoilt_own_headers(own: Own, sent: &Sent) -> Vec<Forged> {
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
fn carriers<'a>(scheme: &'a Scheme, options: &'a Options) -> Vec<&'a str> {
    match options.get("header") {
        Some(name) => vec![name],
        None => std::iter::once(&scheme.header).chain(&scheme.more_headers).map(String::as_str).collect(),
    }
}

#[test]
fn what_is_not_as_it_was_signed_does_not_pass() {
    let mut passed = Vec::new();
    for (provider, way, vector, known) in genuine() {
        let name = &provider.name;
        let gate = vector.gate(name, Some(u32::MAX));
        let sent = vector.sent();
        let forged = match way {
            Way::Own { own } => spoilt_own_headers(*own, &sent),
            Way::Scheme(scheme) => {
                let names = carriers(scheme, &vector.options);
                let mut forged = spoilt_signatures(scheme, &names, &sent);
                forged.extend(spoilt_headers(scheme, &names, &sent));
                forged
            }
        };
        assert!(forged.len() > 10 || matches!(way, Way::Own { .. }));
        // Where several signatures came, what is wrong with one is not what is wrong with all.
        let claims = gate
            .provider
            .signatures
            .iter()
            .filter(|way| vector.sent().read(|request| matches!(way.claim(request, &vector.options), Some(Ok(_)))));
        let several = claims.count() > 1;
        for Forged { what, sent, reasons } in forged {
            let reasons = if several && reasons == FORM { EITHER } else { reasons };
            match sent.judged(&gate, vector.now(), Some(&known)) {
                Err(reason) if reasons.contains(&reason) => {}
                Ok(_) if reasons.is_empty() => {}
                other => passed.push(format!("{name}: {what}: {other:?} where {reasons:?} is right; {}", vector.from)),
            }
        }
    }
    passed.dedup();
    assert!(passed.is_empty(), "{} cases:\n{}", passed.len(), passed.join("\n"));
}

#[test]
fn another_secret_does_not_hold() {
    for (provider, way, vector, known) in genuine() {
        if vector.key_url.is_some() {
            // This secret asks for the key: it is the provider that refuses another.
            continue;
        }
        let name = &provider.name;
        let others: Vec<String> = vector.secrets.iter().map(|secret| other_secret(way, secret, &vector)).collect();
        let mut cases = vec![others];
        if way.needs_secret() {
            cases.push(Vec::new());
        }
        for secrets in cases {
            if secrets.is_empty() && !way.needs_secret() {
                continue;
            }
            let gate = vector.gate_with(name, vector.tolerance(), &secrets);
            let judged = vector.sent().judged(&gate, vector.now(), Some(&known));
            assert_eq!(judged, Err(Reason::SignatureMismatch), "{name} with {secrets:?}");
        }
        // Any one that holds will do, wherever it stands.
        for secret in &vector.secrets {
            let other = other_secret(way, secret, &vector);
            for secrets in [vec![other.clone(), secret.clone()], vec![secret.clone(), other]] {
                let alone = vector.gate_with(name, vector.tolerance(), std::slice::from_ref(secret));
                let expected = vector.sent().judged(&alone, vector.now(), Some(&known)).is_ok();
                let gate = vector.gate_with(name, vector.tolerance(), &secrets);
                let judged = vector.sent().judged(&gate, vector.now(), Some(&known)).is_ok();
                assert_eq!(judged, expected, "{name} with {secrets:?}");
            }
        }
    }
}

/// A secret of the same form that is another one.
fn other_secret(way: &Way, secret: &str, vector: &Vector) -> String {
    let options = &vector.options;
    let Ok(key) = way.key(secret, options) else { return secret.to_owned() };
    let count = secret.chars().count();
    let mut others = (0..count).rev().map(|at| altered(secret, at));
    // To a MAC, zeros at a key's end are nothing (RFC 2104, section 2).
    let bare = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte != 0).map(|end| bytes[..=end].to_vec());
    let is_other = |other: &String| way.key(other, options).is_ok_and(|read| bare(read.bytes()) != bare(key.bytes()));
    let found = others.find(|other| is_other(other) && !vector.secrets.contains(other));
    found.unwrap_or_else(|| panic!("no other secret like {secret}"))
}

/// What a way leaves open, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    algorithm: Option<Algorithm>,
    own: Option<Own>,
    body: Open,
    why: String,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Open {
    /// Any body passes.
    Open,
    /// Some of it may be another.
    Partly,
}

impl Limit {
    fn is_of(&self, way: &Way) -> bool {
        match way {
            Way::Own { own } => self.own == Some(*own),
            Way::Scheme(scheme) => self.algorithm == Some(scheme.algorithm),
        }
    }
}

#[test]
fn another_body_does_not_pass_where_the_body_is_signed() {
    let limits: Vec<Limit> = serde_json::from_slice(&fs::read(folder().join("support/limits.json")).unwrap()).unwrap();
    let mut counts = vec![(0, 0); limits.len()];
    let mut wrong = Vec::new();
    for (provider, way, vector, known) in genuine() {
        let (name, sent) = (&provider.name, vector.sent());
        let gate = vector.gate(name, Some(u32::MAX));
        let limit = limits.iter().position(|limit| limit.is_of(way));
        let reasons = match way {
            Way::Scheme(scheme) if scheme.timestamp_field.is_none() => MADE,
            _ => ANY,
        };
        let mut bodies: Vec<Vec<u8>> = places(sent.body.len()).map(|at| flipped(&sent.body, at)).collect();
        let letters = sent.body.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic());
        bodies.extend(letters.take(4_096).map(|(at, _)| {
            let mut body = sent.body.clone();
            body[at] ^= 0x20;
            body
        }));
        bodies.extend([[&*sent.body, b"\n"].concat(), [b" ", &*sent.body].concat()]);
        if let Some((_, but_the_last)) = sent.body.split_last() {
            bodies.extend([but_the_last.to_vec(), Vec::new(), sent.body.repeat(2)]);
        }
        for body in bodies {
            let judged = Sent { body: body.clone(), ..sent.clone() }.judged(&gate, vector.now(), Some(&known));
            match (judged, limit) {
                (Err(reason), None) if reasons.contains(&reason) => {}
                (Err(reason), Some(at)) if ANY.contains(&reason) => counts[at].1 += 1,
                (Ok(_), Some(at)) => counts[at].0 += 1,
                (judged, _) => {
                    wrong.push(format!("{name}: {judged:?} for {:?}; {}", String::from_utf8_lossy(&body), vector.from));
                }
            }
        }
    }
    wrong.dedup_by_key(|line| line.split(" for ").next().map(str::to_owned));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (limit, (passed, refused)) in limits.iter().zip(counts) {
        assert!(passed > 0, "not a limit any more: {}", limit.why);
        assert_eq!(refused == 0, limit.body == Open::Open, "{} {passed} passed, {refused} refused", limit.why);
    }
}

#[test]
fn a_time_counts_within_its_tolerance_and_not_a_second_beyond() {
    let mut timed = 0;
    for (provider, way, vector, _) in genuine() {
        let (name, sent) = (&provider.name, vector.sent());
        let claimed = sent.read(|request| {
            let claim = way.claim(request, &vector.options).unwrap().unwrap();
            (claim.stamp, claim.window)
        });
        let judged =
            |tolerance: Option<u32>, now: Millis| sent.judged(&vector.gate(name, tolerance), now, None).map(|_| ());
        let late = Err(Reason::TimestampOutOfTolerance);
        if let (Some(stamp), (None, None)) = claimed {
            timed += 1;
            // Given, the source's own counts; left out, the provider's; where neither says, any time will do.
            for (given, seconds) in [(Some(0), 0), (Some(1), 1), (Some(300), 300), (None, way.tolerance().unwrap_or(0))]
            {
                if given.is_none() && way.tolerance().is_none() {
                    assert_eq!(judged(None, stamp.at + 10_000_000_000), Ok(()), "{name}");
                    continue;
                }
                let seconds = Millis::from(seconds) * 1000;
                for (now, expected) in [
                    (stamp.at, Ok(())),
                    (stamp.at + seconds, Ok(())),
                    (stamp.at - seconds, Ok(())),
                    (stamp.at + seconds + 1000, late),
                    (stamp.at - seconds - 1000, late),
                ] {
                    assert_eq!(judged(given, now), expected, "{name} within {given:?}, {} ms off", now - stamp.at);
                }
            }
        }
        for (edge, beyond) in [(claimed.1.0, -1), (claimed.1.1, 1)] {
            let Some(edge) = edge else { continue };
            timed += 1;
            for (given, leeway) in [(None, way.tolerance().unwrap_or(0)), (Some(0), 0), (Some(10), 10)] {
                let last = edge + beyond * Millis::from(leeway) * 1000;
                assert_eq!(judged(given, last), Ok(()), "{name}: a token at its edge, {given:?}");
                assert_eq!(judged(given, last + beyond), late, "{name}: a token beyond its edge, {given:?}");
            }
        }
    }
    assert!(timed > 60, "{timed}");
}

#[test]
fn every_limit_has_a_reason() {
    let limits: Vec<Limit> = serde_json::from_slice(&fs::read(folder().join("support/limits.json")).unwrap()).unwrap();
    for limit in limits {
        assert!(limit.why.len() > 20 && limit.why.ends_with('.'));
        assert!(limit.own.is_some() != limit.algorithm.is_some());
    }
}
