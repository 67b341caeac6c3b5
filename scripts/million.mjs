// What is asked of a log of a million deliveries, beside one of a thousand: `npm run million -- [COUNT [RUNS]]`.
import { bigLogs, DAY } from "../tests/support/big-log.mjs";
import { clearing } from "../tests/support/clearing.mjs";
import { receiver } from "../tests/support/receiver.mjs";
import { DEV_VARS, startSignet } from "../tests/support/signet.mjs";
import { calls } from "../tests/support/stage.mjs";
import { until } from "../tests/support/wait.mjs";

const [count = 1_000_000, runs = 200] = process.argv.slice(2).map(Number);

const stats = (log, query = "") => `/v1/subscriptions/${log.id}/stats${query}`;
const list = (log, query) => `/v1/deliveries?${new URLSearchParams({ subscription: log.id, ...query })}`;
const time = (at) => new Date(at).toISOString();
/** So much of a day is kept in the end: all but the last half an hour is cleared away. */
const KEPT = 0.02;

const target = await receiver();
const signet = await startSignet({ bare: true });
try {
  const on = { signet, target, api: signet.api.bind(signet), ...calls(signet) };
  console.log(`writing ${count} deliveries …`);
  const logs = await bigLogs(on, [1_000, count]);
  await first(on, logs);
  await compare(on, logs);
  await clear(on, logs.at(-1));
} finally {
  await signet.stop();
  await target.stop();
}

/** Before there are any blocks: whoever asks first waits until they are made. */
async function first({ expect }, logs) {
  const window = `?since=${time(Date.now() - 2 * DAY)}`;
  for (const log of logs) {
    const begun = performance.now();
    const { total } = await expect(200, "GET", stats(log, window));
    const took = (performance.now() - begun).toFixed(0);
    console.log(`the first figures ever of ${total} deliveries: ${took} ms`);
  }
}

async function compare({ expect, send }, logs) {
  const hour = (log) => {
    const { time: middle } = log.rows[log.rows.length >> 1];
    return { since: time(middle), until: time(middle + 3_600_000) };
  };
  const eventOf = (log) => log.rows[log.rows.length >> 1].id.replace("del_", "evt_");
  const get = (where) => (log) => expect(200, "GET", where(log));
  const asked = [
    ["the newest 50", get((log) => list(log, {}))],
    ["the newest 250", get((log) => list(log, { limit: 250 }))],
    ["50 from the middle", get((log) => list(log, { until: hour(log).until }))],
    ["an hour of them", get((log) => list(log, hour(log)))],
    ["of one event", get((log) => list(log, { event: eventOf(log) }))],
    ["status=failed", get((log) => list(log, { status: "failed" }))],
    ["status=delivered", get((log) => list(log, { status: "delivered" }))],
    ["status=pending, of which there is none", get((log) => list(log, { status: "pending" }))],
    ["type=common", get((log) => list(log, { type: "common" }))],
    ["type=rare, one in 10,000", get((log) => list(log, { type: "rare", limit: 1 }))],
    ["type=absent", get((log) => list(log, { type: "absent" }))],
    ["one delivery", get((log) => `/v1/deliveries/${log.rows[log.rows.length >> 1].id}`)],
    ["figures of the last day", get((log) => stats(log))],
    ["figures of the last day, in sixty parts", get((log) => stats(log, "?interval=1440"))],
    ["figures of an hour", get((log) => stats(log, `?${new URLSearchParams(hour(log))}`))],
    ["append an event", (log) => send({ type: log.type, data: { n: 1 } })],
  ];
  const width = Math.max(...asked.map(([name]) => name.length));
  console.log(`${"median of".padEnd(width)} ${logs.map((log) => `${log.count}`.padStart(12)).join("")}`);
  for (const [name, ask] of asked) {
    const times = logs.map(() => []);
    // In turns, so that whatever else the machine does hits both.
    for (let run = 0; run < runs; run++) {
      for (const [at, log] of logs.entries()) {
        const begun = performance.now();
        await ask(log);
        times[at].push(performance.now() - begun);
      }
    }
    const medians = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1].toFixed(1));
    console.log(`${name.padEnd(width)} ${medians.map((median) => `${median} ms`.padStart(12)).join("")}`);
  }
}

/** Clears nearly all of it away, while events come and go out. */
async function clear({ signet, api, expect, sendOne }, log) {
  signet.vars = { ...DEV_VARS, RETENTION_DAYS: `${KEPT}` };
  await signet.restart();
  // The application's object looks at once whether the time is another.
  await expect(200, "GET", "/v1/subscriptions");
  // What is only just too old is left to the next look.
  const old = log.rows.filter((row) => row.time + row.took < Date.now() - KEPT * DAY - 10_000);
  const timeout = 120_000 + old.length;
  const isBegun = async () => (await api("GET", `/v1/deliveries/${old[0].id}`)).status === 404;
  await until(isBegun, { timeout, what: "the first of them to be gone" });
  const { took, times } = await clearing({ api, sendOne }, { type: log.type, youngest: old.at(-1).id, timeout });
  times.sort((a, b) => a - b);
  const [median, slowest] = [times[times.length >> 1], times.at(-1)].map((ms) => `${ms.toFixed(1)} ms`);
  console.log(`${old.length} old deliveries were cleared away in ${(took / 1000).toFixed(0)} s;`);
  console.log(`${times.length} events were taken in meanwhile: median ${median}, the slowest ${slowest}`);
}
