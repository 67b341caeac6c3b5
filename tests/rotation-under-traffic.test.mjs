// Secrets and keys change while events flow: nobody who keeps up notices, and nothing is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { verifies } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";
import { bearer, tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const PRODUCERS = 4;
/** How long one producer waits between two events, in ms. */
const PACE = 15;
const ROTATIONS = 5;

const { signet, target } = await stage({ bare: true });

/** Each of `count` producers does `post(producer, n)` again and again until the signal. */
function producing(count, signal, post) {
  const lanes = Array.from({ length: count }, async (_, producer) => {
    for (let n = 0; !signal.aborted; n++) {
      await post(producer, n);
      await sleep(PACE);
    }
  });
  return Promise.all(lanes);
}

/** A receiver that takes what one of the secrets it knows has signed, by Standard Webhooks' own library. */
class Verifier {
  /** Of each request: which event, whether it was taken, and when it came. */
  seen = [];

  constructor(name, learn) {
    this.path = `/${name}`;
    this.learn = learn;
    this.url = target.answer(this.path, (request) => {
      const taken = this.knows.some((secret) => verifies(secret, request));
      this.seen.push({ n: request.json.data, taken, at: request.at });
      return taken ? 204 : 401;
    });
  }

  async subscribe(own) {
    const { id, secret } = await own.subscribe({ url: this.url, events: ["flow"] });
    this.id = id;
    this.secrets = [secret];
    this.knows = [secret];
    this.rotations = [];
  }

  /** Rotates the secret. What the receiver does with the new one it does as soon as it is told. */
  async rotate(own, overlapSeconds) {
    const where = `/v1/subscriptions/${this.id}/rotate-secret`;
    const { secret } = await own.expect(200, "POST", where, { overlapSeconds });
    this.secrets.push(secret);
    this.knows = this.learn(this.secrets);
    this.rotations.push(Date.now());
  }

  get failed() {
    return this.seen.filter((one) => !one.taken);
  }
}

test("a signing secret is rotated five times: within the overlap every receiver verifies all it gets", async (t) => {
  const own = await tenant(signet);
  const behind = new Verifier("behind", (secrets) => secrets.slice(-2, -1));
  const first = new Verifier("first", (secrets) => secrets.slice(0, 1));
  const both = new Verifier("both", (secrets) => secrets.slice(-2));
  const ahead = new Verifier("ahead", (secrets) => secrets.slice(-1));
  const all = [behind, first, both, ahead];
  for (const one of all) await one.subscribe(own);

  const posted = new Map();
  const end = new AbortController();
  const traffic = producing(PRODUCERS, end.signal, async (producer, n) => {
    const name = `${producer}.${n}`;
    posted.set(name, Date.now());
    await own.send({ type: "flow", data: name });
  });
  await sleep(300);
  for (let n = 0; n < ROTATIONS; n++) {
    await Promise.all(all.map((one) => one.rotate(own, 3_600)));
    await sleep(500);
  }
  end.abort();
  await traffic;

  for (const one of all) {
    const missing = () => [...posted.keys()].filter((name) => !one.seen.some(({ n, taken }) => n === name && taken));
    await until(() => missing().length === 0, { timeout: 20_000, what: () => `${one.path}: ${missing()}` });
    const twice = one.seen.length - one.failed.length - posted.size;
    t.diagnostic(`${one.path}: ${posted.size} events, ${one.failed.length} not verified, ${twice} came again`);
    assert.ok(one.rotations.length === ROTATIONS && one.seen.some(({ at }) => at > one.rotations.at(-1)));
    assert.equal(twice, 0, "each event was taken once");
  }
  for (const one of [behind, first, both]) assert.deepEqual(one.failed, [], `${one.path} verified all`);
  // Who knows the new one alone may meet what was signed before there was one, and on its way. It is tried again.
  const underWay = ({ n, at }) => ahead.rotations.some((rotated) => posted.get(n) <= rotated && at >= rotated - 1_000);
  assert.deepEqual(
    ahead.failed.filter((one) => !underWay(one)),
    [],
  );
});

test("when the overlap is over the old secret signs no more, and nothing else changes", async (t) => {
  const own = await tenant(signet);
  const old = new Verifier("overlap-old", (secrets) => secrets.slice(0, 1));
  const both = new Verifier("overlap-both", (secrets) => secrets.slice(-2));
  await old.subscribe(own);
  await both.subscribe(own);
  const OVERLAP = 2;
  const posted = new Map();
  const end = new AbortController();
  const traffic = producing(PRODUCERS, end.signal, async (producer, n) => {
    const name = `${producer}.${n}`;
    posted.set(name, Date.now());
    await own.send({ type: "flow", data: name });
  });
  await sleep(200);
  const begun = Date.now();
  await Promise.all([old, both].map((one) => one.rotate(own, OVERLAP)));
  const over = Date.now() + OVERLAP * 1_000;
  await sleep(OVERLAP * 1_000 + 600);
  end.abort();
  await traffic;
  await until(() => new Set(both.seen.map(({ n }) => n)).size === posted.size);
  assert.deepEqual(both.failed, []);
  assert.equal(both.seen.length, posted.size, "each event came once");
  const early = old.failed.filter(({ at }) => at < begun + OVERLAP * 1_000);
  const late = old.seen.filter(({ n }) => posted.get(n) > over);
  assert.deepEqual(early, [], "not before its time");
  assert.ok(late.length > 0 && late.every(({ taken }) => !taken), "and from then on");
  t.diagnostic(`${posted.size} events; ${late.length} after the overlap, none of them signed with the old secret`);
});

test("an API key is replaced three times: only the revoked one is refused, and every event arrives once", async (t) => {
  const own = await tenant(signet);
  const path = "/keys";
  await own.subscribe({ url: target.answer(path, 204), events: ["flow"] });
  const makeKey = () => own.expect(201, "POST", "/v1/api-keys", { label: "producer", scopes: ["events:write"] });

  let key = await makeKey();
  const holds = Array.from({ length: PRODUCERS }, () => key);
  /** Of each key that was revoked: when that was asked for, and when it was answered. */
  const revoked = new Map();
  const calls = [];
  /** Posts until it is accepted: who is refused takes the newest key, and sends the same event again. */
  const post = async (producer, n) => {
    for (;;) {
      const { id, key: shown } = holds[producer];
      const call = { id, event: `${producer}.${n}`, begun: Date.now() };
      const body = { type: "flow", id: call.event, data: call.event };
      const answer = await bearer(signet.api.bind(signet), shown)("POST", "/v1/events", body);
      calls.push(Object.assign(call, { status: answer.status, ended: Date.now() }));
      if (answer.status !== 401) return;
      holds[producer] = key;
    }
  };
  const end = new AbortController();
  const traffic = producing(PRODUCERS, end.signal, post);
  for (let n = 0; n < 3; n++) {
    await sleep(400);
    const old = key;
    key = await makeKey();
    // All but the last move over, one after another; that one hears of it by being refused.
    for (let producer = 0; producer < PRODUCERS - 1; producer++) {
      await sleep(60);
      holds[producer] = key;
    }
    // A call may still be under way with the old one.
    await sleep(200);
    const asked = Date.now();
    await own.expect(204, "DELETE", `/v1/api-keys/${old.id}`);
    revoked.set(old.id, { asked, answered: Date.now() });
  }
  await sleep(400);
  end.abort();
  await traffic;

  const refused = calls.filter((call) => call.status !== 202);
  for (const call of calls) {
    const { asked = Infinity, answered = Infinity } = revoked.get(call.id) ?? {};
    if (call.ended < asked) assert.equal(call.status, 202, `before anybody asked: ${JSON.stringify(call)}`);
    else if (call.begun > answered) assert.equal(call.status, 401, `after it was answered: ${JSON.stringify(call)}`);
    else assert.ok([202, 401].includes(call.status), `meanwhile: ${JSON.stringify(call)}`);
  }
  assert.ok(refused.length >= revoked.size, "the one that did not move was refused each time");
  const accepted = calls.filter((call) => call.status === 202).map((call) => call.event);
  await target.received(path, accepted.length);
  await sleep(300);
  const arrived = target.requests(path).map((one) => one.json.data);
  assert.deepEqual(arrived.sort(), accepted.sort(), "every event that was accepted arrived, once");
  t.diagnostic(`${accepted.length} events accepted and delivered once, ${refused.length} refused for a revoked key`);
});
