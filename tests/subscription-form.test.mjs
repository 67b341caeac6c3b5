// The rules that the dashboard's form of a subscription goes by, without a browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import {
  check,
  filterFaults,
  headerFaults,
  patternFault,
  secretFault,
  urlFault,
} from "../www/pages/subscriptions/checks.js";
import { counted, found } from "../www/pages/subscriptions/filters.js";
import { bodyOf, changesOf, EMPTY, valuesOf } from "../www/pages/subscriptions/values.js";
import { local, windowFaults, windowOf } from "../www/pages/subscriptions/window.js";
import {
  exampleType,
  outcome,
  profileInWords,
  scheduleInWords,
  stateOf,
  timeline,
} from "../www/pages/subscriptions/words.js";
import { ROOT } from "./support/signet.mjs";

const read = (file) => JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
const standard = read("src/profile/builtin.json")[0];

const subscription = {
  id: "sub_1",
  name: "Billing",
  url: "https://a.example.com/hooks",
  events: ["task.*"],
  profile: "standard",
  filter: { region: ["eu"] },
  headers: { "X-Team": "billing" },
  metadata: { customer: "c_1" },
  rateLimit: { perSecond: 2 },
  concurrency: null,
  shards: 1,
  ordered: false,
};

/** All rows of a table, each faulty or not as it says. */
const each = (table, fault) => {
  for (const [text, isFaulty] of table) assert.equal(Boolean(fault(text)), isFaulty, JSON.stringify(text));
};

describe("what is typed", () => {
  test("types and patterns, as the API takes them", () => {
    for (const good of ["*", "task", "task.*", "a.b.*", "a_b:c/d-e", "x".repeat(128), `${"x".repeat(126)}.*`])
      assert.equal(patternFault(good), undefined, good);
    for (const bad of [
      "",
      "*.a",
      "a*",
      "a.*.b",
      "**",
      ".*x",
      ".*",
      " ",
      "a b",
      "é",
      "x".repeat(129),
      `${"x".repeat(127)}.*`,
    ])
      assert.ok(patternFault(bad), JSON.stringify(bad));
  });

  test("URLs, but for their hosts", () => {
    each(
      [
        ["https://example.com", false],
        ["HTTP://example.com:8080/a?b#c", false],
        ["http://127.0.0.1/", false],
        ["", true],
        ["example.com", true],
        ["ftp://example.com", true],
        ["https://", true],
        ["https://a b.example.com", true],
        ["https://example.com/\n", true],
        ["https://user@example.com", true],
        ["https://:@example.com", true],
        ["https://example.com/a@b", false],
        ["https://example.com:0/", true],
        [`https://example.com/${"a".repeat(2_048)}`, true],
      ],
      urlFault,
    );
  });

  test("headers, by the table that the Worker goes by", () => {
    const table = read("tests/support/custom-headers.json");
    const fault = (name, value) => headerFaults([{ name, value }], standard)[0];
    for (const [name, value] of table.allowed) assert.equal(fault(name, value), undefined, `${name}: ${value}`);
    for (const name of table.names) assert.ok(fault(name, "review"), JSON.stringify(name));
    for (const value of [...table.values, "a".repeat(1_025)]) assert.ok(fault("X-Team", value), JSON.stringify(value));
    const brand = { signature: { header: "X-Brand", timestampHeader: "X-Brand-Time" } };
    for (const name of ["x-brand", "X-BRAND-TIME"]) assert.ok(headerFaults([{ name, value: "1" }], brand)[0], name);
    const twice = [
      { name: "X-A", value: "1" },
      { name: "", value: "" },
      { name: "x-a", value: "2" },
    ];
    assert.deepEqual(headerFaults(twice).map(Boolean), [false, false, true]);
  });

  test("filters", () => {
    const rows = [
      [{ key: "region", values: ["eu"] }, false],
      [{ key: "", values: [] }, false],
      [{ key: "region", values: ["us"] }, true],
      [{ key: "team", values: [] }, true],
      [{ key: "é".repeat(129), values: ["a"] }, true],
      [{ key: "a", values: ["é".repeat(129)] }, true],
      [{ key: "b", values: Array(257).fill("x") }, true],
    ];
    assert.deepEqual(
      filterFaults(rows.map(([row]) => row)).map(Boolean),
      rows.map(([, isFaulty]) => isFaulty),
    );
  });

  test("secrets, by what the profile reads", () => {
    const base64 = (text) => secretFault(text, standard.signature);
    for (const good of ["whsec_AQID", "AQID", "whsec_AQIDBA==", "whsec_AQIDBA"])
      assert.equal(base64(good), undefined, good);
    for (const bad of ["", " AQID", "whsec_!", "whsec_", "whsec_AQIDB", "x".repeat(513)]) assert.ok(base64(bad), bad);
    assert.equal(secretFault("any text at all", { algorithm: "hmac-sha256", secretEncoding: "utf8" }), undefined);
    assert.ok(secretFault("xyz", { algorithm: "hmac-sha256", secretEncoding: "hex" }));
  });

  test("numbers and notes", () => {
    const faulty = (part) =>
      Object.entries(check({ ...EMPTY, url: "https://a.example.com", ...part })).filter(([, it]) => it);
    assert.deepEqual(faulty({}), []);
    for (const rateLimit of ["0.01", "10000", "1e2"]) assert.deepEqual(faulty({ rateLimit }), [], rateLimit);
    for (const part of [
      { rateLimit: "0" },
      { rateLimit: "10001" },
      { rateLimit: " " },
      { rateLimit: "x" },
      { concurrency: "0" },
      { concurrency: "33" },
      { concurrency: "1.5" },
      { shards: "-1" },
      { metadata: "{" },
      { metadata: "[]" },
      { metadata: "null" },
      { metadata: JSON.stringify({ a: "x".repeat(16_384) }) },
      { name: "n".repeat(257) },
      { events: ["a", "b*"] },
      { events: Array.from({ length: 101 }, (_, at) => `t${at}`) },
      { headers: Array.from({ length: 33 }, (_, at) => ({ name: `X-${at}`, value: "1" })) },
      { secret: "", secretType: "own" },
      { ordered: true, shards: "2" },
    ])
      assert.deepEqual(
        faulty(part).map(([name]) => name),
        [Object.keys(part)[0]],
        JSON.stringify(part).slice(0, 80),
      );
    assert.deepEqual(faulty({ ordered: true, shards: "1" }), []);
  });
});

describe("what is sent", () => {
  test("of a new one only what was filled in", () => {
    const url = "https://a.example.com";
    assert.deepEqual(bodyOf({ ...EMPTY, url }), { url });
    assert.deepEqual(bodyOf({ ...EMPTY, url, events: ["*"], headers: [{ name: "", value: "" }] }), { url });
    assert.deepEqual(bodyOf({ ...EMPTY, url, secretType: "ed25519", secret: "left over" }), {
      url,
      secretType: "ed25519",
    });
    assert.deepEqual(bodyOf({ ...EMPTY, url, secretType: "own", secret: "whsec_AQID" }), { url, secret: "whsec_AQID" });
    const values = { ...valuesOf(subscription), shards: "3", ordered: true };
    assert.deepEqual(bodyOf(values), {
      url: subscription.url,
      name: "Billing",
      events: ["task.*"],
      profile: "standard",
      filter: { region: ["eu"] },
      headers: { "X-Team": "billing" },
      metadata: { customer: "c_1" },
      rateLimit: { perSecond: 2 },
      shards: 3,
      ordered: true,
    });
  });

  test("of one that is there only what changed, null for what was emptied", () => {
    const changes = (part) => changesOf(subscription, { ...valuesOf(subscription), ...part });
    assert.deepEqual(changes({}), {});
    assert.deepEqual(changes({ metadata: '{"customer":"c_1"}' }), {}, "laid out otherwise");
    assert.deepEqual(changes({ name: "", filter: [], headers: [], metadata: " ", rateLimit: "", events: [] }), {
      name: null,
      events: null,
      filter: null,
      headers: null,
      metadata: null,
      rateLimit: null,
    });
    assert.deepEqual(changes({ concurrency: "4", ordered: true }), { concurrency: 4, ordered: true });
    const all = { ...subscription, events: ["*"], ordered: true, shards: 2 };
    assert.deepEqual(changesOf(all, { ...valuesOf(all), events: ["*"] }), {});
    assert.deepEqual(changesOf(all, { ...valuesOf(all), ordered: false, shards: "" }), { ordered: null, shards: null });
  });

  test("windows of time", () => {
    const now = Date.parse("2026-03-01T12:00:00.000Z");
    assert.deepEqual(windowOf({ window: "3600" }, now), { since: "2026-03-01T11:00:00.000Z" });
    const own = { window: "own", since: local("2026-02-01T00:00:00.000Z"), until: "" };
    assert.deepEqual(windowOf(own), { since: "2026-02-01T00:00:00.000Z" });
    assert.deepEqual(windowFaults(own), {});
    assert.deepEqual(Object.keys(windowFaults({ ...own, since: "" })), ["since"]);
    assert.deepEqual(Object.keys(windowFaults({ ...own, until: local("2026-01-01T00:00:00.000Z") })), ["until"]);
  });
});

describe("what is said", () => {
  test("of profiles", () => {
    assert.deepEqual(Object.fromEntries(profileInWords(standard)), {
      Signature: "HMAC-SHA256 over id, timestamp and body, in webhook-signature, webhook-timestamp, webhook-id",
      Headers: "User-Agent",
      Schedule: "10 attempts within 3.1 d; each may take 20 s",
    });
    assert.equal(scheduleInWords({ delays: [0] }), "1 attempt, no retries");
    assert.equal(scheduleInWords({ delays: [0, 60, 300] }), "3 attempts within 6 min");
    assert.deepEqual(timeline([0, 60, 300]), [
      { label: "now", total: "" },
      { label: "+1 min", total: "1 min" },
      { label: "+5 min", total: "6 min" },
    ]);
    assert.deepEqual(
      timeline([5, 0]).map(({ label }) => label),
      ["+5 s", "at once"],
    );
  });

  test("of types, tests and states", () => {
    assert.deepEqual([[], ["*"], ["task.*"], ["a.b", "c"]].map(exampleType), [
      "webhook.test",
      "webhook.test",
      "task.example",
      "a.b",
    ]);
    assert.equal(outcome({ delivered: true, httpStatus: 204, error: null }), "Delivered: the receiver answered 204.");
    assert.equal(
      outcome({ delivered: false, httpStatus: 500, error: null }),
      "Not delivered: the receiver answered 500.",
    );
    assert.match(outcome({ delivered: false, httpStatus: null, error: "timeout" }), /too long/);
    const since = "2026-01-01T00:00:00.000Z";
    assert.equal(stateOf({ status: "active", failingSince: since }), "failing");
    assert.equal(stateOf({ status: "disabled", failingSince: since }), "disabled");
  });

  test("which are found", () => {
    const list = [
      { ...subscription, status: "active" },
      { ...subscription, id: "sub_2", name: null, url: "https://b.example.com/x", status: "paused" },
    ];
    const ids = (how) => found(list, how).map(({ id }) => id);
    assert.deepEqual(ids({}), ["sub_1", "sub_2"]);
    assert.deepEqual(ids({ search: "BILL hooks" }), ["sub_1"]);
    assert.deepEqual(ids({ search: "sub_2" }), ["sub_2"]);
    assert.deepEqual(ids({ search: "b.example", state: "active" }), []);
    assert.deepEqual(ids({ state: "paused" }), ["sub_2"]);
    assert.deepEqual(counted(list), { active: 1, paused: 1 });
  });
});
