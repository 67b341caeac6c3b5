// Compiles src/ to ./build (index.js and index_bg.wasm), unless ./build is of these very sources already; by itself, the
// dashboard too.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { withLock } from "./lock.mjs";
import { buildPages } from "./pages.mjs";
import { at, cargoTools, isMain, main, root, run, step, toolEnv } from "./project.mjs";
import { setupNode, setupRust } from "./setup.mjs";

const STAMP = at("build/.stamp");
const SCRIPT = at("build/index.js");
const WASM = at("build/index_bg.wasm");
// A tenth above what the worker has: a dependency or a generic that doubles is seen, a provider more is not. Every start
// loads it; Cloudflare takes 3 MiB on its free plan.
const GZIP_LIMIT = 850 * 1024;

export async function build() {
  if (fresh()) return;
  await setupNode();
  await withLock(async () => {
    if (fresh()) return;
    await setupRust();
    rmSync(STAMP, { force: true });
    // Read before the compiler reads them: a file saved meanwhile leads to another build, not to a wrong stamp.
    const sources = digest(inputs());
    await step("building the worker (1 to 3 minutes)", () =>
      run(at(".tools/bin/worker-build"), ["--release"], { env: toolEnv() }),
    );
    await strip();
    dropRepeats();
    const others = included();
    writeFileSync(STAMP, JSON.stringify({ sources, others, hash: digest(others) }));
    report();
  });
}

/** worker-build keeps the names of all functions, a sixth of what a start has to load. */
async function strip() {
  const features = ["bulk-memory", "exception-handling", "multivalue", "mutable-globals", "nontrapping-float-to-int"];
  const enable = [...features, "reference-types", "sign-ext"].map((feature) => `--enable-${feature}`);
  await run(at("node_modules/.bin/wasm-opt"), ["--strip-debug", ...enable, WASM, "-o", WASM], { env: toolEnv() });
}

function fresh() {
  if (!existsSync(STAMP) || !existsSync(WASM)) return false;
  const stamp = JSON.parse(readFileSync(STAMP, "utf8"));
  return stamp.sources === digest(inputs()) && stamp.hash === digest(stamp.others);
}

function inputs() {
  const files = readdirSync(at("src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)));
  return [...files, "Cargo.toml", "Cargo.lock"].sort();
}

/** Files outside src/ that the sources take in with include_str! and the like, as the compiler noted them. */
function included() {
  const note = path.join(process.env.CARGO_TARGET_DIR ?? at("target"), "wasm32-unknown-unknown/release/signet.d");
  if (!existsSync(note)) return [];
  const files = readFileSync(note, "utf8")
    .replace(/^[^:]*:/, "")
    .split(/(?<!\\)\s+/)
    .filter(Boolean);
  return files
    .map((file) => path.relative(root, path.resolve(root, file.replaceAll("\\ ", " "))))
    .filter((file) => !file.startsWith("src/") && !file.startsWith(".."));
}

function digest(files) {
  const { binaryen, esbuild } = JSON.parse(readFileSync(at("package.json"), "utf8")).devDependencies;
  const hash = createHash("sha256").update(JSON.stringify([cargoTools, binaryen, esbuild]));
  for (const file of files) {
    hash.update(`\0${file}\0`).update(existsSync(at(file)) ? readFileSync(at(file)) : "");
  }
  return hash.digest("hex");
}

/** wasm-bindgen names a module once for each function taken from it, and wrangler warns of every repeated key. */
function dropRepeats() {
  const script = readFileSync(SCRIPT, "utf8");
  writeFileSync(SCRIPT, script.replace(/("\.\/snippets\/[^"]+":\s*[\w$]+)(?:,\s*\1)+/g, "$1"));
}

function report() {
  const wasm = readFileSync(WASM);
  const zipped = gzipSync(wasm, { level: 9 }).length;
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(`signet: build/index_bg.wasm is ${kib(wasm.length)}, ${kib(zipped)} gzipped`);
  if (zipped > GZIP_LIMIT) console.log(`signet: warning: that is more than ${kib(GZIP_LIMIT)} gzipped`);
}

if (isMain(import.meta.url)) {
  main(async () => {
    await build();
    await buildPages();
  });
}
