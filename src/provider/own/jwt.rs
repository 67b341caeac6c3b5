//! JSON Web Tokens (RFC 7519) that vouch for a request.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::json;
use crate::secret::same_bytes;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason};
use crate::time::Millis;

/// No provider's token is longer.
const MAX_TOKEN: usize = 16 << 10;

/// HMAC with SHA-256.
pub const HS256: (&str, Algorithm) = ("HS256", Algorithm::HmacSha256);
/// HMAC with SHA-384.
pub const HS384: (&str, Algorithm) = ("HS384", Algorithm::HmacSha384);
/// HMAC with SHA-512.
pub const HS512: (&str, Algorithm) = ("HS512", Algorithm::HmacSha512);
/// RSA with SHA-256.
pub const RS256: (&str, Algorithm) = ("RS256", Algorithm::RsaSha256);
/// ECDSA over P-256.
pub const ES256: (&str, Algorithm) = ("ES256", Algorithm::EcdsaP256Sha256);
/// Ed25519.
pub const EDDSA: (&str, Algorithm) = ("EdDSA", Algorithm::Ed25519);

/// A token, taken apart.
#[derive(Debug, Clone)]
pub struct Jwt<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    claims: BTreeMap<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Reads a token whose algorithm is one of those that the provider uses: what the token says of itself chooses among
    /// them and no others. Keys that a header brings along are not looked at.
    ///
    /// # Errors
    /// Where it is no such token.
    pub fn read(token: &'a str, allowed: &[(&str, Algorithm)]) -> Result<Self, Reason> {
        Self::parse(token, allowed).ok_or(Reason::SignatureMalformed)
    }

    fn parse(token: &'a str, allowed: &[(&str, Algorithm)]) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= MAX_TOKEN)?;
        let (header, claims) = signed.split_once('.')?;
        // A third dot is no letter of the alphabet.
        let header = object(header)?;
        let name = header.get("alg")?.as_str()?;
        let (_, algorithm) = *allowed.iter().find(|(known, _)| *known == name)?;
        if header.contains_key("crit") {
            return None;
        }
        let kid = match header.get("kid") {
            Some(kid) => Some(kid.as_str()?.to_owned()),
            None => None,
        };
        let signature = Encoding::Base64url.decode(signature)?;
        let fits = match algorithm {
            Algorithm::HmacSha256 => signature.len() == 32,
            Algorithm::HmacSha384 => signature.len() == 48,
            Algorithm::RsaSha256 => matches!(signature.len(), 256..=1024),
            // Two numbers of 32 bytes each (RFC 7518, section 3.4).
            _ => signature.len() == 64,
        };
        fits.then_some(Jwt { algorithm, kid, claims: object(claims)?, signed, signature })
    }

    /// Whether it is signed with a private key.
    pub fn is_public(&self) -> bool {
        self.algorithm.is_public()
    }

    /// The name of its key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether a claim is there.
    pub fn has(&self, name: &str) -> bool {
        self.claims.contains_key(name)
    }

    /// A claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// A claim that must be there, a string.
    ///
    /// # Errors
    /// Where it is not.
    pub fn text(&self, name: &str) -> Result<&str, Reason> {
        self.get(name).and_then(Value::as_str).ok_or(Reason::SignatureMalformed)
    }

    /// Refuses a token that somebody else issued.
    ///
    /// # Errors
    /// Where it is one, or does not say.
    pub fn issued_by(&self, issuer: &str) -> Result<(), Reason> {
        if self.text("iss")? == issuer { Ok(()) } else { Err(Reason::SignatureMismatch) }
    }

    /// The first whole millisecond that is not before a claim's time, where it is there.
    ///
    /// # Errors
    /// Where it is no time.
    pub fn time(&self, name: &str) -> Result<Option<Millis>, Reason> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| seconds.abs() < 1e12).ok_or(Reason::TimestampMalformed)?;
        // A fraction is allowed; of an i64's range it uses a part.
        Ok(Some((seconds * 1000.0).ceil() as Millis))
    }

    /// The time of a claim that must be there.
    ///
    /// # Errors
    /// Where it is not.
    pub fn required_time(&self, name: &str) -> Result<Millis, Reason> {
        self.time(name)?.ok_or(Reason::TimestampMissing)
    }

    /// Not before `nbf`, and before `exp`.
    ///
    /// # Errors
    /// Where they are no times.
    pub fn window(&self) -> Result<(Option<Millis>, Option<Millis>), Reason> {
        Ok((self.time("nbf")?, self.time("exp")?.map(|end| end.saturating_sub(1))))
    }

    /// Refuses another body than the one whose hash, in hexadecimal, a claim holds. Without that claim there is no body.
    ///
    /// # Errors
    /// Where there is another one.
    pub fn covers_or_empty(&self, name: &str, body: &[u8]) -> Result<(), Reason> {
        match self.has(name) {
            true => self.covers(name, Encoding::Hex, body),
            false if body.is_empty() => Ok(()),
            false => Err(Reason::SignatureMalformed),
        }
    }

    /// Refuses other bytes than those whose hash a claim holds.
    ///
    /// # Errors
    /// Where they are others.
    pub fn covers(&self, name: &str, encoding: Encoding, bytes: &[u8]) -> Result<(), Reason> {
        let told = encoding.decode(self.text(name)?).filter(|hash| hash.len() == 32);
        let told = told.ok_or(Reason::SignatureMalformed)?;
        if same_bytes(&told, &Sha256::digest(bytes)) { Ok(()) } else { Err(Reason::SignatureMismatch) }
    }

    /// What it claims.
    pub fn claim(self, key: KeySource) -> Claim<'a> {
        Claim::of(Check {
            algorithm: self.algorithm,
            contents: vec![vec![self.signed.as_bytes().into()]],
            signatures: vec![self.signature],
            key,
        })
    }
}

/// The token in an `Authorization` header, with or without the scheme before it.
pub fn bearer(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start_matches(' '),
        _ => value,
    }
}

/// The name of a key that is to be asked for: it becomes part of a request.
pub fn key_name(name: &str) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (matches!(name.len(), 1..=64) && name.bytes().all(allowed)).then_some(name)
}

/// The members of an object in base64url; none may come twice.
fn object(part: &str) -> Option<BTreeMap<String, Value>> {
    let bytes = Encoding::Base64url.decode(part)?;
    json::object(&bytes)?;
    crate::body::parsed(&bytes).ok()
}

/// Writes a token with HMAC-SHA256.
pub fn write(key: &crate::signature::Key, claims: &Value) -> String {
    let part = |value: &str| Encoding::Base64url.encode(value.as_bytes());
    let signed = [part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string())].join(".");
    let signature = Encoding::Base64url.encode(&key.sign(&[signed.as_bytes()]));
    [signed, signature].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(header: &str, claims: &str, signature: usize) -> String {
        let part = |bytes: &[u8]| Encoding::Base64url.encode(bytes);
        [part(header.as_bytes()), part(claims.as_bytes()), part(&vec![0; signature])].join(".")
    }

    #[test]
    fn the_algorithm_is_not_the_tokens_to_choose() {
        let good = token(r#"{"alg":"HS256","typ":"JWT","kid":"1","jwk":{}}"#, "{}", 32);
        assert_eq!(Jwt::read(&good, &[HS256]).unwrap().kid(), Some("1"));
        assert!(Jwt::read(&good, &[ES256]).is_err());
        for bad in [
            token(r#"{"alg":"none"}"#, "{}", 0),
            token(r#"{"alg":"none"}"#, "{}", 32),
            token(r#"{"alg":"hs256"}"#, "{}", 32),
            token(r#"{"alg":"HS256 "}"#, "{}", 32),
            token(r#"{"alg":"HS512"}"#, "{}", 64),
            token(r#"{"alg":["HS256"]}"#, "{}", 32),
            token(r#"{"alg":"none","alg":"HS256"}"#, "{}", 32),
            token(r#"{"alg":"HS256","\u0061lg":"HS256"}"#, "{}", 32),
            token(r#"{"alg":"HS256","crit":["b64"]}"#, "{}", 32),
            token(r#"{"alg":"HS256","kid":1}"#, "{}", 32),
            token(r#"{"typ":"JWT"}"#, "{}", 32),
            token(r#"["HS256"]"#, "{}", 32),
            token(r#"{"alg":"HS256"}"#, r#"{"a":1,"a":2}"#, 32),
            token(r#"{"alg":"HS256"}"#, "[]", 32),
            token(r#"{"alg":"HS256"}"#, "{}", 31),
            token(r#"{"alg":"HS256"}"#, "{}", 0),
            [&good, "."].concat(),
            [&good, "="].concat(),
            [".", &good].concat(),
            [&good, " "].concat(),
            good.replacen('.', "", 1),
            good.replace('.', ".."),
            token(r#"{"alg":"HS256"}"#, &["{\"a\":", &"[".repeat(200), &"]".repeat(200), "}"].concat(), 32),
            token(r#"{"alg":"HS256"}"#, &["{\"a\":\"", &"x".repeat(MAX_TOKEN), "\"}"].concat(), 32),
            String::new(),
        ] {
            assert_eq!(Jwt::read(&bad, &[HS256]).err(), Some(Reason::SignatureMalformed), "{bad:.80}");
        }
    }

    #[test]
    fn times_are_numbers() {
        let times = |claims: &str| {
            let token = token(r#"{"alg":"HS256"}"#, claims, 32);
            Jwt::read(&token, &[HS256]).unwrap().window()
        };
        assert_eq!(times("{}"), Ok((None, None)));
        assert_eq!(times(r#"{"nbf":1.0015,"exp":2}"#), Ok((Some(1002), Some(1999))));
        assert_eq!(times(r#"{"exp":-1}"#), Ok((None, Some(-1001))));
        for claims in [r#"{"exp":"2"}"#, r#"{"exp":null}"#, r#"{"exp":1e300}"#, r#"{"nbf":true}"#] {
            assert_eq!(times(claims), Err(Reason::TimestampMalformed), "{claims}");
        }
    }

    #[test]
    fn hashes_are_compared_whole() {
        let hash = |text: &str| {
            let token = token(r#"{"alg":"HS256"}"#, &format!("{{\"h\":{text}}}"), 32);
            Jwt::read(&token, &[HS256]).unwrap().covers_or_empty("h", b"x")
        };
        let right = hex::encode(Sha256::digest(b"x"));
        assert_eq!(hash(&format!("\"{right}\"")), Ok(()));
        assert_eq!(hash(&format!("\"{}\"", hex::encode(Sha256::digest(b"y")))), Err(Reason::SignatureMismatch));
        for bad in
            [format!("\"{}\"", right.to_uppercase()), format!("\"{}\"", &right[..62]), "\"\"".into(), "null".into()]
        {
            assert_eq!(hash(&bad), Err(Reason::SignatureMalformed), "{bad}");
        }
    }

    #[test]
    fn a_scheme_may_stand_before_the_token() {
        for (value, token) in [("a.b.c", "a.b.c"), ("Bearer a", "a"), ("bearer  a", "a"), ("Basic a", "Basic a")] {
            assert_eq!(bearer(value), token);
        }
    }

    proptest! {
        #[test]
        fn no_token_panics(token in "\\PC{0,40}|[A-Za-z0-9_.-]{0,60}", header: Vec<u8>, claims: Vec<u8>) {
            let part = |bytes: &[u8]| Encoding::Base64url.encode(bytes);
            let _ = Jwt::read(&token, &[HS256, ES256]);
            let made = [part(&header), part(&claims), part(&[0; 32])].join(".");
            let _ = Jwt::read(&made, &[HS256, ES256]);
        }
    }
}
