// The names of the source's log, in words.

const GENUINE = ["verified", "duplicate", "under_way"];
const DOUBTFUL = ["refused", "unverified"];

/** What an entry of the log came to. */
export const OUTCOMES = {
  verified: "verified",
  refused: "refused",
  unverified: "let through unverified",
  duplicate: "duplicate",
  under_way: "under way",
  handshake: "handshake",
};

const OUTCOME_WORDS = {
  verified: "It was verified and went on.",
  duplicate: "It was verified, and the origin had it already: it did not go on again.",
  under_way: "It was verified, and the same message was on its way to the origin at that moment.",
  handshake: "A question of the provider's, answered by Signet. It never reaches the origin.",
};

/** Why a request was refused: a sentence, and what usually causes it. */
export const REASONS = {
  signature_missing: [
    "No signature came along",
    "The request had none of the headers that this provider signs with. Usually it was not sent by the provider, the " +
      "webhook has no secret set there, or a proxy in between removed the header.",
  ],
  signature_malformed: [
    "The signature is not in this provider's form",
    "A header was there, but not as this provider writes it: another length or encoding, several where there is one, " +
      "or another provider's.",
  ],
  signature_mismatch: [
    "The signature does not match any secret",
    "Usually the secret here is not the one set at the provider (or was rotated there), the body was changed on its way " +
      "(parsed and written anew), or the URL is signed and differs. Or somebody forged it.",
  ],
  timestamp_missing: [
    "The signed time did not come along",
    "This provider signs a time. Its header was missing, most often because something in between removed it.",
  ],
  timestamp_malformed: ["The signed time is no time", "It is not written as this provider writes it."],
  timestamp_out_of_tolerance: [
    "The signed time is too far from now",
    "The request is old or was replayed, or a clock is off. If the provider repeats with the first time, raise the " +
      "tolerance in the settings.",
  ],
  key_unavailable: [
    "The provider's public key could not be had",
    "It is fetched from the provider. Try again, and look whether the provider has an outage.",
  ],
};

const LINES = {
  duplicate: "The origin had it already",
  under_way: "The same is on its way",
  handshake: "A handshake, answered here",
};

/** One line on an entry of the log. */
export function sentence({ outcome, reason, status, delivery }) {
  if (reason) return REASONS[reason]?.[0] ?? reason;
  if (outcome === "verified" && status >= 500) return "Verified; the origin failed or did not answer";
  if (outcome === "verified" && status >= 400) return "Verified; the origin refused it";
  if (delivery) return "Queued for the origin";
  return LINES[outcome] ?? "Went on to the origin";
}

/** Some lines on it. */
export function explanation({ outcome, reason }) {
  if (reason) return REASONS[reason]?.[1];
  return OUTCOME_WORDS[outcome];
}

/** The entries of a filter: `verified`, `refused`, or all. */
export function chosen(entries, filter) {
  if (filter === "verified") return entries.filter(({ outcome }) => GENUINE.includes(outcome));
  if (filter === "refused") return entries.filter(({ outcome }) => DOUBTFUL.includes(outcome));
  return entries;
}

/** How many were verified, and how many not. */
export function counted(entries) {
  const sum = (filter) => chosen(entries, filter).reduce((all, { count }) => all + count, 0);
  return { verified: sum("verified"), refused: sum("refused") };
}

/** The steps of an explanation. */
export const STEPS = {
  signature_found: "Signature found",
  signature_decoded: "Signature read",
  id_found: "Message id found",
  timestamp_found: "Time found",
  timestamp_in_tolerance: "Time within the tolerance",
  content_built: "Signed content built",
  secret_tried: "Secrets tried",
  key_found: "Public key found",
  key_tried: "Public keys tried",
  variants_tried: "Variants tried",
};

/** A hint's code as words: `body_reserialized` is `Body reserialized`. */
export const named = (code) => (code.charAt(0).toUpperCase() + code.slice(1)).replaceAll("_", " ");

/** The path of an entry behind the source's own. */
export function below({ path }, source) {
  const own = new URL(source.url).pathname;
  return path.startsWith(own) ? path.slice(own.length) : path;
}

/** The URL that an entry's request came by, as far as that is known. */
export function urlOf({ path }, source) {
  const { origin, pathname } = new URL(source.url);
  return source.route && !path.startsWith(pathname) ? `https://${source.route.host}${path}` : origin + path;
}
