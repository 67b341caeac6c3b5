// A destination dies and comes back, as its operator lives through it: told by webhook, with nothing lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { about, operatorsWebhook } from "./support/operator.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { inParallel, until } from "./support/wait.mjs";

const DAY = 86_400;
const on = await stage({
  vars: {
    OPERATOR_KEY,
    ENCRYPTION_KEY: "local-encryption-key",
    ALLOW_PRIVATE_DESTINATIONS: "true",
    CIRCUIT_BREAKER_SECONDS: "1",
    DISABLE_AFTER_DAYS: `${8 / DAY}`,
  },
});
const { signet, target, expect } = on;
const EVENTS = 40;

const operator = await operatorsWebhook(on);

/** A shop with a subscription, and what the operator can do about it once a notice has named it. */
async function shopping(path, delays) {
  const shop = await tenant(signet, { name: "Shop" });
  await shop.profile("steady", { retry: { delays, jitter: 0 } });
  const rateLimit = { perSecond: 25 };
  const url = target.answer(path, 500);
  const { id } = await shop.subscribe({ url, events: ["order.*"], profile: "steady", rateLimit });
  const numbers = Array.from({ length: EVENTS }, (_, n) => n);
  const order = (n) => shop.send({ type: "order.paid", data: { n } });
  return { shop, id, path, numbers, order };
}

/** The operator's calls in the application that a notice is about. */
const acting =
  ({ application, subscription }) =>
  (status, method, what, body) =>
    expect(status, method, `/v1/subscriptions/${subscription}${what}`, body, { "signet-application": application });

test("a destination says that it is gone, its operator hears of it, and puts it right", async (t) => {
  const { shop, id, path, numbers, order } = await shopping("/gone", [0, 2, 600]);
  const began = new Date().toISOString();

  // It stumbles: everything is accepted, and will be tried again.
  const posted = await inParallel(numbers, 8, order);
  const ids = posted.map(({ deliveries: [one] }) => one.id);
  await target.received(path, EVENTS / 2);

  // It dies: what it says now is that it is gone for good.
  target.answer(path, 410);
  const [disabled] = await operator.hears(about("signet.subscription.disabled", { subscription: id }));
  assert.partialDeepStrictEqual(disabled.data, { application: shop.id, reason: "gone" });
  const act = acting(disabled.data);
  assert.equal((await act(200, "GET", "")).status, "disabled");

  // What was under way has failed, each with a notice of its own; the rest is held.
  const isFailed = about("signet.delivery.failed", { subscription: id });
  const failed = await until(
    async () => {
      const { data } = await shop.expect(200, "GET", "/v1/deliveries?status=failed&limit=250");
      return data.length > 0 && operator.heard(isFailed).length === data.length && data;
    },
    { what: "a notice of each that has failed", every: 200, timeout: 20_000 },
  );
  t.diagnostic(`${failed.length} of ${EVENTS} failed, the rest is held`);
  assert.ok(failed.length < EVENTS);
  const told = operator.heard(isFailed).map(({ json }) => json.data.delivery);
  assert.deepEqual(told.sort(), failed.map((one) => one.id).sort());

  // It comes back, and the operator puts things right with what they were told.
  target.answer(path, 200);
  assert.equal((await act(200, "POST", "/resume")).status, "active");
  const { matched } = await act(202, "POST", "/recover", { since: began });
  assert.equal(matched, failed.length);
  await inParallel(ids, 8, (one) => shop.settled(one, { status: "delivered", timeout: 60_000 }));
  const stats = await act(200, "GET", "/stats");
  assert.partialDeepStrictEqual(stats.counts, { delivered: EVENTS, pending: 0, failed: 0, cancelled: 0 });
});

test("a destination takes nothing until it is given up; what it missed is replayed", async () => {
  const { shop, id, path, numbers, order } = await shopping("/silent", [0, ...Array(49).fill(1)]);
  const accepted = await inParallel(numbers, 8, order);
  const [failing] = await operator.hears(about("signet.subscription.failing", { subscription: id }));
  assert.equal((await acting(failing.data)(200, "GET", "")).failingSince, failing.data.failingSince);

  const [disabled] = await operator.hears(about("signet.subscription.disabled", { subscription: id }), 1, 60_000);
  assert.deepEqual([disabled.data.reason, disabled.data.failingSince], ["failing", failing.data.failingSince]);
  const act = acting(disabled.data);

  // Meanwhile the shop goes on. What is posted before ingest has heard of it is held, and then nobody wants its events.
  let held = 0;
  await until(
    async () => {
      const { deliveries } = await shop.send({ type: "order.asked", data: { n: -1 } });
      held += deliveries.length;
      return deliveries.length === 0;
    },
    { timeout: 60_000, every: 500, what: "ingest to hear of it" },
  );
  const missed = numbers.map((n) => EVENTS + n);
  for (const { deliveries } of await inParallel(missed, 8, order)) assert.deepEqual(deliveries, []);

  target.answer(path, 200);
  assert.equal((await act(200, "POST", "/resume")).status, "active");
  const { matched } = await act(202, "POST", "/replay", { since: disabled.data.disabledAt, types: ["order.paid"] });
  assert.equal(matched, EVENTS);
  const ids = accepted.map(({ deliveries: [one] }) => one.id);
  await inParallel(ids, 8, (one) => shop.settled(one, { status: "delivered", timeout: 60_000 }));
  await until(async () => (await act(200, "GET", "/stats")).counts.delivered === 2 * EVENTS + held, {
    timeout: 60_000,
    every: 300,
    what: "what was missed to be delivered too",
  });
  const arrived = new Set(target.requests(path).map(({ json }) => json.data.n));
  for (const n of [...numbers, ...missed]) assert.ok(arrived.has(n), `order ${n} arrived`);
});
