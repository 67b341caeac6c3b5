//! Everybody who gets an event, as it is stored. A delivery's id follows from the event's and from where it lies, so the
//! event's is stored once, and of each delivery no more than cannot be told from the rest: an event for ten thousand fits in
//! a row.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Target;
use crate::id::{DELIVERY, Id, Place, SUBSCRIPTION};

/// A subscription's delivery: its id, and the last character of the place, which names the shard.
const SUBSCRIBED: char = 's';
/// A delivery to a URL of the event's own: its place.
const DIRECT: char = 'u';

const UNIQUE: usize = 22;
const PLACE: usize = 6;

/// Writes targets in short, or as they are shown where that can't be.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(targets: &[Target], serializer: S) -> Result<S::Ok, S::Error> {
    match shortened(targets) {
        Some(text) => text.serialize(serializer),
        None => targets.serialize(serializer),
    }
}

/// Reads targets in either form: what older versions stored is a list.
///
/// # Errors
/// The deserializer's, and where a text is not one of these.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Target>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Short(String),
        Listed(Vec<Target>),
    }
    match Stored::deserialize(deserializer)? {
        Stored::Listed(targets) => Ok(targets),
        Stored::Short(text) => lengthened(&text).ok_or_else(|| D::Error::custom("not a list of targets")),
    }
}

fn shortened(targets: &[Target]) -> Option<String> {
    let core = Id::parse(DELIVERY, &targets.first()?.id)?;
    let mut text = core.as_str().get(..UNIQUE)?.to_owned();
    for target in targets {
        let id = Id::parse(DELIVERY, &target.id).filter(|id| id.same_event(core))?;
        match (&target.subscription, &target.source) {
            (Some(subscription), None) => {
                let subscription = Id::parse(SUBSCRIPTION, subscription)?;
                if subscription.place().base() != id.place().base() {
                    return None;
                }
                text.push(SUBSCRIBED);
                text.push_str(subscription.as_str());
                text.push(id.as_str().chars().next_back()?);
            }
            (None, None) => {
                text.push(DIRECT);
                text.push_str(id.place().as_str());
            }
            _ => return None,
        }
    }
    Some(text)
}

fn lengthened(text: &str) -> Option<Vec<Target>> {
    let (unique, mut rest) = text.split_at_checked(UNIQUE)?;
    let mut targets = Vec::with_capacity(rest.len() / Id::LENGTH);
    let mut place_of = |place: &str, subscription| {
        let id = Id::parse_bare(&[unique, place].concat())?;
        targets.push(Target { id: id.with(DELIVERY), subscription, source: None });
        Some(())
    };
    while let Some(kind) = rest.chars().next() {
        rest = rest.get(1..)?;
        match kind {
            SUBSCRIBED => {
                let (subscription, more) = rest.split_at_checked(Id::LENGTH)?;
                let (shard, more) = more.split_at_checked(1)?;
                let base = Id::parse_bare(subscription)?.place();
                let first = base.as_str().get(..PLACE.saturating_sub(1))?.to_owned();
                place_of(&[&first, shard].concat(), Some([SUBSCRIPTION, subscription].concat()))?;
                rest = more;
            }
            DIRECT => {
                let (place, more) = rest.split_at_checked(PLACE)?;
                Place::parse(place)?;
                place_of(place, None)?;
                rest = more;
            }
            _ => return None,
        }
    }
    Some(targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Stored {
        #[serde(with = "super")]
        targets: Vec<Target>,
    }

    fn through(targets: Vec<Target>) -> (String, Vec<Target>) {
        let text = serde_json::to_string(&Stored { targets }).unwrap();
        let read: Stored = serde_json::from_str(&text).unwrap();
        (text, read.targets)
    }

    fn target(core: Id, place: Place, shards: u32, number: u64) -> Target {
        let subscription = Id::new(1_779_105_600_000, number, place).with(SUBSCRIPTION);
        Target { id: core.sharded(place, shards).with(DELIVERY), subscription: Some(subscription), source: None }
    }

    #[test]
    fn twenty_thousand_fit_in_a_row_with_room_to_spare() {
        let core = Id::new(1_779_105_600_000, 7, Place::for_host("a"));
        let targets: Vec<Target> = (0..20_000u32)
            .map(|number| target(core, Place::for_subscription(number << 12), 1, u64::from(number)))
            .collect();
        let (text, read) = through(targets.clone());
        assert!(text.len() < 620_000, "{}", text.len());
        assert!(read == targets);
    }

    #[test]
    fn what_cannot_be_told_in_short_is_listed() {
        let core = Id::new(1, 7, Place::for_subscription(1 << 12));
        let other = Id::new(1, 8, Place::for_subscription(1 << 12));
        let id = |id: Id| id.with(DELIVERY);
        let foreign = Id::new(1, 9, Place::for_subscription(1 << 20)).with(SUBSCRIPTION);
        for targets in [
            vec![],
            vec![Target { id: id(core), subscription: None, source: Some("src_1".into()) }],
            vec![Target { id: id(core), subscription: Some(foreign), source: None }],
            vec![Target { id: id(core), subscription: Some("sub_".into()), source: None }],
            vec![
                Target { id: id(core), subscription: None, source: None },
                Target { id: id(other), subscription: None, source: None },
            ],
        ] {
            let (text, read) = through(targets.clone());
            assert!(text.starts_with(r#"{"targets":["#), "{text}");
            assert_eq!(read, targets);
        }
    }

    #[test]
    fn what_older_versions_stored_is_read() {
        let text = r#"{"targets":[{"id":"del_01hy5w3k00qx7v9h2m4tbd8000r4","subscription":null}]}"#;
        let read: Stored = serde_json::from_str(text).unwrap();
        assert_eq!(read.targets.len(), 1);
    }

    proptest! {
        #[test]
        fn comes_out_as_it_went_in(random: u64, places in proptest::collection::vec((any::<u32>(), any::<u64>(), 1u32..33, any::<bool>()), 0..30)) {
            let core = Id::new(5, random, Place::for_subscription(9 << 9));
            let targets: Vec<Target> = places
                .into_iter()
                .map(|(place, number, shards, direct)| match direct {
                    true => Target { id: core.at(Place::for_host(&number.to_string())).with(DELIVERY), subscription: None, source: None },
                    false => target(core, Place::for_subscription(place), shards, number),
                })
                .collect();
            prop_assert_eq!(through(targets.clone()).1, targets);
        }

        #[test]
        fn no_text_panics(text: String, tail in "[su0-9a-z]{0,80}") {
            let _ = lengthened(&text);
            let _ = lengthened(&["0123456789abcdefghjkmn", &tail].concat());
        }
    }
}
