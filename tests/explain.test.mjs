// Why did it fail? Requests that were captured, explained by the gateway; signed by `npm run sign`, by Node and by OpenSSL.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { test } from "node:test";
import { at } from "../scripts/project.mjs";
import { assertProblem } from "./support/assertions.mjs";
import { stage } from "./support/stage.mjs";

const SECRET = "whsec_c2VjcmV0IG9mIHRoZSBlbmRwb2ludA==";
const BODY = '{"id":"evt_1","text":"ünïcode / <b>","list":[1,{}]}';
const NAMES = ["signature_found", "signature_decoded", "id_found", "timestamp_found", "timestamp_in_tolerance"];
NAMES.push("content_built", "secret_tried", "key_found", "key_tried", "variants_tried");

/** What `npm run sign -- --format json` prints: what this call takes. */
function sign(...args) {
  const given = [at("scripts/sign.mjs"), "--secret", SECRET, "--format", "json", ...args];
  return JSON.parse(execFileSync(process.execPath, given, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

// What signs is compiled before anything else starts: nobody keeps a connection open for that long.
sign("--provider", "github");
const { target, api, expect } = await stage();

async function source(provider, secrets = [SECRET], more = {}) {
  return expect(201, "POST", "/v1/sources", { provider, secrets, origin: target.url("/origin"), ...more });
}

/** What the gateway says of a request. Nothing that it must not know how to keep to itself is in it. */
async function explain({ id }, captured, hidden = []) {
  const report = await expect(200, "POST", `/v1/sources/${id}/explain`, captured);
  assert.deepEqual(Object.keys(report).sort(), ["hints", "reason", "steps", "verified"]);
  assert.equal(report.verified, report.reason === null);
  assert.ok(report.verified || report.hints.length > 0, JSON.stringify(report));
  for (const { step, ok, detail } of report.steps) {
    assert.ok(NAMES.includes(step), step);
    assert.equal(typeof ok, "boolean");
    assert.match(detail, /^\S.*[.)]$/s);
  }
  for (const { code, detail } of report.hints) {
    assert.match(code, /^[a-z_]+$/);
    assert.match(detail, /^\S.*[.)]$/s);
  }
  for (const secret of [SECRET, SECRET.slice(6), ...hidden]) assert.ok(!JSON.stringify(report).includes(secret));
  return report;
}

const first = (report) => report.hints[0]?.code;

test("what is signed by hand is verified, and what is changed then is found out", async () => {
  const stripe = await source("stripe");
  const captured = sign("--provider", "stripe", "--body", BODY);
  const good = await explain(stripe, captured);
  assert.equal(good.verified, true, JSON.stringify(good));
  assert.deepEqual(good.hints, []);

  const pretty = { ...captured, body: JSON.stringify(JSON.parse(BODY), null, 2) };
  const report = await explain(stripe, pretty);
  assert.equal(report.reason, "signature_mismatch");
  assert.equal(first(report), "body_reserialized");
  assert.match(report.hints[0].detail, /compact JSON/);

  const old = await explain(stripe, { ...captured, at: new Date(Date.now() + 3_000_000).toISOString() });
  assert.deepEqual([old.reason, first(old)], ["timestamp_out_of_tolerance", "request_old"]);
  assert.ok(
    old.steps.some(({ step, ok }) => step === "secret_tried" && ok),
    "the signature was tried all the same",
  );
});

test("the headers as an object, values apart, bytes as base64", async () => {
  const github = await source("github", ["another secret", "s3cret"]);
  const bytes = Buffer.from([0xff, 0, 10]);
  const expected = createHmac("sha256", "s3cret").update(bytes).digest("hex");
  const headers = { "x-hub-signature-256": `sha256=${expected}` };
  const good = await explain(github, { headers, bodyBase64: bytes.toString("base64") }, ["s3cret"]);
  assert.equal(good.verified, true);
  const twice = { "X-Hub-Signature-256": [headers["x-hub-signature-256"], `sha256=${"0".repeat(64)}`] };
  const merged = await explain(github, { headers: twice, bodyBase64: bytes.toString("base64") });
  assert.deepEqual([merged.reason, first(merged)], ["signature_malformed", "header_merged"]);
  const wrong = await explain(github, { headers, body: "another" }, [expected]);
  assert.deepEqual([wrong.reason, first(wrong)], ["signature_mismatch", "wrong_secret"]);
  const other = await explain(github, { headers: { "Stripe-Signature": "t=1,v1=2" }, body: "" });
  assert.deepEqual([other.reason, first(other)], ["signature_missing", "other_provider"]);
});

test("public keys are the runtime's to try, variants too", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url").toString("hex");
  const discord = await source("discord", [point]);
  const time = Math.floor(Date.now() / 1000);
  const signature = signWith(null, Buffer.from(`${time}${BODY}\n`), privateKey).toString("hex");
  const headers = { "X-Signature-Ed25519": signature, "X-Signature-Timestamp": `${time}` };
  assert.equal((await explain(discord, { headers, body: `${BODY}\n` })).verified, true);
  const trimmed = await explain(discord, { headers, body: BODY });
  assert.deepEqual([trimmed.reason, first(trimmed)], ["signature_mismatch", "body_trailing_newline"]);

  const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const sendgrid = await source("sendgrid", [
    pair.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  ]);
  const der = signWith("sha256", Buffer.from(`${time}${BODY}`), pair.privateKey).toString("base64");
  const name = "X-Twilio-Email-Event-Webhook";
  const signed = { [`${name}-Signature`]: der, [`${name}-Timestamp`]: `${time}` };
  assert.equal((await explain(sendgrid, { headers: signed, body: BODY })).verified, true);
  const spaced = await explain(sendgrid, { headers: signed, body: JSON.stringify(JSON.parse(BODY), null, 4) });
  assert.equal(first(spaced), "body_reserialized");
});

test("the URL that was signed is the source's own, or another", async () => {
  const square = await source("square");
  const captured = sign("--provider", "square", "--body", BODY, "--url", square.url.replace("http:", "https:"));
  assert.equal((await explain(square, captured)).verified, true);
  const report = await explain(square, { ...captured, url: square.url });
  assert.deepEqual([report.reason, first(report)], ["signature_mismatch", "url_differs"]);
  assert.match(report.hints[0].detail, /https in place of http/);
});

test("a call with faults names them; a source that is not there is not", async () => {
  const github = await source("github");
  const where = `/v1/sources/${github.id}/explain`;
  const faults = await api("POST", where, {
    method: "GET /",
    url: "/x",
    headers: { "a b": 1 },
    body: 1,
    at: "now",
    more: 1,
  });
  assertProblem(faults, 422, { pointers: ["/method", "/url", "/headers/a b", "/body", "/at", "/more"] });
  assertProblem(await api("POST", where, {}), 422, { pointers: ["/headers"] });
  assertProblem(await api("POST", where, { headers: {}, body: "x".repeat((1 << 20) + 1) }), 422, {
    pointers: ["/body"],
  });
  assertProblem(await api("POST", "/v1/sources/src_0123456789abcdefghjkmnpqrstv/explain", { headers: {} }), 404);
});

test("the largest request costs a bounded time, with however many secrets", async () => {
  const body = JSON.stringify(Array.from({ length: 30_000 }, (_, number) => ({ number, text: "ü/<" })));
  const size = Buffer.byteLength(body);
  assert.ok(size > 900_000 && size < 1 << 20, `${size}`);
  for (const count of [1, 20]) {
    const hubspot = await source(
      "hubspot",
      Array.from({ length: count }, (_, number) => `secret ${number}`),
    );
    const captured = sign("--provider", "hubspot", "--url", hubspot.url);
    const from = Date.now();
    const report = await explain(hubspot, { ...captured, body });
    console.log(`explained ${size} bytes with ${count} secrets in ${Date.now() - from} ms`);
    const tried = report.steps.at(-1);
    assert.equal(tried.step, "variants_tried");
    assert.equal(/beyond what is tried/.test(tried.detail), count > 1, tried.detail);
  }
});
