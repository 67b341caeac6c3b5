//! How a secret may have been used by whoever signed.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::court::{Scene, Trial};
use super::report::Hint;
use crate::provider::Way;
use crate::signature::{Algorithm, VerifyingKey};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

const READ: &str =
    "Have whoever signs use it as the provider does; in a scheme of your own, say it with `secretEncoding`.";
const PREFIX: &str =
    "Use the secret as a whole where the provider does, its prefix included, and without where it does not.";
const SPACE: &str =
    "It got there by a copy, a file or an `echo` without -n: set the secret again where the signing is done.";
const QUOTES: &str =
    "They got there by a configuration file: set the secret again without them, here or where it is signed.";

/// A code, what the key was then, what to do, and how a secret becomes it, where it can.
type Variant = (&'static str, &'static str, &'static str, fn(&str) -> Option<Vec<u8>>);

const VARIANTS: &[Variant] = &[
    ("secret_encoding", "the secret's text as it is, not what it decodes to", READ, |secret| Some(secret.into())),
    ("secret_encoding", "what the secret is the base64 of, not its text", READ, |secret| {
        BASE64.decode(bare(secret)).ok()
    }),
    ("secret_encoding", "what the secret is the base64url of", READ, |secret| BASE64URL.decode(bare(secret)).ok()),
    ("secret_encoding", "what the secret's hexadecimal digits stand for", READ, |secret| {
        hex::decode(bare(secret)).ok()
    }),
    ("secret_prefix", "the secret without its prefix", PREFIX, |secret| {
        Some(bare(secret).into()).filter(|_| bare(secret) != secret)
    }),
    ("secret_prefix", "the secret with whsec_ in front", PREFIX, |secret| Some(["whsec_", secret].concat().into())),
    ("secret_whitespace", "the secret with a \\n at its end", SPACE, |secret| Some([secret, "\n"].concat().into())),
    ("secret_whitespace", "the secret with a \\r\\n at its end", SPACE, |secret| {
        Some([secret, "\r\n"].concat().into())
    }),
    ("secret_whitespace", "the secret with a space at its end", SPACE, |secret| Some([secret, " "].concat().into())),
    ("secret_whitespace", "the secret with a space in front", SPACE, |secret| Some([" ", secret].concat().into())),
    ("secret_whitespace", "the secret without the spaces around it", SPACE, |secret| Some(secret.trim().into())),
    ("secret_quoted", "the secret without the quotes around it", QUOTES, |secret| {
        ['"', '\'', '`'].iter().find_map(|quote| Some(secret.strip_prefix(*quote)?.strip_suffix(*quote)?.into()))
    }),
    ("secret_quoted", "the secret with \" around it", QUOTES, |secret| Some(["\"", secret, "\""].concat().into())),
    ("secret_quoted", "the secret with ' around it", QUOTES, |secret| Some(["'", secret, "'"].concat().into())),
];

/// The keys as they may have been: at most 14 sets. A public key has one form alone that fits.
pub(super) fn trials<'a>(scene: Scene<'a>, algorithm: Algorithm) -> impl Iterator<Item = Trial> + 'a {
    let variants = if algorithm.is_public() { &[] } else { VARIANTS };
    variants.iter().map(move |(code, what, todo, make)| {
        let keys = |secret: &String| {
            let bytes = make(secret).unwrap_or_default();
            let is_bare = matches!(scene.way, Way::Scheme(_));
            let as_bytes = is_bare.then(|| VerifyingKey::secret(algorithm, &bytes).ok()).flatten();
            // A way reads a text as it reads every secret: prefixes, encodings, names in front.
            let as_text = std::str::from_utf8(&bytes).ok();
            let as_text = as_text.and_then(|text| scene.way.key(text, &scene.gate.source.options).ok());
            [as_bytes.filter(|_| !bytes.is_empty()), as_text].into_iter().flatten()
        };
        let keys = scene.gate.source.secrets.iter().flat_map(keys).collect();
        let detail = format!("The signature holds with {what}. {todo}");
        Trial { hints: vec![Hint::new(code, detail)], keys: Some(keys), ..Trial::default() }
    })
}

/// A secret without what stands in front of some.
fn bare(secret: &str) -> &str {
    let prefixes = ["v1,whsec_", "whsec_", "whsk_"];
    prefixes.iter().find_map(|prefix| secret.strip_prefix(prefix)).unwrap_or(secret)
}
