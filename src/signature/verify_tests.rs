//! What is signed is verified; what is changed is not.

use proptest::prelude::*;

use super::*;

const NOW: Millis = 1_700_000_000_000;

fn read(json: &str) -> Scheme {
    serde_json::from_str(json).unwrap()
}

/// What becomes of a request with `headers` under a scheme and secrets.
fn judge(scheme: &Scheme, secrets: &[&str], headers: &[(&str, &str)], body: &[u8]) -> Result<(), Reason> {
    let headers = Headers::new(headers.iter().copied());
    let request = Request { method: "POST", url: "https://example.com/hook?a=b", headers: &headers, body };
    let claim = scheme.claim(request).ok_or(Reason::SignatureMissing)??;
    claim.in_time(NOW, scheme.tolerance_seconds)?;
    let keys: Vec<VerifyingKey> = secrets.iter().map(|secret| scheme.verifying_key(secret).unwrap()).collect();
    for check in &claim.checks {
        if check.holds(&keys).unwrap().is_none() {
            return Err(Reason::SignatureMismatch);
        }
    }
    Ok(())
}

fn stripe() -> Scheme {
    read(
        r#"{"algorithm":"hmac-sha256","content":"{timestamp}.{body}","header":"Stripe-Signature",
        "format":"t={timestamp},v1={signature}","separator":",","toleranceSeconds":300}"#,
    )
}

fn github() -> Scheme {
    read(r#"{"algorithm":"hmac-sha256","header":"X-Hub-Signature-256","format":"sha256={signature}"}"#)
}

#[test]
fn every_reason_has_its_case() {
    use Reason::*;
    let scheme = stripe();
    let good = scheme
        .sign([&scheme.key("s").unwrap()], Message { id: "", time: NOW, body: b"x", method: "POST", url: "" })[0]
        .1
        .clone();
    let signature = good.split_once("v1=").unwrap().1;
    let with = |value: &str| judge(&scheme, &["other", "s"], &[("stripe-signature", value)], b"x");
    assert_eq!(with(&good), Ok(()));
    for (value, reason) in [
        (String::new(), SignatureMissing),
        ("nonsense".into(), SignatureMalformed),
        (format!("t=1700000000,v0={signature}"), SignatureMalformed),
        (format!("t=1700000000,v1={}", signature.to_uppercase()), SignatureMalformed),
        (format!("t=1700000000,v1={}", &signature[..62]), SignatureMalformed),
        (format!("t=1700000000,v1={signature}{signature}"), SignatureMalformed),
        ("t=1700000000,v1=".into(), SignatureMalformed),
        (format!("t=1700000000,t=1700000000,v1={signature}"), SignatureMalformed),
        (format!("v1={signature}"), TimestampMissing),
        (format!("t=,v1={signature}"), TimestampMissing),
        (format!("t=1700000000x,v1={signature}"), TimestampMalformed),
        (format!("t=1699999699,v1={signature}"), TimestampOutOfTolerance),
        (format!("t=1700000301,v1={signature}"), TimestampOutOfTolerance),
        (format!("t=1700000001,v1={signature}"), SignatureMismatch),
        (format!("t=01700000000,v1={signature}"), SignatureMismatch),
        (format!("T=1700000000,v1={signature}"), TimestampMissing),
        (good.replace("v1", "V1"), SignatureMalformed),
    ] {
        assert_eq!(with(&value), Err(reason), "{value}");
    }
    // One of several will do, and what else stands in the header does not matter.
    let zeros = "0".repeat(64);
    assert_eq!(with(&format!("t=1700000000, v1={zeros}, v1={signature}, v0=x, scheme")), Ok(()));
}

#[test]
fn a_second_header_may_carry_the_signature() {
    let scheme = read(
        r#"{"algorithm":"hmac-sha256","content":"{body}{timestamp}","encoding":"base64","header":"box-signature-primary",
        "moreHeaders":["box-signature-secondary"],"timestampHeader":"box-delivery-timestamp","timestampFormat":"rfc3339"}"#,
    );
    let key = scheme.key("k").unwrap();
    let signed = scheme.sign([&key], Message { id: "", time: NOW, body: b"x", method: "POST", url: "" });
    let (value, time) = (signed[0].1.as_str(), signed[1].1.as_str());
    for name in ["Box-Signature-Primary", "Box-Signature-Secondary"] {
        assert_eq!(judge(&scheme, &["k"], &[(name, value), ("Box-Delivery-Timestamp", time)], b"x"), Ok(()));
    }
    assert_eq!(judge(&scheme, &["k"], &[("Box-Signature-Primary", value)], b"x"), Err(Reason::TimestampMissing));
}

#[test]
fn a_time_in_the_body_counts() {
    let scheme = read(
        r#"{"algorithm":"hmac-sha256","header":"Linear-Signature","timestampField":"webhookTimestamp",
        "timestampFormat":"milliseconds","toleranceSeconds":60}"#,
    );
    let judged = |body: &str| {
        let signed = scheme.sign(
            [&scheme.key("k").unwrap()],
            Message { id: "", time: 0, body: body.as_bytes(), method: "POST", url: "" },
        );
        judge(&scheme, &["k"], &[("Linear-Signature", &signed[0].1)], body.as_bytes())
    };
    assert_eq!(judged(r#"{"webhookTimestamp":1699999940000}"#), Ok(()));
    assert_eq!(judged(r#"{"webhookTimestamp":1699999939999}"#), Err(Reason::TimestampOutOfTolerance));
    assert_eq!(judged(r#"{"webhookTimestamp":true}"#), Err(Reason::TimestampMissing));
    assert_eq!(judged(r#"{"webhookTimestamp":"soon"}"#), Err(Reason::TimestampMalformed));
    assert_eq!(judged("{}"), Err(Reason::TimestampMissing));
    assert_eq!(judged("["), Err(Reason::TimestampMissing));
}

#[test]
fn tokens_and_credentials_are_compared() {
    let scheme =
        read(r#"{"algorithm":"token","encoding":"base64","header":"Authorization","format":"Basic {signature}"}"#);
    let with = |value: &str| judge(&scheme, &["user:pa:ss"], &[("authorization", value)], b"");
    assert_eq!(with("Basic dXNlcjpwYTpzcw=="), Ok(()));
    for value in ["Basic dXNlcjpwYTpzcw", "basic dXNlcjpwYTpzcw==", "dXNlcjpwYTpzcw==", "Basic !"] {
        assert_eq!(with(value), Err(Reason::SignatureMalformed), "{value}");
    }
    assert_eq!(with("Basic dXNlcjpwYXNz"), Err(Reason::SignatureMismatch));
}

#[test]
fn a_key_is_held_only_against_what_it_is_for() {
    let content: Vec<Cow<[u8]>> = vec![Cow::Borrowed(b"x")];
    let check = |algorithm, key: &Key| Check {
        algorithm,
        contents: vec![content.clone()],
        signatures: vec![key.sign(&content)],
        key: KeySource::Secrets,
    };
    let keys = [VerifyingKey::secret(Algorithm::HmacSha256, b"k").unwrap()];
    for algorithm in [Algorithm::HmacSha256, Algorithm::HmacSha512, Algorithm::HmacSha1] {
        let key = Key::from_bytes(algorithm, b"k").unwrap();
        assert_eq!(check(algorithm, &key).holds(&keys).unwrap(), Some(0), "{algorithm:?}");
    }
    // Who knows the public key, everybody, must not be able to sign with it as if it were a secret.
    let public = [VerifyingKey::public(Algorithm::Ed25519, vec![7; 32]).unwrap()];
    let forged = check(Algorithm::HmacSha256, &Key::from_bytes(Algorithm::HmacSha256, &[7; 32]).unwrap());
    assert_eq!(forged.holds(&public).unwrap(), None);
    assert!(forged.questions(&public).is_empty());
    let asked = Check { algorithm: Algorithm::Ed25519, ..forged };
    assert_eq!(asked.holds(&keys).unwrap(), None);
    assert_eq!(asked.holds(&public).unwrap_err().len(), 1);
}

#[test]
fn what_was_not_signed_tells_messages_apart() {
    let mark = |body, algorithm| {
        let check = Check { algorithm, contents: vec![], signatures: vec![vec![1]], key: KeySource::Secrets };
        Claim { unsigned: body, ..Claim::of(check) }.mark(&[Some(0)])
    };
    assert_eq!(mark(None, Algorithm::Token), None);
    for algorithm in [Algorithm::Token, Algorithm::HmacSha256] {
        assert_ne!(mark(Some(b"1"), algorithm), mark(Some(b"2"), algorithm));
        assert_eq!(mark(Some(b"1"), algorithm), mark(Some(b"1"), algorithm));
    }
    let check = Check {
        algorithm: Algorithm::HmacSha256,
        contents: vec![],
        signatures: vec![vec![1]],
        key: KeySource::Secrets,
    };
    let again = Claim { repeats: true, ..Claim::of(check) };
    assert_eq!(again.mark(&[Some(0)]), None);
    assert_eq!(Claim { id: Some("1".into()), ..again }.mark(&[Some(0)]).as_deref(), Some("id:1"));
}

#[test]
fn der_is_read_strictly() {
    let number = |bytes: &[u8]| [&[2, bytes.len() as u8], bytes].concat();
    let der = |r: &[u8], s: &[u8]| {
        let inner = [number(r), number(s)].concat();
        [&[0x30, inner.len() as u8], inner.as_slice()].concat()
    };
    let raw = raw_ecdsa(&der(&[1], &[0, 0x80])).unwrap();
    assert_eq!((raw[31], raw[63], raw.len()), (1, 0x80, 64));
    for bad in [
        der(&[0, 1], &[1]),
        der(&[0x80], &[1]),
        der(&[], &[1]),
        der(&[1; 34], &[1]),
        [der(&[1], &[1]), vec![0]].concat(),
        vec![],
        vec![0x30],
    ] {
        assert_eq!(raw_ecdsa(&bad), None, "{bad:?}");
    }
}

fn any_scheme() -> impl Strategy<Value = Scheme> {
    let algorithm = prop_oneof![
        Just("hmac-sha256"),
        Just("hmac-sha1"),
        Just("hmac-sha384"),
        Just("hmac-sha512"),
        Just("hmac-md5"),
    ];
    let encoding = prop_oneof![Just("hex"), Just("hex-upper"), Just("base64"), Just("base64url")];
    let content = prop_oneof![
        Just("{body}"),
        Just("{timestamp}.{body}"),
        Just("{id}{timestamp}{body}"),
        Just("v0:{timestamp}:{body}:{id}"),
        Just("{method}{url}{body}{timestamp}"),
        Just("{path}.{body}"),
    ];
    let format = prop_oneof![
        Just(r#""{signature}""#),
        Just(r#""sha256={signature}""#),
        Just(r#""v1,{signature}","separator":" ""#),
        Just(r#""t={timestamp},v1={signature}","separator":",""#),
        Just(r#""ts={timestamp};h1={signature}","separator":";""#),
    ];
    let time = prop_oneof![Just("seconds"), Just("milliseconds"), Just("rfc3339")];
    (algorithm, encoding, content, format, time).prop_map(|(algorithm, encoding, content, format, time)| {
        let header = if format.contains("timestamp") { "" } else { r#","timestampHeader":"X-Time""# };
        read(&format!(
            r#"{{"algorithm":"{algorithm}","encoding":"{encoding}","content":"{content}","header":"X-Signature","idHeader":"X-Id",
            "format":{format},"timestampFormat":"{time}","toleranceSeconds":300{header}}}"#
        ))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What is signed is verified, and with one bit changed, wherever it is signed, it is not.
    #[test]
    fn what_sign_makes_verify_accepts_and_no_bit_more(
        scheme in any_scheme(),
        secret in "[ -~]{0,20}[!-~]",
        id in "[!-~]{1,20}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<proptest::sample::Index>(),
        bit in 0u8..8,
    ) {
        let secret = secret.trim();
        let key = scheme.key(secret).unwrap();
        let url = "https://example.com/hook?a=b";
        let signed = scheme.sign([&key], Message { id: &id, time: NOW, body: &body, method: "POST", url });
        let headers: Vec<(&str, &str)> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        prop_assert_eq!(judge(&scheme, &["another", secret], &headers, &body), Ok(()));
        prop_assert!(judge(&scheme, &["another"], &headers, &body).is_err());

        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        };
        if !body.is_empty() {
            prop_assert!(judge(&scheme, &[secret], &headers, &flip(&body)).is_err());
        }
        for changed in 0..headers.len() {
            let (name, value) = headers[changed];
            let signs = match name {
                "X-Id" => scheme.content.contains("{id}"),
                "X-Time" => scheme.content.contains("{timestamp}"),
                _ => true,
            };
            let Ok(other) = String::from_utf8(flip(value.as_bytes())) else { continue };
            // A time beside the signature is not covered where the content leaves it out.
            let unsigned_time = name == "X-Signature" && !scheme.content.contains("{timestamp}") && value.contains("t");
            if !signs || (unsigned_time && scheme.format.contains("{timestamp}")) {
                continue;
            }
            let mut headers = headers.clone();
            headers[changed].1 = &other;
            prop_assert!(judge(&scheme, &[secret], &headers, &body).is_err(), "{name}: {value:?} became {other:?}");
        }
    }

    #[test]
    fn no_header_panics(scheme in any_scheme(), value in "\\PC{0,60}|t=[0-9]{0,20},v1=[0-9a-f]{0,70}", time in "\\PC{0,20}|[0-9]{0,20}") {
        let _ = judge(&scheme, &["s"], &[("X-Signature", &value), ("X-Time", &time), ("X-Id", "1")], b"{}");
        let _ = judge(&stripe(), &["s"], &[("Stripe-Signature", &value)], b"{}");
        let _ = judge(&github(), &["s"], &[("X-Hub-Signature-256", &value)], b"{}");
    }

    #[test]
    fn no_der_panics(bytes: Vec<u8>) {
        let _ = raw_ecdsa(&bytes);
    }
}
