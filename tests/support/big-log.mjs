// Subscriptions whose logs are as long as one likes.
import assert from "node:assert/strict";
import { fill, idOf, openLog, placeOf } from "./log-rows.mjs";
import { uniquePath } from "./stage.mjs";

export const DAY = 86_400_000;

/**
 * Makes subscriptions with so many deliveries each, spread evenly over the last day, but for its last two minutes. The
 * gateway is down meanwhile. `options`: `what` a delivery is by its number, more of the `subscription`, and what is done
 * with it `before`.
 *
 * @returns {Promise<{id: string, type: string, path: string, rows: object[]}[]>} `rows`, oldest first, are what was
 *   written; `type` is what it subscribes to
 */
export async function bigLogs({ signet, target, subscribe, send, settled }, counts, options = {}) {
  const logs = [];
  for (const count of counts) {
    const path = uniquePath("/log");
    const type = `big.of${count}`;
    const { id } = await subscribe({ url: target.url(path), events: [type], ...options.subscription });
    const { deliveries } = await send({ type, data: {} });
    await settled(deliveries[0].id);
    await options.before?.(id);
    logs.push({ id, type, path, count });
  }
  await signet.kill();
  for (const log of logs) {
    const file = openLog(signet.disk, placeOf(log.id));
    const from = Date.now() - DAY + 120_000;
    const every = (DAY - 240_000) / log.count;
    log.rows = fill(file, { place: placeOf(log.id), count: log.count, from, every, what: options.what });
    file.close();
  }
  await signet.start();
  return logs;
}

/** All pages of a list, each a list of ids. */
export async function pages(expect, query, limit = 250) {
  const found = [];
  let cursor = null;
  do {
    const asked = new URLSearchParams({ ...query, limit, ...(cursor ? { cursor } : {}) });
    const page = await expect(200, "GET", `/v1/deliveries?${asked}`);
    assert.ok(page.data.length <= limit);
    found.push(page.data.map((one) => one.id));
    cursor = page.nextCursor;
    assert.ok(found.length < 2_000, "the pages come to an end");
  } while (cursor);
  return found;
}

/** What stats are to say of deliveries, tests left out; percentiles exactly. */
export function figures(rows) {
  const counted = rows.filter((row) => !row.test);
  const of = (...stages) => counted.filter((row) => stages.includes(row.stage));
  const took = of(4)
    .map((row) => row.took)
    .sort((a, b) => a - b);
  const rank = (percent) => took[Math.max(Math.ceil((took.length * percent) / 100), 1) - 1];
  return {
    counts: {
      pending: of(0, 1, 2, 3).length,
      delivered: took.length,
      failed: of(5).length,
      cancelled: of(6).length,
    },
    attempts: counted.reduce((sum, row) => sum + row.count, 0),
    latencyMs: took.length > 0 ? { p50: rank(50), p95: rank(95), p99: rank(99) } : null,
  };
}

/** That stats are what they are to be: counts exactly, times within a hundredth. */
export function assertFigures(stats, expected, what) {
  assert.deepEqual(stats.counts, expected.counts, what);
  assert.equal(stats.attempts, expected.attempts, what);
  if (expected.latencyMs === null) assert.equal(stats.latencyMs, null, what);
  for (const [name, exact] of Object.entries(expected.latencyMs ?? {})) {
    const told = stats.latencyMs[name];
    assert.ok(Math.abs(told - exact) <= exact / 100, `${what}: ${name} is told as ${told}, and is ${exact}`);
  }
}

/** Whatever was asked of a log: by which ways, and how many rows. */
export async function assertBounded(signet, most, what) {
  const statements = (await signet.statements()).filter((one) => one.kind === "Subscription");
  assert.ok(statements.length > 0);
  for (const { text, plan, read } of statements) {
    const said = `${what}: ${text}\n${plan.join("\n")}`;
    // Partial indexes hold the few that somebody asked for, or that stand in a line; what is found is gone through at last.
    const table = /^SCAN (d|p|deliveries|payloads|blocks|spans)\b(?!.* INDEX (asked|line|stale|replays)\b)/;
    const scans = plan.filter((step) => table.test(step));
    const found = plan.filter((step) => /^CO-ROUTINE d$/.test(step)).map(() => "SCAN d");
    assert.deepEqual(scans, found, `no scan of a whole table; ${said}`);
    assert.doesNotMatch(plan.join("\n"), /TEMP B-TREE/, said);
    assert.ok(read <= most, `${read} rows read at once; ${said}`);
  }
}

export { idOf, placeOf };
