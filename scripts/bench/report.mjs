// The table at the end of a run.
import { median } from "./figures.mjs";

const ROWS = [
  ["events accepted/s", "accepted", 0],
  ["events delivered/s", "delivered", 0],
  ["POST to arrival p50, ms", "p50", 1],
  ["POST to arrival p99, ms", "p99", 1],
  ["CPU per event, ms", "cpu", 2],
];

const spread = (values, digits) =>
  [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits).padStart(8)).join("");

/** `results`: a Map of contender → the figures of its rounds. With two of them, the ratio of the first to the second. */
export function printTable(results) {
  const contenders = [...results.keys()];
  const columns = contenders.map(({ name }) => name.padStart(16).padEnd(24)).join("");
  const compared = contenders.length === 2;
  console.log(`${"".padEnd(26)}${columns}${compared ? `   ${contenders.map(({ name }) => name).join("/")}` : ""}`);
  console.log(
    `${"".padEnd(26)}${contenders.map(() => "     min  median     max").join("")}${compared ? "   median of pairs" : ""}`,
  );
  for (const [label, key, digits] of ROWS) {
    const series = contenders.map((contender) => results.get(contender).map((figures) => figures[key]));
    if (series.flat().some(Number.isNaN)) continue; // not measured here
    const ratio = compared ? `   ${median(series[0].map((value, round) => value / series[1][round])).toFixed(2)}` : "";
    console.log(`${label.padEnd(26)}${series.map((values) => spread(values, digits)).join("")}${ratio}`);
  }
}

/** Says what went wrong, for a fast gateway that refuses or loses is not fast. */
export function printRefusals(results) {
  for (const [{ name }, rounds] of results) {
    const missing = rounds.reduce((sum, round) => sum + round.missing, 0);
    const repeats = rounds.reduce((sum, round) => sum + round.repeats, 0);
    const refused = {};
    for (const round of rounds)
      for (const [outcome, times] of Object.entries(round.refused)) refused[outcome] = (refused[outcome] ?? 0) + times;
    if (missing) console.log(`${name}: ${missing} accepted events had not arrived 10 s after their round`);
    if (repeats) console.log(`${name}: ${repeats} arrived more than once`);
    for (const [outcome, times] of Object.entries(refused))
      console.log(`${name}: ${times} events not accepted (${outcome})`);
  }
}
