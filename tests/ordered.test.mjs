// Deliveries that go out one by one, in the order in which they were accepted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { receiver } from "./support/receiver.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target, expect, subscribe, sendOne, delivery, settled, attempted, profile } = await stage();
await profile("thrice", { retry: { delays: [0, 0.5, 0.5], jitter: 0 } });
await profile("patient", { retry: { delays: [0, 3600], jitter: 0 } });
await profile("stubborn", { retry: { delays: [0, ...Array(100).fill(1)], jitter: 0 }, timeoutSeconds: 5 });

/** A subscription with a type and a path of its own, its events numbered from 0. */
async function scene(answer, profileName, more = { ordered: true }, to = target) {
  const [type, path] = [uniqueType(), uniquePath()];
  const made = await subscribe({ url: to.answer(path, answer), events: [type], profile: profileName, ...more });
  let count = 0;
  return {
    ...made,
    path,
    where: `/v1/subscriptions/${made.id}`,
    /** Posts so many, one after the other. */
    post: async (number, event = {}) => {
      const ids = [];
      for (let n = 0; n < number; n++) ids.push(await sendOne({ type, data: { n: count++ }, ...event }));
      return ids;
    },
    /** The numbers of the events as they arrived, repetitions among them. */
    arrived: () => to.requests(path).map((request) => request.json.data.n),
  };
}

test("each waits until the one before is delivered or failed, one at a time", { timeout: 60_000 }, async (t) => {
  const own = await receiver();
  t.after(() => own.stop());
  const counts = new Map();
  const answer = ({ json }) => {
    const { n } = json.data;
    const count = (counts.get(n) ?? 0) + 1;
    counts.set(n, count);
    return { status: n === 5 || (n === 2 && count < 3) ? 500 : 200, delay: 20 };
  };
  const line = await scene(answer, "thrice", { ordered: true }, own);
  const ids = await line.post(8);
  const ends = [];
  for (const id of ids) ends.push((await settled(id)).status);
  assert.deepEqual(line.arrived(), [0, 1, 2, 2, 2, 3, 4, 5, 5, 5, 6, 7]);
  assert.deepEqual(
    ends,
    [..."11111011"].map((end) => (end === "1" ? "delivered" : "failed")),
  );
  assert.equal(own.mostAtOnce, 1);
});

test("what is to wait for a time of its own holds up nobody", { timeout: 30_000 }, async () => {
  const line = await scene(200, "patient");
  const [early] = await line.post(1, { deliverAt: new Date(Date.now() + 4_000).toISOString() });
  const others = await line.post(2);
  for (const id of others) await settled(id, { status: "delivered" });
  assert.equal((await delivery(early)).status, "pending");
  await settled(early, { status: "delivered" });
  assert.deepEqual(line.arrived(), [1, 2, 0]);
});

test("an attempt by hand steps beside the line, and what is cancelled leaves it", { timeout: 30_000 }, async () => {
  const line = await scene([500, 200], "patient");
  const [first, second, third, fourth] = await line.post(4);
  await attempted(first, 1);
  assert.ok(Date.parse((await delivery(first)).nextAttemptAt) > Date.now() + 3_000_000);
  await expect(202, "POST", `/v1/deliveries/${third}/retry`);
  await settled(third, { status: "delivered" });
  await sleep(300);
  assert.equal((await delivery(second)).attemptCount, 0, "the line still waits");
  await expect(200, "POST", `/v1/deliveries/${first}/cancel`);
  for (const id of [second, fourth]) await settled(id, { status: "delivered" });
  assert.deepEqual(line.arrived(), [0, 2, 1, 3]);
});

test("one that succeeds by hand makes room for the next", { timeout: 30_000 }, async () => {
  const line = await scene([500, 200], "patient");
  const [first, second] = await line.post(2);
  await attempted(first, 1);
  await expect(202, "POST", `/v1/deliveries/${first}/retry`);
  for (const id of [first, second]) await settled(id, { status: "delivered" });
  assert.deepEqual(line.arrived(), [0, 0, 1]);
});

test("paused and resumed, the order stays", { timeout: 30_000 }, async () => {
  const line = await scene(200, "patient");
  await expect(200, "POST", `${line.where}/pause`);
  const ids = await line.post(12);
  await expect(200, "POST", `${line.where}/resume`);
  for (const id of ids) await settled(id, { status: "delivered" });
  assert.deepEqual(
    line.arrived(),
    ids.map((_, n) => n),
  );
});

test("switched on and off with deliveries pending, nothing is lost", { timeout: 60_000 }, async () => {
  let status = 500;
  const line = await scene(() => status, "stubborn", {});
  const ids = await line.post(10);
  await until(() => new Set(line.arrived()).size === 10, { what: "all of them, side by side" });
  await expect(200, "PATCH", line.where, { ordered: true });
  ids.push(...(await line.post(5)));
  await sleep(1_500);
  const before = target.requests(line.path).length;
  await sleep(3_000);
  const tried = new Set(line.arrived().slice(before));
  assert.deepEqual([...tried], [0], "the first of them alone");
  await expect(200, "PATCH", line.where, { ordered: false });
  await until(() => new Set(line.arrived()).size === 15, { what: "all of them again" });
  await expect(200, "PATCH", line.where, { ordered: true });
  await sleep(1_500);
  const last = target.requests(line.path).length;
  status = 200;
  for (const id of ids) await settled(id, { status: "delivered" });
  const order = line.arrived().slice(last);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
    "in order again",
  );
});

test("the order outlives SIGKILL, with the receiver down and up", { timeout: 120_000 }, async (t) => {
  const own = await receiver();
  t.after(() => own.stop());
  const line = await scene({ status: 200, delay: 100 }, "stubborn", { ordered: true }, own);
  await own.down();
  const ids = await line.post(15);
  await signet.restart();
  ids.push(...(await line.post(15)));
  await own.up();
  for (const share of [5, 15]) {
    await until(() => new Set(line.arrived()).size >= share, { timeout: 40_000, what: `${share} of them` });
    await signet.restart();
  }
  for (const id of ids) await settled(id, { status: "delivered", timeout: 40_000 });
  const order = line.arrived();
  t.diagnostic(`${order.length - ids.length} came again`);
  assert.deepEqual(
    [...new Set(order)],
    ids.map((_, n) => n),
  );
  // What was under way when the machine died comes again, and nothing overtakes it.
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});
