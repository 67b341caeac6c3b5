//! What an application's object stores of how far it is with clearing away what is too old.

use serde::{Deserialize, Serialize};

use super::{Store, WIDEST, widest};
use crate::edge::Row;
use crate::id::Place;
use crate::objects::storage;
use crate::problem::Problem;
use crate::time::Millis;

/// When it is looked for what is too old next, and where that goes on.
const SWEEP_AT: &str = "sweep_at";
const SWEEP_FROM: &str = "sweep_from";
const BURIAL: &str = "burial";

/// When something was deleted is when it was changed last.
const DELETED_AT: &str = "json_extract(json, '$.updatedAt')";

/// How far it is with the end of the application.
#[derive(Default, Serialize, Deserialize)]
pub struct Burial {
    /// When it was deleted.
    pub since: Millis,
    /// How often everything was looked through.
    pub rounds: u32,
    /// Behind which place this round goes on.
    pub from: String,
}

/// Objects that are to be asked something, under the place that names them all.
pub struct Home {
    pub base: Place,
    pub places: Vec<Place>,
}

/// What was deleted, and has lingered for its time.
pub struct Over {
    pub is_source: bool,
    pub id: String,
    pub places: Vec<Place>,
}

impl Store {
    pub fn sweep_at(&self) -> Result<Option<Millis>, Problem> {
        Ok(self.meta(SWEEP_AT)?.and_then(|at| at.parse().ok()))
    }

    pub fn set_sweep_at(&self, at: Millis) -> Result<(), Problem> {
        self.set_meta(SWEEP_AT, &at.to_string())
    }

    /// Behind which place a sweep goes on that was begun.
    pub fn sweep_from(&self) -> Result<Option<String>, Problem> {
        self.meta(SWEEP_FROM)
    }

    pub fn set_sweep_from(&self, from: Option<&str>) -> Result<(), Problem> {
        match from {
            Some(from) => self.set_meta(SWEEP_FROM, from),
            None => self.drop_meta(SWEEP_FROM),
        }
    }

    pub fn burial(&self) -> Result<Option<Burial>, Problem> {
        Ok(self.meta(BURIAL)?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    pub fn set_burial(&self, burial: &Burial) -> Result<(), Problem> {
        self.set_meta(BURIAL, &crate::body::written(burial)?)
    }

    /// Objects that may hold something, in the order of their places, behind `from`: those of what was deleted among them,
    /// and of sources that only pass on.
    pub fn held_behind(&self, from: &str, limit: u32) -> Result<Vec<Home>, Problem> {
        let shared = Place::direct().chain(Place::ledger()).filter(|place| place.as_str() > from);
        let mut held: Vec<Home> = shared.map(|base| Home { base, places: vec![base] }).collect();
        let rows = self
            .sql
            .rows(
                &format!(
                    "SELECT place, shards FROM (
                        SELECT place, {WIDEST} AS shards FROM subscriptions
                        UNION ALL SELECT place, 1 FROM sources
                    ) WHERE place > ? ORDER BY place LIMIT ?"
                ),
                &[from.into(), limit.into()],
            )
            .map_err(storage)?;
        held.extend(rows.iter().filter_map(|row| {
            let base = Place::parse(&row.text(0)?)?;
            Some(Home { base, places: base.shards(widest(row, 1)).collect() })
        }));
        held.sort_unstable_by_key(|held| held.base);
        held.truncate(limit as usize);
        Ok(held)
    }

    /// Some of what was deleted before `before`, once KV knows of it and it claims no route.
    pub fn over(&self, before: Millis, limit: u32) -> Result<Vec<Over>, Problem> {
        let rows = self
            .sql
            .rows(
                &format!(
                    "SELECT 0, id, place, {WIDEST} FROM subscriptions
                     WHERE status = 'deleted' AND {DELETED_AT} < ?1
                     UNION ALL SELECT 1, id, place, 1 FROM sources
                     WHERE deleted AND {DELETED_AT} < ?1 AND published >= version
                         AND NOT EXISTS (SELECT 1 FROM routes WHERE source = sources.id)
                     LIMIT ?2"
                ),
                &[before.into(), limit.into()],
            )
            .map_err(storage)?;
        let over = |row: &Row| {
            let base = Place::parse(&row.text(2)?)?;
            let places = base.shards(widest(row, 3)).collect();
            Some(Over { is_source: row.number(0) == Some(1), id: row.text(1)?, places })
        };
        Ok(rows.iter().filter_map(over).collect())
    }

    /// When the first of what was deleted was deleted.
    pub fn first_deleted(&self) -> Result<Option<Millis>, Problem> {
        let query = format!(
            "SELECT min(at) FROM (SELECT {DELETED_AT} AS at FROM subscriptions WHERE status = 'deleted'
             UNION ALL SELECT {DELETED_AT} FROM sources WHERE deleted)"
        );
        Ok(self.sql.row(&query, &[]).map_err(storage)?.and_then(|row| row.number(0)))
    }

    /// Whether what lives at a place was deleted before `before`.
    pub fn is_over(&self, place: Place, before: Millis) -> Result<bool, Problem> {
        let query = format!(
            "SELECT 1 FROM subscriptions WHERE place = ?1 AND status = 'deleted' AND {DELETED_AT} < ?2
             UNION ALL SELECT 1 FROM sources WHERE place = ?1 AND deleted AND {DELETED_AT} < ?2"
        );
        let base = place.base();
        let params = [base.as_str().into(), before.into()];
        Ok(self.sql.row(&query, &params).map_err(storage)?.is_some())
    }

    /// Forgets what nothing is left of.
    pub fn drop_over(&self, over: &Over) -> Result<(), Problem> {
        let query = match over.is_source {
            true => "DELETE FROM sources WHERE id = ? AND deleted",
            false => "DELETE FROM subscriptions WHERE id = ? AND status = 'deleted'",
        };
        self.sql.run(query, &[(&over.id).into()]).map_err(storage)?;
        Ok(())
    }

    /// Whether everybody outside has heard of what was deleted: KV of the sources, the directories of the routes.
    pub fn is_released(&self) -> Result<bool, Problem> {
        let query = "SELECT 1 WHERE EXISTS (SELECT 1 FROM sources WHERE published < version)
             OR EXISTS (SELECT 1 FROM routes)";
        Ok(self.sql.row(query, &[]).map_err(storage)?.is_none())
    }

    /// All of it was deleted.
    pub fn forget(&self) {
        self.created.set(false);
    }

    fn drop_meta(&self, name: &str) -> Result<(), Problem> {
        self.sql.run("DELETE FROM meta WHERE name = ?", &[name.into()]).map_err(storage)?;
        Ok(())
    }
}
