// Nothing is kept for ever: what has ended goes when its time is over, what is owed stays.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { clearing } from "./support/clearing.mjs";
import { held, logOf, objects, write } from "./support/disk.mjs";
import { request } from "./support/http.mjs";
import { fill, idOf, openLog, placeOf } from "./support/log-rows.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const VARS = { OPERATOR_KEY, ENCRYPTION_KEY: "local-encryption-key", ALLOW_PRIVATE_DESTINATIONS: "true" };
const DAY = 86_400_000;
/** History is kept for 8.64 seconds. */
const SHORT = { ...VARS, RETENTION_DAYS: "0.0001" };
const KEPT = 0.0001 * DAY;
/** Payloads are kept for 4.32 seconds, history for 86.4. */
const PAYLOADS = { ...VARS, RETENTION_DAYS: "0.001", PAYLOAD_RETENTION_DAYS: "0.00005" };
const GONE = { timeout: 30_000, every: 200 };

/** A subscription of its own, and its type and path. */
async function subscription(on, answer = 200, more = {}) {
  const [type, path] = [uniqueType(), uniquePath()];
  const made = await on.subscribe({ url: on.target.answer(path, answer), events: [type], ...more });
  return { ...made, type, path };
}

const isGone = (on, where) =>
  until(async () => (await on.api("GET", where)).status === 404, { ...GONE, what: `${where} to be gone` });

/** What GitHub would send to a source. */
function knock(source) {
  const body = `{"at":${Math.random()}}`;
  const signature = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
  return request(source.url, { method: "POST", headers: { "x-hub-signature-256": signature }, body });
}

describe("history", async () => {
  const on = await stage({ bare: true, vars: SHORT });
  const { signet, target, api, expect, send, sendOne, settled, delivery, profile } = on;
  await profile("once", { retry: { delays: [0], jitter: 0 } });

  test("what has ended goes, what is pending stays", { timeout: 90_000 }, async () => {
    const fine = await subscription(on);
    const broken = await subscription(on, 500, { profile: "once" });
    const paused = await subscription(on);
    const direct = uniquePath();
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/pause`);
    const delivered = await send({ type: fine.type, data: 1 });
    const failed = await sendOne({ type: broken.type, data: 2 });
    const { deliveries } = await send({ type: uniqueType(), data: 3, webhookUrl: target.url(direct) });
    const waiting = await send({ type: paused.type, data: "held" });
    const later = await sendOne({ type: fine.type, data: 4, deliverAt: new Date(Date.now() + 600_000).toISOString() });
    const called = await sendOne({ type: paused.type, data: 5 });
    await expect(200, "POST", `/v1/deliveries/${called}/cancel`);

    const ended = [delivered.deliveries[0].id, failed, deliveries[0].id];
    for (const id of ended) assert.notEqual((await settled(id)).status, "pending");
    for (const id of [...ended, called]) await isGone(on, `/v1/deliveries/${id}`);
    await isGone(on, `/v1/events/${delivered.id}`);
    const { data } = await expect(200, "GET", `/v1/deliveries?status=delivered&subscription=${fine.id}`);
    assert.deepEqual(data, []);
    const listed = await expect(200, "GET", "/v1/deliveries?limit=250");
    for (const id of [...ended, called]) assert.ok(!listed.data.some((one) => one.id === id));

    const [{ id }] = waiting.deliveries;
    assert.equal((await delivery(later)).status, "pending");
    assert.equal((await delivery(id)).status, "pending");
    assert.equal((await expect(200, "GET", `/v1/events/${waiting.id}`)).data, "held");
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/resume`);
    assert.equal((await settled(id)).status, "delivered");
    const [arrived] = await target.received(paused.path);
    assert.equal(arrived.json.data, "held", "with its payload");
    await sleep(KEPT / 2);
    assert.equal((await delivery(id)).status, "delivered", "and it is kept from its end on");
  });

  test("an id is known for as long, and free again after it", { timeout: 60_000 }, async () => {
    const wanting = await subscription(on);
    const event = { id: uniqueType("id"), type: wanting.type, data: 1 };
    const unwanted = { id: uniqueType("id"), type: uniqueType(), data: 2 };
    const started = Date.now();
    const first = await send(event);
    await send(unwanted);
    assert.equal((await send(event)).duplicate, true);
    assert.equal((await send(unwanted)).duplicate, true);
    assertProblem(await api("POST", "/v1/events", { ...event, data: 3 }), 409, { code: "id_conflict" });
    await sleep(started + KEPT - Date.now() + 200);
    const again = await send(event);
    assert.equal(again.duplicate, undefined);
    assert.notEqual(again.deliveries[0].id, first.deliveries[0].id);
    assert.equal((await send({ ...unwanted, data: "other" })).duplicate, undefined);
    assert.equal((await send(event)).duplicate, true, "and known from then on");
    await target.received(wanting.path, 2);
    assert.equal(target.requests(wanting.path).length, 2);
    // Nobody repeats it: in the end nothing of it is left.
    await sleep(KEPT + KEPT / 4 + 6_000);
    await signet.kill();
    assert.deepEqual(held(signet.disk, "Ledger"), []);
    await signet.start();
  });

  test("a source's log, and the messages that it knows", { timeout: 60_000 }, async () => {
    const made = (mode) =>
      expect(201, "POST", "/v1/sources", {
        provider: "github",
        secrets: ["s3cret"],
        origin: target.url(uniquePath("/origin")),
        mode,
      });
    const proxy = await made("proxy");
    const queue = await made("queue");
    assert.equal((await knock(proxy)).status, 200);
    const { json } = await knock(queue);
    assert.equal((await settled(json.deliveries[0].id)).status, "delivered");
    const known = async (id) => (await expect(200, "GET", `/v1/sources/${id}/requests`)).data.length;
    for (const { id } of [proxy, queue]) await until(async () => (await known(id)) === 1);
    for (const { id } of [proxy, queue]) await until(async () => (await known(id)) === 0, GONE);
    await isGone(on, `/v1/deliveries/${json.deliveries[0].id}`);
    // Messages are known for a week, however short the history is.
    await signet.kill();
    const doors = held(signet.disk, "Subscription").filter(({ rows }) => rows.claims?.length > 0);
    assert.equal(doors.length, 2);
    for (const { file } of doors) {
      write(file, (database) => {
        const claim = database.prepare("INSERT INTO claims (seq, mark, at) VALUES (?, ?, ?)");
        for (let n = 1; n <= 900; n++) claim.run(-n, `old-${n}`, Date.now() - 8 * DAY);
      });
    }
    await signet.start();
    await sleep(KEPT);
    await signet.kill();
    for (const { file } of doors) {
      const { rows } = objects(signet.disk, "Subscription").find((one) => one.file === file);
      assert.equal(rows.claims.length, 1, "the young one is known, the old ones are not");
    }
    await signet.start();
  });

  test("20,000 old deliveries go in steps, over a crash, and traffic goes on", { timeout: 120_000 }, async (t) => {
    const COUNT = 20_000;
    const one = await subscription(on);
    await settled(await sendOne({ type: one.type, data: "first" }));
    const held = await subscription(on);
    await expect(200, "POST", `/v1/subscriptions/${held.id}/pause`);
    await signet.kill();
    const log = openLog(signet.disk, placeOf(one.id));
    const how = {
      place: placeOf(one.id),
      count: COUNT,
      from: Date.now() - DAY,
      every: 1,
      body: () => "x".repeat(2_000),
    };
    const ids = fill(log, how).map(({ id }) => id);
    log.close();
    const left = () => logOf(signet.disk, one.id).rows;
    assert.equal(left().deliveries.length, COUNT + 1);
    await signet.start();

    // Until it dies in the middle.
    const answer = (id) => api("GET", `/v1/deliveries/${id}`);
    await until(async () => (await answer(ids[COUNT / 4])).status === 404, {
      ...GONE,
      every: 20,
      what: "a quarter to be gone",
    });
    await signet.kill();
    const { deliveries, meta } = left();
    t.diagnostic(`killed with ${deliveries.length} left`);
    assert.ok(deliveries.length > 100 && deliveries.length < 0.8 * COUNT, `${deliveries.length} were left`);
    assert.ok(
      meta.some(({ name }) => name === "sweep"),
      "it is written down how far it was",
    );
    await signet.start();

    const { took, sent, times } = await clearing(on, { type: one.type, youngest: ids.at(-1) });
    t.diagnostic(
      `${took | 0} ms, ${sent.length} events meanwhile, the slowest of them in ${Math.max(...times) | 0} ms`,
    );
    assert.ok(sent.length > 0);
    for (const id of sent.slice(-20)) assert.equal((await settled(id)).status, "delivered");
    await until(() => target.requests(one.path).length >= sent.length + 1);

    // No number of a payload is given twice, nor one that a new instance would not look at.
    await isGone(on, `/v1/deliveries/${sent.at(-1)}`);
    await signet.restart();
    target.answer(one.path, [{ hang: true }, 200]);
    const before = target.requests(one.path).length;
    const owed = await sendOne({ type: one.type, data: "owed" });
    await target.received(one.path, before + 1);
    await signet.kill();
    const { payloads } = left();
    assert.ok(
      payloads.every(({ seq }) => seq > COUNT + sent.length),
      JSON.stringify(payloads.map(({ seq }) => seq)),
    );
    assert.ok(!left().meta.some(({ name }) => name === "sweep"));
    await signet.start();
    assert.equal((await settled(owed, { timeout: 30_000 })).status, "delivered");
  });
});

describe("payloads", async () => {
  const on = await stage({ bare: true, vars: PAYLOADS });
  const { signet, target, api, expect, send, sendOne, settled, delivery } = on;

  test("go first, and nothing is sent without them", { timeout: 60_000 }, async () => {
    const fine = await subscription(on);
    const paused = await subscription(on);
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/pause`);
    const event = { id: uniqueType("id"), type: fine.type, data: { n: 1 } };
    const ended = await send(event);
    const [{ id }] = ended.deliveries;
    const pending = await send({ type: paused.type, data: "held" });
    const unwanted = { id: uniqueType("id"), type: uniqueType(), data: "nobody's" };
    await send(unwanted);
    const nameless = await send({ type: uniqueType(), data: "nobody's" });
    const before = await settled(id);
    assert.equal(JSON.parse(before.payload).data.n, 1);

    await until(async () => (await delivery(id)).payload === null, GONE);
    assert.deepEqual({ ...(await delivery(id)), payload: before.payload }, before, "all else is as it was");
    const listed = await expect(200, "GET", `/v1/deliveries?subscription=${fine.id}`);
    assert.deepEqual(
      listed.data.map((one) => one.id),
      [id],
    );
    assertProblem(await api("POST", `/v1/deliveries/${id}/retry`), 409, { code: "payload_expired" });
    assertProblem(await api("GET", `/v1/deliveries/${id}/request`), 409, { code: "payload_expired" });
    for (const known of [event.id, unwanted.id, nameless.id]) {
      await until(async () => (await api("GET", `/v1/events/${known}`)).status === 404, GONE);
      assertProblem(await api("GET", `/v1/events/${known}`), 404, { code: "payload_expired" });
    }
    assert.equal((await send(event)).duplicate, true, "the id is known for as long as before");
    assert.equal((await send(unwanted)).duplicate, true);
    assert.equal(target.requests(fine.path).length, 1);

    assert.equal((await expect(200, "GET", `/v1/events/${pending.id}`)).data, "held");
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/resume`);
    const [arrived] = await target.received(paused.path);
    assert.equal(arrived.json.data, "held");
  });

  test("an attempt that was asked for and finds nothing to send is not made", { timeout: 60_000 }, async () => {
    const one = await subscription(on);
    const id = await sendOne({ type: one.type, data: 1 });
    await settled(id);
    await signet.kill();
    const now = Date.now();
    const owed = idOf(now - 60_000, 1, placeOf(one.id));
    write(logOf(signet.disk, one.id).file, (database) => {
      database.exec("DELETE FROM payloads");
      database.prepare("UPDATE deliveries SET asked = 1 WHERE id = ?").run(id.slice(4));
      database
        .prepare(
          `INSERT INTO deliveries (id, stage, kind, test, planned, tries, count, next_at, asked, payload, attempts)
           VALUES (?, 2, 'old', 0, 8, 1, 1, ?, 0, 900, '[]')`,
        )
        .run(owed, now);
    });
    await signet.start();
    assert.equal((await delivery(id)).status, "delivered");
    assert.equal((await settled(`del_${owed}`)).status, "failed");
    await sleep(1_000);
    assert.equal(target.requests(one.path).length, 1, "nothing went out");
  });
});
