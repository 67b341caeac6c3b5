// A destination that takes nothing for a while: its operator hears when it is spared, when it is back, when it is given up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { about, operatorsWebhook } from "./support/operator.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const DAY = 86_400;
const SPARED_AFTER = 1;
const DISABLED_AFTER = 8;

const on = await stage({
  bare: true,
  vars: {
    OPERATOR_KEY,
    ENCRYPTION_KEY: "local-encryption-key",
    ALLOW_PRIVATE_DESTINATIONS: "true",
    CIRCUIT_BREAKER_SECONDS: `${SPARED_AFTER}`,
    DISABLE_AFTER_DAYS: `${DISABLED_AFTER / DAY}`,
  },
});
const { signet, target, expect, profile } = on;
const STUBBORN = { retry: { delays: [0, ...Array(30).fill(0.3)], jitter: 0 } };
await profile("stubborn", STUBBORN);
const operator = await operatorsWebhook(on, { events: ["signet.subscription.*"] });
const whose = await tenant(signet);
await whose.profile("stubborn", STUBBORN);

/** A subscription whose destination answers 500, and which has twenty events to deliver. */
async function stumbling() {
  const [path, type] = [uniquePath(), uniqueType()];
  const url = target.answer(path, 500);
  const made = await whose.subscribe({ url, events: [type], profile: "stubborn" });
  const ids = [];
  for (let n = 0; n < 20; n++) ids.push(await whose.sendOne({ type, data: n }));
  return { ...made, path, ids };
}

const known = async ({ id }) => await whose.expect(200, "GET", `/v1/subscriptions/${id}`);

test("it is spared, and comes back", async () => {
  const one = await stumbling();
  const [failing] = await operator.hears(about("signet.subscription.failing", { subscription: one.id }));
  const { failingSince } = await known(one);
  assert.deepEqual(failing.data, { application: whose.id, subscription: one.id, failingSince });
  target.answer(one.path, 200);
  const [recovered] = await operator.hears(about("signet.subscription.recovered", { subscription: one.id }));
  assert.deepEqual(recovered.data, {
    application: whose.id,
    subscription: one.id,
    failingSince,
    recoveredAt: recovered.timestamp,
  });
  for (const id of one.ids) assert.equal((await whose.settled(id, { timeout: 30_000 })).status, "delivered");
  assert.equal(operator.heard(({ data }) => data.subscription === one.id).length, 2, "each is said once");
});

test("it does not come back, is given up, and works again after somebody resumed it", async () => {
  const one = await stumbling();
  const isAbout = about("signet.subscription.disabled", { subscription: one.id });
  const [disabled] = await operator.hears(isAbout, 1, 60_000);
  const { status, disabledReason, failingSince } = await known(one);
  assert.deepEqual([status, disabledReason], ["disabled", "failing"]);
  assert.deepEqual(disabled.data, {
    application: whose.id,
    subscription: one.id,
    reason: "failing",
    failingSince,
    disabledAt: disabled.timestamp,
  });
  target.answer(one.path, 200);
  const inApplication = { "signet-application": disabled.data.application };
  await expect(200, "POST", `/v1/subscriptions/${one.id}/resume`, undefined, inApplication);
  await until(async () => (await Promise.all(one.ids.map(whose.delivery))).every((it) => it.status !== "pending"), {
    timeout: 30_000,
    every: 500,
    what: "everything that was held to go out",
  });
  assert.equal(operator.heard(isAbout).length, 1);
});

test("that the operator's own receiver takes nothing is told nobody", async () => {
  const bad = await operatorsWebhook(on, { path: "/bad", profile: "stubborn", events: ["signet.secret.*"] });
  target.answer("/bad", 500);
  const own = await whose.subscribe({ url: target.url("/own"), events: ["own"] });
  for (let n = 0; n < 15; n++) await whose.expect(200, "POST", `/v1/subscriptions/${own.id}/rotate-secret`, {});
  await until(async () => (await expect(200, "GET", `/v1/subscriptions/${bad.id}`)).status === "disabled", {
    timeout: 60_000,
    what: "it to be given up",
  });
  await sleep(1_000);
  assert.deepEqual(
    operator.heard(({ data }) => data.subscription === bad.id).map(({ text }) => text),
    [],
  );
});
