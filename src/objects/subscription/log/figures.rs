//! How the deliveries of a time went.

use std::collections::VecDeque;

use wasm_bindgen::JsValue;

use super::Log;
use super::blocks::{BLOCK, Block};
use crate::id::Id;
use crate::stats::{Tally, Window};
use crate::time::Millis;

/// About how many rows one call looks at before it leaves the rest to the next one.
const LOOKED: usize = 20_000;
/// How many summaries are read at once: together they are one text.
const READ: u32 = 100;
/// How many blocks are made on the side where the window lies far beyond the last one.
const FEW: usize = 4;

/// What one call has found.
#[derive(Default)]
pub struct Counted {
    /// So far.
    pub tally: Tally,
    /// From where on to count next, where that is not all.
    pub next: Option<String>,
}

impl Log {
    /// Counts the deliveries of a time, tests left out, from the id `from` on.
    pub fn tally(&self, window: Window, from: &str, now: Millis) -> Result<Counted, JsValue> {
        let mut counted = Counted::default();
        if !self.exists()? {
            return Ok(counted);
        }
        let floor = Id::floor(window.since);
        let below = Id::floor(window.until.saturating_add(1));
        let stretch = Stretch { from: from.max(floor.as_str()), below: below.as_str() };
        let mut at = stretch.from.to_owned();
        let mut looked = 0usize;
        while at.as_str() < stretch.below {
            let blocks = self.blocks_of(&at, stretch.below)?;
            if blocks.is_empty() {
                break;
            }
            for (block, summary) in blocks {
                if looked >= LOOKED {
                    counted.next = Some(at);
                    return Ok(counted);
                }
                at = block.past.as_str().min(stretch.below).to_owned();
                match summary.filter(|_| stretch.holds(&block)) {
                    Some(summary) => counted.tally.merge(&summary),
                    None => looked = looked.saturating_add(self.count_block(block, &stretch, &mut counted.tally)?),
                }
            }
        }
        self.count_on(stretch, at, looked, counted, now)
    }

    /// Goes on where no block is yet, and makes some on the way.
    fn count_on(
        &self,
        stretch: Stretch<'_>,
        mut at: String,
        mut looked: usize,
        mut counted: Counted,
        now: Millis,
    ) -> Result<Counted, JsValue> {
        let mut aside = 0usize;
        while at.as_str() < stretch.below && *self.frontier()? <= *at && aside < FEW && looked < LOOKED {
            let Some((block, summary)) = self.grow(now)? else { break };
            looked = looked.saturating_add(summary.rows);
            if *block.past <= *at {
                aside = aside.saturating_add(1);
                continue;
            }
            if stretch.holds(&block) {
                counted.tally.merge(&summary.tally);
            } else {
                self.count_edge(&block, &stretch, &mut counted.tally)?;
            }
            at = block.past;
        }
        while at.as_str() < stretch.below {
            if looked >= LOOKED {
                counted.next = Some(at);
                break;
            }
            let part = self.read_lines(&at, stretch.below, BLOCK)?;
            counted.tally.merge(&part.tally);
            looked = looked.saturating_add(part.rows);
            match part.last {
                // The next text after an id is the id and the smallest digit.
                Some(last) if part.rows >= BLOCK as usize => at = last.with("") + "0",
                _ => break,
            }
        }
        Ok(counted)
    }

    /// Counts what of a block lies in the stretch, where that can't be told from its summary. How many rows it looked at.
    fn count_block(&self, block: Block, stretch: &Stretch<'_>, tally: &mut Tally) -> Result<usize, JsValue> {
        if !stretch.holds(&block) {
            return self.count_edge(&block, stretch, tally);
        }
        let mut looked = 0usize;
        let mut parts = VecDeque::from([block]);
        while let Some(part) = parts.pop_front() {
            let (summary, rest) = self.sum_up(&part)?;
            tally.merge(&summary.tally);
            looked = looked.saturating_add(summary.rows);
            parts.extend(rest);
        }
        Ok(looked)
    }

    fn count_edge(&self, block: &Block, stretch: &Stretch<'_>, tally: &mut Tally) -> Result<usize, JsValue> {
        let from = block.first.as_str().max(stretch.from);
        let part = self.read_lines(from, block.past.as_str().min(stretch.below), u32::MAX)?;
        tally.merge(&part.tally);
        Ok(part.rows)
    }

    /// The blocks that begin with the one that `at` lies in, some of them, with what they are known to come to.
    fn blocks_of(&self, at: &str, below: &str) -> Result<Vec<(Block, Option<Tally>)>, JsValue> {
        if *at >= *self.frontier()? {
            return Ok(Vec::new());
        }
        let row = self.sql.row(
            "SELECT group_concat(first || '=' || past || '=' || coalesce(summary, ''), ' ')
             FROM (SELECT first, past, summary FROM blocks
                 WHERE first >= (SELECT max(first) FROM blocks WHERE first <= ?1) AND first < ?2 ORDER BY first LIMIT ?3)",
            &[at.into(), below.into(), READ.into()],
        )?;
        let text = row.and_then(|row| row.text(0)).unwrap_or_default();
        let read = |entry: &str| {
            let (first, rest) = entry.split_once('=')?;
            let (past, summary) = rest.split_once('=')?;
            Some((Block { first: first.to_owned(), past: past.to_owned() }, Tally::restore(summary)))
        };
        Ok(text.split(' ').filter_map(read).filter(|(block, _)| *block.past > *at).collect())
    }
}

/// The ids that are counted.
struct Stretch<'a> {
    from: &'a str,
    below: &'a str,
}

impl Stretch<'_> {
    /// Whether all of a block is in it.
    fn holds(&self, block: &Block) -> bool {
        *block.first >= *self.from && *block.past <= *self.below
    }
}
