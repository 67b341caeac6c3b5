// About how many deliveries there are of a kind, as cheaply as that is to be known.
import { get, withQuery } from "../../lib/api.js";

/** How many pages are counted one by one. */
const PAGES = 4;
const LONG_AGO = "2000-01-01T00:00:00.000Z";

/**
 * @param {object} body of `POST /v1/deliveries/retry` or `…/cancel`
 * @returns {Promise<{most: number, isMore: boolean}>} `isMore`: than was counted
 */
export async function counted(body, signal) {
  const { status, subscription, source, event, type, since, until } = body;
  // The figures know no types, and none of a single source.
  if (!source && !event && !type) {
    const path = subscription ? `/v1/subscriptions/${subscription}/stats` : "/v1/stats";
    try {
      const { counts } = await get(withQuery(path, { since: since ?? LONG_AGO, until }), { signal });
      return { most: counts[status], isMore: false };
    } catch (problem) {
      if (signal.aborted) throw problem;
    }
  }
  let most = 0;
  let cursor = null;
  for (let pages = 0; pages < PAGES; pages += 1) {
    const page = await get(withQuery("/v1/deliveries", { ...body, limit: 250, cursor }), { signal });
    most += page.data.length;
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return { most, isMore: cursor !== null };
}
