// Signing with a private key, for receivers who should hold no secret: Standard Webhooks' v1a.
import assert from "node:assert/strict";
import { generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
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
