// What every script here shares: where things are, which versions, and how a command is run.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const at = (...parts) => path.join(root, ...parts);
export const bin = (name) => at("node_modules/.bin", name);

/** Command line tools that cargo installs into ./.tools; wasm-bindgen must be the very version of the crate. */
export const cargoTools = [
  { crate: "wasm-bindgen-cli", version: "0.2.130", bin: "wasm-bindgen", minutes: "1 to 3" },
  { crate: "worker-build", version: "0.8.7", bin: "worker-build", minutes: "1 to 3" },
];

export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Ends the script with one line that says what is wrong and what to do. */
export class Trouble extends Error {}

/** Whether a script was started by itself, not imported by another. */
export const isMain = (url) => Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(url);

export function main(work) {
  work().catch((error) => {
    console.error(error instanceof Trouble ? `signet: ${error.message}` : error);
    process.exitCode = 1;
  });
}

/** Says what a long step does, runs it, and says how long it took. */
export async function step(what, work) {
  const from = Date.now();
  console.log(`signet: ${what} …`);
  const result = await work();
  console.log(`signet: … done in ${((Date.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * The environment of everything that runs after the set-up: our own node, wasm-opt and esbuild before the machine's,
 * and nothing that a local run would send elsewhere.
 */
export function toolEnv(extra = {}) {
  const ours = [at("node_modules/.bin"), at(".tools/bin")];
  return {
    ...process.env,
    ...(debianRust() ? { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: "wasm-ld-19" } : {}),
    PATH: [...ours, ...(debianRust() ? ["/usr/bin"] : []), process.env.PATH].join(path.delimiter),
    // worker-build looks for its helpers here and nowhere on PATH; without them it would download its own.
    WASM_BINDGEN_BIN: at(".tools/bin/wasm-bindgen"),
    WASM_OPT_BIN: bin("wasm-opt"),
    ESBUILD_BIN: bin("esbuild"),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: at(".wrangler/logs"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    ...extra,
  };
}

/** Whether scripts/debian-wasm.sh has stood in for rustup here. */
export const debianRust = () => existsSync(at(".tools/debian-rust"));

/** Runs a command to its end; resolves with its exit code, and with its output too where `tee` is set. */
export function exec(command, args, { env = toolEnv(), cwd = root, tee = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", tee ? "pipe" : "inherit", "inherit"] });
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    // Who stops the script stops what it runs.
    const pass = (signal) => {
      child.kill(signal);
      process.exit(1);
    };
    for (const signal of SIGNALS) process.on(signal, pass);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const name of SIGNALS) process.off(name, pass);
      resolve({ code: signal ? 1 : code, output });
    });
  });
}

/** Runs a command that has to succeed. */
export async function run(command, args, options) {
  const { code } = await exec(command, args, options);
  if (code !== 0) throw new Trouble(`\`${[path.basename(command), ...args].join(" ")}\` failed (exit code ${code})`);
}

/** What a command prints, or null where it is missing or fails. */
export function ask(command, args, env = toolEnv()) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, env, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
