//! Requests that are a source's by where they go: which paths a source may claim, and whose a request is.

use serde::{Deserialize, Serialize};

use crate::body::Fields;
use crate::destination::{self, Rules};
use crate::route::plain;

/// The longest path, in characters.
const MAX_PATH: usize = 1_024;
/// The longest host: a name of 255 characters, and a port.
const MAX_HOST: usize = 261;

/// Requests that are a source's by where they go, not by the source's own URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// The host, in lower case, with its port if it has one.
    pub host: String,
    /// The path, exactly; with `/*` at its end, everything below it.
    pub path: String,
}

/// A path of some host, and the source that claims it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// As in [`Route`].
    pub path: String,
    /// `src_…`
    pub source: String,
    /// Whose it is.
    pub application: String,
}

impl Claim {
    /// Whether both can't stand side by side. Within an application the closer path wins; between two, nobody may take
    /// from the other's.
    pub fn disputes(&self, other: &Self) -> bool {
        if self.application == other.application {
            return self.path == other.path && self.source != other.source;
        }
        rest(&self.path, &other.path).is_some() || rest(&other.path, &self.path).is_some()
    }
}

/// The claim that a request for `path` belongs to, the closest if there are several, and what follows its own part of
/// the path.
pub fn find<'c, 'p>(claims: &'c [Claim], path: &'p str) -> Option<(&'c Claim, &'p str)> {
    let fitting = claims.iter().filter_map(|claim| Some((claim, rest(&plain(&claim.path), path)?)));
    fitting.min_by_key(|(_, rest)| rest.len())
}

/// What follows `pattern`'s own part of `path`: nothing for the very path, else what is below it, with its slash.
fn rest<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    match pattern.strip_suffix("/*") {
        Some(stem) => path.strip_prefix(stem).filter(|rest| rest.starts_with('/')),
        None => (pattern == path).then_some(""),
    }
}

impl Route {
    /// Reads `{host, path}`, each as a request's URL has it.
    pub(super) fn read(fields: &mut Fields<'_>, rules: Rules) -> Option<Self> {
        let host = fields.require::<String>("host", "must be a string").and_then(|text| {
            let host = read_host(&text, rules);
            if host.is_none() {
                fields.fault("host", "must be a host name or an address, with a port or without");
            }
            host
        });
        let path = fields.require::<String>("path", "must be a string").and_then(|text| {
            let path = read_path(&text, rules);
            if path.is_none() {
                let detail = "must begin with /, have at most 1,024 characters and no space, ? or #; * may stand at \
                              its end, after a /";
                fields.fault("path", detail);
            }
            path
        });
        Some(Route { host: host?, path: path? })
    }

    /// Whether what goes to `origin` would come back by this route.
    pub fn leads_back_from(&self, origin: &str) -> bool {
        let host = origin.split('/').nth(2).unwrap_or_default();
        let path = crate::route::target(origin).split('?').next().unwrap_or_default();
        let below = [path.trim_end_matches('/'), "/*"].concat();
        without_usual_port(host) == self.host && (rest(&self.path, path).is_some() || below == self.path)
    }
}

fn read_host(text: &str, rules: Rules) -> Option<String> {
    if text.contains(['/', '\\', '?', '#', '@']) {
        return None;
    }
    // Whose host it is does not matter: requests come from it, none go there.
    let anywhere = Rules { allow_private: true, ..rules };
    let url = destination::check(&["http://", text, "/"].concat(), anywhere).ok()?;
    let host = without_usual_port(url.strip_prefix("http://")?.strip_suffix('/')?);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (host.len() <= MAX_HOST && host.bytes().all(known)).then(|| host.to_owned())
}

/// A request's URL does not name the port that its scheme implies.
pub fn without_usual_port(host: &str) -> &str {
    host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host)
}

fn read_path(text: &str, rules: Rules) -> Option<String> {
    if !text.starts_with('/') || text.contains(['?', '#']) || text.chars().nth(MAX_PATH).is_some() {
        return None;
    }
    // As the parser writes it: a request's URL was written by one too.
    let url = destination::check(&["http://a.example.com", text].concat(), rules).ok()?;
    let path = url.strip_prefix("http://a.example.com")?;
    let stem = path.strip_suffix("/*").unwrap_or(path);
    (path.len() <= MAX_PATH && !stem.contains('*')).then(|| path.to_owned())
}
