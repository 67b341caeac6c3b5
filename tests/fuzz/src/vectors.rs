//! The genuine requests in `tests/vectors`, as calls.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::call::{Call, NOW};

/// A genuine request, and what of it is not the call's.
pub struct Vector {
    /// The request; `who` is the provider.
    pub call: Call,
    /// The certificate or the answer with a key that comes with it.
    pub key: Option<String>,
}

/// All of them, in order.
pub fn all() -> Vec<Vector> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "vectors"].iter().collect();
    let mut files: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let list: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
        let who = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        found.extend(list.iter().map(|vector| read(who, vector)));
    }
    found
}

fn read(who: &str, vector: &Value) -> Vector {
    let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
    let pairs = |name: &str| {
        let map = vector[name].as_object().cloned().unwrap_or_default();
        map.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
    };
    let secrets = vector["secrets"].as_array().into_iter().flatten();
    let base = vector["publicUrl"].as_str().unwrap_or("https://hooks.example.com");
    let path = text("path");
    let query = path.split_once('?').map_or(String::new(), |(_, query)| ["?", query].concat());
    let url = match vector["publicUrl"].is_string() {
        true if base.contains('?') => base.to_owned(),
        true => [base, &query].concat(),
        false => [base, &path].concat(),
    };
    let call = Call {
        who: who.into(),
        now: vector["at"].as_i64().map_or(NOW, |seconds| seconds * 1000),
        secrets: secrets.filter_map(|secret| secret.as_str().map(str::to_owned)).collect(),
        options: pairs("options").collect(),
        method: text("method"),
        url,
        headers: pairs("headers").collect(),
        body: vector["bodyBase64"]
            .as_str()
            .map_or_else(|| text("body").into_bytes(), |body| STANDARD.decode(body).unwrap_or_default()),
    };
    Vector { call, key: ["certificate", "key"].iter().find_map(|name| vector[name].as_str().map(str::to_owned)) }
}
