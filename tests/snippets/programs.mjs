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
  java: () => command("java", ["-XX:TieredStopAtLevel=1", "--add-modules", "jdk.httpserver,jdk.compiler", "-version"]),
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
export async function start({ id, file }, text, { isPublic, env }) {
  serial += 1;
  const place = path.join(folder, String(serial));
  mkdirSync(place);
  writeFileSync(path.join(place, file), text);
  const port = await freePort();
  const [program, args] = await startable({ id, file }, { place, port, isPublic });
  const child = spawn(program, args, { cwd: place, env: { ...process.env, ...env, PORT: String(port) } });
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

async function startable({ id, file }, { place, port, isPublic }) {
  if (id === "php") return [tool(id, isPublic), ["-S", `127.0.0.1:${port}`, file]];
  if (id !== "go") return [tool(id, isPublic), [file]];
  // `go run` would leave its child behind when it is ended.
  await run(tool("go"), ["build", "-o", "receiver", file], { cwd: place });
  return [path.join(place, "receiver"), []];
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
