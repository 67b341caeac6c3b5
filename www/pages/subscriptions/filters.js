// Which subscriptions are shown.
import { stateOf } from "./words.js";

/** What the list can be narrowed to: value and words. */
export const STATES = [
  ["", "All"],
  ["active", "Active"],
  ["failing", "Failing"],
  ["paused", "Paused"],
  ["disabled", "Disabled"],
];

/** Those in a state whose name, URL or id has all words of a search, in any case. */
export function found(subscriptions, { state = "", search = "" }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return subscriptions.filter((one) => {
    if (state !== "" && stateOf(one) !== state) return false;
    const text = `${one.name ?? ""} ${one.url}`.toLowerCase();
    return words.every((word) => text.includes(word) || isOf(one.id, word));
  });
}

/** A few letters stand in many ids by chance. */
const isOf = (id, word) => id.startsWith(word) || (word.length >= 6 && id.includes(word));

/** How many are in each state. */
export function counted(subscriptions) {
  const counts = {};
  for (const one of subscriptions) counts[stateOf(one)] = (counts[stateOf(one)] ?? 0) + 1;
  return counts;
}
