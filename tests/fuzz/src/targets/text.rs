//! What reads texts: JSON bodies, paths, lines of headers, times, encodings. The last line but the first says where in the
//! body to look, the first what to do with the path.

use serde_json::Value;
use signet::body::{Fields, text_at};
use signet::header::Headers;
use signet::signature::{Encoding, TimeFormat};
use signet::{route, source};
use url::Url;

use crate::vectors;

const FORMATS: [TimeFormat; 4] =
    [TimeFormat::Seconds, TimeFormat::Milliseconds, TimeFormat::Rfc3339, TimeFormat::HttpDate];
const ENCODINGS: [Encoding; 4] = [Encoding::Hex, Encoding::HexUpper, Encoding::Base64, Encoding::Base64url];

/// A path, a pattern or a field's place on a line each, then a body.
pub fn run(input: &[u8]) {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (first, second) = (line(), line());
    let body = lines.next().unwrap_or_default();
    paths(&first, &second);
    words(&first);
    json(body, &first);
    headers(&String::from_utf8_lossy(body), &second);
}

fn paths(path: &str, pattern: &str) {
    if let Some(found) = route::params(pattern, path) {
        assert_eq!(found.len(), pattern.split('/').filter(|step| step.starts_with('{')).count());
        assert!(found.iter().all(|one| !one.is_empty()));
    }
    let _ = route::decode(path);
    assert!(path.contains(route::target(path)) || route::target(path) == "/");
    // What stands behind a prefix does not leave it, and goes to the same host.
    let plain = path.starts_with('/') && !path.contains(|symbol: char| symbol.is_control() || "?#".contains(symbol));
    if plain && !route::climbs(path) {
        let target = source::target("https://a.example/base?x", path, "?y");
        let url = Url::parse(&target).unwrap();
        assert!(url.path().starts_with("/base/"), "{target}");
        assert_eq!((url.host_str(), url.query()), (Some("a.example"), Some("x&y")));
    }
}

fn words(text: &str) {
    for format in FORMATS {
        if let Some(at) = format.read(text) {
            let written = format.write(at);
            let again = format.read(&written);
            let in_range = (0..=253_402_300_799_999).contains(&at);
            assert!(
                !in_range || again.is_some_and(|again| again.abs_diff(at) < 1000),
                "{format:?} {text:?} {written:?}"
            );
        }
    }
    for encoding in ENCODINGS {
        // Of all texts one alone stands for some bytes.
        if let Some(bytes) = encoding.decode(text) {
            assert_eq!(encoding.encode(&bytes), text);
        }
    }
}

fn json(body: &[u8], path: &str) {
    let found = text_at(body, path);
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let mut at = Some(&value);
        for step in path.split('.') {
            at = at.and_then(Value::as_object).and_then(|object| object.get(step));
        }
        match at {
            Some(Value::String(text)) => assert_eq!(found.as_ref(), Some(text)),
            Some(Value::Number(_)) => assert!(found.is_some_and(|text| serde_json::from_str::<f64>(&text).is_ok())),
            _ => assert_eq!(found, None),
        }
    } else {
        assert!(!path.is_empty() || found.is_none());
    }
    let Ok(mut fields) = Fields::parse(body) else { return };
    let _ = (fields.take::<String>(path, "must be a string"), fields.take::<Vec<u64>>("ids", "must be numbers"));
    if let Some(mut inner) = fields.object("data") {
        let _ = (inner.take_nullable::<bool>("enabled", "must be true or false"), inner.raw("type"));
        fields.absorb(inner);
    }
    if let Err(problem) = fields.finish() {
        assert!(problem.status == 422 && !problem.errors.is_empty());
        assert!(problem.errors.iter().all(|fault| fault.pointer.is_empty() || fault.pointer.starts_with('/')));
    }
}

fn headers(lines: &str, name: &str) {
    let headers = Headers::from_lines(lines);
    assert_eq!(headers.iter().count(), lines.split('\n').count() / 2);
    if let Some(value) = headers.get(name) {
        assert!(headers.iter().any(|(other, found)| other.eq_ignore_ascii_case(name) && found == value));
    }
    let dropped = source::dropped(&headers, true);
    for (name, _) in headers.iter() {
        let lower = name.to_ascii_lowercase();
        assert!(dropped.contains(&name) || !(lower.starts_with("signet-") || lower == "host" || lower == "webhook-id"));
    }
}

/// Bodies of vectors with places in them, and paths.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        "/v1/sources/src_1\n/v1/sources/{id}\nHost\na\nSignet-Verified\ntrue\nconnection\nx, y",
        "/a%2fb/%2e%2E/..\\c\n/{a}/{b}\n{\"a\":1,\"a\":\"\\u0061\",\"data\":{\"enabled\":null,\"type\":[]}}",
        "data.id\nwebhook-id\n{\"data\":{\"id\":\"evt_1\",\"at\":-1.5e3},\"ids\":[1,2]}",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Thu 07 Sep 2017 06:30:04 UTC\n",
        "2024-03-27T15:42:29.551+02:00\n",
        "1700000000\n",
        "c2VjcmV0IQ==\n",
        "_-8\n",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    let short = vectors::all().into_iter().filter(|vector| vector.call.body.len() < 400).step_by(8);
    seeds.extend(short.map(|vector| [b"data.id\nid\n", vector.call.body.as_slice()].concat()));
    seeds
}
