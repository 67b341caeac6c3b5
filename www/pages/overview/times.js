// Times as a chart says them, by the clock where one sits.
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric" });

/** A mark of an axis: `14:30`, or the day that begins there. */
export const clock = ({ at, isDay }) => (isDay ? DAY : CLOCK).format(at);

/** A part of the time: `Fri 20, 14:30 – 15:00`. */
export function between({ since, until }) {
  const [begin, end] = [new Date(since), new Date(Date.parse(until) + 1)];
  return `${DAY.format(begin)}, ${CLOCK.format(begin)} – ${CLOCK.format(end)}`;
}
