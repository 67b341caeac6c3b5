// Profiles: the six that are built in, and an application's own on the wire.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, send, profile } = await stage();

/** Sends one event under a profile of its own and gives the request with the subscription that got it. */
async function onTheWire(name, definition, { event = {}, subscription = {} } = {}) {
  await profile(name, definition);
  const type = event.type ?? uniqueType();
  const path = uniquePath();
  const made = await subscribe({ url: target.url(path), events: [type], profile: name, ...subscription });
  await send({ type, data: {}, ...event });
  const [request] = await target.received(path);
  return { made, request };
}

describe("the built-in ones", () => {
  const delays = {
    standard: [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400],
    playcut: [0, 60, 300],
    sketchpen: [0, 30, 120, 480],
    videovector: [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400],
    clipcabinet: [0, 30, 60, 300, 900, 1800, 3600, 21600],
    ssemble: [0, 1, 3],
  };

  test("are listed in the form that one's own have", async () => {
    const { data } = await expect(200, "GET", "/v1/profiles");
    const byName = new Map(data.map((one) => [one.name, one]));
    for (const [name, expected] of Object.entries(delays)) {
      const shown = byName.get(name);
      assert.ok(shown, name);
      assert.deepEqual(shown.retry.delays, expected, name);
      for (const key of ["signature", "headers", "body"]) assert.equal(typeof shown[key], "object", `${name}: ${key}`);
      assert.equal(typeof shown.timeoutSeconds, "number");
    }
    assert.equal(byName.get("standard").retry.jitter, 0.1);
    assert.equal(byName.get("standard").timeoutSeconds, 20);
    assert.equal(byName.get("ssemble").timeoutSeconds, 10);
    for (const name of ["playcut", "sketchpen", "clipcabinet", "ssemble"]) {
      assert.equal(byName.get(name).retry.jitter, 0, `${name} promises its delays to the second`);
    }
  });

  test("can't be replaced or removed", async () => {
    for (const name of Object.keys(delays)) {
      const put = await api("PUT", `/v1/profiles/${name}`, { retry: { delays: [0] } });
      assertProblem(put, put.status === 422 ? 422 : 409);
      const removed = await api("DELETE", `/v1/profiles/${name}`);
      assertProblem(removed, removed.status === 422 ? 422 : 409);
    }
    const { data } = await expect(200, "GET", "/v1/profiles");
    for (const one of data) if (delays[one.name]) assert.deepEqual(one.retry.delays, delays[one.name]);
  });

  test("what GET shows can be PUT under another name, and is then the same", async () => {
    const { data } = await expect(200, "GET", "/v1/profiles");
    for (const { name, ...shown } of data.filter((one) => delays[one.name])) {
      await profile(`copy-of-${name}`, shown);
      const after = await expect(200, "GET", "/v1/profiles");
      const { name: _, builtIn: __, ...copy } = after.data.find((one) => one.name === `copy-of-${name}`);
      const { builtIn: ___, ...original } = shown;
      assert.deepEqual(copy, original);
    }
  });
});

describe("one's own", () => {
  test("comes, is listed, is replaced and goes", async () => {
    await profile("mine", { retry: { delays: [0, 7], jitter: 0 }, timeoutSeconds: 3 });
    const shown = async () => (await expect(200, "GET", "/v1/profiles")).data.find((one) => one.name === "mine");
    assert.partialDeepStrictEqual(await shown(), { retry: { delays: [0, 7], jitter: 0 }, timeoutSeconds: 3 });
    await profile("mine", { retry: { delays: [0, 8] } });
    assert.deepEqual((await shown()).retry.delays, [0, 8]);
    assert.equal((await shown()).timeoutSeconds, 20, "what is left out is as in standard, not as it was");
    assert.equal((await api("DELETE", "/v1/profiles/mine")).status, 204);
    assert.equal(await shown(), undefined);
    assertProblem(await api("DELETE", "/v1/profiles/mine"), 404, { code: "not_found" });
    const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), profile: "mine" });
    assertProblem(answer, 422, { pointers: ["/profile"] });
  });

  test("goes over the wire as the contract's example says", async () => {
    const definition = {
      signature: {
        algorithm: "hmac-sha256",
        secretEncoding: "utf8",
        content: "{timestamp}.{body}",
        encoding: "hex",
        header: "X-Brand-Signature",
        format: "sha256={signature}",
        timestampHeader: "X-Brand-Timestamp",
      },
      headers: { "User-Agent": "Brand/1.0", "X-Brand-Event": "{event.type}", "X-Brand-Delivery": "{delivery.id}" },
      body: { event: "{event.type}", video_id: "{data.id}", data: "{data}", created_at: "{event.unixTime}" },
      retry: { delays: [0, 60, 300], jitter: 0.0 },
      timeoutSeconds: 10,
    };
    const event = { type: "video.completed", data: { id: "v1", n: [1.0, 2] }, occurredAt: "2024-03-23T22:56:07.891Z" };
    const { made, request } = await onTheWire("brand", definition, { event });
    assert.equal(
      request.text,
      '{"event":"video.completed","video_id":"v1","data":{"id":"v1","n":[1,2]},"created_at":1711234567}',
    );
    const timestamp = request.headers["x-brand-timestamp"];
    assert.match(timestamp, /^\d{10}$/);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 5, "the timestamp is the attempt's, not the event's");
    const expected = createHmac("sha256", made.secret).update(`${timestamp}.${request.text}`).digest("hex");
    assert.equal(request.headers["x-brand-signature"], `sha256=${expected}`);
    assert.equal(request.headers["user-agent"], "Brand/1.0");
    assert.equal(request.headers["x-brand-event"], "video.completed");
    assert.match(request.headers["x-brand-delivery"], /^del_/);
    assert.equal(request.headers["webhook-id"], undefined, "nothing of the standard's beside it");
  });

  test("a placeholder alone takes the JSON value, inside a text its text", async () => {
    const body = {
      number: "{data.number}",
      object: "{data.object}",
      nested: ["{data.object.deep.er}", { again: "{data.flag}" }],
      text: "{data.number} of {event.type}: {data.quote}",
      fallback: "{data.missing|data.none|data.number}",
      last: "{data.missing|event.typeSuffix}",
      literal: { a: 1, b: [true, null, "plain", 1.5] },
      "{event.type}": "a key is no placeholder",
    };
    const data = { number: 12, object: { deep: { er: [1] } }, flag: false, quote: 'say "hi"\n\\o/ ü', none: null };
    const { request } = await onTheWire("shapes", { body }, { event: { type: "shape.made", data } });
    assert.deepEqual(request.json, {
      number: 12,
      object: { deep: { er: [1] } },
      nested: [[1], { again: false }],
      text: '12 of shape.made: say "hi"\n\\o/ ü',
      fallback: 12,
      last: "made",
      literal: { a: 1, b: [true, null, "plain", 1.5] },
      "{event.type}": "a key is no placeholder",
    });
    assert.deepEqual(Object.keys(request.json), Object.keys(body), "in the template's order");
  });

  for (const algorithm of ["hmac-sha1", "hmac-sha256", "hmac-sha512"]) {
    for (const encoding of ["hex", "base64"]) {
      test(`${algorithm} in ${encoding}`, async () => {
        const header = "X-Sig";
        const signature = {
          algorithm,
          secretEncoding: "utf8",
          content: "{body}",
          encoding,
          header,
          format: "{signature}",
        };
        const { made, request } = await onTheWire(`${algorithm}-${encoding}`, { signature });
        const expected = createHmac(algorithm.slice(5), made.secret).update(request.body).digest(encoding);
        assert.equal(request.headers["x-sig"], expected);
      });
    }
  }

  for (const [secretEncoding, secret, key] of [
    ["utf8", "whsec_used as written ✓", Buffer.from("whsec_used as written ✓")],
    ["base64", `whsec_${Buffer.from([0, 255, 1, 254]).toString("base64")}`, Buffer.from([0, 255, 1, 254])],
    ["hex", "00ff01fe", Buffer.from("00ff01fe", "hex")],
  ]) {
    test(`a secret read as ${secretEncoding}`, async () => {
      const definition = {
        signature: { secretEncoding, content: "{body}", encoding: "hex", header: "X-Sig", format: "{signature}" },
      };
      const { request } = await onTheWire(`secret-${secretEncoding}`, definition, { subscription: { secret } });
      assert.equal(request.headers["x-sig"], createHmac("sha256", key).update(request.body).digest("hex"));
    });
  }

  test("a change counts for the next event", async () => {
    const { made } = await onTheWire("changing", { headers: { "X-Version": "1" } });
    await profile("changing", { headers: { "X-Version": "2" } });
    await send({ type: made.events[0], data: {} });
    const path = new URL(made.url).pathname;
    const [first, second] = await target.received(path, 2);
    assert.deepEqual([first.headers["x-version"], second.headers["x-version"]], ["1", "2"]);
  });

  test("data can't become a header: whoever writes it could write another one after it", async () => {
    const answer = await api("PUT", "/v1/profiles/smuggler", { headers: { "X-Title": "{data.title}" } });
    assertProblem(answer, 422, { pointers: ["/headers/X-Title"] });
  });
});

describe("refused on the way in", () => {
  const signature = { content: "{body}", encoding: "hex", header: "X-Sig", format: "{signature}" };
  const table = [
    [{ colour: "red" }, "/colour"],
    [{ signature: "hmac" }, "/signature"],
    [{ signature: { ...signature, algorithm: "md5" } }, "/signature/algorithm"],
    [{ signature: { ...signature, secretEncoding: "rot13" } }, "/signature/secretEncoding"],
    [{ signature: { ...signature, encoding: "base32" } }, "/signature/encoding"],
    [{ signature: { ...signature, content: "no body" } }, "/signature/content"],
    [{ signature: { ...signature, content: "{body}{secret}" } }, "/signature/content"],
    [{ signature: { ...signature, format: "nothing" } }, "/signature/format"],
    [{ signature: { ...signature, format: "{signature}\r\nX-Injected: 1" } }, "/signature/format"],
    [{ signature: { ...signature, header: "X Sig" } }, "/signature/header"],
    [{ signature: { ...signature, header: "Content-Length" } }, "/signature/header"],
    [{ signature: { ...signature, more: 1 } }, "/signature/more"],
    [{ headers: { "X-A": "{nothing.known}" } }, "/headers/X-A"],
    [{ headers: { "X-A": "a\r\nX-Injected: 1" } }, "/headers/X-A"],
    [{ headers: { Host: "example.com" } }, "/headers/Host"],
    [{ headers: { "Transfer-Encoding": "chunked" } }, "/headers/Transfer-Encoding"],
    [{ headers: { "Signet-Verified": "true" } }, "/headers/Signet-Verified"],
    [{ headers: [] }, "/headers"],
    [{ body: { a: "{nothing.known}" } }, "/body"],
    [{ retry: { delays: [] } }, "/retry/delays"],
    [{ retry: { delays: [0, -1] } }, "/retry/delays"],
    [{ retry: { delays: [0, "60"] } }, "/retry/delays"],
    [{ retry: { delays: Array(1000).fill(0) } }, "/retry/delays"],
    [{ retry: { delays: [0, 1e300] } }, "/retry/delays"],
    [{ retry: { jitter: -0.1 } }, "/retry/jitter"],
    [{ retry: { jitter: 2 } }, "/retry/jitter"],
    [{ timeoutSeconds: 0 }, "/timeoutSeconds"],
    [{ timeoutSeconds: -1 }, "/timeoutSeconds"],
    [{ timeoutSeconds: 86_400 }, "/timeoutSeconds"],
    [{ timeoutSeconds: "10" }, "/timeoutSeconds"],
  ];
  for (const [definition, pointer] of table) {
    test(`${pointer}: ${JSON.stringify(definition).slice(0, 80)}`, async () => {
      const answer = await api("PUT", "/v1/profiles/bad", definition);
      assertProblem(answer, 422);
      const named = answer.json.errors.map((one) => one.pointer);
      assert.ok(
        named.some((one) => one.startsWith(pointer)),
        `${pointer} among ${named}`,
      );
      const { data } = await expect(200, "GET", "/v1/profiles");
      assert.ok(!data.some((one) => one.name === "bad"));
    });
  }

  for (const name of ["UPPER", "a b", "-", "x".repeat(200), "%00", "%F0%9F%8E%88"]) {
    test(`the name ${name.slice(0, 20)}`, async () => {
      const answer = await api("PUT", `/v1/profiles/${encodeURI(name).replaceAll("%25", "%")}`, {});
      assertProblem(answer, answer.status === 404 ? 404 : 422);
    });
  }
});
