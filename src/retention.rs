//! How long things are kept. Nothing is kept for ever.

use crate::time::Millis;

const DAY: Millis = 86_400_000;
/// However short things are kept, nobody looks for what is too old more often than this.
const OFTEN: Millis = 2_000;
/// How long a part of the world may go by what KV said before something was deleted, and then some.
const HEARD: Millis = 120_000;
/// The ledger is cleared by slots of time: so many cover the time that it remembers.
const SLOTS: Millis = 8;

/// How long things are kept, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Deliveries that have ended, events, and the ids that producers chose.
    pub history: Millis,
    /// The bodies that were sent, and the events' data.
    pub payloads: Millis,
}

impl Retention {
    /// How often it is looked for what is too old.
    pub fn sweep_every(self) -> Millis {
        (self.payloads.min(self.history) / 30).clamp(OFTEN, DAY)
    }

    /// How long what was deleted can still be read: then everything that it had goes.
    pub fn lingers(self) -> Millis {
        self.history.min(DAY)
    }

    /// When everybody has heard that an application is gone, counted from its end.
    pub fn heard(self) -> Millis {
        self.history.min(HEARD)
    }

    /// For how long a repeated request completes what the first one may have left undone. Later it is only answered: the
    /// log may have forgotten what was delivered, and would take it for new.
    pub fn completes(self) -> Millis {
        (self.history / 2).min(DAY)
    }

    /// The slot of the ledger that an id from this time stands in: the time that the slot begins.
    pub fn slot(self, at: Millis) -> Millis {
        at.saturating_sub(at.rem_euclid(self.slot_length()))
    }

    fn slot_length(self) -> Millis {
        (self.history / SLOTS).max(1)
    }

    /// Whatever stands in slots before this is older than `age`.
    pub fn slots_before(self, now: Millis, age: Millis) -> Millis {
        now.saturating_sub(age).saturating_sub(self.slot_length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_month_is_looked_through_daily() {
        let month = Retention { history: 30 * DAY, payloads: 30 * DAY };
        assert_eq!(month.sweep_every(), DAY);
        assert_eq!(Retention { payloads: DAY, ..month }.sweep_every(), DAY / 30);
        assert_eq!((month.lingers(), month.completes(), month.heard()), (DAY, DAY, HEARD));
        let day = Retention { history: DAY, payloads: DAY };
        assert_eq!((day.sweep_every(), day.lingers(), day.completes()), (DAY / 30, DAY, DAY / 2));
        let moment = Retention { history: 8_640, payloads: 8_640 };
        assert_eq!((moment.sweep_every(), moment.lingers(), moment.completes()), (OFTEN, 8_640, 4_320));
    }

    proptest! {
        /// An id is never forgotten before its time, nor kept for more than a slot beyond it.
        #[test]
        fn slots_are_cleared_in_time(history in 1i64..400 * DAY, at in 0i64..1 << 45, age in 0i64..500 * DAY) {
            let retention = Retention { history, payloads: history };
            let cleared = retention.slot(at) < retention.slots_before(at + age, history);
            if age <= history {
                prop_assert!(!cleared);
            }
            if age > history + 2 * retention.slot_length() {
                prop_assert!(cleared);
            }
            prop_assert!(retention.slot(at) <= at && at - retention.slot(at) < retention.slot_length());
            prop_assert!(retention.completes() <= history && retention.lingers() <= history);
        }
    }
}
