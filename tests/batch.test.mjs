// Many events in one call: each taken or refused for itself, and delivered in the order in which they came.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { until } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, send, settled, profile } = await stage();
const LINES = { "content-type": "application/x-ndjson" };
const MIB = 1024 * 1024;

const post = async (events, headers) => (await expect(202, "POST", "/v1/events/batch", events, headers)).results;
const lines = (...all) => all.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n");

async function scene(more = {}) {
  const [type, path] = [uniqueType(), uniquePath()];
  const made = await subscribe({ url: target.url(path), events: [type], ...more });
  return { ...made, type, path };
}

const counters = async () => {
  const { text } = await api("GET", "/metrics");
  const of = (name) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)[1]);
  return { requests: of("signet_object_requests_total"), rows: of("signet_rows_written_total") };
};

test("a batch's events are accepted as single ones are", async () => {
  const { id, type, path } = await scene();
  const results = await post([
    { type, data: { n: 0 } },
    { type, data: { n: 1 }, id: "mine" },
    { type: "nobody.wants.it", data: 2 },
  ]);
  assert.equal(results.length, 3);
  assert.match(results[0].id, /^evt_/);
  assert.equal(results[1].id, "mine");
  assert.deepEqual(
    results.map(({ deliveries }) => deliveries.map(({ subscription }) => subscription)),
    [[id], [id], []],
  );
  await target.received(path, 2);
  for (const { deliveries } of results.slice(0, 2)) assert.equal((await settled(deliveries[0].id)).status, "delivered");
  for (const { id: event, deliveries } of results) {
    const read = await expect(200, "GET", `/v1/events/${event}`);
    assert.deepEqual(read.deliveries, deliveries);
  }
});

test("one that is wrong spoils no other, in either form", async () => {
  const { type, path } = await scene();
  const wrong = [
    { type: "a b", data: 1 },
    { data: 1 },
    { type, data: 1, dta: 2 },
    { type, data: 1, webhookUrl: "ftp://example.com/" },
    [],
    null,
  ];
  const good = [0, 1, 2].map((n) => ({ type, data: n }));
  const results = [];
  results.push(await post([good[0], ...wrong, good[1], good[2]]));
  results.push(await post(lines(good[0], ...wrong, "", "  \r", good[1], good[2], ""), LINES));
  for (const [first, ...rest] of results) {
    assert.equal(first.deliveries.length, 1);
    const [second, third] = rest.splice(-2);
    assert.ok(second.deliveries && third.deliveries);
    assert.deepEqual(
      rest.map(({ status, code }) => [status, code]),
      [
        ...wrong.slice(0, 3).map(() => [422, "invalid_body"]),
        [422, "invalid_url"],
        ...Array(2).fill([422, "invalid_body"]),
      ],
    );
    assert.deepEqual(
      rest.slice(0, 5).map(({ errors }) => errors.map(({ pointer }) => pointer)),
      [["/type"], ["/type"], ["/dta"], ["/webhookUrl"], [""]],
    );
    // The very same as when it is posted alone.
    for (const [n, event] of wrong.entries()) {
      assert.deepEqual(rest[n], (await api("POST", "/v1/events", JSON.stringify(event))).json);
    }
  }
  const seen = (await target.received(path, 6)).map((request) => request.json.data);
  assert.deepEqual(seen.toSorted(), [0, 0, 1, 1, 2, 2]);
});

describe("lines", () => {
  test("one that is not JSON is a problem of its own", async () => {
    const { type } = await scene();
    const deep = `${"[".repeat(200)}${"]".repeat(200)}`;
    const results = await post(
      Buffer.concat([
        Buffer.from(`{"type":\n{"type":"${type}","data":1}\n${deep}\n`),
        Buffer.from(`{"type":"${type}","data":"\xff"}\n`, "latin1"),
        Buffer.from(`{"type":"${type}","data":2}`),
      ]),
      LINES,
    );
    assert.deepEqual(
      results.map((one) => one.code ?? one.deliveries.length),
      ["invalid_json", 1, "invalid_json", "invalid_json", 1],
    );
  });

  test("go by several names, and by no other", async () => {
    const { type } = await scene();
    const body = lines({ type, data: 1 }, { type, data: 2 });
    for (const kind of ["application/x-ndjson; charset=utf-8", "application/ndjson", "Application/JSONL"]) {
      assert.equal((await post(body, { "content-type": kind })).length, 2, kind);
    }
    for (const headers of [{}, { "content-type": "application/json" }, { "content-type": "text/plain" }]) {
      assertProblem(await api("POST", "/v1/events/batch", body, headers), 400, { code: "invalid_json" });
    }
    const [only] = await post([{ type, data: 3 }], { "content-type": "text/nonsense" });
    assert.equal(only.deliveries.length, 1, "what an array is called matters to nobody");
  });
});

describe("what is no batch is refused as a whole", () => {
  const deep = (levels) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const cases = [
    [400, "nothing", undefined],
    [400, "a bracket", "["],
    [400, "a bracket too many", "[]]"],
    [400, "a trailing comma", '[{"type":"a","data":1},]'],
    [400, "words", "type=a"],
    [400, "not UTF-8", Buffer.from('["\xff"]', "latin1")],
    [400, "129 levels", deep(129)],
    [400, "100,000 levels", deep(100_000)],
    [400, "100,000 levels without an end", "[".repeat(100_000)],
    [422, "an object", { type: "a", data: 1 }],
    [422, "null", "null"],
    [422, "a number", "1e400"],
    [422, "none", "[]"],
    [422, "1,001", Array(1_001).fill({ type: "a", data: 1 })],
    [422, "millions", `[${"0,".repeat(3_000_000)}0]`],
    [422, "no lines", "\n\n", LINES],
    [422, "1,001 lines", lines(...Array(1_001).fill({ type: "a", data: 1 })), LINES],
    [413, "more than 8 MiB", Buffer.alloc(8 * MIB + 1, " ")],
    [413, "more than 8 MiB of lines", Buffer.alloc(8 * MIB + 1, "\n"), LINES],
  ];
  for (const [status, name, body, headers] of cases) {
    test(name, async () => {
      const answer = await api("POST", "/v1/events/batch", body, headers);
      assertProblem(answer, status, status === 422 ? { pointers: [""] } : {});
    });
  }

  test("other methods", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      const answer = await api(method, "/v1/events/batch");
      assertProblem(answer, 405);
      assert.equal(answer.headers.allow, "POST");
    }
    const id = "batch";
    await send({ id, type: "nobody.wants.it", data: "an event by this name" });
    const { data } = await expect(200, "GET", "/v1/events/%62atch");
    assert.equal(data, "an event by this name");
  });
});

describe("ids", () => {
  test("twice in a batch: the second is a duplicate, or a conflict", async () => {
    const { type, path } = await scene();
    const event = { type, data: 1, id: "twice" };
    const results = await post([event, event, { ...event, data: 2 }, { type, data: 3 }]);
    assert.deepEqual(
      results.map((one) => one.status ?? one.duplicate ?? false),
      [false, true, 409, false],
    );
    assert.equal(results[2].code, "id_conflict");
    assert.deepEqual(results[1], { ...results[0], duplicate: true });
    const seen = await target.received(path, 2);
    await settled(results[3].deliveries[0].id);
    assert.deepEqual(seen.map(({ json }) => json.data).toSorted(), [1, 3]);
  });

  test("Idempotency-Key numbers those without, so that all of it can be sent again", async () => {
    const { type, path } = await scene();
    const events = [
      { type, data: 0 },
      { type, data: 1, id: "own-1" },
      { type: "a b", data: 0 },
      { type, data: 3 },
    ];
    const headers = { "idempotency-key": "batch-1" };
    const first = await post(events, headers);
    assert.deepEqual(
      first.map(({ id, status }) => id ?? status),
      ["batch-1:0", "own-1", 422, "batch-1:3"],
    );
    const again = await post(lines(...events), { ...headers, ...LINES });
    for (const n of [0, 1, 3]) assert.deepEqual(again[n], { ...first[n], duplicate: true });
    assert.deepEqual(again[2], first[2]);
    assert.equal((await post([{ type, data: 9 }], headers))[0].code, "id_conflict");
    await post([{ type, data: "last" }]);
    await until(() => target.requests(path).some(({ json }) => json.data === "last"));
    assert.equal(target.requests(path).length, 4);
    for (const key of ["a b", "é", "k".repeat(253)]) {
      const answer = await api("POST", "/v1/events/batch", events, { "idempotency-key": key });
      assertProblem(answer, 422, { code: "invalid_header" });
    }
  });

  test("an id of a single event's is known in a batch, and the other way round", async () => {
    const { type } = await scene();
    const [one, two] = ["single-1", "single-2"].map((id) => ({ type, data: id, id }));
    const first = await send(one);
    const results = await post([one, two]);
    assert.deepEqual(results[0], { ...first, duplicate: true });
    assert.deepEqual(await send(two), { ...results[1], duplicate: true });
  });
});

describe("sizes", () => {
  test("1,000 events: few calls, all delivered once, in order", { timeout: 90_000 }, async (t) => {
    const { type, path } = await scene();
    const other = await scene();
    const events = Array.from({ length: 1_000 }, (_, n) => ({ type: n % 2 ? other.type : type, data: n }));
    await settled((await send({ type, data: "warm" })).deliveries[0].id);
    const before = await counters();
    const from = Date.now();
    const results = await post(events);
    const took = Date.now() - from;
    const { requests } = await counters();
    t.diagnostic(`accepted in ${took} ms, with ${requests - before.requests} calls of objects`);
    assert.ok(requests - before.requests <= 4, "one call for each subscription, and no more than that");
    assert.equal(results.length, 1_000);
    const ids = results.map(({ deliveries }) => deliveries[0].id);
    assert.equal(new Set(ids).size, 1_000);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => (a.slice(4, 26) < b.slice(4, 26) ? -1 : 1)),
      "they sort as they came",
    );
    for (const [n, one] of [path, other.path].entries()) {
      const seen = await target.received(one, n ? 500 : 501, 60_000);
      const data = seen.map(({ json }) => json.data).filter((data) => data !== "warm");
      assert.deepEqual(
        data.toSorted((a, b) => a - b),
        events.map(({ data }) => data).filter((data) => data % 2 === n),
      );
    }
  });

  test("1,000 events that nobody wants, with ids and without", async () => {
    const results = await post(
      Array.from({ length: 1_000 }, (_, n) => ({
        type: "nobody.wants.it",
        data: n,
        ...(n % 2 && { id: `unwanted-${n}` }),
      })),
    );
    assert.ok(results.every(({ deliveries }) => deliveries.length === 0));
    for (const n of [0, 1, 998, 999]) {
      assert.equal((await expect(200, "GET", `/v1/events/${results[n].id}`)).data, n);
    }
  });

  test("one over 1 MiB is a problem of its own, and eight large ones are taken", async () => {
    const { type, path } = await scene();
    const large = (n, length) => ({ type, data: { n, pad: "x".repeat(length) } });
    const results = await post([large(0, 10), large(1, MIB), large(2, 10)]);
    assert.deepEqual(
      results.map((one) => one.status ?? one.deliveries.length),
      [1, 413, 1],
    );
    assert.equal(results[1].code, "body_too_large");
    const eight = await post(Array.from({ length: 8 }, (_, n) => large(n, MIB - 200)));
    assert.ok(eight.every(({ deliveries }) => deliveries.length === 1));
    const seen = await target.received(path, 10, 30_000);
    assert.equal(seen.filter(({ body }) => body.length > MIB - 200).length, 8);
  });

  test("what makes too much of it is taken as far as it goes, and the rest by the next call", async () => {
    const { type, path } = await scene();
    await profile("ninefold", { body: Array(9).fill("{data}") });
    await subscribe({ url: target.url(path), events: [type], profile: "ninefold" });
    const events = Array.from({ length: 40 }, (_, n) => ({
      type,
      data: { n, pad: "x".repeat(190_000) },
      id: `rest-${n}`,
    }));
    let rest = events;
    let calls = 0;
    while (rest.length > 0) {
      const results = await post(rest);
      const at = results.findIndex(({ status }) => status);
      const taken = at < 0 ? results.length : at;
      assert.ok(taken > 0, "each call goes on");
      assert.ok(results.slice(0, taken).every(({ deliveries, duplicate }) => deliveries.length === 2 && !duplicate));
      assert.ok(results.slice(taken).every(({ status, code }) => status === 503 && code === "unavailable"));
      rest = rest.slice(taken);
      calls += 1;
    }
    assert.ok(calls > 1, "it did not fit in one");
    await target.received(path, 80, 60_000);
  });
});

test("order: an ordered subscription gets them as they were sent", { timeout: 60_000 }, async () => {
  const { type, path } = await scene({ ordered: true, rateLimit: { perSecond: 40 } });
  const events = Array.from({ length: 60 }, (_, n) => ({ type, data: n }));
  await post(events.slice(0, 40));
  await post(lines(...events.slice(40)), LINES);
  const seen = await target.received(path, 60, 30_000);
  assert.deepEqual(
    seen.map(({ json }) => json.data),
    events.map(({ data }) => data),
  );
});

test("a paused subscription holds them, a trace and deliverAt count for each", async () => {
  const { id, type, path } = await scene();
  await expect(200, "POST", `/v1/subscriptions/${id}/pause`);
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const deliverAt = new Date(Date.now() + 1_500).toISOString();
  const results = await post(
    [
      { type, data: 0 },
      { type, data: 1, deliverAt },
    ],
    {
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    },
  );
  await expect(200, "POST", `/v1/subscriptions/${id}/resume`);
  const seen = await target.received(path, 2);
  assert.ok(seen.every(({ headers }) => headers.traceparent.includes(trace)));
  const later = await settled(results[1].deliveries[0].id);
  assert.ok(later.attempts[0].startedAt >= deliverAt);
});

describe("whose it is", () => {
  test("two tenants with the same ids do not meet", async () => {
    const [one, two] = [await tenant(signet), await tenant(signet)];
    const paths = [uniquePath(), uniquePath()];
    for (const [n, own] of [one, two].entries())
      await own.subscribe({ url: target.url(paths[n]), events: ["shared.*"] });
    const events = [0, 1, 2].map((n) => ({ type: "shared.type", data: n, id: `shared-${n}` }));
    for (const own of [one, two]) {
      const { results } = await own.expect(202, "POST", "/v1/events/batch", events);
      assert.ok(results.every(({ deliveries, duplicate }) => deliveries.length === 1 && !duplicate));
    }
    for (const path of paths) assert.equal((await target.received(path, 3)).length, 3);
    assertProblem(await two.api("GET", "/v1/events/batch-of-one"), 404);
  });

  test("a key needs the scope for it", async () => {
    const body = [{ type: "a", data: 1 }];
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "reads", scopes: ["deliveries:read"] });
    const with_ = (authorization) => api("POST", "/v1/events/batch", body, { authorization });
    assertProblem(await with_(`Bearer ${key}`), 403);
    assertProblem(await with_(null), 401);
    const { id, key: writes } = await expect(201, "POST", "/v1/api-keys", { label: "w", scopes: ["events:write"] });
    assert.equal((await with_(`Bearer ${writes}`)).status, 202);
    await expect(204, "DELETE", `/v1/api-keys/${id}`);
    assertProblem(await with_(`Bearer ${writes}`), 401);
  });
});
