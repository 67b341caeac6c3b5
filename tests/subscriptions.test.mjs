// A subscription's life: made, read, changed, deleted; its URL, its headers, its secret.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { assertId, assertProblem, assertTime } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, send } = await stage();

const SHAPE = ["id", "name", "url", "events", "filter", "metadata", "profile", "headers", "rateLimit", "status"];
SHAPE.push("disabledReason", "createdAt", "updatedAt");

function assertSubscription(subscription) {
  for (const key of SHAPE) assert.ok(key in subscription, `a subscription has ${key}`);
  assertId(subscription.id, "sub");
  assertTime(subscription.createdAt);
  assertTime(subscription.updatedAt);
}

describe("making and reading", () => {
  test("only the URL is needed", async () => {
    const made = await subscribe({ url: target.url("/only-url") });
    assertSubscription(made);
    assert.equal(made.status, "active");
    assert.equal(made.disabledReason, null);
    assert.equal(made.profile, "standard");
    assert.match(made.secret, /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/);
    assert.equal(
      Buffer.from(made.secret.slice(6), "base64").length >= 24,
      true,
      "24 bytes at least, as Standard Webhooks asks",
    );
    await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
  });

  test("everything else is kept as it was given", async () => {
    const given = {
      url: target.url("/all?of=it&a=%20b"),
      name: "Review events ✓",
      events: ["prompt_run.*", "export.ready"],
      filter: { index_ids: ["idx_archive"] },
      metadata: { owner: "review-ops", note: "ünïcode 🎈" },
      profile: "clipcabinet",
      headers: { "X-Team": "review" },
    };
    const made = await subscribe(given);
    assertSubscription(made);
    assert.partialDeepStrictEqual(made, given);
    const { secret, ...shown } = made;
    assert.equal(typeof secret, "string");
    assert.deepEqual(await expect(200, "GET", `/v1/subscriptions/${made.id}`), shown, "and read without the secret");
  });

  test("the secret is shown at creation and on request, nowhere else", async () => {
    const made = await subscribe({ url: target.url("/secret"), events: ["secret.test"] });
    const { data } = await expect(200, "GET", "/v1/subscriptions?limit=250");
    const patched = await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { name: "other" });
    const paused = await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
    for (const answer of [data, patched, paused]) {
      assert.ok(!JSON.stringify(answer).includes(made.secret), "no secret in another answer");
    }
    const shown = await expect(200, "GET", `/v1/subscriptions/${made.id}/secret`);
    assert.equal(shown.secret, made.secret);
  });

  test("two subscriptions never share a secret", async () => {
    const secrets = new Set();
    for (let n = 0; n < 8; n++) secrets.add((await subscribe({ url: target.url("/x"), events: ["none"] })).secret);
    assert.equal(secrets.size, 8);
  });
});

describe("changing", () => {
  test("PATCH changes what is named and nothing else", async () => {
    const made = await subscribe({ url: target.url("/before"), events: ["a.b"], name: "before", metadata: { k: "v" } });
    const changes = {
      name: "after",
      url: target.url("/after"),
      events: ["c.*"],
      filter: { team: ["ops"] },
      metadata: { other: "w" },
      headers: { "X-Team": "review" },
      profile: "sketchpen",
    };
    let now = await expect(200, "GET", `/v1/subscriptions/${made.id}`);
    for (const [key, value] of Object.entries(changes)) {
      const patched = await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { [key]: value });
      assert.deepEqual({ ...patched, updatedAt: 0 }, { ...now, [key]: value, updatedAt: 0 }, key);
      assert.ok(patched.updatedAt >= now.updatedAt);
      now = await expect(200, "GET", `/v1/subscriptions/${made.id}`);
      assert.deepEqual(now, patched, "and it is read back so");
    }
  });

  test("an empty PATCH changes nothing, a bad one changes nothing either", async () => {
    const made = await subscribe({ url: target.url("/keep"), events: ["a.b"] });
    const shown = await expect(200, "GET", `/v1/subscriptions/${made.id}`);
    const empty = await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, {});
    assert.deepEqual({ ...empty, updatedAt: 0 }, { ...shown, updatedAt: 0 });
    const table = [
      [{ name: "new", url: "ftp://example.com" }, "/url"],
      [{ name: "new", events: [] }, "/events"],
      [{ name: "new", profile: "no-such" }, "/profile"],
      [{ name: "new", id: "sub_1" }, "/id"],
      [{ name: "new", status: "paused" }, "/status"],
      [{ name: "new", headers: { "webhook-id": "x" } }, "/headers/webhook-id"],
    ];
    for (const [change, pointer] of table) {
      const answer = await api("PATCH", `/v1/subscriptions/${made.id}`, change);
      assertProblem(answer, 422, { pointers: [pointer] });
    }
    const after = await expect(200, "GET", `/v1/subscriptions/${made.id}`);
    assert.deepEqual({ ...after, updatedAt: 0 }, { ...shown, updatedAt: 0 });
  });

  test("a change of many fields at once by many callers loses none of them", async () => {
    const made = await subscribe({ url: target.url("/many"), events: ["a.b"] });
    const changes = [{ name: "n" }, { events: ["c.d"] }, { metadata: { k: "v" } }, { headers: { "X-A": "b" } }];
    changes.push({ filter: { f: ["g"] } }, { profile: "playcut" });
    await Promise.all(changes.map((change) => expect(200, "PATCH", `/v1/subscriptions/${made.id}`, change)));
    assert.partialDeepStrictEqual(
      await expect(200, "GET", `/v1/subscriptions/${made.id}`),
      Object.assign({}, ...changes),
    );
  });

  test("many made at the same moment are all there", async () => {
    const type = uniqueType();
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        subscribe({ url: target.url(`/at-once-${n}`), events: [type], name: `${n}` }),
      ),
    );
    assert.equal(new Set(made.map((one) => one.id)).size, 30);
    const { deliveries } = await send({ type, data: {} });
    assert.deepEqual(new Set(deliveries.map((one) => one.subscription)), new Set(made.map((one) => one.id)));
    await Promise.all(made.map((one) => expect(204, "DELETE", `/v1/subscriptions/${one.id}`)));
    assert.deepEqual((await send({ type, data: {} })).deliveries, []);
  });

  test("DELETE is 204, and then it is gone everywhere", async () => {
    const type = uniqueType();
    const made = await subscribe({ url: target.url("/gone"), events: [type] });
    const answer = await api("DELETE", `/v1/subscriptions/${made.id}`);
    assert.equal(answer.status, 204);
    assert.equal(answer.text, "");
    for (const [method, where] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["GET", "/secret"],
      ["POST", "/pause"],
      ["POST", "/resume"],
      ["POST", "/test"],
      ["POST", "/rotate-secret"],
    ]) {
      const again = await api(method, `/v1/subscriptions/${made.id}${where}`, method === "PATCH" ? {} : undefined);
      assertProblem(again, 404, { code: "not_found" });
    }
    const { data } = await expect(200, "GET", "/v1/subscriptions?limit=250");
    assert.ok(!data.some((one) => one.id === made.id));
    assert.deepEqual((await send({ type, data: {} })).deliveries, []);
  });
});

describe("the URL", () => {
  const refused = {
    "": "empty",
    "example.com/hook": "no scheme",
    "/hook": "relative",
    "//example.com/hook": "no scheme either",
    "ftp://example.com/": "another scheme",
    "file:///etc/passwd": "a file",
    "javascript:alert(1)": "a script",
    "data:text/plain,x": "data",
    "ws://example.com/": "a socket",
    "http://": "no host",
    "https:///": "no host",
    "https://user:pass@example.com/": "credentials",
    "https://user@example.com/": "half of credentials",
    "https://example.com:99999/": "no such port",
    "https://exa mple.com/": "a space in the host",
    [`https://example.com/${"a".repeat(2048 - 19)}`]: "2,049 characters",
  };
  for (const [url, why] of Object.entries(refused)) {
    test(`is refused: ${why}`, async () => {
      const answer = await api("POST", "/v1/subscriptions", { url });
      assertProblem(answer, 422, { code: "invalid_url", pointers: ["/url"] });
    });
  }

  test("may have 2,048 characters", async () => {
    const url = `https://example.com/${"a".repeat(2048 - 20)}`;
    assert.equal(url.length, 2048);
    assert.equal((await subscribe({ url, events: ["none"] })).url, url);
  });

  test("keeps no fragment", async () => {
    const made = await subscribe({ url: `${target.url("/fragment")}?q=1#part`, events: ["none"] });
    assert.equal(made.url, `${target.url("/fragment")}?q=1`);
  });

  test("keeps its query and its path on the wire", async () => {
    const type = uniqueType();
    const where = "/a%2Fb/c%20d?x=1&y=%26&z";
    await subscribe({ url: target.url(where), events: [type] });
    await send({ type, data: {} });
    const [request] = await target.received("/a%2Fb/c%20d");
    assert.equal(request.target, where);
  });

  for (const url of [7, null, ["https://example.com"], {}]) {
    test(`is a string, not ${JSON.stringify(url)}`, async () => {
      assertProblem(await api("POST", "/v1/subscriptions", { url }), 422, { pointers: ["/url"] });
    });
  }
});

describe("headers of one's own", () => {
  test("go out with every delivery", async () => {
    const type = uniqueType();
    const path = uniquePath();
    await subscribe({
      url: target.url(path),
      events: [type],
      headers: { "X-Team": "review", Authorization: "Bearer abc" },
    });
    await send({ type, data: {} });
    const [request] = await target.received(path);
    assert.equal(request.headers["x-team"], "review");
    assert.equal(request.headers.authorization, "Bearer abc");
  });

  const names = ["Host", "content-length", "Transfer-Encoding", "Connection", "webhook-id", "Webhook-Signature"];
  names.push("webhook-anything", "Signet-Verified", "Upgrade", "TE", "Trailer", "a b", "a:b", "");
  for (const name of names) {
    test(`may not be ${JSON.stringify(name)}`, async () => {
      const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), headers: { [name]: "x" } });
      assertProblem(answer, 422, { pointers: [`/headers/${name}`] });
    });
  }

  test("may not be the profile's own signature", async () => {
    const headers = { "x-playcut-signature": "sha256=00" };
    const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), profile: "playcut", headers });
    assertProblem(answer, 422, { pointers: ["/headers/x-playcut-signature"] });
  });

  for (const value of ["a\r\nX-Injected: 1", "a\nb", "a\u0000b", 7, null]) {
    test(`may not have the value ${JSON.stringify(value)}`, async () => {
      const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), headers: { "X-A": value } });
      assertProblem(answer, 422);
      assert.ok(answer.json.errors.some((one) => one.pointer.startsWith("/headers")));
    });
  }
});

describe("a secret brought along", () => {
  test("signs from the first delivery on", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const type = uniqueType();
    const path = uniquePath();
    const made = await subscribe({ url: target.url(path), events: [type], secret });
    assert.equal(made.secret, secret);
    await send({ type, data: {} });
    const [request] = await target.received(path);
    new Webhook(secret).verify(request.text, request.headers);
  });

  for (const [profile, secret] of [
    ["standard", "whsec_not base64!"],
    ["standard", ""],
    ["playcut", ""],
    ["standard", 7],
  ]) {
    test(`is refused by ${profile}: ${JSON.stringify(secret)}`, async () => {
      const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), profile, secret });
      assertProblem(answer, 422, { pointers: ["/secret"] });
      if (typeof secret === "string" && secret)
        assert.ok(!answer.text.includes(secret), "and is not repeated in the answer");
    });
  }
});
