// The built worker on workerd alone, without the workers that wrangler dev puts in front of it and behind it.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** What stands in for KV, as a namespace's binding asks it, kept in an object on the gateway's disk. */
const KV = `
import { DurableObject } from "cloudflare:workers";
export class Kept extends DurableObject {
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname);
    const { storage } = this.ctx;
    if (request.method === "PUT") await storage.put(key, await request.text());
    if (request.method === "DELETE") await storage.delete(key);
    const value = request.method === "GET" ? await storage.get(key) : "";
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  }
}
export default { fetch: (request, env) => env.KEPT.getByName("all").fetch(request) };`;
/**
 * The same KV as another place sees it: each key as it was read there first, for a minute, what was not there too. A POST
 * ends a key's minute.
 */
const STALE = `
const FOR = 60_000;
const seen = new Map();
export default {
  async fetch(request, env) {
    const key = decodeURIComponent(new URL(request.url).pathname);
    if (request.method === "POST") seen.delete(key);
    if (request.method !== "GET") return env.KV.fetch(request);
    if (!(seen.get(key)?.until > Date.now())) {
      const answer = await env.KV.fetch(request);
      seen.set(key, { status: answer.status, text: await answer.text(), until: Date.now() + FOR });
    }
    const { status, text } = seen.get(key);
    return new Response(status === 200 ? text : null, { status });
  },
};`;
/** There are no pages. */
const PAGES = `export default { fetch: () => new Response(null, { status: 404 }) };`;

/**
 * Writes down in the folder `disk` how the worker is to run, and answers the command and its arguments.
 *
 * @param {{root: string, disk: string, vars: Record<string, string>, ports: object, reach?: string[], unbound?: string[],
 *   watched?: boolean}} how `ports` by what listens there:
 *   `signet`; `kv`, where KV can be asked; `elsewhere`, where the same worker runs once more, in an instance of its own whose objects are
 *   the first one's and whose KV is stale; `stale`, where that one can be asked. `watched`: `/@statements` tells
 *   what the objects asked of SQLite
 * @returns {[string, string[]]}
 */
export function workerdCommand({ root, disk, vars, ports, reach = ["public", "private"], unbound = [], watched }) {
  const config = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  const date = /^compatibility_date = (".*")/m.exec(config)[1];
  const flags = /^compatibility_flags = (\[.*\])/m.exec(config)[1];
  const objects = [...config.matchAll(/\{ name = "(\w+)", class_name = "(\w+)" \}/g)];
  for (const file of ["index.js", "index_bg.wasm"]) copyFileSync(path.join(root, "build", file), path.join(disk, file));
  const classes = objects.map(([, , type]) => `export const ${type} = watching("${type}", worker.${type});\n`);
  if (watched) {
    copyFileSync(path.join(import.meta.dirname, "statements.js"), path.join(disk, "statements.js"));
    const heads = [`import * as worker from "./index.js";`, `import { telling, watching } from "./statements.js";`];
    const text = `${heads.join("\n")}\n${classes.join("")}export default telling(worker.default);\n`;
    writeFileSync(path.join(disk, "watched.js"), text);
  }
  writeFileSync(path.join(disk, "kv.mjs"), KV);
  writeFileSync(path.join(disk, "stale.mjs"), STALE);
  writeFileSync(path.join(disk, "pages.mjs"), PAGES);
  mkdirSync(path.join(disk, "objects"), { recursive: true });
  const text = JSON.stringify;
  const small = (name, more = "") =>
    `(name = "${name}", worker = (modules = [(name = "${name}.mjs", esModule = embed "${name}.mjs")], compatibilityDate = ${date}${more}))`;
  const lasting = `, durableObjectNamespaces = [(className = "Kept", uniqueKey = "Kept", enableSql = true)],
    durableObjectStorage = (localDisk = "disk"), bindings = [(name = "KEPT", durableObjectNamespace = "Kept")]`;
  const late = `, bindings = [(name = "KV", service = "kv")]`;
  const namespaces = objects.map(([, , type]) => `(className = "${type}", uniqueKey = "${type}", enableSql = true)`);
  const bindings = (kv, inService) =>
    [
      ...objects.map(
        ([, name, type]) => `(name = "${name}", durableObjectNamespace = (className = "${type}"${inService}))`,
      ),
      `(name = "SUBSCRIPTIONS", kvNamespace = "${kv}")`,
      `(name = "ASSETS", service = "pages")`,
      ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ].filter((binding) => !unbound.some((name) => binding.includes(`name = "${name}"`)));
  const scripts = [...(watched ? ["watched.js", "statements.js"] : []), "index.js"];
  const modules = scripts.map((name) => `(name = "${name}", esModule = embed "${name}")`);
  const worker = `
  modules = [${modules.join(", ")}, (name = "index_bg.wasm", wasm = embed "index_bg.wasm")],
  compatibilityDate = ${date}, compatibilityFlags = ${flags},`;
  const sockets = Object.entries(ports)
    .filter(([, port]) => port)
    .map(([name, port]) => `(name = "${name}", address = "127.0.0.1:${port}", http = (), service = "${name}")`);
  const file = path.join(disk, "config.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "signet", worker = .signet), ${ports.elsewhere ? `(name = "elsewhere", worker = .elsewhere),` : ""}
    ${small("kv", lasting)}, ${small("stale", late)}, ${small("pages")},
    (name = "internet", network = (allow = ${text(reach)})),
    (name = "disk", disk = (path = ${text(path.join(disk, "objects"))}, writable = true)),
  ],
  sockets = [${sockets.join(", ")}],
);
const signet :Workerd.Worker = (${worker}
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bindings("kv", "").join(", ")}],
);
const elsewhere :Workerd.Worker = (${worker}
  bindings = [${bindings("stale", `, serviceName = "signet"`).join(", ")}],
);
`,
  );
  // The one that wrangler runs.
  const require = createRequire(path.join(root, "node_modules/wrangler/package.json"));
  return [require("workerd").default, ["serve", "--experimental", file]];
}
