// DNS_OVER_HTTPS: a URL whose name leads inside is refused when it is entered, as far as a resolver can tell.
import assert from "node:assert/strict";
import http from "node:http";
import { after, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { freePort } from "./support/ports.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";

const A = 1;
const AAAA = 28;
const CNAME = 5;

/** What the resolver knows: addresses by name and type. A function writes the answer itself. */
const ZONE = {
  "public.example.com": { A: [[A, "8.8.8.8"]], AAAA: [[AAAA, "2606:4700::1111"]] },
  "nowhere.example.com": {},
  "v4.example.com": { A: [[A, "10.0.0.1"]] },
  "v6.example.com": { AAAA: [[AAAA, "fd00::1"]] },
  "mixed.example.com": {
    A: [
      [A, "8.8.8.8"],
      [A, "127.0.0.1"],
    ],
  },
  "alias.example.com": {
    A: [
      [CNAME, "inside.example.net."],
      [A, "169.254.169.254"],
    ],
  },
  "mapped.example.com": { AAAA: [[AAAA, "::ffff:192.168.0.1"]] },
  "broken.example.com": (response) => response.writeHead(500).end("no"),
  "nonsense.example.com": (response) => response.end("<html>10.0.0.1</html>"),
  "moved.example.com": (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
  "cut.example.com": (response) => response.writeHead(200, { "content-length": "1000" }).end("{"),
  "endless.example.com": (response) => response.end(JSON.stringify({ Status: 0, Comment: "x".repeat(100_000) })),
  "silent.example.com": () => {},
  // One of the two questions is enough.
  "half.example.com": (response, type) =>
    type === "A" ? response.destroy() : response.end(answer([[AAAA, "fe80::1"]], response)),
};

const answer = (records) =>
  JSON.stringify({ Status: 0, Answer: records.map(([type, data]) => ({ name: "x", type, TTL: 60, data })) });

const asked = [];
const port = await freePort();
const server = http.createServer((request, response) => {
  const query = new URL(request.url, "http://resolver").searchParams;
  const [name, type] = [query.get("name"), query.get("type")];
  asked.push({ name, type, accept: request.headers.accept, key: query.get("key") });
  const known = ZONE[name] ?? {};
  if (typeof known === "function") return known(response, type);
  response.setHeader("content-type", "application/dns-json");
  response.end(known[type] ? answer(known[type]) : JSON.stringify({ Status: 3 }));
});
await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});

const { api, expect } = await stage({
  vars: {
    OPERATOR_KEY,
    // Lifts the rules on what a URL says, not on what a resolver says of it.
    ALLOW_PRIVATE_DESTINATIONS: "true",
    DNS_OVER_HTTPS: `http://127.0.0.1:${port}/dns-query?key=k`,
  },
});

const source = { provider: "github", secrets: ["a secret"] };
const mine = await expect(201, "POST", "/v1/subscriptions", { url: "https://8.8.8.8/", events: ["none"] });
const origin = await expect(201, "POST", "/v1/sources", { ...source, origin: "https://8.8.8.8/" });
assert.deepEqual(asked, [], "an address needs no resolver");

/** Every call that is checked, and where the URL stands in its body. */
const TAKERS = [
  ["POST", "/v1/subscriptions", "/url", (url) => ({ url, events: ["none"] })],
  ["PATCH", `/v1/subscriptions/${mine.id}`, "/url", (url) => ({ url })],
  ["POST", "/v1/api-keys", "/webhookUrl", (webhookUrl) => ({ label: "x", webhookUrl })],
  ["POST", "/v1/sources", "/origin", (origin) => ({ ...source, origin })],
  ["PATCH", `/v1/sources/${origin.id}`, "/origin", (origin) => ({ origin })],
];

const everything = async () => {
  const lists = ["/v1/subscriptions", "/v1/api-keys", "/v1/sources"];
  return Promise.all(lists.map(async (where) => (await expect(200, "GET", where)).data));
};

describe("refused", () => {
  const names = ["v4", "v6", "mixed", "alias", "mapped", "half"];
  for (const name of names) {
    test(name, async () => {
      const before = await everything();
      for (const [method, where, pointer, body] of TAKERS) {
        const refused = await api(method, where, body(`https://${name}.example.com:8443/hook?a=b`));
        assertProblem(refused, 422, { code: "private_address", pointers: [pointer] });
      }
      assert.deepEqual(await everything(), before);
    });
  }
});

describe("taken", () => {
  const names = ["public", "nowhere", "broken", "nonsense", "moved", "cut", "endless"];
  for (const name of names) {
    test(name, async () => {
      for (const [method, where, , body] of TAKERS) {
        const taken = await api(method, where, body(`https://${name}.example.com/hook`));
        assert.ok([200, 201].includes(taken.status), `${method} ${where}: ${taken.status} ${taken.text}`);
      }
    });
  }

  test("after two seconds, where the resolver says nothing", async () => {
    const began = Date.now();
    await expect(201, "POST", "/v1/subscriptions", { url: "https://silent.example.com/", events: ["none"] });
    const took = Date.now() - began;
    assert.ok(took > 1_800 && took < 6_000, `it took ${took} ms`);
  });
});

test("is asked about both kinds of addresses, and only where the URL changes", async () => {
  asked.length = 0;
  const url = "https://public.example.com/hook";
  const { id } = await expect(201, "POST", "/v1/subscriptions", { url, events: ["none"] });
  const both = ["A", "AAAA"].map((type) => ({
    name: "public.example.com",
    type,
    accept: "application/dns-json",
    key: "k",
  }));
  assert.deepEqual(
    asked.toSorted((one, other) => (one.type < other.type ? -1 : 1)),
    both,
  );
  asked.length = 0;
  await expect(200, "PATCH", `/v1/subscriptions/${id}`, { url, name: "renamed" });
  await expect(200, "PATCH", `/v1/subscriptions/${id}`, { name: "again" });
  assertProblem(await api("POST", "/v1/subscriptions", { url, colour: "red" }), 422, { pointers: ["/colour"] });
  assert.deepEqual(asked, []);
});

test("what changed while it was asked counts", async () => {
  const { id } = await expect(201, "POST", "/v1/subscriptions", { url: "https://8.8.8.8/", events: ["none"] });
  const slow = api("PATCH", `/v1/subscriptions/${id}`, { url: "https://silent.example.com/new" });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await expect(200, "PATCH", `/v1/subscriptions/${id}`, { name: "meanwhile" });
  assert.partialDeepStrictEqual((await slow).json, { name: "meanwhile", url: "https://silent.example.com/new" });
  const gone = api("PATCH", `/v1/subscriptions/${id}`, { url: "https://silent.example.com/newer" });
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await api("DELETE", `/v1/subscriptions/${id}`)).status, 204);
  assertProblem(await gone, 404, { code: "not_found" });
});
