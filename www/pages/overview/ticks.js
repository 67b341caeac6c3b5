// Where the axes of a chart are marked: few marks, at values that people count in.

const ROUND = [1, 2, 5];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Of times, in ms: people count these in other steps than tens. */
const LENGTHS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 20, 50].map((days) => days * DAY),
];
/** Of the clock. */
const CLOCK = [5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE);

/** From 0 to the first mark that is not below `max`: whole numbers, about `most` of them. */
export function countTicks(max, most = 4) {
  let unit = 1;
  for (;;) {
    const step = ROUND.map((round) => round * unit).find((step) => step * most >= max);
    if (step) return upTo(max, step);
    unit *= 10;
  }
}

/** The same for a duration in ms. */
export function durationTicks(max, most = 4) {
  return upTo(max, LENGTHS.find((step) => step * most >= max) ?? Math.ceil(max / most));
}

function upTo(max, step) {
  const ticks = [0];
  while (ticks.at(-1) < max || ticks.length < 2) ticks.push(ticks.length * step);
  return ticks;
}

/**
 * Times between two, at round ones of the local clock, or at midnights where the time is long.
 *
 * @param {number} since ms since 1970
 * @param {number} until exclusive
 * @param {number} most how many there is room for
 * @returns {{at: number, isDay: boolean}[]} `isDay`: a day begins then
 */
export function timeTicks(since, until, most) {
  const room = Math.max(1, most);
  const step = CLOCK.find((step) => (until - since) / step <= room);
  return step ? byTheClock(since, until, step) : byTheDay(since, until, room);
}

function byTheClock(since, until, step) {
  const ticks = [];
  const midnight = new Date(since).setHours(0, 0, 0, 0);
  // From the day's beginning on: a change of the clock moves what comes after it, not what is round.
  for (let minutes = 0; ; minutes += step / MINUTE) {
    const day = new Date(midnight);
    const at = day.setHours(0, minutes, 0, 0);
    if (at >= until) return ticks;
    const isAgain = ticks.at(-1)?.at === at;
    if (at >= since && !isAgain) ticks.push({ at, isDay: minutes % (24 * 60) === 0 });
  }
}

function byTheDay(since, until, most) {
  const days = Math.max(1, Math.ceil((until - since) / DAY / most));
  const ticks = [];
  const day = new Date(since);
  day.setHours(0, 0, 0, 0);
  if (day.getTime() < since) day.setDate(day.getDate() + 1);
  for (; day.getTime() < until; day.setDate(day.getDate() + days)) ticks.push({ at: day.getTime(), isDay: true });
  return ticks;
}
