// What the dashboard makes of keys, tokens and scopes before anybody is asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SCOPES as ISSUED } from "../scripts/openapi/shared.mjs";
import { endOf, keyIn, parted } from "../www/lib/token.js";
import { choices, chosen, inShort, ordered, SCOPES } from "../www/pages/access/scopes.js";

const token = (claims) => `pt_default.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.mac`;
const ALL = SCOPES.map(([scope]) => scope);

test("the key in what was pasted", () => {
  for (const [pasted, key] of [
    ["sk_default_1", "sk_default_1"],
    ["  sk_default_1\n", "sk_default_1"],
    ["Bearer sk_default_1", "sk_default_1"],
    ["authorization: bearer  sk_default_1", "sk_default_1"],
    ["https://hooks.example/#token=pt_default.a.b", "pt_default.a.b"],
    ["#token=pt_default.a.b", "pt_default.a.b"],
    ["bearer", "bearer"],
    ["", null],
    ["two words", null],
    ["schlüssel", null],
    ["sk_\u200bdefault", null],
  ]) {
    assert.equal(keyIn(pasted), key, pasted);
  }
});

test("when a link ends, as far as it says so", () => {
  assert.equal(endOf(token({ until: 1_700_000_000_000 })).toISOString(), "2023-11-14T22:13:20.000Z");
  // What base64url writes otherwise than base64.
  assert.ok(endOf(token({ until: 1, scopes: ["ÿ>>>???"] })));
  for (const text of ["", "pt_", "pt_default.%.mac", token({}), token({ until: "soon" }), "pt_default.bm9uZQ.mac"]) {
    assert.equal(endOf(text), null, text);
  }
});

test("why a key or a link is refused", () => {
  assert.match(parted("sk_default_1"), /^Your key is no longer valid\./);
  assert.match(
    parted(token({ until: 1_000 }), 1_000),
    /^This link ended on 1 Jan 1970|^This link ended on Jan 1, 1970/,
  );
  assert.match(parted(token({ until: 2_000 }), 1_000), /^This link is not valid/);
  assert.match(parted("pt_cut"), /^This link is not valid/);
});

test("the usual choices are of what one has, and no two are the same", () => {
  assert.deepEqual(
    choices(ALL).map(([id]) => id),
    ["events", "see", "hooks", "all"],
  );
  assert.deepEqual(choices(["events:write"]), [["events", "Post events", ["events:write"]]]);
  assert.deepEqual(
    choices(["deliveries:read", "subscriptions:read"]).map(([id, , scopes]) => [id, scopes]),
    [["see", ["subscriptions:read", "deliveries:read"]]],
  );
  assert.equal(chosen(choices(ALL), ["deliveries:read", "sources:read", "subscriptions:read"]), "see");
  assert.equal(chosen(choices(ALL), []), null);
});

test("there are words for every scope", () => {
  assert.deepEqual(ALL.toSorted(), ISSUED.toSorted());
});

test("what a key may, in short", () => {
  for (const [scopes, words] of [
    [ALL, "Everything"],
    [["events:write"], "Post events"],
    [["secrets:read"], "Read signing secrets"],
    [["sources:read", "deliveries:read", "subscriptions:read"], "See everything"],
    [["events:write", "keys:write"], "2 of 9 scopes"],
    [["something:new"], "something:new"],
  ]) {
    assert.equal(inShort(scopes), words);
  }
  assert.deepEqual(ordered(["keys:write", "events:write"]), ["events:write", "keys:write"]);
});
