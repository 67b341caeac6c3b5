// A reporter for node's test runner that leaves the final counts, as JSON, for scripts/test.mjs to add up.
export default async function* count(events) {
  let counts = null;
  for await (const { type, data } of events) {
    // The summary of a single file names that file; the last one is of the whole run.
    if (type === "test:summary" && data.file === undefined) counts = data.counts;
  }
  yield JSON.stringify(counts);
}
