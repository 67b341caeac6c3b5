// What browsers are told: of answers and pages, and of who may call from elsewhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { OPERATOR_KEY, ROOT, startSignet } from "./support/signet.mjs";
import { stage, uniquePath } from "./support/stage.mjs";

const { signet, target, api, expect, subscribe } = await stage();

const OWN = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

function assertOwn(answer, what) {
  for (const [name, value] of Object.entries(OWN)) assert.equal(answer.headers[name], value, `${what}: ${name}`);
  assert.deepEqual(crossing(answer), {}, what);
}

/** What an answer says to pages of other origins. */
function crossing({ headers }) {
  const said = Object.entries(headers).filter(([name]) => name.startsWith("access-control-") || name === "vary");
  return Object.fromEntries(said);
}

describe("Signet's own answers", () => {
  test("of the API, good and bad", async () => {
    const subscription = await subscribe({ url: target.url("/web") });
    const calls = [
      [200, "GET", "/v1/subscriptions"],
      [200, "GET", `/v1/subscriptions/${subscription.id}/secret`],
      [200, "GET", "/v1/me"],
      [200, "GET", "/v1/providers"],
      [200, "POST", "/v1/profiles/standard/preview", {}],
      [200, "POST", "/receiver", {}],
      [204, "POST", "/receiver?status=204", {}],
      [405, "GET", "/receiver"],
      [202, "POST", "/v1/events", { type: "web.test", data: {} }],
      [204, "DELETE", `/v1/subscriptions/${subscription.id}`],
      [400, "POST", "/v1/events", "{"],
      [404, "GET", "/v1/nothing"],
      [405, "PUT", "/v1/events", "{}"],
      [413, "POST", "/v1/subscriptions", "x".repeat(300_000)],
      [422, "POST", "/v1/events", {}],
      [200, "GET", "/metrics"],
      [200, "GET", "/healthz"],
      [405, "POST", "/healthz"],
      [404, "GET", "/no/such/page"],
      [404, "POST", "/"],
    ];
    for (const [status, method, where, body] of calls) {
      const answer = await api(method, where, body);
      assert.equal(answer.status, status, `${method} ${where}: ${answer.text}`);
      assertOwn(answer, `${method} ${where}`);
    }
    const stranger = await api("GET", "/v1/subscriptions", undefined, { authorization: null });
    assertProblem(stranger, 401);
    assertOwn(stranger, "401");
  });

  test("of a source, but not its origin's", async () => {
    const origin = target.answer(uniquePath(), {
      status: 200,
      headers: { "x-frame-options": "ALLOWALL", "access-control-allow-origin": "*" },
      body: "as it came",
    });
    const made = { provider: "telegram", secrets: ["a_secret"], origin };
    const { url } = await expect(201, "POST", "/v1/sources", made);
    const refused = await request(url, { method: "POST", body: "{}", headers: { origin: "https://a.example" } });
    assertProblem(refused, 401, { code: "not_verified" });
    assertOwn(refused, "not verified");
    assertOwn(await request(`${signet.url}/in/src_none`), "no such source");

    const headers = { "x-telegram-bot-api-secret-token": "a_secret" };
    const passed = await request(url, { method: "POST", body: "{}", headers });
    assert.equal(passed.text, "as it came");
    assert.equal(passed.headers["x-frame-options"], "ALLOWALL");
    assert.equal(passed.headers["access-control-allow-origin"], "*");
    for (const name of Object.keys(OWN)) assert.ok(!(name in passed.headers), `the origin did not say ${name}`);

    const queued = await expect(201, "POST", "/v1/sources", { ...made, mode: "queue" });
    const taken = await request(queued.url, { method: "POST", body: '{"a":1}', headers });
    assert.equal(taken.status, 202, taken.text);
    assertOwn(taken, "taken into the queue");
  });
});

/** What the page loads. */
function parts() {
  const page = readFileSync(path.join(ROOT, "build/www/index.html"), "utf8");
  return [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, where]) => where);
}

describe("pages", () => {
  test("load what lies beside them, and nothing else", async () => {
    for (const where of ["/", ...parts()]) {
      for (const method of ["GET", "HEAD"]) {
        const { status, headers } = await request(signet.url + where, { method });
        assert.equal(status, 200);
        const policy = headers["content-security-policy"].split("; ");
        for (const rule of [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "connect-src 'self'",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
          "trusted-types 'none'",
        ]) {
          assert.ok(policy.includes(rule), `${where}: ${rule}`);
        }
        assert.doesNotMatch(headers["content-security-policy"], /unsafe/);
        assert.equal(headers["x-content-type-options"], "nosniff");
        assert.equal(headers["referrer-policy"], "no-referrer");
        assert.equal(headers["cross-origin-opener-policy"], "same-origin");
        assert.match(headers["permissions-policy"], /\bcamera=\(\).*\bgeolocation=\(\)/);
        assert.ok(!("strict-transport-security" in headers), "not over plain HTTP");
        assert.ok(!("access-control-allow-origin" in headers));
      }
    }
  });

  test("are not sent twice", async () => {
    const { headers } = await request(`${signet.url}/`);
    const again = await request(`${signet.url}/`, { headers: { "if-none-match": headers.etag } });
    assert.equal(again.status, 304);
    assert.ok(again.headers["content-security-policy"]);
  });

  test("are kept as long as they can be", async () => {
    const kept = async (where) => (await request(signet.url + where)).headers["cache-control"];
    assert.ok(parts().length >= 2, "a script and a style");
    for (const where of parts()) assert.equal(await kept(where), "public, max-age=31536000, immutable", where);
    for (const where of ["/", "/openapi.json"]) assert.doesNotMatch((await kept(where)) ?? "", /immutable/, where);
    assert.equal(await kept("/assets/none-00000000.js"), "no-store", "what is not there may come");
  });

  test("hold nothing that their policy forbids", () => {
    const page = readFileSync(path.join(ROOT, "build/www/index.html"), "utf8");
    assert.doesNotMatch(page, /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:/i);
  });

  test("the API's document is for everybody", async () => {
    const answer = await request(`${signet.url}/openapi.json`, { headers: { origin: "https://a.example" } });
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  });
});

const PATHS = [
  ["/v1/subscriptions", "GET, POST"],
  ["/v1/subscriptions/sub_1", "GET, PATCH, DELETE"],
  ["/v1/events", "POST"],
  ["/metrics", "GET"],
];

const ask = (of, where, origin, method = "POST") =>
  request(of.url + where, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": method, "access-control-request-headers": "authorization" },
  });

test("no other page may call unless somebody says so", async () => {
  for (const [where, methods] of PATHS) {
    const answer = await ask(signet, where, "https://app.example.com");
    assert.equal(answer.status, 204, answer.text);
    assert.deepEqual(crossing(answer), { vary: "Origin" });
    assert.equal(answer.headers.allow, methods);
    const call = await api("GET", where, undefined, { origin: "https://app.example.com" });
    assert.deepEqual(crossing(call), {});
  }
});

describe("ALLOWED_ORIGINS", async () => {
  const vars = { OPERATOR_KEY, ALLOW_PRIVATE_DESTINATIONS: "true" };
  const listed = ["https://app.example.com", "http://localhost:5173"];
  const open = await startSignet({ vars: { ...vars, ALLOWED_ORIGINS: listed.join(", ") } });
  after(() => open.stop());

  test("answers those who ask first, without a key", async () => {
    for (const origin of listed) {
      for (const [where, methods] of PATHS) {
        const answer = await ask(open, where, origin);
        assert.equal(answer.status, 204, answer.text);
        assert.equal(answer.text, "");
        assert.deepEqual(crossing(answer), {
          "access-control-allow-origin": origin,
          "access-control-allow-methods": methods,
          "access-control-allow-headers":
            "authorization, content-type, idempotency-key, signet-application, traceparent, tracestate, x-api-key",
          "access-control-max-age": "600",
          vary: "Origin",
        });
      }
      const nowhere = await ask(open, "/v1/nothing", origin);
      assert.equal(nowhere.status, 204);
      assert.equal(nowhere.headers["access-control-allow-origin"], origin);
    }
  });

  test("lets them read what is answered, refusals too", async () => {
    for (const [status, method, where, body, headers] of [
      [200, "GET", "/v1/subscriptions"],
      [202, "POST", "/v1/events", { type: "a", data: 1 }],
      [400, "POST", "/v1/events", "{"],
      [401, "GET", "/v1/subscriptions", undefined, { authorization: null }],
      [404, "GET", "/v1/nothing"],
      [405, "PUT", "/v1/events"],
      [422, "POST", "/v1/events", {}],
      [200, "GET", "/metrics"],
    ]) {
      const answer = await open.api(method, where, body, { origin: listed[0], ...headers });
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(crossing(answer), {
        "access-control-allow-origin": listed[0],
        "access-control-expose-headers": "allow, retry-after",
        vary: "Origin",
      });
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
    }
  });

  test("tells all others nothing", async () => {
    for (const origin of [
      "https://evil.example",
      "https://app.example.com.evil.example",
      "http://app.example.com",
      "null",
    ]) {
      const asked = await ask(open, "/v1/subscriptions", origin);
      assert.equal(asked.status, 204);
      assert.deepEqual(crossing(asked), { vary: "Origin" });
      assert.equal(asked.headers.allow, "GET, POST");
      assert.deepEqual(crossing(await open.api("GET", "/v1/subscriptions", undefined, { origin })), { vary: "Origin" });
    }
  });

  test("is about the API alone", async () => {
    for (const where of ["/", "/healthz", "/in/src_none", "/receiver"]) {
      const answer = await request(open.url + where, { headers: { origin: listed[0] } });
      assert.deepEqual(crossing(answer), {}, where);
      assert.notEqual((await ask(open, where, listed[0])).status, 204, where);
    }
    // A question that is none of a browser's.
    const headers = { origin: listed[0] };
    assertProblem(await open.api("OPTIONS", "/v1/events", undefined, headers), 405);
    assertProblem(await request(`${open.url}/v1/events`, { method: "OPTIONS" }), 401);
  });
});
