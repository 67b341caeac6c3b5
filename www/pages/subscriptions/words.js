// What a profile does and how a destination fares, in words.
import { duration } from "../../lib/format.js";

const ALGORITHMS = { ed25519: "Ed25519", token: "Token" };

const seconds = (count) => duration(count * 1_000);

/** `HMAC-SHA256` for `hmac-sha256`. */
export const algorithm = (name) => ALGORITHMS[name] ?? name.toUpperCase();

/** `id, timestamp and body` for `{id}.{timestamp}.{body}`. */
export function signedParts(content) {
  const named = [...content.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return named.length > 1 ? `${named.slice(0, -1).join(", ")} and ${named.at(-1)}` : `the ${named[0]}`;
}

/** How a profile signs, sends and tries again, as lines `[what, words]`. */
export function profileInWords({ signature, headers, retry, timeoutSeconds }) {
  const own = Object.keys(headers ?? {});
  const signing = [signature.header, signature.timestampHeader, signature.idHeader].filter(Boolean);
  return [
    ["Signature", `${algorithm(signature.algorithm)} over ${signedParts(signature.content)}, in ${signing.join(", ")}`],
    ["Headers", own.length > 0 ? own.join(", ") : "none of its own"],
    ["Schedule", `${scheduleInWords(retry)}; each may take ${seconds(timeoutSeconds)}`],
  ];
}

/** `10 attempts within 3.1 d`. */
export function scheduleInWords({ delays }) {
  const whole = delays.reduce((sum, delay) => sum + delay, 0);
  const attempts = delays.length === 1 ? "1 attempt" : `${delays.length} attempts`;
  return delays.length === 1 && whole === 0 ? `${attempts}, no retries` : `${attempts} within ${seconds(whole)}`;
}

/** Each attempt by when it is made: `{label, total}`, both in words, the wait before it and the time since the event. */
export function timeline(delays) {
  let total = 0;
  return delays.map((delay, at) => {
    total += delay;
    const isNow = delay === 0;
    return {
      label: isNow ? (at === 0 ? "now" : "at once") : `+${seconds(delay)}`,
      total: total === 0 ? "" : seconds(total),
    };
  });
}

/** What a pattern could stand for: an example to preview. */
export function exampleType(events) {
  const [pattern = "*"] = events;
  return pattern === "*" ? "webhook.test" : pattern.replace(/\*$/, "example");
}

/** What the state of a subscription is called here: `failing` where it is active but takes nothing. */
export const stateOf = ({ status, failingSince }) => (status === "active" && failingSince ? "failing" : status);

/** Whether a private key may sign under a profile. */
export const takesPrivateKeys = (signature) => Boolean(signature.asymmetricFormat) || signature.algorithm === "ed25519";

/** Whether an old secret can go on signing beside a new one. */
export const carriesSeveral = (signature) => Boolean(signature.separator);

/** How an attempt that was made by hand ended. */
export function outcome({ delivered, httpStatus, error }) {
  if (delivered) return `Delivered: the receiver answered ${httpStatus}.`;
  if (httpStatus !== null) return `Not delivered: the receiver answered ${httpStatus}.`;
  return `Not delivered: ${ERRORS[error] ?? error}.`;
}

const ERRORS = {
  timeout: "the receiver took too long to answer",
  connection: "no connection could be made",
  tls: "no secure connection could be made",
  dns: "its host has no address",
  blocked_address: "its host is at an address that is not allowed",
};
