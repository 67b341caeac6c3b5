//! What can be seen in a request without trying anything, for where no trial tells more.

use super::court::Scene;
use super::report::Hint;
use crate::provider::Way;
use crate::secret::same;
use crate::signature::{Claim, Request};

/// What can be seen of the body and its headers.
pub(super) fn body(scene: Scene<'_>, request: Request<'_>) -> Vec<Hint> {
    let mut hints = Vec::new();
    let header = |name: &str| request.headers.get(name).unwrap_or_default().to_ascii_lowercase();
    let body = scene.body;
    let said: Option<usize> = header("content-length").parse().ok();
    match said {
        Some(said) if said > body.len() && body.is_empty() => hints.push(Hint::new(
            "body_empty",
            format!(
                "Content-Length says {said} bytes, but there is no body: something read it before. Keep the raw bytes \
                 where the request comes in."
            ),
        )),
        Some(said) if said > body.len() => hints.push(Hint::new(
            "body_truncated",
            format!("Content-Length says {said} bytes, but the body has {}: it was cut off on the way.", body.len()),
        )),
        Some(said) if said < body.len() => hints.push(Hint::new(
            "body_lengthened",
            format!(
                "Content-Length says {said} bytes, but the body has {}: it was written anew, in another character set, \
                 or unpacked.",
                body.len()
            ),
        )),
        None if body.is_empty() => hints.push(Hint::new(
            "body_empty",
            "There is no body. If one was sent, something read it before: keep the raw bytes where the request comes in.",
        )),
        _ => {}
    }
    if std::str::from_utf8(body).is_ok_and(|text| text.contains('\u{fffd}')) {
        let detail = "The body holds replacement characters (U+FFFD): its bytes were read as a text that they are not. \
                      Pass on raw bytes, or give them as `bodyBase64`.";
        hints.push(Hint::new("body_charset", detail));
    }
    if !matches!(header("content-encoding").as_str(), "" | "identity") {
        let detail = "Content-Encoding says that the body is packed: the signature is over the bytes either packed or \
                      not, so try the others.";
        hints.push(Hint::new("body_compressed", detail));
    }
    let first = body.trim_ascii_start().first();
    let is_json = matches!(first, Some(b'{' | b'['));
    let kind = header("content-type");
    if (kind.contains("form-urlencoded") && is_json) || (kind.contains("json") && first.is_some() && !is_json) {
        let detail = "Content-Type names another kind of body than came: a framework turned a form into JSON or JSON into \
                      a form. Verify the raw bytes, or choose the other content type at the provider.";
        hints.push(Hint::new("body_form", detail));
    }
    hints
}

/// What can be seen of the URL.
pub(super) fn url(scene: Scene<'_>, request: Request<'_>, claim: Option<&Claim<'_>>) -> Option<Hint> {
    if !signs_url(scene, request, claim) {
        return None;
    }
    let title = &scene.gate.provider.title;
    Some(match (scene.url.is_empty(), &scene.gate.source.public_url) {
        (true, _) => Hint::new(
            "public_url_missing",
            format!(
                "{title} signs the URL that it was given, and none is known here: set the source's `publicUrl`, or give \
                 the captured `url`."
            ),
        ),
        (false, None) => Hint::new(
            "public_url_missing",
            format!(
                "{title} signs the URL that it was given, letter for letter, and the source has no `publicUrl`: set it \
                 to the URL as it was entered at the provider."
            ),
        ),
        (false, Some(_)) => Hint::new(
            "url_differs",
            format!(
                "{title} signs the URL that it was given, letter for letter: compare it with the source's `publicUrl`."
            ),
        ),
    })
}

/// Whether another URL makes another claim.
fn signs_url(scene: Scene<'_>, request: Request<'_>, claim: Option<&Claim<'_>>) -> bool {
    if let Way::Scheme(scheme) = scene.way {
        return scheme.content.contains("{url}") || scheme.content.contains("{path}");
    }
    let other = if scene.url.is_empty() { "https://example.com/".into() } else { [scene.url, "/x"].concat() };
    let other = scene.way.claim(Request { url: &other, ..request }, &scene.gate.source.options);
    let signed = |claim: &Claim<'_>| -> Vec<u8> {
        claim.checks.iter().flat_map(|check| check.contents.iter().flatten()).flat_map(|part| part.to_vec()).collect()
    };
    match (claim, &other) {
        (Some(claim), Some(Ok(other))) => signed(claim) != signed(other),
        (None, Some(Ok(_))) => true,
        _ => false,
    }
}

/// Whether a header holds the secret where a signature should be.
pub(super) fn secret_sent(scene: Scene<'_>, names: &[&str]) -> bool {
    let values = scene.headers.iter().filter(|(name, _)| names.iter().any(|other| name.eq_ignore_ascii_case(other)));
    let mut texts = values.flat_map(|(_, value)| {
        let behind = ['=', ',', ' '].into_iter().filter_map(|mark| value.split_once(mark)).map(|(_, text)| text);
        std::iter::once(value.as_str()).chain(behind)
    });
    texts.any(|text| scene.gate.source.secrets.iter().any(|secret| same(text, secret)))
}
