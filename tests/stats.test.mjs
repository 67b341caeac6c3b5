// How a subscription's deliveries went, against deliveries whose ends are known.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem, assertTime } from "./support/assertions.mjs";
import { stage, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, sendOne, settled, delivery, profile } = await stage();

await profile("once", { retry: { delays: [0], jitter: 0 } });
await profile("twice", { retry: { delays: [0, 0.2], jitter: 0 } });

const statsOf = (subscription, query = "") => expect(200, "GET", `/v1/subscriptions/${subscription.id}/stats${query}`);

/** The nearest-rank percentile. */
const rank = (ascending, percent) => ascending[Math.ceil((ascending.length * percent) / 100) - 1];

test("counts, rate, attempts and times are those of the deliveries themselves", async () => {
  const type = uniqueType();
  const answers = [{ status: 200 }, { status: 500 }, 200, { status: 200, delay: 300 }, 500, 500, 200];
  const made = await subscribe({ url: target.answer("/known", answers), events: [type], profile: "twice" });
  const ids = [];
  // Delivered at once; at the second attempt; slowly; not at all; at once.
  for (let n = 0; n < 5; n++) {
    ids.push(await sendOne({ type, data: n }));
    await settled(ids.at(-1));
  }
  await expect(200, "POST", `/v1/subscriptions/${made.id}/test`);
  await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
  for (let n = 0; n < 3; n++) ids.push(await sendOne({ type, data: n }));
  await expect(200, "POST", `/v1/deliveries/${ids.at(-1)}/cancel`);

  const shown = await Promise.all(ids.map(delivery));
  const times = shown
    .filter((one) => one.status === "delivered")
    .map((one) => Date.parse(one.completedAt) - Date.parse(one.createdAt))
    .sort((a, b) => a - b);
  assert.equal(times.length, 4);
  const { since, until, latencyMs, ...stats } = await statsOf(made);
  assert.deepEqual(stats, {
    subscription: made.id,
    counts: { pending: 2, delivered: 4, failed: 1, cancelled: 1 },
    total: 8,
    attempts: 7,
    successRate: 0.8,
  });
  // Exact below 128 ms, within a hundredth above.
  for (const percent of [50, 95, 99]) {
    const [told, exact] = [latencyMs[`p${percent}`], rank(times, percent)];
    assert.ok(
      exact < 128 ? told === exact : Math.abs(told - exact) <= exact / 100,
      `p${percent}: ${told}, not ${exact}`,
    );
  }
  assert.ok(latencyMs.p99 >= 200 && latencyMs.p50 < latencyMs.p99);
  assertTime(since);
  assertTime(until);
  assert.equal(Date.parse(until) - Date.parse(since), 86_400_000, "the last day");
  assert.ok(Math.abs(Date.parse(until) - Date.now()) < 10_000);

  // Both ends of a window are in it.
  const [, second] = shown;
  const at = encodeURIComponent(second.createdAt);
  const one = await statsOf(made, `?since=${at}&until=${at}`);
  assert.deepEqual([one.total, one.attempts, one.counts.delivered], [1, 2, 1]);
  assert.deepEqual([one.since, one.until], [second.createdAt, second.createdAt]);
  const after = new Date(Date.parse(second.createdAt) + 1).toISOString();
  assert.equal((await statsOf(made, `?since=${after}`)).total, 6);
  const before = new Date(Date.parse(second.createdAt) - 1).toISOString();
  assert.equal((await statsOf(made, `?until=${before}`)).total, 1);
});

test("where there was nothing there is no rate and no time", async () => {
  const made = await subscribe({ url: target.url("/none"), events: [uniqueType()] });
  const window = "?since=2026-05-18T12:00:00Z&until=2026-05-18T14:00:00%2B02:00";
  assert.deepEqual(await statsOf(made, window), {
    subscription: made.id,
    since: "2026-05-18T12:00:00.000Z",
    until: "2026-05-18T12:00:00.000Z",
    counts: { pending: 0, delivered: 0, failed: 0, cancelled: 0 },
    total: 0,
    attempts: 0,
    successRate: null,
    latencyMs: null,
  });
});

test("what is no window, and whose it is not", async () => {
  const made = await subscribe({ url: target.url("/mine"), events: [uniqueType()] });
  const where = `/v1/subscriptions/${made.id}/stats`;
  for (const query of [
    "since=2026-05-18T12:00:00.001Z&until=2026-05-18T12:00:00Z",
    "since=2126-05-18T12:00:00Z",
    "since=yesterday",
    "until=1",
    "since=2026-05-18T12:00:00Z&since=2026-05-18T12:00:00Z",
    "limit=5",
    "cursor=x",
    "status=failed",
  ]) {
    assertProblem(await api("GET", `${where}?${query}`), 422, { code: "invalid_parameter" });
  }
  const other = await expect(201, "POST", "/v1/applications", { name: "other" });
  const theirs = { "signet-application": other.id };
  assertProblem(await api("GET", where, undefined, theirs), 404, { code: "not_found" });
  assertProblem(await api("GET", where.replace(/sub_./, "sub_z")), 404);
  assertProblem(await api("GET", "/v1/subscriptions/x/stats"), 404);
  const key = async (...scopes) => {
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "k", scopes });
    return { authorization: `Bearer ${key}` };
  };
  assertProblem(await api("GET", where, undefined, await key("subscriptions:read")), 403, { code: "missing_scope" });
  assert.equal((await api("GET", where, undefined, await key("deliveries:read"))).status, 200);
  assertProblem(await api("POST", where), 405);
  await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
  assertProblem(await api("GET", where), 404);
});
