// What `wrangler deploy` would upload, by its dry run: everything the worker needs and none of the local secrets.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { unstable_readConfig } from "wrangler";

const root = path.resolve(import.meta.dirname, "..");
const objects = {
  APPLICATION: "Application",
  SUBSCRIPTION: "Subscription",
  DELIVERY: "Delivery",
  LEDGER: "Ledger",
  DIRECTORY: "Directory",
  REGISTRY: "Registry",
  OPERATIONS: "Operations",
};

let folder;
let printed;
let metadata;
let parts;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "signet-deploy-"));
  const upload = path.join(folder, "upload");
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", path.join(folder, "bundle"), "--outfile", upload];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  printed = (await promisify(execFile)(process.execPath, args, { cwd: root, env })).stdout;
  const body = await readFile(upload);
  const boundary = /^--(.*?)\r?\n/.exec(body.toString("latin1"))[1];
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  parts = await new Response(body, { headers }).formData();
  metadata = JSON.parse(parts.get("metadata"));
});

after(() => rm(folder, { recursive: true, force: true }));

function bindings(type) {
  return metadata.bindings.filter((binding) => binding.type === type);
}

test("the upload has the script and a wasm module within a free plan's 3 MB", async () => {
  assert.equal(metadata.main_module, "index.js");
  const wasm = [...parts.values()].find((part) => part.type === "application/wasm");
  const bytes = new Uint8Array(await wasm.arrayBuffer());
  assert.ok(WebAssembly.validate(bytes));
  assert.ok(bytes.length < 3 * 1024 * 1024, `${bytes.length} bytes`);
});

test("every kind of object is bound, exported by the script and made by a migration", async () => {
  const bound = bindings("durable_object_namespace").map(({ name, class_name }) => [name, class_name]);
  assert.deepEqual(Object.fromEntries(bound), objects);

  const script = await parts.get("index.js").text();
  const exported = /export\s*\{([^}]*)\}/
    .exec(script)[1]
    .split(",")
    .map((item) => item.trim().split(/\s+/).at(-1));
  const config = unstable_readConfig({ config: path.join(root, "wrangler.toml") });
  const migrated = config.migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes ?? []);
  for (const name of Object.values(objects)) {
    assert.ok(exported.includes(name), `${name} is not among the exports ${exported}`);
    assert.ok(migrated.includes(name), `${name} is in no migration`);
  }
  assert.ok(exported.includes("default"));
});

test("the KV namespace and the pages are in the upload", async () => {
  assert.ok(metadata.bindings.some(({ name }) => name === "SUBSCRIPTIONS"));
  assert.match(printed, /env\.SUBSCRIPTIONS\s+KV Namespace/);
  assert.deepEqual(bindings("assets"), [{ name: "ASSETS", type: "assets" }]);
  // wrangler counts folders as well.
  const entries = await readdir(path.join(root, "build/www"), { recursive: true });
  const [, read] = /Read (\d+) files? from the assets directory/.exec(printed);
  assert.equal(Number(read), entries.length);
});

test("fetches that reach private networks stay forbidden", () => {
  assert.ok(metadata.compatibility_flags.includes("global_fetch_strictly_public"));
});

test("nothing from .dev.vars goes up", async () => {
  const lines = (await readFile(path.join(root, ".dev.vars"), "utf8")).split("\n");
  const local = lines.map((line) => /^(\w+)=(.*)$/.exec(line)).filter(Boolean);
  assert.ok(local.length > 0);
  const text = printed + JSON.stringify(metadata) + (await parts.get("index.js").text());
  for (const [, name, value] of local) {
    assert.ok(!metadata.bindings.some((binding) => binding.name === name), `${name} is bound`);
    const secret = value.trim().replace(/^(["'])(.*)\1$/, "$2");
    // A value like `true` is in any script.
    if (secret.length > 8) assert.ok(!text.includes(secret), `the value of ${name} is in the upload`);
  }
});
