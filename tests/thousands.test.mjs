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
const { signet, target, api, expect, subscribe, delivery, profile } = await stage({ bare: true, persistTo });
after(() => rmSync(persistTo, { recursive: true, force: true }));

const numbers = Array.from({ length: COUNT }, (_, n) => n);
const pathOf = (n) => `/many-${n}`;
let made;

before(async () => {
  const from = Date.now();
  // A machine that is busy with two thousand may let an answer lie for longer than a receiver would be given else.
  await profile("patient", { retry: { delays: [0, 5, 5, 5], jitter: 0 }, timeoutSeconds: 60 });
  const wants = { events: ["many.*"], profile: "patient" };
  made = await inParallel(numbers, 16, (n) => subscribe({ url: target.url(pathOf(n)), ...wants }));
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

/** An event came to everybody once. */
function assertOnce(n) {
  for (const [path, requests] of arrivals(n)) {
    const id = requests[0].headers["webhook-id"];
    assert.equal(requests.length, 1, `${path} got ${id} ${requests.length} times, at ${requests.map(({ at }) => at)}`);
  }
}

/** How many of an event's deliveries are not stored; all of them where the event itself is not. */
async function missing(id) {
  const event = await api("GET", `/v1/events/${id}`);
  if (event.status !== 200) return COUNT;
  const found = await inParallel(event.json.deliveries, 16, ({ id }) => api("GET", `/v1/deliveries/${id}`));
  return found.filter(({ status }) => status === 404).length;
}

/**
 * Posts an event and puts an end to that while it is under way; tried with less and less patience until it was. `end` does
 * so, and answers whether it was half way.
 */
async function halfWay(name, type, n, took, end) {
  for (const share of [0.5, 0.35, 0.25, 0.15, 0.1, 0.05]) {
    const event = { type, data: { n: `${n} at ${share}` }, id: `${name}-${share}` };
    const post = posted(event);
    await sleep(took * share);
    const isUnderWay = post.answer() === "";
    if ((await end(post, event)) && isUnderWay) return event;
  }
  assert.fail(`${name}: it was never half way`);
}

describe("one event for two thousand", () => {
  let took;

  test("all of them get it once", { timeout: 120_000 }, async (t) => {
    for (const n of ["cold", "warm"]) {
      const from = Date.now();
      const accepted = await repeated({ type: "many.plain", data: { n }, id: n });
      took = Date.now() - from;
      await arrived(n, COUNT);
      t.diagnostic(`${n}: accepted in ${took} ms, at all ${COUNT} after ${Date.now() - from} ms`);
      await assertWhole(accepted);
    }
    await quiet();
    for (const n of ["cold", "warm"]) assertOnce(n);
  });

  test("the producer's connection breaks half way", { timeout: 90_000 }, async (t) => {
    // Whether what is under way goes on without its client is the runtime's to say.
    const event = await halfWay("broken", "many.broken", 2, took, async (post) => {
      post.breakOff();
      return true;
    });
    const at = await missing(event.id);
    const accepted = await repeated(event);
    assert.equal(accepted.duplicate, true);
    await arrived(event.data.n, COUNT);
    t.diagnostic(`${at} were not stored when the connection had broken`);
    await assertWhole(accepted);
    await quiet();
    assertOnce(event.data.n);
  });

  test("the machine dies half way", { timeout: 120_000 }, async (t) => {
    let early;
    let at;
    const event = await halfWay("killed", "many.killed", 3, took, async (_, { id, data }) => {
      await signet.kill();
      early = new Set(arrivals(data.n).keys());
      await signet.start();
      at = await missing(id);
      return at > 0 && at < COUNT;
    });
    // What changes meanwhile is nothing to an event that is known.
    const late = await subscribe({ url: target.url("/late"), events: ["many.killed"], profile: "patient" });
    const from = Date.now();
    const accepted = await repeated(event);
    assert.equal(accepted.duplicate, true);
    await expect(204, "DELETE", `/v1/subscriptions/${late.id}`);
    await arrived(event.data.n, COUNT);
    t.diagnostic(`${at} were not stored when the machine died, ${early.size} had arrived`);
    t.diagnostic(`at all of them ${Date.now() - from} ms after it was posted again`);
    await assertWhole(accepted);
    await quiet();
    let twice = 0;
    for (const [path, requests] of arrivals(event.data.n)) {
      // A receiver that had it may get it again where the machine died before it could write that down. Nobody else may.
      assert.ok(requests.length === 1 || (requests.length === 2 && early.has(path)), path);
      assert.equal(new Set(requests.map(({ headers }) => headers["webhook-id"])).size, 1);
      twice += requests.length - 1;
    }
    assert.equal(target.requests("/late").length, 0);
    t.diagnostic(`${twice} of them had it twice`);
  });
});
