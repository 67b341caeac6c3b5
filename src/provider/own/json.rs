//! JSON that holds a signature, read so that no other reader finds another one in it.

use serde_json::value::RawValue;

use crate::body::Fields;
use crate::signature::Reason;

/// Each of a stranger's names is looked at before anything is verified: no provider's body of this kind is larger.
const MAX_BODY: usize = 4 << 20;

/// The members of an object. `None` for what is no object, too large, nested too deep, or names a member twice.
pub fn object(bytes: &[u8]) -> Option<Fields<'_>> {
    if bytes.len() > MAX_BODY {
        return None;
    }
    Fields::parse(bytes).ok().filter(Fields::sound)
}

/// The members of an object within another value.
pub fn inner<'a>(raw: &'a RawValue) -> Result<Fields<'a>, Reason> {
    object(raw.get().as_bytes()).ok_or(Reason::SignatureMalformed)
}

/// The items of a list. `None` for what is no list, or too large.
pub fn items(bytes: &[u8]) -> Option<Vec<&RawValue>> {
    if bytes.len() > MAX_BODY { None } else { crate::body::parsed(bytes).ok() }
}

/// A member that is not `null`.
pub fn member<'a>(fields: &mut Fields<'a>, name: &str) -> Option<&'a RawValue> {
    fields.raw(name).filter(|raw| raw.get() != "null")
}

/// A member that is a string, where it is there.
pub fn text(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Reason> {
    let Some(raw) = member(fields, name) else { return Ok(None) };
    serde_json::from_str(raw.get()).map(Some).map_err(|_| Reason::SignatureMalformed)
}

/// A member that is a string or a whole number, as it is written, where it is there.
pub fn text_or_number(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Reason> {
    let Some(raw) = member(fields, name) else { return Ok(None) };
    match integer(raw.get()) {
        Some(digits) => Ok(Some(digits.to_owned())),
        None => serde_json::from_str(raw.get()).map(Some).map_err(|_| Reason::SignatureMalformed),
    }
}

/// A whole number as it is written; nothing with a fraction or an exponent, which others would write differently.
pub fn integer(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = matches!(digits.len(), 1..=18) && digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.then_some(text)
}
