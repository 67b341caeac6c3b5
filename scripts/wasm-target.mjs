// Rust's standard library for wasm32-unknown-unknown: from rustup or, where that cannot, by Debian's packages.
import { existsSync, readdirSync } from "node:fs";
import { ask, at, exec, step, Trouble } from "./project.mjs";

const TARGET = "wasm32-unknown-unknown";

export async function ensureWasmTarget() {
  if (hasTarget()) return;
  await step(`adding Rust's ${TARGET} target (under a minute)`, async () => {
    if (ask("rustup", ["--version"])) await exec("rustup", ["target", "add", TARGET]);
  });
  if (hasTarget()) return;
  if (existsSync("/usr/bin/apt-get") && process.getuid() === 0) {
    await step("rustup could not: building the target with Debian's Rust (1 to 3 minutes, once)", () =>
      exec("sh", [at("scripts/debian-wasm.sh")]),
    );
  }
  if (hasTarget()) return;
  throw new Trouble(
    `Rust has no ${TARGET} target: run \`rustup target add ${TARGET}\` (or on Debian \`sudo sh scripts/debian-wasm.sh\`)`,
  );
}

function hasTarget() {
  const folder = ask("rustc", ["--print", "target-libdir", "--target", TARGET]);
  return Boolean(folder && existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("libstd-")));
}
