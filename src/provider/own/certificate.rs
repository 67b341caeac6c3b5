//! Reading the public key of an X.509 certificate (RFC 5280), as DER (X.690) writes it and in no other way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;

use crate::time::Millis;

/// Larger than any provider's certificate with its issuers behind it.
const MAX_PEM: usize = 64 << 10;

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version of a certificate.
const VERSION: u8 = 0xa0;

/// 1.2.840.113549.1.1.1, the name of RSA keys.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// RSA keys of fewer than 2,048 bits are not to be trusted any more.
const MIN_MODULUS: usize = 256;

/// The SubjectPublicKeyInfo of the first certificate in a PEM, or of one in DER, if it is valid now. Who issued it is not
/// looked at: it came, over TLS, from the provider's own host.
pub fn public_key(certificate: &[u8], now: Millis) -> Option<Vec<u8>> {
    if certificate.len() > MAX_PEM {
        return None;
    }
    if certificate.first() == Some(&SEQUENCE) {
        return of_der(certificate, now);
    }
    let text = std::str::from_utf8(certificate).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (inner, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let inner: String = inner.split_ascii_whitespace().collect();
    of_der(&STANDARD.decode(inner).ok()?, now)
}

fn of_der(bytes: &[u8], now: Millis) -> Option<Vec<u8>> {
    let mut outer = Der(bytes);
    let mut certificate = Der(outer.take(SEQUENCE)?);
    let mut body = Der(certificate.take(SEQUENCE)?);
    // What it is signed with, and the signature.
    certificate.take(SEQUENCE)?;
    certificate.take(BITS)?;
    (outer.is_empty() && certificate.is_empty()).then_some(())?;
    if body.peek() == Some(VERSION) {
        body.take(VERSION)?;
    }
    body.take(INTEGER)?;
    body.take(SEQUENCE)?;
    body.take(SEQUENCE)?;
    let mut validity = Der(body.take(SEQUENCE)?);
    let (from, until) = (validity.time()?, validity.time()?);
    // The last second is part of it.
    let valid = validity.is_empty() && from <= now && now < until.checked_add(1000)?;
    body.take(SEQUENCE)?;
    let key = body.whole(SEQUENCE)?;
    (valid && is_public_key(key)).then(|| key.to_vec())
}

/// Whether this is a SubjectPublicKeyInfo, and, if it is of RSA, one of a length that can be trusted.
pub fn is_public_key(bytes: &[u8]) -> bool {
    key_parts(bytes).is_some()
}

fn key_parts(bytes: &[u8]) -> Option<()> {
    let mut outer = Der(bytes);
    let mut info = Der(outer.take(SEQUENCE)?);
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let name = algorithm.take(OBJECT)?;
    let key = info.take(BITS)?.strip_prefix(&[0])?;
    (outer.is_empty() && info.is_empty()).then_some(())?;
    if name == RSA {
        let mut outer = Der(key);
        let mut numbers = Der(outer.take(SEQUENCE)?);
        let modulus = numbers.take(INTEGER)?;
        numbers.take(INTEGER)?;
        (outer.is_empty() && numbers.is_empty()).then_some(())?;
        // A zero keeps the number from being negative.
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        (modulus.len() >= MIN_MODULUS).then_some(())?;
    }
    Some(())
}

/// Values one after another.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The contents of the next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (contents, _) = self.next(tag)?;
        Some(contents)
    }

    /// The next value with its tag and length.
    fn whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (_, whole) = self.next(tag)?;
        Some(whole)
    }

    fn next(&mut self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let all = self.0;
        let (first, rest) = all.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                let length = digits.iter().fold(0usize, |sum, digit| (sum << 8) | usize::from(*digit));
                // No longer than it must be, or one key would have several spellings.
                let shortest = if digits.len() == 1 { length >= 0x80 } else { digits.first() != Some(&0) };
                (Some(length).filter(|_| shortest)?, rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        let whole = all.get(..all.len().checked_sub(rest.len())?)?;
        (*first == tag).then_some((contents, whole))
    }

    /// A time in UTC, of years with two digits (from 1950) or four.
    fn time(&mut self) -> Option<Millis> {
        let (digits, century) = match self.peek()? {
            UTC_TIME => (self.take(UTC_TIME)?, 0),
            _ => {
                let (century, rest) = self.take(GENERALIZED_TIME)?.split_at_checked(2)?;
                (rest, number(century)?)
            }
        };
        let mut pairs = digits.strip_suffix(b"Z").filter(|digits| digits.len() == 12)?.chunks(2).map(number);
        let mut pair = || pairs.next().flatten();
        let year = pair()?;
        let century = match century {
            0 if year >= 50 => 19,
            0 => 20,
            century => century,
        };
        let year = i32::try_from(century.checked_mul(100)?.checked_add(year)?).ok()?;
        let date = NaiveDate::from_ymd_opt(year, pair()?, pair()?)?;
        Some(date.and_hms_opt(pair()?, pair()?, pair()?)?.and_utc().timestamp_millis())
    }
}

/// Two digits.
fn number(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made with OpenSSL, as their keys below were read from them: valid for ten years.
    const RSA_PEM: &str = "-----BEGIN CERTIFICATE-----
MIIDGTCCAgGgAwIBAgIUO2cV0g93AOpQRCUEFaij9G+tIaIwDQYJKoZIhvcNAQEL
BQAwHDEaMBgGA1UEAwwRc25zLmFtYXpvbmF3cy5jb20wHhcNMjYxMTIxMTMyMjQx
WhcNMzYxMTE4MTMyMjQxWjAcMRowGAYDVQQDDBFzbnMuYW1hem9uYXdzLmNvbTCC
ASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBANgCInf5y+U9JAUA+BRgxmRq
QQ3jOUwC3QSqWf3ifiVyW9Y0eJd3u6S3JqKqjvWUSiUbPztPNSgEbg448PMjJnBG
g4ftCioxDp8MRQq8O62wrnAAkqBhQKAmAIc8PUvGJXv9ES6btbyivMi4b6WdcghV
3+H6ozwvr9C9PCIqR4YAUudFfdVg9qwnvTBJ+gLVtE+vzRJALNnF3LWNsxzxEcRE
/G61Z7leXfyrKUuD2M2k2/na5aaRfbcfIlQBcEL2Ji/eRmAzZyZfc1oJ6pOw/w95
xrrR8XSK7+Fju4xmLkgfDb72B2heavhvGuUhwtV95OeNS0fHG87sjzUgWdMq5/EC
AwEAAaNTMFEwHQYDVR0OBBYEFOSScyw4kf346lrKgTGr1E/P7J2UMB8GA1UdIwQY
MBaAFOSScyw4kf346lrKgTGr1E/P7J2UMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZI
hvcNAQELBQADggEBAFBpPS1R7Xjbcx+wyg9T1lRLmMJKWEUF+7Bo3kjpACrm8Wqp
UVf4GZoUhRZmZlD83ZArHJlO1jvbdhE4czkJKkzq8wF0RIpdc1tg4DHPrC/SDGpc
SsONTz71uhgXIfsr4MZLet4PCrnjEChfscJGVSHIYGhuWGFGd4tqD12m2io2zI6h
opmVyUC/bEYPiE4OTt0Ha/GX1CPZMU0LibuTPU9pXWZcf6ymicAVT3hUj3EsNfBJ
iAQjb09wo0NzWFVyOXHqi3hPdpMgL4ZsP/SMQa5XReymyXqh/qGVtHCKbu/lloWb
iBamGydDoxPr/UKxK3naTy6WTsZJmUEzVndp21M=
-----END CERTIFICATE-----
";
    /// Valid until 2081, which takes a year of four digits.
    const EC_PEM: &str = "-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUZ0qyK0NoOqa/GWLeVuloaZdKnEswCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCZWMwIBcNMjYxMTIxMTMyMjQxWhgPMjA4MTA4MjQxMzIyNDFa
MA0xCzAJBgNVBAMMAmVjMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOKtmPKx1
I18PpTrNZtDLcFYKzArGh3BbyGYUr476IUttk00qJRPUIagrMSNQrVQ1B2HFmHWQ
5gAdYrTejMmMwqNTMFEwHQYDVR0OBBYEFCiLEhU4fjSEpfuqeJFXV9/n2cGyMB8G
A1UdIwQYMBaAFCiLEhU4fjSEpfuqeJFXV9/n2cGyMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgctyENqDx8o0e3oU2z6V2YTCzizXWIkIeKbRfYfF8
BtcCIArQyPQ7iP2pnbnFoi/ooMz9a9V1svDFhsMr5UK79RZs
-----END CERTIFICATE-----
";
    /// Of 1,024 bits.
    const WEAK_PEM: &str = "-----BEGIN CERTIFICATE-----
MIIB+jCCAWOgAwIBAgIUOKFJcYCUM/FFkyC3pGW+4QD0KqgwDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEd2VhazAeFw0yNjExMjExMzIyMjFaFw0zNjExMTgxMzIy
MjFaMA8xDTALBgNVBAMMBHdlYWswgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGB
AK9pwIFOhQRnCCvjVwhG9PU5vVFDM7YCkE9ZTPDvQwCtn1mXrbMpuHIgLuf+k4ri
C1bf3hDsDYt6FNaJKHAZhLC8oREwx1Dh0Ekk/sB1uvBoxVa3p/E3fLrDT7qrY+Ii
d8mpJIWflwQziwr5o5OykityOkbPi1p9fwh9idDJKzsfAgMBAAGjUzBRMB0GA1Ud
DgQWBBRO2Qk5VX1ZOoG4ngFjMN4ALhTeOTAfBgNVHSMEGDAWgBRO2Qk5VX1ZOoG4
ngFjMN4ALhTeOTAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAJsU
x/d2mf7R/CP2Dwo5Y0WWhRr0XqM8dAPiS36GyHt1/OEkU5Lup73LF6xey0PtXnbI
w5wau1svEkn0A1TFqeYmtzudbGvFCNfdMp303mBu39CVsUl53rU1xIMOfWV1+LQQ
QaEklJ4rU+Hv6cOc4Qg6m5L4GeKzKCTDg3Xw4cSU
-----END CERTIFICATE-----
";
    const FROM: Millis = 1_795_267_361_000;

    fn base64(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    #[test]
    fn the_key_is_what_others_read() {
        let rsa = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2AIid/nL5T0kBQD4FGDGZGpBDeM5TALdBKpZ/eJ+JXJb1jR4l3e7pLcmoqqO9ZRKJRs/O081KARuDjjw8yMmcEaDh+0KKjEOnwxFCrw7rbCucACSoGFAoCYAhzw9S8Yle/0RLpu1vKK8yLhvpZ1yCFXf4fqjPC+v0L08IipHhgBS50V91WD2rCe9MEn6AtW0T6/NEkAs2cXctY2zHPERxET8brVnuV5d/KspS4PYzaTb+drlppF9tx8iVAFwQvYmL95GYDNnJl9zWgnqk7D/D3nGutHxdIrv4WO7jGYuSB8NvvYHaF5q+G8a5SHC1X3k541LR8cbzuyPNSBZ0yrn8QIDAQAB";
        let ec = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOKtmPKx1I18PpTrNZtDLcFYKzArGh3BbyGYUr476IUttk00qJRPUIagrMSNQrVQ1B2HFmHWQ5gAdYrTejMmMwg==";
        assert_eq!(public_key(RSA_PEM.as_bytes(), FROM), Some(base64(rsa)));
        assert_eq!(public_key(EC_PEM.as_bytes(), FROM), Some(base64(ec)));
        assert_eq!(public_key([RSA_PEM, EC_PEM].concat().as_bytes(), FROM), Some(base64(rsa)), "the first");
        assert_eq!(public_key(WEAK_PEM.as_bytes(), FROM), None);
    }

    #[test]
    fn a_certificate_has_its_time() {
        for (pem, until) in [(RSA_PEM, 2_110_627_361_000), (EC_PEM, 3_523_267_361_000)] {
            for (now, valid) in
                [(FROM - 1, false), (FROM, true), (until + 999, true), (until + 1000, false), (0, false)]
            {
                assert_eq!(public_key(pem.as_bytes(), now).is_some(), valid, "{now}");
            }
        }
    }

    #[test]
    fn no_other_spelling_is_read() {
        let der = |pem: &str| {
            let inner: String = pem.lines().filter(|line| !line.contains('-')).collect();
            base64(&inner)
        };
        let good = der(RSA_PEM);
        assert!(public_key(&good, FROM).is_some());
        assert_eq!(public_key(&[good.as_slice(), &[0]].concat(), FROM), None);
        assert_eq!(public_key(RSA_PEM.replace("CERTIFICATE", "PUBLIC KEY").as_bytes(), FROM), None);
        for length in 0..good.len() {
            assert_eq!(public_key(&good[..length], FROM), None, "{length}");
        }
        // The same length with one more digit.
        let mut longer = good.clone();
        assert_eq!(longer[1], 0x82);
        longer.splice(1..2, [0x83, 0]);
        assert_eq!(public_key(&longer, FROM), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let _ = public_key(&bytes, 0);
            let _ = is_public_key(&bytes);
            let _ = public_key(&[&[0x30], bytes.as_slice()].concat(), 0);
            let inner: String = EC_PEM.lines().filter(|line| !line.contains('-')).collect();
            let mut der = base64(&inner);
            let at = at.index(der.len());
            der[at] = byte;
            let _ = public_key(&der, FROM);
        }
    }
}
