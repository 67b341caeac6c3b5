// Several objects share the deliveries of a subscription, and nobody who looks at them notices.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem, verifies } from "./support/assertions.mjs";
import { pages } from "./support/big-log.mjs";
import { calls, stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { bearer, tenant } from "./support/tenant.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, send, sendOne, settled, delivery, profile } = await stage({
  bare: true,
  elsewhere: true,
});

await profile("brisk", { retry: { delays: [0, 0.3, 0.3, ...Array(30).fill(1)], jitter: 0 }, timeoutSeconds: 5 });
await profile("once", { retry: { delays: [0], jitter: 0 } });

/** The object that a delivery lies in. */
const placeOf = (id) => id.slice(-6);
const places = (ids) => new Set(ids.map(placeOf));
const reshard = (made, shards) => expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { shards });
const numbers = (count) => Array.from({ length: count }, (_, n) => n);

describe("one history", () => {
  const type = uniqueType();
  const path = uniquePath();
  let made;
  let ids;

  test("deliveries lie in several objects", async () => {
    // Every fifth fails for good.
    const answer = ({ json }) => (json.data.n % 5 === 4 ? 500 : 204);
    made = await subscribe({ url: target.answer(path, answer), events: [type], shards: 4, profile: "once" });
    assert.equal(made.shards, 4);
    ids = [];
    for (const n of numbers(60)) ids.push(await sendOne({ type, data: { n } }));
    assert.equal(places(ids).size, 4);
    assert.equal(
      new Set([...places(ids)].map((place) => place.slice(0, 5))).size,
      1,
      "their places differ in the last",
    );
    for (const [n, id] of ids.entries()) {
      assert.equal((await settled(id)).status, n % 5 === 4 ? "failed" : "delivered");
    }
    assert.equal(target.requests(path).length, 60);
  });

  for (const limit of [1, 7, 60, 250]) {
    test(`lists of ${limit} hold each once, newest first`, async () => {
      const own = (query) => pages(expect, { subscription: made.id, ...query }, limit);
      const time = (id) => id.slice(4, 14);
      const found = (await own({})).flat();
      assert.deepEqual(new Set(found), new Set(ids));
      assert.equal(found.length, ids.length);
      assert.deepEqual(found.map(time), found.map(time).sort().reverse());
      const failed = ids.filter((_, n) => n % 5 === 4).reverse();
      assert.deepEqual(new Set((await own({ status: "failed" })).flat()), new Set(failed));
      assert.deepEqual(new Set((await own({ type })).flat()), new Set(ids));
      assert.deepEqual((await own({ type: "none" })).flat(), []);
      const all = (await pages(expect, { type }, limit)).flat();
      assert.deepEqual(all, found, "so they do without the subscription's name");
    });
  }

  test("figures are of all of them", async () => {
    const { counts, total, attempts, successRate } = await expect(200, "GET", `/v1/subscriptions/${made.id}/stats`);
    assert.deepEqual(counts, { pending: 0, delivered: 48, failed: 12, cancelled: 0 });
    assert.deepEqual([total, attempts, successRate], [60, 60, 0.8]);
  });

  test("events, deliveries, attempts by hand and cancelling find their object", async () => {
    for (const id of ids.slice(-10)) {
      const { event } = await delivery(id);
      const shown = await expect(200, "GET", `/v1/events/${event.id}`);
      assert.deepEqual(
        shown.deliveries.map((one) => one.id),
        [id],
      );
      assert.deepEqual((await pages(expect, { event: event.id })).flat(), [id]);
    }
    await expect(202, "POST", `/v1/deliveries/${ids[4]}/retry`);
    await until(async () => (await delivery(ids[4])).attemptCount === 2);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const held = await inParallel(numbers(8), 4, (n) => sendOne({ type, data: { n }, deliverAt: later }));
    for (const id of held) {
      assert.equal((await expect(200, "POST", `/v1/deliveries/${id}/cancel`)).status, "cancelled");
    }
    const { counts } = await expect(200, "GET", `/v1/subscriptions/${made.id}/stats`);
    assert.equal(counts.cancelled, 8);
  });

  test("an id that its producer chose stays where it was, whatever becomes of the shards", async () => {
    const first = await send({ type, id: "chosen", data: { n: 0 } });
    for (const shards of [1, 32, 3]) {
      await reshard(made, shards);
      const again = await send({ type, id: "chosen", data: { n: 0 } });
      assert.equal(again.duplicate, true);
      assert.deepEqual(again.deliveries, first.deliveries);
    }
    await settled(first.deliveries[0].id);
    assert.equal(
      target.requests(path).filter(({ headers }) => headers["webhook-id"].includes("chosen")).length <= 1,
      true,
    );
  });

  test("a test is sent once", async () => {
    const before = target.requests(path).length;
    const told = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`, { data: { n: 0 } });
    assert.equal(told.delivered, true);
    assert.equal(target.requests(path).length, before + 1);
    assert.equal((await delivery(told.deliveryId)).subscription, made.id);
  });

  test("when it is deleted all that is pending is cancelled, and its history stays", async () => {
    await reshard(made, 32);
    await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
    const held = await inParallel(numbers(40), 8, (n) => sendOne({ type, data: { n } }));
    assert.ok(places(held).size > 8);
    await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
    for (const id of held) assert.equal((await delivery(id)).status, "cancelled");
    const found = (await pages(expect, { subscription: made.id })).flat();
    for (const id of [...held, ...ids]) assert.ok(found.includes(id));
    assertProblem(await api("GET", `/v1/subscriptions/${made.id}/stats`), 404);
  });
});

test("a limit is shared, whatever the number of shards", async () => {
  const type = uniqueType();
  const path = uniquePath();
  await subscribe({ url: target.url(path), events: [type], shards: 4, rateLimit: { perSecond: 40 } });
  await inParallel(numbers(100), 16, (n) => sendOne({ type, data: { n } }));
  const arrived = await target.received(path, 100, 30_000);
  const took = arrived.at(-1).at - arrived[0].at;
  assert.ok(took > 1_500, `100 deliveries at 40 a second took ${took} ms`);
});

test("four objects wait for a slow receiver four times as often as one", async (t) => {
  const TAKES = 1_000;
  const count = 160;
  const most = {};
  for (const shards of [1, 4]) {
    const type = uniqueType();
    const path = uniquePath();
    await subscribe({ url: target.answer(path, { status: 204, delay: TAKES }), events: [type], shards });
    const begun = Date.now();
    await inParallel(numbers(count), 16, (n) => sendOne({ type, data: { n } }));
    const arrived = (await target.received(path, count, 30_000)).map((one) => one.at);
    // As many as arrived before the first of them was answered.
    most[shards] = Math.max(
      ...arrived.map((at) => arrived.filter((other) => other >= at && other < at + TAKES).length),
    );
    t.diagnostic(`${shards}: ${count} in ${Math.max(...arrived) - begun} ms, ${most[shards]} at once`);
  }
  assert.ok(most[1] <= 32, `one waits for ${most[1]}`);
  assert.ok(most[4] > 64 && most[4] <= 128, `four wait for ${most[4]}`);
});

describe("a change of the number, under traffic", () => {
  /** Posts under ids of its own until the signal; each again until it is accepted. Answers what was accepted. */
  async function producing(type, signal, lanes = 4) {
    const accepted = new Map();
    const lane = async (lane) => {
      for (let n = 0; !signal.aborted; n++) {
        const name = `${type}-${lane}-${n}`;
        const { deliveries } = await until(
          async () => {
            const answer = await api("POST", "/v1/events", { id: name, type, data: name });
            return answer.status === 202 && answer.json;
          },
          { timeout: 60_000, every: 50, what: `a 202 for ${name}` },
        );
        accepted.set(name, deliveries[0].id);
        await sleep(10);
      }
    };
    await Promise.all(numbers(lanes).map(lane));
    return accepted;
  }

  /** A receiver that fails every third event once, and remembers who signed what. */
  function failing(path) {
    const seen = [];
    const tries = new Map();
    const url = target.answer(path, (request) => {
      const name = request.json.data;
      const count = (tries.get(name) ?? 0) + 1;
      tries.set(name, count);
      const taken = count > 1 || Number(name.split("-").at(-1)) % 3 !== 0;
      seen.push({ name, taken, request });
      return taken ? 204 : 500;
    });
    return { url, seen, taken: () => seen.filter((one) => one.taken) };
  }

  const allTaken = (receiver, accepted, timeout = 60_000) => {
    const missing = () => {
      const taken = new Set(receiver.taken().map((one) => one.name));
      return [...accepted.keys()].filter((name) => !taken.has(name));
    };
    return until(() => missing().length === 0, {
      timeout,
      every: 100,
      what: () => `${missing().length} events, of them ${missing().slice(0, 3)}`,
    });
  };

  test("1, 4, 2 and 3 shards, a pause and rotations: each event is taken once, and signed as it should be", {
    timeout: 120_000,
  }, async (t) => {
    const type = uniqueType("flow");
    const path = uniquePath();
    const receiver = failing(path);
    const made = await subscribe({ url: receiver.url, events: [type], profile: "brisk" });
    const secrets = [{ secret: made.secret, from: 0 }];
    const rotate = async () => {
      const where = `/v1/subscriptions/${made.id}/rotate-secret`;
      const { secret } = await expect(200, "POST", where, { overlapSeconds: 0 });
      secrets.push({ secret, from: Date.now() });
    };
    const end = new AbortController();
    const traffic = producing(type, end.signal);
    for (const shards of [4, 2, 3]) {
      await sleep(600);
      await reshard(made, shards);
      await rotate();
      await sleep(300);
      await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
      await sleep(400);
      const quiet = receiver.seen.length;
      await sleep(300);
      assert.equal(receiver.seen.length, quiet, "paused means paused, in every object");
      await expect(200, "POST", `/v1/subscriptions/${made.id}/resume`);
    }
    await sleep(300);
    end.abort();
    const accepted = await traffic;
    await allTaken(receiver, accepted);
    await sleep(500);
    assert.equal(receiver.taken().length, accepted.size, "each was taken once");
    assert.ok(places([...accepted.values()]).size === 4);
    for (const { name, request } of receiver.seen) {
      // What was under way when a secret was replaced may still carry the one before.
      const valid = secrets.filter(
        ({ from }, at) => from <= request.at && !(secrets[at + 1]?.from < request.at - 1_000),
      );
      assert.ok(
        valid.some(({ secret }) => verifies(secret, request)),
        `${name} is signed with the secret in force`,
      );
    }
    const list = (await pages(expect, { subscription: made.id, status: "delivered" })).flat();
    assert.deepEqual(new Set(list), new Set(accepted.values()));
    assert.equal(list.length, accepted.size);
    const stats = await expect(200, "GET", `/v1/subscriptions/${made.id}/stats`);
    assert.equal(stats.counts.delivered, accepted.size);
    assert.equal(stats.attempts, receiver.seen.length);
    t.diagnostic(`${accepted.size} events, ${receiver.seen.length} attempts`);
  });

  test("and killed in between: none is lost, and none comes again that was settled", {
    timeout: 180_000,
  }, async (t) => {
    const type = uniqueType("killed");
    const path = uniquePath();
    const receiver = failing(path);
    const made = await subscribe({ url: receiver.url, events: [type], profile: "brisk" });
    const end = new AbortController();
    const traffic = producing(type, end.signal);
    const kills = [];
    for (const shards of [4, 2]) {
      await sleep(500);
      // The change may be stored and not answered, or told to some: whoever asks again makes it so.
      const changing = reshard(made, shards).catch(() => {});
      await sleep(shards === 4 ? 0 : 20);
      kills.push(Date.now());
      await signet.kill();
      await signet.start();
      await changing;
      await reshard(made, shards);
    }
    await sleep(500);
    end.abort();
    const accepted = await traffic;
    await allTaken(receiver, accepted, 100_000);
    for (const id of accepted.values()) await settled(id, { status: "delivered", timeout: 30_000 });
    // What the machine died with may come again, once for each death.
    const times = Map.groupBy(receiver.taken(), (one) => one.name);
    for (const [name, taken] of times) {
      const [first] = taken;
      const died = kills.filter((at) => at > first.request.at - 50 && at < taken.at(-1).request.at);
      assert.ok(taken.length <= 1 + died.length, `${name} was taken ${taken.length} times`);
      assert.ok(taken.length === 1 || first.request.at > kills[0] - 3_000, `${name} was settled long before`);
    }
    const list = (await pages(expect, { subscription: made.id })).flat();
    assert.deepEqual(new Set(list), new Set(accepted.values()));
    assert.equal(list.length, accepted.size);
    t.diagnostic(`${accepted.size} events, ${receiver.taken().length - accepted.size} came again`);
  });
});

test("a place that has not heard of shards goes on, and a revoked key is refused in all of them", async () => {
  const own = await tenant(signet);
  const producer = await own.expect(201, "POST", "/v1/api-keys", { label: "x", scopes: ["events:write"] });
  const type = uniqueType();
  const path = uniquePath();
  const made = await own.subscribe({ url: target.url(path), events: [type] });
  const wide = uniquePath();
  await own.subscribe({ url: target.url(wide), events: [type], shards: 16 });
  await until(async () => JSON.parse(await signet.kept(`application:${own.id}`)).subscriptions.length === 2);
  const there = calls({ api: bearer(signet.elsewhere.bind(signet), producer.key) });
  await there.send({ type, data: "warm" });
  await own.expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { shards: 4 });
  for (const n of numbers(5)) await there.send({ type, data: n });
  await target.received(path, 6);
  await target.received(wide, 6);
  await own.expect(204, "DELETE", `/v1/api-keys/${producer.id}`);
  const post = bearer(signet.elsewhere.bind(signet), producer.key);
  for (const n of numbers(30)) assertProblem(await post("POST", "/v1/events", { type, data: n }), 401);
  assert.equal(target.requests(path).length, 6);
});
