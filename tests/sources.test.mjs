// A source's life: made, read, changed, deleted; its secrets, its routes, its deliveries; the table of providers.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { assertId, assertProblem, assertTime } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, settled } = await stage();

const SHAPE = ["id", "name", "url", "provider", "secretCount", "origin", "mode", "enforce", "resign"];
SHAPE.push("toleranceSeconds", "timeoutSeconds", "deduplicate", "publicUrl", "options", "route", "createdAt");
SHAPE.push("updatedAt");
const host = new URL(signet.url).host;
const nobody = "src_0123456789abcdefghjkmnpqrstv";

/** What a source needs at least, for GitHub, with more or other fields. */
const github = (more = {}) => ({ provider: "github", secrets: ["s3cret"], origin: target.url("/origin"), ...more });
const create = (more) => expect(201, "POST", "/v1/sources", github(more));
const patch = (source, changes) => expect(200, "PATCH", `/v1/sources/${source.id}`, changes);
const remove = (source) => expect(204, "DELETE", `/v1/sources/${source.id}`);
const read = (source) => expect(200, "GET", `/v1/sources/${source.id}`);

/** Sends what GitHub would. */
function deliver(url, secret = "s3cret", body = `{"at":${Math.random()}}`) {
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  return request(url, { method: "POST", headers: { "x-hub-signature-256": signature }, body });
}

/** All there are, from pages of `limit`, newest first. */
function everySource(limit = 250) {
  return everyPage("/v1/sources", limit);
}

async function everyPage(where, limit) {
  const all = [];
  let cursor = "";
  do {
    const page = await expect(200, "GET", `${where}?limit=${limit}${cursor}`);
    assert.ok(page.data.length <= limit);
    all.push(...page.data);
    cursor = page.nextCursor === null ? null : `&cursor=${page.nextCursor}`;
  } while (cursor !== null);
  return all;
}

function taken(answer) {
  assertProblem(answer, 422, { code: "route_taken", pointers: ["/route"] });
  assert.equal(answer.json.errors[0].detail, "is taken by another source");
}

function assertSource(source) {
  assert.deepEqual(Object.keys(source).sort(), [...SHAPE].sort());
  assertId(source.id, "src");
  assert.equal(source.url, `${signet.url}/in/${source.id}`);
  assertTime(source.createdAt);
  assertTime(source.updatedAt);
}

describe("making and reading", () => {
  test("a provider, a secret and an origin are enough", async () => {
    const made = await create();
    assertSource(made);
    assert.partialDeepStrictEqual(made, {
      name: null,
      provider: "github",
      secretCount: 1,
      mode: "proxy",
      enforce: true,
      resign: false,
      toleranceSeconds: null,
      timeoutSeconds: 25,
      deduplicate: true,
      publicUrl: null,
      options: {},
      route: null,
    });
    assert.deepEqual(await read(made), made);
  });

  test("everything else is kept as it was given", async () => {
    const given = {
      name: "Büro ✓",
      origin: target.url("/all?of=it&a=%20b"),
      mode: "queue",
      enforce: false,
      toleranceSeconds: 0,
      timeoutSeconds: 100,
      deduplicate: false,
      publicUrl: "HTTPS://user:p%40ss@Example.com:443/hook?b=1&a=2",
      route: { host: "kept.example.com:8443", path: "/hooks/*" },
    };
    const made = await create({ ...given, secrets: [] });
    assertSource(made);
    assert.partialDeepStrictEqual(made, given);
    assert.deepEqual(await read(made), made);
    await remove(made);
  });

  test("what a provider needs besides secrets is kept too", async () => {
    const given = { provider: "meta", options: { verifyToken: "tell me" } };
    const made = await create(given);
    const shown = await read(made);
    assert.deepEqual(shown.options, { verifyToken: null }, "a secret one is there, and not shown");
    await patch(made, { options: shown.options });
    assertProblem(await api("PATCH", `/v1/sources/${made.id}`, { provider: "github" }), 422, {
      pointers: ["/options/verifyToken"],
    });
    assert.deepEqual((await patch(made, { provider: "github", options: null })).options, {});
  });

  test("a provider that nobody knows is described", async () => {
    const signature = { algorithm: "hmac-sha256", secretEncoding: "utf8", content: "{timestamp}.{body}" };
    Object.assign(signature, { encoding: "hex", header: "X-Sketchpen-Signature", format: "sha256={signature}" });
    Object.assign(signature, { timestampHeader: "X-Sketchpen-Timestamp" });
    const made = await create({ provider: { signature } });
    assert.partialDeepStrictEqual(made.provider, { signature });
    assert.deepEqual((await patch(made, { provider: made.provider })).provider, made.provider, "and read as shown");
  });

  test("the URL is where the gateway was reached", async () => {
    const made = await create();
    const elsewhere = { host: "hooks.example.com" };
    const shown = await expect(200, "GET", `/v1/sources/${made.id}`, undefined, elsewhere);
    assert.equal(new URL(shown.url).host, "hooks.example.com");
    assert.equal(new URL(shown.url).pathname, `/in/${made.id}`);
    const { data } = await expect(200, "GET", "/v1/sources?limit=1", undefined, elsewhere);
    assert.equal(data[0].url, shown.url);
    const forged = await api("GET", "/v1/sources?at=https://evil.example.com");
    assertProblem(forged, 422, { code: "invalid_parameter" });
  });

  test("lists come newest first and in pages", async () => {
    const made = [];
    for (let n = 0; n < 7; n++) {
      made.unshift(await create({ name: `${n}` }));
      await sleep(3);
    }
    for (const limit of [1, 3, 250]) {
      const all = await everySource(limit);
      assert.deepEqual(all.slice(0, 7), made);
      assert.equal(new Set(all.map((one) => one.id)).size, all.length);
    }
    for (const query of ["limit=0", "cursor=nonsense", "name=x"]) {
      assertProblem(await api("GET", `/v1/sources?${query}`), 422);
    }
  });
});

describe("changing", () => {
  const changes = [
    { name: "after" },
    { name: null },
    { provider: "standard-webhooks", secrets: ["whsec_AQID"] },
    { provider: "github", secrets: ["a", "b", "c"] },
    { origin: target.url("/after?x=1") },
    { mode: "queue" },
    { mode: "proxy" },
    { enforce: false },
    { enforce: true },
    { resign: true },
    { resign: false },
    { toleranceSeconds: 4_294_967_295 },
    { toleranceSeconds: null },
    { timeoutSeconds: 1 },
    { deduplicate: false },
    { publicUrl: "https://example.com/hook" },
    { publicUrl: null },
    { route: { host: "changing.example.com", path: "/a" } },
    { route: { host: "changing.example.com", path: "/b/*" } },
    { route: null },
  ];

  test("PATCH changes what is named and nothing else", async () => {
    const made = await create({ name: "before" });
    let now = await read(made);
    for (const change of changes) {
      const { signingSecret, ...patched } = await patch(made, change);
      const { secrets, ...shown } = change;
      const expected = { ...now, ...shown, updatedAt: patched.updatedAt };
      if (secrets) expected.secretCount = secrets.length;
      assert.deepEqual(patched, expected, JSON.stringify(change));
      assert.equal(signingSecret === undefined, change.resign !== true);
      assert.deepEqual(await read(made), patched);
      now = patched;
    }
    assert.equal(now.createdAt, made.createdAt);
    assert.ok(now.updatedAt > made.updatedAt);
  });

  test("changes made at the same moment are all kept", async () => {
    const made = await create();
    const path = uniquePath();
    const together = [
      { name: "x" },
      { timeoutSeconds: 7 },
      { route: { host: "together.example.com", path } },
      { enforce: false },
      { toleranceSeconds: 9 },
    ];
    await Promise.all(together.map((change) => patch(made, change)));
    assert.partialDeepStrictEqual(await read(made), Object.assign({}, ...together));
  });

  test("null sets back what has a default", async () => {
    const made = await create();
    await patch(made, { mode: "queue", enforce: false, timeoutSeconds: 7, deduplicate: false, name: "x" });
    const nulls = { mode: null, enforce: null, timeoutSeconds: null, deduplicate: null, name: null, resign: null };
    const { updatedAt, ...back } = await patch(made, nulls);
    assert.deepEqual({ ...back, updatedAt: made.updatedAt }, made);
    assertTime(updatedAt);
  });

  test("is in force for the very next request", async () => {
    const [before, after] = [uniquePath("/before"), uniquePath("/after")];
    const made = await create({ origin: target.url(before) });
    assert.equal((await deliver(made.url)).status, 200);
    await patch(made, { origin: target.url(after), secrets: ["other"] });
    assert.equal((await deliver(made.url, "s3cret")).status, 401);
    assert.equal((await deliver(made.url, "other")).status, 200);
    assert.deepEqual([target.requests(before).length, target.requests(after).length], [1, 1]);
    await remove(made);
    assertProblem(await deliver(made.url, "other"), 404, { code: "not_found" });
  });
});

describe("deleting", () => {
  test("is 204, and then it is gone everywhere", async () => {
    const made = await create();
    const answer = await api("DELETE", `/v1/sources/${made.id}`);
    assert.deepEqual([answer.status, answer.text], [204, ""]);
    for (const [method, where] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["GET", "/learned-secret"],
      ["GET", "/requests"],
    ]) {
      const again = await api(method, `/v1/sources/${made.id}${where}`, method === "PATCH" ? {} : undefined);
      assertProblem(again, 404, { code: "not_found" });
    }
    const { data } = await expect(200, "GET", "/v1/sources?limit=250");
    assert.ok(!data.some((one) => one.id === made.id));
  });

  test("nothing that does not exist is found", async () => {
    for (const id of [nobody, "src_", "x", "sub_0123456789abcdefghjkmnpqrstv", "%00", "..%2fsubscriptions"]) {
      assertProblem(await api("GET", `/v1/sources/${id}`), 404, { code: "not_found" });
      assertProblem(await api("PATCH", `/v1/sources/${id}`, {}), 404, { code: "not_found" });
      assertProblem(await api("DELETE", `/v1/sources/${id}`), 404, { code: "not_found" });
    }
  });
});

describe("what is refused", () => {
  const table = [
    [{ provider: undefined, origin: undefined }, ["/provider", "/origin"]],
    [{ provider: "githup" }, ["/provider"]],
    [{ provider: 7 }, ["/provider"]],
    [{ provider: { signature: { header: "a b" } } }, ["/provider/signature/header"]],
    [{ provider: { signature: { secretEncoding: "utf8" }, more: 1 } }, ["/provider/more"]],
    [{ name: "" }, ["/name"]],
    [{ name: "x".repeat(257) }, ["/name"]],
    [{ secrets: [] }, ["/secrets"]],
    [{ secrets: undefined }, ["/secrets"]],
    [{ secrets: "s3cret" }, ["/secrets"]],
    [{ secrets: ["fine", "", 7] }, ["/secrets/2"]],
    [{ secrets: ["fine", ""] }, ["/secrets/1"]],
    [{ secrets: Array(21).fill("x") }, ["/secrets"]],
    [{ provider: "standard-webhooks", secrets: ["whsec_not base64!"] }, ["/secrets/0"]],
    [{ origin: "nowhere" }, ["/origin"]],
    [{ origin: "https://user:pass@example.com/" }, ["/origin"]],
    [{ mode: "mirror" }, ["/mode"]],
    [{ enforce: 1, resign: "yes", deduplicate: "no" }, ["/enforce", "/resign", "/deduplicate"]],
    [{ toleranceSeconds: -1 }, ["/toleranceSeconds"]],
    [{ toleranceSeconds: 4_294_967_296 }, ["/toleranceSeconds"]],
    [{ timeoutSeconds: 0 }, ["/timeoutSeconds"]],
    [{ timeoutSeconds: 101 }, ["/timeoutSeconds"]],
    [{ publicUrl: "example.com" }, ["/publicUrl"]],
    [{ publicUrl: `https://example.com/${"x".repeat(2_029)}` }, ["/publicUrl"]],
    [{ options: { colour: "red" } }, ["/options/colour"]],
    [{ provider: "meta", options: { verifyToken: "" } }, ["/options/verifyToken"]],
    [{ provider: "meta", options: { verifyToken: 7 } }, ["/options"]],
    [{ route: {} }, ["/route/host", "/route/path"]],
    [{ route: { host: "a b", path: "x" } }, ["/route/host", "/route/path"]],
    [{ route: { host: "a.example.com", path: "/a?b" } }, ["/route/path"]],
    [{ route: { host: "a.example.com", path: "/a*" } }, ["/route/path"]],
    [{ origin: "http://a.example.com/hooks/x", route: { host: "a.example.com", path: "/hooks/*" } }, ["/origin"]],
    [{ url: "x", id: nobody }, ["/url", "/id"]],
  ];
  for (const [more, pointers] of table) {
    test(`${JSON.stringify(more).slice(0, 70)} names ${pointers.join(", ")}`, async () => {
      const answer = await api("POST", "/v1/sources", github(more));
      assertProblem(answer, 422, { pointers });
      assert.equal(answer.json.errors.length, pointers.length, answer.text);
      assert.ok(!answer.text.includes("not base64!"), "a secret is not repeated in the answer");
    });
  }

  test("a PATCH with a fault changes nothing", async () => {
    const made = await create();
    const changes = { name: "after", timeoutSeconds: 0, route: { host: "nothing.example.com", path: "/a" } };
    assertProblem(await api("PATCH", `/v1/sources/${made.id}`, changes), 422, { pointers: ["/timeoutSeconds"] });
    for (const name of ["provider", "origin"]) {
      assertProblem(await api("PATCH", `/v1/sources/${made.id}`, { [name]: null }), 422, { pointers: [`/${name}`] });
    }
    assert.deepEqual(await read(made), made);
    await create({ route: changes.route });
  });

  test("each as what it is", async () => {
    assertProblem(await api("POST", "/v1/sources", github({ origin: "nowhere" })), 422, { code: "invalid_url" });
    for (const body of ["", "{", "nonsense"]) assertProblem(await api("POST", "/v1/sources", body), 400);
    for (const body of ["[]", "null", "7"]) assertProblem(await api("POST", "/v1/sources", body), 422);
    assertProblem(await api("POST", "/v1/sources", github({ name: "x".repeat(256 * 1024) })), 413);
    for (const [where, allow] of [
      ["/v1/sources", "GET, POST"],
      [`/v1/sources/${nobody}`, "GET, PATCH, DELETE"],
      [`/v1/sources/${nobody}/learned-secret`, "GET"],
      ["/v1/providers", "GET"],
      ["/v1/providers/github", "GET"],
    ]) {
      const answer = await api("PUT", where, {});
      assertProblem(answer, 405);
      assert.equal(answer.headers.allow, allow);
      assertProblem(await api("GET", where, undefined, { authorization: null }), 401);
    }
  });
});

describe("secrets", () => {
  test("are in no answer", async () => {
    const secrets = ["first-and-secret", "second-and-secret"];
    const made = await create({ secrets });
    const third = ["third-and-secret"];
    const answers = [made, await read(made), await expect(200, "GET", "/v1/sources?limit=250")];
    answers.push(await patch(made, { secrets: third }), await patch(made, { name: "x" }));
    answers.push((await deliver(made.url, third[0])).text);
    for (const answer of answers) {
      for (const secret of [...secrets, ...third]) assert.ok(!JSON.stringify(answer).includes(secret));
    }
    assert.equal((await read(made)).secretCount, 1);
  });

  test("the one that signs anew is shown when it is made, and never again", async () => {
    const { signingSecret, ...made } = await create({ resign: true });
    assert.match(signingSecret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const patched = await patch(made, { resign: true, name: "x" });
    for (const answer of [patched, await read(made), await expect(200, "GET", "/v1/sources?limit=250")]) {
      assert.ok(!JSON.stringify(answer).includes(signingSecret));
      assert.ok(!JSON.stringify(answer).includes("signingSecret"));
    }
    assert.equal((await patch(made, { resign: false })).resign, false);
    const anew = await patch(made, { resign: true });
    assert.match(anew.signingSecret, /^whsec_/);
    assert.notEqual(anew.signingSecret, signingSecret);
    assert.ok(!("signingSecret" in (await read(made))));
  });

  test("one that the provider tells itself can be read", async () => {
    const made = await create({ provider: "asana", secrets: [] });
    const where = `/v1/sources/${made.id}/learned-secret`;
    assertProblem(await api("GET", where), 404, { code: "not_found" });
    const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    const told = () => request(made.url, { method: "POST", headers: { "x-hook-secret": secret }, body: "{}" });
    for (const time of ["once", "and again, where the answer was lost"]) {
      const answer = await told();
      assert.equal(answer.headers["x-hook-secret"], secret, `${time}: ${answer.status} ${answer.text}`);
      assert.deepEqual(await expect(200, "GET", where), { secret });
    }
    const known = await read(made);
    assert.equal(known.secretCount, 1);
    assert.ok(!JSON.stringify(known).includes(secret));
    const other = { "x-hook-secret": `${secret.slice(2)}aa` };
    const stranger = await request(made.url, { method: "POST", headers: other, body: "{}" });
    assert.ok(stranger.status >= 400, "nobody can put another in its place");
    assert.deepEqual(await expect(200, "GET", where), { secret });
    await patch(made, { secrets: ["own"] });
    assertProblem(await api("GET", where), 404, { code: "not_found" });
  });
});

describe("routes", () => {
  test("requests for them are the source's", async () => {
    const [origin, path] = [uniquePath("/origin"), uniquePath("/routed")];
    const made = await create({ origin: target.url(origin), route: { host, path } });
    assert.equal((await deliver(signet.url + path)).status, 200);
    assert.equal((await deliver(signet.url + path, "wrong")).status, 401);
    assert.equal(target.requests(origin).length, 1);
    await patch(made, { route: { host, path: `${path}/*` } });
    assert.equal((await deliver(signet.url + path)).status, 404);
    assert.equal((await deliver(`${signet.url}${path}/a`)).status, 200);
    assert.equal(target.requests(`${origin}/a`).length, 1);
    await remove(made);
    assert.equal((await deliver(`${signet.url}${path}/a`)).status, 404);
  });

  test("are one source's alone until it gives them up", async () => {
    const route = { host: "taken.example.com", path: "/hooks" };
    const first = await create({ route });
    taken(await api("POST", "/v1/sources", github({ route })));
    taken(await api("POST", "/v1/sources", github({ route: { ...route, host: "TAKEN.example.com:443" } })));
    const second = await create({ route: { ...route, path: "/other" } });
    taken(await api("PATCH", `/v1/sources/${second.id}`, { name: "x", route }));
    assert.deepEqual(await read(second), second, "what was refused changed nothing");
    assert.deepEqual((await patch(first, { route })).route, route, "its own is no conflict");
    await patch(first, { route: { ...route, path: "/*" } });
    assert.deepEqual((await patch(second, { route })).route, route, "what was changed is free");
    await remove(second);
    const third = await create({ route });
    await patch(third, { route: null });
    await create({ route });
  });

  test("asked for by many at once go to one", async () => {
    const route = { host: "many.example.com", path: uniquePath() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => api("POST", "/v1/sources", github({ route }))));
    const [won, lost] = [201, 422].map((status) => answers.filter((answer) => answer.status === status));
    assert.deepEqual([won.length, lost.length], [1, 19]);
    for (const answer of lost) taken(answer);
    await remove(won[0].json);
    await create({ route });
  });

  test("changed by many at once are all but the last one free again", async () => {
    const made = await create();
    const routes = Array.from({ length: 10 }, (_, n) => ({ host: "to-and-fro.example.com", path: `/${n % 5}` }));
    await Promise.all(routes.map((route) => patch(made, { route })));
    const { route: kept } = await read(made);
    for (const route of routes.slice(0, 5)) {
      const again = () => api("POST", "/v1/sources", github({ route }));
      if (route.path === kept.path) taken(await again());
      else await until(async () => (await again()).status === 201, { what: `${route.path} to be free` });
    }
  });
});

describe("in queue mode", () => {
  test("deliveries are the source's, and can be asked for", async () => {
    const path = uniquePath("/queued");
    const made = await create({ mode: "queue", origin: target.url(path) });
    const answer = await deliver(made.url);
    assert.equal(answer.status, 202, answer.text);
    await target.received(path);
    const { data } = await expect(200, "GET", `/v1/deliveries?source=${made.id}`);
    assert.equal(data.length, 1);
    assert.partialDeepStrictEqual(data[0], { source: made.id, subscription: null, url: target.url(path) });
    assert.equal((await settled(data[0].id)).status, "delivered");
    const all = await expect(200, "GET", "/v1/deliveries?limit=250");
    assert.ok(
      all.data.some((one) => one.id === data[0].id),
      "among all the others too",
    );
    for (const query of [`source=${nobody}`, "source=x", `source=${made.id}&subscription=sub_${nobody.slice(4)}`]) {
      assert.deepEqual((await expect(200, "GET", `/v1/deliveries?${query}`)).data, [], query);
    }
    const proxied = await create();
    assert.deepEqual((await expect(200, "GET", `/v1/deliveries?source=${proxied.id}`)).data, []);
  });

  test("deleting cancels what waits, and the history stays", async () => {
    const path = uniquePath("/down");
    const made = await create({ mode: "queue", origin: target.answer(path, 500) });
    assert.equal((await deliver(made.url)).status, 202);
    await target.received(path);
    await remove(made);
    const { data } = await expect(200, "GET", `/v1/deliveries?source=${made.id}`);
    assert.equal(data.length, 1);
    assert.equal((await settled(data[0].id)).status, "cancelled");
  });

  test("the next attempt goes where the source says now", async () => {
    const [before, after] = [uniquePath("/before"), uniquePath("/after")];
    const made = await create({ mode: "queue", origin: target.answer(before, 500) });
    assert.equal((await deliver(made.url)).status, 202);
    await target.received(before);
    await patch(made, { origin: target.url(after) });
    await target.received(after, 1, 20_000);
  });
});

describe("providers", () => {
  test("are listed in pages, each with all that is known of it", async () => {
    const all = await everyPage("/v1/providers", 40);
    const names = all.map((one) => one.name);
    assert.equal(new Set(names).size, names.length);
    for (const name of ["standard-webhooks", "github", "stripe", "slack", "twilio", "meta", "asana", "discord"]) {
      assert.ok(names.includes(name), name);
    }
    for (const one of all) {
      assert.match(one.name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      for (const key of ["title", "docs", "secret"]) assert.equal(typeof one[key], "string", `${one.name}: ${key}`);
      assert.ok(one.signatures.length > 0, one.name);
      assert.equal(typeof one.options, "object");
      assert.ok(Array.isArray(one.handshakes));
    }
    for (const one of all.slice(0, 10)) {
      assert.deepEqual(await expect(200, "GET", `/v1/providers/${one.name}`), one);
    }
    for (const query of ["limit=0", "cursor=none", "name=github"]) await expect(422, "GET", `/v1/providers?${query}`);
    assertProblem(await api("GET", "/v1/providers/none"), 404, { code: "not_found" });
    assertProblem(await api("GET", "/v1/providers/custom"), 404, { code: "not_found" });
  });
});

test("a crash leaves no route that no source has, and no source that nobody reaches", async () => {
  const routes = Array.from({ length: 40 }, (_, n) => ({ host: "crash.example.com", path: `/${n}` }));
  const answered = [];
  const asked = routes.map(async (route) => {
    const answer = await api("POST", "/v1/sources", github({ route })).catch(() => null);
    if (answer) answered.push(answer.json.id);
  });
  await until(() => answered.length >= 10, { every: 1, what: "some to be answered" });
  await signet.restart();
  await Promise.all(asked);
  const held = (await everySource()).filter((one) => one.route?.host === "crash.example.com");
  const ids = held.map((one) => one.id);
  for (const id of answered) assert.ok(ids.includes(id), "what was answered is there");
  for (const one of held) {
    await until(async () => (await deliver(one.url)).status === 200, { what: `${one.id} to be known` });
  }
  for (const route of routes) {
    const again = () => api("POST", "/v1/sources", github({ route }));
    if (held.some((one) => one.route.path === route.path)) taken(await again());
    else await until(async () => (await again()).status === 201, { what: `${route.path} to be free` });
  }
});

// The last one: it leaves as many sources as there may be.
test("an application has a thousand of them at most", { timeout: 120_000 }, async () => {
  const left = await everySource();
  await inParallel(Array.from({ length: 1_000 - left.length }), 32, () => create());
  const route = { host: "too-many.example.com", path: "/" };
  assertProblem(await api("POST", "/v1/sources", github({ route })), 409, { code: "too_many_sources" });
  await remove(left[0]);
  await create({ route });
});
