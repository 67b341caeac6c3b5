// The names of all subscriptions and sources: what deliveries show is ids.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../../lib/api.js";
import { can } from "../../lib/session.js";

/** As many as an application can have. */
const PAGES = 10;
const EVERY = 60_000;

async function all(path, scope, signal) {
  const found = [];
  if (!can(scope)) return found;
  let cursor = null;
  for (let pages = 0; pages < PAGES; pages += 1) {
    const page = await get(withQuery(path, { limit: 250, cursor }), { signal });
    found.push(...page.data);
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

/**
 * @param {(string | null)[]} [shown] ids that are shown now; of one that is new the name is asked for at once
 * @param {boolean} [isTime] what is more urgent comes first
 * @returns {{subscriptions: object[], sources: object[], names: Map<string, string>}} what can't be read is left out
 */
export function useDestinations(shown = [], isTime = true) {
  const [known, setKnown] = useState({ subscriptions: [], sources: [], names: new Map() });
  const again = useRef(() => {});
  // One that was deleted is asked for once, and not for ever.
  const met = useRef(null);
  useEffect(() => {
    if (!isTime) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    let timer;
    const read = async () => {
      clearTimeout(timer);
      // What is asked for while it is read may be too new to be in it.
      let isAsked = false;
      again.current = () => {
        isAsked = true;
      };
      try {
        const subscriptions = await all("/v1/subscriptions", "subscriptions:read", signal);
        const sources = await all("/v1/sources", "sources:read", signal);
        const named = [...subscriptions, ...sources].filter(({ name }) => name);
        setKnown({ subscriptions, sources, names: new Map(named.map(({ id, name }) => [id, name])) });
        met.current ??= new Set();
        for (const { id } of [...subscriptions, ...sources]) met.current.add(id);
      } catch {
        // Without names the list shows where deliveries go.
      }
      if (signal.aborted) return;
      again.current = read;
      timer = setTimeout(read, isAsked ? 0 : EVERY);
    };
    read();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [isTime]);
  useEffect(() => {
    const fresh = met.current ? shown.filter((id) => id && !met.current.has(id)) : [];
    for (const id of fresh) met.current.add(id);
    if (fresh.length > 0) again.current();
  });
  return known;
}

/** Where a delivery goes, in short: its subscription's or source's name, or else its URL without what all have. */
export function destination({ subscription, source, url }, names) {
  return names.get(subscription ?? source) ?? (url ? bare(url) : (subscription ?? source ?? "–"));
}

export const bare = (url) => url.replace(/^https?:\/\//, "").replace(/\/$/, "");
