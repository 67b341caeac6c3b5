#![allow(clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use std::net::Ipv4Addr;

use super::Rules;
use super::UrlError::*;
use super::{BLOCKED_NAMES, UrlError, address, check};

#[rustfmt::skip]
const PUBLIC_HOSTS: &[&str] = &[
    // Names.
    "example.com", "EXAMPLE.com", "example.com.", "hooks.example.co.uk", "a.b.c.d.example.org", "xn--bcher-kva.com",
    "bücher.com", "ex%61mple.com", "ｅｘａｍｐｌｅ.com", "under_score.example.com", "1.2.3.4.example.com",
    "0x7f000001.example.com", "10.example.com", "127-0-0-1.example.com",
    // Names that only look like refused ones.
    "localhost.com", "notlocalhost.net", "local.host", "mylocal.dev", "internal.example.com", "corp.com",
    "example.test.com", "home.arpa.com", "metadata.google.com", "notmetadata.goog", "goog.metadata.dev", "svc.dev",
    "lan.party", "example.local.com", "an-onion.com", "xinternal.net",
    // IPv4, and the neighbours of every refused block.
    "1.1.1.1", "8.8.8.8", "8.8.8.8.", "134744072", "0x08080808", "010.8.8.8", "0x8.010.2056", "8.526344", "８.８.８.８",
    "%38.8.8.8", "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
    "191.255.255.255", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.192.255",
    "192.52.194.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "192.175.47.255",
    "192.175.49.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
    "223.255.255.255",
    // IPv6, likewise.
    "[2606:4700:4700::1111]", "[2606:4700:4700:0:0:0:0:1111]", "[2A00:1450:4001:81B::200E]",
    "[2001:4860:4860::8888]", "[2000::1]", "[2001:200::1]", "[2001:db7:ffff::1]", "[2001:db9::1]", "[2001:ffff::1]",
    "[2003::1]", "[2620:4f:7fff::1]", "[2620:4f:8001::1]", "[3ffd:ffff::1]", "[3fff:1000::1]", "[2606:4700::5efe]",
    "[2606:4700::5efe:0:0:1]",
    // IPv4 in IPv6.
    "[::ffff:8.8.8.8]", "[::ffff:808:808]", "[0:0:0:0:0:FFFF:8.8.8.8]", "[64:ff9b::8.8.8.8]", "[64:ff9b::101:101]",
];

#[rustfmt::skip]
const PRIVATE_ADDRESSES: &[&str] = &[
    // Loopback, every way to write it.
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.255.255.255", "2130706433", "017700000001", "0x7f000001",
    "0X7F000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "0177.0.0.01", "0x7f.0x0.0x0.0x1", "0x7f.0.1", "00000177.1",
    "0x0000000000007f.1", "127.0x1", "127.0.0x0.01", "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "１２７.０.０.１", "１２７。０。０。１",
    "127．0．0．1", "①②⑦.⓪.⓪.①", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "%EF%BC%91%EF%BC%92%EF%BC%97.1", "0x%37f.1", "127.0.0.\u{ad}1",
    // This network.
    "0", "0.0.0.0", "0x0", "00", "0x", "0.1", "0.255.255.255",
    // Private use and CGNAT.
    "10.0.0.0", "10.0.0.1", "10.255.255.255", "167772161", "0xa000001", "012.0.0.1", "10.1", "172.16.0.0",
    "172.16.0.1", "172.31.255.255", "0254.020.0.1", "172.1048577", "192.168.0.0", "192.168.1.1", "192.168.255.255",
    "3232235777", "0xc0a80101", "0300.0250.1.1", "192.11010305", "100.64.0.0", "100.100.100.200", "100.127.255.255",
    // Link-local and metadata.
    "169.254.0.0", "169.254.169.254", "169.254.255.255", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "169.16689662", "169.254.43518", "0xa9.254.0251.254", "168.63.129.16", "0xa83f8110", "192.0.0.192",
    // Protocol assignments, documentation, benchmarking.
    "192.0.0.0", "192.0.0.8", "192.0.0.170", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.31.196.1",
    "192.52.193.1", "192.88.99.0", "192.88.99.1", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.7",
    "203.0.113.255",
    // Multicast, reserved, broadcast.
    "224.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.0", "254.1.2.3", "255.255.255.255", "4294967295",
    "0xffffffff",
    // IPv6 loopback and unspecified.
    "[::]", "[::1]", "[0::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0.0.0.1]",
    "[::0]",
    // IPv4-mapped, -compatible and -translated.
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:7F00:0001]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::ffff:c0a8:101]", "[::ffff:0.0.0.0]",
    "[::ffff:a83f:8110]", "[::127.0.0.1]", "[::7f00:1]", "[::10.0.0.1]", "[::a9fe:a9fe]", "[::8.8.8.8]",
    "[::ffff:0:127.0.0.1]", "[::ffff:0:7f00:1]", "[::ffff:0:8.8.8.8]",
    // NAT64.
    "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::a9fe:a9fe]",
    "[0064:FF9B::c0a8:0101]", "[64:ff9b:1::]", "[64:ff9b:1::8.8.8.8]", "[64:ff9b:1:ffff:ffff:ffff:ffff:ffff]",
    "[64:ff9b:0:0:1::]",
    // 6to4, Teredo, ISATAP.
    "[2002::]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[2002:a9fe:a9fe::1]", "[2002:808:808::1]", "[2002:ffff::1]",
    "[2001::]", "[2001::1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[2001:0:7f00:1::]", "[fe80::5efe:10.0.0.1]",
    "[2606:4700::5efe:10.0.0.1]", "[2606:4700::200:5efe:127.0.0.1]", "[2606:4700:0:1:0:5efe:a9fe:a9fe]",
    // Discard, protocol assignments, benchmarking, ORCHID, documentation, 6bone, segment routing.
    "[100::]", "[100::1]", "[100::ffff:ffff:ffff:ffff]", "[100:0:0:1::1]", "[2001:1::1]", "[2001:1::2]",
    "[2001:1::3]", "[2001:2::1]", "[2001:2:0:ffff::1]", "[2001:3::1]", "[2001:4:112::1]", "[2001:10::1]",
    "[2001:1f:ffff::1]", "[2001:20::1]", "[2001:2f:ffff::1]", "[2001:30::1]", "[2001:1ff:ffff::1]", "[2001:db8::]",
    "[2001:DB8::1]", "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]", "[2620:4f:8000::1]", "[3ffe::1]", "[3ffe:ffff::1]",
    "[3fff::1]", "[3fff:fff:ffff::1]", "[5f00::1]", "[5f00:ffff::1]",
    // Unique local (and the metadata of AWS, Google, Oracle, Scaleway), link-local, site-local, multicast.
    "[fc00::]", "[fc00::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[fd00:c1::a9fe:a9fe]", "[fd00:42::42]",
    "[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", "[fe80::1]", "[FE80::1]", "[febf:ffff::1]", "[fec0::1]",
    "[feff:ffff::1]", "[ff00::]", "[ff02::1]", "[ff0e::1]", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
    // Not allocated.
    "[1::1]", "[64:ff9a::1]", "[64:ff9b:2::1]", "[101::1]", "[200::1]", "[400::1]", "[1000::1]",
    "[1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", "[4000::]", "[6000::1]", "[8000::1]", "[a000::1]", "[c000::1]",
    "[e000::1]", "[f000::1]", "[fbff::1]", "[fe00::1]", "[fe7f:ffff::1]",
];

#[rustfmt::skip]
const PRIVATE_NAMES: &[&str] = &[
    "localhost", "LOCALHOST", "localhost.", "LocalHost.", "a.localhost", "a.b.localhost.", "localhost.localdomain",
    "localhost6.localdomain6", "loc%61lhost", "%6c%6F%63%61%6c%68%6f%73%74", "ｌｏｃａｌｈｏｓｔ", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "loc\u{ad}alhost", "localhost%2e", "a。localhost", "a．localhost．", "printer.local", "printer.local.",
    "printer.LOCAL", "bücher.local", "db.internal", "db.internal.", "metadata.google.internal",
    "metadata.google.internal.", "METADATA.google.Internal", "metadata%2Egoogle%2einternal",
    "metadata。google。internal", "ip-10-0-0-1.ec2.internal", "host.docker.internal", "instance-data.ec2.internal",
    "metadata.goog", "metadata.goog.", "metadata.tencentyun.com", "api.metadata.cloud.ibm.com",
    "metadata.packet.net", "metadata.platformequinix.com", "router.localdomain", "nas.home.arpa", "home.arpa",
    "ipv4only.arpa", "10.in-addr.arpa", "nas.lan", "wiki.intranet", "wiki.corp", "wiki.corp.", "nas.home",
    "files.private", "relay.mail", "abc.onion", "xyz.alt", "a.test", "hooks.example", "hooks.example.", "a.invalid",
    "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
    // Single labels.
    "metadata", "instance-data", "kubernetes", "intranet", "router", "router.", "com", "com.", "a", "xn--p1ai",
    "рф", "test", "x",
];

/// As deployed.
pub const PUBLIC: Rules = Rules { allow_private: false, to_ascii };
/// As on a developer's machine.
pub const PRIVATE: Rules = Rules { allow_private: true, to_ascii };

/// Stands in for the runtime's own URL parser, which the native tests lack.
fn to_ascii(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let host = percent_encoding::percent_decode_str(&rest[..end]).decode_utf8().ok()?;
    let host = idna::domain_to_ascii(&host).ok()?;
    // What comes out goes through the parser once more, which would drop a tab that was hidden before.
    let plain = host.bytes().all(|byte| byte.is_ascii_graphic() && !b"%@:/?#\\[]<>^|".contains(&byte));
    plain.then(|| [scheme, "://", &host, &rest[end..]].concat())
}

/// Whole URLs that are wrong whatever `allow_private` says.
const WRONG_URLS: &[(&str, UrlError)] = &[
    ("", Malformed),
    ("/hook", Malformed),
    ("//example.com/hook", Malformed),
    ("example.com", Malformed),
    ("example.com/hook", Malformed),
    ("://example.com", Malformed),
    ("https://exa mple.com/", Malformed),
    (" https://example.com/", Malformed),
    ("https://example.com/ ", Malformed),
    ("https://example.com/a b", Malformed),
    ("https://example.com/\ta", Malformed),
    ("https://example.com/\n", Malformed),
    ("ht\ntps://example.com/", Malformed),
    ("https://exa\r\nmple.com/", Malformed),
    ("https://example.com/\u{0}", Malformed),
    ("\u{1f}https://example.com/", Malformed),
    ("https://example.com/\u{7f}", Malformed),
    ("https://example.com/\u{85}", Malformed),
    ("https://example.com/\u{a0}", Malformed),
    ("https://example.com/\u{3000}", Malformed),
    ("https://exa%20mple.com/", Malformed),
    ("https://exa%00mple.com/", Malformed),
    ("https://exa%09mple.com/", Malformed),
    ("https://exa%2fmple.com/", Malformed),
    ("https://user%40example.com/", Malformed),
    ("https://exa<mple.com/", Malformed),
    ("https://a..example.com/", Malformed),
    ("https://.example.com/", Malformed),
    ("https://example.com../", Malformed),
    ("https://localhost../", Malformed),
    ("https://./", Malformed),
    ("https://../", Malformed),
    ("https://256.256.256.256/", Malformed),
    ("https://1.2.3.4.5/", Malformed),
    ("https://127.0.0.1../", Malformed),
    ("https://4294967296/", Malformed),
    ("https://0x100000000/", Malformed),
    ("https://127.0.0.08/", Malformed),
    ("https://example.1/", Malformed),
    ("https://[::1/", Malformed),
    ("https://[]/", Malformed),
    ("https://[::1]x/", Malformed),
    ("https://[fe80::1%25eth0]/", Malformed),
    ("https://[fe80::1%eth0]/", Malformed),
    ("https://[127.0.0.1]/", Malformed),
    ("https://[::ffff:0x7f.1]/", Malformed),
    ("https://[::ffff:127.1]/", Malformed),
    ("https://::1/", NoHost),
    ("ftp://example.com/", Scheme),
    ("ws://example.com/", Scheme),
    ("wss://example.com/", Scheme),
    ("file:///etc/passwd", Scheme),
    ("gopher://127.0.0.1/", Scheme),
    ("javascript:alert(1)", Scheme),
    ("data:text/plain,hi", Scheme),
    ("mailto:a@example.com", Scheme),
    ("blob:https://example.com/x", Scheme),
    ("localhost:8080/hook", Scheme),
    ("example.com:443/hook", Scheme),
    ("httpss://example.com/", Scheme),
    ("https://user@example.com/", Credentials),
    ("https://user:password@example.com/", Credentials),
    ("https://:password@example.com/", Credentials),
    ("https://user:@example.com/", Credentials),
    ("https://@example.com/", Credentials),
    ("https://:@example.com/", Credentials),
    ("https://@@example.com/", Credentials),
    ("https://@127.0.0.1", Credentials),
    ("https://example.com@127.0.0.1/", Credentials),
    ("https:/@example.com/", Credentials),
    ("https:@example.com/", Credentials),
    ("https:\\\\@example.com/", Credentials),
    ("https:////@example.com/", Credentials),
    ("https://@example.com?a", Credentials),
    ("https://@example.com#a", Credentials),
    ("HTTPS://@example.com\\a", Credentials),
    ("https://", NoHost),
    ("https:", NoHost),
    ("https://?a", NoHost),
    ("https://#a", NoHost),
    ("https://:443/", NoHost),
    ("https://example.com:0/", Port),
    ("https://example.com:00000/", Port),
    ("http://[2606:4700::1]:0/", Port),
    ("https://example.com:65536/", Port),
    ("https://example.com:-1/", Port),
    ("https://example.com:http/", Port),
];

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
    for host in PUBLIC_HOSTS {
        assert!(check(&at(host), PUBLIC).is_ok(), "{host}: {:?}", check(&at(host), PUBLIC));
    }
}

#[test]
fn private_hosts_are_refused_unless_allowed() {
    for (hosts, error) in [(PRIVATE_ADDRESSES, PrivateAddress), (PRIVATE_NAMES, PrivateName)] {
        for host in hosts {
            assert_eq!(check(&at(host), PUBLIC), Err(error), "{host}");
            assert!(check(&at(host), PRIVATE).is_ok(), "{host}: {:?}", check(&at(host), PRIVATE));
        }
    }
}

#[test]
fn wrong_urls_are_refused_whatever_is_allowed() {
    for &(url, error) in WRONG_URLS {
        assert_eq!(check(url, PUBLIC), Err(error), "{url:?}");
        assert_eq!(check(url, PRIVATE), Err(error), "{url:?}");
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
