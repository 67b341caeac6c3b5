//! What is wrong with a scheme that comes from a stranger.

use std::borrow::Cow;

use super::template::{Part, split_template};
use super::{Algorithm, Encoding, Scheme};

/// A field of a scheme and what is wrong with it.
pub type SchemeFault = (&'static str, Cow<'static, str>);

impl Scheme {
    /// What is wrong with this scheme to sign with.
    pub fn faults(&self) -> Vec<SchemeFault> {
        let mut faults = self.common_faults(&["id", "timestamp", "body"], crate::header::name_fault);
        if !self.algorithm.can_sign() {
            faults.push(("algorithm", "can only be verified; sign with an hmac or ed25519".into()));
        }
        if self.content.contains("{timestamp}") && !self.carries_time() {
            faults.push(("timestampHeader", "is needed: the timestamp is signed but sent nowhere".into()));
        }
        for (field, is_given) in [
            ("moreHeaders", !self.more_headers.is_empty()),
            ("timestampField", self.timestamp_field.is_some()),
            ("idField", self.id_field.is_some()),
        ] {
            if is_given {
                faults.push((field, "is for verifying alone".into()));
            }
        }
        if let Some(format) = &self.asymmetric_format
            && (check_template(format, &["signature", "timestamp"]).is_err()
                || format.matches("{signature}").count() != 1
                || !format.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
        {
            faults.push(("asymmetricFormat", "must be visible ASCII that contains {signature} once".into()));
        }
        if !matches!(self.encoding, Encoding::Hex | Encoding::HexUpper | Encoding::Base64 | Encoding::Base64url) {
            faults.push(("encoding", "must be hex, hex-upper, base64 or base64url".into()));
        }
        faults
    }

    /// What is wrong with this scheme to verify with.
    pub fn verifying_faults(&self) -> Vec<SchemeFault> {
        let mut faults =
            self.common_faults(&["id", "timestamp", "body", "method", "url", "path"], crate::header::token_fault);
        if self.content.contains("{timestamp}") && !self.carries_time() && self.timestamp_field.is_none() {
            faults.push(("timestampHeader", "is needed: the timestamp is signed but stands nowhere".into()));
        }
        if self.encoding == Encoding::Text && self.algorithm != Algorithm::Token {
            faults.push(("encoding", "can be text for a token alone".into()));
        }
        if self.asymmetric_format.is_some() {
            faults.push(("asymmetricFormat", "is for signing alone; a source has a signature for each".into()));
        }
        if self.more_headers.len() > 16 {
            faults.push(("moreHeaders", "may name at most 16 headers".into()));
        }
        if self.more_headers.iter().any(|name| crate::header::token_fault(name).is_some()) {
            faults.push(("moreHeaders", "must be header names".into()));
        }
        for (field, path) in [("timestampField", &self.timestamp_field), ("idField", &self.id_field)] {
            if path.as_ref().is_some_and(|path| !matches!(path.len(), 1..=128)) {
                faults.push((field, "must have 1 to 128 characters".into()));
            }
        }
        faults
    }

    fn carries_time(&self) -> bool {
        self.timestamp_header.is_some() || self.format.contains("{timestamp}")
    }

    fn common_faults(&self, placeholders: &[&str], name_fault: fn(&str) -> Option<&'static str>) -> Vec<SchemeFault> {
        let mut faults: Vec<SchemeFault> = Vec::new();
        if let Err(fault) = check_template(&self.content, placeholders) {
            faults.push(("content", fault.into()));
        } else if !self.content.contains("{body}") && self.algorithm != Algorithm::Token {
            faults.push(("content", "must contain {body}, or the body would not be signed".into()));
        }
        if let Err(fault) = check_template(&self.format, &["signature", "timestamp"]) {
            faults.push(("format", fault.into()));
        } else if self.format.matches("{signature}").count() != 1 || self.format.matches("{timestamp}").count() > 1 {
            faults.push(("format", "must contain {signature} once, and {timestamp} once at most".into()));
        } else if self.format.contains("}{") {
            faults.push(("format", "must have something between {signature} and {timestamp}".into()));
        }
        if !self.format.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            faults.push(("format", "must be visible ASCII".into()));
        }
        if self.separator.as_ref().is_some_and(|separator| {
            !matches!(separator.len(), 1..=4) || !separator.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        }) {
            faults.push(("separator", "must be 1 to 4 visible ASCII characters or spaces".into()));
        }
        if self.content.contains("{id}") && self.id_header.is_none() {
            faults.push(("idHeader", "is needed: the id is signed but sent nowhere".into()));
        }
        let named = [
            ("header", Some(&self.header)),
            ("timestampHeader", self.timestamp_header.as_ref()),
            ("idHeader", self.id_header.as_ref()),
        ];
        for (field, name) in named {
            if let Some(fault) = name.and_then(|name| name_fault(name)) {
                faults.push((field, fault.into()));
            }
        }
        let mut names: Vec<String> = self.headers().map(str::to_ascii_lowercase).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != self.headers().count() {
            faults.push(("header", "is named twice: each needs a header of its own".into()));
        }
        faults
    }
}

/// Refuses placeholders that are not in `known`. Where the URL may be signed, so may any header.
fn check_template(template: &str, known: &[&str]) -> Result<(), String> {
    if template.len() > 256 {
        return Err("may have at most 256 bytes".into());
    }
    for part in split_template(template) {
        let Part::Placeholder(name) = part else { continue };
        let is_header = known.contains(&"url") && name.starts_with("header:");
        if !known.contains(&name) && !is_header {
            return Err(format!("{{{name}}} is not known here; known are {{{}}}", known.join("}, {")));
        }
    }
    Ok(())
}
