//! Reading what a client says of a subscription.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::matching::{Filter, Interest, PATTERN_FAULT, is_pattern};
use super::{DEFAULT_OVERLAP, MAX_OVERLAP, MAX_SHARDS, Pace, Secrets, Status, Subscription};
use crate::body::{Fields, join};
use crate::destination::{self, Rules};
use crate::header;
use crate::problem::Problem;
use crate::profile::{Profile, private_key};
use crate::signal;
use crate::time::Millis;

const MAX_PATTERNS: usize = 100;
const MAX_FILTERS: usize = 32;
const MAX_FILTER_VALUES: usize = 256;
const MAX_HEADERS: usize = 32;
const MAX_NAME: usize = 256;
/// Bytes of metadata as JSON.
const MAX_METADATA: usize = 16 * 1024;

/// What a secret that is made here is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecretType {
    /// One that both sides know, unless the profile signs with private keys alone.
    Shared,
    /// A private key, whose other half verifies.
    Ed25519,
}

/// What reading needs to know of the world.
pub struct Context<'a> {
    /// The present.
    pub now: Millis,
    /// 32 random bytes, for a secret that is made here.
    pub random: [u8; 32],
    /// Where destinations may be.
    pub rules: Rules,
    /// The profile of subscriptions that name none.
    pub default_profile: &'a str,
    /// Finds a profile of the application by its name.
    pub profile: &'a dyn Fn(&str) -> Option<Profile>,
    /// Whether it may ask for Signet's own events.
    pub signals: bool,
}

impl Subscription {
    /// Makes a subscription from the body of `POST /v1/subscriptions`.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn create(id: String, bytes: &[u8], context: &Context<'_>) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let mut subscription = Subscription {
            id,
            name: None,
            url: String::new(),
            interest: Interest { events: vec!["*".into()], filter: Filter::new() },
            metadata: Map::new(),
            profile: context.default_profile.to_owned(),
            headers: BTreeMap::new(),
            pace: Pace::default(),
            shards: 1,
            widest: 1,
            status: Status::Active,
            disabled_reason: None,
            failing_since: None,
            failing: BTreeMap::new(),
            resumed_at: None,
            created_at: context.now,
            updated_at: context.now,
            secrets: Secrets::default(),
            public_key: None,
            sealed: None,
        };
        let url: Option<String> = fields.require("url", "must be a string");
        let code = subscription.read_fields(&mut fields, url, context);
        if let Some(profile) = (context.profile)(&subscription.profile) {
            subscription.secrets = Secrets::new(read_secret(&mut fields, &profile, &context.random));
            subscription.public_key = subscription.secrets.public_key(&profile.signature);
        }
        finish(fields, code)?;
        Ok(subscription)
    }

    /// Changes what the body of `PATCH` names; `null` sets a field back to what it is when left out.
    ///
    /// # Errors
    /// 400 or 422, every fault named; then nothing is changed.
    pub fn patch(&self, bytes: &[u8], context: &Context<'_>) -> Result<Self, Problem> {
        let mut fields = Fields::parse(bytes)?;
        let mut changed = Subscription { updated_at: context.now, ..self.clone() };
        let url = fields.take_nullable::<String>("url", "must be a string");
        if url == Some(None) {
            fields.fault("url", "is required");
        }
        let code = changed.read_fields(&mut fields, url.flatten(), context);
        // What it is shows in its id.
        let is_other = changed.interest != self.interest;
        if is_other && fields.sound() && signal::is_asked_for(&changed.interest) != self.is_operators() {
            fields.fault("events", "can't change between Signet's own types and others: make another subscription");
        }
        if let Some(profile) = (context.profile)(&changed.profile) {
            if profile.signature.key(&changed.secrets.current).is_err() {
                fields.fault("profile", "can't sign with this subscription's secret; rotate it to one that fits first");
            }
            changed.public_key = changed.secrets.public_key(&profile.signature);
        }
        finish(fields, code)?;
        if changed.url != self.url {
            // How the one before did says nothing of this one.
            changed.forgive(context.now);
        }
        Ok(changed)
    }

    /// Reads what may be both created and changed. Answers the problem's own code if the URL has one.
    fn read_fields(
        &mut self,
        fields: &mut Fields<'_>,
        url: Option<String>,
        context: &Context<'_>,
    ) -> Option<&'static str> {
        let mut code = None;
        if let Some(url) = url {
            match read_url(fields, &url, context.rules) {
                Ok(url) => self.url = url,
                Err(fault) => code = Some(fault),
            }
        }
        if let Some(name) = fields.take_nullable::<String>("name", "must be a string") {
            if name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME) {
                fields.fault("name", format!("may have at most {MAX_NAME} characters"));
            }
            self.name = name;
        }
        self.read_interest(fields, context.signals);
        if let Some(metadata) = read_metadata(fields) {
            self.metadata = metadata;
        }
        if let Some(profile) = fields.take_nullable::<String>("profile", "must be a profile's name") {
            self.profile = profile.unwrap_or_else(|| context.default_profile.to_owned());
        }
        let profile = (context.profile)(&self.profile);
        if profile.is_none() {
            fields.fault("profile", "is not a profile of this application; GET /v1/profiles lists them");
        }
        if let Some(headers) = read_headers(fields, &self.headers, profile.as_ref()) {
            self.headers = headers;
        }
        self.pace.read(fields);
        let fault = "must be a whole number from 1 to 32";
        if let Some(shards) = fields.take_nullable::<u32>("shards", fault) {
            let shards = shards.unwrap_or(1);
            if !(1..=MAX_SHARDS).contains(&shards) {
                fields.fault("shards", fault);
            }
            self.shards = shards;
            self.widest = self.widest.max(shards);
        }
        if self.pace.ordered && self.shards > 1 {
            fields.fault("ordered", "can't be true with more than one of shards: each keeps an order of its own alone");
        }
        code
    }

    fn read_interest(&mut self, fields: &mut Fields<'_>, signals: bool) {
        let one = fields.take_nullable::<String>("event", "must be a string");
        let many = fields.take_nullable::<Vec<String>>("events", "must be a list of strings");
        let named = if many.is_some() { "events" } else { "event" };
        if one.is_some() && many.is_some() {
            fields.fault("event", "can't be given beside events");
        }
        if let Some(events) = many.or_else(|| one.map(|event| event.map(|event| vec![event]))) {
            let events = events.unwrap_or_else(|| vec!["*".into()]);
            if !matches!(events.len(), 1..=MAX_PATTERNS) {
                fields.fault(named, format!("must name 1 to {MAX_PATTERNS} types; left out it means all"));
            }
            for (at, event) in events.iter().enumerate() {
                let fault = match is_pattern(event) {
                    true => signal::fault(event, &events, signals),
                    false => Some(PATTERN_FAULT.to_owned()),
                };
                if let Some(fault) = fault {
                    let path = if named == "events" { join(named, &at.to_string()) } else { named.to_owned() };
                    fields.fault_at(&path, fault);
                }
            }
            self.interest.events = events;
        }
        if let Some(filter) =
            fields.take_nullable::<Filter>("filter", "must be an object whose values are lists of strings")
        {
            let filter = filter.unwrap_or_default();
            let fits = |(key, values): (&String, &Vec<String>)| {
                key.len() <= 256
                    && matches!(values.len(), 1..=MAX_FILTER_VALUES)
                    && values.iter().all(|it| it.len() <= 256)
            };
            if filter.len() > MAX_FILTERS || !filter.iter().all(fits) {
                fields.fault("filter", "must have at most 32 keys, each with 1 to 256 values of at most 256 bytes");
            }
            self.interest.filter = filter;
        }
    }

    /// Rotates the secret as the body of `rotate-secret` asks. Answers when the old one stops signing.
    ///
    /// # Errors
    /// 400 or 422, every fault named.
    pub fn rotate(&mut self, bytes: &[u8], profile: &Profile, context: &Context<'_>) -> Result<Millis, Problem> {
        let until = rotate(&mut self.secrets, bytes, profile, context)?;
        self.updated_at = context.now;
        self.public_key = self.secrets.public_key(&profile.signature);
        Ok(until)
    }
}

/// Where deliveries are to go; or the problem's own code.
pub(super) fn read_url(fields: &mut Fields<'_>, url: &str, rules: Rules) -> Result<String, &'static str> {
    // Written out it may be longer than it came, and it is checked again before each attempt.
    destination::check(url, rules).and_then(|url| destination::check(&url, rules)).map_err(|error| {
        fields.fault("url", error.detail());
        error.code()
    })
}

/// The owner's own notes, where they are given.
pub(super) fn read_metadata(fields: &mut Fields<'_>) -> Option<Map<String, Value>> {
    let metadata = fields.take_nullable::<Map<String, Value>>("metadata", "must be an object")?.unwrap_or_default();
    if serde_json::to_string(&metadata).map_or(true, |text| text.len() > MAX_METADATA) {
        fields.fault("metadata", format!("may have at most {MAX_METADATA} bytes"));
    }
    Some(metadata)
}

/// The headers on each delivery, where they are given; `before` are those that stay if not, which a changed profile may not
/// like.
pub(super) fn read_headers(
    fields: &mut Fields<'_>,
    before: &BTreeMap<String, String>,
    profile: Option<&Profile>,
) -> Option<BTreeMap<String, String>> {
    let given =
        fields.take_nullable::<BTreeMap<String, String>>("headers", "must be an object whose values are strings");
    let given = given.map(Option::unwrap_or_default);
    let headers = given.as_ref().unwrap_or(before);
    if headers.len() > MAX_HEADERS {
        fields.fault("headers", format!("may name at most {MAX_HEADERS} headers"));
    }
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in headers {
        let signing = profile.map(|profile| profile.signature.headers().collect::<Vec<_>>()).unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        let fault = match seen.contains(&lower) {
            true => Some("is given more than once"),
            false => header::custom_fault(name, value, signing),
        };
        if let Some(fault) = fault {
            fields.fault_at(&join("headers", name), fault);
        }
        seen.push(lower);
    }
    given
}

/// Rotates secrets as a body `{overlapSeconds?, secret?, secretType?}` asks. Answers when the old one stops signing.
///
/// # Errors
/// 400 or 422, every fault named.
pub fn rotate(
    secrets: &mut Secrets,
    bytes: &[u8],
    profile: &Profile,
    context: &Context<'_>,
) -> Result<Millis, Problem> {
    let mut fields = Fields::parse_optional(bytes)?;
    let overlap = fields.take("overlapSeconds", "must be a whole number of seconds").unwrap_or(DEFAULT_OVERLAP);
    if !(0..=MAX_OVERLAP).contains(&overlap) {
        fields.fault("overlapSeconds", format!("must be 0 to {MAX_OVERLAP}"));
    }
    let secret = read_secret(&mut fields, profile, &context.random);
    fields.finish()?;
    let overlap = if profile.signature.carries_several() { overlap.saturating_mul(1000) } else { 0 };
    secrets.rotate(secret, overlap, context.now);
    Ok(context.now.saturating_add(overlap))
}

/// Reads the fields `secret`, one that is brought along, and `secretType`, which one is to be made.
pub(super) fn read_secret(fields: &mut Fields<'_>, profile: &Profile, random: &[u8; 32]) -> String {
    let brought = fields.take::<String>("secret", "must be a string");
    let kind = fields.take::<SecretType>("secretType", "must be shared or ed25519");
    if brought.is_some() && kind.is_some() {
        fields.fault("secretType", "can't be given beside secret, which says itself what it is");
    }
    let (name, secret) = match (brought, kind) {
        (Some(secret), _) => ("secret", secret),
        (None, Some(SecretType::Ed25519)) => ("secretType", private_key(random)),
        (None, _) => ("secretType", profile.secret_format.make(profile.signature.algorithm, random)),
    };
    match profile.signature.key(&secret) {
        Err(error) => fields.fault(name, error.detail()),
        // A private key would be a shared secret like any other text, and who has its other half could verify nothing.
        Ok(key) if kind == Some(SecretType::Ed25519) && key.public().is_none() => {
            fields.fault(name, "can't be ed25519 under this profile");
        }
        Ok(_) => {}
    }
    secret
}

pub(super) fn finish(fields: Fields<'_>, code: Option<&'static str>) -> Result<(), Problem> {
    fields.finish().map_err(|problem| match code {
        Some(code) if problem.errors.len() == 1 => problem.coded(code),
        _ => problem,
    })
}
