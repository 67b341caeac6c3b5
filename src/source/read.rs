//! Reading what a client says of a source.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DEFAULT_TIMEOUT, Mode, Route, Signer, Source};
use crate::body::{Fields, join};
use crate::destination::{self, Rules};
use crate::handshake::Handshake;
use crate::problem::Problem;
use crate::profile;
use crate::provider::{self, Options, Provider, Way};
use crate::signature::{Scheme, read_scheme};
use crate::time::Millis;

const MAX_NAME: usize = 256;
const MAX_SECRETS: usize = 20;
const MAX_OPTION: usize = 2_048;
const MAX_TIMEOUT: u32 = 100;
const BOOLEAN: &str = "must be true or false";

/// What reading needs to know of the world.
pub struct Context {
    /// The present.
    pub now: Millis,
    /// 32 random bytes, for a secret that is made here.
    pub random: [u8; 32],
    /// Where origins may be.
    pub rules: Rules,
}

impl Source {
    /// Makes a source from the body of `POST /v1/sources`.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn create(id: String, application: String, bytes: &[u8], context: &Context) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let mut source = Source {
            id,
            application,
            version: 0,
            name: None,
            provider: Signer::Named(String::new()),
            secrets: Vec::new(),
            learned: None,
            origin: String::new(),
            mode: Mode::Proxy,
            enforce: true,
            signing_secret: None,
            tolerance_seconds: None,
            timeout_seconds: DEFAULT_TIMEOUT,
            deduplicate: true,
            public_url: None,
            options: Options::new(),
            route: None,
            created_at: context.now,
            updated_at: context.now,
            sealed: None,
        };
        for name in ["provider", "origin"] {
            if fields.peek(name).is_none() {
                fields.fault(name, "is required");
            }
        }
        let code = source.read_fields(&mut fields, context);
        finish(fields, code)?;
        Ok(source)
    }

    /// Changes what the body of `PATCH` names; `null` sets a field back to what it is when left out.
    ///
    /// # Errors
    /// 400 or 422, every fault named; then nothing is changed.
    pub fn patch(&self, bytes: &[u8], context: &Context) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let mut changed = Source { updated_at: context.now, ..self.clone() };
        let code = changed.read_fields(&mut fields, context);
        finish(fields, code)?;
        Ok(changed)
    }

    /// Takes over a secret that the provider made known itself, as the source's first: later a stranger could do so too.
    ///
    /// # Errors
    /// 409 where the source has another secret, or its provider tells none.
    pub fn learn(&self, secret: &str, now: Millis) -> Result<Self, Problem> {
        let refused = |detail: &str| Problem::new(409, "secret_not_learned", detail);
        let provider = self.provider().filter(Provider::learns_secret);
        let provider = provider.ok_or_else(|| refused("The source's provider tells no secrets."))?;
        if !self.secrets.is_empty() {
            return Err(refused("The source has a secret already."));
        }
        if let Some(detail) = provider.secret_fault(secret, &self.options) {
            return Err(refused(detail));
        }
        let secret = secret.to_owned();
        Ok(Source { secrets: vec![secret.clone()], learned: Some(secret), updated_at: now, ..self.clone() })
    }

    /// Reads what may be both created and changed. Answers the problem's own code if the origin has one.
    fn read_fields(&mut self, fields: &mut Fields<'_>, context: &Context) -> Option<&'static str> {
        let code = self.read_origin(fields, context.rules);
        if let Some(name) = fields.take_nullable::<String>("name", "must be a string") {
            if name.as_ref().is_some_and(|name| !matches!(name.chars().count(), 1..=MAX_NAME)) {
                fields.fault("name", format!("must have 1 to {MAX_NAME} characters"));
            }
            self.name = name;
        }
        set(fields, "mode", "must be proxy or queue", &mut self.mode, Mode::Proxy);
        let judged = ["provider", "secrets", "options", "enforce"].iter().any(|name| fields.peek(name).is_some());
        set(fields, "enforce", BOOLEAN, &mut self.enforce, true);
        set(fields, "deduplicate", BOOLEAN, &mut self.deduplicate, true);
        let provider_is_read = self.read_provider(fields);
        self.read_options(fields);
        let secrets_are_read = self.read_secrets(fields);
        if judged
            && provider_is_read
            && let Some(provider) = self.provider()
        {
            self.check_options(fields, &provider);
            if secrets_are_read {
                self.check_secrets(fields, &provider);
            }
        }
        if let Some(resign) = fields.take_nullable::<bool>("resign", BOOLEAN) {
            let kept = self.signing_secret.take();
            let secret = || kept.unwrap_or_else(|| signing_secret(&context.random));
            self.signing_secret = resign.unwrap_or(false).then(secret);
        }
        let expected = "must be a whole number from 0 to 4294967295, or null";
        set(fields, "toleranceSeconds", expected, &mut self.tolerance_seconds, None);
        let expected = format!("must be a whole number from 1 to {MAX_TIMEOUT}");
        set(fields, "timeoutSeconds", &expected, &mut self.timeout_seconds, DEFAULT_TIMEOUT);
        if !(1..=MAX_TIMEOUT).contains(&self.timeout_seconds) {
            fields.fault("timeoutSeconds", expected);
        }
        self.read_public_url(fields, context.rules);
        self.read_route(fields, context.rules);
        code
    }

    fn read_origin(&mut self, fields: &mut Fields<'_>, rules: Rules) -> Option<&'static str> {
        let url = fields.take_nullable::<String>("origin", "must be a string")?;
        let Some(url) = url else {
            fields.fault("origin", "is required");
            return None;
        };
        // Written out it may be longer than it came, and it is checked again before each request.
        let checked = destination::check(&url, rules).and_then(|url| destination::check(&url, rules));
        match checked {
            Ok(url) => {
                self.origin = url;
                None
            }
            Err(error) => {
                fields.fault("origin", error.detail());
                Some(error.code())
            }
        }
    }

    /// Whether there was nothing wrong with it.
    fn read_provider(&mut self, fields: &mut Fields<'_>) -> bool {
        let Some(given) = fields.peek("provider") else { return true };
        let found = if given.get().starts_with('{') { read_custom(fields) } else { read_named(fields) };
        let Some(found) = found else { return false };
        if found != self.provider
            && let Some(learned) = self.learned.take()
        {
            // What another provider told is nothing to this one.
            self.secrets.retain(|secret| *secret != learned);
        }
        self.provider = found;
        true
    }

    /// `null` keeps what is stored under that name: so are secret options shown, and what was read can be written back.
    fn read_options(&mut self, fields: &mut Fields<'_>) {
        let mut given = BTreeMap::<String, Option<String>>::new();
        let is_given = fields.peek("options").is_some();
        set(fields, "options", "must be an object whose values are strings", &mut given, BTreeMap::new());
        if !is_given {
            return;
        }
        let mut before = std::mem::take(&mut self.options);
        for (name, value) in given {
            match value.or_else(|| before.remove(&name)) {
                Some(value) => drop(self.options.insert(name, value)),
                None => fields.fault_at(&join("options", &name), "must be a string: there is none to keep"),
            }
        }
    }

    fn check_options(&self, fields: &mut Fields<'_>, provider: &Provider) {
        for (name, value) in &self.options {
            let at = join("options", name);
            if !provider.options.contains_key(name) {
                let known: Vec<&str> = provider.options.keys().map(String::as_str).collect();
                fields.fault_at(
                    &at,
                    match known.is_empty() {
                        true => "is not known: this provider takes no options".to_owned(),
                        false => format!("is not known: this provider takes {}", known.join(", ")),
                    },
                );
            } else if !matches!(value.chars().count(), 1..=MAX_OPTION) {
                fields.fault_at(&at, format!("must have 1 to {MAX_OPTION} characters"));
            }
        }
    }

    /// Whether there was nothing wrong with the list itself.
    fn read_secrets(&mut self, fields: &mut Fields<'_>) -> bool {
        let expected = "must be a list of strings";
        if fields.peek("secrets").is_none() {
            return true;
        }
        let mut list: Option<Vec<&RawValue>> = Some(Vec::new());
        match fields.take_nullable("secrets", expected) {
            None => list = None,
            Some(given) => list = given.or(list),
        }
        let Some(list) = list else { return false };
        if list.len() > MAX_SECRETS {
            fields.fault("secrets", format!("may hold at most {MAX_SECRETS}"));
            return false;
        }
        let mut secrets = Vec::new();
        for (at, raw) in list.iter().enumerate() {
            match serde_json::from_str(raw.get()) {
                Ok(secret) => secrets.push(secret),
                Err(_) => fields.fault_at(&join("secrets", &at.to_string()), "must be a string"),
            }
        }
        let read = secrets.len() == list.len();
        self.secrets = secrets;
        self.learned = self.learned.take().filter(|learned| self.secrets.contains(learned));
        read
    }

    fn check_secrets(&self, fields: &mut Fields<'_>, provider: &Provider) {
        for (at, secret) in self.secrets.iter().enumerate() {
            if let Some(detail) = provider.secret_fault(secret, &self.options) {
                fields.fault_at(&join("secrets", &at.to_string()), detail);
            }
        }
        let wanted = self.enforce && provider.needs_secret() && !provider.learns_secret();
        if wanted && self.secrets.is_empty() {
            fields.fault("secrets", "must hold at least one, or nothing could be verified");
        }
    }

    fn read_public_url(&mut self, fields: &mut Fields<'_>, rules: Rules) {
        if let Some(url) = fields.take_nullable::<String>("publicUrl", "must be a string") {
            // Kept as it came, for this is the text that was signed.
            if url.as_ref().is_some_and(|url| !destination::is_web_url(url, rules)) {
                fields.fault("publicUrl", "must be an absolute http or https URL of at most 2,048 characters");
            }
            self.public_url = url;
        }
    }

    fn read_route(&mut self, fields: &mut Fields<'_>, rules: Rules) {
        if fields.peek("route").is_some_and(|raw| raw.get() == "null") {
            fields.raw("route");
            self.route = None;
        }
        if let Some(mut inner) = fields.object("route") {
            self.route = Route::read(&mut inner, rules);
            fields.absorb(inner);
        }
        if self.route.as_ref().is_some_and(|route| route.leads_back_from(&self.origin)) {
            fields.fault("origin", "would come back to this source by its own route");
        }
    }
}

impl Provider {
    /// Whether requests can be verified with a secret alone.
    fn needs_secret(&self) -> bool {
        !self.signatures.is_empty() && self.signatures.iter().all(Way::needs_secret)
    }

    /// Whether the provider tells the secret itself, in a handshake.
    pub fn learns_secret(&self) -> bool {
        use Handshake::{Asana, Gusto, Notion};
        self.handshakes.iter().any(|kind| matches!(kind, Asana | Notion | Gusto))
    }

    /// What is wrong with a secret that none of the ways can read; the first one's word counts.
    fn secret_fault(&self, secret: &str, options: &Options) -> Option<&'static str> {
        let mut fault = None;
        for way in &self.signatures {
            match way.key(secret, options) {
                Ok(_) => return None,
                Err(error) => fault = fault.or(Some(error.detail())),
            }
        }
        fault.or(Some("is of no use: this provider signs nothing"))
    }
}

/// A new secret to sign for an origin with.
pub(super) fn signing_secret(random: &[u8; 32]) -> String {
    let standard = profile::standard();
    standard.secret_format.make(standard.signature.algorithm, random)
}

fn read_named(fields: &mut Fields<'_>) -> Option<Signer> {
    let Some(name) = fields.take_nullable::<String>("provider", "must be a name, or an object with a signature")?
    else {
        fields.fault("provider", "is required");
        return None;
    };
    if provider::find(&name).is_none() {
        fields.fault("provider", "is not a known provider; GET /v1/providers lists them");
        return None;
    }
    Some(Signer::Named(name))
}

fn read_custom(fields: &mut Fields<'_>) -> Option<Signer> {
    let mut inner = fields.object("provider")?;
    let signature = match inner.object("signature") {
        Some(scheme) => {
            let base = Scheme { asymmetric_format: None, ..profile::standard().signature.clone() };
            Some(Box::new(read_scheme(&mut inner, scheme, &base, Scheme::verifying_faults)))
        }
        None => {
            if inner.sound() {
                inner.fault("signature", "is required");
            }
            None
        }
    };
    let is_sound = inner.sound();
    fields.absorb(inner);
    signature.filter(|_| is_sound).map(|signature| Signer::Custom { signature })
}

/// Takes a field over where it is given; `null` means `default`.
fn set<'a, T: Deserialize<'a>>(fields: &mut Fields<'a>, name: &str, expected: &str, into: &mut T, default: T) {
    match fields.take_nullable(name, expected) {
        None => {}
        Some(value) => *into = value.unwrap_or(default),
    }
}

fn finish(fields: Fields<'_>, code: Option<&'static str>) -> Result<(), Problem> {
    fields.finish().map_err(|problem| match code {
        Some(code) if problem.errors.len() == 1 => problem.coded(code),
        _ => problem,
    })
}
