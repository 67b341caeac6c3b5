//! Slowing down whoever guesses keys, without locking out those who have one.
//!
//! Wrong keys are counted for each network, by the platform's rate limit; one that is only repeated is no guess. A network
//! over the limit learns nothing of any further guess at the operator's key, which people choose, not even of one that is
//! right, unless it held there before. Applications' keys have 160 random bits: nobody guesses one, so one that is right is
//! let in whoever else is behind the same address.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::time::Millis;

/// How many keys, and networks, are remembered, in a few hundred KiB.
const KEPT: usize = 10_000;
/// How long a network is slowed down that was over the limit.
const SLOWED_FOR: Millis = 60_000;

/// What is known of a key from a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It held when it was shown last.
    Held,
    /// It is nobody's.
    Wrong,
    /// It was not shown yet, or that is long ago.
    Nothing,
}

/// Which keys were shown from where, and which networks are slowed down.
#[derive(Debug, Default)]
pub struct Guard {
    held: HashMap<u64, bool>,
    slowed: HashMap<u64, Millis>,
}

impl Guard {
    /// What is known of `key`, shown from `network`.
    pub fn known(&self, network: &str, key: &str) -> Known {
        match self.held.get(&mark(network, key)) {
            Some(true) => Known::Held,
            Some(false) => Known::Wrong,
            None => Known::Nothing,
        }
    }

    /// Remembers whether it held.
    pub fn note(&mut self, network: &str, key: &str, held: bool) {
        let mark = mark(network, key);
        if self.held.len() >= KEPT && !self.held.contains_key(&mark) {
            // A flood of guesses must not push out those who have a key.
            self.held.retain(|_, held| *held);
            if self.held.len() >= KEPT {
                self.held.clear();
            }
        }
        self.held.insert(mark, held);
    }
}

impl Guard {
    /// Whether a network is slowed down.
    pub fn is_slowed(&self, network: &str, now: Millis) -> bool {
        self.slowed.get(&mark(network, "")).is_some_and(|until| *until > now)
    }

    /// Slows a network down.
    pub fn slow(&mut self, network: &str, now: Millis) {
        if self.slowed.len() >= KEPT {
            self.slowed.retain(|_, until| *until > now);
            if self.slowed.len() >= KEPT {
                self.slowed.clear();
            }
        }
        self.slowed.insert(mark(network, ""), now.saturating_add(SLOWED_FOR));
    }
}

fn mark(network: &str, key: &str) -> u64 {
    let digest = Sha256::new().chain_update(network).chain_update([0]).chain_update(key).finalize();
    digest.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// What counts as one place on the net: an IPv4 address, or the /64 of an IPv6 address, which one customer of a provider
/// has for themselves.
pub fn network_of(address: &str) -> String {
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_what_held_through_a_flood() {
        let mut guard = Guard::default();
        guard.note("192.0.2.1", "right", true);
        for guess in 0..3 * KEPT {
            guard.note("192.0.2.9", &guess.to_string(), false);
        }
        assert_eq!(guard.known("192.0.2.1", "right"), Known::Held);
        assert_eq!(guard.known("192.0.2.9", "right"), Known::Nothing, "it held from elsewhere");
        assert_eq!(guard.known("192.0.2.9", &(3 * KEPT - 1).to_string()), Known::Wrong);
        assert!(guard.held.len() <= KEPT);
    }

    #[test]
    fn keys_that_hold_take_no_more_room_than_others() {
        let mut guard = Guard::default();
        for key in 0..2 * KEPT {
            guard.note("192.0.2.1", &key.to_string(), true);
        }
        assert!(guard.held.len() <= KEPT);
    }

    #[test]
    fn a_network_is_slowed_for_a_minute() {
        let mut guard = Guard::default();
        guard.slow("192.0.2.9", 1_000);
        assert!(guard.is_slowed("192.0.2.9", 60_999) && !guard.is_slowed("192.0.2.1", 1_000));
        assert!(!guard.is_slowed("192.0.2.9", 61_000));
        for network in 0..3 * KEPT {
            guard.slow(&network.to_string(), 2_000);
        }
        assert!(guard.slowed.len() <= KEPT);
    }

    #[test]
    fn a_network_is_what_one_customer_has() {
        for (address, network) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("", ""),
        ] {
            assert_eq!(network_of(address), network);
        }
    }
}
