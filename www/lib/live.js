// What a page shows of the API, kept up to date while somebody looks.
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { down, get } from "./api.js";
import { application, key } from "./session.js";

/** How often Signet is asked again while it does not answer, whatever a page wants otherwise. */
const WHILE_DOWN = 3_000;

/**
 * Reads `path` now and every so often, as long as the page can be seen. What was read last stays while it is read again,
 * and while the API can't be reached.
 *
 * @param {string | null} path null for nothing to read
 * @param {{every?: number, read?: (path: string, options: {signal: AbortSignal}) => Promise<any>}} [how] `every` so many
 *   milliseconds, 0 for once; `read`, always the same function, where it takes more than one call
 * @returns {{data: any, problem: import("./api.js").Problem | null, refresh: () => Promise<void>}} `data` is undefined until
 *   something was read
 */
export function useLive(path, { every = 5_000, read = get } = {}) {
  const of = `${key.value}|${application.value}|${path}`;
  const [state, setState] = useState({ of, data: undefined, problem: null });
  const reading = useRef(null);

  const refresh = useCallback(async () => {
    if (path === null) return;
    reading.current?.abort();
    const controller = new AbortController();
    reading.current = controller;
    try {
      const data = await read(path, { signal: controller.signal });
      if (!controller.signal.aborted) setState({ of, data, problem: null });
    } catch (problem) {
      if (problem.name === "AbortError" || controller.signal.aborted) return;
      setState((before) => ({ of, data: before.of === of ? before.data : undefined, problem }));
    }
  }, [of, path, read]);

  // Asked before the first paint, and not some frames later.
  useLayoutEffect(() => {
    let timer;
    let over = false;
    const turn = async () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") await refresh();
      // A slow answer is not asked for more often than it takes.
      const next = down.value ? WHILE_DOWN : every;
      clearTimeout(timer);
      if (!over && next > 0) timer = setTimeout(turn, next);
    };
    turn();
    document.addEventListener("visibilitychange", turn);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", turn);
      reading.current?.abort();
    };
  }, [refresh, every]);

  return { ...(state.of === of ? state : { data: undefined, problem: null }), refresh };
}

/**
 * Something that is done when somebody asks for it: `run` does it, `busy` while it is under way, `problem` if it was
 * refused. A second run while the first is under way does nothing.
 */
export function useAction(action) {
  const [state, setState] = useState({ busy: false, problem: null });
  const busy = useRef(false);
  const run = async (...args) => {
    if (busy.current) return undefined;
    busy.current = true;
    setState({ busy: true, problem: null });
    try {
      const result = await action(...args);
      setState({ busy: false, problem: null });
      return result;
    } catch (problem) {
      setState({ busy: false, problem });
      return undefined;
    } finally {
      busy.current = false;
    }
  };
  return { ...state, run, clear: () => setState({ busy: false, problem: null }) };
}
