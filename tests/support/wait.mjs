// Bounded waits: a test asks again until something holds, and says what it waited for when it never does.
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Calls `condition` until it answers something truthy, and resolves to that.
 * A throw counts as "not yet", and is shown when the time is up.
 *
 * @param {() => any} condition
 * @param {{timeout?: number, every?: number, what?: string | (() => string)}} [options] times in ms
 */
export async function until(condition, { timeout = 10_000, every = 20, what = "the condition" } = {}) {
  const end = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = undefined;
      const value = await condition();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= end) {
      const name = typeof what === "function" ? what() : what;
      throw new Error(`waited ${timeout} ms in vain for ${name}`, { cause: last });
    }
    await sleep(every);
  }
}

/** Runs `task` over `items`, at most `width` of them at once; resolves to the results in the items' order. */
export async function inParallel(items, width, task) {
  const results = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}

export { sleep };
