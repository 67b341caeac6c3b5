//! Each fault, made and found.

use super::*;

#[test]
fn a_body_that_was_written_anew_is_found() {
    let gate = github();
    let received: Value = serde_json::from_str(BODY).unwrap();
    let received = received.to_string();
    let compact = r#"{"id":"evt_1","n":[1.5,{}],"text":"ünïcode </b>"}"#;
    assert_eq!(received, compact, "serde_json sorts names and writes the number anew");
    let ascii = compact.replace('ü', "\\u00fc").replace('ï', "\\u00ef");
    let spaced = ascii.replace("\":", "\": ").replace(",{", ", {").replace(",\"", ", \"");
    let lines = "{\n  \"id\": \"evt_1\",\n  \"n\": [\n    1.5,\n    {}\n  ],\n  \"text\": \"ünïcode </b>\"\n}";
    for (was, words) in [
        (spaced.clone(), "json.dumps"),
        (lines.to_owned(), "indented by 2 spaces."),
        (lines.replace("  ", "    "), "indented by 4 spaces."),
        (ascii.clone(), "as compact JSON, what is not ASCII as \\uXXXX"),
        (ascii.replace('/', "\\/"), "slashes as \\/"),
        (compact.replace('/', "\\/"), "slashes as \\/"),
        (compact.replace('<', "\\u003c").replace('>', "\\u003e"), "as Go writes it"),
        ([compact, "\n"].concat(), ""),
    ] {
        let captured = with_body(&signed(&scheme(&gate), SECRET, was.as_bytes()), &received);
        let code = if was.ends_with('\n') { "body_trailing_newline" } else { "body_reserialized" };
        assert_hint(&gate, &captured, code, words);
        // And the other way round: what is compact was signed, and came in another form.
        if was != compact {
            let captured = with_body(&signed(&scheme(&gate), SECRET, compact.as_bytes()), &was);
            let code = if was.ends_with('\n') { "body_trailing_newline" } else { "body_reserialized" };
            assert_hint(&gate, &captured, code, "");
        }
    }
    let sorted = with_body(&signed(&scheme(&gate), SECRET, br#"{"a":1,"b":2}"#), r#"{"b": 2, "a": 1}"#);
    assert_hint(&gate, &sorted, "body_reserialized", "the names in order");
    // The same for a scheme with a time.
    let stripe = stripe();
    let captured = with_body(&signed(&scheme(&stripe), SECRET, lines.as_bytes()), compact);
    assert_hint(&stripe, &captured, "body_reserialized", "indented by 2 spaces");
}

#[test]
fn what_happened_to_a_body_on_the_way_is_found() {
    let gate = github();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, BODY);
    let mojibake: String = BODY.bytes().map(char::from).collect();
    let quoted = serde_json::to_string(BODY).unwrap();
    let form = "payload=%7B%22a%22%3A+1%7D";
    for (was, is, code, words) in [
        ("a: 1\n", "a: 1", "body_trailing_newline", "with a \\n"),
        ("a: 1\r\n", "a: 1", "body_trailing_newline", "with a \\r\\n"),
        ("a: 1", "a: 1\n", "body_trailing_newline", "without the \\n"),
        ("a: 1", "a: 1\r\n", "body_trailing_newline", "without the \\r\\n"),
        ("a\nb\n", "a\r\nb\r\n", "body_line_endings", "ending in \\n"),
        ("a\r\nb\r\n", "a\nb\n", "body_line_endings", "ending in \\r\\n"),
        ("a", "\u{feff}a", "body_bom", "without"),
        ("\u{feff}a", "a", "body_bom", "with a"),
        ("a", "  a \t", "body_whitespace", "white space"),
        ("", "a", "body_empty", "an empty body"),
        (BODY, &base64, "body_base64", "what the body is the base64 of"),
        (&base64, BODY, "body_base64", "the base64 of the body"),
        (BODY, &quoted, "body_quoted", "JSON string"),
        (BODY, &mojibake, "body_charset", "Latin-1"),
        (form, r#"{"a": 1}"#, "body_form", "as its field `payload`"),
        (r#"{"a": 1}"#, form, "body_form", "`payload` alone"),
        ("a=1&b=x+y", r#"{"a": 1, "b": "x y"}"#, "body_form", "the body's fields as a form"),
        (r#"{"a":"1","b":"x y"}"#, "a=1&b=x+y", "body_form", "the form's fields as JSON"),
        ("a=1&b=x%20y", "a=1&b=x+y", "body_form", "%20"),
        ("a=1&b=x+y", "a=1&b=x%20y", "body_form", "encoded anew"),
    ] {
        let captured = with_body(&signed(&scheme(&gate), SECRET, was.as_bytes()), is);
        assert_hint(&gate, &captured, code, words);
    }
}

#[test]
fn what_can_be_seen_of_a_body_is_said() {
    let gate = github();
    let good = signed(&scheme(&gate), SECRET, BODY.as_bytes());
    for (captured, code) in [
        (with_header(&with_body(&good, ""), "Content-Length", "52"), "body_empty"),
        (with_body(&good, ""), "body_empty"),
        (with_header(&with_body(&good, &BODY[..20]), "content-length", "52"), "body_truncated"),
        (with_header(&with_body(&good, [BODY, "x"].concat()), "Content-Length", "52"), "body_lengthened"),
        (with_body(&good, "a\u{fffd}b"), "body_charset"),
        (with_header(&with_body(&good, "x"), "Content-Encoding", "gzip"), "body_compressed"),
        (with_header(&with_body(&good, "[1]"), "Content-Type", "application/x-www-form-urlencoded"), "body_form"),
        (with_header(&with_body(&good, "a=[1]"), "Content-Type", "application/json"), "body_form"),
    ] {
        assert_hint(&gate, &captured, code, "");
    }
}

#[test]
fn a_secret_that_was_used_otherwise_is_found() {
    let whsec = "whsec_c2VjcmV0IHRoYXQgaXMgYmFzZTY0IQ==";
    let hex = "00112233445566778899aabbccddeeff";
    let quoted = "\"quoted secret\"";
    let scheme = scheme(&github());
    for (encoding, secret, used, code, words) in [
        ("utf8", whsec, &whsec.as_bytes()[6..], "secret_prefix", "without its prefix"),
        ("utf8", "abc", b"whsec_abc", "secret_prefix", "whsec_ in front"),
        ("utf8", whsec, b"secret that is base64!", "secret_encoding", "the base64 of"),
        ("base64", whsec, whsec.as_bytes(), "secret_encoding", "text as it is"),
        ("base64", whsec, &whsec.as_bytes()[6..], "secret_prefix", "without its prefix"),
        ("utf8", "c2VjcmV0LS1fXw", b"secret--__", "secret_encoding", "the base64 of"),
        ("utf8", "-_-_", &[0xfb, 0xff, 0xbf], "secret_encoding", "base64url"),
        (
            "utf8",
            hex,
            &[0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
            "secret_encoding",
            "hexadecimal",
        ),
        ("hex", hex, hex.as_bytes(), "secret_encoding", "text as it is"),
        ("utf8", SECRET, b"s3cret-Of-The-Endpoint/1\n", "secret_whitespace", "\\n at its end"),
        ("utf8", SECRET, b"s3cret-Of-The-Endpoint/1\r\n", "secret_whitespace", "\\r\\n at its end"),
        ("utf8", SECRET, b"s3cret-Of-The-Endpoint/1 ", "secret_whitespace", "space at its end"),
        ("utf8", SECRET, b" s3cret-Of-The-Endpoint/1", "secret_whitespace", "space in front"),
        ("utf8", quoted, b"quoted secret", "secret_quoted", "without the quotes"),
        ("utf8", SECRET, b"\"s3cret-Of-The-Endpoint/1\"", "secret_quoted", "\" around"),
        ("utf8", SECRET, b"'s3cret-Of-The-Endpoint/1'", "secret_quoted", "' around"),
    ] {
        let gate = custom(
            json!({"algorithm": "hmac-sha256", "secretEncoding": encoding, "header": "X-Hub-Signature-256",
                "format": "sha256={signature}"}),
            secret,
        );
        let key = crate::signature::Key::from_bytes(Algorithm::HmacSha256, used).unwrap();
        let signature = hex::encode(key.sign(&[BODY]));
        let captured = with_header(
            &signed(&scheme, "x", BODY.as_bytes()),
            "X-Hub-Signature-256",
            &["sha256=", &signature].concat(),
        );
        assert_hint(&gate, &captured, code, words);
    }
    // Quotes around the base64 of a secret, in the settings.
    let gate = gate(json!("clerk"), &[whsec]);
    let captured = signed(&self::scheme(&gate), whsec, BODY.as_bytes());
    assert!(explained(&gate, &captured).verified);
}

#[test]
fn another_secret_is_what_is_left() {
    let gate = github();
    let captured = signed(&scheme(&gate), "another", BODY.as_bytes());
    assert_hint(&gate, &captured, "wrong_secret", "test environment");
    let none = self::gate(json!("github"), &[]);
    assert_hint(&none, &captured, "secret_unreadable", "has no secret");
    let unreadable = self::gate(json!("clerk"), &["not base64!"]);
    let captured = signed(&scheme(&unreadable), "c2VjcmV0", BODY.as_bytes());
    assert_hint(&unreadable, &captured, "secret_unreadable", "None of the source's secrets");
    let sent = with_header(&captured, "X-Hub-Signature-256", &["sha256=", SECRET].concat());
    assert_hint(&gate, &sent, "secret_sent", "make a new one");
}

#[test]
fn a_signature_that_is_written_otherwise_is_found() {
    let gate = github();
    let name = "X-Hub-Signature-256";
    let good = signed(&scheme(&gate), SECRET, BODY.as_bytes());
    let hex = value(&good, name).strip_prefix("sha256=").unwrap();
    let bytes = hex::decode(hex).unwrap();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
    let url = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &bytes);
    for (value, code, words) in [
        (hex.to_owned(), "signature_prefix", "nothing in front"),
        (format!("sha256=sha256={hex}"), "signature_prefix", "more than once"),
        (format!("SHA256={hex}"), "signature_prefix", "another case"),
        (format!("sha1={hex}"), "signature_prefix", "something else"),
        (format!("sha256={}", hex.to_uppercase()), "signature_encoding", "lower-case hexadecimal"),
        (format!("sha256={base64}"), "signature_encoding", "lower-case hexadecimal"),
        (format!("sha256={url}"), "signature_encoding", "lower-case hexadecimal"),
        (format!("\"sha256={hex}\""), "signature_quoted", "quotes"),
        (base64.clone(), "signature_encoding", "lower-case hexadecimal"),
    ] {
        assert_hint(&gate, &with_header(&good, name, &value), code, words);
    }
    for (encoding, value) in
        [("base64", hex), ("base64url", base64.as_str()), ("base64", url.as_str()), ("hex-upper", hex)]
    {
        let gate = custom(json!({"algorithm": "hmac-sha256", "encoding": encoding, "header": "X-Sig"}), SECRET);
        assert_hint(&gate, &with_header(&good, "X-Sig", value), "signature_encoding", "encoding");
    }
    let stripe = stripe();
    let good = signed(&scheme(&stripe), SECRET, BODY.as_bytes());
    let value = value(&good, "Stripe-Signature").to_owned();
    for (value, code) in [
        (value.replace(',', ";"), "signature_separator"),
        (value.replace("v1=", "v0="), "signature_prefix"),
        (value.replace("v1=", "V1="), "signature_prefix"),
        (value.replace("t=", "").replace("v1=", ""), "signature_prefix"),
    ] {
        assert_hint(&stripe, &with_header(&good, "Stripe-Signature", &value), code, "");
    }
    let standard = self::gate(json!("standard-webhooks"), &["whsec_c2VjcmV0"]);
    let good = signed(&scheme(&standard), "whsec_c2VjcmV0", BODY.as_bytes());
    let value = self::value(&good, "webhook-signature").to_owned();
    for value in [value.replace("v1,", ""), value.replace("v1,", "v1="), value.replace("v1,", "v1,v1,")] {
        assert_hint(&standard, &with_header(&good, "webhook-signature", &value), "signature_prefix", "v1,{signature}");
    }
    // A token, whose form is all that there is of it.
    let token = self::gate(json!("postmark"), &["user:pass"]);
    let bare = Captured { headers: vec![("Authorization".into(), "dXNlcjpwYXNz".into())], ..good };
    assert_hint(&token, &bare, "signature_prefix", "nothing in front");
    assert_hint(&token, &with_header(&bare, "Authorization", "Basic user:pass"), "signature_encoding", "base64");
}

#[test]
fn a_time_that_is_off_is_found() {
    let slack = gate(json!("slack"), &[SECRET]);
    let scheme = scheme(&slack);
    let name = "X-Slack-Request-Timestamp";
    let at = |captured: &Captured, minutes: i64| Captured { at: NOW + minutes * 60_000, ..captured.clone() };
    let good = signed(&scheme, SECRET, BODY.as_bytes());
    assert_hint(&slack, &at(&good, 10), "request_old", "600 s");
    assert_hint(&slack, &at(&good, -10), "clock_off", "600 s (about 10 minutes) after");
    assert_hint(&slack, &at(&good, 121), "clock_off", "local time");
    assert_hint(&slack, &at(&good, -330), "clock_off", "after");

    // An old request may have another fault as well.
    let both = at(&with_body(&good, [BODY, "\n"].concat()), 10);
    assert_eq!(codes(&explained(&slack, &both)), ["body_trailing_newline", "request_old"]);

    let in_millis = Scheme { timestamp_format: crate::signature::TimeFormat::Milliseconds, ..scheme.clone() };
    let millis = signed(&in_millis, SECRET, BODY.as_bytes());
    assert_hint(&slack, &millis, "timestamp_unit", "reads as Unix milliseconds, but it has to be Unix seconds");
    // What is sent and what is signed are two.
    assert_hint(&slack, &with_header(&millis, name, "1700000000"), "timestamp_unit", "letter for letter");
    let seconds = gate(json!("front"), &[SECRET]);
    let in_seconds = Scheme { timestamp_format: crate::signature::TimeFormat::Seconds, ..self::scheme(&seconds) };
    let captured = signed(&in_seconds, SECRET, BODY.as_bytes());
    assert_hint(&seconds, &captured, "timestamp_unit", "reads as Unix seconds, but it has to be Unix milliseconds");

    let stripe = stripe();
    let millis = Scheme { timestamp_format: crate::signature::TimeFormat::Milliseconds, ..self::scheme(&stripe) };
    assert_hint(&stripe, &signed(&millis, SECRET, BODY.as_bytes()), "timestamp_unit", "Unix milliseconds");
    // Two faults at once.
    let both = with_body(&signed(&millis, SECRET, BODY.as_bytes()), [BODY, "\n"].concat());
    assert_eq!(codes(&explained(&stripe, &both)), ["timestamp_unit", "body_trailing_newline"]);
}

#[test]
fn a_url_that_is_another_is_found() {
    let signed_as = |url: &str| {
        let scheme = scheme(&gate(json!("square"), &[SECRET]));
        let key = scheme.key(SECRET).unwrap();
        let message = Message { id: "", time: NOW, body: BODY.as_bytes(), method: "POST", url };
        let headers = scheme.sign([&key], message).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Captured { method: "POST".into(), url: None, headers, body: BODY.into(), at: NOW }
    };
    let gate = |public_url: Value| gate_with(json!("square"), &[SECRET], json!({ "publicUrl": public_url }));
    let bare = gate(Value::Null);
    let came = |signed: &str, url: &str| Captured { url: Some(url.into()), ..signed_as(signed) };
    for (signed, url, words) in [
        ("http://a.example/in/src_1", "https://a.example/in/src_1", "http in place of https"),
        ("https://a.example/in/src_1", "http://a.example/in/src_1", "https in place of http"),
        ("https://a.example:443/in/src_1", "https://a.example/in/src_1", "usual port"),
        ("https://a.example/in/src_1", "https://a.example:8787/in/src_1", "without the port"),
        ("https://a.example/in/src_1/", "https://a.example/in/src_1", "with a slash"),
        ("https://a.example/in/src_1", "https://a.example/in/src_1/", "without the slash"),
        ("https://a.example/in/src_1", "https://a.example/in/src_1?a=b", "without its query"),
        ("https://a.example/in/a b", "https://a.example/in/a%20b", "percent-decoded"),
        ("https://a.example/x/", "http://a.example:8787/x?y", "and"),
    ] {
        assert_hint(&bare, &came(signed, url), "url_differs", words);
    }
    let forwarded = with_header(&came("https://b.example/x", "http://10.0.0.1/x"), "X-Forwarded-Host", "b.example");
    assert_hint(&bare, &forwarded, "url_differs", "X-Forwarded-Host");
    let public = gate(json!("https://shop.example/hook"));
    assert_hint(
        &public,
        &came("https://a.example/in/src_1", "https://a.example/in/src_1"),
        "url_differs",
        "as the request came",
    );
    assert_hint(&public, &came("https://c.example/", "https://a.example/in/src_1"), "url_differs", "compare it");
    assert_hint(
        &bare,
        &came("https://c.example/", "https://a.example/in/src_1"),
        "public_url_missing",
        "no `publicUrl`",
    );
    assert_hint(&bare, &signed_as("https://c.example/"), "public_url_missing", "none is known here");
    // What stands behind the source's own path belongs to the URL that was given.
    let deeper = came("https://shop.example/hook/orders?a=b", "https://a.example/in/src_1/orders?a=b");
    assert!(explained(&public, &deeper).verified);

    let hubspot = self::gate(json!("hubspot"), &[SECRET]);
    let captured = Captured { method: "PUT".into(), ..signed(&scheme(&hubspot), SECRET, BODY.as_bytes()) };
    assert_hint(&hubspot, &captured, "method_differs", "POST");
}

#[test]
fn another_scheme_is_found() {
    let gate = github();
    let known = scheme(&gate);
    for (algorithm, name) in [
        (Algorithm::HmacSha1, "SHA-1"),
        (Algorithm::HmacSha512, "SHA-512"),
        (Algorithm::HmacSha384, "SHA-384"),
        (Algorithm::HmacMd5, "MD5"),
    ] {
        let other = Scheme { algorithm, ..known.clone() };
        assert_hint(&gate, &signed(&other, SECRET, BODY.as_bytes()), "other_algorithm", name);
        let named = Scheme { format: "sha1={signature}".into(), ..other };
        assert_hint(&gate, &signed(&named, SECRET, BODY.as_bytes()), "other_algorithm", name);
    }
    let stripe = stripe();
    for content in ["{body}", "{timestamp}{body}", "{timestamp}:{body}", "{body}{timestamp}", "{url}{body}"] {
        let other = Scheme { content: content.into(), ..scheme(&stripe) };
        assert_hint(&stripe, &signed(&other, SECRET, BODY.as_bytes()), "other_content", &format!("`{content}`"));
    }
    let hash =
        |parts: &[&str]| format!("sha256={}", hex::encode(<sha2::Sha256 as sha2::Digest>::digest(parts.concat())));
    let good = signed(&known, SECRET, BODY.as_bytes());
    for (parts, words) in [
        ([SECRET, BODY], "of the secret and what is signed"),
        ([BODY, SECRET], "of what is signed and the secret"),
        ([BODY, ""], "without any secret"),
    ] {
        assert_hint(&gate, &with_header(&good, "X-Hub-Signature-256", &hash(&parts)), "plain_hash", words);
    }
}

#[test]
fn other_peoples_headers_are_known() {
    let gate = github();
    let stripe = signed(&scheme(&stripe()), "another", BODY.as_bytes());
    assert_hint(
        &gate,
        &stripe,
        "other_provider",
        "Stripe-Signature came, which is a header of Stripe; this source's provider is GitHub",
    );
    let own = signed(&scheme(&self::stripe()), SECRET, BODY.as_bytes());
    assert_hint(&gate, &own, "other_provider", "set the source's `provider` to `stripe`");
    let twilio = Captured { headers: vec![("x-twilio-signature".into(), "x".into())], ..stripe.clone() };
    assert_hint(&gate, &twilio, "other_provider", "Twilio");
    let standard = Captured { headers: vec![("Webhook-Signature".into(), "x".into())], ..stripe.clone() };
    assert_hint(&gate, &standard, "other_provider", "others");
    let none = Captured { headers: vec![("Accept".into(), "x".into())], ..stripe };
    assert_hint(&gate, &none, "signature_missing", "until a secret is set");
}

#[test]
fn headers_that_were_changed_on_the_way_are_found() {
    let gate = github();
    let good = signed(&scheme(&gate), SECRET, BODY.as_bytes());
    let name = "X-Hub-Signature-256";
    let value = value(&good, name).to_owned();
    let zeros = format!("sha256={}", "0".repeat(64));
    let mut twice = good.clone();
    twice.headers.insert(0, (name.into(), zeros.clone()));
    assert_hint(&gate, &twice, "header_merged", "2 times");
    assert_hint(&gate, &with_header(&good, name, &[&value, ", ", &zeros].concat()), "header_merged", "");
    assert_hint(&gate, &with_header(&good, name, &[&value, ",", &value].concat()), "header_merged", "");
    let stripe = stripe();
    let mut twice = signed(&scheme(&stripe), SECRET, BODY.as_bytes());
    twice.headers.push(twice.headers[0].clone());
    assert_hint(&stripe, &twice, "header_merged", "");
    let standard = self::gate(json!("standard-webhooks"), &["whsec_c2VjcmV0"]);
    let mut twice = signed(&scheme(&standard), "whsec_c2VjcmV0", BODY.as_bytes());
    twice.headers.extend(twice.headers.clone());
    assert_hint(&standard, &twice, "header_merged", "");

    for other in
        ["HTTP_X_HUB_SIGNATURE_256", "x_hub_signature_256", "Hub-Signature-256", "X-Original-X-Hub-Signature-256"]
    {
        let captured = Captured { headers: vec![(other.into(), value.clone())], ..good.clone() };
        assert_hint(&gate, &captured, "header_renamed", "X-Hub-Signature-256");
    }
}

#[test]
fn public_keys_are_asked_for() {
    let pair = SigningKey::from_bytes(&[7; 32]);
    let public = hex::encode(pair.verifying_key().as_bytes());
    let gate = gate(json!("discord"), &[&public]);
    let scheme = scheme(&gate);
    let good = signed(&scheme, &hex::encode([7; 32]), BODY.as_bytes());
    assert!(explained(&gate, &good).verified);
    assert_hint(&gate, &with_body(&good, [BODY, "\n"].concat()), "body_trailing_newline", "");
    assert_hint(&gate, &with_body(&good, "x"), "wrong_secret", "another public key");
    let name = "X-Signature-Ed25519";
    let upper = value(&good, name).to_uppercase();
    assert_hint(&gate, &with_header(&good, name, &upper), "signature_encoding", "");
}
