//! How the deliveries of a time went, part by part.

use wasm_bindgen::JsValue;

use super::Log;
use super::blocks::{BLOCK, Block};
use crate::stats::{Parts, Series, Summary, Tally};
use crate::time::Millis;

/// About how many rows one call looks at before it leaves the rest to the next one.
const LOOKED: usize = 20_000;
/// How many summaries are read at once: together they are one text.
const READ: u32 = 100;
/// How many blocks are made on the side where the window lies far beyond the last one.
const FEW: usize = 4;

/// What one call has found.
pub struct Counted {
    /// So far.
    pub series: Series,
    /// From where on to count next, where that is not all.
    pub next: Option<String>,
    /// How many rows were looked at.
    looked: usize,
}

impl Log {
    /// Counts the deliveries of a time, tests left out, from the id `from` on.
    pub fn count(&self, parts: Parts, from: &str, now: Millis) -> Result<Counted, JsValue> {
        let mut counted = Counted { series: Series::new(parts), next: None, looked: 0 };
        if !self.exists()? {
            return Ok(counted);
        }
        let (floor, below) = (parts.window().from(), parts.window().below());
        let stretch = Stretch { from: from.max(floor.as_str()), below: below.as_str() };
        let mut at = stretch.from.to_owned();
        while self.widen()? {}
        loop {
            let begun = at.clone();
            for (span, summary) in self.known_of("spans", &begun, stretch.below)? {
                let left = Stretch { from: &at, below: stretch.below };
                let Some(part) = counted.part_of(&span, &left) else { continue };
                if !self.count_blocks(&Stretch { from: &at, below: &span.first }, &mut counted)? {
                    return Ok(counted);
                }
                at.clone_from(&span.past);
                match summary {
                    Some(summary) => counted.series.add(part, &summary),
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
        let empty = Series::new(*counted.series.parts());
        let others = std::mem::replace(&mut counted.series, empty);
        let is_whole = self.count_blocks(&Stretch { from: &span.first, below: &span.past }, counted)?;
        if is_whole {
            self.set_span(span, &counted.series.total())?;
        }
        counted.series.merge(&others);
        Ok(is_whole)
    }

    /// Counts a stretch where there are blocks. Whether all of it was counted: else `next` says how far it was.
    fn count_blocks(&self, stretch: &Stretch<'_>, counted: &mut Counted) -> Result<bool, JsValue> {
        let mut at = stretch.from.to_owned();
        while at.as_str() < stretch.below {
            let blocks = self.known_of("blocks", &at, stretch.below)?;
            if blocks.is_empty() {
                // There is none that can be read: the rows themselves are there.
                self.count_rows(&at, stretch.below, counted)?;
                break;
            }
            for (block, summary) in blocks {
                if counted.looked >= LOOKED {
                    counted.next = Some(at);
                    return Ok(false);
                }
                at = block.past.as_str().min(stretch.below).to_owned();
                match summary {
                    _ if !stretch.holds(&block) => self.count_edge(&block, stretch, counted)?,
                    Some(summary) => self.count_summed(&block, &summary, counted)?,
                    None => self.count_block(block, counted)?,
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
                self.count_summed(&block, &summary.tally, &mut counted)?;
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
            let read = counted.series.read(&self.lines(&at, stretch.below, BLOCK)?);
            counted.looked = counted.looked.saturating_add(read.rows);
            match read.last {
                // The next text after an id is the id and the smallest digit.
                Some(last) if read.rows >= BLOCK as usize => at = last.with("") + "0",
                _ => break,
            }
        }
        Ok(counted)
    }

    /// Counts a block of which it has to be seen what it comes to.
    fn count_block(&self, block: Block, counted: &mut Counted) -> Result<(), JsValue> {
        let mut blocks = Some(block);
        while let Some(block) = blocks.take() {
            let (Summary { rows, tally, .. }, rest) = self.sum_up(&block)?;
            counted.looked = counted.looked.saturating_add(rows);
            let past = rest.as_ref().map_or(block.past, |rest| rest.first.clone());
            self.count_summed(&Block { past, ..block }, &tally, counted)?;
            blocks = rest;
        }
        Ok(())
    }

    /// Counts a block that all together comes to `tally`. Where it lies in several parts the rows say which are whose, but
    /// for those of the longest part, which are all the others.
    fn count_summed(&self, block: &Block, tally: &Tally, counted: &mut Counted) -> Result<(), JsValue> {
        let parts = *counted.series.parts();
        let mut pieces = parts.pieces(&block.first, &block.past);
        let longest = pieces.iter().enumerate().max_by_key(|(_, piece)| piece.length()).map(|(at, _)| at);
        let Some(longest) = longest.map(|at| pieces.swap_remove(at)) else { return Ok(()) };
        if pieces.is_empty() {
            counted.series.add(longest.number, tally);
            return Ok(());
        }
        let mut read = Series::new(parts);
        for piece in pieces {
            let found = read.read(&self.lines(&piece.from, &piece.below, u32::MAX)?);
            counted.looked = counted.looked.saturating_add(found.rows);
        }
        let mut rest = tally.clone();
        rest.subtract(&read.total());
        counted.series.merge(&read);
        counted.series.add(longest.number, &rest);
        Ok(())
    }

    /// Counts what of a block lies in the stretch.
    fn count_edge(&self, block: &Block, stretch: &Stretch<'_>, counted: &mut Counted) -> Result<(), JsValue> {
        let from = block.first.as_str().max(stretch.from);
        self.count_rows(from, block.past.as_str().min(stretch.below), counted)
    }

    fn count_rows(&self, from: &str, below: &str, counted: &mut Counted) -> Result<(), JsValue> {
        let read = counted.series.read(&self.lines(from, below, u32::MAX)?);
        counted.looked = counted.looked.saturating_add(read.rows);
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

impl Counted {
    /// The part that all of a span lies in, where there is one.
    fn part_of(&self, span: &Block, stretch: &Stretch<'_>) -> Option<usize> {
        let pieces = stretch.holds(span).then(|| self.series.parts().pieces(&span.first, &span.past))?;
        pieces.first().filter(|_| pieces.len() == 1).map(|piece| piece.number)
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
