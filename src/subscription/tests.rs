use super::*;
use crate::time::Millis;
use proptest::prelude::*;

const NOW: Millis = 1_779_105_600_000;

fn own(name: &str) -> Option<Profile> {
    match name {
        "own" => Profile::read("own", br#"{"signature":{"header":"X-Own"}}"#).ok(),
        _ => profile::find(name).cloned(),
    }
}

fn context() -> Context<'static> {
    Context {
        now: NOW,
        random: [5; 32],
        rules: crate::destination::tests::PUBLIC,
        default_profile: "standard",
        profile: &own,
        signals: false,
    }
}

fn create(body: &str) -> Result<Subscription, Problem> {
    Subscription::create("sub_1".into(), body.as_bytes(), &context())
}

#[test]
fn the_contracts_own_example_is_taken() {
    let made = create(
        r#"{"url":"https://example.com/hook","name":"Review events","events":["prompt_run.*"],"filter":{"index_ids":["idx_archive"]},
        "metadata":{"owner":"review-ops"},"profile":"standard","headers":{"X-Team":"review"},"rateLimit":{"perSecond":50},"ordered":false,
        "shards":1,"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#,
    )
    .unwrap();
    let view = serde_json::to_value(made.view()).unwrap();
    assert_eq!(view["events"][0], "prompt_run.*");
    assert_eq!(view["rateLimit"]["perSecond"], 50.0);
    assert_eq!(view["status"], "active");
    assert_eq!(view["createdAt"], "2026-05-18T12:00:00.000Z");
    assert!(view.get("secret").is_none());
    assert_eq!(
        serde_json::to_value(made.view_with_secret()).unwrap()["secret"],
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    );
    let stored = serde_json::to_string(&made).unwrap();
    assert_eq!(serde_json::to_value(serde_json::from_str::<Subscription>(&stored).unwrap().view()).unwrap(), view);
}

#[test]
fn only_a_url_is_required() {
    let made = create(r#"{"url":"https://example.com"}"#).unwrap();
    assert_eq!(made.interest.events, ["*"]);
    assert_eq!(made.url, "https://example.com/");
    assert!(made.secrets.current.starts_with("whsec_"));
    let made = create(r#"{"url":"https://example.com","event":"video.completed","profile":"playcut"}"#).unwrap();
    assert_eq!(made.interest.events, ["video.completed"]);
    assert_eq!(made.secrets.current, "05".repeat(32));
}

#[test]
fn faults_are_named() {
    for (body, pointers) in [
        ("{}", "/url"),
        (r#"{"url":"ftp://example.com"}"#, "/url"),
        (r#"{"url":"https://example.com","events":[]}"#, "/events"),
        (r#"{"url":"https://example.com","events":["a*","b"]}"#, "/events/0"),
        (r#"{"url":"https://example.com","event":"a b"}"#, "/event"),
        (r#"{"url":"https://example.com","event":"a","events":["b"]}"#, "/event"),
        (r#"{"url":"https://example.com","profile":"none"}"#, "/profile"),
        (r#"{"url":"https://example.com","filter":{"a":"b"}}"#, "/filter"),
        (r#"{"url":"https://example.com","filter":{"a":[]}}"#, "/filter"),
        (r#"{"url":"https://example.com","metadata":[]}"#, "/metadata"),
        (
            r#"{"url":"https://example.com","headers":{"webhook-id":"x","X-A":"a\r\nb","x-own":"1"},"profile":"own"}"#,
            "/headers/X-A /headers/webhook-id /headers/x-own",
        ),
        (r#"{"url":"https://example.com","headers":{"X-A":"1","x-a":"2"}}"#, "/headers/x-a"),
        (r#"{"url":"https://example.com","rateLimit":{"perSecond":0}}"#, "/rateLimit"),
        (r#"{"url":"https://example.com","secret":"whsec_*"}"#, "/secret"),
        (r#"{"url":"https://example.com","id":"sub_2","sceret":"x"}"#, "/id /sceret"),
    ] {
        let mut found: Vec<String> = create(body).unwrap_err().errors.into_iter().map(|fault| fault.pointer).collect();
        found.sort();
        assert_eq!(found.join(" "), pointers, "{body}");
    }
    assert_eq!(create(r#"{"url":"http://127.1/"}"#).unwrap_err().code, "private_address");
    assert_eq!(create(r#"{"url":"nothing"}"#).unwrap_err().code, "invalid_url");
}

#[test]
fn a_patch_changes_what_it_names() {
    let made =
        create(r#"{"url":"https://example.com","name":"a","headers":{"X-A":"1"},"filter":{"a":["b"]}}"#).unwrap();
    let later = Context { now: NOW + 5, ..context() };
    let patched = made.patch(br#"{"name":null,"filter":null,"events":["x"]}"#, &later).unwrap();
    assert_eq!((patched.name, patched.interest.filter.len(), patched.updated_at), (None, 0, NOW + 5));
    assert_eq!((patched.headers.len(), patched.created_at, patched.secrets), (1, NOW, made.secrets.clone()));
    assert!(made.patch(br#"{"url":null}"#, &later).is_err());
    assert!(made.patch(br#"{"secret":"whsec_AQID"}"#, &later).is_err());
    // A header of its own that the new profile signs with.
    let made = create(r#"{"url":"https://example.com","headers":{"X-Own":"1"}}"#).unwrap();
    assert_eq!(made.patch(br#"{"profile":"own"}"#, &later).unwrap_err().errors[0].pointer, "/headers/X-Own");
    // A secret that the new profile can't read.
    let made = create(r#"{"url":"https://example.com","profile":"playcut","secret":"not base64!"}"#).unwrap();
    assert_eq!(made.patch(br#"{"profile":"standard"}"#, &later).unwrap_err().errors[0].pointer, "/profile");
}

#[test]
fn both_secrets_sign_in_the_overlap() {
    let mut made = create(r#"{"url":"https://example.com"}"#).unwrap();
    let standard = profile::standard();
    let until = made.rotate(br#"{"overlapSeconds":60,"secret":"whsec_AQID"}"#, standard, &context()).unwrap();
    assert_eq!(until, NOW + 60_000);
    let keys = |made: &Subscription, at| {
        let keys = made.secrets.keys(&standard.signature);
        keys.iter().filter(|(_, until)| until.is_none_or(|until| until > at)).count()
    };
    assert_eq!((keys(&made, NOW), keys(&made, until - 1), keys(&made, until)), (2, 2, 1));
    made.rotate(br#"{"overlapSeconds":0,"secret":"whsec_BAUG"}"#, standard, &context()).unwrap();
    assert_eq!(keys(&made, NOW), 1, "without an overlap the new one signs alone");
    for body in [r#"{"overlapSeconds":-1}"#, r#"{"overlapSeconds":604801}"#, r#"{"secret":"?"}"#] {
        assert!(made.rotate(body.as_bytes(), standard, &context()).is_err(), "{body}");
    }
    // A format that carries one signature can't have an overlap.
    let playcut = profile::find("playcut").unwrap();
    let mut made = create(r#"{"url":"https://example.com","profile":"playcut"}"#).unwrap();
    assert_eq!(made.rotate(b"", playcut, &context()).unwrap(), NOW);
}

#[test]
fn an_attempt_carries_the_headers_of_all_who_have_a_say() {
    let made = create(
        r#"{"url":"https://example.com","profile":"clipcabinet","headers":{"user-agent":"Mine/1","X-Team":"a"},"secret":"s"}"#,
    )
    .unwrap();
    let rules = crate::destination::tests::PUBLIC;
    let prepared = Prepared::new(made.destination(1, &own("clipcabinet").unwrap()), rules).unwrap();
    let facts = crate::profile::HeaderFacts {
        event_id: "evt_1",
        event_type: "comment.added",
        delivery_id: "del_1",
        subscription_id: prepared.subscription(),
    };
    let lines = prepared.headers(&facts, b"{}", NOW);
    let headers: Vec<(&str, &str)> = lines.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    assert_eq!(
        headers,
        [
            ("Content-Type", "application/json"),
            ("X-ClipCabinet-Delivery", "del_1"),
            ("X-ClipCabinet-Event", "comment.added"),
            ("X-Team", "a"),
            ("user-agent", "Mine/1"),
            ("X-ClipCabinet-Signature", "sha256=143ca8d517ba1b181025d732b1cf275d90104fca57bb02a565542978aa18c4b6"),
        ]
    );
    // A header that the profile did not sign with when it was taken.
    let mut taken = prepared.destination.clone();
    taken.headers.insert("x-clipcabinet-SIGNATURE".into(), "mine".into());
    assert_eq!(Prepared::new(taken, rules).unwrap().headers(&facts, b"{}", NOW), lines);
    assert_eq!(prepared.url(None), Ok("https://example.com/"));
    // What was stored when it was allowed is checked again.
    let moved = Destination { url: Some("http://10.0.0.1/".into()), ..prepared.destination.clone() };
    assert_eq!(Prepared::new(moved, rules).unwrap().url(None), Err("http://10.0.0.1/"));
    // Nothing leaves unsigned, nor signed with an old secret alone.
    let mut unreadable = prepared.destination.clone();
    unreadable.profile = ProfileRef { name: "standard".into(), spec: None };
    unreadable.secrets = Secrets::new("whsec_AQID".into());
    unreadable.secrets.rotate("?".into(), 1000, NOW);
    assert!(Prepared::new(unreadable, rules).is_err());
    let direct = Destination { url: None, ..prepared.destination.clone() };
    let direct = Prepared::new(direct, rules).unwrap();
    assert_eq!(direct.url(Some("https://a.example.org/")), Ok("https://a.example.org/"));
    assert_eq!(direct.url(Some("http://localhost/")), Err("http://localhost/"));
}

proptest! {
    #[test]
    fn rotations_keep_at_most_ten_old_secrets(steps in proptest::collection::vec((0i64..100, 0i64..50), 1..40)) {
        let mut secrets = Secrets::new("0".into());
        let mut now = NOW;
        for (at, (overlap, pause)) in steps.into_iter().enumerate() {
            now += pause;
            secrets.rotate(at.to_string(), overlap, now);
            prop_assert!(secrets.previous.len() <= MAX_OLD_SECRETS);
            prop_assert_eq!(&secrets.current, &at.to_string());
            prop_assert!(secrets.previous.iter().all(|old| old.until > now && old.secret != secrets.current));
        }
    }

    #[test]
    fn no_body_panics(text: String, bytes: Vec<u8>) {
        let _ = Subscription::create("sub_1".into(), &bytes, &context());
        let value = serde_json::to_string(&text).unwrap();
        let body = format!("{{\"url\":{value},\"name\":{value},\"events\":[{value}],\"filter\":{{{value}:[{value}]}},\"headers\":{{{value}:{value}}},\"profile\":{value},\"secret\":{value}}}");
        let _ = create(&body);
    }
}

#[test]
fn what_objects_report_is_the_worst_of_them_until_somebody_resumes() {
    let mut subscription = create(r#"{"url":"https://example.com/"}"#).unwrap();
    let report = |status, since, resumed_at| Report { status, reason: Some("failing".into()), since, resumed_at };
    assert!(subscription.hear("aaaaa0", &report(Condition::Failing, Some(7), None), 9));
    assert!(subscription.hear("aaaaa1", &report(Condition::Failing, Some(5), None), 9));
    assert!(!subscription.hear("aaaaa1", &report(Condition::Failing, Some(5), None), 9), "no news");
    assert_eq!(subscription.failing_since, Some(5));
    assert!(subscription.hear("aaaaa1", &report(Condition::Recovered, None, None), 9));
    assert_eq!(subscription.failing_since, Some(7));
    assert!(subscription.hear("aaaaa0", &report(Condition::Disabled, Some(7), None), 9));
    assert_eq!(subscription.status, Status::Disabled);
    subscription.status = Status::Active;
    subscription.forgive(10);
    assert_eq!((subscription.failing_since, subscription.resumed_at), (None, Some(10)));
    assert!(!subscription.hear("aaaaa0", &report(Condition::Disabled, Some(7), None), 11), "of the time before");
    subscription.forgive(10);
    assert_eq!(subscription.resumed_at, Some(11));
}

#[test]
fn signets_own_events_are_asked_for_by_themselves_or_not_at_all() {
    let create = |events: &str, signals| {
        let body = format!(r#"{{"url":"https://example.com","events":{events}}}"#);
        let place =
            if signals { crate::id::Place::operators().next().unwrap() } else { crate::id::Place::for_subscription(9) };
        let id = crate::id::Id::new(1, 2, place).with(crate::id::SUBSCRIPTION);
        Subscription::create(id, body.as_bytes(), &Context { signals, ..context() })
    };
    let refused = |made: Result<Subscription, Problem>| {
        made.unwrap_err().errors.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
    };
    assert_eq!(refused(create(r#"["task.*","signet.*"]"#, false)), ["/events/1"]);
    assert_eq!(refused(create(r#"["signet.*","task.*"]"#, true)), ["/events/1"]);
    let own = create(r#"["signet.*"]"#, true).unwrap();
    let other = create(r#"["*"]"#, false).unwrap();
    assert!(own.is_operators() && !other.is_operators());
    let patch =
        |it: &Subscription, body: &str| it.patch(body.as_bytes(), &Context { signals: it.is_operators(), ..context() });
    assert!(patch(&own, r#"{"events":["signet.secret.*"]}"#).is_ok() && patch(&own, r#"{"name":"x"}"#).is_ok());
    for events in [r#"["task.*"]"#, "null", r#"["*"]"#] {
        assert_eq!(refused(patch(&own, &format!(r#"{{"events":{events}}}"#))), ["/events"], "{events}");
    }
    assert_eq!(refused(patch(&other, r#"{"events":["signet.*"]}"#)), ["/events/0"]);
    assert_eq!(refused(patch(&other, r#"{"event":"signet.*"}"#)), ["/event"]);
}
