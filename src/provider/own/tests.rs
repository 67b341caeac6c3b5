//! Every provider's own examples hold, and nothing that was changed does.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::header::Headers;
use crate::time::Millis;

pub const OWN: &[Own] = &[
    Own::Twilio,
    Own::AwsSns,
    Own::Paypal,
    Own::Mailgun,
    Own::Adyen,
    Own::Plaid,
    Own::Braintree,
    Own::Mandrill,
    Own::Netlify,
    Own::Contentful,
    Own::Messagebird,
    Own::Livekit,
    Own::DropboxSign,
    Own::Plivo,
    Own::Ebay,
    Own::MicrosoftGraph,
    Own::Monday,
    Own::AzureEventgrid,
    Own::Strava,
    Own::Vonage,
    Own::Fusionauth,
    Own::FalAi,
];

/// A request that a provider, or its library, made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    pub from: String,
    pub secrets: Vec<String>,
    pub options: Options,
    pub public_url: Option<String>,
    pub method: String,
    pub path: String,
    pub headers: std::collections::BTreeMap<String, String>,
    pub body: Option<String>,
    pub body_base64: Option<String>,
    pub at: Option<i64>,
    pub certificate: Option<String>,
    pub certificate_url: Option<String>,
    pub key: Option<Value>,
    pub key_url: Option<String>,
}

/// What becomes of a request: how many questions are left to the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    Holds,
    Asks(usize),
}

impl Example {
    pub fn all(own: Own) -> Vec<Example> {
        let name = serde_json::to_value(own).unwrap();
        let file = format!("{}.json", name.as_str().unwrap());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
        let mut examples: Vec<Example> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        // Adyen's other webhooks are signed as a scheme says.
        examples.retain(|example| !example.headers.contains_key("HmacSignature"));
        assert!(!examples.is_empty(), "{own:?}");
        examples
    }

    pub fn body(&self) -> Vec<u8> {
        match &self.body_base64 {
            Some(text) => Encoding::Base64.decode(text).unwrap(),
            None => self.body.clone().unwrap_or_default().into_bytes(),
        }
    }

    pub fn with_body(&self, body: &[u8]) -> Example {
        Example { body: None, body_base64: Some(Encoding::Base64.encode(body)), ..self.clone() }
    }

    pub fn with_header(&self, name: &str, value: &str) -> Example {
        let mut changed = self.clone();
        changed.headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
        changed.headers.insert(name.into(), value.into());
        changed
    }

    pub fn url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| ["https://signet.example", &self.path].concat())
    }

    pub fn now(&self) -> Millis {
        self.at.unwrap_or_default() * 1000
    }

    pub fn judge(&self, own: Own) -> Result<Judged, Reason> {
        self.judge_at(own, self.now())
    }

    pub fn judge_at(&self, own: Own, now: Millis) -> Result<Judged, Reason> {
        let (url, body) = (self.url(), self.body());
        let headers = Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.trim())));
        let request = Request { method: &self.method, url: &url, headers: &headers, body: &body };
        let claim = own.claim(request, &self.options).ok_or(Reason::SignatureMissing)??;
        claim.in_time(now, own.tolerance())?;
        let mut keys: Vec<_> = self.secrets.iter().filter_map(|text| own.key(text, &self.options).ok()).collect();
        let mut asked = 0;
        for check in &claim.checks {
            if let Some(answer) = &self.answer() {
                // A certificate of today vouches for what was signed long ago.
                keys = own.keys_in(&check.key, check.algorithm, answer.as_bytes(), 1_795_300_000_000);
                assert!(!keys.is_empty());
            }
            match check.holds(&keys) {
                Ok(Some(_)) => {}
                Ok(None) => return Err(Reason::SignatureMismatch),
                Err(questions) => asked += questions.len(),
            }
        }
        assert!(claim.checks.iter().all(|check| !check.signatures.is_empty()));
        Ok(if asked == 0 { Judged::Holds } else { Judged::Asks(asked) })
    }

    /// What the provider answers when it is asked for its key.
    fn answer(&self) -> Option<String> {
        self.certificate.clone().or_else(|| self.key.as_ref().map(Value::to_string))
    }
}

#[test]
fn keys_are_asked_for_where_they_are() {
    for own in [Own::AwsSns, Own::Paypal, Own::Plaid, Own::Ebay, Own::FalAi] {
        for example in Example::all(own) {
            let Some(url) = example.certificate_url.clone().or(example.key_url.clone()) else { continue };
            let (called, body) = (example.url(), example.body());
            let headers = Headers::new(example.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let request = Request { method: &example.method, url: &called, headers: &headers, body: &body };
            let claim = own.claim(request, &example.options).unwrap().unwrap();
            let key = &claim.checks[0].key;
            let ask = own.asks(key, Some("s"), &example.options).unwrap();
            assert_eq!(ask.url, url, "{own:?}");
            let (algorithm, answer) = (claim.checks[0].algorithm, example.answer().unwrap());
            let other = KeySource::Named("another".into());
            if own != Own::Ebay && matches!(key, KeySource::Named(_)) {
                assert!(own.keys_in(&other, algorithm, answer.as_bytes(), 0).is_empty(), "{own:?}");
            }
            let expired = answer.replace(r#""expired_at":null"#, r#""expired_at":1"#).replace("SHA1", "SHA256");
            if expired != answer {
                assert!(own.keys_in(key, algorithm, expired.as_bytes(), 0).is_empty(), "{own:?}");
            }
            for answer in
                ["", "{}", "[]", r#"{"key":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[1]}"#, "-----BEGIN CERTIFICATE-----"]
            {
                assert!(own.keys_in(key, algorithm, answer.as_bytes(), 0).is_empty(), "{own:?}: {answer}");
            }
        }
    }
    let options = Options::from([("clientId".into(), "id".into()), ("environment".into(), "sandbox".into())]);
    let leave = Own::Ebay.asks_leave("secret", &options).unwrap();
    assert_eq!(leave.url, "https://api.sandbox.ebay.com/identity/v1/oauth2/token");
    assert_eq!(leave.headers["authorization"], "Basic aWQ6c2VjcmV0");
    assert_eq!(Own::leave_in(br#"{"access_token":"v^1","expires_in":7200}"#), Some(("v^1".into(), 7200)));
    assert_eq!(Own::leave_in(br#"{"access_token":"a b","expires_in":7200}"#), None);
}

#[test]
fn every_providers_examples_hold() {
    for own in OWN {
        for example in Example::all(*own) {
            let judged = example.judge(*own);
            assert!(judged.is_ok(), "{own:?}: {judged:?}: {}", example.from);
        }
    }
}

#[test]
fn no_other_secret_will_do() {
    for own in OWN {
        for example in Example::all(*own) {
            if example.judge(*own) != Ok(Judged::Holds) {
                continue;
            }
            let other = if *own == Own::Adyen { "00".repeat(32) } else { "another".into() };
            for secrets in [vec![other], vec![]] {
                let judged = Example { secrets, ..example.clone() }.judge(*own);
                assert_eq!(judged, Err(Reason::SignatureMismatch), "{own:?}");
            }
        }
    }
}

/// The header that carries the signature, where it is one.
fn carrier(own: Own) -> Option<&'static str> {
    Some(match own {
        Own::Twilio => "X-Twilio-Signature",
        Own::Paypal => "PAYPAL-TRANSMISSION-SIG",
        Own::Plaid => "Plaid-Verification",
        Own::Mandrill => "X-Mandrill-Signature",
        Own::Netlify => "X-Webhook-Signature",
        Own::Contentful => "x-contentful-signature",
        Own::Messagebird => "MessageBird-Signature-JWT",
        Own::Livekit | Own::Monday | Own::Vonage => "Authorization",
        Own::Ebay => "X-EBAY-SIGNATURE",
        Own::Fusionauth => "X-FusionAuth-Signature-JWT",
        Own::FalAi => "X-Fal-Webhook-Signature",
        _ => return None,
    })
}

#[test]
fn a_signature_that_is_not_whole_is_malformed() {
    use Reason::{SignatureMalformed, SignatureMissing};
    for own in OWN {
        let Some(name) = carrier(*own) else { continue };
        for example in Example::all(*own) {
            let known = example.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            let value = known.unwrap().1.clone();
            for (changed, reason) in [
                (String::new(), SignatureMissing),
                (format!("{value}, {value}"), SignatureMalformed),
                (format!("{value}{value}"), SignatureMalformed),
                (value[..value.len() - 4].to_owned(), SignatureMalformed),
                (format!("{value}é"), SignatureMalformed),
                (value[1..].to_owned(), SignatureMalformed),
                ("x".repeat(100_000), SignatureMalformed),
                ("😀".into(), SignatureMalformed),
            ] {
                let judged = example.with_header(name, &changed).judge(*own);
                assert_eq!(judged, Err(reason), "{own:?}: {changed:.100}");
            }
            let mut without = example.clone();
            without.headers.retain(|other, _| !other.eq_ignore_ascii_case(name));
            assert_eq!(without.judge(*own), Err(SignatureMissing), "{own:?}");
        }
    }
}

#[test]
fn a_changed_body_is_refused_where_the_signature_covers_it() {
    for own in OWN {
        // Those of public keys are told by the runtime, the others sign something else than the body.
        let covered = matches!(
            own,
            Own::Twilio
                | Own::Mandrill
                | Own::Plaid
                | Own::Netlify
                | Own::Contentful
                | Own::Messagebird
                | Own::Livekit
                | Own::Vonage
                | Own::Fusionauth
        );
        for example in Example::all(*own) {
            if !covered {
                continue;
            }
            let body = example.body();
            let longer = [body.as_slice(), b"&x=y"].concat();
            assert!(example.with_body(&longer).judge(*own).is_err(), "{own:?}");
            if !body.is_empty() && body != b"{}" {
                assert!(example.with_body(b"").judge(*own).is_err(), "{own:?}");
                let mut flipped = body.clone();
                flipped[body.len() / 2] ^= 1;
                assert!(example.with_body(&flipped).judge(*own).is_err(), "{own:?}");
            }
        }
    }
}

#[test]
fn tokens_and_times_have_an_end() {
    for own in [Own::Plaid, Own::Contentful, Own::Messagebird, Own::Livekit, Own::FalAi, Own::Monday] {
        for example in Example::all(own) {
            for days in [-1, 1] {
                let now = example.now() + days * 86_400_000;
                // A token without a beginning may be older than we are.
                if days > 0 || !matches!(own, Own::Livekit | Own::Monday) {
                    assert_eq!(example.judge_at(own, now), Err(Reason::TimestampOutOfTolerance), "{own:?}");
                }
            }
        }
    }
}
