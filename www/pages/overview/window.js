// How far back the overview looks, and into what parts the time is cut.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `interval` is the length of a column, `every` how often it is read again; all in ms. */
export const WINDOWS = {
  "1h": { name: "1 hour", words: "the last hour", length: HOUR, interval: MINUTE, every: 5_000 },
  "24h": { name: "24 hours", words: "the last 24 hours", length: 24 * HOUR, interval: 30 * MINUTE, every: 15_000 },
  "7d": { name: "7 days", words: "the last 7 days", length: 168 * HOUR, interval: 3 * HOUR, every: 60_000 },
};

/** The window that an address asks for. */
export const chosen = (asked) => (Object.hasOwn(WINDOWS, asked ?? "") ? asked : "24h");

/**
 * The window's times at `now`: whole parts, the last of which has begun. They stay what they are until the next part
 * begins, so that columns neither move nor change between two readings.
 */
export function span({ length, interval }, now) {
  const end = (Math.floor(now / interval) + 1) * interval;
  return { since: new Date(end - length).toISOString(), until: new Date(end - 1).toISOString(), end };
}
