const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** How long it is until something: `in 42 s`, `in 3 min 20 s`, and `now` from then on. */
export function countdown(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds <= 0) return "now";
  const at = UNITS.findIndex(([length]) => seconds >= length);
  const [[length, unit], finer] = [UNITS[at], UNITS[at + 1]];
  const rest = finer ? Math.floor((seconds % length) / finer[0]) : 0;
  return `in ${Math.floor(seconds / length)} ${unit}${rest > 0 ? ` ${rest} ${finer[1]}` : ""}`;
}
