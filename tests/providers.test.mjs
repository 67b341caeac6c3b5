// Sources: what a provider really signed reaches the origin as it came, and nothing else does.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import http from "node:http";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { assertId, assertProblem, assertTime } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { freePort } from "./support/ports.mjs";
import { receiver } from "./support/receiver.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { github, providers, standard, tampered, vectors } from "./support/vectors.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, settled } = await stage();
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
after(() => agent.destroy());

const FOREVER = 4_294_967_295;
const SECRET = "It's a Secret to Everybody";
const MEBIBYTE = 1024 * 1024;

/** Makes a source with an origin of its own, which the answer names as `path`. */
async function source(body = {}) {
  const path = uniquePath("/origin");
  const made = await expect(201, "POST", "/v1/sources", {
    provider: "github",
    secrets: [SECRET],
    origin: target.url(path),
    ...body,
  });
  return { ...made, path };
}

/** Sends a request to a source. `rest` and `query` go behind its URL. */
function send(to, { method = "POST", rest = "", query = "", headers = {}, body } = {}) {
  return request(to.url + rest + query, { method, headers, body, agent });
}

/** Sends a body that GitHub would sign with `secret`. */
function sendSigned(to, body, { id, secret = SECRET, headers = {}, ...rest } = {}) {
  return send(to, { headers: { ...github(secret, body, id), ...headers }, body, ...rest });
}

/** What came to a source, newest first. */
async function log(of) {
  return (await expect(200, "GET", `/v1/sources/${of.id}/requests?limit=250`)).data;
}

/** Waits until `count` requests stand in a source's log. */
function logged(of, count) {
  let last = [];
  return until(
    async () => {
      last = await log(of);
      return last.reduce((sum, entry) => sum + entry.count, 0) >= count && last;
    },
    { timeout: 15_000, what: () => `${count} entries; there are ${JSON.stringify(last)}` },
  );
}

/** Asserts that a request arrived with the very headers and bytes that were sent. */
function assertAsSent(received, { method = "POST", headers, body }) {
  assert.equal(received.method, method);
  assert.ok(received.body.equals(Buffer.from(body)), "the bytes are the same");
  for (const [name, value] of Object.entries(headers)) {
    assert.equal(valuesOf(received, name).join(", "), value.trim(), `${name} is as it was`);
  }
}

/** The values of a header, one for each time that it stood on the wire. */
function valuesOf(received, name) {
  const { rawHeaders } = received;
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1].toLowerCase() === name.toLowerCase());
}

/** Asserts the one problem that whoever is not verified gets; every time the very same. */
function assertRefused(answer, what = "what is not verified") {
  assert.equal(answer.status, 401, `${what} is refused, but came ${answer.status} ${answer.text}`);
  assertProblem(answer, 401, { code: "not_verified" });
  refusal ??= answer.text;
  assert.equal(answer.text, refusal, "a refusal never tells more than another");
  for (const name of Object.keys(answer.headers)) {
    assert.ok(
      [
        "date",
        "content-length",
        "content-type",
        "cache-control",
        "connection",
        "keep-alive",
        "transfer-encoding",
        // Those of every answer of Signet's own.
        "content-security-policy",
        "cross-origin-resource-policy",
        "referrer-policy",
        "x-content-type-options",
      ].includes(name),
      `${name} says nothing of the reason`,
    );
  }
}
let refusal;

describe("every provider", { concurrency: 8 }, () => {
  /** Vectors that are a question of the provider's: Signet answers them, and the origin never sees them. */
  const questions = new Set(["xero 1"]);

  for (const { name } of providers) {
    // Those whose keys have to be fetched have tests of their own below.
    const own = vectors.filter((vector) => vector.provider === name && !vector.remote);
    if (own.length === 0) continue;
    test(name, async () => {
      for (const vector of own) {
        await passes(vector, questions.has(vector.title)).catch((error) => {
          throw new Error(`${vector.title}, from ${vector.from}: ${error.message}`, { cause: error });
        });
      }
    });
  }
});

async function passes(vector, isQuestion) {
  const { provider, secrets, options, publicUrl, method, query } = vector;
  const made = await source({
    provider,
    secrets,
    options,
    publicUrl,
    toleranceSeconds: FOREVER,
    deduplicate: false,
    enforce: true,
  });
  assertId(made.id, "src");
  assert.equal(made.provider, provider);
  assert.equal(made.url, `${signet.url}/in/${made.id}`);
  assert.ok(!Object.values(made).some((value) => secrets.includes(value)), "no secret is shown");

  const changed = tampered(vector);
  for (const { what, query, headers, bytes } of changed) {
    const answer = await send(made, { method, query, headers, body: bodyOf(method, bytes) });
    // Xero takes a refusal with a body for none.
    if (provider === "xero" && answer.text === "") assert.equal(answer.status, 401, what);
    else assertRefused(answer, what);
  }
  assert.equal(target.requests(made.path).length, 0, "nothing that was changed reached the origin");

  const reply = {
    status: 203,
    headers: { "x-origin": vector.title, "content-type": "text/plain" },
    body: vector.title,
  };
  target.answer(made.path, reply);
  const answer = await send(made, { method, query, headers: vector.headers, body: bodyOf(method, vector.bytes) });
  // One came after the other, and so they stand in the log.
  const entries = (await logged(made, changed.length + 1)).toSorted((one, other) => (one.time < other.time ? -1 : 1));
  const newest = entries.pop();
  for (const [at, { what, reasons }] of changed.entries()) {
    const { reason, ...entry } = entries[at];
    assert.partialDeepStrictEqual(entry, { outcome: "refused", status: 401, method, count: 1, delivery: null });
    assert.ok(reasons.includes(reason), `${what}: ${reason}, where ${reasons} is right`);
  }
  if (isQuestion) {
    assert.equal(newest.outcome, "handshake");
    assert.equal(target.requests(made.path).length, 0, "a question is not an event");
    return;
  }
  assert.equal(newest.reason, null, `refused: ${newest.reason}`);
  assert.equal(answer.status, 203, answer.text);
  assert.equal(answer.text, vector.title);
  assert.equal(answer.headers["x-origin"], vector.title);
  assert.partialDeepStrictEqual(newest, { outcome: "verified", status: 203, method });
  const [received, ...more] = target.requests(made.path);
  assert.equal(more.length, 0);
  assertAsSent(received, { method, headers: vector.headers, body: vector.bytes });
  // The runtime shows a request's URL as the URL standard writes it, and no other way: an apostrophe is %27 there.
  assert.equal(received.target, made.path + query.replaceAll("'", "%27"));
  assert.deepEqual(valuesOf(received, "Signet-Verified"), ["true"]);
  assert.deepEqual(valuesOf(received, "Signet-Provider"), [provider]);
  assert.deepEqual(valuesOf(received, "Signet-Source"), [made.id]);
  const said = received.rawHeaders.filter((text, at) => at % 2 === 0 && /^signet-/i.test(text));
  assert.equal(said.length, 3, `${said}`);
}

function bodyOf(method, bytes) {
  return bytes.length === 0 && (method === "GET" || method === "HEAD") ? undefined : bytes;
}

describe("keys that a provider hands out", () => {
  const remote = vectors.filter((vector) => vector.remote);

  test("a certificate that can't be had lets nothing through, and the log says so", async () => {
    for (const vector of remote.filter((one) => one.certificateUrl)) {
      const { provider, secrets, options, headers, bytes, title } = vector;
      const made = await source({ provider, secrets, options, toleranceSeconds: FOREVER });
      assertRefused(await send(made, { headers, body: bytes }));
      const [{ outcome, reason }] = await logged(made, 1);
      assert.deepEqual({ outcome, reason }, { outcome: "refused", reason: "key_unavailable" }, title);
      assert.equal(target.requests(made.path).length, 0);
    }
  });

  test("a certificate is fetched from nobody but the provider", async () => {
    const trap = await receiver();
    after(() => trap.stop());
    const here = `127.0.0.1:${trap.port}`;
    const places = (host, file) => [
      `http://${here}${file}`,
      `https://${here}${file}`,
      `https://${host}@${here}${file}`,
      `https://${host}:${trap.port}${file}`,
      `https://${host}:x@${here}${file}`,
      `https://${here}/${host}${file}`,
      `https://${host}.localhost:${trap.port}${file}`,
      `https://${host}.example.com${file}`,
      `https://evil${host}${file}`,
      `https://${host}\\@${here}${file}`,
      `https://${here}#${host}${file}`,
      `https://${here}?${host}${file}`,
      `http://${host}${file}`,
      `ftp://${host}${file}`,
      `file://${file}`,
      `//${here}${file}`,
      `https://${host}%2f@${here}${file}`,
      `https:${here}${file}`,
      `https://127.0.0.1${file}`,
      `https://[::1]:${trap.port}${file}`,
      `https://169.254.169.254${file}`,
      ` https://${here}${file}`,
      "data:application/x-pem-file,x",
      "",
    ];
    const sns = remote.find((one) => one.provider === "aws-sns");
    const paypal = remote.find((one) => one.provider === "paypal");
    const cases = [
      ...places("sns.us-east-1.amazonaws.com", "/x.pem").map((url) => {
        const body = JSON.parse(sns.bytes.toString());
        return { vector: sns, url, body: JSON.stringify({ ...body, SigningCertURL: url }), headers: sns.headers };
      }),
      ...places("paypal.com", "/v1/notifications/certs/x").map((url) => {
        const name = Object.keys(paypal.headers).find((one) => one.toLowerCase() === "paypal-cert-url");
        return { vector: paypal, url, body: paypal.bytes, headers: { ...paypal.headers, [name]: url } };
      }),
    ];
    const sources = new Map();
    for (const { vector, url, headers, body } of cases) {
      if (!sources.has(vector)) {
        const { provider, options } = vector;
        sources.set(vector, { made: await source({ provider, options, toleranceSeconds: FOREVER }), count: 0 });
      }
      const known = sources.get(vector);
      assertRefused(await send(known.made, { headers, body }));
      known.count += 1;
      const [{ reason }] = await logged(known.made, known.count);
      assert.equal(reason, "signature_malformed", `${vector.provider}: ${url}`);
    }
    assert.equal(trap.requests().length, 0, "nobody else was asked");
    for (const { made } of sources.values()) assert.equal(target.requests(made.path).length, 0);
  });

  test("what can't be asked for is not verified either", async () => {
    for (const vector of remote.filter((one) => one.keyUrl)) {
      const { provider, secrets, options, headers, bytes, title } = vector;
      const made = await source({ provider, secrets, options, toleranceSeconds: FOREVER });
      assertRefused(await send(made, { headers, body: bytes }));
      const [{ reason }] = await logged(made, 1);
      assert.equal(reason, "key_unavailable", title);
    }
  });

  test("keys of a set are fetched where the source says, once for many requests", async () => {
    const vector = remote.find((one) => one.provider === "fal-ai");
    const keys = JSON.stringify(vector.key);
    const path = uniquePath("/jwks");
    const jwksUrl = target.answer(path, { headers: { "content-type": "application/json" }, body: keys });
    const made = await source({
      provider: "fal-ai",
      secrets: [],
      options: { ...vector.options, jwksUrl },
      toleranceSeconds: FOREVER,
      deduplicate: false,
    });
    for (let count = 0; count < 3; count++) {
      const answer = await send(made, { headers: vector.headers, body: vector.bytes });
      assert.equal(answer.status, 200, answer.text);
    }
    const other = Buffer.from(vector.bytes);
    other[10] ^= 1;
    assertRefused(await send(made, { headers: vector.headers, body: other }));
    assert.equal(target.requests(path).length, 1, "the keys are kept");
    assert.equal(target.requests(made.path).length, 3);
  });
});

describe("schemes that sign the URL", () => {
  test("without a publicUrl it is the URL as the request comes", async () => {
    const made = await source({ provider: "square", secrets: ["key"] });
    const body = '{"event_id":"1"}';
    const headers = (url) => ({
      "x-square-hmacsha256-signature": createHmac("sha256", "key")
        .update(url + body)
        .digest("base64"),
    });
    const query = "?a=b%20c&d";
    assert.equal((await send(made, { query, headers: headers(made.url + query), body })).status, 200);
    assertRefused(await send(made, { query, headers: headers(made.url), body }));
    assertRefused(await send(made, { query: `${query}=`, headers: headers(made.url + query), body }));
  });

  test("with one it is that, the path behind and the query", async () => {
    const publicUrl = "https://hooks.example.com/in";
    const made = await source({ provider: "square", secrets: ["key"], publicUrl, deduplicate: false });
    const body = '{"event_id":"1"}';
    const headers = (url) => ({
      "x-square-hmacsha256-signature": createHmac("sha256", "key")
        .update(url + body)
        .digest("base64"),
    });
    assert.equal((await send(made, { headers: headers(publicUrl), body })).status, 200);
    const there = { rest: "/x/y", query: "?z=1" };
    assert.equal((await send(made, { ...there, headers: headers(`${publicUrl}/x/y?z=1`), body })).status, 200);
    assertRefused(await send(made, { headers: headers(made.url), body }));
    assertRefused(await send(made, { ...there, headers: headers(publicUrl), body }));
  });
});

describe("secrets", () => {
  test("any of several will do, and none that is not among them", async () => {
    const secrets = ["first", "second", "third"];
    const made = await source({ secrets, deduplicate: false });
    assert.equal(made.secretCount, 3);
    for (const secret of secrets) assert.equal((await sendSigned(made, "x", { secret })).status, 200, secret);
    for (const secret of ["fourth", "firs", "first ", "", "second,third"]) {
      assertRefused(await sendSigned(made, "x", { secret }));
    }
    assert.equal(target.requests(made.path).length, 3);
  });

  test("a change counts at once: the old secret is refused, the new one taken", async () => {
    const made = await source({ secrets: ["old"], deduplicate: false });
    assert.equal((await sendSigned(made, "x", { secret: "old" })).status, 200);
    assertRefused(await sendSigned(made, "x", { secret: "new" }));
    await expect(200, "PATCH", `/v1/sources/${made.id}`, { secrets: ["new", "old"] });
    for (const secret of ["old", "new"]) assert.equal((await sendSigned(made, "x", { secret })).status, 200, secret);
    await expect(200, "PATCH", `/v1/sources/${made.id}`, { secrets: ["new"] });
    assertRefused(await sendSigned(made, "x", { secret: "old" }));
    assert.equal((await sendSigned(made, "x", { secret: "new" })).status, 200);
    for (let round = 0; round < 10; round++) {
      await expect(200, "PATCH", `/v1/sources/${made.id}`, { secrets: [`round ${round}`] });
      assertRefused(await sendSigned(made, "x", { secret: `round ${round - 1}` }));
      assert.equal((await sendSigned(made, "x", { secret: `round ${round}` })).status, 200);
    }
  });

  test("no answer but the first shows one", async () => {
    const made = await source({ secrets: ["very secret 1", "very secret 2"], resign: true });
    assert.match(made.signingSecret, /^whsec_/);
    const answers = [
      await api("GET", `/v1/sources/${made.id}`),
      await api("GET", "/v1/sources"),
      await api("PATCH", `/v1/sources/${made.id}`, { name: "renamed" }),
      await api("GET", `/v1/sources/${made.id}/requests`),
    ];
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      assert.ok(!text.includes("very secret") && !text.includes(made.signingSecret));
    }
  });
});

describe("tolerance", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const body = '{"a":1}';
  const now = () => Math.floor(Date.now() / 1000);

  const sendAt = (to, at) => send(to, { headers: standard(secret, body, { at, id: `msg_${at}` }), body });
  const make = (more) => source({ provider: "standard-webhooks", secrets: [secret], deduplicate: false, ...more });

  async function assertWindow(made, inside, outside) {
    for (const distance of [inside, -inside]) {
      const answer = await sendAt(made, now() + distance);
      assert.equal(answer.status, 200, `${distance} s: ${answer.text}`);
    }
    for (const distance of [outside, -outside]) {
      assertRefused(await sendAt(made, now() + distance));
      const [{ reason }] = await until(async () => {
        const entries = await log(made);
        return entries[0]?.outcome === "refused" && entries;
      });
      assert.equal(reason, "timestamp_out_of_tolerance", `${distance} s`);
    }
  }

  // The clock goes on between a request's making and its judging: half a minute is left for that.
  test("left out it is the provider's own", async () => assertWindow(await make({}), 270, 330));
  test("given it counts on both sides", async () => assertWindow(await make({ toleranceSeconds: 1_000 }), 970, 1_030));
  test("it can be changed and set back", async () => {
    const made = await make({ toleranceSeconds: 1_000 });
    await expect(200, "PATCH", `/v1/sources/${made.id}`, { toleranceSeconds: 100 });
    await assertWindow(made, 70, 130);
    const shown = await expect(200, "PATCH", `/v1/sources/${made.id}`, { toleranceSeconds: null });
    assert.equal(shown.toleranceSeconds, null);
    await assertWindow(made, 270, 330);
  });

  test("0 lets the very second pass and no other", async () => {
    const made = await make({ toleranceSeconds: 0 });
    for (const distance of [5, -5]) assertRefused(await sendAt(made, now() + distance));
    // The second may end between making and judging.
    await until(async () => (await sendAt(made, now())).status === 200);
  });

  test("the most there can be lets any time pass", async () => {
    const made = await make({ toleranceSeconds: FOREVER });
    for (const at of [0, 1, 4_000_000_000]) assert.equal((await sendAt(made, at)).status, 200, `${at}`);
  });

  test("a provider that names none has none", async () => {
    const made = await source({ provider: "surge", secrets: ["s"], deduplicate: false });
    const signature = createHmac("sha256", "s").update(`1.${body}`).digest("hex");
    const old = () => send(made, { headers: { "Surge-Signature": `t=1,v1=${signature}` }, body });
    assert.equal((await old()).status, 200);
    await expect(200, "PATCH", `/v1/sources/${made.id}`, { toleranceSeconds: 300 });
    assertRefused(await old());
  });

  test("a signature of one's own has five minutes", async () => {
    const provider = { signature: { header: "webhook-signature", content: "{id}.{timestamp}.{body}" } };
    await assertWindow(await make({ provider }), 270, 330);
  });

  test("what is no time is not skipped", async () => {
    const made = await make({ toleranceSeconds: FOREVER });
    const headers = standard(secret, body);
    const stamp = headers["webhook-timestamp"];
    let count = 0;
    for (const [text, reason] of [
      ["", "timestamp_missing"],
      ["soon", "timestamp_malformed"],
      [`${stamp}x`, "timestamp_malformed"],
      [`-${stamp}`, "timestamp_malformed"],
      [`${stamp}.0`, "timestamp_malformed"],
      [`${stamp}, ${stamp}`, "timestamp_malformed"],
      ["NaN", "timestamp_malformed"],
      ["9".repeat(400), "timestamp_malformed"],
      [`0${stamp}`, "signature_mismatch"],
    ]) {
      assertRefused(await send(made, { headers: { ...headers, "webhook-timestamp": text }, body }));
      count += 1;
      const [newest] = await logged(made, count);
      assert.equal(newest.reason, reason, text);
    }
    const { "webhook-timestamp": _, ...untimed } = headers;
    assertRefused(await send(made, { headers: untimed, body }));
    assert.equal((await logged(made, count + 1))[0].reason, "timestamp_missing");
  });
});

describe("a source that does not enforce", () => {
  test("lets everything through and says what it is", async () => {
    const made = await source({ enforce: false, deduplicate: false });
    const forged = {
      "Signet-Verified": "true",
      "signet-provider": "stripe",
      "SIGNET-SOURCE": "src_1",
      "Signet-Else": "x",
    };
    assert.equal((await send(made, { headers: { ...forged, "X-Mine": "kept" }, body: "unsigned" })).status, 200);
    const [unsigned] = target.requests(made.path);
    const own = unsigned.rawHeaders.filter((text, at) => at % 2 === 0 && /^signet-/i.test(text)).length;
    assert.equal(own, 3, "what a client says in Signet's name is dropped");
    assert.equal(unsigned.headers["signet-verified"], "false");
    assert.equal(unsigned.headers["signet-provider"], "github");
    assert.equal(unsigned.headers["signet-source"], made.id);
    assert.equal(unsigned.headers["x-mine"], "kept");
    const [entry] = await logged(made, 1);
    assert.partialDeepStrictEqual(entry, { outcome: "unverified", reason: "signature_missing", status: 200 });

    assert.equal((await sendSigned(made, "x", { headers: forged })).status, 200);
    const [, signed] = target.requests(made.path);
    assert.equal(signed.headers["signet-verified"], "true");
    await expect(200, "PATCH", `/v1/sources/${made.id}`, { enforce: true });
    assertRefused(await send(made, { headers: forged, body: "unsigned" }));
    assert.equal(target.requests(made.path).length, 2);
  });

  test("may do without secrets, and vouches for nothing that it could not verify", async () => {
    const made = await source({ enforce: false, secrets: [], resign: true });
    await sendSigned(made, "x", { id: "d-1" });
    const [received] = target.requests(made.path);
    assert.equal(received.headers["signet-verified"], "false");
    assert.equal(received.headers["webhook-signature"], undefined);
  });
});

describe("resign", () => {
  const verify = (made, received) => new Webhook(made.signingSecret).verify(received.text, received.headers);

  test("what reaches the origin verifies with Standard Webhooks' own library", async () => {
    const made = await source({ resign: true });
    assert.match(made.signingSecret, /^whsec_/);
    const before = Math.floor(Date.now() / 1000);
    const body = '{"zen":"Gr\u00fc\u00dfe \\u00e9"}';
    assert.equal((await sendSigned(made, body, { id: "72d3162e-cc78-11e3-81ab-4c9367dc0958" })).status, 200);
    const [received] = target.requests(made.path);
    verify(made, received);
    assert.equal(received.headers["webhook-id"], "72d3162e-cc78-11e3-81ab-4c9367dc0958", "the provider's own id");
    const stamp = Number(received.headers["webhook-timestamp"]);
    assert.ok(stamp >= before && stamp <= before + 60, "the time is now");
    assert.equal(received.headers["x-hub-signature-256"], github(SECRET, body)["X-Hub-Signature-256"]);
  });

  test("a message without an id gets one, and what the client sent under these names is replaced", async () => {
    const made = await source({ resign: true });
    const mine = { "webhook-id": "mine", "Webhook-Timestamp": "1", "WEBHOOK-SIGNATURE": "v1,mine" };
    assert.equal((await sendSigned(made, "x", { headers: mine })).status, 200);
    const [received] = target.requests(made.path);
    for (const name of Object.keys(mine)) assert.equal(valuesOf(received, name).length, 1, name);
    assert.match(received.headers["webhook-id"], /^req_/);
    assert.equal(received.headers["webhook-id"], (await logged(made, 1))[0].id, "the name that the log knows it by");
    assert.doesNotThrow(() => verifyBytes(made, received));
  });

  test("Standard Webhooks' own headers are signed anew", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const made = await source({ provider: "standard-webhooks", secrets: [secret], resign: true });
    const body = '{"a":1}';
    assert.equal((await send(made, { headers: standard(secret, body, { id: "msg_7" }), body })).status, 200);
    const [received] = target.requests(made.path);
    verify(made, received);
    assert.throws(() => new Webhook(secret).verify(received.text, received.headers));
    assert.equal(received.headers["webhook-id"], "msg_7");
  });

  test("an id that can't stand in a header is replaced too", async () => {
    const made = await source({ resign: true, deduplicate: false });
    for (const id of ["two words", "caf\u00e9", "x".repeat(257)]) {
      assert.equal((await sendSigned(made, "{}", { id })).status, 200);
      const received = target.requests(made.path).at(-1);
      assert.match(received.headers["webhook-id"], /^req_/, id);
      verify(made, received);
    }
  });

  test("bytes are signed, whatever they are", async () => {
    const made = await source({ resign: true });
    for (const body of [Buffer.from([0, 255, 10, 13, 128, 254]), Buffer.alloc(0), Buffer.alloc(3 * MEBIBYTE, 7)]) {
      assert.equal((await sendSigned(made, body, { id: `d-${body.length}` })).status, 200);
      const received = target.requests(made.path).at(-1);
      assert.ok(received.body.equals(body));
      verifyBytes(made, received);
    }
  });

  test("without it nothing is signed", async () => {
    const made = await source();
    assert.equal(made.signingSecret, undefined);
    const mine = { "webhook-id": "mine", "webhook-signature": "v1,mine" };
    assert.equal((await sendSigned(made, "x", { headers: mine })).status, 200);
    const [received] = target.requests(made.path);
    assert.equal(received.headers["webhook-id"], "mine");
    assert.equal(received.headers["webhook-signature"], "v1,mine");
    assert.equal(received.headers["webhook-timestamp"], undefined);
  });

  /** The library takes text alone. */
  function verifyBytes(made, received) {
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature } = received.headers;
    const key = Buffer.from(made.signingSecret.slice(6), "base64");
    const expected = createHmac("sha256", key).update(`${id}.${at}.`).update(received.body).digest("base64");
    assert.equal(signature, `v1,${expected}`);
  }
});

describe("deduplicate", () => {
  /** A message's outcome counts a moment after its answer: until then it is under way. */
  const settledAs = (status, again) =>
    until(async () => {
      const answer = await again();
      assert.ok([status, 409].includes(answer.status), `${answer.status} ${answer.text}`);
      return answer.status === status && answer;
    });

  test("a replay of what the origin accepted is answered here", async () => {
    const made = await source();
    const again = () => sendSigned(made, '{"n":1}', { id: "d-1" });
    target.answer(made.path, { status: 201, body: "created" });
    assert.partialDeepStrictEqual(await again(), { status: 201, text: "created" });
    await settledAs(200, again);
    for (let count = 0; count < 5; count++) assert.equal((await again()).status, 200);
    assert.equal(target.requests(made.path).length, 1);
    assert.equal((await sendSigned(made, '{"n":1}', { id: "d-2" })).status, 201, "another message is another message");
    assert.equal(target.requests(made.path).length, 2);
    const outcomes = (await logged(made, 8)).map((entry) => entry.outcome);
    assert.equal(outcomes.filter((outcome) => outcome === "verified").length, 2);
    assert.ok(outcomes.filter((outcome) => outcome === "duplicate").length >= 6);
  });

  test("without an id a message is known by its signature", async () => {
    const made = await source({ provider: "typeform", secrets: ["s"] });
    const headersOf = (body) => ({
      "Typeform-Signature": `sha256=${createHmac("sha256", "s").update(body).digest("base64")}`,
    });
    const again = (body) => send(made, { headers: headersOf(body), body });
    assert.equal((await again("one")).status, 200);
    await settledAs(200, () => again("one"));
    assert.equal((await again("two")).status, 200);
    assert.deepEqual(
      target.requests(made.path).map((one) => one.text),
      ["one", "two"],
    );
  });

  test("while the first is under way the others are told to come back", async () => {
    const made = await source();
    target.answer(made.path, { status: 200, delay: 1_500, body: "done" });
    const again = () => sendSigned(made, "x", { id: "slow" });
    const first = again();
    await target.received(made.path);
    const others = await inParallel([1, 2, 3, 4, 5], 5, again);
    for (const answer of others) {
      assertProblem(answer, 409);
      assert.equal(answer.headers["retry-after"], "1");
    }
    assert.partialDeepStrictEqual(await first, { status: 200, text: "done" });
    await settledAs(200, again);
    assert.equal(target.requests(made.path).length, 1);
  });

  test("twenty at once reach the origin once", async () => {
    const made = await source();
    target.answer(made.path, { status: 200, delay: 100 });
    const answers = await inParallel(Array.from({ length: 20 }), 20, () => sendSigned(made, "x", { id: "crowd" }));
    assert.ok(answers.every(({ status }) => [200, 409].includes(status)));
    assert.equal(target.requests(made.path).length, 1);
  });

  test("what the origin failed on may come again", async () => {
    const made = await source({ timeoutSeconds: 1 });
    target.answer(made.path, [{ status: 500 }, { status: 503 }, { hang: true }, { close: true }, { status: 200 }]);
    const again = () => sendSigned(made, "x", { id: "hard" });
    for (const status of [500, 503, 504, 502, 200]) {
      const answer = await until(async () => {
        const one = await again();
        return one.status !== 409 && one;
      });
      assert.equal(answer.status, status, answer.text);
    }
    await settledAs(200, again);
    // A connection that broke is tried again by nobody but the provider.
    assert.equal(target.requests(made.path).length, 5);
  });

  test("what the origin did not accept may come again", async () => {
    const made = await source();
    const statuses = [404, 429, 302, 400, 200];
    target.answer(
      made.path,
      statuses.map((status) => ({ status })),
    );
    for (const status of statuses) {
      const answer = await until(async () => {
        const one = await sendSigned(made, "x", { id: "turned away" });
        return one.status !== 409 && one;
      });
      assert.equal(answer.status, status, answer.text);
    }
    assert.equal(target.requests(made.path).length, statuses.length);
  });

  test("an origin that is down gets it when it is up again", async () => {
    const origin = await receiver();
    after(() => origin.stop());
    const made = await source({ origin: origin.url("/hook") });
    await origin.down();
    assertProblem(await sendSigned(made, "x", { id: "later" }), 502);
    await origin.up();
    await settledAs(200, () => sendSigned(made, "x", { id: "later" }));
    await settledAs(200, () => sendSigned(made, "x", { id: "later" }));
    assert.equal(origin.requests("/hook").length, 1);
  });

  test("a forgery takes no message's place", async () => {
    const made = await source();
    assertRefused(await sendSigned(made, "x", { id: "wanted", secret: "wrong" }));
    assert.equal((await sendSigned(made, "x", { id: "wanted" })).status, 200);
    assert.equal(target.requests(made.path).length, 1);
  });

  test("sources know nothing of each other", async () => {
    const [one, two] = [await source(), await source()];
    for (const made of [one, two]) assert.equal((await sendSigned(made, "x", { id: "same" })).status, 200);
    assert.equal(target.requests(one.path).length + target.requests(two.path).length, 2);
  });

  test("switched off everything passes", async () => {
    const made = await source({ deduplicate: false });
    for (let count = 0; count < 3; count++) assert.equal((await sendSigned(made, "x", { id: "same" })).status, 200);
    assert.equal(target.requests(made.path).length, 3);
  });

  test("a token alone tells no message from another", async () => {
    const made = await source({ provider: "deepgram", secrets: ["token"] });
    for (const body of ["one", "one", "two"]) {
      assert.equal((await send(made, { headers: { "dg-token": "token" }, body })).status, 200);
    }
    assert.equal(target.requests(made.path).length, 3);
  });

  test("a token with an id in the body does", async () => {
    const made = await source({ provider: "telegram", secrets: ["token"] });
    const again = (update_id) =>
      send(made, { headers: { "X-Telegram-Bot-Api-Secret-Token": "token" }, body: JSON.stringify({ update_id }) });
    assert.equal((await again(1)).status, 200);
    await settledAs(200, () => again(1));
    assert.equal((await again(2)).status, 200);
    assert.equal(target.requests(made.path).length, 2);
  });
});

describe("queue", () => {
  const deliveries = async (made) => (await expect(200, "GET", `/v1/deliveries?source=${made.id}`)).data;

  test("a request is taken at once and delivered as it came", async () => {
    const made = await source({ mode: "queue", resign: true });
    target.answer(`${made.path}/a/b%20c`, { status: 200, body: "taken" });
    const body = Buffer.from([0x7b, 0xff, 0x00, 0x0d, 0x0a, 0x7d]);
    const headers = {
      ...github(SECRET, body, "d-1"),
      "Content-Type": "application/x-odd; charset=latin1",
      "X-Twice": "a, b",
      "User-Agent": "GitHub-Hookshot/044aadd",
      "Signet-Verified": "false",
    };
    const answer = await send(made, { method: "PUT", rest: "/a/b%20c", query: "?x=1&x=2&y", headers, body });
    assert.equal(answer.status, 202, answer.text);
    const id = answer.json.deliveries[0].id;
    assertId(id, "del");
    assert.equal(answer.json.deliveries[0].source, made.id);

    const there = `${made.path}/a/b%20c`;
    const [received] = await target.received(there);
    assert.equal(received.target, `${there}?x=1&x=2&y`);
    const { "Signet-Verified": _, ...kept } = headers;
    assertAsSent(received, { method: "PUT", headers: kept, body });
    assert.deepEqual(valuesOf(received, "Signet-Verified"), ["true"]);
    assert.deepEqual(valuesOf(received, "Signet-Provider"), ["github"]);
    assert.deepEqual(valuesOf(received, "Signet-Source"), [made.id]);
    assert.equal(received.headers["webhook-id"], "d-1");

    const delivery = await settled(id);
    assert.partialDeepStrictEqual(delivery, {
      id,
      source: made.id,
      subscription: null,
      status: "delivered",
      event: { type: "github" },
      attemptCount: 1,
    });
    assert.equal(delivery.attempts[0].responseBody, "taken");
    assertTime(delivery.createdAt);
    const [listed, ...more] = await deliveries(made);
    assert.equal(more.length, 0);
    assert.partialDeepStrictEqual(listed, { id, source: made.id, subscription: null, event: { type: "github" } });
    assert.partialDeepStrictEqual((await logged(made, 1))[0], { outcome: "verified", status: 202, delivery: id });
  });

  test("what can't be verified is not queued", async () => {
    const made = await source({ mode: "queue" });
    assertRefused(await sendSigned(made, "x", { secret: "wrong" }));
    assert.deepEqual(await deliveries(made), []);
  });

  test("an origin that is down for a while gets everything once, and signed afresh each time", async () => {
    const origin = await receiver();
    after(() => origin.stop());
    const made = await source({ mode: "queue", resign: true, origin: origin.url("/hook") });
    await origin.down();
    const sent = Array.from({ length: 20 }, (_, number) => `{"number":${number}}`);
    // Each message comes three times, as from a provider that got no answer.
    const answers = await inParallel([...sent, ...sent, ...sent], 8, (body) =>
      sendSigned(made, body, { id: `d-${body}` }),
    );
    assert.ok(answers.every(({ status }) => status === 202));
    const ids = new Set(answers.map(({ json }) => json.deliveries[0].id));
    assert.equal(ids.size, sent.length, "a message that comes again is the same delivery");
    await until(async () => (await deliveries(made)).every(({ attemptCount }) => attemptCount > 0), {
      timeout: 15_000,
    });
    await origin.up();
    await Promise.all([...ids].map((id) => api("POST", `/v1/deliveries/${id}/retry`)));
    for (const id of ids) await settled(id, { status: "delivered", timeout: 60_000 });
    const received = origin.requests("/hook");
    assert.deepEqual(new Set(received.map(({ text }) => text)), new Set(sent));
    for (const one of received) new Webhook(made.signingSecret).verify(one.text, one.headers);
    assert.equal((await deliveries(made)).length, sent.length);
  });

  test("it is tried again by itself", async () => {
    const made = await source({ mode: "queue" });
    target.answer(made.path, [500, 200]);
    const { json } = await sendSigned(made, '{"a":1}', { id: "again" });
    const delivery = await settled(json.deliveries[0].id, { timeout: 30_000 });
    assert.equal(delivery.status, "delivered");
    assert.deepEqual(
      delivery.attempts.map((attempt) => attempt.responseStatus),
      [500, 200],
    );
    const [first, second] = target.requests(made.path);
    assert.ok(first.body.equals(second.body));
    assert.equal(first.headers["x-hub-signature-256"], second.headers["x-hub-signature-256"]);
    const again = await sendSigned(made, '{"a":1}', { id: "again" });
    assert.equal(again.status, 202);
    assert.equal(again.json.deliveries[0].id, json.deliveries[0].id);
    assert.equal(target.requests(made.path).length, 2);
  });

  test("one row holds a delivery: more than 1,900,000 bytes are too many", async () => {
    const made = await source({ mode: "queue" });
    const most = Buffer.alloc(1_800_000, 120);
    const { status, json } = await sendSigned(made, most);
    assert.equal(status, 202);
    await settled(json.deliveries[0].id);
    assert.ok(target.requests(made.path)[0].body.equals(most));
    assertProblem(await sendSigned(made, Buffer.alloc(1_900_001, 120)), 413);
  });

  test("a GET is queued as a GET", async () => {
    const secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
    const made = await source({ provider: "zendesk", secrets: [secret], mode: "queue" });
    const at = new Date().toISOString();
    const headers = {
      "X-Zendesk-Webhook-Signature": createHmac("sha256", secret).update(at).digest("base64"),
      "X-Zendesk-Webhook-Signature-Timestamp": at,
    };
    assert.equal((await send(made, { method: "GET", query: "?q=1", headers })).status, 202);
    const [received] = await target.received(made.path);
    assert.equal(received.method, "GET");
    assert.equal(received.target, `${made.path}?q=1`);
    assert.equal(received.body.length, 0);
  });

  test("unverified ones are queued as such where the source does not enforce", async () => {
    const made = await source({ mode: "queue", enforce: false });
    assert.equal((await send(made, { headers: { "Signet-Verified": "true" }, body: "x" })).status, 202);
    const [received] = await target.received(made.path);
    assert.deepEqual(valuesOf(received, "Signet-Verified"), ["false"]);
  });
});

describe("the way through", () => {
  test("method, path, query, headers and bytes stay as they are", async () => {
    const made = await source({ deduplicate: false });
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
      const rest = "/a//b/%2F/%c3%a9/;x=1";
      const query = "?q=a+b&q=%20&empty=&flag&q=%E9";
      const headers = {
        ...github(SECRET, body, `d-${method}`),
        "Content-Type": 'Application/Odd; x="y"',
        "X-Empty": "",
        "X-Latin": "caf\u00e9",
        Cookie: "a=1; b=2",
        Authorization: "Basic eDp5",
        "Accept-Encoding": "identity",
        "X-Forwarded-Proto": "gopher",
      };
      target.answer(made.path + rest, { status: 200 });
      const answer = await send(made, { method, rest, query, headers, body });
      assert.equal(answer.status, 200, `${method}: ${answer.text}`);
      const received = target.requests(made.path + rest).at(-1);
      assert.equal(received.target, made.path + rest + query);
      assertAsSent(received, { method, headers: { ...headers, "X-Latin": received.headers["x-latin"] }, body });
      assert.equal(Buffer.from(received.headers["x-latin"], "latin1").toString("latin1"), "caf\u00e9");
    }
  });

  test("what is compressed stays so: the very bytes are signed", async () => {
    const made = await source();
    const body = gzipSync('{"compressed":true}');
    const headers = { ...github(SECRET, body), "Content-Encoding": "gzip", "Content-Type": "application/json" };
    assert.equal((await send(made, { headers, body })).status, 200);
    assertAsSent(target.requests(made.path)[0], { headers, body });
  });

  test("requests without a body, and a GET with one", async () => {
    const made = await source({ deduplicate: false });
    for (const [method, body] of [
      ["HEAD", undefined],
      ["GET", undefined],
      ["DELETE", undefined],
      ["POST", ""],
      ["GET", "a body"],
    ]) {
      const headers = github(SECRET, body ?? "");
      assert.equal((await send(made, { method, headers, body })).status, 200, method);
      assertAsSent(target.requests(made.path).at(-1), { method, headers, body: body ?? "" });
      if (body !== "") assertRefused(await send(made, { method: "POST", headers: github("wrong", "x"), body: "x" }));
    }
  });

  test("the origin's own path and query come first", async () => {
    const path = uniquePath("/base");
    const made = await source({ origin: target.url(`${path}?key=1`), deduplicate: false });
    for (const [rest, query, expected] of [
      ["", "", `${path}?key=1`],
      ["/", "", `${path}/?key=1`],
      ["/a", "?b=c", `${path}/a?key=1&b=c`],
    ]) {
      assert.equal((await sendSigned(made, "x", { rest, query })).status, 200);
      assert.equal(target.requests().at(-1).target, expected);
    }
  });

  test("a header of 300 KB is read like any other", async () => {
    const made = await source();
    for (const value of [`sha256=${"a".repeat(300_000)}`, "a,".repeat(100_000), "=".repeat(100_000)]) {
      assertRefused(await send(made, { headers: { "X-Hub-Signature-256": value }, body: "x" }));
    }
    assert.ok((await logged(made, 3)).every(({ reason }) => reason === "signature_malformed"));
  });

  test("a header that came twice goes on twice", async () => {
    const made = await source();
    const headers = { ...github(SECRET, "x"), "X-Twice": ["one", "two"] };
    assert.equal((await send(made, { headers, body: "x" })).status, 200);
    assert.equal(valuesOf(target.requests(made.path)[0], "X-Twice").join(", "), "one, two");
  });

  test("the origin's answer is the answer", async () => {
    const made = await source({ deduplicate: false });
    const bytes = Buffer.from([0, 255, 128, 10]);
    for (const [status, headers, body] of [
      [200, { "content-type": "application/octet-stream", "set-cookie": ["a=1", "b=2"], "x-one": "1" }, bytes],
      [204, { "x-none": "1" }, ""],
      [302, { location: "http://127.0.0.1:1/elsewhere" }, ""],
      [304, { etag: '"x"' }, ""],
      [404, { "content-type": "text/plain" }, "not here"],
      [418, {}, "teapot"],
      [503, { "retry-after": "7" }, "later"],
    ]) {
      target.answer(made.path, { status, headers, body });
      const answer = await sendSigned(made, `for ${status}`);
      assert.equal(answer.status, status);
      for (const [name, value] of Object.entries(headers)) assert.deepEqual(answer.headers[name], value, name);
      assert.equal(answer.text, body.toString("utf8"));
    }
  });

  test("a source that is not there is not found", async () => {
    const made = await source();
    const unknown = `${made.id.slice(0, -1)}${made.id.endsWith("0") ? "1" : "0"}`;
    for (const id of [unknown, "src_", "src_1", "", made.id.toUpperCase(), "sub_0000000000000000000000000000", "%00"]) {
      assertProblem(await request(`${signet.url}/in/${id}`, { method: "POST", body: "x", agent }), 404);
    }
    assert.equal((await sendSigned(made, "x", { id: "before" })).status, 200);
    await expect(204, "DELETE", `/v1/sources/${made.id}`);
    assertProblem(await sendSigned(made, "x", { id: "after" }), 404);
    assert.equal(target.requests(made.path).length, 1);
  });

  test("an origin that is down is a 502, one that is slow a 504", async () => {
    const down = await source({ origin: `http://127.0.0.1:${await freePort()}/` });
    assertProblem(await sendSigned(down, "x"), 502);
    const slow = await source({ timeoutSeconds: 1 });
    target.answer(slow.path, { hang: true });
    const began = Date.now();
    assertProblem(await sendSigned(slow, "x"), 504);
    assert.ok(Date.now() - began >= 900, "it had its second");
    const broken = await source();
    target.answer(broken.path, { close: true });
    assertProblem(await sendSigned(broken, "x"), 502);
    assert.equal((await logged(slow, 1))[0].status, 504);
  });

  test("a body may have 25 MiB and not a byte more", async () => {
    const made = await source({ deduplicate: false });
    const most = Buffer.alloc(25 * MEBIBYTE, 120);
    const answer = await sendSigned(made, most);
    assert.equal(answer.status, 200, answer.text);
    const [received] = target.requests(made.path);
    assert.equal(
      createHash("sha256").update(received.body).digest("hex"),
      createHash("sha256").update(most).digest("hex"),
    );
    const more = Buffer.alloc(25 * MEBIBYTE + 1, 120);
    const headers = github(SECRET, more);
    assertProblem(await send(made, { headers, body: more }), 413);
    assertProblem(await send(made, { headers: { ...headers, "transfer-encoding": "chunked" }, body: more }), 413);
    assert.equal(target.requests(made.path).length, 1);
  });
});

describe("the log", () => {
  test("says of each request when it came, what became of it and why", async () => {
    const made = await source();
    await sendSigned(made, "x", { id: "d-1", rest: "/a", query: "?b=c" });
    await send(made, { body: "x" });
    const [refused, verified] = await logged(made, 2);
    for (const entry of [refused, verified]) {
      assertId(entry.id, "req");
      assertTime(entry.time);
      assert.ok(Number.isInteger(entry.durationMs) && entry.durationMs >= 0);
    }
    assert.partialDeepStrictEqual(verified, {
      outcome: "verified",
      reason: null,
      status: 200,
      method: "POST",
      messageId: "d-1",
    });
    assert.match(verified.path, /\/a\?b=c$/);
    assert.partialDeepStrictEqual(refused, {
      outcome: "refused",
      reason: "signature_missing",
      status: 401,
      messageId: null,
    });
  });

  test("a flood of forgeries is bounded, pushes out nothing that was genuine, and costs next to nothing", async () => {
    const made = await source({ deduplicate: false });
    for (let count = 0; count < 20; count++) await sendSigned(made, `genuine ${count}`, { id: `d-${count}` });
    await logged(made, 20);
    const requests = async () => {
      const { text } = await api("GET", "/metrics");
      return Number(/^signet_object_requests_total (\d+)$/m.exec(text)[1]);
    };
    const before = await requests();
    const began = Date.now();
    const forgeries = Array.from({ length: 5_000 }, (_, number) => `forged ${number}`);
    const answers = await inParallel(forgeries, 32, async (body) => {
      const { status } = await sendSigned(made, body, { secret: "wrong", id: body });
      return status;
    });
    assert.ok(answers.every((status) => status === 401));
    await sleep(2_500);
    const seconds = (Date.now() - began) / 1000;
    const spent = (await requests()) - before;
    // A burst of sixty, then one a second.
    assert.ok(spent <= 70 + 2.5 * seconds, `${spent} requests to objects for 5,000 forgeries in ${seconds} s`);
    const entries = await log(made);
    const refused = entries.filter((entry) => entry.outcome === "refused");
    assert.ok(refused.length > 0 && refused.length <= 200, `${refused.length} refused ones are kept`);
    assert.equal(entries.filter((entry) => entry.outcome === "verified").length, 20);
    assert.equal(target.requests(made.path).length, 20);
    assert.equal((await sendSigned(made, "after", { id: "after" })).status, 200);
    await until(async () => (await log(made)).some((entry) => entry.messageId === "after"));
  });
});
