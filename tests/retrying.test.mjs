// What was tried and waits to be tried again: the soonest first, wherever it lies.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, send, sendOne, attempted, profile } = await stage();

const retrying = async (query = "") => expect(200, "GET", `/v1/deliveries?retrying=true${query}`);
const ids = ({ data }) => data.map(({ id }) => id);

/** A delivery that failed, and is tried again after so many seconds. */
async function failed(after, more = {}) {
  const [type, path] = [uniqueType(), uniquePath()];
  const name = `after${after}`;
  await profile(name, { retry: { delays: [0, after], jitter: 0 } });
  const made = await subscribe({ url: target.answer(path, 500), events: [type], profile: name, ...more });
  const id = await sendOne({ type, data: after });
  await attempted(id, 1);
  return { ...made, delivery: id, type };
}

let soon, late, middle, source, queued, direct;
before(async () => {
  late = await failed(7_200);
  soon = await failed(50);
  middle = await failed(3_600, { shards: 3 });
  // None of these waits for another attempt.
  await expect(202, "POST", "/v1/events", { type: "nobody", data: 0, webhookUrl: target.url(uniquePath()) });
  await sendOne({ type: soon.type, data: "scheduled", deliverAt: new Date(Date.now() + 3_600_000).toISOString() });
  const ended = await failed(100);
  await expect(200, "POST", `/v1/deliveries/${ended.delivery}/cancel`);
  const held = await failed(100);
  await expect(200, "POST", `/v1/subscriptions/${held.id}/pause`);
  await sendOne({ type: held.type, data: "is held" });
  await expect(200, "POST", `/v1/deliveries/${held.delivery}/cancel`);

  const origin = target.answer(uniquePath(), 500);
  source = await expect(201, "POST", "/v1/sources", {
    provider: "github",
    secrets: [],
    origin,
    mode: "queue",
    enforce: false,
  });
  const { text } = await request(source.url, { method: "POST", body: '{"n":1}' });
  queued = JSON.parse(text).deliveries[0].id;
  const given = await send({ type: "direct", data: 0, webhookUrl: target.answer(uniquePath(), 500) });
  direct = given.deliveries[0].id;
  await Promise.all([queued, direct].map((id) => attempted(id, 1)));
});

test("lists what was tried and waits, the soonest first, of all", async () => {
  const list = await retrying();
  assert.equal(list.nextCursor, null);
  const at = list.data.map(({ nextAttemptAt }) => nextAttemptAt);
  assert.deepEqual(at, at.toSorted());
  assert.ok(list.data.every((one) => one.status === "pending" && one.attemptCount >= 1));
  assert.deepEqual(
    ids(list).toSorted(),
    [queued, direct, soon, middle, late].map((it) => it.delivery ?? it).toSorted(),
  );
  assert.deepEqual(
    ids(list).filter((id) => ![queued, direct].includes(id)),
    [soon, middle, late].map((it) => it.delivery),
  );
  const short = await retrying("&limit=2");
  assert.deepEqual([ids(short), short.nextCursor], [ids(list).slice(0, 2), null]);
});

test("of one subscription or source", async () => {
  for (const one of [soon, middle, late])
    assert.deepEqual(ids(await retrying(`&subscription=${one.id}`)), [one.delivery]);
  assert.deepEqual(ids(await retrying(`&source=${source.id}`)), [queued]);
  assert.deepEqual(ids(await retrying(`&source=${source.id}&subscription=${soon.id}`)), []);
  assert.deepEqual(ids(await retrying("&subscription=sub_none")), []);
});

test("goes with nothing else", async () => {
  const cursor = soon.delivery.slice(4);
  for (const query of ["status=pending", "event=evt_1", "type=a", "scheduled=true", `cursor=${cursor}`]) {
    assertProblem(await api("GET", `/v1/deliveries?retrying=true&${query}`), 422, { code: "invalid_parameter" });
  }
  for (const time of ["since", "until"]) {
    assertProblem(await api("GET", `/v1/deliveries?retrying=true&${time}=2026-05-18T12:00:00Z`), 422);
  }
  for (const value of ["false", "", "1"]) assertProblem(await api("GET", `/v1/deliveries?retrying=${value}`), 422);
});

test("nothing of another application", async () => {
  const other = await expect(201, "POST", "/v1/applications", { name: "other" });
  const answer = await api("GET", "/v1/deliveries?retrying=true", undefined, { "signet-application": other.id });
  assert.deepEqual(answer.json, { data: [], nextCursor: null });
});

test("what has ended is on the list no more", async () => {
  await expect(200, "POST", `/v1/deliveries/${late.delivery}/cancel`);
  assert.deepEqual(ids(await retrying(`&subscription=${late.id}`)), []);
});
