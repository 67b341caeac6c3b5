// Applications and their keys: what each may do, and when that ends.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertId, assertProblem, assertTime, verifies } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect } = await stage();

/** Calls with a key of an application instead of the operator's. */
const as = (key) => (method, where, body, headers) =>
  api(method, where, body, { authorization: `Bearer ${key}`, ...headers });

const application = (body = {}) => expect(201, "POST", "/v1/applications", { name: "Acme", ...body });

describe("applications", () => {
  test("made, listed, changed, deleted", async () => {
    const made = await application({ profile: "sketchpen" });
    assertId(made.id, "app");
    assertTime(made.createdAt);
    assert.match(made.key, /^sk_/);
    assert.equal(typeof made.secret, "string");
    const shown = { id: made.id, name: "Acme", profile: "sketchpen", createdAt: made.createdAt };
    assert.deepEqual(await expect(200, "GET", `/v1/applications/${made.id}`), shown);
    const { data } = await expect(200, "GET", "/v1/applications");
    assert.deepEqual(data[0], shown, "the newest comes first");
    assert.equal(data.at(-1).id, "default", "the one that always exists comes last");

    const renamed = await expect(200, "PATCH", `/v1/applications/${made.id}`, { name: "Acme 2" });
    assert.equal(renamed.name, "Acme 2");
    assert.equal((await expect(200, "GET", "/v1/applications")).data[0].name, "Acme 2");

    const mine = as(made.key);
    assert.equal((await mine("GET", "/v1/subscriptions")).status, 200);
    assert.equal((await api("DELETE", `/v1/applications/${made.id}`)).status, 204);
    assertProblem(await api("GET", `/v1/applications/${made.id}`), 404, { code: "not_found" });
    assertProblem(await mine("GET", "/v1/subscriptions"), 401, { code: "unauthorized" });
    assertProblem(await mine("POST", "/v1/events", { type: "a", data: 1 }), 401, { code: "unauthorized" });
    const left = (await expect(200, "GET", "/v1/applications")).data.map((one) => one.id);
    assert.ok(!left.includes(made.id));
  });

  test("the list goes on from page to page, to the one that always exists", async () => {
    const made = [];
    for (let n = 0; n < 4; n++) made.push((await application({ name: `n${n}` })).id);
    const seen = [];
    let cursor = "";
    do {
      const page = await expect(200, "GET", `/v1/applications?limit=3${cursor}`);
      assert.ok(page.data.length <= 3);
      seen.push(...page.data.map((one) => one.id));
      cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
    } while (cursor);
    assert.deepEqual(seen.slice(0, 4), made.reverse());
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(seen.at(-1), "default");
  });

  test("deleting one stops what it was about to deliver", async () => {
    const made = await application();
    const mine = as(made.key);
    const url = target.answer(uniquePath(), 500);
    const { id } = (await mine("POST", "/v1/subscriptions", { url })).json;
    const sent = await mine("POST", "/v1/events", { type: "a", data: 1, webhookUrl: target.answer(uniquePath(), 500) });
    assert.equal(sent.json.deliveries.length, 2);
    await target.received(new URL(url).pathname);
    assert.equal((await api("DELETE", `/v1/applications/${made.id}`)).status, 204);
    const before = target.requests().length;
    for (const { id } of sent.json.deliveries) {
      assertProblem(await mine("GET", `/v1/deliveries/${id}`), 401);
    }
    assertProblem(await api("GET", `/v1/subscriptions/${id}`, undefined, { "signet-application": made.id }), 404);
    // The standard schedule would have tried again after five seconds.
    await sleep(7_000);
    assert.equal(target.requests().length, before);
  });

  test("deleting one ends its sources, and gives their routes back", async () => {
    const [made, next] = [await application(), await application()];
    const route = { host: "hooks.example.com", path: "/of-the-deleted" };
    const body = { provider: "github", secrets: ["s"], origin: target.url("/"), route };
    const { json: source } = await as(made.key)("POST", "/v1/sources", body);
    assertProblem(await as(next.key)("POST", "/v1/sources", body), 422, { code: "route_taken" });
    assert.equal((await api("DELETE", `/v1/applications/${made.id}`)).status, 204);
    await until(async () => (await as(next.key)("POST", "/v1/sources", body)).status === 201, {
      what: "the route to be free",
    });
    await until(async () => (await api("POST", `/in/${source.id}`, {})).status === 404, {
      timeout: 60_000,
      every: 500,
      what: "the source to be gone",
    });
  });

  test("the one that always exists can't be deleted", async () => {
    assertProblem(await api("DELETE", "/v1/applications/default"), 409, { code: "application_is_default" });
  });

  test("what does not exist, or never could, is not found, and takes no room", async () => {
    for (const id of ["app_0123456789abcdefghjkmnpqrstv", "app_x", "nothing", "app_", "..%2fdefault"]) {
      for (const method of ["GET", "PATCH", "DELETE"]) {
        const answer = await api(method, `/v1/applications/${id}`, method === "PATCH" ? { name: "x" } : undefined);
        assertProblem(answer, 404, { code: "not_found" });
      }
      assertProblem(await api("GET", "/v1/subscriptions", undefined, { "signet-application": id }), 404);
    }
  });
});

describe("one application and another", () => {
  let one;
  let other;
  before(async () => {
    [one, other] = [await application(), await application()];
  });

  test("see and touch nothing of each other's", async () => {
    const mine = as(one.key);
    const theirs = as(other.key);
    const { json: subscription } = await mine("POST", "/v1/subscriptions", { url: target.url(uniquePath()) });
    const { json: source } = await mine("POST", "/v1/sources", {
      provider: "github",
      secrets: ["s"],
      origin: target.url("/"),
    });
    const { json: event } = await mine("POST", "/v1/events", { type: uniqueType(), data: 1, id: "the-same" });
    const delivery = event.deliveries[0].id;
    const { json: key } = await mine("POST", "/v1/api-keys", { label: "x" });
    const paths = [
      ["GET", `/v1/subscriptions/${subscription.id}`],
      ["PATCH", `/v1/subscriptions/${subscription.id}`, { name: "x" }],
      ["DELETE", `/v1/subscriptions/${subscription.id}`],
      ["GET", `/v1/subscriptions/${subscription.id}/secret`],
      ["POST", `/v1/subscriptions/${subscription.id}/pause`],
      ["POST", `/v1/subscriptions/${subscription.id}/rotate-secret`],
      ["POST", `/v1/subscriptions/${subscription.id}/test`],
      ["GET", `/v1/sources/${source.id}`],
      ["DELETE", `/v1/sources/${source.id}`],
      ["GET", `/v1/sources/${source.id}/requests`],
      ["POST", `/v1/sources/${source.id}/explain`, { headers: {}, body: "" }],
      ["GET", `/v1/events/the-same`],
      ["GET", `/v1/deliveries/${delivery}`],
      ["POST", `/v1/deliveries/${delivery}/retry`],
      ["POST", `/v1/deliveries/${delivery}/cancel`],
      ["GET", `/v1/api-keys/${key.id}`],
      ["DELETE", `/v1/api-keys/${key.id}`],
    ];
    for (const [method, where, body] of paths) {
      const answer = await theirs(method, where, body);
      assertProblem(answer, 404, { code: "not_found" });
      const nowhere = where.replace(/(sub|src|del|key)_.{4}/, "$1_0000").replace("the-same", "another");
      assert.equal(answer.text, (await theirs(method, nowhere, body)).text, `${method} ${where}: as what never was`);
    }
    for (const list of ["subscriptions", "sources", "deliveries"]) {
      assert.deepEqual((await theirs("GET", `/v1/${list}`)).json.data, [], list);
    }
    assert.equal((await theirs("GET", `/v1/deliveries?subscription=${subscription.id}`)).json.data.length, 0);
    // The same id is another event.
    const again = await theirs("POST", "/v1/events", { type: "x", data: 2, id: "the-same" });
    assert.equal(again.status, 202);
    assert.equal(again.json.duplicate, undefined);
    for (const [where, id] of [
      [one, other.id],
      [other, one.id],
      [one, "default"],
      [one, "app_0"],
    ]) {
      assertProblem(await as(where.key)("GET", "/v1/profiles", undefined, { "signet-application": id }), 404);
    }
    assert.equal((await mine("GET", "/v1/profiles", undefined, { "signet-application": one.id })).status, 200);
  });
});

describe("keys", () => {
  test("made, shown once, listed without, revoked at once", async () => {
    const { key: first } = await application();
    const mine = as(first);
    const { status, json: made } = await mine("POST", "/v1/api-keys", { label: "CI", scopes: ["events:write"] });
    assert.equal(status, 201);
    assertId(made.id, "key");
    assert.deepEqual([made.label, made.scopes, made.subscription], ["CI", ["events:write"], null]);
    assert.ok(made.key.endsWith(made.hint));
    const { key, ...shown } = made;
    assert.deepEqual((await mine("GET", `/v1/api-keys/${made.id}`)).json, shown);
    assert.deepEqual((await mine("GET", "/v1/api-keys")).json.data[0], shown);

    const theirs = as(key);
    assert.equal((await theirs("POST", "/v1/events", { type: "a", data: 1 })).status, 202);
    assertProblem(await theirs("GET", "/v1/subscriptions"), 403, { code: "missing_scope" });
    assertProblem(await theirs("GET", "/metrics"), 403, { code: "forbidden" });
    const beside = { authorization: "Basic cHJveHk6cGFzcw==", "x-api-key": key };
    assert.equal((await api("GET", "/v1/profiles", undefined, beside)).status, 200, "whatever a proxy authorizes with");
    assert.equal((await api("GET", "/v1/profiles", undefined, { authorization: null, "x-api-key": key })).status, 200);

    assert.equal((await mine("DELETE", `/v1/api-keys/${made.id}`)).status, 204);
    assertProblem(await theirs("POST", "/v1/events", { type: "a", data: 1 }), 401, { code: "unauthorized" });
    assertProblem(await theirs("GET", "/v1/profiles"), 401, { code: "unauthorized" });
    assertProblem(await mine("DELETE", `/v1/api-keys/${made.id}`), 404);
  });

  test("no key makes one that may do more", async () => {
    const { key: first } = await application();
    const some = (await as(first)("POST", "/v1/api-keys", { label: "x", scopes: ["keys:write", "events:write"] })).json;
    const theirs = as(some.key);
    assertProblem(await theirs("POST", "/v1/api-keys", { label: "y", scopes: ["secrets:read"] }), 403);
    assert.deepEqual((await theirs("POST", "/v1/api-keys", { label: "y" })).json.scopes, some.scopes);
    assertProblem(await theirs("POST", "/v1/api-keys", { label: "y", webhookUrl: target.url("/") }), 403);
    assertProblem(await theirs("POST", "/v1/portal-links", { scopes: ["deliveries:read"] }), 403);
  });

  test("with a webhook of its own, and a test call for it", async () => {
    const { key: first } = await application();
    const mine = as(first);
    const path = uniquePath();
    const type = uniqueType("task");
    const body = { label: "Production", webhookUrl: target.url(path), events: ["task.*"], profile: "playcut" };
    const { status, json: made } = await mine("POST", "/v1/api-keys", body);
    assert.equal(status, 201);
    assertId(made.subscription, "sub");
    const secret = (await mine("GET", `/v1/subscriptions/${made.subscription}/secret`)).json.secret;
    assert.equal(made.webhookSecret, secret);
    const { json: test } = await mine("POST", `/v1/api-keys/${made.id}/webhook/test`);
    assert.deepEqual([test.delivered, test.httpStatus], [true, 200]);
    await mine("POST", "/v1/events", { type, data: { taskId: "abc" } });
    const requests = await target.received(path, 2);
    assert.ok(requests.every((request) => request.headers["x-playcut-signature"]));
    const bare = (await mine("POST", "/v1/api-keys", { label: "none" })).json;
    assertProblem(await mine("POST", `/v1/api-keys/${bare.id}/webhook/test`), 404);
  });

  test("a webhook that can't be is named by the key's own fields", async () => {
    const mine = as((await application()).key);
    const wrong = { label: "x", webhookUrl: "ftp://a.example", events: [] };
    const answer = await mine("POST", "/v1/api-keys", wrong);
    assertProblem(answer, 422, { pointers: ["/webhookUrl", "/events"] });
    assert.equal((await mine("GET", "/v1/api-keys")).json.data.length, 1, "and no key was made");
    assert.equal((await mine("GET", "/v1/subscriptions")).json.data.length, 0);
  });

  test("deliveries to a webhookUrl are signed with the application's own secret", async () => {
    const made = await application();
    const path = uniquePath();
    await as(made.key)("POST", "/v1/events", { type: "a", data: 1, webhookUrl: target.url(path) });
    const [request] = await target.received(path);
    assert.ok(verifies(made.secret, request));
  });
});

describe("links", () => {
  test("open one application for a while, with no more than their maker has", async () => {
    const made = await application();
    const { status, json: link } = await as(made.key)("POST", "/v1/portal-links", {
      expiresIn: 60,
      scopes: ["deliveries:read", "keys:write"],
    });
    assert.equal(status, 201);
    assertTime(link.expiresAt);
    const url = new URL(link.url);
    assert.equal(url.origin, signet.url);
    const token = new URLSearchParams(url.hash.slice(1)).get("token");
    const visitor = as(token);
    assert.equal((await visitor("GET", "/v1/deliveries")).status, 200);
    assertProblem(await visitor("GET", "/v1/subscriptions"), 403);
    assertProblem(await visitor("GET", "/v1/deliveries", undefined, { "signet-application": "default" }), 404);
    assertProblem(await visitor("POST", "/v1/api-keys", { label: "lasting" }), 403, { code: "forbidden" });
    const longer = (await visitor("POST", "/v1/portal-links", { expiresIn: 6_000 })).json;
    assert.equal(longer.expiresAt, link.expiresAt, "a link makes none that outlives it");
    const changed = token.slice(0, -2) + (token.endsWith("AA") ? "BB" : "AA");
    assertProblem(await as(changed)("GET", "/v1/deliveries"), 401);
  });

  test("end with their time", async () => {
    const made = await application();
    const { json: link } = await as(made.key)("POST", "/v1/portal-links", { expiresIn: 1 });
    const visitor = as(new URL(link.url).hash.slice("#token=".length));
    assert.equal((await visitor("GET", "/v1/deliveries")).status, 200);
    await sleep(1_100);
    assertProblem(await visitor("GET", "/v1/deliveries"), 401);
    for (const expiresIn of [0, -1, 604_801, 1.5, "1h", null]) {
      const answer = await as(made.key)("POST", "/v1/portal-links", { expiresIn });
      if (expiresIn === null) assert.equal(answer.status, 201, "left out, it lasts an hour");
      else assertProblem(answer, 422, { pointers: ["/expiresIn"] });
    }
  });

  test("end with the key that made them, and with their application", async () => {
    const made = await application();
    const link = async (key) => {
      const { json } = await as(key)("POST", "/v1/portal-links", { expiresIn: 600 });
      return as(new URL(json.url).hash.slice("#token=".length));
    };
    const { json: key } = await as(made.key)("POST", "/v1/api-keys", { label: "x" });
    const [theirs, first] = [await link(key.key), await link(made.key)];
    assert.equal((await theirs("GET", "/v1/deliveries")).status, 200);
    await as(made.key)("DELETE", `/v1/api-keys/${key.id}`);
    assertProblem(await theirs("GET", "/v1/deliveries"), 401);
    assert.equal((await first("GET", "/v1/deliveries")).status, 200);
    await api("DELETE", `/v1/applications/${made.id}`);
    assertProblem(await first("GET", "/v1/deliveries"), 401);
  });
});

// The last: it uses the limit up.
test("whoever guesses keys is slowed down, and whoever has one is not", async () => {
  const made = await application();
  const mine = as(made.key);
  const wrong = () =>
    `sk_${made.id.slice(4)}_${Array.from({ length: 32 }, () => "0123456789abcdef"[Math.floor(Math.random() * 16)]).join("")}`;
  const counts = {};
  // Local limits count by the minute on the clock: a new one may begin on the way.
  for (let n = 0; n < 350 && !counts[429]; n++) {
    const { status } = await as(n % 2 ? wrong() : `operator-${Math.random()}`)("GET", "/v1/profiles");
    counts[status] = (counts[status] ?? 0) + 1;
  }
  assert.deepEqual(Object.keys(counts), ["401", "429"]);
  const slowed = await as(`operator-${Math.random()}`)("GET", "/v1/profiles");
  assertProblem(slowed, 429, { code: "too_many_attempts" });
  assert.ok(Number(slowed.headers["retry-after"]) > 0);
  for (const call of [mine, api]) {
    assert.equal((await call("GET", "/v1/profiles")).status, 200);
    assert.equal((await call("POST", "/v1/events", { type: "a", data: 1 })).status, 202);
  }
});
