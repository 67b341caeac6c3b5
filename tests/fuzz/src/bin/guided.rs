//! The target that `SIGNET_FUZZ` names, led by libFuzzer.

#![no_main]

use std::sync::OnceLock;

use signet_fuzz::Target;

static TARGET: OnceLock<&Target> = OnceLock::new();

fn target() -> &'static Target {
    let name = std::env::var("SIGNET_FUZZ").unwrap_or_default();
    signet_fuzz::find(&name).unwrap_or_else(|| panic!("SIGNET_FUZZ names no target: {name:?}"))
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| (TARGET.get_or_init(target).run)(input));
