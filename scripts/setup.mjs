// Installs what is missing, and nothing else: npm's packages, the wasm target, cargo's tools, Python's packages.
// Runs before any of them is there, so on the machine's own node and node's own modules alone.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setupChromium } from "./chromium.mjs";
import { withLock } from "./lock.mjs";
import { ask, at, bin, cargoTools, isMain, main, run, step, Trouble, toolEnv } from "./project.mjs";
import { ensureWasmTarget } from "./wasm-target.mjs";

const OLDEST_RUST = 91;

/** npm's packages as package-lock.json names them, with a node new enough for wrangler among them. */
export function setupNode() {
  if (npmMatches()) return;
  return withLock(async () => {
    if (npmMatches()) return;
    // npm must not run on the node that it is about to replace. And not `npm ci`: that insists on an entry for every
    // other system's optional packages, which a registry that lacks some of them cannot give.
    const env = { ...process.env, PATH: withoutOurs(process.env.PATH) };
    const args = ["install", "--no-save", "--include=dev", "--include=optional", "--loglevel=error"];
    await step("installing npm packages (under a minute)", () => run("npm", args, { env }));
    if (!ask(bin("node"), ["--version"])) {
      throw new Trouble(
        `no node of ours runs on ${process.platform}-${process.arch}: see package.json's optionalDependencies`,
      );
    }
  });
}

/** Rust's wasm target, wasm-bindgen and worker-build. */
export function setupRust() {
  return withLock(async () => {
    const rustc = ask("rustc", ["--version"]);
    if (!rustc || !ask("cargo", ["--version"])) {
      throw new Trouble("Rust is missing: install it from https://rustup.rs, open a new shell and try again");
    }
    if (Number(/1\.(\d+)/.exec(rustc)?.[1]) < OLDEST_RUST) {
      throw new Trouble(`Rust 1.${OLDEST_RUST} or later is needed, this is ${rustc}: run \`rustup update stable\``);
    }
    await ensureWasmTarget();
    const missing = cargoTools.filter((tool) => !installed(tool));
    for (const tool of missing) {
      const what = `${tool.crate}@${tool.version}`;
      // A debug build: half the time to install, and both tools are fast enough so.
      const args = ["install", "--quiet", "--debug", what, "--bin", tool.bin, "--force"];
      const env = toolEnv({ CARGO_PROFILE_DEV_DEBUG: "0" });
      await step(`installing ${what} into .tools (${tool.minutes} minutes, once)`, () =>
        run("cargo", [...args, "--root", at(".tools"), "--target-dir", at(".tools/build")], { env }),
      );
    }
    rmSync(at(".tools/build"), { recursive: true, force: true });
  });
}

/** What the tests alone need: the Python packages of tests/requirements.txt in ./.venv, npm's of two folders, a browser. */
export async function setupTests() {
  await setupVenv();
  await setupFolder("tests/sdks", "installing providers' SDKs for the tests (40 MB, under a minute)");
  await setupFolder("tests/client", "installing what makes a typed client for the tests (45 MB, under a minute)");
  await withLock(setupChromium);
}

function setupVenv() {
  const wanted = createHash("sha256")
    .update(readFileSync(at("tests/requirements.txt")))
    .digest("hex");
  const stamp = at(".venv/.signet");
  const matches = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (matches()) return;
  return withLock(async () => {
    if (matches()) return;
    const python = ask(
      "python3",
      ["-c", "import ensurepip, sys, venv; assert sys.version_info >= (3, 11)"],
      process.env,
    );
    if (python === null) {
      throw new Trouble(
        "the tests need python3 3.11 or later with venv (on Debian or Ubuntu: apt-get install python3-venv)",
      );
    }
    await step("installing Python packages for the tests (140 MB, under a minute)", async () => {
      await run("python3", ["-m", "venv", "--clear", at(".venv")]);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"];
      await run(at(".venv/bin/python"), [...pip, "-r", at("tests/requirements.txt")]);
    });
    writeFileSync(stamp, wanted);
  });
}

function setupFolder(name, what) {
  const folder = at(name);
  if (npmMatches(folder)) return;
  return withLock(async () => {
    if (npmMatches(folder)) return;
    const args = ["install", "--no-save", "--loglevel=error"];
    await step(what, () => run("npm", args, { cwd: folder }));
  });
}

/** Compares the lock with the copy that npm leaves at the end of an install; other systems' packages may lack. */
function npmMatches(folder = at()) {
  try {
    const wanted = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8")).packages;
    const found = JSON.parse(readFileSync(path.join(folder, "node_modules/.package-lock.json"), "utf8")).packages;
    return Object.entries(wanted).every(
      ([name, entry]) => name === "" || (found[name] ? found[name].version === entry.version : !neededHere(entry)),
    );
  } catch {
    return false;
  }
}

function neededHere({ optional, os = [], cpu = [], libc = [] }) {
  return !optional || (os.includes(process.platform) && cpu.includes(process.arch) && !libc.includes("musl"));
}

function installed({ crate, version, bin }) {
  const record = at(".tools/.crates.toml");
  return (
    existsSync(at(".tools/bin", bin)) &&
    existsSync(record) &&
    readFileSync(record, "utf8").includes(`"${crate} ${version} (`)
  );
}

function withoutOurs(search) {
  return search
    .split(path.delimiter)
    .filter((folder) => !folder.endsWith(path.join("node_modules", ".bin")))
    .join(path.delimiter);
}

if (isMain(import.meta.url)) {
  main(async () => {
    await setupNode();
    await setupRust();
  });
}
