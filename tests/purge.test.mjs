// DELETE removes everything: what a subscription, a source, an application, a delivery's alarm had on the disk is gone.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { alarms, held, objects } from "./support/disk.mjs";
import { request } from "./support/http.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const RETENTION_DAYS = "0.0001";
/** What is deleted lingers for as long as history is kept, where that is less than a day. */
const LINGERS = Number(RETENTION_DAYS) * 86_400_000;
const vars = {
  OPERATOR_KEY,
  ENCRYPTION_KEY: "local-encryption-key",
  ALLOW_PRIVATE_DESTINATIONS: "true",
  RETENTION_DAYS,
};
const { signet, target, api, expect, subscribe, send, sendOne, settled, attempted, delivery, profile } = await stage({
  bare: true,
  vars,
});
const GONE = { timeout: 40_000, every: 200 };
const FAR = { retry: { delays: [0, 3_600], jitter: 0 } };
await profile("far", FAR);

const isGone = (where, how = api) =>
  until(async () => (await how("GET", where)).status === 404, { ...GONE, what: `${where} to be gone` });

/** Looks at the disk while nothing runs. */
async function onDisk(look) {
  await signet.kill();
  try {
    return await look(signet.disk);
  } finally {
    await signet.start();
  }
}

/** Which objects of these classes hold anything, by their files. */
const holding = (disk, ...types) => types.flatMap((type) => held(disk, type).map(({ file }) => file)).sort();

/** A source with what makes its requests genuine. */
async function source(on, more = {}) {
  const made = await on.expect(201, "POST", "/v1/sources", {
    provider: "github",
    secrets: ["s3cret"],
    origin: target.url(uniquePath("/origin")),
    ...more,
  });
  const knock = () => {
    const body = `{"at":${Math.random()}}`;
    const signature = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
    return request(made.url, { method: "POST", headers: { "x-hub-signature-256": signature }, body });
  };
  return { ...made, knock };
}

/** Subscriptions whose receiver fails, each with a delivery that waits for its own alarm for an hour. */
async function waiting(on, count = 1) {
  const [type, path] = [uniqueType(), uniquePath()];
  const made = await on.subscribe({ url: target.answer(path, 500), events: [type], profile: "far" });
  const ids = [];
  for (let n = 0; n < count; n++) ids.push(await on.sendOne({ type, data: n }));
  for (const id of ids) await on.attempted(id, 1);
  return { ...made, type, path, ids };
}
const all = { expect, subscribe, sendOne, attempted };

test("the alarm of a delivery that has rung, was called off or tried by hand", { timeout: 150_000 }, async () => {
  const [type, path] = [uniqueType(), uniquePath()];
  await subscribe({ url: target.url(path), events: [type] });
  const rings = await sendOne({ type, data: 1, deliverAt: new Date(Date.now() + 63_000).toISOString() });
  const called = await waiting(all);
  const tried = await waiting(all);
  const stays = await waiting(all);
  await onDisk((disk) => assert.equal(alarms(disk, "Delivery").length, 4));
  await expect(200, "POST", `/v1/deliveries/${called.ids[0]}/cancel`);
  target.answer(tried.path, 200);
  await expect(202, "POST", `/v1/deliveries/${tried.ids[0]}/retry`);
  assert.equal((await settled(tried.ids[0])).status, "delivered");
  // By hand and in vain: its schedule goes on beside it, and so does its alarm.
  await expect(202, "POST", `/v1/deliveries/${stays.ids[0]}/retry`);
  await attempted(stays.ids[0], 2);
  await sleep(500);
  await onDisk((disk) => assert.equal(alarms(disk, "Delivery").length, 2, "one will ring, one waits"));

  assert.equal((await settled(rings, { timeout: 90_000 })).status, "delivered");
  await sleep(1_000);
  await onDisk((disk) => {
    assert.equal(alarms(disk, "Delivery").length, 1);
    assert.deepEqual(holding(disk, "Delivery"), [], "a delivery's object holds nothing but its alarm");
  });
  await expect(204, "DELETE", `/v1/subscriptions/${stays.id}`);
  await until(() => onDisk((disk) => alarms(disk, "Delivery").length === 0), { timeout: 60_000, every: 3_000 });
});

test("a subscription", { timeout: 120_000 }, async () => {
  await sleep(LINGERS + 4_000);
  const before = await onDisk((disk) => holding(disk, "Subscription", "Delivery"));
  const made = await waiting(all, 30);
  const held = await sendOne({ type: made.type, data: "held", deliverAt: new Date(Date.now() + 30_000).toISOString() });
  await onDisk((disk) => {
    assert.equal(holding(disk, "Subscription", "Delivery").length, before.length + 1);
    assert.equal(alarms(disk, "Delivery").length, 30);
  });
  await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
  const deleted = Date.now();
  for (const id of [...made.ids, held]) assert.equal((await delivery(id)).status, "cancelled");
  const where = `/v1/deliveries?subscription=${made.id}`;
  assert.equal((await expect(200, "GET", where)).data.length, 31, "it is still read");

  for (const id of [made.ids[0], held]) await isGone(`/v1/deliveries/${id}`);
  assert.ok(Date.now() - deleted >= LINGERS, `${Date.now() - deleted} ms`);
  await sleep(1_500);
  await onDisk((disk) => {
    assert.deepEqual(holding(disk, "Subscription", "Delivery"), before, "its objects are empty");
    const rows = objects(disk, "Application").flatMap(({ rows }) => rows.subscriptions ?? []);
    assert.ok(!rows.some(({ id }) => id === made.id));
    assert.deepEqual(alarms(disk, "Delivery"), [], "no alarm of its deliveries stands");
  });
  // Whoever still asks begins nothing anew.
  assert.equal((await api("POST", `/v1/deliveries/${made.ids[0]}/retry`)).status, 404);
  assert.equal((await api("GET", `/v1/subscriptions/${made.id}`)).status, 404);
  await send({ type: made.type, data: "nobody's" });
  await onDisk((disk) => assert.deepEqual(holding(disk, "Subscription", "Delivery"), before));
});

test("a source", { timeout: 120_000 }, async () => {
  const before = await onDisk((disk) => holding(disk, "Subscription", "Directory"));
  const proxy = await source({ expect }, { route: { host: "hooks.example.com", path: "/gone" } });
  const queue = await source({ expect }, { mode: "queue" });
  assert.equal((await proxy.knock()).status, 200);
  const { json } = await queue.knock();
  await settled(json.deliveries[0].id);
  assert.equal((await onDisk((disk) => holding(disk, "Subscription", "Directory"))).length, before.length + 3);
  for (const { id } of [proxy, queue]) {
    assert.ok(await signet.kept(`source:${id}`));
    await expect(204, "DELETE", `/v1/sources/${id}`);
  }
  const emptied = async () => {
    const now = await onDisk((disk) => holding(disk, "Subscription", "Directory"));
    return String(now) === String(before);
  };
  await until(emptied, { timeout: 60_000, every: 4_000, what: "their objects, and their route's, to be empty" });
  for (const { id } of [proxy, queue]) assert.equal(await signet.kept(`source:${id}`), undefined);
  assert.equal(await signet.kept("route:hooks.example.com"), undefined);
  await onDisk((disk) => {
    const rows = objects(disk, "Application").flatMap(({ rows }) => [...(rows.sources ?? []), ...(rows.routes ?? [])]);
    assert.deepEqual(rows, []);
  });
});

test("an application, over a crash", { timeout: 150_000 }, async () => {
  const types = ["Application", "Subscription", "Delivery", "Ledger", "Directory", "Operations"];
  await sleep(LINGERS + 6_000);
  const before = await onDisk((disk) => ({
    files: holding(disk, ...types),
    alarms: alarms(disk, "Application").length,
  }));
  const other = await tenant(signet);
  await other.profile("far", FAR);
  const made = await waiting(other, 5);
  const fine = await other.subscribe({ url: target.url(uniquePath()), events: ["fine"] });
  const direct = await other.send({ type: "direct", data: 1, webhookUrl: target.answer(uniquePath(), 500) });
  await other.send({ id: "own", type: "fine", data: 1 });
  await other.send({ type: "nobody.wants", data: 1 });
  await other.expect(201, "POST", "/v1/api-keys", { label: "more", webhookUrl: target.url("/key") });
  const asked = await source(other, { mode: "queue", route: { host: "hooks.example.com", path: "/theirs" } });
  assert.equal((await asked.knock()).status, 202);
  const since = new Date(Date.now() - 60_000).toISOString();
  await other.expect(202, "POST", `/v1/subscriptions/${made.id}/recover`, { since });
  assert.ok((await onDisk((disk) => holding(disk, ...types))).length >= before.files.length + 9);

  await expect(204, "DELETE", `/v1/applications/${other.id}`);
  await signet.restart();
  const named = { "signet-application": other.id };
  for (const [method, where, body] of [
    ["GET", `/v1/applications/${other.id}`],
    ["GET", `/v1/deliveries/${made.ids[0]}`],
    ["GET", `/v1/deliveries/${direct.deliveries[0].id}`],
    ["POST", "/v1/events", { type: "fine", data: 2 }],
    ["GET", `/v1/subscriptions/${fine.id}`],
  ]) {
    const refused = async () => (await api(method, where, body, where.includes("app_") ? {} : named)).status === 404;
    await until(refused, { ...GONE, what: `${method} ${where} to be a 404` });
  }
  const left = () => onDisk((disk) => ({ files: holding(disk, ...types), alarms: alarms(disk, "Application").length }));
  await until(async () => JSON.stringify(await left()) === JSON.stringify(before), {
    timeout: 90_000,
    every: 6_000,
    what: "nothing to be left",
  });
  for (const key of [`application:${other.id}`, `source:${asked.id}`, "route:hooks.example.com"]) {
    assert.equal(await signet.kept(key), undefined, key);
  }
  await onDisk((disk) => {
    const rows = objects(disk, "Registry").flatMap(({ rows }) => rows.applications);
    assert.ok(!rows.some(({ id }) => id === other.id), "the registry has forgotten it");
    assert.deepEqual(alarms(disk, "Delivery"), []);
  });
  // Nothing brings it back.
  assert.equal((await other.api("GET", "/v1/subscriptions")).status, 401);
  assert.equal((await api("GET", "/v1/subscriptions", undefined, named)).status, 404);
  assert.equal((await api("POST", `/v1/deliveries/${made.ids[0]}/retry`, undefined, named)).status, 404);
  assert.equal((await asked.knock()).status, 404);
  assert.equal((await api("DELETE", `/v1/applications/${other.id}`)).status, 404);
  await sleep(2_000);
  assert.deepEqual(await left(), before);
});
