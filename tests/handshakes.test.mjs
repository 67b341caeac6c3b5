// What providers ask before they send: each question as the provider asks it, at a live source, and the exact answer.
import assert from "node:assert/strict";
import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const { signet, target, api, expect } = await stage();

const SECRET = "a secret of thirty-two characters";
const seconds = () => Math.floor(Date.now() / 1000);
const mac = (algorithm, key, text, encoding = "hex") => createHmac(algorithm, key).update(text).digest(encoding);

/** Makes a source. Every one has an origin of its own. */
async function source(provider, { secrets = [SECRET], ...body } = {}) {
  const path = uniquePath("/origin");
  const made = await expect(201, "POST", "/v1/sources", { provider, secrets, origin: target.url(path), ...body });
  return { ...made, path, sent: 0 };
}

function ask(of, method, { query = "", rest = "", headers = {}, body } = {}) {
  of.sent += 1;
  return request(of.url + rest + query, { method, headers, body });
}

const post = (of, body, headers = {}, more = {}) =>
  ask(of, "POST", { body: typeof body === "string" ? body : JSON.stringify(body), headers, ...more });

/** What stands in a source's log, newest first, once all that was sent is there. */
function log(of) {
  let last = [];
  return until(
    async () => {
      last = (await expect(200, "GET", `/v1/sources/${of.id}/requests?limit=250`)).data;
      return last.reduce((sum, entry) => sum + entry.count, 0) === of.sent && last;
    },
    { timeout: 15_000, what: () => `${of.sent} entries; there are ${JSON.stringify(last)}` },
  );
}

/** Headers that an answer may always have. */
const USUAL = ["date", "connection", "keep-alive", "content-length", "transfer-encoding"];

/** Asserts the whole of an answer: its status, its headers, its body, and that the log calls it a handshake. */
async function assertAnswer(of, answer, status, { headers = {}, body = "" } = {}) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.text, body);
  const others = Object.entries(answer.headers).filter(([name]) => !USUAL.includes(name));
  assert.deepEqual(Object.fromEntries(others), headers);
  const [newest] = await log(of);
  assert.partialDeepStrictEqual(newest, { outcome: "handshake", reason: null, status, delivery: null });
}

const ECHO = { "x-content-type-options": "nosniff", "cache-control": "no-store" };
const assertText = (of, answer, body) =>
  assertAnswer(of, answer, 200, { headers: { "content-type": "text/plain; charset=utf-8", ...ECHO }, body });
const assertJson = (of, answer, body, headers = {}) => {
  const all = { "content-type": "application/json", ...ECHO, ...headers };
  return assertAnswer(of, answer, 200, { headers: all, body: JSON.stringify(body) });
};
/** A question that is wrong: nothing of it comes back. */
const assertDenied = (of, answer, status = 401) => assertAnswer(of, answer, status);
/** A request that is no question, and not verified. */
async function assertNotVerified(of, answer, reason) {
  assertProblem(answer, 401, { code: "not_verified" });
  const [newest] = await log(of);
  assert.partialDeepStrictEqual(newest, { outcome: "refused", status: 401, ...(reason && { reason }) });
}
/** None of what was sent reached the origin. */
const assertUnseen = (of) => assert.equal(target.requests().filter((one) => one.path.startsWith(of.path)).length, 0);

/** What no answer may send back: too long, or not of one line of plain text. */
const MARKUP = ["<script>alert(1)</script>", "a\nb", "a\u2028b", "x".repeat(5_000), ""];

describe("asked in the query, without a signature", () => {
  for (const [provider, parameter, options] of [
    ["dropbox", "challenge"],
    ["nylas", "challenge"],
  ]) {
    test(`${provider}: the challenge`, async () => {
      const of = await source(provider, { options });
      for (const text of ["e3JlYWxseX0", "a b&c=d", "é ☕"]) {
        const query = `?${parameter}=${encodeURIComponent(text)}`;
        await assertText(of, await ask(of, "GET", { query }), text);
        await assertText(of, await ask(of, "GET", { query, rest: "/below" }), text);
      }
      await assertText(of, await ask(of, "GET", { query: `?${parameter}=a+b` }), "a b");
      for (const text of MARKUP) {
        await assertDenied(of, await ask(of, "GET", { query: `?${parameter}=${encodeURIComponent(text)}` }));
      }
      await assertDenied(of, await ask(of, "GET", { query: `?${parameter}=%ff` }));
      await assertNotVerified(of, await ask(of, "GET", { query: `?${parameter}=a&${parameter}=a` }));
      await assertNotVerified(of, await ask(of, "GET"));
      await assertNotVerified(of, await ask(of, "POST", { query: `?${parameter}=a`, body: "{}" }));
      assertUnseen(of);
    });
  }

  for (const provider of ["meta", "whatsapp", "instagram", "messenger"]) {
    test(`${provider}: hub.challenge`, async () => {
      const of = await source(provider, { options: { verifyToken: "meaty ham" } });
      const query = (mode, token, challenge = "1158201444") =>
        `?hub.mode=${mode}&hub.challenge=${encodeURIComponent(challenge)}&hub.verify_token=${token}`;
      await assertText(of, await ask(of, "GET", { query: query("subscribe", "meaty+ham") }), "1158201444");
      await assertText(of, await ask(of, "GET", { query: query("subscribe", "meaty%20ham") }), "1158201444");
      for (const wrong of ["", "meaty", "meaty+hamm", "Meaty+ham"]) {
        await assertDenied(of, await ask(of, "GET", { query: query("subscribe", wrong) }), 403);
      }
      await assertDenied(of, await ask(of, "GET", { query: query("unsubscribe", "meaty+ham") }), 403);
      await assertDenied(of, await ask(of, "GET", { query: "?hub.mode=subscribe&hub.challenge=1" }), 403);
      for (const text of MARKUP) {
        await assertDenied(of, await ask(of, "GET", { query: query("subscribe", "meaty+ham", text) }));
      }
      for (const twice of ["hub.mode=subscribe", "hub.challenge=2", "hub.verify_token=meaty+ham"]) {
        const doubled = `${query("subscribe", "meaty+ham")}&${twice}`;
        await assertNotVerified(of, await ask(of, "GET", { query: doubled }));
      }
      const without = await source(provider);
      for (const token of ["", "undefined", "meaty+ham"]) {
        await assertDenied(without, await ask(without, "GET", { query: query("subscribe", token) }));
      }
      assertUnseen(of);
      assertUnseen(without);
    });
  }

  test("strava: hub.challenge, in JSON", async () => {
    const of = await source("strava", { secrets: ["120475"], options: { verifyToken: "STRAVA" } });
    const query = (token, mode = "subscribe") =>
      `?hub.mode=${mode}&hub.challenge=15f7d1a91c1f40f8a748fd134752feb3&hub.verify_token=${token}`;
    const answer = await ask(of, "GET", { query: query("STRAVA") });
    await assertJson(of, answer, { "hub.challenge": "15f7d1a91c1f40f8a748fd134752feb3" });
    await assertDenied(of, await ask(of, "GET", { query: query("strava") }), 403);
    await assertDenied(of, await ask(of, "GET", { query: query("STRAVA", "publish") }), 403);
    await assertNotVerified(of, await ask(of, "GET", { query: `${query("STRAVA")}&hub.verify_token=STRAVA` }));
    const without = await source("strava", { secrets: ["120475"] });
    await assertDenied(without, await ask(without, "GET", { query: query("STRAVA") }));
    assertUnseen(of);
  });

  test("websub: the hub's intent", async () => {
    const topic = "https://example.com/feed";
    const query = (mode, of = topic, more = "") =>
      `?hub.mode=${mode}&hub.topic=${encodeURIComponent(of)}&hub.challenge=abc&hub.lease_seconds=864000${more}`;
    const listed = await source("websub", { options: { topics: `https://example.com/other, ${topic}` } });
    await assertText(listed, await ask(listed, "GET", { query: query("subscribe") }), "abc");
    await assertDenied(listed, await ask(listed, "GET", { query: query("unsubscribe") }), 404);
    await assertText(
      listed,
      await ask(listed, "GET", { query: query("unsubscribe", "https://example.com/old") }),
      "abc",
    );
    await assertDenied(listed, await ask(listed, "GET", { query: query("subscribe", `${topic}/`) }), 404);
    await assertDenied(listed, await ask(listed, "GET", { query: query("publish") }), 404);
    await assertDenied(listed, await ask(listed, "GET", { query: query("denied", topic, "&hub.reason=no") }), 200);
    await assertNotVerified(listed, await ask(listed, "GET", { query: query("subscribe", topic, "&hub.topic=a") }));

    const known = await source("websub", { options: { verifyToken: "mine" } });
    await assertText(
      known,
      await ask(known, "GET", { query: query("subscribe", topic, "&hub.verify_token=mine") }),
      "abc",
    );
    await assertText(
      known,
      await ask(known, "GET", { query: query("unsubscribe", topic, "&hub.verify_token=mine") }),
      "abc",
    );
    await assertDenied(
      known,
      await ask(known, "GET", { query: query("subscribe", topic, "&hub.verify_token=other") }),
      404,
    );
    await assertDenied(known, await ask(known, "GET", { query: query("subscribe") }), 404);

    const neither = await source("websub");
    await assertDenied(neither, await ask(neither, "GET", { query: query("subscribe") }), 404);
    for (const of of [listed, known, neither]) assertUnseen(of);
  });

  test("microsoft-graph: the validation token", async () => {
    const of = await source("microsoft-graph");
    const token = "Validation: Testing client application reachability for subscription Request-Id: 522a8e7e-0d3c";
    const query = `?validationToken=${encodeURIComponent(token)}`;
    const headers = { "content-type": "text/plain; charset=utf-8" };
    await assertText(of, await ask(of, "POST", { query, headers, body: "" }), token);
    await assertText(of, await ask(of, "POST", { query: query.replaceAll("%20", "+"), headers, body: "" }), token);
    const long = "x".repeat(4_096);
    await assertText(of, await ask(of, "POST", { query: `?validationToken=${long}`, body: "" }), long);
    await assertDenied(of, await ask(of, "POST", { query: `?validationToken=${long}x`, body: "" }));
    await assertDenied(of, await ask(of, "POST", { query: "?validationToken=%3Cb%3E", body: "" }));
    await assertNotVerified(of, await ask(of, "GET", { query }));
    await assertNotVerified(of, await ask(of, "POST", { query: `${query}&validationToken=b`, body: "" }));
    await assertNotVerified(of, await post(of, { value: [{ clientState: "guessed" }] }, {}, { query }));
    assertUnseen(of);
    const events = { value: [{ clientState: SECRET, changeType: "created" }] };
    assert.equal((await post(of, events, {}, { query })).status, 200);
    assert.equal(target.requests(of.path).length, 1, "notifications are no question, whatever the query says");
  });
});

describe("asked in the query, answered with a secret", () => {
  test("twitter: the challenge-response check", async () => {
    const of = await source("twitter", { secrets: [SECRET, "an older one"] });
    const token = (secret, text) => ({ response_token: `sha256=${mac("sha256", secret, text, "base64")}` });
    for (const text of ["bGVnaXQ", "ZmFrZQ==", "a-b_c+d/e="]) {
      const answer = await ask(of, "GET", { query: `?crc_token=${encodeURIComponent(text)}&nonce=1` });
      await assertJson(of, answer, token(SECRET, text));
    }
    const raw = "crc_token=abc&nonce=MTIz";
    const signed = (secret) => ({ "x-twitter-webhooks-signature": `sha256=${mac("sha256", secret, raw, "base64")}` });
    const older = await ask(of, "GET", { query: `?${raw}`, headers: signed("an older one") });
    await assertJson(of, older, token("an older one", "abc"));
    await assertDenied(of, await ask(of, "GET", { query: `?${raw}`, headers: signed("somebody's") }));

    // What it computes with can't be an event: whoever asks for a signature gets none that is worth anything.
    for (const text of ['{"for_user_id":"1"}', "a b", "a:b", "x".repeat(257), "", "é"]) {
      await assertDenied(of, await ask(of, "GET", { query: `?crc_token=${encodeURIComponent(text)}` }));
    }
    await assertNotVerified(of, await ask(of, "GET", { query: "?crc_token=a&crc_token=a" }));
    const got = await ask(of, "GET", { query: "?crc_token=true" });
    const forged = { "x-twitter-webhooks-signature": got.json.response_token };
    await assertDenied(of, await post(of, "true", forged));
    assertUnseen(of);
  });

  test("linkedin: the challenge code", async () => {
    const of = await source("linkedin");
    const code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    const answer = await ask(of, "GET", { query: `?challengeCode=${code}&applicationId=1` });
    await assertJson(of, answer, { challengeCode: code, challengeResponse: mac("sha256", SECRET, code) });
    for (const wrong of ["hmacsha256={}", "890e4665", `${code}0`, ""]) {
      await assertDenied(of, await ask(of, "GET", { query: `?challengeCode=${encodeURIComponent(wrong)}` }));
    }
    await assertNotVerified(of, await ask(of, "GET", { query: `?challengeCode=${code}&challengeCode=${code}` }));
    assertUnseen(of);
  });

  test("ebay: the challenge code", async () => {
    const verifyToken = "71745723-d031-455c-bfa5-f90d11b4f20a";
    const publicUrl = "http://www.testendpoint.com/webhook";
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const secrets = [publicKey.export({ type: "spki", format: "pem" })];
    const of = await source("ebay", { secrets, publicUrl, options: { verifyToken } });
    // The SDK's own test.
    const challengeResponse = "048de9ffd0e35021fefc0388d5c52e0f475324f582f3778ca81a53354ccbbc97";
    await assertJson(of, await ask(of, "GET", { query: `?challenge_code=${verifyToken}` }), { challengeResponse });
    await assertDenied(of, await ask(of, "GET", { query: "?challenge_code=a%20b" }));
    await assertNotVerified(of, await ask(of, "GET", { query: "?challenge_code=a&challenge_code=b" }));

    const own = await source("ebay", { secrets, options: { verifyToken } });
    const second = await ask(own, "GET", { query: "?challenge_code=abc" });
    const ownHash = createHash("sha256").update(`abc${verifyToken}${own.url}`).digest("hex");
    await assertJson(own, second, { challengeResponse: ownHash });

    const without = await source("ebay", { secrets });
    await assertDenied(without, await ask(without, "GET", { query: "?challenge_code=abc" }));
    assertUnseen(of);
  });

  test("braintree: bt_challenge", async () => {
    const secrets = ["integration_private_key"];
    const of = await source("braintree", { secrets, options: { publicKey: "integration_public_key" } });
    const answer = await ask(of, "GET", { query: "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53" });
    // The SDK's own test.
    await assertText(of, answer, "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4");
    for (const wrong of ["goodbye cruel world", "20f9f8ed05f77439fe9", "20F9F8ED05F77439FE955C977E4C8A53", ""]) {
      const query = `?bt_challenge=${encodeURIComponent(wrong)}`;
      await assertDenied(of, await ask(of, "GET", { query }), 400);
    }
    const challenge = "a".repeat(32);
    await assertNotVerified(
      of,
      await ask(of, "GET", { query: `?bt_challenge=${challenge}&bt_challenge=${challenge}` }),
    );
    const got = (await ask(of, "GET", { query: `?bt_challenge=${challenge}` })).text;
    const form = new URLSearchParams({ bt_signature: got, bt_payload: challenge }).toString();
    await assertDenied(of, await post(of, form, { "content-type": "application/x-www-form-urlencoded" }));

    const without = await source("braintree", { secrets });
    await assertDenied(without, await ask(without, "GET", { query: `?bt_challenge=${challenge}` }));
    assertUnseen(of);
  });

  test("fastly: the services of a host, at the path that Fastly asks for", async () => {
    const host = "logs.example.com";
    const route = { host, path: "/.well-known/fastly/logging/challenge" };
    const of = await source("fastly", { route, options: { serviceIds: "7i6HN3TK9wS159v2gPAZ8A, *" } });
    const fetch = (headers = { host }) => {
      of.sent += 1;
      return request(`${signet.url}/.well-known/fastly/logging/challenge`, { headers });
    };
    const hash = createHash("sha256").update("7i6HN3TK9wS159v2gPAZ8A").digest("hex");
    await assertText(of, await fetch(), `${hash}\n*\n`);
    await assertNotVerified(of, await ask(of, "GET"));
    await expect(200, "PATCH", `/v1/sources/${of.id}`, { options: {} });
    await assertDenied(of, await fetch());
    of.sent -= 1;
    assertProblem(await fetch({ host: "other.example.com" }), 404);
    assertUnseen(of);
  });
});

describe("asked in a header", () => {
  test("ringcentral: the validation token", async () => {
    const of = await source("ringcentral");
    const token = "4d2bd1a8-4a2d-4ee8-a3ef-7f0cf12b1b1c";
    for (const body of ["", "{}"]) {
      const answer = await post(of, body, { "Validation-Token": token });
      await assertAnswer(of, answer, 200, { headers: { "validation-token": token } });
    }
    await assertDenied(of, await post(of, "", { "Validation-Token": "a b" }));
    await assertNotVerified(of, await post(of, '{"event":1}', { "Validation-Token": token }));
    await assertNotVerified(of, await ask(of, "GET", { headers: { "Validation-Token": token } }));
    assertUnseen(of);
    assert.equal((await post(of, '{"event":1}', { "Verification-Token": SECRET })).status, 200);
    assert.equal(target.requests(of.path).length, 1);
  });

  test("worldline: the endpoint's verification", async () => {
    const of = await source("worldline");
    const name = "X-GCS-Webhooks-Endpoint-Verification";
    const value = "aee09eca-d1ac-4ef1-8a2f-7e7c5fe9c3f4";
    await assertText(of, await ask(of, "GET", { headers: { [name]: value } }), value);
    for (const wrong of ["a b", "<b>", "x".repeat(257), "caf\xe9"]) {
      await assertDenied(of, await ask(of, "GET", { headers: { [name]: wrong } }));
    }
    await assertDenied(of, await ask(of, "GET", { headers: { [name]: [value, value] } }));
    await assertNotVerified(of, await ask(of, "GET", { headers: { [name]: "" } }));
    await assertNotVerified(of, await post(of, "{}", { [name]: value }));
    assertUnseen(of);
  });

  test("okta: the one-time verification, which brings the credentials", async () => {
    const of = await source("okta");
    const name = "X-Okta-Verification-Challenge";
    const headers = { [name]: "my verification".replace(" ", "-"), Authorization: SECRET };
    await assertJson(of, await ask(of, "GET", { headers }), { verification: "my-verification" });
    await assertNotVerified(of, await ask(of, "GET", { headers: { [name]: "a" } }), "signature_missing");
    await assertNotVerified(of, await ask(of, "GET", { headers: { [name]: "a", Authorization: "guessed" } }));
    await assertDenied(of, await ask(of, "GET", { headers: { ...headers, [name]: "x".repeat(1_025) } }));
    assertUnseen(of);

    const own = await source("okta", { options: { header: "X-Key" } });
    await assertJson(own, await ask(own, "GET", { headers: { [name]: "a", "X-Key": SECRET } }), { verification: "a" });
    assertUnseen(own);
  });

  test("adobe-sign: the client's id, on questions and on events", async () => {
    const of = await source("adobe-sign");
    const id = "CBNCKBAAHBCAABAAp";
    await expect(200, "PATCH", `/v1/sources/${of.id}`, { secrets: ["older", id] });
    const headers = { "X-AdobeSign-ClientId": id };
    await assertJson(of, await ask(of, "GET", { headers }), { xAdobeSignClientId: id }, { "x-adobesign-clientid": id });
    for (const wrong of ["other", "", "CBNCKBAAHBCAABAA"]) {
      const answer = await ask(of, "GET", { headers: { "X-AdobeSign-ClientId": wrong } });
      await assertNotVerified(of, answer);
      assert.equal(answer.headers["x-adobesign-clientid"], undefined, "what is not known does not come back");
    }
    assertUnseen(of);

    target.answer(of.path, { status: 201, headers: { "x-origin": "1", "content-type": "text/plain" }, body: "taken" });
    const answer = await post(of, { event: "AGREEMENT_CREATED" }, headers);
    assert.equal(answer.status, 201);
    assert.equal(answer.text, "taken");
    assert.equal(answer.headers["x-origin"], "1");
    assert.equal(answer.headers["x-adobesign-clientid"], id);
    assert.equal(target.requests(of.path).length, 1);
    assert.equal((await log(of))[0].outcome, "verified");
    await expect(200, "PATCH", `/v1/sources/${of.id}`, { mode: "queue" });
    const queued = await post(of, { event: "AGREEMENT_SIGNED" }, headers);
    assert.equal(queued.status, 202);
    assert.equal(queued.headers["x-adobesign-clientid"], id);
  });

  for (const provider of ["trello", "intercom", "mandrill"]) {
    test(`${provider}: whether anybody is there`, async () => {
      const of = await source(provider);
      await assertDenied(of, await ask(of, "HEAD"), 200);
      await assertDenied(of, await ask(of, "HEAD", { query: "?a=b", rest: "/c" }), 200);
      await assertNotVerified(of, await ask(of, "GET"));
      await assertNotVerified(of, await post(of, "{}"));
      assertUnseen(of);
    });
  }
});

describe("asked in a signed body", () => {
  const slackHeaders = (body, { secret = SECRET, at = seconds() } = {}) => ({
    "Content-Type": "application/json",
    "X-Slack-Request-Timestamp": `${at}`,
    "X-Slack-Signature": `v0=${mac("sha256", secret, `v0:${at}:${body}`)}`,
  });

  test("slack: url_verification", async () => {
    const of = await source("slack");
    const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
    const body = JSON.stringify({ token: "Jhj5dZrVaK7ZwHHjRyZWjbDl", challenge, type: "url_verification" });
    await assertText(of, await post(of, body, slackHeaders(body)), challenge);
    await assertNotVerified(of, await post(of, body), "signature_missing");
    await assertNotVerified(of, await post(of, body, slackHeaders(body, { secret: "other" })), "signature_mismatch");
    const late = slackHeaders(body, { at: seconds() - 400 });
    await assertNotVerified(of, await post(of, body, late), "timestamp_out_of_tolerance");
    for (const text of MARKUP) {
      const odd = JSON.stringify({ challenge: text, type: "url_verification" });
      await assertDenied(of, await post(of, odd, slackHeaders(odd)));
    }
    assertUnseen(of);
    for (const event of [
      '{"type":"event_callback","challenge":"a"}',
      '{"type":"url_verification","type":"x","challenge":"a"}',
    ]) {
      assert.equal((await post(of, event, slackHeaders(event))).status, 200);
    }
    assert.equal(target.requests(of.path).length, 2, "what is no question goes on");
  });

  test("slack: the look at a slash command's certificate", async () => {
    const of = await source("slack");
    await assertDenied(of, await ask(of, "GET", { query: "?ssl_check=1&token=a" }), 200);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await assertDenied(of, await post(of, "token=a&ssl_check=1", headers), 200);
    await assertNotVerified(of, await post(of, "token=a&ssl_check=1&command=%2Fdeploy", headers));
    await assertNotVerified(of, await post(of, "ssl_check=1&ssl_check=1", headers));
    assertUnseen(of);
  });

  test("zoom: endpoint.url_validation", async () => {
    const of = await source("zoom", { secrets: ["newer", SECRET] });
    const headers = (body, secret = SECRET) => {
      const at = seconds();
      return { "x-zm-request-timestamp": `${at}`, "x-zm-signature": `v0=${mac("sha256", secret, `v0:${at}:${body}`)}` };
    };
    const question = (plainToken) =>
      JSON.stringify({ payload: { plainToken }, event_ts: 1654503849680, event: "endpoint.url_validation" });
    const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
    const body = question(plainToken);
    for (const secret of [SECRET, "newer"]) {
      const encryptedToken = mac("sha256", secret, plainToken);
      await assertJson(of, await post(of, body, headers(body, secret)), { plainToken, encryptedToken });
    }
    await assertNotVerified(of, await post(of, body), "signature_missing");
    await assertNotVerified(of, await post(of, body, headers(body, "other")));
    for (const text of ["v0:1:{}", "a b", "", "x".repeat(129)]) {
      const odd = question(text);
      await assertDenied(of, await post(of, odd, headers(odd)));
    }
    assertUnseen(of);
  });

  test("discord: PING, of interactions and of events", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    const of = await source("discord", { secrets: [raw] });
    const headers = (body) => {
      const at = `${seconds()}`;
      const signature = sign(null, Buffer.from(at + body), privateKey).toString("hex");
      return { "X-Signature-Ed25519": signature, "X-Signature-Timestamp": at };
    };
    const ping = JSON.stringify({ type: 1, version: 1, id: "1", application_id: "2", token: "unused" });
    await assertJson(of, await post(of, ping, headers(ping)), { type: 1 });
    const eventPing = JSON.stringify({ version: 1, application_id: "1", type: 0 });
    const answer = await post(of, eventPing, headers(eventPing));
    await assertAnswer(of, answer, 204, { headers: { "content-type": "application/json" } });
    await assertNotVerified(of, await post(of, ping), "signature_missing");
    const wrong = { ...headers(ping), "X-Signature-Ed25519": "0".repeat(128) };
    await assertNotVerified(of, await post(of, ping, wrong), "signature_mismatch");
    assertUnseen(of);
    const event = JSON.stringify({
      version: 1,
      application_id: "1",
      type: 1,
      event: { type: "APPLICATION_AUTHORIZED" },
    });
    assert.equal((await post(of, event, headers(event))).status, 200);
    assert.equal(target.requests(of.path).length, 1, "an event is no PING");
  });

  test("twitch: webhook_callback_verification", async () => {
    const of = await source("twitch");
    const headers = (body, kind = "webhook_callback_verification") => {
      const [id, at] = [`${Math.random()}`, new Date().toISOString()];
      return {
        "Twitch-Eventsub-Message-Id": id,
        "Twitch-Eventsub-Message-Timestamp": at,
        "Twitch-Eventsub-Message-Type": kind,
        "Twitch-Eventsub-Message-Signature": `sha256=${mac("sha256", SECRET, id + at + body)}`,
      };
    };
    const challenge = "pogchamp-kappa-360noscope-vohiyo";
    const body = JSON.stringify({ challenge, subscription: { id: "f1c2a387", status: "pending" } });
    await assertText(of, await post(of, body, headers(body)), challenge);
    const forged = { ...headers(body), "Twitch-Eventsub-Message-Signature": `sha256=${"0".repeat(64)}` };
    await assertNotVerified(of, await post(of, body, forged), "signature_mismatch");
    const odd = JSON.stringify({ challenge: "<b>" });
    await assertDenied(of, await post(of, odd, headers(odd)));
    assertUnseen(of);
    for (const kind of ["notification", "revocation"])
      assert.equal((await post(of, body, headers(body, kind))).status, 200);
    assert.equal(target.requests(of.path).length, 2);
  });

  test("azure-eventgrid: validation, in both schemas, and the end of a subscription", async () => {
    const of = await source("azure-eventgrid");
    const query = `?code=${encodeURIComponent(SECRET)}`;
    const trap = target.url(uniquePath("/trap"));
    const event = {
      id: "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
      topic: "/subscriptions/x",
      subject: "",
      data: { validationCode: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", validationUrl: trap },
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      eventTime: "2022-10-26T16:42:17.3204736Z",
    };
    const headers = { "aeg-event-type": "SubscriptionValidation", "content-type": "application/json; charset=utf-8" };
    const answer = await post(of, [event], headers, { query });
    await assertJson(of, answer, { validationResponse: event.data.validationCode });
    await assertNotVerified(of, await post(of, [event], headers));
    await assertNotVerified(of, await post(of, [event], headers, { query: "?code=guessed" }));
    const odd = { ...event, data: { validationCode: "<b>" } };
    await assertDenied(of, await post(of, [odd], headers, { query }));
    await assertDenied(of, await post(of, [], { "aeg-event-type": "Unsubscribe" }, { query }), 200);

    const options = { "WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120" };
    const callback = { ...options, "WebHook-Request-Callback": trap };
    await assertAnswer(of, await ask(of, "OPTIONS", { query, headers: callback }), 200, {
      headers: {
        "webhook-allowed-origin": "eventgrid.azure.net",
        "webhook-allowed-rate": "120",
        allow: "POST, OPTIONS",
      },
    });
    await assertNotVerified(of, await ask(of, "OPTIONS", { headers: options }));
    const other = { ...options, "WebHook-Request-Origin": "eventgrid.azure.net.example.com" };
    await assertDenied(of, await ask(of, "OPTIONS", { query, headers: other }));
    assertUnseen(of);
    assert.equal(target.requests(new URL(trap).pathname).length, 0, "no URL that came with it is called");
  });

  test("xero: the intent to receive", async () => {
    const of = await source("xero");
    const body = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}';
    const headers = (text, secret = SECRET) => ({ "x-xero-signature": mac("sha256", secret, text, "base64") });
    await assertDenied(of, await post(of, body, headers(body)), 200);
    for (const wrong of [headers(body, "other"), {}, { "x-xero-signature": "" }]) {
      const answer = await post(of, body, wrong);
      assert.equal(answer.status, 401);
      assert.equal(answer.text, "", "Xero takes an answer with a body for none");
      assert.equal(answer.headers["set-cookie"], undefined);
      assert.equal((await log(of))[0].outcome, "refused");
    }
    assertUnseen(of);
    const events = '{"events":[{"resourceId":"1"}],"entropy":"x"}';
    await assertNotVerified(of, await post(of, events, headers(events, "other")), "signature_mismatch");
    assertUnseen(of);
    assert.equal((await post(of, events, headers(events))).status, 200);
    assert.equal(target.requests(of.path).length, 1);
    await expect(200, "PATCH", `/v1/sources/${of.id}`, { mode: "queue", deduplicate: false });
    const queued = await post(of, events, headers(events));
    assert.equal(queued.status, 200, "nothing but 200 will do");
    assert.equal(queued.text, "");
  });

  test("monday: the challenge, of a board and of an app", async () => {
    const of = await source("monday");
    const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = (secret) => {
      const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ exp: seconds() + 60 })}`;
      return { Authorization: `${text}.${mac("sha256", secret, text, "base64url")}` };
    };
    await assertJson(of, await post(of, { challenge }), { challenge });
    await assertJson(of, await post(of, { challenge }, token(SECRET)), { challenge });
    await assertNotVerified(of, await post(of, { challenge }, token("other")));
    await assertDenied(of, await post(of, { challenge: "a b" }));
    await assertNotVerified(of, await post(of, { challenge, event: {} }));
    await assertNotVerified(of, await post(of, '{"challenge":"a","challenge":"a"}'));
    assertUnseen(of);
  });

  test("woocommerce: the ping", async () => {
    const of = await source("woocommerce");
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await assertDenied(of, await post(of, "webhook_id=12", headers), 200);
    for (const body of ["webhook_id=", "webhook_id=a", "webhook_id=1&a=b", `webhook_id=${"1".repeat(21)}`]) {
      await assertNotVerified(of, await post(of, body, headers));
    }
    await assertNotVerified(of, await post(of, "webhook_id=1", { ...headers, "X-WC-Webhook-Topic": "order.created" }));
    await assertNotVerified(of, await ask(of, "PUT", { body: "webhook_id=1", headers }));
    assertUnseen(of);
  });
});

describe("questions that bring the secret", () => {
  const learned = (of) => api("GET", `/v1/sources/${of.id}/learned-secret`);

  test("asana: the first one is believed, and no other", async () => {
    const of = await source("asana", { secrets: [] });
    const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    const event = '{"events":[{"action":"changed"}]}';
    const signed = (key) => ({ "X-Hook-Signature": mac("sha256", key, event) });
    assertProblem(await learned(of), 404, { code: "not_found" });
    await assertNotVerified(of, await post(of, event, signed(secret)));
    await assertNotVerified(of, await post(of, event, { "X-Hook-Secret": secret }));
    await assertNotVerified(of, await post(of, "{}", { "X-Hook-Secret": secret, "X-Hook-Signature": "a" }));
    await assertDenied(of, await post(of, "{}", { "X-Hook-Secret": "short" }));
    await assertDenied(of, await post(of, "{}", { "X-Hook-Secret": "not a word at all" }));
    assert.equal((await learned(of)).status, 404, "nothing was learned of that");

    const answer = await post(of, "{}", { "X-Hook-Secret": secret });
    await assertAnswer(of, answer, 200, { headers: { "x-hook-secret": secret } });
    assert.deepEqual((await learned(of)).json, { secret });
    assert.equal((await expect(200, "GET", `/v1/sources/${of.id}`)).secretCount, 1);
    assertUnseen(of);

    const other = "0".repeat(64);
    const again = await post(of, "", { "X-Hook-Secret": other });
    await assertDenied(of, again);
    assert.equal(again.headers["x-hook-secret"], undefined);
    await assertAnswer(of, await post(of, "{}", { "X-Hook-Secret": secret }), 200, {
      headers: { "x-hook-secret": secret },
    });
    assert.deepEqual((await learned(of)).json, { secret });
    assertUnseen(of);

    assert.equal((await post(of, event, signed(secret))).status, 200);
    assert.equal(target.requests(of.path).length, 1);
    await assertNotVerified(of, await post(of, event, signed(other)), "signature_mismatch");
    assert.equal(target.requests(of.path).length, 1);
  });

  test("asana: of many at once one is believed", async () => {
    const of = await source("asana", { secrets: [] });
    const secrets = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(64));
    const answers = await Promise.all(secrets.map((secret) => post(of, "{}", { "X-Hook-Secret": secret })));
    const believed = secrets.filter((_, at) => answers[at].status === 200);
    assert.equal(believed.length, 1, `${answers.map((answer) => answer.status)}`);
    assert.deepEqual((await learned(of)).json, { secret: believed[0] });
    for (const answer of answers) assert.ok([200, 401].includes(answer.status), answer.text);
  });

  test("asana: a source that has a secret learns none", async () => {
    const of = await source("asana");
    await assertDenied(of, await post(of, "{}", { "X-Hook-Secret": "0".repeat(64) }));
    assertProblem(await learned(of), 404, { code: "not_found" });
    assertUnseen(of);
  });

  test("notion: the verification token", async () => {
    const of = await source("notion", { secrets: [] });
    const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    await assertNotVerified(of, await post(of, { verification_token: token }, { "X-Notion-Signature": "sha256=00" }));
    await assertDenied(of, await post(of, { verification_token: "a b c d e f g" }));
    await assertDenied(of, await post(of, { verification_token: token }), 200);
    assert.deepEqual((await learned(of)).json, { secret: token });
    await assertDenied(of, await post(of, { verification_token: token }), 200);
    await assertDenied(of, await post(of, { verification_token: "secret_another0000" }));
    assert.deepEqual((await learned(of)).json, { secret: token });
    assertUnseen(of);
    const event = '{"id":"367cba44-b6f3-4c92-81e7-6a2e9659efd4","type":"page.created"}';
    const headers = { "X-Notion-Signature": `sha256=${mac("sha256", token, event)}` };
    assert.equal((await post(of, event, headers)).status, 200);
    assert.equal(target.requests(of.path).length, 1);
  });

  test("github learns nothing", async () => {
    const of = await source("github");
    await assertNotVerified(of, await post(of, "{}", { "X-Hook-Secret": "0".repeat(64) }));
    assertProblem(await learned(of), 404, { code: "not_found" });
  });
});

describe("aws-sns: a subscription's confirmation", () => {
  const topic = "arn:aws:sns:us-east-1:123456789012:MyTopic";
  const confirmation = (changes) => ({
    Type: "SubscriptionConfirmation",
    MessageId: "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    Token: "2336412f37",
    TopicArn: topic,
    Message: "You have chosen to subscribe to the topic.",
    SubscribeURL: `https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topic}&Token=2336412f37`,
    Timestamp: new Date().toISOString(),
    SignatureVersion: "2",
    Signature: Buffer.alloc(256, 1).toString("base64"),
    SigningCertURL: "https://sns.us-east-1.amazonaws.com/cert.pem",
    ...changes,
  });

  test("is never called without a signature that holds, and nobody is asked but Amazon", async () => {
    const trap = uniquePath("/trap");
    const url = target.url(trap);
    const query = `?Action=ConfirmSubscription&TopicArn=${topic}&Token=2336412f37`;
    const of = await source("aws-sns", { secrets: [], options: { topicArn: topic } });
    const headers = { "x-amz-sns-message-type": "SubscriptionConfirmation" };
    for (const changes of [
      { SubscribeURL: url + query, Signature: undefined },
      { SubscribeURL: url + query, SigningCertURL: url },
      { SubscribeURL: url + query, SigningCertURL: `${url}#.amazonaws.com/cert.pem` },
      {
        SubscribeURL: url + query,
        SigningCertURL: `http://127.0.0.1:${target.port}/sns.us-east-1.amazonaws.com/cert.pem`,
      },
      {
        SubscribeURL: url + query,
        SigningCertURL: `https://sns.us-east-1.amazonaws.com@127.0.0.1:${target.port}/cert.pem`,
      },
      { SubscribeURL: url + query, SigningCertURL: "not a URL" },
      { SubscribeURL: url + query, Signature: "short" },
      { SubscribeURL: url + query, TopicArn: "arn:aws:sns:us-east-1:999999999999:Theirs" },
      { SubscribeURL: url + query, Type: "UnsubscribeConfirmation", SigningCertURL: url },
    ]) {
      await assertNotVerified(of, await post(of, confirmation(changes), headers));
    }
    assert.equal(target.requests(trap).length, 0);
    assertUnseen(of);
  });

  test("is not called either where a source lets everything through", async () => {
    const trap = uniquePath("/trap");
    const of = await source("aws-sns", { secrets: [], enforce: false, options: { topicArn: topic } });
    const answer = await post(of, confirmation({ SubscribeURL: target.url(trap), Signature: undefined }));
    assert.equal(answer.status, 200);
    assert.equal(target.requests(trap).length, 0);
    const [received] = target.requests(of.path);
    assert.equal(received.headers["signet-verified"], "false");
    assert.equal((await log(of))[0].outcome, "unverified");
  });
});

test("what is a question elsewhere is none to a provider that does not ask it", async () => {
  const of = await source("github", { deduplicate: false });
  const signed = (body) => ({ "X-Hub-Signature-256": `sha256=${mac("sha256", SECRET, body)}` });
  for (const query of [
    "?challenge=a",
    "?crc_token=a",
    "?hub.mode=subscribe&hub.challenge=a&hub.verify_token=",
    "?validationToken=a",
  ]) {
    await assertNotVerified(of, await ask(of, "GET", { query }));
  }
  assert.equal((await ask(of, "HEAD")).status, 401);
  assertUnseen(of);
  for (const body of [
    '{"type":"url_verification","challenge":"a"}',
    '{"type":1}',
    '{"events":[]}',
    '{"challenge":"a"}',
  ]) {
    assert.equal((await post(of, body, signed(body))).text, "");
    assert.equal((await log(of))[0].outcome, "verified");
  }
  assert.equal(target.requests(of.path).length, 4);
});

test("a question is answered in a queue as well, and becomes no delivery", async () => {
  const of = await source("dropbox", { mode: "queue" });
  await assertText(of, await ask(of, "GET", { query: "?challenge=abc" }), "abc");
  assert.deepEqual((await expect(200, "GET", `/v1/deliveries?source=${of.id}`)).data, []);
  assertUnseen(of);
});
