// Attempts that have to wait: until a time that the producer names, or for their turn under a rate limit.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { inParallel, sleep } from "./support/wait.mjs";

const { target, expect, subscribe, send, sendOne, delivery, settled } = await stage();

const ahead = (milliseconds) => new Date(Date.now() + milliseconds).toISOString();

describe("deliverAt", { concurrency: true }, () => {
  test("nothing is sent before, and then at once", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(path), events: [type] });
    const deliverAt = ahead(2_500);
    const id = await sendOne({ type, data: 1, deliverAt });
    const waiting = await delivery(id);
    assert.equal(waiting.status, "pending");
    assert.equal(waiting.nextAttemptAt, deliverAt);
    assert.equal(waiting.attemptCount, 0);
    const done = await settled(id);
    assert.equal(done.status, "delivered");
    assert.ok(done.attempts[0].startedAt >= deliverAt, `${done.attempts[0].startedAt} is not before ${deliverAt}`);
  });

  test("a time that is over means now", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(path), events: [type] });
    assert.equal((await settled(await sendOne({ type, data: 1, deliverAt: ahead(-60_000) }))).status, "delivered");
  });

  test("what waits can be called off", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(path), events: [type] });
    const near = await sendOne({ type, data: 1, deliverAt: ahead(1_500) });
    const far = await sendOne({ type, data: 1, deliverAt: ahead(29 * 86_400_000) });
    for (const id of [near, far]) await expect(200, "POST", `/v1/deliveries/${id}/cancel`);
    await sleep(2_500);
    for (const id of [near, far]) assert.equal((await delivery(id)).status, "cancelled");
    assert.equal(target.requests(path).length, 0);
  });

  test("more than 30 days ahead is refused", async () => {
    const refused = await expect(422, "POST", "/v1/events", { type: "a", data: 1, deliverAt: ahead(31 * 86_400_000) });
    assert.equal(refused.errors[0].pointer, "/deliverAt");
  });
});

describe("rateLimit", { concurrency: true }, () => {
  test("attempts wait their turn, and none is lost", async (t) => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(path), events: [type], rateLimit: { perSecond: 20 } });
    const events = 60;
    await inParallel(Array.from({ length: events }), 16, (_, n) => send({ type, data: n }));
    const requests = await target.received(path, events, 30_000);
    const took = requests.at(-1).at - requests[0].at;
    t.diagnostic(`${events} attempts at 20/s took ${Math.round(took)} ms`);
    // A machine that is just waking up sends the first one late, and the others in time.
    assert.ok(took >= ((events - 1) / 20) * 1000 * 0.8, `${took} ms is too quick`);
    assert.equal(new Set(requests.map((request) => request.headers["webhook-id"])).size, events);
  });

  test("a turn that is far away is kept by an alarm", async (t) => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(path), events: [type], rateLimit: { perSecond: 0.5 } });
    const events = 7;
    for (let n = 0; n < events; n++) await send({ type, data: n });
    const requests = await target.received(path, events, 60_000);
    const took = requests.at(-1).at - requests[0].at;
    t.diagnostic(`${events} attempts at 0.5/s took ${Math.round(took)} ms`);
    assert.ok(took >= (events - 1) * 2_000 * 0.9, `${took} ms is too quick`);
    assert.equal(new Set(requests.map((request) => request.headers["webhook-id"])).size, events);
  });

  test("what waits for its turn is held by a pause", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    const made = await subscribe({ url: target.url(path), events: [type], rateLimit: { perSecond: 1 } });
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push(await sendOne({ type, data: n }));
    await target.received(path, 1);
    await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
    const before = target.requests(path).length;
    await sleep(2_500);
    // One attempt may have been under way when the pause came.
    assert.ok(target.requests(path).length <= before + 1);
    await expect(200, "POST", `/v1/subscriptions/${made.id}/resume`);
    for (const id of ids) assert.equal((await settled(id, { timeout: 30_000 })).status, "delivered");
    assert.equal(target.requests(path).length, 5);
  });
});
