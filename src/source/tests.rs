#![allow(clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::destination::tests::PUBLIC;
use crate::problem::Problem;

const NOW: Millis = 1_779_105_600_000;
const SECRET: &str = "It's a Secret to Everybody";

fn context() -> Context {
    Context { now: NOW, random: [5; 32], rules: PUBLIC }
}

fn create(body: &str) -> Result<Source, Problem> {
    Source::create("src_1".into(), "default".into(), body.as_bytes(), &context())
}

fn patch(source: &Source, body: &Value) -> Result<Source, Problem> {
    source.patch(body.to_string().as_bytes(), &Context { now: NOW + 1, random: [6; 32], rules: PUBLIC })
}

/// What is needed at least, with more fields or others.
fn with(more: Value) -> String {
    let mut body = json!({"provider": "github", "secrets": [SECRET], "origin": "https://origin.example.com/hooks"});
    let fields = body.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    body.to_string()
}

fn pointers(problem: &Problem) -> String {
    let mut found: Vec<&str> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
    found.sort_unstable();
    found.join(" ")
}

#[test]
fn the_contracts_own_example_is_taken() {
    let made = create(
        r#"{"name":"GitHub","provider":"github","secrets":["s3cret"],"origin":"https://origin.example.com/hooks/github",
        "mode":"proxy","enforce":true,"resign":true,"toleranceSeconds":300,"timeoutSeconds":25,"deduplicate":true,
        "publicUrl":null,"options":{},"route":{"host":"api.example.com","path":"/hooks/github"}}"#,
    )
    .unwrap();
    let shown = serde_json::to_value(made.view(&made.url("https://signet.example.com"))).unwrap();
    assert_eq!(shown["url"], "https://signet.example.com/in/src_1");
    assert_eq!(shown["provider"], "github");
    assert_eq!(shown["secretCount"], 1);
    assert_eq!(shown["resign"], true);
    assert_eq!(shown["route"], json!({"host": "api.example.com", "path": "/hooks/github"}));
    assert_eq!(shown["createdAt"], "2026-05-18T12:00:00.000Z");
    assert!(!shown.to_string().contains("s3cret") && shown.get("signingSecret").is_none());
    let shown = serde_json::to_value(made.view_with_secret("u")).unwrap();
    assert_eq!(shown["signingSecret"], "whsec_BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=");
    let stored = serde_json::to_string(&made).unwrap();
    let read: Source = serde_json::from_str(&stored).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);
}

#[test]
fn what_is_left_out_has_a_default() {
    let made = create(&with(json!({}))).unwrap();
    assert_eq!((made.mode, made.enforce, made.deduplicate), (Mode::Proxy, true, true));
    assert_eq!((made.timeout_seconds, made.tolerance_seconds), (25, None));
    assert!(made.name.is_none() && made.signing_secret.is_none() && made.public_url.is_none() && made.route.is_none());
    let nulls = json!({"name": null, "mode": null, "enforce": null, "resign": null, "toleranceSeconds": null,
        "timeoutSeconds": null, "deduplicate": null, "publicUrl": null, "options": null, "route": null});
    let again = create(&with(nulls)).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&made).unwrap());
}

#[test]
fn a_source_of_an_older_version_is_still_read() {
    let stored = r#"{"id":"src_1","application":"default","provider":"github","origin":"https://a.example.com/",
        "mode":"queue","enforce":true,"timeoutSeconds":25,"deduplicate":true,"createdAt":1,"updatedAt":1,"lost":1}"#;
    let read: Source = serde_json::from_str(stored).unwrap();
    assert_eq!((read.version, read.secrets.len(), read.provider().unwrap().name.as_str()), (0, 0, "github"));
}

#[test]
fn faults_are_named() {
    let custom = |signature: Value| json!({"provider": {"signature": signature}});
    for (more, expected) in [
        (json!({"provider": null, "origin": null}), "/origin /provider"),
        (json!({"provider": "githup"}), "/provider"),
        (json!({"provider": 7}), "/provider"),
        (json!({"provider": ["github"]}), "/provider"),
        (json!({"provider": {}}), "/provider/signature"),
        (json!({"provider": {"signature": 7}}), "/provider/signature"),
        (
            json!({"provider": {"signature": {"header": "X-Sig", "secretEncoding": "utf8"}, "name": "x"}}),
            "/provider/name",
        ),
        (custom(json!({"header": "X Sig", "content": "{body}"})), "/provider/signature/header"),
        (custom(json!({"heeder": "X-Sig", "content": "{body}"})), "/provider/signature/heeder"),
        (custom(json!({"content": "{nobody}"})), "/provider/signature/content"),
        (custom(json!({"algorithm": "rot13"})), "/provider/signature/algorithm"),
        (json!({"name": ""}), "/name"),
        (json!({"name": "x".repeat(257)}), "/name"),
        (json!({"name": 7}), "/name"),
        (json!({"secrets": "x"}), "/secrets"),
        (json!({"secrets": []}), "/secrets"),
        (json!({"secrets": null}), "/secrets"),
        (json!({"secrets": vec!["x"; 21]}), "/secrets"),
        (json!({"secrets": ["x", 7, "", " y", "z"]}), "/secrets/1"),
        (json!({"secrets": ["x", "", " y", "z"]}), "/secrets/1 /secrets/2"),
        (json!({"provider": "standard-webhooks", "secrets": ["whsec_AQID", "whsec_?"]}), "/secrets/1"),
        (custom(json!({"algorithm": "ed25519"})), "/secrets/0"),
        (json!({"origin": "ftp://example.com"}), "/origin"),
        (json!({"origin": "https://10.0.0.1/"}), "/origin"),
        (json!({"origin": 7}), "/origin"),
        (json!({"mode": "mirror"}), "/mode"),
        (json!({"enforce": "yes", "resign": 1, "deduplicate": "no"}), "/deduplicate /enforce /resign"),
        (json!({"toleranceSeconds": -1}), "/toleranceSeconds"),
        (json!({"toleranceSeconds": 4_294_967_296u64}), "/toleranceSeconds"),
        (json!({"toleranceSeconds": 1.5}), "/toleranceSeconds"),
        (json!({"timeoutSeconds": 0}), "/timeoutSeconds"),
        (json!({"timeoutSeconds": 101}), "/timeoutSeconds"),
        (json!({"publicUrl": "example.com/hook"}), "/publicUrl"),
        (json!({"publicUrl": "ftp://example.com/"}), "/publicUrl"),
        (json!({"publicUrl": "https:example.com/"}), "/publicUrl"),
        (json!({"publicUrl": "https://example.com/a b"}), "/publicUrl"),
        (json!({"publicUrl": format!("https://example.com/{}", "x".repeat(2_048))}), "/publicUrl"),
        (json!({"options": []}), "/options"),
        (json!({"options": {"verifyToken": 7}}), "/options"),
        (json!({"options": {"a/b": "x"}}), "/options/a~1b"),
        (json!({"route": "api.example.com/hooks"}), "/route"),
        (json!({"route": {}}), "/route/host /route/path"),
        (json!({"route": {"host": "a.example.com", "path": "/", "method": "GET"}}), "/route/method"),
        (json!({"id": "src_2", "url": "x", "signingSecret": "y"}), "/id /signingSecret /url"),
    ] {
        let problem = create(&with(more.clone())).unwrap_err();
        assert_eq!((problem.status, pointers(&problem).as_str()), (422, expected), "{more}");
    }
    assert_eq!(pointers(&create("{}").unwrap_err()), "/origin /provider");
    assert_eq!(create(&with(json!({"origin": "https://10.0.0.1/"}))).unwrap_err().code, "private_address");
    assert_eq!(create(&with(json!({"origin": "nowhere"}))).unwrap_err().code, "invalid_url");
    let problem = create(&with(json!({"provider": "standard-webhooks", "secrets": ["whsec_hush?"]}))).unwrap_err();
    assert!(problem.detail.contains("base64") && !problem.to_json().contains("hush"));
    assert!(create(&with(json!({"provider": "x"}))).unwrap_err().detail.contains("GET /v1/providers"));
}

#[test]
fn a_secret_is_needed_only_where_something_is_to_be_held_against_it() {
    let made = create(&with(json!({"secrets": [], "enforce": false}))).unwrap();
    assert_eq!(pointers(&patch(&made, &json!({"enforce": true})).unwrap_err()), "/secrets");
    let changed = patch(&made, &json!({"enforce": true, "secrets": ["a", "b"]})).unwrap();
    assert_eq!(changed.secrets, ["a", "b"]);
    // Any way will do: the shared secret's or the public key's.
    let keys = ["whsec_AQID", "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="];
    assert!(create(&with(json!({"provider": "standard-webhooks", "secrets": keys}))).is_ok());
}

#[test]
fn a_provider_of_ones_own_is_a_scheme() {
    let signature = json!({"header": "X-Sig", "content": "{body}", "encoding": "hex", "format": "sha256={signature}",
        "algorithm": "hmac-sha256", "secretEncoding": "utf8"});
    let made = create(&with(json!({"provider": {"signature": signature}}))).unwrap();
    assert_eq!(made.provider_name(), "custom");
    let shown = serde_json::to_value(made.view("u")).unwrap();
    assert_eq!(shown["provider"]["signature"]["header"], "X-Sig");
    // What is shown can be sent back.
    let again = patch(&made, &json!({"provider": shown["provider"]})).unwrap();
    assert_eq!(again.provider, made.provider);
    // What it leaves out is as in Standard Webhooks.
    let made =
        create(&with(json!({"provider": {"signature": {"header": "X-Mine"}}, "secrets": ["whsec_AQID"]}))).unwrap();
    let Signer::Custom { signature } = &made.provider else { panic!("{:?}", made.provider) };
    assert_eq!(
        (signature.content.as_str(), signature.id_header.as_deref()),
        ("{id}.{timestamp}.{body}", Some("webhook-id"))
    );
    let problem =
        create(&with(json!({"provider": {"signature": signature}, "options": {"username": "x"}}))).unwrap_err();
    assert_eq!(pointers(&problem), "/options/username /secrets/0");
}

#[test]
fn a_patch_changes_what_it_names() {
    let made = create(&with(json!({"name": "a", "resign": true}))).unwrap();
    for (change, field, expected) in [
        (json!({"name": "b"}), "name", json!("b")),
        (json!({"name": null}), "name", json!(null)),
        (json!({"origin": "https://other.example.com"}), "origin", json!("https://other.example.com/")),
        (json!({"mode": "queue"}), "mode", json!("queue")),
        (json!({"enforce": false}), "enforce", json!(false)),
        (json!({"deduplicate": false}), "deduplicate", json!(false)),
        (json!({"resign": false}), "resign", json!(false)),
        (json!({"resign": null}), "resign", json!(false)),
        (json!({"resign": true}), "resign", json!(true)),
        (json!({"toleranceSeconds": 0}), "toleranceSeconds", json!(0)),
        (json!({"toleranceSeconds": u32::MAX}), "toleranceSeconds", json!(u32::MAX)),
        (json!({"timeoutSeconds": 100}), "timeoutSeconds", json!(100)),
        (
            json!({"publicUrl": "http://u:p%40@EXAMPLE.com:80/a?b#c"}),
            "publicUrl",
            json!("http://u:p%40@EXAMPLE.com:80/a?b#c"),
        ),
        (json!({"secrets": ["a", "b"]}), "secretCount", json!(2)),
        (json!({"provider": "stripe"}), "provider", json!("stripe")),
        (
            json!({"route": {"host": "A.example.com", "path": "/a"}}),
            "route",
            json!({"host": "a.example.com", "path": "/a"}),
        ),
    ] {
        let changed = patch(&made, &change).unwrap();
        let mut before = serde_json::to_value(made.view("u")).unwrap();
        let after = serde_json::to_value(changed.view("u")).unwrap();
        assert_eq!(after[field], expected, "{change}");
        before[field] = expected;
        before["updatedAt"] = json!("2026-05-18T12:00:00.001Z");
        assert_eq!(after, before, "{change} changes nothing else");
    }
    for null in ["origin", "provider"] {
        assert_eq!(pointers(&patch(&made, &json!({null: null})).unwrap_err()), format!("/{null}"));
    }
    assert_eq!(pointers(&patch(&made, &json!({"name": "", "colour": "red"})).unwrap_err()), "/colour /name");
}

#[test]
fn a_secret_option_is_not_shown_and_can_be_written_back() {
    let made = create(&with(json!({"provider": "ebay", "secrets": ["c2VjcmV0"],
        "options": {"clientId": "c", "verifyToken": "t0ken"}})))
    .unwrap();
    let shown = serde_json::to_value(made.view("u")).unwrap()["options"].clone();
    assert_eq!(shown, json!({"clientId": "c", "verifyToken": null}));
    assert_eq!(patch(&made, &json!({"options": shown})).unwrap().options, made.options);
    let changed = patch(&made, &json!({"options": {"clientId": null, "verifyToken": "other"}})).unwrap();
    assert_eq!((changed.options["clientId"].as_str(), changed.options["verifyToken"].as_str()), ("c", "other"));
    let fewer = patch(&made, &json!({"options": {"clientId": null}})).unwrap();
    assert_eq!(fewer.options.len(), 1, "what is not named goes");
    assert!(patch(&made, &json!({"provider": "meta", "options": null})).unwrap().options.is_empty());
    let nothing = patch(&fewer, &json!({"options": {"clientId": null, "verifyToken": null}})).unwrap_err();
    assert_eq!(pointers(&nothing), "/options/verifyToken");
    let nothing = create(&with(json!({"provider": "meta", "options": {"verifyToken": null}}))).unwrap_err();
    assert_eq!(pointers(&nothing), "/options/verifyToken");
    assert!(made.is_secret("t0ken") && made.is_secret("c2VjcmV0") && !made.is_secret("c"));
}

#[test]
fn a_signing_secret_stays_until_it_is_dropped() {
    let made = create(&with(json!({"resign": true}))).unwrap();
    let still = patch(&made, &json!({"resign": true, "name": "x"})).unwrap();
    assert_eq!(still.signing_secret, made.signing_secret);
    let dropped = patch(&still, &json!({"resign": false})).unwrap();
    assert_eq!(dropped.signing_secret, None);
    let anew = patch(&dropped, &json!({"resign": true})).unwrap();
    assert!(anew.signing_secret.is_some() && anew.signing_secret != made.signing_secret);
}

#[test]
fn another_provider_has_to_read_the_secrets_that_are_there() {
    let made = create(&with(json!({}))).unwrap();
    assert_eq!(pointers(&patch(&made, &json!({"provider": "standard-webhooks"})).unwrap_err()), "/secrets/0");
    assert!(patch(&made, &json!({"provider": "standard-webhooks", "secrets": ["whsec_AQID"]})).is_ok());
    assert_eq!(pointers(&patch(&made, &json!({"provider": "none", "secrets": ["?"]})).unwrap_err()), "/provider");
}

#[test]
fn what_a_provider_told_is_gone_with_it() {
    let mut made = create(&with(json!({"secrets": ["told", "own"]}))).unwrap();
    made.learned = Some("told".into());
    let changed = patch(&made, &json!({"provider": "stripe"})).unwrap();
    assert_eq!((changed.secrets, changed.learned), (vec!["own".to_owned()], None));
    let changed = patch(&made, &json!({"secrets": ["own"]})).unwrap();
    assert_eq!(changed.learned, None);
    let changed = patch(&made, &json!({"secrets": ["new", "told"]})).unwrap();
    assert_eq!(changed.learned.as_deref(), Some("told"));
    // GitHub tells none, and a stranger's word is not taken for it.
    assert_eq!(made.learn("other", NOW).unwrap_err().status, 409);
    made.secrets.clear();
    assert_eq!(made.learn("other", NOW).unwrap_err().status, 409);
}

#[test]
fn a_provider_that_tells_its_secret_is_believed_once() {
    let made = create(&with(json!({"provider": "asana", "secrets": []}))).unwrap();
    for wrong in ["", " padded ", "line\nbreak"] {
        assert_eq!(made.learn(wrong, NOW).unwrap_err().code, "secret_not_learned", "{wrong:?}");
    }
    let learned = made.learn("told", NOW + 1).unwrap();
    assert_eq!(
        (learned.secrets.as_slice(), learned.learned.as_deref()),
        (["told".to_owned()].as_slice(), Some("told"))
    );
    assert_eq!(learned.updated_at, NOW + 1);
    assert_eq!(learned.learn("another", NOW).unwrap_err().status, 409);
    let own = create(&with(json!({"provider": "notion", "secrets": ["own"]}))).unwrap();
    assert_eq!(own.learn("told", NOW).unwrap_err().status, 409);
}

#[test]
fn a_route_is_read_as_a_requests_url_has_it() {
    let read = |host: &str, path: &str| create(&with(json!({"route": {"host": host, "path": path}})));
    for (host, path, expected) in [
        ("API.Example.com", "/hooks/github", "api.example.com /hooks/github"),
        ("api.example.com:8443", "/", "api.example.com:8443 /"),
        ("api.example.com:443", "/*", "api.example.com /*"),
        ("api.example.com:80", "/a/*", "api.example.com /a/*"),
        ("127.0.0.1:8787", "/a/", "127.0.0.1:8787 /a/"),
        ("[::1]:8080", "/a", "[::1]:8080 /a"),
        ("localhost", "/a b".trim_end_matches(" b"), "localhost /a"),
        ("a.example.com", "/x/../ü/./{y}", "a.example.com /%C3%BC/%7By%7D"),
        ("a.example.com", "//x//", "a.example.com //x//"),
        ("a.example.com", "/x/../*", "a.example.com /*"),
    ] {
        let route = read(host, path).unwrap().route.unwrap();
        assert_eq!(format!("{} {}", route.host, route.path), expected);
    }
    let long = format!("/{}", "x".repeat(1_024));
    for (host, path, expected) in [
        ("", "/a", "/route/host"),
        ("a.example.com/b", "/a", "/route/host"),
        ("https://a.example.com", "/a", "/route/host"),
        ("u@a.example.com", "/a", "/route/host"),
        ("a b", "/a", "/route/host"),
        ("*.example.com", "/a", "/route/host"),
        ("a..example.com", "/a", "/route/host"),
        ("a.example.com:0", "/a", "/route/host"),
        ("a.example.com:x", "/a", "/route/host"),
        ("a.example.com", "", "/route/path"),
        ("a.example.com", "a", "/route/path"),
        ("a.example.com", "/a?b", "/route/path"),
        ("a.example.com", "/a#b", "/route/path"),
        ("a.example.com", "/a b", "/route/path"),
        ("a.example.com", "/a*", "/route/path"),
        ("a.example.com", "/*/a", "/route/path"),
        ("a.example.com", "/a/**", "/route/path"),
        ("a.example.com", &long, "/route/path"),
        ("?", "?", "/route/host /route/path"),
    ] {
        assert_eq!(pointers(&read(host, path).unwrap_err()), expected, "{host} {path}");
    }
}

#[test]
fn an_origin_behind_its_own_route_is_refused() {
    for (origin, host, path, refused) in [
        ("https://a.example.com/hooks", "a.example.com", "/hooks", true),
        ("http://a.example.com:80/hooks?x=1", "a.example.com:443", "/hooks", true),
        ("https://a.example.com/hooks/in", "a.example.com", "/hooks/*", true),
        ("https://a.example.com/hooks", "a.example.com", "/hooks/*", true),
        ("https://a.example.com/hooks/", "a.example.com", "/hooks/*", true),
        ("https://A.example.com", "a.example.com", "/*", true),
        ("https://a.example.com/hooks/", "a.example.com", "/hooks", false),
        ("https://a.example.com/other", "a.example.com", "/hooks/*", false),
        ("https://a.example.com/hooksmore", "a.example.com", "/hooks/*", false),
        ("https://b.example.com/hooks", "a.example.com", "/hooks", false),
        ("https://a.example.com:8443/hooks", "a.example.com", "/hooks", false),
    ] {
        let made = create(&with(json!({"origin": origin, "route": {"host": host, "path": path}})));
        match made {
            Ok(_) => assert!(!refused, "{origin} {host} {path}"),
            Err(problem) => assert!(refused && pointers(&problem) == "/origin", "{origin} {host} {path}"),
        }
    }
    let made = create(&with(json!({"route": {"host": "a.example.com", "path": "/hooks"}}))).unwrap();
    assert_eq!(pointers(&patch(&made, &json!({"origin": "https://a.example.com/hooks"})).unwrap_err()), "/origin");
}

#[test]
fn the_closest_claim_has_the_request() {
    let claim = |path: &str, application: &str, source: &str| Claim {
        path: path.into(),
        source: source.into(),
        application: application.into(),
    };
    let claims =
        [claim("/*", "a", "1"), claim("/hooks/*", "a", "2"), claim("/hooks/x", "a", "3"), claim("/hooks", "a", "4")];
    for (path, expected) in [
        ("/", Some(("1", "/"))),
        ("/other", Some(("1", "/other"))),
        ("/hooks", Some(("4", ""))),
        ("/hooks/", Some(("2", "/"))),
        ("/hooks/x", Some(("3", ""))),
        ("/hooks/x/y", Some(("2", "/x/y"))),
        ("/hooksx", Some(("1", "/hooksx"))),
        ("", None),
    ] {
        assert_eq!(find(&claims, path).map(|(claim, rest)| (claim.source.as_str(), rest)), expected, "{path}");
    }
    assert_eq!(find(&claims[1..], "/other"), None);
    for (a, b, disputed) in [
        (claim("/x", "a", "1"), claim("/x", "a", "2"), true),
        (claim("/x", "a", "1"), claim("/x", "a", "1"), false),
        (claim("/x/*", "a", "1"), claim("/x/y", "a", "2"), false),
        (claim("/x/*", "a", "1"), claim("/x/y", "b", "2"), true),
        (claim("/x/*", "a", "1"), claim("/x/y/*", "b", "2"), true),
        (claim("/x/*", "a", "1"), claim("/x/*", "b", "2"), true),
        (claim("/x/*", "a", "1"), claim("/x", "b", "2"), false),
        (claim("/x/*", "a", "1"), claim("/xy/*", "b", "2"), false),
    ] {
        assert_eq!((a.disputes(&b), b.disputes(&a)), (disputed, disputed), "{a:?} {b:?}");
    }
}

#[test]
fn the_object_that_keeps_the_queue_knows_what_it_needs() {
    let mut made = create(&with(json!({"mode": "queue", "resign": true}))).unwrap();
    made.version = 7;
    let destination = made.destination(Status::Active, &[9; 32]);
    let source = destination.source.as_ref().unwrap();
    assert_eq!((source.id.as_str(), source.provider.as_str(), source.timeout_seconds), ("src_1", "github", 25));
    assert_eq!(source.signing_secret.as_ref(), Some(&destination.secrets.current));
    assert_eq!((destination.version, destination.subscription.as_ref()), (7, None));
    assert_eq!(destination.url.as_deref(), Some("https://origin.example.com/hooks"));
    assert!(crate::subscription::Prepared::new(destination, PUBLIC).is_ok());
    made.signing_secret = None;
    let destination = made.destination(Status::Deleted, &[9; 32]);
    assert_eq!(destination.source.as_ref().unwrap().signing_secret, None);
    assert!(crate::subscription::Prepared::new(destination, PUBLIC).is_ok());
}

proptest! {
    #[test]
    fn no_body_panics(text: String, bytes: Vec<u8>, number: i64) {
        let _ = Source::create("src_1".into(), "default".into(), &bytes, &context());
        let made = create(&with(json!({"name": text, "timeoutSeconds": number, "toleranceSeconds": number,
            "publicUrl": text, "options": {&text: text}, "secrets": [text], "route": {"host": text, "path": text}})));
        prop_assert!(made.is_err());
        for provider in [json!(text), json!({"signature": {"header": text, "content": text, "format": text}})] {
            let _ = create(&with(json!({"provider": provider, "origin": text, "secrets": [text]})));
        }
    }

    #[test]
    fn a_route_that_was_read_is_read_alike_again(host in "[a-z0-9.:-]{1,20}", path in "/[ -~]{0,20}") {
        if let Ok(made) = create(&with(json!({"route": {"host": host, "path": path}}))) {
            let shown = serde_json::to_value(made.view("u")).unwrap();
            let again = create(&with(json!({"route": shown["route"]}))).unwrap();
            prop_assert_eq!(again.route, made.route);
        }
    }

    #[test]
    fn a_public_url_is_kept_byte_for_byte(rest in "[!-~é]{0,40}") {
        let url = format!("https://user:p%40ss@Example.com:443/{rest}");
        let made = create(&with(json!({"publicUrl": url}))).unwrap();
        prop_assert_eq!(made.public_url, Some(url));
    }
}
