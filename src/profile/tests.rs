use super::*;
use crate::signature::Message;
use proptest::prelude::*;

const LIMIT: usize = 1 << 20;

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

fn facts(data: &RawValue) -> Facts<'_> {
    Facts {
        event_id: "evt_1",
        event_type: "shorts.completed",
        occurred_at: 1_779_105_600_000,
        data,
        delivery_id: "del_1",
        subscription_id: "sub_1",
    }
}

fn render(template: &str, data: &str) -> String {
    let rendered = Body::parse(raw(template)).unwrap().render(&facts(raw(data)), LIMIT).unwrap();
    if let Some((at, length)) = rendered.data {
        assert_eq!(&rendered.bytes[at..at + length], data.as_bytes());
    }
    String::from_utf8(rendered.bytes).unwrap()
}

#[test]
fn six_profiles_are_built_in() {
    let names: Vec<&str> = built_in().iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["standard", "playcut", "sketchpen", "videovector", "clipcabinet", "ssemble"]);
    assert!(built_in().iter().all(|profile| profile.built_in && profile.signature.faults().is_empty()));
}

/// The pages of the five products, word for word.
#[test]
fn bodies_are_as_the_pages_show_them() {
    for (profile, body) in [
        ("standard", r#"{"type":"shorts.completed","timestamp":"2026-05-18T12:00:00.000Z","data":{"id": 7}}"#),
        ("videovector", r#"{"type":"shorts.completed","timestamp":"2026-05-18T12:00:00.000Z","data":{"id": 7}}"#),
        (
            "playcut",
            r#"{"id":"whev_2b9e04d1ab04d6b0","type":"shorts.completed","createdAt":"2026-05-18T12:00:00.000Z","data":{"id": 7}}"#,
        ),
        ("sketchpen", r#"{"event":"shorts.completed","video_id":7,"data":{"id": 7},"created_at":1779105600}"#),
        (
            "clipcabinet",
            r#"{"event":"shorts.completed","deliveryId":"del_1","occurredAt":"2026-05-18T12:00:00.000Z","data":{"id": 7}}"#,
        ),
        (
            "ssemble",
            r#"{"event":"shorts.completed","requestId":"evt_1","status":"completed","timestamp":"2026-05-18T12:00:00.000Z","data":{"id": 7}}"#,
        ),
    ] {
        let rendered = find(profile).unwrap().body.render(&facts(raw(r#"{"id": 7}"#)), LIMIT).unwrap();
        let text = String::from_utf8(rendered.bytes).unwrap();
        if profile == "playcut" {
            assert!(text.starts_with("{\"id\":\"whev_") && text.len() == body.len(), "{text}");
        } else {
            assert_eq!(text, body, "{profile}");
        }
    }
}

#[test]
fn schedules_are_as_the_pages_show_them() {
    for (profile, delays, timeout) in [
        ("standard", "0 5 300 1800 7200 18000 36000 50400 72000 86400", 20),
        ("playcut", "0 60 300", 20),
        ("sketchpen", "0 30 120 480", 20),
        ("videovector", "0 5 300 1800 7200 18000 36000 50400 72000 86400", 20),
        ("clipcabinet", "0 30 60 300 900 1800 3600 21600", 20),
        ("ssemble", "0 1 3", 10),
    ] {
        let profile = find(profile).unwrap();
        let shown: Vec<String> = profile.retry.delays.iter().map(f64::to_string).collect();
        assert_eq!(shown.join(" "), delays, "{}", profile.name);
        assert_eq!(profile.timeout_seconds, timeout, "{}", profile.name);
    }
}

#[test]
fn secrets_have_the_products_own_form_and_sign() {
    for (profile, prefix, length) in
        [("standard", "whsec_", 50), ("playcut", "", 64), ("sketchpen", "whsec_", 70), ("clipcabinet", "whsec_", 70)]
    {
        let profile = find(profile).unwrap();
        let secret = profile.secret_format.make(profile.signature.algorithm, &[9; 32]);
        assert!(secret.starts_with(prefix) && secret.len() == length, "{secret}");
        let key = profile.signature.key(&secret).unwrap();
        let message = Message { id: "del_1", time: 1000, body: b"{}", method: "POST", url: "" };
        assert!(!profile.signature.sign([&key], message).is_empty());
    }
}

#[test]
fn placeholders_take_values_texts_and_fallbacks() {
    for (template, data, expected) in [
        (r#""{data}""#, r#"{"a" : 1.0e+2}"#, r#"{"a" : 1.0e+2}"#),
        (
            r#"{"b":"{data.a.b}","a":"x{data.a.b}y"}"#,
            r#"{"a":{"b":"\"\u00e9\n"}}"#,
            r#"{"b":"\"\u00e9\n","a":"x\"é\ny"}"#,
        ),
        (r#"["{data.none}","-{data.none}-","{data.a.b.c}"]"#, r#"{"a":[1]}"#, r#"[null,"--",null]"#),
        (r#""{data.s|event.typeSuffix}""#, r#"{"s":null}"#, r#""completed""#),
        (r#""{data.s|event.typeSuffix}""#, r#"{"s":false}"#, "false"),
        (
            r#"{"big":"{data.n}","t":"{event.unixTime}{event.unixMillis}"}"#,
            r#"{"n":12345678901234567890123}"#,
            r#"{"big":12345678901234567890123,"t":"17791056001779105600000"}"#,
        ),
        (r#"{"z":1,"a":[true,null,1.5,-3,"{ }","{}x"]}"#, "0", ""),
        (r#"{"z":1,"a":[true,null,1.5,-3,"plain"]}"#, "0", r#"{"z":1,"a":[true,null,1.5,-3,"plain"]}"#),
    ] {
        if expected.is_empty() {
            assert!(Body::parse(raw(template)).is_err());
        } else {
            assert_eq!(render(template, data), expected, "{template}");
        }
    }
}

#[test]
fn what_a_profile_leaves_out_is_as_in_standard() {
    let own = Profile::read("own", b"{}").unwrap();
    assert_eq!(own.signature, standard().signature);
    assert_eq!(own.retry, standard().retry);
    assert_eq!(own.headers, standard().headers);
    let shown = serde_json::to_vec(find("sketchpen").unwrap()).unwrap();
    let again = Profile::read("sketchpen", &shown).unwrap();
    assert_eq!(again.signature, find("sketchpen").unwrap().signature);
    assert_eq!(again.secret_format, find("sketchpen").unwrap().secret_format);

    let own =
        Profile::read("own", br#"{"signature":{"header":"X-Sig","encoding":"hex"},"headers":{"user-agent":"Me/1"}}"#)
            .unwrap();
    assert_eq!(own.signature.id_header.as_deref(), Some("webhook-id"));
    assert_eq!(own.headers.len(), 1);
    let own = Profile::read(
        "own",
        br#"{"signature":{"header":"X-Sig","content":"{body}","format":"sha1={signature}","algorithm":"hmac-sha1"}}"#,
    )
    .unwrap();
    assert_eq!((own.signature.id_header, own.signature.timestamp_header, own.signature.separator), (None, None, None));
}

#[test]
fn a_profile_that_could_not_work_is_refused_with_every_fault() {
    for (body, pointers) in [
        (r#"{"signature":{"algorithm":"md5","x":1}}"#, "/signature/algorithm /signature/x"),
        (r#"{"signature":{"content":"{timestamp}"}}"#, "/signature/content"),
        (r#"{"signature":{"format":"x"}}"#, "/signature/format"),
        (
            r#"{"headers":{"Host":"x","X-A":"{nope}","X-B":"a\nb","webhook-id":"1"}}"#,
            "/headers/Host /headers/X-A /headers/X-B /headers/webhook-id",
        ),
        (r#"{"headers":["a"]}"#, "/headers"),
        (r#"{"body":{"a":"{nope}"}}"#, "/body"),
        (r#"{"retry":{"delays":[]}}"#, "/retry/delays"),
        (r#"{"retry":{"delays":[-1],"jitter":2}}"#, "/retry/delays /retry/jitter"),
        (r#"{"retry":{"delays":[99999999]}}"#, "/retry/delays"),
        (r#"{"timeoutSeconds":0}"#, "/timeoutSeconds"),
        (r#"{"timeoutSeconds":1.5}"#, "/timeoutSeconds"),
        (r#"{"signature":{"secretEncoding":"hex"},"secretFormat":"x-{hex}"}"#, "/secretFormat"),
        (r#"{"name":"other"}"#, "/name"),
    ] {
        let problem = Profile::read("own", body.as_bytes()).unwrap_err();
        let found: Vec<String> = problem.errors.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(found.join(" "), pointers, "{body}");
    }
    for name in ["", "Own", "1a", "a/b", &"a".repeat(65)] {
        assert!(Profile::read(name, b"{}").is_err(), "{name}");
    }
}

#[test]
fn a_body_beyond_the_limit_is_not_made() {
    let data = format!("\"{}\"", "x".repeat(1000));
    let body = Body::parse(raw(&format!("[{}0]", "\"{data}\",".repeat(1000)))).unwrap();
    assert_eq!(body.render(&facts(raw(&data)), 100_000), None);
    assert!(body.render(&facts(raw(&data)), 1_100_000).is_some());
}

#[test]
fn jitter_only_adds() {
    let retry = Retry { delays: vec![0.0, 10.0], jitter: 0.1 };
    assert_eq!(retry.delay(0, 1.0), Some(0));
    assert_eq!(retry.delay(1, 0.0), Some(10_000));
    assert_eq!(retry.delay(1, 1.0), Some(11_000));
    assert_eq!(retry.delay(2, 0.0), None);
}

proptest! {
    #[test]
    fn what_is_rendered_is_json(text in "\\PC*", kind in "[a-z]{1,8}\\.[a-z]{1,8}") {
        let data = serde_json::to_string(&serde_json::json!({"id": text, "x": {"y": text}})).unwrap();
        for profile in built_in() {
            let facts = Facts { event_type: &kind, event_id: &kind, ..facts(raw(&data)) };
            let rendered = profile.body.render(&facts, LIMIT).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&rendered.bytes).unwrap();
            prop_assert_eq!(&value["data"]["id"], &text);
        }
        let own = Body::parse(raw(r#"{"a":"<{data.id}>","b":"{data.x.y}"}"#)).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&own.render(&facts(raw(&data)), LIMIT).unwrap().bytes).unwrap();
        prop_assert_eq!(&value["a"], &format!("<{text}>"));
        prop_assert_eq!(&value["b"], &text);
    }

    #[test]
    fn no_profile_panics(text: String) {
        let _ = Profile::read("own", text.as_bytes());
        if let Ok(value) = serde_json::to_string(&text) {
            let _ = Profile::read("own", format!("{{\"body\":{value},\"signature\":{{\"format\":{value},\"content\":{value},\"separator\":{value}}}}}").as_bytes());
        }
    }
}
