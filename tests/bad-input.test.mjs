// Every call of the API with everything that can be wrong with it: refused with a reason, nothing half done, and nobody else held up.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { bodies, bodiless, junk, lists, queries } from "./support/bodies.mjs";
import * as table from "./support/endpoints.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";
import { chunked, exchange } from "./support/wire.mjs";

const endpoints = table.endpoints().map(({ method, path }) => [method, path]);

const { signet, target, api, expect, subscribe, sendOne, settled } = await stage({ bare: true });

const nobody = "0123456789abcdefghjkmnpqrstv";
const subscription = await subscribe({ url: target.url("/bad-input"), events: ["bad.seed"] });
const delivery = await sendOne({ type: "bad.seed", data: {} });
const { event } = await settled(delivery);
const origin = { provider: "github", secrets: ["a secret"], origin: target.url("/origin") };
const source = await expect(201, "POST", "/v1/sources", origin);
const hook = { label: "x", webhookUrl: target.url("/key"), events: ["nothing.comes"] };
const key = await expect(201, "POST", "/v1/api-keys", hook);
const application = await expect(201, "POST", "/v1/applications", { name: "Acme" });
await expect(201, "PUT", "/v1/profiles/bad-input", {});

/** What each placeholder stands for, by what comes before it. */
const IDS = {
  events: event.id,
  deliveries: delivery,
  subscriptions: subscription.id,
  sources: source.id,
  "api-keys": key.id,
  applications: application.id,
  profiles: "bad-input",
  providers: "github",
};
const at = (where, id) => where.replace(/([^/]+)\/\{\w+\}/, (_, of) => `${of}/${id ?? IDS[of]}`);
const hasId = ([, where]) => where.includes("{");
const reads = ([method, where]) => bodies[`${method} ${where}`];

/** Asserts that an answer is one for what may be wrong: no failure of Signet's, and a problem that says what it is. */
function assertSane(answer, what) {
  assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text}`);
  if (answer.status < 400) return;
  assertProblem(answer, answer.status);
  if (answer.json.code === "invalid_body") {
    assert.ok(answer.json.errors.length > 0, `${what}: ${answer.text}`);
    for (const { pointer } of answer.json.errors) assert.match(pointer, /^(\/.*)?$/s, what);
  }
}

const LISTS = ["subscriptions", "sources", "api-keys", "profiles", "applications"];

/** All there is, as the API shows it. */
async function everything() {
  const lists = LISTS.map((list) => expect(200, "GET", `/v1/${list}?limit=250`));
  const ids = (await expect(200, "GET", "/v1/deliveries?limit=250")).data.map(({ id }) => id);
  return [...(await Promise.all(lists)).map(({ data }) => data), ids];
}

async function unchanged(work) {
  const before = await everything();
  await work();
  assert.deepEqual(await everything(), before, "nothing was done by halves");
}

test("every call is tried here", () => {
  assert.ok(endpoints.length >= 43, `${endpoints.length} of them`);
  const known = [...Object.keys(bodies), ...lists, ...bodiless, "POST /v1/api-keys/{id}/webhook/test"];
  const named = endpoints.map((endpoint) => endpoint.join(" ")).filter((name) => !/^(GET|DELETE) /.test(name));
  assert.deepEqual(named.toSorted(), known.toSorted(), "tests/support/bodies.mjs says what each body holds");
});

describe("methods", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "MKCOL", "PURGE"];
  for (const where of new Set(endpoints.map(([, where]) => where))) {
    test(where, () =>
      unchanged(async () => {
        const offered = endpoints.filter(([, other]) => other === where).map(([method]) => method);
        for (const method of METHODS.filter((method) => !offered.includes(method))) {
          for (const body of [undefined, "{}"]) {
            if (method === "TRACE" && body) continue;
            const answer = await api(method, at(where), body);
            if (method === "HEAD") assert.equal(answer.status, 405);
            else assertProblem(answer, 405, { code: "method_not_allowed" });
            assert.equal(answer.headers.allow, offered.join(", "));
          }
        }
      }),
    );
  }
});

describe("bodies that are none", () => {
  const deep = (levels) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const wrong = [
    [400, "a brace", "{"],
    [400, "a brace too many", "{}}"],
    [400, "two values", "{} {}"],
    [400, "words", "name=x&label=y"],
    [400, "a comment", "{/* */}"],
    [400, "a trailing comma", '{"name":"x",}'],
    [400, "single quotes", "{'name':'x'}"],
    [400, "NaN", '{"name":NaN}'],
    [400, "a raw line break", '{"name":"a\nb"}'],
    [400, "a bad escape", '{"name":"\\x"}'],
    [400, "half a surrogate escape", '{"name":"\\ud8"}'],
    [400, "not UTF-8", Buffer.from('{"name":"\xff"}', "latin1")],
    [400, "UTF-16", Buffer.from('\ufeff{"name":"x"}', "utf16le")],
    [400, "a byte order mark", '\ufeff{"name":"x"}'],
    [400, "a zero byte", Buffer.from([0])],
    [400, "zero bytes", Buffer.alloc(1_000)],
    [400, "129 levels", deep(129)],
    [400, "129 levels within", `{"name":${deep(128)}}`],
    [400, "100,000 levels", deep(100_000)],
    [400, "100,000 levels without an end", "[".repeat(100_000)],
    [400, "100,000 objects without an end", '{"a":'.repeat(40_000)],
    [422, "null", "null"],
    [422, "true", "true"],
    [422, "a number", "1e400"],
    [422, "a text", '"{}"'],
    [422, "a list", "[]"],
    [422, "a list of objects", "[{}]"],
    [422, "128 levels", deep(128)],
  ];
  for (const endpoint of endpoints.filter(reads)) {
    const [method, where] = endpoint;
    test(endpoint.join(" "), () =>
      unchanged(async () => {
        for (const [status, name, body] of wrong) {
          const answer = await api(method, at(where), body, { "content-type": "text/nonsense; charset=ebcdic" });
          assert.equal(answer.status, status, `${name}: ${answer.text}`);
          assertProblem(answer, status, status === 422 ? { pointers: [""] } : { code: "invalid_json" });
        }
        if (!reads(endpoint).optional) {
          for (const body of [undefined, "", " \n"]) assertProblem(await api(method, at(where), body), 400);
        }
        const large = `{"name":"${"x".repeat(where.endsWith("/explain") ? 4 << 20 : 1 << 20)}"}`;
        assertProblem(await api(method, at(where), large), 413, { code: "body_too_large" });
        assertProblem(await api(method, at(where), large, { "transfer-encoding": "chunked" }), 413);
      }),
    );
  }

  test("where none is read they matter to nobody", async () => {
    for (const name of bodiless) {
      const [method, where] = name.split(" ");
      for (const [, , body] of wrong) assertSane(await api(method, at(where), body), name);
      assertProblem(await api(method, at(where), Buffer.alloc(300_000)), 413);
    }
    await expect(200, "POST", at("/v1/subscriptions/{id}/resume"));
  });
});

describe("fields", () => {
  for (const endpoint of endpoints.filter(reads)) {
    const [method, where] = endpoint;
    const { needs, fields, any } = reads(endpoint);
    const call = (body) => api(method, at(where), body);
    const with_ = (name, json) => {
      const rest = Object.entries(needs).filter(([other]) => other !== name);
      return `{${[...rest.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`), `"${name}":${json}`].join()}}`;
    };

    test(`${endpoint.join(" ")}: wrong types, unknown and repeated names`, () =>
      unchanged(async () => {
        for (const [name, takes] of Object.entries(fields)) {
          if (takes === "any") continue;
          for (const [type, json] of junk.filter(([type]) => !takes.split(" ").includes(type))) {
            const answer = await call(with_(name, json));
            const what = `${name}: ${json.slice(0, 60)} → ${answer.status} ${answer.text.slice(0, 300)}`;
            assert.equal(answer.status, 422, `${type} for ${what}`);
            assert.ok(
              answer.json.errors.some(({ pointer }) => pointer === `/${name}` || pointer.startsWith(`/${name}/`)),
              what,
            );
          }
        }
        for (const name of Object.keys(fields)) {
          const twice = with_(name, "null").replace(/\}$/, `,"${name}":null}`);
          assertProblem(await call(twice), 422, { pointers: [`/${name}`] });
        }
        for (const name of ["colour", "", "__proto__", "constructor", "Name", "name ", "\u0000", "\u{1f980}"]) {
          const answer = await call({ ...needs, ...JSON.parse(`{${JSON.stringify(name)}:1}`) });
          assertProblem(answer, 422, { pointers: [`/${name}`] });
        }
        const escaped = await call(with_("a/b~c", "0"));
        assertProblem(escaped, 422, { pointers: ["/a~1b~0c"] });
        // Those that name needed fields only to leave them out.
        for (const name of Object.keys(needs).filter((name) => method === "POST" && fields[name] !== "any")) {
          if (name === "events" || name === "body" || any) continue;
          assertProblem(await call(with_(name, "null")), 422, { pointers: [`/${name}`] });
        }
      }));

    test(`${endpoint.join(" ")}: the right type, and still nonsense`, async () => {
      for (const [name, takes] of Object.entries(fields)) {
        for (const [type, json] of [["any", "null"], ...junk]) {
          if (takes !== "any" && type !== "any" && !takes.split(" ").includes(type)) continue;
          const answer = await call(with_(name, json));
          assertSane(answer, `${name}: ${json.slice(0, 60)}`);
        }
      }
    });
  }

  test("what came of it can still be listed, read and put right", async () => {
    for (const list of LISTS) await expect(200, "GET", `/v1/${list}?limit=250`);
    for (const { id } of (await expect(200, "GET", "/v1/deliveries?limit=250")).data) {
      await expect(200, "GET", `/v1/deliveries/${id}`);
    }
    await expect(200, "PATCH", `/v1/subscriptions/${subscription.id}`, {
      url: target.url("/bad-input"),
      events: ["bad.seed"],
      filter: null,
      profile: null,
      headers: null,
      rateLimit: null,
    });
    await expect(200, "POST", `/v1/subscriptions/${subscription.id}/rotate-secret`, { overlapSeconds: 0 });
    const { deliveries } = await expect(202, "POST", "/v1/events", { type: "bad.seed", data: {} });
    const own = deliveries.find((one) => one.subscription === subscription.id);
    assert.equal((await settled(own.id)).status, "delivered");
  });
});

describe("queries", () => {
  const lists = ["events", "deliveries/{id}"].includes.bind([]);
  for (const [, where] of endpoints.filter(([method, where]) => method === "GET" && !where.includes("{"))) {
    if (["/metrics", "/v1/me", "/v1/stats"].includes(where) || lists(where)) continue;
    test(where, async () => {
      const more = queries[where] ?? [];
      const wrong = [
        ...["0", "251", "-1", "x", "", "1.5", "1e2", "+5", " 5", "0x10", "NaN", "99999999999999999999", "５"].map(
          (limit) => `limit=${encodeURIComponent(limit)}`,
        ),
        "limit=%00",
        "limit=%",
        "limit=%zz",
        "limit=%ff",
        "limit",
        "limit=5&limit=5",
        "limit[]=5",
        "Limit=5",
        "colour=red",
        "%63olour=red",
        "=",
        "=x",
        "a=b&%",
        "__proto__=1",
        ...[
          "",
          "x",
          "null",
          "%00",
          "%ff",
          "del_",
          `del_${nobody}`,
          "..",
          "'",
          nobody.toUpperCase(),
          "a".repeat(9_000),
        ].map((cursor) => `cursor=${cursor}`),
        `cursor=${nobody}&cursor=${nobody}`,
        ...more.map((name) => `${name}=a&${name}=b`),
      ];
      for (const query of wrong) {
        const answer = await api("GET", `${where}?${query}`);
        assert.equal(answer.status, 422, `${query.slice(0, 80)}: ${answer.status} ${answer.text}`);
        assertProblem(answer, 422);
        assert.match(answer.json.code, /^invalid_(parameter|cursor)$/);
      }
      for (const name of more) {
        for (const value of ["", "%00", "%ff", "%", "x", "..", "'", "a".repeat(9_000), "🦀", "9".repeat(30)]) {
          assertSane(await api("GET", `${where}?${name}=${encodeURI(value)}`), `${name}=${value}`);
        }
      }
      for (const query of ["?", "?&&&", "?limit=1", "?limit=250&"]) await expect(200, "GET", where + query);
    });
  }

  test("that nobody reads, and a fragment", async () => {
    for (const query of ["?colour=red", "?%", "?%00", `?${"a".repeat(9_000)}`]) {
      assertSane(await api("GET", `/v1/subscriptions/${subscription.id}${query}`), query);
      assertSane(await api("POST", `/v1/events${query}`, { type: "bad.input", data: 1 }), query);
    }
  });
});

describe("ids", () => {
  const ids = [
    "x",
    "0",
    "-1",
    "null",
    "undefined",
    "%00",
    "%ff",
    "%",
    "%zz",
    "%2e%2e",
    "..%2f..%2fsubscriptions",
    "..%5c",
    "%2f",
    "a%2fb",
    "%0d%0aX:%20y",
    "%F0%9F%A6%80",
    "%EF%BC%8E%EF%BC%8E",
    "'%20OR%201=1--",
    "*",
    "{id}",
    "~",
    "a".repeat(5_000),
    ...["app", "sub", "evt", "del", "src", "key", "req", "xyz", ""].map((prefix) => `${prefix}_${nobody}`),
    nobody,
    `sub_${nobody}0`,
    `sub_${nobody.slice(1)}`,
    `SUB_${nobody}`,
    `sub_${nobody.toUpperCase()}`,
    `sub_${"i".repeat(28)}`,
    `sub_${"~".repeat(28)}`,
    ` sub_${nobody}`.replace(" ", "%20"),
    `sub_${nobody}%20`,
    `sub_${nobody}%00`,
    `sub_${nobody}/`,
    `sub_${nobody}//`,
    `./sub_${nobody}`,
  ];
  for (const endpoint of endpoints.filter(hasId)) {
    const [method, where] = endpoint;
    test(endpoint.join(" "), () =>
      unchanged(async () => {
        for (const id of ids) {
          const path = at(where, id);
          // What leads up a step may lead to something else that is there.
          const reached = new URL(path, signet.url).pathname;
          if (endpoints.some(([known, there]) => known === method && there === reached)) continue;
          // A profile may have nearly any name.
          const name = new URL(path, signet.url).pathname.slice("/v1/profiles/".length);
          if (method === "PUT" && /^[\w-]+$/.test(name)) continue;
          const body = method === "GET" || method === "DELETE" ? undefined : reads(endpoint)?.needs;
          const answer = await api(method, path, body);
          assertSane(answer, `${method} ${path.slice(0, 100)}`);
          if (method !== "PUT")
            assert.ok(
              [404, 405, 422].includes(answer.status),
              `${path.slice(0, 100)}: ${answer.status} ${answer.text}`,
            );
          else assert.ok(answer.status >= 400, `${path.slice(0, 100)}: ${answer.status} ${answer.text}`);
        }
      }),
    );
  }

  test("that lead elsewhere lead nowhere", async () => {
    // What a key may not do must not be reached through what it may.
    const scopes = ["subscriptions:read", "subscriptions:write", "sources:read", "deliveries:read", "deliveries:write"];
    const { key: narrow } = await expect(201, "POST", "/v1/api-keys", { label: "narrow", scopes });
    const place = subscription.id.slice(-6);
    const ends = [
      ...["snapshot", "places", "create", "caller", `source/${source.id}`, `disable/${place}`, `destination/${place}`],
      `GET/subscriptions/${subscription.id}/secret`,
      "GET/api-keys",
    ];
    const climbing = ends.flatMap((end) => [`../../${end}`, `x/../../../${end}`]);
    const within = [`${subscription.id}/secret`, "../secret", "..", ".", "../..", "x/y", "x?y", "x#y"];
    const written = [
      (id) => id.replaceAll("/", "\\"),
      (id) => encodeURIComponent(id),
      (id) => encodeURIComponent(id).replaceAll(".", "%2e"),
      (id) => id.replaceAll(".", "%2E").replaceAll("/", "\\"),
      (id) => encodeURIComponent(id.replaceAll("/", "\\")),
    ];
    const before = await expect(200, "GET", at("/v1/subscriptions/{id}"));
    for (const [method, where] of endpoints.filter(hasId)) {
      for (const id of [...climbing, ...within].flatMap((id) => written.map((write) => write(id)))) {
        const path = where.replace(/\{\w+\}/, () => id);
        const lines = [`${method} ${path} HTTP/1.1`, "Host: a", `Authorization: Bearer ${narrow}`, "Content-Length: 0"];
        const answer = await exchange(signet.port, [`${lines.join("\r\n")}\r\n\r\n`]);
        const what = `${method} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`;
        assert.ok([400, 401, 403, 404, 405, 422].includes(answer.status), what);
      }
    }
    assert.deepEqual(await expect(200, "GET", at("/v1/subscriptions/{id}")), before);
  });

  test("of other kinds name nothing", async () => {
    for (const endpoint of endpoints.filter(hasId)) {
      const [method, where] = endpoint;
      if (/profiles|providers/.test(where)) continue;
      const [own] = /(?<=\/v1\/)[^/]+/.exec(where);
      for (const [kind, id] of Object.entries(IDS)) {
        if (kind === own) continue;
        const answer = await api(method, at(where, id), reads(endpoint)?.needs);
        assertProblem(answer, 404, { code: "not_found" });
      }
    }
  });
});

describe("headers", () => {
  const no = { authorization: null };
  test("that are no key", async () => {
    const keys = [
      "",
      " ",
      "Bearer",
      "Bearer ",
      "Bearer  ",
      "Bearer\t",
      `Bearer${OPERATOR_KEY}`,
      `Basic ${OPERATOR_KEY}`,
      `Bearer ${OPERATOR_KEY} ${OPERATOR_KEY}`,
      `Bearer ${OPERATOR_KEY},`,
      `Bearer "${OPERATOR_KEY}"`,
      `Bearer ${OPERATOR_KEY.toUpperCase()}`,
      `Bearer \xff\xfe`,
      "Bearer sk_",
      "Bearer sk__",
      "Bearer sk_default_",
      `Bearer sk_default_${"0".repeat(32)}`,
      `Bearer sk_${nobody}_${"0".repeat(32)}`,
      `Bearer sk_../default_${"0".repeat(32)}`,
      "Bearer pt_",
      "Bearer pt_default..",
      "Bearer pt_default.e30.e30",
      `Bearer pt_default.${"x".repeat(2_000)}.x`,
      `Bearer ${"x".repeat(60_000)}`,
    ];
    for (const authorization of keys) {
      const answer = await api("GET", "/v1/subscriptions", undefined, { authorization });
      assertProblem(answer, 401, { code: "unauthorized" });
      const given = authorization.replace(/^Bearer ?/, "");
      if (given === OPERATOR_KEY) continue;
      assertProblem(await api("GET", "/v1/subscriptions", undefined, { ...no, "x-api-key": given }), 401);
    }
  });

  test("that come twice", async () => {
    const bearer = `Authorization: Bearer ${OPERATOR_KEY}\r\n`;
    for (const [lines, status] of [
      [bearer + bearer, 401],
      [`${bearer}Authorization: Bearer x\r\n`, 401],
      [`X-Api-Key: ${OPERATOR_KEY}\r\nX-Api-Key: x\r\n`, 401],
      [`${bearer}X-Api-Key: x\r\n`, 200],
      [`${bearer}Signet-Application: default\r\nSignet-Application: ${application.id}\r\n`, 404],
    ]) {
      const answer = await exchange(signet.port, [`GET /v1/subscriptions HTTP/1.1\r\nHost: a\r\n${lines}\r\n`]);
      assert.equal(answer.status, status, `${lines}: ${answer.text}`);
    }
  });

  test("that name an application that is none", async () => {
    for (const name of [
      "",
      "x",
      "..",
      "app_",
      `app_${nobody}`,
      `sub_${nobody}`,
      "a/b",
      "default,default",
      "\xff",
      "DEFAULT",
      "x".repeat(9_000),
    ]) {
      for (const [method, where, body] of [
        ["GET", "/v1/subscriptions"],
        ["POST", "/v1/events", { type: "bad.input", data: 1 }],
        ["POST", "/v1/subscriptions", { url: "https://example.com" }],
      ]) {
        const answer = await api(method, where, body, { "signet-application": name });
        assertProblem(answer, 404, { code: "not_found" });
      }
    }
  });

  test("that are no id", async () => {
    for (const id of ["", " ", "a b", "\xff", "\t", "x".repeat(257), "x".repeat(9_000)]) {
      const answer = await api("POST", "/v1/events", { type: "bad.input", data: 1 }, { "idempotency-key": id });
      assertSane(answer, id);
      assert.ok(id.trim() === "" || answer.status === 422, `${id}: ${answer.status} ${answer.text}`);
    }
  });

  test("of all kinds", async () => {
    const odd = {
      accept: "*/*;q=nonsense",
      "accept-encoding": "x".repeat(1_000),
      "content-encoding": "gzip",
      "content-type": "\xff",
      cookie: "a=".repeat(2_000),
      "if-match": "*",
      range: "bytes=0-0",
      traceparent: "00-zz",
      tracestate: "\xff=,".repeat(100),
      "x-forwarded-for": "127.0.0.1",
      "x-http-method-override": "DELETE",
      origin: "https://evil.example",
    };
    for (const [name, value] of Object.entries(odd)) {
      const listed = await api("GET", "/v1/subscriptions?limit=1", undefined, { [name]: value });
      assert.equal(listed.status, 200, `${name}: ${listed.text}`);
      assertSane(await api("POST", "/v1/events", { type: "bad.input", data: 1 }, { [name]: value }), name);
    }
  });
});

describe("the wire", () => {
  const head = (method, where, lines = []) =>
    `${[`${method} ${where} HTTP/1.1`, "Host: signet.example", `Authorization: Bearer ${OPERATOR_KEY}`, ...lines].join("\r\n")}\r\n\r\n`;
  const event = '{"type":"bad.input","data":1}';
  const calls = endpoints.filter(reads);

  test("bodies that break off leave nothing behind", () =>
    unchanged(async () => {
      for (const [method, where] of calls) {
        for (const lines of [["Content-Length: 400"], ["Transfer-Encoding: chunked"]]) {
          const part = lines[0].startsWith("C") ? '{"name":' : '8\r\n{"name":';
          const end = (_, socket) => socket.end();
          // Who breaks off hears nothing, or that.
          const answer = await exchange(signet.port, [head(method, at(where), lines), part, end]).catch(() => null);
          if (answer) assert.ok(answer.status >= 400, `${method} ${where}: ${answer.status} ${answer.text}`);
        }
      }
      await expect(200, "GET", "/healthz");
    }));

  test("bodies in chunks, and ones that wait to be asked for", async () => {
    for (const [lines, body] of [
      [["Transfer-Encoding: chunked"], chunked(...event.split(""))],
      [["Content-Length: 29", "Expect: 100-continue"], event],
      [["Transfer-Encoding: chunked", "Expect: 100-continue"], chunked(event)],
    ]) {
      const answer = await exchange(signet.port, [head("POST", "/v1/events", lines), body]);
      assert.equal(answer.status, 202, answer.text);
    }
  });

  test("GET, HEAD and DELETE with a body", async () => {
    for (const [method, where] of endpoints.filter(([method]) => method === "GET")) {
      const lines = [`Content-Length: ${event.length}`];
      const answer = await exchange(signet.port, [head(method, at(where), lines), event]);
      assert.ok(answer.status < 500, `${method} ${where}: ${answer.status} ${answer.text}`);
    }
    const gone = [head("DELETE", `/v1/subscriptions/sub_${nobody}`, [`Content-Length: ${event.length}`]), event];
    assert.equal((await exchange(signet.port, gone)).status, 404);
    const read = [head("HEAD", "/healthz", [`Content-Length: ${event.length}`]), event];
    assert.equal((await exchange(signet.port, read, { method: "HEAD" })).status, 200);
  });

  test("targets that are hardly any", async () => {
    for (const where of [
      "/v1",
      "/v1/",
      "//v1/events",
      "/v1//events",
      "/v1/./subscriptions/../events",
      "/v1/%65vents",
      "/V1/events",
      "/v1/events/",
      "/v1/events;a=b",
      "/v1/events%00",
      "/v1\\events",
      "/%",
      "/%zz",
      "/\xff",
      "/in",
      "/in/",
      "/in/x",
      "/in/../v1/events",
      "/..",
      `/${"a/".repeat(4_000)}`,
      `/v1/${"a".repeat(16_000)}`,
      `/v1/subscriptions?${"a=b&".repeat(4_000)}`,
      "http://other.example/v1/nothing",
    ]) {
      for (const method of ["GET", "POST"]) {
        const lines = method === "POST" ? ["Content-Length: 2"] : [];
        const answer = await exchange(signet.port, [head(method, where, lines), method === "POST" ? "{}" : ""]);
        assert.ok(answer.status < 500, `${method} ${where.slice(0, 80)}: ${answer.status} ${answer.text}`);
        assert.ok(answer.status >= 400 || answer.status === 200, `${where.slice(0, 80)}: ${answer.status}`);
      }
    }
  });
});

test("the gateway goes on, and nothing has panicked", async () => {
  await expect(200, "GET", "/healthz");
  assert.doesNotMatch(signet.output, /panicked|unreachable|Uncaught|RuntimeError/);
});
