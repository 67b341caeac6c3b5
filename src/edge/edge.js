// What Signet asks of the runtime, each in one call. The time of a request goes into crossings between wasm and
// JavaScript and into the objects and promises made on the way, so what belongs together crosses together.

/** Method, URL and the headers that decide what happens to a request. */
export function inspect(request) {
  const headers = request.headers;
  const authorization = headers.get("authorization");
  return [
    request.method,
    request.url,
    authorization,
    // What else a proxy or a browser may authorize itself with is not for Signet.
    authorization === null || !/^bearer /i.test(authorization) ? headers.get("x-api-key") : null,
    headers.get("signet-application"),
    headers.get("idempotency-key"),
    headers.get("cf-connecting-ip"),
    headers.get("origin"),
    request.method === "OPTIONS" ? headers.get("access-control-request-method") : null,
    headers.get("traceparent"),
    headers.get("tracestate"),
  ];
}

/** How much of a refused body is still read, and thrown away: 100 MiB, in 20 seconds. */
const DRAINED = 100 * 1024 * 1024;
const DRAINED_WITHIN = 20_000;

/** A body's bytes, or null as soon as there are more than `limit`: nothing beyond it is kept in memory. */
export async function receive(message, limit) {
  // The stream is not looked at where the length is known: to make one costs more than to read a small body.
  const length = message.headers.get("content-length");
  if (length !== null && Number(length) <= limit) return new Uint8Array(await message.arrayBuffer());
  if (message.body === null) return new Uint8Array(0);
  const reader = message.body.getReader();
  if (length !== null) return drained(reader, DRAINED);
  const [bytes, more] = await collected(reader, limit);
  return more ? drained(reader, DRAINED - limit) : bytes;
}

/** A client that is answered before it has sent everything may see a broken connection instead of the answer. */
async function drained(reader, most) {
  const until = Date.now() + DRAINED_WITHIN;
  for (let size = 0; size <= most && Date.now() < until; ) {
    const { done, value } = await reader.read();
    if (done) return null;
    size += value.length;
  }
  await reader.cancel();
  return null;
}

/** The body of a call to an object, which comes from another part of Signet and is as long as it should be. */
export async function received(request) {
  return new Uint8Array(await request.arrayBuffer());
}

/** The first `limit` bytes of a stream, and whether there were more; what is not read is cancelled. */
async function beginning(stream, limit) {
  const reader = stream.getReader();
  const [bytes, more] = await collected(reader, limit);
  if (more) await reader.cancel().catch(() => {});
  return [bytes, more];
}

/** The first `limit` bytes that a reader gives, and whether there were more. */
async function collected(reader, limit) {
  const chunks = [];
  let size = 0;
  while (size <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  const bytes = new Uint8Array(Math.min(size, limit));
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, bytes.length - at);
    bytes.set(part, at);
    at += part.length;
  }
  return [bytes, size > limit];
}

/** Headers as the runtime shows them, names and values in turn, a line each. */
export function headersOf(request) {
  const lines = [];
  request.headers.forEach((value, name) => {
    lines.push(name, value);
  });
  return lines.join("\n");
}

/** A copy of a request whose body is still to be read, where it has one that `fetch` would not take apart from it. */
export function spare(request) {
  const bodiless = request.method === "GET" || request.method === "HEAD";
  return bodiless && Number(request.headers.get("content-length")) > 0 ? request.clone() : null;
}

/** What an origin answers is not the network's to keep, whatever its path ends in. */
const UNCACHED = { cacheLevel: "bypass" };

/**
 * Sends a request on: as it came, but for the headers named in `drop` and those in `set` (names and values in turn).
 * Answers [the response, unread], or [error's name, its message] where none came in time.
 */
export async function forward(request, spare, url, body, drop, set, timeout) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException("no answer in time", "TimeoutError")), timeout);
  try {
    // The copy has every byte of every header; what is read out of it and written anew has not.
    const headers = onward(request);
    if (drop !== "") for (const name of drop.split("\n")) headers.delete(name);
    for (const [name, value] of Object.entries(pairs(set))) headers.set(name, value);
    const how = { headers, redirect: "manual", cf: UNCACHED, signal: controller.signal };
    if (spare !== null) return [await fetch(new Request(url, spare), how)];
    how.method = request.method;
    if (body.length > 0 && (how.method === "GET" || how.method === "HEAD")) return ["LengthRequired", ""];
    // Bytes always, also none: the length is then right, and 0 for an empty body.
    if (how.method !== "GET" && how.method !== "HEAD") how.body = body;
    return [await fetch(url, how)];
  } catch (error) {
    return [String(error?.name), String(error?.message ?? error)];
  } finally {
    clearTimeout(timer);
  }
}

/** A response with more headers. */
function including(response, headers) {
  const answer = new Response(response.body, response);
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
  return answer;
}

/** The same with names and values in turn, a line each. */
export function includingLines(response, lines) {
  return including(response, pairs(lines));
}

/** Sends a request on untouched, its body streamed, but for what only Signet may say. */
export async function pass(request, url) {
  try {
    const headers = onward(request);
    for (const name of [...headers.keys()]) if (name.startsWith("signet-")) headers.delete(name);
    return [await fetch(new Request(url, request), { headers, redirect: "manual" })];
  } catch (error) {
    return [String(error?.name), String(error?.message ?? error)];
  }
}

/** The headers of a request that is to go on. The runtime writes its own Accept-Encoding over the client's. */
function onward(request) {
  const headers = new Headers(request.headers);
  const accepted = request.cf?.clientAcceptEncoding;
  if (accepted === "") headers.delete("accept-encoding");
  else if (accepted !== undefined) headers.set("accept-encoding", accepted);
  return headers;
}

/** Asks a provider something. Answers [status, text of at most `limit` bytes], or null where none came. */
export async function ask(method, url, head, body, limit, timeout) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeout);
  try {
    const headers = pairs(head);
    const response = await fetch(url, { method, headers, body, redirect: "manual", signal: controller.signal });
    if (response.body === null) return [response.status, ""];
    const [bytes, more] = await beginning(response.body, limit);
    return more ? null : [response.status, new TextDecoder().decode(bytes)];
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Names and values in turn, a line each, as an object. */
function pairs(lines) {
  const parts = lines.split("\n");
  const headers = {};
  for (let at = 0; at + 1 < parts.length; at += 2) headers[parts[at]] = parts[at + 1];
  return headers;
}

/** What Signet answers itself holds secrets and what changes by the second, and is for programs: no browser keeps it or shows it. */
const OWN = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** What a page may: load what lies beside it, and nothing more. */
const PAGE = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy":
    "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), fullscreen=(), " +
    "geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), " +
    "payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), " +
    "xr-spatial-tracking=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
const OVER_TLS = { "strict-transport-security": "max-age=31536000" };
/** A file whose name is made of what is in it never changes. */
const HASHED = { "cache-control": "public, max-age=31536000, immutable" };
/** The API's own document is for everybody's tools. */
const PUBLIC = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };

/** A file of the pages. */
export async function asset(assets, request) {
  const file = await assets.fetch(request);
  const { protocol, pathname } = new URL(request.url);
  return including(file, {
    ...PAGE,
    ...(protocol === "https:" ? OVER_TLS : {}),
    ...(pathname.startsWith("/assets/") && file.ok ? HASHED : {}),
    ...(pathname === "/openapi.json" ? PUBLIC : {}),
  });
}

const HASHES = { md5: null, sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/** Whether a signature holds, by an algorithm under its name in a scheme. */
export async function verify(name, key, content, signature) {
  try {
    const hash = HASHES[name.split("-").at(-1)];
    const [format, algorithm] = name.startsWith("hmac-")
      ? ["raw", { name: "HMAC", hash }]
      : name === "ed25519"
        ? ["raw", { name: "Ed25519" }]
        : name.startsWith("rsa-")
          ? ["spki", { name: "RSASSA-PKCS1-v1_5", hash }]
          : ["spki", { name: "ECDSA", namedCurve: "P-256", hash }];
    const imported = await crypto.subtle.importKey(format, key, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, imported, signature, content);
  } catch {
    // A key that is none: nothing holds under it.
    return false;
  }
}

/** An answer with the headers in the list of pairs `headers`, and no other: the runtime adds no type to no body. */
export function reply(status, body, headers) {
  return new Response(status === 204 || body === "" ? null : body, { status, headers });
}

const NO_CONTENT = { status: 204 };
// The runtime copies headers that it has made itself at once, where those of a plain object cross one by one.
const OWN_HEADERS = new Headers(OWN);
const JSON_HEADERS = new Headers({ "content-type": "application/json", ...OWN });

/** An answer of Signet's own. `more` are further headers, names and values in turn, a line each. */
export function answer(status, type, body, more) {
  const headers = new Headers(OWN_HEADERS);
  if (type !== "") headers.set("content-type", type);
  for (const [name, value] of Object.entries(pairs(more))) headers.set(name, value);
  // Not every status may have a body, be it an empty one.
  return new Response(body === "" ? null : body, { status, headers });
}

/** The same with JSON, and nothing else. */
export function answerJson(status, body) {
  if (status === 204) return new Response(null, { status, headers: OWN_HEADERS });
  return new Response(body, { status, headers: JSON_HEADERS });
}

/** What an object says to the part of Signet that has called it, and the version of the snapshot that it has made. */
export function say(status, body, version) {
  const headers = version === undefined ? undefined : { "signet-version": version };
  return new Response(status === 204 ? null : body, { status, headers });
}

/** The shortest answer of an object: done. */
export function done() {
  return new Response(null, NO_CONTENT);
}

/** A request's URL. */
export function address(request) {
  return request.url;
}

/** A URL as the runtime's own parser writes it, or undefined for what is none. */
export function toAscii(url) {
  return URL.parse(url)?.href;
}

/** Whether a rate limit lets one more through; where the deployment has none it does. */
export async function admit(limiter, key) {
  return limiter === undefined || (await limiter.limit({ key })).success;
}

/** Calls an object by its name. Done comes back as null, anything else as status, text and snapshot version. */
export async function call(namespace, name, path, body) {
  const response = await namespace.getByName(name).fetch("http://object" + path, { method: "POST", body });
  const version = response.headers.get("signet-version");
  if (response.status === 204 && version === null) return null;
  return [response.status, await response.text(), version];
}

/**
 * Sends a delivery. `head` is header names and values in turn, parted by line breaks, which none of them holds.
 * Answers [status, retry-after, body, truncated], or [error's name, its message] where no whole answer came in time.
 */
export async function send(method, url, head, body, timeout, keep) {
  // Not AbortSignal.timeout: its timer outlives the exchange, and an object may have 10,000 of them.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException("no answer in time", "TimeoutError")), timeout);
  try {
    const headers = pairs(head);
    if (method === "GET" || method === "HEAD") body = undefined;
    const response = await fetch(url, { method, headers, body, redirect: "manual", signal: controller.signal });
    const retry = response.headers.get("retry-after");
    const [bytes, truncated] = await answered(response, keep);
    return [response.status, retry, bytes, truncated];
  } catch (error) {
    return [String(error?.name), String(error?.message ?? error)];
  } finally {
    clearTimeout(timer);
  }
}

/** What is kept of an answer's body. */
async function answered(response, keep) {
  const length = response.headers.get("content-length");
  // A compressed body is longer than its length says, maybe a thousand times.
  const known = length !== null && Number(length) <= keep && !response.headers.has("content-encoding");
  try {
    if (known) return [new Uint8Array(await response.arrayBuffer()), false];
    return response.body === null ? [null, false] : await beginning(response.body, keep);
  } catch (error) {
    // The status came and counts, even where the body breaks off or can't be decompressed; only the time is over.
    if (error?.name === "TimeoutError") throw error;
    return [null, true];
  }
}

/**
 * A statement's parameters: JSON is one crossing, where values one by one would be thirty. A blob stands in it as the
 * list of its place in `blobs`.
 */
function params(json, blobs) {
  const values = JSON.parse(json);
  return blobs === undefined ? values : values.map((value) => (Array.isArray(value) ? blobs[value[0]] : value));
}

/** Runs a statement that answers no rows; how many rows it wrote. */
export function run(sql, query, json, blobs) {
  return sql.exec(query, ...params(json, blobs)).rowsWritten;
}

/** Runs a statement and answers its rows, each a list of values. */
export function rows(sql, query, json, blobs) {
  return sql.exec(query, ...params(json, blobs)).raw().toArray();
}

/** Sets an object's alarm, without waiting: it commits with the writes before it. */
export function setAlarm(storage, at) {
  const failed = (error) => console.log(JSON.stringify({ log: "error", message: `setAlarm: ${error}` }));
  storage.setAlarm(at).catch(failed);
}

/** Waits. */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** 32 random bytes from the system. */
export function random() {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** A value from KV as text, at most `ttl` seconds old at this place. */
export function kvGet(namespace, key, ttl) {
  return namespace.get(key, { type: "text", cacheTtl: ttl });
}

/** Writes a value to KV. */
export function kvPut(namespace, key, value) {
  return namespace.put(key, value);
}

/** Deletes a value from KV. */
export function kvDelete(namespace, key) {
  return namespace.delete(key);
}
