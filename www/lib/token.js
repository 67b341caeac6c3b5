// What a key or a portal link's token says of itself. Nothing is decided by it: it only makes words clearer.
import { exact } from "./format.js";

export const isLink = (text) => text?.startsWith("pt_") ?? false;

/** When a link's token says that it ends, or null. */
export function endOf(token) {
  try {
    const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { until } = JSON.parse(atob(claims));
    return Number.isFinite(until) ? new Date(until) : null;
  } catch {
    return null;
  }
}

/** Why it is refused now, and what to do, in a sentence or two. */
export function parted(text, now = Date.now()) {
  if (!isLink(text)) return "Your key is no longer valid. It may have been revoked. Sign in with another one.";
  const end = endOf(text);
  if (end && end <= now) return `This link ended on ${exact(end)}. Ask for a new one where you got it.`;
  return "This link is not valid: it was withdrawn, or cut on its way here. Ask for a new one where you got it.";
}

/** The key in what somebody pasted: a link holds its token behind the `#`, a header its key behind a word. */
export function keyIn(pasted) {
  const text = pasted
    .trim()
    .split("#token=")
    .at(-1)
    .replace(/^(?:authorization:\s*)?bearer\s+/i, "");
  // A header takes nothing else, and no key has anything else.
  return /^[!-~]+$/.test(text) ? text : null;
}
