// The figures of a window, read again and again without anything on the page jumping.
import { useEffect, useRef, useState } from "preact/hooks";
import { withQuery } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { span, WINDOWS } from "./window.js";

/**
 * @param {string} name of a window
 * @param {{isWanted: boolean}} how
 */
export function useFigures(name, { isWanted }) {
  const window = WINDOWS[name];
  const { since, until } = useSpan(window);
  const path = withQuery("/v1/stats", { since, until, interval: window.interval / 1_000 });
  const live = useLive(isWanted ? path : null, { every: window.every });
  // When the window moves on by a column, what was read of it stays until it is read anew.
  const last = useRef({});
  if (live.data) last.current = { name, data: live.data };
  return { ...live, data: live.data ?? (last.current.name === name ? last.current.data : undefined) };
}

/** The window's times; they change when its next part begins. */
function useSpan(window) {
  const [at, setAt] = useState(Date.now);
  const now = span(window, at);
  useEffect(() => {
    // At once where the part has ended while nobody looked.
    const timer = setTimeout(() => setAt(Date.now()), Math.max(0, now.end - Date.now()));
    return () => clearTimeout(timer);
  }, [now.end]);
  return now;
}
