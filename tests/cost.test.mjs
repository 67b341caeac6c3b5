// What an event costs where it is billed: rows written, alarms set, requests to objects. More may not creep in unnoticed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const { target, api, subscribe, sendOne, profile } = await stage();

const COUNTERS = ["signet_rows_written_total", "signet_object_requests_total", "signet_alarms_set_total"];

/** The three counters, summed over their labels. */
async function counters() {
  const answer = await api("GET", "/metrics");
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers["content-type"], /^text\/plain/);
  for (const name of COUNTERS) assert.ok(answer.text.includes(`# TYPE ${name} counter\n`), `${name} has its type`);
  return COUNTERS.map((name) => {
    const samples = answer.text.split("\n").filter((line) => new RegExp(`^${name}[ {]`).test(line));
    assert.ok(samples.length > 0, `${name} among\n${answer.text}`);
    return samples.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  });
}

/** The counters once nothing changes them any more: what is settled after the receiver's answer is in. */
function atRest() {
  return until(
    async () => {
      const before = await counters();
      await sleep(300);
      return String(before) === String(await counters()) && before;
    },
    { what: "the counters to come to rest" },
  );
}

/** What `count` events to one subscription cost each, when `answer` is the receiver's. */
async function costOf(count, options = {}) {
  const type = uniqueType();
  const path = uniquePath();
  await subscribe({ url: target.url(path), events: [type] });
  const event = { type, data: { n: 1 }, ...options };
  await sendOne({ ...event, ...(event.id ? { id: "warm" } : {}) });
  await target.received(path);
  const before = await atRest();
  for (let n = 0; n < count; n++) await sendOne({ ...event, ...(event.id ? { id: `${event.id}-${n}` } : {}) });
  await target.received(path, count + 1);
  const after = await atRest();
  const [rows, requests, alarms] = after.map((value, index) => (value - before[index]) / count);
  return { rows, requests, alarms };
}

test("one event to one subscription, delivered at once: at most 4 rows and 1 object request", async (t) => {
  const { rows, requests, alarms } = await costOf(20);
  t.diagnostic(`${rows} rows, ${alarms} alarms, ${requests} object requests`);
  assert.ok(rows + alarms <= 4, `${rows} rows and ${alarms} alarms`);
  assert.ok(requests <= 1, `${requests} object requests`);
  assert.ok(rows >= 1 && requests > 0, "the counters count");
});

test("an event with an id of its producer's costs little more", async (t) => {
  const { rows, requests, alarms } = await costOf(20, { id: "own" });
  t.diagnostic(`${rows} rows, ${alarms} alarms, ${requests} object requests`);
  assert.ok(rows + alarms <= 8, `${rows} rows and ${alarms} alarms`);
  assert.ok(requests <= 3, `${requests} object requests`);
});

test("a delivery that needs a second attempt costs a few times as much, not more", async (t) => {
  await profile("second", { retry: { delays: [0, 1], jitter: 0 } });
  const type = uniqueType();
  const path = uniquePath();
  const count = 10;
  const seen = new Set();
  const firstFails = ({ headers }) => {
    const known = seen.has(headers["webhook-id"]);
    seen.add(headers["webhook-id"]);
    return known ? 200 : 500;
  };
  await subscribe({ url: target.answer(path, firstFails), events: [type], profile: "second" });
  await sendOne({ type, data: 0 });
  await target.received(path, 2);
  const before = await atRest();
  for (let n = 0; n < count; n++) await sendOne({ type, data: n });
  await target.received(path, 2 + 2 * count);
  const after = await atRest();
  const [rows, requests, alarms] = after.map((value, index) => (value - before[index]) / count);
  t.diagnostic(`${rows} rows, ${alarms} alarms, ${requests} object requests`);
  assert.ok(rows + alarms <= 14, `${rows} rows and ${alarms} alarms`);
  assert.ok(requests <= 4, `${requests} object requests`);
});

test("a failure costs nothing more than itself, unless the operator wants to hear of it", async (t) => {
  await profile("once", { retry: { delays: [0], jitter: 0 } });
  const count = 20;
  const costOfFailing = async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    await subscribe({ url: target.answer(path, 500), events: [type], profile: "once" });
    await sendOne({ type, data: 0 });
    await target.received(path);
    const before = await atRest();
    for (let n = 0; n < count; n++) await sendOne({ type, data: n });
    await target.received(path, 1 + count);
    const after = await atRest();
    const [rows, requests, alarms] = after.map((value, index) => (value - before[index]) / count);
    return { rows, requests, alarms };
  };
  const alone = await costOfFailing();
  const { id } = await subscribe({ url: target.url("/operator"), events: ["signet.secret.rotated"] });
  const other = await costOfFailing();
  await api("PATCH", `/v1/subscriptions/${id}`, { events: ["signet.delivery.failed"] });
  const told = await costOfFailing();
  for (const [name, { rows, requests, alarms }] of Object.entries({ alone, other, told })) {
    t.diagnostic(`${name}: ${rows} rows, ${alarms} alarms, ${requests} object requests`);
  }
  assert.equal(target.requests("/operator").length, count + 1);
  for (const { rows, requests, alarms } of [alone, other]) {
    assert.ok(rows + alarms <= 6, `${rows} rows and ${alarms} alarms`);
    assert.ok(requests <= 1.2, `${requests} object requests`);
  }
  // Its line in the outbox, the delivery that it becomes, and shares of a few calls.
  assert.ok(told.rows <= other.rows + 9, `${told.rows} rows`);
  assert.ok(told.requests <= 2, `${told.requests} object requests`);
});
