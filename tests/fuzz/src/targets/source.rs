//! What a client says of a source: a body that makes one and, after a zero, one that changes it.

use signet::destination::Rules;
use signet::header::Headers;
use signet::signature::Request;
use signet::source::{self, Claim, Context, Gate, Source};

use crate::call::NOW;
use crate::vectors;

/// Two bodies.
pub fn run(input: &[u8]) {
    let (first, second) = match input.iter().position(|byte| *byte == 0) {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, input),
    };
    let rules = Rules { allow_private: false, to_ascii: |_| None };
    let context = Context { now: NOW, random: [7; 32], rules };
    let made = match Source::create("src_1".into(), "default".into(), first, &context) {
        Ok(source) => source,
        Err(problem) => {
            assert!(matches!(problem.status, 400 | 422), "{problem:?}");
            return;
        }
    };
    keeps(&made, second);
    // What made it changes nothing.
    let same = made.patch(first, &context);
    assert!(same.is_ok_and(|same| written(&same) == written(&made)), "{made:?}");
    let changed = made.patch(second, &context);
    if let Ok(changed) = &changed {
        keeps(changed, second);
    }
}

fn written(source: &Source) -> String {
    serde_json::to_string(source).unwrap()
}

/// What holds of every source.
fn keeps(source: &Source, body: &[u8]) {
    let stored: Source = serde_json::from_str(&written(source)).unwrap();
    assert_eq!(written(&stored), written(source));
    let view = serde_json::to_value(source.view(&source.url("https://gateway.example"))).unwrap();
    assert!(["secrets", "learned", "signingSecret"].iter().all(|name| view.get(name).is_none()), "{view}");
    assert!(source.secrets.len() <= 20 && (1..=100).contains(&source.timeout_seconds));
    let origin = url::Url::parse(&source.origin).unwrap();
    assert!(matches!(origin.scheme(), "https" | "http") && origin.has_host(), "{}", source.origin);
    if let Some(route) = &source.route {
        let claim =
            Claim { path: route.path.clone(), source: source.id.clone(), application: source.application.clone() };
        let path = route.path.replace("/*", "/x");
        assert!(source::find(std::slice::from_ref(&claim), &path).is_some(), "{path}");
        assert!(!route.leads_back_from(&source.origin));
    }
    let gate = Gate::new(stored).unwrap();
    let url = gate.public_url("https://gateway.example/in/src_1/rest?q=1", "/rest");
    let names = gate.provider.signatures.iter().filter_map(|way| match way {
        signet::provider::Way::Scheme(scheme) => Some(scheme.header.as_str()),
        signet::provider::Way::Own { .. } => None,
    });
    let secret = source.secrets.first().map_or("x", String::as_str);
    let headers = Headers::new(names.map(|name| (name, secret)).chain([("authorization", secret)]));
    let request = Request { method: "POST", url: &url, headers: &headers, body };
    let _ = gate.claims(request, NOW).map(|claims| {
        for (claim, keys) in claims {
            claim.checks.iter().for_each(|check| drop(check.holds(keys)));
        }
    });
}

/// Bodies, as the contract has them.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        r#"{"provider":"github","secrets":["hush"],"origin":"https://origin.example.com/hooks"}"#,
        r#"{"provider":"stripe","secrets":["whsec_a","whsec_b"],"origin":"https://origin.example.com","mode":"queue","enforce":false,"resign":true,"toleranceSeconds":600,"timeoutSeconds":10,"deduplicate":false,"name":"Shop"}~{"secrets":["whsec_c"],"resign":null,"toleranceSeconds":null,"name":null,"enforce":true,"origin":"https://b.example.com"}"#,
        r#"{"provider":"twilio","secrets":["t"],"origin":"https://o.example.com/?a=b","publicUrl":"https://hooks.example.com/twilio?x='y'","route":{"host":"api.example.com:8443","path":"/hooks/*"}}~{"route":null,"publicUrl":null,"mode":null}"#,
        r#"{"provider":"asana","origin":"https://o.example.com"}~{"provider":"notion","options":null}"#,
        r#"{"provider":"livekit","secrets":["s"],"options":{"apiKey":"APIx"},"origin":"https://o.example.com"}~{"options":{"apiKey":"APIy"},"route":{"host":"[2606:4700::1111]","path":"/"}}"#,
        r#"{"provider":{"signature":{"algorithm":"hmac-sha512","content":"{method} {path} {header:X-A}{id}.{timestamp}.{body}","header":"X-S","idHeader":"X-Id","timestampHeader":"X-T","timestampFormat":"http-date","encoding":"base64url","secretEncoding":"hex"}},"secrets":["00ff"],"origin":"https://o.example.com"}"#,
        r#"{"provider":{"signature":{"algorithm":"token","encoding":"text","header":"X-S","moreHeaders":["X-B"],"format":"Bearer {signature}","content":"{body}","idField":"id","timestampField":"at","toleranceSeconds":5,"separator":","}},"secrets":["token"],"origin":"http://o.example.com:81/a"}"#,
    ]
    .into_iter()
    .map(|text| text.replace('~', "\0").into_bytes())
    .collect();
    let mut told: Vec<String> = Vec::new();
    for vector in vectors::all() {
        if !told.contains(&vector.call.who) {
            told.push(vector.call.who.clone());
            let body = serde_json::json!({ "provider": vector.call.who, "secrets": vector.call.secrets,
                "options": vector.call.options, "origin": "https://o.example.com" });
            seeds.push(body.to_string().into_bytes());
        }
    }
    seeds
}
