// What can go wrong at the other end, and the name it gets in the history.
import assert from "node:assert/strict";
import net from "node:net";
import { after, describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { freePort } from "./support/ports.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep } from "./support/wait.mjs";

const { target, api, expect, subscribe, send, sendOne, delivery, settled, attempted, profile } = await stage();

await profile("once", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 20 });
await profile("hasty", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 1 });
await profile("soon", { retry: { delays: [0, 1, 3600], jitter: 0 } });
await profile("many", { retry: { delays: [0, 3600, 3600], jitter: 0 } });

async function posted(answer, profileName = "once", options = {}) {
  const type = uniqueType();
  const path = uniquePath();
  const made = await subscribe({
    url: options.url ?? target.answer(path, answer),
    events: [type],
    profile: profileName,
  });
  return { id: await sendOne({ type, data: {} }), made, path, type };
}

describe("an answer's status", { concurrency: true }, () => {
  for (const status of [200, 201, 202, 203, 204, 206, 226, 299]) {
    test(`${status} is success`, async () => {
      const { id } = await posted(status);
      const seen = await settled(id);
      assert.partialDeepStrictEqual(seen, { status: "delivered", attempts: [{ responseStatus: status, error: null }] });
    });
  }
  for (const status of [300, 304, 400, 401, 403, 404, 409, 410, 418, 422, 429, 499, 500, 502, 503, 504, 599]) {
    test(`${status} is failure`, async () => {
      const { id } = await posted(status);
      const seen = await settled(id);
      assert.partialDeepStrictEqual(seen, { status: "failed", attempts: [{ responseStatus: status, error: null }] });
    });
  }
  for (const status of [301, 302, 303, 307, 308]) {
    test(`${status} is failure, and nobody follows it`, async () => {
      const elsewhere = uniquePath("/elsewhere");
      const { id } = await posted({ status, headers: { location: target.url(elsewhere) } });
      const seen = await settled(id);
      assert.partialDeepStrictEqual(seen, { status: "failed", attempts: [{ responseStatus: status, error: null }] });
      assert.equal(target.requests(elsewhere).length, 0);
    });
  }
});

describe("410 Gone", { concurrency: true }, () => {
  test("fails at once and disables the subscription, until someone resumes it", async () => {
    const { id, made, path, type } = await posted([410, 200], "many");
    assert.partialDeepStrictEqual(await settled(id), {
      status: "failed",
      attemptCount: 1,
      maxAttempts: 3,
      nextAttemptAt: null,
    });
    const where = `/v1/subscriptions/${made.id}`;
    assert.partialDeepStrictEqual(await expect(200, "GET", where), { status: "disabled", disabledReason: "gone" });
    assert.equal(
      (await expect(200, "GET", "/v1/subscriptions?limit=250")).data.find((one) => one.id === made.id).status,
      "disabled",
    );
    await send({ type, data: "while disabled" });
    assert.equal(target.requests(path).length, 1, "nothing is sent to who is gone");

    const resumed = await expect(200, "POST", `${where}/resume`);
    assert.partialDeepStrictEqual(resumed, { status: "active", disabledReason: null });
    const after = await send({ type, data: "resumed" });
    assert.equal((await settled(after.deliveries[0].id)).status, "delivered");
  });

  test("what was accepted before is held, and goes out at resume", async () => {
    const answers = { now: 500 };
    const { id, made, path, type } = await posted(() => answers.now, "soon");
    await attempted(id, 1);
    answers.now = 410;
    await settled(await sendOne({ type, data: "the last straw" }), { status: "failed" });
    answers.now = 200;
    // The first one's next attempt falls due while the subscription is disabled, and must not be made.
    await sleep(2_500);
    assert.partialDeepStrictEqual(await delivery(id), { status: "pending", attemptCount: 1 });
    assert.equal(target.requests(path).length, 2);
    await expect(200, "POST", `/v1/subscriptions/${made.id}/resume`);
    assert.partialDeepStrictEqual(await settled(id), { status: "delivered", attemptCount: 2 });
  });
});

describe("no answer", { concurrency: true }, () => {
  test("nobody listens: connection", async () => {
    const { id } = await posted(null, "once", { url: `http://127.0.0.1:${await freePort()}/` });
    const { status, attempts } = await settled(id);
    assert.equal(status, "failed");
    assert.partialDeepStrictEqual(attempts[0], { responseStatus: null, error: "connection" });
  });

  test("the connection is closed without a word: connection", async () => {
    const { id } = await posted({ close: true });
    const { attempts } = await settled(id);
    assert.partialDeepStrictEqual(attempts[0], { responseStatus: null, error: "connection" });
  });

  test("something that is not HTTP: a named failure", async () => {
    const port = await freePort();
    const server = net.createServer((socket) => socket.on("error", () => {}).end("220 mail.example ESMTP ready\r\n"));
    await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
    after(() => server.close());
    const { id } = await posted(null, "hasty", { url: `http://127.0.0.1:${port}/` });
    const { attempts } = await settled(id);
    assert.equal(attempts[0].responseStatus, null);
    assert.match(attempts[0].error, /^(connection|timeout)$/);
  });

  test("plain HTTP where TLS was wanted: a named failure", async () => {
    const { id } = await posted(null, "once", { url: target.url("/tls").replace("http:", "https:") });
    const { attempts } = await settled(id);
    assert.equal(attempts[0].responseStatus, null);
    assert.match(attempts[0].error, /^(tls|connection)$/);
  });
});

describe("too slow", { concurrency: true }, () => {
  function assertTimeout(attempt) {
    assert.equal(attempt.error, "timeout");
    assert.ok(attempt.durationMs >= 950 && attempt.durationMs < 4_000, `${attempt.durationMs} ms`);
  }

  test("no headers within the timeout", async () => {
    const { id } = await posted({ hang: true }, "hasty");
    const { status, attempts } = await settled(id);
    assert.equal(status, "failed");
    assertTimeout(attempts[0]);
    assert.equal(attempts[0].responseStatus, null);
  });

  test("headers in time, the body not: the timeout is over the whole exchange", async () => {
    const { id } = await posted({ status: 200, bodyDelay: 30_000, body: "late" }, "hasty");
    const { status, attempts } = await settled(id);
    assert.equal(status, "failed");
    assertTimeout(attempts[0]);
  });

  test("slow within the timeout is fine", async () => {
    const { id } = await posted({ status: 200, delay: 300, bodyDelay: 300, body: "slow" }, "hasty");
    const { status, attempts } = await settled(id);
    assert.equal(status, "delivered");
    assert.equal(attempts[0].responseBody, "slow");
    assert.ok(attempts[0].durationMs >= 580, `durationMs is over the whole exchange: ${attempts[0].durationMs}`);
  });
});

const KIB = 1024;
const bytes = (text) => Buffer.byteLength(text, "utf8");

describe("the answer's body", { concurrency: true }, () => {
  for (const [length, kept, truncated] of [
    [0, 0, false],
    [1, 1, false],
    [16 * KIB, 16 * KIB, false],
    [16 * KIB + 1, 16 * KIB, true],
    [5 * KIB * KIB, 16 * KIB, true],
  ]) {
    test(`of ${length} bytes is kept to ${kept}`, async () => {
      const { id } = await posted({ status: 200, body: "x".repeat(length) });
      const { status, attempts } = await settled(id);
      assert.equal(status, "delivered");
      assert.equal((attempts[0].responseBody ?? "").length, kept);
      assert.equal(attempts[0].responseBodyTruncated, truncated);
    });
  }

  test("of a failure is kept just so", async () => {
    const { id } = await posted({ status: 500, body: `{"error":"no such order","text":"ü✓"}` });
    assert.equal((await settled(id)).attempts[0].responseBody, `{"error":"no such order","text":"ü✓"}`);
  });

  test("without end is cut off, and its status counts", async () => {
    const { id, path } = await posted({ status: 200, endless: true }, "hasty");
    const { attempts } = await settled(id);
    assert.equal(attempts[0].responseStatus, 200);
    assert.ok(bytes(attempts[0].responseBody) <= 16 * KIB);
    assert.equal(attempts[0].responseBodyTruncated, true);
    assert.equal(target.requests(path).length, 1);
    assert.equal((await api("GET", "/healthz")).status, 200);
  });

  test("that is not UTF-8 is shown as far as it goes", async () => {
    const { id } = await posted({ status: 200, body: Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x80, 0x62]) });
    const { status, attempts } = await settled(id);
    assert.equal(status, "delivered");
    assert.match(attempts[0].responseBody, /^a.+b$/s);
  });

  test("cut within a character stays readable", async () => {
    const { id } = await posted({ status: 200, body: `x${"é".repeat(16 * KIB)}` });
    const { attempts } = await settled(id);
    assert.ok(bytes(attempts[0].responseBody) <= 16 * KIB + 2);
    assert.match(attempts[0].responseBody, /^xé+.?$/);
    assert.equal(attempts[0].responseBodyTruncated, true);
  });

  test("broken off in the middle: the status came, and counts", async () => {
    const { id } = await posted({
      status: 200,
      headers: { "content-length": "1000" },
      body: "half of",
      breakOff: true,
    });
    const { status, attempts } = await settled(id);
    assert.partialDeepStrictEqual(attempts[0], { responseStatus: 200, error: null });
    assert.equal(status, "delivered");
  });

  test("that claims to be compressed and is not: the status came, and counts", async () => {
    const { id } = await posted({ status: 200, headers: { "content-encoding": "gzip" }, body: "not gzip at all" });
    const { attempts } = await settled(id);
    assert.equal(attempts[0].responseStatus, 200);
  });
});

// One after another and last: what they may cost must not fall on another test's clock.
describe("an answer that unpacks to far more than anybody wants", () => {
  // A few hundred bytes on the wire, 256 MiB when somebody unpacks them: more than a worker may hold.
  for (const [encoding, pack] of Object.entries({ gzip: gzipSync, br: brotliCompressSync })) {
    test(`in ${encoding} is cut off`, async () => {
      const body = pack(Buffer.alloc(256 * KIB * KIB, "x"));
      const { id } = await posted({
        status: 200,
        headers: { "content-encoding": encoding, "content-length": body.length },
        body,
      });
      const { status, attempts } = await settled(id);
      assert.equal(status, "delivered");
      assert.ok(bytes(attempts[0].responseBody ?? "") <= 16 * KIB);
      assert.equal(attempts[0].responseBodyTruncated, true);
      assert.ok(attempts[0].durationMs < 2_000, `nobody unpacked it all: ${attempts[0].durationMs} ms`);
    });
  }
});
