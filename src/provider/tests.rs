#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

//! The table, and each provider against vectors of its own: what is genuine passes, what was changed on the way does not.

mod forgery;
mod vector;

use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::signature::Algorithm;
use crate::time::Millis;
use forgery::{ANY, EITHER, FORM, Forged, MADE, carriers, flipped, other_secret, places};
use forgery::{spoilt_headers, spoilt_own_headers, spoilt_signatures};
use vector::{Kind, Sent, folder, genuine, vectors};

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
        for secret in &provider.secret_options {
            assert!(provider.options.contains_key(secret), "{name}: {secret} is no option");
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
        let names = |words: &[&str]| words.iter().any(|word| vector.from.contains(word));
        let is_named = match vector.kind {
            Kind::Published => names(&["https://"]),
            Kind::Sdk => names(&["npm", "PyPI"]),
            Kind::Made => vector.from.len() > 10,
        };
        assert!(is_named, "{}: from {}", provider.name, vector.from);
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
        let others: Vec<String> = vector.secrets.iter().map(|secret| other_secret(provider, secret, &vector)).collect();
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
            let other = other_secret(provider, secret, &vector);
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
