// Runs one Worker on workerd itself, with a fresh disk and a free port.
//
// Not through `wrangler dev`: its proxy in front and its interceptor behind every fetch would be paid by both
// sides of a comparison, and make two different Workers look alike.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import workerd from "workerd";

const quote = JSON.stringify; // Cap'n Proto writes text as JSON does
const list = (entries) => `[${entries.join(", ")}]`;

function moduleEntry(name) {
  return `(name = ${quote(name)}, ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed ${quote(name)})`;
}

function configText(
  { modules, compatibilityDate, compatibilityFlags = [], objects, variables = {}, kvNamespaces = [] },
  disk,
) {
  const bindings = [
    ...objects.map(
      ({ binding, className }) => `(name = ${quote(binding)}, durableObjectNamespace = ${quote(className)})`,
    ),
    ...kvNamespaces.map((name) => `(name = ${quote(name)}, kvNamespace = ${quote(`kv-${name}`)})`),
    ...Object.entries(variables).map(([name, value]) => `(name = ${quote(name)}, text = ${quote(String(value))})`),
  ];
  const namespaces = objects.map(
    ({ className }) => `(className = ${quote(className)}, uniqueKey = ${quote(className)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = ${quote(disk)}, writable = true)),
${kvNamespaces.map((name) => `    (name = ${quote(`kv-${name}`)}, worker = .kv),\n`).join("")}  ],
);

const worker :Workerd.Worker = (
  compatibilityDate = ${quote(compatibilityDate)},
  compatibilityFlags = ${list(compatibilityFlags.map(quote))},
  modules = ${list(modules.map(({ name }) => moduleEntry(name)))},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "disk"),
  bindings = ${list(bindings)},
);

const kv :Workerd.Worker = (
  compatibilityDate = ${quote(compatibilityDate)},
  modules = ${list([moduleEntry("kv.js")])},
);
`;
}

/** CPU time a process has used, in ms; NaN where the system has no /proc to tell. */
function cpuTime(pid) {
  if (os.platform() !== "linux") return NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime, in ticks of 1/100 s
}

/**
 * Starts the Worker with its database in a new folder under `under`; answers `{ url, inspector, cpu, stop }` once
 * it listens. `inspector` is the debugger's port, if asked for; `cpu()` the CPU time used so far in ms; `stop`
 * ends the process and removes the folder.
 */
export async function serve(worker, { under = os.tmpdir(), inspect = false } = {}) {
  const folder = await mkdtemp(path.join(under, "signet-bench-"));
  const disk = path.join(folder, "disk");
  const config = path.join(folder, "config.capnp");
  await mkdir(disk);
  const files = [...worker.modules, { name: "kv.js", file: path.join(import.meta.dirname, "kv.js") }];
  for (const { name, file } of files) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await copyFile(file, path.join(folder, name));
  }
  await writeFile(config, configText(worker, disk));

  const child = spawn(
    workerd.default ?? workerd,
    ["serve", "--control-fd=3", ...(inspect ? ["--inspector-addr=127.0.0.1:0"] : []), config],
    {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      cwd: folder,
    },
  );
  const said = []; // its last lines, to show if it dies
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => said.push(line) > 40 && said.shift());
  }
  const gone = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  const abandon = () => {
    child.kill("SIGKILL"); // SIGTERM would wait for keep-alive connections
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", abandon); // Ctrl-C leaves nothing behind either
  const stop = async () => {
    process.off("exit", abandon);
    child.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true, force: true });
  };

  const ports = {};
  const listening = new Promise((resolve) => {
    createInterface({ input: child.stdio[3] }).on("line", (line) => {
      const { event, port } = JSON.parse(line);
      ports[event] = port;
      if (ports.listen && (ports["listen-inspector"] || !inspect)) resolve(true);
    });
  });
  if (!(await Promise.race([listening, gone.then(() => false)]))) {
    await stop();
    throw new Error(`workerd did not start:\n${said.join("\n")}`);
  }
  return {
    url: `http://127.0.0.1:${ports.listen}`,
    inspector: ports["listen-inspector"],
    cpu: () => cpuTime(child.pid),
    stop,
  };
}
