// Lists that are longer than a page of the API.
import { useCallback, useRef } from "preact/hooks";
import { get, withQuery } from "./api.js";
import { useAction, useLive } from "./live.js";

const LIMIT = 250;

/**
 * Reads a list, `pages` pages of it at a time, and keeps what was read up to date.
 *
 * @param {string | null} path without `limit` and `cursor`
 * @returns what `useLive` does, `data` being `{items, isAll}`, with `more`: an action that reads on
 */
export function usePages(path, { every, pages = 1 } = {}) {
  const wanted = useRef(pages);
  const read = useCallback(async (path, options) => {
    const items = [];
    let cursor = null;
    for (let page = 0; page < wanted.current && (page === 0 || cursor); page++) {
      const { data, nextCursor } = await get(withQuery(path, { limit: LIMIT, cursor }), options);
      items.push(...data);
      cursor = nextCursor;
    }
    return { items, isAll: cursor === null };
  }, []);
  const live = useLive(path, { every, read });
  const more = useAction(async () => {
    wanted.current += pages;
    await live.refresh();
  });
  return { ...live, more };
}
