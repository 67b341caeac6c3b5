// Starts programs as their readers would, each on a port of its own.
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { request } from "../support/http.mjs";
import { freePort } from "../support/ports.mjs";
import { ROOT } from "../support/signet.mjs";
import { until } from "../support/wait.mjs";

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), "signet-snippets-"));
symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
const running = new Set();
let serial = 0;

/** The first of all commands of that name on PATH that answers `args` with success. */
function command(name, args) {
  const found = process.env.PATH.split(path.delimiter).map((place) => path.join(place, name));
  return found.find((one) => spawnSync(one, args, { stdio: "ignore" }).status === 0);
}

/** Python, with a package where the program wants one. */
const pythonWith = (module) => command("python3", ["-c", `import ${module}`]);

const tools = {
  node: () => process.execPath,
  python: (isPublic) => pythonWith(isPublic ? "cryptography" : "hmac"),
  go: () => command("go", ["version"]),
  ruby: () => command("ruby", ["-e", "exit RUBY_VERSION >= '2.7'"]),
  php: (isPublic) =>
    command("php", ["-r", `exit(function_exists('${isPublic ? "sodium_pad" : "hash_hmac"}') ? 0 : 1);`]),
  java: () => command("java", ["--add-modules", "jdk.httpserver,jdk.compiler", "-version"]),
  "node-library": () => process.execPath,
  "python-library": () => pythonWith("standardwebhooks"),
};
const known = new Map();

/** What runs a language's programs; undefined where it is not installed. */
export function tool(language, isPublic = false) {
  const key = `${language} ${isPublic}`;
  if (!known.has(key)) known.set(key, tools[language](isPublic));
  return known.get(key);
}

/** Starts a program and resolves to its URL once it refuses what is not signed. */
export async function start(language, text, { isPublic, env }) {
  const { id, file } = language;
  serial += 1;
  const place = path.join(folder, String(serial));
  mkdirSync(place);
  writeFileSync(path.join(place, file), text);
  const port = await freePort();
  const found = tool(id, isPublic);
  const shell = await shown(language, { place, found });
  const PATH = [path.dirname(found), process.env.PATH].join(path.delimiter);
  // The shell becomes the program, which then ends by the child's id.
  const child = spawn("sh", ["-c", `exec ${shell}`], { cwd: place, env: { ...process.env, ...env, PATH, PORT: port } });
  running.add(child);
  let said = "";
  const hear = (chunk) => {
    said = (said + chunk).slice(-3_000);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const url = `http://127.0.0.1:${port}/`;
  await until(
    async () => {
      assert.equal(child.exitCode, null, `it ended:\n${said}`);
      return (await request(url, { method: "POST", body: "{}" })).status === 401;
    },
    { timeout: 60_000, every: 100, what: () => `${id} to listen; it said ${said}\n${text}` },
  );
  return {
    url,
    stop: () => {
      running.delete(child);
      child.kill("SIGKILL");
    },
  };
}

/** The command that a reader is told; but `go run` would leave its child behind when it is ended. */
async function shown({ id, file, run: told }, { place, found }) {
  if (id !== "go") return told;
  await run(found, ["build", "-o", "receiver", file], { cwd: place });
  return "./receiver";
}

/** Ends all that still run. */
export function stopAll() {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** What gofmt would have otherwise: nothing, or the difference. */
export async function gofmt(text) {
  const file = path.join(folder, "format.go");
  writeFileSync(file, text);
  return (await run(path.join(path.dirname(tool("go")), "gofmt"), ["-d", file])).stdout;
}
