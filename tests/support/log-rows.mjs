// Deliveries by the thousand, written straight into the file of the object that keeps them, while nothing runs: as they
// would lie there had they come one by one.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The low `5 * length` bits of a number in the alphabet of ids. */
function base32(number, length) {
  let text = "";
  for (let left = BigInt(number); text.length < length; left >>= 5n) text = ALPHABET[Number(left & 31n)] + text;
  return text;
}

/** The id, without its prefix, of what was made at `time` as the `number`th, at a place. */
export const idOf = (time, number, place) => base32(time, 10) + base32(number, 12) + place;

/** The place that a subscription's id names; with a number, of one of its shards. */
export const placeOf = (id, shard) => (shard === undefined ? id.slice(-6) : id.slice(-6, -1) + ALPHABET[shard]);

/** The files of all objects of a class on a gateway's disk. */
function files(disk, type) {
  const all = readdirSync(disk, { recursive: true }).map((name) => path.join(disk, name));
  return all.filter(
    (file) => file.endsWith(".sqlite") && file.includes(`${type}${path.sep}`) && statSync(file).isFile(),
  );
}

/**
 * The log of the object at a place, which must hold a delivery already: it tells the object's file from others. The gateway
 * must be down.
 */
export function openLog(disk, place) {
  for (const file of files(disk, "Subscription").filter(existsSync)) {
    const log = new DatabaseSync(file);
    const has = log.prepare("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").get();
    if (has && log.prepare("SELECT 1 FROM deliveries WHERE id LIKE ? LIMIT 1").get(`%${place}`)) return log;
    log.close();
  }
  throw new Error(`no object on ${disk} has a delivery at ${place}`);
}

/**
 * What the `n`th of many deliveries is unless somebody says otherwise: delivered after some milliseconds, one in fifty
 * failed after three attempts, each of the type `common`, and one in ten thousand of the type `rare`.
 */
export function usual(n) {
  const failed = n % 50 === 7;
  return {
    stage: failed ? 5 : 4,
    kind: n % 10_000 === 77 ? "rare" : "common",
    count: failed ? 3 : 1,
    took: 20 + ((n * 7_919) % 400),
    test: 0,
  };
}

/**
 * Writes `count` deliveries, the oldest made at `from`, one each `every` ms, or at the times that `at` says, in their order.
 * Answers what they are: `{id, time, …}`.
 *
 * @param {DatabaseSync} log
 * @param {{place: string, count: number, from?: number, every?: number, at?: (n: number) => number,
 *   what?: (n: number) => object, body?: (n: number) => string}} how
 */
export function fill(
  log,
  { place, count, from, every, at = (n) => from + Math.floor(n * every), what = usual, body = () => '{"n":1}' },
) {
  const first = (log.prepare("SELECT max(seq) AS seq FROM payloads").get().seq ?? 0) + 1;
  const delivery = log.prepare(
    `INSERT INTO deliveries (id, stage, kind, event, url, test, planned, tries, count, next_at, completed_at, asked, payload, attempts)
     VALUES (?, ?, ?, NULL, NULL, ?, 8, ?, ?, ?, ?, 0, ?, ?)`,
  );
  const payload = log.prepare("INSERT INTO payloads (seq, delivery, body) VALUES (?, ?, ?)");
  const made = [];
  log.exec("BEGIN");
  for (let n = 0; n < count; n++) {
    const time = at(n);
    const id = idOf(time, n, place);
    // `took` is all of the time, with so much of it from one attempt to the next.
    const { stage, kind, count: attempts, took, test, nextAt = null, gap = 0 } = what(n);
    const completed = stage >= 4 ? time + took : null;
    const shown = Array.from({ length: attempts }, (_, at) => {
      const isGood = stage === 4 && at === attempts - 1;
      return attempt(at + 1, time + at * gap, took - gap * (attempts - 1), isGood);
    });
    const seq = first + n;
    delivery.run(id, stage, kind, test, attempts, attempts, nextAt, completed, seq, JSON.stringify(shown));
    payload.run(seq, id, Buffer.from(body(n)));
    made.push({ id: `del_${id}`, time, stage, kind, count: attempts, took, test });
  }
  // None of them waits to be taken over: an object that starts does not look at them one by one.
  log.prepare("INSERT OR REPLACE INTO meta VALUES ('mark', ?)").run(String(first + count - 1));
  log.exec("COMMIT");
  return made;
}

const attempt = (number, time, took, delivered) => ({
  number,
  trigger: "schedule",
  startedAt: new Date(time).toISOString(),
  durationMs: took,
  responseStatus: delivered ? 200 : 500,
  responseBody: "",
  responseBodyTruncated: false,
  error: null,
});
