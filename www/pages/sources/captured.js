// Reads a request that somebody captured: raw HTTP, a curl command, or the JSON that the explain call takes.

/**
 * @param {string} text what was pasted
 * @param {string} base the URL that a path alone belongs to
 * @returns {{method, url, headers: [string, string][], body?: string, bodyBase64?: string, at?: string}}
 * @throws {Error} says what it could not read
 */
export function read(text, base) {
  const trimmed = text.trimStart();
  if (trimmed.startsWith("{")) return fromJson(trimmed);
  if (/^\$?\s*curl\s/.test(trimmed)) return fromCurl(trimmed.replace(/^\$\s*/, ""));
  return fromHttp(trimmed, base);
}

/** Lines of `Name: value` as pairs. */
export function pairs(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const at = line.indexOf(":", 1);
    if (at < 0) throw new Error(`“${line.slice(0, 60)}” is no header: write Name: value.`);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
}

export const lines = (headers) => headers.map(([name, value]) => `${name}: ${value}`).join("\n");

function fromJson(text) {
  const { method = "POST", url = "", headers = {}, body, bodyBase64, at } = JSON.parse(text);
  const listed = Array.isArray(headers) ? headers : Object.entries(headers);
  const each = listed.flatMap(([name, value]) => [value].flat().map((one) => [String(name), String(one)]));
  return { method, url, headers: each, body, bodyBase64, at };
}

function fromHttp(text, base) {
  const [, head, , body] = /^([\s\S]*?)(\r?\n\r?\n|$)([\s\S]*)$/.exec(text) ?? [];
  const [first, ...rest] = head.split(/\r?\n/);
  const asked = /^([A-Za-z-]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(first.trim());
  const headers = pairs((asked ? rest : [first, ...rest]).join("\n"));
  if (!asked) return { method: "POST", url: base, headers, body };
  const [, method, target] = asked;
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  return { method: method.toUpperCase(), url: whole(target, host, base), headers, body };
}

/** The URL of a request's first line. What scheme it came by stands nowhere: the source's own counts for its host. */
function whole(target, host, base) {
  if (/^https?:\/\//i.test(target)) return target;
  const own = new URL(base);
  if (!host || host === own.host) return own.origin + target;
  return `https://${host}${target}`;
}

const DATA = ["-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"];
/** Options with a value that says nothing about what is sent. */
const OTHERS = ["-o", "--output", "-w", "--write-out", "-m", "--max-time", "--connect-timeout", "-x", "--proxy"];
OTHERS.push("--cacert", "--cert", "--key", "--resolve", "--retry", "-D", "--dump-header", "-c", "--cookie-jar");
const HEADERS = {
  "-A": "User-Agent",
  "--user-agent": "User-Agent",
  "-e": "Referer",
  "-b": "Cookie",
  "--cookie": "Cookie",
};

function fromCurl(text) {
  const [, ...args] = words(text);
  const data = [];
  const headers = [];
  let [method, url] = ["", ""];
  while (args.length > 0) {
    const [name, value] = option(args);
    if (name === "-X" || name === "--request") method = value;
    else if (name === "-H" || name === "--header") headers.push(...pairs(value));
    else if (DATA.includes(name)) data.push(value);
    else if (name === "-u" || name === "--user") headers.push(["Authorization", `Basic ${btoa(value)}`]);
    else if (name in HEADERS) headers.push([HEADERS[name], value]);
    else if (name === "--url" || !name.startsWith("-")) url = value;
  }
  if (data.some((one) => one.startsWith("@"))) {
    throw new Error("The command reads the body from a file. Paste that file's text as the body below.");
  }
  const body = data.length > 0 ? data.join("&") : undefined;
  return { method: (method || (body === undefined ? "GET" : "POST")).toUpperCase(), url, headers, body };
}

/** Takes the next option, and its value where it has one, from the arguments. */
function option(args) {
  const first = args.shift();
  if (!first.startsWith("-")) return ["--url", first];
  const takes = (name) => /^(-X|-H|-u|--request|--header|--user|--url)$/.test(name) || name in HEADERS;
  const has = (name) => DATA.includes(name) || OTHERS.includes(name) || takes(name);
  if (has(first)) return [first, args.shift() ?? ""];
  const [, long, value] = /^(--[^=]+)=([\s\S]*)$/.exec(first) ?? [];
  if (long && has(long)) return [long, value];
  const short = first.slice(0, 2);
  // `-XPOST`; and `-sS`, which says nothing here.
  if (!first.startsWith("--") && first.length > 2 && has(short)) return [short, first.slice(2)];
  // `-sSX POST`: the last of several may have a value.
  const last = `-${first.at(-1)}`;
  if (!first.startsWith("--") && first.length > 2 && has(last)) return [last, args.shift() ?? ""];
  return [first, ""];
}

const ESCAPES = { n: "\n", r: "\r", t: "\t", "'": "'", '"': '"', "\\": "\\", a: "\x07", b: "\b", f: "\f", v: "\v" };

/** Splits a command as a shell would: quotes, backslashes, `$'…'`, lines that go on. */
function words(text) {
  const found = [];
  const part = /\\\r?\n|\s+|\$'((?:[^'\\]|\\[\s\S])*)'|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\$]+|\$)/y;
  let word = null;
  while (part.lastIndex < text.length) {
    const at = part.lastIndex;
    const match = part.exec(text);
    if (!match) throw new Error(`The command's quotes do not close, from “${text.slice(at, at + 30)}” on.`);
    const [all, ansi, single, double, escaped, bare] = match;
    if (/^\\\r?\n$/.test(all)) continue;
    if (/^\s/.test(all)) {
      if (word !== null) found.push(word);
      word = null;
      continue;
    }
    word ??= "";
    word += ansi !== undefined ? unescaped(ansi) : (single ?? inDouble(double) ?? escaped ?? bare ?? "");
  }
  if (word !== null) found.push(word);
  return found;
}

const inDouble = (text) => text?.replace(/\\\r?\n/g, "").replace(/\\([$`"\\])/g, "$1");

function unescaped(text) {
  return text.replace(/\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([\s\S]))/g, (_, hex, unicode, one) =>
    one === undefined ? String.fromCodePoint(Number.parseInt(hex ?? unicode, 16)) : (ESCAPES[one] ?? `\\${one}`),
  );
}
