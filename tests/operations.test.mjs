// What is done to many deliveries in the background: recovered, replayed, tried again, called off.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { operations, time } from "./support/operations.mjs";
import { calls, stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, send, sendOne, delivery, settled, profile } = await stage();
const { begin, ended, read } = operations({ expect });
await profile("once", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 5 });
await profile("twice", { retry: { delays: [0, 0.05], jitter: 0 }, timeoutSeconds: 5 });

const HOUR = 3_600_000;
const LONG_AGO = "2026-01-01T00:00:00.000Z";

/** A subscription of a type and a path of its own. */
async function own(answer = 200, more = {}) {
  const [type, path] = [uniqueType("operation"), uniquePath()];
  const made = await subscribe({ url: target.answer(path, answer), events: [type], profile: "once", ...more });
  return { ...made, type, path };
}

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

/** So many events, each with one delivery; resolves to the deliveries' ids. */
const several = (type, count, more) => inParallel(numbers(count), 8, (n) => sendOne({ type, data: { n }, ...more }));

async function all(ids, status) {
  for (const id of ids) await settled(id, { status });
}

const list = async (query) => (await expect(200, "GET", `/v1/deliveries?${query}`)).data;

describe("recover", () => {
  test("what failed is delivered, and nothing else", async () => {
    const one = await own(500);
    const failed = await several(one.type, 7);
    await all(failed, "failed");
    target.answer(one.path, 200);
    const delivered = await several(one.type, 2);
    await all(delivered, "delivered");
    const { operation, matched } = await begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO });
    assert.match(operation, /^op_[0-9a-z]{28}$/);
    assert.equal(matched, 7);
    await all(failed, "delivered");
    const over = await ended(operation);
    assert.deepEqual(
      [over.id, over.kind, over.subscription, over.status, over.matched, over.done, over.failed, over.detail],
      [operation, "recover", one.id, "done", 7, 7, 0, null],
    );
    assert.ok(over.createdAt <= over.completedAt);
    assert.equal(target.requests(one.path).length, 7 + 2 + 7);
    const { attempts, attemptCount } = await delivery(failed[0]);
    assert.deepEqual([attemptCount, attempts.map((it) => it.trigger).join()], [2, "schedule,schedule"]);
    assert.equal((await begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO })).matched, 0);
  });

  test("the schedule begins anew, and what fails again is left alone", async () => {
    const one = await own(500, { profile: "twice" });
    const ids = await several(one.type, 3);
    await all(ids, "failed");
    const { operation, matched } = await begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO });
    assert.equal(matched, 3);
    assert.equal((await ended(operation)).done, 3);
    await target.received(one.path, 12);
    await all(ids, "failed");
    await sleep(300);
    assert.equal(target.requests(one.path).length, 12, "two attempts more each");
  });

  test("the window is of when a delivery was made, both ends inclusive", async () => {
    const one = await own(500);
    const ids = [];
    for (const n of numbers(3)) {
      ids.push(await sendOne({ type: one.type, data: n }));
      await sleep(5);
    }
    await all(ids, "failed");
    const [, middle, last] = await Promise.all(ids.map(delivery));
    const recover = (window) => begin(`/v1/subscriptions/${one.id}/recover`, window);
    assert.equal((await recover({ since: time(-HOUR) })).matched, 0);
    assert.equal((await recover({ since: LONG_AGO, until: "2026-01-02T00:00:00.000Z" })).matched, 0);
    target.answer(one.path, 200);
    assert.equal((await recover({ since: middle.createdAt, until: middle.createdAt })).matched, 1);
    await settled(middle.id, { status: "delivered" });
    assert.equal((await recover({ since: middle.createdAt, until: last.createdAt, status: "failed" })).matched, 1);
    await settled(last.id, { status: "delivered" });
    assert.equal((await delivery(ids[0])).status, "failed");
  });

  test("while the subscription is paused it is held", async () => {
    const one = await own(500);
    const ids = await several(one.type, 2);
    await all(ids, "failed");
    await expect(200, "POST", `/v1/subscriptions/${one.id}/pause`);
    const { operation } = await begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO });
    assert.equal((await ended(operation)).done, 2);
    target.answer(one.path, 200);
    assert.deepEqual(
      (await list(`subscription=${one.id}`)).map((it) => it.status),
      ["pending", "pending"],
    );
    assert.equal(target.requests(one.path).length, 2);
    await expect(200, "POST", `/v1/subscriptions/${one.id}/resume`);
    await all(ids, "delivered");
  });

  test("tests are left out", async () => {
    const one = await own(500);
    const report = await expect(200, "POST", `/v1/subscriptions/${one.id}/test`);
    assert.equal((await delivery(report.deliveryId)).status, "failed");
    assert.equal((await begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO })).matched, 0);
  });

  test("faults are named, and strangers find nothing", async () => {
    const one = await own();
    const where = `/v1/subscriptions/${one.id}/recover`;
    assertProblem(await api("POST", where, {}), 422, { pointers: ["/since"] });
    const bad = { since: "x", until: 1, status: "delivered", more: 1 };
    assertProblem(await api("POST", where, bad), 422, { pointers: ["/more", "/since", "/status", "/until"] });
    assertProblem(await api("POST", where, { since: time(), until: LONG_AGO }), 422, { pointers: ["/since"] });
    assertProblem(await api("POST", where, "{"), 400, { code: "invalid_json" });
    const none = `/v1/subscriptions/sub_${"0".repeat(28)}/recover`;
    for (const where of [none, "/v1/subscriptions/x/recover"]) {
      assertProblem(await api("POST", where, { since: LONG_AGO }), 404);
    }
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    assertProblem(await api("POST", where, { since: LONG_AGO }), 404);
  });
});

describe("retry and cancel in bulk", () => {
  test("failed deliveries of a type, of an event, of a subscription", async () => {
    const [one, other] = [await own(500), await own(500)];
    await subscribe({ url: target.answer("/third", 500), events: [other.type], profile: "once" });
    const ids = await several(one.type, 4);
    const { deliveries, id } = await send({ type: other.type, data: {} });
    const pair = deliveries.map((it) => it.id);
    await all([...ids, ...pair], "failed");
    for (const path of [one.path, other.path, "/third"]) target.answer(path, 200);

    const byType = await begin("/v1/deliveries/retry", { type: one.type });
    assert.equal(byType.matched, 4);
    await all(ids, "delivered");
    assert.deepEqual(
      [(await ended(byType.operation)).kind, (await read(byType.operation)).subscription],
      ["retry", null],
    );
    const bySubscription = await begin("/v1/deliveries/retry", { subscription: other.id, event: id });
    assert.equal(bySubscription.matched, 1);
    await settled(pair[0], { status: "delivered" });
    assert.equal((await ended(bySubscription.operation)).subscription, other.id);
    assert.equal((await delivery(pair[1])).status, "failed");
    const byEvent = await begin("/v1/deliveries/retry", { event: id, status: "failed" });
    assert.equal(byEvent.matched, 1);
    await settled(pair[1], { status: "delivered" });
    assert.equal((await begin("/v1/deliveries/retry", { event: "never posted" })).matched, 0);
    assert.equal((await begin("/v1/deliveries/retry", { source: `src_${"0".repeat(28)}` })).matched, 0);
  });

  test("an event that its producer named", async () => {
    const one = await own(500);
    const id = `named ${Math.random()}`.replace(/\W/g, "-");
    const failed = await sendOne({ type: one.type, data: 1, id });
    await settled(failed, { status: "failed" });
    target.answer(one.path, 200);
    assert.equal((await begin("/v1/deliveries/retry", { event: id })).matched, 1);
    await settled(failed, { status: "delivered" });
  });

  test("what is scheduled is called off, and can be tried again", async () => {
    const one = await own();
    const ids = await several(one.type, 5, { deliverAt: time(-HOUR) });
    const { operation, matched } = await begin("/v1/deliveries/cancel", { type: one.type });
    assert.equal(matched, 5);
    assert.deepEqual([(await ended(operation)).done, (await read(operation)).kind], [5, "cancel"]);
    await all(ids, "cancelled");
    assert.equal((await begin("/v1/deliveries/cancel", { type: one.type, status: "pending" })).matched, 0);
    const again = await begin("/v1/deliveries/retry", { type: one.type, status: "cancelled" });
    assert.equal(again.matched, 5);
    await all(ids, "delivered");
    assert.equal(target.requests(one.path).length, 5);
  });

  test("what is pending becomes due at once", async () => {
    const one = await own();
    const ids = await several(one.type, 3, { deliverAt: time(-HOUR) });
    await sleep(100);
    assert.equal((await begin("/v1/deliveries/retry", { type: one.type, status: "pending" })).matched, 3);
    await all(ids, "delivered");
  });

  test("what was just appended is called off with the rest", async () => {
    const one = await own({ hang: true });
    const ids = await several(one.type, 40);
    await target.received(one.path, 32);
    const { operation, matched } = await begin("/v1/deliveries/cancel", { subscription: one.id });
    assert.equal(matched, 40);
    assert.equal((await ended(operation)).done, 40);
    for (const id of ids) assert.equal((await delivery(id)).status, "cancelled");
    await sleep(5_500);
    assert.equal(target.requests(one.path).length, 32, "nobody sends what waited in memory");
  });

  test("requests in a source's queue", async () => {
    const path = uniquePath();
    const origin = target.answer(path, 500);
    const body = { provider: "github", secrets: ["s"], origin, mode: "queue", enforce: false };
    const source = await expect(201, "POST", "/v1/sources", body);
    const other = await expect(201, "POST", "/v1/sources", body);
    assert.equal((await request(source.url, { method: "POST", body: '{"n":1}' })).status, 202);
    await target.received(path);
    assert.equal((await begin("/v1/deliveries/cancel", { source: other.id })).matched, 0);
    assert.equal((await begin("/v1/deliveries/cancel", { source: source.id })).matched, 1);
    const [{ id }] = await list(`source=${source.id}`);
    await settled(id, { status: "cancelled" });
    target.answer(path, 200);
    assert.equal((await begin("/v1/deliveries/retry", { source: source.id, status: "cancelled" })).matched, 1);
    await settled(id, { status: "delivered" });
    assert.equal((await target.received(path, 2))[1].text, '{"n":1}');
  });

  test("deliveries to a URL of their own", async () => {
    const path = uniquePath();
    const type = uniqueType("direct");
    const direct = await sendOne({ type, data: 1, webhookUrl: target.answer(path, 500), deliverAt: time(-HOUR) });
    assert.equal((await begin("/v1/deliveries/cancel", { type })).matched, 1);
    await settled(direct, { status: "cancelled" });
    target.answer(path, 200);
    assert.equal((await begin("/v1/deliveries/retry", { type, status: "cancelled" })).matched, 1);
    await settled(direct, { status: "delivered" });
  });

  test("faults are named", async () => {
    for (const where of ["/v1/deliveries/retry", "/v1/deliveries/cancel"]) {
      assertProblem(await api("POST", where, {}), 422, { pointers: [""] });
      assertProblem(await api("POST", where), 400);
      const bad = { status: "delivered", subscription: "x", source: 1, type: "a b", since: "x", more: 1 };
      const pointers = ["/more", "/since", "/source", "/status", "/subscription", "/type"];
      assertProblem(await api("POST", where, bad), 422, { pointers });
    }
    assertProblem(await api("POST", "/v1/deliveries/cancel", { status: "failed" }), 422, { pointers: ["/status"] });
  });
});

describe("replay", () => {
  test("to a subscription that was made later, under another profile", async () => {
    const one = await own();
    const events = [];
    for (const n of numbers(3)) {
      events.push(await send({ type: one.type, data: { n }, occurredAt: "2026-05-18T12:00:00.000Z" }));
    }
    const later = await own(200, { events: [one.type], profile: "sketchpen" });
    const { operation, matched } = await begin(`/v1/subscriptions/${later.id}/replay`, { since: LONG_AGO });
    assert.equal(matched, 3);
    const over = await ended(operation);
    assert.deepEqual([over.kind, over.subscription, over.done, over.failed], ["replay", later.id, 3, 0]);
    const requests = await target.received(later.path, 3);
    assert.deepEqual(new Set(requests.map((it) => it.json.data.n)), new Set([0, 1, 2]));
    assert.ok(requests.every((it) => it.json.event === one.type && it.headers["x-sketchpen-signature"]));
    const got = await list(`subscription=${later.id}`);
    assert.deepEqual(new Set(got.map((it) => it.event.id)), new Set(events.map((it) => it.id)));
    await all(
      got.map((it) => it.id),
      "delivered",
    );
    for (const { id, deliveries } of events) {
      const ids = (await list(`event=${id}`)).map((it) => it.id);
      assert.equal(ids.length, 2);
      assert.ok(ids.includes(deliveries[0].id) && got.some((it) => ids.includes(it.id)), "a list by event shows both");
    }
    assert.equal((await list(`event=${events[0].id}&status=failed`)).length, 0);
    assert.equal((await list(`event=${events[0].id}&limit=1`)).length, 1);
  });

  test("events that nobody wanted, and ids that their producers chose", async () => {
    const type = uniqueType("unwanted");
    const nobody = await send({ type, data: { n: 1 } });
    const named = await send({ type, data: { n: 2 }, id: `${type}-2` });
    const one = await own(200, { events: [type] });
    const wanted = await send({ type, data: { n: 3 }, id: `${type}-3` });
    await settled(wanted.deliveries[0].id);
    const later = await own(200, { events: [type] });
    const { operation, matched } = await begin(`/v1/subscriptions/${later.id}/replay`, { since: LONG_AGO });
    assert.equal(matched, 3);
    assert.equal((await ended(operation)).done, 3);
    await target.received(later.path, 3);
    const ids = new Set((await list(`subscription=${later.id}`)).map((it) => it.event.id));
    assert.deepEqual(ids, new Set([nobody.id, named.id, wanted.id]));
    assert.equal((await list(`event=${named.id}`)).length, 1);
    assert.equal((await list(`event=${wanted.id}`)).length, 2);
    assert.equal(target.requests(one.path).length, 1);
  });

  test("of one subscription, of some types, as the filter has it", async () => {
    const [a, b] = [uniqueType("replayed"), uniqueType("replayed")];
    await own(200, { events: [a] });
    const second = await own(200, { events: [b] });
    // The events are remembered with the subscription that was made first: this one has to ask there.
    const both = await own(200, { events: [a, b] });
    for (const [type, team] of [
      [a, "a"],
      [a, "b"],
      [b, "a"],
    ]) {
      await send({ type, data: { type, team }, attributes: { team }, id: `${type}-${team}` });
    }
    await target.received(both.path, 3);
    const got = async (more, body) => {
      const to = await own(200, { events: ["replayed.*"], ...more });
      const { operation, matched } = await begin(`/v1/subscriptions/${to.id}/replay`, { since: LONG_AGO, ...body });
      const over = await ended(operation);
      assert.equal(over.done, over.matched);
      const requests = await target.received(to.path, over.done);
      return [
        matched,
        requests
          .map((it) => `${it.json.type} ${it.json.data.team}`)
          .sort()
          .join(),
      ];
    };
    const from = both.id;
    assert.deepEqual(await got({}, { from }), [3, [`${a} a`, `${a} b`, `${b} a`].sort().join()]);
    assert.deepEqual(await got({}, { from: second.id }), [1, `${b} a`]);
    assert.deepEqual(await got({}, { from, types: [b] }), [1, `${b} a`]);
    assert.deepEqual(await got({ events: [a] }, { from, types: ["replayed.*"] }), [2, `${a} a,${a} b`]);
    assert.deepEqual(await got({ events: [b] }, { types: [a] }), [0, ""]);
    assert.deepEqual(await got({ events: [a, b], filter: { team: ["b"] } }, {}), [1, `${a} b`]);
    const [, filtered] = await got({ filter: { team: ["b"] } }, { from });
    assert.equal(filtered, `${a} b`);
  });

  test("to the very subscription, and again: each time once more", async () => {
    const one = await own();
    await all(await several(one.type, 3), "delivered");
    for (const count of [6, 9]) {
      const { operation, matched } = await begin(`/v1/subscriptions/${one.id}/replay`, { since: LONG_AGO });
      assert.equal(matched, 3);
      assert.equal((await ended(operation)).done, 3);
      await target.received(one.path, count);
    }
    await sleep(200);
    assert.equal(target.requests(one.path).length, 9);
    assert.equal(new Set(target.requests(one.path).map((it) => it.headers["webhook-id"])).size, 9);
  });

  test("to a subscription that several objects share, and recovered from all of them", async () => {
    const type = uniqueType("shared");
    await inParallel(numbers(24), 8, (n) => send({ type, data: { n } }));
    const one = await own(500, { events: [type], shards: 4 });
    const { operation, matched } = await begin(`/v1/subscriptions/${one.id}/replay`, { since: LONG_AGO });
    assert.equal(matched, 24);
    assert.equal((await ended(operation)).done, 24);
    const got = () => list(`subscription=${one.id}`);
    await until(async () => (await got()).filter((it) => it.status === "failed").length === 24);
    const ids = (await got()).map((it) => it.id);
    assert.ok(new Set(ids.map((id) => id.at(-1))).size > 1, "more than one of them has some");
    target.answer(one.path, 200);
    const recovery = await begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO });
    assert.equal(recovery.matched, 24);
    await all(ids, "delivered");
    assert.equal((await ended(recovery.operation)).done, 24);
    assert.equal(target.requests(one.path).length, 48);
  });

  test("in order, where that is what the subscription wants", async () => {
    const type = uniqueType("ordered");
    const first = await own(200, { events: [type] });
    for (const n of numbers(30)) {
      await send({ type, data: { n } });
      await sleep(2);
    }
    await target.received(first.path, 30);
    const one = await own(200, { events: [type], ordered: true });
    await begin(`/v1/subscriptions/${one.id}/replay`, { since: LONG_AGO, from: first.id });
    const requests = await target.received(one.path, 30);
    assert.deepEqual(
      requests.map((it) => it.json.data.n),
      numbers(30),
    );
  });

  test("what was scheduled is not waited for again; what came to a source is left out", async () => {
    const one = await own();
    await send({ type: one.type, data: 1, deliverAt: time(-HOUR) });
    const later = await own(200, { events: [one.type] });
    assert.equal((await begin(`/v1/subscriptions/${later.id}/replay`, { since: LONG_AGO })).matched, 1);
    await target.received(later.path);
  });

  test("a window, and an event of a subscription that is gone", async () => {
    const one = await own();
    const { id } = await send({ type: one.type, data: 1 });
    const { createdAt } = await expect(200, "GET", `/v1/events/${id}`);
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    const later = await own(200, { events: [one.type] });
    const replay = (body) => begin(`/v1/subscriptions/${later.id}/replay`, body);
    assert.equal((await replay({ since: time(-HOUR) })).matched, 0);
    assert.equal((await replay({ since: LONG_AGO, until: new Date(Date.parse(createdAt) - 1) })).matched, 0);
    assert.equal((await replay({ since: createdAt, until: createdAt })).matched, 1);
    await target.received(later.path);
  });

  test("faults are named, and strangers find nothing", async () => {
    const one = await own();
    const where = `/v1/subscriptions/${one.id}/replay`;
    assertProblem(await api("POST", where, { types: [] }), 422, { pointers: ["/since", "/types"] });
    const bad = { since: LONG_AGO, types: ["a", "a b"], from: "x", status: "failed" };
    assertProblem(await api("POST", where, bad), 422, { pointers: ["/from", "/status", "/types/1"] });
    const none = `sub_${"0".repeat(28)}`;
    assertProblem(await api("POST", where, { since: LONG_AGO, from: none }), 404);
    assertProblem(await api("POST", `/v1/subscriptions/${none}/replay`, { since: LONG_AGO }), 404);
  });
});

describe("operations", () => {
  test("are listed page by page, newest first", async () => {
    const begun = [];
    for (const _ of numbers(5)) begun.push((await begin("/v1/deliveries/cancel", { type: "nothing" })).operation);
    const seen = [];
    let cursor = "";
    do {
      const page = await expect(200, "GET", `/v1/operations?limit=2${cursor}`);
      assert.ok(page.data.length <= 2);
      seen.push(...page.data.map((it) => it.id));
      cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
    } while (cursor);
    assert.deepEqual(seen, [...seen].sort().reverse());
    assert.equal(new Set(seen).size, seen.length);
    for (const id of begun) assert.ok(seen.includes(id));
    assertProblem(await api("GET", "/v1/operations?cursor=x"), 422, { code: "invalid_cursor" });
  });

  test("one that is over can't be stopped", async () => {
    const { operation } = await begin("/v1/deliveries/cancel", { type: "nothing" });
    assert.equal((await read(operation)).status, "done");
    assertProblem(await api("POST", `/v1/operations/${operation}/stop`), 409, { code: "not_running" });
    for (const id of [`op_${"0".repeat(28)}`, "x"]) {
      assertProblem(await api("GET", `/v1/operations/${id}`), 404);
      assertProblem(await api("POST", `/v1/operations/${id}/stop`), 404);
    }
  });

  test("one that is stopped goes no further", async () => {
    const type = uniqueType("stop");
    await inParallel(numbers(600), 16, (n) => send({ type, data: n }));
    const one = await own(200, { events: [type] });
    await expect(200, "POST", `/v1/subscriptions/${one.id}/pause`);
    const { operation, matched } = await begin(`/v1/subscriptions/${one.id}/replay`, { since: LONG_AGO });
    assert.equal(matched, 600);
    const stopped = await expect(200, "POST", `/v1/operations/${operation}/stop`);
    assert.deepEqual([stopped.status, stopped.detail], ["stopped", null]);
    // The step that was under way is finished.
    await sleep(1_500);
    const after = await expect(200, "POST", `/v1/operations/${operation}/stop`);
    assert.equal(after.status, "stopped");
    assert.ok(after.done < 600, `${after.done} done`);
    await sleep(1_000);
    assert.equal((await read(operation)).done, after.done);
    let count = 0;
    for (let cursor = ""; cursor !== null; ) {
      const page = await expect(200, "GET", `/v1/deliveries?subscription=${one.id}&limit=250${cursor}`);
      count += page.data.length;
      cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
    }
    assert.equal(count, after.done, "it says what it has done");
  });

  test("several take turns", async () => {
    const both = await Promise.all([own(500), own(500)]);
    const failed = (await Promise.all(both.map((one) => several(one.type, 20)))).flat();
    await all(failed, "failed");
    for (const one of both) target.answer(one.path, 200);
    const begun = await Promise.all(
      both.map((one) => begin(`/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO })),
    );
    for (const { operation } of begun) assert.equal((await ended(operation)).done, 20);
    await all(failed, "delivered");
  });

  describe("in another application", () => {
    let other;
    before(async () => {
      const { key } = await expect(201, "POST", "/v1/applications", { name: "Other" });
      const headers = { authorization: `Bearer ${key}` };
      other = calls({ api: (method, where, body) => signet.api(method, where, body, headers) });
    });

    test("nothing of this one is found", async () => {
      const one = await own(500);
      await settled(await sendOne({ type: one.type, data: 1 }), { status: "failed" });
      const { operation } = await begin("/v1/deliveries/cancel", { type: "nothing" });
      await other.expect(404, "GET", `/v1/operations/${operation}`);
      await other.expect(404, "POST", `/v1/operations/${operation}/stop`);
      assert.deepEqual((await other.expect(200, "GET", "/v1/operations")).data, []);
      await other.expect(404, "POST", `/v1/subscriptions/${one.id}/recover`, { since: LONG_AGO });
      await other.expect(404, "POST", `/v1/subscriptions/${one.id}/replay`, { since: LONG_AGO });
      const theirs = await other.subscribe({ url: target.url("/theirs") });
      await other.expect(404, "POST", `/v1/subscriptions/${theirs.id}/replay`, { since: LONG_AGO, from: one.id });
      const replayed = await other.expect(202, "POST", `/v1/subscriptions/${theirs.id}/replay`, { since: LONG_AGO });
      assert.equal(replayed.matched, 0);
      for (const body of [{ subscription: one.id }, { type: one.type }, { since: LONG_AGO }]) {
        assert.equal((await other.expect(202, "POST", "/v1/deliveries/retry", body)).matched, 0);
      }
    });

    test("who may read may not begin", async () => {
      const { key } = await other.expect(201, "POST", "/v1/api-keys", { label: "r", scopes: ["deliveries:read"] });
      const reader = (method, where, body) => signet.api(method, where, body, { authorization: `Bearer ${key}` });
      assert.equal((await reader("GET", "/v1/operations")).status, 200);
      const { operation } = await other.expect(202, "POST", "/v1/deliveries/cancel", { type: "nothing" });
      assert.equal((await reader("GET", `/v1/operations/${operation}`)).status, 200);
      assertProblem(await reader("POST", `/v1/operations/${operation}/stop`), 403, { code: "missing_scope" });
      assertProblem(await reader("POST", "/v1/deliveries/retry", { type: "a" }), 403, { code: "missing_scope" });
    });
  });

  test("one whose subscription is deleted comes to an end", async () => {
    const type = uniqueType("gone");
    await inParallel(numbers(450), 16, (n) => send({ type, data: n }));
    const one = await own(200, { events: [type] });
    await expect(200, "POST", `/v1/subscriptions/${one.id}/pause`);
    const { operation } = await begin(`/v1/subscriptions/${one.id}/replay`, { since: LONG_AGO });
    await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
    const over = await until(async () => {
      const now = await read(operation);
      return now.status !== "running" && now;
    });
    assert.ok(over.status === "failed" ? over.detail === "The subscription is gone." : over.done === 450);
    assert.equal(target.requests(one.path).length, 0);
  });
});
