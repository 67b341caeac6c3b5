// When things happen in a day: more by day than at night, and not evenly.

export const DAY = 86_400_000;
/** How often something happens in each hour of a day, by UTC. */
const HOURS = [3, 2, 2, 1, 1, 2, 4, 7, 10, 12, 13, 12, 10, 12, 14, 13, 12, 11, 9, 8, 7, 6, 5, 4];

/** So many times of the last day but for its last minutes, in their order; the same for the same day's hours. */
export function times(count, now = Date.now()) {
  const from = now - DAY + 120_000;
  const steps = 288;
  const width = (DAY - 420_000) / steps;
  const weights = Array.from({ length: steps }, (_, step) => {
    const hour = new Date(from + step * width).getUTCHours();
    return HOURS[hour] * (0.75 + 0.5 * Math.abs(Math.sin(step * 1.7) * Math.cos(step * 0.31)));
  });
  const total = weights.reduce((sum, weight) => sum + weight);
  const found = [];
  let done = 0;
  for (const [step, weight] of weights.entries()) {
    done += (weight / total) * count;
    const here = Math.round(done) - found.length;
    for (let n = 0; n < here; n++) found.push(Math.floor(from + (step + n / here) * width));
  }
  return found;
}
