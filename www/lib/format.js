// Numbers and times as people read them, in their own language's way of writing numbers.
const WHOLE = new Intl.NumberFormat();
const COMPACT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" });
const EXACT = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  timeZoneName: "short",
});

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

export const whole = (number) => WHOLE.format(number);
export const compact = (number) => COMPACT.format(number);

/** A share of 1; a little less than all of it is never shown as all. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  return PERCENT.format(share < 1 && share > 0.999 ? 0.999 : share);
}

/** `31 ms`, `1.4 s`, `5 min`, `2.5 h`. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const rounded = (value) => (value < 9.95 ? String(Math.round(value * 10) / 10) : String(Math.round(value)));
  if (milliseconds < 59_500) return `${rounded(milliseconds / 1_000)} s`;
  if (milliseconds < 3_570_000) return `${rounded(milliseconds / 60_000)} min`;
  if (milliseconds < 172_800_000) return `${rounded(milliseconds / 3_600_000)} h`;
  return `${rounded(milliseconds / 86_400_000)} d`;
}

/** `3 min. ago`, `in 20 sec.`, `now`. */
export function relative(time, now = Date.now()) {
  const away = new Date(time).getTime() - now;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(away) >= length) ?? [];
  return unit ? RELATIVE.format(Math.trunc(away / length), unit) : "now";
}

export const exact = (time) => EXACT.format(new Date(time));

/** An id's last characters, where the whole would be too long to read: they are the ones that differ. */
export const short = (id) => (id.length > 20 ? `${id.slice(0, id.indexOf("_") + 1)}…${id.slice(-6)}` : id);

/** Bytes, by 1,024. */
export function bytes(count) {
  if (count < 1_024) return `${count} B`;
  return count < 1_048_576 ? `${(count / 1_024).toFixed(1)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`;
}

/** JSON laid out to be read, or the text as it is where it is none. Numbers stay as they were written. */
export function pretty(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return indent(text);
}

/** Lays out valid JSON without reading it as values: a number of twenty digits or a key that stands twice stays so. */
function indent(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let depth = 0;
  let out = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [at, token] of tokens.entries()) {
    const isEmpty = "]}".includes(tokens[at + 1] ?? " ");
    if (token === "{" || token === "[") {
      out += token;
      if (!isEmpty) {
        depth += 1;
        out += line();
      }
    } else if (token === "}" || token === "]") {
      if (!"[{".includes(tokens[at - 1])) {
        depth -= 1;
        out += line();
      }
      out += token;
    } else if (token === ",") out += `,${line()}`;
    else out += token === ":" ? ": " : token;
  }
  return out;
}
