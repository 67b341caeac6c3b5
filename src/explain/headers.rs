//! What may have become of headers on their way.

use super::court::{Scene, Trial};
use super::report::Hint;
use crate::provider::{Options, Way};
use crate::signature::Scheme;

/// How many values of one header are looked at.
const MAX_VALUES: usize = 8;

/// The headers that may carry a scheme's signature: the one that an option names, where the sender chooses it.
pub(super) fn signed_in<'a>(scheme: &'a Scheme, options: &'a Options) -> Vec<&'a str> {
    match options.get("header") {
        Some(name) => vec![name],
        None => std::iter::once(&scheme.header).chain(&scheme.more_headers).map(String::as_str).collect(),
    }
}

/// The headers that a way reads, the signature's first. A way of a provider's own tells none.
pub(super) fn read_by<'a>(way: &'a Way, options: &'a Options) -> Vec<&'a str> {
    let Way::Scheme(scheme) = way else { return Vec::new() };
    signed_in(scheme, options).into_iter().chain(scheme.headers().skip(1)).collect()
}

/// One value of each header that came several times: at most 16 ways.
pub(super) fn merged(scene: Scene<'_>, came: &[(String, String)]) -> Vec<Trial> {
    let Way::Scheme(scheme) = scene.way else { return Vec::new() };
    let mut trials = Vec::new();
    let names = read_by(scene.way, &scene.gate.source.options);
    for name in names.iter().copied() {
        let Some(at) = scene.headers.iter().position(|(other, _)| other.eq_ignore_ascii_case(name)) else { continue };
        let apart: Vec<&str> = came
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        let whole = scene.headers.get(at).map_or("", |(_, value)| value.as_str());
        let values = if apart.len() > 1 { apart } else { parts(whole, &scheme.format) };
        for value in values.iter().filter(|_| values.len() > 1).take(MAX_VALUES) {
            let mut headers = scene.headers.to_vec();
            // A message that was sent through twice has every header twice: the others are halved, too.
            for (other, text) in headers.iter_mut().filter(|(other, _)| !other.eq_ignore_ascii_case(name)) {
                if names.iter().any(|read| other.eq_ignore_ascii_case(read)) {
                    let first = text.split(", ").next().unwrap_or_default().to_owned();
                    *text = first;
                }
            }
            if let Some((_, text)) = headers.get_mut(at) {
                *text = (*value).to_owned();
            }
            let detail = format!(
                "{name} came {} times, or several were merged into one: one of them alone holds. Something on the way, or \
                 the code that sends, sets the header twice.",
                values.len()
            );
            trials.push(Trial {
                hints: vec![Hint::new("header_merged", detail)],
                headers: Some(headers),
                ..Trial::default()
            });
        }
    }
    trials.truncate(MAX_VALUES.saturating_mul(2));
    trials
}

/// The values that one value was merged from: each begins as the format does.
fn parts<'v>(value: &'v str, format: &str) -> Vec<&'v str> {
    let start = format.split('{').next().unwrap_or_default();
    let mut cuts: Vec<usize> = value.match_indices(',').filter_map(|(at, _)| at.checked_add(1)).collect();
    cuts.retain(|cut| value.get(*cut..).is_some_and(|rest| rest.trim_start().starts_with(start)));
    let mut values = Vec::new();
    let mut from = 0usize;
    for cut in cuts.into_iter().take(MAX_VALUES).chain([value.len()]) {
        let part = value.get(from..cut).unwrap_or_default();
        values.push(part.trim_matches([' ', ',']));
        from = cut;
    }
    // What is hardly longer than the prefix is no value by itself.
    let shortest = start.len().saturating_add(8);
    if values.iter().any(|value| value.len() < shortest) { Vec::new() } else { values }
}

/// Headers under the names that a server's interface to a program gives them, or a proxy.
pub(super) fn renamed(scene: Scene<'_>) -> Option<Trial> {
    let wanted = read_by(scene.way, &scene.gate.source.options);
    let plain = |name: &str| {
        let lower = name.to_ascii_lowercase().replace('_', "-");
        let bare = lower.strip_prefix("http-").unwrap_or(&lower);
        let bare = bare.strip_prefix("x-original-").or_else(|| bare.strip_prefix("x-forwarded-")).unwrap_or(bare);
        bare.strip_prefix("x-").unwrap_or(bare).to_owned()
    };
    let mut headers = scene.headers.to_vec();
    let mut found = Vec::new();
    for name in wanted {
        if headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            continue;
        }
        if let Some((other, _)) = headers.iter_mut().find(|(other, _)| plain(other) == plain(name)) {
            *other = name.to_owned();
            found.push(name);
        }
    }
    if found.is_empty() {
        return None;
    }
    let detail = format!(
        "{} came under another name: with underscores, or with a part in front or without it, as a server or a proxy \
         renames headers. Pass on headers as they came.",
        super::report::list(&found, "and")
    );
    Some(Trial { hints: vec![Hint::new("header_renamed", detail)], headers: Some(headers), ..Trial::default() })
}
