// What happens while one watches: events come, some deliveries fail, one destination is spared, operations run.
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../tests/support/wait.mjs";
import { anyEvent } from "./events.mjs";

const ROUNDS = 30;
const EACH = 9;

export async function live({ expect }, world) {
  const { subscriptions } = world;
  for (let round = 0; round < ROUNDS; round++) {
    const events = Array.from({ length: EACH }, (_, at) => anyEvent(round * EACH + at));
    await expect(202, "POST", "/v1/events/batch", events);
    await sleep(900);
  }
  const later = new Date(Date.now() + 5_400_000).toISOString();
  await expect(202, "POST", "/v1/events", { type: "order.created", data: { order: "ord_later" }, deliverAt: later });
  const window = { since: new Date(Date.now() - 7_200_000).toISOString() };
  await expect(202, "POST", `/v1/subscriptions/${subscriptions["Order fulfilment"]}/replay`, {
    ...window,
    types: ["order.paid"],
  });
  await expect(202, "POST", `/v1/subscriptions/${subscriptions["Video exports"]}/recover`, window);
  const spared = `/v1/subscriptions/${subscriptions["CRM sync"]}/health`;
  await until(async () => (await expect(200, "GET", spared)).circuit !== "closed", {
    timeout: 60_000,
    every: 500,
    what: "a destination to be spared",
  });
  world.failing = await newest(expect, { subscription: subscriptions["Video exports"], status: "failed" });
  world.pending = await newest(expect, { subscription: subscriptions["CRM sync"], status: "pending" });
  world.delivered = await newest(expect, { subscription: subscriptions["Order fulfilment"], status: "delivered" });
  const { data } = await expect(200, "GET", "/v1/operations");
  world.operation = data[0].id;
}

async function newest(expect, query) {
  const { data } = await expect(200, "GET", `/v1/deliveries?${new URLSearchParams({ ...query, limit: 1 })}`);
  return data[0].id;
}
