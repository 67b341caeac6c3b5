// Everything a measurement needs, started and ended together: helpers, and the Workers on workerd.
import { setTimeout as sleep } from "node:timers/promises";
import { sumUp } from "./figures.mjs";
import { startLoad, startReceiver } from "./helpers.mjs";
import { serve } from "./workerd.mjs";

const DRAIN_MS = 10_000; // how long the last deliveries of a round may still take to arrive
const QUIET_MS = 300; // between rounds, so that one contender's last writes are not the next one's load

/** Starts the contenders; `round(contender, seconds)` loads one of them and answers its figures. `inspector(contender)`: its debugger's port. */
export async function openArena(contenders, { connections, bytes, disk, inspect }) {
  const running = [];
  const close = async () => {
    for (const started of running.splice(0).reverse()) await started.stop();
  };
  try {
    const receiver = await startReceiver();
    running.push(receiver);
    const load = startLoad();
    running.push(load);
    const targets = new Map();
    for (const contender of contenders) {
      const served = await serve(await contender.worker(receiver.url), { under: disk, inspect });
      running.push(served);
      targets.set(contender, { order: await contender.prepare(served.url, receiver.url), served });
    }

    const round = async (contender, seconds) => {
      await receiver.take(); // forgets what came late
      const { order, served } = targets.get(contender);
      const before = served.cpu();
      const outcome = await load.run({ ...order, connections, seconds, bytes });
      const givenUp = Date.now() + DRAIN_MS;
      while ((await receiver.count()) < outcome.posted.length && Date.now() < givenUp) await sleep(50);
      await sleep(QUIET_MS); // a repeat would come after its first arrival
      return sumUp(outcome, await receiver.take(), served.cpu() - before);
    };
    const inspector = (contender) => targets.get(contender).served.inspector;
    return { round, inspector, close };
  } catch (error) {
    await close();
    throw error;
  }
}
