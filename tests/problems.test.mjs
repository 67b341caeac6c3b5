// What is refused, and how: every refusal is a problem that says what was wrong and where.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const { target, api, subscribe, sendOne } = await stage();

const url = target.url("/problems");
const nobody = "0123456789abcdefghjkmnpqrstv";
const subscription = await subscribe({ url, events: ["problem.*"] });
const delivery = await sendOne({ type: "problem.none", data: {} });

describe("without a key that counts", () => {
  const keys = {
    "no key": {},
    "an unknown key": { authorization: "Bearer sk_unknown" },
    "half of the key": { authorization: "Bearer local-operator" },
    "more than the key": { authorization: "Bearer local-operator-key2" },
    "an empty key": { authorization: "Bearer " },
    "another scheme": { authorization: "Basic local-operator-key" },
    "no scheme": { authorization: "local-operator-key" },
    "an unknown X-Api-Key": { "x-api-key": "nope" },
    "an empty X-Api-Key": { "x-api-key": "" },
  };
  for (const [name, headers] of Object.entries(keys)) {
    test(`401 with ${name}`, async () => {
      for (const [method, where] of [
        ["GET", "/v1/subscriptions"],
        ["POST", "/v1/events"],
        ["GET", `/v1/deliveries/${delivery}`],
        ["DELETE", `/v1/subscriptions/${subscription.id}`],
        ["GET", "/v1/profiles"],
        ["GET", "/metrics"],
      ]) {
        const body = method === "POST" ? { type: "problem.none", data: {} } : undefined;
        assertProblem(await api(method, where, body, { authorization: null, ...headers }), 401);
      }
    });
  }
});

describe("404", () => {
  const paths = [
    "/v1/nothing",
    "/v1/",
    "/v1/subscriptions/",
    `/v1/subscriptions/${subscription.id}/nothing`,
    `/v1/subscriptions/sub_${nobody}`,
    `/v1/deliveries/del_${nobody}`,
    `/v1/events/evt_${nobody}`,
    "/v1/deliveries/x",
    "/v1/deliveries/del_",
    `/v1/deliveries/evt_${nobody}`,
    `/v1/deliveries/${delivery.toUpperCase()}`,
    `/v1/deliveries/${delivery}0`,
    `/v1/deliveries/${delivery}/attempts/9`,
    "/v1/deliveries/%00",
    "/v1/deliveries/%ff%fe",
    "/v1/deliveries/..%2f..%2fsubscriptions",
    `/v1/events/${"x".repeat(5000)}`,
  ];
  for (const where of paths) {
    test(`for GET ${where.slice(0, 80)}`, async () => {
      assertProblem(await api("GET", where), 404, { code: "not_found" });
    });
  }

  test("for every call on a delivery or subscription that does not exist", async () => {
    for (const where of [
      `/v1/deliveries/del_${nobody}/retry`,
      `/v1/deliveries/del_${nobody}/cancel`,
      `/v1/subscriptions/sub_${nobody}/test`,
      `/v1/subscriptions/sub_${nobody}/pause`,
      `/v1/subscriptions/sub_${nobody}/resume`,
      `/v1/subscriptions/sub_${nobody}/rotate-secret`,
    ]) {
      assertProblem(await api("POST", where), 404, { code: "not_found" });
    }
  });

  test("for an application that does not exist", async () => {
    for (const application of ["app_nobody", `app_${nobody}`, "x", "../default"]) {
      const headers = { "signet-application": application };
      assertProblem(await api("GET", "/v1/subscriptions", undefined, headers), 404, { code: "not_found" });
      assertProblem(await api("POST", "/v1/events", { type: "a", data: {} }, headers), 404, { code: "not_found" });
    }
    const named = await api("GET", "/v1/subscriptions", undefined, { "signet-application": "default" });
    assert.equal(named.status, 200, "default is there, named or not");
  });
});

describe("405 says what is allowed", () => {
  const table = {
    "/v1/subscriptions": ["GET", "POST"],
    [`/v1/subscriptions/${subscription.id}`]: ["GET", "PATCH", "DELETE"],
    [`/v1/subscriptions/${subscription.id}/test`]: ["POST"],
    [`/v1/subscriptions/${subscription.id}/pause`]: ["POST"],
    [`/v1/subscriptions/${subscription.id}/resume`]: ["POST"],
    [`/v1/subscriptions/${subscription.id}/rotate-secret`]: ["POST"],
    [`/v1/subscriptions/${subscription.id}/secret`]: ["GET"],
    "/v1/events": ["POST"],
    [`/v1/events/evt_${nobody}`]: ["GET"],
    "/v1/deliveries": ["GET"],
    [`/v1/deliveries/${delivery}`]: ["GET"],
    [`/v1/deliveries/${delivery}/request`]: ["GET"],
    [`/v1/deliveries/${delivery}/retry`]: ["POST"],
    [`/v1/deliveries/${delivery}/cancel`]: ["POST"],
    "/v1/me": ["GET"],
    "/v1/profiles": ["GET"],
    "/v1/profiles/standard/preview": ["POST"],
    "/receiver": ["POST"],
    "/healthz": ["GET"],
    "/metrics": ["GET"],
  };
  for (const [where, allowed] of Object.entries(table)) {
    test(`at ${where}`, async () => {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
        if (allowed.includes(method)) continue;
        const answer = await api(method, where, method === "GET" ? undefined : "{}");
        assertProblem(answer, 405);
        const named = (answer.headers.allow ?? "").split(",").map((name) => name.trim());
        for (const one of allowed) assert.ok(named.includes(one), `${method} ${where} allows ${one}: ${named}`);
        assert.ok(!named.includes(method), `${method} ${where} does not claim to allow ${method}`);
      }
    });
  }
});

const POSTS = [
  ["POST", "/v1/events"],
  ["POST", "/v1/subscriptions"],
  ["PATCH", `/v1/subscriptions/${subscription.id}`],
  ["POST", `/v1/subscriptions/${subscription.id}/test`],
  ["POST", `/v1/subscriptions/${subscription.id}/rotate-secret`],
  ["PUT", "/v1/profiles/mine"],
];

describe("400 for what is not JSON", () => {
  const bodies = {
    "an open brace": "{",
    "bare words": "type=task.completed&data=1",
    "single quotes": "{'type':'a','data':{}}",
    "a trailing comma": '{"type":"a","data":{},}',
    "a second value": '{"type":"a","data":{}} {}',
    "a comment": '{"type":"a","data":{}} // done',
    NaN: '{"type":"a","data":NaN}',
    "a raw control character": '{"type":"a","data":"\u0001"}',
    "a bad escape": '{"type":"a","data":"\\x"}',
    "a number with a leading zero": '{"type":"a","data":01}',
    "not UTF-8": Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    "a zero byte": Buffer.from([0]),
    "129 levels": nested(129),
    "100,000 levels": nested(100_000),
    "100,000 levels never closed": "[".repeat(100_000),
  };
  for (const [name, body] of Object.entries(bodies)) {
    test(name, async () => {
      for (const [method, where] of POSTS) assertProblem(await api(method, where, body), 400);
    });
  }

  test("no body where one is needed", async () => {
    for (const where of ["/v1/events", "/v1/subscriptions"]) assertProblem(await api("POST", where), 400);
  });
});

describe("422 for JSON of another kind", () => {
  for (const body of ["null", "true", "7", '"text"', "[]", "[{}]"]) {
    test(body, async () => {
      for (const [method, where] of POSTS) assertProblem(await api(method, where, body), 422, { pointers: [""] });
    });
  }

  const event = { type: "problem.none", data: {} };
  const table = [
    ["/v1/events", {}, ["/type", "/data"]],
    ["/v1/events", { type: "a" }, ["/data"]],
    ["/v1/events", { data: {} }, ["/type"]],
    ["/v1/events", { ...event, colour: "red" }, ["/colour"]],
    ["/v1/events", { ...event, "a/b~c": 1 }, ["/a~1b~0c"]],
    ["/v1/events", { ...event, id: 7 }, ["/id"]],
    ["/v1/events", { ...event, id: "" }, ["/id"]],
    ["/v1/events", { ...event, id: "x".repeat(257) }, ["/id"]],
    ["/v1/events", { ...event, id: "a b" }, ["/id"]],
    ["/v1/events", { ...event, id: "ä" }, ["/id"]],
    ["/v1/events", { ...event, id: "a\u007f" }, ["/id"]],
    ["/v1/events", { ...event, occurredAt: "yesterday" }, ["/occurredAt"]],
    ["/v1/events", { ...event, occurredAt: "2026-05-18" }, ["/occurredAt"]],
    ["/v1/events", { ...event, occurredAt: "2026-13-01T00:00:00Z" }, ["/occurredAt"]],
    ["/v1/events", { ...event, occurredAt: "2026-02-30T00:00:00Z" }, ["/occurredAt"]],
    ["/v1/events", { ...event, occurredAt: "2026-05-18T12:00:00" }, ["/occurredAt"]],
    ["/v1/events", { ...event, occurredAt: 1711234567 }, ["/occurredAt"]],
    ["/v1/events", { ...event, webhookUrl: "nope" }, ["/webhookUrl"]],
    ["/v1/events", { ...event, webhookUrl: 7 }, ["/webhookUrl"]],
    ["/v1/events", { type: 7, id: 7, occurredAt: 7, more: 7 }, ["/type", "/data", "/id", "/occurredAt", "/more"]],
    ["/v1/subscriptions", {}, ["/url"]],
    ["/v1/subscriptions", { url, colour: "red" }, ["/colour"]],
    ["/v1/subscriptions", { url, name: 7 }, ["/name"]],
    ["/v1/subscriptions", { url, metadata: "x" }, ["/metadata"]],
    ["/v1/subscriptions", { url, profile: "no-such" }, ["/profile"]],
    ["/v1/subscriptions", { url, profile: 7 }, ["/profile"]],
    ["/v1/subscriptions", { url, headers: [] }, ["/headers"]],
    ["/v1/subscriptions", { url: 7, events: [], colour: 1 }, ["/url", "/events", "/colour"]],
    [`/v1/subscriptions/${subscription.id}/test`, { colour: "red" }, ["/colour"]],
    [`/v1/subscriptions/${subscription.id}/test`, { type: "a b" }, ["/type"]],
    [`/v1/subscriptions/${subscription.id}/rotate-secret`, { overlapSeconds: -1 }, ["/overlapSeconds"]],
    [`/v1/subscriptions/${subscription.id}/rotate-secret`, { overlapSeconds: 604_801 }, ["/overlapSeconds"]],
    [`/v1/subscriptions/${subscription.id}/rotate-secret`, { overlapSeconds: "1" }, ["/overlapSeconds"]],
    [`/v1/subscriptions/${subscription.id}/rotate-secret`, { secret: "whsec_?" }, ["/secret"]],
    [`/v1/subscriptions/${subscription.id}/rotate-secret`, { colour: "red" }, ["/colour"]],
  ];
  for (const [where, body, pointers] of table) {
    const call = where.split("/").at(-1);
    test(`${call} ${JSON.stringify(body).slice(0, 70)} names ${pointers.join(", ")}`, async () => {
      assertProblem(await api("POST", where, body), 422, { pointers });
    });
  }

  test("a field given twice would mean two things", async () => {
    const answer = await api("POST", "/v1/events", '{"type":"problem.a","type":"problem.b","data":{}}');
    assertProblem(answer, 422, { pointers: ["/type"] });
  });

  test("a lone surrogate where text is needed", async () => {
    const answer = await api("POST", "/v1/events", '{"type":"\\ud800","data":{}}');
    assert.ok([400, 422].includes(answer.status), `${answer.status} ${answer.text}`);
  });

  test("100,000 unknown fields are refused without ado", async () => {
    const fields = Array.from({ length: 100_000 }, (_, n) => `"${n.toString(36)}":0`).join();
    const started = Date.now();
    const answer = await api("POST", "/v1/events", `{${fields}}`);
    assertProblem(answer, 422);
    // A quadratic search would take minutes, and hold up everybody else meanwhile.
    assert.ok(Date.now() - started < 10_000, `it took ${Date.now() - started} ms`);
    assert.ok(answer.text.length < 1024 * 1024, "and the answer does not repeat them all");
  });

  test("queries are read as strictly", async () => {
    const queries = ["limit=0", "limit=251", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=1e2"];
    queries.push("cursor=nonsense", "cursor=%00", "status=lost", "since=yesterday", "until=x");
    for (const query of queries) assertProblem(await api("GET", `/v1/deliveries?${query}`), 422);
    for (const query of ["limit=0", "limit=251", "cursor=nonsense"]) {
      assertProblem(await api("GET", `/v1/subscriptions?${query}`), 422);
    }
  });
});

describe("413", () => {
  const KIB = 1024;
  test("for an event over 1 MiB", async () => {
    const body = JSON.stringify({ type: "problem.none", data: "x".repeat(KIB * KIB) });
    assertProblem(await api("POST", "/v1/events", body), 413);
  });

  test("for anything else over 256 KiB", async () => {
    const body = JSON.stringify({ url, name: "x".repeat(256 * KIB) });
    for (const [method, where] of POSTS.slice(1)) assertProblem(await api(method, where, body), 413);
  });

  test("for 20 MiB too, and the gateway goes on", async () => {
    const answer = await api("POST", "/v1/events", Buffer.alloc(20 * KIB * KIB, "x")).catch((error) => error);
    // The answer may come while the body is still being sent, which node reports as a broken pipe.
    if (answer instanceof Error) assert.match(answer.code, /EPIPE|ECONNRESET/);
    else assertProblem(answer, 413);
    await until(async () => (await api("GET", "/healthz")).status === 200, { what: "the gateway to go on" });
  });
});

test("a body in chunks, its length not told, has the same limits", async () => {
  const chunked = { "transfer-encoding": "chunked" };
  const small = JSON.stringify({ type: "problem.none", data: "x".repeat(10_000) });
  assert.equal((await api("POST", "/v1/events", small, chunked)).status, 202);
  const large = JSON.stringify({ type: "problem.none", data: "x".repeat(1024 * 1024) });
  assertProblem(await api("POST", "/v1/events", large, chunked), 413);
  assertProblem(await api("POST", "/v1/subscriptions", large, chunked), 413);
  assertProblem(await api("POST", "/v1/events", "{", chunked), 400);
});

test("methods that nobody expects are no trouble", async () => {
  for (const method of ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]) {
    for (const where of ["/v1/events", "/v1/subscriptions", `/v1/deliveries/${delivery}`, "/healthz", "/v1/nothing"]) {
      const answer = await api(method, where);
      assert.ok(answer.status < 500, `${method} ${where}: ${answer.status} ${answer.text}`);
      assert.ok(method === "HEAD" || answer.status >= 400, `${method} ${where}: ${answer.status}`);
    }
  }
});

describe("what does not matter", () => {
  test("the Content-Type, or that there is none", async () => {
    for (const type of [null, "text/plain", "application/x-www-form-urlencoded", "nonsense"]) {
      const headers = type ? { "content-type": type } : {};
      assert.equal((await api("POST", "/v1/events", { type: "problem.none", data: {} }, headers)).status, 202);
    }
  });

  test("white space around the body", async () => {
    const answer = await api("POST", "/v1/events", ' \r\n\t{ "type" : "problem.none" , "data" : {} } \n');
    assert.equal(answer.status, 202);
  });

  test("POSTs that need no body take none", async () => {
    const path = `/v1/subscriptions/${subscription.id}`;
    for (const call of ["pause", "resume", "test", "rotate-secret"]) {
      const answer = await api("POST", `${path}/${call}`);
      assert.equal(answer.status, 200, `${call}: ${answer.text}`);
    }
    assert.equal((await api("POST", `/v1/deliveries/${delivery}/retry`)).status, 202);
  });
});

/** JSON of exactly `depth` levels. */
function nested(depth) {
  return "[".repeat(depth) + "]".repeat(depth);
}
