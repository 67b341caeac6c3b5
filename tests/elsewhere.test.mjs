// Another place on the net, an instance of its own whose KV is a minute old: what a change made here is worth there.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem, verifies } from "./support/assertions.mjs";
import { calls, stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { bearer, linkToken, tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target, expect } = await stage({ bare: true, elsewhere: true });
const elsewhere = (key) => bearer(signet.elsewhere.bind(signet), key);

/** How long a Worker takes what it has in memory for current, in ms. After that it asks KV. */
const IN_MEMORY = 10_000;

/** An application with a key that only posts events, which the other place has heard of, and holds for current. */
async function warm() {
  const own = await tenant(signet);
  const producer = await own.expect(201, "POST", "/v1/api-keys", { label: "x", scopes: ["events:write"] });
  const type = uniqueType();
  const path = uniquePath();
  const subscription = await own.subscribe({ url: target.url(path), events: [type] });
  await until(async () => JSON.parse(await signet.kept(`application:${own.id}`)).subscriptions.length === 1);
  const there = calls({ api: elsewhere(producer.key) });
  await there.send({ type, data: "warm" });
  await target.received(path);
  return { own, producer, type, path, subscription, there };
}

const post = (there, type, more) => there("POST", "/v1/events", { type, data: 1, ...more });

/** What holds whatever the other place believes. `scene` is where the change is made. */
function atOnce(scene) {
  test("a revoked key is refused for events to subscriptions, and none is delivered", async () => {
    const { own, producer, type, path } = await scene();
    await own.expect(204, "DELETE", `/v1/api-keys/${producer.id}`);
    const there = elsewhere(producer.key);
    for (const more of [{}, { id: "brought-along" }, { deliverAt: new Date(Date.now() + 60_000).toISOString() }]) {
      assertProblem(await post(there, type, more), 401, { code: "unauthorized" });
    }
    assert.equal(target.requests(path).length, 1, "the one from before");
    assert.equal((await own.expect(200, "GET", "/v1/deliveries")).data.length, 1);
  });

  test("a revoked key is refused for events to a webhookUrl, whatever the host", async () => {
    const { own, producer } = await scene();
    await own.expect(204, "DELETE", `/v1/api-keys/${producer.id}`);
    const path = uniquePath();
    const there = elsewhere(producer.key);
    for (const host of ["127.0.0.1", "localhost", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"]) {
      const webhookUrl = `http://${host}:${target.port}${path}`;
      assertProblem(await post(there, "nobody", { webhookUrl }), 401, { code: "unauthorized" });
    }
    assert.equal(target.requests(path).length, 0);
  });

  test("a revoked key is refused for an event to many, and to a subscription made after it was revoked", async () => {
    const { own, producer, type, path } = await scene();
    for (let n = 0; n < 5; n++) await own.subscribe({ url: target.url(path), events: [type] });
    await own.expect(204, "DELETE", `/v1/api-keys/${producer.id}`);
    await own.subscribe({ url: target.url(path), events: [type] });
    assertProblem(await post(elsewhere(producer.key), type), 401);
    assert.equal(target.requests(path).length, 1);
  });

  test("a revoked key is refused for what nobody wants, and takes no event's id from those who may", async () => {
    const { own, producer } = await scene();
    await own.expect(204, "DELETE", `/v1/api-keys/${producer.id}`);
    const there = elsewhere(producer.key);
    assertProblem(await post(there, "nobody"), 401, { code: "unauthorized" });
    for (let n = 0; n < 20; n++) {
      const id = `order-${n}`;
      assertProblem(await post(there, "nobody", { id, data: "theirs" }), 401, { code: "unauthorized" });
      const { duplicate } = await own.send({ type: "nobody", data: "ours", id });
      assert.equal(duplicate, undefined);
    }
  });

  test("a revoked key is refused for everything but events", async () => {
    const { own } = await scene();
    const { id, key } = await own.expect(201, "POST", "/v1/api-keys", { label: "x" });
    const there = elsewhere(key);
    const calls = [
      ["GET", "/v1/subscriptions"],
      ["GET", "/v1/deliveries"],
      ["GET", "/v1/profiles"],
      ["POST", "/v1/api-keys", { label: "y" }],
      ["POST", "/v1/portal-links"],
    ];
    for (const call of calls) assert.ok((await there(...call)).status < 300, `${call}`);
    await own.expect(204, "DELETE", `/v1/api-keys/${id}`);
    for (const call of calls) assertProblem(await there(...call), 401, { code: "unauthorized" });
  });

  test("a new key works, for events too", async () => {
    const { own, type, path } = await scene();
    const { key } = await own.expect(201, "POST", "/v1/api-keys", { label: "x", scopes: ["events:write"] });
    assert.equal((await post(elsewhere(key), type)).status, 202);
    await target.received(path, 2);
  });

  test("a new application works, where there was nothing a moment ago", async () => {
    const own = await tenant(signet);
    const there = calls({ api: elsewhere(own.key) });
    await there.expect(200, "GET", "/v1/subscriptions");
    await there.send({ type: "nobody", data: 1 });
  });

  test("a paused subscription holds what comes, and sends it when it is resumed", async () => {
    const { own, type, path, subscription, there } = await scene();
    await own.expect(200, "POST", `/v1/subscriptions/${subscription.id}/pause`);
    const id = await there.sendOne({ type, data: "held" });
    assert.equal((await own.delivery(id)).status, "pending");
    assert.equal((await own.delivery(id)).attempts.length, 0);
    assert.equal(target.requests(path).length, 1);
    await own.expect(200, "POST", `/v1/subscriptions/${subscription.id}/resume`);
    assert.equal((await own.settled(id)).status, "delivered");
  });

  test("a deleted subscription gets nothing: what comes is cancelled from its beginning", async () => {
    const { own, type, path, subscription, there } = await scene();
    await own.expect(204, "DELETE", `/v1/subscriptions/${subscription.id}`);
    const id = await there.sendOne({ type, data: "late" });
    assert.equal((await own.delivery(id)).status, "cancelled");
    assert.equal(target.requests(path).length, 1);
  });

  test("a new secret signs, and a new URL is where it goes", async () => {
    const { own, type, path, subscription, there } = await scene();
    const { secret } = await own.expect(200, "POST", `/v1/subscriptions/${subscription.id}/rotate-secret`, {
      overlapSeconds: 0,
    });
    await there.send({ type, data: "rotated" });
    const [, rotated] = await target.received(path, 2);
    assert.ok(verifies(secret, rotated));
    assert.ok(!verifies(subscription.secret, rotated));
    const moved = uniquePath();
    await own.expect(200, "PATCH", `/v1/subscriptions/${subscription.id}`, { url: target.url(moved) });
    await there.send({ type, data: "moved" });
    assert.ok(verifies(secret, (await target.received(moved))[0]));
    assert.equal(target.requests(path).length, 2);
  });

  test("the application's own new secret signs what goes to a webhookUrl", async () => {
    const { own, there } = await scene();
    const path = uniquePath();
    await there.send({ type: "nobody", data: 1, webhookUrl: target.url(path) });
    const { secret } = await expect(200, "POST", `/v1/applications/${own.id}/rotate-secret`, { overlapSeconds: 0 });
    await there.send({ type: "nobody", data: 2, webhookUrl: target.url(path) });
    const [first, second] = await target.received(path, 2);
    assert.ok(verifies(own.secret, first) && !verifies(own.secret, second));
    assert.ok(verifies(secret, second));
  });

  test("a link ends with the key that made it", async () => {
    const { own } = await scene();
    const { id, key } = await own.expect(201, "POST", "/v1/api-keys", { label: "x" });
    const theirs = calls({ api: bearer(signet.api.bind(signet), key) });
    const there = elsewhere(await linkToken(theirs.expect, {}));
    assert.equal((await there("GET", "/v1/deliveries")).status, 200);
    assert.equal((await post(there, "nobody")).status, 202);
    await own.expect(204, "DELETE", `/v1/api-keys/${id}`);
    assertProblem(await there("GET", "/v1/deliveries"), 401);
    assertProblem(await post(there, "nobody"), 401);
  });

  test("a key of a deleted application is refused, and nothing is sent", async () => {
    const { own, producer, type, path } = await scene();
    const link = elsewhere(await linkToken(own.expect, {}));
    await expect(204, "DELETE", `/v1/applications/${own.id}`);
    for (const there of [elsewhere(own.key), link]) {
      assertProblem(await there("GET", "/v1/subscriptions"), 401);
      assertProblem(await there("GET", "/v1/deliveries"), 401);
    }
    const webhookUrl = target.url(path);
    const there = elsewhere(producer.key);
    assertProblem(await post(there, type), 401, { code: "unauthorized" });
    assertProblem(await post(there, "nobody"), 401, { code: "unauthorized" });
    assertProblem(await post(there, "nobody", { webhookUrl }), 401, { code: "unauthorized" });
    await sleep(500);
    assert.equal(target.requests(path).length, 1, "nothing went out");
  });
}

describe("at once, where the Worker has the past in memory", () => atOnce(warm));

// These wait for time to pass, all of them at the same time.
describe("later", { concurrency: true }, () => {
  describe("at once, where KV answers with the past", { concurrency: true }, () => {
    atOnce(async () => {
      const made = await warm();
      await sleep(IN_MEMORY + 200);
      return made;
    });
  });

  describe("within a minute", { concurrency: true }, withinAMinute);
});

/** What other places do when KV tells them, and not before. */
function withinAMinute() {
  test("a new subscription gets what is posted there; what is posted here it gets at once", async () => {
    const { own, type, there } = await warm();
    const path = uniquePath();
    const { id } = await own.subscribe({ url: target.url(path), events: [type] });
    const gets = ({ deliveries }) => deliveries.some((one) => one.subscription === id);
    assert.ok(gets(await own.send({ type, data: "here" })));
    // Else this other place would not be behind, and nothing of the above would be proven.
    assert.ok(!gets(await there.send({ type, data: "there" })), "it is not known there yet");
    await sleep(IN_MEMORY + 200);
    assert.ok(!gets(await there.send({ type, data: "there" })), "nor after the memory's time: KV is behind too");
    await heard(own);
    assert.ok(gets(await there.send({ type, data: "there" })));
  });
}

/** Waits until KV has the newest, which takes a little over a second, and the other place has heard of it. */
async function heard(own) {
  await sleep(IN_MEMORY + 1_500);
  await signet.hear(`application:${own.id}`);
}
