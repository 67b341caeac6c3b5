// Calls of the public API, with the key of whoever is signed in.
import { signal } from "@preact/signals";
import { application, key, signOut } from "./session.js";
import { parted } from "./token.js";

/** What the API refused, as its problem document says it. */
export class Problem extends Error {
  constructor(status, { code, title, detail, errors = [] } = {}) {
    super(detail ?? title ?? `Signet answered ${status}.`);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** Whether the last call had no answer: shown on every page until one has. */
export const down = signal(false);

/**
 * Makes a call; resolves to the answer's JSON, or null where it has none; with `isText` to its text.
 *
 * @throws {Problem} what was refused; `status` is 0 where there was no answer
 */
export async function call(method, path, body, { signal: aborted, as = key.value, isText = false } = {}) {
  const headers = { authorization: `Bearer ${as}` };
  if (application.value) headers["signet-application"] = application.value;
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await sent(path, { method, headers, body: written(body), signal: aborted, cache: "no-store" });
  const text = answer.text;
  const json = parsed(text);
  // Who asks by another key than the session's is told by whoever asked.
  if (answer.status === 401 && as === key.value) signOut(parted(as));
  if (!answer.ok) throw new Problem(answer.status, json ?? {});
  return isText ? text : json;
}

export const get = (path, options) => call("GET", path, undefined, options);
/** As it was written: numbers beyond what JavaScript has stay what they are. */
export const getText = (path, options) => call("GET", path, undefined, { ...options, isText: true });
export const post = (path, body, options) => call("POST", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
export const remove = (path, options) => call("DELETE", path, undefined, options);

/** A path with a query, of which what is empty is left out. */
export function withQuery(path, query) {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return kept.length > 0 ? `${path}?${new URLSearchParams(kept)}` : path;
}

/** The answer's status and whole text. One that breaks off is none, and neither is what something before Signet says of it. */
async function sent(path, options) {
  try {
    const answer = await fetch(path, options);
    const text = await answer.text();
    const isSignets = answer.status < 500 || answer.headers.get("content-type")?.includes("json");
    if (!isSignets) throw new TypeError(`something else answered ${answer.status}`);
    down.value = false;
    return { ok: answer.ok, status: answer.status, text };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    down.value = true;
    throw new Problem(0, { detail: "Signet does not answer." });
  }
}

/** Text goes as it is: what one wrote is what is sent. */
function written(body) {
  return body === undefined || typeof body === "string" ? body : JSON.stringify(body);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
