// A source changes nothing on the way: odd requests and odd answers, sent straight to an origin and through Signet, byte by byte.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { assertProblem } from "./support/assertions.mjs";
import { freePort } from "./support/ports.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { github } from "./support/vectors.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";
import { byName, bytes, chunked, exchange, head, wireOrigin } from "./support/wire.mjs";

/** What of a request does not arrive as it was sent. Everything else must. */
const REQUEST_CHANGES = {
  connection: "of the connection",
  "keep-alive": "of the connection",
  "proxy-authenticate": "of the connection",
  "proxy-authorization": "of the connection",
  "proxy-connection": "of the connection",
  te: "of the connection",
  trailer: "of the connection",
  upgrade: "of the connection",
  expect: "answered here, where the body is read",
  "content-length": "written anew: a body goes on whole, and one that is empty says so",
  "transfer-encoding": "written anew: what came in chunks goes on with its length",
  "signet-source": "Signet's word alone",
  "signet-provider": "Signet's word alone",
  "signet-verified": "Signet's word alone",
  "cf-worker": "wrangler dev names the Worker, as the network does",
};
/** What of an answer does not come back as the origin sent it. */
const ANSWER_CHANGES = {
  connection: "of the connection",
  "keep-alive": "of the connection",
  "transfer-encoding": "of the connection; a body whose length nobody told comes in chunks",
  trailer: "the runtime keeps trailers back",
};

const MEBIBYTE = 1024 * 1024;
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
const SECRET = "It's a Secret to Everybody";

const origin = await wireOrigin();
after(() => origin.down());
const { signet, expect } = await stage();
const bare = await stage({ bare: true });

async function source(body = {}, on = { expect }) {
  const path = uniquePath("/origin");
  const made = await on.expect(201, "POST", "/v1/sources", {
    provider: "github",
    secrets: [SECRET],
    origin: origin.url(path),
    deduplicate: false,
    ...body,
  });
  return { ...made, path };
}

/** One that lets through what is signed, and one that lets through everything. */
const signed = await source();
const open = await source({ enforce: false });
const BOTH = [
  ["verified", signed],
  ["not verified", open],
];

let serial = 0;

/** The bytes of a request, `framing` being `length`, `chunked` or `none`. */
function request(first, host, { headers = [], body, framing = body === undefined ? "none" : "length", before = [] }) {
  const lines = [["Host", host], ...headers];
  if (framing === "length") lines.push(["Content-Length", bytes(body ?? "").length]);
  if (framing === "chunked") lines.push(["Transfer-Encoding", "chunked"]);
  const sent =
    framing === "chunked" ? chunked(...(body.length > 9 ? [body.slice(0, 9), body.slice(9)] : [body])) : (body ?? "");
  return [head(first, lines), ...before, sent];
}

/** Sends a request straight to a source's origin and through the source. Answers what arrived and what came back. */
async function both(to, { method = "POST", target = "", ...what }) {
  serial += 1;
  const number = `${serial}`;
  const headers = [["X-Number", number], ...(what.headers ?? [])];
  if (to.enforce) headers.push(...Object.entries(github(SECRET, bytes(what.body ?? ""))));
  const one = async (port, path) => {
    const arrived = () => origin.requests.filter((it) => it.values("x-number")[0] === number);
    const known = arrived().length;
    const parts = request(`${method} ${path}${target} HTTP/1.1`, `127.0.0.1:${port}`, { ...what, headers });
    const answer = await exchange(port, parts, { method });
    return { answer, request: arrived()[known] };
  };
  return {
    straight: await one(origin.port, to.path),
    through: await one(Number(new URL(to.url).port), new URL(to.url).pathname),
  };
}

const hash = (of) => createHash("sha256").update(of).digest("hex");

function assertSameBody(one, other, what) {
  assert.equal(other.length, one.length, `${what}: its length`);
  assert.equal(hash(other), hash(one), `${what}: its bytes`);
}

/** Asserts that a request arrived as it would have without Signet. */
async function assertArrives(to, what) {
  const { straight, through } = await both(to, what);
  assert.ok(straight.request, "the request arrives where nothing is in between");
  assert.equal(through.answer.status, 200, `${through.answer.first} ${through.answer.text.slice(0, 300)}`);
  assert.ok(through.request, "the request arrives");
  assert.equal(through.request.first, straight.request.first, "the request line");
  assert.deepEqual(byName(through.request, REQUEST_CHANGES), byName(straight.request, REQUEST_CHANGES));
  assertSameBody(straight.request.body, through.request.body, "the body");
  const says = (name) => through.request.values(name);
  assert.deepEqual(says("signet-source"), [to.id]);
  assert.deepEqual(says("signet-provider"), ["github"]);
  assert.deepEqual(says("signet-verified"), [`${to.enforce}`]);
  const { length } = straight.request.body;
  const bare = ["GET", "HEAD"].includes(through.request.method) && length === 0;
  assert.deepEqual(says("content-length"), bare ? [] : [`${length}`]);
  assert.deepEqual(says("transfer-encoding"), []);
  return through;
}

/** Asserts that an origin's answer comes back as it would without Signet. */
async function assertComesBack(to, answer, what = {}, { reason = true } = {}) {
  origin.answer(to.path, answer);
  const { straight, through } = await both(to, { body: "{}", ...what });
  assert.equal(through.answer.status, straight.answer.status, through.answer.text.slice(0, 300));
  if (reason) assert.equal(through.answer.first, straight.answer.first);
  assert.deepEqual(byName(through.answer, ANSWER_CHANGES), byName(straight.answer, ANSWER_CHANGES));
  assertSameBody(straight.answer.body, through.answer.body, "the answer's body");
  assert.equal(through.answer.closed, straight.answer.closed);
  return through.answer;
}

const reply = (status, headers = [], body = "") =>
  Buffer.concat([head(`HTTP/1.1 ${status}`, [...headers, ["Content-Length", bytes(body).length]]), bytes(body)]);

/** Runs a table of requests through both sources. */
function table(name, rows) {
  describe(name, () => {
    for (const [title, what] of rows) {
      test(title, async () => {
        for (const [kind, to] of BOTH) {
          await assertArrives(to, what).catch((error) => {
            error.message = `${kind}: ${error.message}`;
            throw error;
          });
        }
      });
    }
  });
}

const METHODS = (
  "GET HEAD POST PUT DELETE PATCH PURGE OPTIONS TRACE QUERY COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK ACL " +
  "REPORT MKACTIVITY CHECKOUT MERGE MSEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE"
).split(" ");

table("methods", [
  ...METHODS.map((method) => [method, { method }]),
  ...METHODS.filter((method) => method !== "TRACE").map((method) => [
    `${method} with a body`,
    { method, body: '{"of":"some length"}' },
  ]),
]);

test("a method that the runtime does not know is refused, and reaches nobody", async () => {
  const before = origin.requests.length;
  for (const method of ["FOO", "LINK", "MKCALENDAR", "get", "post"]) {
    const path = new URL(open.url).pathname;
    const answer = await exchange(signet.port, request(`${method} ${path} HTTP/1.1`, "a", { body: "" }));
    assert.equal(answer.status, 501, method);
  }
  assert.equal(origin.requests.length, before);
});

const TARGETS = [
  "/",
  "//",
  "//a//b//",
  "/a/b/c/",
  "/%2F%2f",
  "/%2e%2e%2f",
  "/..%2fb",
  "/...",
  "/%",
  "/%zz",
  "/%00%0d%0a",
  "/%5C",
  "/%7E~",
  "/%c3%a9%FF",
  "/a;b=c;d",
  "/a|b",
  "/:80/@b!$&'()*+,=",
  "/[a]",
  "/a b".replace(" ", "%20"),
  "/a+b",
  `/${"long/".repeat(800)}`,
  "?",
  "/?",
  "/a?",
  "/a??",
  "/a?b?c",
  "/a?&&=",
  "/a?=&a&a=&a=1&a=2",
  "/a?b=%20+%2B",
  "/a?b=/../c",
  "/a?{}|^`[]\\",
  "/a?b=%00%zz%",
  "/a?b;c|d",
  `/a?${"q=0123456789&".repeat(1000)}`,
];

table(
  "paths and queries",
  TARGETS.map((target) => [target.slice(0, 60), { target }]),
);

describe("what a URL parser resolves", () => {
  for (const [sent, arrives] of [
    ["/a\\b", "/a/b"],
    ["/a^b", "/a%5Eb"],
    ["/{a}", "/%7Ba%7D"],
    ["/a?b='c'", "/a?b=%27c%27"],
    ["/caf\xc3\xa9?\xc3\xa9", "/caf%C3%A9?%C3%A9"],
    ["/a#b", "/a"],
  ]) {
    test(`${sent} arrives as ${arrives}`, async () => {
      const { through } = await both(open, { target: sent });
      assert.equal(through.request.target, open.path + arrives);
    });
  }

  test("dot segments lead nobody out of the origin's path", async () => {
    // Production hands them to the Worker as they came, which answers 400; wrangler dev resolves them before.
    for (const dots of ["..", "%2e%2e", ".%2E", "."]) {
      for (const rest of [`/${dots}/out`, `/a/${dots}/${dots}/out`, `/${dots}/${dots}/${dots}/out`, `\\${dots}\\out`]) {
        const before = origin.requests.length;
        const path = `${new URL(open.url).pathname}${rest}`;
        const answer = await exchange(signet.port, request(`POST ${path} HTTP/1.1`, "a", { body: "" }));
        const arrived = origin.requests.slice(before);
        if (arrived.length > 0) {
          assert.equal(answer.status, 200);
          assert.ok(
            arrived.every(({ target }) => [`${open.path}/out`, `${open.path}/a/out`].includes(target)),
            `${rest}: ${arrived[0].target}`,
          );
        } else assert.ok([400, 404].includes(answer.status), `${rest}: ${answer.first}`);
      }
    }
  });
});

table("headers", [
  ["none", {}],
  [
    "repeated ones stay apart, in their order",
    {
      headers: [
        ["X-Dup", "b"],
        ["X-Other", "1"],
        ["X-Dup", "a"],
        ["X-Dup", "c, d"],
        ["X-Dup", ""],
        ["X-Dup", "a"],
      ],
    },
  ],
  [
    "repeated ones that the runtime knows are joined",
    {
      headers: [
        ["Accept", "text/plain"],
        ["Accept", "*/*;q=0.1"],
        ["Cookie", "a=1"],
        ["Cookie", "b=2"],
        ["Via", "1.0 a"],
        ["Via", "1.1 b"],
      ],
    },
  ],
  ["Latin-1", { headers: [["X-Latin", "caf\xe9 \xff\x80 \xa0"]] }],
  ["UTF-8", { headers: [["X-Utf", bytes(Buffer.from("café ☕ 日本")).toString("latin1")]] }],
  [
    "empty values",
    {
      headers: [
        ["X-Empty", ""],
        ["X-Blank", " \t "],
      ],
    },
  ],
  [
    "blanks within",
    {
      headers: [
        ["X-Blanks", "a  b\tc \t d"],
        ["X-Quoted", '"a, b"; c="\\""'],
      ],
    },
  ],
  [
    "names of every character that may be",
    {
      headers: [
        ["X-!#$%&'*+-.^_`|~0aZ", "1"],
        ["x_under", "2"],
        ["1", "3"],
      ],
    },
  ],
  ["a hundred", { headers: Array.from({ length: 100 }, (_, at) => [`X-Header-${at}`, `value ${at}`]) }],
  ["one of 16 KB", { headers: [["X-Long", "0123456789abcdef".repeat(1024)]] }],
  ...["gzip", "br;q=1.0, gzip;q=0.8", "identity", "*", "zstd", "deflate, gzip"].map((value) => [
    `Accept-Encoding: ${value}`,
    { headers: [["Accept-Encoding", value]] },
  ]),
  [
    "those that mean something to servers",
    {
      headers: [
        ["Authorization", "Basic dTpw"],
        ["User-Agent", "GitHub-Hookshot/044aadd"],
        ["Content-Type", 'application/JSON ; charset="utf-8"'],
        ["Content-Language", "de"],
        ["Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="],
        ["Content-Disposition", 'attachment; filename="\xe9.txt"'],
        ["Date", "Tue, 15 Nov 1994 08:12:31 GMT"],
        ["If-Match", '"a"'],
        ["If-None-Match", 'W/"b"'],
        ["If-Modified-Since", "yesterday"],
        ["If-Range", '"c"'],
        ["Range", "bytes=0-1"],
        ["Referer", "https://example.com/?a#b"],
        ["Origin", "null"],
        ["From", "someone@example.com"],
        ["Forwarded", "for=192.0.2.60;proto=http"],
        ["Max-Forwards", "3"],
        ["Cache-Control", "no-cache"],
        ["Pragma", "no-cache"],
        ["Warning", '199 a "b"'],
        ["DNT", "1"],
        ["X-Forwarded-For", "192.0.2.1, 192.0.2.2"],
        ["X-Forwarded-Proto", "gopher"],
        ["X-Forwarded-Host", "example.com"],
        ["X-Real-IP", "192.0.2.3"],
        ["CDN-Loop", "somebody"],
        ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        ["Prefer", "respond-async"],
        ["webhook-id", "not signed anew"],
        ["X-Signet-Verified", "true"],
        ["Signetx", "y"],
      ],
    },
  ],
]);

describe("headers that do not go on", () => {
  test("those of the connection", async () => {
    const headers = [
      ["Keep-Alive", "timeout=5"],
      ["Proxy-Connection", "keep-alive"],
      ["Proxy-Authorization", "Basic dTpw"],
      ["Proxy-Authenticate", "Basic"],
      ["TE", "trailers"],
      ["Trailer", "X-Later"],
    ];
    for (const [, to] of BOTH) {
      const { request } = await assertArrives(to, { headers, body: "{}" });
      for (const [name] of headers) assert.deepEqual(request.values(name.toLowerCase()), [], name);
    }
  });

  test("those that the runtime knows and that say nothing", async () => {
    const headers = [
      ["Accept", ""],
      ["User-Agent", ""],
      ["Cookie", ""],
    ];
    const { through } = await both(open, { headers });
    for (const [name] of headers) assert.deepEqual(through.request.values(name.toLowerCase()), [], name);
  });

  test("what Signet alone may say, in any spelling", async () => {
    const headers = [
      ["Signet-Verified", "true"],
      ["SIGNET-VERIFIED", "true"],
      ["signet-source", "src_0"],
      ["Signet-Provider", "stripe"],
      ["Signet-Anything", "1"],
      ["Signet-", "2"],
    ];
    for (const [, to] of BOTH) {
      const { through } = await both(to, { headers, body: "{}" });
      const said = through.request.headers.filter(([name]) => /^signet-/i.test(name)).sort();
      assert.deepEqual(said, [
        ["Signet-Provider", "github"],
        ["Signet-Source", to.id],
        ["Signet-Verified", `${to.enforce}`],
      ]);
    }
  });
});

const JSON_BODY = '{"zen":"Design for failure."}';
const BIG = Buffer.alloc(MEBIBYTE, EVERY_BYTE);
const BIGGEST = Buffer.alloc(25 * MEBIBYTE, EVERY_BYTE);

table("bodies", [
  ["none", {}],
  ["an empty one", { body: "", framing: "length" }],
  ["an empty one in chunks", { body: "", framing: "chunked" }],
  ["every byte", { body: EVERY_BYTE }],
  ["every byte in chunks", { body: EVERY_BYTE, framing: "chunked" }],
  [
    "gzip, marked as such",
    {
      body: gzipSync(JSON_BODY),
      headers: [
        ["Content-Encoding", "gzip"],
        ["Content-Type", "application/json"],
      ],
    },
  ],
  ["what is marked as gzip and is none", { body: JSON_BODY, headers: [["Content-Encoding", "gzip"]] }],
  ["gzip in chunks", { body: gzipSync(JSON_BODY), framing: "chunked", headers: [["Content-Encoding", "gzip"]] }],
  ["a form", { body: "a=1&b=%20&b=+", headers: [["Content-Type", "application/x-www-form-urlencoded"]] }],
  [
    "bytes that are no text, marked as such",
    { body: "\xff\xfe{", headers: [["Content-Type", "text/plain; charset=utf-16"]] },
  ],
  ["1 MiB", { body: BIG }],
  ["1 MiB in chunks", { body: BIG, framing: "chunked" }],
  ["25 MiB", { body: BIGGEST }],
  ["25 MiB in chunks", { body: BIGGEST, framing: "chunked" }],
  ["a GET with a body", { method: "GET", body: EVERY_BYTE }],
  ["a HEAD with a body", { method: "HEAD", body: EVERY_BYTE }],
  ["a GET with a body of 1 MiB", { method: "GET", body: BIG }],
  ["a GET with a body of no bytes", { method: "GET", body: "", framing: "length" }],
]);

test("a GET with a body in chunks goes nowhere without it", async () => {
  for (const method of ["GET", "HEAD"]) {
    const { through } = await both(signed, { method, body: "{}", framing: "chunked" });
    assert.ok([401, 411].includes(through.answer.status), through.answer.first);
    assert.equal(through.request, undefined);
  }
});

test("who waits for leave to send a body gets it", async () => {
  const before = [(so) => until(() => so.interim.includes(100), { what: "100 Continue" })];
  const what = { body: JSON_BODY, headers: [["Expect", "100-continue"]], before };
  for (const [, to] of BOTH) {
    const { answer } = await assertArrives(to, what);
    assert.deepEqual(answer.interim, [100]);
  }
});

describe("answers", () => {
  test("every status from 200 to 599", async () => {
    const statuses = Array.from({ length: 400 }, (_, at) => 200 + at);
    const bodyOf = (status) => ([204, 205, 304].includes(status) ? "" : `${status}`);
    const failures = [];
    const path = new URL(open.url).pathname;
    for (const status of statuses)
      origin.answer(`${open.path}/${status}`, reply(`${status} As It Is`, [["X-Status", status]], bodyOf(status)));
    await inParallel(statuses, 8, async (status) => {
      const answer = await exchange(signet.port, request(`POST ${path}/${status} HTTP/1.1`, "a", { body: "{}" }));
      if (
        answer.first !== `HTTP/1.1 ${status} As It Is` ||
        answer.text !== bodyOf(status) ||
        answer.values("x-status")[0] !== `${status}`
      )
        failures.push([status, answer.first, answer.text.slice(0, 100)]);
    });
    assert.deepEqual(failures, []);
  });

  for (const [title, first] of [
    ["an odd reason", "HTTP/1.1 200 Very  Fine, thanks!"],
    ["an empty reason", "HTTP/1.1 200 "],
    ["a status that nobody knows", "HTTP/1.1 299 Odd"],
  ]) {
    test(title, () => assertComesBack(open, Buffer.concat([head(first, [["Content-Length", 1]]), bytes("x")])));
  }

  test("headers", async () => {
    const headers = [
      ["X-Dup", "b"],
      ["X-Dup", "a"],
      ["X-Dup", "c, d"],
      ["Set-Cookie", "a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
      ["Set-Cookie", "b=2; HttpOnly"],
      ["X-Empty", ""],
      ["X-Latin", "caf\xe9 \xff"],
      ["X-Utf", Buffer.from("☕").toString("latin1")],
      ["Content-Type", "application/octet-stream; a=b"],
      ["Cache-Control", "public, max-age=60"],
      ["ETag", 'W/"x"'],
      ["Vary", "Accept"],
      ["Vary", "Origin"],
      ["WWW-Authenticate", "Basic realm=a"],
      ["Retry-After", "7"],
      ["Server", "odd/1"],
      ["Date", "Tue, 15 Nov 1994 08:12:31 GMT"],
      ["Age", "3"],
      ["Link", "</a>; rel=next"],
      ["X-Long", "0123456789abcdef".repeat(1024)],
      ...Array.from({ length: 100 }, (_, at) => [`X-Header-${at}`, `${at}`]),
    ];
    for (const [, to] of BOTH) await assertComesBack(to, reply("200 OK", headers, "{}"));
  });

  const type = ["Content-Type", "application/octet-stream"];
  const text = "Design for failure. ".repeat(200);
  for (const [title, headers, body] of [
    ["no body", [], ""],
    ["binary", [type], EVERY_BYTE],
    ["JSON", [["Content-Type", "application/json"]], JSON_BODY],
    [
      "gzip",
      [
        ["Content-Type", "application/json"],
        ["Content-Encoding", "gzip"],
      ],
      gzipSync(text),
    ],
    [
      "br",
      [
        ["Content-Type", "text/plain"],
        ["Content-Encoding", "br"],
      ],
      brotliCompressSync(text),
    ],
    ["deflate", [type, ["Content-Encoding", "deflate"]], deflateSync(text)],
    ["an encoding that nobody knows", [type, ["Content-Encoding", "rot13, x"]], text],
    ["what is marked as gzip and is none", [type, ["Content-Encoding", "gzip"]], text],
    ["what is marked as br and is none", [type, ["Content-Encoding", "br"]], text],
    ["gzip of nothing", [type, ["Content-Encoding", "gzip"]], ""],
    ["1 MiB", [type], BIG],
    ["25 MiB", [type], BIGGEST],
  ]) {
    test(title, async () => {
      for (const [, to] of BOTH) await assertComesBack(to, reply("200 OK", headers, body));
    });
  }

  test("a body in chunks, and one that ends with the connection", async () => {
    const inChunks = Buffer.concat([
      head("HTTP/1.1 200 OK", [type, ["Transfer-Encoding", "chunked"]]),
      chunked("a", EVERY_BYTE),
    ]);
    const { chunked: isChunked } = await assertComesBack(signed, inChunks);
    assert.ok(isChunked);
    await assertComesBack(signed, (socket) => socket.end(Buffer.concat([head("HTTP/1.1 200 OK", [type]), EVERY_BYTE])));
  });

  test("HEAD tells a length and brings no body", async () => {
    const answer = await assertComesBack(signed, reply("200 OK", [type], BIG), { method: "HEAD", body: undefined });
    assert.deepEqual(answer.values("content-length"), [`${MEBIBYTE}`]);
    assert.equal(answer.size, 0);
  });

  test("204 and 304 have no body", async () => {
    await assertComesBack(signed, head("HTTP/1.1 204 No Content", [["X-Origin", "1"]]));
    await assertComesBack(signed, head("HTTP/1.1 304 Not Modified", [["ETag", '"a"']]), {
      method: "GET",
      body: undefined,
    });
  });

  test("redirects are the client's to follow", async () => {
    for (const status of [300, 301, 302, 303, 307, 308]) {
      for (const where of [origin.url("/elsewhere"), "/elsewhere", "?a b", "//example.com/"]) {
        await assertComesBack(signed, reply(`${status} Away`, [["Location", where]], "see there"));
      }
    }
    assert.equal(origin.of("/elsewhere").length, 0);
  });

  test("what comes before the answer is kept back, and the answer comes", async () => {
    const early = head("HTTP/1.1 103 Early Hints", [["Link", "</a>"]]);
    origin.answer(open.path, Buffer.concat([early, reply("200 OK", [], "late")]));
    const { through } = await both(open, { body: "{}" });
    assert.equal(through.answer.text, "late");
  });

  test("trailers are kept back, and the body comes", async () => {
    const body = bytes("4\r\nbody\r\n0\r\nX-Later: 1\r\n\r\n");
    const headers = [
      ["Transfer-Encoding", "chunked"],
      ["Trailer", "X-Later"],
    ];
    const answer = await assertComesBack(open, Buffer.concat([head("HTTP/1.1 200 OK", headers), body]));
    assert.equal(answer.text, "body");
  });

  for (const [title, headers, part] of [
    ["a stream", [type], (number) => `part ${number}`],
    ["server-sent events", [["Content-Type", "text/event-stream"]], (number) => `id: ${number}\ndata: x\n\n`],
    ["a compressed stream", [type, ["Content-Encoding", "gzip"]], (number) => `\x1f\x8b${number}`],
  ]) {
    test(`${title} flows: each part is there before the next is sent`, async () => {
      let socket;
      origin.answer(signed.path, (to) => {
        socket = to;
        to.write(head("HTTP/1.1 200 OK", [...headers, ["Transfer-Encoding", "chunked"]]));
      });
      const path = new URL(signed.url).pathname;
      const sent = [];
      let seen;
      const whole = exchange(signet.port, [
        ...request(`POST ${path} HTTP/1.1`, "a", { body: "{}", headers: Object.entries(github(SECRET, "{}")) }),
        async (so) => {
          await until(() => socket && so.message, { what: "the answer's headers" });
          for (let number = 1; number <= 5; number += 1) {
            sent.push(part(number));
            socket.write(`${part(number).length.toString(16)}\r\n${part(number)}\r\n`, "latin1");
            await until(() => so.message.text === sent.join(""), { what: `part ${number}` });
          }
          seen = so.message.size;
          socket.write("0\r\n\r\n");
        },
      ]);
      const answer = await whole;
      assert.equal(answer.text, sent.join(""));
      assert.equal(seen, answer.size, "nothing but the end came after the last part");
    });
  }

  test("an origin that breaks off in the middle is seen to break off", async () => {
    for (const [framing, part] of [
      ["Content-Length: 100", "half"],
      ["Transfer-Encoding: chunked", "4\r\nhalf\r\n"],
    ]) {
      for (const end of ["end", "resetAndDestroy"]) {
        origin.answer(signed.path, (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n${framing}\r\n\r\n${part}`);
          setTimeout(() => socket[end](), 100);
        });
        const { through } = await both(signed, { body: "{}" });
        assert.equal(through.answer.status, 200, through.answer.text);
        assert.equal(through.answer.text, "half");
        assert.ok(through.answer.closed, `${framing}, ${end}: the client can tell`);
      }
    }
  });

  test("a client that goes away is not read for", async () => {
    let closed = false;
    origin.answer(signed.path, (socket) => {
      socket.on("close", () => {
        closed = true;
      });
      socket.write(head("HTTP/1.1 200 OK", [["Transfer-Encoding", "chunked"]]));
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write("4\r\nmore\r\n")), 20);
    });
    const path = new URL(signed.url).pathname;
    const leave = async (so, socket) => {
      await until(() => so.message?.size > 0, { what: "some of the body" });
      socket.destroy();
    };
    const what = { body: "{}", headers: Object.entries(github(SECRET, "{}")) };
    exchange(signet.port, [...request(`POST ${path} HTTP/1.1`, "a", what), leave]).catch(() => {});
    await until(() => closed, { what: "the origin's connection to be closed" });
  });
});

describe("too large", () => {
  for (const framing of ["length", "chunked"]) {
    for (const [title, size] of [
      ["one byte more", 25 * MEBIBYTE + 1],
      ["60 MiB", 60 * MEBIBYTE],
    ]) {
      test(`${title}, ${framing}: the client reads the answer`, async () => {
        const before = origin.of(open.path).length;
        const body = Buffer.alloc(size, 1);
        const path = new URL(open.url).pathname;
        const answer = await exchange(signet.port, request(`POST ${path} HTTP/1.1`, "a", { body, framing }));
        assert.equal(answer.status, 413);
        assertProblem(
          {
            status: 413,
            headers: { "content-type": answer.values("content-type")[0] },
            text: answer.text,
            json: JSON.parse(answer.text),
          },
          413,
          { code: "body_too_large" },
        );
        assert.equal(origin.of(open.path).length, before);
      });
    }
  }
});

describe("no answer", () => {
  const problem = async (to, what = { body: "{}" }) => {
    const { answer } = await through(to, what);
    return {
      status: answer.status,
      headers: { "content-type": answer.values("content-type")[0] },
      text: answer.text,
      json: JSON.parse(answer.text),
    };
  };
  /** Through Signet alone. */
  const through = async (to, what) => {
    const path = new URL(to.url).pathname;
    const headers = Object.entries(github(SECRET, what.body));
    return { answer: await exchange(signet.port, request(`POST ${path} HTTP/1.1`, "a", { ...what, headers })) };
  };

  test("nobody listens: 502", async () => {
    const made = await source({ origin: `http://127.0.0.1:${await freePort()}/` });
    assertProblem(await problem(made), 502, { code: "origin_unreachable" });
  });

  for (const [title, answer] of [
    ["not HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n\r\n")],
    ["half of a head", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-")],
    ["nothing", (socket) => socket.end()],
    ["a reset", (socket) => socket.resetAndDestroy()],
    ["a status of two digits", (socket) => socket.end("HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n")],
    ["broken headers", (socket) => socket.end("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")],
  ]) {
    test(`${title}: 502`, async () => {
      const made = await source();
      origin.answer(made.path, answer);
      assertProblem(await problem(made), 502, { code: "origin_unreachable" });
    });
  }

  test("a status that is none of HTTP's: 502", async () => {
    const made = await source();
    for (const status of [600, 999]) {
      origin.answer(made.path, reply(`${status} Odd`, [], "x"));
      assertProblem(await problem(made), 502, { code: "origin_status" });
    }
  });

  test("headers that come too late: 504; a body may take its time", async () => {
    const made = await source({ timeoutSeconds: 1 });
    let gone = false;
    origin.answer(made.path, (socket) => {
      socket.on("close", () => {
        gone = true;
      });
    });
    const began = Date.now();
    assertProblem(await problem(made), 504, { code: "origin_timeout" });
    assert.ok(Date.now() - began >= 950, "not before its time");
    await until(() => gone, { what: "the origin to be let go" });

    origin.answer(made.path, async (socket) => {
      socket.write(head("HTTP/1.1 200 OK", [["Content-Length", "6"]]));
      for (const letter of "slowly") {
        await sleep(400);
        socket.write(letter);
      }
    });
    const { answer } = await through(made, { body: "{}" });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, "slowly");
    assert.ok(!answer.closed);
  });

  test("an origin that goes away and comes back", async () => {
    const made = await source();
    assert.equal((await through(made, { body: "{}" })).answer.status, 200);
    await origin.down();
    assertProblem(await problem(made), 502, { code: "origin_unreachable" });
    await origin.up();
    assert.equal((await through(made, { body: "{}" })).answer.status, 200);
  });
});

/**
 * What wrangler dev does to requests and answers before and after the Worker has them: takes `Connection` away and
 * resolves dot segments, writes headers anew that hold the gateway's host, takes the body of a GET that came in chunks,
 * reads Set-Cookie as UTF-8, puts a script into pages of HTML, and compresses anew for clients that say what they accept.
 * All of that is asked of workerd alone.
 */
describe("without wrangler dev", async () => {
  const [closed, all] = [await source({}, bare), await source({ enforce: false }, bare)];
  const port = bare.signet.port;
  const at = (to) => new URL(to.url).pathname;

  test("dot segments are 400, in any spelling", async () => {
    const before = origin.requests.length;
    for (const rest of [
      "/..",
      "/../",
      "/a/../b",
      "/%2e%2E/a",
      "/.%2e",
      "/./a",
      "/a\\..\\b",
      "/a/.",
      "/..?a",
      "/%2e?",
    ]) {
      const answer = await exchange(port, request(`POST ${at(all)}${rest} HTTP/1.1`, "a", { body: "" }));
      assert.equal(answer.status, 400, rest);
      assert.equal(JSON.parse(answer.text).code, "invalid_path", rest);
    }
    assert.equal(origin.requests.length, before);
    for (const rest of ["/..%2f", "/...", "/a..b", "/a?b=/../c"]) {
      const { through } = await both(all, { target: rest });
      assert.equal(through.request?.target, all.path + rest);
    }
  });

  test("headers that Connection names do not go on", async () => {
    const headers = [
      ["Connection", "close, X-Hop , x-other-HOP"],
      ["X-Hop", "1"],
      ["X-Other-Hop", "2"],
      ["X-Kept", "3"],
    ];
    const { through } = await both(closed, { headers, body: "{}" });
    assert.deepEqual(through.request.values("x-kept"), ["3"]);
    for (const name of ["x-hop", "x-other-hop", "connection"]) assert.deepEqual(through.request.values(name), [], name);
  });

  test("headers that hold the gateway's own host arrive as they are", async () => {
    const headers = [
      ["Referer", `http://127.0.0.1:${port}/a`],
      ["X-Dup", `127.0.0.1:${port}`],
      ["X-Dup", "caf\xe9"],
    ];
    await assertArrives(closed, { headers });
  });

  test("a GET with a body in chunks is 411", async () => {
    const { through } = await both(closed, { method: "GET", body: "{}", framing: "chunked" });
    assert.equal(through.answer.status, 411);
    assert.equal(JSON.parse(through.answer.text).code, "length_required");
    assert.equal(through.request, undefined);
  });

  test("Set-Cookie comes back in Latin-1, and a page as it is", async () => {
    const headers = [
      ["Set-Cookie", "a=caf\xe9"],
      ["Set-Cookie", "b=2"],
      ["Content-Type", "text/html"],
      ["X-Origin", `127.0.0.1:${port}`],
    ];
    const answer = await assertComesBack(closed, reply("200 OK", headers, "<html><body>\xff</body></html>"));
    assert.deepEqual(answer.values("content-length"), ["27"]);
  });

  test("nothing is compressed anew, whatever the client accepts", async () => {
    const json = ["Content-Type", "application/json"];
    for (const accepted of ["gzip", "br", "identity", "zstd", "*", "gzip;q=0"]) {
      const what = { headers: [["Accept-Encoding", accepted]] };
      await assertArrives(closed, what);
      await assertComesBack(closed, reply("200 OK", [json], JSON_BODY), what);
      await assertComesBack(closed, reply("200 OK", [json, ["Content-Encoding", "gzip"]], gzipSync(JSON_BODY)), what);
      origin.answer(closed.path, reply("200 OK", [], "ok"));
    }
  });

  test("bodies of every byte and of every size", async () => {
    for (const to of [closed, all]) {
      for (const framing of ["length", "chunked"]) {
        await assertArrives(to, { body: EVERY_BYTE, framing });
        await assertArrives(to, { body: BIGGEST, framing });
      }
    }
  });

  test("413 is read by the client", async () => {
    for (const framing of ["length", "chunked"]) {
      const body = Buffer.alloc(40 * MEBIBYTE, 1);
      const answer = await exchange(port, request(`POST ${at(all)} HTTP/1.1`, "a", { body, framing }));
      assert.equal(answer.status, 413);
      assert.equal(JSON.parse(answer.text).code, "body_too_large");
    }
  });
});
