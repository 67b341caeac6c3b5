//! The arguments of `npm run sign`.

use std::time::{SystemTime, UNIX_EPOCH};

use signet::provider::Options;
use signet::time::{Millis, parse_rfc3339};

/// Where the body is from.
pub enum Body {
    None,
    Text(String),
    File(String),
    Input,
}

/// How to print what was signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Headers,
    Curl,
    Json,
}

pub struct Args {
    pub provider: String,
    pub secret: String,
    pub body: Body,
    pub url: Option<String>,
    pub method: String,
    pub id: String,
    pub time: Millis,
    pub options: Options,
    pub way: Option<usize>,
    pub format: Format,
}

const NAMES: [&str; 11] = [
    "--provider",
    "--secret",
    "--body",
    "--body-file",
    "--url",
    "--method",
    "--id",
    "--timestamp",
    "--option",
    "--way",
    "--format",
];

impl Args {
    /// Reads `--name value` and `--name=value`.
    pub fn read(given: &[String]) -> Result<Self, String> {
        let mut found: Vec<(&str, String)> = Vec::new();
        let mut rest = given.iter();
        while let Some(arg) = rest.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            let name = NAMES.iter().find(|known| **known == name);
            let name = *name.ok_or_else(|| format!("{arg} is not known here: see --help"))?;
            let value = value.or_else(|| rest.next().cloned()).ok_or_else(|| format!("{name} needs a value"))?;
            if name != "--option" && found.iter().any(|(other, _)| *other == name) {
                return Err(format!("{name} is given twice"));
            }
            found.push((name, value));
        }
        let options = found
            .iter()
            .filter(|(name, _)| *name == "--option")
            .map(|(_, pair)| match pair.split_once('=') {
                Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
                _ => Err(format!("--option needs name=value, not {pair}")),
            })
            .collect::<Result<Options, String>>()?;

        let mut take = |name: &str| {
            let at = found.iter().position(|(other, _)| *other == name)?;
            Some(found.swap_remove(at).1)
        };
        let needed = |value: Option<String>, name: &str| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is needed: see --help"))
        };
        let now = now()?;
        let args = Args {
            provider: needed(take("--provider"), "--provider")?,
            secret: needed(take("--secret"), "--secret")?,
            body: match (take("--body"), take("--body-file")) {
                (Some(_), Some(_)) => return Err("--body and --body-file exclude each other".into()),
                (Some(text), None) => Body::Text(text),
                (None, Some(path)) if path == "-" => Body::Input,
                (None, Some(path)) => Body::File(path),
                (None, None) => Body::None,
            },
            url: take("--url"),
            method: take("--method").unwrap_or_else(|| "POST".into()),
            id: take("--id").unwrap_or_else(|| format!("msg_{:x}", now.as_nanos())),
            time: match take("--timestamp") {
                None => Millis::try_from(now.as_millis()).map_err(|error| error.to_string())?,
                Some(text) => read_time(&text).ok_or_else(|| {
                    format!("--timestamp needs Unix seconds or milliseconds, or RFC 3339, not {text}")
                })?,
            },
            options,
            way: match take("--way").map(|text| text.parse()) {
                None => None,
                Some(Ok(number)) => Some(number),
                Some(Err(_)) => return Err("--way needs a number".into()),
            },
            format: match take("--format").as_deref() {
                None | Some("headers") => Format::Headers,
                Some("curl") => Format::Curl,
                Some("json") => Format::Json,
                Some(other) => return Err(format!("--format is headers, curl or json, not {other}")),
            },
        };
        args.check()?;
        Ok(args)
    }

    fn check(&self) -> Result<(), String> {
        if self.url.as_deref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            return Err("--url needs the whole URL, https://… or http://…".into());
        }
        if self.format == Format::Curl && self.url.is_none() {
            return Err("--format curl needs --url".into());
        }
        if self.method.is_empty() || !self.method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
            return Err(format!("--method needs an HTTP method, not {}", self.method));
        }
        if self.id.is_empty() || !self.id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("--id needs visible ASCII without spaces".into());
        }
        Ok(())
    }
}

fn now() -> Result<std::time::Duration, String> {
    SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())
}

/// A number of more digits than seconds will have for 3,000 years is of milliseconds.
fn read_time(text: &str) -> Option<Millis> {
    match text.parse::<Millis>() {
        Ok(number) if text.len() <= 11 => number.checked_mul(1000),
        Ok(number) => Some(number),
        Err(_) => parse_rfc3339(text),
    }
}
