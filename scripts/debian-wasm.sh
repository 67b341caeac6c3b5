#!/bin/sh
# Where rustup cannot add the wasm target: the same from Debian's packages. Needs root, once (1 to 3 minutes).
# Debian has a recent compiler with the standard library's sources, but not that library for wasm32-unknown-unknown:
# it is built here and put where the compiler looks for it. scripts/project.mjs then prefers this compiler.
set -eu
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown

apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y rustc-web cargo-web rust-web-src lld-19 >/dev/null

empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
mkdir "$empty/src"
: >"$empty/src/lib.rs"
printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$empty/Cargo.toml"
# build-std is not stable yet; -Cembed-bitcode keeps link-time optimisation possible.
(cd "$empty" && env PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$empty/target" \
  /usr/bin/cargo build --quiet --release --target $target -Zbuild-std=std,panic_abort)

libdir=$(/usr/bin/rustc --print target-libdir --target $target)
mkdir -p "$libdir"
for lib in "$empty/target/$target/release/deps"/*.rlib; do
  case $lib in */libempty-*) ;; *) cp "$lib" "$libdir/" ;; esac
done
mkdir -p .tools
date >.tools/debian-rust
