use super::*;
use proptest::prelude::*;

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

/// What may happen to a subscription's object and the deliveries in it.
#[derive(Debug, Clone)]
enum Step {
    Append,
    /// The attempt in the queue at this index is made and ends so.
    Attempt(usize, u16),
    /// The attempt goes out, and the machine dies before it is recorded.
    AttemptAndCrash(usize, u16),
    Crash,
    /// The clock moves, also back.
    Clock(i64),
    Ring(usize),
    Pause,
    Resume,
    Cancel(usize),
    ByHand(usize),
}

/// The object as a model: `stored` survives a crash, `queue` does not, `alarms` are the delivery objects'.
#[derive(Default)]
struct World {
    now: Millis,
    paused: bool,
    stored: Vec<Progress>,
    by_hand: Vec<u32>,
    queue: Vec<(usize, Trigger)>,
    alarms: Vec<Option<Millis>>,
    received: Vec<u32>,
    cancelled: Vec<bool>,
}

impl World {
    fn owed(&self, at: usize) -> bool {
        matches!(self.stored[at].stage, Stage::Fresh | Stage::Due)
    }

    fn apply(&mut self, step: &Step, schedule: &Retry) {
        let pick = |index: usize, length: usize| (length > 0).then(|| index % length);
        match step {
            Step::Append => {
                self.stored.push(if self.paused { Progress { stage: Stage::Held, ..FRESH } } else { FRESH });
                self.by_hand.push(0);
                self.alarms.push(None);
                self.received.push(0);
                self.cancelled.push(false);
                if !self.paused {
                    self.queue.push((self.stored.len() - 1, Trigger::Schedule));
                }
            }
            Step::Attempt(index, status) | Step::AttemptAndCrash(index, status) => {
                let Some(index) = pick(*index, self.queue.len()) else {
                    return;
                };
                let (at, trigger) = self.queue[index];
                if trigger == Trigger::Schedule && self.stored[at].next_at.is_some_and(|time| time > self.now) {
                    // Not yet: the object has set its own alarm for it.
                    return;
                }
                self.queue.remove(index);
                if trigger == Trigger::Schedule && !self.owed(at) {
                    return;
                }
                if trigger == Trigger::Schedule && self.paused {
                    self.stored[at].stage = Stage::Held;
                    return;
                }
                if (200..300).contains(status) {
                    self.received[at] += 1;
                }
                if matches!(step, Step::AttemptAndCrash(..)) {
                    return self.crash();
                }
                let settled = self.stored[at].settle(trigger, answered(*status), schedule, self.now, 0.5);
                // The alarm is set before the row says that it is: between the two, the row still owes the attempt.
                if settled.progress.stage == Stage::Waiting {
                    self.alarms[at] = settled.progress.next_at;
                }
                self.stored[at] = settled.progress;
                if trigger == Trigger::Schedule && settled.progress.stage == Stage::Due {
                    self.queue.push((at, Trigger::Schedule));
                }
                if trigger == Trigger::Manual {
                    self.by_hand[at] = self.by_hand[at].saturating_sub(1);
                }
            }
            Step::Crash => self.crash(),
            Step::Clock(by) => self.now = (self.now + by).max(0),
            Step::Ring(index) => {
                let Some(at) = pick(*index, self.stored.len()) else {
                    return;
                };
                // An alarm can ring late, early or again.
                let Some(_) = self.alarms[at] else { return };
                match self.stored[at].ring(self.now, !self.paused) {
                    Ring::Again(time) => self.alarms[at] = Some(time),
                    Ring::Done(moved) => {
                        self.alarms[at] = None;
                        if let Some(progress) = moved {
                            self.stored[at] = progress;
                            if progress.stage == Stage::Due {
                                self.queue.push((at, Trigger::Schedule));
                            }
                        }
                    }
                }
            }
            Step::Pause => self.paused = true,
            Step::Resume => {
                self.paused = false;
                for at in 0..self.stored.len() {
                    if self.stored[at].stage == Stage::Held {
                        self.stored[at].stage = Stage::Due;
                        self.queue.push((at, Trigger::Schedule));
                    }
                }
            }
            Step::Cancel(index) => {
                let Some(at) = pick(*index, self.stored.len()) else {
                    return;
                };
                if let Some(progress) = self.stored[at].cancel(self.now) {
                    self.stored[at] = progress;
                    self.cancelled[at] = true;
                }
            }
            Step::ByHand(index) => {
                let Some(at) = pick(*index, self.stored.len()) else {
                    return;
                };
                self.by_hand[at] += 1;
                self.queue.push((at, Trigger::Manual));
            }
        }
    }

    /// Memory is lost; a new instance finds in the rows what is owed.
    fn crash(&mut self) {
        self.queue.clear();
        for at in 0..self.stored.len() {
            if self.owed(at) {
                self.queue.push((at, Trigger::Schedule));
            }
            for _ in 0..self.by_hand[at] {
                self.queue.push((at, Trigger::Manual));
            }
        }
    }

    fn check(&self, schedule: &Retry) {
        for (at, progress) in self.stored.iter().enumerate() {
            let queued = self.queue.iter().any(|(other, trigger)| *other == at && *trigger == Trigger::Schedule);
            match progress.stage {
                Stage::Fresh | Stage::Due => assert!(queued, "{at} is owed and nobody knows: {progress:?}"),
                Stage::Waiting => assert!(self.alarms[at].is_some(), "{at} waits for no alarm: {progress:?}"),
                Stage::Held => {}
                Stage::Delivered => assert!(self.received[at] > 0, "{at} was never received"),
                Stage::Failed => assert!(progress.tries >= schedule.attempts(), "{at} failed early: {progress:?}"),
                Stage::Cancelled => assert!(self.cancelled[at]),
            }
            assert_eq!(progress.stage.is_pending(), progress.completed_at.is_none(), "{progress:?}");
            assert!(progress.tries <= schedule.attempts() && progress.tries <= progress.count);
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop_oneof![Just(200u16), Just(500), Just(503), Just(404)];
    let step = prop_oneof![
        3 => Just(Step::Append),
        6 => (0usize..64, status.clone()).prop_map(|(index, status)| Step::Attempt(index, status)),
        2 => (0usize..64, status).prop_map(|(index, status)| Step::AttemptAndCrash(index, status)),
        1 => Just(Step::Crash),
        2 => (-100_000i64..200_000).prop_map(Step::Clock),
        4 => (0usize..64).prop_map(Step::Ring),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
        1 => (0usize..64).prop_map(Step::Cancel),
        1 => (0usize..64).prop_map(Step::ByHand),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Nothing accepted is ever lost: at every moment somebody owes the next step, over crashes and clock jumps; and
    /// when the receiver is up and the world is left to run, everything ends.
    #[test]
    fn nothing_accepted_is_lost(steps in steps(), delays in proptest::collection::vec(0.0f64..150.0, 1..5)) {
        let schedule = retry(&delays);
        let mut world = World { now: 1_000_000, ..World::default() };
        for step in &steps {
            world.apply(step, &schedule);
            world.check(&schedule);
        }
        world.apply(&Step::Resume, &schedule);
        for _ in 0..10 {
            world.apply(&Step::Clock(10_000_000), &schedule);
            for at in 0..world.stored.len() {
                world.apply(&Step::Ring(at), &schedule);
            }
            while !world.queue.is_empty() {
                world.apply(&Step::Attempt(0, 200), &schedule);
            }
            world.check(&schedule);
        }
        prop_assert!(world.stored.iter().all(|progress| !progress.stage.is_pending()));
    }
}
