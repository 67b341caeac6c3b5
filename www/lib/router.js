// Where one is: a path and a query behind the `#` of the address, so that every page is a link and the Worker keeps all
// paths for itself and for the origins it stands in front of. What stands there never reaches a server.
import { signal } from "@preact/signals";

/** `{path, query}` of the address: `#/deliveries?status=failed`. */
export const place = signal(read());

addEventListener("hashchange", () => {
  place.value = read();
});

function read() {
  const [path, query] = location.hash.slice(1).split("?");
  return { path: path.startsWith("/") ? path : "/", query: new URLSearchParams(query) };
}

/** The address of a page. What is empty is left out of the query; the application that is looked at stays. */
export function href(path, query = {}) {
  const application = place.value.query.get("application");
  const given = Object.entries({ ...query, ...(application && !("application" in query) ? { application } : {}) });
  const kept = given.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return kept.length > 0 ? `#${path}?${new URLSearchParams(kept)}` : `#${path}`;
}

/** Goes to a page; with `replace` the one before is not there to go back to. */
export function go(path, query, { replace = false } = {}) {
  const to = href(path, query);
  if (to === location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  place.value = read();
}

/** Changes the query of this page: a filter. */
export function refine(changes, options) {
  go(place.value.path, { ...Object.fromEntries(place.value.query), ...changes }, options);
}

/** The parts of a path that a pattern such as `/deliveries/:id` names, or null where it does not fit. */
export function fit(pattern, path) {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const params = {};
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(":") && given[at]) params[part.slice(1)] = decoded(given[at]);
    else if (part !== given[at]) return null;
  }
  return params;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
