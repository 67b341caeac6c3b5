#![allow(clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::Rules;
use super::UrlError::*;
use super::{BLOCKED_NAMES, address, check};

/// Hosts and URLs, each with what is right about them; the live API is held against the same file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    public: Group,
    private_addresses: Group,
    private_names: Group,
    /// Whole URLs with a private host.
    private_urls: Vec<String>,
    /// Whole URLs that are wrong whatever is allowed, under the name of the error.
    wrong: Group,
}

type Group = BTreeMap<String, Vec<String>>;

fn table() -> Table {
    serde_json::from_str(include_str!("../../tests/support/destinations.json")).unwrap()
}

/// As deployed.
pub const PUBLIC: Rules = Rules { allow_private: false, to_ascii };
/// As on a developer's machine.
pub const PRIVATE: Rules = Rules { allow_private: true, to_ascii };

/// Stands in for the runtime's own URL parser, which the native tests lack.
fn to_ascii(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (host, port) = rest[..end].rsplit_once(':').unwrap_or((&rest[..end], ""));
    let end = end - if port.is_empty() { 0 } else { port.len() + 1 };
    let host = percent_encoding::percent_decode_str(host).decode_utf8().ok()?;
    let host = idna::domain_to_ascii(&host).ok()?;
    // What comes out goes through the parser once more, which would drop a tab that was hidden before.
    let plain = host.bytes().all(|byte| byte.is_ascii_graphic() && !b"%@:/?#\\[]<>^|".contains(&byte));
    plain.then(|| [scheme, "://", &host, &rest[end..]].concat())
}

/// Whole URLs and what they are kept as.
const NORMALISED: &[(&str, &str)] = &[
    ("https://example.com", "https://example.com/"),
    ("https://example.com/", "https://example.com/"),
    ("HTTPS://Example.COM/Hook", "https://example.com/Hook"),
    ("http://example.com/hook", "http://example.com/hook"),
    ("https://example.com/hook#top", "https://example.com/hook"),
    ("https://example.com/hook#", "https://example.com/hook"),
    ("https://example.com#@127.0.0.1/", "https://example.com/"),
    ("https://example.com/hook?a=b#c?d", "https://example.com/hook?a=b"),
    ("https://example.com/hook?", "https://example.com/hook?"),
    ("https://example.com?to=a@b", "https://example.com/?to=a@b"),
    ("https://example.com/@user", "https://example.com/@user"),
    ("https://example.com\\@user", "https://example.com/@user"),
    ("https://example.com:443/", "https://example.com/"),
    ("http://example.com:80/", "http://example.com/"),
    ("https://example.com:80/", "https://example.com:80/"),
    ("https://example.com:08443/", "https://example.com:8443/"),
    ("https://example.com:/", "https://example.com/"),
    ("https://example.com:1/", "https://example.com:1/"),
    ("https://example.com:65535/", "https://example.com:65535/"),
    ("https://example.com/a/../b/./c", "https://example.com/b/c"),
    ("https://example.com/%2e%2e/b", "https://example.com/b"),
    ("https://example.com/%20%0a", "https://example.com/%20%0a"),
    ("https://example.com/é?é", "https://example.com/%C3%A9?%C3%A9"),
    ("https://example.com./", "https://example.com./"),
    ("https://bücher.com/", "https://xn--bcher-kva.com/"),
    ("https:example.com", "https://example.com/"),
    ("https:\\\\example.com\\hook", "https://example.com/hook"),
    ("https://134744072/", "https://8.8.8.8/"),
    ("https://[2606:4700:0::0:1111]/", "https://[2606:4700::1111]/"),
    ("https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/"),
];

fn at(host: &str) -> String {
    format!("https://{host}/hook")
}

#[test]
fn public_hosts_pass() {
    for host in table().public.values().flatten() {
        assert!(check(&at(host), PUBLIC).is_ok(), "{host}: {:?}", check(&at(host), PUBLIC));
    }
}

#[test]
fn private_hosts_are_refused_unless_allowed() {
    let Table { private_addresses, private_names, private_urls, .. } = table();
    let hosts = [(private_addresses, PrivateAddress), (private_names, PrivateName)];
    let urls = hosts.iter().flat_map(|(group, error)| group.values().flatten().map(|host| (at(host), Some(*error))));
    for (url, error) in urls.chain(private_urls.into_iter().map(|url| (url, None))) {
        let refused = check(&url, PUBLIC).unwrap_err();
        assert_eq!(refused.code(), "private_address", "{url:?}: {refused:?}");
        assert_eq!(refused, error.unwrap_or(refused), "{url:?}");
        assert!(check(&url, PRIVATE).is_ok(), "{url:?}: {:?}", check(&url, PRIVATE));
    }
}

#[test]
fn wrong_urls_are_refused_whatever_is_allowed() {
    for (error, urls) in table().wrong {
        for url in urls {
            for rules in [PUBLIC, PRIVATE] {
                assert_eq!(check(&url, rules).map_err(|error| format!("{error:?}")), Err(error.clone()), "{url:?}");
            }
        }
    }
}

#[test]
fn urls_are_normalised() {
    for &(url, kept) in NORMALISED {
        assert_eq!(check(url, PUBLIC).as_deref(), Ok(kept), "{url:?}");
        assert_eq!(check(kept, PUBLIC).as_deref(), Ok(kept), "{url:?}");
    }
}

#[test]
fn length_is_in_characters() {
    for filler in ["a", "é", "🦀"] {
        let url = |chars: usize| format!("https://example.com/{}", filler.repeat(chars - 20));
        assert_eq!(url(2_048).chars().count(), 2_048);
        assert!(check(&url(2_048), PUBLIC).is_ok());
        assert_eq!(check(&url(2_049), PUBLIC), Err(TooLong));
        assert_eq!(check(&url(2_049), PRIVATE), Err(TooLong));
    }
}

#[test]
fn codes_tell_private_from_invalid() {
    for error in [PrivateAddress, PrivateName] {
        assert_eq!(error.code(), "private_address");
    }
    for error in [TooLong, Malformed, Scheme, Credentials, NoHost, Port] {
        assert_eq!(error.code(), "invalid_url");
    }
}

#[test]
fn blocks_are_refused_from_first_to_last() {
    for &(base, len, why) in address::BLOCKED_V4 {
        let host_bits = u32::MAX.checked_shr(len).unwrap_or(0);
        assert_eq!(u32::from(base) & host_bits, 0, "{base}/{len} {why}");
        assert!(!address::is_public_v4(base), "{base}/{len} {why}");
        assert!(!address::is_public_v4((u32::from(base) | host_bits).into()), "{base}/{len} {why}");
    }
    for &(base, len, why) in address::BLOCKED_V6 {
        let host_bits = u128::MAX.checked_shr(len).unwrap_or(0);
        assert_eq!(u128::from(base) & host_bits, 0, "{base}/{len} {why}");
        assert!(!address::is_public_v6(base), "{base}/{len} {why}");
        assert!(!address::is_public_v6((u128::from(base) | host_bits).into()), "{base}/{len} {why}");
    }
}

#[test]
fn standard_library_agrees() {
    for bits in (0..=u32::MAX).step_by(0xfff1) {
        let a = Ipv4Addr::from(bits);
        let special =
            a.is_loopback() || a.is_private() || a.is_link_local() || a.is_multicast() || a.is_documentation();
        assert!(!(special && address::is_public_v4(a)), "{a}");
    }
}

/// An address anywhere, or at the edge of a refused block.
fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let edge = (prop::sample::select(address::BLOCKED_V4), any::<bool>(), -1i64..=1).prop_map(
        |((base, len, _), last, off)| {
            let host_bits = u32::MAX.checked_shr(len).unwrap_or(0);
            let edge = u32::from(base) | if last { host_bits } else { 0 };
            edge.wrapping_add_signed(off as i32)
        },
    );
    prop_oneof![any::<u32>(), edge].prop_map(Ipv4Addr::from)
}

/// One to four numbers, the last one holding all the bits that are left, each in a base of its own.
fn numbers(address: Ipv4Addr, count: usize, bases: [u8; 4], zeros: usize) -> String {
    let (leading, last) = (count - 1, u32::from(address) & (u32::MAX >> (8 * (count - 1))));
    let values = address.octets().into_iter().take(leading).map(u32::from).chain([last]);
    let number = |(value, base): (u32, u8)| match base {
        0 => value.to_string(),
        1 => format!("0{}{value:o}", "0".repeat(zeros)),
        2 => format!("0x{}{value:x}", "0".repeat(zeros)),
        _ => format!("0X{}{value:X}", "0".repeat(zeros)),
    };
    values.zip(bases).map(number).collect::<Vec<_>>().join(".")
}

/// What IDNA and percent-decoding undo.
fn disguised(host: &str, disguise: u8) -> String {
    match disguise {
        0 => host.to_owned(),
        1 => format!("{host}."),
        2 => host.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        3 => host.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
        4 => host.replace('.', "。"),
        _ => host.to_uppercase(),
    }
}

/// An address in IPv6 clothes.
fn in_v6(a: Ipv4Addr, form: u8) -> String {
    let bits = u32::from(a);
    let (high, low) = (bits >> 16, bits & 0xffff);
    match form {
        0 => format!("[::ffff:{a}]"),
        1 => format!("[::FFFF:{high:x}:{low:X}]"),
        2 => format!("[0:0:0:0:0:ffff:{a}]"),
        3 => format!("[0000::0:ffff:{high:04x}:{low:04x}]"),
        4 => format!("[64:ff9b::{a}]"),
        _ => format!("[0064:FF9B:0::{high:x}:{low:x}]"),
    }
}

/// Text that gets past the first hurdles more often than any text would.
fn url_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "http",
            "https",
            ":",
            "//",
            "/",
            "\\",
            "@",
            "[",
            "]",
            "::",
            ".",
            "?",
            "#",
            "%",
            "%2e",
            "%40",
            "xn--",
            "127",
            "0x7f",
            "ffff",
            "localhost",
            "example.com",
            "65536",
            "0",
            "é",
            "。",
            "１",
            "\u{ad}",
            "\u{202e}",
            "🦀",
            "-",
            "_",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    let prefix =
        prop::sample::select(vec!["", "http://", "https://", "https:", "https://[", "http:\\\\", "https://a@"]);
    (prefix, prop::collection::vec(piece, 0..12)).prop_map(|(prefix, pieces)| prefix.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn an_address_is_judged_the_same_in_every_spelling(
        a in v4(), count in 1usize..=4, bases in prop::array::uniform4(0u8..4), zeros in 0usize..4, disguise in 0u8..6,
        form in 0u8..6,
    ) {
        let public = address::is_public_v4(a);
        let plain = disguised(&numbers(a, count, bases, zeros), disguise);
        let expected = if public { Ok(format!("https://{a}/hook")) } else { Err(PrivateAddress) };
        prop_assert_eq!(check(&at(&plain), PUBLIC), expected, "{}", plain);
        prop_assert_eq!(check(&at(&plain), PRIVATE), Ok(format!("https://{a}/hook")), "{}", plain);
        prop_assert_eq!(check(&at(&in_v6(a, form)), PUBLIC).is_ok(), public, "{}", in_v6(a, form));
    }

    #[test]
    fn a_refused_name_is_refused_in_every_spelling(
        (parent, _) in prop::sample::select(BLOCKED_NAMES), below in "([a-z0-9]{1,8}\\.){0,3}", disguise in 0u8..6,
    ) {
        let host = disguised(&format!("{below}{parent}"), disguise);
        prop_assert_eq!(check(&at(&host), PUBLIC), Err(PrivateName), "{}", host);
    }

    #[test]
    fn no_text_panics_and_what_passes_is_settled(url in prop_oneof![url_like(), any::<String>()]) {
        if let Ok(kept) = check(&url, PUBLIC) {
            prop_assert!(kept.starts_with("https://") || kept.starts_with("http://"));
            prop_assert!(!kept.contains('#'));
            let parsed = url::Url::parse(&kept).unwrap();
            prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
            prop_assert_eq!(check(&kept, PUBLIC), Ok(kept.clone()));
            prop_assert_eq!(check(&url, PRIVATE), Ok(kept));
        }
    }
}
