use super::*;
use proptest::prelude::*;

fn standard() -> Scheme {
    crate::profile::standard().signature.clone()
}

fn hub(algorithm: Algorithm, prefix: &str) -> Scheme {
    Scheme {
        algorithm,
        secret_encoding: SecretEncoding::Utf8,
        content: "{body}".into(),
        encoding: Encoding::Hex,
        header: "X-Hub-Signature".into(),
        more_headers: vec![],
        format: format!("{prefix}={{signature}}"),
        separator: None,
        asymmetric_format: None,
        timestamp_header: None,
        timestamp_field: None,
        timestamp_format: TimeFormat::Seconds,
        tolerance_seconds: None,
        id_header: None,
        id_field: None,
    }
}

fn message(body: &[u8]) -> Message<'_> {
    Message { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", time: 1_614_265_330_000, body, method: "POST", url: "" }
}

/// Vectors from the pages of those who verify them.
#[test]
fn signs_what_others_publish() {
    // Standard Webhooks, libraries' own test vector.
    let scheme = standard();
    let key = scheme.key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let headers = scheme.sign([&key], message(br#"{"test": 2432232314}"#));
    assert_eq!(
        headers,
        [
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()),
            ("webhook-timestamp", "1614265330".to_owned()),
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
        ]
    );
    // GitHub, "Validating webhook deliveries", testing values.
    let scheme = hub(Algorithm::HmacSha256, "sha256");
    let key = scheme.key("It's a Secret to Everybody").unwrap();
    assert_eq!(
        scheme.sign([&key], message(b"Hello, World!"))[0].1,
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
    // RFC 2202, HMAC-SHA1, test case 2; RFC 4231, HMAC-SHA512, test case 2.
    for (algorithm, expected) in [
        (Algorithm::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            Algorithm::HmacSha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ] {
        let scheme = hub(algorithm, "s");
        let key = scheme.key("Jefe").unwrap();
        assert_eq!(scheme.sign([&key], message(b"what do ya want for nothing?"))[0].1, format!("s={expected}"));
    }
    // RFC 8032, section 7.1, test 2.
    let scheme =
        Scheme { algorithm: Algorithm::Ed25519, secret_encoding: SecretEncoding::Hex, ..hub(Algorithm::Ed25519, "e") };
    let key = scheme.key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    assert_eq!(
        scheme.sign([&key], message(&[0x72]))[0].1,
        "e=92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
}

#[test]
fn secrets_are_read_as_the_scheme_says() {
    use Algorithm::{Ed25519, HmacSha256};
    use SecretEncoding::{Base64, Hex, Utf8};
    let pair = "whsk_TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs9QBfD6EOJWpK3CqdNG368nJgszy7ElozAzVXxKvRmDA==";
    for (algorithm, encoding, secret, fault) in [
        (HmacSha256, Base64, "whsec_AQID", None),
        (HmacSha256, Base64, "AQIDBA", None),
        (HmacSha256, Base64, "whsec_AQI*", Some(SecretError::Base64)),
        (HmacSha256, Base64, "whsec_", Some(SecretError::Length)),
        (HmacSha256, Utf8, "whsec_", None),
        (HmacSha256, Utf8, "", Some(SecretError::Length)),
        (HmacSha256, Utf8, "a\n", Some(SecretError::Characters)),
        (HmacSha256, Hex, "0aFF", None),
        (HmacSha256, Hex, "0aF", Some(SecretError::Hex)),
        (Ed25519, Base64, pair, None),
        (Ed25519, Base64, "whsk_AQID", Some(SecretError::Ed25519)),
        // The public half of another pair.
        (Ed25519, Base64, &pair.replace("9QBf", "8QBf"), Some(SecretError::Ed25519)),
    ] {
        assert_eq!(Key::read(algorithm, encoding, secret).err(), fault, "{secret}");
    }
    assert_eq!(format!("{:?}", Key::read(HmacSha256, Utf8, "hunter2").unwrap()), "[REDACTED]");
}

#[test]
fn every_secret_in_force_signs_where_the_format_can_carry_it() {
    let scheme = standard();
    let keys = ["whsec_AQID", "whsec_BAUG"].map(|secret| scheme.key(secret).unwrap());
    let both = &scheme.sign(&keys, message(b"x"))[0].1;
    let alone: Vec<String> = keys.iter().map(|key| scheme.sign([key], message(b"x"))[0].1.clone()).collect();
    assert_eq!(*both, alone.join(" "));

    let scheme = Scheme {
        content: "{timestamp}.{body}".into(),
        format: "t={timestamp},v1={signature}".into(),
        separator: Some(",".into()),
        ..hub(Algorithm::HmacSha256, "")
    };
    let keys = ["one", "two"].map(|secret| scheme.key(secret).unwrap());
    let value = &scheme.sign(&keys, message(b"x"))[0].1;
    let items: Vec<&str> = value.split(',').collect();
    assert_eq!(items.len(), 3, "{value}");
    assert_eq!(items[0], "t=1614265330");
    assert!(items[1..].iter().all(|item| item.starts_with("v1=") && item.len() == 67));

    let scheme = hub(Algorithm::HmacSha256, "sha256");
    let keys = ["one", "two"].map(|secret| scheme.key(secret).unwrap());
    assert_eq!(scheme.sign(&keys, message(b"x")), scheme.sign(&keys[..1], message(b"x")));
    assert!(scheme.sign([], message(b"x")).is_empty());
}

#[test]
fn a_scheme_that_could_not_be_verified_is_refused() {
    let good = standard();
    assert_eq!(good.faults(), []);
    let field = |scheme: Scheme| scheme.faults().first().map(|(field, _)| *field);
    for (scheme, at) in [
        (Scheme { content: "{id}.{timestamp}".into(), ..good.clone() }, "content"),
        (Scheme { content: "{body}{url}".into(), ..good.clone() }, "content"),
        (Scheme { format: "v1,".into(), ..good.clone() }, "format"),
        (Scheme { format: "{signature}\r\nX: y".into(), ..good.clone() }, "format"),
        (Scheme { separator: Some(String::new()), ..good.clone() }, "separator"),
        (Scheme { timestamp_header: None, ..good.clone() }, "timestampHeader"),
        (Scheme { id_header: None, ..good.clone() }, "idHeader"),
        (Scheme { header: "Content-Length".into(), ..good.clone() }, "header"),
        (Scheme { header: "WEBHOOK-ID".into(), ..good.clone() }, "header"),
    ] {
        assert_eq!(field(scheme.clone()), Some(at), "{scheme:?}");
    }
}

proptest! {
    /// The official library is the judge, whatever the bytes, the id and the secret.
    #[test]
    fn standardwebhooks_verifies_what_we_sign(secret in proptest::collection::vec(any::<u8>(), 1..80), body in "\\PC*") {
        let text = format!("whsec_{}", BASE64.encode(&secret));
        let scheme = standard();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let message = Message { id: "del_1", time: now as i64 * 1000, body: body.as_bytes(), method: "POST", url: "" };
        let mut headers = http::HeaderMap::new();
        for (name, value) in scheme.sign(&vec![scheme.key(&text).unwrap()], message) {
            headers.insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        let judge = standardwebhooks::Webhook::new(&text).unwrap();
        prop_assert!(judge.verify(body.as_bytes(), &headers).is_ok());
        let other = [body.as_bytes(), b" "].concat();
        prop_assert!(judge.verify(&other, &headers).is_err());
    }
}

#[test]
fn a_private_key_signs_beside_a_shared_secret() {
    let scheme = standard();
    let private = crate::profile::private_key(&[5; 32]);
    let shared = scheme.key("whsec_c2VjcmV0").unwrap();
    let key = scheme.key(&private).unwrap();
    let public = key.public().unwrap();
    let message = Message { id: "del_1", time: 1_700_000_000_000, body: b"{}", method: "POST", url: "" };
    let headers = scheme.sign([&key, &shared], message);
    let (v1a, v1) = headers[0].1.split_once(' ').unwrap();
    assert!(v1a.starts_with("v1a,") && v1.starts_with("v1,"), "{headers:?}");
    assert_eq!(scheme.sign([&shared], message)[0].1, v1, "the shared one signs as it does alone");
    let point: [u8; 32] = BASE64.decode(&public[5..]).unwrap().try_into().unwrap();
    let verifying = ed25519_dalek::VerifyingKey::from_bytes(&point).unwrap();
    let signature: [u8; 64] = BASE64.decode(&v1a[4..]).unwrap().try_into().unwrap();
    let content = b"del_1.1700000000.{}";
    assert!(verifying.verify_strict(content, &ed25519_dalek::Signature::from_bytes(&signature)).is_ok());
    assert_eq!(shared.public(), None);
}
