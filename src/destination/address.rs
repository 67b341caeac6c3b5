//! Which addresses are public.
//!
//! The tables follow IANA's [IPv4] and [IPv6] special-purpose registries and, for what those leave
//! out (multicast, unallocated space), the address-space registries. Blocks the registries call
//! globally reachable, such as AS112 and the anycast assignments, are here too: they serve
//! protocols of their own, and no webhook endpoint lives there.
//!
//! [IPv4]: https://www.iana.org/assignments/iana-ipv4-special-registry
//! [IPv6]: https://www.iana.org/assignments/iana-ipv6-special-registry

use std::net::{Ipv4Addr, Ipv6Addr};

/// The first address of a block, how many leading bits belong to it, and why it is refused.
type Block<A> = (A, u32, &'static str);

pub(super) const BLOCKED_V4: &[Block<Ipv4Addr>] = &[
    (v4(0, 0, 0, 0), 8, "this network, RFC 791"),
    (v4(10, 0, 0, 0), 8, "private use, RFC 1918"),
    (v4(100, 64, 0, 0), 10, "shared address space (CGNAT), RFC 6598"),
    (v4(127, 0, 0, 0), 8, "loopback, RFC 1122"),
    (v4(168, 63, 129, 16), 32, "Azure's metadata, on a public block"),
    (v4(169, 254, 0, 0), 16, "link-local, RFC 3927; most clouds' metadata"),
    (v4(172, 16, 0, 0), 12, "private use, RFC 1918"),
    (v4(192, 0, 0, 0), 24, "IETF protocol assignments, RFC 6890"),
    (v4(192, 0, 2, 0), 24, "documentation (TEST-NET-1), RFC 5737"),
    (v4(192, 31, 196, 0), 24, "AS112-v4, RFC 7535"),
    (v4(192, 52, 193, 0), 24, "AMT, RFC 7450"),
    (v4(192, 88, 99, 0), 24, "6to4 relay anycast, deprecated by RFC 7526"),
    (v4(192, 168, 0, 0), 16, "private use, RFC 1918"),
    (v4(192, 175, 48, 0), 24, "direct delegation AS112, RFC 7534"),
    (v4(198, 18, 0, 0), 15, "benchmarking, RFC 2544"),
    (v4(198, 51, 100, 0), 24, "documentation (TEST-NET-2), RFC 5737"),
    (v4(203, 0, 113, 0), 24, "documentation (TEST-NET-3), RFC 5737"),
    (v4(224, 0, 0, 0), 4, "multicast, RFC 5771"),
    (v4(240, 0, 0, 0), 4, "reserved, RFC 1112; limited broadcast, RFC 919"),
];

/// `::ffff:0:0/96` and `64:ff9b::/96` are absent: they spell IPv4 addresses and are judged as such.
/// Some rows lie within others, so that the table can be held against the registry line by line.
pub(super) const BLOCKED_V6: &[Block<Ipv6Addr>] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified, RFC 4291"),
    (Ipv6Addr::LOCALHOST, 128, "loopback, RFC 4291"),
    (Ipv6Addr::UNSPECIFIED, 96, "IPv4-compatible, deprecated by RFC 4291"),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, "IPv4-translated, RFC 2765"),
    (v6(0x64, 0xff9b, 1, 0), 48, "NAT64 for local use, RFC 8215"),
    (v6(0x100, 0, 0, 0), 64, "discard-only, RFC 6666"),
    (v6(0x100, 0, 0, 1), 64, "dummy prefix, RFC 9780"),
    (v6(0x2001, 0, 0, 0), 23, "IETF assignments, RFC 2928, such as:"),
    (v6(0x2001, 0, 0, 0), 32, "Teredo, RFC 4380"),
    (v6(0x2001, 2, 0, 0), 48, "benchmarking, RFC 5180"),
    (v6(0x2001, 3, 0, 0), 32, "AMT, RFC 7450"),
    (v6(0x2001, 4, 0x112, 0), 48, "AS112-v6, RFC 7535"),
    (v6(0x2001, 0x10, 0, 0), 28, "ORCHID, returned, RFC 4843"),
    (v6(0x2001, 0x20, 0, 0), 28, "ORCHIDv2, RFC 7343"),
    (v6(0x2001, 0x30, 0, 0), 28, "drone remote ID entity tags, RFC 9374"),
    (v6(0x2001, 0xdb8, 0, 0), 32, "documentation, RFC 3849"),
    (v6(0x2002, 0, 0, 0), 16, "6to4, RFC 3056"),
    (v6(0x2620, 0x4f, 0x8000, 0), 48, "direct delegation AS112, RFC 7534"),
    (v6(0x3ffe, 0, 0, 0), 16, "6bone, returned, RFC 3701"),
    (v6(0x3fff, 0, 0, 0), 20, "documentation, RFC 9637"),
    (v6(0x5f00, 0, 0, 0), 16, "segment routing SIDs, RFC 9602"),
    (v6(0xfc00, 0, 0, 0), 7, "unique local, RFC 4193"),
    (v6(0xfe80, 0, 0, 0), 10, "link-local, RFC 4291"),
    (v6(0xfec0, 0, 0, 0), 10, "site-local, deprecated by RFC 3879"),
    (v6(0xff00, 0, 0, 0), 8, "multicast, RFC 4291"),
    // IANA allocates global unicast from 2000::/3 alone; the rest of the space is these three.
    (v6(0, 0, 0, 0), 3, "below global unicast, RFC 4291"),
    (v6(0x4000, 0, 0, 0), 2, "above global unicast, RFC 4291"),
    (v6(0x8000, 0, 0, 0), 1, "above global unicast, RFC 4291"),
];

/// Whether an IPv4 address is in none of the refused blocks.
pub(super) fn is_public_v4(address: Ipv4Addr) -> bool {
    // Two addresses share as many leading bits as their difference has leading zeros.
    let shared = |base| (u32::from(address) ^ u32::from(base)).leading_zeros();
    !BLOCKED_V4.iter().any(|&(base, len, _)| shared(base) >= len)
}

/// Whether an IPv6 address is in none of the refused blocks and hides no refused IPv4 address.
pub(super) fn is_public_v6(address: Ipv6Addr) -> bool {
    match (address.segments(), address.octets()) {
        // IPv4-mapped (RFC 4291) and the well-known NAT64 prefix (RFC 6052): the IPv4 address is
        // where the packets end up.
        ([0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..], [.., a, b, c, d]) => {
            is_public_v4(v4(a, b, c, d))
        }
        // ISATAP (RFC 5214) tunnels into a site's own IPv4 network under any prefix.
        ([_, _, _, _, 0 | 0x200, 0x5efe, ..], _) => false,
        _ => {
            let shared = |base| (u128::from(address) ^ u128::from(base)).leading_zeros();
            !BLOCKED_V6.iter().any(|&(base, len, _)| shared(base) >= len)
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

/// An address by its network half; the rest is zero.
const fn v6(a: u16, b: u16, c: u16, d: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}
