// A Signet of a test's own: the built worker under `wrangler dev`, with real objects, KV and alarms on a real disk.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { judge } from "./contract.mjs";
import { request } from "./http.mjs";
import { Leaks } from "./leaks.mjs";
import { freePort } from "./ports.mjs";
import { until } from "./wait.mjs";
import { workerdCommand } from "./workerd.mjs";

export const ROOT = path.resolve(import.meta.dirname, "../..");
/** The key that `.dev.vars` sets. */
export const OPERATOR_KEY = "local-operator-key";
export const DEV_VARS = { OPERATOR_KEY, ENCRYPTION_KEY: "local-encryption-key", ALLOW_PRIVATE_DESTINATIONS: "true" };

const WRANGLER = path.join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const QUIET = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true", NO_COLOR: "1" };
const START_TIMEOUT = 30_000;

/**
 * Starts a gateway and waits until it answers.
 *
 * @param {{vars?: Record<string, string>, persistTo?: string, port?: number, bare?: boolean, elsewhere?: boolean, reach?: string[],
 *   keep?: number, unbound?: string[], watched?: boolean}} [options]
 *   `vars` take the place of all of `.dev.vars`; left out, `.dev.vars` counts. `bare`: on workerd alone, without
 *   wrangler dev's own part in every request and answer; nobody counts guesses there. `elsewhere`: the same with another
 *   place too, where KV is heard of late. `reach`: the networks that a bare one can connect to, all where none is named.
 *   `keep`: how many characters of what was printed are kept. `unbound`: what a bare one is not bound to.
 *   `watched`: a bare one that tells, by `statements()`, what its objects asked of SQLite.
 */
export async function startSignet({
  vars,
  persistTo,
  port,
  bare = false,
  elsewhere = false,
  reach,
  keep = 20_000,
  unbound,
  watched,
} = {}) {
  for (const file of [path.join(ROOT, "build/index.js"), path.join(ROOT, "build/www"), WRANGLER]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\` first`);
  }
  const isBare = bare || elsewhere;
  const ports = {
    kv: isBare && (await freePort()),
    elsewhere: elsewhere && (await freePort()),
    stale: elsewhere && (await freePort()),
  };
  const how = { vars, persistTo, ports, reach, unbound, watched, keep, bare: isBare, port: port ?? (await freePort()) };
  const signet = new Signet(how);
  await signet.start();
  return signet;
}

class Signet {
  #process;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  #output = "";
  #leaks = new Leaks();
  #ownsDisk;
  #kept;

  constructor({ vars, persistTo, bare, ports, reach, unbound, watched, keep, port }) {
    this.unbound = unbound;
    this.watched = watched;
    this.ports = ports;
    this.#kept = keep;
    this.vars = vars;
    this.bare = bare;
    this.reach = reach;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#ownsDisk = persistTo === undefined;
    this.disk = persistTo ?? mkdtempSync(path.join(tmpdir(), "signet-test-"));
    for (const secret of [OPERATOR_KEY, vars?.OPERATOR_KEY, ...(vars?.ENCRYPTION_KEY ?? "").split(",")]) {
      this.#leaks.add(secret);
    }
  }

  async start() {
    this.#output = "";
    // Detached: wrangler, esbuild and the two workerds become one process group, which one signal ends as a whole.
    const child = spawn(...this.#command(), {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...QUIET },
    });
    this.#process = child;
    running.add(this);
    child.stdout.on("data", (chunk) => this.#keep(chunk));
    child.stderr.on("data", (chunk) => this.#keep(chunk));
    try {
      await until(() => this.#answers(child), { timeout: START_TIMEOUT, every: 50, what: "wrangler dev to answer" });
    } catch (error) {
      await this.stop();
      throw new Error(`wrangler dev did not start; it said:\n${this.#output}`, { cause: error });
    }
    return this;
  }

  #command() {
    const { disk, port, ports, reach, unbound, watched, vars = DEV_VARS } = this;
    return this.bare
      ? workerdCommand({ root: ROOT, disk, vars, ports: { ...ports, signet: port }, reach, unbound, watched })
      : [process.execPath, [WRANGLER, ...this.#arguments()]];
  }

  #arguments() {
    const options = ["dev", "--ip", "127.0.0.1", "--port", `${this.port}`, "--inspector-port", "0"];
    options.push("--persist-to", this.disk, "--log-level", "log", "--show-interactive-dev-session", "false");
    if (this.vars) {
      const file = path.join(this.disk, "vars.env");
      writeFileSync(
        file,
        Object.entries(this.vars)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      );
      options.push("--env-file", file);
    }
    return options;
  }

  #keep(chunk) {
    this.#leaks.printed(chunk);
    this.#output = (this.#output + chunk).slice(-this.#kept);
  }

  async #answers(child) {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    const answer = await request(`${this.url}/healthz`, { timeout: 5_000 });
    // Wrangler's own pages are HTML; whatever JSON says, the worker said it.
    return answer.json !== undefined;
  }

  /** What wrangler and the worker printed so far, or the end of it. */
  get output() {
    return this.#output;
  }

  /** Ends the whole process group at once, as a power cut would. */
  async kill() {
    const child = this.#process;
    running.delete(this);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    endGroup(child.pid);
    await gone;
    this.#agent.destroy();
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    await until(() => portIsClosed(this.url), { what: `port ${this.port} to be closed` });
  }

  /** Kills the gateway if it runs and starts it again on the same disk and port. */
  async restart() {
    await this.kill();
    return this.start();
  }

  /** Ends the gateway and removes its disk, unless the disk was given to it. */
  async stop() {
    await this.kill();
    if (this.#ownsDisk) rmSync(this.disk, { recursive: true, force: true });
    assert.deepEqual(this.#leaks.find(), [], "no line of the log holds a secret");
  }

  /** What must not be in the log. */
  get leaks() {
    return this.#leaks;
  }

  /**
   * Calls the API with the operator key. An object becomes JSON; text and bytes go as they are.
   * A header set to null is not sent: `{authorization: null}` calls without a key. The answer, and what was granted,
   * must be as the API's document has them.
   */
  api(method, where, body, headers) {
    return this.#call(this.url, method, where, body, headers);
  }

  /** The same at the other place. */
  elsewhere(method, where, body, headers) {
    return this.#call(`http://127.0.0.1:${this.ports.elsewhere}`, method, where, body, headers);
  }

  /** The other place's KV hears of what this one's has under a key. */
  hear(key) {
    return request(`http://127.0.0.1:${this.ports.stale}/${encodeURIComponent(key)}`, { method: "POST" });
  }

  /** What KV has under a key, with `bare`; undefined where it has nothing. */
  async kept(key) {
    const { status, text } = await request(`http://127.0.0.1:${this.ports.kv}/${encodeURIComponent(key)}`);
    return status === 200 ? text : undefined;
  }

  /** What the objects asked of SQLite since this was asked last: `{kind, text, runs, read, written}`, of a watched one. */
  async statements() {
    return (await request(`${this.url}/@statements`)).json;
  }

  async #call(origin, method, where, body, headers = {}) {
    const all = { authorization: `Bearer ${OPERATOR_KEY}`, ...lowerCased(headers) };
    for (const [name, value] of Object.entries(all)) if (value === null) delete all[name];
    const raw = body === undefined || typeof body === "string" || Buffer.isBuffer(body);
    const sent = raw ? body : JSON.stringify(body);
    const answer = await request(origin + where, { method, headers: all, body: sent, agent: this.#agent });
    judge({ method, where, body: sent, headers: all }, answer);
    if (!raw) this.#leaks.note(body);
    this.#leaks.note(answer.json);
    assert.equal(this.#leaks.answered(method, where, answer), undefined, `${method} ${where} shows a secret`);
    return answer;
  }
}

const running = new Set();

// A gateway must not outlive its test file, however that ends.
process.on("exit", () => {
  for (const signet of running) signet.kill();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

function endGroup(leader) {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

async function portIsClosed(url) {
  try {
    await request(`${url}/healthz`, { timeout: 1_000 });
    return false;
  } catch (error) {
    return error.code === "ECONNREFUSED";
  }
}

function lowerCased(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
