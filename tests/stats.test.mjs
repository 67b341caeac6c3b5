// How deliveries went, against deliveries whose ends are known.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem, assertTime } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, sendOne, settled, delivery, profile } = await stage();

await profile("once", { retry: { delays: [0], jitter: 0 } });
await profile("twice", { retry: { delays: [0, 0.2], jitter: 0 } });

const statsOf = (subscription, query = "") => expect(200, "GET", `/v1/subscriptions/${subscription.id}/stats${query}`);

const at = (time) => new Date(time).toISOString();

/** The nearest-rank percentile. */
const rank = (ascending, percent) => ascending[Math.ceil((ascending.length * percent) / 100) - 1];

test("counts, rate, attempts and times are those of the deliveries themselves", async () => {
  const type = uniqueType();
  const answers = [{ status: 200 }, { status: 500 }, 200, { status: 200, delay: 300 }, 500, 500, 200];
  const made = await subscribe({ url: target.answer("/known", answers), events: [type], profile: "twice" });
  const ids = [];
  // Delivered at once; at the second attempt; slowly; not at all; at once.
  for (let n = 0; n < 5; n++) {
    ids.push(await sendOne({ type, data: n }));
    await settled(ids.at(-1));
  }
  await expect(200, "POST", `/v1/subscriptions/${made.id}/test`);
  await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
  for (let n = 0; n < 3; n++) ids.push(await sendOne({ type, data: n }));
  await expect(200, "POST", `/v1/deliveries/${ids.at(-1)}/cancel`);

  const shown = await Promise.all(ids.map(delivery));
  const times = shown
    .filter((one) => one.status === "delivered")
    .map((one) => Date.parse(one.completedAt) - Date.parse(one.createdAt))
    .sort((a, b) => a - b);
  assert.equal(times.length, 4);
  const { since, until, latencyMs, ...stats } = await statsOf(made);
  assert.deepEqual(stats, {
    subscription: made.id,
    counts: { pending: 2, delivered: 4, failed: 1, cancelled: 1 },
    total: 8,
    attempts: 7,
    successRate: 0.8,
  });
  // Exact below 128 ms, within a hundredth above.
  for (const percent of [50, 95, 99]) {
    const [told, exact] = [latencyMs[`p${percent}`], rank(times, percent)];
    assert.ok(
      exact < 128 ? told === exact : Math.abs(told - exact) <= exact / 100,
      `p${percent}: ${told}, not ${exact}`,
    );
  }
  assert.ok(latencyMs.p99 >= 200 && latencyMs.p50 < latencyMs.p99);
  assertTime(since);
  assertTime(until);
  assert.equal(Date.parse(until) - Date.parse(since), 86_400_000, "the last day");
  assert.ok(Math.abs(Date.parse(until) - Date.now()) < 10_000);

  // Both ends of a window are in it.
  const [, second] = shown;
  const at = encodeURIComponent(second.createdAt);
  const one = await statsOf(made, `?since=${at}&until=${at}`);
  assert.deepEqual([one.total, one.attempts, one.counts.delivered], [1, 2, 1]);
  assert.deepEqual([one.since, one.until], [second.createdAt, second.createdAt]);
  const after = new Date(Date.parse(second.createdAt) + 1).toISOString();
  assert.equal((await statsOf(made, `?since=${after}`)).total, 6);
  const before = new Date(Date.parse(second.createdAt) - 1).toISOString();
  assert.equal((await statsOf(made, `?until=${before}`)).total, 1);
});

test("where there was nothing there is no rate and no time", async () => {
  const made = await subscribe({ url: target.url("/none"), events: [uniqueType()] });
  const window = "?since=2026-05-18T12:00:00Z&until=2026-05-18T14:00:00%2B02:00";
  assert.deepEqual(await statsOf(made, window), {
    subscription: made.id,
    since: "2026-05-18T12:00:00.000Z",
    until: "2026-05-18T12:00:00.000Z",
    counts: { pending: 0, delivered: 0, failed: 0, cancelled: 0 },
    total: 0,
    attempts: 0,
    successRate: null,
    latencyMs: null,
  });
});

test("what is no window, and whose it is not", async () => {
  const made = await subscribe({ url: target.url("/mine"), events: [uniqueType()] });
  const where = `/v1/subscriptions/${made.id}/stats`;
  for (const query of [
    "since=2026-05-18T12:00:00.001Z&until=2026-05-18T12:00:00Z",
    "since=2126-05-18T12:00:00Z",
    "since=yesterday",
    "until=1",
    "since=2026-05-18T12:00:00Z&since=2026-05-18T12:00:00Z",
    "limit=5",
    "cursor=x",
    "status=failed",
  ]) {
    assertProblem(await api("GET", `${where}?${query}`), 422, { code: "invalid_parameter" });
  }
  const other = await expect(201, "POST", "/v1/applications", { name: "other" });
  const theirs = { "signet-application": other.id };
  assertProblem(await api("GET", where, undefined, theirs), 404, { code: "not_found" });
  assertProblem(await api("GET", where.replace(/sub_./, "sub_z")), 404);
  assertProblem(await api("GET", "/v1/subscriptions/x/stats"), 404);
  const key = async (...scopes) => {
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "k", scopes });
    return { authorization: `Bearer ${key}` };
  };
  assertProblem(await api("GET", where, undefined, await key("subscriptions:read")), 403, { code: "missing_scope" });
  assert.equal((await api("GET", where, undefined, await key("deliveries:read"))).status, 200);
  assertProblem(await api("POST", where), 405);
  await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
  assertProblem(await api("GET", where), 404);
});

describe("in parts", () => {
  test("parts begin at multiples of the interval, and the window cuts the first and the last", async () => {
    const type = uniqueType();
    const made = await subscribe({ url: target.answer("/parts", [200, 500, 200]), events: [type], profile: "once" });
    const times = [];
    for (let n = 0; n < 3; n++) {
      const id = await sendOne({ type, data: n });
      times.push(Date.parse((await settled(id)).createdAt));
      await sleep(1_100);
    }
    const { series, ...whole } = await statsOf(made, `?interval=1&since=${at(times[0])}&until=${at(times[2])}`);
    assert.deepEqual(whole.counts, { pending: 0, delivered: 2, failed: 1, cancelled: 0 });
    const seconds = Math.floor(times[2] / 1_000) - Math.floor(times[0] / 1_000) + 1;
    assert.equal(series.length, seconds);
    assert.deepEqual([series[0].since, series.at(-1).until], [whole.since, whole.until]);
    for (const [n, part] of series.entries()) {
      if (n > 0) assert.equal(Date.parse(part.since), Date.parse(series[n - 1].until) + 1);
      if (n > 0) assert.equal(Date.parse(part.since) % 1_000, 0);
      const within = [0, 1, 2].filter(
        (one) => Math.floor(times[one] / 1_000) === Math.floor(Date.parse(part.since) / 1_000),
      );
      const failed = within.filter((one) => one === 1).length;
      const delivered = within.length - failed;
      assert.deepEqual(part.counts, { pending: 0, delivered, failed, cancelled: 0 });
      assert.equal(part.successRate, within.length > 0 ? delivered / within.length : null);
      assert.equal(part.latencyMs === null, delivered === 0);
    }
    const single = await statsOf(made, "?interval=31536000");
    assert.equal(
      single.series.reduce((sum, part) => sum + part.counts.delivered, 0),
      2,
    );
    assert.equal("series" in (await statsOf(made)), false);
  });

  test("what is no interval, or cuts too small", async () => {
    const made = await subscribe({ url: target.url("/mine"), events: [uniqueType()] });
    for (const where of [`/v1/subscriptions/${made.id}/stats`, "/v1/stats"]) {
      for (const query of [
        "interval=0",
        "interval=-1",
        "interval=1.5",
        "interval=31536001",
        "interval=hour",
        "interval=",
        "interval=60&interval=60",
        "interval=1",
        "interval=1&since=2026-05-18T12:00:00Z&until=2026-05-18T12:06:40Z",
      ]) {
        assertProblem(await api("GET", `${where}?${query}`), 422, { code: "invalid_parameter" });
      }
      const widest = "interval=1&since=2026-05-18T12:00:00Z&until=2026-05-18T12:06:39.999Z";
      assert.equal((await expect(200, "GET", `${where}?${widest}`)).series.length, 400);
    }
  });
});

describe("of an application", () => {
  test("all of it, and each destination: those that fail first", async () => {
    const own = await tenant(signet);
    const all = (query = "") => own.expect(200, "GET", `/v1/stats${query}`);
    const none = { counts: { pending: 0, delivered: 0, failed: 0, cancelled: 0 }, total: 0, attempts: 0 };
    assert.partialDeepStrictEqual(await all(), { ...none, successRate: null, latencyMs: null, destinations: [] });
    await own.profile("once", { retry: { delays: [0], jitter: 0 } });
    await own.profile("later", { retry: { delays: [0, 3_600], jitter: 0 } });

    const make = (answer, profile, more) =>
      own.subscribe({ url: target.answer(uniquePath(), answer), events: [uniqueType()], profile, ...more });
    const well = await make(200, "once", { shards: 4 });
    const failing = await make(500, "later");
    const failed = await make([500, 200], "once");
    const gone = await make(200, "once");
    await make(200, "once");
    const ids = [];
    const post = async (made, count) => {
      for (let n = 0; n < count; n++) ids.push(await own.sendOne({ type: made.events[0], data: n }));
    };
    await post(well, 8);
    await post(failing, 1);
    await post(failed, 1);
    await Promise.all(ids.map((id) => own.attempted(id, 1)));
    await post(failed, 1);
    await post(gone, 1);
    const given = await own.send({ type: "direct", data: 0, webhookUrl: target.url(uniquePath()) });
    ids.push(given.deliveries[0].id);
    const source = await own.expect(201, "POST", "/v1/sources", {
      provider: "github",
      secrets: [],
      origin: target.url(uniquePath()),
      mode: "queue",
      enforce: false,
    });
    const received = await request(source.url, { method: "POST", body: "{}" });
    ids.push(received.json.deliveries[0].id);
    await Promise.all(ids.map((id) => own.attempted(id, 1)));
    await own.expect(204, "DELETE", `/v1/subscriptions/${gone.id}`);

    const { destinations, series, ...whole } = await all("?interval=86400");
    assert.equal("subscription" in whole, false);
    const counts = { pending: 1, delivered: 12, failed: 1, cancelled: 0 };
    assert.partialDeepStrictEqual(whole, { counts, total: 14, attempts: 14, successRate: 12 / 13 });
    assert.equal(
      series.reduce((sum, part) => sum + part.counts.delivered, 0),
      12,
    );
    assert.deepEqual(
      destinations.slice(0, 3).map((one) => one.subscription),
      [failing.id, failed.id, well.id],
    );
    // All of one delivery, that went well.
    assert.deepEqual(
      new Set(destinations.slice(3).map((one) => `${one.subscription} ${one.source}`)),
      new Set(["null null", `null ${source.id}`]),
    );
    assert.equal(destinations.length, 5);
    const [first, second, third] = destinations;
    assert.partialDeepStrictEqual(first, { source: null, circuit: "closed", waiting: 1, retryAt: null, total: 1 });
    assertTime(first.failingSince);
    assert.deepEqual([first.successRate, first.latencyMs], [null, null]);
    assert.partialDeepStrictEqual(second, { total: 2, successRate: 0.5, failingSince: null, waiting: 0 });
    const {
      subscription: _,
      since: __,
      until: ___,
      ...figures
    } = await own.expect(200, "GET", `/v1/subscriptions/${well.id}/stats`);
    assert.partialDeepStrictEqual(third, { ...figures, counts: { ...figures.counts, delivered: 8 } });

    const before = await all("?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z");
    assert.partialDeepStrictEqual(before, none);
    assert.deepEqual(
      before.destinations.map((one) => one.subscription),
      [failing.id],
      "what fails and waits now is shown, whatever the window",
    );
  });

  test("what is the operator's own is there for nobody else", async () => {
    const made = await subscribe({ url: target.url("/operator"), events: ["signet.*"] });
    await settled((await expect(200, "POST", `/v1/subscriptions/${made.id}/test`)).deliveryId);
    const type = uniqueType();
    const failing = await subscribe({ url: target.answer(uniquePath(), 500), events: [type], profile: "once" });
    await settled(await sendOne({ type, data: 0 }));
    const own = ({ destinations }) => destinations.filter((one) => one.subscription === made.id);
    const of = ({ destinations }) => destinations.filter((one) => one.subscription === failing.id).length;
    const seen = await until(
      async () => {
        const stats = await expect(200, "GET", "/v1/stats");
        return own(stats).length === 1 && stats;
      },
      { what: "the operator to be told" },
    );
    assert.equal(of(seen), 1);
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "k", scopes: ["deliveries:read"] });
    const others = await api("GET", "/v1/stats", undefined, { authorization: `Bearer ${key}` });
    assert.equal(others.status, 200);
    assert.deepEqual([own(others.json).length, of(others.json)], [0, 1]);
    assert.equal(others.json.total, seen.total - own(seen)[0].total);
  });

  test("takes the scope for reading deliveries", async () => {
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "k", scopes: ["subscriptions:read"] });
    const answer = await api("GET", "/v1/stats", undefined, { authorization: `Bearer ${key}` });
    assertProblem(answer, 403, { code: "missing_scope" });
  });
});
