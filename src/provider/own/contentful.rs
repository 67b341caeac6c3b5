//! Contentful: HMAC-SHA256 over method, path, the headers that the request names, and the body.
//! <https://www.contentful.com/developers/docs/webhooks/request-verification/>

use std::collections::BTreeSet;

use super::{Claimed, decoded, header};
use crate::route::target;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, Stamp, TimeFormat};
use crate::time::Millis;

/// How many headers may be signed.
const MAX_HEADERS: usize = 100;
/// The beginning of 2020: Contentful's library takes no earlier time for one.
const FIRST: Millis = 1_577_836_800_000;

const SIGNATURE: &str = "x-contentful-signature";
const SIGNED_HEADERS: &str = "x-contentful-signed-headers";
const TIMESTAMP: &str = "x-contentful-timestamp";
const ID: &str = "x-contentful-idempotency-key";

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, header(request, SIGNATURE)?))
}

fn read<'a>(request: Request<'a>, signature: &str) -> Result<Claim<'a>, Reason> {
    let signature = decoded(Encoding::Hex, signature, 32)?;
    let names = header(request, SIGNED_HEADERS).ok_or(Reason::SignatureMalformed)?;
    let time = header(request, TIMESTAMP).ok_or(Reason::TimestampMissing)?;
    let format = TimeFormat::Milliseconds;
    let at = format.read(time).filter(|at| *at > FIRST).ok_or(Reason::TimestampMalformed)?;

    let head = head(request.method, target(request.url), &headers(request, names)?)?;
    let contents = vec![vec![head.into_bytes().into(), request.body.into()]];
    let check =
        Check { algorithm: Algorithm::HmacSha256, contents, signatures: vec![signature], key: KeySource::Secrets };
    // The same over the retries of a message. Unless it was signed, whoever repeats a request would write another.
    let signed = names.split(',').any(|name| name.trim().eq_ignore_ascii_case(ID));
    let id = header(request, ID).filter(|_| signed).map(str::to_owned);
    Ok(Claim { stamp: Some(Stamp { at, unit: format.unit() }), id, ..Claim::of(check) })
}

/// The signed headers as they are signed, in the order of the list. The time must be one of them, or it would be anybody's.
fn headers(request: Request<'_>, names: &str) -> Result<String, Reason> {
    let mut pairs = Vec::new();
    let mut seen = BTreeSet::new();
    for name in names.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        let value = request.headers.get(&name).ok_or(Reason::SignatureMismatch)?;
        pairs.push([&name, ":", value.trim()].concat());
        if !seen.insert(name) || seen.len() > MAX_HEADERS {
            return Err(Reason::SignatureMalformed);
        }
    }
    if !seen.contains(SIGNED_HEADERS) || !seen.contains(TIMESTAMP) || seen.contains(SIGNATURE) {
        return Err(Reason::SignatureMalformed);
    }
    Ok(pairs.join(";"))
}

/// Everything that stands before the body.
fn head(method: &str, target: &str, headers: &str) -> Result<String, Reason> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    // Contentful's library drops what stands behind a second mark: it would not have been signed.
    if query.is_some_and(|query| query.contains('?')) {
        return Err(Reason::SignatureMalformed);
    }
    let mut whole = path.to_owned();
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        whole.push('?');
        // `querystring.escape`, and then, with the path, `encodeURI`: what was escaped is escaped again.
        whole.push_str(&escape(query, b"-_.!~*'()"));
    }
    let path = escape(&whole, b";,/?:@&=+$-_.!~*'()#");
    Ok([&method.to_ascii_uppercase(), "\n", &path, "\n", headers, "\n"].concat())
}

fn escape(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex::encode_upper([byte]));
        }
    }
    escaped
}
