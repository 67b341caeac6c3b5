// npm run bench -- --batch: the same events one by one and in batches, in alternating rounds: how quickly they are taken
// in, and how quickly the last one of them is delivered.
import { setTimeout as sleep } from "node:timers/promises";
import { signet } from "./contenders.mjs";
import { median, percentile } from "./figures.mjs";
import { startLoad, startReceiver } from "./helpers.mjs";
import { serve } from "./workerd.mjs";

const EVENTS = 4_000;
const WAYS = [
  { name: "one by one, 16 connections", connections: 16 },
  { name: "batches of 100, 2 connections", connections: 2, batch: 100 },
  { name: "batches of 1,000, 1 connection", connections: 1, batch: 1_000 },
];
const PATIENCE_MS = 120_000;

const ROWS = [
  ["events accepted/s", "accepted", 0],
  ["events delivered/s, to the last", "delivered", 0],
  ["CPU per event, ms", "cpu", 3],
];

/** Posts the events in one way and waits for all of them to arrive. */
async function round({ connections, batch }, { order, served, receiver, load, bytes }) {
  await receiver.take();
  const before = served.cpu();
  const url = batch === undefined ? order.url : `${order.url}/batch`;
  const shape = { connections, batch, bytes, events: EVENTS, seconds: PATIENCE_MS / 1_000 };
  const { posted, refused, start, elapsed } = await load.run({ ...order, ...shape, url });
  const givenUp = Date.now() + PATIENCE_MS;
  while ((await receiver.count()) < posted.length && Date.now() < givenUp) await sleep(20);
  await sleep(300);
  const { arrivals, repeats } = await receiver.take();
  const times = arrivals.map(([, at]) => at - start).sort((a, b) => a - b);
  const lost = posted.length - times.length;
  if (lost || repeats || Object.keys(refused).length) {
    throw new Error(`${lost} lost, ${repeats} repeated, refused: ${JSON.stringify(refused)}`);
  }
  return {
    accepted: (posted.length / elapsed) * 1_000,
    delivered: (posted.length / percentile(times, 1)) * 1_000,
    cpu: (served.cpu() - before) / posted.length,
  };
}

export async function benchBatch(rounds, bytes, disk) {
  console.log(`${EVENTS} events of ${bytes} bytes to one subscription, ${rounds} rounds each way\n`);
  const running = [];
  try {
    const receiver = await startReceiver();
    running.push(receiver);
    const load = startLoad();
    running.push(load);
    const served = await serve(await signet.worker(receiver.url), { under: disk });
    running.push(served);
    const setting = { order: await signet.prepare(served.url, receiver.url), served, receiver, load, bytes };
    const figures = new Map(WAYS.map((way) => [way, []]));
    for (let number = 0; number <= rounds; number += 1) {
      for (const way of WAYS) {
        const measured = await round(way, setting);
        // The first one only warms up.
        if (number > 0) figures.get(way).push(measured);
      }
    }
    console.log(`${"".padEnd(34)}${WAYS.map(({ name }) => name.padStart(34)).join("")}`);
    for (const [label, key, digits] of ROWS) {
      const cells = WAYS.map((way) =>
        median(figures.get(way).map((one) => one[key]))
          .toFixed(digits)
          .padStart(34),
      );
      console.log(label.padEnd(34) + cells.join(""));
    }
    console.log(`\nMedians. Again: npm run bench -- --batch --rounds ${rounds}${disk ? ` --disk ${disk}` : ""}`);
  } finally {
    for (const started of running.reverse()) await started.stop();
  }
}
