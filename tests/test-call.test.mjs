// The test call: one synthetic event, now, and what came of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { assertId } from "./support/assertions.mjs";
import { freePort } from "./support/ports.mjs";
import { stage, uniquePath } from "./support/stage.mjs";

const { target, api, expect, subscribe, delivery, profile } = await stage();

await profile("again", { retry: { delays: [0, 1, 1], jitter: 0 }, timeoutSeconds: 1 });

async function tried(answer, subscription = {}, call) {
  const path = uniquePath();
  const made = await subscribe({
    url: target.answer(path, answer),
    events: ["none"],
    profile: "again",
    ...subscription,
  });
  const result = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`, call);
  return { path, made, result };
}

test("a good receiver: delivered, with its status, and a delivery to look at", async () => {
  const { path, made, result } = await tried({ status: 201, body: "ok" });
  assert.partialDeepStrictEqual(result, { delivered: true, httpStatus: 201 });
  assert.ok(Number.isInteger(result.durationMs) && result.durationMs >= 0);
  assertId(result.deliveryId, "del");
  const [request] = target.requests(path);
  assert.ok(request, "the answer comes after the delivery");
  assert.equal(request.headers["webhook-id"], result.deliveryId);
  new Webhook(made.secret).verify(request.text, request.headers);
  assert.equal(typeof request.json.type, "string");
  assert.ok("data" in request.json);

  const seen = await delivery(result.deliveryId);
  assert.partialDeepStrictEqual(seen, {
    status: "delivered",
    subscription: made.id,
    attemptCount: 1,
    payload: request.text,
  });
  assert.partialDeepStrictEqual(seen.attempts, [
    { number: 1, trigger: "test", responseStatus: 201, responseBody: "ok" },
  ]);
});

test("type and data may be chosen, and the subscription's own types do not stand in the way", async () => {
  const { path } = await tried(200, { profile: "standard" }, { type: "task.completed", data: { taskId: "abc123" } });
  const { type, data } = target.requests(path)[0].json;
  assert.deepEqual({ type, data }, { type: "task.completed", data: { taskId: "abc123" } });
});

test("a failing receiver: not delivered, said with its status, and not tried again", async () => {
  const { path, result } = await tried(500);
  assert.partialDeepStrictEqual(result, { delivered: false, httpStatus: 500, error: null });
  const seen = await delivery(result.deliveryId);
  assert.partialDeepStrictEqual(seen, { status: "failed", attemptCount: 1, nextAttemptAt: null });
  assert.equal(target.requests(path).length, 1);
});

test("a redirect is a failure with its status", async () => {
  const { result } = await tried({ status: 302, headers: { location: target.url("/elsewhere") } });
  assert.partialDeepStrictEqual(result, { delivered: false, httpStatus: 302, error: null });
  assert.equal(target.requests("/elsewhere").length, 0);
});

test("nobody there: no status, and the reason", async () => {
  const made = await subscribe({ url: `http://127.0.0.1:${await freePort()}/`, events: ["none"], profile: "again" });
  const result = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`);
  assert.partialDeepStrictEqual(result, { delivered: false, httpStatus: null, error: "connection" });
});

test("too slow: no status, and the reason", async () => {
  const { result } = await tried({ hang: true });
  assert.partialDeepStrictEqual(result, { delivered: false, httpStatus: null, error: "timeout" });
  assert.ok(result.durationMs >= 900 && result.durationMs < 5_000, `${result.durationMs} ms`);
});

test("410 is told like any failure", async () => {
  const { result } = await tried(410);
  assert.partialDeepStrictEqual(result, { delivered: false, httpStatus: 410 });
});

test("every profile has its test", async () => {
  for (const name of ["standard", "playcut", "sketchpen", "videovector", "clipcabinet", "ssemble"]) {
    const { path, result } = await tried(200, { profile: name });
    assert.equal(result.delivered, true, name);
    assert.equal(target.requests(path).length, 1);
  }
});

test("each call is a delivery of its own", async () => {
  const { made, result } = await tried(200);
  const second = await api("POST", `/v1/subscriptions/${made.id}/test`);
  assert.notEqual(second.json.deliveryId, result.deliveryId);
});
