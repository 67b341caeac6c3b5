// What happens while one watches: events come, some deliveries fail, one destination is spared, operations run.
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../tests/support/wait.mjs";
import { anyEvent } from "./events.mjs";

const ROUNDS = 30;
const EACH = 6;

export async function live({ expect }, world) {
  const { subscriptions } = world;
  const window = { since: new Date().toISOString() };
  const later = new Date(Date.now() + 5_400_000).toISOString();
  await expect(202, "POST", "/v1/events", { type: "order.created", data: { order: "ord_later" }, deliverAt: later });
  await come(expect, 0, ROUNDS / 2);
  await expect(202, "POST", `/v1/subscriptions/${subscriptions["Order fulfilment"]}/replay`, {
    ...window,
    types: ["order.paid"],
  });
  await come(expect, ROUNDS / 2, ROUNDS);
  await expect(202, "POST", `/v1/subscriptions/${subscriptions["Video exports"]}/recover`, window);
  const spared = `/v1/subscriptions/${subscriptions["CRM sync"]}/health`;
  await until(async () => (await expect(200, "GET", spared)).circuit !== "closed", {
    timeout: 60_000,
    every: 500,
    what: "a destination to be spared",
  });
  const of = (name, status) => newest(expect, { subscription: subscriptions[name], status });
  world.failed = await of("Video exports", "failed");
  world.delivered = await of("Order fulfilment", "delivered");
  world.held = await of("CRM sync", "pending");
  // The first that it did not take have been tried more than once.
  const waiting = { subscription: subscriptions["CRM sync"], status: "pending", limit: 250, ...window };
  world.failing = (await list(expect, waiting)).at(-1).id;
  const { data } = await expect(200, "GET", "/v1/operations");
  world.operation = data[0].id;
}

/** Events come, some each second. */
async function come(expect, from, to) {
  for (let round = from; round < to; round++) {
    const events = Array.from({ length: EACH }, (_, at) => anyEvent(round * EACH + at));
    await expect(202, "POST", "/v1/events/batch", events);
    await sleep(900);
  }
}

const newest = async (expect, query) => (await list(expect, { ...query, limit: 1 }))[0].id;

async function list(expect, query) {
  return (await expect(200, "GET", `/v1/deliveries?${new URLSearchParams(query)}`)).data;
}
