//! How the deliveries of a time went.

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
    /// How many rows were looked at.
    looked: usize,
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
        while self.widen()? {}
        loop {
            let begun = at.clone();
            for (span, summary) in self.known_of("spans", &begun, stretch.below)? {
                let left = Stretch { from: &at, below: stretch.below };
                if !left.holds(&span) {
                    continue;
                }
                if !self.count_blocks(&Stretch { from: &at, below: &span.first }, &mut counted)? {
                    return Ok(counted);
                }
                at.clone_from(&span.past);
                match summary {
                    Some(summary) => counted.tally.merge(&summary),
                    None if !self.count_span(&span, &mut counted)? => return Ok(counted),
                    None => {}
                }
            }
            if at == begun {
                break;
            }
        }
        let frontier = self.frontier()?;
        let known = Stretch { from: &at, below: stretch.below.min(&frontier) };
        if !self.count_blocks(&known, &mut counted)? {
            return Ok(counted);
        }
        let at = at.as_str().max(known.below).to_owned();
        self.count_on(stretch, at, counted, now)
    }

    /// Counts a span block by block, and keeps what it comes to. Whether all of it was counted.
    fn count_span(&self, span: &Block, counted: &mut Counted) -> Result<bool, JsValue> {
        let others = std::mem::take(&mut counted.tally);
        let is_whole = self.count_blocks(&Stretch { from: &span.first, below: &span.past }, counted)?;
        if is_whole {
            self.set_span(span, &counted.tally)?;
        }
        counted.tally.merge(&others);
        Ok(is_whole)
    }

    /// Counts a stretch where there are blocks. Whether all of it was counted: else `next` says how far it was.
    fn count_blocks(&self, stretch: &Stretch<'_>, counted: &mut Counted) -> Result<bool, JsValue> {
        let mut at = stretch.from.to_owned();
        while at.as_str() < stretch.below {
            let blocks = self.known_of("blocks", &at, stretch.below)?;
            if blocks.is_empty() {
                // There is none that can be read: the rows themselves are there.
                let rest = self.read_lines(&at, stretch.below, u32::MAX)?;
                counted.tally.merge(&rest.tally);
                break;
            }
            for (block, summary) in blocks {
                if counted.looked >= LOOKED {
                    counted.next = Some(at);
                    return Ok(false);
                }
                at = block.past.as_str().min(stretch.below).to_owned();
                match summary.filter(|_| stretch.holds(&block)) {
                    Some(summary) => counted.tally.merge(&summary),
                    None => self.count_block(block, stretch, counted)?,
                }
            }
        }
        Ok(true)
    }

    /// Goes on where no block is yet, and makes some on the way.
    fn count_on(
        &self,
        stretch: Stretch<'_>,
        mut at: String,
        mut counted: Counted,
        now: Millis,
    ) -> Result<Counted, JsValue> {
        let mut aside = 0usize;
        while at.as_str() < stretch.below && *self.frontier()? <= *at && aside < FEW && counted.looked < LOOKED {
            let Some((block, summary)) = self.grow(now)? else { break };
            counted.looked = counted.looked.saturating_add(summary.rows);
            if *block.past <= *at {
                aside = aside.saturating_add(1);
                continue;
            }
            if stretch.holds(&block) {
                counted.tally.merge(&summary.tally);
            } else {
                self.count_edge(&block, &stretch, &mut counted)?;
            }
            at = block.past;
        }
        while at.as_str() < stretch.below {
            if counted.looked >= LOOKED {
                counted.next = Some(at);
                break;
            }
            let part = self.read_lines(&at, stretch.below, BLOCK)?;
            counted.tally.merge(&part.tally);
            counted.looked = counted.looked.saturating_add(part.rows);
            match part.last {
                // The next text after an id is the id and the smallest digit.
                Some(last) if part.rows >= BLOCK as usize => at = last.with("") + "0",
                _ => break,
            }
        }
        Ok(counted)
    }

    /// Counts what of a block lies in the stretch, where that can't be told from its summary.
    fn count_block(&self, block: Block, stretch: &Stretch<'_>, counted: &mut Counted) -> Result<(), JsValue> {
        if !stretch.holds(&block) {
            return self.count_edge(&block, stretch, counted);
        }
        let mut parts = Some(block);
        while let Some(part) = parts.take() {
            let (summary, rest) = self.sum_up(&part)?;
            counted.tally.merge(&summary.tally);
            counted.looked = counted.looked.saturating_add(summary.rows);
            parts = rest;
        }
        Ok(())
    }

    fn count_edge(&self, block: &Block, stretch: &Stretch<'_>, counted: &mut Counted) -> Result<(), JsValue> {
        let from = block.first.as_str().max(stretch.from);
        let part = self.read_lines(from, block.past.as_str().min(stretch.below), u32::MAX)?;
        counted.tally.merge(&part.tally);
        counted.looked = counted.looked.saturating_add(part.rows);
        Ok(())
    }

    /// The blocks, or spans, that begin with the one that `at` lies in, some of them, with what they are known to come to.
    fn known_of(&self, table: &str, at: &str, below: &str) -> Result<Vec<(Block, Option<Tally>)>, JsValue> {
        let query = format!(
            "SELECT group_concat(first || '=' || past || '=' || coalesce(summary, ''), ' ')
             FROM (SELECT first, past, summary FROM {table}
                 WHERE first >= coalesce((SELECT max(first) FROM {table} WHERE first <= ?1), '') AND first < ?2
                 ORDER BY first LIMIT ?3)"
        );
        let row = self.sql.row(&query, &[at.into(), below.into(), READ.into()])?;
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
