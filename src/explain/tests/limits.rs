//! What no request can bring about.

use proptest::prelude::*;

use super::*;

#[test]
fn the_work_is_bounded() {
    let body = format!("[{}]", vec!["\"ü/<\\n\""; 100_000].join(",\n"));
    assert!(body.len() < MAX_BODY);
    let asked = std::cell::Cell::new(0);
    let run = |gate: &Gate, captured: &Captured| {
        let fetch = async |_: &KeySource, _: Algorithm, _: &[VerifyingKey]| Err(Reason::KeyUnavailable);
        let report = ready(explain(gate, captured, fetch, async |_: &Question<'_>| {
            asked.set(asked.get() + 1);
            false
        }));
        let last = report.steps.last().unwrap();
        assert_eq!(last.step, "variants_tried");
        let trials: usize = last.detail.split(' ').next().unwrap().parse().unwrap();
        assert!(trials <= MAX_TRIALS, "{trials}");
        last.detail.contains("beyond")
    };
    let secrets: Vec<String> = (0..10).map(|number| format!("secret-{number}")).collect();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let several = gate(json!("hubspot"), &secrets);
    assert!(run(&several, &signed(&scheme(&several), "another", body.as_bytes())), "ten secrets are too much to try");
    let public = gate(json!("discord"), &vec!["00".repeat(32); 10].iter().map(String::as_str).collect::<Vec<_>>());
    assert!(run(&public, &signed(&scheme(&public), &"07".repeat(32), BODY.as_bytes())));
    assert!(asked.get() <= MAX_QUESTIONS + 10 * 32, "{}", asked.get());
}

#[test]
fn a_time_of_a_year_with_five_digits_is_explained() {
    let gate = gate(json!("slack"), &[SECRET]);
    let good = signed(&scheme(&gate), SECRET, b"x");
    let report = explained(&gate, &with_header(&good, "X-Slack-Request-Timestamp", "999999999999999"));
    assert_eq!(report.reason, Some(Reason::TimestampOutOfTolerance), "{report:#?}");
}

/// One fault, for everybody who signs the body: it is found whatever the way.
#[test]
fn a_fault_is_found_for_every_provider_of_the_table() {
    let body = r#"{"event":{"type":"a"},"webhookTimestamp":1700000000000,"subscription_id":1}"#;
    let mut found = 0;
    for provider in crate::provider::all() {
        for secret in SECRETS {
            let gate = gate(json!(provider.name), &[secret]);
            let way = &gate.provider.signatures[0];
            // A private key can't be the source's secret.
            if matches!(way, crate::provider::Way::Scheme(scheme) if scheme.algorithm.is_public()) {
                continue;
            }
            let message = Message { id: "msg_1", time: NOW, body: body.as_bytes(), method: "POST", url: URL };
            let Ok(signed) = way.sign(secret, &gate.source.options, &message) else { continue };
            let captured = Captured {
                method: "POST".into(),
                url: signed.url.or(Some(URL.into())),
                headers: signed.headers,
                body: signed.body.unwrap_or(body.into()),
                at: NOW,
            };
            let report = explained(&gate, &captured);
            assert!(report.verified, "{}: {report:#?}", provider.name);
            let report = explained(&gate, &with_body(&captured, [captured.body.as_slice(), b"\n"].concat()));
            if !report.verified {
                assert_eq!(codes(&report)[0], "body_trailing_newline", "{}: {report:#?}", provider.name);
                found += 1;
            }
            break;
        }
    }
    assert!(found > 110, "{found}");
}

/// Every provider of the table, with secrets of every kind.
fn any_gate() -> impl Strategy<Value = Gate> {
    let names: Vec<&'static str> = crate::provider::all().iter().map(|provider| provider.name.as_str()).collect();
    proptest::sample::select(names).prop_map(|name| gate(json!(name), &SECRETS))
}

const SECRETS: [&str; 4] = [
    "whsec_c2VjcmV0IHRoYXQgaXMgYmFzZTY0IQ==",
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "user-name:pass-word",
    "plain text secret",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever comes, a report is made, it says what the gate says, and it holds nothing that has to stay here.
    #[test]
    fn nothing_secret_is_ever_said(
        gate in any_gate(),
        which in 0usize..4,
        body in prop_oneof!["\\PC{0,60}", Just(BODY.to_owned()), Just("a=1&b=2".to_owned()), Just(SECRETS[0].to_owned())],
        junk in prop_oneof!["[ -~]{0,80}", Just(SECRETS[1].to_owned()), "sha256=[0-9a-f]{64}", "t=[0-9]{10},v1=[0-9a-f]{64}"],
        is_signed: bool,
        change in 0usize..6,
        apart in -400_000i64..400_000,
    ) {
        let secret = SECRETS[which];
        let mut captured = Captured {
            method: "POST".into(), url: Some(URL.into()), headers: Vec::new(), body: body.clone().into_bytes(), at: NOW + apart,
        };
        let mut expected: Vec<String> = Vec::new();
        for way in &gate.provider.signatures {
            let message = Message { id: "msg_1", time: NOW, body: body.as_bytes(), method: "POST", url: URL };
            let Ok(signed) = way.sign(secret, &gate.source.options, &message) else { continue };
            for (name, value) in signed.headers {
                // What is long and no time is a signature, or holds one.
                let is_signature = value.len() > 20 && !value.contains(':') && name != "Content-Type";
                let long = |text: &&str| is_signature && text.len() > 20;
                expected.extend(value.split([',', '=', ' ', ';']).filter(long).map(str::to_owned));
                captured.headers.push((name, if is_signed || !is_signature { value } else { junk.clone() }));
            }
            captured.url = signed.url.or(captured.url);
            captured.body = signed.body.filter(|_| is_signed).unwrap_or(captured.body);
        }
        match change {
            0 => captured.body.push(b'\n'),
            1 => captured.url = Some(format!("https://a.example/{secret}?k={secret}").replace(' ', "+")),
            2 => captured.headers.push(("X-Other".into(), secret.into())),
            3 => captured.headers.iter_mut().for_each(|(_, value)| *value = secret.into()),
            4 => captured.body = secret.into(),
            _ => {}
        }
        let report = explained(&gate, &captured);
        let said = serde_json::to_string(&report).unwrap();
        for secret in SECRETS {
            prop_assert!(!said.contains(secret), "{said}");
            prop_assert!(!said.contains(secret.trim_start_matches("whsec_")), "{said}");
        }
        for signature in expected {
            prop_assert!(!said.contains(&signature), "{said}");
        }
        prop_assert_eq!(report.verified, report.reason.is_none());
        prop_assert_eq!(report.verified, report.steps.last().unwrap().ok && report.hints.is_empty());
        prop_assert!(report.verified || !report.hints.is_empty());
    }
}
