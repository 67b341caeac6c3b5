// npm run sign: signs a message as a provider would, with the worker's own code (sign.rs), compiled for this machine.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ask, at, main, SIGNALS, Trouble, toolEnv } from "./project.mjs";

const PATIENCE_MS = 1500;
// Names in the arguments are the caller's: npm starts scripts in the project's own folder.
const folder = process.env.INIT_CWD ?? process.cwd();

main(async () => {
  const given = process.argv.slice(2);
  if (given.length === 0 || given.includes("--help") || given.includes("-h")) {
    const help = readFileSync(at("scripts/sign/help.txt"), "utf8");
    if (given.length > 0) return void process.stdout.write(help);
    process.stderr.write(help);
    process.exitCode = 1;
    return;
  }
  const env = toolEnv({ PATH: process.env.PATH });
  if (!ask("cargo", ["--version"], env)) {
    throw new Trouble("Rust is missing: install it from https://rustup.rs, open a new shell and try again");
  }
  const what = ["--quiet", "--example", "sign", "--manifest-path", at("Cargo.toml")];
  await compile(["build", ...what], env);
  process.exitCode = await status("cargo", ["run", ...what, "--", ...given], env);
});

/** Compiles what is not compiled yet, and says so where that is not done at once. */
async function compile(args, env) {
  const say = () => console.error("signet: compiling (about a minute the first time) …");
  const target = path.resolve(at(process.env.CARGO_TARGET_DIR ?? "target"));
  const isBuilt = ["sign", "sign.exe"].some((name) => existsSync(path.join(target, "debug/examples", name)));
  const timer = setTimeout(say, isBuilt ? PATIENCE_MS : 0);
  const code = await status("cargo", args, env);
  clearTimeout(timer);
  if (code !== 0) throw new Trouble("what signs could not be compiled");
}

/** Runs a command with this process's own input and output. */
function status(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, env, stdio: "inherit" });
    const pass = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, pass);
    child.on("error", reject);
    child.on("close", (code) => {
      for (const signal of SIGNALS) process.off(signal, pass);
      resolve(code ?? 1);
    });
  });
}
