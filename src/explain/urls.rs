//! What may have become of a URL on its way, for providers that sign it.

use super::court::{Scene, Trial};
use super::report::{Hint, list};
use crate::header::Headers;
use crate::route::decode;

/// How many URLs are tried: each part otherwise by itself, then two of them, and so on.
const MAX_URLS: usize = 64;

const TODO: &str = "Set the source's `publicUrl` to the URL exactly as it was entered at the provider.";

/// A URL in its parts, and what is otherwise in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Url {
    changes: Vec<&'static str>,
    scheme: &'static str,
    host: String,
    /// With its colon, or nothing.
    port: String,
    path: String,
    /// With its question mark, or nothing.
    query: String,
}

impl Url {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (authority, target) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let (path, query) = target.split_at_checked(target.find('?').unwrap_or(target.len()))?;
        let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| digits(port)) {
            Some((host, port)) => (host, [":", port].concat()),
            None => (authority, String::new()),
        };
        Some(Url {
            changes: Vec::new(),
            scheme: if scheme.eq_ignore_ascii_case("http") { "http" } else { "https" },
            host: host.to_owned(),
            port,
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }

    /// This one and each of the others that is really another.
    fn or(self, others: &[(&'static str, Option<Url>)]) -> Vec<Url> {
        let mut urls = vec![self];
        for (change, other) in others {
            let Some(mut other) = other.clone().filter(|other| !urls.contains(other)) else { continue };
            other.changes.push(change);
            urls.push(other);
        }
        urls
    }

    fn schemes(self) -> Vec<Url> {
        let https = self.scheme == "https";
        let (change, scheme) =
            if https { ("with http in place of https", "http") } else { ("with https in place of http", "https") };
        let other = Url { scheme, ..self.clone() };
        self.or(&[(change, Some(other))])
    }

    fn ports(self) -> Vec<Url> {
        let usual = if self.scheme == "http" { ":80" } else { ":443" };
        let with = |port: &str| Some(Url { port: port.to_owned(), ..self.clone() });
        let others = [("without the port", with("")), ("with the usual port written out", with(usual))];
        self.or(&others)
    }

    fn paths(self) -> Vec<Url> {
        let with = |path: String| Some(Url { path, ..self.clone() });
        let slash = match self.path.strip_suffix('/') {
            Some(bare) => ("without the slash at the end of its path", with(bare.to_owned())),
            None => ("with a slash at the end of its path", with([&self.path, "/"].concat())),
        };
        let decoded = decode(&self.path).filter(|path| *path != self.path).and_then(with);
        let others = [slash, ("with its path percent-decoded", decoded)];
        self.or(&others)
    }

    fn queries(self) -> Vec<Url> {
        let other = Url { query: String::new(), ..self.clone() };
        self.or(&[("without its query", Some(other))])
    }

    fn hosts(self, headers: &Headers<'_>) -> Vec<Url> {
        let named = |header| {
            let host = headers.get(header)?.split(',').next()?.trim();
            let (host, port) = host.split_at_checked(host.find(':').unwrap_or(host.len()))?;
            Some(Url { host: host.to_owned(), port: port.to_owned(), ..self.clone() })
        };
        let others = [
            ("with the host that the header Host names", named("host")),
            ("with the host that the header X-Forwarded-Host names", named("x-forwarded-host")),
        ];
        self.or(&others)
    }
}

/// The URL and the method as they may have been. What comes to the same bytes is tried once.
pub(super) fn trials<'a>(scene: Scene<'a>, came: Option<&'a str>, headers: &Headers<'a>) -> Vec<Trial> {
    let mut urls: Vec<Url> = Url::of(scene.url).map_or_else(Vec::new, |url| url.hosts(headers));
    for vary in [Url::schemes, Url::ports, Url::paths, Url::queries] {
        urls = urls.into_iter().flat_map(vary).collect();
    }
    urls.sort_by_key(|url| url.changes.len());
    let trial = |changes: &[&str], url: String| {
        let detail = format!("The signature holds over the URL {}. {TODO}", list(changes, "and"));
        Trial { hints: vec![Hint::new("url_differs", detail)], url: Some(url), ..Trial::default() }
    };
    let as_it_came = came.map(|url| trial(&["as the request came to it"], url.to_owned()));
    let varied = urls.iter().filter(|url| !url.changes.is_empty()).take(MAX_URLS).map(|url| {
        let Url { changes, scheme, host, port, path, query } = url;
        trial(changes, [scheme, "://", host, port, path, query].concat())
    });
    let methods = ["POST", "GET", "PUT", "PATCH", "DELETE"].into_iter().map(|method| {
        let detail = format!("The signature holds for the method {method}: the request is said to have had another.");
        Trial { hints: vec![Hint::new("method_differs", detail)], method: Some(method), ..Trial::default() }
    });
    as_it_came.into_iter().chain(varied).chain(methods).collect()
}
