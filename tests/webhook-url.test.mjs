// A URL given with the event itself: a delivery of its own, with the application's profile and secret.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, send, sendOne, delivery, settled } = await stage();

const { secret } = await expect(200, "POST", "/v1/applications/default/rotate-secret");

test("the event goes to that URL, signed with the application's secret", async () => {
  const path = uniquePath();
  const accepted = await send({ type: "url.given", data: { n: 1 }, webhookUrl: target.url(path) });
  assert.equal(accepted.deliveries.length, 1);
  assert.equal(accepted.deliveries[0].subscription, null);
  const [request] = await target.received(path);
  new Webhook(secret).verify(request.text, request.headers);
  assert.equal(request.json.type, "url.given");

  const seen = await settled(accepted.deliveries[0].id);
  assert.partialDeepStrictEqual(seen, {
    status: "delivered",
    subscription: null,
    url: target.url(path),
    payload: request.text,
  });
  const event = await expect(200, "GET", `/v1/events/${accepted.id}`);
  assert.deepEqual(event.deliveries, [{ id: seen.id, subscription: null }]);
  const { data } = await expect(200, "GET", `/v1/deliveries?event=${accepted.id}`);
  assert.deepEqual(
    data.map((one) => one.id),
    [seen.id],
  );
});

test("beside it the subscriptions get theirs", async () => {
  const type = uniqueType();
  const [one, two] = [uniquePath(), uniquePath()];
  const made = await subscribe({ url: target.url(one), events: [type] });
  const { deliveries } = await send({ type, data: {}, webhookUrl: target.url(two) });
  assert.deepEqual(new Set(deliveries.map((each) => each.subscription)), new Set([made.id, null]));
  const [own] = await target.received(one);
  const [given] = await target.received(two);
  new Webhook(made.secret).verify(own.text, own.headers);
  new Webhook(secret).verify(given.text, given.headers);
  assert.throws(() => new Webhook(secret).verify(own.text, own.headers));
});

test("the same URL as a subscription's is another delivery", async () => {
  const type = uniqueType();
  const path = uniquePath();
  await subscribe({ url: target.url(path), events: [type] });
  const { deliveries } = await send({ type, data: {}, webhookUrl: target.url(path) });
  assert.equal(new Set(deliveries.map((each) => each.id)).size, 2);
  await target.received(path, 2);
});

test("it is idempotent like any event", async () => {
  const path = uniquePath();
  const event = { id: "url-1", type: "url.given", data: {}, webhookUrl: target.url(path) };
  const first = await send(event);
  await settled(first.deliveries[0].id);
  const again = await send(event);
  assert.equal(again.duplicate, true);
  assert.deepEqual(again.deliveries, first.deliveries);
  assert.equal(target.requests(path).length, 1);
});

test("a URL that can't be one is refused by its place, and nothing is stored", async () => {
  const type = uniqueType();
  const path = uniquePath();
  await subscribe({ url: target.url(path), events: [type] });
  for (const webhookUrl of [
    "nope",
    "ftp://example.com/",
    "https://user:pass@example.com/",
    `https://example.com/${"a".repeat(2048)}`,
  ]) {
    const answer = await api("POST", "/v1/events", { id: "refused", type, data: {}, webhookUrl });
    assertProblem(answer, 422, { code: "invalid_url", pointers: ["/webhookUrl"] });
  }
  const answer = await send({ id: "refused", type, data: "fine" });
  assert.ok(!answer.duplicate, "the id was not taken by what was refused");
  const [request] = await target.received(path);
  assert.equal(request.json.data, "fine");
});

test("one URL that is gone stops nobody else's", async () => {
  const path = uniquePath();
  const gone = await sendOne({ type: "url.given", data: {}, webhookUrl: target.answer(path, [410, 200]) });
  assert.partialDeepStrictEqual(await settled(gone), { status: "failed", attemptCount: 1 });
  const other = await sendOne({ type: "url.given", data: {}, webhookUrl: target.url(uniquePath()) });
  assert.equal((await settled(other)).status, "delivered");
});

test("retry and cancel work for it as for any delivery", async () => {
  const path = uniquePath();
  const id = await sendOne({ type: "url.given", data: {}, webhookUrl: target.answer(path, [500, 200]) });
  await target.received(path);
  await expect(202, "POST", `/v1/deliveries/${id}/retry`);
  assert.equal((await settled(id, { status: "delivered" })).attemptCount, 2);

  const other = uniquePath();
  const pending = await sendOne({ type: "url.given", data: {}, webhookUrl: target.answer(other, 500) });
  await target.received(other);
  await expect(200, "POST", `/v1/deliveries/${pending}/cancel`);
  assert.equal((await delivery(pending)).status, "cancelled");
});

test("the application's profile shapes it: Ssemble's way, tried three times", async () => {
  await expect(200, "PATCH", "/v1/applications/default", { profile: "ssemble" });
  try {
    const path = uniquePath();
    const webhookUrl = target.answer(path, [500, 500, 200]);
    const data = { requestId: "req_1", shorts: [] };
    const id = await sendOne({ type: "shorts.completed", data, webhookUrl });
    const seen = await settled(id);
    assert.partialDeepStrictEqual(seen, { status: "delivered", attemptCount: 3, maxAttempts: 3 });
    const requests = target.requests(path);
    assert.equal(requests.length, 3);
    assert.deepEqual(Object.keys(requests[0].json), ["event", "requestId", "status", "timestamp", "data"]);
    for (const request of requests) {
      assert.ok(request.body.equals(requests[0].body));
      new Webhook(secret).verify(request.text, request.headers);
    }
  } finally {
    await expect(200, "PATCH", "/v1/applications/default", { profile: "standard" });
  }
});

test("a secret brought along signs from then on", async () => {
  const brought = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const answer = await expect(200, "POST", "/v1/applications/default/rotate-secret", {
    secret: brought,
    overlapSeconds: 0,
  });
  assert.equal(answer.secret, brought);
  const path = uniquePath();
  await send({ type: "url.given", data: {}, webhookUrl: target.url(path) });
  const [request] = await target.received(path);
  new Webhook(brought).verify(request.text, request.headers);
  assert.throws(() => new Webhook(secret).verify(request.text, request.headers));
});
