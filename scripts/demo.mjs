// npm run demo: one receiver, subscribed under each of the six profiles, gets each product's own sample event;
// the terminal shows what arrived, whether its signature holds, and the history that the gateway kept.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, Trouble } from "./demo/gateway.mjs";
import { products } from "./demo/products.mjs";
import { startReceiver } from "./demo/receiver.mjs";
import { report } from "./demo/report.mjs";
import { bold, dim, green, red } from "./demo/terminal.mjs";

const URL_OF_GATEWAY = process.env.SIGNET_URL ?? "http://127.0.0.1:8787";
const PATIENCE_MS = 12_000; // Ssemble's two retries take four seconds

async function subscribe(call, receiver, { profile, event, subscription }) {
  return call("POST", "/v1/subscriptions", {
    name: `Demo: ${profile}`,
    ...subscription,
    url: `${receiver.url}/${profile}`,
    events: [event.type],
    profile,
  });
}

/** Posts the event and picks the delivery to our own subscription: others may be subscribed to its type as well. */
async function post(call, { event, subscribed }) {
  const at = Date.now();
  const { id, deliveries } = await call("POST", "/v1/events", event);
  const delivery = deliveries.find(({ subscription }) => subscription === subscribed.id);
  if (!delivery) throw new Trouble(`${event.type} was accepted as ${id}, but not for the demo's subscription.`);
  return { at, event: id, delivery: delivery.id };
}

async function settled(call, id) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const delivery = await call("GET", `/v1/deliveries/${id}`);
    if (delivery.status !== "pending" || Date.now() > deadline) return delivery;
    await sleep(100);
  }
}

async function main() {
  const call = await connect(URL_OF_GATEWAY);
  const receiver = await startReceiver(products);
  const made = [];
  const cleanUp = async () => {
    receiver.stop();
    await Promise.allSettled(made.splice(0).map((id) => call("DELETE", `/v1/subscriptions/${id}`)));
  };
  process.once("SIGINT", () => cleanUp().finally(() => process.exit(130)));
  try {
    const parts = [];
    for (const product of products) {
      const subscribed = await subscribe(call, receiver, product);
      made.push(subscribed.id);
      parts.push({ ...product, subscribed, secret: subscribed.secret });
    }
    console.log(`${bold("Signet")} ${dim(`· gateway ${URL_OF_GATEWAY} · receiver ${receiver.url} · times in UTC`)}`);
    // All are posted before the first is shown: the retries run while the others are read.
    for (const part of parts) part.posted = await post(call, part);

    let held = 0;
    for (const part of parts) {
      const delivery = await settled(call, part.posted.delivery);
      if (report(part, part.posted, receiver.arrivals.get(part.profile), delivery)) held += 1;
    }
    const all = held === parts.length;
    const summary = `${held} of ${parts.length} profiles delivered and verified`;
    console.log(`\n${all ? green(summary) : red(summary)}`);
    process.exitCode = all ? 0 : 1;
  } finally {
    await cleanUp();
  }
}

await main().catch((error) => {
  if (!(error instanceof Trouble)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
