//! Public keys as people have them: a JSON Web Key (RFC 7517), a PEM, or the base64 of a key.

use serde_json::Value;

use super::certificate::is_public_key;
use super::json;
use crate::signature::{Algorithm, Encoding, SecretEncoding, SecretError, VerifyingKey};

/// What stands before the point of a P-256 key in its SubjectPublicKeyInfo (RFC 5480), the form of the point included.
const P256: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// What stands before the numbers of an RSA key: the name of its kind, and nothing (RFC 3279).
const RSA: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A key of a JSON Web Key Set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// Its name.
    pub name: Option<String>,
    /// What it verifies.
    pub algorithm: Algorithm,
    /// 32 bytes of Ed25519, else a SubjectPublicKeyInfo.
    pub bytes: Vec<u8>,
}

/// Reads a key that is public.
pub fn read(text: &[u8]) -> Option<Jwk> {
    json::object(text)?;
    let value: Value = crate::body::parsed(text).ok()?;
    let member = |name: &str| value.get(name)?.as_str();
    let bytes = |name: &str| Encoding::Base64url.decode(member(name)?);
    // A private key has no business here.
    if value.get("d").is_some() || member("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let half = |name: &str| bytes(name).filter(|bytes| bytes.len() == 32);
    let (name, algorithm, bytes) = match (member("kty")?, member("crv")) {
        ("EC", Some("P-256")) => {
            ("ES256", Algorithm::EcdsaP256Sha256, [P256.as_slice(), &half("x")?, &half("y")?].concat())
        }
        ("OKP", Some("Ed25519")) => ("EdDSA", Algorithm::Ed25519, half("x")?),
        ("RSA", None) => ("RS256", Algorithm::RsaSha256, rsa(&bytes("n")?, &bytes("e")?)?),
        _ => return None,
    };
    let fits = member("alg").is_none_or(|told| told == name);
    fits.then(|| Jwk { name: member("kid").map(str::to_owned), algorithm, bytes })
}

/// Reads a secret that is a public key.
///
/// # Errors
/// Where it is none.
pub fn public_key(algorithm: Algorithm, secret: &str) -> Result<VerifyingKey, SecretError> {
    if secret.starts_with('{') {
        let key = read(secret.as_bytes()).filter(|key| key.algorithm == algorithm).ok_or(SecretError::PublicKey)?;
        return VerifyingKey::public(algorithm, key.bytes);
    }
    // As a JSON Web Key writes it.
    if algorithm == Algorithm::Ed25519
        && let Some(bytes) = Encoding::Base64url.decode(secret)
    {
        return VerifyingKey::public(algorithm, bytes);
    }
    let key = VerifyingKey::read(algorithm, SecretEncoding::Base64, secret)?;
    let is = algorithm == Algorithm::Ed25519 || is_public_key(key.bytes());
    if is { Ok(key) } else { Err(SecretError::PublicKey) }
}

/// Reads a secret as a public key of any kind. `None` for what looks like none, and is a secret.
pub fn any_public_key(secret: &str) -> Option<Result<VerifyingKey, SecretError>> {
    if secret.starts_with('{')
        && let Some(key) = read(secret.as_bytes())
    {
        return Some(VerifyingKey::public(key.algorithm, key.bytes));
    }
    let marked = secret.contains("-----BEGIN");
    // An Ed25519 key is known by its length, the others are left as they are.
    let kinds = [Algorithm::Ed25519, Algorithm::RsaSha256];
    let key = kinds.into_iter().find_map(|kind| VerifyingKey::read(kind, SecretEncoding::Base64, secret).ok());
    match key {
        Some(key) if marked || is_public_key(key.bytes()) => Some(Ok(key)),
        _ => marked.then_some(Err(SecretError::PublicKey)),
    }
}

/// The SubjectPublicKeyInfo of an RSA key.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    let numbers = [value(0x02, &positive(modulus)?)?, value(0x02, &positive(exponent)?)?].concat();
    let bits = value(0x03, &[&[0], value(0x30, &numbers)?.as_slice()].concat())?;
    value(0x30, &[&RSA, bits.as_slice()].concat()).filter(|key| is_public_key(key))
}

/// A number that is not negative, with no more zeros than that needs.
fn positive(digits: &[u8]) -> Option<Vec<u8>> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(zeros..)?;
    let sign: &[u8] = if *digits.first()? < 0x80 { &[] } else { &[0] };
    Some([sign, digits].concat())
}

fn value(tag: u8, contents: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(contents.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let head: &[u8] = match length {
        0..=0x7f => &[tag, low],
        0x80..=0xff => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    Some([head, contents].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// eBay's, as its library's tests print it.
    const SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgBB7IsYOyf76ilExJ/upAa/vKIKheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==";

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let der = Encoding::Base64.decode(SPKI).unwrap();
        let half = |range: std::ops::Range<usize>| Encoding::Base64url.encode(&der[range]);
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}","kid":"1"}}"#, half(27..59), half(59..91));
        let pem = format!("-----BEGIN PUBLIC KEY-----{SPKI}-----END PUBLIC KEY-----");
        for secret in [SPKI, &jwk, &pem] {
            assert_eq!(public_key(Algorithm::EcdsaP256Sha256, secret).unwrap().bytes(), der);
            assert_eq!(any_public_key(secret).unwrap().unwrap().bytes(), der);
        }
        assert_eq!(read(jwk.as_bytes()).unwrap().name.as_deref(), Some("1"));
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let good = r#"{"kty":"OKP","crv":"Ed25519","x":"6rlWNISew7SCclRmoYbGbVWVDlj08gL7PYO1eIYTPyo"}"#;
        assert_eq!(read(good.as_bytes()).unwrap().bytes.len(), 32);
        for bad in [
            good.replace('}', r#","d":"AAAA"}"#),
            good.replace('}', r#","use":"enc"}"#),
            good.replace('}', r#","alg":"RS256"}"#),
            good.replace('}', r#","kty":"OKP"}"#),
            good.replace("Ed25519", "X25519"),
            good.replace("Pyo", ""),
            good.replace("Pyo", "Pyo="),
            "{}".into(),
            "[]".into(),
            String::new(),
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
        for secret in ["", "secret", "AAAA", "{", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"] {
            assert!(public_key(Algorithm::EcdsaP256Sha256, secret).is_err(), "{secret}");
        }
        // A secret that happens to be base64 is a secret.
        for secret in
            ["secret", "AAAA", "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"]
        {
            assert!(any_public_key(secret).is_none(), "{secret}");
        }
        assert!(any_public_key("-----BEGIN PRIVATE KEY-----").unwrap().is_err());
    }

    #[test]
    fn numbers_of_rsa_become_a_key() {
        let part = |bytes: &[u8]| Encoding::Base64url.encode(bytes);
        let rsa = |modulus: &[u8]| {
            let text = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, part(modulus));
            read(text.as_bytes()).map(|key| key.bytes)
        };
        let key = rsa(&[0xff; 256]).unwrap();
        assert_eq!((key.len(), key.get(..4)), (294, Some([0x30, 0x82, 0x01, 0x22].as_slice())));
        assert_eq!(rsa(&[0xff; 128]), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[{}\":,a-zA-Z0-9=+/-]{0,80}") {
            let _ = read(text.as_bytes());
            let _ = any_public_key(&text);
            let _ = public_key(Algorithm::Ed25519, &text);
        }
    }
}
