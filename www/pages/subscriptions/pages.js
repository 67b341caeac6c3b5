// Lists that are longer than one answer.
import { useEffect, useState } from "preact/hooks";
import { get, withQuery } from "../../lib/api.js";

const PAGE = 250;

/**
 * Reads the first `pages` pages of a list and keeps them up to date. What was read stays while it is read again.
 *
 * @returns {{rows: object[] | undefined, more: boolean, problem: any, refresh: () => void}} `more`: there are further pages
 */
export function usePages(path, pages, { every = 5_000 } = {}) {
  const [state, setState] = useState({ rows: undefined, more: false, problem: null });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    let timer;
    const turn = async () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") await read();
      // The more there is to read, the less often.
      if (!controller.signal.aborted) timer = setTimeout(turn, every * pages);
    };
    const read = async () => {
      try {
        const rows = [];
        let cursor = null;
        let count = 0;
        do {
          const page = await get(withQuery(path, { limit: PAGE, cursor }), { signal: controller.signal });
          rows.push(...page.data);
          cursor = page.nextCursor;
          count += 1;
          // What is there first is shown first; later readings take its place as a whole.
          setState((before) =>
            (before.rows?.length ?? 0) <= rows.length ? { rows, more: cursor !== null, problem: null } : before,
          );
        } while (cursor !== null && count < pages);
        setState({ rows, more: cursor !== null, problem: null });
      } catch (problem) {
        if (!controller.signal.aborted) setState((before) => ({ ...before, problem }));
      }
    };
    turn();
    document.addEventListener("visibilitychange", turn);
    return () => {
      clearTimeout(timer);
      controller.abort();
      document.removeEventListener("visibilitychange", turn);
    };
  }, [path, pages, every, asked]);
  return { ...state, refresh: () => setAsked((before) => before + 1) };
}
