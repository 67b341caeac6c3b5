// npm run bench: how many events Signet takes in and delivers, and how long one is on its way, beside a bare
// JavaScript Worker that does the least possible for the same promise. Both run on workerd, on this machine, in
// the same minutes, in alternating rounds; what counts is the ratio, for the absolute figures are the machine's.
// --proxy does so for requests to a source, --verify for signatures alone, --batch for events in bulk.

import { createRequire } from "node:module";
import os from "node:os";
import { parseArgs } from "node:util";
import { openArena } from "./bench/arena.mjs";
import { benchBatch } from "./bench/batch.mjs";
import { bare, sharded, signet, silent, talking } from "./bench/contenders.mjs";
import { profile } from "./bench/profile.mjs";
import { benchProxy } from "./bench/proxy.mjs";
import { printRefusals, printTable } from "./bench/report.mjs";
import { benchVerify } from "./bench/verify.mjs";

const HELP = `npm run bench -- [options]

  --rounds N        rounds per contender, alternating (default 10)
  --seconds N       length of a round (default 3)
  --connections N   keep-alive connections that post events (default 16)
  --bytes N         size of an event's data (default 200)
  --disk FOLDER     where the databases lie (default: the system's temporary folder); a folder in
                    memory, such as /dev/shm, takes the disk's speed out of the comparison
  --only NAME       measure one contender alone: signet or bare
  --log             Signet with its log (LOG=all) beside Signet without (LOG=none)
  --shards N        a subscription with N shards beside one without
  --profile         let V8 profile Signet for one long round and print the top entries
  --proxy           requests through a source, through a Worker that only forwards, and straight to the origin;
                    takes --rounds (default 10) and --disk
  --batch           the same events one by one, a hundred and a thousand at a time; takes --rounds (default 5),
                    --bytes and --disk
  --verify          HMAC-SHA256 in wasm and by WebCrypto, by size of the body; takes --rounds (default 5)
`;

const WARM_UP_SECONDS = 2;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "16" },
    bytes: { type: "string", default: "200" },
    disk: { type: "string" },
    only: { type: "string" },
    log: { type: "boolean", default: false },
    shards: { type: "string" },
    profile: { type: "boolean", default: false },
    proxy: { type: "boolean", default: false },
    batch: { type: "boolean", default: false },
    verify: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function refuse(why) {
  console.error(why);
  process.exit(2);
}

function amount(name, most) {
  const value = Number(options[name]);
  if (!(value > 0 && value <= most) || (name !== "seconds" && !Number.isInteger(value))) {
    refuse(`--${name} must be a number from 1 to ${most}`);
  }
  return value;
}

const shardedOrNot = () => [sharded(amount("shards", 32)), sharded(1)];

function machine() {
  const workerd = createRequire(import.meta.url)("workerd/package.json").version;
  const cpus = os.cpus();
  // What else runs here slows both sides, not always evenly: a run says how busy the machine was before it.
  const load = os.platform() === "win32" ? "" : `, load before the run ${os.loadavg()[0].toFixed(1)}`;
  const model = cpus[0]?.model.trim() || os.arch();
  return `${cpus.length} cores (${model}), ${os.platform()}, node ${process.versions.node}, workerd ${workerd}${load}`;
}

async function main() {
  if (options.help) return console.log(HELP);
  options.rounds ??= options.verify || options.batch ? "5" : "10";
  const rounds = amount("rounds", 100);
  if (options.proxy || options.verify) {
    console.log(`${machine()}\n`);
    return options.proxy ? benchProxy(rounds, options.disk) : benchVerify(rounds);
  }
  if (options.batch) {
    console.log(`${machine()}\n`);
    return benchBatch(rounds, amount("bytes", 100_000), options.disk);
  }
  const seconds = amount("seconds", 600);
  const setting = { connections: amount("connections", 512), bytes: amount("bytes", 1_000_000), disk: options.disk };

  const all = options.log ? [talking, silent] : options.shards ? shardedOrNot() : [signet, bare];
  const contenders = all.filter(({ name }) => !options.only || name.toLowerCase() === options.only);
  if (contenders.length === 0) refuse(`--only takes ${all.map(({ name }) => name.toLowerCase()).join(" or ")}`);

  if (options.profile) return profile(contenders[0], { seconds, ...setting });

  const shape = `${setting.connections} connections, ${setting.bytes}-byte data, ${rounds} rounds of ${seconds} s each`;
  console.log(`${contenders.map(({ name }) => name).join(" and ")}: ${shape}\n${machine()}\n`);

  const arena = await openArena(contenders, setting);
  try {
    for (const contender of contenders) await arena.round(contender, WARM_UP_SECONDS);
    const results = new Map(contenders.map((contender) => [contender, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of contenders) {
        const figures = await arena.round(contender, seconds);
        results.get(contender).push(figures);
        console.log(
          `  round ${round}  ${contender.name.padEnd(7)}${figures.delivered.toFixed(0).padStart(6)} delivered/s`,
        );
      }
    }
    console.log();
    printTable(results);
    printRefusals(results);
    console.log(
      `\nAgain: npm run bench -- --rounds ${rounds} --seconds ${seconds} --connections ${setting.connections} --bytes ${setting.bytes}${setting.disk ? ` --disk ${setting.disk}` : ""}${options.log ? " --log" : ""}${options.shards ? ` --shards ${options.shards}` : ""}`,
    );
  } finally {
    await arena.close();
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
