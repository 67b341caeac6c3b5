// What is shown of a request is what goes out: of one that was never made, and of a delivery's next attempt.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertId, assertProblem, verifies } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { judges } from "./support/judges.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { bearer, tenant } from "./support/tenant.mjs";
import { github } from "./support/vectors.mjs";
import { until } from "./support/wait.mjs";
import { arrived, assertShown, byLowerName, holding, spelt } from "./support/wire-view.mjs";

const { signet, target, api, expect, subscribe, send, sendOne, settled, profile } = await stage();

const TRACE = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", tracestate: "a=b,c=d" };
const DATA = '{"id":"v1","text":"ünïcode ✓ \\u00fc","number":12345678901234567890,"none":null}';

await profile("brand", {
  signature: {
    algorithm: "hmac-sha512",
    secretEncoding: "utf8",
    content: "{timestamp}.{body}",
    encoding: "hex",
    header: "X-Brand-Signature",
    format: "t={timestamp},v1={signature}",
    separator: ",",
  },
  headers: { "User-Agent": "Brand/1.0", "X-brand-EVENT": "{event.type} of {event.id}", "X-Sub": "{subscription.id}" },
  body: { event: "{event.type}", of: "{delivery.id} {subscription.id}", at: "{event.unixTime}", data: "{data}" },
});
const PROFILES = ["standard", "playcut", "sketchpen", "videovector", "clipcabinet", "ssemble", "brand"];
const schemeOf = async (name) => (await expect(200, "GET", `/v1/profiles/${name}`)).signature;
const requestOf = (id) => expect(200, "GET", `/v1/deliveries/${id}/request`);
const preview = (name, body) => expect(200, "POST", `/v1/profiles/${name}/preview`, body);

/** Sends one event to a subscription of its own; what arrived, and what is shown of the next attempt. */
async function delivered(subscription = {}, headers = {}) {
  const [type, path] = [uniqueType("video.done"), uniquePath()];
  const made = await subscribe({ url: `${target.url(path)}?to=a%20b`, events: [type], ...subscription });
  const { deliveries } = await send(`{"type":"${type}","data":${DATA}}`, headers);
  const [{ id }] = deliveries;
  const [came] = await target.received(path);
  await settled(id);
  return { made, id, path, came };
}

describe("what an attempt would send", () => {
  for (const name of PROFILES) {
    test(`under ${name} is what the last one sent, but for time, signature and span`, async () => {
      const scheme = await schemeOf(name);
      const own = { "x-Own-Header": "a token", Authorization: "Bearer abc", "user-agent": "mine/1" };
      const { made, id, path, came } = await delivered({ profile: name, headers: own }, TRACE);
      const shown = await requestOf(id);
      assertShown(shown, came, scheme);
      const { traceparent, tracestate } = byLowerName(shown);
      assert.match(traceparent, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
      assert.notEqual(traceparent, came.headers.traceparent, "a span of its own");
      assert.equal(tracestate, TRACE.tracestate);
      for (const one of [{ headers: byLowerName(shown), body: shown.body }, came]) {
        assert.equal(holding(scheme, made.secret, one), 1);
        assert.equal(holding(scheme, `${made.secret.slice(0, -4)}AAAA`, one), 0);
      }
      assert.equal(target.requests(path).length, 1, "nothing is sent by looking");
    });
  }

  test("is signed anew each time, without a trace, and shows the headers in one order", async () => {
    const { id, made } = await delivered();
    const scheme = await schemeOf("standard");
    const [first, second] = [await requestOf(id), await requestOf(id)];
    for (const shown of [first, second]) {
      assert.deepEqual(
        shown.headers.map(({ name }) => name),
        ["Content-Type", "User-Agent", scheme.header, scheme.timestampHeader, scheme.idHeader],
      );
      assert.ok(verifies(made.secret, { text: shown.body, headers: byLowerName(shown) }));
      assert.ok(Math.abs(Number(byLowerName(shown)["webhook-timestamp"]) - Date.now() / 1000) < 5);
    }
  });

  test("has both signatures while a rotation lasts, and Ed25519's where a private key signs", async () => {
    const { id, made } = await delivered();
    const scheme = await schemeOf("standard");
    const second = await expect(200, "POST", `/v1/subscriptions/${made.id}/rotate-secret`, {});
    const third = await expect(200, "POST", `/v1/subscriptions/${made.id}/rotate-secret`, { secretType: "ed25519" });
    const shown = await requestOf(id);
    const signed = { headers: byLowerName(shown), body: shown.body };
    assert.equal(signed.headers["webhook-signature"].split(" ").length, 3);
    for (const secret of [third.publicKey, second.secret, made.secret])
      assert.equal(holding(scheme, secret, signed), 1);
    await expect(200, "POST", `/v1/subscriptions/${made.id}/rotate-secret`, { overlapSeconds: 0 });
    const alone = await requestOf(id);
    assert.equal(byLowerName(alone)["webhook-signature"].split(" ").length, 1);
    assert.equal(holding(scheme, made.secret, { headers: byLowerName(alone), body: alone.body }), 0);
  });

  test("follows the subscription as it is now, with the body as it was", async () => {
    const { id, made, came } = await delivered();
    const elsewhere = target.url(uniquePath());
    await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { url: elsewhere, headers: { "X-New": "1" } });
    const shown = await requestOf(id);
    assert.equal(shown.url, elsewhere);
    assert.equal(shown.body, came.text);
    assert.equal(byLowerName(shown)["x-new"], "1");
  });

  test("to a `webhookUrl` is signed with the application's secret", async () => {
    const own = await tenant(signet);
    const path = uniquePath();
    const event = { type: uniqueType(), data: { a: 1 }, webhookUrl: target.url(path), id: uniqueType("their-id") };
    const { deliveries } = await own.send(event);
    const [came] = await target.received(path);
    const shown = await own.expect(200, "GET", `/v1/deliveries/${deliveries[0].id}/request`);
    assertShown(shown, came, await schemeOf("standard"));
    assert.equal(shown.url, target.url(path));
    assert.ok(verifies(own.secret, { text: shown.body, headers: byLowerName(shown) }));
  });

  test("can be seen of what is pending, held, cancelled and a test", async () => {
    const [type, path] = [uniqueType(), uniquePath()];
    const made = await subscribe({ url: target.url(path), events: [type] });
    const later = await sendOne({ type, data: 1, deliverAt: new Date(Date.now() + 3_600_000).toISOString() });
    await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
    const held = await sendOne({ type, data: 2 });
    const { deliveryId } = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`, { type: "a.test" });
    for (const [id, data] of [
      [later, 1],
      [held, 2],
    ]) {
      const before = await requestOf(id);
      await expect(200, "POST", `/v1/deliveries/${id}/cancel`);
      const after = await requestOf(id);
      assert.equal(before.body, after.body);
      assert.equal(JSON.parse(after.body).data, data);
    }
    const tested = await requestOf(deliveryId);
    const [came] = await target.received(path);
    assertShown(tested, came, await schemeOf("standard"));
    assert.equal(target.requests(path).length, 1, "the test alone was sent");
  });

  test("of what is gone, or somebody else's, is not shown", async () => {
    const { id, made } = await delivered();
    await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
    assertProblem(await api("GET", `/v1/deliveries/${id}/request`), 409, { code: "subscription_deleted" });
    const other = await tenant(signet);
    const [own, strange] = await Promise.all(
      [id, id.replace(/^del_.{4}/, "del_0000")].map((one) => other.api("GET", `/v1/deliveries/${one}/request`)),
    );
    assertProblem(own, 404, { code: "not_found" });
    assert.equal(own.text, strange.text);
    for (const where of ["x", `evt_${id.slice(4)}`, `${id}0`]) {
      assertProblem(await api("GET", `/v1/deliveries/${where}/request`), 404, { code: "not_found" });
    }
  });

  test("shows a subscriber's headers to those who may read subscriptions alone", async () => {
    const own = { "X-Token": "a token of the receiver's", "user-agent": "theirs" };
    const { id } = await delivered({ headers: own });
    const seen = async (scopes) => {
      const { key } = await expect(201, "POST", "/v1/api-keys", { label: "x", scopes });
      return bearer(api, key)("GET", `/v1/deliveries/${id}/request`);
    };
    const whole = (await seen(["deliveries:write", "subscriptions:read"])).json;
    const partly = await seen(["deliveries:write", "secrets:read", "deliveries:read", "subscriptions:write"]);
    assert.equal(byLowerName(whole)["x-token"], own["X-Token"]);
    assert.ok(!partly.text.includes("a token of") && !partly.text.includes("theirs"), partly.text);
    const hidden = partly.json.headers.filter(({ value }) => value === null).map(({ name }) => name);
    assert.deepEqual(hidden.sort(), ["X-Token", "user-agent"]);
    assert.deepEqual(
      partly.json.headers.map(({ name }) => name),
      whole.headers.map(({ name }) => name),
    );
    assertProblem(await seen(["deliveries:read", "subscriptions:read"]), 403, { code: "missing_scope" });
  });

  test("to the operator's own webhook is the operator's to see", async () => {
    const made = await subscribe({ url: target.url(uniquePath()), events: ["signet.*"] });
    const { deliveryId } = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`, {});
    await requestOf(deliveryId);
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "x" });
    assertProblem(await bearer(api, key)("GET", `/v1/deliveries/${deliveryId}/request`), 404, { code: "not_found" });
    await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
  });
});

describe("what a source's queue would send", () => {
  const SECRET = "It's a Secret to Everybody";
  const queue = (body) => expect(201, "POST", "/v1/sources", { mode: "queue", ...body });
  /** What of a request to a source the runtime makes anew. */
  const scheme = { header: "webhook-signature", timestampHeader: "webhook-timestamp" };

  for (const [what, body] of [
    ["JSON", Buffer.from('{"a": "ü"}')],
    ["bytes", Buffer.from([0x7b, 0xff, 0x00, 0x0d, 0x0a, 0x7d])],
  ]) {
    test(`is the request as it came, with Signet's word: ${what}`, async () => {
      const path = uniquePath("/origin");
      const origin = `${target.url(path)}?k=v`;
      const made = await queue({ provider: "github", secrets: [SECRET], origin, resign: true });
      const { signingSecret } = made;
      const headers = { ...github(SECRET, body, `id-${what}`), "Content-Type": "application/x-odd", "X-Twice": "a, b" };
      const sent = await request(`${made.url}/a/b%20c?x=1&x=2&y`, { method: "PUT", headers, body });
      assert.equal(sent.status, 202, sent.text);
      const [came] = await target.received(`${path}/a/b%20c`);
      const [{ id }] = sent.json.deliveries;
      await settled(id);
      const shown = await requestOf(id);
      assertShown(shown, came, scheme);
      assert.equal(shown.method, "PUT");
      assert.deepEqual(
        shown.headers.slice(-6).map(({ name }) => name),
        [
          "Signet-Source",
          "Signet-Provider",
          "Signet-Verified",
          ...["signature", "timestamp", "id"].map((it) => `webhook-${it}`),
        ],
      );
      assert.equal(shown.body === null, what === "bytes");
      if (what === "JSON") {
        assert.equal(typeof signingSecret, "string");
        assert.ok(verifies(signingSecret, { text: shown.body, headers: byLowerName(shown) }));
      }
    });
  }

  test("shows what may hold the provider's token to those who may read secrets alone", async () => {
    const path = uniquePath("/origin");
    const [token, hidden] = ["a-token-that-is-the-secret", "a-token-in-the-query"];
    const made = await queue({ provider: "gitlab", secrets: [token], origin: target.url(path) });
    const headers = { "x-gitlab-token": token, "x-gitlab-event-uuid": "1", "content-type": "application/json" };
    const sent = await request(`${made.url}?auth=${hidden}`, { method: "POST", headers, body: "{}" });
    assert.equal(sent.status, 202, sent.text);
    const [{ id }] = sent.json.deliveries;
    await settled(id);
    // Asked for without the gateway's own helper, which takes any answer with a token for a leak.
    const seen = async (scopes) => {
      const { key } = await expect(201, "POST", "/v1/api-keys", { label: "x", scopes });
      return request(`${signet.url}/v1/deliveries/${id}/request`, { headers: { authorization: `Bearer ${key}` } });
    };
    const partly = await seen(["deliveries:write", "deliveries:read", "subscriptions:read", "sources:read"]);
    assert.equal(partly.status, 200, partly.text);
    assert.ok(!partly.text.includes(token) && !partly.text.includes(hidden), partly.text);
    assert.equal(partly.json.url, target.url(path));
    assert.equal(byLowerName(partly.json)["x-gitlab-token"], null);
    assert.equal(byLowerName(partly.json)["signet-verified"], "true");
    const whole = await seen(["deliveries:write", "secrets:read"]);
    assert.equal(byLowerName(whole.json)["x-gitlab-token"], token);
    assert.equal(whole.json.url, `${target.url(path)}?auth=${hidden}`);
    const notices = () => signet.output.split("\n").filter((line) => line.includes("secret_read") && line.includes(id));
    await until(() => notices().length > 0, { what: "the reading to be logged" });
    assert.equal(notices().length, 1, "what was not shown is not logged");
  });
});

describe("a preview", () => {
  for (const name of PROFILES) {
    test(`under ${name} is what a subscription gets`, async () => {
      const scheme = await schemeOf(name);
      const headers = { "x-Own-Header": "a token", "user-agent": "mine/1" };
      const shown = await preview(name, `{"type":"video.done","data":${DATA},"headers":${JSON.stringify(headers)}}`);
      const { came } = await delivered({ profile: name, headers });
      const names = (list) => list.map((one) => spelt(one.name)).sort();
      assert.deepEqual(names(shown.headers), names(arrived(came)), "as they are spelt on the wire");
      assert.equal(shown.method, came.method);
      const [example, real] = [JSON.parse(shown.body), came.json];
      assert.deepEqual(Object.keys(example), Object.keys(real));
      assert.ok(shown.body.includes(DATA) && came.text.includes(DATA), "the data, byte by byte");
      const signed = { headers: byLowerName(shown), body: shown.body };
      assert.equal(holding(scheme, shown.secret, signed), 1);
      assert.equal(holding(scheme, `${shown.secret.slice(0, -4)}AAAA`, signed), 0);
      const again = await preview(name, {});
      assert.notEqual(again.secret, shown.secret, "an example's secret is nobody's");
      const brought = await preview(name, { secret: again.secret });
      assert.equal(brought.secret, again.secret);
    });
  }

  test("is taken by those who verify the products' deliveries", async () => {
    const products = {
      playcut: "/webhooks/playcut",
      sketchpen: "/webhook",
      videovector: "/webhooks/videovector",
      clipcabinet: "/hooks/clipcabinet",
      ssemble: "/webhooks/ssemble",
      standard: "/webhooks/standard",
    };
    const shown = {};
    for (const name of Object.keys(products)) shown[name] = await preview(name, { type: "a.b", data: { id: "1" } });
    const named = Object.entries(shown).map(([name, { secret }]) => [`${name.toUpperCase()}_WEBHOOK_SECRET`, secret]);
    for (const [judge, origin] of Object.entries(await judges(Object.fromEntries(named)))) {
      for (const [name, path] of Object.entries(products)) {
        const { method, body, headers } = shown[name];
        const sent = Object.fromEntries(headers.map((one) => [one.name, one.value]));
        const answer = await request(origin + path, { method, headers: sent, body });
        assert.equal(answer.status, 200, `${judge}, ${name}: ${answer.text}`);
        const forged = await request(origin + path, { method, headers: sent, body: body.replace('"1"', '"2"') });
        assert.ok(forged.status >= 400, `${judge}, ${name}: a forged body is refused`);
      }
    }
  });

  test("needs nothing to be said, and says what it made up", async () => {
    for (const body of [undefined, {}]) {
      const shown = await preview("standard", body);
      assert.equal(shown.url, "https://example.com/webhook");
      assert.ok(verifies(shown.secret, { text: shown.body, headers: byLowerName(shown) }));
      assertId(byLowerName(shown)["webhook-id"], "del");
      assert.equal(JSON.parse(shown.body).type, "webhook.test");
      assert.equal("publicKey" in shown, false);
    }
  });

  test("with a private key has its other half", async () => {
    const scheme = await schemeOf("standard");
    const made = await preview("standard", { secretType: "ed25519" });
    assert.match(made.secret, /^whsk_/);
    const brought = await preview("standard", { secret: made.secret });
    assert.equal(brought.publicKey, made.publicKey);
    for (const { headers, body } of [made, brought]) {
      assert.equal(holding(scheme, made.publicKey, { headers: byLowerName({ headers }), body }), 1);
    }
  });

  test("keeps nothing, sends nothing, and knows nobody's secret", async () => {
    const path = uniquePath();
    const made = await subscribe({ url: target.url(path), events: ["none.*"], headers: { "X-A": "1" } });
    const lists = ["subscriptions", "deliveries", "profiles"].map((what) => `/v1/${what}`);
    const before = await Promise.all(lists.map((where) => expect(200, "GET", where)));
    const shown = await preview("standard", {
      url: target.url(path),
      type: "a.b",
      data: null,
      metadata: { any: ["thing"] },
    });
    assert.notEqual(shown.secret, made.secret);
    assert.equal(JSON.parse(shown.body).data, null);
    const id = byLowerName(shown)["webhook-id"];
    assertProblem(await api("GET", `/v1/deliveries/${id}`), 404);
    assert.deepEqual(await Promise.all(lists.map((where) => expect(200, "GET", where))), before);
    assert.equal(target.requests(path).length, 0);
    for (const field of ["subscription", "profile", "events"]) {
      const answer = await api("POST", "/v1/profiles/standard/preview", { [field]: made.id });
      assertProblem(answer, 422, { pointers: [`/${field}`] });
    }
  });

  test("is of the caller's own profiles", async () => {
    const own = await tenant(signet);
    await own.profile("theirs", { headers: { "X-Theirs": "1" } });
    const { key } = await own.expect(201, "POST", "/v1/api-keys", { label: "x", scopes: ["events:write"] });
    const shown = await bearer(api, key)("POST", "/v1/profiles/theirs/preview", {});
    assert.equal(shown.status, 200, shown.text);
    assert.equal(byLowerName(shown.json)["x-theirs"], "1");
    for (const name of ["theirs", "never-was", "Standard"]) {
      assertProblem(await api("POST", `/v1/profiles/${name}/preview`, {}), 404, { code: "not_found" });
    }
  });

  test("of what would be too large is refused", async () => {
    await profile("thrice", { body: Array(9).fill("{data}") });
    const answer = await api("POST", "/v1/profiles/thrice/preview", { data: "x".repeat(240_000) });
    assertProblem(answer, 413, { code: "body_too_large" });
  });
});
