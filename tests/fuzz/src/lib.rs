//! What strangers send to the verifying side, in every form that coverage leads to. A target takes any bytes; what must
//! hold for all of them it asserts.
//!
//! `npm run fuzz` lets libFuzzer lead; the inputs that are kept in `corpus` are replayed as a test.

mod call;
pub mod corpus;
mod targets;
mod vectors;

pub use call::Call;

/// A target.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What is done with an input.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "scheme", run: targets::scheme::run, seeds: targets::scheme::seeds },
    Target { name: "own", run: targets::own::run, seeds: targets::own::seeds },
    Target { name: "handshake", run: targets::handshake::run, seeds: targets::handshake::seeds },
    Target { name: "keys", run: targets::keys::run, seeds: targets::keys::seeds },
    Target { name: "explain", run: targets::explain::run, seeds: targets::explain::seeds },
    Target { name: "source", run: targets::source::run, seeds: targets::source::seeds },
    Target { name: "text", run: targets::text::run, seeds: targets::text::seeds },
];

/// One by its name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
