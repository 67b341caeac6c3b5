// One event for two thousand subscriptions: all of them get it once, whatever becomes of the producer and of the machine.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const COUNT = 2_000;
// Each subscription is a database of its own: how quickly a disk makes two thousand is not what is asked here.
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const persistTo = mkdtempSync(path.join(memory, "signet-test-"));
const { signet, target, api, expect, subscribe, delivery } = await stage({ bare: true, persistTo });
after(() => rmSync(persistTo, { recursive: true, force: true }));

const numbers = Array.from({ length: COUNT }, (_, n) => n);
const pathOf = (n) => `/many-${n}`;
let made;

before(async () => {
  const from = Date.now();
  made = await inParallel(numbers, 16, (n) => subscribe({ url: target.url(pathOf(n)), events: ["many.*"] }));
  console.log(`${COUNT} subscriptions made in ${Date.now() - from} ms`);
});

/** The requests of one event, by path. */
function arrivals(n) {
  const found = new Map();
  for (const one of target.requests()) {
    if (one.json.data.n !== n) continue;
    found.set(one.path, [...(found.get(one.path) ?? []), one]);
  }
  return found;
}

const arrived = (n, count) =>
  until(() => arrivals(n).size >= count, {
    timeout: 60_000,
    every: 20,
    what: () => `event ${n} at ${count} subscriptions; it is at ${arrivals(n).size}`,
  });

/** Posts an event, and breaks the connection when it is told to. */
function posted(event) {
  const body = JSON.stringify(event);
  const head = ["POST /v1/events HTTP/1.1", "Host: a", `Authorization: Bearer ${OPERATOR_KEY}`];
  const socket = net.connect(signet.port, "127.0.0.1");
  socket.on("error", () => {});
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.write([...head, `Content-Length: ${Buffer.byteLength(body)}`, "", body].join("\r\n"));
  return { breakOff: () => socket.destroy(), answer: () => answer };
}

/** Does what a producer does that got no answer: posts the same until there is one. */
const repeated = (event) =>
  until(
    async () => {
      const answer = await api("POST", "/v1/events", event);
      return answer.status === 202 && answer.json;
    },
    { timeout: 60_000, every: 200, what: "a 202" },
  );

/** What was answered names every subscription once, and the event says the same. */
async function assertWhole(accepted) {
  const wanted = made.map(({ id }) => id);
  assert.deepEqual(
    accepted.deliveries.map(({ subscription }) => subscription).toSorted(),
    wanted.toSorted(),
    "one delivery for each subscription",
  );
  assert.equal(new Set(accepted.deliveries.map(({ id }) => id)).size, COUNT);
  const event = await expect(200, "GET", `/v1/events/${accepted.id}`);
  assert.deepEqual(event.deliveries, accepted.deliveries);
  for (const { id } of [...accepted.deliveries.slice(0, 20), ...accepted.deliveries.slice(-20)]) {
    await until(async () => (await delivery(id)).status === "delivered", { what: `${id} to be delivered` });
  }
}

/** Whatever was to come a second time has come by now: for it was due at once, and nothing comes any more. */
async function quiet() {
  let seen;
  do {
    seen = target.requests().length;
    await sleep(2_000);
  } while (target.requests().length > seen);
}

describe("one event for two thousand", () => {
  test("all of them get it once", { timeout: 60_000 }, async (t) => {
    const from = Date.now();
    const accepted = await repeated({ type: "many.plain", data: { n: 1 }, id: "plain" });
    const answered = Date.now() - from;
    await arrived(1, COUNT);
    t.diagnostic(`accepted in ${answered} ms, at all ${COUNT} after ${Date.now() - from} ms`);
    await assertWhole(accepted);
    await quiet();
    for (const [path, requests] of arrivals(1)) assert.equal(requests.length, 1, path);
  });

  test("the producer's connection breaks half way", { timeout: 90_000 }, async (t) => {
    const event = { type: "many.broken", data: { n: 2 }, id: "broken" };
    const first = posted(event);
    await arrived(2, 50);
    first.breakOff();
    const at = arrivals(2).size;
    assert.equal(first.answer(), "", "it was still under way");
    // What changes meanwhile is nothing to an event that is known.
    const late = await subscribe({ url: target.url("/late"), events: ["many.broken"] });
    const accepted = await repeated(event);
    assert.equal(accepted.duplicate, true);
    await expect(204, "DELETE", `/v1/subscriptions/${late.id}`);
    await arrived(2, COUNT);
    t.diagnostic(`broken off after ${at} arrivals`);
    await assertWhole(accepted);
    await quiet();
    for (const [path, requests] of arrivals(2)) assert.equal(requests.length, 1, path);
    assert.equal(target.requests("/late").length, 0);
  });

  test("the machine dies half way", { timeout: 120_000 }, async (t) => {
    const event = { type: "many.killed", data: { n: 3 }, id: "killed" };
    const first = posted(event);
    await arrived(3, 50);
    await signet.kill();
    assert.equal(first.answer(), "", "it was still under way");
    const early = new Set(arrivals(3).keys());
    await signet.start();
    const from = Date.now();
    const accepted = await repeated(event);
    assert.equal(accepted.duplicate, true);
    await arrived(3, COUNT);
    t.diagnostic(`killed after ${early.size} arrivals; at all of them ${Date.now() - from} ms after the restart`);
    await assertWhole(accepted);
    await quiet();
    let twice = 0;
    for (const [path, requests] of arrivals(3)) {
      // A receiver that had it may get it again where the machine died before it could write that down. Nobody else may.
      assert.ok(requests.length === 1 || (requests.length === 2 && early.has(path)), path);
      assert.equal(new Set(requests.map(({ headers }) => headers["webhook-id"])).size, 1);
      twice += requests.length - 1;
    }
    t.diagnostic(`${twice} of them had it twice`);
  });
});
