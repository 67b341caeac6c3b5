//! How many took how long, in a form that two can be added in.

use crate::time::Millis;

/// Times below this many milliseconds are counted one by one.
const EXACT: u64 = 128;
/// Above, each doubling is cut into so many equal steps: what is told of a time is less than a hundredth beside it.
const STEPS: u64 = 64;
/// More than thirty years count as thirty years.
const LONGEST: u64 = 1 << 40;

/// Counts by time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(Vec<u64>);

impl Histogram {
    /// One more took so long.
    pub fn add(&mut self, time: Millis) {
        self.count(bucket(u64::try_from(time).unwrap_or(0)), 1);
    }

    /// All that another one counts.
    pub fn merge(&mut self, other: &Self) {
        for (at, count) in other.filled() {
            self.count(at, count);
        }
    }

    /// All that another one counts, which is a part of this, is taken out again.
    pub fn subtract(&mut self, other: &Self) {
        for (count, less) in self.0.iter_mut().zip(&other.0) {
            *count = count.saturating_sub(*less);
        }
        let filled = self.filled().last().map_or(0, |(at, _)| at.saturating_add(1));
        self.0.truncate(filled);
    }

    /// The nearest-rank percentile, as far as it was counted: the smallest time that `percent` of a hundred are not above.
    pub fn percentile(&self, percent: u64) -> Option<Millis> {
        let total = self.0.iter().fold(0u64, |total, count| total.saturating_add(*count));
        let rank = total.saturating_mul(percent).div_ceil(100).max(1);
        let mut below = 0u64;
        let (at, _) = self.filled().find(|(_, count)| {
            below = below.saturating_add(*count);
            below >= rank
        })?;
        i64::try_from(time_of(at)).ok()
    }

    /// As it is stored: `bucket:count`, with commas.
    pub fn stored(&self) -> String {
        self.filled().map(|(at, count)| format!("{at}:{count}")).collect::<Vec<_>>().join(",")
    }

    /// Reads what was stored.
    pub fn restore(text: &str) -> Option<Self> {
        let mut read = Histogram::default();
        for entry in text.split(',').filter(|entry| !entry.is_empty()) {
            let (at, count) = entry.split_once(':')?;
            let at: usize = at.parse().ok().filter(|at| *at <= bucket(LONGEST))?;
            read.count(at, count.parse().ok()?);
        }
        Some(read)
    }

    fn filled(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    fn count(&mut self, at: usize, by: u64) {
        if self.0.len() <= at {
            self.0.resize(at.saturating_add(1), 0);
        }
        if let Some(count) = self.0.get_mut(at) {
            *count = count.saturating_add(by);
        }
    }
}

fn bucket(time: u64) -> usize {
    let time = time.min(LONGEST);
    let Some(doubling) = time.checked_div(EXACT).and_then(u64::checked_ilog2) else { return time as usize };
    let step = time >> doubling.saturating_add(1);
    EXACT.saturating_add(STEPS.saturating_mul(u64::from(doubling))).saturating_add(step).saturating_sub(STEPS) as usize
}

/// The middle of what is counted there.
fn time_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let Some(above) = bucket.checked_sub(EXACT) else { return bucket };
    let doubling = above.checked_div(STEPS).unwrap_or(0).saturating_add(1);
    let step = STEPS.saturating_add(above.checked_rem(STEPS).unwrap_or(0));
    (step << doubling).saturating_add((1u64 << doubling).saturating_sub(1) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_times_are_told_as_they_are() {
        for time in (0..200).chain([1_000, 86_400_000, i64::MAX]) {
            let mut one = Histogram::default();
            one.add(time);
            let told = one.percentile(50).unwrap();
            let counted = time.min(1 << 40);
            assert!((told - counted).abs() * 100 <= counted, "{time} is told as {told}");
            assert!(time >= 128 || told == time);
        }
    }

    #[test]
    fn what_is_not_stored_by_this_is_not_read() {
        for text in ["1", "1:", ":1", "1:-1", "a:1", "1:1 ", "99999999:1"] {
            assert_eq!(Histogram::restore(text), None, "{text}");
        }
        assert_eq!(Histogram::restore(""), Some(Histogram::default()));
    }

    fn times() -> impl Strategy<Value = Vec<i64>> {
        proptest::collection::vec(prop_oneof![0i64..300, 0i64..100_000, 0i64..1 << 39], 1..300)
    }

    fn counted(times: &[i64]) -> Histogram {
        times.iter().fold(Histogram::default(), |mut counted, time| {
            counted.add(*time);
            counted
        })
    }

    proptest! {
        /// The definition itself, with no arithmetic in common.
        #[test]
        fn a_percentile_is_near_the_smallest_with_enough_below(mut times in times(), percent in 1usize..=100) {
            times.sort_unstable();
            let enough = |value: i64| times.iter().filter(|it| **it <= value).count() * 100 >= percent * times.len();
            let expected = times.iter().copied().find(|value| enough(*value)).unwrap();
            let told = counted(&times).percentile(percent as u64).unwrap();
            prop_assert!((told - expected).abs() * 100 <= expected, "{told} for {expected}");
        }

        #[test]
        fn parts_together_are_the_whole(times in times(), cut: usize) {
            let (a, b) = times.split_at(cut % times.len());
            let mut parts = counted(a);
            parts.merge(&counted(b));
            prop_assert_eq!(&parts, &counted(&times));
            let mut left = parts.clone();
            left.subtract(&counted(b));
            prop_assert_eq!(left, counted(a));
            prop_assert_eq!(Histogram::restore(&parts.stored()), Some(parts));
        }

        #[test]
        fn no_time_and_no_text_panics(time: i64, text: String) {
            counted(&[time]).percentile(100);
            let _ = Histogram::restore(&text);
        }
    }
}
