// A receiver that says when to come back: later than planned, never earlier.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, subscribe, sendOne, settled, attempted, profile } = await stage();

await profile("minute", { retry: { delays: [0, 60], jitter: 0 } });
await profile("second", { retry: { delays: [0, 1], jitter: 0 } });
await profile("once", { retry: { delays: [0], jitter: 0 } });

async function posted(profileName, answer) {
  const type = uniqueType();
  const path = uniquePath();
  await subscribe({ url: target.answer(path, answer), events: [type], profile: profileName });
  return { id: await sendOne({ type, data: {} }), path };
}

const httpDate = (fromNow) => new Date(Date.now() + fromNow * 1_000).toUTCString();
const HOUR = 3_600;
const DAY = 24 * HOUR;

describe("by nextAttemptAt, with 60 s planned", { concurrency: true }, () => {
  // Seconds until the next attempt, at least and at most.
  const table = [
    [503, "120", 120, 122],
    [429, "120", 120, 122],
    [429, "90.5", 60, 93],
    [503, "10", 60, 62],
    [503, "0", 60, 62],
    [503, "-120", 60, 62],
    [503, "soon", 60, 62],
    [503, "", 60, 62],
    [503, "1e9", 60, DAY + 2],
    [503, "999999999999999999999", 60, DAY + 2],
    [503, String(7 * DAY), DAY, DAY + 2],
    // The date is made before the attempt is: a busy machine may take a while.
    [429, () => httpDate(600), 570, 602],
    [503, () => httpDate(10), 60, 62],
    [503, () => httpDate(-600), 60, 62],
    [503, () => httpDate(3 * DAY), DAY, DAY + 2],
    [503, "Sun, 06 Nov 1994 08:49:37 GMT", 60, 62],
    [500, "120", 60, 62],
    [404, "120", 60, 62],
  ];
  for (const [status, value, least, most] of table) {
    test(`${status} with ${typeof value === "function" ? "a date" : JSON.stringify(value)}`, async () => {
      const after = typeof value === "function" ? value() : value;
      const { id } = await posted("minute", { status, headers: { "retry-after": after } });
      const { attempts, nextAttemptAt, status: state } = await attempted(id, 1);
      assert.equal(state, "pending");
      const end = Date.parse(attempts[0].startedAt) + attempts[0].durationMs;
      const wait = (Date.parse(nextAttemptAt) - end) / 1_000;
      assert.ok(wait >= least - 0.01 && wait <= most, `${after}: ${wait} s, not ${least} to ${most}`);
    });
  }
});

describe("by the clock", { concurrency: true }, () => {
  test("3 seconds instead of the planned one", async () => {
    const { id, path } = await posted("second", [{ status: 503, headers: { "retry-after": "3" } }, 200]);
    assert.equal((await settled(id)).status, "delivered");
    const [first, second] = target.requests(path);
    assert.ok(second.at - first.at >= 2_990, `${second.at - first.at} ms`);
    assert.ok(second.at - first.at <= 8_000, `${second.at - first.at} ms`);
  });

  test("a date", async () => {
    const date = Math.ceil(Date.now() / 1_000) + 4;
    const after = new Date(date * 1_000).toUTCString();
    const { id, path } = await posted("second", [{ status: 429, headers: { "retry-after": after } }, 200]);
    assert.equal((await settled(id)).status, "delivered");
    const [, second] = target.requests(path);
    assert.ok(second.at >= date * 1_000 - 10, `${date * 1_000 - second.at} ms too early`);
    assert.ok(second.at <= date * 1_000 + 5_000);
  });

  test("is no reason for more attempts than planned", async () => {
    const { id } = await posted("once", { status: 503, headers: { "retry-after": "1" } });
    assert.partialDeepStrictEqual(await settled(id), { status: "failed", attemptCount: 1, nextAttemptAt: null });
  });

  test("on a success means nothing", async () => {
    const { id } = await posted("second", { status: 200, headers: { "retry-after": "1" } });
    assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 1 });
  });
});
