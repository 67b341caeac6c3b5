// Operations: begun, and waited for.
import { until } from "./wait.mjs";

/** The calls of operations, each with its expected answer. */
export function operations({ expect }) {
  const read = (id) => expect(200, "GET", `/v1/operations/${id}`);
  return {
    /** How an operation is doing. */
    read,
    /** Begins one; resolves to `{operation, matched}`. */
    begin: (where, body) => expect(202, "POST", where, body),
    /** Waits until an operation does not run any more, and resolves to it. */
    ended: (id, timeout = 20_000) => {
      let last;
      return until(
        async () => {
          last = await read(id);
          return last.status !== "running" && last;
        },
        { timeout, every: 20, what: () => `the end of ${JSON.stringify(last)}` },
      );
    },
  };
}

/** A time in the API's form, `ago` ms before now. */
export const time = (ago = 0) => new Date(Date.now() - ago).toISOString();
