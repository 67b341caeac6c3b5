// What an operator sees of Signet from outside: the log, the figures, traces.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { assertId, assertProblem, assertTime } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { families } from "./support/prometheus.mjs";
import { OPERATOR_KEY, startSignet } from "./support/signet.mjs";
import { calls, stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target, api, expect, subscribe, send, sendOne, settled, profile } = await stage({
  bare: true,
  keep: 5_000_000,
});
/** Stands in everything that must not stand in the log. */
const HIDDEN = "hidden4711";

await profile("twice", { retry: { delays: [0, 0.2], jitter: 0 } });

/** Every line that was printed, read. */
const lines = (one = signet) =>
  one.output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));

/** The lines that fit, once there are `count` of them. */
function logged(fits, count = 1) {
  const found = () => lines().filter((line) => Object.entries(fits).every(([name, value]) => line[name] === value));
  return until(() => found().length >= count && found(), {
    what: () => `${count} lines like ${JSON.stringify(fits)}; the last ones are\n${signet.output.slice(-2_000)}`,
  });
}

/** A source with GitHub's signatures, and a way to send to it. */
async function source(more = {}) {
  const hook = uniquePath("/origin");
  const body = { provider: "github", secrets: [HIDDEN], origin: target.url(hook), ...more };
  const made = await expect(201, "POST", "/v1/sources", body);
  const deliver = (text, secret = HIDDEN) =>
    request(`${signet.url}/in/${made.id}/${HIDDEN}/deep?token=${HIDDEN}`, {
      method: "POST",
      headers: { "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(text).digest("hex")}` },
      body: text,
    });
  return { ...made, hook, deliver };
}

describe("the log", () => {
  test("a line for each request, with what it was about and no more", async () => {
    const before = lines().filter((line) => line.log === "request").length;
    const type = uniqueType();
    const made = await subscribe({
      url: target.url(`/${HIDDEN}?token=${HIDDEN}`),
      events: [type],
      headers: { "X-Own": HIDDEN },
      secret: `whsec_${Buffer.from(HIDDEN.repeat(4)).toString("base64")}`,
    });
    const { deliveries } = await send({ type, data: HIDDEN, id: HIDDEN, attributes: { a: HIDDEN } });
    await settled(deliveries[0].id, { status: "delivered" });
    const known = [
      ["GET", `/v1/events/${HIDDEN}`, 200, { route: "/v1/events/{id}", ids: [] }],
      ["GET", `/v1/events/${HIDDEN}2`, 404, { route: "/v1/events/{id}", ids: [], code: "not_found" }],
      ["GET", `/v1/profiles/${HIDDEN}`, 404, { route: "/v1/profiles/{name}", ids: [], code: "not_found" }],
      ["GET", `/v1/deliveries?type=${HIDDEN}`, 200, { route: "/v1/deliveries", ids: [] }],
      ["GET", `/v1/deliveries?${HIDDEN}=1`, 422, { route: "/v1/deliveries", code: "invalid_parameter" }],
      ["DELETE", "/v1/events", 405, { route: "/v1/events", code: "method_not_allowed" }],
      ["GET", `/v1/${HIDDEN}?${HIDDEN}`, 404, { route: "unknown", code: "not_found", ids: [] }],
      ["GET", `/${HIDDEN}`, 404, { route: "unknown", code: "not_found" }],
      ["GET", `/in/${HIDDEN}/${HIDDEN}`, 404, { route: "/in/{source}/{path…}", code: "not_found" }],
      ["POST", "/v1/events", 400, { route: "/v1/events", code: "invalid_json" }, `{"${HIDDEN}`],
      ["POST", "/v1/subscriptions", 422, { route: "/v1/subscriptions", code: "invalid_body" }, { [HIDDEN]: HIDDEN }],
      ["GET", `/v1/subscriptions/${made.id}`, 200, { route: "/v1/subscriptions/{id}", ids: [made.id] }],
      ["GET", "/healthz", 200, { route: "/healthz" }],
      ["POST", "/healthz", 405, { route: "/healthz", code: "method_not_allowed" }],
    ];
    for (const [method, where, status, , body] of known) {
      const answer = await api(method, where, body);
      assert.equal(answer.status, status, `${method} ${where}: ${answer.text}`);
    }
    const keyless = await api("GET", "/v1/subscriptions", undefined, { authorization: `Bearer ${HIDDEN}` });
    assert.equal(keyless.status, 401);

    // As many as were sent, in their order; those that wait for an end come between.
    const requests = await until(() => {
      const found = lines().filter((line) => line.log === "request");
      return found.slice(before).at(-1)?.code === "unauthorized" && found.slice(before);
    });
    const tail = requests.slice(-known.length - 1);
    known.forEach(([method, , status, expected], at) => {
      assert.partialDeepStrictEqual(tail[at], { method, status, ...expected });
      assert.equal(typeof tail[at].durationMs, "number");
      if (status < 400) assert.ok(!("code" in tail[at]));
    });
    const { application, key, ...refused } = tail.at(-1);
    assert.deepEqual([application, key], [undefined, undefined]);
    assert.partialDeepStrictEqual(refused, { route: "/v1/subscriptions", status: 401, code: "unauthorized" });

    const [posted] = requests.filter((line) => line.route === "/v1/events" && line.status === 202);
    assert.partialDeepStrictEqual(posted, { method: "POST", application: "default", key: "operator" });
    assertId(posted.event, "evt");
    // What belongs to one event begins alike, also where its producer chose the id.
    assert.equal(posted.event.slice(4, 26), deliveries[0].id.slice(4, 26));
    const events = requests.filter((line) => line.route === "/v1/deliveries/{id}");
    assert.ok(events.length > 0 && events.every((line) => line.ids[0] === deliveries[0].id));
    assert.ok(!signet.output.includes(HIDDEN), "nothing of it stands in the log");
    assert.ok(!signet.output.includes(OPERATOR_KEY));
  });

  test("a line for each request to a source, with what became of it", async () => {
    const { deliver, id, hook } = await source();
    assert.equal((await deliver(`{"a":"${HIDDEN}"}`)).status, 200);
    assert.equal((await deliver(`{"a":"${HIDDEN}"}`, "wrong")).status, 401);
    assert.equal((await deliver(`{"a":"${HIDDEN}"}`)).status, 200);
    const found = await logged({ log: "request", source: id }, 3);
    const shown = found.map(({ outcome, reason, status, code }) => [outcome, reason, status, code]);
    assert.deepEqual(shown, [
      ["verified", undefined, 200, undefined],
      ["refused", "signature_mismatch", 401, "not_verified"],
      ["duplicate", undefined, 200, undefined],
    ]);
    for (const line of found) {
      assert.partialDeepStrictEqual(line, { route: "/in/{source}/{path…}", method: "POST", application: "default" });
      assertId(line.id, "req");
    }
    const entries = await until(async () => {
      const { data } = await expect(200, "GET", `/v1/sources/${id}/requests`);
      return data.length === 3 && data;
    });
    assert.deepEqual(entries.map((entry) => entry.id).sort(), found.map((line) => line.id).sort());
    assert.equal(target.requests(`${hook}/${HIDDEN}/deep`).length, 1);

    const queue = await source({ mode: "queue" });
    const { json } = await queue.deliver(`{"b":"${HIDDEN}"}`);
    const [taken] = await logged({ log: "request", source: queue.id });
    assert.deepEqual(taken.ids, [json.deliveries[0].id]);
    const [attempt] = await logged({ log: "attempt", source: queue.id });
    assert.partialDeepStrictEqual(attempt, { delivery: json.deliveries[0].id, event: json.id, becomes: "delivered" });
    assert.ok(!("subscription" in attempt));
    assert.ok(!signet.output.includes(HIDDEN));
  });

  test("a line for each attempt, with what it made of the delivery", async () => {
    const type = uniqueType();
    const hook = uniquePath(`/${HIDDEN}`);
    const failed = { status: 503, body: HIDDEN };
    const url = target.answer(hook, [failed, 204, 500]);
    const made = await subscribe({ url, events: [type], profile: "twice" });
    const posted = await send({ type, data: HIDDEN });
    const delivery = posted.deliveries[0].id;
    await settled(delivery, { status: "delivered" });
    await expect(202, "POST", `/v1/deliveries/${delivery}/retry`);
    const found = await logged({ log: "attempt", delivery }, 3);
    const alike = { application: "default", event: posted.id, subscription: made.id, error: null };
    assert.partialDeepStrictEqual(found, [
      { ...alike, number: 1, trigger: "schedule", status: 503, becomes: "pending" },
      { ...alike, number: 2, trigger: "schedule", status: 204, becomes: "delivered" },
      { ...alike, number: 3, trigger: "manual", status: 500, becomes: "delivered" },
    ]);
    assertTime(found[0].nextAttemptAt);
    assert.ok(!("nextAttemptAt" in found[1]) && !("trace" in found[1]));

    const nowhere = uniqueType();
    const gone = await subscribe({ url: "http://127.0.0.1:9/", events: [nowhere], profile: "twice" });
    const lost = await sendOne({ type: nowhere, data: 1 });
    await settled(lost, { status: "failed" });
    const [first, second] = await logged({ log: "attempt", subscription: gone.id }, 2);
    assert.partialDeepStrictEqual(first, { status: null, error: "connection", becomes: "pending" });
    assert.partialDeepStrictEqual(second, { status: null, error: "connection", becomes: "failed" });

    const { deliveryId } = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`);
    const [test] = await logged({ log: "attempt", delivery: deliveryId });
    assert.partialDeepStrictEqual(test, { number: 1, trigger: "test", becomes: "failed" });
    const attempts = lines().filter((line) => line.log === "attempt" && line.subscription === made.id);
    assert.equal(attempts.length, target.requests(hook).length, "one for each");
    assert.ok(!signet.output.includes(HIDDEN));
  });

  test("who has read a secret stands there, and not the secret", async () => {
    const made = await subscribe({ url: target.url("/secret"), events: [uniqueType()] });
    const { id: reader, key } = await expect(201, "POST", "/v1/api-keys", { label: "r", scopes: ["secrets:read"] });
    const where = `/v1/subscriptions/${made.id}/secret`;
    const { secret } = await expect(200, "GET", where);
    await expect(200, "GET", where, undefined, { authorization: `Bearer ${key}` });
    const found = await logged({ log: "notice", what: "secret_read", id: made.id }, 2);
    assert.deepEqual(
      found.map((line) => [line.application, line.key]),
      [
        ["default", "operator"],
        ["default", reader],
      ],
    );
    const calls = await logged({ log: "request", route: "/v1/subscriptions/{id}/secret", key: reader });
    assert.equal(calls.length, 1);
    for (const hidden of [secret, made.secret, key]) assert.ok(!signet.output.includes(hidden));
  });

  for (const [level, wanted] of [
    ["errors", ["attempt", "notice"]],
    ["none", []],
  ]) {
    test(`with LOG=${level}: ${wanted.length > 0 ? "what failed, and notices" : "nothing"}`, async () => {
      const vars = { OPERATOR_KEY, ALLOW_PRIVATE_DESTINATIONS: "true", LOG: level };
      const other = await startSignet({ vars, bare: true });
      after(() => other.stop());
      const their = calls(other);
      const fine = await their.subscribe({ url: target.url("/fine"), events: ["level.fine"] });
      await their.settled(await their.sendOne({ type: "level.fine", data: 1 }));
      await their.subscribe({ url: target.answer("/gone", 410), events: ["level.gone"] });
      await their.settled(await their.sendOne({ type: "level.gone", data: 1 }), { status: "failed" });
      await their.expect(200, "GET", `/v1/subscriptions/${fine.id}/secret`);
      await until(() => lines(other).length >= wanted.length);
      await sleep(200);
      assert.deepEqual(
        lines(other)
          .map((line) => line.log)
          .sort(),
        wanted,
        other.output,
      );
    });
  }
});

describe("GET /metrics", () => {
  const read = async () => {
    const answer = await api("GET", "/metrics");
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /^text\/plain; version=0\.0\.4/);
    return families(answer.text);
  };
  const value = (found, name, labels = {}) => {
    const samples = found.flatMap((family) => family.samples);
    const fits = (sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text);
    const fitting = samples.filter((sample) => sample.name === name && fits(sample));
    return fitting.reduce((sum, sample) => sum + sample.value, 0);
  };

  test("is read by the official parser, and says what was done", async () => {
    const type = uniqueType();
    const refusing = target.answer(uniquePath(), 500);
    await subscribe({ url: target.url(uniquePath()), events: [type] });
    await subscribe({ url: refusing, events: [type], profile: "twice" });
    await subscribe({ url: target.answer(uniquePath(), { hang: true }), events: [type], profile: await hasty() });
    const { deliver } = await source();
    const before = await read();

    const { deliveries } = await send({ type, data: 1, id: type });
    assert.equal((await send({ type, data: 1, id: type })).duplicate, true);
    for (const { id } of deliveries) await settled(id);
    await deliver("{}");
    await deliver("{}", "wrong");
    await api("GET", "/v1/events/evt_x", undefined, { authorization: "Bearer nobody" });
    const after = await read();

    const grown = (name, labels) => value(after, name, labels) - value(before, name, labels);
    for (const [expected, name, labels] of [
      [1, "signet_events_total"],
      [3, "signet_deliveries_accepted_total"],
      [1, "signet_attempts_total", { outcome: "delivered" }],
      [2, "signet_attempts_total", { outcome: "failed" }],
      [1, "signet_attempts_total", { outcome: "timeout" }],
      [4, "signet_attempt_duration_seconds_count"],
      [4, "signet_attempt_duration_seconds_bucket", { le: "+Inf" }],
      [3, "signet_attempt_duration_seconds_bucket", { le: "0.5" }],
      [1, "signet_source_requests_total", { outcome: "verified" }],
      [1, "signet_source_requests_total", { outcome: "refused" }],
      [1, "signet_key_refusals_total", { reason: "unauthorized" }],
      [2, "signet_requests_total", { route: "/v1/events", method: "POST", status: "202" }],
      [1, "signet_requests_total", { route: "/v1/events/{id}", method: "GET", status: "401" }],
      [1, "signet_requests_total", { route: "/in/{source}/{path…}", method: "POST", status: "401" }],
      [1, "signet_requests_total", { route: "/metrics", method: "GET", status: "200" }],
    ]) {
      assert.equal(grown(name, labels), expected, `${name} ${JSON.stringify(labels)}`);
    }
    assert.ok(grown("signet_attempt_duration_seconds_sum") >= 1, "one took a second");
    assert.equal(value(after, "signet_build_info"), 1);
    const requests = ["signet_requests_total", "signet_request_duration_seconds_count"];
    assert.equal(grown(requests[0]), grown(requests[1]), "each has its time");
    for (const name of ["signet_rows_written_total", "signet_object_requests_total", "signet_alarms_set_total"]) {
      assert.ok(grown(name) > 0, name);
    }
    for (const { name, type, help } of after) {
      assert.match(name, /^signet_/);
      assert.ok(["counter", "gauge", "histogram"].includes(type), `${name} is a ${type}`);
      assert.match(help, /instance/);
    }
  });

  test("strangers cannot make it grow", async () => {
    const samples = async () => (await read()).flatMap((family) => family.samples).length;
    const ask = (number) => request(`${signet.url}/v1/nothing-${number}?${number}`, { method: "GET" });
    await ask(0);
    const before = await samples();
    for (let number = 1; number < 50; number++) await ask(number);
    assert.equal(await samples(), before);
  });

  /** A profile that waits for a second, once. */
  const hasty = async () => {
    await profile("hasty", { retry: { delays: [0] }, timeoutSeconds: 1 });
    return "hasty";
  };
});

describe("traceparent", () => {
  const ID = "4bf92f3577b34da6a3ce929d0e0e4736";
  const SPAN = "00f067aa0ba902b7";
  const traced = (one) => /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(one.headers.traceparent)?.slice(1);

  test("every attempt of every delivery is a span of the producer's trace", async () => {
    const type = uniqueType();
    const [one, two] = [uniquePath(), uniquePath()];
    await subscribe({ url: target.answer(one, [500, 200]), events: [type], profile: "twice" });
    await subscribe({ url: target.url(two), events: [type] });
    const state = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"\\';
    const headers = { traceparent: `00-${ID}-${SPAN}-01`, tracestate: state };
    const { id, deliveries } = await send({ type, data: { n: 1 } }, headers);
    for (const delivery of deliveries) await settled(delivery.id, { status: "delivered" });
    // By hand, from what is stored, and after a crash.
    await signet.restart();
    await expect(202, "POST", `/v1/deliveries/${deliveries[0].id}/retry`);
    await until(() => target.requests(one).length + target.requests(two).length === 4);
    const attempts = [...target.requests(one), ...target.requests(two)];
    for (const attempt of attempts) {
      const [trace, span, flags] = traced(attempt);
      assert.deepEqual([trace, flags, attempt.headers.tracestate], [ID, "01", state]);
      assert.notEqual(span, SPAN);
      assert.notEqual(span, "0".repeat(16));
    }
    assert.equal(new Set(attempts.map((attempt) => traced(attempt)[1])).size, 4, "each is a span of its own");
    const shown = await api("GET", `/v1/events/${id}`);
    assert.equal(shown.status, 200);
    assert.ok(!shown.text.includes(ID) && !shown.text.includes("trace"), shown.text);
    await logged({ log: "attempt", trace: ID });
  });

  test("the log of the request and of the attempt names it", async () => {
    const type = uniqueType();
    await subscribe({ url: target.url(uniquePath()), events: [type] });
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${trace}-${SPAN}-00`;
    const { id } = await send({ type, data: 1 }, { traceparent, tracestate: `a=${HIDDEN}` });
    await logged({ log: "request", event: id, trace });
    await logged({ log: "attempt", event: id, trace });
    assert.ok(!signet.output.includes(HIDDEN) && !signet.output.includes(traceparent));
  });

  for (const [name, headers] of Object.entries({
    "no trace": {},
    "a state alone": { tracestate: "a=b" },
    "another version": { traceparent: `01-${ID}-${SPAN}-01`, tracestate: "a=b" },
    zeros: { traceparent: `00-${"0".repeat(32)}-${SPAN}-01` },
    capitals: { traceparent: `00-${ID.toUpperCase()}-${SPAN}-01` },
    "too much": { traceparent: `00-${ID}-${SPAN}-01-more` },
  })) {
    test(`${name}: none is passed on`, async () => {
      const type = uniqueType();
      const hook = uniquePath();
      await subscribe({ url: target.url(hook), events: [type] });
      await send({ type, data: 1 }, headers);
      const [attempt] = await target.received(hook);
      assert.deepEqual([attempt.headers.traceparent, attempt.headers.tracestate], [undefined, undefined]);
    });
  }

  test("a state of more than 512 characters stays behind", async () => {
    const type = uniqueType();
    const hook = uniquePath();
    await subscribe({ url: target.url(hook), events: [type] });
    await send({ type, data: 1 }, { traceparent: `00-${ID}-${SPAN}-03`, tracestate: `a=${"b".repeat(511)}` });
    const [attempt] = await target.received(hook);
    assert.deepEqual([traced(attempt)[0], traced(attempt)[2]], [ID, "03"]);
    assert.equal(attempt.headers.tracestate, undefined);
  });

  test("is nobody's to set", async () => {
    for (const name of ["traceparent", "Tracestate"]) {
      const body = { url: target.url("/"), headers: { [name]: "a=b" } };
      assertProblem(await api("POST", "/v1/subscriptions", body), 422, { pointers: [`/headers/${name}`] });
      assertProblem(await api("PUT", "/v1/profiles/mine", { headers: { [name]: "a=b" } }), 422);
    }
  });

  test("an object that the version before has made learns of it", async () => {
    const type = uniqueType();
    const hook = uniquePath();
    await subscribe({ url: target.url(hook), events: [type] });
    const old = await sendOne({ type, data: "old" });
    await settled(old, { status: "delivered" });
    await signet.kill();
    assert.ok(forgetTraces(path.join(signet.disk, "objects")) > 0);
    await signet.start();
    assert.equal(JSON.parse((await expect(200, "GET", `/v1/deliveries/${old}`)).payload).data, "old");
    await expect(202, "POST", `/v1/deliveries/${old}/retry`);
    const [, again] = await target.received(hook, 2);
    assert.equal(again.headers.traceparent, undefined);
    await send({ type, data: "new" }, { traceparent: `00-${ID}-${SPAN}-01` });
    const [, , traced3] = await target.received(hook, 3);
    assert.equal(traced(traced3)[0], ID);
  });
});

/** Takes the column away from every log below a folder; how many there were. */
function forgetTraces(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sqlite"));
  const changed = files.filter((name) => {
    const database = new DatabaseSync(path.join(folder, name));
    const has = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'payloads'").get() !== undefined;
    if (has) database.exec("ALTER TABLE payloads DROP COLUMN trace");
    database.close();
    return has;
  });
  return changed.length;
}
