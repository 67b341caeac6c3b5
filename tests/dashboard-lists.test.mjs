// What the dashboard's list of deliveries is made of, without a browser: filters, the list as it grows and changes, commands
// for a shell, texts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { curl, quoted } from "../www/pages/deliveries/curl.js";
import { Feed, find } from "../www/pages/deliveries/feed.js";
import { asked, bulkOf, filtersOf, fromLocal, local, sought } from "../www/pages/deliveries/filters.js";
import { member } from "../www/pages/deliveries/member.js";
import { countdown, nth, outcome } from "../www/pages/deliveries/words.js";
import { chance } from "./support/random.mjs";

const NOW = Date.parse("2026-05-18T12:00:00.000Z");
const DELIVERY = `del_${"0".repeat(28)}`;

describe("filters", () => {
  test("of an address: what the API would refuse is left out", () => {
    for (const [query, filters] of [
      ["", {}],
      ["status=failed&type=task.done", { status: "failed", type: "task.done" }],
      ["status=gone&scheduled=yes&time=2y&since=yesterday", {}],
      ["scheduled=true&show=request&application=app_1", { scheduled: "true" }],
      ["time=24h&since=2026-05-18T11:00:00.000Z", { time: "24h" }],
      ["since=2026-05-18T11:00:00.000Z&until=never", { since: "2026-05-18T11:00:00.000Z" }],
    ]) {
      assert.deepEqual(filtersOf(new URLSearchParams(query)), filters, query);
    }
  });

  test("of the list: a time that reaches back is one since when", () => {
    assert.deepEqual(asked({ time: "1h", type: "a" }, NOW), { type: "a", since: "2026-05-18T11:00:00.000Z" });
    assert.deepEqual(asked({ until: "x" }, NOW), { until: "x" });
  });

  test("of what is done to many: never more than is shown", () => {
    for (const [kind, filters, body] of [
      ["retry", {}, { status: "failed" }],
      ["retry", { status: "cancelled", type: "a" }, { status: "cancelled", type: "a" }],
      ["retry", { status: "pending" }, { status: "pending" }],
      ["retry", { status: "delivered" }, null],
      ["retry", { scheduled: "true" }, null],
      ["cancel", {}, { status: "pending" }],
      ["cancel", { status: "pending", event: "e" }, { status: "pending", event: "e" }],
      ["cancel", { status: "failed" }, null],
      ["cancel", { scheduled: "true" }, null],
      ["retry", { time: "7d" }, { status: "failed", since: "2026-05-11T12:00:00.000Z" }],
    ]) {
      assert.deepEqual(bulkOf(kind, filters, NOW), body, JSON.stringify([kind, filters]));
    }
  });

  test("an id that was pasted", () => {
    assert.deepEqual(sought(` ${DELIVERY}\n`), { delivery: DELIVERY });
    assert.deepEqual(sought("evt_1"), { event: "evt_1" });
    assert.deepEqual(sought("del_of-my-own"), { event: "del_of-my-own" });
    assert.equal(sought("  "), null);
  });

  test("a moment, in the reader's zone and back", () => {
    const text = local("2026-05-18T12:34:00.000Z");
    assert.match(text, /^2026-05-1[789]T\d\d:\d\d$/);
    assert.equal(fromLocal(text), "2026-05-18T12:34:00.000Z");
    assert.equal(fromLocal(text, true), "2026-05-18T12:34:59.999Z");
    assert.equal(fromLocal(""), null);
    assert.equal(local(undefined), "");
  });
});

describe("a command for a shell", () => {
  const URL = "http://127.0.0.1/it's?a=$(id)&b=[1-3]{a,b}";
  const headers = [
    { name: "Content-Type", value: "application/json" },
    { name: "X-Empty", value: "" },
    { name: "X-Hidden", value: null },
    { name: "Content-Length", value: "3" },
    { name: "X-It's", value: '`id` \\ "two" !!' },
  ];
  /** What curl would get for arguments, and the bytes on its standard input. */
  const ran = (command) => {
    const each = `for one in "$@"; do printf '%s\\0' "$one"; done`;
    const input = `curl() { ${each}; case "$*" in *"--data-binary @-"*) base64 -w0;; esac; }\n${command}\n`;
    const parts = execFileSync("sh", [], { input, maxBuffer: 1e8 }).toString("utf8").split("\0");
    return { args: parts.slice(0, -1), input: Buffer.from(parts.at(-1), "base64") };
  };

  test("every argument arrives as it is", () => {
    const body = `{"text":"it's $(touch /tmp/x) \`id\` \\\\ \\n \u00e9 \u{1f600}"}`;
    const { args } = ran(curl({ method: "POST", url: URL, headers, body }));
    assert.deepEqual(args, [
      ...["-i", "--globoff", "--path-as-is", "-X", "POST", URL],
      ...["-H", "Content-Type: application/json", "-H", "X-Empty;", "-H", 'X-It\'s: `id` \\ "two" !!'],
      ...["-H", "User-Agent:", "-H", "Accept:", "-H", "Expect:"],
      ...["--data-binary", body],
    ]);
  });

  test("what an argument can't hold goes in by the side", () => {
    const long = "x'".repeat(60_000);
    for (const [body, way] of [
      ["@/etc/passwd", "printf"],
      [long, "printf"],
      ["\x1b[201~\nid\n", "base64"],
      ["a\0b\r\n", "base64"],
    ]) {
      const command = curl({ method: "PUT", url: URL, headers: [], body });
      assert.match(command, way === "base64" ? /\| base64 -d \| curl/ : /^printf %s '/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
      assert.doesNotMatch(command, /[\0-\t\x0b-\x1f\x7f-\x9f]/);
      const { args, input } = ran(command);
      assert.deepEqual(args.slice(-2), ["--data-binary", "@-"]);
      assert.deepEqual(input, Buffer.from(body));
    }
    const bytes = Buffer.from([0, 255, 254, 10]);
    const command = curl({ method: "POST", url: URL, headers: [], body: null, bodyBase64: bytes.toString("base64") });
    assert.deepEqual(ran(command).input, bytes);
  });

  test("no body", () => {
    assert.doesNotMatch(curl({ method: "GET", url: URL, headers: [], body: "" }), /data/);
    assert.match(curl({ method: "POST", url: URL, headers: [], body: "" }), / --data-binary ''$/);
    assert.equal(quoted("a'b"), String.raw`'a'\''b'`);
  });
});

test("a member of an object, as it was written", () => {
  const text = `{"type":"a","nested":{"data":1},"list":["data",{"data":2}],"data" : {"n":12345678901234567890, "s":"}\\"{"},"x":1}`;
  assert.equal(member(text, "data"), `{"n":12345678901234567890, "s":"}\\"{"}`);
  assert.equal(member(text, "type"), `"a"`);
  assert.equal(member(text, "n"), undefined);
  assert.equal(member(`{"data":-1.50e3}`, "data"), "-1.50e3");
  assert.equal(member(`{"data":[]}`, "data"), "[]");
});

test("words", () => {
  assert.equal(outcome({ responseStatus: 500 }), "500 Internal Server Error");
  assert.equal(outcome({ responseStatus: 299 }), "299");
  assert.equal(outcome({ error: "timeout", responseStatus: null, durationMs: 10_304 }), "No answer within 10 s");
  assert.equal(outcome({ error: "timeout", durationMs: 4_998 }), "No answer within 5 s");
  assert.equal(nth({ attemptCount: 3, maxAttempts: 8 }), "Attempt 4 of 8");
  assert.equal(nth({ attemptCount: 9, maxAttempts: 8 }), "Attempt 10");
  for (const [left, text] of [
    [-5, "0 s"],
    [41_001, "42 s"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
    [432_000_000, "5 days"],
  ]) {
    assert.equal(countdown(left), text);
  }
});

/** A history that answers as the API does: newest first, at most `limit`, at times fewer with more to come. */
class History {
  rows = [];
  calls = 0;
  #serial = 0;
  #now = NOW;

  add(apart, count = 1, status = "pending") {
    for (let n = 0; n < count; n++) {
      this.#serial += 1;
      this.#now += apart(5_000);
      const id = `del_${this.#now.toString(36)}${String(this.#serial).padStart(8, "0")}`;
      this.rows.unshift({ id, status, createdAt: new Date(this.#now).toISOString(), subscription: "sub_1" });
    }
  }

  settle(index, status) {
    this.rows[index] = { ...this.rows[index], status };
  }

  /** How many rows one look goes through. */
  look = 1_000;

  read = async ({ status, since, until, limit = 50, cursor }) => {
    this.calls += 1;
    const below = this.rows.filter((row) => !cursor || row.id < cursor);
    const within = below.filter((row) => (!since || row.createdAt >= since) && (!until || row.createdAt <= until));
    const looked = within.slice(0, this.look);
    const found = looked.filter((row) => !status || row.status === status);
    const data = found.slice(0, limit);
    const isAll = looked.length === within.length && found.length <= limit;
    const nextCursor = isAll ? null : found.length > limit ? data.at(-1).id : looked.at(-1).id;
    return { data, nextCursor };
  };
}

const opened = async (history, query = {}) => {
  const feed = new Feed(query, () => {}, history.read);
  await feed.more();
  return feed;
};
const TOP = { isAway: false, from: 0, to: 40 };

describe("the list as it is known", () => {
  test("grows by pages to its end, whatever is done at the top meanwhile", async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { below: dice } = chance(seed);
      const history = new History();
      history.add(dice, 700, "delivered");
      history.look = [1_000, 37, 3, 400][seed - 1];
      const feed = await opened(history);
      for (let turn = 0; turn < 60; turn++) {
        history.add(dice, dice(4));
        for (let n = 0; n < 3; n++) history.settle(dice(20), ["failed", "delivered", "pending"][dice(3)]);
        if (dice(2)) await feed.more();
        const isAway = dice(2) === 1;
        await feed.turn({ isAway, from: 0, to: 30 });
        if (isAway && dice(2)) await feed.show();
        const ids = feed.rows.map(({ id }) => id);
        assert.deepEqual(ids, [...new Set(ids)].sort().reverse(), "newest first, each once");
      }
      for (let page = 0; !feed.isEnded && page < 1_000; page++) await feed.more();
      // All that is in sight is read again where something in it moves.
      feed.isStale = true;
      await feed.turn({ isAway: false, from: 0, to: feed.rows.length });
      await feed.show();
      assert.deepEqual(
        feed.rows.map(({ id }) => id),
        history.rows.map(({ id }) => id),
      );
    }
  });

  test("what is new is held while the reader is away, and put in place at the top", async () => {
    const history = new History();
    history.add(() => 1_000, 100, "delivered");
    const feed = await opened(history);
    history.add(() => 1_000, 3);
    await feed.turn({ isAway: true, from: 20, to: 60 });
    assert.equal(feed.held.length, 3);
    assert.equal(feed.rows[0].id, history.rows[3].id);
    await feed.show();
    assert.deepEqual([feed.held.length, feed.rows[0].id], [0, history.rows[0].id]);
    history.add(() => 1_000, 2);
    await feed.turn(TOP);
    assert.equal(feed.rows[1].id, history.rows[1].id);
  });

  test("far more new ones than a reader could follow begin the list anew", async () => {
    const history = new History();
    history.add(() => 10, 100, "delivered");
    const feed = await opened(history);
    history.add(() => 10, 3_000);
    await feed.turn({ isAway: true, from: 20, to: 60 });
    assert.ok(feed.isBehind && feed.held.length === 1_000);
    await feed.show();
    assert.ok(!feed.isBehind && feed.held.length === 0 && feed.rows.length === 50);
    assert.equal(feed.rows[0].id, history.rows[0].id);
  });

  test("those in sight that are pending are looked at again, all by one call", async () => {
    const history = new History();
    history.add(() => 1_000, 40, "pending");
    history.add(() => 1_000, 200, "delivered");
    const feed = await opened(history);
    await feed.more();
    for (let index = 200; index < 240; index++) history.settle(index, "failed");
    const before = history.calls;
    await feed.turn({ isAway: true, from: 190, to: 239 });
    assert.equal(history.calls - before, 2, "one for what is new, one for what is in sight");
    assert.ok(feed.rows.slice(200).every(({ status }) => status === "failed"));
    await feed.turn({ isAway: true, from: 190, to: 239 });
    assert.equal(history.calls - before, 3, "nothing in sight moves any more");
  });

  test("what leaves a list of one status stays in place as what it has become", async () => {
    const history = new History();
    history.add(() => 60_000, 5, "pending");
    const feed = await opened(history, { status: "pending" });
    history.settle(1, "delivered");
    history.settle(3, "failed");
    await feed.turn(TOP);
    assert.deepEqual(
      feed.rows.map(({ status }) => status),
      ["pending", "delivered", "pending", "failed", "pending"],
    );
  });

  test("an empty list waits for its first", async () => {
    const history = new History();
    const feed = await opened(history, { status: "failed" });
    assert.ok(feed.isEnded && feed.rows.length === 0);
    history.add(() => 1_000, 2, "failed");
    await feed.turn(TOP);
    assert.equal(feed.rows.length, 2);
  });

  test("a page that fails is asked for again, and what was read stays", async () => {
    const history = new History();
    history.add(() => 1_000, 300, "delivered");
    const feed = await opened(history);
    feed.read = () => Promise.reject(Object.assign(new Error("no"), { status: 503 }));
    await feed.more();
    assert.equal(feed.problem.message, "no");
    assert.equal(feed.rows.length, 50);
    feed.read = history.read;
    await feed.more();
    assert.deepEqual([feed.problem, feed.rows.length], [null, 300]);
  });

  test("finds places", () => {
    const rows = ["d", "c", "a"].map((id) => ({ id }));
    assert.deepEqual(
      ["e", "d", "c", "b", "a", ""].map((id) => find(rows, id)),
      [0, 0, 1, 2, 2, 3],
    );
  });
});
