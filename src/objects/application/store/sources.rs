//! What an application's object stores of its sources, and of the routes that it has claimed for them.

use super::Store;
use crate::edge::Row;
use crate::id::Place;
use crate::objects::storage;
use crate::problem::Problem;
use crate::source::{Claim, Mode, Route, SECRETS, Source};
use crate::subscription::Status;

pub(super) const SCHEMA: &[&str] = &[
    // `queued`: whether it ever was in queue mode, so that there may be deliveries.
    "CREATE TABLE IF NOT EXISTS sources (
        id TEXT PRIMARY KEY, place TEXT NOT NULL UNIQUE, json TEXT NOT NULL, deleted INTEGER NOT NULL,
        queued INTEGER NOT NULL, version INTEGER NOT NULL, pushed INTEGER NOT NULL, published INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS routes (
        source TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (source, host, path)
    ) WITHOUT ROWID",
];

/// A route that was asked for at its host's directory, and may be held there.
#[derive(Clone)]
pub struct Routed {
    pub source: String,
    pub route: Route,
    pub number: u64,
}

impl Routed {
    /// Whether both are the same route for the same source.
    pub fn is_for(&self, other: &Self) -> bool {
        self.source == other.source && self.route == other.route
    }

    /// As the directory knows it.
    pub fn claim(&self, application: &str) -> Claim {
        Claim { path: self.route.path.clone(), source: self.source.clone(), application: application.to_owned() }
    }
}

impl Store {
    /// A source that was not deleted.
    pub fn source(&self, id: &str) -> Result<Source, Problem> {
        let row =
            self.sql.row("SELECT json FROM sources WHERE id = ? AND deleted = 0", &[id.into()]).map_err(storage)?;
        let json = row.and_then(|row| row.text(0)).ok_or_else(|| Problem::not_found("source"))?;
        self.vault.look(&json, id)
    }

    /// A source by its place, and whether it is still there.
    pub fn source_at(&self, place: Place) -> Result<(Source, Status), Problem> {
        let row = self
            .sql
            .row("SELECT json, deleted, id FROM sources WHERE place = ?", &[place.as_str().into()])
            .map_err(storage)?;
        let status = |row: &Row| if row.number(1) == Some(0) { Status::Active } else { Status::Deleted };
        let read = row.and_then(|row| Some((row.text(0)?, row.text(2)?, status(&row))));
        let (json, id, status) = read.ok_or_else(|| Problem::not_found("source"))?;
        Ok((self.vault.look(&json, &id)?, status))
    }

    /// How many there are.
    pub fn count_sources(&self) -> Result<usize, Problem> {
        let row = self.sql.row("SELECT count(*) FROM sources WHERE deleted = 0", &[]).map_err(storage)?;
        Ok(row.and_then(|row| usize::try_from(row.number(0)?).ok()).unwrap_or(0))
    }

    /// Sources, newest first, below `cursor`.
    pub fn list_sources(&self, cursor: &str, limit: u32) -> Result<Vec<Source>, Problem> {
        let rows = self
            .sql
            .rows(
                "SELECT json, id FROM sources WHERE id < ? AND deleted = 0 ORDER BY id DESC LIMIT ?",
                &[cursor.into(), limit.into()],
            )
            .map_err(storage)?;
        Ok(rows.iter().filter_map(|row| self.vault.look(&row.text(0)?, &row.text(1)?).ok()).collect())
    }

    /// All sources.
    pub fn all_sources(&self) -> Result<Vec<Source>, Problem> {
        self.list_sources("~", u32::MAX)
    }

    /// Stores a source under a new version, which it gets to know. Answers where its queue is, if it ever had one.
    pub fn save_source(&self, source: &mut Source, status: Status) -> Result<Option<Place>, Problem> {
        let place = source.place().ok_or_else(|| Problem::not_found("source"))?;
        source.version = self.bump()?;
        let json = self.vault.write(source, SECRETS, &source.id)?;
        let queued = self
            .sql
            .row(
                "INSERT INTO sources VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0)
                 ON CONFLICT (id) DO UPDATE SET json = ?3, deleted = ?4, queued = max(queued, ?5), version = ?6
                 RETURNING queued",
                &[
                    (&source.id).into(),
                    place.as_str().into(),
                    (&json).into(),
                    i64::from(status == Status::Deleted).into(),
                    i64::from(source.mode == Mode::Queue).into(),
                    (source.version as i64).into(),
                ],
            )
            .map_err(storage)?;
        Ok(queued.filter(|row| row.number(0) != Some(0)).map(|_| place))
    }

    /// What KV does not know yet of sources.
    pub fn unpublished_sources(&self) -> Result<Vec<String>, Problem> {
        let rows = self.sql.rows("SELECT id FROM sources WHERE published < version", &[]).map_err(storage)?;
        Ok(rows.iter().filter_map(|row| row.text(0)).collect())
    }

    /// What KV should know of a source, if it does not yet: its JSON, none where it was deleted; and of which version
    /// that is.
    pub fn source_to_publish(&self, id: &str) -> Result<Option<(Option<String>, i64)>, Problem> {
        let row = self
            .sql
            .row("SELECT json, deleted, version FROM sources WHERE id = ? AND published < version", &[id.into()])
            .map_err(storage)?;
        Ok(row.and_then(|row| Some((row.text(0).filter(|_| row.number(1) == Some(0)), row.number(2)?))))
    }

    pub fn set_source_published(&self, id: &str, version: i64) -> Result<(), Problem> {
        self.sql.run("UPDATE sources SET published = ? WHERE id = ?", &[version.into(), id.into()]).map_err(storage)?;
        Ok(())
    }

    /// Notes that a route is about to be claimed, before it is: no crash may leave a claim that nobody knows of.
    pub fn note_route(&self, source: &str, route: &Route) -> Result<Routed, Problem> {
        let number = self.next("routes")?;
        let params = [source.into(), (&route.host).into(), (&route.path).into(), (number as i64).into()];
        self.sql.run("INSERT OR REPLACE INTO routes VALUES (?, ?, ?, ?)", &params).map_err(storage)?;
        Ok(Routed { source: source.to_owned(), route: route.clone(), number })
    }

    /// Routes that no source has, or has any more.
    pub fn unused_routes(&self) -> Result<Vec<Routed>, Problem> {
        let rows = self
            .sql
            .rows(
                "SELECT r.source, r.host, r.path, r.number
                 FROM routes r LEFT JOIN sources s ON s.id = r.source AND s.deleted = 0
                 WHERE json_extract(s.json, '$.route.host') IS NOT r.host
                     OR json_extract(s.json, '$.route.path') IS NOT r.path",
                &[],
            )
            .map_err(storage)?;
        let routed = |row: &Row| {
            let route = Route { host: row.text(1)?, path: row.text(2)? };
            Some(Routed { source: row.text(0)?, route, number: u64::try_from(row.number(3)?).ok()? })
        };
        Ok(rows.iter().filter_map(routed).collect())
    }

    /// Forgets a route that was released, unless it was claimed again meanwhile.
    pub fn forget_route(&self, routed: &Routed) -> Result<(), Problem> {
        let Routed { source, route, number } = routed;
        self.sql
            .run(
                "DELETE FROM routes WHERE source = ? AND host = ? AND path = ? AND number = ?",
                &[source.into(), (&route.host).into(), (&route.path).into(), (*number as i64).into()],
            )
            .map_err(storage)?;
        Ok(())
    }
}
