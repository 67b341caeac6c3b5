// The MAC of a large body is the runtime's to compute, that of a small one is computed in wasm: nobody can tell them apart.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath } from "./support/stage.mjs";

const { target, expect } = await stage();

const LARGE = 32 * 1024; // as src/proxy/judge.rs has it
const SECRETS = ["the old secret", "the new secret"];

async function source(signature) {
  const path = uniquePath("/origin");
  const body = {
    provider: {
      signature: { secretEncoding: "utf8", encoding: "hex", content: "{body}", format: "{signature}", ...signature },
    },
    secrets: SECRETS,
    origin: target.url(path),
  };
  return { ...(await expect(201, "POST", "/v1/sources", body)), path };
}

const mac = (algorithm, secret, body) => createHmac(algorithm.replace("hmac-", ""), secret).update(body).digest("hex");

async function send(to, body, signature) {
  const answer = await request(to.url, { method: "POST", headers: { "x-signature": signature }, body });
  return { ...answer, arrived: target.requests(to.path).length };
}

describe("a body is verified whatever its size", { concurrency: true }, () => {
  for (const algorithm of ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-md5"]) {
    for (const size of [LARGE - 1, LARGE, 10 * LARGE + 1]) {
      test(`${algorithm}, ${size} bytes`, async () => {
        const to = await source({ algorithm, header: "X-Signature" });
        const body = Buffer.alloc(size, algorithm);
        const signature = mac(algorithm, SECRETS[1], body);

        const changed = Buffer.from(body);
        changed[size - 1] ^= 1;
        for (const [forged, by] of [
          [changed, signature],
          [body, mac(algorithm, "another secret", body)],
        ]) {
          const refused = await send(to, forged, by);
          assertProblem(refused, 401, "not_verified");
          assert.equal(refused.arrived, 0);
        }

        const first = await send(to, body, signature);
        assert.deepEqual([first.status, first.arrived], [200, 1], first.text);
        assert.ok(target.requests(to.path)[0].body.equals(body));

        // Known again by the signature that held.
        const again = await send(to, body, signature);
        assert.deepEqual([again.json, again.arrived], [{ duplicate: true }, 1]);
        const other = await send(to, changed, mac(algorithm, SECRETS[0], changed));
        assert.deepEqual([other.status, other.arrived], [200, 2], other.text);
      });
    }
  }

  test("one of several signatures will do, and is known again", async () => {
    const to = await source({
      algorithm: "hmac-sha256",
      header: "X-Signature",
      format: "v1={signature}",
      separator: ",",
    });
    const body = Buffer.alloc(2 * LARGE, "x");
    const genuine = `v1=${mac("hmac-sha256", SECRETS[0], body)}`;
    const first = await send(to, body, `v1=${"0".repeat(64)},${genuine}`);
    assert.deepEqual([first.status, first.arrived], [200, 1], first.text);
    const again = await send(to, body, genuine);
    assert.deepEqual([again.json, again.arrived], [{ duplicate: true }, 1]);
  });
});
