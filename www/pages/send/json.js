// Where JSON stops being JSON. Browsers say it each in their own words, and some don't say where.

/** Another level than any parser has to bear. */
const DEEPEST = 2_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not stand in a string
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * What is wrong with `text` as JSON, and where; null where nothing is.
 *
 * @returns {{message: string, offset: number, line: number, column: number} | null} line and column begin at 1
 */
export function jsonFault(text) {
  try {
    const end = space(text, value(text, space(text, 0), 0));
    if (end < text.length) stop(end, "nothing may follow the value");
    return null;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const before = text.slice(0, fault.offset).split("\n");
    const place = { offset: fault.offset, line: before.length, column: before.at(-1).length + 1 };
    return { message: fault.message, ...place };
  }
}

class Fault extends Error {
  constructor(offset, message) {
    super(message);
    this.offset = offset;
  }
}

function stop(offset, message) {
  throw new Fault(offset, message);
}

/** Where a pattern that begins at `at` ends; `at` where it does not fit. */
function past(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const space = (text, at) => past(SPACE, text, at);

/** Where the value that begins at `at` ends. */
function value(text, at, depth) {
  if (depth > DEEPEST) stop(at, "this is nested too deeply");
  const first = text[at];
  if (first === "{") return members(text, at, depth, "}", member);
  if (first === "[") return members(text, at, depth, "]", value);
  if (first === '"') return string(text, at);
  const end = Math.max(past(NUMBER, text, at), past(WORD, text, at));
  if (end === at) stop(at, at < text.length ? unexpected(text, at) : "a value is missing");
  if (/[\w.+-]/.test(text[end] ?? "")) stop(at, "this is neither a number nor true, false or null");
  return end;
}

function unexpected(text, at) {
  if (text[at] === "'") return "strings stand in double quotes";
  if (text[at] === "," || text[at] === "]" || text[at] === "}") return "a value is missing";
  return /\w/.test(text[at]) ? "text stands in double quotes" : "this is no value";
}

/** An object or array: `one` reads what stands between its commas. */
function members(text, start, depth, close, one) {
  let at = space(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = space(text, one(text, at, depth + 1));
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") stop(at, `a comma or ${close} is missing`);
    const comma = at;
    at = space(text, at + 1);
    if (text[at] === close) stop(comma, `no comma before ${close}`);
  }
}

function member(text, at, depth) {
  if (text[at] !== '"') stop(at, "a name in double quotes is missing");
  const colon = space(text, string(text, at));
  if (text[colon] !== ":") stop(colon, "a colon is missing");
  return value(text, space(text, colon + 1), depth);
}

function string(text, start) {
  let at = start + 1;
  for (;;) {
    at = past(PLAIN, text, at);
    if (text[at] === '"') return at + 1;
    if (at >= text.length) stop(start, "this string does not end");
    if (text[at] !== "\\") stop(at, "line breaks and tabs in a string are written \\n and \\t");
    const end = past(ESCAPE, text, at);
    if (end === at) stop(at, "there is no such escape");
    at = end;
  }
}
