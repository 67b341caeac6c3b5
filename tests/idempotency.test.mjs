// The same event said twice is one event.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { signet, target, api, expect, subscribe, send, settled } = await stage();

async function scene() {
  const type = uniqueType();
  const path = uniquePath();
  const made = await subscribe({ url: target.url(path), events: [type] });
  return { ...made, type, path };
}

/** Proves that nothing more came for `path`: an event sent after it did arrive. */
async function nothingMore(type, path, count) {
  const { deliveries } = await send({ type, data: "afterwards" });
  await settled(deliveries[0].id);
  const before = target.requests(path).filter((request) => request.json.data !== "afterwards");
  assert.equal(before.length, count);
}

test("the same id answers the same deliveries and sends nothing", async () => {
  const { type, path } = await scene();
  const event = { id: "my-id-1", type, data: { n: 1 } };
  const first = await send(event);
  assert.ok(!first.duplicate);
  await settled(first.deliveries[0].id);
  for (let n = 0; n < 3; n++) {
    const again = await send(event);
    assert.equal(again.duplicate, true);
    assert.equal(again.id, first.id);
    assert.deepEqual(again.deliveries, first.deliveries);
  }
  await nothingMore(type, path, 1);
});

test("Idempotency-Key does the same", async () => {
  const { type, path } = await scene();
  const headers = { "idempotency-key": "key-1" };
  const first = await send({ type, data: {} }, headers);
  const again = await send({ type, data: {} }, headers);
  assert.ok(!first.duplicate);
  assert.equal(again.duplicate, true);
  assert.deepEqual(again.deliveries, first.deliveries);
  await nothingMore(type, path, 1);
});

test("the same id with another body is a conflict", async () => {
  const { type } = await scene();
  const other = uniqueType();
  const event = { id: "conflict-1", type, data: { n: 1 } };
  const first = await send(event);
  for (const changed of [
    { ...event, data: { n: 2 } },
    { ...event, type: other },
    { ...event, attributes: { a: "b" } },
    { ...event, webhookUrl: target.url("/conflict") },
    { ...event, occurredAt: "2026-05-18T12:00:00.000Z" },
  ]) {
    assertProblem(await api("POST", "/v1/events", changed), 409);
  }
  assert.equal(target.requests("/conflict").length, 0);
  const again = await send(event);
  assert.equal(again.duplicate, true, "and the first one is as it was");
  assert.deepEqual(again.deliveries, first.deliveries);

  const headers = { "idempotency-key": "conflict-2" };
  await send({ type, data: 1 }, headers);
  assertProblem(await api("POST", "/v1/events", { type, data: 2 }, headers), 409);
});

test("without an id, the same body twice is two events", async () => {
  const { type, path } = await scene();
  const one = await send({ type, data: {} });
  const two = await send({ type, data: {} });
  assert.notEqual(one.id, two.id);
  assert.ok(!two.duplicate);
  await target.received(path, 2);
});

test("ids are told apart to the letter", async () => {
  const { type, path } = await scene();
  const ids = ["same", "Same", "same.", "x".repeat(256), `${"x".repeat(255)}y`, "!~", "a/b?c#d%20"];
  for (const id of ids) assert.ok(!(await send({ id, type, data: id })).duplicate, id);
  await target.received(path, ids.length);
  for (const id of ids) assert.equal((await send({ id, type, data: id })).duplicate, true, id);
});

test("an event is read by the id that its producer was answered, and its deliveries are found by it", async () => {
  const { type } = await scene();
  for (const id of ["plain-1", "a/b?c#d%20e&f=g", "%2e%2e%2f", '"quoted"', "evt_looks_like_ours", "x".repeat(200)]) {
    const accepted = await send({ id, type, data: { id } });
    const event = await expect(200, "GET", `/v1/events/${encodeURIComponent(accepted.id)}`);
    assert.deepEqual(event.data, { id });
    assert.deepEqual(event.deliveries, accepted.deliveries);
    const { data } = await expect(200, "GET", `/v1/deliveries?event=${encodeURIComponent(accepted.id)}`);
    assert.deepEqual(
      data.map((one) => one.id),
      accepted.deliveries.map((one) => one.id),
    );
    assert.equal(data[0].event.id, accepted.id);
  }
});

test("keys that no id may be are refused", async () => {
  const { type } = await scene();
  for (const key of ["x".repeat(257), "a b"]) {
    const answer = await api("POST", "/v1/events", { type, data: {} }, { "idempotency-key": key });
    assertProblem(answer, 422);
  }
});

test("twenty at the same moment are one", async () => {
  const { type, path } = await scene();
  for (let round = 0; round < 5; round++) {
    const event = { id: `burst-${round}`, type, data: { round } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(event)));
    assert.equal(answers.filter((answer) => !answer.duplicate).length, 1, "one of them is the first");
    assert.equal(new Set(answers.map((answer) => answer.id)).size, 1);
    assert.equal(new Set(answers.map((answer) => JSON.stringify(answer.deliveries))).size, 1);
    assert.equal(answers[0].deliveries.length, 1);
    await settled(answers[0].deliveries[0].id);
  }
  await nothingMore(type, path, 5);
});

test("twenty with the same id and different bodies are one, and nineteen conflicts", async () => {
  const { type, path } = await scene();
  const events = Array.from({ length: 20 }, (_, n) => ({ id: "quarrel", type, data: n }));
  const answers = await Promise.all(events.map((event) => api("POST", "/v1/events", event)));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [202, ...Array(19).fill(409)]);
  await settled(answers.find((answer) => answer.status === 202).json.deliveries[0].id);
  await nothingMore(type, path, 1);
});

test("subscriptions made or removed in between change nothing about it", async () => {
  const { id: subscription, type, path } = await scene();
  const event = { id: "between", type, data: {} };
  const first = await send(event);
  const late = uniquePath();
  await subscribe({ url: target.url(late), events: [type] });
  assert.deepEqual((await send(event)).deliveries, first.deliveries);
  await settled(first.deliveries[0].id);
  await expect(204, "DELETE", `/v1/subscriptions/${subscription}`);
  const again = await send(event);
  assert.equal(again.duplicate, true);
  assert.deepEqual(again.deliveries, first.deliveries);
  await nothingMore(type, late, 0);
  assert.equal(target.requests(path).length, 1);
});

test("an event that matched nobody is remembered too", async () => {
  const type = uniqueType();
  const path = uniquePath();
  const event = { id: "matched-nobody", type, data: {} };
  const first = await send(event);
  assert.deepEqual(first.deliveries, []);
  await subscribe({ url: target.url(path), events: [type] });
  const again = await send(event);
  assert.equal(again.duplicate, true);
  assert.equal(again.id, first.id);
  await nothingMore(type, path, 0);
});

test("a restart does not make it forget", async () => {
  const { type, path } = await scene();
  const event = { id: "before-the-crash", type, data: {} };
  const first = await send(event);
  await settled(first.deliveries[0].id);
  await signet.restart();
  const again = await send(event);
  assert.equal(again.duplicate, true);
  assert.deepEqual(again.deliveries, first.deliveries);
  assertProblem(await api("POST", "/v1/events", { ...event, data: 2 }), 409);
  await nothingMore(type, path, 1);
});
