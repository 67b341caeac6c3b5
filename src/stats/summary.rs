//! What a stretch of the log comes to.

use std::collections::BTreeSet;

use super::Tally;
use crate::delivery::Stage;
use crate::id::Id;
use crate::time::Millis;

/// How many types are remembered of a stretch. One that holds more may hold any.
const KINDS: usize = 64;

/// A stretch of the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many deliveries it holds, tests among them.
    pub rows: usize,
    /// The last of them.
    pub last: Option<Id>,
    /// How they went, tests left out.
    pub tally: Tally,
    kinds: BTreeSet<String>,
}

/// A delivery, as far as it is counted.
pub(super) struct Line<'a> {
    pub id: Id,
    stage: Stage,
    attempts: u64,
    completed_at: Option<Millis>,
    pub is_test: bool,
    kind: &'a str,
}

impl<'a> Line<'a> {
    pub fn read(line: &'a str) -> Option<Self> {
        let mut columns = line.splitn(6, ' ');
        Some(Line {
            id: Id::parse_bare(columns.next()?)?,
            stage: Stage::from_stored(columns.next()?.parse().ok()?)?,
            attempts: columns.next()?.parse().ok()?,
            completed_at: columns.next()?.parse().ok(),
            is_test: columns.next()? == "1",
            kind: columns.next()?,
        })
    }

    pub fn count(&self, tally: &mut Tally) {
        let ended = self.completed_at.filter(|_| self.stage == Stage::Delivered);
        tally.add(self.stage, self.attempts, ended.map(|at| at.saturating_sub(self.id.time())));
    }
}

impl Summary {
    /// Reads a line for each delivery: id, stage, attempts, when it ended, whether it is a test, type.
    pub fn read(lines: &str) -> Self {
        let mut read = Summary::default();
        for line in lines.lines().filter_map(Line::read) {
            read.add(&line);
        }
        read
    }

    fn add(&mut self, line: &Line<'_>) {
        self.rows = self.rows.saturating_add(1);
        self.last = self.last.max(Some(line.id));
        if self.kinds.len() <= KINDS && !self.kinds.contains(line.kind) {
            self.kinds.insert(line.kind.to_owned());
        }
        if !line.is_test {
            line.count(&mut self.tally);
        }
    }

    /// Its types, as they are stored; `None` where they are too many to be told.
    pub fn kinds(&self) -> Option<String> {
        let names: Vec<&str> = self.kinds.iter().map(String::as_str).collect();
        (names.len() <= KINDS).then(|| format!(" {} ", names.join(" ")))
    }

    /// What stored types hold where they hold `kind`.
    pub fn named(kind: &str) -> String {
        [" ", kind, " "].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Place;
    use proptest::prelude::*;

    fn line(time: i64, stage: u8, test: bool, kind: &str) -> String {
        let id = Id::new(time, 1, Place::for_subscription(1));
        let completed = if stage >= 4 { (time + 30).to_string() } else { String::new() };
        format!("{} {stage} 2 {completed} {} {kind}", id.as_str(), u8::from(test))
    }

    #[test]
    fn counts_what_it_reads_and_leaves_tests_out() {
        let lines = [line(1, 4, false, "a.b"), line(2, 5, false, "c"), line(3, 4, true, "t"), line(4, 0, false, "a.b")];
        let read = Summary::read(&lines.join("\n"));
        assert_eq!((read.rows, read.last.map(Id::time)), (4, Some(4)));
        assert_eq!(read.tally.stored(), "1,1,1,0,6;30:1");
        assert_eq!(read.kinds().unwrap(), " a.b c t ");
        assert!(read.kinds().unwrap().contains(&Summary::named("a.b")));
        assert!(!read.kinds().unwrap().contains(&Summary::named("a")));
        assert_eq!(Summary::read(""), Summary::default());
    }

    #[test]
    fn too_many_types_may_be_any() {
        let lines = |count: usize| (0..count).map(|at| line(1, 4, false, &format!("t{at}"))).collect::<Vec<_>>();
        assert!(Summary::read(&lines(KINDS).join("\n")).kinds().is_some());
        assert_eq!(Summary::read(&lines(KINDS + 1).join("\n")).kinds(), None);
    }

    proptest! {
        /// A log cut anywhere, each part summed up, stored and read again: together they are what the whole is.
        #[test]
        fn parts_together_are_the_whole(
            rows in proptest::collection::vec((0i64..1 << 40, 0u8..7, any::<bool>()), 1..200), cuts in proptest::collection::vec(0usize..200, 0..5),
        ) {
            let lines: Vec<String> = rows.iter().map(|(time, stage, test)| line(*time, *stage, *test, "k")).collect();
            let whole = Summary::read(&lines.join("\n"));
            let mut edges: Vec<usize> = cuts.into_iter().map(|cut| cut % lines.len()).chain([0, lines.len()]).collect();
            edges.sort_unstable();
            let mut merged = Tally::default();
            let mut count = 0;
            for pair in edges.windows(2) {
                let part = Summary::read(&lines[pair[0]..pair[1]].join("\n"));
                count += part.rows;
                merged.merge(&Tally::restore(&part.tally.stored()).unwrap());
            }
            prop_assert_eq!(merged, whole.tally);
            prop_assert_eq!(count, whole.rows);
        }

        #[test]
        fn no_lines_panic(lines: String) {
            Summary::read(&lines);
        }
    }
}
