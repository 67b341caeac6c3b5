// A deployment that may not reach private addresses: they are refused in every spelling, and again before each attempt.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { receiver } from "./support/receiver.mjs";
import { ROOT, startSignet } from "./support/signet.mjs";
import { calls } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const KEY = { authorization: "Bearer a-key-of-ones-own" };

// Private addresses are allowed at first, for a subscription to be made that later must not be served.
const signet = await startSignet({ vars: { OPERATOR_KEY: "a-key-of-ones-own", ALLOW_PRIVATE_DESTINATIONS: "true" } });
after(() => signet.stop());
const target = await receiver();
after(() => target.stop());
const call = (method, where, body) => calls(signet).expect(method === "GET" ? 200 : 202, method, where, body, KEY);

const made = await signet.api("POST", "/v1/subscriptions", { url: target.url("/inside"), events: ["inside"] }, KEY);
assert.equal(made.status, 201, made.text);
await call("POST", "/v1/events", { type: "inside", data: {} });
await target.received("/inside");
signet.vars = { OPERATOR_KEY: "a-key-of-ones-own" };
await signet.restart();

const table = JSON.parse(readFileSync(path.join(ROOT, "tests/support/destinations.json"), "utf8"));
const hosts = (groups) =>
  Object.entries(groups).map(([group, hosts]) => [group, hosts.map((host) => `https://${host}/hook`)]);

const source = { provider: "github", secrets: ["a secret"] };
const existing = { ...source, origin: "https://example.com" };
const { id } = await calls(signet).expect(201, "POST", "/v1/sources", existing, KEY);

/** Every call that takes the URL of a destination, and where in the body it stands. */
const TAKERS = [
  ["POST", "/v1/subscriptions", "/url", (url) => ({ url })],
  ["PATCH", `/v1/subscriptions/${made.json.id}`, "/url", (url) => ({ url })],
  ["POST", "/v1/api-keys", "/webhookUrl", (webhookUrl) => ({ label: "x", webhookUrl })],
  ["POST", "/v1/events", "/webhookUrl", (webhookUrl) => ({ type: "none", data: {}, webhookUrl })],
  ["POST", "/v1/profiles/standard/preview", "/url", (url) => ({ url })],
  ["POST", "/v1/sources", "/origin", (origin) => ({ ...source, origin })],
  ["PATCH", `/v1/sources/${id}`, "/origin", (origin) => ({ origin })],
];

const everything = async () => {
  const lists = ["/v1/subscriptions", "/v1/api-keys", "/v1/sources", "/v1/deliveries"];
  const ids = async (where) => (await call("GET", `${where}?limit=250`)).data.map(({ id }) => id);
  return Promise.all(lists.map(ids));
};

describe("refused wherever a destination is taken", () => {
  const refused = [
    ...[...hosts(table.privateAddresses), ...hosts(table.privateNames)].map((entry) => ["private_address", ...entry]),
    ["private_address", "Whole URLs", table.privateUrls],
    ...Object.entries(table.wrong).map((entry) => ["invalid_url", ...entry]),
  ];
  for (const [code, group, urls] of refused) {
    test(`${code}: ${group}`, async () => {
      const before = await everything();
      for (const url of urls) {
        const tried = TAKERS.map(async ([method, where, pointer, body]) => {
          const answer = await signet.api(method, where, body(url), KEY);
          assert.equal(answer.status, 422, `${method} ${where} with ${JSON.stringify(url)}: ${answer.text}`);
          assertProblem(answer, 422, { code, pointers: [pointer] });
        });
        await Promise.all(tried);
      }
      assert.deepEqual(await everything(), before, "nothing of it is kept");
    });
  }
});

describe("accepted", () => {
  for (const [group, urls] of hosts(table.public)) {
    test(group, async () => {
      for (const url of urls) {
        const body = { url, events: ["nothing.is.sent"] };
        const answer = await signet.api("POST", "/v1/subscriptions", body, KEY);
        assert.equal(answer.status, 201, `${url}: ${answer.text}`);
        const patch = await signet.api("PATCH", `/v1/sources/${id}`, { origin: url }, KEY);
        assert.equal(patch.status, 200, `${url}: ${patch.text}`);
        assert.equal(patch.json.origin, answer.json.url);
      }
    });
  }
});

test("what was allowed once is asked again before each attempt", async () => {
  const before = target.requests("/inside").length;
  const { deliveries } = await call("POST", "/v1/events", { type: "inside", data: {} });
  const seen = await until(async () => {
    const delivery = await call("GET", `/v1/deliveries/${deliveries[0].id}`);
    return delivery.attempts.length > 0 && delivery;
  });
  assert.partialDeepStrictEqual(seen.attempts[0], { responseStatus: null, error: "blocked_address" });
  assert.equal(target.requests("/inside").length, before, "nothing was sent");

  const shown = await signet.api("GET", `/v1/deliveries/${deliveries[0].id}/request`, undefined, KEY);
  assertProblem(shown, 409, { code: "blocked_address" });

  const where = `/v1/subscriptions/${made.json.id}/test`;
  const tried = await calls(signet).expect(200, "POST", where, undefined, KEY);
  assert.partialDeepStrictEqual(tried, { delivered: false, httpStatus: null, error: "blocked_address" });
  assert.equal(target.requests("/inside").length, before);
});
