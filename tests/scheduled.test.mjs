// What is to be delivered later: listed, called off, and on time over pauses and restarts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, send, sendOne, delivery, settled, profile } = await stage();

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const ahead = (milliseconds) => new Date(Date.now() + milliseconds).toISOString();

async function scene(more = {}) {
  const [type, path] = [uniqueType(), uniquePath()];
  const made = await subscribe({ url: target.url(path), events: [type], ...more });
  return { ...made, type, path };
}

const scheduled = async (query) => (await expect(200, "GET", `/v1/deliveries?scheduled=true&${query}`)).data;
const ids = (list) => list.map(({ id }) => id);

describe("the list", () => {
  test("holds what waits for its first attempt, and nothing else", async () => {
    const { id, type, path } = await scene();
    const times = [3 * SECOND, 3_600 * SECOND, 29 * DAY].map(ahead);
    const waiting = [];
    for (const deliverAt of times) waiting.push(await sendOne({ type, data: deliverAt, deliverAt }));
    await settled(await sendOne({ type, data: "now" }));
    await settled(await sendOne({ type, data: "over", deliverAt: ahead(-SECOND) }));
    const failing = await scene();
    target.answer(failing.path, 500);
    await sendOne({ type: failing.type, data: "is tried again" });
    await target.received(failing.path);

    const listed = await scheduled(`subscription=${id}`);
    assert.deepEqual(ids(listed), waiting.toReversed(), "newest first");
    assert.deepEqual(
      listed.map(({ nextAttemptAt }) => nextAttemptAt),
      times.toReversed(),
    );
    assert.ok(listed.every(({ status, attemptCount }) => status === "pending" && attemptCount === 0));
    assert.deepEqual(await scheduled(`subscription=${failing.id}`), []);
    assert.deepEqual(ids(await scheduled(`type=${type}`)), waiting.toReversed(), "in the list of all, too");
    assert.deepEqual(ids(await scheduled(`type=${type}&status=pending`)), waiting.toReversed());
    assert.deepEqual(await scheduled(`type=${type}&status=delivered`), []);

    const first = await expect(200, "GET", `/v1/deliveries?scheduled=true&type=${type}&limit=2`);
    assert.deepEqual(ids(first.data), [waiting[2], waiting[1]]);
    assert.deepEqual(ids(await scheduled(`type=${type}&limit=2&cursor=${first.nextCursor}`)), [waiting[0]]);

    await settled(waiting[0]);
    assert.deepEqual(ids(await scheduled(`type=${type}`)), [waiting[2], waiting[1]], "what was sent has left it");
    await expect(200, "POST", `/v1/deliveries/${waiting[1]}/cancel`);
    assert.deepEqual(ids(await scheduled(`type=${type}`)), [waiting[2]], "what was called off, too");
    await expect(202, "POST", `/v1/deliveries/${waiting[2]}/retry`);
    await settled(waiting[2]);
    assert.deepEqual(await scheduled(`type=${type}`), []);
    assert.equal(target.requests(path).length, 4);
  });

  test("holds what a profile lets wait, and what a pause holds before its time", async () => {
    await profile("patient", { retry: { delays: [600, 60], jitter: 0 } });
    const slow = await scene({ profile: "patient" });
    const one = await sendOne({ type: slow.type, data: 1 });
    assert.deepEqual(ids(await scheduled(`subscription=${slow.id}`)), [one]);
    const paused = await scene();
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/pause`);
    await sendOne({ type: paused.type, data: "held, and not scheduled" });
    const two = await sendOne({ type: paused.type, data: 2, deliverAt: ahead(DAY) });
    assert.deepEqual(ids(await scheduled(`subscription=${paused.id}`)), [two]);
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/resume`);
    await target.received(paused.path);
    assert.deepEqual(ids(await scheduled(`subscription=${paused.id}`)), [two], "resumed, it goes on waiting");
    assert.equal(target.requests(paused.path).length, 1);
  });

  test("is asked for with true alone", async () => {
    for (const value of ["false", "1", "", "TRUE"]) {
      assertProblem(await api("GET", `/v1/deliveries?scheduled=${value}`), 422, { code: "invalid_parameter" });
    }
  });
});

test("what waits for its time takes nobody's turn", async () => {
  const { type } = await scene({ rateLimit: { perSecond: 0.2 } });
  const events = Array.from({ length: 30 }, (_, n) => ({
    type,
    data: n,
    deliverAt: ahead((n % 2 ? 50 : 500) * SECOND),
  }));
  await expect(202, "POST", "/v1/events/batch", events.slice(0, 20));
  for (const event of events.slice(20)) await send(event);
  // Thirty turns would take two minutes and a half.
  assert.equal((await settled(await sendOne({ type, data: "now" }))).status, "delivered");
});

test("thirty days ahead to the millisecond is taken, a minute more is not", async () => {
  const { type } = await scene();
  const deliverAt = ahead(30 * DAY);
  const id = await sendOne({ type, data: 1, deliverAt });
  assert.equal((await delivery(id)).nextAttemptAt, deliverAt);
  await expect(200, "POST", `/v1/deliveries/${id}/cancel`);
  const refused = await expect(422, "POST", "/v1/events", { type, data: 1, deliverAt: ahead(30 * DAY + 60 * SECOND) });
  assert.equal(refused.errors[0].pointer, "/deliverAt");
});

test("posted again before its time it goes out once, at the first one's time", async () => {
  await profile("soon", { retry: { delays: [2, 1], jitter: 0 } });
  const { type, path } = await scene({ profile: "soon" });
  const event = { type, data: 1, id: "again" };
  const first = await send(event);
  const { nextAttemptAt } = await delivery(first.deliveries[0].id);
  await sleep(SECOND);
  assert.deepEqual(await send(event), { ...first, duplicate: true });
  assert.equal((await delivery(first.deliveries[0].id)).nextAttemptAt, nextAttemptAt);
  await settled(first.deliveries[0].id);
  await sleep(2 * SECOND);
  assert.equal(target.requests(path).length, 1);
});

describe("calling an event off", () => {
  test("wherever its deliveries lie", async () => {
    const [one, two] = [await scene(), await scene()];
    const type = uniqueType();
    for (const { id } of [one, two]) await expect(200, "PATCH", `/v1/subscriptions/${id}`, { events: [type] });
    for (const id of [undefined, "called/off"]) {
      const webhookUrl = target.url(uniquePath());
      const sent = await send({ type, data: 1, id, webhookUrl, deliverAt: ahead(2 * SECOND) });
      assert.equal(sent.deliveries.length, 3);
      const where = `/v1/events/${encodeURIComponent(sent.id)}/cancel`;
      assert.deepEqual(await expect(200, "POST", where), { id: sent.id, cancelled: 3, ended: 0 });
      assert.deepEqual(await expect(200, "POST", where), { id: sent.id, cancelled: 0, ended: 3 });
      for (const each of sent.deliveries) assert.equal((await delivery(each.id)).status, "cancelled");
    }
    await sleep(3 * SECOND);
    assert.equal(target.requests(one.path).length + target.requests(two.path).length, 0);
  });

  test("what was delivered stays so, and what nobody wanted has nothing to call off", async () => {
    const { type } = await scene();
    const sent = await send({ type, data: 1 });
    await settled(sent.deliveries[0].id);
    assert.deepEqual(await expect(200, "POST", `/v1/events/${sent.id}/cancel`), {
      id: sent.id,
      cancelled: 0,
      ended: 1,
    });
    assert.equal((await delivery(sent.deliveries[0].id)).status, "delivered");
    for (const id of [undefined, "nobodys"]) {
      const unwanted = await send({ type: "nobody.wants.it", data: 1, id });
      const said = await expect(200, "POST", `/v1/events/${unwanted.id}/cancel`);
      assert.deepEqual(said, { id: unwanted.id, cancelled: 0, ended: 0 });
    }
  });

  test("is for those who may, and of one's own", async () => {
    const { type } = await scene();
    const sent = await send({ type, data: 1, deliverAt: ahead(DAY) });
    const { key } = await expect(201, "POST", "/v1/api-keys", {
      label: "x",
      scopes: ["deliveries:read", "events:write"],
    });
    const where = `/v1/events/${sent.id}/cancel`;
    assertProblem(await api("POST", where, undefined, { authorization: `Bearer ${key}` }), 403);
    const other = await tenant(signet);
    assertProblem(await other.api("POST", where), 404);
    assertProblem(await api("POST", "/v1/events/never-was/cancel"), 404);
    assert.equal((await delivery(sent.deliveries[0].id)).status, "pending");
  });
});

test("over more than a minute, a restart, a pause and an end", { timeout: 150 * SECOND }, async (t) => {
  const from = Date.now();
  const deliverAt = ahead(66 * SECOND);
  const at = (more) => ({ type: more.type, data: more.data ?? 1, deliverAt });
  const [plain, many, cancelled, paused, tried] = [
    await scene(),
    await scene(),
    await scene(),
    await scene(),
    await scene(),
  ];
  const one = await sendOne(at(plain));
  const batch = await expect(
    202,
    "POST",
    "/v1/events/batch",
    Array.from({ length: 40 }, (_, n) => at({ ...many, data: n })),
  );
  const called = await send(at(cancelled));
  const held = await sendOne(at(paused));
  const early = await sendOne(at(tried));
  const near = await sendOne({ type: plain.type, data: "near", deliverAt: ahead(4 * SECOND) });

  await signet.restart();
  assert.equal((await scheduled(`subscription=${many.id}&limit=250`)).length, 40);
  await expect(200, "POST", `/v1/events/${called.id}/cancel`);
  await expect(200, "POST", `/v1/subscriptions/${paused.id}/pause`);
  await expect(202, "POST", `/v1/deliveries/${early}/retry`);
  assert.equal((await settled(early)).status, "delivered");
  assert.equal((await settled(near)).status, "delivered");
  assert.equal(target.requests(plain.path).length, 1, "the other one waits");

  for (const id of [one, ...batch.results.slice(0, 5).map(({ deliveries }) => deliveries[0].id)]) {
    const done = await settled(id, { timeout: 90 * SECOND });
    assert.equal(done.status, "delivered");
    assert.ok(done.attempts[0].startedAt >= deliverAt, `${done.attempts[0].startedAt} is before ${deliverAt}`);
  }
  t.diagnostic(`${Date.now() - from - 66 * SECOND} ms after its time`);
  await target.received(many.path, 40);
  await sleep(2 * SECOND);
  assert.equal((await delivery(called.deliveries[0].id)).status, "cancelled", "its alarm rang, and did no harm");
  assert.equal(target.requests(cancelled.path).length, 0);
  assert.equal(target.requests(tried.path).length, 1, "and what was sent by hand is not sent again");
  assert.equal((await delivery(held)).status, "pending");
  assert.equal(target.requests(paused.path).length, 0);
  await expect(200, "POST", `/v1/subscriptions/${paused.id}/resume`);
  assert.equal((await settled(held)).status, "delivered");
  assert.equal(target.requests(many.path).length, 40);
  await until(async () => (await scheduled(`subscription=${many.id}`)).length === 0);
});
