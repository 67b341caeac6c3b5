// Traffic while an object clears away what is too old.
import { inParallel, sleep, until } from "./wait.mjs";

/**
 * Posts events of a type, four at a time, until the delivery `youngest` is gone. Answers how long that took, what became of the events'
 * deliveries, and how long each of the posts took, in ms.
 *
 * @param {{api: Function, sendOne: Function}} on
 * @param {{type: string, youngest: string, timeout?: number}} what
 */
export async function clearing({ api, sendOne }, { type, youngest, timeout = 30_000 }) {
  const sent = [];
  const times = [];
  let isOver = false;
  const traffic = inParallel(Array.from({ length: 4 }), 4, async () => {
    while (!isOver) {
      const before = performance.now();
      sent.push(await sendOne({ type, data: "meanwhile" }));
      times.push(performance.now() - before);
      await sleep(20);
    }
  });
  const started = performance.now();
  try {
    const isGone = async () => (await api("GET", `/v1/deliveries/${youngest}`)).status === 404;
    await until(isGone, { timeout, every: 100, what: `${youngest} to be gone` });
  } finally {
    isOver = true;
    await traffic;
  }
  return { took: performance.now() - started, sent, times };
}
