//! PayPal: RSA over three headers' values and a checksum of the body, with the certificate that the request names.
//! <https://developer.paypal.com/api/rest/webhooks/rest/>

use super::address::pinned;
use super::{Claimed, header, option};
use crate::provider::Options;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, Stamp, TimeFormat};

/// Reads a request.
pub fn claim<'a>(request: Request<'a>, options: &'a Options) -> Claimed<'a> {
    Some(read(request, options, header(request, "PAYPAL-TRANSMISSION-SIG")?))
}

fn read<'a>(request: Request<'a>, options: &'a Options, signature: &str) -> Result<Claim<'a>, Reason> {
    let malformed = Reason::SignatureMalformed;
    let signature = Encoding::Base64.decode(signature).filter(|bytes| matches!(bytes.len(), 256..=1024));
    let signature = signature.ok_or(malformed)?;
    if header(request, "PAYPAL-AUTH-ALGO") != Some("SHA256withRSA") {
        return Err(malformed);
    }
    // A bar parts what is signed.
    let whole = |text: &&str| !text.contains('|');
    let id = header(request, "PAYPAL-TRANSMISSION-ID").filter(whole).ok_or(malformed)?;
    let time = header(request, "PAYPAL-TRANSMISSION-TIME").ok_or(Reason::TimestampMissing)?;
    let at = TimeFormat::Rfc3339.read(time).filter(|_| whole(&time)).ok_or(Reason::TimestampMalformed)?;
    let certificate = header(request, "PAYPAL-CERT-URL").filter(|url| is_paypals(url)).ok_or(malformed)?;
    let checksum = crc32(request.body).to_string();
    let content = |webhook: &str| {
        let text = [id, time, webhook.trim(), &checksum].join("|");
        vec![text.into_bytes().into()]
    };
    let contents = option(options, "webhookId")?.split(',').take(16).map(content).collect();
    let key = KeySource::Certificate(certificate.to_owned());
    let check = Check { algorithm: Algorithm::RsaSha256, contents, signatures: vec![signature], key };
    let stamp = Some(Stamp { at, unit: TimeFormat::Rfc3339.unit() });
    // The event's own id stands in the body, of which anybody can make another with the same checksum. The
    // transmission's is signed.
    Ok(Claim { stamp, id: Some(id.to_owned()), ..Claim::of(check) })
}

/// Whether a certificate's URL is PayPal's.
fn is_paypals(url: &str) -> bool {
    let Some(url) = pinned(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    (host == "paypal.com" || host.ends_with(".paypal.com")) && url.path().starts_with("/v1/notifications/certs/")
}

/// The CRC-32 of zlib and Ethernet, four bits at a time.
fn crc32(bytes: &[u8]) -> u32 {
    const STEPS: [u32; 16] = [
        0x0000_0000,
        0x1db7_1064,
        0x3b6e_20c8,
        0x26d9_30ac,
        0x76dc_4190,
        0x6b6b_51f4,
        0x4db2_6158,
        0x5005_713c,
        0xedb8_8320,
        0xf00f_9344,
        0xd6d6_a3e8,
        0xcb61_b38c,
        0x9b64_c2b0,
        0x86d3_d2d4,
        0xa00a_e278,
        0xbdbd_f21c,
    ];
    let step = |crc: u32| (crc >> 4) ^ STEPS.get((crc & 15) as usize).copied().unwrap_or_default();
    !bytes.iter().fold(!0, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        for (text, sum) in
            [("", 0), ("123456789", 0xcbf4_3926), ("The quick brown fox jumps over the lazy dog", 0x414f_a339)]
        {
            assert_eq!(crc32(text.as_bytes()), sum);
        }
    }

    #[test]
    fn certificates_are_paypals_alone() {
        for (url, is) in [
            ("https://api.paypal.com/v1/notifications/certs/CERT-1", true),
            ("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1", true),
            ("https://api.paypal.com/v1/other/CERT-1", false),
            ("https://apipaypal.com/v1/notifications/certs/CERT-1", false),
            ("https://paypal.com.evil.example/v1/notifications/certs/CERT-1", false),
            ("https://evil.example/.paypal.com/v1/notifications/certs/CERT-1", false),
            ("http://api.paypal.com/v1/notifications/certs/CERT-1", false),
            ("https://api.paypal.com/v1/notifications/certs/../../x", false),
        ] {
            assert_eq!(is_paypals(url), is, "{url}");
        }
    }
}
