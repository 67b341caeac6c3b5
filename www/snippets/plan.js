// What a receiver has to do under a profile's `signature`, worked out once for all languages.

const HMAC = /^hmac-(sha(1|256|384|512)|md5)$/;

/** The letters of a timestamp, and how it is written: in regular expressions that every language reads. */
const TIMES = {
  seconds: ["\\d", "\\d+"],
  milliseconds: ["\\d", "\\d+"],
  rfc3339: ["\\dTZ:.-", "[\\d-]+T[\\d:.]+Z"],
  "http-date": ["\\w,: ", "\\w{3}, [\\w: ]+ GMT"],
};

/** The letters of a signature, and how an Ed25519 one ends after so many of them. */
const ENCODINGS = {
  hex: ["0-9a-f", "{128}"],
  "hex-upper": ["0-9A-F", "{128}"],
  base64: ["A-Za-z0-9+/", "{86}=="],
  base64url: ["A-Za-z0-9_-", "{86}"],
};

const regex = (text) => text.replace(/[^\w\s=,;:-]/g, "\\$&");
const last = (list) => list[list.length - 1];

/** A template as a list of texts and `{name}`s. */
function parts(template) {
  return template
    .split(/(\{[^{}]*\})/)
    .filter(Boolean)
    .map((part) => (/^\{[^{}]*\}$/.test(part) ? { name: part.slice(1, -1) } : part));
}

/**
 * What every language writes its program from; null where no program could be sure of what it reads.
 *
 * @param {object} scheme a profile's `signature`
 * @param {string} [publicKey] `whpk_…`: then it is this key that verifies
 */
export function plan(scheme, publicKey) {
  const { content, header, separator, asymmetricFormat, encoding = "hex", timestampFormat = "seconds" } = scheme;
  const isPublic = scheme.algorithm === "ed25519" || Boolean(publicKey && asymmetricFormat);
  if (!(isPublic || HMAC.test(scheme.algorithm)) || !ENCODINGS[encoding] || !TIMES[timestampFormat]) return null;
  if (publicKey && !/^whpk_[A-Za-z0-9+/]{43}=?$/.test(publicKey)) return null;
  // What can't be seen can't be pasted.
  if (/[^\P{C}\n\r\t]|[\u2028\u2029]/u.test(content)) return null;

  const own = isPublic && asymmetricFormat && scheme.algorithm !== "ed25519";
  const items = separator ? scheme.format.split(separator) : [scheme.format];
  const at = items.findIndex((item) => item.includes("{signature}"));
  // A separator may be letters of the placeholder's own name.
  if (at < 0) return null;
  if (own) items[at] = asymmetricFormat;
  const item = items[at];
  const whole = items.join(separator);
  // HTTP takes away the spaces at a value's ends.
  if (whole !== whole.trim()) return null;

  const hasTime = (text) => text.includes("{timestamp}");
  const isDated = hasTime(content);
  const needsTime = isDated || hasTime(item);
  const isListed = Boolean(separator);
  const [letters, end] = ENCODINGS[encoding];
  const [timeLetters, writtenTime] = TIMES[timestampFormat];
  // What parts the items has a letter that is in none of them.
  const parted = (by) => new RegExp(`[^${by}]`).test(separator);
  if (isListed && (!parted(`=${letters}`) || item.includes(separator))) return null;
  if (isListed && items.some(hasTime) && !parted(timeLetters)) return null;

  let time = null;
  if (needsTime && scheme.timestampHeader) time = { header: scheme.timestampHeader };
  else if (needsTime) {
    // While a secret is exchanged for a key pair, items of two forms stand side by side: both would have to be read.
    if (isListed && asymmetricFormat && hasTime(item)) return null;
    if (!items.some(hasTime)) return null;
    const pattern = timePattern(parts(whole), { separator, writtenTime, letters });
    if (!pattern) return null;
    time = { pattern };
  }

  const written = parts(item).map((part) =>
    part.name === "signature" ? `([${letters}]${end})` : part.name ? writtenTime : regex(part),
  );
  return {
    isPublic,
    publicKey,
    /** The hash of the HMAC, `sha256` and so on. */
    hash: scheme.algorithm.slice(5),
    secretEncoding: scheme.secretEncoding ?? "utf8",
    encoding,
    header,
    /** What the header's value is split at; undefined where it holds one signature. */
    separator: separator || undefined,
    /** What is signed, and what stands in the header for it. */
    content: parts(content),
    item: parts(item),
    /** What finds Ed25519 signatures in the header, wherever they stand. */
    signatures: written.join(""),
    id: content.includes("{id}") ? scheme.idHeader : undefined,
    /** Where the timestamp is: `{header}`, or `{pattern}` to be found in the signature's header. */
    time,
    isDated,
    timeFormat: timestampFormat,
    tolerance: scheme.toleranceSeconds ?? 300,
  };
}

/** What finds the timestamp in the header's value: from its start on where it stands before the signature, else at its end. */
function timePattern(format, { separator, writtenTime, letters }) {
  const at = format.findIndex((part) => part.name === "timestamp");
  const text = (part) => (typeof part === "string" ? part : "");
  const before = text(format[at - 1]);
  const after = text(format[at + 1]);
  const isFirst = format.findIndex((part) => part.name === "signature") > at;
  const cut = (literal, pick) =>
    separator && literal.includes(separator) ? pick(literal.split(separator), separator) : literal;
  if (isFirst) {
    const end = cut(after, ([first], by) => first + by);
    return /^\d*$/.test(end) ? null : `\\A${regex(before)}(${writtenTime})${regex(end)}`;
  }
  const start = cut(before, (pieces, by) => by + last(pieces));
  const isLost = new RegExp(`^[=${letters}]*$`).test(start);
  return isLost ? null : `${regex(start)}(${writtenTime})${regex(after)}\\z`;
}

/** Lines of a program, those left out that are false. */
export const program = (...lines) =>
  `${lines
    .flat(Infinity)
    .filter((line) => typeof line === "string")
    .join("\n")}\n`;

/** Those modules that a program names, leaving aside its texts and comments. */
export function used(modules, code) {
  const bare = code.replace(/"(\\.|[^"\\])*"|`[^`]*`|(\/\/|#) .*/g, "");
  return modules.filter((path) => new RegExp(`\\b${last(path.split(/[./]/))}\\b`).test(bare));
}

/** What is signed, in runs of text with the body between them. */
export function runs(content) {
  const all = [];
  for (const part of content) {
    if (part.name === "body") all.push(null);
    else if (last(all)) last(all).push(part);
    else all.push([part]);
  }
  return all;
}

/** The environment's name for what the program needs to know; null where it stands in the program. */
export function variable({ isPublic, publicKey }) {
  if (!isPublic) return "WEBHOOK_SECRET";
  return publicKey ? null : "WEBHOOK_PUBLIC_KEY";
}

export const BASE64_SECRET = "What follows the prefix is base64.";
export const HEX_SECRET = "The secret is hexadecimal, whatever its prefix.";
export const WHSEC_SECRET = "Behind whsec_ is base64; any other secret is used as written.";
export const STALE = "What is old may have been recorded and sent again.";
export const SEVERAL = "While the secret is being changed, the old one and the new one sign.";
