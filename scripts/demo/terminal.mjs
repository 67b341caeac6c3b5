// How things look on the terminal: at most 100 columns, colours only where somebody sees them.
import { stripVTControlCharacters } from "node:util";

export const WIDTH = 100;

const coloured = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
const style = (open, close) => (text) => (coloured ? `\x1b[${open}m${text}\x1b[${close}m` : String(text));
export const bold = style(1, 22);
export const dim = style(2, 22);
export const green = style(32, 39);
export const red = style(31, 39);
export const yellow = style(33, 39);

export const good = (text) => `${green("✓")} ${text}`;
export const bad = (text) => red(`✗ ${text}`);

const LABEL = 12;

/** Prints lines under a label: the label before the first, the others aligned with it. */
export function section(label, lines) {
  lines.forEach((line, index) => {
    console.log(`  ${dim((index === 0 ? label : "").padEnd(LABEL - 2))}${line}`);
  });
}

/** Cuts a line that is too long for a section, visibly. What goes in comes from the network: no control characters. */
export function clip(text, width = WIDTH - LABEL) {
  const plain = stripVTControlCharacters(text).replace(/\p{Cc}/gu, " ");
  return plain.length <= width ? plain : `${plain.slice(0, width - 1)}…`;
}

/** JSON as lines: what fits on one line stays on it. */
export function json(value, width = WIDTH - LABEL, indent = "", before = "") {
  const flat = spaced(value);
  if (indent.length + before.length + flat.length + 1 <= width || value === null || typeof value !== "object") {
    return [`${indent}${before}${flat}`];
  }
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const entries = Object.entries(value).map(([key, inner], index, all) => {
    const name = Array.isArray(value) ? "" : `${JSON.stringify(key)}: `;
    const lines = json(inner, width, `${indent}  `, name);
    return index < all.length - 1 ? [...lines.slice(0, -1), `${lines.at(-1)},`] : lines;
  });
  return [`${indent}${before}${open}`, ...entries.flat(), `${indent}${close}`];
}

/** One line, with a space after each comma and colon. */
function spaced(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`);
  return entries.length ? `{ ${entries.join(", ")} }` : "{}";
}
