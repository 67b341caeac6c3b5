//! Amazon SNS: RSA over the members of the body, with the certificate that it names.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html>

use super::address::pinned;
use super::json::{object, text};
use super::{Claimed, header, option};
use crate::provider::Options;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, Stamp, TimeFormat};

const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &Options) -> Claimed<'a> {
    // What is delivered raw is not signed.
    if header(request, "x-amz-sns-rawdelivery").is_some_and(|raw| raw.eq_ignore_ascii_case("true")) {
        return None;
    }
    read(request, options).transpose()
}

fn read<'a>(request: Request<'a>, options: &Options) -> Result<Option<Claim<'a>>, Reason> {
    let malformed = Reason::SignatureMalformed;
    let mut body = object(request.body).ok_or(malformed)?;
    let Some(signature) = text(&mut body, "Signature")? else { return Ok(None) };
    let certificate = text(&mut body, "SigningCertURL")?.filter(|url| is_amazons(url)).ok_or(malformed)?;
    let algorithm = match (text(&mut body, "SignatureVersion")?.as_deref(), option(options, "signatureVersion").ok()) {
        (Some("2"), None | Some("2")) => Algorithm::RsaSha256,
        // Whoever could find two messages of one SHA-1 would choose this version, which is not signed.
        (Some("1"), None | Some("1")) => Algorithm::RsaSha1,
        _ => return Err(malformed),
    };
    let kind = text(&mut body, "Type")?.ok_or(malformed)?;
    let names: &[&str] = match kind.as_str() {
        "Notification" => &NOTIFICATION,
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &CONFIRMATION,
        _ => return Err(malformed),
    };
    if header(request, "x-amz-sns-message-type").is_some_and(|told| told != kind) {
        return Err(malformed);
    }
    let signature = Encoding::Base64.decode(&signature).filter(|bytes| matches!(bytes.len(), 256..=1024));
    let signature = signature.ok_or(malformed)?;

    let mut content = Vec::new();
    let (mut id, mut time, mut topic) = (None, None, None);
    for name in names {
        let value = match *name {
            "Type" => Some(kind.clone()),
            name => text(&mut body, name)?,
        };
        let value = match value {
            Some(value) => value,
            None if *name == "Subject" => continue,
            None if *name == "Timestamp" => return Err(Reason::TimestampMissing),
            None => return Err(malformed),
        };
        // Line feeds part the members: within one they would let a message be cut another way.
        if *name != "Message" && value.contains('\n') {
            return Err(malformed);
        }
        match *name {
            "MessageId" => id = Some(value.clone()),
            "Timestamp" => time = TimeFormat::Rfc3339.read(&value),
            "TopicArn" => topic = Some(value.clone()),
            _ => {}
        }
        content.extend([[*name, "\n"].concat().into_bytes().into(), value.into_bytes().into(), b"\n".into()]);
    }
    let at = time.ok_or(Reason::TimestampMalformed)?;
    // Anybody with an account has SNS sign what they like: it must be the topic that is expected.
    if !option(options, "topicArn")?.split(',').any(|known| Some(known.trim()) == topic.as_deref()) {
        return Err(Reason::SignatureMismatch);
    }
    let key = KeySource::Certificate(certificate);
    let stamp = Some(Stamp { at, unit: TimeFormat::Rfc3339.unit() });
    let check = Check { algorithm, contents: vec![content], signatures: vec![signature], key };
    Ok(Some(Claim { stamp, id, ..Claim::of(check) }))
}

/// Whether a certificate's URL is Amazon's: `sns.<region>.amazonaws.com`, or `.com.cn`.
fn is_amazons(url: &str) -> bool {
    let Some(url) = pinned(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let region = host
        .strip_prefix("sns.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    region.is_some_and(|region| region.len() >= 3 && region.bytes().all(letter)) && url.path().ends_with(".pem")
}
