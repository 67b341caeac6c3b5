use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::world::{Met, Step, World};
use super::*;
use crate::subscription::{Pace, RateLimit};

fn retry(delays: &[f64]) -> Retry {
    Retry { delays: delays.to_vec(), jitter: 0.0 }
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered { status, retry_after: None }
}

const FRESH: Progress = Progress { stage: Stage::Fresh, tries: 0, count: 0, next_at: None, completed_at: None };

#[test]
fn each_outcome_leads_where_it_should() {
    let schedule = retry(&[0.0, 60.0]);
    let far = retry(&[0.0, 60.001]);
    let later = |seconds: i64| Outcome::Answered { status: 503, retry_after: Some(1000 + seconds * 1000) };
    for (outcome, stage, next) in [
        (answered(200), Stage::Delivered, None),
        (answered(299), Stage::Delivered, None),
        (answered(300), Stage::Due, Some(61_000)),
        (answered(404), Stage::Due, Some(61_000)),
        (answered(410), Stage::Failed, None),
        (Outcome::Failed(Failure::Timeout), Stage::Due, Some(61_000)),
        (later(10), Stage::Due, Some(61_000)),
        (later(600), Stage::Waiting, Some(601_000)),
        (later(i64::MAX / 2000), Stage::Waiting, Some(1000 + MAX_RETRY_AFTER)),
        (Outcome::Answered { status: 500, retry_after: Some(900_000) }, Stage::Due, Some(61_000)),
    ] {
        let settled = FRESH.settle(Trigger::Schedule, outcome, &schedule, 1000, 0.5);
        assert_eq!((settled.progress.stage, settled.progress.next_at), (stage, next), "{outcome:?}");
        assert_eq!(settled.gone, outcome == answered(410));
    }
    let settled = FRESH.settle(Trigger::Schedule, answered(500), &far, 1000, 0.0);
    assert_eq!((settled.progress.stage, settled.progress.next_at), (Stage::Waiting, Some(61_001)));
    let last = Progress { tries: 1, count: 1, stage: Stage::Due, ..FRESH };
    let settled = last.settle(Trigger::Schedule, answered(500), &schedule, 1000, 0.0);
    assert_eq!((settled.progress.stage, settled.progress.completed_at), (Stage::Failed, Some(1000)));
}

#[test]
fn an_attempt_by_hand_never_spoils_what_was() {
    let schedule = retry(&[0.0, 60.0]);
    let by_hand =
        |from: Progress, status| from.settle(Trigger::Manual, answered(status), &schedule, 5000, 0.0).progress;
    let waiting = Progress { stage: Stage::Waiting, tries: 1, count: 1, next_at: Some(60_000), ..FRESH };
    assert_eq!(by_hand(waiting, 500), Progress { count: 2, ..waiting });
    assert_eq!(by_hand(waiting, 200).stage, Stage::Delivered);
    for stage in [Stage::Delivered, Stage::Failed, Stage::Cancelled] {
        let ended = Progress { stage, completed_at: Some(1), ..FRESH };
        assert_eq!(by_hand(ended, 500), Progress { count: 1, ..ended });
        assert_eq!(by_hand(ended, 200).stage, Stage::Delivered);
    }
    let delivered = Progress { stage: Stage::Delivered, completed_at: Some(1), ..FRESH };
    assert_eq!(by_hand(delivered, 200).completed_at, Some(1));
}

#[test]
fn a_test_is_one_attempt_and_disables_nothing() {
    let settled = FRESH.settle(Trigger::Test, answered(410), &retry(&[0.0, 60.0]), 1, 0.0);
    assert_eq!((settled.progress.stage, settled.gone), (Stage::Failed, false));
}

#[test]
fn stored_numbers_keep_their_meaning() {
    for number in 0..=6 {
        assert_eq!(Stage::from_stored(number).map(|stage| stage as u8), Some(number));
    }
    assert_eq!(Stage::from_stored(7), None);
}

#[test]
fn the_memory_of_attempts_is_bounded() {
    let body = "x".repeat(KEPT_BODY);
    let attempt = |number| Attempt {
        number,
        trigger: Trigger::Manual,
        started_at: 0,
        duration_ms: 1,
        response_status: Some(500),
        response_body: Some(&body),
        response_body_truncated: true,
        error: None,
    };
    let mut list = append(None, &attempt(1));
    for number in 2..=200 {
        list = append(Some(&list), &attempt(number));
        assert!(list.len() < 1100 * 1024);
    }
    let kept: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    assert_eq!(kept.last().unwrap()["number"], 200);
    assert_eq!(kept[0]["startedAt"], "1970-01-01T00:00:00.000Z");
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop_oneof![4 => Just(200u16), 3 => Just(500), 1 => Just(503), 1 => Just(404)];
    let status = prop_oneof![60 => status, 1 => Just(410)];
    let rate = prop_oneof![2 => Just(None), 1 => Just(Some(0.3)), 1 => Just(Some(3.0)), 1 => Just(Some(300.0))];
    let concurrency = prop_oneof![2 => Just(None), 1 => Just(Some(1)), 1 => Just(Some(2))];
    let pace = (rate, concurrency, any::<bool>()).prop_map(|(rate, concurrency, ordered)| Pace {
        rate_limit: rate.map(|per_second| RateLimit { per_second }),
        concurrency,
        ordered,
    });
    let ahead = prop_oneof![6 => Just(0i64), 1 => 1i64..20_000, 1 => 20_000i64..200_000];
    let step = prop_oneof![
        9 => ahead.prop_map(Step::Append),
        1 => (0usize..64).prop_map(Step::Repeat),
        6 => (0usize..4, 0usize..32, status).prop_map(|(object, index, status)| Step::Answer(object, index, status)),
        1 => (0usize..4, 0usize..32).prop_map(|(object, index)| Step::TakenAndCrash(object, index)),
        1 => (0usize..4).prop_map(Step::Crash),
        2 => (-100_000i64..200_000).prop_map(Step::Clock),
        2 => (0i64..3_000).prop_map(Step::Clock),
        2 => (0usize..4).prop_map(Step::Alarm),
        2 => (0usize..64).prop_map(Step::Bell),
        5 => (1usize..30).prop_map(Step::Run),
        2 => any::<bool>().prop_map(Step::Weather),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
        2 => pace.prop_map(Step::Pace),
        1 => (1u32..4).prop_map(Step::Shards),
        1 => (0usize..4, 0usize..64).prop_map(|(object, index)| Step::Cancel(object, index)),
        1 => (0usize..4, 0usize..64).prop_map(|(object, index)| Step::ByHand(object, index)),
        1 => (0usize..4, 0usize..64).prop_map(|(object, index)| Step::Recover(object, index)),
    ];
    proptest::collection::vec(step, 1..60)
}

/// How many histories each of the two tests tells.
fn histories() -> u32 {
    std::env::var("SIGNET_TEST_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000)
}

/// Nothing accepted is ever lost, or sent twice but for a crash: at every moment somebody owes the next step; no limit is
/// passed, nobody overtakes in a line, and a destination that is spared is spared. And when the receiver is up and the
/// world is left to run, everything ends.
fn tell_histories() {
    let met = RefCell::new(Met::default());
    let config = ProptestConfig {
        cases: histories(),
        max_shrink_iters: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let delays = proptest::collection::vec(prop_oneof![Just(0.0f64), 0.0..20.0, 0.0..150.0], 1..6);
    let told = TestRunner::new(config).run(&(steps(), delays), |(steps, delays)| {
        let mut world = World::new(&delays);
        for step in &steps {
            world.apply(step);
            world.check();
        }
        world.is_up = true;
        for _ in 0..10_000 {
            // What was seen before may still be told.
            world.resume_if_stopped();
            if !world.run() || world.is_over() {
                break;
            }
        }
        world.check();
        prop_assert!(world.is_over(), "something never ends");
        met.borrow_mut().add(&world.met);
        Ok(())
    });
    if let Err(error) = told {
        panic!("{error}");
    }
    let met = met.into_inner();
    println!("{met:?}");
    // What is to be tried must have been met.
    let seldom = [met.opened, met.closed, met.disabled, met.spread].into_iter().min().unwrap_or(0);
    let often = [met.in_line, met.turns, met.failed, met.crashes].into_iter().min().unwrap_or(0);
    let histories = u64::from(histories());
    assert!(seldom > histories / 400 && often > histories / 4, "hardly anything happened: {met:?}");
}

// Two tests, so that both of two processors have something to do.
#[test]
fn nothing_accepted_is_lost() {
    tell_histories();
}

#[test]
fn nothing_accepted_is_lost_either() {
    tell_histories();
}
