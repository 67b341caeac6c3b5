// A destination that takes nothing is spared, and given up when that lasts too long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const vars = { OPERATOR_KEY, ENCRYPTION_KEY: "local-encryption-key", ALLOW_PRIVATE_DESTINATIONS: "true" };
const DAY = 86_400;
const spared = await stage({ vars: { ...vars, CIRCUIT_BREAKER_SECONDS: "4" } });
const given = await stage({ vars: { ...vars, DISABLE_AFTER_DAYS: String(5 / DAY) } });
await spared.profile("eager", { retry: { delays: [0, ...Array(49).fill(0.4)], jitter: 0 } });
await given.profile("thrice", { retry: { delays: [0, 1, 1], jitter: 0 } });
await given.profile("patient", { retry: { delays: [0, 3600], jitter: 0 } });

/** A subscription on one of the two gateways, with a type, a path and a status to answer with. */
async function scene(on, profile, more = {}) {
  const [type, path] = [uniqueType(), uniquePath()];
  const answer = { status: 500 };
  const url = on.target.answer(path, () => answer.status);
  const made = await on.subscribe({ url, events: [type], profile, ...more });
  const where = `/v1/subscriptions/${made.id}`;
  return {
    where,
    answer,
    post: (data = 0) => on.sendOne({ type, data }),
    posted: (event) => on.send({ type, data: 0, ...event }),
    count: () => on.target.requests(path).length,
    health: () => on.expect(200, "GET", `${where}/health`),
    read: () => on.expect(200, "GET", where),
  };
}

/** One that has been failing until it is spared, with so many deliveries waiting. */
async function opened(number) {
  const one = await scene(spared, "eager");
  const ids = [];
  for (let n = 0; n < number; n++) ids.push(await one.post(n));
  await until(async () => (await one.health()).circuit !== "closed", { timeout: 30_000, what: "the circuit to open" });
  return { ...one, ids };
}

test("closed, open, half-open and closed again, over a restart", { timeout: 120_000 }, async (t) => {
  const one = await scene(spared, "eager");
  assert.partialDeepStrictEqual(await one.health(), {
    circuit: "closed",
    failingSince: null,
    consecutiveFailures: 0,
    retryAt: null,
    waiting: 0,
  });
  const ids = [];
  for (let n = 0; n < 6; n++) ids.push(await one.post(n));
  await until(async () => (await one.health()).consecutiveFailures > 0, { what: "a failure to be counted" });
  assert.equal((await one.read()).failingSince, null, "not so soon");
  const closed = await one.health();
  assert.deepEqual([closed.circuit, closed.waiting], ["closed", 6]);
  await until(async () => (await one.health()).circuit === "open", { timeout: 30_000, what: "the circuit to open" });
  const open = await one.health();
  assert.ok(open.consecutiveFailures >= 10);
  assert.equal(open.failingSince, closed.failingSince);
  await until(async () => (await one.read()).failingSince === open.failingSince, { what: "the application to know" });

  // Six deliveries every 0.4 s would be 90 attempts.
  const before = one.count();
  await sleep(6_000);
  const probes = one.count() - before;
  t.diagnostic(`${before} attempts before it opened, ${probes} in 6 s while it was open`);
  assert.ok(probes >= 1 && probes <= 8, `${probes} attempts`);
  ids.push(await one.post("while open"));
  const pending = await spared.delivery(ids[6]);
  assert.equal(pending.status, "pending");

  await spared.signet.restart();
  const after = await one.health();
  assert.notEqual(after.circuit, "closed", "what is known of failures outlives the machine");
  assert.deepEqual([after.failingSince, after.waiting], [open.failingSince, 7]);
  const still = one.count();
  await sleep(2_000);
  assert.ok(one.count() - still <= 4, "no storm after the restart");

  one.answer.status = 200;
  for (const id of ids) assert.equal((await spared.settled(id, { timeout: 40_000 })).status, "delivered");
  await until(async () => (await one.read()).failingSince === null, { timeout: 30_000, what: "the good news" });
  assert.partialDeepStrictEqual(await one.health(), { circuit: "closed", failingSince: null, waiting: 0 });
  assert.equal((await one.read()).status, "active");
  const late = await spared.delivery(ids[6]);
  assert.ok(late.attemptCount <= 4, "what waited lost no try");
});

test("a success by hand closes it", { timeout: 60_000 }, async () => {
  const one = await opened(5);
  one.answer.status = 200;
  await spared.expect(202, "POST", `/v1/deliveries/${one.ids[0]}/retry`);
  for (const id of one.ids) assert.equal((await spared.settled(id)).status, "delivered");
  assert.equal((await one.health()).circuit, "closed");
});

test("resuming forgets what was known of failures", { timeout: 60_000 }, async () => {
  const one = await opened(5);
  await until(async () => (await one.read()).failingSince !== null, { what: "the application to know" });
  const before = one.count();
  assert.equal((await spared.expect(200, "POST", `${one.where}/resume`)).failingSince, null);
  await until(() => one.count() >= before + 5, { timeout: 5_000, what: "all of them to be tried" });
  assert.equal((await one.health()).circuit, "closed");
});

test("one destination that is spared is no other's concern", { timeout: 60_000 }, async () => {
  const [one, other] = [await opened(5), await scene(spared, "eager")];
  other.answer.status = 200;
  assert.equal((await spared.settled(await other.post())).status, "delivered");
  assert.notEqual((await one.health()).circuit, "closed");
});

test("given up after days without a success, held, and brought back", { timeout: 120_000 }, async () => {
  const one = await scene(given, "thrice");
  const lost = await one.post("lost");
  assert.equal((await given.settled(lost)).status, "failed");
  assert.equal((await one.read()).status, "active", "not so soon");
  let end;
  await until(
    async () => {
      if ((await one.read()).status === "disabled") return true;
      end = await given.settled(await one.post("again"));
      return false;
    },
    { timeout: 40_000, what: "it to be given up" },
  );
  assert.equal(end.status, "failed");
  const disabled = await one.read();
  assert.equal(disabled.disabledReason, "failing");
  assert.notEqual(disabled.failingSince, null);
  const count = one.count();
  await one.posted();
  await sleep(500);
  assert.equal(one.count(), count, "nothing goes out");
  // What was posted before everybody had heard of it is held, and goes out at once.
  one.answer.status = 200;
  const resumed = await given.expect(200, "POST", `${one.where}/resume`);
  assert.partialDeepStrictEqual(resumed, { status: "active", disabledReason: null, failingSince: null });
  assert.partialDeepStrictEqual(await one.health(), { circuit: "closed", failingSince: null, consecutiveFailures: 0 });
  assert.equal((await given.settled(await one.post("well"))).status, "delivered");
});

test("not given up while what failed is still to be tried", { timeout: 30_000 }, async () => {
  const one = await scene(given, "patient");
  await given.attempted(await one.post(), 1);
  await sleep(5_500);
  await given.attempted(await one.post(), 1);
  assert.equal((await one.health()).consecutiveFailures, 2);
  assert.equal((await one.read()).status, "active");
});

test("what is pending when it is given up goes out when it is brought back", { timeout: 60_000 }, async () => {
  const one = await scene(given, "thrice", { ordered: true });
  const first = await one.post("first");
  assert.equal((await given.settled(first)).status, "failed");
  await sleep(2_500);
  const [second, third] = [await one.post("second"), await one.post("third")];
  assert.equal((await given.settled(second)).status, "failed");
  await until(async () => (await one.read()).status === "disabled", { what: "it to be given up" });
  const count = one.count();
  await sleep(1_500);
  assert.equal(one.count(), count, "nothing goes out");
  assert.equal((await given.delivery(third)).status, "pending");
  one.answer.status = 200;
  await given.expect(200, "POST", `${one.where}/resume`);
  assert.equal((await given.settled(third)).status, "delivered");
});
