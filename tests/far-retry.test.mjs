// A wait of more than a minute is kept by an object of the delivery's own, and its alarm. All of it waits at the same time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./support/stage.mjs";
import { sleep } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, sendOne, delivery, settled, attempted, profile } = await stage();
const WAIT = 61;

/** A subscription whose receiver fails once, and a delivery that waits for its second attempt. */
async function waiting(name, events = 1) {
  const seen = new Set();
  const firstFails = ({ headers }) => {
    const known = seen.has(headers["webhook-id"]);
    seen.add(headers["webhook-id"]);
    return known ? 200 : 500;
  };
  const made = await subscribe({ url: target.answer(`/${name}`, firstFails), events: [`far.${name}`], profile: "far" });
  const ids = [];
  for (let n = 0; n < events; n++) ids.push(await sendOne({ type: `far.${name}`, data: n }));
  for (const id of ids) {
    const failed = await attempted(id, 1);
    const wait = Date.parse(failed.nextAttemptAt) - Date.parse(failed.attempts[0].startedAt);
    assert.ok(wait >= WAIT * 1000 && wait < WAIT * 1000 + 2000, `${wait} ms`);
  }
  return { made, ids };
}

test("the alarms of deliveries: over a crash, and for what was changed meanwhile", { timeout: 150_000 }, async (t) => {
  await profile("far", { retry: { delays: [0, WAIT], jitter: 0 } });
  const before = await api("GET", "/metrics");
  const plain = await waiting("plain", 10);
  const cancelled = await waiting("cancelled");
  const paused = await waiting("paused");
  const tried = await waiting("tried");
  const alarms = (answer) => Number(/signet_alarms_set_total (\d+)/.exec(answer.text)[1]);
  const set = alarms(await api("GET", "/metrics")) - alarms(before);
  assert.ok(set >= 13, `each of the 13 deliveries has an alarm of its own; ${set} were set`);

  await signet.kill();
  await sleep(1_000);
  await signet.start();
  await expect(200, "POST", `/v1/deliveries/${cancelled.ids[0]}/cancel`);
  await expect(200, "POST", `/v1/subscriptions/${paused.made.id}/pause`);
  // Tried by hand meanwhile, with success: nothing is left for the alarm to do.
  await expect(202, "POST", `/v1/deliveries/${tried.ids[0]}/retry`);
  assert.equal((await settled(tried.ids[0])).status, "delivered");

  for (const id of plain.ids) {
    const done = await settled(id, { timeout: 90_000 });
    assert.equal(done.status, "delivered");
    assert.equal(done.attemptCount, 2);
    const wait = Date.parse(done.attempts[1].startedAt) - Date.parse(done.attempts[0].startedAt);
    assert.ok(wait >= WAIT * 1000, `${wait} ms`);
    t.diagnostic(`waited ${wait} ms`);
  }
  await sleep(2_000);
  assert.equal((await delivery(cancelled.ids[0])).status, "cancelled");
  assert.equal(target.requests("/cancelled").length, 1);
  assert.equal((await delivery(paused.ids[0])).status, "pending");
  assert.equal(target.requests("/paused").length, 1);
  assert.equal(target.requests("/tried").length, 2, "the attempt by hand was the last");
  await expect(200, "POST", `/v1/subscriptions/${paused.made.id}/resume`);
  assert.equal((await settled(paused.ids[0])).status, "delivered");
});
