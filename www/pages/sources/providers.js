// The table of providers: read once, searched as one types.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, withQuery } from "../../lib/api.js";
import { useAction } from "../../lib/live.js";

// The same for everybody, whatever key they have.
const table = signal(undefined);

/** `{data, problem, refresh}` as useLive has them. */
export function useProviders() {
  const read = useAction(async () => {
    table.value = await all();
  });
  useEffect(() => {
    if (!table.value) read.run();
  }, []);
  return { data: table.value, problem: read.problem, refresh: read.run };
}

async function all() {
  const list = [];
  let cursor;
  do {
    const page = await get(withQuery("/v1/providers", { limit: 250, cursor }));
    list.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor);
  return list;
}

/** What people call a source's provider. */
export function titleOf(source, providers) {
  if (typeof source.provider !== "string") return "Custom signature";
  return providers?.find(({ name }) => name === source.provider)?.title ?? source.provider;
}
