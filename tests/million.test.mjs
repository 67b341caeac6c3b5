// A long log: what is asked of it is answered rightly, and nobody reads all of it for that. `npm run million` measures the
// same with a million deliveries.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertFigures, bigLogs, assertBounded as bounded, figures, pages } from "./support/big-log.mjs";
import { fill, idOf, openLog, placeOf, usual } from "./support/log-rows.mjs";
import { stage } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const COUNT = 45_000;
/** More than one call may look at, with what it looks at besides. */
const LOOKED = 45_000;
const HOUR = 3_600_000;

const on = await stage({ bare: true, watched: true });
const { signet, expect, sendOne, settled } = on;

/** Some are pending, cancelled and tests. */
const what = (n) => {
  if (n % 1_000 === 500) return { stage: 1, kind: "waits", count: 1, took: 0, test: 0, nextAt: Date.now() + 10 * HOUR };
  if (n % 1_000 === 600) return { stage: 6, kind: "common", count: 0, took: 5, test: 0 };
  if (n % 1_000 === 700) return { stage: 4, kind: "webhook.test", count: 1, took: 9, test: 1 };
  return usual(n);
};
const [log] = await bigLogs(on, [COUNT], { what });
const rows = [...log.rows];
const own = (query) => pages(expect, { subscription: log.id, ...query });
const idsOf = (wanted) =>
  rows
    .filter(wanted)
    .map((row) => row.id)
    .reverse();
const time = (at) => new Date(at).toISOString();
const statsOf = (since, until) => {
  const query = new URLSearchParams({ since: time(since), until: time(until) });
  return expect(200, "GET", `/v1/subscriptions/${log.id}/stats?${query}`);
};
const begun = rows[0].time;
const ended = rows.at(-1).time;

const assertBounded = (most, what) => bounded(signet, most, what);

describe("before anything was summed up", () => {
  test("a page may be short and says how far it has looked", async () => {
    const found = await own({ type: "rare" });
    assert.deepEqual(
      found.flat(),
      idsOf((row) => row.kind === "rare"),
    );
    assert.ok(found.length > 1 && found.length < 8, `${found.map((page) => page.length)}`);
    const none = await own({ type: "absent" });
    assert.deepEqual(none.flat(), []);
    assert.ok(none.length > 1, "nothing is found, but not by one look through everything");
    await assertBounded(LOOKED, "by type");
  });

  test("the figures are right at once", async () => {
    assertFigures(await statsOf(begun, ended), figures(rows), "all");
    await assertBounded(LOOKED, "stats");
  });
});

test("lists hold what they should, newest first", async () => {
  assert.deepEqual(
    (await own({})).flat().slice(-COUNT),
    idsOf(() => true),
  );
  const [hour, later] = [begun + 5 * HOUR, begun + 6 * HOUR];
  const within = (row) => row.time >= hour && row.time <= later;
  const table = [
    [{ status: "failed" }, (row) => row.stage === 5],
    [{ status: "pending" }, (row) => row.stage === 1],
    [{ status: "cancelled" }, (row) => row.stage === 6],
    [{ type: "rare" }, (row) => row.kind === "rare"],
    [{ type: "waits", status: "pending" }, (row) => row.kind === "waits"],
    [{ type: "waits", status: "delivered" }, () => false],
    [{ type: "webhook.test", status: "delivered" }, (row) => row.test === 1],
    [{ type: "absent" }, () => false],
    [{ since: time(hour), until: time(later) }, within],
    [{ since: time(hour), until: time(later), status: "failed" }, (row) => within(row) && row.stage === 5],
    [{ since: time(hour), until: time(later), type: "rare" }, (row) => within(row) && row.kind === "rare"],
    [{ event: rows[20_000].id.replace("del_", "evt_") }, (row) => row === rows[20_000]],
    [{ event: rows[20_000].id.replace("del_", "evt_"), type: "absent" }, () => false],
  ];
  for (const [query, wanted] of table) {
    assert.deepEqual((await own(query)).flat(), idsOf(wanted), JSON.stringify(query));
  }
  await assertBounded(LOOKED, "lists");
});

test("what is not there is known from the blocks' types", async () => {
  assert.equal((await own({ type: "absent" })).length, 1, "one look says so");
  const read = (await signet.statements()).reduce((sum, one) => sum + one.read, 0);
  assert.ok(read < 5_000, `${read} rows read`);
});

describe("figures of a window", () => {
  for (const [name, since, until] of [
    ["all of it", begun, ended],
    ["more than all", begun - HOUR, ended + 60_000],
    ["an hour", begun + 7 * HOUR, begun + 8 * HOUR],
    ["a minute", begun + 7 * HOUR, begun + 7 * HOUR + 60_000],
    ["from somewhere on", begun + 3 * HOUR + 12_345, ended],
    ["up to somewhere", begun, begun + 20 * HOUR + 54_321],
    ["one delivery", rows[30_000].time, rows[30_000].time],
    ["none", begun - 2 * HOUR, begun - HOUR],
  ]) {
    test(name, async () => {
      await signet.statements();
      assertFigures(
        await statsOf(since, until),
        figures(rows.filter((row) => row.time >= since && row.time <= until)),
        name,
      );
      await assertBounded(3_000, name);
    });
  }
});

test("whatever changes an old delivery changes the figures", async () => {
  const failed = rows.findIndex((row) => row.stage === 5);
  const waiting = rows.findIndex((row) => row.stage === 1);
  await expect(202, "POST", `/v1/deliveries/${rows[failed].id}/retry`);
  const { completedAt } = await settled(rows[failed].id, { status: "delivered" });
  rows[failed] = {
    ...rows[failed],
    stage: 4,
    count: rows[failed].count + 1,
    took: Date.parse(completedAt) - rows[failed].time,
  };
  assertFigures(await statsOf(begun, ended), figures(rows), "after another attempt");
  await expect(200, "POST", `/v1/deliveries/${rows[waiting].id}/cancel`);
  rows[waiting] = { ...rows[waiting], stage: 6 };
  assertFigures(await statsOf(begun, ended), figures(rows), "after it was called off");
  await assertBounded(LOOKED, "changes");
});

test("what arrives late is counted and found", async () => {
  // As if blocks had been made up to an hour from now: what comes next falls into the last of them.
  await signet.kill();
  const file = openLog(signet.disk, placeOf(log.id));
  const past = idOf(Date.now() + HOUR, 0, placeOf(log.id));
  file.prepare("UPDATE blocks SET past = ? WHERE first = (SELECT max(first) FROM blocks)").run(past);
  const { first } = file.prepare("SELECT max(first) AS first FROM blocks").get();
  file.prepare("UPDATE blocks SET summary = '0,0,0,0,0;', kinds = ' none ' WHERE first = ?").run(first);
  file.close();
  await signet.start();
  const id = await sendOne({ type: log.type, data: { late: true } });
  await settled(id, { status: "delivered" });
  const { counts, attempts } = figures(rows);
  const stats = await statsOf(begun, Date.now() + 2 * HOUR);
  // This one, and the one that the log began with.
  assert.deepEqual(stats.counts, { ...counts, delivered: counts.delivered + 2 });
  assert.equal(stats.attempts, attempts + 2);
  assert.equal((await own({ type: log.type })).flat()[0], id);
});

test("blocks follow what lies in them", async () => {
  await signet.kill();
  const file = openLog(signet.disk, placeOf(log.id));
  const blocks = () => file.prepare("SELECT count(*) AS count FROM blocks").get().count;
  const before = blocks();
  // The oldest are cleared away; and into one block fall three thousand more than it was made for.
  const cleared = rows[5_000].id.slice(4);
  file.prepare("DELETE FROM deliveries WHERE id < ?").run(cleared);
  for (const table of ["blocks", "spans"])
    file.prepare(`UPDATE ${table} SET summary = NULL WHERE first < ?`).run(cleared);
  rows.splice(0, 5_000);
  const what = (n) => ({ stage: 4, kind: n % 1_000 === 0 ? "late" : "common", count: 1, took: 30, test: 0 });
  const late = fill(file, { place: placeOf(log.id), count: 3_000, from: rows[20_000].time + 1, every: 0.001, what });
  const [first, last] = [late[0], late.at(-1)].map((row) => row.id.slice(4));
  for (const [table, kinds] of [
    ["blocks", ", kinds = NULL"],
    ["spans", ""],
  ]) {
    const holds = `first >= (SELECT max(first) FROM ${table} WHERE first <= ?) AND first <= ?`;
    file.prepare(`UPDATE ${table} SET summary = NULL${kinds} WHERE ${holds}`).run(first, last);
  }
  rows.splice(20_001, 0, ...late);
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  file.close();
  await signet.start();
  for (const what of ["at once", "again"]) assertFigures(await statsOf(begun, ended), figures(rows), what);
  const [since, until] = [rows[20_000].time, rows[24_000].time];
  const within = rows.filter((row) => row.time >= since && row.time <= until);
  assertFigures(await statsOf(since, until), figures(within), "a part");
  assert.deepEqual(
    (await own({ type: "late" })).flat(),
    idsOf((row) => row.kind === "late"),
  );
  await signet.kill();
  const now = openLog(signet.disk, placeOf(log.id));
  const { count, stale } = now.prepare("SELECT count(*) AS count, sum(summary IS NULL) AS stale FROM blocks").get();
  const widest = now
    .prepare("SELECT max((SELECT count(*) FROM deliveries WHERE id >= first AND id < past)) AS rows FROM blocks")
    .get();
  // A log of an older version has none of this.
  now.exec("DROP TABLE blocks; DROP TABLE spans");
  now.close();
  await signet.start();
  assertFigures(await statsOf(begun, ended), figures(rows), "from nothing");
  assert.equal(count, before - 3 + 2, "three are empty and gone, and one has become three");
  assert.ok(widest.rows <= 2_100, `a block of ${widest.rows}`);
  assert.ok(stale <= 1, "all but the newest are summed up");
});

test("an event costs what it costs with an empty log", async () => {
  await signet.statements();
  for (let n = 0; n < 10; n++) await settled(await sendOne({ type: log.type, data: { n } }));
  await assertBounded(2_100, "events");
});

test("much that was held is let go, and much that is pending is called off, a part at a time", async () => {
  const count = 12_000;
  const [held] = await bigLogs(on, [count], {
    what: () => ({ stage: 3, kind: "held", count: 0, took: 0, test: 0 }),
    subscription: { rateLimit: { perSecond: 2 } },
    before: (id) => expect(200, "POST", `/v1/subscriptions/${id}/pause`),
  });
  const where = `/v1/subscriptions/${held.id}`;
  await signet.statements();
  await expect(200, "POST", `${where}/resume`);
  await until(async () => (await expect(200, "GET", `${where}/stats`)).counts.delivered > 2);
  await sleep(1_000);
  // 5,000 at a time, each read five times: found, moved, and its places in three indexes.
  await assertBounded(25_000, "letting go");
  await signet.kill();
  const file = openLog(signet.disk, placeOf(held.id));
  const { left } = file.prepare("SELECT count(*) AS left FROM deliveries WHERE stage = 3").get();
  file.close();
  assert.equal(left, 0, "nothing is held any more");
  await signet.start();
  await expect(204, "DELETE", where);
  const of = (status) => pages(expect, { subscription: held.id, status });
  await until(async () => (await of("pending")).flat().length === 0, { what: "all of them to be called off" });
  const delivered = (await of("delivered")).flat();
  assert.equal(delivered.length + (await of("cancelled")).flat().length, count + 1);
  assert.ok(delivered.length < 100, `${delivered.length} were delivered`);
  await assertBounded(LOOKED, "calling off");
});
