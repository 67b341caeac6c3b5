// The machine dies: what was answered with 202 is delivered all the same.
// SIGNET_TEST_EVENTS sets how many events the first test posts (1,000 unless told otherwise).
import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./support/stage.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const EVENTS = Number(process.env.SIGNET_TEST_EVENTS ?? 1_000);
const { signet, target, api, expect, subscribe, send, sendOne, delivery, settled, profile } = await stage();

// Attempts enough that the receiver's return is always met, soon and without waiting.
// In the first test the attempts of a thousand deliveries would be most of the load while they are still being accepted:
// there the second one comes later, and later still for more of them.
const calm = { second: Math.max(15, EVENTS / 50), further: Math.max(5, EVENTS / 100) };
await profile("calm", {
  retry: { delays: [0, calm.second, ...Array(40).fill(calm.further)], jitter: 0 },
  timeoutSeconds: 5,
});
await profile("stubborn", { retry: { delays: [0, 1, 2, 2, ...Array(40).fill(3)], jitter: 0 }, timeoutSeconds: 5 });

/** How often each event arrived, by its number. */
function arrivals(path) {
  const counts = new Map();
  for (const request of target.requests(path)) {
    const { n } = request.json.data;
    counts.set(n, (counts.get(n) ?? 0) + 1);
  }
  return counts;
}

async function allArrived(path, numbers, timeout) {
  await until(() => arrivals(path).size >= numbers.length, {
    timeout,
    every: 100,
    what: () => `${numbers.length} events; ${arrivals(path).size} arrived`,
  });
  const counts = arrivals(path);
  for (const n of numbers) assert.ok(counts.has(n), `event ${n} arrived`);
  return [...counts.values()].reduce((sum, count) => sum + count - 1, 0);
}

test(`${EVENTS} events, the receiver down, SIGKILL after the last 202`, {
  timeout: 280_000 + 200 * EVENTS,
}, async (t) => {
  const path = "/down";
  await subscribe({ url: target.url(path), events: ["crash.down"], profile: "calm" });
  await target.down();
  const numbers = Array.from({ length: EVENTS }, (_, n) => n);
  const started = Date.now();
  const accepted = await inParallel(numbers, 16, (n) => send({ id: `down-${n}`, type: "crash.down", data: { n } }));
  await signet.kill();
  const accepting = Date.now() - started;
  await signet.start();
  await target.up();
  const restarted = Date.now();
  const duplicates = await allArrived(path, numbers, 100_000 + 100 * EVENTS);
  const arriving = Date.now() - restarted;
  t.diagnostic(`accepted in ${accepting} ms, arrived in ${arriving} ms after the restart, ${duplicates} duplicates`);

  const ids = accepted.map((one) => one.deliveries[0].id);
  const onTheWire = new Set(target.requests(path).map((request) => request.headers["webhook-id"]));
  assert.deepEqual(onTheWire, new Set(ids), "under the very ids that the producer was told");
  await inParallel([...ids.slice(0, 25), ...ids.slice(-25)], 8, async (id) => {
    assert.equal((await settled(id, { timeout: 60_000 })).status, "delivered");
  });
  const again = await send({ id: "down-0", type: "crash.down", data: { n: 0 } });
  assert.equal(again.duplicate, true, "and none of them can be posted again by mistake");
});

test("three kills in the middle of deliveries", { timeout: 200_000 }, async (t) => {
  const path = "/middle";
  const count = 300;
  await subscribe({
    url: target.answer(path, { status: 200, delay: 30 }),
    events: ["crash.middle"],
    profile: "stubborn",
  });

  // The producer does what producers do: it posts until it has its 202, always under the same id.
  const post = (n) =>
    until(
      async () => {
        const answer = await api("POST", "/v1/events", { id: `middle-${n}`, type: "crash.middle", data: { n } });
        return answer.status === 202 && answer.json;
      },
      { timeout: 60_000, every: 100, what: `a 202 for event ${n}` },
    );
  let accepted = 0;
  const numbers = Array.from({ length: count }, (_, n) => n);
  const posting = inParallel(numbers, 8, async (n) => {
    const answer = await post(n);
    accepted += 1;
    return answer;
  });
  for (const share of [0.2, 0.5, 0.8]) {
    await until(() => accepted >= count * share, {
      timeout: 60_000,
      every: 5,
      what: () => `more than ${accepted} accepted`,
    });
    await signet.kill();
    await signet.start();
  }
  const answers = await posting;
  const duplicates = await allArrived(path, numbers, 120_000);
  t.diagnostic(`${count} events over three kills, ${duplicates} duplicates`);

  const ids = new Set(answers.map((one) => one.deliveries[0].id));
  assert.equal(ids.size, count);
  for (const request of target.requests(path)) assert.ok(ids.has(request.headers["webhook-id"]));
  // Each request that came twice came with the same bytes.
  const bodies = new Map();
  for (const request of target.requests(path)) {
    const known = bodies.get(request.headers["webhook-id"]) ?? request.body;
    bodies.set(request.headers["webhook-id"], known);
    assert.ok(known.equals(request.body));
  }
});

test("killed while the receiver holds the request: it comes again", { timeout: 120_000 }, async (t) => {
  const path = "/held";
  await subscribe({ url: target.answer(path, [{ hang: true }, 200]), events: ["crash.held"], profile: "stubborn" });
  const { deliveries } = await send({ type: "crash.held", data: { n: 1 } });
  await target.received(path);
  await signet.restart();
  const from = Date.now();
  await target.received(path, 2, 90_000);
  t.diagnostic(`came again ${Date.now() - from} ms after the restart`);
  assert.equal((await settled(deliveries[0].id, { timeout: 30_000 })).status, "delivered");
});

test("killed between two attempts: the schedule goes on", { timeout: 60_000 }, async () => {
  const path = "/between";
  await subscribe({ url: target.answer(path, [500, 200]), events: ["crash.between"], profile: "ssemble" });
  const { deliveries } = await send({ type: "crash.between", data: {} });
  await target.received(path);
  await signet.kill();
  await sleep(1_500);
  await signet.start();
  assert.equal((await settled(deliveries[0].id, { timeout: 40_000 })).status, "delivered");
});

test("killed while paused: what was held goes out at resume", { timeout: 60_000 }, async () => {
  const path = "/paused";
  const made = await subscribe({ url: target.url(path), events: ["crash.paused"], profile: "stubborn" });
  await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
  const ids = await inParallel(Array.from({ length: 20 }), 8, (_, n) => sendOne({ type: "crash.paused", data: n }));
  await signet.restart();
  assert.equal((await expect(200, "GET", `/v1/subscriptions/${made.id}`)).status, "paused");
  for (const id of ids) assert.equal((await delivery(id)).status, "pending");
  assert.equal(target.requests(path).length, 0);
  await expect(200, "POST", `/v1/subscriptions/${made.id}/resume`);
  for (const id of ids) assert.equal((await settled(id, { timeout: 30_000 })).status, "delivered");
  assert.equal(target.requests(path).length, 20);
});

test("subscriptions, profiles and history outlive it", async () => {
  const made = await subscribe({
    url: target.url("/outlive"),
    events: ["crash.outlive"],
    name: "outlive",
    profile: "stubborn",
  });
  const { deliveries } = await send({ type: "crash.outlive", data: {} });
  await settled(deliveries[0].id, { status: "delivered" });
  const before = await expect(200, "GET", `/v1/deliveries/${deliveries[0].id}`);
  await signet.restart();
  assert.deepEqual(await expect(200, "GET", `/v1/deliveries/${deliveries[0].id}`), before);
  assert.equal((await expect(200, "GET", `/v1/subscriptions/${made.id}/secret`)).secret, made.secret);
  const { data } = await expect(200, "GET", "/v1/profiles");
  assert.ok(data.some((one) => one.name === "stubborn"));
});
