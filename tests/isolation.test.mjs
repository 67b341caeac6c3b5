// A receiver that hangs is its own trouble: others keep their pace, and the gateway its sockets.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { receiver } from "./support/receiver.mjs";
import { stage } from "./support/stage.mjs";
import { inParallel } from "./support/wait.mjs";

const { target, api, expect, subscribe, send, settled, delivery, profile } = await stage();

const hanging = await receiver();
after(() => hanging.stop());

const EVENTS = 200;

/** Posts events and gives each one's latency from the call to the good receiver, sorted, in ms. */
async function latencies(type) {
  const posted = new Map();
  target.answer(`/${type}`, 204);
  await inParallel(Array.from({ length: EVENTS }), 8, async (_, n) => {
    posted.set(n, Date.now());
    await send({ type, data: n });
  });
  const requests = await target.received(`/${type}`, EVENTS, 30_000);
  return requests.map((request) => request.at - posted.get(request.json.data)).sort((a, b) => a - b);
}

const median = (sorted) => sorted[Math.floor(sorted.length / 2)];
const p99 = (sorted) => sorted[Math.floor(sorted.length * 0.99)];

test("thirty hanging receivers of the same event beside a good one", async (t) => {
  await profile("hasty", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 5 });
  for (let n = 0; n < 30; n++) {
    await subscribe({ url: hanging.answer(`/hang-${n}`, { hang: true }), events: ["crowd"], profile: "hasty" });
  }
  await subscribe({ url: target.answer("/crowd", 204), events: ["crowd"] });
  const started = Date.now();
  const { deliveries } = await send({ type: "crowd", data: {} });
  assert.equal(deliveries.length, 31);
  const [request] = await target.received("/crowd");
  t.diagnostic(`the good one had it after ${request.at - started} ms`);
  assert.ok(request.at - started < 4_000, "it did not wait for any of the hanging ones");
  for (const { id } of deliveries) await settled(id, { timeout: 30_000 });
});

test("a hanging receiver beside a good one with the same events", async (t) => {
  await profile("patient", { retry: { delays: [0, 2, 2, 2, 2, 2], jitter: 0 }, timeoutSeconds: 15 });
  await subscribe({ url: target.url("/alone"), events: ["alone"] });
  await latencies("alone");
  const alone = await latencies("alone");

  hanging.answer("/hang", { hang: true });
  const slow = await subscribe({ url: hanging.url("/hang"), events: ["beside"], profile: "patient" });
  await subscribe({ url: target.url("/beside"), events: ["beside"] });
  const beside = await latencies("beside");

  t.diagnostic(`alone: p50 ${median(alone)} ms, p99 ${p99(alone)} ms`);
  t.diagnostic(`beside: p50 ${median(beside)} ms, p99 ${p99(beside)} ms; ${hanging.mostAtOnce} hanging at once`);
  // A good delivery that waited for a hanging one would have waited for its timeout of 15 s.
  assert.ok(beside.at(-1) < 10_000, `the slowest good delivery took ${beside.at(-1)} ms`);
  assert.ok(hanging.mostAtOnce >= 1);
  assert.ok(hanging.mostAtOnce < EVENTS / 2, `${hanging.mostAtOnce} attempts at once to one destination`);
  const { data } = await expect(200, "GET", `/v1/deliveries?subscription=${slow.id}&limit=250`);
  assert.equal(data.length, EVENTS);
  assert.ok(
    data.every((one) => one.status === "pending"),
    "nothing is given up",
  );

  // It recovers: everything that hung arrives, the API works all the while.
  hanging.answer("/hang", 200);
  await hanging.down();
  await hanging.up();
  assert.equal((await api("GET", "/v1/subscriptions")).status, 200);
  for (const { id } of data) assert.equal((await settled(id, { timeout: 60_000 })).status, "delivered");
  assert.equal((await delivery(data[0].id)).attempts.at(-1).responseStatus, 200);
});
