// What a provider needs, and finding it among many. Knows nothing of the page.

/** What a source's provider is called here that is in no table. */
export const CUSTOM = "custom";

/** How well a provider fits what was typed, the lower the better; null where it does not. */
function rank({ name, title }, typed) {
  const names = [title.toLowerCase(), name.toLowerCase()];
  if (names.includes(typed)) return 0;
  if (names.some((one) => one.startsWith(typed))) return 1;
  const words = names.flatMap((one) => one.split(/[\s.\-/()]+/));
  if (words.some((one) => one.startsWith(typed))) return 2;
  return names.some((one) => one.includes(typed)) ? 3 : null;
}

/** The providers that fit, the closest first, else by title. */
export function search(providers, text) {
  const typed = text.trim().toLowerCase();
  const byTitle = [...providers].sort((a, b) => a.title.localeCompare(b.title, "en"));
  if (!typed) return byTitle;
  return byTitle
    .map((one) => [rank(one, typed), one])
    .filter(([at]) => at !== null)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

const LEARNS = ["asana", "notion", "gusto"];

/** Whether the provider tells its secret in a handshake. */
export const learns = (provider) => (provider?.handshakes ?? []).some((one) => LEARNS.includes(one));

/** Whether nothing can be verified until somebody enters a secret. */
export const needsSecret = (provider) => !learns(provider) && !/^none\b/i.test(provider?.secret ?? "");

/** Whether the provider's words on an option say that it has to be there. */
export const isRequired = (words) => /[;,] required(?:[.,]|$)/.test(words);

/** A provider's page, where it is one that may be opened. */
export function pageOf(provider) {
  try {
    const url = new URL(provider.docs);
    return url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
