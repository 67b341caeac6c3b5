// What people call the subscriptions and sources that figures name by their ids.
import { useEffect, useState } from "preact/hooks";
import { get } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { can } from "../../lib/session.js";

const kindOf = (id) => (id.startsWith("sub_") ? "subscriptions" : "sources");

/**
 * The subscriptions and sources of these ids, as far as the caller may read them.
 *
 * @param {string[]} ids each any number of times
 * @returns {(id: string) => object | null | undefined} null for what can't be read, undefined as long as it is not known
 */
export function useNamed(ids) {
  const readable = [...new Set(ids)].filter((id) => can(`${kindOf(id)}:read`));
  const lists = ["subscriptions", "sources"].map((kind) => {
    const isAsked = readable.some((id) => kindOf(id) === kind);
    const list = useLive(isAsked ? `/v1/${kind}?limit=250` : null, { every: 60_000 });
    return { ...list, isAwaited: isAsked && !list.data };
  });
  const known = new Map(lists.flatMap(({ data }) => data?.data ?? []).map((one) => [one.id, one]));
  const isAwaited = lists.some((list) => list.isAwaited);
  const others = useOthers(isAwaited ? [] : readable.filter((id) => !known.has(id)));
  const unknown = (id) => (isAwaited && readable.includes(id) ? undefined : null);
  return (id) => known.get(id) ?? others.get(id) ?? unknown(id);
}

/** Those beyond the lists' first pages, each by itself, once. */
function useOthers(ids) {
  const [found, setFound] = useState(() => new Map());
  const asked = ids.filter((id) => !found.has(id)).join(" ");
  useEffect(() => {
    if (asked === "") return undefined;
    const controller = new AbortController();
    // One that is gone by now is shown by its id.
    const read = (id) => get(`/v1/${kindOf(id)}/${id}`, controller).catch(() => undefined);
    const all = asked.split(" ");
    Promise.all(all.map(read)).then((ones) => {
      if (controller.signal.aborted) return;
      setFound((before) => new Map([...before, ...ones.map((one, at) => [all[at], one])]));
    });
    return () => controller.abort();
  }, [asked]);
  return found;
}
