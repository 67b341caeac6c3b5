// A request as the API shows it beside one that arrived, and what its signature says, reckoned from the profile's own description.
import assert from "node:assert/strict";
import { createHmac, createPublicKey, verify } from "node:crypto";

/** Headers that the runtime knows, and spells in its own way; there are more, but none of them here. */
const SPELT_BY_THE_RUNTIME = ["accept", "content-type", "user-agent", "authorization"];

/** A header's name as it must arrive. */
export const spelt = (name) => (SPELT_BY_THE_RUNTIME.includes(name.toLowerCase()) ? name.toLowerCase() : name);

/** What the runtime writes itself, whatever it is given. */
const OF_THE_RUNTIME = /^(host|content-length|connection|accept-encoding|cf-.*)$/i;
const isOurs = ({ name }) => !OF_THE_RUNTIME.test(name);

/** The headers of a request that arrived, in the form that they are shown in, without the runtime's own. */
export function arrived({ rawHeaders }) {
  const headers = [];
  for (let at = 0; at < rawHeaders.length; at += 2) headers.push({ name: rawHeaders[at], value: rawHeaders[at + 1] });
  return headers.filter(isOurs);
}

/** The platform sends headers in an order of its own. */
const sorted = (headers) => headers.map(({ name, value }) => [spelt(name), value]).sort(([a], [b]) => (a < b ? -1 : 1));

/** Headers whose values are another attempt's: what signs, and the span. */
const isFresh = (scheme, name) =>
  [scheme.header, scheme.timestampHeader, "traceparent"].some((one) => one?.toLowerCase() === name.toLowerCase());

/** Asserts that what is shown is what arrived, but for time, signature and span. */
export function assertShown(shown, request, scheme) {
  const blank = (headers) => sorted(headers.map((one) => (isFresh(scheme, one.name) ? { ...one, value: "" } : one)));
  assert.deepEqual(blank(shown.headers.filter(isOurs)), blank(arrived(request)));
  assert.equal(shown.method, request.method);
  assert.equal(new URL(shown.url).pathname + new URL(shown.url).search, request.target);
  if (shown.body === null) assert.deepEqual(Buffer.from(shown.bodyBase64, "base64"), request.body);
  else assert.equal(shown.body, request.text);
}

/** The headers that are shown, by lower-case names. */
export const byLowerName = ({ headers }) =>
  Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));

/** How many of a request's signatures hold under a secret. */
export function holding(scheme, secret, { headers, body }) {
  const timestamp = headers[scheme.timestampHeader?.toLowerCase()] ?? /\bt=(\d+)/.exec(headers[at(scheme)])?.[1] ?? "";
  const content = scheme.content
    .replace("{id}", () => headers[scheme.idHeader?.toLowerCase()] ?? "")
    .replace("{timestamp}", timestamp);
  const [before, after] = content.split("{body}");
  const signed = Buffer.concat([Buffer.from(before), Buffer.from(body), Buffer.from(after)]);
  const items = scheme.separator ? headers[at(scheme)].split(scheme.separator) : [headers[at(scheme)]];
  return items.filter((item) => holds(scheme, secret, signed, item, timestamp)).length;
}

const at = (scheme) => scheme.header.toLowerCase();

function holds(scheme, secret, signed, item, timestamp) {
  if (secret.startsWith("whpk_")) {
    const x = Buffer.from(secret.slice(5), "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const [version, value] = item.split(",");
    return version === "v1a" && verify(null, signed, key, Buffer.from(value, "base64"));
  }
  const bare = secret.replace(/^whsec_/, "");
  const key = scheme.secretEncoding === "utf8" ? Buffer.from(secret) : Buffer.from(bare, scheme.secretEncoding);
  const mac = createHmac(scheme.algorithm.replace("hmac-", ""), key).update(signed).digest(scheme.encoding);
  const formats = scheme.separator ? scheme.format.split(scheme.separator) : [scheme.format];
  const expected = formats.find((format) => format.includes("{signature}"));
  return item === expected.replace("{signature}", mac).replace("{timestamp}", timestamp);
}
