// Ten thousand failed deliveries are recovered in the background, and the machine dies while they are.
// SIGNET_TEST_DELIVERIES sets how many.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bigLogs, DAY } from "./support/big-log.mjs";
import { operations, time } from "./support/operations.mjs";
import { stage } from "./support/stage.mjs";
import { inParallel, until } from "./support/wait.mjs";

const DELIVERIES = Number(process.env.SIGNET_TEST_DELIVERIES ?? 10_000);
/** As many attempts as may be under way to one destination. */
const UNDER_WAY = 32;

const on = await stage({ bare: true, watched: true });
const { signet, target, expect, subscribe, send, profile } = on;
const { begin, ended, read } = operations({ expect });
await profile("once", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 10 });

const since = time(2 * DAY);

/** Waits until so many deliveries of a subscription have a status. */
function counted(id, status, count, timeout = 120_000) {
  let counts;
  return until(
    async () => {
      ({ counts } = await expect(200, "GET", `/v1/subscriptions/${id}/stats?since=${since}`));
      return counts[status] === count;
    },
    { timeout, every: 100, what: () => `${count} ${status}; ${JSON.stringify(counts)}` },
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
  // They lie there as if they had come one by one, and the only attempt of each had failed.
  const what = () => ({ stage: 5, kind: "recovery.failed", count: 1, took: 9, test: 0 });
  const [log] = await bigLogs(on, [DELIVERIES], { what, subscription: { profile: "once" } });
  const before = target.requests(log.path).length;
  // While the subscription is paused no attempt is under way that a crash could cut off, and that would have to be made
  // again. So whatever arrives more than once is the recovery's fault.
  await expect(200, "POST", `/v1/subscriptions/${log.id}/pause`);
  const asked = Date.now();
  const { operation, matched } = await begin(`/v1/subscriptions/${log.id}/recover`, { since });
  assert.equal(matched, DELIVERIES);
  const kills = await interrupted(operation, [0.05, 0.4, 0.7]);
  assert.ok(kills > 0, "it was killed while it was at work");
  const over = await ended(operation, 60_000);
  t.diagnostic(`moved after ${Date.now() - asked} ms and ${kills} kills`);
  assert.deepEqual([over.status, over.done, over.failed], ["done", DELIVERIES, 0], "each is counted once");
  await counted(log.id, "pending", DELIVERIES);
  assert.equal(target.requests(log.path).length, before);

  const resumed = Date.now();
  await expect(200, "POST", `/v1/subscriptions/${log.id}/resume`);
  await counted(log.id, "delivered", DELIVERIES + 1, 300_000);
  t.diagnostic(`delivered ${Date.now() - resumed} ms after they were let go`);
  const counts = arrivals(log.path);
  for (const { id } of log.rows) assert.equal(counts.get(id), 1, `${id} arrived once`);
  assert.equal(target.requests(log.path).length, before + DELIVERIES);
});

test("killed while what is recovered goes out, and fails again: it is not recovered again", {
  timeout: 200_000,
}, async (t) => {
  const [path, type, count] = ["/failing", "recovery.failing", 1_200];
  const { id } = await subscribe({ url: target.answer(path, 500), events: [type], profile: "once" });
  await inParallel(Array.from({ length: count }), 16, (_, n) => send({ type, data: { n } }));
  await counted(id, "failed", count);
  assert.equal(target.requests(path).length, count, "one attempt each");
  const { operation, matched } = await begin(`/v1/subscriptions/${id}/recover`, { since });
  assert.equal(matched, count);
  const kills = await interrupted(operation, [0.3, 0.7]);
  const over = await ended(operation, 60_000);
  assert.deepEqual([over.status, over.done, over.failed], ["done", count, 0]);
  await counted(id, "failed", count);
  const counts = [...arrivals(path).values()];
  const more = counts.filter((times) => times > 2).length;
  t.diagnostic(`${kills} kills, ${more} attempts were made again`);
  assert.ok(counts.every((times) => times >= 2));
  // What was under way when the machine died had not been recorded: that is sent again, as after any crash.
  assert.ok(more <= kills * UNDER_WAY, `${more} were sent again after ${kills} kills`);
});

describe("in a long log", async () => {
  const COUNT = 20_000;
  /** A step looks at 500 rows: each in the index, in the table, and once more for its payload, and then changes some. */
  const AT_ONCE = 3_000;
  /** One in two has failed, one in a thousand of them is of another type. */
  const what = (n) => ({ stage: 4 + (n % 2), kind: n % 1_000 === 1 ? "rare" : "common", count: 1, took: 9, test: 0 });
  let log;

  /** No statement but those that count has read more than a step's share. */
  async function assertBounded() {
    const statements = (await signet.statements()).filter(({ text }) => !text.startsWith("SELECT count(*)"));
    assert.ok(statements.some(({ text }) => /\bdeliveries d\b/.test(text)));
    for (const { text, plan, read } of statements) {
      assert.ok(read <= AT_ONCE, `${read} rows read at once: ${text}\n${plan.join("\n")}`);
    }
  }

  test("no step reads more than its share, whatever is asked for besides", { timeout: 120_000 }, async () => {
    [log] = await bigLogs(on, [COUNT], { what, subscription: { profile: "once" } });
    await expect(200, "POST", `/v1/subscriptions/${log.id}/pause`);
    await signet.statements();
    const filter = { subscription: log.id, type: "rare" };
    const { operation, matched } = await begin("/v1/deliveries/retry", filter);
    assert.equal(matched, COUNT / 1_000);
    assert.equal((await ended(operation)).done, matched);
    await assertBounded();
    const cancel = await begin("/v1/deliveries/cancel", filter);
    assert.equal((await ended(cancel.operation)).done, matched);
    await assertBounded();
  });

  test("a replay reads page by page, and says of which events the data are gone", { timeout: 60_000 }, async () => {
    const later = await subscribe({ url: target.url("/later"), events: ["rare"] });
    await signet.statements();
    const { operation, matched } = await begin(`/v1/subscriptions/${later.id}/replay`, { since });
    assert.equal(matched, COUNT / 1_000);
    const over = await ended(operation);
    assert.deepEqual([over.status, over.done, over.failed], ["done", 0, matched], "nobody has remembered them");
    const statements = (await signet.statements()).filter(({ text }) => !/GROUP BY/.test(text));
    for (const { text, read } of statements) assert.ok(read <= AT_ONCE, `${read} rows read at once: ${text}`);
  });
});
