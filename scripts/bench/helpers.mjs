// The helper processes of a run: who receives, and who makes the load.
import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

function start(script) {
  const child = fork(path.join(import.meta.dirname, script));
  const ask = async (question) => {
    child.send(question);
    const [answer] = await once(child, "message");
    return answer;
  };
  return { child, ask, stop: () => child.kill() };
}

export async function startReceiver() {
  const { child, ask, stop } = start("receiver.mjs");
  const [{ port }] = await once(child, "message");
  return {
    url: `http://127.0.0.1:${port}/hook`,
    count: async () => (await ask("count")).count,
    take: () => ask("take"),
    stop,
  };
}

export async function startOrigin() {
  const { child, stop } = start("origin.mjs");
  const [{ port }] = await once(child, "message");
  return { url: `http://127.0.0.1:${port}/hook`, stop };
}

export const startLoad = () => startRuns("load.mjs");
export const startCalls = () => startRuns("calls.mjs");

function startRuns(script) {
  const { ask, stop } = start(script);
  let first = 1; // event numbers go on from round to round, so that a late arrival is never another round's
  return {
    async run(order) {
      const { next, ...outcome } = await ask({ ...order, first });
      first = next;
      return outcome;
    },
    stop,
  };
}
