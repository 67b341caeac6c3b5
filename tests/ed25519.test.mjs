// Signing with a private key, for receivers who should hold no secret: Standard Webhooks' v1a.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { describe, test } from "node:test";
import { assertProblem, verifies } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, expect, subscribe, sendOne, settled, profile } = await stage();

await profile("asymmetric", {
  signature: {
    algorithm: "ed25519",
    secretEncoding: "base64",
    content: "{id}.{timestamp}.{body}",
    encoding: "base64",
    header: "webhook-signature",
    format: "v1a,{signature}",
    timestampHeader: "webhook-timestamp",
    idHeader: "webhook-id",
  },
});

/** A key pair, its private half as Standard Webhooks writes it: the seed, with or without the public key after it. */
function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d, "base64url");
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");
  const written = (bytes) => `whsk_${bytes.toString("base64")}`;
  return { publicKey, seed: written(seed), pair: written(Buffer.concat([seed, point])), point };
}

function verified(request, publicKey) {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = request.headers;
  const [version, value] = signature.split(",");
  assert.equal(version, "v1a");
  const content = Buffer.concat([Buffer.from(`${id}.${time}.`), request.body]);
  return verify(null, content, publicKey, Buffer.from(value, "base64"));
}

for (const form of ["seed", "pair"]) {
  test(`a private key brought as ${form} signs, and its public key verifies`, async () => {
    const keys = keyPair();
    const type = uniqueType();
    const path = uniquePath();
    await subscribe({ url: target.url(path), events: [type], profile: "asymmetric", secret: keys[form] });
    const id = await sendOne({ type, data: { text: "ünïcode ✓" } });
    const [request] = await target.received(path);
    assert.equal(request.headers["webhook-id"], id);
    assert.ok(verified(request, keys.publicKey));
    assert.ok(!verified(request, keyPair().publicKey), "another key does not");
    request.body[request.body.length - 2] ^= 1;
    assert.ok(!verified(request, keys.publicKey), "nor another body");
    assert.equal((await settled(id)).status, "delivered");
  });
}

test("a key made here is a private key of that form", async () => {
  const made = await subscribe({ url: target.url("/made"), events: ["none"], profile: "asymmetric" });
  assert.match(made.secret, /^whsk_[A-Za-z0-9+/]+={0,2}$/);
  const bytes = Buffer.from(made.secret.slice(5), "base64");
  assert.ok([32, 64].includes(bytes.length));
  assert.equal((await expect(200, "GET", `/v1/subscriptions/${made.id}/secret`)).secret, made.secret);
});

test("what is no private key is refused", async () => {
  const { seed, pair } = keyPair();
  const torn = Buffer.from(pair.slice(5), "base64");
  torn[40] ^= 1;
  const table = [
    "whsk_",
    "whsk_AAAA",
    `whsk_${Buffer.alloc(33).toString("base64")}`,
    `${seed}!`,
    // A public key that is not the seed's: signing with such a pair would give the seed away.
    `whsk_${torn.toString("base64")}`,
  ];
  for (const secret of table) {
    const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), profile: "asymmetric", secret });
    assertProblem(answer, 422, { pointers: ["/secret"] });
  }
});

/** The public key in an answer, as node takes it. */
function publicKeyOf(text) {
  assert.match(text, /^whpk_/);
  const point = Buffer.from(text.slice(5), "base64");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") }, format: "jwk" });
}

describe("under `standard`, where a secret says by its beginning what it is", () => {
  test("a private key that is brought along signs as v1a", async () => {
    const keys = keyPair();
    const type = uniqueType();
    const path = uniquePath();
    const made = await subscribe({ url: target.url(path), events: [type], secret: keys.seed });
    assert.equal(made.publicKey, `whpk_${keys.point.toString("base64")}`);
    await sendOne({ type, data: 1 });
    const [request] = await target.received(path);
    assert.ok(verified(request, keys.publicKey));
  });

  test("one is made for whoever asks, and everybody who reads the subscription sees its other half", async () => {
    const type = uniqueType();
    const path = uniquePath();
    const made = await subscribe({ url: target.url(path), events: [type], secretType: "ed25519" });
    assert.match(made.secret, /^whsk_/);
    const shown = await expect(200, "GET", `/v1/subscriptions/${made.id}`);
    assert.equal(shown.publicKey, made.publicKey);
    assert.equal(shown.secret, undefined);
    await sendOne({ type, data: 1 });
    const [request] = await target.received(path);
    assert.ok(verified(request, publicKeyOf(shown.publicKey)));
  });

  test("a rotation from a shared secret: both sign, each in its own form", async () => {
    const type = uniqueType();
    const path = uniquePath();
    const made = await subscribe({ url: target.url(path), events: [type] });
    assert.equal(made.publicKey, undefined);
    const rotated = await expect(200, "POST", `/v1/subscriptions/${made.id}/rotate-secret`, { secretType: "ed25519" });
    assert.equal((await expect(200, "GET", `/v1/subscriptions/${made.id}`)).publicKey, rotated.publicKey);
    await sendOne({ type, data: 1 });
    const [request] = await target.received(path);
    const [v1a, v1, ...more] = request.headers["webhook-signature"].split(" ");
    assert.deepEqual(more, []);
    const alone = (signature) => ({ ...request, headers: { ...request.headers, "webhook-signature": signature } });
    assert.ok(verified(alone(v1a), publicKeyOf(rotated.publicKey)));
    assert.ok(verifies(made.secret, { text: request.text, headers: alone(v1).headers }));
    // A library that knows v1 alone takes the header as it came.
    assert.ok(verifies(made.secret, request));
  });

  test("deliveries to a webhookUrl too", async () => {
    const rotated = await expect(200, "POST", "/v1/applications/default/rotate-secret", {
      secretType: "ed25519",
      overlapSeconds: 0,
    });
    assert.equal((await expect(200, "GET", "/v1/applications/default")).publicKey, rotated.publicKey);
    const path = uniquePath();
    await sendOne({ type: uniqueType(), data: 1, webhookUrl: target.url(path) });
    const [request] = await target.received(path);
    assert.ok(verified(request, publicKeyOf(rotated.publicKey)));
  });

  test("a product that signs with shared secrets alone refuses", async () => {
    for (const profile of ["playcut", "sketchpen", "clipcabinet"]) {
      const answer = await api("POST", "/v1/subscriptions", { url: target.url("/x"), profile, secretType: "ed25519" });
      assertProblem(answer, 422, { pointers: ["/secretType"] });
    }
    const both = { url: target.url("/x"), secretType: "ed25519", secret: keyPair().seed };
    assertProblem(await api("POST", "/v1/subscriptions", both), 422, { pointers: ["/secretType"] });
    const none = { url: target.url("/x"), secretType: "rsa" };
    assertProblem(await api("POST", "/v1/subscriptions", none), 422, { pointers: ["/secretType"] });
  });
});
