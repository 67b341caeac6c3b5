// When a delivery is tried again: by the clock where the schedule is short, by nextAttemptAt where it is long.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, subscribe, sendOne, settled, attempted, profile } = await stage();

/** How much later than planned an attempt may come on a busy machine, in ms. Earlier is never right. */
const SLACK = 5_000;
/** Two clocks are compared, each rounded to a millisecond. */
const ROUNDING = 10;

async function posted(profileName, answer, data = {}) {
  const type = uniqueType();
  const path = uniquePath();
  const url = target.answer(path, answer);
  await subscribe({ url, events: [type], profile: profileName });
  const postedAt = Date.now();
  return { id: await sendOne({ type, data }), path, postedAt };
}

/** The waits between the requests of a path, in ms. */
function gaps(path) {
  const times = target.requests(path).map((request) => request.at);
  return times.slice(1).map((time, index) => time - times[index]);
}

function assertWaited(actual, seconds, jitter, what) {
  const least = seconds * 1_000 - ROUNDING;
  const most = seconds * 1_000 * (1 + jitter) + SLACK;
  assert.ok(actual >= least && actual <= most, `${what}: waited ${actual} ms, not ${least} to ${most}`);
}

describe("by the clock", { concurrency: true }, () => {
  test("Ssemble: at once, after 1 s, after 3 s, and never again", async (t) => {
    const { id, path, postedAt } = await posted("ssemble", 500);
    const seen = await settled(id);
    assert.partialDeepStrictEqual(seen, { status: "failed", attemptCount: 3, maxAttempts: 3, nextAttemptAt: null });
    assert.notEqual(seen.completedAt, null);
    const [first] = target.requests(path);
    assert.ok(first.at - postedAt < SLACK, "the first attempt is at once");
    const waits = gaps(path);
    t.diagnostic(`waited ${waits} ms`);
    assert.equal(waits.length, 2);
    assertWaited(waits[0], 1, 0, "the second attempt");
    assertWaited(waits[1], 3, 0, "the third attempt");
    assert.deepEqual(
      seen.attempts.map((attempt) => attempt.trigger),
      ["schedule", "schedule", "schedule"],
    );
    assert.deepEqual(
      seen.attempts.map((attempt) => attempt.responseStatus),
      [500, 500, 500],
    );
  });

  test("Ssemble: a success ends it", async () => {
    const { id, path } = await posted("ssemble", [500, 200]);
    assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 2, nextAttemptAt: null });
    assert.equal(target.requests(path).length, 2);
  });

  test("the wait is counted from the end of the attempt before", async (t) => {
    const { id, path } = await posted("ssemble", [{ status: 500, delay: 1_500 }, 200]);
    await settled(id);
    const [wait] = gaps(path);
    t.diagnostic(`waited ${wait} ms`);
    assertWaited(wait, 2.5, 0, "1.5 s of the first attempt and 1 s after it");
  });

  test("standard: after 5 s, and up to a tenth more", async (t) => {
    const several = await Promise.all(Array.from({ length: 6 }, () => posted("standard", [500, 200])));
    await Promise.all(several.map(({ id }) => settled(id)));
    const waits = several.map(({ path }) => gaps(path)[0]);
    t.diagnostic(`waited ${waits} ms`);
    for (const wait of waits) assertWaited(wait, 5, 0.1, "the second attempt");
  });

  test("each step of a schedule counts, in its order", async (t) => {
    await profile("steps", { retry: { delays: [1, 2, 0, 1], jitter: 0 } });
    const { id, path, postedAt } = await posted("steps", 500);
    const seen = await settled(id);
    assert.partialDeepStrictEqual(seen, { status: "failed", attemptCount: 4, maxAttempts: 4 });
    const waits = [target.requests(path)[0].at - postedAt, ...gaps(path)];
    t.diagnostic(`waited ${waits} ms`);
    [1, 2, 0, 1].forEach((seconds, index) => {
      assertWaited(waits[index], seconds, 0, `attempt ${index + 1}`);
    });
  });

  test("many deliveries at once keep their times", async (t) => {
    const type = uniqueType();
    const path = uniquePath();
    const byId = new Map();
    const answer = (request) => {
      const id = request.headers["webhook-id"];
      byId.set(id, [...(byId.get(id) ?? []), request.at]);
      return byId.get(id).length > 1 ? 200 : 500;
    };
    await subscribe({ url: target.answer(path, answer), events: [type], profile: "ssemble" });
    const ids = await Promise.all(Array.from({ length: 50 }, (_, n) => sendOne({ type, data: n })));
    for (const id of ids) assert.equal((await settled(id)).status, "delivered");
    const waits = ids.map((id) => byId.get(id)[1] - byId.get(id)[0]).sort((a, b) => a - b);
    t.diagnostic(`50 second attempts waited ${waits[0]} to ${waits.at(-1)} ms`);
    for (const wait of waits) assertWaited(wait, 1, 0, "the second attempt");
  });
});

describe("by nextAttemptAt after a failed first attempt", { concurrency: true }, () => {
  const second = { playcut: [60, 0, 3], sketchpen: [30, 0, 4], clipcabinet: [30, 0, 8], ssemble: [1, 0, 3] };
  second.standard = [5, 0.1, 10];
  second.videovector = [5, 0.1, 10];
  for (const [name, [seconds, jitter, attempts]] of Object.entries(second)) {
    test(`${name}: ${seconds} s, ${attempts} attempts in all`, async () => {
      const { id } = await posted(name, 500);
      const seen = await attempted(id, 1);
      assert.partialDeepStrictEqual(seen, { status: "pending", maxAttempts: attempts, completedAt: null });
      const [attempt] = seen.attempts;
      const end = Date.parse(attempt.startedAt) + attempt.durationMs;
      const wait = Date.parse(seen.nextAttemptAt) - end;
      assert.ok(wait >= seconds * 1_000 - ROUNDING, `${wait} ms`);
      assert.ok(wait <= seconds * 1_000 * (1 + jitter) + 500, `${wait} ms`);
    });
  }

  test("standard: chance spreads the attempts, and only later", async () => {
    const type = uniqueType();
    await subscribe({ url: target.answer(uniquePath(), 500), events: [type], profile: "standard" });
    const ids = await Promise.all(Array.from({ length: 20 }, () => sendOne({ type, data: {} })));
    const waits = [];
    for (const id of ids) {
      const { attempts, nextAttemptAt } = await attempted(id, 1);
      waits.push(Date.parse(nextAttemptAt) - Date.parse(attempts[0].startedAt) - attempts[0].durationMs);
    }
    assert.ok(new Set(waits.map((wait) => Math.round(wait / 10))).size > 5, `spread out: ${waits}`);
    for (const wait of waits) assert.ok(wait >= 5_000 - ROUNDING && wait <= 5_500 + 500, `${wait} ms`);
  });
});
