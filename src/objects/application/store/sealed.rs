//! Which keys the rows of an application are sealed under.

use super::Store;
use crate::edge::{Row, Value};
use crate::id::{Id, SOURCE, SUBSCRIPTION};
use crate::objects::storage;
use crate::problem::Problem;
use crate::vault::KEY_ID;

/// The tables that hold secrets, each with the name of a row and its JSON.
const ROWS: &str = "SELECT 'settings' AS kind, name AS id, value AS json FROM meta WHERE name = 'settings'
    UNION ALL SELECT 'subscription', id, json FROM subscriptions
    UNION ALL SELECT 'source', id, json FROM sources";

/// A row that is to be sealed anew.
pub enum Stale {
    /// The application's own.
    Settings,
    /// A subscription's, deleted or not.
    Subscription(String),
    /// A source's, deleted or not.
    Source(String),
}

impl Store {
    /// Whether the secrets of what was read here are there.
    ///
    /// # Errors
    /// 503 with what is missing.
    pub fn check(&self, sealed: Option<&String>) -> Result<(), Problem> {
        self.vault.check(sealed)
    }

    /// The ids of the keys that rows are sealed under.
    pub fn keys_in_use(&self) -> Result<Vec<String>, Problem> {
        let query = format!(
            "SELECT DISTINCT substr(json_extract(json, '$.sealed'), 1, {KEY_ID}) AS key FROM ({ROWS}) WHERE key IS NOT NULL"
        );
        let rows = self.sql.rows(&query, &[]).map_err(storage)?;
        Ok(rows.iter().filter_map(|row| row.text(0)).collect())
    }

    /// Rows that are not sealed, or not under the key that seals now, but under one that is there; at most so many.
    pub fn stale(&self, limit: u32) -> Result<Vec<Stale>, Problem> {
        let (condition, mut params) = self.is_stale();
        params.push(limit.into());
        let query = format!("SELECT kind, id FROM ({ROWS}) WHERE {condition} LIMIT ?");
        let rows = self.sql.rows(&query, &params).map_err(storage)?;
        let stale = |row: &Row| match row.text(0)?.as_str() {
            "settings" => Some(Stale::Settings),
            "subscription" => Some(Stale::Subscription(row.text(1)?)),
            _ => Some(Stale::Source(row.text(1)?)),
        };
        Ok(rows.iter().filter_map(stale).collect())
    }

    /// How much is still under another key: rows here, objects that were not told yet, and sources that KV does not know
    /// as they are.
    pub fn count_stale(&self) -> Result<u64, Problem> {
        let (condition, params) = self.is_stale();
        let query = format!(
            "SELECT (SELECT count(*) FROM ({ROWS}) WHERE {condition})
                + (SELECT count(*) FROM subscriptions WHERE pushed < version)
                + (SELECT count(*) FROM sources WHERE (queued AND pushed < version) OR published < version)"
        );
        let row = self.sql.row(&query, &params).map_err(storage)?;
        Ok(row.and_then(|row| u64::try_from(row.number(0)?).ok()).unwrap_or(0))
    }

    /// Seals a subscription anew, under a new version: its object has to seal it anew too.
    pub fn reseal_subscription(&self, id: &str) -> Result<(), Problem> {
        let Some(place) = Id::parse(SUBSCRIPTION, id).map(Id::place) else { return Ok(()) };
        let (subscription, _) = self.at_place(place)?;
        // What was tampered with stays as it is.
        if subscription.sealed.is_none() {
            self.save(&subscription)?;
        }
        Ok(())
    }

    /// The same for a source, which KV has to know anew.
    pub fn reseal_source(&self, id: &str) -> Result<(), Problem> {
        let Some(place) = Id::parse(SOURCE, id).map(Id::place) else { return Ok(()) };
        let (mut source, status) = self.source_at(place)?;
        if source.sealed.is_none() {
            self.save_source(&mut source, status)?;
        }
        Ok(())
    }

    /// Whether there is more to be sealed anew than was done in one step.
    pub fn is_resealing(&self) -> bool {
        self.meta("resealing").is_ok_and(|value| value.is_some_and(|value| value == "1"))
    }

    pub fn set_resealing(&self, resealing: bool) -> Result<(), Problem> {
        match self.is_resealing() == resealing {
            true => Ok(()),
            false => self.set_meta("resealing", if resealing { "1" } else { "0" }),
        }
    }

    fn is_stale(&self) -> (String, Vec<Value<'_>>) {
        let marks = vec!["?"; self.vault.ids().count()].join(", ");
        let key = format!("substr(json_extract(json, '$.sealed'), 1, {KEY_ID})");
        let condition = format!("({key} IS NULL OR ({key} IN ({marks}) AND {key} <> ?))");
        let first = self.vault.ids().next().unwrap_or_default();
        (condition, self.vault.ids().chain([first]).map(Value::from).collect())
    }
}
