// What the form of a source holds, what is wrong with it as one types, and what of it is sent.
import { CUSTOM, isRequired, needsSecret } from "./search.js";

const LARGEST = 4_294_967_295;

/** What a signature of one's own begins with: most are like this. */
export const EXAMPLE = JSON.stringify(
  {
    signature: {
      algorithm: "hmac-sha256",
      header: "X-Signature",
      content: "{body}",
      secretEncoding: "utf8",
      encoding: "hex",
      format: "sha256={signature}",
    },
  },
  null,
  2,
);

const NEW = { provider: null, options: {}, mode: "proxy", enforce: true, resign: false, deduplicate: true };

/** The values of the form, for a source or for a new one. */
export function draft(source = NEW) {
  const isCustom = source.provider !== null && typeof source.provider === "object";
  return {
    provider: isCustom ? CUSTOM : (source.provider ?? ""),
    signature: isCustom ? JSON.stringify(source.provider, null, 2) : EXAMPLE,
    // Stored secrets are never shown: they stay as they are, or all of them are replaced.
    keep: source !== NEW,
    secrets: [""],
    origin: source.origin ?? "",
    mode: source.mode,
    enforce: source.enforce,
    resign: source.resign ?? false,
    deduplicate: source.deduplicate,
    name: source.name ?? "",
    toleranceSeconds: text(source.toleranceSeconds),
    // The usual one is what it is when nobody says.
    timeoutSeconds: source.timeoutSeconds === 25 ? "" : text(source.timeoutSeconds),
    publicUrl: source.publicUrl ?? "",
    host: source.route?.host ?? "",
    path: source.route?.path ?? "",
    ...options(Object.keys(source.options ?? {}), source),
  };
}

/** The names of the form's fields for a provider's options, with what is stored; a secret one is empty. */
export function options(names, source) {
  return Object.fromEntries(names.map((name) => [`option:${name}`, source?.options?.[name] ?? ""]));
}

/** What is wrong, by field. `provider` is the one of the table, if any; `stored` how many secrets there are. */
export function faults(values, provider, { stored = 0, kept = {} } = {}) {
  const is = {};
  if (!values.provider) is.provider = "Choose who sends.";
  if (values.provider === CUSTOM) is.signature = signatureFault(values.signature);
  const secrets = values.keep ? stored : given(values.secrets).length;
  const isNeeded = values.enforce && (values.provider === CUSTOM || (provider && needsSecret(provider)));
  if (isNeeded && secrets === 0) is.secrets = "At least one is needed, or nothing could be verified.";
  for (const [name, words] of Object.entries(provider?.options ?? {})) {
    const isThere = values[`option:${name}`]?.trim() || kept[name] === null;
    if (isRequired(words) && !isThere) is[`option:${name}`] = "This provider needs it.";
  }
  is.origin = values.origin.trim() ? urlFault(values.origin) : "Say where verified requests go.";
  is.publicUrl = values.publicUrl.trim() ? urlFault(values.publicUrl) : undefined;
  is.toleranceSeconds = numberFault(values.toleranceSeconds, 0, LARGEST);
  is.timeoutSeconds = numberFault(values.timeoutSeconds, 1, 100);
  if (values.path.trim() && !values.host.trim()) is.host = "A route needs a host too.";
  if (values.host.trim() && !values.path.trim()) is.path = "A route needs a path too.";
  else if (values.path.trim() && !values.path.trim().startsWith("/")) is.path = "Begin it with a slash.";
  return is;
}

/** The whole as the API takes it. `kept` are the options that are stored; a secret one stands there as null. */
export function body(values, provider, kept = {}) {
  const named = Object.keys(provider?.options ?? {}).map((name) => [name, values[`option:${name}`]?.trim()]);
  const filled = named.map(([name, text]) => [name, text || (kept[name] === null ? null : undefined)]);
  return {
    provider: values.provider === CUSTOM ? signature(values.signature) : values.provider,
    secrets: values.keep ? undefined : given(values.secrets),
    origin: values.origin.trim(),
    mode: values.mode,
    enforce: values.enforce,
    resign: values.resign,
    deduplicate: values.deduplicate,
    name: values.name.trim() || null,
    toleranceSeconds: number(values.toleranceSeconds),
    timeoutSeconds: number(values.timeoutSeconds),
    publicUrl: values.publicUrl.trim() || null,
    options: Object.fromEntries(filled.filter(([, value]) => value !== undefined)),
    route: values.host.trim() ? { host: values.host.trim(), path: values.path.trim() } : null,
  };
}

/** What is other in `after` than in `before`. */
export function changes(before, after) {
  const differs = ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(before[name]);
  return Object.fromEntries(Object.entries(after).filter(differs));
}

/** The API's errors with pointers that name this form's fields. */
export function located(errors, { isCustom }) {
  return errors.map(({ pointer, detail }) => {
    const [first, second, ...rest] = pointer.slice(1).split("/");
    if (first === "options" && second) return { pointer: `/option:${second}`, detail };
    if (first === "route") return { pointer: second === "host" ? "/host" : "/path", detail };
    if (first === "secrets" && second)
      return { pointer: "/secrets", detail: `Secret ${Number(second) + 1} ${detail}.` };
    if (first === "provider" && isCustom) {
      return { pointer: "/signature", detail: [rest.join("."), detail].filter(Boolean).join(" ") };
    }
    return { pointer, detail };
  });
}

/** Secrets as they were pasted: a line's end that came along is none of theirs. */
const given = (secrets) => secrets.map((secret) => secret.replace(/^[\r\n]+|[\r\n]+$/g, "")).filter(Boolean);

const text = (number) => (number === null || number === undefined ? "" : String(number));
const number = (text) => (text.trim() === "" ? null : Number(text));

/** `{"signature": {…}}`; what stands inside may be given alone. */
function signature(text) {
  const read = JSON.parse(text);
  return "signature" in read ? read : { signature: read };
}

function signatureFault(text) {
  try {
    const read = JSON.parse(text);
    return read !== null && typeof read === "object" && !Array.isArray(read) ? undefined : "Must be a JSON object.";
  } catch (error) {
    return `Is no JSON yet: ${error.message}`;
  }
}

function urlFault(text) {
  try {
    const { protocol } = new URL(text.trim());
    return protocol === "https:" || protocol === "http:" ? undefined : "Must begin with https:// or http://.";
  } catch {
    return "Must be a whole URL, such as https://example.com/hooks.";
  }
}

function numberFault(text, least, most) {
  const typed = text.trim();
  if (typed === "") return undefined;
  const isFine = /^\d+$/.test(typed) && Number(typed) >= least && Number(typed) <= most;
  return isFine ? undefined : `Must be a whole number from ${least} to ${most.toLocaleString("en")}.`;
}
