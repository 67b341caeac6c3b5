// The built worker on workerd alone, without the workers that wrangler dev puts in front of it and behind it.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** What stands in for KV, as a namespace's binding asks it: it forgets everything at its end. */
const KV = `
const kept = new Map();
export default {
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname);
    if (request.method === "PUT") kept.set(key, await request.text());
    if (request.method === "DELETE") kept.delete(key);
    const value = request.method === "GET" ? kept.get(key) : "";
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  },
};`;
/** There are no pages. */
const PAGES = `export default { fetch: () => new Response(null, { status: 404 }) };`;

/**
 * Writes down in the folder `disk` how the worker is to run, and answers the command and its arguments.
 *
 * @param {{root: string, disk: string, port: number, vars: Record<string, string>, reach?: string[]}} how
 * @returns {[string, string[]]}
 */
export function workerdCommand({ root, disk, port, vars, reach = ["public", "private"] }) {
  const config = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  const date = /^compatibility_date = (".*")/m.exec(config)[1];
  const flags = /^compatibility_flags = (\[.*\])/m.exec(config)[1];
  const objects = [...config.matchAll(/\{ name = "(\w+)", class_name = "(\w+)" \}/g)];
  for (const file of ["index.js", "index_bg.wasm"]) copyFileSync(path.join(root, "build", file), path.join(disk, file));
  writeFileSync(path.join(disk, "kv.mjs"), KV);
  writeFileSync(path.join(disk, "pages.mjs"), PAGES);
  mkdirSync(path.join(disk, "objects"), { recursive: true });
  const text = JSON.stringify;
  const small = (name) =>
    `(name = "${name}", worker = (modules = [(name = "${name}.mjs", esModule = embed "${name}.mjs")], compatibilityDate = ${date}))`;
  const namespaces = objects.map(([, , type]) => `(className = "${type}", uniqueKey = "${type}", enableSql = true)`);
  const bindings = [
    ...objects.map(([, name, type]) => `(name = "${name}", durableObjectNamespace = "${type}")`),
    `(name = "SUBSCRIPTIONS", kvNamespace = "kv")`,
    `(name = "ASSETS", service = "pages")`,
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
  ];
  const file = path.join(disk, "config.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "signet", worker = .signet), ${small("kv")}, ${small("pages")},
    (name = "internet", network = (allow = ${text(reach)})),
    (name = "disk", disk = (path = ${text(path.join(disk, "objects"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "signet")],
);
const signet :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js"), (name = "index_bg.wasm", wasm = embed "index_bg.wasm")],
  compatibilityDate = ${date}, compatibilityFlags = ${flags},
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bindings.join(", ")}],
);
`,
  );
  // The one that wrangler runs.
  const require = createRequire(path.join(root, "node_modules/wrangler/package.json"));
  return [require("workerd").default, ["serve", "--experimental", file]];
}
