// What the dashboard's pages about sources are made of: finding a provider, reading a captured request, what of a form is sent.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pairs, read } from "../www/pages/sources/captured.js";
import { body, changes, draft, faults, located } from "../www/pages/sources/draft.js";
import { isRequired, learns, needsSecret, pageOf, search } from "../www/pages/sources/search.js";
import { chosen, counted, REASONS, sentence, urlOf } from "../www/pages/sources/words.js";
import { providers } from "./support/vectors.mjs";

const BASE = "https://signet.example/in/src_1";

describe("finding a provider", () => {
  const names = (text) => search(providers, text).map(({ name }) => name);

  for (const [typed, first] of [
    ["github", "github"],
    ["  GitH", "github"],
    ["sns", "aws-sns"],
    ["event grid", "azure-eventgrid"],
    ["stripe", "stripe"],
    ["standard", "standard-webhooks"],
  ]) {
    test(`“${typed}” finds ${first} first`, () => assert.equal(names(typed)[0], first));
  }

  test("nothing typed lists them all, something strange none", () => {
    assert.equal(names("").length, providers.length);
    assert.deepEqual(names("no such provider"), []);
    assert.deepEqual(names("<b>.*"), []);
  });

  test("every provider's words say whether it needs a secret", () => {
    const free = providers.filter((one) => !needsSecret(one)).map(({ name }) => name);
    assert.deepEqual(free.sort(), ["asana", "aws-sns", "fal-ai", "notion", "paypal"]);
    const told = providers.filter(learns).map(({ name }) => name);
    assert.deepEqual(told.sort(), ["asana", "notion"]);
    const required = providers.flatMap(({ name, options = {} }) =>
      Object.entries(options).flatMap(([option, words]) => (isRequired(words) ? `${name} ${option}` : [])),
    );
    assert.ok(required.includes("paypal webhookId") && required.includes("aws-sns topicArn"), `${required}`);
    assert.ok(!required.some((one) => one.startsWith("fastly")), "only Fastly's challenge requires it");
  });

  test("only https pages are linked", () => {
    assert.equal(pageOf({ docs: "https://docs.example/a" }), "https://docs.example/a");
    for (const docs of ["javascript:alert(1)", "http://a.example/", "", "//a.example"])
      assert.equal(pageOf({ docs }), null);
    for (const one of providers) assert.ok(pageOf(one), one.name);
  });
});

describe("reading a captured request", () => {
  const table = [
    [
      "curl",
      `curl -X PUT 'https://a.example/x?y=1' -H "X-Sig: a=\\"b\\"" --header='B: c d' --data-raw '{"it'\\''s": 1}'`,
      {
        method: "PUT",
        url: "https://a.example/x?y=1",
        headers: [
          ["X-Sig", 'a="b"'],
          ["B", "c d"],
        ],
        body: `{"it's": 1}`,
      },
    ],
    [
      "curl over several lines, with what says nothing",
      "$ curl -sS --compressed \\\n  -o /dev/null -w '%{http_code}' \\\n  -XPOST https://a.example \\\n  -d a=1 -d b=2 -u me:pass -A agent",
      {
        method: "POST",
        url: "https://a.example",
        headers: [
          ["Authorization", "Basic bWU6cGFzcw=="],
          ["User-Agent", "agent"],
        ],
        body: "a=1&b=2",
      },
    ],
    [
      "curl with an ANSI string and no method",
      String.raw`curl https://a.example --data-binary $'line\r\n\x41\u00fc\'end'`,
      { method: "POST", url: "https://a.example", headers: [], body: "line\r\nAü'end" },
    ],
    [
      "curl of a page",
      "curl -sSX GET https://a.example",
      { method: "GET", url: "https://a.example", headers: [], body: undefined },
    ],
    [
      "raw HTTP of the source's own host",
      "POST /in/src_1/x?y HTTP/1.1\r\nHost: signet.example\r\nX-A: b: c\r\n\r\nbody\n\nmore\n",
      {
        method: "POST",
        url: `${BASE}/x?y`,
        headers: [
          ["Host", "signet.example"],
          ["X-A", "b: c"],
        ],
        body: "body\n\nmore\n",
      },
    ],
    [
      "raw HTTP of another host, without a body",
      "get /a HTTP/2\nhost: b.example\n\n",
      { method: "GET", url: "https://b.example/a", headers: [["host", "b.example"]], body: "" },
    ],
    [
      "headers and a body alone",
      "X-Hub-Signature-256: sha256=00\n\n{}",
      { method: "POST", url: BASE, headers: [["X-Hub-Signature-256", "sha256=00"]], body: "{}" },
    ],
    [
      "the call's own JSON",
      '{"url": "https://a.example", "headers": {"A": "1", "B": ["2", "3"]}, "bodyBase64": "AA==", "at": "2026-01-01T00:00:00Z"}',
      {
        method: "POST",
        url: "https://a.example",
        headers: [
          ["A", "1"],
          ["B", "2"],
          ["B", "3"],
        ],
        body: undefined,
        bodyBase64: "AA==",
        at: "2026-01-01T00:00:00Z",
      },
    ],
  ];
  for (const [what, text, expected] of table) {
    test(what, () => assert.deepEqual(read(text, BASE), expected));
  }

  test("what can't be read says why", () => {
    for (const [text, why] of [
      ["curl 'https://a.example", /quotes do not close/],
      ["curl https://a.example -d @file.json", /from a file/],
      ["{", /JSON/],
      ["nothing of the kind", /is no header/],
    ]) {
      assert.throws(() => read(text, BASE), why);
    }
    assert.deepEqual(pairs("A: 1\n\n  B:2  "), [
      ["A", "1"],
      ["B", "2"],
    ]);
  });
});

describe("what of a form is sent", () => {
  const meta = providers.find(({ name }) => name === "meta");
  const github = providers.find(({ name }) => name === "github");
  const stored = { provider: "meta", origin: "https://a.example/", mode: "proxy", enforce: true, resign: false };
  Object.assign(stored, {
    deduplicate: true,
    timeoutSeconds: 25,
    toleranceSeconds: null,
    options: { verifyToken: null },
  });
  Object.assign(stored, { secretCount: 2, name: null, publicUrl: null, route: null });

  test("a form that nobody touched changes nothing", () => {
    const values = draft(stored);
    assert.deepEqual(changes(body(values, meta, stored.options), body(values, meta, stored.options)), {});
    assert.deepEqual(body(values, meta, stored.options).options, { verifyToken: null }, "what is stored is kept");
    assert.deepEqual(Object.values(faults(values, meta, { stored: 2, kept: stored.options })).filter(Boolean), []);
  });

  test("only what was changed is sent", () => {
    const before = body(draft(stored), meta, stored.options);
    const values = { ...draft(stored), keep: false, secrets: ["new\n", "", "old"], timeoutSeconds: " 7 ", name: " x " };
    const sent = changes(before, body(values, meta, stored.options));
    assert.deepEqual(sent, { secrets: ["new", "old"], timeoutSeconds: 7, name: "x" });
    const other = changes(before, body({ ...draft(stored), provider: "github" }, github, stored.options));
    assert.deepEqual(other, { provider: "github", options: {} });
    const routed = { ...draft(stored), host: "a.example", path: "/x" };
    assert.deepEqual(changes(before, body(routed, meta, stored.options)), { route: { host: "a.example", path: "/x" } });
  });

  const fine = { ...draft(), provider: "github", secrets: ["x"], origin: "https://a.example" };
  for (const [more, field] of [
    [{ provider: "" }, "provider"],
    [{ provider: "custom", signature: "{" }, "signature"],
    [{ provider: "custom", signature: "[]" }, "signature"],
    [{ secrets: [" ", ""].slice(1) }, "secrets"],
    [{ origin: "example.com" }, "origin"],
    [{ origin: "ftp://example.com" }, "origin"],
    [{ origin: " " }, "origin"],
    [{ toleranceSeconds: "-1" }, "toleranceSeconds"],
    [{ toleranceSeconds: "4294967296" }, "toleranceSeconds"],
    [{ timeoutSeconds: "101" }, "timeoutSeconds"],
    [{ timeoutSeconds: "1.5" }, "timeoutSeconds"],
    [{ publicUrl: "x" }, "publicUrl"],
    [{ host: "a.example" }, "path"],
    [{ path: "/a" }, "host"],
    [{ host: "a.example", path: "a" }, "path"],
  ]) {
    test(`${JSON.stringify(more)} is told at ${field}`, () => {
      const found = faults({ ...fine, ...more }, more.provider === undefined ? github : undefined);
      assert.deepEqual(
        Object.keys(found).filter((name) => found[name]),
        [field],
      );
    });
  }

  test("what is fine is not told", () => {
    assert.deepEqual(Object.values(faults(fine, github)).filter(Boolean), []);
    assert.deepEqual(Object.values(faults({ ...fine, enforce: false, secrets: [""] }, github)).filter(Boolean), []);
  });

  test("a signature may stand alone", () => {
    const values = { ...fine, provider: "custom", signature: '{"header": "X"}' };
    assert.deepEqual(body(values, undefined).provider, { signature: { header: "X" } });
    assert.equal(body({ ...values, signature: draft().signature }).provider.signature.header, "X-Signature");
  });

  test("the API's pointers find their fields", () => {
    const errors = [
      "/options/verifyToken",
      "/route/host",
      "/route",
      "/secrets/1",
      "/provider/signature/header",
      "/origin",
    ];
    const found = located(
      errors.map((pointer) => ({ pointer, detail: "is wrong" })),
      { isCustom: true },
    );
    assert.deepEqual(
      found.map(({ pointer }) => pointer),
      ["/option:verifyToken", "/host", "/path", "/secrets", "/signature", "/origin"],
    );
    assert.deepEqual([found[3].detail, found[4].detail], ["Secret 2 is wrong.", "header is wrong"]);
  });
});

test("the log in words", () => {
  const entries = [
    { outcome: "verified", count: 3, status: 200 },
    { outcome: "refused", reason: "signature_mismatch", count: 2, status: 401 },
    { outcome: "unverified", reason: "signature_missing", count: 1, status: 200 },
    { outcome: "handshake", count: 1, status: 200 },
    { outcome: "something_new", count: 1, status: 200 },
  ];
  assert.deepEqual(counted(entries), { verified: 3, refused: 3 });
  assert.equal(chosen(entries, "refused").length, 2);
  assert.equal(chosen(entries, "").length, 5);
  assert.equal(sentence(entries[1]), "The signature does not match any secret");
  assert.equal(sentence({ outcome: "refused", reason: "<b>new</b>" }), "<b>new</b>");
  assert.match(sentence({ outcome: "verified", status: 502 }), /the origin failed/);
  assert.equal(Object.keys(REASONS).length, 7);
  const source = { url: BASE, route: { host: "hooks.example" } };
  assert.equal(urlOf({ path: "/in/src_1/a?b" }, source), `${BASE}/a?b`);
  assert.equal(urlOf({ path: "/hooks" }, source), "https://hooks.example/hooks");
});
