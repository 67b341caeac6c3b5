//! eBay: ECDSA over the body, in a header that names the key, which is to be asked for.
//! <https://developer.ebay.com/develop/guides-v2/marketplace-user-account-deletion>

use super::json::{object, text};
use super::jwt::key_name;
use super::{Claimed, header};
use crate::body::text_at;
use crate::signature::{Algorithm, Check, Claim, Encoding, KeySource, Reason, Request, raw_ecdsa};

/// Reads a request.
pub fn claim(request: Request<'_>) -> Claimed<'_> {
    let value = header(request, "X-EBAY-SIGNATURE")?;
    Some(read(request, value).ok_or(Reason::SignatureMalformed))
}

fn read<'a>(request: Request<'a>, value: &str) -> Option<Claim<'a>> {
    let value = Encoding::Base64.decode(value)?;
    let mut fields = object(&value)?;
    let mut of = |name: &str| text(&mut fields, name).ok().flatten();
    if !of("alg")?.eq_ignore_ascii_case("ecdsa") {
        return None;
    }
    let algorithm = match of("digest")?.to_ascii_uppercase().as_str() {
        "SHA1" => Algorithm::EcdsaP256Sha1,
        "SHA256" => Algorithm::EcdsaP256Sha256,
        _ => return None,
    };
    let key = KeySource::Named(key_name(&of("kid")?)?.to_owned());
    let signature = raw_ecdsa(&Encoding::Base64.decode(&of("signature")?)?)?;
    let contents = vec![vec![request.body.into()]];
    let check = Check { algorithm, contents, signatures: vec![signature], key };
    Some(Claim { id: text_at(request.body, "notification.notificationId"), ..Claim::of(check) })
}
