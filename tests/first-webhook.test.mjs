// The whole way once: subscribe, post an event, receive it signed, read its history.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { assertId, assertTime } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";

const { target, api, expect, subscribe, send, settled } = await stage();

test("an event goes in, a signed webhook comes out, and the history tells of it", async () => {
  const url = target.answer("/hook", { status: 200, headers: { "content-type": "text/plain" }, body: "thanks" });
  const subscription = await subscribe({ url, events: ["task.completed"] });
  const before = Date.now();

  const event = { type: "task.completed", data: { taskId: "abc123" }, occurredAt: "2026-05-18T12:00:00.000Z" };
  const accepted = await send(event);
  assertId(accepted.id, "evt");
  assert.equal(accepted.deliveries.length, 1);
  const [{ id, subscription: receiver }] = accepted.deliveries;
  assertId(id, "del");
  assert.equal(receiver, subscription.id);

  const [request] = await target.received("/hook");
  assert.equal(request.method, "POST");
  assert.match(request.headers["content-type"], /^application\/json/);
  assert.equal(request.headers["webhook-id"], id, "webhook-id is the delivery's id");
  assert.deepEqual(request.json, {
    type: "task.completed",
    timestamp: "2026-05-18T12:00:00.000Z",
    data: { taskId: "abc123" },
  });
  new Webhook(subscription.secret).verify(request.text, request.headers);

  const delivery = await settled(id);
  assert.partialDeepStrictEqual(delivery, {
    id,
    event: { id: accepted.id, type: "task.completed" },
    subscription: subscription.id,
    url,
    status: "delivered",
    attemptCount: 1,
    maxAttempts: 10,
    nextAttemptAt: null,
    payload: request.text,
  });
  assertTime(delivery.createdAt);
  assertTime(delivery.completedAt);
  assert.ok(Math.abs(Date.parse(delivery.createdAt) - before) < 5_000, "createdAt is about now");

  assert.equal(delivery.attempts.length, 1);
  const [attempt] = delivery.attempts;
  assert.partialDeepStrictEqual(attempt, {
    number: 1,
    trigger: "schedule",
    responseStatus: 200,
    responseBody: "thanks",
    responseBodyTruncated: false,
    error: null,
  });
  assertTime(attempt.startedAt);
  assert.ok(Number.isInteger(attempt.durationMs) && attempt.durationMs >= 0 && attempt.durationMs < 10_000);
});

test("the event can be read, with its deliveries", async () => {
  const { id: subscription } = await subscribe({ url: target.url("/second"), events: ["export.ready"] });
  const sent = { type: "export.ready", data: [1, "two", null], attributes: { team: "ops", tags: ["a", "b"] } };
  const { id, deliveries } = await send(sent);
  const event = await expect(200, "GET", `/v1/events/${id}`);
  assertTime(event.occurredAt);
  assertTime(event.createdAt);
  assert.partialDeepStrictEqual(event, { id, ...sent });
  assert.deepEqual(event.deliveries, [{ id: deliveries[0].id, subscription }]);
});

test("an event that matches nobody is accepted and can be read all the same", async () => {
  const accepted = await send({ type: "nobody.cares", data: { n: 1 } });
  assert.deepEqual(accepted.deliveries, []);
  const event = await expect(200, "GET", `/v1/events/${accepted.id}`);
  assert.equal(event.type, "nobody.cares");
  assert.deepEqual(event.data, { n: 1 });
  assert.deepEqual(event.deliveries, []);
});

test("occurredAt is kept when it is given, and now when it is not", async () => {
  await subscribe({ url: target.url("/clock"), events: ["clock.*"] });
  const before = Date.now();
  await send({ type: "clock.given", data: {}, occurredAt: "2024-01-01T02:00:00+02:00" });
  await send({ type: "clock.left.out", data: {} });
  const bodies = (await target.received("/clock", 2)).map((request) => request.json);
  const given = bodies.find((body) => body.type === "clock.given");
  const leftOut = bodies.find((body) => body.type === "clock.left.out");
  assert.equal(given.timestamp, "2024-01-01T00:00:00.000Z", "another offset is told in UTC");
  assertTime(leftOut.timestamp);
  assert.ok(Date.parse(leftOut.timestamp) >= before - 1_000 && Date.parse(leftOut.timestamp) <= Date.now() + 1_000);
});

test("one event goes to every subscription that wants it, each with a signature of its own", async () => {
  const first = await subscribe({ url: target.url("/fan-1"), events: ["fan.out"] });
  const second = await subscribe({ url: target.url("/fan-2"), events: ["fan.*"] });
  const { deliveries } = await send({ type: "fan.out", data: { n: 1 } });
  assert.deepEqual(new Set(deliveries.map((one) => one.subscription)), new Set([first.id, second.id]));
  assert.notEqual(deliveries[0].id, deliveries[1].id);
  const [one] = await target.received("/fan-1");
  const [two] = await target.received("/fan-2");
  assert.equal(one.text, two.text);
  assert.notEqual(one.headers["webhook-id"], two.headers["webhook-id"]);
  new Webhook(first.secret).verify(one.text, one.headers);
  new Webhook(second.secret).verify(two.text, two.headers);
  assert.throws(() => new Webhook(first.secret).verify(two.text, two.headers));
});

test("the key may come as X-Api-Key, and health needs none", async () => {
  const byHeader = await api("GET", "/v1/subscriptions", undefined, {
    authorization: null,
    "x-api-key": "local-operator-key",
  });
  assert.equal(byHeader.status, 200);
  assert.equal((await api("GET", "/healthz", undefined, { authorization: null })).status, 200);
});
