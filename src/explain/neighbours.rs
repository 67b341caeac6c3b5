//! Whose headers came, where they are not those of the source's provider.

use super::court::{Scene, Trial};
use super::headers::read_by;
use super::report::{Hint, list};
use crate::provider::{self, Options, Provider, Way};
use crate::signature::{Algorithm, Scheme};

/// Headers of ways that are one provider's own, whose headers no scheme names.
const OWN: &[(&str, &str)] = &[
    ("x-twilio-signature", "twilio"),
    ("x-mandrill-signature", "mandrill"),
    ("x-plivo-signature-v2", "plivo"),
    ("x-plivo-signature-v3", "plivo"),
    ("x-contentful-signature", "contentful"),
    ("messagebird-signature-jwt", "messagebird"),
    ("paypal-transmission-sig", "paypal"),
    ("x-amz-sns-message-type", "aws-sns"),
    ("x-ebay-signature", "ebay"),
    ("plaid-verification", "plaid"),
    ("x-fal-webhook-signature", "fal-ai"),
    ("x-fusionauth-signature-jwt", "fusionauth"),
];
/// How many providers are named, and how many are tried.
const MAX_NAMED: usize = 3;
const MAX_TRIED: usize = 24;

/// The providers whose signature came, and is not one of the source's provider.
fn found<'a>(scene: Scene<'a>) -> Vec<(&'static Provider, &'a str)> {
    let own: Vec<&str> =
        scene.gate.provider.signatures.iter().flat_map(|way| read_by(way, &scene.gate.source.options)).collect();
    let known = |name: &str| own.iter().any(|other| other.eq_ignore_ascii_case(name));
    let mut found = Vec::new();
    for (name, _) in scene.headers.iter().filter(|(name, value)| !value.is_empty() && !known(name)) {
        let by_scheme = provider::all().iter().filter(|provider| {
            provider.signatures.iter().any(|way| match way {
                Way::Scheme(scheme) => is_named(scheme, name) && !name.eq_ignore_ascii_case("authorization"),
                Way::Own { .. } => false,
            })
        });
        let by_name = OWN.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let by_name = by_name.filter_map(|(_, provider)| provider::find(provider));
        found.extend(by_scheme.chain(by_name).map(|provider| (provider, name.as_str())));
    }
    found.retain(|(provider, _)| provider.name != scene.gate.provider.name);
    found
}

/// Says whose headers came.
pub(super) fn hint(scene: Scene<'_>) -> Option<Hint> {
    let found = found(scene);
    let (_, header) = found.first()?;
    let mut titles: Vec<&str> =
        found.iter().filter(|(_, other)| other == header).map(|(provider, _)| provider.title.as_str()).collect();
    titles.dedup();
    let more = titles.len().saturating_sub(MAX_NAMED);
    titles.truncate(MAX_NAMED);
    let others = format!("{more} others");
    if more > 0 {
        titles.push(&others);
    }
    // The table's spelling, not the request's.
    let none = Options::new();
    let names = found.iter().flat_map(|(provider, _)| &provider.signatures).flat_map(|way| read_by(way, &none));
    let known = names.chain(OWN.iter().map(|(name, _)| *name)).find(|name| name.eq_ignore_ascii_case(header));
    Some(Hint::new(
        "other_provider",
        format!(
            "{} came, which is a header of {}; this source's provider is {}. Send to another source, or change the \
             source's `provider`.",
            known.unwrap_or("A header"),
            list(&titles, "or"),
            scene.gate.provider.title
        ),
    ))
}

/// The ways of other providers whose headers came, with this source's secrets: at most 24.
pub(super) fn trials(scene: Scene<'_>) -> Vec<Trial> {
    let others = provider::all().iter().filter(|provider| provider.name != scene.gate.provider.name);
    let ways = others.flat_map(|provider| provider.signatures.iter().map(move |way| (provider, way)));
    let trial = |(provider, way): (&Provider, &Way)| {
        let detail = format!(
            "With this source's secret the signature holds as {} makes it: set the source's `provider` to `{}`.",
            provider.title, provider.name
        );
        let hints = vec![Hint::new("other_provider", detail)];
        Trial { hints, way: Some(way.clone()), ..Trial::default() }
    };
    let is_there = |way: &Way| match way {
        Way::Scheme(scheme) if scheme.algorithm != Algorithm::Token => {
            scene.headers.iter().any(|(name, _)| is_named(scheme, name))
        }
        _ => false,
    };
    ways.filter(|(_, way)| is_there(way)).take(MAX_TRIED).map(trial).collect()
}

/// Whether a scheme's signature stands in this header.
fn is_named(scheme: &Scheme, name: &str) -> bool {
    std::iter::once(&scheme.header).chain(&scheme.more_headers).any(|other| other.eq_ignore_ascii_case(name))
}
