//! Reading a profile: what it leaves out is as in `standard`, and what could not work is refused.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Body, Profile, Retry, SecretFormat, check_header, standard};
use crate::body::Fields;
use crate::header;
use crate::problem::{Fault, Problem};
use crate::signature::{Algorithm, Encoding, Scheme, SecretEncoding, TimeFormat, read_scheme};

/// No attempt is planned later than this after the one before: 30 days.
const MAX_DELAY: f64 = 30.0 * 86_400.0;
/// How many attempts a schedule may have.
const MAX_ATTEMPTS: usize = 50;
/// How large a body's template may be, in bytes.
const MAX_TEMPLATE: usize = 16 * 1024;
/// How many headers a profile may add.
const MAX_HEADERS: usize = 32;

impl Profile {
    /// Reads an application's own profile.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Problem> {
        if !is_name(name) {
            let detail = "must be 1 to 64 lower-case letters, digits, - or _, a letter first".into();
            return Err(Problem::invalid(vec![Fault { pointer: "/name".into(), detail }]));
        }
        let mut fields = Fields::parse(bytes)?;
        if fields.take::<String>("name", "must be a string").is_some_and(|given| given != name) {
            fields.fault("name", "is not the name in the path");
        }
        // What `GET /v1/profiles` shows can be sent back as it is.
        fields.raw("builtIn");
        Self::read_fields(name, fields, standard())
    }

    /// Reads an entry of `builtin.json`; the first one, `standard`, leaves nothing out.
    pub(super) fn read_built_in(bytes: &[u8], base: Option<&Profile>) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let name: String = fields.require("name", "must be a string").unwrap_or_default();
        let nothing = Self::nothing();
        Ok(Profile { built_in: true, ..Self::read_fields(&name, fields, base.unwrap_or(&nothing))? })
    }

    fn read_fields(name: &str, mut fields: Fields<'_>, base: &Profile) -> Result<Self, Problem> {
        let signature = match fields.object("signature") {
            Some(inner) => read_scheme(&mut fields, inner, &base.signature, Scheme::faults),
            None => base.signature.clone(),
        };
        let headers = read_headers(&mut fields, &base.headers, &signature);
        let body = match fields.raw("body") {
            Some(raw) => read_body(&mut fields, raw),
            None => Some(base.body.clone()),
        };
        let retry = match fields.object("retry") {
            Some(inner) => read_retry(&mut fields, inner, &base.retry),
            None => base.retry.clone(),
        };
        let timeout_seconds =
            fields.take("timeoutSeconds", "must be a whole number from 1 to 60").unwrap_or(base.timeout_seconds);
        if !(1..=60).contains(&timeout_seconds) {
            fields.fault("timeoutSeconds", "must be a whole number from 1 to 60");
        }
        let suiting = SecretFormat::suiting(signature.algorithm, signature.secret_encoding);
        let secret_format = match fields.take::<String>("secretFormat", "must be a string") {
            Some(text) => SecretFormat::parse(&text).unwrap_or_else(|| {
                fields.fault("secretFormat", "must be a prefix of letters, digits, - or _ and then {base64} or {hex}");
                suiting
            }),
            None if signature == base.signature => base.secret_format.clone(),
            None => suiting,
        };
        // A format whose secrets the scheme could not read would only show when the first one is made.
        if fields.sound() && signature.key(&secret_format.make(signature.algorithm, &[7; 32])).is_err() {
            fields.fault("secretFormat", "makes secrets that the signature can't read");
        }
        fields.finish()?;
        Ok(Profile {
            name: name.to_owned(),
            built_in: false,
            signature,
            headers,
            body: body.unwrap_or_else(|| base.body.clone()),
            retry,
            timeout_seconds,
            secret_format,
        })
    }

    /// What `standard` itself is read over: never a profile of its own.
    pub(super) fn nothing() -> Self {
        let null = RawValue::NULL;
        Profile {
            name: String::new(),
            built_in: true,
            signature: Scheme {
                algorithm: Algorithm::HmacSha256,
                secret_encoding: SecretEncoding::Base64,
                content: "{body}".into(),
                encoding: Encoding::Base64,
                header: "webhook-signature".into(),
                more_headers: Vec::new(),
                format: "{signature}".into(),
                separator: None,
                asymmetric_format: None,
                timestamp_header: None,
                timestamp_field: None,
                timestamp_format: TimeFormat::Seconds,
                tolerance_seconds: None,
                id_header: None,
                id_field: None,
            },
            headers: BTreeMap::new(),
            body: Body::empty(null),
            retry: Retry { delays: vec![0.0], jitter: 0.0 },
            timeout_seconds: 20,
            secret_format: SecretFormat::suiting(Algorithm::HmacSha256, SecretEncoding::Base64),
        }
    }
}

/// Whether `name` can name a profile.
pub fn is_name(name: &str) -> bool {
    matches!(name.len(), 1..=64)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}

fn read_headers(fields: &mut Fields<'_>, base: &BTreeMap<String, String>, scheme: &Scheme) -> BTreeMap<String, String> {
    let given: BTreeMap<String, String> = fields.take("headers", "must be an object of strings").unwrap_or_default();
    if given.len() > MAX_HEADERS {
        fields.fault("headers", format!("may name at most {MAX_HEADERS} headers"));
    }
    let mut seen: Vec<&String> = Vec::new();
    for (name, template) in &given {
        let pointer = crate::body::join("headers", name);
        if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            fields.fault_at(&pointer, "is given more than once");
        } else if let Some(fault) = header::name_fault(name).or_else(|| header::value_fault(template)) {
            fields.fault_at(&pointer, fault);
        } else if let Err(fault) = check_header(template) {
            fields.fault_at(&pointer, fault);
        } else if scheme.headers().any(|signing| signing.eq_ignore_ascii_case(name)) {
            fields.fault_at(&pointer, "is written by the signature");
        }
        seen.push(name);
    }
    let inherited = base.iter().filter(|(name, _)| !given.keys().any(|other| other.eq_ignore_ascii_case(name)));
    let inherited: Vec<_> = inherited.map(|(name, value)| (name.clone(), value.clone())).collect();
    given.into_iter().chain(inherited).collect()
}

fn read_body(fields: &mut Fields<'_>, raw: &RawValue) -> Option<Body> {
    if raw.get().len() > MAX_TEMPLATE {
        fields.fault("body", format!("may have at most {MAX_TEMPLATE} bytes"));
        return None;
    }
    Body::parse(raw).map_err(|fault| fields.fault("body", fault)).ok()
}

fn read_retry<'a>(fields: &mut Fields<'a>, mut inner: Fields<'a>, base: &Retry) -> Retry {
    let delays: Vec<f64> = inner.take("delays", "must be a list of seconds").unwrap_or_else(|| base.delays.clone());
    if !matches!(delays.len(), 1..=MAX_ATTEMPTS) || !delays.iter().all(|delay| (0.0..=MAX_DELAY).contains(delay)) {
        inner.fault("delays", format!("must be 1 to {MAX_ATTEMPTS} numbers of seconds, each 0 to {MAX_DELAY}"));
    }
    let jitter = inner.take("jitter", "must be a number from 0 to 1").unwrap_or(base.jitter);
    if !(0.0..=1.0).contains(&jitter) {
        inner.fault("jitter", "must be a number from 0 to 1");
    }
    fields.absorb(inner);
    Retry { delays, jitter }
}
