//! What an application's object stores of its keys.

use super::Store;
use crate::access::{ApiKey, Scope};
use crate::objects::storage;
use crate::problem::Problem;
use crate::snapshot::Producer;
use crate::time::Millis;

pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS api_keys (
        id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, json TEXT NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS revoked_keys (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
];

impl Store {
    pub fn save_key(&self, key: &ApiKey) -> Result<(), Problem> {
        let json = crate::body::written(key)?;
        let params = [(&key.id).into(), (&key.hash).into(), (&json).into()];
        self.sql.run("INSERT INTO api_keys VALUES (?, ?, ?)", &params).map_err(storage)?;
        Ok(())
    }

    fn find_key(&self, query: &str, by: &str) -> Result<Option<ApiKey>, Problem> {
        let row = self.sql.row(query, &[by.into()]).map_err(storage)?;
        Ok(row.and_then(|row| serde_json::from_str(&row.text(0)?).ok()))
    }

    /// A key by its id.
    pub fn key(&self, id: &str) -> Result<Option<ApiKey>, Problem> {
        self.find_key("SELECT json FROM api_keys WHERE id = ?", id)
    }

    /// A key by the hash of its text.
    pub fn key_of(&self, hash: &str) -> Result<Option<ApiKey>, Problem> {
        self.find_key("SELECT json FROM api_keys WHERE hash = ?", hash)
    }

    /// Keys, newest first, below `cursor`.
    pub fn list_keys(&self, cursor: &str, limit: u32) -> Result<Vec<ApiKey>, Problem> {
        let query = "SELECT json FROM api_keys WHERE id < ? ORDER BY id DESC LIMIT ?";
        let rows = self.sql.rows(query, &[cursor.into(), limit.into()]).map_err(storage)?;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(&row.text(0)?).ok()).collect())
    }

    pub fn count_keys(&self) -> Result<usize, Problem> {
        let row = self.sql.row("SELECT count(*) FROM api_keys", &[]).map_err(storage)?;
        Ok(row.and_then(|row| usize::try_from(row.number(0)?).ok()).unwrap_or(0))
    }

    pub fn drop_key(&self, id: &str) -> Result<(), Problem> {
        self.sql.run("DELETE FROM api_keys WHERE id = ?", &[id.into()]).map_err(storage)?;
        Ok(())
    }

    /// Remembers that a key is at its end, and marks everybody who takes events as not told yet.
    pub fn note_revoked(&self, id: &str, now: Millis, version: u64) -> Result<(), Problem> {
        self.sql.run("INSERT OR REPLACE INTO revoked_keys VALUES (?, ?)", &[id.into(), now.into()]).map_err(storage)?;
        self.sql
            .run("UPDATE subscriptions SET version = ? WHERE status <> 'deleted'", &[(version as i64).into()])
            .map_err(storage)?;
        self.mark_ledger(version)?;
        self.mark_direct(version)
    }

    /// The keys revoked since `since`; those before are forgotten.
    pub fn revoked_keys(&self, since: Millis) -> Result<Vec<String>, Problem> {
        self.sql.run("DELETE FROM revoked_keys WHERE at < ?", &[since.into()]).map_err(storage)?;
        let rows = self.sql.rows("SELECT id FROM revoked_keys", &[]).map_err(storage)?;
        Ok(rows.iter().filter_map(|row| row.text(0)).collect())
    }

    /// Takes all keys out of force.
    pub fn revoke_keys(&self, now: Millis) -> Result<(), Problem> {
        let query = "INSERT OR REPLACE INTO revoked_keys SELECT id, ? FROM api_keys";
        self.sql.run(query, &[now.into()]).map_err(storage)?;
        self.sql.run("DELETE FROM api_keys", &[]).map_err(storage)?;
        Ok(())
    }

    /// The keys that ingest needs to know.
    pub(super) fn producers(&self) -> Result<Vec<Producer>, Problem> {
        let rows = self.sql.rows("SELECT json FROM api_keys ORDER BY id", &[]).map_err(storage)?;
        let keys = rows.iter().filter_map(|row| serde_json::from_str::<ApiKey>(&row.text(0)?).ok());
        let posting = keys.filter(|key| key.scopes.has(Scope::EventsWrite));
        Ok(posting.map(|key| Producer { id: key.id, hash: key.hash, scopes: key.scopes }).collect())
    }
}
