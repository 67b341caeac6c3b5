// Headers that subscribers and profiles add to deliveries: none of them frames, signs or breaks a line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { assertProblem, verifies } from "./support/assertions.mjs";
import { ROOT } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, sendOne, settled, profile } = await stage();

const table = JSON.parse(readFileSync(path.join(ROOT, "tests/support/custom-headers.json"), "utf8"));
const pointerTo = (name) => `/headers/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
const spellings = (name) => new Set([name, name.toLowerCase(), name.replace(/[a-z]/g, (one) => one.toUpperCase())]);

const mine = await subscribe({ url: target.url("/kept"), events: ["none"], headers: { "X-Team": "review" } });

describe("of a subscription", () => {
  const TAKERS = [
    ["POST", "/v1/subscriptions", (headers) => ({ url: target.url("/none"), headers })],
    ["PATCH", `/v1/subscriptions/${mine.id}`, (headers) => ({ headers })],
  ];
  for (const [method, where, body] of TAKERS) {
    test(`${method}: names`, async () => {
      for (const name of table.names.flatMap((name) => [...spellings(name)])) {
        const answer = await api(method, where, body({ [name]: "review" }));
        assert.equal(answer.status, 422, `${JSON.stringify(name)}: ${answer.text}`);
        assertProblem(answer, 422, { pointers: [pointerTo(name)] });
      }
      const twice = body({ "X-Team": "a", "x-team": "b" });
      assertProblem(await api(method, where, twice), 422, { pointers: ["/headers/x-team"] });
    });

    test(`${method}: values`, async () => {
      for (const value of [...table.values, "a".repeat(1_025)]) {
        const answer = await api(method, where, body({ "X-Team": value }));
        assert.equal(answer.status, 422, `${JSON.stringify(value)}: ${answer.text}`);
        assertProblem(answer, 422, { pointers: ["/headers/X-Team"] });
      }
    });
  }

  test("nothing of it was taken", async () => {
    assert.deepEqual((await expect(200, "GET", `/v1/subscriptions/${mine.id}`)).headers, { "X-Team": "review" });
    assert.equal((await expect(200, "GET", "/v1/subscriptions")).data.length, 1);
  });

  test("what is allowed arrives, beside a signature that holds", async () => {
    const [type, where] = [uniqueType(), uniquePath()];
    const headers = Object.fromEntries(table.allowed);
    const { secret } = await subscribe({ url: target.url(where), events: [type], headers });
    await settled(await sendOne({ type, data: {} }));
    const [request] = await target.received(where);
    for (const [name, value] of table.allowed) {
      assert.equal(request.headers[name.toLowerCase()], value, name);
    }
    assert.ok(verifies(secret, request));
  });

  test("the names that a profile signs with are its own", async () => {
    const signature = { header: "X-Brand-Mac", timestampHeader: "X-Brand-Time" };
    await profile("brand", { signature });
    for (const name of ["X-Brand-Mac", "x-brand-mac", "X-BRAND-TIME"]) {
      const answer = await api("POST", "/v1/subscriptions", {
        url: target.url("/none"),
        profile: "brand",
        headers: { [name]: "mine" },
      });
      assertProblem(answer, 422, { pointers: [`/headers/${name}`] });
    }
  });
});

describe("of a profile", () => {
  const put = (headers) => api("PUT", "/v1/profiles/headers", { headers });
  // A profile is how its product signs: names of signatures are its own to give, but for those that it signs with.
  const signing = /signature|^webhook-/i;

  test("names", async () => {
    for (const name of table.names.filter((name) => !signing.test(name)).flatMap((name) => [...spellings(name)])) {
      const answer = await put({ [name]: "review" });
      assert.equal(answer.status, 422, `${JSON.stringify(name)}: ${answer.text}`);
      assertProblem(answer, 422, { pointers: [pointerTo(name)] });
    }
    for (const name of ["webhook-id", "Webhook-Signature", "WEBHOOK-TIMESTAMP"]) {
      assertProblem(await put({ [name]: "mine" }), 422, { pointers: [`/headers/${name}`] });
    }
  });

  test("values", async () => {
    for (const value of table.values) {
      const answer = await put({ "X-Team": value });
      assert.equal(answer.status, 422, `${JSON.stringify(value)}: ${answer.text}`);
      assertProblem(answer, 422, { pointers: ["/headers/X-Team"] });
    }
    assertProblem(await api("GET", "/v1/profiles/headers"), 404);
  });

  test("one name, twice", async () => {
    assertProblem(await put({ "X-Team": "a", "x-team": "b" }), 422, { pointers: ["/headers/x-team"] });
  });

  test("hold nothing of an event but what breaks no line", async () => {
    for (const value of ["{data.told}", "{data}", "a {event.data}", "{webhook.secret}"]) {
      assertProblem(await put({ "X-Told": value }), 422, { pointers: ["/headers/X-Told"] });
    }
    await profile("telling", { headers: { "X-Told": "{event.id} {event.type}" } });
    const [type, where] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(where), events: [type], profile: "telling" });
    for (const value of table.values) assertProblem(await api("POST", "/v1/events", { type, data: 1, id: value }), 422);
    const id = "%0d%0aX:!\\r\\n";
    await settled(await sendOne({ type, data: 1, id }));
    const [{ headers }] = await target.received(where);
    assert.equal(headers["x-told"], `${id} ${type}`);
    assert.ok(!("x" in headers));
  });
});
