//! What `npm run sign` prints.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use signet::provider::Signed;
use signet::signature::Message;

use crate::args::{Args, Body, Format};

/// A request, whole.
struct Sent<'a> {
    method: &'a str,
    url: &'a str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Where the body can be read from, if it is as it was.
    file: Option<&'a str>,
}

pub fn write(args: &Args, message: &Message<'_>, signed: Signed) -> Result<Vec<u8>, String> {
    let Signed { mut headers, url, body } = signed;
    let is_changed = body.is_some();
    let sent = body.as_deref().unwrap_or(message.body);
    let has_kind = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !has_kind && !sent.is_empty() {
        headers.insert(0, ("Content-Type".into(), kind(sent).into()));
    }
    if args.format == Format::Headers {
        return Ok(as_headers(&headers, url.as_deref(), body));
    }
    let sent = Sent {
        method: message.method,
        url: url.as_deref().unwrap_or(message.url),
        headers,
        body: sent.to_vec(),
        file: match &args.body {
            Body::File(path) if !is_changed => Some(path),
            _ => None,
        },
    };
    match args.format {
        Format::Json => as_json(sent),
        _ => Ok(as_curl(&sent).into_bytes()),
    }
}

/// What a body looks like.
fn kind(body: &[u8]) -> &'static str {
    let text = std::str::from_utf8(body).ok();
    let is_form = |text: &str| text.contains('=') && !text.contains(|symbol: char| symbol.is_whitespace());
    match text {
        _ if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => "application/json",
        Some(text) if is_form(text) => "application/x-www-form-urlencoded",
        Some(_) => "text/plain; charset=utf-8",
        None => "application/octet-stream",
    }
}

fn as_headers(headers: &[(String, String)], url: Option<&str>, body: Option<Vec<u8>>) -> Vec<u8> {
    let mut out: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    if let Some(url) = url {
        out.extend(["\nURL: ", url, "\n"]);
    }
    let mut out = out.into_bytes();
    if let Some(body) = body {
        out.push(b'\n');
        out.extend(body);
    }
    out
}

/// What `POST /v1/sources/{id}/explain` takes.
fn as_json(sent: Sent<'_>) -> Result<Vec<u8>, String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Written<'a> {
        method: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        url: &'a str,
        headers: Vec<(String, String)>,
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        body_base64: Option<String>,
    }
    let (body, body_base64) = match String::from_utf8(sent.body) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    };
    let written = Written { method: sent.method, url: sent.url, headers: sent.headers, body, body_base64 };
    let mut out = serde_json::to_vec_pretty(&written).map_err(|error| error.to_string())?;
    out.push(b'\n');
    Ok(out)
}

/// A command for a POSIX shell.
fn as_curl(sent: &Sent<'_>) -> String {
    let mut parts = vec![format!("curl -X {} {}", sent.method, quoted(sent.url))];
    parts.extend(sent.headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))));
    // Text that begins with @ is a file's name to --data-binary, and not to --data-raw.
    let text = std::str::from_utf8(&sent.body).ok().filter(|text| !text.contains('\0'));
    let mut piped = String::new();
    match (sent.file, text) {
        (Some(path), _) => parts.push(format!("--data-binary {}", quoted(&["@", path].concat()))),
        // Without a body there is no type, which curl would make up.
        (None, Some("")) if matches!(sent.method, "GET" | "HEAD") => {}
        (None, Some("")) => parts.push("-H 'Content-Type:' --data-raw ''".into()),
        (None, Some(text)) => parts.push(format!("--data-raw {}", quoted(text))),
        (None, None) => {
            piped = format!("printf %s {} | base64 -d | ", quoted(&STANDARD.encode(&sent.body)));
            parts.push("--data-binary @-".into());
        }
    }
    [piped, parts.join(" \\\n  "), "\n".into()].concat()
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
