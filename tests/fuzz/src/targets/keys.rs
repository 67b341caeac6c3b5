//! What reads keys: certificates, DER, PEM, JSON Web Keys, the answers of those who are asked for one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use signet::provider::{Options, Own};
use signet::signature::{Algorithm, KeySource, VerifyingKey, raw_ecdsa};

use crate::call::NOW;
use crate::vectors;

const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::Ed25519,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP256Sha1,
    Algorithm::RsaSha256,
    Algorithm::RsaSha1,
];

/// The same bytes for every reader.
pub fn run(input: &[u8]) {
    signature(input);
    answer(input);
    if let Ok(text) = std::str::from_utf8(input) {
        secret(text);
    }
    // As a key stands in a secret: changes of its bytes are too many letters apart.
    secret(&STANDARD.encode(input));
    secret(&URL_SAFE_NO_PAD.encode(input));
}

/// Of all spellings of a signature one alone is read: what was read makes it again.
fn signature(input: &[u8]) {
    let Some(raw) = raw_ecdsa(input) else { return };
    assert_eq!(raw.len(), 64);
    let number = |digits: &[u8]| {
        let zeros = digits.iter().take_while(|digit| **digit == 0).count().min(31);
        let sign: &[u8] = if digits[zeros] < 0x80 { &[] } else { &[0] };
        let value = [sign, &digits[zeros..]].concat();
        [&[2, u8::try_from(value.len()).unwrap()], value.as_slice()].concat()
    };
    let numbers = [number(&raw[..32]), number(&raw[32..])].concat();
    assert_eq!([&[0x30, u8::try_from(numbers.len()).unwrap()], numbers.as_slice()].concat(), input);
}

fn answer(input: &[u8]) {
    let certificate = KeySource::Certificate("https://sns.us-east-1.amazonaws.com/a.pem".into());
    let mut named = vec![KeySource::Named(String::new()), KeySource::Named("key-1".into())];
    if let Some(name) =
        serde_json::from_slice::<serde_json::Value>(input).ok().as_ref().and_then(|it| it["key"]["kid"].as_str())
    {
        named.push(KeySource::Named(name.into()));
    }
    for algorithm in ALGORITHMS {
        check(algorithm, &Own::AwsSns.keys_in(&certificate, algorithm, input, NOW));
        for own in [Own::Plaid, Own::Ebay, Own::FalAi, Own::Fusionauth] {
            for key in &named {
                check(algorithm, &own.keys_in(key, algorithm, input, NOW));
            }
        }
    }
    if let Some((token, _)) = Own::leave_in(input) {
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

fn secret(text: &str) {
    for own in [Own::Plaid, Own::Ebay, Own::FalAi, Own::Fusionauth] {
        let key = own.key(text, &Options::new());
        assert!(
            key.is_err() || own.key(text, &Options::new()).is_ok_and(|again| again.bytes() == key.unwrap().bytes())
        );
    }
}

/// Keys are public ones, of a length that WebCrypto can be asked to import.
fn check(algorithm: Algorithm, keys: &[VerifyingKey]) {
    assert!(keys.len() <= 32);
    for key in keys {
        assert!(matches!(key, VerifyingKey::Public(_)));
        let bytes = key.bytes();
        let fits =
            if algorithm == Algorithm::Ed25519 { bytes.len() == 32 } else { bytes[0] == 0x30 && bytes.len() <= 2048 };
        assert!(fits, "{algorithm:?}: {}", hex::encode(bytes));
    }
}

/// Keys and certificates of vectors, as they are and as DER.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        r#"{"access_token":"v^1.1#i^1","expires_in":7200,"token_type":"Application Access Token"}"#,
        r#"{"key":"-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgBB7IsYOyf76ilExJ/upAa/vKIKheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==-----END PUBLIC KEY-----","algorithm":"ECDSA","digest":"SHA1"}"#,
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"key-1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA","use":"sig"}]}"#,
        r#"{"kty":"EC","crv":"P-256","kid":"key-1","x":"ZhhxXKtR-TOvtDbgTPCkSof02qgBB7IsYOyf76ilExI","y":"f7qQGv7yiCoXjqAsjqXC5ouLdG-LnqW-yy45jK_dBVI"}"#,
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    for raw in [
        "3006020101020101",
        "3046022100fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0022100fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0",
        "3059301306072a8648ce3d020106082a8648ce3d030107034200046618715cab51f933afb436e04cf0a44a87f4daa80107b22c60ec9fefa8a513127fba901afef2882a178ea02c8ea5c2e68b8b746f8b9ea5becb2e398cafdd0552",
        "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ] {
        seeds.push(hex::decode(raw).unwrap());
    }
    for key in vectors::all().into_iter().filter_map(|vector| vector.key) {
        let inner: String = key.lines().filter(|line| !line.starts_with('-')).collect();
        seeds.extend(STANDARD.decode(inner).ok());
        seeds.push(key.into_bytes());
    }
    seeds.sort();
    seeds.dedup();
    seeds
}
