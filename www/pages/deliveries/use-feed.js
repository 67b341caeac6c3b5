import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../../lib/api.js";
import { Feed } from "./feed.js";
import { asked } from "./filters.js";

const EVERY = 3_000;
/** A list that takes long, of thousands of subscriptions, is asked for less often. */
const SHARE = 5;

const read = (query, how) => get(withQuery("/v1/deliveries", query), how);

/**
 * The list for some filters, kept up to date. While another is read for the first time, the one before stays.
 *
 * @param {object} filters
 * @param {{current: object}} view what of it is in sight, as `Feed.turn` takes it
 * @returns {{feed: Feed, isTurning: boolean}}
 */
export function useFeed(filters, view) {
  const of = JSON.stringify(filters);
  const [, told] = useState(0);
  const shown = useRef(null);
  const feed = useMemo(() => new Feed(asked(filters), () => told((count) => count + 1), read), [of]);

  // Asked before the first paint, and not some frames later.
  useLayoutEffect(() => {
    let timer;
    let isOver = false;
    let isBusy = false;
    const turn = async () => {
      if (isBusy || isOver) return;
      clearTimeout(timer);
      isBusy = true;
      const begun = performance.now();
      if (document.visibilityState === "visible") await feed.turn(view.current);
      isBusy = false;
      if (!isOver) timer = setTimeout(turn, Math.max(EVERY, SHARE * (performance.now() - begun)));
    };
    turn();
    document.addEventListener("visibilitychange", turn);
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", turn);
      feed.stop();
    };
  }, [feed]);

  if (shown.current === null || feed.isOpen || feed.problem) shown.current = feed;
  return { feed: shown.current, isTurning: shown.current !== feed };
}
