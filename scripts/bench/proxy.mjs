// npm run bench -- --proxy: requests through a source of Signet's, through a Worker that only forwards, and straight to
// the origin, in alternating rounds.
import path from "node:path";
import { KEY, signet } from "./contenders.mjs";
import { median, percentile } from "./figures.mjs";
import { startCalls, startOrigin } from "./helpers.mjs";
import { serve } from "./workerd.mjs";

const SECRET = "It's a Secret to Everybody";
/** One connection tells how long a request takes, many how many there may be. */
const SHAPES = [
  { title: "1 KB", bytes: 1_000, alone: 150, together: { connections: 16, requests: 800 } },
  { title: "1 MB", bytes: 1_000_000, alone: 30, together: { connections: 4, requests: 60 } },
];
const COLUMNS = [
  ["p50, ms", "p50", 2],
  ["p99, ms", "p99", 2],
  ["requests/s", "rate", 0],
  ["CPU each, ms", "cpu", 2],
];

const source = (deduplicate) => async (url, origin) => {
  const answer = await fetch(`${url}/v1/sources`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ provider: "github", secrets: [SECRET], origin, deduplicate }),
  });
  const told = await answer.json();
  if (answer.status !== 201) throw new Error(`POST /v1/sources answered ${answer.status}: ${told.detail}`);
  return url + new URL(told.url).pathname;
};

const forward = {
  modules: [{ name: "forward.js", file: path.join(import.meta.dirname, "forward.js") }],
  compatibilityDate: "2026-11-01",
  objects: [],
};

const CONTENDERS = [
  { name: "Signet", worker: signet.worker, prepare: source(true) },
  { name: "Signet, deduplicate: false", worker: signet.worker, prepare: source(false) },
  { name: "forwarding Worker", worker: (origin) => ({ ...forward, variables: { ORIGIN: origin } }) },
  { name: "origin alone" },
];

export async function benchProxy(rounds, disk, contenders = CONTENDERS, shapes = SHAPES) {
  const running = [];
  const keep = (started) => {
    running.push(started);
    return started;
  };
  try {
    const origin = keep(await startOrigin());
    const calls = keep(startCalls());
    const lanes = [];
    for (const { name, worker, prepare } of contenders) {
      const served = worker && keep(await serve(await worker(origin.url), { under: disk }));
      const url = prepare ? await prepare(served.url, origin.url) : (served?.url ?? origin.url);
      lanes.push({ name, url, cpu: served?.cpu ?? (() => NaN) });
    }
    for (const shape of shapes) {
      const rows = new Map(lanes.map((lane) => [lane, []]));
      // The first round warms up.
      for (let round = 0; round <= rounds; round += 1) {
        for (const lane of lanes) {
          const figures = await measure(calls, lane, shape);
          if (round > 0) rows.get(lane).push(figures);
        }
      }
      print(shape, rows, rounds);
    }
    console.log(
      `Medians of the rounds. Again: npm run bench -- --proxy --rounds ${rounds}${disk ? ` --disk ${disk}` : ""}`,
    );
  } finally {
    for (const started of running.reverse()) await started.stop();
  }
}

async function measure(calls, { name, url, cpu }, { bytes, alone, together }) {
  const order = { url, secret: SECRET, bytes };
  const one = await calls.run({ ...order, connections: 1, requests: alone });
  const before = cpu();
  const many = await calls.run({ ...order, ...together });
  const used = cpu() - before;
  for (const { others } of [one, many]) {
    if (Object.keys(others).length > 0) throw new Error(`${name}: not the origin's answer: ${JSON.stringify(others)}`);
  }
  const ascending = one.latencies.sort((a, b) => a - b);
  return {
    p50: percentile(ascending, 0.5),
    p99: percentile(ascending, 0.99),
    rate: (many.latencies.length / many.elapsed) * 1000,
    cpu: used / many.latencies.length,
  };
}

function print({ title, alone, together }, rows, rounds) {
  console.log(`${title}: ${rounds} rounds of ${alone} requests over one connection (p50, p99),`);
  console.log(`then ${together.requests} over ${together.connections} (requests/s, CPU)\n`);
  console.log("".padEnd(28) + COLUMNS.map(([label]) => label.padStart(14)).join(""));
  for (const [{ name }, figures] of rows) {
    const cells = COLUMNS.map(([, key, digits]) => {
      const value = median(figures.map((each) => each[key]));
      return (Number.isNaN(value) ? "" : value.toFixed(digits)).padStart(14);
    });
    console.log(name.padEnd(28) + cells.join(""));
  }
  console.log();
}
