// What is read again only for as long as something can still change.
import { useEffect, useState } from "preact/hooks";
import { useLive } from "../../lib/live.js";

const AT_FIRST = 800;

/**
 * @param {string | null} path
 * @param {(data: any) => number} pace in how many ms what was read is to be read again; 0 for never
 */
export function useUntil(path, pace) {
  const [every, setEvery] = useState(AT_FIRST);
  const live = useLive(path, { every });
  const next = live.data === undefined ? AT_FIRST : pace(live.data);
  useEffect(() => setEvery(next), [next]);
  return live;
}
