// Every endpoint by every kind of caller. What each must be answered follows from one rule and the API's own table.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { endpoints, makers, neverWas, SHARED, VALID } from "./support/endpoints.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";
import { bearer, linkToken, tenant } from "./support/tenant.mjs";
import { inParallel, sleep } from "./support/wait.mjs";

// Bare: there nobody counts guesses, of which there are many here.
const { signet, target, api, expect } = await stage({ bare: true });

const ENDPOINTS = endpoints();
const MAKE = makers(signet, target);
const AT_ONCE = 8;

const home = await tenant(signet);
const other = await tenant(signet);
const SCOPES = (await home.expect(200, "GET", "/v1/api-keys")).data[0].scopes;
const callers = await everyCaller();

/**
 * Every kind of caller: what it shows, what it may, and where. One without `scopes` must not get in at all.
 *
 * @returns {Promise<{name: string, key?: string, named?: string, scopes?: Set<string>, application?: string}[]>}
 */
async function everyCaller() {
  const all = new Set([...SCOPES, "key"]);
  const operator = new Set([...all, "operator"]);
  const key = async (scopes) => (await home.expect(201, "POST", "/v1/api-keys", { label: "x", scopes })).key;
  const link = (scopes) => linkToken(home.expect, { scopes });
  const owned = (name, key, scopes = SCOPES) => ({
    name,
    key,
    scopes: new Set([...scopes, "key"]),
    application: home.id,
  });
  const unknown = "app_0123456789abcdefghjkmnpqrstv";
  const list = [
    { name: "nobody" },
    { name: "an empty key", key: "" },
    { name: "something that is no key", key: "anything" },
    ...[home, other, { id: unknown }].map(({ id }) => ({
      name: `a key of the right form for ${id}`,
      key: `sk_${id.slice(4)}_${"7".repeat(32)}`,
    })),
    { name: "a key without its end", key: home.key.slice(0, -1) },
    { name: "a key with more at its end", key: `${home.key}0` },
    { name: "a key in capitals", key: home.key.toUpperCase() },
    { name: "a revoked key", key: await revoked() },
    { name: "a key of a deleted application", key: (await deleted()).key },
    { name: "the operator", key: OPERATOR_KEY, scopes: operator, application: "default" },
    ...["default", home.id, other.id].map((named) => ({
      name: `the operator in ${named}`,
      key: OPERATOR_KEY,
      named,
      scopes: operator,
      application: named,
    })),
    ...[unknown, (await deleted()).id, "app_x", "nothing", "../default"].map((named) => ({
      name: `the operator in ${named}`,
      key: OPERATOR_KEY,
      named,
      scopes: operator,
    })),
    { ...owned("its first key", home.key), named: home.id },
    ...["default", other.id, unknown, "app_x"].map((named) => ({
      ...owned(`its key in ${named}`, home.key),
      named,
      application: undefined,
    })),
    { name: "another application's key", key: other.key, scopes: all, application: other.id },
    ...(await deadLinks()),
    owned("a link that the operator made", await linkToken(inHome(), {})),
    owned("a key with all scopes", await key()),
    owned("a link with all scopes", await link()),
    { name: "another application's link", key: await linkToken(other.expect), scopes: all, application: other.id },
  ];
  for (const scope of SCOPES) {
    const rest = SCOPES.filter((one) => one !== scope);
    list.push(owned(`a key with ${scope}`, await key([scope]), [scope]));
    list.push(owned(`a key without ${scope}`, await key(rest), rest));
    list.push(owned(`a link with ${scope}`, await link([scope]), [scope]));
    list.push(owned(`a link without ${scope}`, await link(rest), rest));
  }
  return list;
}

/** The operator's calls in the one application. */
function inHome() {
  return (status, method, where, body) => expect(status, method, where, body, { "signet-application": home.id });
}

async function revoked() {
  const made = await home.expect(201, "POST", "/v1/api-keys", { label: "x" });
  await home.expect(204, "DELETE", `/v1/api-keys/${made.id}`);
  return made.key;
}

async function deleted() {
  const made = await tenant(signet);
  const token = await linkToken(made.expect);
  await expect(204, "DELETE", `/v1/applications/${made.id}`);
  return { ...made, token };
}

async function deadLinks() {
  const { id, key } = await home.expect(201, "POST", "/v1/api-keys", { label: "x" });
  const api = bearer(signet.api.bind(signet), key);
  const orphan = new URL((await api("POST", "/v1/portal-links", {})).json.url).hash.slice("#token=".length);
  await home.expect(204, "DELETE", `/v1/api-keys/${id}`);
  const expired = await linkToken(home.expect, { expiresIn: 1 });
  await sleep(1_100);
  const token = await linkToken(home.expect, { scopes: ["deliveries:read"] });
  const [owner, claims, mac] = token.split(".");
  const said = JSON.parse(Buffer.from(claims, "base64url").toString());
  const forged = (change) => Buffer.from(JSON.stringify({ ...said, ...change })).toString("base64url");
  return Object.entries({
    "a link whose time is over": expired,
    "a link whose maker was revoked": orphan,
    "a link of a deleted application": (await deleted()).token,
    "a link with another end": token.slice(0, -2) + (token.endsWith("AA") ? "BB" : "AA"),
    "a link with more scopes than it was made with": [owner, forged({ scopes: SCOPES }), mac].join("."),
    "a link with more time than it was made with": [owner, forged({ until: said.until + 1 }), mac].join("."),
    "a link with another maker": [owner, forged({ key: null }), mac].join("."),
    "a link with another application": [`pt_${other.id.slice(4)}`, claims, mac].join("."),
    "a link without a signature": [owner, claims, ""].join("."),
    "half a link": [owner, claims].join("."),
  }).map(([name, key]) => ({ name, key }));
}

/** The rule. Who is calling comes first, then where, then what they may, and last whether there is such a thing. */
function outcome(caller, endpoint) {
  const { status, thing, elsewhere, links = true } = VALID[endpoint.name];
  if (!caller.scopes) return { status: 401, code: "unauthorized" };
  if (!caller.application) return { status: 404, code: "not_found" };
  if (!caller.scopes.has(endpoint.needs)) {
    return { status: 403, code: endpoint.needs === "operator" ? "forbidden" : "missing_scope" };
  }
  if (!links && /\blink\b/.test(caller.name)) return { status: 403, code: "forbidden" };
  const there = !thing || SHARED.has(thing) || caller.application === home.id;
  if (there) return { status };
  return elsewhere ? { status: elsewhere } : { status: 404, code: "not_found" };
}

const CELLS = callers.flatMap((caller) => ENDPOINTS.map((endpoint) => ({ caller, endpoint })));
const isRefused = ({ caller, endpoint }) => outcome(caller, endpoint).code !== undefined;

/** Makes the call of a cell, about the thing called `name`. */
function call({ caller, endpoint }, name, header = "authorization") {
  const shown = header === "authorization" && caller.key !== undefined ? `Bearer ${caller.key}` : caller.key;
  return api(endpoint.method, endpoint.path.replace(/\{\w+\}/, name), VALID[endpoint.name].body, {
    authorization: null,
    ...(shown === undefined ? {} : { [header]: shown }),
    ...(caller.named === undefined ? {} : { "signet-application": caller.named }),
  });
}

/** What is the same wherever an answer comes from. */
const essence = ({ status, text, headers: { date, ...headers } }) => ({ status, text, headers });

test("every endpoint of the API is in the matrix, and nothing else", () => {
  assert.deepEqual(Object.keys(VALID).sort(), ENDPOINTS.map((endpoint) => endpoint.name).sort());
  const needed = new Set(ENDPOINTS.map((endpoint) => endpoint.needs));
  assert.deepEqual([...needed].sort(), [...SCOPES, "key", "operator"].sort(), "and every scope is good for something");
});

describe("whoever may not", () => {
  const standing = {};
  before(async () => {
    for (const [kind, make] of Object.entries(MAKE)) standing[kind] = await make(home);
  });

  /** Everything that the refused calls are about, as the application itself sees it. */
  async function everything() {
    const { event, delivery, subscription, profile, source, learner, application, key } = standing;
    const own = ["subscriptions", "sources", "profiles", "api-keys", "deliveries", `events/${event}`];
    own.push(
      `deliveries/${delivery}`,
      `subscriptions/${subscription}/secret`,
      `profiles/${profile}`,
      `api-keys/${key}`,
    );
    own.push(`sources/${source}`, `sources/${learner}/learned-secret`);
    const seen = await Promise.all(own.map((what) => home.expect(200, "GET", `/v1/${what}`)));
    const applications = [application, home.id, other.id].map((id) => expect(200, "GET", `/v1/applications/${id}`));
    return [...seen, ...(await Promise.all(applications)), await expect(200, "GET", "/v1/subscriptions")];
  }

  test("is refused, is not told what exists, and changes nothing", async (t) => {
    const before = await everything();
    const refused = CELLS.filter(isRefused);
    const counts = {};
    await inParallel(refused, AT_ONCE, async (cell) => {
      const name = standing[VALID[cell.endpoint.name].thing];
      const what = `${cell.endpoint.name} by ${cell.caller.name}`;
      const expected = outcome(cell.caller, cell.endpoint);
      const answer = await call(cell, name);
      assert.equal(answer.status, expected.status, `${what}: ${answer.text.slice(0, 300)}`);
      assertProblem(answer, expected.status, { code: expected.code });
      assert.equal(answer.headers["www-authenticate"], answer.status === 401 ? "Bearer" : undefined, what);
      assert.deepEqual(essence(await call(cell, name, "x-api-key")), essence(answer), `${what}, with X-Api-Key`);
      if (name) {
        const nothing = await call(cell, neverWas(name));
        assert.deepEqual(essence(nothing), essence(answer), `${what}: as for what never was`);
      }
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    });
    assert.deepEqual(await everything(), before);
    assert.equal(target.requests().length, 0, "nothing was sent");
    const shown = Object.entries(counts).map(([status, count]) => `${count} × ${status}`);
    t.diagnostic(`${refused.length} cells refused: ${shown.join(", ")}; each also with X-Api-Key`);
  });

  test("is told of no method and no path either, without a key", async () => {
    for (const [method, where] of [
      ["GET", "/v1/nothing"],
      ["PUT", "/v1/subscriptions"],
      ["DELETE", "/v1/applications/default"],
    ]) {
      const answer = await api(method, where, undefined, { authorization: null });
      assertProblem(answer, 401, { code: "unauthorized" });
      assert.equal(answer.headers.allow, undefined);
    }
    assertProblem(await home.api("GET", "/v1/nothing"), 404);
    assertProblem(await home.api("PUT", "/v1/subscriptions"), 405);
  });
});

test("whoever may is let in, with either header, and sees nothing of another application", async (t) => {
  const standing = {};
  for (const [kind, make] of Object.entries(MAKE)) standing[kind] = await make(home);
  const allowed = CELLS.filter((cell) => !isRefused(cell));
  await inParallel(allowed, AT_ONCE, async (cell, at) => {
    const { endpoint, caller } = cell;
    const { thing } = VALID[endpoint.name];
    // What is used up, or made, is one of the call's own.
    const isSpent = ["DELETE", "PUT"].includes(endpoint.method) || thing === "delivery";
    const name = thing && (isSpent ? await MAKE[thing](home) : standing[thing]);
    const answer = await call(cell, name, at % 2 ? "authorization" : "x-api-key");
    const shown = `${endpoint.name} by ${caller.name}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.equal(answer.status, outcome(caller, endpoint).status, shown);
    if (caller.application === home.id || SHARED.has(thing) || endpoint.needs === "operator") return;
    for (const kind of ["event", "delivery", "subscription", "profile", "source", "learner", "key"]) {
      assert.ok(!answer.text.includes(standing[kind]), shown);
    }
  });
  t.diagnostic(`${allowed.length} cells allowed, of ${CELLS.length}: ${callers.length} callers by ${ENDPOINTS.length}`);
});
