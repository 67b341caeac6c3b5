//! Following one way of a provider's through a request, step by step, as far as that goes without a key.

use sha2::{Digest, Sha256};

use super::court::Scene;
use super::headers::{read_by, signed_in};
use super::marks::encoding_name;
use super::report::{Step, count, kind, list};
use super::schemes::algorithm_name;
use super::times::{format_name, span};
use crate::body;
use crate::header::Headers;
use crate::provider::{Options, Way};
use crate::signature::{Algorithm, Claim, Part, Reason, Request, Scheme, Stamp, split_template};
use crate::time::{Millis, rfc3339};

/// What was found on one way.
pub(super) struct Walk<'a> {
    pub steps: Vec<Step>,
    /// Why it ends here; none so far where the keys have the last word.
    pub reason: Option<Reason>,
    /// What the request claims, where it could be read.
    pub claim: Option<Claim<'a>>,
}

/// Goes one way; `None` where the request carries no signature of its kind. `number` tells it from the provider's others.
pub(super) fn walk<'a>(scene: Scene<'a>, request: Request<'a>, at: Millis, number: Option<usize>) -> Option<Walk<'a>> {
    let options = &scene.gate.source.options;
    let claim = scene.way.claim(request, options)?;
    let mut steps = vec![found(scene, request.headers, number)];
    let scheme = match scene.way {
        Way::Scheme(scheme) => Some(scheme.as_ref()),
        Way::Own { .. } => None,
    };
    let (claim, reason) = match claim {
        Err(reason) => {
            steps.extend(refused(reason, scene, request));
            (None, Some(reason))
        }
        Ok(claim) => {
            steps.push(decoded(&claim, scheme));
            let tolerance = scene.gate.source.tolerance_seconds.or(scene.way.tolerance());
            let reason = claim.in_time(at, tolerance).err();
            steps.extend(timed(&claim, scheme, at, tolerance, reason.is_none()));
            steps.push(built(&claim, scheme, request.body));
            (Some(claim), reason)
        }
    };
    Some(Walk { steps, reason, claim })
}

/// What to say where a request carries no signature of any of the provider's ways.
pub(super) fn missing(scene: Scene<'_>) -> Step {
    let options = &scene.gate.source.options;
    let title = &scene.gate.provider.title;
    let ways = &scene.gate.provider.signatures;
    let mut wanted: Vec<&str> = ways.iter().filter_map(|way| read_by(way, options).first().copied()).collect();
    wanted.dedup();
    let mut known: Vec<&str> = ways.iter().flat_map(|way| read_by(way, options)).collect();
    known.dedup();
    let value =
        |name: &str| scene.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let came: Vec<&str> = known.into_iter().filter(|name| value(name).is_some_and(|value| !value.is_empty())).collect();
    let looked = match wanted.as_slice() {
        [] => format!("No signature of {title} came, neither in a header nor in the body or the URL."),
        names if names.iter().any(|name| value(name).is_some_and(String::is_empty)) => {
            format!("{} came, but empty.", list(names, "or"))
        }
        names => format!("No header {} came.", list(names, "or")),
    };
    let others = match came.as_slice() {
        [] => format!("None of the headers of {title} came."),
        names => format!("Of the headers of {title}, {} came.", list(names, "and")),
    };
    Step::new("signature_found", false, [looked, others].join(" "))
}

fn found(scene: Scene<'_>, headers: &Headers<'_>, number: Option<usize>) -> Step {
    let options = &scene.gate.source.options;
    let title = &scene.gate.provider.title;
    let named: Vec<String> = read_by(scene.way, options)
        .into_iter()
        .filter_map(|name| Some(format!("{name} with {}", count(headers.get(name)?.chars().count(), "character"))))
        .collect();
    let what = match named.as_slice() {
        [] => format!("A signature of {title} came."),
        names => format!("{} came.", list(&names.iter().map(String::as_str).collect::<Vec<_>>(), "and")),
    };
    let way = number.map(|number| {
        let of = scene.gate.provider.signatures.len();
        format!(" This is followed as way {number} of the {of} that {title} may sign in.")
    });
    Step::new("signature_found", true, [what, way.unwrap_or_default()].concat())
}

/// In which form a signature has to come.
fn form(scheme: &Scheme) -> String {
    let length = scheme.algorithm.signature_length();
    let encoding = encoding_name(scheme.encoding);
    let written = length.map(|bytes| {
        let characters = scheme.encoding.encode(&vec![0; bytes]).len();
        format!("{} as {encoding}, {characters} characters", count(bytes, "byte"))
    });
    let shape = written.unwrap_or_else(|| match scheme.algorithm {
        Algorithm::Token => format!("the secret as {encoding}"),
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP256Sha1 => format!("a DER signature as {encoding}"),
        _ => format!("an RSA signature as {encoding}"),
    });
    format!("`{}`, the signature being {shape} ({})", scheme.format, algorithm_name(scheme.algorithm))
}

fn decoded(claim: &Claim<'_>, scheme: Option<&Scheme>) -> Step {
    let signatures = claim.checks.iter().fold(0, |sum: usize, check| sum.saturating_add(check.signatures.len()));
    let read = format!("{} read", count(signatures, "signature"));
    let detail = match scheme {
        Some(scheme) => format!("{read}, written as {}.", form(scheme)),
        None => format!("{read}."),
    };
    Step::new("signature_decoded", true, detail)
}

/// What is wrong with a request whose claim can't be read.
fn refused(reason: Reason, scene: Scene<'_>, request: Request<'_>) -> Vec<Step> {
    let options = &scene.gate.source.options;
    let Way::Scheme(scheme) = scene.way else {
        let (step, detail) = match reason {
            Reason::SignatureMissing => ("signature_found", "What goes with the signature did not come."),
            Reason::TimestampMissing => ("timestamp_found", "The time that is signed did not come."),
            Reason::TimestampMalformed => ("timestamp_found", "What came for a time is none."),
            Reason::TimestampOutOfTolerance => ("timestamp_in_tolerance", "The time lies too far away."),
            Reason::KeyUnavailable => ("key_found", "The key that the request names can't be the provider's."),
            Reason::SignatureMismatch => (
                "content_built",
                "What the signature says of the body, or of the URL, is not so; or an option is missing.",
            ),
            Reason::SignatureMalformed => {
                ("signature_decoded", "The request is not in the form in which the provider sends it.")
            }
        };
        return vec![Step::new(step, false, detail)];
    };
    match reason {
        Reason::TimestampMissing => {
            vec![Step::new("timestamp_found", false, format!("No time came {}.", place(scheme)))]
        }
        Reason::TimestampMalformed => {
            let is = time_text(scheme, request).map_or_else(String::new, |text| {
                format!(": {} came, {}", count(text.chars().count(), "character"), kind(&text))
            });
            let detail = format!(
                "The time {} has to be {}, and is not{is}.",
                place(scheme),
                format_name(scheme.timestamp_format)
            );
            vec![Step::new("timestamp_found", false, detail)]
        }
        _ if lacks_id(scene, scheme, request) => {
            let name = scheme.id_header.as_deref().unwrap_or_default();
            let detail = format!("The message's id is signed, and no header {name} came with it.");
            vec![Step::new("id_found", false, detail)]
        }
        _ => vec![Step::new("signature_decoded", false, misshapen(scheme, options, request))],
    }
}

/// Where a scheme's time stands.
fn place(scheme: &Scheme) -> String {
    match (&scheme.timestamp_header, &scheme.timestamp_field) {
        _ if scheme.format.contains("{timestamp}") => format!("in {}", scheme.header),
        (Some(name), _) => format!("in {name}"),
        (None, Some(field)) => format!("in the body at `{field}`"),
        (None, None) => "anywhere".into(),
    }
}

fn time_text(scheme: &Scheme, request: Request<'_>) -> Option<String> {
    match (&scheme.timestamp_header, &scheme.timestamp_field) {
        _ if scheme.format.contains("{timestamp}") => None,
        (Some(name), _) => request.headers.get(name).map(str::to_owned),
        (None, Some(field)) => body::text_at(request.body, field),
        (None, None) => None,
    }
}

/// Whether it is the id alone that is missing: with one, the claim could be read.
fn lacks_id(scene: Scene<'_>, scheme: &Scheme, request: Request<'_>) -> bool {
    let Some(name) = scheme.id_header.as_deref().filter(|_| scheme.content.contains("{id}")) else { return false };
    let headers = Headers::new(
        request.headers.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)).chain([(name, "x")]),
    );
    request.headers.get(name).is_none_or(str::is_empty)
        && matches!(scene.way.claim(Request { headers: &headers, ..request }, &scene.gate.source.options), Some(Ok(_)))
}

fn misshapen(scheme: &Scheme, options: &Options, request: Request<'_>) -> String {
    let came = signed_in(scheme, options).into_iter().filter_map(|name| {
        let value = request.headers.get(name)?;
        let prefix = scheme.format.split('{').next().unwrap_or_default();
        let (rest, starts) = match value.strip_prefix(prefix) {
            _ if prefix.is_empty() => (value, String::new()),
            Some(rest) => (rest, format!("begins with `{prefix}`, then has ")),
            None => (value, format!("does not begin with `{prefix}`, and has ")),
        };
        let starts = if starts.is_empty() { "has ".into() } else { starts };
        Some(format!(" {name} {starts}{}: {}.", count(rest.chars().count(), "character"), kind(rest)))
    });
    let came: String = came.collect();
    format!("It has to stand as {}.{came}", form(scheme))
}

fn timed(
    claim: &Claim<'_>,
    scheme: Option<&Scheme>,
    at: Millis,
    tolerance: Option<u32>,
    is_in_time: bool,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(Stamp { at: time, .. }) = claim.stamp {
        let place = scheme.map_or_else(String::new, |scheme| [" ", &place(scheme)].concat());
        steps.push(Step::new("timestamp_found", true, format!("The time{place} says {}.", rfc3339(time))));
        let past = at.saturating_sub(time);
        let far = match past {
            0 => "It is the time that the request is judged by".into(),
            1.. => format!("It lies {} before the time that the request is judged by, {}", span(past), rfc3339(at)),
            _ => format!("It lies {} after the time that the request is judged by, {}", span(past), rfc3339(at)),
        };
        let allowed = match tolerance {
            Some(seconds) => format!("{seconds} s to either side are allowed."),
            None => "no tolerance is set, so that any time will do.".into(),
        };
        steps.push(Step::new("timestamp_in_tolerance", is_in_time, format!("{far}; {allowed}")));
    } else if let (from, until) = claim.window
        && (from.is_some() || until.is_some())
    {
        let from = from.map_or_else(String::new, |from| format!(" not before {}", rfc3339(from)));
        let until = until.map_or_else(String::new, |until| format!(" not after {}", rfc3339(until)));
        let detail = format!("It is to be taken{from}{until}, and is judged by {}.", rfc3339(at));
        steps.push(Step::new("timestamp_in_tolerance", is_in_time, detail));
    }
    steps
}

/// What is signed, by its measures alone.
fn built(claim: &Claim<'_>, scheme: Option<&Scheme>, body: &[u8]) -> Step {
    let body =
        format!("The body has {} with SHA-256 {}.", count(body.len(), "byte"), hex::encode(Sha256::digest(body)));
    let detail = match scheme {
        Some(scheme) if scheme.algorithm == Algorithm::Token => {
            "Nothing is signed: the header holds the secret itself, and the body is not covered.".into()
        }
        Some(scheme) => {
            let parts: Vec<String> = split_template(&scheme.content)
                .zip(claim.checks.first().and_then(|check| check.contents.first()).into_iter().flatten())
                .map(|(part, bytes)| {
                    let length = count(bytes.len(), "byte");
                    match part {
                        Part::Literal(text) => format!("`{text}` {length}"),
                        Part::Placeholder(name) => format!("{name} {length}"),
                    }
                })
                .collect();
            format!("What is signed is `{}`: {}. {body}", scheme.content, parts.join(", "))
        }
        None => {
            let sizes: Vec<String> = claim
                .checks
                .iter()
                .take(4)
                .flat_map(|check| check.contents.iter().take(4))
                .map(|parts| count(parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.len())), "byte"))
                .collect();
            let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
            format!("What is signed has {}. {body}", list(&sizes, "or"))
        }
    };
    Step::new("content_built", true, detail)
}
