//! What an application's object stores.

mod keys;
mod sealed;
mod sources;
mod sweep;

use serde::{Deserialize, Serialize};

use crate::application::{SETTINGS_SECRETS, Settings};
use crate::edge::{Row, Sql};
use crate::id::{Id, Place, SUBSCRIPTION};
use crate::objects::storage;
use crate::problem::Problem;
use crate::profile::{self, Profile};
use crate::snapshot::{Snapshot, Subscriber};
use crate::subscription::{ProfileRef, SUBSCRIPTION_SECRETS, Status, Subscription};
use crate::vault::Vault;

pub use sealed::Stale;
pub use sources::Routed;
pub use sweep::{Burial, Home};

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS subscriptions (
        id TEXT PRIMARY KEY, place TEXT NOT NULL UNIQUE, json TEXT NOT NULL, status TEXT NOT NULL,
        profile TEXT NOT NULL, version INTEGER NOT NULL, pushed INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS profiles (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID",
];

/// The versions of what an application's shared objects are to know.
const DIRECT: &str = "direct_version";
const LEDGER: &str = "ledger_version";

/// An object of this application that may hold deliveries.
#[derive(Serialize, Deserialize)]
pub struct Held {
    /// Where.
    pub place: String,
    /// Whose, if it is a subscription's.
    pub subscription: Option<String>,
    /// Whose, if it is a source's.
    pub source: Option<String>,
    /// Whether that was deleted.
    pub deleted: bool,
}

/// The store.
///
/// What it reads has its secrets where they can be opened; whoever needs them asks [`Store::check`].
pub struct Store {
    sql: Sql,
    vault: &'static Vault,
    /// The application's id.
    name: String,
    created: std::cell::Cell<bool>,
}

impl Store {
    pub fn new(sql: Sql, vault: &'static Vault, name: String) -> Self {
        Store { sql, vault, name, created: std::cell::Cell::new(false) }
    }

    pub fn create(&self) -> Result<(), Problem> {
        if !self.created.replace(true) {
            for statement in SCHEMA.iter().chain(sources::SCHEMA).chain(keys::SCHEMA) {
                self.sql.run(statement, &[]).map_err(storage)?;
            }
        }
        Ok(())
    }

    /// Whether anything was ever stored here.
    pub fn is_there(&self) -> Result<bool, Problem> {
        let query = "SELECT 1 FROM sqlite_master WHERE name = 'meta'";
        let there = self.created.get() || self.sql.row(query, &[]).map_err(storage)?.is_some();
        if there {
            self.create()?;
        }
        Ok(there)
    }

    fn meta(&self, name: &str) -> Result<Option<String>, Problem> {
        let row = self.sql.row("SELECT value FROM meta WHERE name = ?", &[name.into()]).map_err(storage)?;
        Ok(row.and_then(|row| row.text(0)))
    }

    fn set_meta(&self, name: &str, value: &str) -> Result<(), Problem> {
        self.sql.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", &[name.into(), value.into()]).map_err(storage)?;
        Ok(())
    }

    fn number(&self, name: &str) -> Result<u64, Problem> {
        Ok(self.meta(name)?.and_then(|value| value.parse().ok()).unwrap_or(0))
    }

    pub fn settings(&self) -> Result<Option<Settings>, Problem> {
        Ok(self.meta("settings")?.and_then(|json| self.vault.look(&json, &self.name).ok()))
    }

    pub fn set_settings(&self, settings: &Settings) -> Result<(), Problem> {
        let json = self.vault.write(settings, SETTINGS_SECRETS, &self.name)?;
        self.set_meta("settings", &json)
    }

    /// The next number of a row of them.
    fn next(&self, name: &str) -> Result<u64, Problem> {
        let next = self.number(name)?.saturating_add(1);
        self.set_meta(name, &next.to_string())?;
        Ok(next)
    }

    /// The version of what is stored.
    pub fn version(&self) -> Result<u64, Problem> {
        self.number("version")
    }

    /// The next version.
    pub fn bump(&self) -> Result<u64, Problem> {
        self.next("version")
    }

    pub fn set_published(&self, version: u64) -> Result<(), Problem> {
        self.set_meta("published", &version.to_string())
    }

    /// The next version, in which the application itself is another.
    pub fn bump_settings(&self) -> Result<u64, Problem> {
        let version = self.bump()?;
        self.set_meta("settings_version", &version.to_string())?;
        Ok(version)
    }

    pub fn set_registered(&self, version: u64) -> Result<(), Problem> {
        self.set_meta("registered", &version.to_string())
    }

    /// Whether the registry has heard of this application since it was changed last. When in doubt it has not.
    pub fn is_registered(&self) -> bool {
        match (self.number("settings_version"), self.number("registered")) {
            (Ok(changed), Ok(registered)) => registered >= changed,
            _ => false,
        }
    }

    /// Whether KV knows less than is stored. When in doubt it does.
    pub fn is_behind(&self) -> bool {
        match (self.version(), self.number("published")) {
            (Ok(version), Ok(published)) => published < version,
            _ => true,
        }
    }

    /// What objects that deliver to a `webhookUrl` are to know has changed.
    pub fn mark_direct(&self, version: u64) -> Result<(), Problem> {
        self.set_meta(DIRECT, &version.to_string())
    }

    /// What the ledger is to know has changed.
    pub fn mark_ledger(&self, version: u64) -> Result<(), Problem> {
        self.set_meta(LEDGER, &version.to_string())
    }

    /// Those of an application's shared objects that were not told yet.
    fn shared_not_pushed(&self) -> Result<Vec<Place>, Problem> {
        let mut places = Vec::new();
        let direct = Place::direct().map(|place| (place, DIRECT));
        for (place, changed) in direct.chain(Place::ledger().map(|place| (place, LEDGER))) {
            if self.number(&pushed_to(place))? < self.number(changed)? {
                places.push(place);
            }
        }
        Ok(places)
    }

    pub fn set_pushed(&self, place: Place, version: u64) -> Result<(), Problem> {
        if place.is_direct() || place.is_ledger() {
            let name = pushed_to(place);
            let version = version.max(self.number(&name)?);
            return self.set_meta(&name, &version.to_string());
        }
        for table in ["subscriptions", "sources"] {
            let params = [(version as i64).into(), place.as_str().into()];
            let query = format!("UPDATE {table} SET pushed = max(pushed, ?) WHERE place = ?");
            self.sql.run(&query, &params).map_err(storage)?;
        }
        Ok(())
    }

    /// What was not told of a change yet: of what has a place of its own as many as have about `limit` objects together.
    pub fn not_pushed(&self, limit: u32) -> Result<Vec<Place>, Problem> {
        let query = format!(
            "SELECT place, {WIDEST} FROM subscriptions WHERE pushed < version
             UNION ALL SELECT place, 1 FROM sources WHERE queued AND pushed < version LIMIT ?"
        );
        let rows = self.sql.rows(&query, &[limit.into()]).map_err(storage)?;
        let mut objects = 0u32;
        let own = rows.iter().filter_map(|row| Some((Place::parse(&row.text(0)?)?, widest(row, 1)))).take_while(|of| {
            let fits = objects < limit;
            objects = objects.saturating_add(of.1);
            fits
        });
        Ok(self.shared_not_pushed()?.into_iter().chain(own.map(|(place, _)| place)).collect())
    }

    /// Every object that may hold deliveries, those of what was deleted among them: their history is still read.
    pub fn places(&self) -> Result<Vec<Held>, Problem> {
        let query = format!(
            "SELECT place, id, NULL, {WIDEST}, status = 'deleted' FROM subscriptions
             UNION ALL SELECT place, NULL, id, 1, deleted FROM sources WHERE queued"
        );
        let rows = self.sql.rows(&query, &[]).map_err(storage)?;
        let mut held = Vec::new();
        for row in &rows {
            let Some(base) = row.text(0).and_then(|place| Place::parse(&place)) else { continue };
            held.extend(base.shards(widest(row, 3)).map(|place| Held {
                place: place.as_str().into(),
                subscription: row.text(1),
                source: row.text(2),
                deleted: row.number(4) == Some(1),
            }));
        }
        let direct =
            |place: Place| Held { place: place.as_str().into(), subscription: None, source: None, deleted: false };
        held.extend(Place::direct().map(direct));
        Ok(held)
    }

    /// Every object that may hold deliveries of a subscription; with `ever` also of one that was deleted.
    pub fn places_of(&self, id: &str, ever: bool) -> Result<Vec<Place>, Problem> {
        let query = format!("SELECT place, {WIDEST} FROM subscriptions WHERE id = ? AND (status <> 'deleted' OR ?)");
        let row = self.sql.row(&query, &[id.into(), i64::from(ever).into()]).map_err(storage)?;
        let found = row.and_then(|row| Some(Place::parse(&row.text(0)?)?.shards(widest(&row, 1)).collect()));
        found.ok_or_else(|| Problem::not_found("subscription"))
    }

    /// Every object that is to know what is at `place`: a subscription's shards, or this one alone.
    pub fn objects_at(&self, place: Place) -> Result<Vec<Place>, Problem> {
        let query = format!("SELECT {WIDEST} FROM subscriptions WHERE place = ?");
        let row = self.sql.row(&query, &[place.as_str().into()]).map_err(storage)?;
        Ok(row.map_or_else(|| vec![place], |row| place.shards(widest(&row, 0)).collect()))
    }

    /// Whether a place is anybody's.
    pub fn is_taken(&self, place: Place) -> Result<bool, Problem> {
        let query = "SELECT 1 FROM subscriptions WHERE place = ?1 UNION ALL SELECT 1 FROM sources WHERE place = ?1";
        Ok(self.sql.row(query, &[place.as_str().into()]).map_err(storage)?.is_some())
    }

    /// A subscription that was not deleted.
    pub fn subscription(&self, id: &str) -> Result<Subscription, Problem> {
        let params = [id.into()];
        let row = self
            .sql
            .row("SELECT json FROM subscriptions WHERE id = ? AND status <> 'deleted'", &params)
            .map_err(storage)?;
        let json = row.and_then(|row| row.text(0)).ok_or_else(|| Problem::not_found("subscription"))?;
        self.vault.look(&json, id)
    }

    /// A subscription by the place of any of its shards, deleted or not, and its version.
    pub fn at_place(&self, place: Place) -> Result<(Subscription, u64), Problem> {
        let row = self
            .sql
            .row("SELECT json, version, id FROM subscriptions WHERE place = ?", &[place.base().as_str().into()])
            .map_err(storage)?;
        let read = row.and_then(|row| Some((row.text(0)?, u64::try_from(row.number(1)?).ok()?, row.text(2)?)));
        let (json, version, id) = read.ok_or_else(|| Problem::not_found("subscription"))?;
        let subscription: Subscription = self.vault.look(&json, &id)?;
        match place.base().shards(subscription.widest).any(|shard| shard == place) {
            true => Ok((subscription, version)),
            false => Err(Problem::not_found("subscription")),
        }
    }

    /// Stores a subscription under a new version.
    pub fn save(&self, subscription: &Subscription) -> Result<(Place, u64), Problem> {
        let place = Id::parse(SUBSCRIPTION, &subscription.id)
            .map(Id::place)
            .ok_or_else(|| Problem::not_found("subscription"))?;
        let version = self.bump()?;
        let json = self.vault.write(subscription, SUBSCRIPTION_SECRETS, &subscription.id)?;
        self.sql
            .run(
                "INSERT INTO subscriptions VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
                 ON CONFLICT (id) DO UPDATE SET json = ?3, status = ?4, profile = ?5, version = ?6",
                &[
                    (&subscription.id).into(),
                    place.as_str().into(),
                    (&json).into(),
                    status_text(subscription.status).into(),
                    (&subscription.profile).into(),
                    (version as i64).into(),
                ],
            )
            .map_err(storage)?;
        Ok((place, version))
    }

    /// Stores what is shown of a subscription and concerns nobody else.
    pub fn note(&self, subscription: &Subscription) -> Result<(), Problem> {
        let json = self.vault.write(subscription, SUBSCRIPTION_SECRETS, &subscription.id)?;
        let query = "UPDATE subscriptions SET json = ? WHERE id = ?";
        self.sql.run(query, &[(&json).into(), (&subscription.id).into()]).map_err(storage)?;
        Ok(())
    }

    /// Subscriptions, newest first, below `cursor`; those of the operator's own `too`, which have the lowest places.
    pub fn list(&self, cursor: &str, limit: u32, too: bool) -> Result<Vec<Subscription>, Problem> {
        let lowest = Place::for_subscription(0);
        let from = if too { "" } else { lowest.as_str() };
        let rows = self
            .sql
            .rows(
                "SELECT json, id FROM subscriptions WHERE id < ? AND status <> 'deleted' AND place >= ?
                 ORDER BY id DESC LIMIT ?",
                &[cursor.into(), from.into(), limit.into()],
            )
            .map_err(storage)?;
        Ok(rows.iter().filter_map(|row| self.vault.look(&row.text(0)?, &row.text(1)?).ok()).collect())
    }

    /// A profile, built in or the application's own.
    pub fn profile(&self, name: &str) -> Result<Option<Profile>, Problem> {
        if let Some(profile) = profile::find(name) {
            return Ok(Some(profile.clone()));
        }
        let row = self.sql.row("SELECT json FROM profiles WHERE name = ?", &[name.into()]).map_err(storage)?;
        Ok(row.and_then(|row| Profile::read(name, row.text(0)?.as_bytes()).ok()))
    }

    /// The application's own profiles.
    pub fn profiles(&self) -> Result<Vec<ProfileRef>, Problem> {
        let rows = self.sql.rows("SELECT name, json FROM profiles ORDER BY name", &[]).map_err(storage)?;
        Ok(rows.iter().filter_map(|row| Some(ProfileRef { name: row.text(0)?, spec: Some(row.text(1)?) })).collect())
    }

    pub fn save_profile(&self, profile: &Profile) -> Result<(), Problem> {
        let json = crate::body::written(profile)?;
        let params = [(&profile.name).into(), (&json).into()];
        self.sql.run("INSERT OR REPLACE INTO profiles VALUES (?, ?)", &params).map_err(storage)?;
        Ok(())
    }

    pub fn drop_profile(&self, name: &str) -> Result<bool, Problem> {
        let written = self.sql.run("DELETE FROM profiles WHERE name = ?", &[name.into()]).map_err(storage)?;
        Ok(written > 0)
    }

    /// Ends all subscriptions at once.
    pub fn end_subscriptions(&self, version: u64) -> Result<(), Problem> {
        self.sql
            .run(
                "UPDATE subscriptions SET json = json_set(json, '$.status', 'deleted'), status = 'deleted', version = ?
                 WHERE status <> 'deleted'",
                &[(version as i64).into()],
            )
            .map_err(storage)?;
        Ok(())
    }

    /// Marks the subscriptions under a profile as changed. Answers their places.
    pub fn touch_users(&self, profile: &str, version: u64) -> Result<Vec<Place>, Problem> {
        let params = [(version as i64).into(), profile.into()];
        self.sql
            .run("UPDATE subscriptions SET version = ? WHERE profile = ? AND status <> 'deleted'", &params)
            .map_err(storage)?;
        self.users(profile)
    }

    /// Where the subscriptions under a profile live.
    pub fn users(&self, profile: &str) -> Result<Vec<Place>, Problem> {
        let rows = self
            .sql
            .rows("SELECT place FROM subscriptions WHERE profile = ? AND status <> 'deleted'", &[profile.into()])
            .map_err(storage)?;
        Ok(rows.iter().filter_map(|row| Place::parse(&row.text(0)?)).collect())
    }

    /// What ingest needs to know.
    pub fn snapshot(&self, profile: &str) -> Result<Snapshot, Problem> {
        let rows = self
            .sql
            .rows("SELECT json FROM subscriptions WHERE status IN ('active', 'paused') ORDER BY id", &[])
            .map_err(storage)?;
        let (listening, subscriptions): (Vec<_>, Vec<_>) = rows
            .iter()
            .filter_map(|row| serde_json::from_str::<Subscription>(&row.text(0)?).ok())
            .partition(Subscription::is_operators);
        let subscribers = |them: Vec<Subscription>| {
            let subscriber = |it: Subscription| Subscriber {
                id: it.id,
                interest: it.interest,
                profile: it.profile,
                shards: it.shards,
            };
            them.into_iter().map(subscriber).collect()
        };
        Ok(Snapshot {
            version: self.version()?,
            profile: profile.to_owned(),
            subscriptions: subscribers(subscriptions),
            listening: subscribers(listening),
            profiles: self.profiles()?,
            keys: self.producers()?,
        })
    }
}

/// How many objects ever shared a subscription's deliveries.
const WIDEST: &str = "coalesce(json_extract(json, '$.widest'), 1)";

fn widest(row: &Row, at: u32) -> u32 {
    row.number(at).and_then(|number| u32::try_from(number).ok()).unwrap_or(1)
}

fn pushed_to(place: Place) -> String {
    ["pushed ", place.as_str()].concat()
}

fn status_text(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Paused => "paused",
        Status::Disabled => "disabled",
        Status::Deleted => "deleted",
    }
}
