// An eye on what objects ask of SQLite: every statement that was run, how SQLite goes about it, and the most rows that one
// run of it has read and written. `/@statements` tells, and begins anew. It runs in workerd, around the worker.
let seen = new Map();

/** Statements are drained before anything else happens: what they have read is known when the next one comes. */
let last = null;
function close() {
  if (last === null) return;
  const { kind, text, plan, cursor } = last;
  last = null;
  const known = seen.get(`${kind} ${text}`) ?? { kind, text, plan, runs: 0, read: 0, written: 0 };
  known.runs += 1;
  known.read = Math.max(known.read, cursor.rowsRead);
  known.written = Math.max(known.written, cursor.rowsWritten);
  seen.set(`${kind} ${text}`, known);
}

/** How SQLite goes about a statement, step by step. */
const planOf = (sql, text, params) =>
  /^(SELECT|INSERT|UPDATE|DELETE)/.test(text)
    ? [...sql.exec(`EXPLAIN QUERY PLAN ${text}`, ...params)].map((step) => step.detail)
    : [];

/** An object of the runtime's, but for some of its properties. */
const instead = (of, own) =>
  new Proxy(of, {
    get(_, name) {
      if (name in own) return own[name];
      const value = of[name];
      return typeof value === "function" ? value.bind(of) : value;
    },
  });

const watched = (kind, state) => {
  const { sql } = state.storage;
  const exec = (text, ...params) => {
    close();
    const plan = seen.has(`${kind} ${text}`) ? [] : planOf(sql, text, params);
    const cursor = sql.exec(text, ...params);
    last = { kind, text, plan, cursor };
    return cursor;
  };
  return instead(state, { storage: instead(state.storage, { sql: instead(sql, { exec }) }) });
};

/** An object's class under watch. */
export const watching = (kind, type) =>
  new Proxy(type, {
    construct: (target, [state, env], made) => Reflect.construct(target, [watched(kind, state), env], made),
  });

/** The entrance, which tells what was seen. */
export const telling = (type) => ({
  fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/@statements") return new type(context, env).fetch(request);
    close();
    const told = [...seen.values()];
    seen = new Map();
    return Response.json(told);
  },
});
