use super::*;
use crate::problem::Problem;
use proptest::prelude::*;

const SUBSCRIPTION: &str = "sub_01hy5w2z00c8k1f6n3sp5ge000r4";

fn pointers(read: Result<Job, Problem>) -> String {
    let problem = read.unwrap_err();
    assert_eq!(problem.status, 422);
    let mut pointers: Vec<String> = problem.errors.into_iter().map(|fault| fault.pointer).collect();
    pointers.sort_unstable();
    pointers.join(" ")
}

fn bulk_of(read: Result<Job, Problem>) -> Bulk {
    match read.unwrap() {
        Job::Bulk(bulk) => bulk,
        Job::Replay(replay) => panic!("{replay:?}"),
    }
}

#[test]
fn a_recovery_names_each_fault() {
    let read = |body: &str| Job::recover(SUBSCRIPTION, body.as_bytes());
    let bulk = bulk_of(read(r#"{"since":"2026-05-18T12:00:00Z","status":"failed"}"#));
    assert_eq!((bulk.kind, bulk.stages), (Kind::Recover, vec![5]));
    assert_eq!(bulk.window, Window { since: Some(1_779_105_600_000), until: None });
    for (body, expected) in [
        ("{}", "/since"),
        (r#"{"since":null}"#, "/since"),
        (r#"{"since":"yesterday","until":7}"#, "/since /until"),
        (r#"{"since":"2026-05-18T12:00:00Z","until":"2026-05-18T11:00:00Z"}"#, "/since"),
        (r#"{"since":"2026-05-18T12:00:00Z","status":"pending","type":"a"}"#, "/status /type"),
        ("[]", ""),
    ] {
        assert_eq!(pointers(read(body)), expected, "{body}");
    }
    assert_eq!(read("{").unwrap_err().status, 400);
}

#[test]
fn a_replay_names_each_fault() {
    let read = |body: &str| Job::replay(SUBSCRIPTION, body.as_bytes());
    let all = format!(r#"{{"since":"2026-05-18T12:00:00Z","types":["task.*","*","a"],"from":"{SUBSCRIPTION}"}}"#);
    let Job::Replay(replay) = read(&all).unwrap() else { panic!() };
    assert_eq!((replay.from.as_deref(), replay.types.unwrap().len()), (Some(SUBSCRIPTION), 3));
    for (body, expected) in [
        ("{}", "/since"),
        (r#"{"since":"2026-05-18T12:00:00Z","types":[]}"#, "/types"),
        (r#"{"since":"2026-05-18T12:00:00Z","types":["a b","a","*.a"]}"#, "/types/0 /types/2"),
        (r#"{"since":"2026-05-18T12:00:00Z","types":"a"}"#, "/types"),
        (r#"{"since":"2026-05-18T12:00:00Z","from":"src_01hy5w2z00c8k1f6n3sp5ge000r4"}"#, "/from"),
        (r#"{"since":"2026-05-18T12:00:00Z","status":"failed"}"#, "/status"),
    ] {
        assert_eq!(pointers(read(body)), expected, "{body}");
    }
}

#[test]
fn what_is_done_in_bulk_must_be_named() {
    let retry = |body: &str| Job::bulk(Kind::Retry, body.as_bytes());
    let cancel = |body: &str| Job::bulk(Kind::Cancel, body.as_bytes());
    assert_eq!(bulk_of(retry(r#"{"type":"a.b"}"#)).stages, [5]);
    assert_eq!(bulk_of(retry(r#"{"status":"cancelled"}"#)).stages, [6]);
    assert_eq!(bulk_of(retry(r#"{"status":"pending"}"#)).stages, [1, 2, 3]);
    assert_eq!(bulk_of(cancel(r#"{"status":"pending"}"#)).stages, [0, 1, 2, 3]);
    assert_eq!(bulk_of(cancel(r#"{"event":"evt"}"#)).event.unwrap().id, "evt");
    for body in ["{}", r#"{"status":null,"type":null}"#] {
        assert_eq!(pointers(retry(body)), "");
    }
    for (body, expected) in [
        (r#"{"status":"delivered"}"#, "/status"),
        (r#"{"subscription":"x","source":"sub_01hy5w2z00c8k1f6n3sp5ge000r4"}"#, "/source /subscription"),
        (r#"{"type":"a b","event":1}"#, "/event /type"),
        (r#"{"from":"a"}"#, "/from"),
    ] {
        assert_eq!(pointers(retry(body)), expected, "{body}");
    }
    assert_eq!(pointers(cancel(r#"{"status":"failed"}"#)), "/status");
}

#[test]
fn a_window_is_a_range_of_ids_and_ends_where_the_operation_begins() {
    let at = |time| Id::floor(time).as_str().to_owned();
    let ids = |since, until| Window { since, until }.ids(1_000);
    assert_eq!(ids(None, None), (String::new(), at(1_001)));
    let (after, below) = ids(Some(400), Some(600));
    assert!(at(399) < after && after < at(400) && below == at(601));
    assert_eq!(ids(None, Some(5_000)).1, at(1_001), "what comes later is not meant");
}

#[test]
fn a_replay_wants_what_the_subscription_wants_of_the_types_asked_for() {
    let interest = |events: &[&str], filter: &str| Interest {
        events: events.iter().map(|it| it.to_string()).collect(),
        filter: serde_json::from_str(filter).unwrap(),
    };
    let wanted =
        Wanted { interest: interest(&["task.*", "a"], "{}"), types: Some(vec!["task.done".into(), "b".into()]) };
    let none = Attributes::new();
    assert!(wanted.has("task.done", &none));
    assert!(!wanted.has("task.begun", &none) && !wanted.has("a", &none) && !wanted.has("b", &none));
    let picky = Wanted { interest: interest(&["*"], r#"{"team":["x"]}"#), types: None };
    let groups =
        [("a", Some(r#"{"team":"x"}"#), 3), ("a", Some(r#"{"team":"y"}"#), 5), ("b", Some("{}"), 7), ("b", None, 11)];
    assert_eq!(picky.count(groups), 14, "where the attributes are not known the type decides");
}

#[test]
fn a_repeated_step_counts_once() {
    let position = Position::default();
    let moved = |done, over| Moved { done, failed: 1, over };
    let (same, done, failed) = position.moved(moved(500, false));
    assert_eq!((&same, done, failed), (&position, 500, 1));
    let (over, done, failed) = same.moved(moved(700, true));
    assert_eq!((over.closing, over.done, done, failed), (true, 700, 700, 1));
    let next = over.next();
    assert_eq!((next.at, next.closing, next.done), (1, false, 700));
    assert_eq!(next.moved(moved(3, false)).1, 703);
}

#[test]
fn a_replay_reads_page_after_page_and_place_after_place() {
    let first = Position::default().read(Some("x".into()), 10, 1);
    assert_eq!((first.at, first.cursor.as_str(), first.done, first.failed), (0, "x", 10, 1));
    let second = first.read(None, 5, 0);
    assert_eq!((second.at, second.cursor.as_str(), second.done, second.failed), (1, "", 15, 1));
}

#[test]
fn an_operation_is_shown() {
    let id = Id::new(1_779_105_600_000, 7, Place::for_host(""));
    let operation = Operation {
        id,
        kind: Kind::Recover,
        subscription: Some(SUBSCRIPTION.into()),
        status: Status::Stopped,
        matched: 3,
        done: 1,
        failed: 0,
        completed_at: Some(1_779_105_600_001),
        detail: None,
    };
    let shown = serde_json::to_value(operation.view()).unwrap();
    assert_eq!(
        (&shown["id"], &shown["kind"], &shown["status"]),
        (&id.with("op_").into(), &"recover".into(), &"stopped".into())
    );
    assert_eq!((&shown["createdAt"], &shown["detail"]), (&"2026-05-18T12:00:00.000Z".into(), &serde_json::Value::Null));
}

proptest! {
    #[test]
    fn a_replayed_delivery_has_one_id(time in 0i64..1 << 47, random: u64, event in ".{0,40}", place: u32, shards in 1u32..33) {
        let operation = Id::new(time, random, Place::for_host(""));
        let place = Place::for_subscription(place);
        let id = replay_id(operation, &event, place, shards);
        prop_assert_eq!(id, replay_id(operation, &event, place, shards));
        prop_assert_eq!(id.time(), time);
        prop_assert!(place.shards(shards).any(|shard| shard == id.place()));
        let other = Id::new(time, random ^ 1, Place::for_host(""));
        prop_assert_ne!(id, replay_id(other, &event, place, shards));
        prop_assert_ne!(id, replay_id(operation, &[&event, "x"].concat(), place, shards));
    }

    #[test]
    fn no_body_panics(bytes: Vec<u8>, text: String) {
        let value = serde_json::to_string(&text).unwrap();
        let body = format!("{{\"since\":{value},\"until\":{value},\"types\":[{value}],\"from\":{value},\"status\":{value},\"event\":{value}}}");
        for body in [bytes.as_slice(), body.as_bytes()] {
            let _ = (Job::recover("", body), Job::replay("", body), Job::bulk(Kind::Retry, body), Job::bulk(Kind::Cancel, body));
        }
    }
}
