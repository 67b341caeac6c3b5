//! What may have become of a body on its way: what it may have been before.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use url::form_urlencoded::{Serializer, byte_serialize, parse};

use super::court::Trial;
use super::json::{Escapes, Node, Space, Style};
use super::report::Hint;

const BOM: &[u8] = b"\xef\xbb\xbf";

const REWRITTEN: &str = "Somebody between the provider and here read the JSON and wrote it anew. Verify, and pass on, the \
                         bytes as they came: before a framework's body parser, not after.";
const NEWLINE: &str = "An editor, a template or `echo` may have done it: the bytes have to arrive as they were signed.";
const LINES: &str = "Line breaks were converted on the way, as by a text mode, an editor or git: pass on raw bytes.";
const MARK: &str = "A byte order mark is written by some editors and dropped by some readers: pass on raw bytes.";
const EMPTY: &str = "Whoever signed had no body at hand: it was read before, or signed before it was written.";
const BASE: &str = "A gateway hands bodies on as base64 (API Gateway's isBase64Encoded): decode before you verify.";
const TWICE: &str = "A text that was JSON already went through a JSON writer once more: pass on raw bytes.";
const LATIN: &str = "UTF-8 was read as Latin-1 and written as UTF-8 again: pass on raw bytes.";
const FORM: &str = "A form was turned into JSON, or JSON into a form: verify the raw bytes, before a framework reads them, or \
                    choose the other content type at the provider.";

/// A code, what is signed then, what to do, and how the body becomes it, where it can.
type Variant = (&'static str, &'static str, &'static str, fn(&[u8]) -> Option<Vec<u8>>);

/// What stands at the ends and between the lines.
const EDGES: &[Variant] = &[
    ("body_trailing_newline", "the body without the \\r\\n at its end", NEWLINE, |body| less(body, b"\r\n")),
    ("body_trailing_newline", "the body without the \\n at its end", NEWLINE, |body| less(body, b"\n")),
    ("body_trailing_newline", "the body with a \\n at its end", NEWLINE, |body| Some([body, b"\n"].concat())),
    ("body_trailing_newline", "the body with a \\r\\n at its end", NEWLINE, |body| Some([body, b"\r\n"].concat())),
    ("body_line_endings", "the body with its lines ending in \\n", LINES, |body| {
        Some(text(body)?.replace("\r\n", "\n").into_bytes())
    }),
    ("body_line_endings", "the body with its lines ending in \\r\\n", LINES, |body| {
        Some(text(body)?.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes())
    }),
    ("body_bom", "the body without its byte order mark", MARK, |body| Some(body.strip_prefix(BOM)?.to_vec())),
    ("body_bom", "the body with a byte order mark in front", MARK, |body| Some([BOM, body].concat())),
    ("body_whitespace", "the body without the white space around it", NEWLINE, |body| Some(body.trim_ascii().to_vec())),
    ("body_empty", "an empty body", EMPTY, |_| Some(Vec::new())),
];

/// What a body may have been wrapped in, or unwrapped from.
const WRAPPINGS: &[Variant] = &[
    ("body_base64", "what the body is the base64 of", BASE, |body| BASE64.decode(body.trim_ascii()).ok()),
    ("body_base64", "the base64 of the body", BASE, |body| Some(BASE64.encode(body).into_bytes())),
    ("body_quoted", "the text that the body is a JSON string of", TWICE, |body| {
        crate::body::parsed::<String>(body).ok().map(String::into_bytes)
    }),
    ("body_charset", "the body as it was before it was taken for Latin-1", LATIN, |body| {
        text(body)?.chars().map(|symbol| u8::try_from(u32::from(symbol)).ok()).collect()
    }),
    ("body_form", "the form's field `payload` alone", FORM, |body| {
        parse(body).find(|(name, _)| name == "payload").map(|(_, value)| value.into_owned().into_bytes())
    }),
    ("body_form", "a form with the body as its field `payload`", FORM, |body| {
        Some(["payload=", &byte_serialize(body).collect::<String>()].concat().into_bytes())
    }),
    ("body_form", "the body's fields as a form", FORM, |body| Some(form(&members(&Node::read(body)?)?))),
    ("body_form", "the form's fields as JSON", FORM, |body| {
        let fields = pairs(body)?.into_iter().map(|(name, value)| (name.into_owned(), Node::Text(value.into_owned())));
        Node::Object(fields.collect()).write(COMPACT).map(String::into_bytes)
    }),
    ("body_form", "the form encoded anew", FORM, |body| Some(form(&pairs(body)?))),
    ("body_form", "the form encoded anew, with %20 for a space", FORM, |body| {
        Some(text(&form(&pairs(body)?))?.replace('+', "%20").into_bytes())
    }),
];

const COMPACT: Style = Style { space: Space::None, escapes: Escapes::None, slashes: false, sorted: false };

/// The body as it may have been, likely ones first: at most 42.
pub(super) fn trials(body: &[u8]) -> impl Iterator<Item = Trial> {
    let variants = |variants: &'static [Variant]| {
        variants.iter().filter_map(|(code, what, todo, make)| Some(trial(code, what, todo, make(body)?)))
    };
    let rewritten = std::iter::once_with(|| Node::read(body)).flatten().flat_map(|node| {
        styles().filter_map(move |(style, end)| {
            let mut text = node.write(style)?;
            text.push_str(end);
            Some(trial("body_reserialized", &name(style, end), REWRITTEN, text.into_bytes()))
        })
    });
    variants(EDGES).chain(rewritten).chain(variants(WRAPPINGS))
}

fn trial(code: &'static str, what: &str, todo: &str, body: Vec<u8>) -> Trial {
    let hint = Hint::new(code, format!("The signature holds over {what}. {todo}"));
    Trial { hints: vec![hint], body: Some(body), ..Trial::default() }
}

/// How JSON is written by the languages that webhooks are written in, and what they put at its end.
fn styles() -> impl Iterator<Item = (Style, &'static str)> {
    let spaces = [Space::None, Space::One, Space::Lines(2), Space::Lines(4)];
    let escapes = [(Escapes::None, false), (Escapes::Ascii, false), (Escapes::Ascii, true), (Escapes::None, true)];
    let plain = escapes.into_iter().flat_map(move |(escapes, slashes)| {
        spaces.into_iter().map(move |space| (Style { space, escapes, slashes, sorted: false }, ""))
    });
    let lines = Style { space: Space::Lines(2), ..COMPACT };
    let go = Style { escapes: Escapes::Html, ..COMPACT };
    let python = Style { space: Space::One, escapes: Escapes::Ascii, sorted: true, ..COMPACT };
    plain.chain([
        (COMPACT, "\n"),
        (lines, "\n"),
        (go, ""),
        (go, "\n"),
        (Style { sorted: true, ..COMPACT }, ""),
        (Style { sorted: true, ..go }, ""),
        (python, ""),
        (Style { space: Space::None, ..python }, ""),
    ])
}

fn name(style: Style, end: &str) -> String {
    let mut name = String::from(match style.space {
        Space::None => "the body as compact JSON",
        Space::One => "the body as JSON with a space after each : and , (as Python's json.dumps writes it)",
        Space::Lines(2) => "the body as JSON indented by 2 spaces",
        Space::Lines(_) => "the body as JSON indented by 4 spaces",
    });
    name.push_str(match style.escapes {
        Escapes::None => "",
        Escapes::Ascii => ", what is not ASCII as \\uXXXX",
        Escapes::Html => ", <, > and & as \\uXXXX (as Go writes it)",
    });
    for (is_so, word) in [
        (style.slashes, ", slashes as \\/ (as PHP writes it)"),
        (style.sorted, ", the names in order"),
        (!end.is_empty(), ", with a line break at its end"),
    ] {
        name.push_str(if is_so { word } else { "" });
    }
    name
}

fn less(body: &[u8], end: &[u8]) -> Option<Vec<u8>> {
    body.strip_suffix(end).map(<[u8]>::to_vec)
}

fn text(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()
}

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The fields of a form, where the body looks like one.
fn pairs(body: &[u8]) -> Option<Pairs<'_>> {
    let is_form = body.contains(&b'=') && !body.trim_ascii_start().starts_with(b"{");
    is_form.then(|| parse(body).collect())
}

/// The members of a flat object.
fn members<'n>(node: &'n Node<'_>) -> Option<Pairs<'n>> {
    let Node::Object(members) = node else { return None };
    let flat = |(name, value): &'n (String, Node<'_>)| match value {
        Node::Plain(word) => Some((Cow::from(name), Cow::from(*word))),
        Node::Text(text) => Some((Cow::from(name), Cow::from(text))),
        _ => None,
    };
    members.iter().map(flat).collect()
}

fn form(pairs: &Pairs<'_>) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}
