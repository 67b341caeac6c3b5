// Requests that are a source's by their host and path; and Signet in front of an origin's own hosts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { github } from "./support/vectors.mjs";
import { until } from "./support/wait.mjs";
import { byName, bytes, chunked, exchange, head, wireOrigin } from "./support/wire.mjs";

const SECRET = "It's a Secret to Everybody";
const FRONT = "api.example.com";
const CLOSED = "shop.example.com";

const behind = await wireOrigin();
after(() => behind.down());
const plain = await stage();
const vars = {
  OPERATOR_KEY,
  ALLOW_PRIVATE_DESTINATIONS: "true",
  FRONT_OF: `${FRONT}=http://127.0.0.1:${behind.port}, ${CLOSED}=refuse`,
};
const front = await stage({ vars });
/** The same without wrangler dev, which writes hosts in lower case before the Worker sees them. */
const alone = await stage({ vars, bare: true });

/** Makes a source with an origin of its own at the gateway's receiver. */
async function source({ expect, target }, route, body = {}) {
  const path = uniquePath("/origin");
  const made = await expect(201, "POST", "/v1/sources", {
    provider: "github",
    secrets: [SECRET],
    origin: target.url(path),
    deduplicate: false,
    route,
    ...body,
  });
  return { ...made, path };
}

/** Sends a signed request to a host and path. */
function send({ signet }, host, path, { body = "{}", headers = {}, method = "POST" } = {}) {
  return request(signet.url + path, { method, body, headers: { host, ...github(SECRET, body), ...headers } });
}

const notFound = (answer) => assertProblem(answer, 404, { code: "not_found" });
const refused = (answer) => assertProblem(answer, 401, { code: "not_verified" });

/** What reached an origin of the receiver, as targets. */
const reached = ({ target }, of) =>
  target
    .requests()
    .filter((one) => one.target.startsWith(of.path))
    .map((one) => one.target.slice(of.path.length));

describe("a route", () => {
  test("makes a request a source's by its host and path", async () => {
    const host = "exact.example.com";
    const made = await source(plain, { host, path: "/hooks/github" });
    plain.target.answer(made.path, { status: 203, body: "from the origin" });
    const answer = await send(plain, host, "/hooks/github?a=b");
    assert.equal(answer.status, 203);
    assert.equal(answer.text, "from the origin");
    assert.deepEqual(reached(plain, made), ["?a=b"], "an exact path is the origin's own");
    const [{ headers }] = plain.target.requests(made.path);
    assert.equal(headers["signet-source"], made.id);
    assert.equal(headers["signet-verified"], "true");
    assert.equal(headers.host, `127.0.0.1:${plain.target.port}`);

    refused(await send(plain, host, "/hooks/github", { headers: { "X-Hub-Signature-256": "sha256=00" } }));
    for (const path of ["/hooks/github/", "/hooks/github/x", "/hooks", "/hooks/githubs", "/Hooks/github", "/"]) {
      const answer = await send(plain, host, path);
      notFound(answer);
    }
    notFound(await send(plain, "other.example.com", "/hooks/github"));
    assert.equal(reached(plain, made).length, 1);
    const { data } = await until(
      async () => {
        const log = await plain.expect(200, "GET", `/v1/sources/${made.id}/requests`);
        return log.data.length === 2 && log;
      },
      { what: "both to be in the log" },
    );
    assert.deepEqual(
      data.map(({ outcome, path }) => [outcome, path]),
      [
        ["refused", "/hooks/github"],
        ["verified", "/hooks/github?a=b"],
      ],
    );
  });

  test("does not take the source's own URL away", async () => {
    const made = await source(plain, { host: "both.example.com", path: "/a" });
    assert.equal((await send(plain, `127.0.0.1:${plain.signet.port}`, new URL(made.url).pathname)).status, 200);
    assert.equal((await send(plain, "both.example.com", "/a")).status, 200);
    assert.equal((await send(plain, "both.example.com", new URL(made.url).pathname)).status, 200);
  });

  test("with /* takes everything below, which is added to the origin's path", async () => {
    const host = "below.example.com";
    const made = await source(plain, { host, path: "/hooks/*" });
    for (const rest of ["/", "/a", "/a/b/", "//x", "/%2Fa;b?c=d"]) {
      assert.equal((await send(plain, host, `/hooks${rest}`)).status, 200, rest);
      assert.equal(reached(plain, made).at(-1), rest);
    }
    for (const path of ["/hooks", "/hooks?a", "/hooksa", "/", "//hooks/a"]) notFound(await send(plain, host, path));
    for (const climb of ["/hooks/../a", "/hooks/%2e%2e/a", "/hooks/a/../../b"])
      notFound(await send(plain, host, climb));
  });

  test("for everything takes everything but what is Signet's own", async () => {
    const host = "all.example.com";
    const made = await source(plain, { host, path: "/*" });
    for (const path of ["/", "/a/b", "/index.html", "/v1", "/v2/events", "/in"]) {
      assert.equal((await send(plain, host, path)).status, 200, path);
    }
    assert.equal(reached(plain, made).length, 6);
    assert.equal((await request(`${plain.signet.url}/healthz`, { headers: { host } })).json.status, "ok");
    assertProblem(await send(plain, host, "/v1/events"), 401);
    assertProblem(await send(plain, host, "/metrics"), 401);
    notFound(await send(plain, host, "/in/src_0"));
    assert.equal(reached(plain, made).length, 6);
  });

  test("that is closest wins", async () => {
    const host = "closest.example.com";
    const all = await source(plain, { host, path: "/*" });
    const some = await source(plain, { host, path: "/a/*" });
    const fewer = await source(plain, { host, path: "/a/b/*" });
    const one = await source(plain, { host, path: "/a/b/c" });
    for (const [path, made, rest] of [
      ["/x", all, "/x"],
      ["/a", all, "/a"],
      ["/a/", some, "/"],
      ["/a/x", some, "/x"],
      ["/a/b", some, "/b"],
      ["/a/b/", fewer, "/"],
      ["/a/b/x", fewer, "/x"],
      ["/a/b/c/d", fewer, "/c/d"],
      ["/a/b/c", one, ""],
    ]) {
      assert.equal((await send(plain, host, path)).status, 200, path);
      assert.equal(plain.target.requests().at(-1).target, made.path + rest, path);
    }
  });

  test("knows its host in any case, and keeps ports apart", async () => {
    const made = await source(plain, { host: "Ports.Example.com", path: "/a" });
    const other = await source(plain, { host: "ports.example.com:8443", path: "/a" });
    await send(plain, "PORTS.example.COM", "/a");
    await send(plain, "ports.example.com:80", "/a");
    await send(plain, "ports.example.com:8443", "/a");
    notFound(await send(plain, "ports.example.com:9000", "/a"));
    assert.equal(reached(plain, made).length, 2);
    assert.equal(reached(plain, other).length, 1);
  });

  test("that is changed or removed counts at once", async () => {
    const host = "moving.example.com";
    const made = await source(plain, { host, path: "/before" });
    const where = `/v1/sources/${made.id}`;
    notFound(await send(plain, host, "/after"));
    assert.equal((await send(plain, host, "/before")).status, 200);
    await plain.expect(200, "PATCH", where, { route: { host, path: "/after" } });
    assert.equal((await send(plain, host, "/after")).status, 200);
    notFound(await send(plain, host, "/before"));
    await plain.expect(200, "PATCH", where, { route: null });
    notFound(await send(plain, host, "/after"));
    await plain.expect(200, "PATCH", where, { route: { host, path: "/again/*" } });
    assert.equal((await send(plain, host, "/again/x")).status, 200);
    await plain.expect(204, "DELETE", where);
    notFound(await send(plain, host, "/again/x"));
    assert.deepEqual(reached(plain, made), ["", "", "/x"]);
  });

  test("serves a queue as well", async () => {
    const made = await source(plain, { host: "queue.example.com", path: "/q/*" }, { mode: "queue" });
    const answer = await send(plain, "queue.example.com", "/q/deep/er?x=1");
    assert.equal(answer.status, 202);
    await plain.settled(answer.json.deliveries[0].id);
    assert.deepEqual(reached(plain, made), ["/deep/er?x=1"]);
  });
});

/** What of a request that passes untouched does not arrive as it was sent. */
const CHANGES = {
  host: "the origin's own",
  connection: "of the connection",
  "keep-alive": "of the connection",
  te: "of the connection",
  "content-length": "the runtime's; compared apart",
  "transfer-encoding": "of the connection",
  "cf-worker": "wrangler dev names the Worker, as the network does",
};

describe("in front of a host: what no source claims", () => {
  const pass = (first, { headers = [], parts = [], ...options } = {}) =>
    exchange(front.signet.port, [head(first, [["Host", FRONT], ...headers]), ...parts], options);

  test("passes with every method, and its body", async () => {
    const methods =
      "GET HEAD POST PUT DELETE PATCH PURGE OPTIONS QUERY COPY MKCOL PROPFIND SEARCH REPORT NOTIFY SUBSCRIBE";
    for (const method of methods.split(" ")) {
      for (const body of ["", "\x00\xff{}"]) {
        const known = behind.of(`/methods/${method}`).length;
        const headers = body === "" ? [] : [["Content-Length", body.length]];
        const answer = await pass(`${method} /methods/${method} HTTP/1.1`, { headers, parts: [body], method });
        assert.equal(answer.status, 200, method);
        const [one, ...more] = behind.of(`/methods/${method}`).slice(known);
        assert.equal(one.first, `${method} /methods/${method} HTTP/1.1`);
        assert.equal(one.text, body, method);
        assert.equal(more.length, 0);
      }
    }
  });

  test("passes with its path, its query and its headers, byte by byte", async () => {
    const headers = [
      ["X-Dup", "b"],
      ["X-Dup", "a"],
      ["X-Latin", "caf\xe9"],
      ["X-Empty", ""],
      ["Authorization", `Bearer ${OPERATOR_KEY}`],
      ["Cookie", "a=1; b=2"],
      ["Accept-Encoding", "br;q=0.5, zstd"],
      ["Content-Encoding", "gzip"],
      ["Signetx", "1"],
      ["Content-Length", "4"],
    ];
    for (const target of [
      "/bytes",
      "/bytes?",
      "/bytes//a;b/%2F%zz|c/",
      `/bytes?${"q=1&".repeat(2000)}`,
      "/bytes?a?b=%00",
    ]) {
      const known = behind.of("/bytes").length;
      assert.equal((await pass(`PUT ${target} HTTP/1.1`, { headers, parts: ["\x1f\x8b\x00\xff"] })).status, 200);
      const one = behind.of("/bytes")[known];
      assert.equal(one.target, target);
      assert.deepEqual(byName(one, CHANGES), byName({ headers }, CHANGES));
      assert.deepEqual(one.values("host"), [`127.0.0.1:${behind.port}`]);
      assert.equal(one.text, "\x1f\x8b\x00\xff");
    }
  });

  test("passes without what only Signet may say", async () => {
    const headers = [
      ["Signet-Verified", "true"],
      ["SIGNET-Source", "src_0"],
    ];
    await pass("GET /forged HTTP/1.1", { headers });
    const said = behind.of("/forged")[0].headers.filter(([name]) => /^signet-/i.test(name));
    assert.deepEqual(said, []);
  });

  test("passes while it is still being sent, and so does the answer", async () => {
    behind.answer("/stream", (socket) =>
      socket.write(
        head("HTTP/1.1 200 OK", [
          ["Transfer-Encoding", "chunked"],
          ["Content-Type", "text/event-stream"],
        ]),
      ),
    );
    let socket;
    const seen = [];
    behind.watch("/stream", (message, to) => {
      socket = to;
      seen.push(message.text);
    });
    const parts = [
      "5\r\nfirst\r\n",
      () => until(() => seen.at(-1) === "first", { what: "the first part at the origin" }),
      "6\r\nsecond\r\n0\r\n\r\n",
      async (so) => {
        await until(() => so.message, { what: "the answer's headers" });
        for (const part of ["one", "two"]) {
          const before = so.message.text;
          socket.write(`3\r\n${part}\r\n`);
          await until(() => so.message.text === before + part, { what: `${part} at the client` });
        }
        socket.write("0\r\n\r\n");
      },
    ];
    const answer = await pass("POST /stream HTTP/1.1", { headers: [["Transfer-Encoding", "chunked"]], parts });
    assert.equal(answer.text, "onetwo");
    assert.equal(seen.at(-1), "firstsecond");
  });

  test("passes however large it is", async () => {
    const body = Buffer.alloc(40 * 1024 * 1024, "0123456789");
    const hash = (of) => createHash("sha256").update(of).digest("hex");
    for (const framing of ["length", "chunked"]) {
      const header = framing === "length" ? ["Content-Length", body.length] : ["Transfer-Encoding", "chunked"];
      const sent = framing === "length" ? body : chunked(body);
      assert.equal((await pass(`POST /large/${framing} HTTP/1.1`, { headers: [header], parts: [sent] })).status, 200);
      const [one] = behind.of(`/large/${framing}`);
      assert.equal(hash(one.body), hash(body));
      assert.equal(one.chunked, framing === "chunked");
    }
  });

  test("gets the origin's answer as it is", async () => {
    for (const [at, [first, headers, body]] of [
      ["HTTP/1.1 404 Nope", [["Content-Type", "text/plain"]], "nope"],
      ["HTTP/1.1 302 Found", [["Location", "/elsewhere"]], ""],
      [
        "HTTP/1.1 200 OK",
        [
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
          ["X-Latin", "\xe9"],
          ["X-Latin", "\xff"],
        ],
        "\x00\xff",
      ],
      ["HTTP/1.1 503 Later", [["Retry-After", "3"]], "later"],
      [
        "HTTP/1.1 200 OK",
        [
          ["Content-Encoding", "gzip"],
          ["Content-Type", "application/json"],
        ],
        "not gzip at all",
      ],
    ].entries()) {
      const all = [...headers, ["Content-Length", body.length]];
      behind.answer(`/answer/${at}`, Buffer.concat([head(first, all), bytes(body)]));
      const answer = await pass(`GET /answer/${at} HTTP/1.1`);
      assert.equal(answer.first, first);
      assert.deepEqual(byName(answer), byName({ headers: all.map(([name, value]) => [name, `${value}`]) }));
      assert.equal(answer.text, body);
    }
    assert.equal(behind.of("/elsewhere").length, 0);
  });

  test("is the origin's even where the path is one of Signet's", async () => {
    const key = { authorization: `Bearer ${OPERATOR_KEY}` };
    const made = await source(front, null);
    const own = [
      "/",
      "/healthz",
      "/v1/subscriptions",
      "/v1/sources",
      "/metrics",
      "/receiver",
      "/openapi.json",
      "/index.html",
    ];
    own.push(new URL(made.url).pathname, `${new URL(made.url).pathname}/x`);
    for (const path of own) {
      for (const method of ["GET", "POST"]) {
        const known = behind.of(path).length;
        const answer = await request(front.signet.url + path, {
          method,
          headers: { host: FRONT, ...key },
          body: method === "POST" ? "{}" : undefined,
        });
        assert.equal(answer.text, "ok", `${method} ${path}: ${answer.text}`);
        assert.equal(behind.of(path)[known].headers.find(([name]) => name === "Authorization")[1], key.authorization);
        const refusal = await request(front.signet.url + path, { method, headers: { host: CLOSED, ...key } });
        notFound(refusal);
      }
    }
    assert.deepEqual(reached(front, made), []);
    assert.equal((await front.api("GET", "/healthz")).json.status, "ok", "on its own host Signet is there");
    await front.expect(200, "GET", "/v1/subscriptions");
  });

  test("is not reached where the origin is down", async () => {
    await behind.down();
    try {
      const answer = await request(`${front.signet.url}/down`, { headers: { host: FRONT } });
      assertProblem(answer, 502, { code: "origin_unreachable" });
    } finally {
      await behind.up();
    }
    assert.equal((await request(`${front.signet.url}/down`, { headers: { host: FRONT } })).text, "ok");
  });
});

describe("in front of a host: what a source claims", () => {
  for (const host of [FRONT, CLOSED]) {
    for (const [title, on] of [
      ["wrangler dev", front],
      ["workerd alone", alone],
    ]) {
      test(`is verified; the rest of ${host} is not touched (${title})`, async () => {
        const path = uniquePath("/hooks");
        const made = await source(on, { host, path: `${path}/*` });
        const known = behind.requests.length;
        const forged = { headers: { "X-Hub-Signature-256": "" } };
        assert.equal((await send(on, host, `${path}/a?b`)).status, 200);
        for (const name of [host, host.toUpperCase(), `${host}:80`]) refused(await send(on, name, `${path}/a`, forged));
        assert.deepEqual(reached(on, made), ["/a?b"]);
        assert.equal(behind.requests.length, known, "nothing of it reaches the host's own origin");
        for (const name of [host, host.toUpperCase()]) {
          const beside = await send(on, name, path);
          if (host === CLOSED) notFound(beside);
          else {
            assert.equal(beside.text, "ok");
            assert.equal(behind.requests.at(-1).target, path);
          }
        }
      });
    }
  }

  test("is Signet's own path no more than any other", async () => {
    const made = await source(front, { host: FRONT, path: "/v1/events" });
    refused(
      await send(front, FRONT, "/v1/events", {
        headers: { "X-Hub-Signature-256": "", authorization: `Bearer ${OPERATOR_KEY}` },
      }),
    );
    assert.equal((await send(front, FRONT, "/v1/events")).status, 200);
    assert.deepEqual(reached(front, made), [""]);
  });

  test("may go to the same origin that has the rest", async () => {
    const path = uniquePath("/same");
    const made = await source(front, { host: FRONT, path }, { origin: behind.url(path) });
    assert.equal((await send(front, FRONT, path)).status, 200);
    refused(await send(front, FRONT, path, { headers: { "X-Hub-Signature-256": "" } }));
    const [one, ...more] = behind.of(path);
    assert.equal(more.length, 0);
    assert.deepEqual(one.values("signet-source"), [made.id]);
  });
});
