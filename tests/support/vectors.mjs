// Genuine requests of every provider, as tests/vectors keeps them, and what may become of them on a bad way.
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./signet.mjs";

const FOLDER = path.join(ROOT, "tests/vectors");
const read = (...parts) => JSON.parse(readFileSync(path.join(ROOT, ...parts), "utf8"));

/** The providers, as Signet's own table has them. */
export const providers = read("src/provider/table.json");
const limits = read("tests/support/limits.json");

/** Where the signature of a way that no scheme can say stands; the others have it in their bodies. */
const OWN_HEADERS = {
  twilio: ["x-twilio-signature"],
  mandrill: ["x-mandrill-signature"],
  plivo: ["x-plivo-signature-v3", "x-plivo-signature-ma-v3", "x-plivo-signature-v2", "x-plivo-signature-ma-v2"],
  contentful: ["x-contentful-signature"],
  messagebird: ["messagebird-signature-jwt"],
  netlify: ["x-webhook-signature"],
  livekit: ["authorization"],
  monday: ["authorization"],
  vonage: ["authorization"],
  fusionauth: ["x-fusionauth-signature-jwt"],
  "azure-eventgrid": ["x-hook-key"],
  ebay: ["x-ebay-signature"],
};

/**
 * Every vector: what stands in its file, and
 * - `provider`, `title`: the provider's name, and one that no other vector has
 * - `bytes`: the body
 * - `query`: with its question mark, or nothing
 * - `signed`: the names of the headers with its signature, as the vector writes them
 * - `open`: what of the body may be changed: nothing, `partly`, `open`
 * - `remote`: whether a key has to be fetched from the provider
 */
export const vectors = readdirSync(FOLDER)
  .sort()
  .flatMap((file) => {
    const provider = path.basename(file, ".json");
    const entry = providers.find((one) => one.name === provider);
    if (!entry) throw new Error(`${file} is of no provider`);
    return read("tests/vectors", file).map((vector, index) => completed(entry, vector, index));
  });

function completed(entry, vector, index) {
  const names = new Map(Object.keys(vector.headers).map((name) => [name.toLowerCase(), name]));
  const present = (list) => list.filter((name) => names.has(name));
  const carriers = (way) =>
    way.own
      ? (OWN_HEADERS[way.own] ?? [])
      : (vector.options.header ? [vector.options.header] : [way.header, ...(way.moreHeaders ?? [])]).map((name) =>
          name.toLowerCase(),
        );
  const way =
    entry.signatures.find((one) => present(carriers(one)).length > 0) ?? entry.signatures.find((one) => one.own);
  const limit = limits.find((one) => (one.own ?? one.algorithm) === (way.own ?? way.algorithm));
  return {
    ...vector,
    provider: entry.name,
    title: `${entry.name} ${index + 1}`,
    way,
    bytes: Buffer.from(vector.bodyBase64 ?? vector.body, vector.bodyBase64 ? "base64" : "utf8"),
    query: vector.path.includes("?") ? vector.path.slice(vector.path.indexOf("?")) : "",
    signed: present(carriers(way)).map((name) => names.get(name)),
    open: limit?.body ?? "nothing",
    remote: Boolean(vector.certificateUrl ?? vector.keyUrl),
  };
}

/**
 * Changed ones: `{what, method, query, headers, bytes, reasons}`; `reasons` are those that the log may name.
 * A header's value may be a list: it is sent as often.
 */
export function tampered(vector) {
  const { method, query, headers, bytes, way } = vector;
  const all = [];
  const any = ["signature_malformed", "signature_mismatch"];
  const add = (what, change, reasons = any) => all.push({ what, method, query, headers, bytes, reasons, ...change });
  if (vector.open === "nothing") {
    const reasons =
      way.own || way.timestampField ? [...any, "signature_missing", "timestamp_missing", "timestamp_malformed"] : any;
    for (const at of new Set([0, bytes.length >> 1, bytes.length - 1])) {
      if (bytes.length === 0) continue;
      const other = Buffer.from(bytes);
      other[at] ^= 1;
      add(`a bit of the body's byte ${at}`, { bytes: other }, reasons);
    }
    if (method !== "GET" && method !== "HEAD") {
      add("a line feed more", { bytes: Buffer.concat([bytes, Buffer.from("\n")]) }, reasons);
    }
  }
  if (vector.signed.length === 0) {
    if (vector.open === "open") add("another query", { query: vector.query.replace(/\w+$/, "wrong") });
    else add("another body", { bytes: Buffer.from("{}") }, ["signature_missing", ...any]);
    return all;
  }

  const rewritten = (change) => ({
    headers: { ...headers, ...Object.fromEntries(vector.signed.map((name) => [name, change(headers[name])])) },
  });
  const bare = {
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !vector.signed.includes(name))),
  };
  // A signature is a long run of letters and digits, of which a list may have several.
  const each = (change) => rewritten((value) => (RUN.test(value) ? value.replace(RUNS, change) : change(value)));
  const timed = [...any, "timestamp_missing", "timestamp_malformed"];
  add("no signature", bare, ["signature_missing"]);
  add(
    "an empty header",
    rewritten(() => ""),
    ["signature_missing"],
  );
  add("another character", each(altered));
  add(
    "the last character missing",
    each((text) => text.slice(0, -1)),
  );
  add(
    "half of it",
    each((text) => text.slice(0, text.length >> 1)),
  );
  add(
    "100 bytes more",
    each((text) => text + "A".repeat(100)),
  );
  add(
    "itself again",
    each((text) => text + text),
  );
  add(
    "a letter that is not ASCII",
    each((text) => `${text}é`),
  );
  add(
    "another form",
    rewritten(() => "x=1"),
    [...timed, "signature_missing"],
  );
  if (way.separator === undefined && way.own !== "plivo")
    add(
      "the header twice",
      rewritten((value) => [value, value]),
    );
  return all;
}

const RUN = /[\w+/.-]{20,}={0,2}/;
const RUNS = new RegExp(RUN, "g");

function altered(text) {
  const at = text.length >> 1;
  return text.slice(0, at) + (text[at] === "a" ? "b" : "a") + text.slice(at + 1);
}

/** A header that GitHub would send. */
export function github(secret, body, id) {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return { "X-Hub-Signature-256": `sha256=${signature}`, ...(id ? { "X-GitHub-Delivery": id } : {}) };
}

/** The headers that Standard Webhooks asks for, with a time of one's own choice, in seconds. */
export function standard(secret, body, { id = "msg_1", at = Math.floor(Date.now() / 1000) } = {}) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": `v1,${signature}` };
}
