// What changes between two attempts is in force for the second one; what must not change, does not.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifies } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep } from "./support/wait.mjs";

const { target, api, expect, subscribe, sendOne, delivery, settled, attempted, profile } = await stage();

// Time enough between two attempts for a change, little enough for a test.
await profile("calm", { retry: { delays: [0, 2, 2], jitter: 0 } });

/** A delivery whose first attempt failed and is recorded; the second one is about 2 s away. */
async function betweenAttempts({ answers = [500, 200], data = {}, subscription = {} } = {}) {
  const type = uniqueType();
  const path = uniquePath();
  const made = await subscribe({ url: target.answer(path, answers), events: [type], profile: "calm", ...subscription });
  const id = await sendOne({ type, data });
  await attempted(id, 1);
  assert.equal(target.requests(path).length, 1, "the second attempt is still to come");
  const where = `/v1/subscriptions/${made.id}`;
  return { made, id, type, path, where };
}

describe("over all attempts", { concurrency: true }, () => {
  test("the body and the id are the same; timestamp and signature are new", async () => {
    const data = { text: "ünïcode ✓", number: 1.5, list: [1, 2, 3] };
    const { made, id, path } = await betweenAttempts({ answers: [500, 503, 200], data });
    const seen = await settled(id);
    assert.partialDeepStrictEqual(seen, { status: "delivered", attemptCount: 3 });
    const requests = target.requests(path);
    assert.equal(requests.length, 3);
    for (const request of requests) {
      assert.ok(request.body.equals(requests[0].body), "byte for byte");
      assert.equal(request.headers["webhook-id"], id);
      assert.ok(verifies(made.secret, request));
      const seconds = Number(request.headers["webhook-timestamp"]);
      assert.ok(Math.abs(seconds - request.at / 1_000) < 3, "the timestamp is the attempt's");
    }
    const distinct = (name) => new Set(requests.map((request) => request.headers[name])).size;
    assert.equal(distinct("webhook-timestamp"), 3);
    assert.equal(distinct("webhook-signature"), 3);
    assert.equal(seen.payload, requests[0].text);
  });
});

test("a profile that is changed or removed takes no accepted delivery with it", async () => {
  await profile("brief", { retry: { delays: [0, 2, 2], jitter: 0 } });
  const { id, path } = await betweenAttempts({ subscription: { profile: "brief" } });
  await profile("brief", { body: { other: "{event.type}" }, retry: { delays: [0, 2, 2], jitter: 0 } });
  const removed = await api("DELETE", "/v1/profiles/brief");
  assert.ok([204, 409].includes(removed.status), `${removed.status} ${removed.text}`);
  assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 2 });
  const [first, second] = target.requests(path);
  assert.ok(first.body.equals(second.body));
});

describe("in force for the next attempt", { concurrency: true }, () => {
  test("a rotated secret, alone when there is no overlap", async () => {
    const { made, id, path, where } = await betweenAttempts();
    const { secret } = await expect(200, "POST", `${where}/rotate-secret`, { overlapSeconds: 0 });
    assert.notEqual(secret, made.secret);
    await settled(id, { status: "delivered" });
    const [first, second] = target.requests(path);
    assert.ok(verifies(made.secret, first));
    assert.ok(verifies(secret, second));
    assert.ok(!verifies(made.secret, second), "the old secret no longer signs");
    assert.equal(second.headers["webhook-signature"].split(" ").length, 1);
    assert.equal((await expect(200, "GET", `${where}/secret`)).secret, secret);
  });

  test("a rotated secret beside the old one, in the overlap", async () => {
    const { made, id, path, where } = await betweenAttempts();
    const before = Date.now();
    const { secret, previousSecretExpiresAt } = await expect(200, "POST", `${where}/rotate-secret`);
    const overlap = (Date.parse(previousSecretExpiresAt) - before) / 1_000;
    assert.ok(overlap > 86_390 && overlap < 86_410, "24 h when nobody says");
    await settled(id, { status: "delivered" });
    const [, second] = target.requests(path);
    assert.ok(verifies(secret, second), "the new one");
    assert.ok(verifies(made.secret, second), "and the old one");
    assert.equal(second.headers["webhook-signature"].split(" ").length, 2);
  });

  test("an overlap comes to its end", async () => {
    const { made, id, path, where } = await betweenAttempts();
    const { secret } = await expect(200, "POST", `${where}/rotate-secret`, { overlapSeconds: 1 });
    await settled(id, { status: "delivered" });
    const [, second] = target.requests(path);
    assert.ok(verifies(secret, second));
    assert.ok(!verifies(made.secret, second));
  });

  test("a secret brought along at rotation", async () => {
    const { id, path, where } = await betweenAttempts();
    const brought = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const answer = await expect(200, "POST", `${where}/rotate-secret`, { secret: brought, overlapSeconds: 0 });
    assert.equal(answer.secret, brought);
    await settled(id, { status: "delivered" });
    assert.ok(verifies(brought, target.requests(path)[1]));
  });

  test("another URL: the same delivery goes there", async () => {
    const { id, path, where } = await betweenAttempts({ answers: 500 });
    const elsewhere = uniquePath("/moved");
    await expect(200, "PATCH", where, { url: target.answer(elsewhere, 200) });
    assert.partialDeepStrictEqual(await settled(id), {
      status: "delivered",
      attemptCount: 2,
      url: target.url(elsewhere),
    });
    const [first] = target.requests(path);
    const [second] = target.requests(elsewhere);
    assert.ok(first.body.equals(second.body));
    assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert.equal(target.requests(path).length, 1);
  });

  test("other headers", async () => {
    const { id, path, where } = await betweenAttempts({ subscription: { headers: { "X-Team": "old", "X-Old": "1" } } });
    await expect(200, "PATCH", where, { headers: { "X-Team": "new" } });
    await settled(id, { status: "delivered" });
    const [first, second] = target.requests(path);
    assert.equal(first.headers["x-team"], "old");
    assert.equal(second.headers["x-team"], "new");
    assert.equal(second.headers["x-old"], undefined);
  });

  test("other event types do not take back what was accepted", async () => {
    const { id, where } = await betweenAttempts();
    await expect(200, "PATCH", where, { events: ["something.else"] });
    assert.equal((await settled(id)).status, "delivered");
  });

  test("another profile: headers and signature change, the body does not", async () => {
    const { id, path, where } = await betweenAttempts({ data: { id: "v1" } });
    const { secret } = await expect(200, "GET", `${where}/secret`);
    const headers = { "X-Now": "otherwise" };
    await profile("otherwise", { headers, body: { other: "{event.type}" }, retry: { delays: [0, 2, 2], jitter: 0 } });
    await expect(200, "PATCH", where, { profile: "otherwise" });
    await settled(id, { status: "delivered" });
    const [first, second] = target.requests(path);
    assert.ok(first.body.equals(second.body), "byte for byte");
    assert.equal(second.headers["x-now"], "otherwise");
    assert.ok(verifies(secret, second));
  });

  test("a pause", async () => {
    const { id, path, where } = await betweenAttempts();
    await expect(200, "POST", `${where}/pause`);
    await sleep(4_000);
    assert.equal(target.requests(path).length, 1, "the second attempt's time came and nothing was sent");
    assert.equal((await delivery(id)).status, "pending");
    await expect(200, "POST", `${where}/resume`);
    assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 2 });
  });

  test("a deletion", async () => {
    const { id, path, where } = await betweenAttempts();
    await expect(204, "DELETE", where);
    assert.equal((await settled(id)).status, "cancelled");
    await sleep(4_000);
    assert.equal(target.requests(path).length, 1);
  });

  test("a change while the attempt is under way counts for the one after it", async () => {
    const type = uniqueType();
    const path = uniquePath();
    const url = target.answer(path, [{ status: 500, delay: 1_000 }, 200]);
    const made = await subscribe({ url, events: [type], profile: "calm" });
    const id = await sendOne({ type, data: {} });
    await target.received(path);
    const rotate = `/v1/subscriptions/${made.id}/rotate-secret`;
    const { secret } = await expect(200, "POST", rotate, { overlapSeconds: 0 });
    await settled(id, { status: "delivered" });
    const [first, second] = target.requests(path);
    assert.ok(verifies(made.secret, first));
    assert.ok(verifies(secret, second) && !verifies(made.secret, second));
  });

  test("a cancellation while the attempt is under way is the last word, unless it was delivered", async () => {
    const type = uniqueType();
    const path = uniquePath();
    await subscribe({ url: target.answer(path, { status: 500, delay: 1_000 }), events: [type], profile: "calm" });
    const id = await sendOne({ type, data: {} });
    await target.received(path);
    await expect(200, "POST", `/v1/deliveries/${id}/cancel`);
    await attempted(id, 1);
    assert.partialDeepStrictEqual(await delivery(id), { status: "cancelled", nextAttemptAt: null });
    await sleep(3_000);
    assert.equal(target.requests(path).length, 1);
  });
});
