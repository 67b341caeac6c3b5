// What happened, in plain words.
import { duration } from "../../lib/format.js";

const REASONS = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const ERRORS = {
  timeout: (took) => `No answer within ${took}`,
  connection: () => "No connection: refused, or broken off",
  tls: () => "No secure connection: check the certificate",
  dns: () => "The host's name was not found",
  blocked_address: () => "Not sent: the address is private or reserved",
  redirect: () => "The answer is a redirect, which is not followed",
  response_too_large: () => "The answer is too large",
};

/** How an attempt ended: `500 Internal Server Error`, `No answer within 10 s`. */
export function outcome({ responseStatus, error, durationMs }) {
  if (error) return ERRORS[error]?.(duration(limit(durationMs))) ?? error;
  return REASONS[responseStatus] ? `${responseStatus} ${REASONS[responseStatus]}` : `${responseStatus}`;
}

/** A timeout is whole seconds, and told a little late. */
const limit = (took) => (took < 950 ? took : Math.floor((took + 50) / 1_000) * 1_000);

/** More about it, where that is of use. */
export function remark({ responseStatus }) {
  if (responseStatus >= 300 && responseStatus < 400) return "Redirects are not followed. Subscribe with the final URL.";
  if (responseStatus === 410) return "410 ends the delivery at once and disables the subscription.";
  return null;
}

export const isSuccess = ({ responseStatus }) => responseStatus >= 200 && responseStatus < 300;

export const TRIGGERS = { schedule: "by schedule", manual: "by hand", test: "test" };

/** `Attempt 4 of 8`; an attempt by hand may be beyond what the schedule has. */
export const nth = ({ attemptCount, maxAttempts }) =>
  attemptCount < maxAttempts ? `Attempt ${attemptCount + 1} of ${maxAttempts}` : `Attempt ${attemptCount + 1}`;

/** What is to be done about a delivery that failed, by its last attempt. */
export function advice(last) {
  if (!last) return "It can be retried by hand.";
  if (last.responseStatus === 410)
    return "The receiver says that it is gone for good. Resume the subscription to send again.";
  if (last.error === "blocked_address") return "Give the subscription a public address, then retry.";
  if (last.error === "dns") return "Check the host in the URL, then retry.";
  if (last.error === "tls") return "Mend the receiver's certificate, then retry.";
  if (last.error === "timeout") return "Let the receiver answer first and work afterwards, then retry.";
  if (last.error === "connection") return "Once the receiver can be reached, retry.";
  if ([401, 403].includes(last.responseStatus))
    return "The receiver refuses the request: check its secret, then retry.";
  if ([404, 405].includes(last.responseStatus)) return "Check the URL's path, then retry.";
  return "Mend the receiver, then retry.";
}

/** Seconds to go as a countdown: `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1_440)} days`;
}
