// The two Workers of the comparison: how each is started, and what it needs before the first event.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
export const KEY = "local-operator-key";
const EVENT_HEADERS = { "content-type": "application/json" };

export const bare = {
  name: "bare",
  async worker(receiver) {
    return {
      modules: [{ name: "bare.js", file: path.join(import.meta.dirname, "bare.js") }],
      compatibilityDate: "2026-11-01",
      objects: [{ binding: "DESTINATIONS", className: "Destination" }],
      variables: { RECEIVER: receiver },
    };
  },
  async prepare(url) {
    return { url: `${url}/`, headers: EVENT_HEADERS };
  },
};

export const signet = {
  name: "Signet",
  /** Read from wrangler.toml, so that what runs here is what `wrangler deploy` would bind. */
  async worker() {
    const { unstable_readConfig: readConfig } = await import("wrangler");
    const config = readConfig({ config: path.join(root, "wrangler.toml") });
    const main = config.main;
    if (!existsSync(main))
      throw new Error(`${path.relative(root, main)} is missing: build Signet first with \`npm run build\``);
    const folder = path.dirname(main);
    const entry = path.basename(main);
    const others = readdirSync(folder, { recursive: true }).filter(
      (name) => name !== entry && /\.(js|wasm)$/.test(name),
    );
    return {
      modules: [entry, ...others].map((name) => ({ name, file: path.join(folder, name) })), // the first is the entry
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      objects: config.durable_objects.bindings.map(({ name, class_name }) => ({
        binding: name,
        className: class_name,
      })),
      kvNamespaces: config.kv_namespaces.map(({ binding }) => binding),
      variables: { ...config.vars, OPERATOR_KEY: KEY, ALLOW_PRIVATE_DESTINATIONS: "true" },
    };
  },
  async prepare(url, receiver) {
    const headers = { ...EVENT_HEADERS, authorization: `Bearer ${KEY}` };
    const { shards } = this;
    const answer = await fetch(`${url}/v1/subscriptions`, {
      method: "POST",
      headers,
      body: JSON.stringify({ url: receiver, shards }),
    });
    if (answer.status !== 201)
      throw new Error(`POST /v1/subscriptions answered ${answer.status}: ${await answer.text()}`);
    await answer.body?.cancel();
    return { url: `${url}/v1/events`, headers };
  },
};

/** Signet with so many objects to share the deliveries. */
export const sharded = (shards) => ({ ...signet, name: `${shards} shard${shards > 1 ? "s" : ""}`, shards });

/** Signet with a log and without, for what the log costs. */
export const [talking, silent] = ["all", "none"].map((level) => ({
  ...signet,
  name: `LOG=${level}`,
  async worker() {
    const worker = await signet.worker();
    return { ...worker, variables: { ...worker.variables, LOG: level } };
  },
}));
