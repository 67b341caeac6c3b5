// Which subscriptions an event goes to: by type, by wildcard, by attributes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";

const { target, api, expect, subscribe, send } = await stage();

const url = target.url("/matching");

/** Subscribes by each of `wants`, asks `ask`, and removes the subscriptions again: each test stands alone. */
async function subscribed(wants, ask) {
  const names = new Map();
  for (const want of wants) {
    const { id } = await subscribe({ url, ...want });
    names.set(id, want.name);
  }
  try {
    await ask(async (event) => {
      const { deliveries } = await send({ data: {}, ...event });
      return deliveries.map((one) => names.get(one.subscription)).sort();
    });
  } finally {
    for (const id of names.keys()) await expect(204, "DELETE", `/v1/subscriptions/${id}`);
  }
}

test("types match exactly, by the part before .*, or all of them", async () => {
  const wants = [
    { name: "all by *", events: ["*"] },
    { name: "all by silence" },
    { name: "exact", events: ["task.a"] },
    { name: "one of two", events: ["export.ready", "task.a.b"] },
    { name: "task.*", events: ["task.*"] },
    { name: "task.a.*", events: ["task.a.*"] },
    { name: "both ways at once", events: ["task.*", "task.a"] },
  ];
  await subscribed(wants, async (matched) => {
    const all = ["all by *", "all by silence"];
    const table = {
      "task.a": [...all, "both ways at once", "exact", "task.*"],
      "task.a.b": [...all, "both ways at once", "one of two", "task.*", "task.a.*"],
      "task.a.b.c": [...all, "both ways at once", "task.*", "task.a.*"],
      "export.ready": [...all, "one of two"],
      task: all,
      "tasks.a": all,
      taskxa: all,
      "Task.a": all,
      "my.task.a": all,
      "task:a": all,
    };
    for (const [type, names] of Object.entries(table)) assert.deepEqual(await matched({ type }), names, type);
  });
});

test("event: a single type is taken as a list of one", async () => {
  const subscription = await subscribe({ url, event: "video.completed" });
  assert.deepEqual(subscription.events, ["video.completed"]);
  const { deliveries } = await send({ type: "video.completed", data: {} });
  assert.deepEqual(
    deliveries.map((one) => one.subscription),
    [subscription.id],
  );
  assert.deepEqual((await send({ type: "video.failed", data: {} })).deliveries, []);
  await expect(204, "DELETE", `/v1/subscriptions/${subscription.id}`);
});

test("types may have letters, digits and _ . : / -, up to 128 of them", async () => {
  const types = ["a", "A_b.c:d/e-f.0", "x".repeat(128)];
  await subscribed(
    types.map((type) => ({ name: type, events: [type] })),
    async (matched) => {
      for (const type of types) assert.deepEqual(await matched({ type }), [type]);
    },
  );
  for (const type of ["", "x".repeat(129), "a b", "a*", "*", "task.*", "ä", "a\nb", "a{b}", 7, null, ["a"]]) {
    assertProblem(await api("POST", "/v1/events", { type, data: {} }), 422, { pointers: ["/type"] });
  }
});

test("patterns that are none are refused, each by its place", async () => {
  for (const bad of ["", "task*", "*.done", "task.*.done", "task.**", "a b", "x".repeat(131), 7, null]) {
    const answer = await api("POST", "/v1/subscriptions", { url, events: ["good.one", bad] });
    assertProblem(answer, 422);
    const pointers = answer.json.errors.map((one) => one.pointer);
    assert.ok(
      pointers.some((pointer) => pointer.startsWith("/events")),
      `${JSON.stringify(bad)}: ${pointers}`,
    );
  }
  assertProblem(await api("POST", "/v1/subscriptions", { url, events: [] }), 422, { pointers: ["/events"] });
  assertProblem(await api("POST", "/v1/subscriptions", { url, events: "task.a" }), 422, { pointers: ["/events"] });
});

test("a filter asks every one of its keys for a shared value", async () => {
  const events = ["filtered"];
  const wants = [
    { name: "archive", events, filter: { index_ids: ["idx_archive"] } },
    { name: "archive or live", events, filter: { index_ids: ["idx_archive", "idx_live"] } },
    { name: "archive of ops", events, filter: { index_ids: ["idx_archive"], team: ["ops"] } },
    { name: "no filter", events },
    { name: "empty filter", events, filter: {} },
  ];
  await subscribed(wants, async (matched) => {
    const open = ["empty filter", "no filter"];
    const table = [
      [undefined, open],
      [{}, open],
      [{ index_ids: "idx_archive" }, ["archive", "archive or live", ...open]],
      [{ index_ids: ["idx_archive"] }, ["archive", "archive or live", ...open]],
      [{ index_ids: ["other", "idx_live"] }, ["archive or live", ...open]],
      [{ index_ids: ["idx_archive"], team: "ops" }, ["archive", "archive of ops", "archive or live", ...open]],
      [{ index_ids: ["idx_archive"], team: "sales" }, ["archive", "archive or live", ...open]],
      [{ team: "ops" }, open],
      [{ index_ids: [] }, open],
      [{ index_ids: "idx_archive_2" }, open],
      [{ index_ids: "IDX_ARCHIVE" }, open],
      [{ Index_ids: "idx_archive" }, open],
      [{ team: "ops", more: "x", index_ids: "idx_archive" }, ["archive", "archive of ops", "archive or live", ...open]],
    ];
    for (const [attributes, names] of table) {
      assert.deepEqual(await matched({ type: "filtered", attributes }), names, JSON.stringify(attributes));
    }
  });
});

test("attributes are strings or lists of strings", async () => {
  for (const attributes of [7, "x", ["x"], { n: 7 }, { n: null }, { n: { deep: "x" } }, { n: ["x", 7] }]) {
    const answer = await api("POST", "/v1/events", { type: "filtered", data: {}, attributes });
    assertProblem(answer, 422);
    const pointers = answer.json.errors.map((one) => one.pointer);
    assert.ok(
      pointers.some((one) => one.startsWith("/attributes")),
      `${JSON.stringify(attributes)}: ${pointers}`,
    );
  }
  for (const filter of [7, "x", ["x"], { n: "x" }, { n: 7 }, { n: [7] }]) {
    const answer = await api("POST", "/v1/subscriptions", { url, filter });
    assertProblem(answer, 422);
    const pointers = answer.json.errors.map((one) => one.pointer);
    assert.ok(
      pointers.some((one) => one.startsWith("/filter")),
      `${JSON.stringify(filter)}: ${pointers}`,
    );
  }
});

test("the subscription of the very last moment is matched, and the deleted one is not", async () => {
  const one = await subscribe({ url, events: ["moment"] });
  assert.equal((await send({ type: "moment", data: {} })).deliveries.length, 1);
  const two = await subscribe({ url, events: ["moment"] });
  assert.equal((await send({ type: "moment", data: {} })).deliveries.length, 2);
  await expect(200, "PATCH", `/v1/subscriptions/${one.id}`, { events: ["another.moment"] });
  const { deliveries } = await send({ type: "moment", data: {} });
  assert.deepEqual(
    deliveries.map((delivery) => delivery.subscription),
    [two.id],
  );
  await expect(204, "DELETE", `/v1/subscriptions/${two.id}`);
  assert.deepEqual((await send({ type: "moment", data: {} })).deliveries, []);
  assert.equal((await send({ type: "another.moment", data: {} })).deliveries.length, 1);
});
