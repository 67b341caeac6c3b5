// Who is calling, as a caller is told it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem, assertTime } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";
import { bearer, linkToken, tenant } from "./support/tenant.mjs";

const { signet, api, expect } = await stage({ bare: true });
const own = await tenant(signet, { name: "Shop", profile: "standard" });
const application = { id: own.id, name: "Shop", profile: "standard" };
const { data: keys } = await own.expect(200, "GET", "/v1/api-keys");
const [{ id: first, scopes: ALL }] = keys;

test("the operator, in any application", async () => {
  const operator = { kind: "operator", key: null, scopes: ALL, expiresAt: null };
  assert.deepEqual(await expect(200, "GET", "/v1/me"), {
    ...operator,
    application: { id: "default", name: "default", profile: "standard" },
  });
  for (const headers of [{ "signet-application": own.id }]) {
    assert.deepEqual((await api("GET", "/v1/me", undefined, headers)).json, { ...operator, application });
  }
  const nowhere = { "signet-application": "app_0123456789abcdefghjkmnpqrstv" };
  assertProblem(await api("GET", "/v1/me", undefined, nowhere), 404);
});

test("a key, by its id and its scopes, in its own application", async () => {
  const told = { kind: "key", application, key: first, scopes: ALL, expiresAt: null };
  assert.deepEqual(await own.expect(200, "GET", "/v1/me"), told);
  const made = await own.expect(201, "POST", "/v1/api-keys", { label: "x", scopes: ["events:write"] });
  const narrow = bearer(api, made.key);
  assert.deepEqual((await narrow("GET", "/v1/me")).json, { ...told, key: made.id, scopes: ["events:write"] });
  assertProblem(await narrow("GET", "/v1/me", undefined, { "signet-application": "default" }), 404);
  await own.expect(204, "DELETE", `/v1/api-keys/${made.id}`);
  assertProblem(await narrow("GET", "/v1/me"), 401);
  assertProblem(await api("GET", "/v1/me", undefined, { authorization: null }), 401);
});

test("a link, by the key that made it and its end", async () => {
  const scopes = ["subscriptions:read", "deliveries:read"];
  const before = Date.now();
  const by = async (make) =>
    (await bearer(api, await linkToken(make, { expiresIn: 60, scopes }))("GET", "/v1/me")).json;
  const { expiresAt, ...rest } = await by(own.expect);
  assert.deepEqual(rest, { kind: "link", application, key: first, scopes });
  assertTime(expiresAt);
  assert.ok(Math.abs(Date.parse(expiresAt) - before - 60_000) < 5_000, expiresAt);
  const inOwn = (status, method, where, body) => expect(status, method, where, body, { "signet-application": own.id });
  const operators = await by(inOwn);
  assert.partialDeepStrictEqual(operators, { kind: "link", application, key: null, scopes });
});

test("an application by the name that it has now", async () => {
  await expect(200, "PATCH", `/v1/applications/${own.id}`, { name: "Böutique" });
  assert.deepEqual((await own.expect(200, "GET", "/v1/me")).application, {
    id: own.id,
    name: "Böutique",
    profile: "standard",
  });
});
