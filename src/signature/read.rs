//! Reading a scheme that a client wrote.

use super::fault::SchemeFault;
use super::{Algorithm, Scheme};
use crate::body::Fields;

/// Reads a `signature` object; what it leaves out is as in `base`. `faults` says what is wrong with the whole.
pub fn read_scheme<'a>(
    fields: &mut Fields<'a>,
    mut inner: Fields<'a>,
    base: &Scheme,
    faults: fn(&Scheme) -> Vec<SchemeFault>,
) -> Scheme {
    let mut text = |name: &str| inner.take::<String>(name, "must be a string");
    let content = text("content").unwrap_or_else(|| base.content.clone());
    let header = text("header").unwrap_or_else(|| base.header.clone());
    let format = text("format");
    let separator = text("separator");
    let asymmetric_format = text("asymmetricFormat");
    // The headers for the timestamp and the id are inherited only where they are needed: a product that signs the
    // body alone sends its one header.
    let timestamp_header = text("timestampHeader");
    let timestamp_field = text("timestampField");
    let needs_time = content.contains("{timestamp}")
        && timestamp_field.is_none()
        && !format.as_ref().is_some_and(|it| it.contains("{timestamp}"));
    let id_header = text("idHeader");
    let id_field = text("idField");
    let needs_id = content.contains("{id}");
    let algorithm: Algorithm = inner
        .take(
            "algorithm",
            "must be hmac-sha256, hmac-sha1, hmac-sha384, hmac-sha512, hmac-md5 or ed25519; to verify also \
             ecdsa-p256-sha256, ecdsa-p256-sha1, rsa-sha256, rsa-sha1 or token",
        )
        .unwrap_or(base.algorithm);
    let scheme = Scheme {
        algorithm,
        secret_encoding: inner
            .take("secretEncoding", "must be utf8, base64, hex or whsec")
            .unwrap_or(base.secret_encoding),
        encoding: inner.take("encoding", "must be hex, hex-upper, base64, base64url or text").unwrap_or(base.encoding),
        asymmetric_format: asymmetric_format
            .or_else(|| if format.is_none() { base.asymmetric_format.clone() } else { None })
            .filter(|_| algorithm.can_sign() && !algorithm.is_public()),
        more_headers: inner.take("moreHeaders", "must be a list of header names").unwrap_or_default(),
        separator: separator.or_else(|| if format.is_none() { base.separator.clone() } else { None }),
        timestamp_header: timestamp_header.or_else(|| if needs_time { base.timestamp_header.clone() } else { None }),
        timestamp_field,
        timestamp_format: inner
            .take("timestampFormat", "must be seconds, milliseconds, rfc3339 or http-date")
            .unwrap_or_default(),
        tolerance_seconds: inner.take("toleranceSeconds", "must be a whole number from 0 to 4294967295"),
        id_header: id_header.or_else(|| if needs_id { base.id_header.clone() } else { None }),
        id_field,
        format: format.unwrap_or_else(|| base.format.clone()),
        content,
        header,
    };
    for (field, fault) in faults(&scheme) {
        inner.fault(field, fault);
    }
    fields.absorb(inner);
    scheme
}
