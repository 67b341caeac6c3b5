//! Figures of a time in parts.
//!
//! Parts begin at multiples of the interval, so that they are the same whenever somebody asks; the first and the last are
//! cut by the window.

use super::summary::Line;
use super::{Tally, Window};
use crate::id::Id;
use crate::page::Page;
use crate::problem::Problem;
use crate::time::Millis;

/// The longest interval, in seconds: a year.
const LONGEST: Millis = 31_536_000;
/// How many parts there may be.
const MOST: usize = 400;

/// A window, and how it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    window: Window,
    /// In milliseconds. None for a single part.
    interval: Option<Millis>,
}

impl Parts {
    /// Reads `since`, `until` and `interval`.
    ///
    /// # Errors
    /// 422 for what is no window, no interval, or too many of them.
    pub fn read(query: &str, now: Millis) -> Result<Self, Problem> {
        let page = Page::whole(query, &["since", "until", "interval"])?;
        let window = Window::of(&page, now)?;
        let interval = match page.get("interval") {
            None => None,
            Some(text) => {
                let seconds = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
                let seconds: Millis = seconds
                    .filter(|seconds| (1..=LONGEST).contains(seconds))
                    .ok_or_else(|| Problem::query("interval", "must be a whole number from 1 to 31536000"))?;
                Some(seconds.saturating_mul(1_000))
            }
        };
        let parts = Parts { window, interval };
        if parts.count() > MOST {
            return Err(Problem::query("interval", "cuts the window into more than 400 parts"));
        }
        Ok(parts)
    }

    /// As it is told to an object: since, until and interval, 0 for none, with slashes.
    pub fn stored(&self) -> String {
        format!("{}/{}/{}", self.window.since, self.window.until, self.interval.unwrap_or(0))
    }

    /// Reads what an object was told.
    pub fn restore([since, until, interval]: [&str; 3]) -> Option<Self> {
        let window = Window { since: since.parse().ok()?, until: until.parse().ok()? };
        let interval = interval.parse().ok().filter(|interval| *interval >= 0)?;
        let parts = Parts { window, interval: (interval > 0).then_some(interval) };
        (parts.count() <= MOST).then_some(parts)
    }

    /// All of it.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether somebody asked for parts.
    pub fn is_cut(&self) -> bool {
        self.interval.is_some()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.at(self.window.until).saturating_add(1)
    }

    /// The part that a time within the window falls into.
    fn at(&self, time: Millis) -> usize {
        let Some(interval) = self.interval else { return 0 };
        let nth = |time: Millis| time.div_euclid(interval);
        usize::try_from(nth(time).saturating_sub(nth(self.window.since))).unwrap_or(0)
    }

    /// When the part `number` begins and ends, both inclusive.
    pub fn part(&self, number: usize) -> Window {
        let Some(interval) = self.interval else { return self.window };
        let Window { since, until } = self.window;
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let begun = since.div_euclid(interval).saturating_add(number).saturating_mul(interval);
        let ended = begun.saturating_add(interval).saturating_sub(1);
        Window { since: begun.max(since), until: ended.min(until) }
    }

    /// Cuts the ids from `first` on and below `past`, all of them within the window, where parts end: each with its part.
    pub fn pieces(&self, first: &str, past: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut from = first.to_owned();
        let mut number = self.at(Id::parse_bare(first).map_or(self.window.since, Id::time).max(self.window.since));
        while number < self.count() && *from < *past {
            let end = self.part(number).below();
            let below = end.as_str().min(past).to_owned();
            if from < below {
                pieces.push(Piece { number, from, below: below.clone() });
                from = below;
            }
            number = number.saturating_add(1);
        }
        pieces
    }
}

/// A range of ids that lies in one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which part.
    pub number: usize,
    /// From this id on.
    pub from: String,
    /// Below this one.
    pub below: String,
}

impl Piece {
    /// How long a time it is, as far as that is known: about as long as it has rows.
    pub fn length(&self) -> Millis {
        let time = |id: &str| Id::parse_bare(id).map_or(0, Id::time);
        time(&self.below).saturating_sub(time(&self.from))
    }
}

/// What each part comes to. Those of several, added, are those of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    parts: Parts,
    tallies: Vec<Tally>,
}

/// What was read of lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// How many there were, tests among them.
    pub rows: usize,
    /// The last of them.
    pub last: Option<Id>,
}

impl Series {
    /// Of nothing yet.
    pub fn new(parts: Parts) -> Self {
        Series { parts, tallies: vec![Tally::default(); parts.count()] }
    }

    /// How it is cut.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Adds what a stretch comes to that lies in the part `number`.
    pub fn add(&mut self, number: usize, tally: &Tally) {
        if let Some(sum) = self.tallies.get_mut(number) {
            sum.merge(tally);
        }
    }

    /// Adds deliveries of the window, a line for each as [`super::Summary::read`] has it; tests are left out.
    pub fn read(&mut self, lines: &str) -> Read {
        let mut read = Read::default();
        for line in lines.lines().filter_map(Line::read) {
            read.rows = read.rows.saturating_add(1);
            read.last = read.last.max(Some(line.id));
            if !line.is_test
                && let Some(tally) = self.tallies.get_mut(self.parts.at(line.id.time()))
            {
                line.count(tally);
            }
        }
        read
    }

    /// All that another one counts, which is cut alike.
    pub fn merge(&mut self, other: &Self) {
        for (sum, tally) in self.tallies.iter_mut().zip(&other.tallies) {
            sum.merge(tally);
        }
    }

    /// All parts together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in &self.tallies {
            total.merge(tally);
        }
        total
    }

    /// Each part with when it was and what it comes to, oldest first, empty ones too; none where nobody asked for parts.
    pub fn told(&self) -> Option<impl Iterator<Item = (Window, &Tally)>> {
        let of = |(number, tally)| (self.parts.part(number), tally);
        self.parts.is_cut().then(|| self.tallies.iter().enumerate().map(of))
    }

    /// As it is sent: a line for each part.
    pub fn stored(&self) -> String {
        self.tallies.iter().map(Tally::stored).collect::<Vec<_>>().join("\n")
    }

    /// Adds what was sent of a series that is cut alike.
    pub fn restore(&mut self, text: &str) -> Option<()> {
        (text.lines().count() == self.tallies.len()).then_some(())?;
        for (sum, line) in self.tallies.iter_mut().zip(text.lines()) {
            sum.merge(&Tally::restore(line)?);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Place;
    use crate::stats::Summary;
    use crate::time::parse_rfc3339;
    use proptest::prelude::*;

    fn cut(since: Millis, until: Millis, interval: Millis) -> Parts {
        Parts { window: Window { since, until }, interval: Some(interval) }
    }

    #[test]
    fn an_interval_is_whole_seconds_and_makes_few_enough_parts() {
        let now = parse_rfc3339("2026-05-18T12:00:00Z").unwrap();
        let count = |query: &str| Parts::read(query, now).map(|parts| (parts.is_cut(), parts.count()));
        assert_eq!(count(""), Ok((false, 1)));
        assert_eq!(count("interval=3600"), Ok((true, 25)));
        assert_eq!(count("interval=31536000"), Ok((true, 1)));
        assert_eq!(count("since=2026-05-18T11:59:58Z&interval=1"), Ok((true, 3)));
        assert_eq!(count("since=2026-05-18T11:53:21Z&interval=1"), Ok((true, 400)));
        for query in [
            "interval=0",
            "interval=",
            "interval=-1",
            "interval=+1",
            "interval=1.5",
            "interval=1e2",
            "interval=31536001",
            "interval=99999999999999999999",
            "interval=hour",
            "interval=60&interval=60",
            "since=2026-05-18T11:53:20Z&interval=1",
            "since=0001-01-01T00:00:00Z&interval=1",
        ] {
            assert_eq!(count(query).unwrap_err().code, "invalid_parameter", "{query}");
        }
    }

    #[test]
    fn parts_begin_at_multiples_and_are_cut_by_the_window() {
        let parts = cut(90_500, 180_000, 60_000);
        let windows: Vec<_> = (0..parts.count()).map(|number| parts.part(number)).collect();
        let of = |since, until| Window { since, until };
        assert_eq!(windows, [of(90_500, 119_999), of(120_000, 179_999), of(180_000, 180_000)]);
        assert_eq!(Series::new(parts).told().unwrap().count(), 3, "empty ones too");
        let whole = Parts { interval: None, ..parts };
        assert_eq!((whole.count(), whole.part(0)), (1, parts.window()));
        assert!(Series::new(whole).told().is_none());
        let early = cut(-61_000, 0, 60_000);
        assert_eq!((early.count(), early.part(0)), (3, of(-61_000, -60_001)));
    }

    #[test]
    fn what_was_not_sent_by_this_is_not_read() {
        let mut series = Series::new(cut(0, 1_999, 1_000));
        let mut restored = |text: &str| series.restore(text).is_some();
        assert!(restored("1,0,0,0,0;\n0,0,0,0,0;"));
        assert!(!restored("1,0,0,0,0;"));
        assert!(!restored("1,0,0,0,0;\n1"));
        assert!(!restored("1,0,0,0,0;\n1,0,0,0,0;\n1,0,0,0,0;"));
        for parts in [cut(0, 1_999, 1_000), cut(-5, 5, 1), Parts { interval: None, ..cut(7, 8, 1) }] {
            let text = parts.stored();
            let told: Vec<&str> = text.split('/').collect();
            assert_eq!(Parts::restore([told[0], told[1], told[2]]), Some(parts), "{text}");
        }
        for told in [["", "1", "0"], ["0", "1", ""], ["0", "1", "-1"], ["0", "400", "1"]] {
            assert_eq!(Parts::restore(told), None, "{told:?}");
        }
    }

    fn id(time: Millis, random: u64) -> Id {
        Id::new(time, random, Place::for_subscription(1))
    }

    proptest! {
        #[test]
        fn parts_lie_side_by_side(since in 0i64..1 << 41, length in 0i64..1 << 33, interval in 1i64..1 << 32) {
            let parts = cut(since, since + length, interval.max(length / 300).max(1));
            let mut at = since;
            for number in 0..parts.count() {
                let part = parts.part(number);
                prop_assert_eq!(part.since, at);
                prop_assert!(part.until >= part.since);
                prop_assert_eq!((parts.at(part.since), parts.at(part.until)), (number, number));
                at = part.until + 1;
            }
            prop_assert_eq!(at, since + length + 1);
        }

        /// Row by row, in pieces, or cut anywhere and sent: each part holds the same, and all together are the whole.
        #[test]
        fn parts_together_are_the_whole(
            rows in proptest::collection::btree_map((0i64..100_000, 0u64..4), (0u8..7, any::<bool>()), 1..100),
            interval in 300i64..200_000, cuts in proptest::collection::vec(0usize..100, 0..4),
        ) {
            let ids: Vec<Id> = rows.keys().map(|(time, random)| id(*time, *random)).collect();
            let lines: Vec<String> = rows.iter().zip(&ids).map(|(((time, _), (stage, test)), id)| {
                let completed = if *stage >= 4 { (time + 30).to_string() } else { String::new() };
                format!("{} {stage} 2 {completed} {} k", id.as_str(), u8::from(*test))
            }).collect();
            let parts = cut(0, 99_999, interval);
            let mut all = Series::new(parts);
            let read = all.read(&lines.join("\n"));
            prop_assert_eq!((read.rows, read.last), (lines.len(), ids.last().copied()));
            prop_assert_eq!(all.total(), Summary::read(&lines.join("\n")).tally);

            // What each part says is what its own window holds.
            for (window, tally) in all.told().unwrap() {
                let within: Vec<&str> = lines.iter().zip(&ids)
                    .filter(|(_, id)| (window.since..=window.until).contains(&id.time()))
                    .map(|(line, _)| line.as_str()).collect();
                prop_assert_eq!(tally, &Summary::read(&within.join("\n")).tally);
            }

            let mut edges: Vec<usize> = cuts.into_iter().map(|cut| cut % lines.len()).chain([0, lines.len()]).collect();
            edges.sort_unstable();
            let mut merged = Series::new(parts);
            let mut pieced = Series::new(parts);
            for pair in edges.windows(2) {
                let mut some = Series::new(parts);
                some.read(&lines[pair[0]..pair[1]].join("\n"));
                let mut sent = Series::new(parts);
                sent.restore(&some.stored()).unwrap();
                merged.merge(&sent);

                let past = ids.get(pair[1]).map_or_else(|| "~".to_owned(), |id| id.as_str().to_owned());
                let first = ids.get(pair[0]).map_or_else(|| past.clone(), |id| id.as_str().to_owned());
                let mut at = first.clone();
                for piece in parts.pieces(&first, &past) {
                    prop_assert_eq!(&piece.from, &at);
                    let within: Vec<&str> = lines.iter().zip(&ids)
                        .filter(|(_, id)| (piece.from.as_str()..piece.below.as_str()).contains(&id.as_str()))
                        .map(|(line, _)| line.as_str()).collect();
                    pieced.add(piece.number, &Summary::read(&within.join("\n")).tally);
                    at = piece.below;
                }
            }
            prop_assert_eq!(&merged, &all);
            prop_assert_eq!(&pieced, &all);
        }

        #[test]
        fn no_query_and_no_ids_panic(query: String, first: String, past: String) {
            if let Ok(parts) = Parts::read(&query, 0) {
                parts.pieces(&first, &past);
            }
            cut(i64::MIN, i64::MAX, 1).part(usize::MAX);
            cut(i64::MIN, i64::MAX, i64::MAX).pieces(&first, &past);
        }
    }
}
