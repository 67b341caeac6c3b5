// One event for many, and events whose rendering grows.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, send, settled, profile } = await stage();

const PROFILES = ["standard", "playcut", "sketchpen", "videovector", "clipcabinet", "ssemble"];

test("sixty subscriptions get one event, each once, in its own profile", async () => {
  const type = uniqueType();
  const made = [];
  for (let n = 0; n < 60; n++) {
    const path = uniquePath("/fan");
    made.push({ path, ...(await subscribe({ url: target.url(path), events: [type], profile: PROFILES[n % 6] })) });
  }
  const event = { id: "fan-out", type, data: { id: "v1", n: [1, 2, 3] } };
  const first = await send(event);
  assert.equal(first.deliveries.length, 60);
  assert.deepEqual(new Set(first.deliveries.map((one) => one.subscription)), new Set(made.map((one) => one.id)));
  assert.equal(new Set(first.deliveries.map((one) => one.id)).size, 60);
  for (const { path, profile: name } of made) {
    const [request] = await target.received(path);
    assert.deepEqual(request.json.data, event.data);
    assert.equal("requestId" in request.json, name === "ssemble", "in its own profile's shape");
  }
  const again = await send(event);
  assert.equal(again.duplicate, true);
  assert.deepEqual(again.deliveries, first.deliveries);
  const read = await expect(200, "GET", "/v1/events/fan-out");
  assert.deepEqual(read.deliveries, first.deliveries);
  for (const { id } of first.deliveries) assert.equal((await settled(id)).status, "delivered");
  for (const { path } of made) assert.equal(target.requests(path).length, 1);
});

describe("a profile that repeats the data", () => {
  const large = "x".repeat(900_000);

  test("either has what it makes of an event delivered, or refuses the event as a whole", async () => {
    const type = uniqueType();
    const [plain, tripled] = [uniquePath(), uniquePath()];
    await profile("tripled", { body: { a: "{data}", b: "{data}", c: "{data}" } });
    await subscribe({ url: target.url(plain), events: [type] });
    await subscribe({ url: target.url(tripled), events: [type], profile: "tripled" });
    const event = { id: "tripled", type, data: large };
    const answer = await api("POST", "/v1/events", event);
    if (answer.status === 202) {
      const [request] = await target.received(tripled);
      assert.equal(request.json.c, large);
      return;
    }
    assertProblem(answer, answer.status === 413 ? 413 : 422);
    const again = await api("POST", "/v1/events", event);
    assert.equal(again.status, answer.status, "and does so again: what was refused was not accepted");
    const small = await send({ id: "tripled", type, data: "small" });
    assert.ok(!small.duplicate);
    const [request] = await target.received(plain);
    assert.equal(request.json.data, "small", "nothing of the refused event was sent to anybody");
  });

  test("a thousand times over does not bring the gateway down", async () => {
    const type = uniqueType();
    await profile("thousandfold", { body: Array(1_000).fill("{data}") });
    await subscribe({ url: target.url(uniquePath()), events: [type], profile: "thousandfold" });
    const answer = await api("POST", "/v1/events", { type, data: large });
    assertProblem(answer, answer.status === 413 ? 413 : 422);
    const small = await send({ type, data: 1 });
    assert.equal((await settled(small.deliveries[0].id)).status, "delivered");
  });
});
