// What the bodies of the API's calls hold, and what is never right in one.

const TYPED = { type: "string" };
const ROTATED = { overlapSeconds: "number", secret: "string", secretType: "string" };
const SUBSCRIPTION = {
  url: "string",
  name: "string",
  events: "array",
  event: "string",
  filter: "object",
  metadata: "object",
  profile: "string",
  headers: "object",
  rateLimit: "object",
  concurrency: "number",
  ordered: "boolean",
  shards: "number",
};
const SOURCE = {
  name: "string",
  provider: "string object",
  secrets: "array",
  origin: "string",
  mode: "string",
  enforce: "boolean",
  resign: "boolean",
  toleranceSeconds: "number",
  timeoutSeconds: "number",
  deduplicate: "boolean",
  publicUrl: "string",
  options: "object",
  route: "object",
};
const SINCE = "2026-05-18T12:00:00.000Z";
const WINDOW = { since: "string", until: "string" };
const CHOSEN = {
  ...WINDOW,
  ...TYPED,
  status: "string",
  subscription: "string",
  source: "string",
  event: "string",
};
const APPLICATION = { name: "string", profile: "string" };

/**
 * What each call that reads a body needs in it, and the JSON types that each field takes. `null` stands for left out
 * everywhere. With `any`, what it needs is any of its fields. A call that is not named here reads none.
 */
export const bodies = {
  "POST /v1/events": {
    needs: { type: "bad.input", data: {} },
    fields: {
      ...TYPED,
      data: "any",
      id: "string",
      occurredAt: "string",
      attributes: "object",
      webhookUrl: "string",
      deliverAt: "string",
    },
  },
  "POST /v1/subscriptions/{id}/recover": { needs: { since: SINCE }, fields: { ...WINDOW, status: "string" } },
  "POST /v1/subscriptions/{id}/replay": {
    needs: { since: SINCE },
    fields: { ...WINDOW, types: "array", from: "string" },
  },
  "POST /v1/deliveries/retry": { needs: { type: "nothing.comes" }, fields: CHOSEN, any: true },
  "POST /v1/deliveries/cancel": { needs: { type: "nothing.comes" }, fields: CHOSEN, any: true },
  "POST /v1/subscriptions": {
    needs: { url: "https://example.com/hook", events: ["nothing.comes"] },
    fields: { ...SUBSCRIPTION, secret: "string", secretType: "string" },
  },
  "PATCH /v1/subscriptions/{id}": { needs: {}, fields: SUBSCRIPTION },
  "POST /v1/subscriptions/{id}/rotate-secret": { needs: {}, fields: ROTATED, optional: true },
  "POST /v1/subscriptions/{id}/test": { needs: {}, fields: { ...TYPED, data: "any" }, optional: true },
  "PUT /v1/profiles/{name}": {
    needs: {},
    fields: {
      name: "string",
      signature: "object",
      headers: "object",
      body: "any",
      retry: "object",
      timeoutSeconds: "number",
      secretFormat: "string",
    },
  },
  "POST /v1/profiles/{name}/preview": {
    needs: {},
    fields: {
      ...TYPED,
      data: "any",
      url: "string",
      headers: "object",
      secret: "string",
      secretType: "string",
      metadata: "object",
    },
    optional: true,
  },
  "POST /v1/sources": {
    needs: { provider: "github", secrets: ["a secret"], origin: "https://example.com/hook" },
    fields: SOURCE,
  },
  "PATCH /v1/sources/{id}": { needs: {}, fields: SOURCE },
  "POST /v1/sources/{id}/explain": {
    needs: { headers: {}, body: "" },
    fields: {
      method: "string",
      url: "string",
      headers: "object array",
      body: "string",
      bodyBase64: "string",
      at: "string",
    },
  },
  "POST /v1/applications": { needs: { name: "Acme" }, fields: APPLICATION },
  "PATCH /v1/applications/{id}": { needs: {}, fields: APPLICATION },
  "POST /v1/applications/{id}/rotate-secret": { needs: {}, fields: ROTATED, optional: true },
  "POST /v1/api-keys": {
    needs: { label: "x" },
    fields: { label: "string", scopes: "array", webhookUrl: "string", events: "array", profile: "string" },
  },
  "POST /v1/portal-links": { needs: {}, fields: { expiresIn: "number", scopes: "array" }, optional: true },
};

/** Calls whose bodies are lists: each has a test file of its own for what may be wrong in them. */
export const lists = ["POST /v1/events/batch"];

/** Calls whose bodies nobody reads. */
export const bodiless = [
  "POST /v1/events/{id}/cancel",
  "POST /v1/deliveries/{id}/retry",
  "POST /v1/deliveries/{id}/cancel",
  "POST /v1/operations/{id}/stop",
  "POST /v1/subscriptions/{id}/pause",
  "POST /v1/subscriptions/{id}/resume",
  "POST /v1/reseal",
];

/** Queries that lists take besides `limit` and `cursor`. */
export const queries = {
  "/v1/deliveries": ["status", "subscription", "source", "event", "type", "since", "until", "scheduled", "retrying"],
};

/** JSON as text, under the name of its type: JSON.stringify could not write some of it. */
export const junk = [
  ["boolean", "true"],
  ["boolean", "false"],
  ["number", "0"],
  ["number", "-0"],
  ["number", "-1"],
  ["number", "1.5"],
  ["number", "1e400"],
  ["number", "-1e400"],
  ["number", "1e-400"],
  ["number", "18446744073709551616"],
  ["number", "9".repeat(400)],
  ["string", '""'],
  ["string", '"NaN"'],
  ["string", '" "'],
  ["string", '"\\u0000"'],
  ["string", '"a\\u0000b"'],
  ["string", '"\\ud800"'],
  ["string", '"\\udc00\\ud800"'],
  ["string", '"\\r\\nX: y"'],
  ["string", '"\u202e\u{1f980}"'],
  ["string", JSON.stringify("x".repeat(20_000))],
  ["string", `"'; DROP TABLE subscriptions; --"`],
  ["string", '"__proto__"'],
  ["array", "[]"],
  ["array", "[null]"],
  ["array", "[[]]"],
  ["array", "[1e400]"],
  ["array", '["\\ud800"]'],
  ["array", `[${Array(2_000).fill('"a"').join()}]`],
  ["array", `${"[".repeat(120)}${"]".repeat(120)}`],
  ["object", "{}"],
  ["object", '{"a":null}'],
  ["object", '{"a":1e400}'],
  ["object", '{"\\ud800":"x"}'],
  ["object", '{"":""}'],
  ["object", '{"a":"x","a":"y"}'],
  ["object", '{"__proto__":{"a":"b"},"constructor":"x"}'],
  ["object", `${'{"a":'.repeat(120)}0${"}".repeat(120)}`],
];
