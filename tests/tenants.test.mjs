// Two tenants at once: one floods a destination that hangs, the other has a steady trickle, and must not notice.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { receiver } from "./support/receiver.mjs";
import { stage } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { inParallel, sleep } from "./support/wait.mjs";

/** The one that is measured: so many events, one each so many ms. */
const EVENTS = 160;
const EVERY = 50;
/** The one that floods. */
const CONNECTIONS = 16;
const FLOOD = EVENTS * EVERY;
/** How long each connection waits between two events where the machine is to have time left, in ms. */
const PACE = 50;

const { signet, target } = await stage({ bare: true });
const hanging = await receiver();
after(() => hanging.stop());

const [quiet, loud] = [await tenant(signet), await tenant(signet)];

/** Posts the trickle and answers how long each event took, from its POST to the answer and to its arrival, in ms. */
async function trickle(name) {
  await quiet.subscribe({ url: target.answer(`/${name}`, 204), events: [name] });
  await quiet.send({ type: name, data: -1 });
  await target.received(`/${name}`);
  const posted = [];
  const answered = [];
  const started = Date.now();
  // At its time, whether the one before was answered or not: who waits hides what made them wait.
  await Promise.all(
    Array.from({ length: EVENTS }, async (_, n) => {
      await sleep(n * EVERY);
      posted[n] = Date.now();
      await quiet.send({ type: name, data: n });
      answered[n] = Date.now() - posted[n];
    }),
  );
  const requests = (await target.received(`/${name}`, EVENTS + 1, 60_000)).slice(1);
  const arrived = requests.map((one) => one.at - posted[one.json.data]);
  const seconds = (Math.max(...requests.map((one) => one.at)) - started) / 1_000;
  return { numbers: requests.map((one) => one.json.data), answered, arrived, perSecond: EVENTS / seconds };
}

/** Posts as fast as it is answered, or so many ms apart, until told to stop; answers how many were accepted. */
async function flood(until, pace) {
  let accepted = 0;
  await inParallel(Array.from({ length: CONNECTIONS }), CONNECTIONS, async () => {
    while (!until.aborted) {
      const { status } = await loud.api("POST", "/v1/events", { type: "flood", data: "theirs" });
      if (status === 202) accepted += 1;
      await sleep(pace);
    }
  });
  return accepted;
}

/** A line of the table. */
function line(name, times, { perSecond }) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => `${sorted[Math.floor((sorted.length - 1) * part)]}`.padStart(6);
  return `${name.padEnd(26)}${at(0.5)}${at(0.95)}${at(0.99)}${at(1)}${perSecond.toFixed(1).padStart(9)}`;
}

test("a tenant's steady trickle beside another's flood against a destination that hangs", async (t) => {
  await loud.profile("patient", { retry: { delays: [0, 60], jitter: 0 }, timeoutSeconds: 15 });
  await loud.subscribe({ url: hanging.answer("/hang", { hang: true }), events: ["flood"], profile: "patient" });

  await trickle("warm-up");
  const runs = { alone: await trickle("alone") };
  const accepted = {};
  // Where everybody shares two processors, the second flood says what it is to share them, the first what it is to share
  // the gateway.
  for (const [name, pace] of [
    ["beside", PACE],
    ["overrun", 0],
  ]) {
    const end = new AbortController();
    const flooding = flood(end.signal, pace);
    const timer = setTimeout(() => end.abort(), FLOOD + 2_000);
    runs[name] = await trickle(name);
    clearTimeout(timer);
    end.abort();
    accepted[name] = await flooding;
  }

  t.diagnostic(`ms from POST …${" ".repeat(14)}p50   p95   p99   max  events/s`);
  for (const [name, run] of Object.entries(runs)) {
    t.diagnostic(line(`${name}: to the answer`, run.answered, run));
    t.diagnostic(line(`${name}: to the arrival`, run.arrived, run));
  }
  const floods = `${accepted.beside} events of the other, and ${accepted.overrun} where the machine had no time left`;
  t.diagnostic(`accepted beside it: ${floods}; ${hanging.mostAtOnce} hung at once`);

  for (const { numbers } of Object.values(runs)) {
    assert.deepEqual(
      [...numbers].sort((a, b) => a - b),
      Array.from({ length: EVENTS }, (_, n) => n),
      "each event arrived, once",
    );
  }
  assert.ok(accepted.beside > 0 && accepted.overrun > 0 && hanging.mostAtOnce > 0, "there was a flood");
  assert.ok(!target.requests().some((one) => one.text.includes("theirs")), "nothing of the one reaches the other");
  assert.ok(!hanging.requests().some((one) => one.json.type !== "flood"));
  const { data } = await quiet.expect(200, "GET", "/v1/deliveries?limit=250");
  assert.ok(data.every((one) => one.type !== "flood" && one.status === "delivered"));
  // One that waited for the other's destination would have waited for its 15 seconds.
  for (const { arrived } of Object.values(runs)) {
    assert.ok(Math.max(...arrived) < 10_000, `the slowest took ${Math.max(...arrived)} ms`);
  }
});
