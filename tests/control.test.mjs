// A person's hand on deliveries: pause, resume, cancel, retry, delete.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { inParallel, sleep } from "./support/wait.mjs";

const { target, api, expect, subscribe, sendOne, delivery, settled, attempted, profile } = await stage();

// A second attempt far away: what fails once stays pending for as long as a test looks at it.
await profile("patient", { retry: { delays: [0, 3600], jitter: 0 } });
await profile("once", { retry: { delays: [0], jitter: 0 } });
await profile("thrice", { retry: { delays: [0, 1, 1], jitter: 0 } });

/** A subscription with a type and a path of its own. */
async function scene(answer, profileName) {
  const type = uniqueType();
  const path = uniquePath();
  const made = await subscribe({ url: target.answer(path, answer), events: [type], profile: profileName });
  return {
    ...made,
    type,
    path,
    post: (data = {}) => sendOne({ type, data }),
    call: (name) => expect(200, "POST", `/v1/subscriptions/${made.id}/${name}`),
  };
}

const retry = (id) => expect(202, "POST", `/v1/deliveries/${id}/retry`);
const cancel = (id) => expect(200, "POST", `/v1/deliveries/${id}/cancel`);

describe("pause and resume", { concurrency: true }, () => {
  test("what comes while paused is recorded and held, and goes out at resume", async () => {
    const one = await scene(200, "standard");
    const before = await one.post("before");
    await settled(before, { status: "delivered" });

    assert.equal((await one.call("pause")).status, "paused");
    const held = [];
    for (let n = 0; n < 5; n++) held.push(await one.post(n));
    for (const id of held) {
      assert.partialDeepStrictEqual(await delivery(id), { status: "pending", attemptCount: 0, attempts: [] });
    }
    assert.equal(target.requests(one.path).length, 1, "nothing was sent but the one before");

    const resumedAt = Date.now();
    assert.equal((await one.call("resume")).status, "active");
    await Promise.all(held.map((id) => settled(id, { status: "delivered" })));
    const requests = target.requests(one.path).slice(1);
    assert.deepEqual(new Set(requests.map((request) => request.json.data)), new Set([0, 1, 2, 3, 4]));
    assert.equal(requests.length, 5, "each of them once");
    for (const request of requests) assert.ok(request.at >= resumedAt - 5);
  });

  test("hundreds that were held go out at resume, each once", async () => {
    const one = await scene(200, "standard");
    await one.call("pause");
    const ids = await inParallel(Array.from({ length: 300 }), 16, (_, n) => one.post(n));
    assert.equal(target.requests(one.path).length, 0);
    await one.call("resume");
    await target.received(one.path, 300, 30_000);
    assert.deepEqual(new Set(target.requests(one.path).map((request) => request.headers["webhook-id"])), new Set(ids));
    for (const id of ids.slice(-20)) await settled(id, { status: "delivered" });
    assert.equal(target.requests(one.path).length, 300);
  });

  test("both may be said twice", async () => {
    const one = await scene(200, "standard");
    assert.equal((await one.call("resume")).status, "active");
    assert.equal((await one.call("pause")).status, "paused");
    assert.equal((await one.call("pause")).status, "paused");
    assert.equal((await one.call("resume")).status, "active");
  });

  test("a delivery between two attempts is held too", async () => {
    const one = await scene([500, 200], "thrice");
    const id = await one.post();
    await attempted(id, 1);
    await one.call("pause");
    const paused = await delivery(id);
    // Only when the next attempt's time is long over does its absence mean anything.
    const due = Date.parse(paused.nextAttemptAt ?? new Date(Date.now() + 1_000).toISOString());
    await sleep(Math.max(0, due - Date.now()) + 1_500);
    assert.partialDeepStrictEqual(await delivery(id), { status: "pending", attemptCount: 1 });
    assert.equal(target.requests(one.path).length, 1);
    await one.call("resume");
    assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 2 });
  });
});

describe("delete", { concurrency: true }, () => {
  test("cancels what is pending, and leaves the history readable", async () => {
    const one = await scene(500, "patient");
    const ids = [await one.post(1), await one.post(2)];
    for (const id of ids) await attempted(id, 1);
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    for (const id of ids) {
      const seen = await settled(id);
      assert.partialDeepStrictEqual(seen, { status: "cancelled", nextAttemptAt: null, attemptCount: 1 });
      assert.equal(seen.attempts[0].responseStatus, 500);
    }
  });

  test("cancels what is held by a pause", async () => {
    const one = await scene(200, "standard");
    await one.call("pause");
    const id = await one.post();
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    await settled(id, { status: "cancelled" });
    assert.equal(target.requests(one.path).length, 0);
  });

  test("leaves what was delivered as it was", async () => {
    const one = await scene(200, "standard");
    const id = await one.post();
    await settled(id, { status: "delivered" });
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    assert.equal((await delivery(id)).status, "delivered");
  });
});

describe("cancel", { concurrency: true }, () => {
  test("ends a pending delivery", async () => {
    const one = await scene([500, 200], "thrice");
    const id = await one.post();
    await attempted(id, 1);
    await cancel(id);
    const seen = await delivery(id);
    assert.partialDeepStrictEqual(seen, { status: "cancelled", nextAttemptAt: null, attemptCount: 1 });
    assert.notEqual(seen.completedAt, null);
    // The schedule had the next attempt in a second: it must not come.
    await sleep(2_500);
    assert.equal(target.requests(one.path).length, 1);
    assert.equal((await delivery(id)).status, "cancelled");
  });

  test("ends a held delivery, which resume does not bring back", async () => {
    const one = await scene(200, "standard");
    await one.call("pause");
    const cancelled = await one.post("cancelled");
    const kept = await one.post("kept");
    await cancel(cancelled);
    await one.call("resume");
    await settled(kept, { status: "delivered" });
    assert.deepEqual(
      target.requests(one.path).map((request) => request.json.data),
      ["kept"],
    );
    assert.equal((await delivery(cancelled)).status, "cancelled");
  });

  test("does not change what is over", async () => {
    const one = await scene(200, "standard");
    const id = await one.post();
    await settled(id, { status: "delivered" });
    const answer = await api("POST", `/v1/deliveries/${id}/cancel`);
    assert.ok([200, 409].includes(answer.status), `${answer.status} ${answer.text}`);
    assert.equal((await delivery(id)).status, "delivered");
  });
});

describe("retry", { concurrency: true }, () => {
  test("after failed: a new attempt now, and delivered if it goes well", async () => {
    const one = await scene([500, 200], "once");
    const id = await one.post("again");
    assert.partialDeepStrictEqual(await settled(id), { status: "failed", attemptCount: 1, maxAttempts: 1 });
    await retry(id);
    const seen = await settled(id, { status: "delivered" });
    assert.equal(seen.attemptCount, 2);
    assert.deepEqual(
      seen.attempts.map(({ number, trigger, responseStatus }) => ({ number, trigger, responseStatus })),
      [
        { number: 1, trigger: "schedule", responseStatus: 500 },
        { number: 2, trigger: "manual", responseStatus: 200 },
      ],
    );
    const [first, second] = target.requests(one.path);
    assert.ok(first.body.equals(second.body));
    assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
  });

  test("after failed: failing again leaves it failed", async () => {
    const one = await scene(500, "once");
    const id = await one.post();
    await settled(id, { status: "failed" });
    await retry(id);
    const seen = await attempted(id, 2);
    assert.partialDeepStrictEqual(seen, { status: "failed", nextAttemptAt: null });
    assert.equal(seen.attempts[1].trigger, "manual");
  });

  test("after delivered: it is sent once more, and stays delivered", async () => {
    const one = await scene([200, 500], "standard");
    const id = await one.post();
    await settled(id, { status: "delivered" });
    await retry(id);
    const seen = await attempted(id, 2);
    assert.partialDeepStrictEqual(seen, { status: "delivered", nextAttemptAt: null, attemptCount: 2 });
    assert.equal(seen.attempts[1].responseStatus, 500);
  });

  test("while pending: an attempt now, and the schedule goes on beside it", async () => {
    const one = await scene(500, "patient");
    const id = await one.post();
    const planned = (await attempted(id, 1)).nextAttemptAt;
    assert.notEqual(planned, null);
    await retry(id);
    const seen = await attempted(id, 2);
    assert.partialDeepStrictEqual(seen, { status: "pending", nextAttemptAt: planned });
    assert.equal(seen.attempts[1].trigger, "manual");
  });

  test("while pending: an attempt that goes well ends it", async () => {
    const one = await scene([500, 200], "patient");
    const id = await one.post();
    await attempted(id, 1);
    await retry(id);
    assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 2, nextAttemptAt: null });
  });

  test("does not use up the schedule's attempts", async () => {
    const one = await scene(500, "thrice");
    const id = await one.post();
    await attempted(id, 1);
    await retry(id);
    const seen = await settled(id);
    assert.equal(seen.status, "failed");
    const triggers = seen.attempts.map((attempt) => attempt.trigger).sort();
    assert.deepEqual(triggers, ["manual", "schedule", "schedule", "schedule"]);
    assert.deepEqual(
      seen.attempts.map((attempt) => attempt.number),
      [1, 2, 3, 4],
    );
  });

  test("twenty at the same moment do no harm", async () => {
    const one = await scene([500, 200], "once");
    const id = await one.post();
    await settled(id, { status: "failed" });
    await Promise.all(Array.from({ length: 20 }, () => retry(id)));
    const { attempts } = await settled(id, { status: "delivered" });
    assert.ok(attempts.length >= 2 && attempts.length <= 21, `${attempts.length} attempts`);
    attempts.forEach((attempt, index) => {
      assert.equal(attempt.number, index + 1);
    });
  });

  for (const trigger of ["schedule", "manual"]) {
    test(`while an attempt of trigger ${trigger} is under way: another one is made`, async () => {
      const slow = { status: 500, delay: 1_000 };
      const one = await scene(trigger === "manual" ? [500, slow, 200] : [slow, 200], "once");
      const id = await one.post();
      const underWay = trigger === "manual" ? 2 : 1;
      if (trigger === "manual") {
        await settled(id, { status: "failed" });
        await retry(id);
      }
      await target.received(one.path, underWay);
      await retry(id);
      const seen = await attempted(id, underWay + 1);
      assert.partialDeepStrictEqual(seen, { status: "delivered", attemptCount: underWay + 1 });
      assert.equal(seen.attempts.filter((attempt) => attempt.trigger === "manual").length, underWay);
    });
  }

  test("after delete there is nowhere to send it", async () => {
    const one = await scene(500, "once");
    const id = await one.post();
    await settled(id, { status: "failed" });
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    const answer = await api("POST", `/v1/deliveries/${id}/retry`);
    if (answer.status !== 202) assertProblem(answer, answer.status === 404 ? 404 : 409);
    assert.equal((await delivery(id)).attemptCount, 1);
    assert.equal(target.requests(one.path).length, 1);
  });
});
