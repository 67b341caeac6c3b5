// Rust's standard library for wasm32-unknown-unknown.
import { existsSync, readdirSync } from "node:fs";
import { ask, exec, step, Trouble } from "./project.mjs";

const TARGET = "wasm32-unknown-unknown";

export async function ensureWasmTarget() {
  if (hasTarget()) return;
  await step(`adding Rust's ${TARGET} target (under a minute)`, async () => {
    if (ask("rustup", ["--version"])) await exec("rustup", ["target", "add", TARGET]);
  });
  if (!hasTarget()) throw new Trouble(`Rust has no ${TARGET} target: run \`rustup target add ${TARGET}\``);
}

function hasTarget() {
  const folder = ask("rustc", ["--print", "target-libdir", "--target", TARGET]);
  return Boolean(folder && existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("libstd-")));
}
