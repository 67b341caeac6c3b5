// A request as a command for a POSIX shell.

/** An argument as the shell takes it letter for letter. */
export const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** What curl reckons itself. */
const OWN = ["content-length", "host", "transfer-encoding", "connection"];
/** What curl would add where the request has none. */
const ADDED = ["User-Agent", "Accept", "Content-Type", "Expect"];
/** In characters; an argument may have 128 KiB on Linux. */
const LONGEST = 40_000;
/** What a terminal could take for a command when it is pasted, however it is quoted. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const COMMANDING = /[\0-\t\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** @param {{method: string, url: string, headers: {name: string, value: string | null}[], body: string | null, bodyBase64?: string}} request */
export function curl({ method, url, headers, body, bodyBase64 }) {
  const sent = headers.filter(({ name, value }) => value !== null && !OWN.includes(name.toLowerCase()));
  const names = sent.map(({ name }) => name.toLowerCase());
  const missing = ADDED.filter((name) => !names.includes(name.toLowerCase()));
  const [before, data] = given(method, body, bodyBase64);
  const lines = [
    `${before}curl -i --globoff --path-as-is -X ${quoted(method)} ${quoted(url)}`,
    ...sent.map(header),
    ...missing.map((name) => `-H ${quoted(`${name}:`)}`),
    data,
  ];
  return lines.filter(Boolean).join(" \\\n  ");
}

/** curl takes a header without a value from `Name;`, and `Name:` for one to leave out. */
const header = ({ name, value }) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`;

/** What comes before curl, and its argument. */
function given(method, body, bodyBase64) {
  if (!body && !bodyBase64) return ["", ["GET", "HEAD"].includes(method) ? null : "--data-binary ''"];
  const piped = "--data-binary @-";
  if (!body || COMMANDING.test(body)) {
    const text = bodyBase64 ?? base64(body);
    return [`printf %s ${quoted(text)} | base64 -d | `, piped];
  }
  // Of one that begins with `@`, curl would read a file.
  if (body.length > LONGEST || body.startsWith("@")) return [`printf %s ${quoted(body)} | `, piped];
  return ["", `--data-binary ${quoted(body)}`];
}

function base64(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
