//! What old stretches of the log come to, so that nobody has to read them row by row.
//!
//! Blocks lie side by side, each about a thousand deliveries, from the oldest id up to the frontier, which stays a minute
//! behind the newest: an ordinary delivery has ended by then and costs its block nothing. A block holds the types of its
//! deliveries, and how they went as long as that is still so. Whatever changes one of them says so by [`Log::touched`],
//! and the block is summed up again when somebody wants to know, or when the object is awake anyway.
//!
//! So many blocks in a row are a span, which has figures of its own: a million deliveries are thirty spans.

use wasm_bindgen::JsValue;

use super::Log;
use crate::id::Id;
use crate::stats::{Summary, Tally};
use crate::time::Millis;

pub(super) const BLOCKS: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS blocks (first TEXT PRIMARY KEY, past TEXT NOT NULL, kinds TEXT, summary TEXT) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS stale ON blocks (first) WHERE summary IS NULL",
    // Who looks for a type reads no summaries.
    "CREATE INDEX IF NOT EXISTS types ON blocks (first, past, kinds)",
    "CREATE TABLE IF NOT EXISTS spans (first TEXT PRIMARY KEY, past TEXT NOT NULL, summary TEXT) WITHOUT ROWID",
];

/// How many deliveries a block is made of.
pub(super) const BLOCK: u32 = 1_024;
/// How many blocks a span is made of.
const SPAN: u32 = 32;
/// How old the last delivery of a block is when it is made.
const QUIET: Millis = 60_000;
/// How many blocks are made, and how many summed up again, while the object is awake anyway.
const AT_ONCE: u32 = 16;
/// How long after that no more is done on the side.
const REST: Millis = 5_000;

/// A stretch of the log.
pub(super) struct Block {
    /// From this id on; empty for the oldest.
    pub first: String,
    /// Up to this one, which is the next one's.
    pub past: String,
}

impl Log {
    /// Deliveries from `first` to `last` have changed, are gone, or are about to be. Costs nothing while they are new.
    pub fn touched(&self, first: Id, last: Id) -> Result<(), JsValue> {
        if !self.is_in_block(first)? {
            return Ok(());
        }
        for table in ["blocks", "spans"] {
            let query = format!(
                "UPDATE {table} SET summary = NULL WHERE summary IS NOT NULL
                 AND first >= coalesce((SELECT max(first) FROM {table} WHERE first <= ?), '') AND first <= ?"
            );
            self.sql.run(&query, &[first.as_str().into(), last.as_str().into()])?;
        }
        Ok(())
    }

    /// A delivery has arrived. Only one that comes late, with an id of long ago, falls into a block.
    pub(super) fn arrived(&self, id: Id) -> Result<(), JsValue> {
        self.touched(id, id)?;
        if self.is_in_block(id)? {
            self.sql.run(
                "UPDATE blocks SET kinds = NULL WHERE kinds IS NOT NULL AND first = (SELECT max(first) FROM blocks WHERE first <= ?)",
                &[id.as_str().into()],
            )?;
        }
        Ok(())
    }

    fn is_in_block(&self, id: Id) -> Result<bool, JsValue> {
        Ok(self.exists()? && *id.as_str() < *self.frontier()?)
    }

    /// Where the last block ends: empty while there is none.
    pub(super) fn frontier(&self) -> Result<String, JsValue> {
        if let Some(frontier) = self.frontier.borrow().clone() {
            return Ok(frontier);
        }
        let last = self.sql.row("SELECT past FROM blocks WHERE first >= '' ORDER BY first DESC LIMIT 1", &[])?;
        let frontier = last.and_then(|row| row.text(0)).unwrap_or_default();
        self.frontier.replace(Some(frontier.clone()));
        Ok(frontier)
    }

    /// Goes on making blocks, a few at a time, while the object is awake anyway.
    pub fn tidy(&self, now: Millis) -> Result<(), JsValue> {
        if !self.exists()? || now.saturating_sub(self.tidied_at.get()) < REST {
            return Ok(());
        }
        self.tidied_at.set(now);
        for _ in 0..AT_ONCE {
            if self.grow(now)?.is_none() {
                break;
            }
        }
        let stale = self
            .sql
            .rows("SELECT first, past FROM blocks WHERE summary IS NULL ORDER BY first LIMIT ?", &[AT_ONCE.into()])?;
        for row in stale {
            if let (Some(first), Some(past)) = (row.text(0), row.text(1)) {
                self.sum_up(&Block { first, past })?;
            }
        }
        while self.widen()? {}
        Ok(())
    }

    /// Makes the next span, where there are blocks enough for one. What it comes to is seen to by whoever asks first.
    pub(super) fn widen(&self) -> Result<bool, JsValue> {
        let row = self.sql.row("SELECT past FROM spans WHERE first >= '' ORDER BY first DESC LIMIT 1", &[])?;
        let after = row.and_then(|row| row.text(0)).unwrap_or_default();
        let row = self.sql.row(
            "SELECT min(first), max(past), count(*) FROM (SELECT first, past FROM blocks WHERE first >= ? ORDER BY first LIMIT ?)",
            &[(&after).into(), SPAN.into()],
        )?;
        let full = row.filter(|row| row.number(2) == Some(i64::from(SPAN)));
        let Some((first, past)) = full.and_then(|row| Some((row.text(0)?, row.text(1)?))) else { return Ok(false) };
        self.sql.run("INSERT INTO spans VALUES (?, ?, NULL)", &[(&first).into(), (&past).into()])?;
        Ok(true)
    }

    /// What a span comes to; it goes where there is no block in it any more.
    pub(super) fn set_span(&self, span: &Block, tally: &Tally) -> Result<(), JsValue> {
        let blocks = "SELECT 1 FROM blocks WHERE first >= ? AND first < ? LIMIT 1";
        let range = [(&span.first).into(), (&span.past).into()];
        if self.sql.row(blocks, &range)?.is_none() {
            self.sql.run("DELETE FROM spans WHERE first = ?", &[(&span.first).into()])?;
            return Ok(());
        }
        let summary = tally.stored();
        let params = [(&summary).into(), (&span.first).into()];
        self.sql.run("UPDATE spans SET summary = ? WHERE first = ?", &params)?;
        Ok(())
    }

    /// Makes the next block, where there are old deliveries enough for one.
    pub(super) fn grow(&self, now: Millis) -> Result<Option<(Block, Summary)>, JsValue> {
        let first = self.frontier()?;
        let past = self.nth(&first, "~", BLOCK)?;
        let is_quiet = |id: &String| Id::parse_bare(id).is_some_and(|id| id.time().saturating_add(QUIET) <= now);
        let Some(past) = past.filter(is_quiet) else { return Ok(None) };
        let summary = self.read_lines(&first, &past, u32::MAX)?;
        self.sql.run(
            "INSERT INTO blocks VALUES (?, ?, ?, ?)",
            &[(&first).into(), (&past).into(), summary.kinds().as_ref().into(), (&summary.tally.stored()).into()],
        )?;
        self.frontier.replace(Some(past.clone()));
        Ok(Some((Block { first, past }, summary)))
    }

    /// Sums a block up again. Where it has become too large this is its first part, and the rest is a block of its own that
    /// is answered too; one that has become empty is joined to the one before.
    pub(super) fn sum_up(&self, block: &Block) -> Result<(Summary, Option<Block>), JsValue> {
        let mut past = block.past.clone();
        let mut rest = None;
        if self.nth(&block.first, &past, BLOCK.saturating_mul(2))?.is_some()
            && let Some(middle) = self.nth(&block.first, &past, BLOCK)?
        {
            self.sql.run("UPDATE blocks SET past = ? WHERE first = ?", &[(&middle).into(), (&block.first).into()])?;
            let params = [(&middle).into(), (&past).into()];
            self.sql.run("INSERT INTO blocks VALUES (?, ?, NULL, NULL)", &params)?;
            rest = Some(Block { first: middle.clone(), past });
            past = middle;
        }
        let summary = self.read_lines(&block.first, &past, u32::MAX)?;
        if summary.rows == 0 && !block.first.is_empty() {
            self.sql.run(
                "UPDATE blocks SET past = ? WHERE first = (SELECT max(first) FROM blocks WHERE first < ?)",
                &[(&past).into(), (&block.first).into()],
            )?;
            self.sql.run("DELETE FROM blocks WHERE first = ?", &[(&block.first).into()])?;
        } else {
            self.sql.run(
                "UPDATE blocks SET kinds = ?, summary = ? WHERE first = ?",
                &[summary.kinds().as_ref().into(), (&summary.tally.stored()).into(), (&block.first).into()],
            )?;
        }
        Ok((summary, rest))
    }

    /// The id that so many deliveries lie before, from `from` on.
    fn nth(&self, from: &str, below: &str, number: u32) -> Result<Option<String>, JsValue> {
        let found = self.sql.row(
            "SELECT id FROM deliveries WHERE id >= ? AND id < ? ORDER BY id LIMIT 1 OFFSET ?",
            &[from.into(), below.into(), number.into()],
        )?;
        Ok(found.and_then(|row| row.text(0)))
    }

    /// What at most `limit` deliveries come to, from `from` on.
    fn read_lines(&self, from: &str, below: &str, limit: u32) -> Result<Summary, JsValue> {
        Ok(Summary::read(&self.lines(from, below, limit)?))
    }

    /// At most `limit` deliveries, from `from` on, as [`Summary::read`] takes them. They come as one text: row by row it would
    /// be thousands of crossings.
    pub(super) fn lines(&self, from: &str, below: &str, limit: u32) -> Result<String, JsValue> {
        let row = self.sql.row(
            "SELECT group_concat(id || ' ' || stage || ' ' || count || ' ' || coalesce(completed_at, '') || ' ' || test || ' ' || kind, char(10))
             FROM (SELECT id, stage, count, completed_at, test, kind FROM deliveries
                 WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)",
            &[from.into(), below.into(), limit.into()],
        )?;
        Ok(row.and_then(|row| row.text(0)).unwrap_or_default())
    }
}
