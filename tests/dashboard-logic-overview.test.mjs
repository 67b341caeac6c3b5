// What the overview and the form for events reckon with, by tables.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { countdown } from "../www/lib/countdown.js";
import { countTicks, durationTicks, timeTicks } from "../www/pages/overview/ticks.js";
import { chosen, span, WINDOWS } from "../www/pages/overview/window.js";
import { curl } from "../www/pages/send/curl.js";
import { attributesOf, bodyOf, EMPTY, faults } from "../www/pages/send/event.js";
import { jsonFault } from "../www/pages/send/json.js";
import { matching, means, passes } from "../www/pages/send/matching.js";

describe("windows", () => {
  test("are what an address asks for, or a day", () => {
    for (const [asked, name] of [
      ["1h", "1h"],
      ["24h", "24h"],
      ["7d", "7d"],
      [null, "24h"],
      ["", "24h"],
      ["30d", "24h"],
      ["constructor", "24h"],
    ]) {
      assert.equal(chosen(asked), name);
    }
  });

  test("hold whole parts, the last of which has begun", () => {
    for (const [name, now, since, until] of [
      ["1h", "2026-01-02T03:04:05.678Z", "2026-01-02T02:05:00.000Z", "2026-01-02T03:04:59.999Z"],
      ["1h", "2026-01-02T03:04:00.000Z", "2026-01-02T02:05:00.000Z", "2026-01-02T03:04:59.999Z"],
      ["1h", "2026-01-02T03:04:59.999Z", "2026-01-02T02:05:00.000Z", "2026-01-02T03:04:59.999Z"],
      ["24h", "2026-01-02T03:04:05.678Z", "2026-01-01T03:30:00.000Z", "2026-01-02T03:29:59.999Z"],
      ["7d", "2026-01-08T23:59:59.999Z", "2026-01-02T00:00:00.000Z", "2026-01-08T23:59:59.999Z"],
      ["7d", "2026-01-09T00:00:00.000Z", "2026-01-02T03:00:00.000Z", "2026-01-09T02:59:59.999Z"],
    ]) {
      const times = span(WINDOWS[name], Date.parse(now));
      assert.deepEqual([times.since, times.until], [since, until], `${name} at ${now}`);
      assert.equal(times.end, Date.parse(until) + 1);
    }
  });

  test("have no more parts than the API cuts", () => {
    for (const { length, interval } of Object.values(WINDOWS)) {
      assert.equal(length % interval, 0);
      assert.ok(length / interval <= 60, "columns that can be told apart");
      assert.equal(interval % 1_000, 0);
    }
  });
});

describe("marks of an axis", () => {
  test("of counts are whole and round", () => {
    for (const [max, ticks] of [
      [0, [0, 1]],
      [1, [0, 1]],
      [3, [0, 1, 2, 3]],
      [5, [0, 2, 4, 6]],
      [9, [0, 5, 10]],
      [43, [0, 20, 40, 60]],
      [1_800, [0, 500, 1_000, 1_500, 2_000]],
      [2_000_000, [0, 500_000, 1_000_000, 1_500_000, 2_000_000]],
    ]) {
      assert.deepEqual(countTicks(max), ticks, `${max}`);
    }
  });

  test("of durations are what people count in", () => {
    const [second, minute, hour] = [1_000, 60_000, 3_600_000];
    for (const [max, ticks] of [
      [1, [0, 1]],
      [31, [0, 20, 40]],
      [2_600, [0, second, 2 * second, 3 * second]],
      [50 * second, [0, 20 * second, 40 * second, 60 * second]],
      [25 * minute, [0, 10 * minute, 20 * minute, 30 * minute]],
      [3 * hour, [0, hour, 2 * hour, 3 * hour]],
    ]) {
      assert.deepEqual(durationTicks(max, 3), ticks, `${max}`);
    }
    for (const days of [9, 4_000]) {
      const ticks = durationTicks(days * 24 * hour, 3);
      assert.ok(ticks.at(-1) >= days * 24 * hour && ticks.length <= 5, `${days} days`);
    }
  });

  /** The marks as the clock of that zone shows them. */
  const marks = (zone, since, until, most) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      return timeTicks(Date.parse(since), Date.parse(until), most).map(({ at, isDay }) => {
        const time = new Date(at);
        const two = (number) => String(number).padStart(2, "0");
        return isDay ? `${time.getDate()}.` : `${two(time.getHours())}:${two(time.getMinutes())}`;
      });
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  };

  test("of times are round by the clock where one sits", () => {
    for (const [zone, since, until, most, told] of [
      ["UTC", "2026-01-02T02:05Z", "2026-01-02T03:05Z", 6, "02:10 02:20 02:30 02:40 02:50 03:00"],
      ["UTC", "2026-01-02T02:05Z", "2026-01-02T03:05Z", 3, "02:30 03:00"],
      ["UTC", "2026-01-01T03:30Z", "2026-01-02T03:30Z", 4, "06:00 12:00 18:00 2."],
      ["UTC", "2026-01-01T03:30Z", "2026-01-02T03:30Z", 8, "06:00 09:00 12:00 15:00 18:00 21:00 2. 03:00"],
      ["Asia/Kolkata", "2026-01-01T03:30Z", "2026-01-02T03:30Z", 4, "12:00 18:00 2. 06:00"],
      ["UTC", "2026-01-02T03:00Z", "2026-01-09T03:00Z", 7, "3. 4. 5. 6. 7. 8. 9."],
      ["UTC", "2026-01-02T03:00Z", "2026-01-09T03:00Z", 3, "3. 6. 9."],
      ["UTC", "2026-01-02T00:00Z", "2026-01-09T00:00Z", 7, "2. 3. 4. 5. 6. 7. 8."],
      // An hour that is not there, and one that comes twice.
      ["Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T05:00Z", 6, "29. 01:00 03:00 04:00 05:00 06:00"],
      ["Europe/Berlin", "2026-10-24T21:00Z", "2026-10-25T21:00Z", 4, "25. 06:00 12:00 18:00"],
      ["UTC", "2026-01-02T02:05Z", "2026-01-02T03:05Z", 0, "03:00"],
    ]) {
      assert.equal(marks(zone, since, until, most).join(" "), told, `${zone} ${since} ${most}`);
    }
  });
});

test("a countdown says no more than two units", () => {
  for (const [milliseconds, told] of [
    [-5_000, "now"],
    [0, "now"],
    [1, "in 1 s"],
    [42_000, "in 42 s"],
    [60_000, "in 1 min"],
    [200_000, "in 3 min 20 s"],
    [3_600_000, "in 1 h"],
    [3_660_000, "in 1 h 1 min"],
    [90_000_000, "in 1 d 1 h"],
  ]) {
    assert.equal(countdown(milliseconds), told);
  }
});

describe("JSON", () => {
  test("stops being any at one place", () => {
    for (const [text, line, column, message] of [
      ["", 1, 1, /value is missing/],
      ["  \n ", 2, 2, /value is missing/],
      ['{"a": 1,}', 1, 8, /no comma before }/],
      ['{\n  "a": 1,\n  "b": [1, 2,],\n}', 3, 13, /no comma before ]/],
      ['{"a" 1}', 1, 6, /colon/],
      ['{"a": 1 "b": 2}', 1, 9, /comma or } is missing/],
      ["[1 2]", 1, 4, /comma or ] is missing/],
      ["{a: 1}", 1, 2, /name in double quotes/],
      ["{'a': 1}", 1, 2, /name in double quotes/],
      ["['a']", 1, 2, /double quotes/],
      ['{"a": yes}', 1, 7, /double quotes/],
      ['{"a": }', 1, 7, /value is missing/],
      ['{"a": 1', 1, 8, /comma or }/],
      ['["abc', 1, 2, /does not end/],
      ['["a\nb"]', 1, 4, /line breaks/],
      ['["\\x"]', 1, 3, /escape/],
      ['["\\u12g4"]', 1, 3, /escape/],
      ["[01]", 1, 2, /neither a number/],
      ["[1.]", 1, 2, /neither a number/],
      ["[-]", 1, 2, /no value/],
      ["truely", 1, 1, /neither a number/],
      ["{} {}", 1, 4, /nothing may follow/],
      ["[1,,2]", 1, 4, /value is missing/],
      ["{,}", 1, 2, /name in double quotes/],
    ]) {
      const fault = jsonFault(text);
      assert.ok(fault, text);
      assert.deepEqual([fault.line, fault.column], [line, column], `${text}: ${fault.message}`);
      assert.match(fault.message, message, text);
    }
  });

  test("is what browsers take for it", () => {
    const whole = '{"a":[1,-2.5e+3,true,false,null,"x\\u00e9\\n\\\\"],"b":{"c":{}},"d":[],"":0.1}';
    const texts = [
      whole,
      "0",
      "-0",
      '"é\u2028"',
      "[[[]]]",
      " \t\r\n1 ",
      "NaN",
      "1e5",
      "1e",
      "+1",
      ".5",
      "\u00a01",
      "tru",
      "nul",
    ];
    // Every way to leave out, double or change one character of it.
    for (let at = 0; at < whole.length; at += 1) {
      texts.push(whole.slice(0, at) + whole.slice(at + 1), whole.slice(0, at));
      for (const other of ['"', ",", "{", "]", "1", "e", "\\", "\n", " ", "-"]) {
        texts.push(
          `${whole.slice(0, at)}${other}${whole.slice(at)}`,
          `${whole.slice(0, at)}${other}${whole.slice(at + 1)}`,
        );
      }
    }
    for (const text of texts) {
      assert.equal(jsonFault(text) === null, isJson(text), JSON.stringify(text));
    }
    assert.equal(jsonFault("[".repeat(100_000))?.message, "this is nested too deeply");
  });

  const isJson = (text) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
});

describe("who gets an event", () => {
  test("by its type", () => {
    // The very table of the gateway's own tests.
    for (const [pattern, yes, no] of [
      ["*", "a a.b x/y:z-_", ""],
      ["task.*", "task.a task.a.b task..", "task task. taskx.a a.task.b Task.a"],
      ["task.done", "task.done", "task task.done.x task.donex task.Done"],
      ["a.b.*", "a.b.c a.b.c.d", "a.b a.bc a.c.b"],
    ]) {
      const split = (types) => types.split(" ").filter(Boolean);
      for (const type of split(yes)) assert.ok(means(pattern, type), `${pattern} means ${type}`);
      for (const type of split(no)) assert.ok(!means(pattern, type), `${pattern} does not mean ${type}`);
    }
  });

  test("by its attributes", () => {
    const filter = { index: ["a", "b"], team: ["x"] };
    for (const [attributes, isWanted] of [
      [{ index: "a", team: "x" }, true],
      [{ index: ["z", "b"], team: "x", more: "1" }, true],
      [{ index: "c", team: "x" }, false],
      [{ index: "a" }, false],
      [{ index: [], team: "x" }, false],
      [{}, false],
    ]) {
      assert.equal(passes(filter, attributes), isWanted, JSON.stringify(attributes));
    }
    assert.ok(passes({}, {}));
    assert.ok(!passes({ constructor: ["x"] }, {}), "what every object has is no attribute");
  });

  test("by what state subscriptions are in", () => {
    const of = (id, status, filter = {}) => ({ id, status, events: ["order.*"], filter });
    const all = [
      of("active", "active"),
      of("paused", "paused"),
      of("disabled", "disabled"),
      of("filtered", "active", { team: ["ops"] }),
      { ...of("other", "active"), events: ["task.*"] },
    ];
    const ids = (attributes) =>
      Object.fromEntries(
        Object.entries(matching(all, "order.created", attributes)).map(([name, some]) => [
          name,
          some.map(({ id }) => id),
        ]),
      );
    assert.deepEqual(ids({}), { wanted: ["active"], held: ["paused"], off: ["disabled"], filtered: ["filtered"] });
    assert.deepEqual(ids({ team: "ops" }).wanted, ["active", "filtered"]);
  });
});

describe("an event", () => {
  test("goes as it was written", () => {
    const data = '{ "large": 12345678901234567890, "twice": 1, "twice": 2 }\n';
    assert.equal(
      bodyOf({ ...EMPTY, type: "a.b", data }),
      '{"type":"a.b","data":{ "large": 12345678901234567890, "twice": 1, "twice": 2 }}',
    );
    const more = {
      id: 'one "two"',
      attributes: "team = ops\nteam = sales\nplan=pro",
      deliverAt: "2030-01-02T03:04",
      webhookUrl: "https://a.example/hook",
    };
    assert.deepEqual(JSON.parse(bodyOf({ ...EMPTY, ...more, type: "a", data: "1" })), {
      type: "a",
      data: 1,
      id: 'one "two"',
      attributes: { team: ["ops", "sales"], plan: "pro" },
      deliverAt: new Date("2030-01-02T03:04").toISOString(),
      webhookUrl: "https://a.example/hook",
    });
  });

  test("has attributes line by line", () => {
    for (const [text, attributes, fault] of [
      ["", {}],
      ["\n \n", {}],
      ["team = ops", { team: "ops" }],
      ["team=ops, sales", { team: ["ops", "sales"] }],
      ["a = b = c", { a: "b = c" }],
      ["empty =", { empty: "" }],
      ["team ops", {}, /Line 1/],
      ["a = 1\n= 2", { a: "1" }, /Line 2/],
    ]) {
      const read = attributesOf(text);
      assert.deepEqual({ ...read.attributes }, attributes, text);
      if (fault) assert.match(read.fault, fault);
      else assert.equal(read.fault, undefined);
    }
    const odd = attributesOf("__proto__ = x").attributes;
    assert.equal(JSON.stringify(odd), '{"__proto__":"x"}');
  });

  test("is looked over before it is sent", () => {
    const now = Date.parse("2026-01-01T00:00Z");
    const fine = { ...EMPTY, type: "order.created", data: "{}" };
    assert.deepEqual(Object.values(faults(fine, now)).filter(Boolean), []);
    for (const [field, value, fault] of [
      ["type", "", /needs a type/],
      ["type", "order created", /letters, digits/],
      ["type", "x".repeat(129), /1 to 128/],
      ["type", "signet.delivery.failed", /Signet's own/],
      ["data", '{"a": }', /^Line 1, column 7: a value is missing\.$/],
      ["data", `"${"x".repeat(1_048_576)}"`, /1 MiB/],
      ["id", "a b", /visible ASCII/],
      ["attributes", "nothing", /name = value/],
      ["webhookUrl", "ftp://a.example", /https/],
      ["webhookUrl", "not a url", /https/],
      ["deliverAt", "2026-02-15T00:00", /30 days/],
    ]) {
      assert.match(faults({ ...fine, [field]: value }, now)[field] ?? "", fault, `${field} ${value.slice(0, 40)}`);
    }
  });

  test("is sent by curl with a key that stands there by name alone", () => {
    assert.equal(
      curl("https://hooks.example", "/v1/events", `{"data":"it's"}`),
      [
        "curl --request POST \\",
        "  https://hooks.example/v1/events \\",
        '  -H "Authorization: Bearer $KEY" \\',
        "  -H 'Content-Type: application/json' \\",
        `  --data-binary '{"data":"it'\\''s"}'`,
      ].join("\n"),
    );
    assert.match(curl("https://hooks.example", "/v1/events", "{}", "app_1"), /-H 'Signet-Application: app_1'/);
  });
});
