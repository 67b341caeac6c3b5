//! What strangers may cause, a burst at first and so much a second in the long run: a token bucket.

use crate::time::Millis;

/// What is left, up to `most`.
#[derive(Debug, Clone)]
pub struct Allowance {
    most: f64,
    per_second: f64,
    left: f64,
    at: Millis,
}

impl Allowance {
    /// A full one.
    pub fn new(most: f64, per_second: f64, now: Millis) -> Self {
        Allowance { most, per_second, left: most, at: now }
    }

    /// Whether there is one more.
    pub fn has(&mut self, now: Millis) -> bool {
        let passed = now.saturating_sub(self.at).max(0) as f64 / 1000.0;
        self.left = (self.left + passed * self.per_second).min(self.most);
        self.at = now;
        self.left >= 1.0
    }

    /// Uses one up, also where there is none left: whoever goes on all the same waits longer for the next.
    pub fn spend(&mut self, now: Millis) {
        self.has(now);
        self.left = (self.left - 1.0).max(0.0);
    }

    /// Uses one up, if there is one. Whether there was.
    pub fn take(&mut self, now: Millis) -> bool {
        let has = self.has(now);
        if has {
            self.spend(now);
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_so_much_a_second() {
        let mut allowance = Allowance::new(20.0, 0.5, 0);
        let taken = |allowance: &mut Allowance, now| (0..100).filter(|_| allowance.take(now)).count();
        assert_eq!(taken(&mut allowance, 0), 20);
        assert_eq!(taken(&mut allowance, 1_999), 0);
        assert_eq!(taken(&mut allowance, 2_000), 1);
        assert_eq!(taken(&mut allowance, 12_000), 5);
        assert_eq!(taken(&mut allowance, 11_000), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(&mut allowance, 3_600_000), 20, "it holds no more than the burst");
    }

    #[test]
    fn what_is_spent_beyond_it_is_not_owed() {
        let mut allowance = Allowance::new(1.0, 1.0, 0);
        (0..10).for_each(|_| allowance.spend(0));
        assert!(!allowance.has(999));
        assert!(allowance.has(1_000));
    }
}
