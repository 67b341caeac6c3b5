// Who is signed in. The key lives in this tab's session storage alone: not in an address, not in another tab, and not
// after the tab is closed.
import { computed, effect, signal } from "@preact/signals";
import { go, place } from "./router.js";

const STORED = "signet.key";
const STORED_ME = "signet.me";
const LINK = "#token=";

const token = opened();

/** The key or the portal link's token, or null. */
export const key = signal(token ?? sessionStorage.getItem(STORED));

/**
 * What `GET /v1/me` says of it, or null as long as that is not known. What it said before a reload counts until it is asked
 * again: it only says what to offer.
 */
export const me = signal(token ? null : remembered());

/** Why nobody is signed in any more, in a sentence; null where there is nothing to say. */
export const parting = signal(null);

/** The application that the operator has chosen, in the address; null for the usual one. */
export const application = computed(() => place.value.query.get("application"));

effect(() => {
  keep(STORED, key.value);
  keep(STORED_ME, me.value && JSON.stringify(me.value));
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

/** Nothing where another version of this page has written something else. */
function remembered() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORED_ME));
    return Array.isArray(stored?.scopes) && stored.application ? stored : null;
  } catch {
    return null;
  }
}

function keep(name, text) {
  if (text) sessionStorage.setItem(name, text);
  else sessionStorage.removeItem(name);
}

/** The token of the portal link that was opened. It leaves the address, and so the history, at once. */
function opened() {
  if (!location.hash.startsWith(LINK)) return null;
  const token = location.hash.slice(LINK.length);
  history.replaceState(null, "", "#/");
  return token;
}
