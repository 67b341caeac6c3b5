// All tests, or only the files named: `npm test -- smoke.test.mjs`. Arguments with a dash go to node's test runner.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "./build.mjs";
import { buildPages } from "./pages.mjs";
import { at, bin, exec, main, Trouble, toolEnv } from "./project.mjs";
import { setupNode, setupRust, setupTests } from "./setup.mjs";

main(async () => {
  const given = process.argv.slice(2);
  const options = given.filter((arg) => arg.startsWith("-"));
  const named = given.filter((arg) => !arg.startsWith("-")).map(find);
  const counts = [];
  try {
    await setupNode();
    await setupRust();
    await setupTests();
    await build();
    await buildPages();
    if (named.length === 0) {
      console.log("signet: compiling and running the Rust tests (1 to 2 minutes the first time) …");
      counts.push(await cargoTests());
      // What fuzzing has found so far, again.
      counts.push(await cargoTests("--manifest-path", at("tests/fuzz/Cargo.toml"), "--target-dir", at("target/fuzz")));
    }
    counts.push(await nodeTests(options, named.length > 0 ? named : testFiles()));
  } catch (error) {
    // Whatever keeps the tests from running is a failure to count.
    console.error(error instanceof Trouble ? `signet: ${error.message}` : error);
    counts.push({ passed: 0, failed: 1, skipped: 0 });
  }
  const [passed, failed, skipped] = ["passed", "failed", "skipped"].map((key) =>
    counts.reduce((sum, count) => sum + count[key], 0),
  );
  if (passed === 0 || failed > 0) process.exitCode = 1;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
});

function testFiles() {
  return readdirSync(at("tests"))
    .filter((name) => name.endsWith(".test.mjs"))
    .sort()
    .map((name) => at("tests", name));
}

function find(name) {
  // The file before a folder of the same name.
  const file = [at("tests", `${name}.test.mjs`), at("tests", name), path.resolve(name)].find(existsSync);
  if (!file) throw new Trouble(`no such test file: ${name}`);
  return file;
}

async function cargoTests(...args) {
  const { code, output } = await exec("cargo", ["test", "--quiet", "--no-fail-fast", ...args], { tee: true });
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  // It may fail with no test failing: by not compiling.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

async function nodeTests(options, files) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "signet-test-"));
  const summary = path.join(folder, "counts.json");
  // One file at a time: each starts a worker of its own, and on two cores two of them would make each other late.
  const args = ["--test", "--test-concurrency=1", "--test-reporter=spec", "--test-reporter-destination=stdout"];
  args.push(`--test-reporter=${at("scripts/count.mjs")}`, `--test-reporter-destination=${summary}`);
  const search = [at(".venv/bin"), toolEnv().PATH].join(path.delimiter);
  try {
    const { code } = await exec(bin("node"), [...args, ...options, ...files], { env: toolEnv({ PATH: search }) });
    const counts = JSON.parse(readFileSync(summary, "utf8"));
    const failed = counts.failed + counts.cancelled;
    return {
      passed: counts.passed,
      failed: code !== 0 && failed === 0 ? 1 : failed,
      skipped: counts.skipped + counts.todo,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
