//! What is changed is refused, and for the right reason.

use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::tests::{Example, Judged};
use super::*;
use crate::header::Headers;
use crate::signature::Key;
use crate::signature::Reason::*;

fn first(own: Own) -> Example {
    Example::all(own).remove(0)
}

/// The first example with another body.
fn body(own: Own, from: &str, to: &str) -> Example {
    let example = first(own);
    let body = String::from_utf8(example.body()).unwrap();
    assert!(body.contains(from), "{own:?}: {from}");
    example.with_body(body.replacen(from, to, 1).as_bytes())
}

fn option(own: Own, name: &str, value: Option<&str>) -> Example {
    let mut example = first(own);
    match value {
        None => example.options.remove(name),
        Some(value) => example.options.insert(name.into(), value.into()),
    };
    example
}

#[track_caller]
fn refused(own: Own, example: &Example, reason: Reason) {
    assert_eq!(example.judge(own), Err(reason), "{example:?}");
}

#[test]
fn twilio() {
    let own = Own::Twilio;
    let good = first(own);
    let form = String::from_utf8(good.body()).unwrap();
    let url = good.public_url.clone().unwrap();
    let at = |url: &str| Example { public_url: Some(url.into()), ..good.clone() };
    refused(own, &good.with_header("Content-Type", "application/json"), SignatureMalformed);
    refused(own, &good.with_header("Content-Type", "text/plain"), SignatureMalformed);
    refused(own, &good.with_header("Content-Type", ""), SignatureMalformed);
    refused(own, &good.with_body(b"a=%ff"), SignatureMalformed);
    refused(own, &good.with_body(b""), SignatureMismatch);
    refused(own, &good.with_body(&b"a&".repeat(form::MAX_FIELDS + 1)), SignatureMalformed);
    refused(own, &good.with_body(&vec![b'a'; 3 << 20]), SignatureMalformed);
    refused(own, &good.with_body(form.to_lowercase().as_bytes()), SignatureMismatch);
    refused(own, &at(&[&url, "&x=y"].concat()), SignatureMismatch);
    refused(own, &at(&url.replace("https", "http")), SignatureMismatch);
    refused(own, &at("no url"), SignatureMalformed);
    let settings = |value: &str| good.with_header("X-Twilio-Webhooks-Signature-Settings", value);
    refused(own, &settings("key=1,algorithm=HMAC_SHA256"), SignatureMalformed);
    refused(own, &settings("key=1,algorithm=none"), SignatureMalformed);
    refused(own, &settings("algorithm=HMAC_SHA1,algorithm=HMAC_SHA256"), SignatureMalformed);
    for settings in [settings("key=1,algorithm=hmac_sha1"), settings("key=1")] {
        assert_eq!(settings.judge(own), Ok(Judged::Holds));
    }
    // White space belongs to a value, an empty one counts, and a field that comes again with another value does too.
    for more in ["&Body=x+", "&Body=", "&Digits=1", "&Digits=1234+"] {
        let changed = good.with_body([&form, more].concat().as_bytes());
        if more != "&Body=" {
            refused(own, &changed, SignatureMismatch);
        }
    }
    let twice = good.with_body([&form, "&Digits=1234"].concat().as_bytes());
    assert_eq!(twice.judge(own), Ok(Judged::Holds));

    let hash = |body: &[u8]| hex::encode(Sha256::digest(body));
    let json = |query: &str, body: &[u8]| {
        let at = at(&["https://mycompany.com/a?", query].concat()).with_body(body);
        at.with_header("Content-Type", "application/json").judge(own)
    };
    let query = ["bodySHA256=", &hash(b"{}")].concat();
    assert_eq!(json(&query, b"{ }"), Err(SignatureMismatch));
    assert_eq!(json(&query.to_uppercase().replace("BODY", "body"), b"{}"), Err(SignatureMalformed));
    assert_eq!(json("bodySHA256=", b"{}"), Err(SignatureMalformed));
    assert_eq!(json("bodySHA256=00", b"{}"), Err(SignatureMalformed));
    assert_eq!(json(&[&query, "&", &query].join(""), b"{}"), Err(SignatureMalformed));
    assert_eq!(json("bodysha256=x", b"{}"), Err(SignatureMalformed));
}

#[test]
fn aws_sns() {
    let own = Own::AwsSns;
    for (from, to, reason) in [
        ("\"Signature\"", "\"signature\"", SignatureMissing),
        ("\"Type\"", "\"Typ\"", SignatureMalformed),
        ("\"MessageId\" : \"", "\"MessageId\" : \"\\n", SignatureMalformed),
        ("\"TopicArn\"", "\"Topic\"", SignatureMalformed),
        ("arn:aws:sns", "arn:aws:sns:x", SignatureMismatch),
        ("\"Timestamp\"", "\"Time\"", TimestampMissing),
        ("2012-05-02T", "2012-05-02 at ", TimestampMalformed),
        ("https://sns.", "http://sns.", SignatureMalformed),
        ("https://sns.", "https://evil.example/sns.", SignatureMalformed),
        ("https://sns.us-east-1", "https://sns.us-east-1.evil", SignatureMalformed),
        (".amazonaws.com/", ".amazonaws.com:8443/", SignatureMalformed),
        (".amazonaws.com/", ".amazonaws.com.evil.example/", SignatureMalformed),
        (".pem", ".pem?x", SignatureMalformed),
        (".pem", ".html", SignatureMalformed),
        ("{", "[{", SignatureMalformed),
        ("{", "{\"Message\":\"x\",", SignatureMalformed),
        ("{", "{\"\\u0053ignature\":\"x\",", SignatureMalformed),
        ("\"SignatureVersion\"", "\"SignatureVersion\":\"3\",\"x\"", SignatureMalformed),
    ] {
        let text = String::from_utf8(first(own).body()).unwrap();
        let from = if text.contains(from) { from.to_owned() } else { from.replace(" : ", ": ") };
        refused(own, &body(own, &from, to), reason);
    }
    refused(own, &option(own, "topicArn", None), SignatureMismatch);
    refused(own, &option(own, "topicArn", Some("arn:aws:sns:us-east-1:123456789012:mytopic")), SignatureMismatch);
    refused(own, &first(own).with_header("x-amz-sns-message-type", "SubscriptionConfirmation"), SignatureMalformed);
    refused(own, &first(own).with_header("x-amz-sns-rawdelivery", "true"), SignatureMissing);
    let known = option(own, "topicArn", Some("x, arn:aws:sns:us-east-1:123456789012:MyTopic"));
    assert_eq!(known.judge(own), Ok(Judged::Asks(1)));
    for example in Example::all(own) {
        let version = String::from_utf8(example.body()).unwrap().contains("\"SignatureVersion\": \"1\"");
        let mut example = example;
        example.options.insert("signatureVersion".into(), "2".into());
        assert_eq!(example.judge(own).is_err(), version);
    }
}

#[test]
fn paypal() {
    let own = Own::Paypal;
    for (name, value, reason) in [
        ("PAYPAL-AUTH-ALGO", "SHA1withRSA", SignatureMalformed),
        ("PAYPAL-AUTH-ALGO", "", SignatureMalformed),
        ("PAYPAL-TRANSMISSION-ID", "", SignatureMalformed),
        ("PAYPAL-TRANSMISSION-ID", "a|b", SignatureMalformed),
        ("PAYPAL-TRANSMISSION-TIME", "", TimestampMissing),
        ("PAYPAL-TRANSMISSION-TIME", "soon", TimestampMalformed),
        ("PAYPAL-CERT-URL", "", SignatureMalformed),
        ("PAYPAL-CERT-URL", "https://evil.example/v1/notifications/certs/CERT-1", SignatureMalformed),
    ] {
        refused(own, &first(own).with_header(name, value), reason);
    }
    refused(own, &option(own, "webhookId", None), SignatureMismatch);
    assert_eq!(option(own, "webhookId", Some("a, 1JE4291016473214C")).judge(own), Ok(Judged::Asks(2)));
}

#[test]
fn mailgun() {
    let own = Own::Mailgun;
    let signature =
        hex::encode(Key::from_bytes(Algorithm::HmacSha256, b"k").unwrap().sign(&[b"1529006854", b"12ab".as_slice()]));
    let judge = |content_type: &str, body: String| {
        let example = Example { secrets: vec!["other".into(), "k".into()], at: Some(1_529_006_854), ..first(own) };
        example.with_header("Content-Type", content_type).with_body(body.as_bytes()).judge(own)
    };
    let json = |text: &str| judge("application/json", text.replace("SIG", &signature));
    let form = |text: &str| judge("application/x-www-form-urlencoded", text.replace("SIG", &signature));
    let good = r#"{"signature":{"timestamp":"1529006854","token":"12ab","signature":"SIG"},"event-data":{}}"#;
    assert_eq!(json(good), Ok(Judged::Holds));
    assert_eq!(json(&good.replace(r#""1529006854""#, "1529006854")), Ok(Judged::Holds));
    let zeros = "0".repeat(64);
    let parent = good.replace("\"SIG\"", &format!("\"{zeros}\",\"parent-signature\":\"SIG\""));
    assert_eq!(json(&parent), Ok(Judged::Holds));
    let plain = "timestamp=1529006854&token=12ab&signature=SIG";
    assert_eq!(form(plain), Ok(Judged::Holds));
    assert_eq!(form(&["signature=x&token=y&", plain].concat()), Ok(Judged::Holds), "the last");
    let part =
        |name: &str, value: &str| format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let parts = [part("timestamp", "1529006854"), part("token", "12ab"), part("signature", &signature), "--B--".into()]
        .concat();
    assert_eq!(judge("multipart/form-data; boundary=B", parts.clone()), Ok(Judged::Holds));
    assert_eq!(judge("multipart/form-data; boundary=B", parts.replace("--B--", "")), Err(SignatureMalformed));
    for (text, reason) in [
        ("", SignatureMalformed),
        ("{", SignatureMalformed),
        ("{}", SignatureMissing),
        (r#"{"signature":null}"#, SignatureMissing),
        (r#"{"signature":{}}"#, SignatureMissing),
        (r#"{"signature":"SIG"}"#, SignatureMalformed),
        (&good.replace("SIG\"", "SIG\",\"token\":\"12ab\""), SignatureMalformed),
        (&good.replace("{\"signature\"", "{\"signature\":{},\"signature\""), SignatureMalformed),
        (&good.replace("SIG", &signature.to_uppercase()), SignatureMalformed),
        (&good.replace("SIG", &signature[2..]), SignatureMalformed),
        (&good.replace("12ab", ""), SignatureMalformed),
        (&good.replace("\"12ab\"", "12"), SignatureMalformed),
        (&good.replace("\"timestamp\"", "\"time\""), TimestampMissing),
        (&good.replace("1529006854", "1529006854x"), TimestampMalformed),
        // A digit moved from one to the other has the same signature, and another token.
        (&good.replace("1529006854", "152900685").replace("12ab", "412ab"), TimestampMalformed),
        (&good.replace("1529006854", "15290068541").replace("12ab", "2ab"), TimestampMalformed),
        (&good.replace("12ab", "12ac"), SignatureMismatch),
        (&good.replace("1529006854", "1529006855"), SignatureMismatch),
        (&parent.replace("SIG", "x"), SignatureMalformed),
    ] {
        assert_eq!(json(text), Err(reason), "{text}");
    }
    let deep = ["{\"a\":", &"[".repeat(200), &"]".repeat(200), ",", &good[1..]].concat();
    assert_eq!(json(&deep), Err(SignatureMalformed));
    assert_eq!(json(&[good, &" ".repeat(4 << 20)].concat()), Err(SignatureMalformed));
    assert_eq!(form("timestamp=1529006854&token=12ab"), Err(SignatureMissing));
}

#[test]
fn adyen() {
    let own = Own::Adyen;
    let text = String::from_utf8(first(own).body()).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let judge = |change: &dyn Fn(&mut Value)| {
        let mut value = value.clone();
        change(&mut value);
        first(own).with_body(value.to_string().as_bytes()).judge(own)
    };
    fn item(value: &mut Value) -> &mut Value {
        &mut value["notificationItems"][0]["NotificationRequestItem"]
    }
    assert_eq!(judge(&|_| {}), Ok(Judged::Holds));
    for name in ["pspReference", "merchantAccountCode", "eventCode", "success"] {
        assert_eq!(judge(&|value| item(value)[name] = json!("x")), Err(SignatureMismatch), "{name}");
        assert_eq!(judge(&|value| item(value)[name] = json!(null)), Err(SignatureMismatch), "{name}");
        assert_eq!(judge(&|value| item(value)[name] = json!([])), Err(SignatureMalformed), "{name}");
    }
    assert_eq!(judge(&|value| item(value)["amount"]["value"] = json!(1.5)), Err(SignatureMalformed));
    assert_eq!(judge(&|value| item(value)["amount"]["value"] = json!(7)), Err(SignatureMismatch));
    assert_eq!(judge(&|value| item(value)["success"] = json!(true)), Ok(Judged::Holds), "as text");
    assert_eq!(judge(&|value| item(value)["additionalData"] = json!(null)), Err(SignatureMissing));
    assert_eq!(judge(&|value| item(value)["additionalData"] = json!({})), Err(SignatureMissing));
    assert_eq!(judge(&|value| value["notificationItems"] = json!([])), Err(SignatureMissing));
    assert_eq!(judge(&|value| value["notificationItems"] = json!({})), Err(SignatureMalformed));
    assert_eq!(judge(&|value| value["notificationItems"] = json!(vec![1; 5_000])), Err(SignatureMalformed));
    // Each item has to be genuine, not one of them.
    let with = |more: Value| judge(&|value| value["notificationItems"].as_array_mut().unwrap().push(more.clone()));
    assert_eq!(with(value["notificationItems"][0].clone()), Ok(Judged::Holds));
    assert_eq!(with(json!({})), Err(SignatureMissing));
    let mut forged = value["notificationItems"][0].clone();
    forged["NotificationRequestItem"]["pspReference"] = json!("x");
    assert_eq!(with(forged), Err(SignatureMismatch));
    refused(own, &body(own, "\"pspReference\"", "\"pspReference\":\"x\",\"pspReference\""), SignatureMalformed);
    assert!(own.key("not hex", &Options::new()).is_err());
}

#[test]
fn braintree() {
    let own = Own::Braintree;
    let good = first(own);
    let text = String::from_utf8(good.body()).unwrap();
    let with = |body: &str| good.with_body(body.as_bytes());
    refused(own, &option(own, "publicKey", None), SignatureMismatch);
    refused(own, &option(own, "publicKey", Some("x")), SignatureMismatch);
    let key = good.options["publicKey"].clone();
    assert_eq!(option(own, "publicKey", Some(&["x, ", &key].concat())).judge(own), Ok(Judged::Holds));
    refused(own, &with(&[&text, "&bt_payload=x"].concat()), SignatureMalformed);
    refused(own, &with(&[&text, "&bt_signature=x"].concat()), SignatureMalformed);
    refused(own, &with(&text.replace("bt_payload", "payload")), SignatureMissing);
    refused(own, &with(&text.replace("bt_signature", "signature")), SignatureMissing);
    refused(own, &with(&text.replace("bt_payload=", "bt_payload=%3C")), SignatureMalformed);
    refused(own, &with(&text.replace("bt_payload=", "bt_payload=A")), SignatureMismatch);
    refused(own, &with(""), SignatureMissing);
    let zeros = format!("{key}%7C{}", "0".repeat(40));
    refused(own, &with(&text.replace("bt_signature=", &format!("bt_signature={zeros}%26"))), SignatureMalformed);
    refused(own, &good.with_header("Content-Type", "text/plain"), SignatureMissing);
}

#[test]
fn dropbox_sign() {
    let own = Own::DropboxSign;
    let signed = |time: &str, kind: &str| {
        hex::encode(Key::from_bytes(Algorithm::HmacSha256, b"k").unwrap().sign(&[time.as_bytes(), kind.as_bytes()]))
    };
    let judge = |text: &str| {
        let example = Example { secrets: vec!["k".into()], ..first(own) };
        example.with_header("Content-Type", "application/json").with_body(text.as_bytes()).judge(own)
    };
    let hash = signed("1348177752", "signature_request_sent");
    let good = format!(
        r#"{{"event":{{"event_time":"1348177752","event_type":"signature_request_sent","event_hash":"{hash}"}}}}"#
    );
    assert_eq!(judge(&good), Ok(Judged::Holds));
    for (text, reason) in [
        ("{}".to_owned(), SignatureMissing),
        ("[]".into(), SignatureMalformed),
        (good.replace("event_hash", "hash"), SignatureMissing),
        (good.replace("event_type", "type"), SignatureMalformed),
        (good.replace("event_time", "time"), TimestampMissing),
        (good.replace("1348177752", "soon"), TimestampMalformed),
        (good.replace("_sent", "_signed"), SignatureMismatch),
        // A digit that moved has the same signature.
        (good.replace("1348177752", "134817775").replace("signature_r", "2signature_r"), SignatureMalformed),
        (good.replace("{\"event\"", "{\"event\":{},\"event\""), SignatureMalformed),
        (good.replace(&hash, &hash.to_uppercase()), SignatureMalformed),
    ] {
        assert_eq!(judge(&text), Err(reason), "{text}");
    }
}

#[test]
fn plivo() {
    let own = Own::Plivo;
    for good in Example::all(own) {
        let version = if good.headers.keys().any(|name| name.contains("V3")) { "V3" } else { "V2" };
        let nonce = format!("X-Plivo-Signature-{version}-Nonce");
        refused(own, &good.with_header(&nonce, ""), SignatureMalformed);
        refused(own, &good.with_header(&nonce, "1"), SignatureMismatch);
        if version == "V3" {
            refused(own, &Example { method: "PUT".into(), ..good.clone() }, SignatureMalformed);
            refused(own, &good.with_body(b"x").with_header("Content-Type", "text/plain"), SignatureMalformed);
            let list = vec!["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; 17].join(",");
            refused(own, &good.with_header("X-Plivo-Signature-V3", &list), SignatureMalformed);
        } else {
            // Version 3 covers more: where it is there, version 2 does not count.
            let downgraded = good.with_header("X-Plivo-Signature-V3", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
            refused(own, &downgraded.with_header("X-Plivo-Signature-V3-Nonce", "1"), SignatureMismatch);
        }
    }
}

#[test]
fn contentful() {
    let own = Own::Contentful;
    let good = first(own);
    for (name, value, reason) in [
        ("x-contentful-timestamp", "", TimestampMissing),
        ("x-contentful-timestamp", "1603379941", TimestampMalformed),
        ("x-contentful-timestamp", "1603379941037x", TimestampMalformed),
        ("x-contentful-timestamp", "1603379941038", SignatureMismatch),
        ("x-contentful-timestamp", "1603379981037", TimestampOutOfTolerance),
        ("x-contentful-signed-headers", "", SignatureMalformed),
        ("x-contentful-signed-headers", "x-contentful-timestamp", SignatureMalformed),
        ("x-contentful-signed-headers", "x-contentful-signed-headers", SignatureMalformed),
        (
            "x-contentful-signed-headers",
            "x-contentful-signed-headers,x-contentful-timestamp,x-other",
            SignatureMismatch,
        ),
    ] {
        refused(own, &good.with_header(name, value), reason);
    }
    let names = "x-contentful-signed-headers,x-contentful-timestamp";
    for more in ["x-contentful-signature", "x-contentful-timestamp", "X-Contentful-Timestamp"] {
        let changed = good.with_header("x-contentful-signed-headers", &[names, ",", more].concat());
        refused(own, &changed, SignatureMalformed);
    }
    let url = good.public_url.clone().unwrap();
    refused(own, &Example { public_url: Some([&url, "?a?b"].concat()), ..good.clone() }, SignatureMalformed);
    refused(own, &Example { method: "DELETE".into(), ..good }, SignatureMismatch);
}

/// A request with a token in a header.
fn bearing(own: Own, header: &str, claims: &Value, secret: &str) -> Example {
    let token = jwt::write(&Key::from_bytes(Algorithm::HmacSha256, secret.as_bytes()).unwrap(), claims);
    let mut example = first(own).with_header(header, &token).with_body(b"x");
    example.secrets = vec!["k".into()];
    example.at = Some(1_000);
    example
}

fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

#[test]
fn tokens() {
    let other = hash(b"y");
    let hash = hash(b"x");
    let base64 = Encoding::Base64.encode(&Sha256::digest(b"x"));
    let netlify = |claims: Value| bearing(Own::Netlify, "X-Webhook-Signature", &claims, "k").judge(Own::Netlify);
    assert_eq!(netlify(json!({ "iss": "netlify", "sha256": hash })), Ok(Judged::Holds));
    assert_eq!(netlify(json!({ "iss": "netlify", "sha256": other })), Err(SignatureMismatch));
    assert_eq!(netlify(json!({ "iss": "netlify" })), Err(SignatureMalformed));
    assert_eq!(netlify(json!({ "iss": "Netlify", "sha256": hash })), Err(SignatureMismatch));
    assert_eq!(netlify(json!({ "sha256": hash })), Err(SignatureMalformed));
    let forged = bearing(Own::Netlify, "X-Webhook-Signature", &json!({ "iss": "netlify", "sha256": hash }), "x");
    refused(Own::Netlify, &forged, SignatureMismatch);

    let livekit = |claims: Value, key: Option<&str>| {
        let mut example = bearing(Own::Livekit, "Authorization", &claims, "k");
        example.options = key.map(|key| ("apiKey".to_owned(), key.to_owned())).into_iter().collect();
        example.judge(Own::Livekit)
    };
    let good = json!({ "iss": "a", "sha256": base64, "exp": 1000 });
    assert_eq!(livekit(good.clone(), Some("a")), Ok(Judged::Holds), "within ten seconds");
    assert_eq!(livekit(good.clone(), Some("b")), Err(SignatureMismatch));
    assert_eq!(livekit(good, None), Err(SignatureMismatch));
    let with = |name: &str, value: Value| {
        let mut claims = json!({ "iss": "a", "sha256": base64, "exp": 2000 });
        claims[name] = value;
        livekit(claims, Some("a"))
    };
    assert_eq!(with("exp", json!(990)), Err(TimestampOutOfTolerance));
    assert_eq!(with("nbf", json!(1011)), Err(TimestampOutOfTolerance));
    assert_eq!(with("nbf", json!(1010)), Ok(Judged::Holds));
    assert_eq!(with("exp", json!("2000")), Err(TimestampMalformed));
    // What every participant of a room holds.
    assert_eq!(livekit(json!({ "iss": "a", "exp": 2000, "video": {} }), Some("a")), Err(SignatureMalformed));
    assert_eq!(livekit(json!({ "iss": "a", "sha256": base64 }), Some("a")), Err(TimestampMissing));

    let monday = |claims: Value, audience: &str| {
        let mut example = bearing(Own::Monday, "Authorization", &claims, "k");
        example.options.insert("audience".into(), audience.into());
        example.judge(Own::Monday)
    };
    assert_eq!(monday(json!({ "exp": 1001 }), "https://a/"), Ok(Judged::Holds));
    assert_eq!(monday(json!({ "exp": 1001, "aud": "https://a/" }), "https://a/"), Ok(Judged::Holds));
    assert_eq!(monday(json!({ "exp": 1001, "aud": ["https://a/"] }), "https://a/"), Ok(Judged::Holds));
    assert_eq!(monday(json!({ "exp": 1001, "aud": "https://b/" }), "https://a/"), Err(SignatureMismatch));
    assert_eq!(monday(json!({ "exp": 1000 }), "https://a/"), Err(TimestampOutOfTolerance));
    assert_eq!(monday(json!({}), "https://a/"), Err(TimestampMissing));

    let vonage = |claims: Value| bearing(Own::Vonage, "Authorization", &claims, "k").judge(Own::Vonage);
    assert_eq!(vonage(json!({ "iss": "Vonage", "iat": 1000, "payload_hash": hash })), Ok(Judged::Holds));
    assert_eq!(vonage(json!({ "iss": "Vonage", "payload_hash": hash })), Err(TimestampMissing));
    assert_eq!(vonage(json!({ "iss": "Vonage", "iat": 1000 })), Err(SignatureMalformed), "nobody signed the body");
    assert_eq!(vonage(json!({ "iss": "Vonage", "iat": 1000, "payload_hash": other })), Err(SignatureMismatch));

    let bird = |name: &str, value: Value| {
        let example = bearing(Own::Messagebird, "MessageBird-Signature-JWT", &json!({}), "k");
        let mut claims = json!({ "iss": "MessageBird", "nbf": 1000, "exp": 1060, "jti": "1", "payload_hash": hash,
            "url_hash": self::hash(example.url().as_bytes()) });
        claims[name] = value;
        bearing(Own::Messagebird, "MessageBird-Signature-JWT", &claims, "k").judge(Own::Messagebird)
    };
    assert_eq!(bird("x", json!(1)), Ok(Judged::Holds));
    assert_eq!(bird("iss", json!("Bird")), Err(SignatureMismatch));
    assert_eq!(bird("url_hash", json!(other)), Err(SignatureMismatch));
    assert_eq!(bird("payload_hash", json!(other)), Err(SignatureMismatch));
    assert_eq!(bird("payload_hash", json!(null)), Err(SignatureMalformed));
    assert_eq!(bird("jti", json!(1)), Err(SignatureMalformed));
    assert_eq!(bird("exp", json!(990)), Err(TimestampOutOfTolerance));
    assert_eq!(bird("nbf", json!(1006)), Err(TimestampOutOfTolerance));
    assert_eq!(bird("nbf", json!("1000")), Err(TimestampMalformed));
}

#[test]
fn keys_that_are_asked_for() {
    let digits = |text: &str, name: &str| Encoding::Base64.encode(text.replace("9936261a", name).as_bytes());
    let good = first(Own::Ebay);
    let text = String::from_utf8(Encoding::Base64.decode(&good.headers["X-EBAY-SIGNATURE"]).unwrap()).unwrap();
    let with = |value: &str| good.with_header("X-EBAY-SIGNATURE", value);
    for name in ["../../x", "a b", "", &"x".repeat(100), "é"] {
        let name = if name.is_empty() { "/" } else { name };
        refused(Own::Ebay, &with(&digits(&text, name)), SignatureMalformed);
    }
    for (from, to) in
        [("ecdsa", "none"), ("SHA1", "MD5"), ("\"alg\"", "\"x\""), ("{", "{\"kid\":\"x\","), ("MEYC", "MEYD")]
    {
        let changed = Encoding::Base64.encode(text.replacen(from, to, 1).as_bytes());
        refused(Own::Ebay, &with(&changed), SignatureMalformed);
    }
    for own in [Own::Ebay, Own::Plaid] {
        let none = Example { secrets: vec![], key: None, ..first(own) };
        refused(own, &none, SignatureMismatch);
        let options = Options::from([("clientId".to_owned(), "id".to_owned())]);
        assert!(own.key("client secret", &options).is_ok() && own.key("client secret", &Options::new()).is_err());
        // A secret that asks for keys is none itself.
        let credential = Example { key: None, options, secrets: vec!["client secret".into()], ..first(own) };
        refused(own, &credential, SignatureMismatch);
    }
    let own = Own::FalAi;
    for (name, value, reason) in [
        ("X-Fal-Webhook-Request-Id", "", SignatureMalformed),
        ("X-Fal-Webhook-User-Id", "", SignatureMalformed),
        ("X-Fal-Webhook-User-Id", "another", SignatureMismatch),
        ("X-Fal-Webhook-Timestamp", "", TimestampMissing),
        ("X-Fal-Webhook-Timestamp", "soon", TimestampMalformed),
        ("X-Fal-Webhook-Timestamp", "1725000601", TimestampOutOfTolerance),
    ] {
        refused(own, &first(own).with_header(name, value), reason);
    }
    let public = "-----BEGIN PUBLIC KEY-----MCowBQYDK2VwAyEAmbTlGGUY6wW7vHXvwoXZS6le/wKodmY//ktK5m7aRsk=-----END PUBLIC KEY-----";
    let confused = Example { secrets: vec![public.into()], ..first(Own::Fusionauth) };
    refused(Own::Fusionauth, &confused, SignatureMismatch);
}

#[test]
fn secrets_that_come_along() {
    let graph = |value: Value| {
        let example = Example { secrets: vec!["a".into(), "b".into()], ..first(Own::MicrosoftGraph) };
        example.with_body(json!({ "value": value }).to_string().as_bytes()).judge(Own::MicrosoftGraph)
    };
    let state = |state: &str| json!({ "clientState": state });
    assert_eq!(graph(json!([state("a"), state("b"), state("a")])), Ok(Judged::Holds));
    assert_eq!(graph(json!([state("a"), state("c")])), Err(SignatureMismatch), "one stranger among them");
    assert_eq!(graph(json!([state("a"), {}])), Err(SignatureMissing));
    assert_eq!(graph(json!([state("a"), state("")])), Err(SignatureMissing));
    assert_eq!(graph(json!([state("A")])), Err(SignatureMismatch));
    assert_eq!(graph(json!([])), Err(SignatureMalformed));
    assert_eq!(graph(json!({})), Err(SignatureMalformed));
    assert_eq!(graph(json!([1])), Err(SignatureMalformed));
    assert_eq!(graph((0..100).map(|at| state(&at.to_string())).collect()), Err(SignatureMalformed));
    let own = Own::MicrosoftGraph;
    refused(own, &body(own, "{\"value\"", "{\"value\":[],\"value\""), SignatureMalformed);
    refused(own, &body(own, "\"clientState\"", "\"clientState\":\"x\",\"clientState\""), SignatureMalformed);

    let grid = |url: &str| {
        let at = Example { public_url: Some(url.into()), ..first(Own::AzureEventgrid) };
        at.judge(Own::AzureEventgrid)
    };
    assert_eq!(grid("https://a/?x=y&code=test%2Dcode-value"), Ok(Judged::Holds));
    assert_eq!(grid("https://a/?code=other"), Err(SignatureMismatch));
    assert_eq!(grid("https://a/?code=test-code-value&code=test-code-value"), Err(SignatureMalformed));
    assert_eq!(grid("https://a/?Code=test-code-value"), Err(SignatureMissing));
    assert_eq!(grid("https://a/?code="), Err(SignatureMissing));
    assert_eq!(grid("https://a/#code=test-code-value"), Err(SignatureMissing));

    let own = Own::Strava;
    refused(own, &body(own, "120475", "120476"), SignatureMismatch);
    refused(own, &body(own, "120475", "120475.0"), SignatureMalformed);
    refused(own, &body(own, "120475", "\"120475\""), SignatureMalformed);
    refused(own, &body(own, "\"subscription_id\"", "\"id\""), SignatureMissing);
    refused(own, &body(own, "{", "{\"subscription_id\":1,"), SignatureMalformed);
    refused(own, &first(own).with_body(b"x"), SignatureMalformed);
}

#[test]
fn what_makes_a_message_known_again() {
    let mark = |own: Own, example: &Example| {
        let (url, body) = (example.url(), example.body());
        let headers = Headers::new(example.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = Request { method: &example.method, url: &url, headers: &headers, body: &body };
        let claim = own.claim(request, &example.options).unwrap().unwrap();
        claim.mark(&vec![Some(0); claim.checks.len()])
    };
    for own in [Own::Twilio, Own::MicrosoftGraph] {
        assert_eq!(mark(own, &first(own)), None, "{own:?}");
    }
    let retried = first(Own::Twilio).with_header("I-Twilio-Idempotency-Token", "1");
    assert_eq!(mark(Own::Twilio, &retried).as_deref(), Some("id:1"));
    for own in [Own::Strava, Own::DropboxSign, Own::Mandrill, Own::Plivo, Own::Braintree, Own::Netlify, Own::Plaid] {
        assert!(mark(own, &first(own)).unwrap().starts_with("sig:"), "{own:?}");
    }
    let other = body(Own::Strava, "Messy", "Tidy");
    assert_ne!(mark(Own::Strava, &first(Own::Strava)), mark(Own::Strava, &other));
    // Only a header that was signed counts.
    let unsigned = first(Own::Contentful).with_header("X-Contentful-Idempotency-Key", "1");
    assert!(mark(Own::Contentful, &unsigned).unwrap().starts_with("sig:"));
}

proptest! {
    /// Nothing that can come makes any of them stop.
    #[test]
    fn no_request_panics(
        which: prop::sample::Index,
        value in "\\PC{0,60}|[a-zA-Z0-9+/=|&,. ]{0,100}",
        text in "\\PC{0,60}|[{}\\[\\]\":,a-z0-9&=%|+]{0,100}",
        url in "\\PC{0,40}|https://[a-z@:/?&=%\\[\\]]{0,40}",
        kind in prop_oneof![Just("application/json"), Just("application/x-www-form-urlencoded"), Just("multipart/form-data; boundary=b")],
        changed: prop::sample::Index,
    ) {
        for own in super::tests::OWN {
            let examples = Example::all(*own);
            let example = &examples[which.index(examples.len())];
            let names: Vec<&String> = example.headers.keys().collect();
            let name = names[changed.index(names.len())].clone();
            let _ = example.with_header(&name, &value).judge(*own);
            let _ = example.with_header("content-type", kind).with_body(text.as_bytes()).judge(*own);
            let _ = Example { public_url: Some(url.clone()), ..example.clone() }.judge(*own);
            let _ = own.key(&value, &example.options);
        }
    }
}
