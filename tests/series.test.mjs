// Figures in parts, of a long log: each part is right, and nobody reads all of it for that.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertBounded, bigLogs, DAY, figures } from "./support/big-log.mjs";
import { usual } from "./support/log-rows.mjs";
import { stage } from "./support/stage.mjs";

const COUNT = 100_000;
const on = await stage({ bare: true, watched: true });
const { signet, expect, settled } = on;

/** Some are cancelled and tests; some wait, the later ones for a sooner attempt. */
const nextOf = (n) => Date.now() + 2 * DAY - n * 1_000;
const what = (n) => {
  if (n % 1_000 === 500) return { stage: 1, kind: "waits", count: 1, took: 0, test: 0, nextAt: nextOf(n) };
  if (n % 1_000 === 510) return { stage: 1, kind: "waits", count: 0, took: 0, test: 0, nextAt: nextOf(n) };
  if (n % 1_000 === 600) return { stage: 6, kind: "common", count: 0, took: 5, test: 0 };
  if (n % 1_000 === 700) return { stage: 4, kind: "webhook.test", count: 1, took: 9, test: 1 };
  return usual(n);
};
const [log] = await bigLogs(on, [COUNT], { what });
const { rows } = log;
const begun = rows[0].time;
const ended = rows.at(-1).time;
const time = (at) => new Date(at).toISOString();
const asked = (since, until, interval) =>
  new URLSearchParams({ since: time(since), until: time(until), ...(interval && { interval }) });
const own = (...window) => expect(200, "GET", `/v1/subscriptions/${log.id}/stats?${asked(...window)}`);
const all = (...window) => expect(200, "GET", `/v1/stats?${asked(...window)}`);

/** That parts lie side by side from the beginning to the end, and hold what they should; that they are the whole. */
function assertSeries({ since, until, counts, series }, interval) {
  const within = rows.filter((row) => row.time >= Date.parse(since) && row.time <= Date.parse(until));
  let [at, next] = [Date.parse(since), 0];
  for (const part of series) {
    assert.equal(part.since, time(at));
    const last = Math.min((Math.floor(at / 1_000 / interval) + 1) * interval * 1_000 - 1, Date.parse(until));
    assert.equal(part.until, time(last));
    const first = next;
    while (next < within.length && within[next].time <= last) next += 1;
    const expected = figures(within.slice(first, next));
    assert.deepEqual(part.counts, expected.counts, part.since);
    const { delivered, failed } = part.counts;
    assert.equal(part.successRate, delivered + failed > 0 ? delivered / (delivered + failed) : null);
    if (expected.latencyMs === null) assert.equal(part.latencyMs, null);
    for (const [name, exact] of Object.entries(expected.latencyMs ?? {})) {
      assert.ok(Math.abs(part.latencyMs[name] - exact) <= exact / 100, `${part.since}: ${name}`);
    }
    at = last + 1;
  }
  assert.equal(at, Date.parse(until) + 1);
  for (const status of Object.keys(counts)) {
    assert.equal(
      series.reduce((sum, part) => sum + part.counts[status], 0),
      counts[status],
    );
  }
}

test("right at once, before anything was summed up", async () => {
  const stats = await own(begun, ended, 1_440);
  assertSeries(stats, 1_440);
  await assertBounded(signet, 45_000, "the first time");
});

describe("parts of", () => {
  for (const [name, since, until, interval] of [
    ["a day in sixty", begun, ended, 1_440],
    ["a day by hours", begun, ended, 3_600],
    ["a day by minutes, nearly", begun, ended, 217],
    ["a day, in one", begun, ended, 31_536_000],
    ["more than there is", begun - DAY, ended + 60_000, 3_600],
    ["an hour by minutes", begun + 5 * 3_600_000 + 12_345, begun + 6 * 3_600_000, 60],
    ["a minute by seconds", begun + 5 * 3_600_000, begun + 5 * 3_600_000 + 59_999, 1],
    ["nothing", begun - 2 * DAY, begun - DAY, 3_600],
  ]) {
    test(name, async () => {
      await signet.statements();
      const stats = await own(since, until, interval);
      assertSeries(stats, interval);
      const { series: _, ...whole } = stats;
      assert.deepEqual(whole, await own(since, until), "the whole is as it is without parts");
      await assertBounded(signet, 3_000, name);
    });
  }
});

test("a part's own window says what the part says", async () => {
  const { series } = await own(begun, ended, 3_600);
  for (const part of series.slice(3, 6)) {
    const { since, until, counts, successRate, latencyMs } = await own(Date.parse(part.since), Date.parse(part.until));
    assert.deepEqual({ since, until, counts, successRate, latencyMs }, part);
  }
});

test("of all, quickly", async (t) => {
  await signet.statements();
  const times = [];
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    const { destinations, ...stats } = await all(begun, ended, 1_440);
    times.push(performance.now() - from);
    assertSeries(stats, 1_440);
    assert.equal(destinations.length, 1);
    assert.partialDeepStrictEqual(destinations[0], { subscription: log.id, counts: stats.counts, waiting: 200 });
  }
  await assertBounded(signet, 3_000, "of all");
  const quickest = Math.min(...times);
  t.diagnostic(`${COUNT} deliveries in 60 parts: ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  assert.ok(quickest < 300, `${quickest} ms`);
});

test("what changes an old delivery changes its part", async () => {
  const failed = rows.findIndex((row, n) => n > 50_000 && row.stage === 5);
  await expect(202, "POST", `/v1/deliveries/${rows[failed].id}/retry`);
  const { completedAt } = await settled(rows[failed].id, { status: "delivered" });
  rows[failed] = { ...rows[failed], stage: 4, count: 4, took: Date.parse(completedAt) - rows[failed].time };
  for (const interval of [3_600, 217]) assertSeries(await own(begun, ended, interval), interval);
});

test("those that are tried again next are found without looking at others", async () => {
  await signet.statements();
  const { data } = await expect(200, "GET", "/v1/deliveries?retrying=true&limit=20");
  const soonest = rows.filter((row) => row.stage === 1 && row.count > 0).reverse();
  assert.deepEqual(
    data.map(({ id }) => id),
    soonest.slice(0, 20).map(({ id }) => id),
  );
  await assertBounded(signet, 60, "retrying");
});
