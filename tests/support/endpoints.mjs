// Every endpoint of the API as its own table has it, each with a call that is valid.
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./signet.mjs";

const LINE = /^ {4}([A-Z]+) "([^"]+)", (AnyKey|Operator|Has\((\w+)\))(?:, up to \w+)? => [\w:]+;$/;

/**
 * The table of `src/api/table.rs`.
 *
 * @returns {{name: string, method: string, path: string, needs: "key" | "operator" | string}[]} `needs` is a scope, where
 *   it is not any key or the operator's
 */
export function endpoints() {
  const source = readFileSync(path.join(ROOT, "src/api/table.rs"), "utf8");
  const [, table] = /^endpoints! \{\n(.*?)^\}/ms.exec(source);
  return table
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, method, path, needs, scope] = LINE.exec(line) ?? [];
      if (!method) throw new Error(`not an endpoint: ${line}`);
      const named = { AnyKey: "key", Operator: "operator" }[needs] ?? scopeName(scope);
      return { name: `${method} ${path}`, method, path, needs: named };
    });
}

/** `EventsWrite` is `events:write`. */
const scopeName = (variant) => variant.replace(/(?!^)([A-Z])/, ":$1").toLowerCase();

const SINCE = "2026-05-18T12:00:00.000Z";

/**
 * What a valid call of each endpoint is: its status, its body, and the kind of thing that its path names, which is the
 * application's own, the operator's or everybody's. `elsewhere` is the status in an application that has no such thing,
 * where that is not 404. `links`: whether links may, too, which they may if nothing is said.
 */
export const VALID = {
  "GET /v1/me": { status: 200 },
  "POST /v1/events": { status: 202, body: { type: "matrix", data: 1 } },
  "POST /v1/events/batch": { status: 202, body: [{ type: "matrix", data: 1 }] },
  "GET /v1/events/{id}": { status: 200, thing: "event" },
  "POST /v1/events/{id}/cancel": { status: 200, thing: "event" },
  "GET /v1/deliveries": { status: 200 },
  "GET /v1/deliveries/{id}": { status: 200, thing: "delivery" },
  "GET /v1/deliveries/{id}/request": { status: 200, thing: "delivery" },
  "POST /v1/deliveries/{id}/retry": { status: 202, thing: "delivery" },
  "POST /v1/deliveries/{id}/cancel": { status: 200, thing: "delivery" },
  "POST /v1/deliveries/retry": { status: 202, body: { type: "matrix.none" } },
  "POST /v1/deliveries/cancel": { status: 202, body: { type: "matrix.none" } },
  "GET /v1/stats": { status: 200 },
  "GET /v1/operations": { status: 200 },
  "GET /v1/operations/{id}": { status: 200, thing: "operation" },
  // One that found nothing has ended by itself.
  "POST /v1/operations/{id}/stop": { status: 409, thing: "operation" },
  "GET /v1/subscriptions": { status: 200 },
  "POST /v1/subscriptions": { status: 201, body: { url: "https://a.example/", events: ["none"] } },
  "GET /v1/subscriptions/{id}": { status: 200, thing: "subscription" },
  "PATCH /v1/subscriptions/{id}": { status: 200, thing: "subscription", body: { name: "changed" } },
  "DELETE /v1/subscriptions/{id}": { status: 204, thing: "subscription" },
  "POST /v1/subscriptions/{id}/pause": { status: 200, thing: "subscription" },
  "POST /v1/subscriptions/{id}/resume": { status: 200, thing: "subscription" },
  "POST /v1/subscriptions/{id}/rotate-secret": { status: 200, thing: "subscription" },
  "GET /v1/subscriptions/{id}/health": { status: 200, thing: "subscription" },
  "GET /v1/subscriptions/{id}/stats": { status: 200, thing: "subscription" },
  "GET /v1/subscriptions/{id}/secret": { status: 200, thing: "subscription" },
  "POST /v1/subscriptions/{id}/test": { status: 200, thing: "subscription" },
  "POST /v1/subscriptions/{id}/recover": { status: 202, thing: "subscription", body: { since: SINCE } },
  "POST /v1/subscriptions/{id}/replay": { status: 202, thing: "subscription", body: { since: SINCE } },
  "GET /v1/profiles": { status: 200 },
  "GET /v1/profiles/{name}": { status: 200, thing: "profile" },
  "PUT /v1/profiles/{name}": { status: 200, thing: "profile", body: {}, elsewhere: 201 },
  "DELETE /v1/profiles/{name}": { status: 204, thing: "profile" },
  "POST /v1/profiles/{name}/preview": { status: 200, thing: "profile" },
  "GET /v1/providers": { status: 200 },
  "GET /v1/providers/{name}": { status: 200, thing: "provider" },
  "GET /v1/sources": { status: 200 },
  "POST /v1/sources": { status: 201, body: { provider: "github", secrets: ["s"], origin: "https://a.example/" } },
  "GET /v1/sources/{id}": { status: 200, thing: "source" },
  "PATCH /v1/sources/{id}": { status: 200, thing: "source", body: { name: "changed" } },
  "DELETE /v1/sources/{id}": { status: 204, thing: "source" },
  "GET /v1/sources/{id}/learned-secret": { status: 200, thing: "learner" },
  "GET /v1/sources/{id}/requests": { status: 200, thing: "source" },
  "POST /v1/sources/{id}/explain": { status: 200, thing: "source", body: { headers: {}, body: "" } },
  "GET /v1/applications": { status: 200 },
  "POST /v1/applications": { status: 201, body: { name: "made" } },
  "GET /v1/applications/{id}": { status: 200, thing: "application" },
  "PATCH /v1/applications/{id}": { status: 200, thing: "application", body: { name: "changed" } },
  "DELETE /v1/applications/{id}": { status: 204, thing: "application" },
  "POST /v1/applications/{id}/rotate-secret": { status: 200, thing: "application" },
  "GET /v1/api-keys": { status: 200 },
  "POST /v1/api-keys": { status: 201, body: { label: "made" }, links: false },
  "GET /v1/api-keys/{id}": { status: 200, thing: "key" },
  "DELETE /v1/api-keys/{id}": { status: 204, thing: "key" },
  "POST /v1/api-keys/{id}/webhook/test": { status: 200, thing: "hooked" },
  "POST /v1/portal-links": { status: 201 },
  "POST /v1/reseal": { status: 200 },
  "GET /metrics": { status: 200 },
};

/** Things that are not one application's. */
export const SHARED = new Set(["provider", "application"]);

/** What makes one of each kind, for an application, and answers its name. */
export function makers(signet, target) {
  let serial = 0;
  const next = (prefix) => `${prefix}-${++serial}`;
  const made = (kind, body) => async (own) => (await own.expect(201, "POST", `/v1/${kind}`, body)).id;
  const url = target.url("/matrix");
  return {
    event: async (own) => (await own.send({ type: "nobody", data: 1, id: next("event") })).id,
    // Held, so that it can be cancelled as well as tried again.
    delivery: async (own) => {
      const { deliveries } = await own.send({ type: "matrix.held", data: 1, webhookUrl: url, deliverAt: tomorrow() });
      return deliveries[0].id;
    },
    operation: async (own) => {
      const { operation } = await own.expect(202, "POST", "/v1/deliveries/cancel", { type: "matrix.none" });
      return operation;
    },
    subscription: made("subscriptions", { url, events: ["none"] }),
    profile: async (own) => (await own.expect(201, "PUT", `/v1/profiles/${next("profile")}`, {})).name,
    provider: async () => "github",
    source: made("sources", { provider: "github", secrets: ["s"], origin: url }),
    learner: async (own) => {
      const id = await made("sources", { provider: "asana", secrets: [], origin: url })(own);
      const answer = await signet.api("POST", `/in/${id}`, "{}", {
        authorization: null,
        "x-hook-secret": "a".repeat(64),
      });
      if (answer.status !== 200) throw new Error(`nothing was learned: ${answer.text}`);
      return id;
    },
    application: async () => (await signet.api("POST", "/v1/applications", { name: next("made") })).json.id,
    key: made("api-keys", { label: "made" }),
    hooked: made("api-keys", { label: "made", webhookUrl: url, events: ["none"] }),
  };
}

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

/** The name of something of the same kind that never was. An id keeps its place, where something of that kind is. */
export function neverWas(name) {
  return /^[a-z]{3}_/.test(name) ? name.replace(/^([a-z]{3}_).{4}/, "$10000") : "never-was";
}
