// Formatting and lints, of Rust for both targets and of JavaScript; with --write, formats instead.
import { bin, debianRust, exec, main, toolEnv } from "./project.mjs";
import { setupNode, setupRust } from "./setup.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
const FUZZ = ["--manifest-path", "tests/fuzz/Cargo.toml"];
const TESTS_MAY = ["-A", "clippy::arithmetic_side_effects"];

main(async () => {
  await setupNode();
  await setupRust();
  // rustfmt and clippy come with rustup's compiler, whichever compiles for wasm.
  const rust = toolEnv({ PATH: process.env.PATH });
  const docs = toolEnv({ RUSTDOCFLAGS: "-D warnings" });
  const checks = [
    ["cargo", ["fmt", "--check"], rust],
    ["cargo", ["fmt", "--check", ...FUZZ], rust],
    // Tests too, which may overflow and stop there: clippy.toml has no word for that. The next one checks what ships.
    ["cargo", ["clippy", "--locked", "--quiet", "--all-targets", "--", "-D", "warnings", ...TESTS_MAY], rust],
    ["cargo", ["clippy", "--locked", "--quiet", ...FUZZ, "--target-dir", "target/fuzz", "--", "-D", "warnings"], rust],
    ...(debianRust() ? [] : [["cargo", ["clippy", "--locked", "--quiet", ...WASM, "--", "-D", "warnings"], rust]]),
    ["cargo", ["doc", "--locked", "--quiet", "--no-deps", "--document-private-items", ...WASM], docs],
    [bin("biome"), ["check", "--error-on-warnings"]],
    [bin("node"), ["scripts/providers.mjs", "--check"]],
    [bin("node"), ["scripts/openapi.mjs", "--check"]],
  ];
  const fixes = [
    ["cargo", ["fmt"], rust],
    ["cargo", ["fmt", ...FUZZ], rust],
    [bin("biome"), ["check", "--write"]],
    [bin("node"), ["scripts/providers.mjs"]],
    [bin("node"), ["scripts/openapi.mjs"]],
  ];
  const failed = [];
  for (const [command, args, env = toolEnv()] of process.argv.includes("--write") ? fixes : checks) {
    const shown = `${command.split("/").at(-1)} ${args.join(" ")}`;
    console.log(`signet: ${shown}`);
    if ((await exec(command, args, { env })).code !== 0) failed.push(shown);
  }
  for (const command of failed) console.error(`signet: failed: ${command}`);
  if (failed.length > 0) process.exitCode = 1;
});
