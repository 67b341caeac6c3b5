//! Twilio: HMAC over the URL and the sorted form, or over the URL with the body's hash in it.
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::address::{Address, spellings};
use super::form::{Form, is_urlencoded};
use super::{Claimed, header};
use crate::secret::same_bytes;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request};

/// Up to six spellings of the URL are signed, each with the form: no call of Twilio's has nearly this much to say.
const MAX_FORM: usize = 2 << 20;

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    Some(read(request, header(request, "X-Twilio-Signature")?))
}

fn read<'a>(request: Request<'a>, signature: &str) -> Result<Claim<'a>, Reason> {
    let algorithm = match header(request, "X-Twilio-Webhooks-Signature-Settings") {
        None => Algorithm::HmacSha1,
        Some(settings) => algorithm(settings)?,
    };
    let length = if algorithm == Algorithm::HmacSha1 { 20 } else { 32 };
    let signature = Encoding::Base64.decode(signature).filter(|bytes| bytes.len() == length);
    let signature = signature.ok_or(Reason::SignatureMalformed)?;

    let address = Address::read(request.url).ok_or(Reason::SignatureMalformed)?;
    let form = if hash_in_url(address, request.body)? { Vec::new() } else { parameters(request)? };
    let contents = candidates(request.url)
        .into_iter()
        .map(|url| {
            let form = form.iter().flat_map(|(name, value)| [name, value]).map(bytes_of);
            std::iter::once(Cow::Owned(url.into_bytes())).chain(form).collect()
        })
        .collect();
    let check = Check { algorithm, contents, signatures: vec![signature], key: KeySource::Secrets };
    // A call comes back to the same URL with the same form, and so the same signature, as often as its flow wants: only
    // this header, which is not signed, tells that from a retry.
    let id = header(request, "I-Twilio-Idempotency-Token").map(str::to_owned);
    Ok(Claim { id, repeats: true, ..Claim::of(check) })
}

/// What the settings say of the algorithm: SHA-256 comes with a shared key.
fn algorithm(settings: &str) -> Result<Algorithm, Reason> {
    let items = settings.split(',').filter_map(|item| item.split_once('='));
    let mut named = items.filter(|(name, _)| name.trim() == "algorithm").map(|(_, value)| value.trim());
    let algorithm = match named.next() {
        None => Algorithm::HmacSha1,
        Some(name) if name.eq_ignore_ascii_case("HMAC_SHA1") => Algorithm::HmacSha1,
        Some(name) if name.eq_ignore_ascii_case("HMAC_SHA256") => Algorithm::HmacSha256,
        Some(_) => return Err(Reason::SignatureMalformed),
    };
    if named.next().is_some() { Err(Reason::SignatureMalformed) } else { Ok(algorithm) }
}

/// Whether the URL holds the body's hash, which then must be it.
fn hash_in_url(address: Address<'_>, body: &[u8]) -> Result<bool, Reason> {
    // As it stands: the URL is signed, whatever else its query says in whatever encoding.
    let pairs = address.query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let mut told = pairs.filter(|(name, _)| *name == "bodySHA256").map(|(_, value)| value);
    let (Some(hash), again) = (told.next(), told.next()) else { return Ok(false) };
    let told = if again.is_none() { hash } else { "" };
    let told = Encoding::Hex.decode(told).filter(|hash| hash.len() == 32).ok_or(Reason::SignatureMalformed)?;
    let is = |body: &[u8]| same_bytes(&told, &Sha256::digest(body));
    // For a body that is empty Twilio's own library hashes an empty object.
    if is(body) || (body.is_empty() && is(b"{}")) { Ok(true) } else { Err(Reason::SignatureMismatch) }
}

type Parameters<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The form's fields as they are signed: sorted, and what is there twice, once.
fn parameters(request: Request<'_>) -> Result<Parameters<'_>, Reason> {
    if request.body.is_empty() {
        return Ok(Vec::new());
    }
    // A body of another kind would be let through without having been signed.
    let is_form = header(request, "content-type").is_some_and(is_urlencoded);
    let form = if is_form && request.body.len() <= MAX_FORM { Form::parse(request.body) } else { None };
    let mut fields = form.ok_or(Reason::SignatureMalformed)?.sorted();
    fields.dedup();
    Ok(fields)
}

/// The URL as Twilio may have signed it: with its port and without, whichever it was called with.
fn candidates(url: &str) -> Vec<String> {
    let mut found = Vec::new();
    for url in spellings(url) {
        let Some(address) = Address::read(&url) else { continue };
        let usual = if matches!(address.scheme, "https" | "wss") { "443" } else { "80" };
        found.push(address.with_port(None));
        found.push(address.with_port(Some(address.port.unwrap_or(usual))));
    }
    found
}

fn bytes_of<'a>(text: &Cow<'a, str>) -> Cow<'a, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.clone().into_bytes()),
    }
}
