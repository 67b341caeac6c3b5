// Lets libFuzzer lead what strangers send: `npm run fuzz -- [TARGET…] [--seconds N] [--keep]`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { ask, at, exec, main, run, step, Trouble, toolEnv } from "./project.mjs";
import { setupRust } from "./setup.mjs";

const HELP = `npm run fuzz -- [TARGET…] [--seconds N] [--keep]

  TARGET     which to run, one after another; all of them if left out
  --seconds  for how long, each (60)
  --keep     merges what was found into tests/fuzz/corpus, which \`npm test\` replays

What is found stays in target/fuzz/TARGET; a later run goes on from there. It needs a C++ compiler, for libFuzzer.`;

const FOLDER = at("target/fuzz");
const CRATE = ["--manifest-path", at("tests/fuzz/Cargo.toml"), "--target-dir", FOLDER, "--locked", "--quiet"];
/** What makes rustc count edges and comparisons as libFuzzer reads them: LLVM's own pass, which the stable compiler has. */
const COVERAGE = [
  "-Cpasses=sancov-module",
  ...[
    "-sanitizer-coverage-level=4",
    "-sanitizer-coverage-inline-8bit-counters",
    "-sanitizer-coverage-pc-table",
    "-sanitizer-coverage-trace-compares",
    "-simplifycfg-branch-fold-threshold=0",
  ].map((option) => `-Cllvm-args=${option}`),
].join(" ");
/** Faults besides a panic: five seconds for an input, on a busy machine, and four times the memory that a Worker has. */
const LIMITS = ["-timeout=5", "-rss_limit_mb=512", "-max_len=8192"];

main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" }, keep: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) return console.log(HELP);
  const seconds = Number(values.seconds);
  if (!(Number.isInteger(seconds) && seconds > 0)) throw new Trouble("--seconds must be a whole number above 0");
  await setupRust();
  if (!ask("c++", ["--version"])) throw new Trouble("libFuzzer needs a C++ compiler (on Debian or Ubuntu: g++)");
  const known = await setupTools();
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown) throw new Trouble(`no such target: ${unknown}; there are ${known.join(", ")}`);
  const targets = positionals.length > 0 ? positionals : known;
  console.log(`signet: ${targets.length} × ${seconds} s …`);
  const failed = [];
  for (const target of targets) {
    if (!(await fuzz(target, seconds))) failed.push(target);
    else if (values.keep) await keep(target);
  }
  if (failed.length > 0) throw new Trouble(`${failed.join(", ")}: see target/fuzz/TARGET/found`);
});

const tool = (...args) => ask(path.join(FOLDER, "debug/corpus"), args);
const host = () => /^host: (.*)$/m.exec(ask("rustc", ["-vV"]))[1];
const guided = () => path.join(FOLDER, host(), "release/guided");

/** Builds what packs the inputs and what runs them; answers the names of the targets. */
async function setupTools() {
  await step("building the fuzz targets (2 to 4 minutes the first time)", async () => {
    await run("cargo", ["build", ...CRATE, "--bin", "corpus"]);
    const env = toolEnv({ RUSTFLAGS: COVERAGE });
    await run(
      "cargo",
      ["build", ...CRATE, "--bin", "guided", "--features", "guided", "--release", "--target", host()],
      {
        env,
      },
    );
  });
  return tool("list").split("\n");
}

/** The folders of a target, the one with inputs filled. */
function folders(target) {
  const [inputs, found, merged] = ["in", "found", "merged"].map((name) => path.join(FOLDER, target, name));
  rmSync(merged, { recursive: true, force: true });
  for (const folder of [inputs, found, merged]) mkdirSync(folder, { recursive: true });
  tool("unpack", target, inputs);
  return { inputs, found, merged };
}

const withTarget = (target) => ({ env: toolEnv({ SIGNET_FUZZ: target }) });

/** Runs a target; whether it found nothing. */
async function fuzz(target, seconds) {
  const { inputs, found } = folders(target);
  const log = path.join(FOLDER, target, "log");
  const before = readdirSync(found).length;
  const args = [inputs, ...LIMITS, `-max_total_time=${seconds}`, "-print_final_stats=1", `-artifact_prefix=${found}/`];
  const script = 'exec "$0" "$@" > "$LOG" 2>&1';
  const env = toolEnv({ SIGNET_FUZZ: target, LOG: log });
  const { code } = await exec("sh", ["-c", script, guided(), ...args], { env });
  const said = readFileSync(log, "utf8");
  const covered = [...said.matchAll(/ cov: (\d+)/g)].map(([, edges]) => Number(edges));
  const executed = /number_of_executed_units: (\d+)/.exec(said)?.[1] ?? "0";
  const more = (covered.at(-1) ?? 0) - (Number(/INITED cov: (\d+)/.exec(said)?.[1]) || 0);
  console.log(`signet: ${target}: ${executed} executions, ${covered.at(-1) ?? 0} edges, ${more} of them new`);
  const passed = code === 0 && readdirSync(found).length === before;
  if (!passed) console.error(said.split("\n").slice(-40).join("\n"));
  return passed;
}

/** Keeps few inputs that reach as much as all, besides those that a target begins with. */
async function keep(target) {
  const { inputs, merged } = folders(target);
  tool("unpack", target, merged);
  const args = ["-merge=1", "-use_counters=0", "-max_len=1024", "-verbosity=0", merged, inputs];
  await run(guided(), args, withTarget(target));
  if (tool("pack", target, merged) === null || !existsSync(at("tests/fuzz/corpus", `${target}.txt`))) {
    throw new Trouble(`what ${target} found could not be kept`);
  }
}
