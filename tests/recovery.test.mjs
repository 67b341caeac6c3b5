// Ten thousand failed deliveries are recovered in the background, and the machine dies while they are.
// SIGNET_TEST_DELIVERIES sets how many.
import assert from "node:assert/strict";
import { test } from "node:test";
import { operations } from "./support/operations.mjs";
import { stage } from "./support/stage.mjs";
import { inParallel, until } from "./support/wait.mjs";

const DELIVERIES = Number(process.env.SIGNET_TEST_DELIVERIES ?? 10_000);
/** As many attempts as may be under way to one destination. */
const UNDER_WAY = 32;
const LONG_AGO = "2026-01-01T00:00:00.000Z";

const { signet, target, expect, subscribe, send, profile } = await stage();
const { begin, ended, read } = operations({ expect });
await profile("once", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 10 });

/** A subscription with so many deliveries that have failed. */
async function failed(path, type, count) {
  const made = await subscribe({ url: target.answer(path, 500), events: [type], profile: "once" });
  await inParallel(Array.from({ length: count }), 32, (_, n) => send({ type, data: { n } }));
  await counted(made.id, "failed", count);
  assert.equal(target.requests(path).length, count, "one attempt each");
  return made.id;
}

/** Waits until so many deliveries of a subscription have a status. */
function counted(id, status, count) {
  let counts;
  return until(
    async () => {
      ({ counts } = await expect(200, "GET", `/v1/subscriptions/${id}/stats`));
      return counts[status] === count;
    },
    { timeout: 120_000, every: 100, what: () => `${count} ${status}; ${JSON.stringify(counts)}` },
  );
}

/** Kills the gateway each time that an operation has done another share. How often it was in the middle of it. */
async function interrupted(operation, shares) {
  let kills = 0;
  for (const share of shares) {
    const now = await until(
      async () => {
        const now = await read(operation);
        return (now.status !== "running" || now.done >= now.matched * share) && now;
      },
      { timeout: 60_000, every: 1, what: `${share} of the operation` },
    );
    if (now.status !== "running") break;
    await signet.kill();
    await signet.start();
    kills += 1;
  }
  return kills;
}

/** How often each delivery arrived. */
function arrivals(path) {
  const counts = new Map();
  for (const { headers } of target.requests(path)) {
    counts.set(headers["webhook-id"], (counts.get(headers["webhook-id"]) ?? 0) + 1);
  }
  return counts;
}

test(`${DELIVERIES} failed deliveries, recovered over SIGKILLs: each is sent once`, { timeout: 400_000 }, async (t) => {
  const path = "/recovered";
  const began = Date.now();
  const subscription = await failed(path, "recovery.paused", DELIVERIES);
  t.diagnostic(`${DELIVERIES} had failed after ${Date.now() - began} ms`);
  target.answer(path, 200);
  // While the subscription is paused no attempt is under way that a crash could cut off, and that would have to be made
  // again. So whatever arrives more than once would be the recovery's fault.
  await expect(200, "POST", `/v1/subscriptions/${subscription}/pause`);
  const asked = Date.now();
  const { operation, matched } = await begin(`/v1/subscriptions/${subscription}/recover`, { since: LONG_AGO });
  assert.equal(matched, DELIVERIES);
  const kills = await interrupted(operation, [0.05, 0.4, 0.7]);
  assert.ok(kills > 0, "it was killed while it was at work");
  const over = await ended(operation, 60_000);
  t.diagnostic(`moved after ${Date.now() - asked} ms and ${kills} kills`);
  assert.deepEqual([over.status, over.done, over.failed], ["done", DELIVERIES, 0], "each is counted once");
  await counted(subscription, "pending", DELIVERIES);
  assert.equal(target.requests(path).length, DELIVERIES);

  await expect(200, "POST", `/v1/subscriptions/${subscription}/resume`);
  await counted(subscription, "delivered", DELIVERIES);
  t.diagnostic(`all delivered after ${Date.now() - asked} ms`);
  const counts = arrivals(path);
  assert.equal(counts.size, DELIVERIES);
  assert.ok(
    [...counts.values()].every((count) => count === 2),
    "it came once when it failed, and once when it was recovered",
  );
});

test("killed while what is recovered goes out, and fails again: it is not recovered again", {
  timeout: 200_000,
}, async (t) => {
  const path = "/failing";
  const count = 1_500;
  const subscription = await failed(path, "recovery.failing", count);
  const { operation, matched } = await begin(`/v1/subscriptions/${subscription}/recover`, { since: LONG_AGO });
  assert.equal(matched, count);
  const kills = await interrupted(operation, [0.3, 0.6]);
  const over = await ended(operation, 60_000);
  assert.deepEqual([over.status, over.done, over.failed], ["done", count, 0]);
  await counted(subscription, "failed", count);
  const counts = [...arrivals(path).values()];
  const more = counts.filter((times) => times > 2).length;
  t.diagnostic(`${kills} kills, ${more} attempts were made again`);
  assert.ok(counts.every((times) => times >= 2));
  // What was under way when the machine died had not been recorded: that is sent again, as after any crash.
  assert.ok(more <= kills * UNDER_WAY, `${more} were sent again after ${kills} kills`);
});
