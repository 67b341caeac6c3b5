// A deployment on which nobody has set a key yet: everything is refused, and the refusal says what to do.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { startSignet } from "./support/signet.mjs";

const CALLS = [
  ["GET", "/v1/subscriptions"],
  ["POST", "/v1/subscriptions", { url: "https://example.com/hook" }],
  ["POST", "/v1/events", { type: "a", data: {} }],
  ["GET", "/v1/deliveries"],
  ["GET", "/v1/profiles"],
  ["GET", "/v1/applications"],
];

async function running(vars, use, more) {
  const signet = await startSignet({ vars, ...more });
  try {
    await use(signet);
  } finally {
    await signet.stop();
  }
}

describe("refuses every call", () => {
  const deployments = {
    "no OPERATOR_KEY": {},
    "an empty OPERATOR_KEY": { OPERATOR_KEY: "" },
    "the local key, which everybody knows": { OPERATOR_KEY: "local-operator-key" },
    "the local key, and private destinations not quite allowed": {
      OPERATOR_KEY: "local-operator-key",
      ALLOW_PRIVATE_DESTINATIONS: "false",
    },
  };
  for (const [name, vars] of Object.entries(deployments)) {
    test(name, async () => {
      await running(vars, async (signet) => {
        for (const [method, where, body] of CALLS) {
          for (const headers of [
            {},
            { authorization: null },
            { authorization: "Bearer " },
            { authorization: "Bearer x" },
          ]) {
            const answer = await signet.api(method, where, body, headers);
            assertProblem(answer, 503, { code: "not_configured" });
            assert.match(answer.json.detail, /npx wrangler secret put OPERATOR_KEY/);
          }
        }
        assert.notEqual((await signet.api("GET", "/metrics")).status, 200);
        assertProblem(await signet.api("GET", "/healthz"), 503, { code: "not_configured" });
      });
    });
  }
});

test("a key of one's own counts, and then the local one does not", async () => {
  await running({ OPERATOR_KEY: "a-key-of-ones-own" }, async (signet) => {
    const own = await signet.api("GET", "/v1/subscriptions", undefined, { authorization: "Bearer a-key-of-ones-own" });
    assert.equal(own.status, 200, own.text);
    assertProblem(await signet.api("GET", "/v1/subscriptions"), 401);
  });
});

describe("without something that wrangler.toml binds", () => {
  test("what nothing works without is named", async () => {
    const unbound = ["SUBSCRIPTIONS", "REGISTRY"];
    await running(
      { OPERATOR_KEY: "a-key-of-ones-own" },
      async (signet) => {
        for (const [method, where] of [
          ["GET", "/healthz"],
          ["GET", "/v1/subscriptions"],
        ]) {
          const answer = await signet.api(method, where);
          assertProblem(answer, 503, { code: "not_configured" });
          assert.match(answer.json.detail, /lacks the bindings SUBSCRIPTIONS, REGISTRY/);
        }
      },
      { bare: true, unbound },
    );
  });

  test("what it can do without is warned of", async () => {
    await running(
      { OPERATOR_KEY: "a-key-of-ones-own" },
      async (signet) => {
        const { status, json } = await signet.api("GET", "/healthz");
        assert.equal(status, 200);
        const codes = json.warnings.map((warning) => warning.code);
        assert.deepEqual(codes, ["encryption_key_not_set", "guesses_not_limited", "pages_not_bound"]);
        const answer = await signet.api("GET", "/v1/profiles", undefined, {
          authorization: "Bearer a-key-of-ones-own",
        });
        assert.equal(answer.status, 200);
        assertProblem(await signet.api("GET", "/"), 404);
      },
      { bare: true, unbound: ["ASSETS"] },
    );
  });
});
