// Signet's own receiver, for those who want to see a delivery arrive.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { stage, uniqueType } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const { signet, target, expect, subscribe, sendOne, settled, attempted, profile } = await stage();
const url = (query = "") => `${signet.url}/receiver${query}`;
const post = (query, body, headers) => request(url(query), { method: "POST", body, headers });

test("says what it has received, whoever sends it", async () => {
  for (const [body, type] of [
    ['{"type":"a.b","data":1}', "a.b"],
    ['{"event":"video.done","type":7}', "video.done"],
    ['{"type":{"of":"a"}}', null],
    ["[1]", null],
    [Buffer.from([0xff, 0x00]), null],
    ["", null],
  ]) {
    const answer = await post("", body, { "content-type": "text/odd" });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json, { received: true, id: null, type, bytes: Buffer.from(body).length });
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.ok(!("access-control-allow-origin" in answer.headers));
  }
  const { json } = await post("", "{}", { "webhook-id": "msg_1", authorization: "Bearer anything" });
  assert.equal(json.id, "msg_1");
});

test("answers with the status that it is asked for", async () => {
  for (const status of [200, 201, 204, 205, 302, 304, 400, 404, 410, 429, 500, 503, 599]) {
    const answer = await post(`?status=${status}`, '{"type":"a"}');
    assert.equal(answer.status, status);
    const hasBody = ![204, 205, 304].includes(status);
    assert.equal(answer.text, hasBody ? '{"received":true,"id":null,"type":"a","bytes":12}' : "");
  }
  for (const status of ["100", "101", "199", "600", "", "x", "2e2", "-200", "200.0", "%00"]) {
    assertProblem(await post(`?status=${status}`, "{}"), 422, { code: "invalid_parameter" });
  }
});

test("takes a POST alone, and no more than other calls", async () => {
  for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const answer = await request(url(), { method, headers: { origin: "https://a.example" } });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.allow, "POST");
    if (method !== "HEAD") assertProblem(answer, 405, { code: "method_not_allowed" });
  }
  assert.equal((await post("", "x".repeat(262_144))).json.bytes, 262_144);
  assertProblem(await post("", "x".repeat(262_145)), 413, { code: "body_too_large" });
  const chunked = { "transfer-encoding": "chunked" };
  assertProblem(await post("", "x".repeat(262_145), chunked), 413, { code: "body_too_large" });
  for (const where of ["/receiver/", "/receiver/x", "/receivers", "/Receiver"]) {
    assertProblem(await request(signet.url + where, { method: "POST", body: "{}" }), 404);
  }
});

test("receives deliveries, and shows what becomes of those that are not taken", async () => {
  await profile("twice", { retry: { delays: [0, 0.2], jitter: 0 } });
  const [fine, broken] = [uniqueType(), uniqueType()];
  await subscribe({ url: url(), events: [fine] });
  await subscribe({ url: url("?status=503"), events: [broken], profile: "twice" });
  const good = await settled(await sendOne({ type: fine, data: 1 }));
  assert.equal(good.status, "delivered");
  assert.deepEqual(JSON.parse(good.attempts[0].responseBody), {
    received: true,
    id: good.id,
    type: fine,
    bytes: Buffer.from(good.payload).length,
  });
  const bad = await attempted(await sendOne({ type: broken, data: 1 }), 2);
  assert.equal(bad.status, "failed");
  assert.deepEqual(
    bad.attempts.map(({ responseStatus }) => responseStatus),
    [503, 503],
  );
});

describe("is seen", () => {
  test("in the log and the figures under its own name, and nothing of what came", async () => {
    await post("?status=418&secret=hidden-in-a-query", '{"type":"hidden-in-a-body"}');
    const line = await until(
      () => signet.output.split("\n").find((line) => line.includes('"status":418') && line.includes('"/receiver"')),
      { what: "a line of the log" },
    );
    const { route, method, key } = JSON.parse(line.slice(line.indexOf("{")));
    assert.deepEqual({ route, method, key }, { route: "/receiver", method: "POST", key: undefined });
    assert.ok(!signet.output.includes("hidden-in-a"));
    const { text } = await signet.api("GET", "/metrics");
    assert.match(text, /^signet_requests_total\{route="\/receiver",method="POST",status="418"\} 1$/m);
  });

  test("where nobody has claimed its path on a host of their own", async () => {
    const body = { provider: "github", secrets: ["s"], origin: target.url("/behind"), enforce: false };
    const made = await expect(201, "POST", "/v1/sources", body);
    const answer = await request(`${made.url}/receiver`, { method: "POST", body: "{}" });
    assert.equal(answer.status, 200);
    const [came] = await target.received("/behind/receiver");
    assert.equal(came.text, "{}");
  });
});
