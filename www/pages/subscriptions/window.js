// A stretch of time that ends now, or one between two times as the browser's own clock shows them.

export const WINDOWS = [
  ["3600", "The last hour"],
  ["86400", "The last 24 hours"],
  ["604800", "The last 7 days"],
  ["own", "Since a time of your choice"],
];

/** What is wrong with the times that were chosen. */
export function windowFaults({ window, since, until }) {
  if (window !== "own") return {};
  if (!isTime(since)) return { since: "Choose when it begins." };
  if (until === "") return {};
  if (!isTime(until)) return { until: "Choose when it ends, or leave it empty." };
  return new Date(until) < new Date(since) ? { until: "It ends before it begins." } : {};
}

/** `{since, until?}` as the API takes it. */
export function windowOf({ window, since, until }, now = Date.now()) {
  if (window !== "own") return { since: new Date(now - Number(window) * 1_000).toISOString() };
  return { since: new Date(since).toISOString(), ...(until ? { until: new Date(until).toISOString() } : {}) };
}

/** A time as a field of that kind shows it: in the browser's time zone, without one. */
export function local(time) {
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

const isTime = (text) => text !== "" && !Number.isNaN(new Date(text).getTime());
