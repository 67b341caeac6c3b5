// What is wrong with what somebody types, by the rules of docs/api.md, before the API is asked. Which hosts may be reached is for
// the API alone to say.

const TYPE = /^[A-Za-z0-9_.:/-]{1,128}$/;
const OPTIONAL_PREFIX = /^wh(?:sec|sk)_/;
const MAX_ROWS = 32;
const bytes = (text) => new TextEncoder().encode(text).length;

/** @returns {Record<string, string | undefined>} what is wrong, by field; `profile` is the chosen one, where it is known */
export function check(values, profile) {
  return {
    url: urlFault(values.url),
    name: [...values.name].length > 256 ? "A name has at most 256 characters." : undefined,
    events: eventsFault(values.events),
    filter: first(filterFaults(values.filter)) ?? many(values.filter),
    headers: first(headerFaults(values.headers, profile)) ?? many(values.headers),
    metadata: metadataFault(values.metadata),
    rateLimit: numberFault(values.rateLimit, 0.01, 10_000),
    concurrency: wholeFault(values.concurrency),
    shards: wholeFault(values.shards),
    ordered: values.ordered && Number(values.shards) > 1 ? "In order works with one shard only." : undefined,
    secret: values.secretType === "own" ? secretFault(values.secret, profile?.signature) : undefined,
  };
}

/** What is wrong with a destination, its host apart. */
export function urlFault(url) {
  if (url === "") return "Say where deliveries go: https://…";
  if ([...url].length > 2_048) return "A URL has at most 2,048 characters.";
  if (/[\s\p{Cc}]/u.test(url)) return "A URL has no spaces or line breaks.";
  if (!/^https?:/i.test(url)) return "A URL begins with https:// or http://.";
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || parsed.port === "0") return "This is not a whole URL.";
  const [authority] = url.replace(/^[^:]*:[/\\]*/, "").split(/[/\\?#]/);
  if (authority.includes("@")) return "A user name or password can't be in the URL. Use a header for it.";
  return undefined;
}

/** What is wrong with a type that is asked for, or with the pattern of some. */
export function patternFault(text) {
  if (text === "*") return undefined;
  if (text.length <= 128 && TYPE.test(text.replace(/\.\*$/, ""))) return undefined;
  if (text.length > 128) return "A type has at most 128 characters.";
  if (text.includes("*")) return "A * stands alone, or last after a dot: task.*";
  return "A type has letters, digits and _ . : / - only.";
}

export const typeFault = (text) => (TYPE.test(text) ? undefined : "1 to 128 letters, digits and _ . : / - only.");

function eventsFault(events) {
  if (events.length > 100) return "At most 100 types.";
  const bad = events.find(patternFault);
  return bad && `“${bad}”: ${patternFault(bad)}`;
}

/** Of each row what is wrong with its key or its values. A row that is empty is left out. */
export function filterFaults(rows) {
  const seen = new Set();
  return rows.map(({ key, values }) => {
    if (key === "" && values.length === 0) return undefined;
    if (seen.has(key)) return "This attribute stands in another row already.";
    seen.add(key);
    if (bytes(key) > 256) return "An attribute's name has at most 256 bytes.";
    if (values.length === 0) return "Name at least one value.";
    if (values.length > 256) return "At most 256 values.";
    return values.some((value) => bytes(value) > 256) ? "A value has at most 256 bytes." : undefined;
  });
}

const FIXED = new Set(
  `connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer
  transfer-encoding upgrade content-encoding content-type forwarded via traceparent tracestate`.split(/\s+/),
);

/** Of each row what is wrong with its name or its value. */
export function headerFaults(rows, profile) {
  const { header, timestampHeader, idHeader } = profile?.signature ?? {};
  const signing = [header, timestampHeader, idHeader].filter(Boolean).map((name) => name.toLowerCase());
  const seen = new Set();
  return rows.map(({ name, value }) => {
    if (name === "" && value === "") return undefined;
    const lower = name.toLowerCase();
    if (!/^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name)) return "A header's name has letters, digits and - only.";
    if (FIXED.has(lower) || /^(?:cf|signet|x-forwarded)-/.test(lower)) return "This header can't be set.";
    if (/^webhook-|signature/.test(lower)) return "This header carries signatures and can't be set.";
    if (signing.includes(lower)) return "The profile signs with this header.";
    if (seen.has(lower)) return "This header stands in another row already.";
    seen.add(lower);
    if (value.length > 1_024) return "A header's value has at most 1,024 characters.";
    return /^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(value) ? undefined : "Plain characters only, without spaces around.";
  });
}

function metadataFault(text) {
  if (text.trim() === "") return undefined;
  const read = parsed(text);
  if (read === undefined) return "This is not JSON.";
  if (read === null || typeof read !== "object" || Array.isArray(read))
    return 'Metadata is an object: {"key": "value"}';
  return bytes(JSON.stringify(read)) > 16_384 ? "Metadata has at most 16 KiB." : undefined;
}

/** What is wrong with a secret that is brought along. */
export function secretFault(secret, signature) {
  if (secret === "") return "Enter the secret, or have one made.";
  if (bytes(secret) > 512) return "A secret has at most 512 bytes.";
  if (secret.trim() !== secret || /\p{Cc}/u.test(secret)) return "A secret has no spaces around it and no line breaks.";
  const isPrivate = signature?.algorithm === "ed25519" || (signature?.asymmetricFormat && secret.startsWith("whsk_"));
  const encoding = isPrivate && signature.algorithm !== "ed25519" ? "base64" : signature?.secretEncoding;
  const text = secret.replace(OPTIONAL_PREFIX, "");
  if (encoding === "base64" && !isBase64(text)) return "This profile reads base64, after whsec_ or alone.";
  if (encoding === "hex" && !/^(?:[0-9a-f]{2})+$/i.test(text)) return "This profile reads hexadecimal digits.";
  return undefined;
}

function isBase64(text) {
  const digits = text.replace(/=+$/, "");
  return /^[A-Za-z0-9+/]+$/.test(digits) && digits.length % 4 !== 1;
}

function numberFault(text, least, most) {
  if (text === "") return undefined;
  const number = Number(text);
  return text.trim() !== "" && number >= least && number <= most
    ? undefined
    : `A number from ${least} to ${most.toLocaleString("en")}.`;
}

const wholeFault = (text) =>
  text === "" || /^(?:[1-9]|[12]\d|3[0-2])$/.test(text) ? undefined : "A whole number from 1 to 32.";

const first = (faults) => faults.find(Boolean);
const many = (rows) => (rows.length > MAX_ROWS ? `At most ${MAX_ROWS}.` : undefined);

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
