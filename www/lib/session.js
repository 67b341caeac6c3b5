// Who is signed in. The key lives in this tab's session storage alone: not in an address, not in another tab, and not
// after the tab is closed.
import { computed, effect, signal } from "@preact/signals";
import { go, place } from "./router.js";

const STORED = "signet.key";
const LINK = "#token=";

/** The key or the portal link's token, or null. */
export const key = signal(opened() ?? sessionStorage.getItem(STORED));

/** What `GET /v1/me` says of it, or null as long as that is not known. */
export const me = signal(null);

/** Why nobody is signed in any more, in a sentence; null where there is nothing to say. */
export const parting = signal(null);

/** The application that the operator has chosen, in the address; null for the usual one. */
export const application = computed(() => place.value.query.get("application"));

effect(() => {
  if (key.value) sessionStorage.setItem(STORED, key.value);
  else sessionStorage.removeItem(STORED);
});

// A link that is pasted into a tab where the dashboard is open.
addEventListener("hashchange", () => {
  const token = opened();
  if (token) signIn(token);
});

export function signIn(text) {
  me.value = null;
  parting.value = null;
  key.value = text;
}

/** Forgets who was here; `why` where it was not their wish. */
export function signOut(why = null) {
  key.value = null;
  me.value = null;
  parting.value = why;
  // Whoever is sent away comes back to where they were; who leaves leaves nothing of it in the address.
  if (!why) go("/", { application: null }, { replace: true });
}

/** Whether the caller has a scope. */
export const can = (scope) => me.value?.scopes.includes(scope) ?? false;

/** The token of the portal link that was opened. It leaves the address, and so the history, at once. */
function opened() {
  if (!location.hash.startsWith(LINK)) return null;
  const token = location.hash.slice(LINK.length);
  history.replaceState(null, "", "#/");
  return token;
}
