// Chance that can be repeated: the same seed, the same plan. SIGNET_TEST_SEED sets it.

/** A seed for this run. */
export const seed = () => Number(process.env.SIGNET_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));

/** Mulberry32: `below(n)` is a whole number from 0 to n - 1, `pick(list)` one of a list. */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)] };
}
