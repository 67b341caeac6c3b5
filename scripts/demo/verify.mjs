// The receivers' side, as each product's own page prints it. Nothing here is shared with Signet: a signature
// counts as verified because the code that a customer would paste says so.
import { createHmac, timingSafeEqual } from "node:crypto";
import { Webhook } from "standardwebhooks";

const sha256 = (secret, message) => createHmac("sha256", secret).update(message).digest("hex");

function same(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Playcut: the secret's hex digits are the key as they stand, and the body alone is signed. */
export function playcut({ headers, body }, secret) {
  return same(`sha256=${sha256(secret, body)}`, headers["x-playcut-signature"] ?? "");
}

/** Sketchpen: timestamp, full stop, body. */
export function sketchpen({ headers, body }, secret) {
  const message = `${headers["x-sketchpen-timestamp"]}.${body.toString("utf8")}`;
  return same(`sha256=${sha256(secret, message)}`, headers["x-sketchpen-signature"] ?? "");
}

/** ClipCabinet: the whole `whsec_…` is the key, and the body alone is signed. */
export function clipcabinet({ headers, body }, secret) {
  return same(`sha256=${sha256(secret, body)}`, headers["x-clipcabinet-signature"] ?? "");
}

/** Standard Webhooks: the official library, which also refuses a timestamp more than five minutes off. */
export function standardWebhooks({ headers, body }, secret) {
  try {
    new Webhook(secret).verify(body.toString("utf8"), headers);
    return true;
  } catch {
    return false;
  }
}
