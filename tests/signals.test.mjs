// What Signet itself has to say: to its operator by webhook, to nobody else, and never about its own saying so.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertId, assertProblem, assertTime } from "./support/assertions.mjs";
import { neverWas } from "./support/endpoints.mjs";
import { about, operatorsWebhook } from "./support/operator.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { bearer, linkToken, tenant } from "./support/tenant.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const KINDS = [
  "signet.subscription.disabled",
  "signet.subscription.failing",
  "signet.subscription.recovered",
  "signet.delivery.failed",
  "signet.secret.rotated",
];

// Bare: there nobody counts guesses.
const on = await stage({ bare: true });
const { signet, target, api, expect, subscribe, send, settled, profile } = on;
const ONCE = { retry: { delays: [0], jitter: 0 } };
await profile("once", ONCE);

const tenants = [await tenant(signet), await tenant(signet, { name: "Other" })];
for (const one of tenants) await one.profile("once", ONCE);

/** A subscription of `whose` to a type of its own. */
async function destination(whose, answer, more = {}) {
  const [path, type] = [uniquePath(), uniqueType()];
  const made = await whose.subscribe({ url: target.answer(path, answer), events: [type], profile: "once", ...more });
  return { ...made, path, type, post: (data = {}) => whose.send({ type, data }) };
}

const isFailed = (delivery) => about("signet.delivery.failed", { delivery });

/** Waits until nothing more is recorded for a webhook of the operator's, and resolves to what was. */
async function atRest(webhook) {
  let last = -1;
  return until(
    async () => {
      const before = last;
      const all = await webhook.recorded();
      last = all.length;
      return last === before && all.every(({ status }) => status !== "pending") && all;
    },
    { every: 700, timeout: 60_000, what: "the operator's webhook to come to rest" },
  );
}

describe("each kind arrives, signed, with what happened", () => {
  let operator;
  let everything;
  before(async () => {
    operator = await operatorsWebhook(on, { path: "/kinds", name: "Operations" });
    // Whoever asks for all is not meant.
    everything = await Promise.all([on, ...tenants].map((one) => destination(one, 200, { events: ["*"] })));
  });

  test("a destination that is gone: its subscription is disabled, its delivery has failed", async () => {
    for (const whose of tenants) {
      const gone = await destination(whose, 410);
      const posted = await gone.post({ secret: "payload" });
      const [{ id }] = posted.deliveries.filter((one) => one.subscription === gone.id);
      const [disabled] = await operator.hears(about("signet.subscription.disabled", { subscription: gone.id }));
      assertTime(disabled.timestamp);
      assertTime(disabled.data.disabledAt);
      assert.deepEqual(disabled.data, {
        application: whose.id,
        subscription: gone.id,
        reason: "gone",
        failingSince: null,
        disabledAt: disabled.timestamp,
      });
      const [failed] = await operator.hears(isFailed(id));
      assertTime(failed.data.failedAt);
      const { createdAt } = await whose.delivery(id);
      assert.deepEqual(failed.data, {
        application: whose.id,
        subscription: gone.id,
        source: null,
        delivery: id,
        event: { id: posted.id, type: gone.type },
        attemptCount: 1,
        responseStatus: 410,
        error: null,
        createdAt,
        failedAt: failed.timestamp,
      });
    }
  });

  test("a delivery that has used up its schedule, with the last attempt's error; not each attempt", async () => {
    const [whose] = tenants;
    await whose.profile("twice", { retry: { delays: [0, 1], jitter: 0 } });
    const closed = await destination(whose, [500, { close: true }], { profile: "twice" });
    const posted = await whose.send({ id: "own-id/1", type: closed.type, data: 1 });
    const [{ id }] = posted.deliveries.filter((one) => one.subscription === closed.id);
    const [{ data }] = await operator.hears(isFailed(id));
    assert.partialDeepStrictEqual(data, {
      event: { id: "own-id/1", type: closed.type },
      attemptCount: 2,
      responseStatus: null,
      error: "connection",
    });
    // Tried once more by hand it fails again, which is no news.
    await whose.expect(202, "POST", `/v1/deliveries/${id}/retry`);
    await until(async () => (await whose.delivery(id)).attemptCount === 3, { what: "the attempt by hand" });
    await sleep(500);
    assert.equal(operator.heard(isFailed(id)).length, 1);
  });

  test("a delivery to a webhookUrl, and one of a source's queue", async () => {
    const [whose] = tenants;
    const direct = await tenant(signet, { name: "Direct" });
    await direct.profile("once", ONCE);
    await expect(200, "PATCH", `/v1/applications/${direct.id}`, { profile: "once" });
    const { deliveries } = await direct.send({ type: "direct", data: {}, webhookUrl: target.answer("/direct", 503) });
    const [first] = await operator.hears(isFailed(deliveries[0].id));
    assert.partialDeepStrictEqual(first.data, { application: direct.id, subscription: null, source: null });

    const source = await whose.expect(201, "POST", "/v1/sources", {
      provider: "github",
      secrets: ["source-secret-of-signals"],
      origin: target.answer("/origin", 410),
      mode: "queue",
      enforce: false,
    });
    const answer = await api("POST", `/in/${source.id}`, "{}", { authorization: null });
    assert.equal(answer.status, 202, answer.text);
    const [second] = await operator.hears(about("signet.delivery.failed", { source: source.id }));
    assert.partialDeepStrictEqual(second.data, { application: whose.id, subscription: null, responseStatus: 410 });
    assertId(second.data.delivery, "del");
  });

  test("a secret that was rotated, a subscription's and an application's, without the secret", async () => {
    const [whose] = tenants;
    const own = await destination(whose, 200);
    const rotated = await whose.expect(200, "POST", `/v1/subscriptions/${own.id}/rotate-secret`, {});
    const [first] = await operator.hears(about("signet.secret.rotated", { subscription: own.id }));
    assert.deepEqual(first.data, {
      application: whose.id,
      subscription: own.id,
      rotatedAt: first.timestamp,
      previousSecretExpiresAt: rotated.previousSecretExpiresAt,
    });
    const again = await expect(200, "POST", `/v1/applications/${whose.id}/rotate-secret`, { overlapSeconds: 60 });
    const [second] = await operator.hears(
      about("signet.secret.rotated", { application: whose.id, subscription: null }),
    );
    assert.equal(second.data.previousSecretExpiresAt, again.previousSecretExpiresAt);
    await subscribe({ url: target.url("/x"), events: ["none.such"] });
    await expect(200, "POST", "/v1/applications/default/rotate-secret", {});
    await operator.hears(about("signet.secret.rotated", { application: "default", subscription: null }));
    for (const { text } of target.requests(operator.path)) {
      assert.doesNotMatch(text, /whsec_|payload|127\.0\.0\.1|sk_/);
      for (const secret of [rotated.secret, again.secret, own.secret]) assert.ok(!text.includes(secret.slice(6)));
    }
  });

  test("only the types that were asked for, and only of the applications that were asked for", async () => {
    const [whose, other] = tenants;
    const disabled = await operatorsWebhook(on, { path: "/only", events: [KINDS[0]] });
    const filtered = await operatorsWebhook(on, { path: "/filtered", filter: { application: [other.id] } });
    const gone = await Promise.all([whose, other].map((one) => destination(one, 410)));
    for (const one of gone) await one.post();
    for (const one of gone) await disabled.hears(about(KINDS[0], { subscription: one.id }));
    await filtered.hears(about(KINDS[0], { subscription: gone[1].id }));
    await filtered.hears(about("signet.delivery.failed", { subscription: gone[1].id }));
    await atRest(filtered);
    assert.ok(disabled.heard().every(({ json }) => json.type === KINDS[0]));
    assert.ok(filtered.heard().every(({ json }) => json.data.application === other.id));
    for (const one of [disabled, filtered]) await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
  });

  test("in the operator's own profile, to several webhooks, each the same event, which can be read", async () => {
    const [whose] = tenants;
    await profile("chat", { body: { text: "{event.type}: {data.subscription}", id: "{event.id}" } });
    const [chat, plain] = ["/chat", "/plain"];
    await operatorsWebhook(on, { path: chat, profile: "chat" });
    const second = await operatorsWebhook(on, { path: plain });
    const gone = await destination(whose, 410);
    await gone.post();
    await second.hears(about(KINDS[0], { subscription: gone.id }));
    const text = `${KINDS[0]}: ${gone.id}`;
    const said = await until(() => target.requests(chat).find(({ json }) => json.text === text), { what: text });
    assertId(said.json.id, "evt");
    const event = await expect(200, "GET", `/v1/events/${said.json.id}`);
    assert.partialDeepStrictEqual(event, {
      id: said.json.id,
      type: KINDS[0],
      data: { subscription: gone.id },
      attributes: { application: whose.id, subscription: gone.id },
    });
    assert.equal(event.deliveries.length, 3);
    for (const { id, subscription } of event.deliveries) {
      const seen = await settled(id);
      assert.partialDeepStrictEqual(seen, { status: "delivered", subscription, event: { id: event.id } });
    }
    const found = await expect(200, "GET", `/v1/deliveries?event=${event.id}`);
    assert.deepEqual(new Set(found.data.map(({ id }) => id)), new Set(event.deliveries.map(({ id }) => id)));
  });

  test("whoever asks for all of an application's events, even of `default`, hears nothing of it", async () => {
    await atRest(operator);
    for (const { path } of everything) {
      assert.deepEqual(
        target.requests(path).filter(({ json }) => json.type.startsWith("signet.")),
        [],
      );
    }
  });
});

describe("nobody else", () => {
  let operator;
  let standing;
  before(async () => {
    operator = await operatorsWebhook(on, { path: "/hidden" });
    const gone = await destination(tenants[0], 410);
    await gone.post();
    await operator.hears(about(KINDS[0], { subscription: gone.id }));
    const [delivery] = await atRest(operator);
    const { operation } = await expect(202, "POST", "/v1/deliveries/retry", { subscription: operator.id });
    standing = { subscription: operator.id, delivery: delivery.id, event: delivery.event.id, operation };
  });

  /** Those who might look: a key and a link of `default`, and another application's key. */
  async function others() {
    const key = (await expect(201, "POST", "/v1/api-keys", { label: "all" })).key;
    const links = [await linkToken(expect, {}), await linkToken((...call) => keyed(key)(...call), {})];
    const all = [key, ...links].map((one) => bearer(api, one));
    return [...all, tenants[0].api, bearer(api, tenants[1].key)];
  }
  const keyed = (key) => async (status, method, where, body) => {
    const answer = await bearer(api, key)(method, where, body);
    assert.equal(answer.status, status, answer.text);
    return answer.json;
  };

  const never = (name) => neverWas(name).replace(/^(op_).{4}/, "$10000");
  const essence = ({ status, text, headers: { date, ...headers } }) => ({ status, text, headers });

  test("finds the subscription, its deliveries or its events, or can tell them from what never was", async () => {
    const { subscription, delivery, event, operation } = standing;
    const since = "2026-01-01T00:00:00.000Z";
    const calls = [
      ["GET", `/v1/subscriptions/${subscription}`],
      ["GET", `/v1/subscriptions/${subscription}/secret`],
      ["GET", `/v1/subscriptions/${subscription}/stats`],
      ["GET", `/v1/subscriptions/${subscription}/health`],
      ["POST", `/v1/subscriptions/${subscription}/recover`, { since }],
      ["POST", `/v1/subscriptions/${subscription}/replay`, { since }],
      ["GET", `/v1/operations/${operation}`],
      ["POST", `/v1/operations/${operation}/stop`],
      ["PATCH", `/v1/subscriptions/${subscription}`, { name: "mine" }],
      ["PATCH", `/v1/subscriptions/${subscription}`, { events: ["signet.*"] }],
      ["POST", `/v1/subscriptions/${subscription}/pause`],
      ["POST", `/v1/subscriptions/${subscription}/resume`],
      ["POST", `/v1/subscriptions/${subscription}/rotate-secret`, {}],
      ["POST", `/v1/subscriptions/${subscription}/test`, {}],
      ["DELETE", `/v1/subscriptions/${subscription}`],
      ["GET", `/v1/deliveries/${delivery}`],
      ["GET", `/v1/deliveries/${delivery}/request`],
      ["POST", `/v1/deliveries/${delivery}/retry`],
      ["POST", `/v1/deliveries/${delivery}/cancel`],
      ["GET", `/v1/events/${event}`],
      ["POST", `/v1/events/${event}/cancel`],
      ["GET", `/v1/deliveries?subscription=${subscription}`],
      ["GET", `/v1/deliveries?source=${subscription.replace("sub_", "src_")}`],
      ["GET", `/v1/deliveries?event=${event}`],
    ];
    const was = await expect(200, "GET", `/v1/subscriptions/${subscription}`);
    const requests = target.requests(operator.path).length;
    for (const by of await others()) {
      for (const [method, where, body] of calls) {
        const answer = await by(method, where, body);
        const nothing = await by(method, where.replace(/(sub|src|del|evt|op)_[0-9a-z]{28}/, never), body);
        assert.deepEqual(essence(answer), essence(nothing), `${method} ${where}`);
        if (where.includes("?")) assert.deepEqual(answer.json, { data: [], nextCursor: null });
        else assertProblem(answer, 404, { code: "not_found" });
        // An id in a place of anybody's is answered with the same words.
        const anybodys = await by(method, where.replace(/(?<=_[0-9a-z]{22})[0-9a-z]{6}/, "zzzzz0"), body);
        assert.deepEqual(essence(answer), essence(anybodys), `${method} ${where}`);
      }
      for (const what of ["retry", "cancel"]) {
        const bulk = await by("POST", `/v1/deliveries/${what}`, { subscription });
        assert.deepEqual([bulk.status, bulk.json.matched], [202, 0], bulk.text);
      }
      for (const list of ["subscriptions", "deliveries", "operations"]) {
        const { text, json } = await by("GET", `/v1/${list}?limit=250`);
        assert.ok(Array.isArray(json.data), text);
        // What somebody has named themselves they are shown.
        const hidden = list === "operations" ? [operation] : Object.values(standing);
        for (const id of hidden) assert.ok(!text.includes(id), `${list} shows nothing of it`);
        assert.doesNotMatch(text, /"signet\./);
      }
    }
    assert.deepEqual(await expect(200, "GET", `/v1/subscriptions/${subscription}`), was);
    assert.equal(target.requests(operator.path).length, requests, "nothing was sent");
    const { data } = await expect(200, "GET", "/v1/subscriptions?limit=250");
    assert.ok(data.some(({ id }) => id === subscription));
    const all = await expect(200, "GET", "/v1/deliveries?type=signet.subscription.disabled");
    assert.ok(all.data.length > 0, "the operator sees them among all others");
  });

  test("pages through subscriptions as if there were no others", async () => {
    const key = bearer(api, (await expect(201, "POST", "/v1/api-keys", { label: "pages" })).key);
    const ids = [];
    let cursor = "";
    do {
      const { json } = await key("GET", `/v1/subscriptions?limit=1${cursor}`);
      ids.push(...json.data.map(({ id }) => id));
      cursor = json.nextCursor ? `&cursor=${json.nextCursor}` : "";
    } while (cursor);
    const { json } = await key("GET", "/v1/subscriptions?limit=250");
    assert.deepEqual(
      ids,
      json.data.map(({ id }) => id),
    );
  });

  test("makes one, or turns another into one", async () => {
    const url = target.url("/theirs");
    const elsewhere = { "signet-application": tenants[0].id };
    const key = bearer(api, (await expect(201, "POST", "/v1/api-keys", { label: "maker" })).key);
    const plain = await subscribe({ url, events: ["plain"] });
    const theirs = await tenants[0].subscribe({ url, events: ["plain"] });
    const makers = [key, tenants[0].api, (...call) => api(...call, elsewhere)];
    for (const by of makers) {
      for (const events of [["signet.*"], ["signet.delivery.failed"], ["task.*", "signet.secret.*"]]) {
        const answer = await by("POST", "/v1/subscriptions", { url, events });
        assertProblem(answer, 422, { pointers: [`/events/${events.length - 1}`] });
        assert.match(answer.text, /the operator makes in the application default/);
        assertProblem(await by("POST", "/v1/subscriptions", { url, event: events.at(-1) }), 422, {
          pointers: ["/event"],
        });
      }
      const made = await by("POST", "/v1/api-keys", { label: "x", webhookUrl: url, events: ["signet.*"] });
      assertProblem(made, 422, { pointers: ["/events/0"] });
    }
    assertProblem(await api("POST", "/v1/api-keys", { label: "x", webhookUrl: url, events: ["signet.*"] }), 422);
    for (const [by, { id }] of [
      [api, plain],
      [key, plain],
      [tenants[0].api, theirs],
    ]) {
      assertProblem(await by("PATCH", `/v1/subscriptions/${id}`, { events: ["signet.*"] }), 422, {
        pointers: ["/events/0"],
      });
    }
  });

  test("the operator mixes no types, misspells none, and turns none into another", async () => {
    const url = target.url("/mixed");
    const faulty = [
      [["signet.*", "task.*"], "/events/1"],
      [["*", "signet.*"], "/events/0"],
      [["signet.deliveries.failed"], "/events/0"],
      [["signet.subscription"], "/events/0"],
    ];
    for (const [events, pointer] of faulty) {
      assertProblem(await api("POST", "/v1/subscriptions", { url, events }), 422, { pointers: [pointer] });
    }
    const where = `/v1/subscriptions/${standing.subscription}`;
    for (const events of [["task.*"], null]) {
      assertProblem(await api("PATCH", where, { events }), 422, { pointers: ["/events"] });
    }
    assertProblem(await api("PATCH", where, { events: ["signet.*", "x"] }), 422, { pointers: ["/events/1"] });
    const changed = await expect(200, "PATCH", where, { events: ["signet.subscription.*"], name: "changed" });
    assert.deepEqual(changed.events, ["signet.subscription.*"]);
  });

  test("forges one, as a producer or by a test", async () => {
    const [whose] = tenants;
    const heard = target.requests(operator.path).length;
    for (const by of [api, whose.api]) {
      for (const type of ["signet.delivery.failed", "signet.", "signet.anything"]) {
        assertProblem(await by("POST", "/v1/events", { type, data: {} }), 422, { pointers: ["/type"] });
        const { json: batch } = await by("POST", "/v1/events/batch", [{ type, data: {} }]);
        assert.deepEqual([batch.results[0].status, batch.results[0].errors[0].pointer], [422, "/type"]);
      }
      const { json } = await by("POST", "/v1/subscriptions", { url: target.url("/forged"), events: ["none"] });
      const answer = await by("POST", `/v1/subscriptions/${json.id}/test`, { type: "signet.delivery.failed" });
      assertProblem(answer, 422, { pointers: ["/type"] });
    }
    assert.equal(target.requests("/forged").length, 0);
    assert.equal(target.requests(operator.path).length, heard);
    const { delivered } = await expect(200, "POST", `/v1/subscriptions/${standing.subscription}/test`, {
      type: "signet.delivery.failed",
    });
    assert.equal(delivered, true, "the operator may try their own");
    assert.equal((await api("POST", "/v1/events", { type: "signets.x", data: {} })).status, 202);
  });
});

describe("no loop", () => {
  test("an operator's receiver that fails, or is gone, is no news; the others still hear", async () => {
    const good = await operatorsWebhook(on, { path: "/good" });
    const bad = await operatorsWebhook(on, { path: "/bad", profile: "once" });
    const gone = await operatorsWebhook(on, { path: "/gone", profile: "once" });
    target.answer("/bad", 500);
    target.answer("/gone", 410);
    const count = 5;
    const dead = await Promise.all(Array.from({ length: count }, () => destination(tenants[1], 500)));
    const ids = [];
    for (const one of dead) ids.push((await one.post()).deliveries.find((it) => it.subscription === one.id).id);
    for (const id of ids) await good.hears(isFailed(id));
    await until(async () => (await expect(200, "GET", `/v1/subscriptions/${gone.id}`)).status === "disabled", {
      what: "the one that is gone to be disabled",
    });
    await expect(200, "POST", `/v1/subscriptions/${bad.id}/rotate-secret`, {});
    await until(async () => (await bad.recorded()).every(({ status }) => status === "failed"), {
      what: "the failing one's to fail",
    });
    await sleep(2_000);
    assert.equal((await atRest(good)).length, count);
    assert.equal((await bad.recorded()).length, count);
    assert.ok((await gone.recorded()).length <= count);
    for (const { json } of good.heard()) assert.ok(dead.some(({ id }) => id === json.data.subscription));
    for (const one of [good, bad, gone]) await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
  });
});

test("a thousand failures are a thousand notices, none twice, in few calls", { timeout: 180_000 }, async (t) => {
  const many = await tenant(signet, { name: "Many" });
  await many.profile("once", ONCE);
  const operator = await operatorsWebhook(on, { path: "/thousand", filter: { application: [many.id] } });
  const dead = await destination(many, 500);
  const count = 1_000;
  const calls = async () => {
    const { text } = await api("GET", "/metrics");
    return Number(/^signet_object_requests_total(?:\{.*\})? (\d+)/m.exec(text)[1]);
  };
  const before = await calls();
  const posted = await inParallel(Array.from({ length: count }), 16, () => dead.post());
  const ids = new Set(posted.map(({ deliveries: [{ id }] }) => id));
  await operator.hears(undefined, count, 120_000);
  const used = (await calls()) - before;
  const recorded = await atRest(operator);
  assert.equal(recorded.length, count);
  assert.deepEqual(new Set(operator.heard().map(({ json }) => json.data.delivery)), ids);
  assert.equal(operator.heard().length, count);
  t.diagnostic(`${used} calls of objects for ${count} events and their notices`);
  assert.ok(used < 1.5 * count, `${used} calls`);
  await expect(204, "DELETE", `/v1/subscriptions/${operator.id}`);
});

test("killed between failures and their notices: each arrives, once", { timeout: 180_000 }, async (t) => {
  const doomed = await tenant(signet, { name: "Doomed" });
  await doomed.profile("patient", { retry: { delays: [0, 1], jitter: 0 } });
  const operator = await operatorsWebhook(on, { path: "/killed", filter: { application: [doomed.id] } });
  const dead = await destination(doomed, 500, { profile: "patient" });
  const ids = [];
  for (let round = 0; round < 4; round++) {
    const from = target.requests(dead.path).length;
    const posted = await inParallel(Array.from({ length: 60 }), 16, () => dead.post());
    ids.push(...posted.map(({ deliveries: [{ id }] }) => id));
    // Somewhere between the first of the last attempts and the last of them.
    await target.received(dead.path, from + 62 + 15 * round, 30_000);
    await signet.restart();
  }
  await until(() => new Set(operator.heard().map(({ json }) => json.data.delivery)).size >= ids.length, {
    timeout: 90_000,
    what: () => `${ids.length} notices; ${new Set(operator.heard().map(({ json }) => json.data.delivery)).size} came`,
  });
  const recorded = await atRest(operator);
  t.diagnostic(`${operator.heard().length} requests for ${ids.length} notices`);
  assert.equal(recorded.length, ids.length, "none is recorded twice");
  const named = new Map(operator.heard().map(({ json, headers }) => [headers["webhook-id"], json.data.delivery]));
  assert.deepEqual([...named.values()].sort(), ids.sort(), "under one id each");
});

test("killed right after a secret was rotated: its notice arrives all the same, once", {
  timeout: 60_000,
}, async () => {
  const operator = await operatorsWebhook(on, { path: "/rotated", events: ["signet.secret.*"] });
  const own = await destination(tenants[0], 200);
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    await tenants[0].expect(200, "POST", `/v1/subscriptions/${own.id}/rotate-secret`, {});
    await signet.restart();
  }
  await operator.hears(about("signet.secret.rotated", { subscription: own.id }), rounds);
  assert.equal((await atRest(operator)).length, rounds);
});

test("a webhook of the operator's that is paused has everything held for it", async () => {
  const operator = await operatorsWebhook(on, { path: "/paused", events: ["signet.subscription.disabled"] });
  await expect(200, "POST", `/v1/subscriptions/${operator.id}/pause`);
  const gone = await destination(tenants[0], 410);
  await gone.post();
  await until(async () => (await operator.recorded()).length === 1, { what: "the notice to be recorded" });
  assert.equal(operator.heard().length, 0);
  await expect(200, "POST", `/v1/subscriptions/${operator.id}/resume`);
  await operator.hears(about("signet.subscription.disabled", { subscription: gone.id }));
});

test("there are thirty places, and a 409 says that they are taken", async () => {
  const made = [];
  let answer;
  do {
    answer = await api("POST", "/v1/subscriptions", { url: target.url("/one-of-many"), events: ["signet.*"] });
    if (answer.status === 201) made.push(answer.json.id);
  } while (answer.status === 201 && made.length <= 30);
  assertProblem(answer, 409, { code: "too_many_subscriptions" });
  await subscribe({ url: target.url("/plain-one"), events: ["plain.one"] });
  await send({ type: "plain.one", data: {} });
  await target.received("/plain-one");
});
