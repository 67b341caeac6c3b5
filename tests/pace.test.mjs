// How fast a destination is called, and how many attempts are under way at once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { receiver } from "./support/receiver.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const { target, expect, subscribe, send, sendOne, settled, profile } = await stage();
await profile("again", { retry: { delays: [0, 1, 1, 1], jitter: 0 } });
await profile("patient", { retry: { delays: [0, 3600], jitter: 0 } });

describe("rateLimit", { concurrency: true }, () => {
  test("20 a second over ten seconds, retries among fresh ones", { timeout: 60_000 }, async (t) => {
    const [type, path] = [uniqueType(), uniquePath()];
    const tries = new Map();
    const answer = ({ json }) => {
      const { n } = json.data;
      tries.set(n, (tries.get(n) ?? 0) + 1);
      return n % 3 === 0 && tries.get(n) === 1 ? 500 : 200;
    };
    await subscribe({
      url: target.answer(path, answer),
      events: [type],
      profile: "again",
      rateLimit: { perSecond: 20 },
    });
    // 25 a second and as many retries as a third of them: more than may go out.
    const events = 240;
    const posted = [];
    for (let n = 0; n < events; n++) {
      posted.push(send({ type, data: { n } }));
      await sleep(40);
    }
    await Promise.all(posted);
    const requests = await target.received(path, events + events / 3, 40_000);
    const from = requests[0].at + 1_000;
    const window = requests.filter(({ at }) => at >= from && at < from + 10_000);
    const seen = new Set();
    const again = requests.filter(({ json }) => seen.size === seen.add(json.data.n).size);
    const retries = again.filter((request) => window.includes(request)).length;
    t.diagnostic(`${window.length} attempts in 10 s, ${retries} of them retries`);
    assert.ok(window.length >= 180 && window.length <= 220, `${window.length} attempts in 10 s`);
    assert.ok(retries > 20, "retries had their turns too");
    assert.equal(tries.size, events, "none is lost");
    for (const [n, count] of tries) assert.equal(count, n % 3 === 0 ? 2 : 1, `event ${n}`);
  });

  test("a change counts at once", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    const made = await subscribe({ url: target.url(path), events: [type], rateLimit: { perSecond: 0.01 } });
    const ids = [];
    for (let n = 0; n < 10; n++) ids.push(await sendOne({ type, data: n }));
    await target.received(path, 1);
    await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { rateLimit: { perSecond: 50 } });
    for (const id of ids) assert.equal((await settled(id)).status, "delivered");
  });

  test("somebody who tries by hand waits for no turn", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.url(path), events: [type], rateLimit: { perSecond: 0.01 } });
    await sendOne({ type, data: 0 });
    await target.received(path, 1);
    const waiting = await sendOne({ type, data: 1 });
    await expect(202, "POST", `/v1/deliveries/${waiting}/retry`);
    const done = await settled(waiting);
    assert.deepEqual([done.status, done.attempts[0].trigger], ["delivered", "manual"]);
  });
});

describe("concurrency", () => {
  test("no more at once than allowed, and as many", async (t) => {
    const slow = await receiver();
    t.after(() => slow.stop());
    const type = uniqueType();
    const made = await subscribe({
      url: slow.answer("/slow", { status: 200, delay: 200 }),
      events: [type],
      concurrency: 3,
    });
    await inParallel(Array.from({ length: 24 }), 12, (_, n) => send({ type, data: n }));
    await slow.received("/slow", 24, 30_000);
    assert.equal(slow.mostAtOnce, 3);
    slow.mostAtOnce = 0;
    await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { concurrency: 1 });
    await inParallel(Array.from({ length: 8 }), 8, (_, n) => send({ type, data: n }));
    await slow.received("/slow", 32, 30_000);
    assert.equal(slow.mostAtOnce, 1);
  });

  test("one that hangs holds up what is behind it, and nothing is lost", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    await profile("short", { retry: { delays: [0, 1], jitter: 0 }, timeoutSeconds: 1 });
    const url = target.answer(path, [{ hang: true }, 200]);
    await subscribe({ url, events: [type], profile: "short", concurrency: 1 });
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push(await sendOne({ type, data: n }));
    await until(() => target.requests(path).length === 1, { what: "the first" });
    for (const id of ids) assert.equal((await settled(id)).status, "delivered");
    assert.equal(target.requests(path).length, 5);
  });
});
