//! Identifiers that sort by time and say where they live.
//!
//! `del_` + 10 characters of time + 12 of randomness + 6 of place, in lower-case Crockford base32. An event and its
//! deliveries share the first 22: a delivery's id is made from the event's id and the subscription's place and from
//! nothing else, so that the same event appended twice is the same row. The place names the object that holds the
//! thing, so no index is needed to find it.

use std::fmt;

use crate::time::Millis;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME: usize = 10;
const UNIQUE: usize = 22;
const LENGTH: usize = 28;

/// The object that holds something: five characters name it, the sixth is its shard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place([u8; LENGTH - UNIQUE]);

/// Numbers below this are not given to subscriptions at random: they name the shared objects of an application, and the
/// operator's own subscriptions.
const RESERVED: u32 = 32;
const DIRECT: u32 = 0;
const LEDGER: u32 = 1;
/// The first number of an operator's own subscription, up to [`RESERVED`].
const OPERATORS: u32 = 2;

impl Place {
    /// How many objects share an application's deliveries to a `webhookUrl`.
    pub const DIRECT_SHARDS: u32 = 4;
    /// How many objects share an application's ledger.
    pub const LEDGER_SHARDS: u32 = 16;

    fn new(number: u32, shard: u32) -> Self {
        let mut place = [0; LENGTH - UNIQUE];
        encode(u64::from(number) << 5 | u64::from(shard & 31), &mut place);
        Place(place)
    }

    /// A place for a subscription, from 32 random bits. The caller makes sure that it is free.
    pub fn for_subscription(random: u32) -> Self {
        Self::new((random >> 7).max(RESERVED), 0)
    }

    /// The object for deliveries to `host` that belong to no subscription: one host is always the same object's.
    pub fn for_host(host: &str) -> Self {
        Self::new(DIRECT, fnv(host.as_bytes()) % Self::DIRECT_SHARDS)
    }

    /// The part of the ledger that remembers the event id `id`.
    pub fn for_event(id: &str) -> Self {
        Self::new(LEDGER, fnv(id.as_bytes()) % Self::LEDGER_SHARDS)
    }

    /// The places of subscriptions to what Signet itself has to say, which are the operator's alone.
    pub fn operators() -> impl Iterator<Item = Self> {
        (OPERATORS..RESERVED).map(|number| Self::new(number, 0))
    }

    /// The first of them, and the last with all its shards, as texts sort.
    pub fn span_of_operators() -> (Self, Self) {
        (Self::new(OPERATORS, 0), Self::new(RESERVED.saturating_sub(1), 31))
    }

    /// Whether this is the place of such a subscription.
    pub fn is_operators(self) -> bool {
        (u64::from(OPERATORS)..u64::from(RESERVED)).contains(&self.number())
    }

    /// The place that a subscription's id names, whichever of its shards this is.
    pub fn base(self) -> Self {
        self.shard(0)
    }

    /// The object `number` of those that share a subscription's deliveries.
    pub fn shard(self, number: u32) -> Self {
        let mut place = self.0;
        if let Some(last) = place.last_mut() {
            *last = ALPHABET.get((number & 31) as usize).copied().unwrap_or(b'0');
        }
        Place(place)
    }

    /// Every object that may hold deliveries of a subscription that `shards` share, or have shared.
    pub fn shards(self, shards: u32) -> impl Iterator<Item = Self> {
        (0..shards.clamp(1, 32)).map(move |number| self.shard(number))
    }

    fn number(self) -> u64 {
        decode(&self.0) >> 5
    }

    /// Every object that holds deliveries to a `webhookUrl`.
    pub fn direct() -> impl Iterator<Item = Self> {
        (0..Self::DIRECT_SHARDS).map(|shard| Self::new(DIRECT, shard))
    }

    /// Every part of the ledger.
    pub fn ledger() -> impl Iterator<Item = Self> {
        (0..Self::LEDGER_SHARDS).map(|shard| Self::new(LEDGER, shard))
    }

    /// Whether this is a part of the ledger, and not an object that delivers.
    pub fn is_ledger(self) -> bool {
        self.number() == u64::from(LEDGER)
    }

    /// Whether this object delivers to the URLs of its rows, and not to a subscription's.
    pub fn is_direct(self) -> bool {
        self.number() == u64::from(DIRECT)
    }

    /// Reads the six characters.
    pub fn parse(text: &str) -> Option<Self> {
        let place: [u8; LENGTH - UNIQUE] = text.as_bytes().try_into().ok()?;
        place.iter().all(|byte| ALPHABET.contains(byte)).then_some(Place(place))
    }

    /// The six characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The 28 characters of an identifier, without its prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; LENGTH]);

impl Id {
    /// How many characters an identifier has without its prefix.
    pub const LENGTH: usize = LENGTH;

    /// A new identifier: 48 bits of `now`, 60 of `random`.
    pub fn new(now: Millis, random: u64, place: Place) -> Self {
        let mut id = [0; LENGTH];
        if let Some((time, rest)) = id.split_at_mut_checked(TIME) {
            encode(u64::try_from(now).unwrap_or(0) & ((1 << 48) - 1), time);
            if let Some((unique, at)) = rest.split_at_mut_checked(UNIQUE - TIME) {
                encode(random & ((1 << 60) - 1), unique);
                at.copy_from_slice(&place.0);
            }
        }
        Id(id)
    }

    /// The identifier of the same event at another place.
    pub fn at(self, place: Place) -> Self {
        let mut id = self.0;
        if let Some(tail) = id.get_mut(UNIQUE..) {
            tail.copy_from_slice(&place.0);
        }
        Id(id)
    }

    /// The smallest identifier made at `time` or later, for ranges.
    pub fn floor(time: Millis) -> Self {
        Self::new(time.max(0), 0, Place::new(0, 0))
    }

    /// The identifier of the same event at the one of `shards` objects that it falls to: by what is random in it and by
    /// nothing else, so that whoever asks gets the same.
    pub fn sharded(self, place: Place, shards: u32) -> Self {
        let unique = self.0.get(TIME..UNIQUE).unwrap_or_default();
        self.at(place.shard(fnv(unique).checked_rem(shards).unwrap_or(0)))
    }

    /// When it was made.
    pub fn time(self) -> Millis {
        i64::try_from(decode(self.0.get(..TIME).unwrap_or_default())).unwrap_or(0)
    }

    /// Where the thing lives.
    pub fn place(self) -> Place {
        let mut place = [b'0'; LENGTH - UNIQUE];
        if let Some(tail) = self.0.get(UNIQUE..) {
            place.copy_from_slice(tail);
        }
        Place(place)
    }

    /// What an event and its deliveries have in common.
    pub fn same_event(self, other: Self) -> bool {
        self.0.get(..UNIQUE) == other.0.get(..UNIQUE)
    }

    /// Reads `text` with the prefix `prefix`; anything else than what [`Id::with`] prints is `None`.
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        Self::parse_bare(text.strip_prefix(prefix)?)
    }

    /// Reads the 28 characters alone.
    pub fn parse_bare(text: &str) -> Option<Self> {
        let id: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        id.iter().all(|byte| ALPHABET.contains(byte)).then_some(Id(id))
    }

    /// With a prefix, as the API shows it.
    pub fn with(&self, prefix: &str) -> String {
        [prefix, self.as_str()].concat()
    }

    /// The 28 characters alone, as they are stored.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Prefix of an event's id.
pub const EVENT: &str = "evt_";
/// Prefix of a delivery's id.
pub const DELIVERY: &str = "del_";
/// Prefix of a subscription's id.
pub const SUBSCRIPTION: &str = "sub_";
/// Prefix of a source's id.
pub const SOURCE: &str = "src_";
/// Prefix of an application's id.
pub const APPLICATION: &str = "app_";
/// Prefix of an operation's id.
pub const OPERATION: &str = "op_";
/// Prefix of a key's id.
pub const KEY: &str = "key_";

/// The first `length` characters of `bytes` in base32, five bits each.
pub fn base32(bytes: &[u8], length: usize) -> String {
    let bit = |at: usize| {
        let byte = bytes.get(at / 8).copied().unwrap_or(0);
        usize::from(byte >> 7usize.saturating_sub(at % 8) & 1)
    };
    let digit = |at: usize| (0..5).fold(0, |digit, step| digit << 1 | bit(at.saturating_mul(5).saturating_add(step)));
    (0..length).map(|at| char::from(ALPHABET.get(digit(at)).copied().unwrap_or(b'0'))).collect()
}

/// Whether a text is all base32.
pub fn is_base32(text: &str) -> bool {
    text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Writes the low `5 * into.len()` bits of `value`, most significant first.
fn encode(mut value: u64, into: &mut [u8]) {
    for byte in into.iter_mut().rev() {
        *byte = ALPHABET.get((value & 31) as usize).copied().unwrap_or(b'0');
        value >>= 5;
    }
}

fn decode(text: &[u8]) -> u64 {
    text.iter().fold(0, |value, byte| {
        let digit = ALPHABET.iter().position(|symbol| symbol == byte).unwrap_or(0);
        value << 5 | digit as u64
    })
}

/// FNV-1a: spreads names over shards. It need not resist anybody: a shard is no secret.
fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reserved_places_are_told_apart() {
        assert!(Place::for_host("example.com").is_direct());
        assert!(Place::for_event("my-id").is_ledger());
        let lowest = Place::for_subscription(0);
        assert!(!lowest.is_direct() && !lowest.is_ledger());
        assert_eq!(Place::direct().count(), 4);
        assert!(
            Place::ledger().all(Place::is_ledger) && Place::ledger().any(|place| place == Place::for_event("my-id"))
        );
    }

    #[test]
    fn shards_are_places_of_one_subscription() {
        let place = Place::for_subscription(123_456_789);
        let shards: Vec<Place> = place.shards(4).collect();
        assert_eq!(shards.len(), 4);
        assert!(shards[0] == place && shards.iter().all(|shard| shard.base() == place));
        let id = |random| Id::new(1, random, Place::for_host("a"));
        let counts = (0..4_000u64).fold([0u32; 4], |mut counts, number| {
            let at = id(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).sharded(place, 4).place();
            counts[shards.iter().position(|shard| *shard == at).unwrap()] += 1;
            counts
        });
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(id(7).sharded(place, 1).place(), place);
        assert!(Place::operators().count() == 30 && Place::operators().all(Place::is_operators));
        let (first, last) = Place::span_of_operators();
        let spanned = |place: Place| (first.as_str()..=last.as_str()).contains(&place.as_str());
        assert!(Place::operators().flat_map(|place| place.shards(32)).all(spanned));
        assert!(
            ![place, Place::for_subscription(0), Place::for_host("a"), Place::for_event("a")]
                .map(spanned)
                .contains(&true)
        );
        assert!(!place.is_operators() && !Place::for_host("a").is_operators() && !Place::for_event("a").is_operators());
    }

    #[test]
    fn refuses_what_it_did_not_print() {
        for text in [
            "",
            "del_",
            "del_0",
            "evt_0123456789abcdefghjkmnpqrs",
            "del_0123456789ABCDEFGHJKMNPQRSTV",
            "del_0123456789abcdefghjkmnpqrsté",
        ] {
            assert_eq!(Id::parse(DELIVERY, text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn holds_what_was_put_in(now in 0i64..1 << 48, random: u64, place: u32) {
            let place = Place::for_subscription(place);
            let id = Id::new(now, random, place);
            prop_assert_eq!(Id::parse(DELIVERY, &id.with(DELIVERY)), Some(id));
            prop_assert_eq!(id.time(), now);
            prop_assert_eq!(id.place(), place);
            prop_assert_eq!(Place::parse(place.as_str()), Some(place));
            prop_assert!(id.at(Place::for_host("a")).same_event(id));
            prop_assert!(id >= Id::floor(now));
        }

        #[test]
        fn sorts_by_time(a in 0i64..1 << 47, step in 1i64..1 << 47, x: u64, y: u64) {
            let place = Place::for_subscription(7);
            prop_assert!(Id::new(a, x, place).as_str() < Id::new(a + step, y, place).as_str());
        }
    }
}
