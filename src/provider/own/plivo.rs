//! Plivo: HMAC-SHA256 over the URL and a nonce; version 3, of voice calls, over the sorted parameters too.
//! <https://www.plivo.com/docs/voice/concepts/signature-validation>

use super::address::Address;
use super::form::{Form, is_urlencoded};
use super::{Claimed, decoded, header};
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request};

/// How many signatures are looked at.
const MAX_SIGNATURES: usize = 16;

/// Reads a request. Where version 3 is there, version 2 is not looked at: it covers less.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    // One is the account's that the call belongs to, the other the main account's.
    let carried = |names: [&str; 2]| names.into_iter().filter_map(|name| header(request, name)).collect::<Vec<_>>();
    let found = carried(["X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"]);
    if !found.is_empty() {
        return Some(third(request, &found));
    }
    let found = carried(["X-Plivo-Signature-V2", "X-Plivo-Signature-Ma-V2"]);
    (!found.is_empty()).then(|| second(request, &found))
}

/// The URL without its query, then the nonce.
fn second<'a>(request: Request<'a>, found: &[&str]) -> Result<Claim<'a>, Reason> {
    let nonce = header(request, "X-Plivo-Signature-V2-Nonce").ok_or(Reason::SignatureMalformed)?;
    let contents = bases(request)?.into_iter().map(|base| vec![base.into_bytes().into(), nonce.as_bytes().into()]);
    let claim = claimed(found.iter().copied(), contents.collect())?;
    Ok(Claim { unsigned: Some(request.body), ..claim })
}

/// The URL with its parameters sorted, a dot, then the nonce.
fn third<'a>(request: Request<'a>, found: &[&str]) -> Result<Claim<'a>, Reason> {
    let nonce = header(request, "X-Plivo-Signature-V3-Nonce").ok_or(Reason::SignatureMalformed)?;
    let parameters = parameters(request)?;
    let contents = bases(request)?.into_iter().map(|base| {
        let text = [&base, parameters.as_str(), ".", nonce].concat();
        vec![text.into_bytes().into()]
    });
    claimed(found.iter().flat_map(|value| value.split(',')).map(str::trim), contents.collect())
}

type Contents<'a> = Vec<Vec<std::borrow::Cow<'a, [u8]>>>;

fn claimed<'a, 's>(signatures: impl Iterator<Item = &'s str>, contents: Contents<'a>) -> Result<Claim<'a>, Reason> {
    let more = MAX_SIGNATURES.saturating_add(1);
    let signatures: Vec<_> =
        signatures.take(more).map(|text| decoded(Encoding::Base64, text, 32)).collect::<Result<_, _>>()?;
    if signatures.len() > MAX_SIGNATURES {
        return Err(Reason::SignatureMalformed);
    }
    Ok(Claim::of(Check { algorithm: Algorithm::HmacSha256, contents, signatures, key: KeySource::Secrets }))
}

/// The URL up to its path. The runtime writes a path where the URL that Plivo was given has none.
fn bases(request: Request<'_>) -> Result<Vec<String>, Reason> {
    let address = Address::read(request.url).ok_or(Reason::SignatureMalformed)?;
    let mut bases = vec![address.base()];
    if address.path == "/" {
        bases.push(Address { path: "", ..address }.base());
    }
    Ok(bases)
}

/// The query's and the form's parameters, as they are signed behind the path.
fn parameters(request: Request<'_>) -> Result<String, Reason> {
    let query = Address::read(request.url).and_then(|address| address.query).unwrap_or_default();
    let query = Form::parse(query.as_bytes()).ok_or(Reason::SignatureMalformed)?.sorted();
    let query: Vec<String> = query.iter().map(|(name, value)| [name, "=", value].concat()).collect();
    let query = query.join("&");
    // A body of another kind, or of another method's, would be let through without having been signed.
    let is_form = header(request, "content-type").is_some_and(is_urlencoded);
    let form = match request.method {
        "GET" | "POST" if request.body.is_empty() => Form::default(),
        "POST" if is_form => Form::parse(request.body).ok_or(Reason::SignatureMalformed)?,
        _ => return Err(Reason::SignatureMalformed),
    };
    let form: String = form.sorted().into_iter().flat_map(|(name, value)| [name, value]).collect();
    Ok(match (query.is_empty(), form.is_empty()) {
        (true, true) => String::new(),
        (false, true) => ["?", &query].concat(),
        (true, false) => ["?", &form].concat(),
        (false, false) => ["?", &query, ".", &form].concat(),
    })
}
