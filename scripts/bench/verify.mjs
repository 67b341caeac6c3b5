// npm run bench -- --verify: how long a MAC over a body takes in wasm, as the proxy computes it, and when WebCrypto is
// asked; on workerd, with the crate compiled as the Worker is.
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { at, run, toolEnv } from "../project.mjs";
import { median } from "./figures.mjs";
import { serve } from "./workerd.mjs";

const SIZES = [200, 1_000, 10_000, 30_000, 100_000, 1_000_000];
const WAYS = [
  ["wasm", "in wasm, copied there"],
  ["asked", "WebCrypto, asked by wasm"],
  ["imported", "WebCrypto, key imported"],
  ["kept", "WebCrypto, key kept"],
];
const ROUND_MS = 300; // of each way and size
const FOLDER = at("target/bench-verify");

/** Compiles verify/ with the Worker's own profile, optimised as the Worker is. */
async function compiled() {
  const target = path.join(process.env.CARGO_TARGET_DIR ?? at("target"), "wasm32-unknown-unknown/release");
  const wasm = path.join(FOLDER, "verify_wasm_bg.wasm");
  const env = toolEnv();
  await rm(FOLDER, { recursive: true, force: true });
  await run("cargo", ["build", "--release", "--target", "wasm32-unknown-unknown", "--package", "bench-verify"], {
    env,
  });
  const bindgen = ["--target", "web", "--no-typescript", "--out-dir", FOLDER, "--out-name", "verify_wasm"];
  await run(at(".tools/bin/wasm-bindgen"), [...bindgen, path.join(target, "bench_verify.wasm")], { env });
  const features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types"];
  const enable = [...features, "sign-ext", "exception-handling"].map((feature) => `--enable-${feature}`);
  await run(at("node_modules/.bin/wasm-opt"), ["-Oz", ...enable, wasm, "-o", wasm], { env });
  const names = readdirSync(FOLDER, { recursive: true }).filter((name) => /\.(js|wasm)$/.test(name));
  const entry = { name: "worker.js", file: path.join(import.meta.dirname, "verify/worker.js") };
  return [entry, ...names.map((name) => ({ name, file: path.join(FOLDER, name) }))];
}

export async function benchVerify(rounds) {
  const served = await serve({ modules: await compiled(), compatibilityDate: "2026-11-01", objects: [] });
  /** Microseconds of processor time (of the clock, where the system does not tell) for one verification. */
  const measure = async (how, bytes, times) => {
    const before = served.cpu();
    const answer = await fetch(`${served.url}/?how=${how}&bytes=${bytes}&times=${times}`);
    if (!answer.ok) throw new Error(await answer.text());
    const { elapsed } = await answer.json();
    return { elapsed, each: ((Number.isNaN(before) ? elapsed : served.cpu() - before) / times) * 1000 };
  };
  try {
    const cases = [];
    for (const bytes of SIZES) {
      for (const [how] of WAYS) {
        let times = 10;
        // Until V8 has optimised it, and a round is long enough.
        for (let elapsed = 0; elapsed < ROUND_MS; ) {
          elapsed = (await measure(how, bytes, times)).elapsed;
          if (elapsed < ROUND_MS) times = Math.ceil(times * Math.min(10, (1.2 * ROUND_MS) / Math.max(elapsed, 1)));
        }
        cases.push({ bytes, how, times, figures: [] });
      }
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const entry of cases) entry.figures.push((await measure(entry.how, entry.bytes, entry.times)).each);
    }
    console.log(`${"body".padEnd(12)}${WAYS.map(([, title]) => title.padStart(26)).join("")}`);
    for (const bytes of SIZES) {
      const cells = WAYS.map(([how]) => {
        const each = median(cases.find((entry) => entry.bytes === bytes && entry.how === how).figures);
        return `${each.toFixed(1)} µs ${(1e6 / each).toFixed(0).padStart(8)}/s`.padStart(26);
      });
      console.log(`${`${bytes} B`.padEnd(12)}${cells.join("")}`);
    }
    console.log(`\nMedians of ${rounds} rounds, processor time. Again: npm run bench -- --verify --rounds ${rounds}`);
  } finally {
    await served.stop();
  }
}
