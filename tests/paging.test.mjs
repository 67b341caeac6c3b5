// Lists: newest first, in pages, by filters.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertTime } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";
import { sleep } from "./support/wait.mjs";

const { target, expect, subscribe, send, settled, profile } = await stage();

await profile("once", { retry: { delays: [0], jitter: 0 } });
const good = await subscribe({ url: target.answer("/good", 204), events: ["page.*"], profile: "once" });
const bad = await subscribe({ url: target.answer("/bad", 500), events: ["page.b"], profile: "once" });

// Ten events, one after another, so that their order is certain; every second one goes to both subscriptions.
const sent = [];
for (let n = 0; n < 10; n++) {
  const { id, deliveries } = await send({ type: n % 2 ? "page.b" : "page.a", data: { n } });
  for (const one of deliveries) sent.push({ ...one, event: id, n });
  await sleep(3);
}
await Promise.all(sent.map((one) => settled(one.id)));
const newestFirst = (wanted) =>
  sent
    .filter(wanted)
    .map((one) => one.id)
    .reverse();

/** All pages of a list, as lists of ids. */
async function pages(where, limit) {
  const found = [];
  let cursor = null;
  do {
    const query = new URLSearchParams({ limit, ...(cursor ? { cursor } : {}) });
    const page = await expect(200, "GET", `${where}${where.includes("?") ? "&" : "?"}${query}`);
    assert.ok(page.data.length <= limit);
    found.push(page.data.map((one) => one.id));
    cursor = page.nextCursor;
    assert.ok(cursor === null || typeof cursor === "string");
    assert.ok(found.length < 50, "the pages come to an end");
  } while (cursor);
  return found;
}

describe("deliveries", () => {
  test("come newest first, with what a list shows", async () => {
    const { data, nextCursor } = await expect(200, "GET", `/v1/deliveries?subscription=${good.id}`);
    assert.deepEqual(
      data.map((one) => one.id),
      newestFirst((one) => one.subscription === good.id),
    );
    assert.equal(nextCursor, null);
    for (const one of data) {
      for (const key of ["event", "subscription", "url", "status", "attemptCount", "maxAttempts"])
        assert.ok(key in one, key);
      for (const key of ["nextAttemptAt", "createdAt", "completedAt"]) assert.ok(key in one, key);
      for (const key of ["payload", "attempts"]) assert.ok(!(key in one), `no ${key} in a list`);
      assertTime(one.createdAt);
    }
  });

  for (const limit of [1, 3, 5, 10, 15, 250]) {
    test(`in pages of ${limit} nothing is missing and nothing comes twice`, async () => {
      const all = (await pages("/v1/deliveries", limit)).flat();
      assert.equal(all.length, sent.length);
      assert.deepEqual(new Set(all), new Set(sent.map((one) => one.id)));
      const numbers = all.map((id) => sent.find((one) => one.id === id).n);
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => b - a),
        "newest event first, over all subscriptions",
      );
      const ofOne = (await pages(`/v1/deliveries?subscription=${good.id}`, limit)).flat();
      assert.deepEqual(
        ofOne,
        newestFirst((one) => one.subscription === good.id),
      );
    });
  }

  test("new ones between two pages do not disturb the older pages", async () => {
    const where = "/v1/deliveries?subscription=";
    const own = await subscribe({ url: target.url("/good"), events: ["late.*"], profile: "once" });
    const ids = [];
    for (let n = 0; n < 6; n++) {
      ids.unshift((await send({ type: "late.x", data: n })).deliveries[0].id);
      await sleep(3);
    }
    const first = await expect(200, "GET", `${where}${own.id}&limit=3`);
    await send({ type: "late.x", data: "between" });
    const second = await expect(200, "GET", `${where}${own.id}&limit=3&cursor=${encodeURIComponent(first.nextCursor)}`);
    assert.deepEqual(
      [...first.data, ...second.data].map((one) => one.id),
      ids,
    );
  });

  test("can be filtered", async () => {
    const both = sent.filter((one) => one.event === sent.at(-1).event);
    const table = [
      [{ status: "failed" }, (one) => one.subscription === bad.id],
      [{ status: "delivered", type: "page.b" }, (one) => one.subscription === good.id && one.n % 2 === 1],
      [{ status: "pending", subscription: good.id }, () => false],
      [{ type: "page.a" }, (one) => one.n % 2 === 0],
      [{ event: sent[0].event }, (one) => one.event === sent[0].event],
      [
        { event: both[0].event, subscription: bad.id },
        (one) => one.event === both[0].event && one.subscription === bad.id,
      ],
      [{ subscription: good.id, status: "failed" }, () => false],
      [{ type: "page.a", subscription: bad.id }, () => false],
    ];
    for (const [filter, wanted] of table) {
      const where = `/v1/deliveries?${new URLSearchParams(filter)}`;
      for (const limit of [2, 100]) {
        const found = (await pages(where, limit)).flat();
        const own = found.filter((id) => sent.some((one) => one.id === id));
        assert.deepEqual(new Set(own), new Set(newestFirst(wanted)), JSON.stringify(filter));
      }
    }
  });

  test("can be asked for by time", async () => {
    const { data } = await expect(200, "GET", `/v1/deliveries?subscription=${good.id}&limit=250`);
    const pivot = data[4].createdAt;
    const ask = (filter) => pages(`/v1/deliveries?subscription=${good.id}&${new URLSearchParams(filter)}`, 3);
    const since = (await ask({ since: pivot })).flat();
    const until = (await ask({ until: pivot })).flat();
    const newer = data.filter((one) => one.createdAt > pivot).map((one) => one.id);
    const older = data.filter((one) => one.createdAt < pivot).map((one) => one.id);
    for (const id of newer) assert.ok(since.includes(id) && !until.includes(id), "newer ones are since, not until");
    for (const id of older) assert.ok(until.includes(id) && !since.includes(id), "older ones are until, not since");
    assert.equal(since.includes(data[4].id) || until.includes(data[4].id), true, "the pivot itself is not lost");
    assert.deepEqual((await ask({ since: "2099-01-01T00:00:00Z" })).flat(), []);
    assert.deepEqual((await ask({ until: "2001-01-01T00:00:00Z" })).flat(), []);
  });
});

describe("subscriptions", () => {
  test("come newest first and in pages", async () => {
    const made = [];
    for (let n = 0; n < 7; n++) {
      made.unshift((await subscribe({ url: target.url("/good"), events: [`none.n${n}`] })).id);
      await sleep(3);
    }
    for (const limit of [1, 3, 250]) {
      const all = (await pages("/v1/subscriptions", limit)).flat();
      assert.deepEqual(all.slice(0, 7), made);
      assert.equal(new Set(all).size, all.length);
      assert.ok(all.includes(good.id) && all.includes(bad.id));
    }
  });

  test("fifty to a page when nobody says", async () => {
    for (let n = 0; n < 45; n++) await subscribe({ url: target.url("/good"), events: ["none.at.all"] });
    const { data, nextCursor } = await expect(200, "GET", "/v1/subscriptions");
    assert.equal(data.length, 50);
    assert.equal(typeof nextCursor, "string");
  });
});

test("profiles and applications are lists like any other", async () => {
  for (let n = 0; n < 3; n++) await expect(201, "PUT", `/v1/profiles/paged-${n}`, {});
  const names = [];
  let cursor = "";
  do {
    const page = await expect(200, "GET", `/v1/profiles?limit=4${cursor}`);
    assert.ok(page.data.length <= 4);
    names.push(...page.data.map((profile) => profile.name));
    cursor = page.nextCursor === null ? null : `&cursor=${page.nextCursor}`;
  } while (cursor !== null);
  assert.deepEqual(names.slice(0, 6), ["standard", "playcut", "sketchpen", "videovector", "clipcabinet", "ssemble"]);
  assert.deepEqual(
    names.filter((name) => name.startsWith("paged-")),
    ["paged-0", "paged-1", "paged-2"],
  );
  assert.equal(new Set(names).size, names.length);
  const applications = await expect(200, "GET", "/v1/applications?limit=1");
  assert.deepEqual(
    applications.data.map((application) => application.id),
    ["default"],
  );
  for (const where of ["/v1/profiles?limit=0", "/v1/profiles?cursor=none", "/v1/applications?limit=251"]) {
    await expect(422, "GET", where);
  }
});
