// Secrets at rest: nothing secret lies open on the disk, keys can be changed while deliveries go on, and a key that is
// missing loses nothing.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { assertProblem, verifies } from "./support/assertions.mjs";
import { request } from "./support/http.mjs";
import { receiver } from "./support/receiver.mjs";
import { startSignet } from "./support/signet.mjs";
import { calls } from "./support/stage.mjs";
import { sleep, until } from "./support/wait.mjs";

const OLD = "an-old-key-to-seal-with";
const NEW = "a-new-key-to-seal-with";
const OPERATOR = { OPERATOR_KEY: "local-operator-key", ALLOW_PRIVATE_DESTINATIONS: "true" };
const under = (...keys) => ({ ...OPERATOR, ENCRYPTION_KEY: keys.join(",") });

/** A gateway and a receiver for one group of tests. */
async function scene(vars, how) {
  const signet = await startSignet({ vars, ...how });
  const target = await receiver();
  const { expect, ...more } = calls(signet);
  return {
    ...{ signet, target, expect, ...more, api: signet.api.bind(signet) },
    stop: async () => {
      await signet.stop();
      await target.stop();
      if (process.env.SIGNET_TEST_LOG) console.log(signet.output);
      assert.doesNotMatch(signet.output, /panicked|\bunreachable\b/);
    },
    /** Starts the gateway anew with these variables. */
    restart: async (vars) => {
      signet.vars = vars;
      await signet.kill();
      // It may lack a key, and answer so: that is an answer too.
      await signet.start();
    },
  };
}

function files(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
}

/** The files on a gateway's disk in which a text stands, its own variables and wrangler's own log of requests aside. */
const holding = (signet, text) =>
  files(signet.disk).filter((file) => !/vars\.env$|\/observability\//.test(file) && readFileSync(file).includes(text));

/** Every row of a table in the objects' databases, with what changes it. */
function rows(signet, table) {
  const found = [];
  for (const file of files(signet.disk).filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(file);
    const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    if (names.some(({ name }) => name === table)) {
      found.push(
        ...database
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map((row) => ({ file, ...row })),
      );
    }
    database.close();
  }
  return found;
}

/** Changes what lies in a database while the gateway is stopped. */
function change(file, statement, ...params) {
  const database = new DatabaseSync(file);
  assert.equal(Number(database.prepare(statement).run(...params).changes), 1);
  database.close();
}

const keyOf = (json) => JSON.parse(json).sealed?.slice(0, 8);
const github = (secret, body) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

describe("on the disk", () => {
  let one;
  const secrets = new Map();
  before(async () => {
    one = await scene(under(OLD));
  });
  after(() => one.stop());

  test("nothing secret lies open, and all of it works", { timeout: 90_000 }, async () => {
    const { target, subscribe, send, expect, signet, api } = one;
    const keep = (name, secret) => {
      assert.ok(secret?.length >= 8, name);
      secrets.set(name, secret);
      return secret;
    };
    const made = await subscribe({
      url: target.url("/made"),
      events: ["made"],
      headers: { "X-Receivers-Token": keep("a header", "receivers-own-token") },
    });
    keep("a subscription's secret", made.secret);
    const brought = keep("a secret brought along", "whsec_YnJvdWdodCBhbG9uZyBieSBhIGN1c3RvbWVyISE=");
    const other = await subscribe({ url: target.url("/brought"), events: ["brought"], secret: brought });
    const rotated = await expect(200, "POST", `/v1/subscriptions/${other.id}/rotate-secret`, {});
    keep("a rotated secret", rotated.secret);
    const application = await expect(200, "POST", "/v1/applications/default/rotate-secret", {});
    keep("the application's secret", application.secret);

    const source = (body) => expect(201, "POST", "/v1/sources", body);
    const proxied = await source({
      provider: "github",
      secrets: [keep("a source's secret", "secret-of-the-source")],
      origin: target.url("/proxied"),
      resign: true,
    });
    keep("a signing secret", proxied.signingSecret);
    const meta = await source({
      provider: "meta",
      secrets: ["secret-of-meta-source"],
      origin: target.url("/meta"),
      options: { verifyToken: keep("a verify token", "token-to-verify") },
    });
    keep("a second source's secret", "secret-of-meta-source");
    const asana = await source({ provider: "asana", origin: target.url("/asana") });
    const learned = keep("a learned secret", "learned-in-a-handshake-0123456789");
    const queued = await source({
      provider: "gitlab",
      secrets: [keep("a token", "token-of-the-queue")],
      origin: target.answer("/queued", [500, 200]),
      mode: "queue",
      resign: true,
    });
    keep("a queue's signing secret", queued.signingSecret);

    await send({ type: "made", data: {} });
    await send({ type: "brought", data: {} });
    await send({ type: "direct", data: {}, webhookUrl: target.url("/direct") });
    const [first] = await target.received("/made");
    assert.ok(verifies(made.secret, first) && first.headers["x-receivers-token"] === "receivers-own-token");
    const [second] = await target.received("/brought");
    assert.ok(verifies(rotated.secret, second) && second.headers["webhook-signature"].includes(" "));
    assert.ok(verifies(application.secret, (await target.received("/direct"))[0]));
    const signature = { "x-hub-signature-256": github("secret-of-the-source", "{}") };
    assert.equal((await request(proxied.url, { method: "POST", headers: signature, body: "{}" })).status, 200);
    assert.ok(verifies(proxied.signingSecret, (await target.received("/proxied"))[0]));
    const question = "?hub.mode=subscribe&hub.challenge=123&hub.verify_token=token-to-verify";
    assert.equal((await request(meta.url + question)).text, "123");
    assert.equal(
      (await request(asana.url, { method: "POST", headers: { "x-hook-secret": learned }, body: "{}" })).status,
      200,
    );
    const headers = { "x-gitlab-token": "token-of-the-queue", "x-gitlab-event-uuid": "1" };
    assert.equal((await request(queued.url, { method: "POST", headers, body: "{}" })).status, 202);
    // The second attempt reads what the first one had in memory.
    const attempts = await target.received("/queued", 2, 30_000);
    for (const attempt of attempts) assert.equal(attempt.headers["x-gitlab-token"], "token-of-the-queue");

    const { data } = await expect(200, "GET", `/v1/sources/${meta.id}/requests`);
    assert.match(data[0].path, /hub\.verify_token=\*\*\*$/);
    assert.deepEqual((await expect(200, "GET", `/v1/sources/${meta.id}`)).options, { verifyToken: null });
    assert.equal(
      (await expect(200, "PATCH", `/v1/sources/${meta.id}`, { options: { verifyToken: null } })).id,
      meta.id,
    );
    assert.equal((await request(meta.url + question)).text, "123", "what was read can be written back");
    assert.equal((await expect(200, "GET", `/v1/sources/${asana.id}/learned-secret`)).secret, learned);
    assert.equal((await expect(200, "GET", `/v1/subscriptions/${made.id}/secret`)).secret, made.secret);
    assert.deepEqual(await health({ api }), ["ok"]);

    await signet.kill();
    assert.ok(holding(signet, made.id).length > 1, "the disk is looked at as it should be");
    for (const [name, secret] of secrets) {
      assert.deepEqual(holding(signet, secret), [], name);
      const inner = secret.replace(/^whsec_/, "");
      assert.deepEqual(holding(signet, inner), [], `${name}, without its prefix`);
    }
    await signet.start();
  });
});

/** What tries again soon, and for long. */
const STUBBORN = { retry: { delays: [0, ...Array(40).fill(2)], jitter: 0 }, timeoutSeconds: 5 };

/** The ids of the keys that an application's rows, what it told its objects, and KV are sealed under. */
function keysOf(signet) {
  const stored = [...rows(signet, "subscriptions"), ...rows(signet, "sources")].map((row) => row.json);
  const meta = rows(signet, "meta").filter(({ name }) => name === "settings" || name === "destination");
  const published = rows(signet, "_cf_KV").filter(({ key }) => String(key).includes("source:"));
  // What lies in KV is text within the storage's own form of a value.
  const inKv = published.map(({ value }) => /"sealed":"([0-9a-f]{8})/.exec(Buffer.from(value).toString("latin1"))?.[1]);
  const keys = [...stored, ...meta.map((row) => row.value)].map(keyOf).concat(inKv);
  assert.ok(stored.length > 0 && meta.length > 1, "rows are found");
  return [...new Set(keys)];
}

/** What a deployment warns of, but for the rate limit, which is none of workerd's own. */
async function health({ api }) {
  const { status, warnings = [] } = (await api("GET", "/healthz")).json;
  const codes = warnings.map((warning) => warning.code).filter((code) => code !== "guesses_not_limited");
  return [status, ...codes];
}

/** Has everything sealed under the first key, and waits until all of it is. */
async function reseal({ signet }) {
  await until(
    async () => {
      const answer = await signet.api("POST", "/v1/reseal");
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json.missing, []);
      return answer.json.remaining === 0;
    },
    { timeout: 30_000, every: 300, what: "everything to be sealed anew" },
  );
}

describe("a key that is changed", () => {
  let one;
  before(async () => {
    one = await scene(OPERATOR, { bare: true });
  });
  after(() => one.stop());

  test("in steps, with deliveries going on", { timeout: 200_000 }, async () => {
    const { target, subscribe, send, sendOne, expect, signet, restart, api, settled, profile } = one;
    assert.deepEqual(await health(one), ["ok", "encryption_key_not_set"]);
    await profile("stubborn", STUBBORN);
    const made = await subscribe({ url: target.url("/rotated"), events: ["rotated"] });
    const slow = await subscribe({ url: target.url("/slow"), events: ["slow"], profile: "stubborn" });
    const source = (path, more) =>
      expect(201, "POST", "/v1/sources", {
        ...{ provider: "gitlab", secrets: ["token-of-the-source"], origin: target.url(path), ...more },
      });
    const [proxied, queued] = [await source("/behind"), await source("/queued", { mode: "queue" })];
    const post = ({ url }, id) => {
      const headers = { "x-gitlab-token": "token-of-the-source", "x-gitlab-event-uuid": `${id}` };
      return request(url, { method: "POST", headers, body: JSON.stringify({ id }) });
    };
    let step = 0;
    /** What is new works; and what was owed in the step before arrives in this one. */
    const works = async () => {
      target.answer("/slow", 200);
      target.answer("/queued", 200);
      await until(() => target.requests("/slow").some((it) => it.json.data === step - 1) || step === 0, {
        timeout: 30_000,
        what: `what was owed in step ${step - 1}`,
      });
      await until(
        () => step === 0 || target.requests("/queued").filter((it) => it.json.id === `q${step - 1}`).length > 1,
        { timeout: 60_000, what: `the request that was owed in step ${step - 1}` },
      );
      await settled(await sendOne({ type: "rotated", data: step }), { status: "delivered" });
      assert.ok(verifies(made.secret, target.requests("/rotated").at(-1)));
      const arrived = target.requests("/direct").length;
      await send({ type: "nobody", data: step, webhookUrl: target.url("/direct") });
      await target.received("/direct", arrived + 1);
      assert.equal((await post(proxied, `p${step}`)).status, 200);
      assert.equal((await expect(200, "GET", `/v1/subscriptions/${slow.id}/secret`)).secret, slow.secret);
      // This is owed when the gateway ends.
      target.answer("/slow", 500);
      target.answer("/queued", 500);
      await sendOne({ type: "slow", data: step });
      assert.equal((await post(queued, `q${step}`)).status, 202);
      await target.received("/slow", target.requests("/slow").length + 1);
      await until(() => target.requests("/queued").some((it) => it.json.id === `q${step}`));
      step += 1;
    };
    await works();
    await signet.kill();
    const operator = keysOf(signet);
    assert.equal(operator.length, 1);

    await restart(under(OLD));
    await works();
    assert.deepEqual(await health({ api }), ["ok"]);
    await reseal(one);
    await works();
    await signet.kill();
    const old = keysOf(signet);
    assert.equal(old.length, 1);
    assert.notDeepEqual(old, operator);

    for (const keys of [
      [OLD, NEW],
      [NEW, OLD],
    ]) {
      await restart(under(...keys));
      await works();
    }
    await signet.kill();
    assert.deepEqual(keysOf(signet), old, "nothing is sealed anew unasked");
    await restart(under(NEW, OLD));
    await reseal(one);
    await works();
    await signet.kill();
    const now = keysOf(signet);
    assert.equal(now.length, 1);
    assert.notDeepEqual(now, old);

    // Nothing but what was sealed since: the old key can go.
    await restart(under(NEW));
    assert.deepEqual(await health({ api }), ["ok"]);
    await works();
  });
});

describe("a key that is missing", () => {
  let one;
  before(async () => {
    one = await scene(under(OLD), { bare: true });
  });
  after(() => one.stop());

  test("keeps everything, and says so; back again, all of it goes out", { timeout: 200_000 }, async () => {
    const { target, subscribe, sendOne, expect, signet, restart, api, settled, profile, delivery } = one;
    const missing = (answer) => assertProblem(answer, 503, { code: "encryption_key_missing" });
    await profile("stubborn", STUBBORN);
    const body = {
      url: target.answer("/owed", 500),
      events: ["owed"],
      profile: "stubborn",
      headers: { "X-A": "token" },
    };
    const made = await subscribe(body);
    const gone = await subscribe({ url: target.url("/gone"), events: ["gone"] });
    const queued = await expect(201, "POST", "/v1/sources", {
      ...{ provider: "gitlab", secrets: ["token-of-the-source"], origin: target.answer("/queued", 500), mode: "queue" },
    });
    const post = (id) => {
      const headers = { "x-gitlab-token": "token-of-the-source", "x-gitlab-event-uuid": id };
      return request(queued.url, { method: "POST", headers, body: JSON.stringify({ id }) });
    };
    const before = await sendOne({ type: "owed", data: "before" });
    assert.equal((await post("one")).status, 202);
    await target.received("/owed");
    await target.received("/queued");

    await restart(under(NEW));
    target.answer("/owed", 200);
    target.answer("/queued", 200);
    const told = await api("GET", "/healthz");
    missing(told);
    await signet.kill();
    const [key] = keysOf(signet);
    assert.ok(told.json.detail.includes(key) && !told.text.includes(OLD), told.text);
    await signet.start();
    const came = () => target.requests("/owed").length + target.requests("/queued").length;
    const arrived = came();

    // Whoever needs no secret goes on.
    const { data } = await expect(200, "GET", "/v1/subscriptions");
    assert.deepEqual(
      data.map(({ id, headers }) => [id, headers]).sort(),
      [made, gone].map(({ id }) => [id, null]).sort(),
    );
    const [shown] = (await expect(200, "GET", "/v1/sources")).data;
    assert.partialDeepStrictEqual(shown, { id: queued.id, secretCount: null, options: null, resign: null });
    const during = await sendOne({ type: "owed", data: "during" });
    await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
    await expect(200, "POST", `/v1/subscriptions/${made.id}/resume`);
    await expect(204, "DELETE", `/v1/subscriptions/${gone.id}`);
    await expect(202, "POST", `/v1/deliveries/${before}/retry`);
    // Whoever does is told.
    missing(await api("GET", `/v1/subscriptions/${made.id}/secret`));
    missing(await api("POST", `/v1/subscriptions/${made.id}/rotate-secret`, {}));
    missing(await api("PATCH", `/v1/subscriptions/${made.id}`, { headers: {} }));
    missing(await api("POST", `/v1/subscriptions/${made.id}/test`, {}));
    missing(await api("GET", `/v1/deliveries/${before}/request`));
    missing(await api("PATCH", `/v1/sources/${queued.id}`, { secrets: ["other"] }));
    missing(await api("POST", `/v1/sources/${queued.id}/explain`, { headers: {}, body: "" }));
    missing(await post("two"));
    const fresh = await subscribe({ url: target.url("/fresh"), events: ["fresh"] });
    assert.equal((await settled(await sendOne({ type: "fresh", data: 1 }))).status, "delivered");
    assert.ok(verifies(fresh.secret, (await target.received("/fresh"))[0]));
    assert.equal((await signet.api("POST", "/v1/reseal")).json.missing[0], key);
    // The alarms of what is owed have rung by now.
    await sleep(13_000);
    assert.equal(came(), arrived, "nothing goes out that can't be signed");
    for (const id of [before, during]) assert.equal((await delivery(id)).status, "pending");

    await restart(under(NEW, OLD));
    for (const id of [before, during]) {
      assert.equal((await settled(id, { timeout: 60_000 })).status, "delivered");
    }
    for (const attempt of target.requests("/owed").slice(1)) {
      assert.ok(attempt.headers["x-a"] === "token" && verifies(made.secret, attempt));
    }
    await target.received("/queued", 2, 60_000);
    assert.equal(target.requests("/queued").at(-1).headers["x-gitlab-token"], "token-of-the-source");
    assert.deepEqual(await health({ api }), ["ok"]);
    assert.equal((await post("two")).status, 202);
  });

  test("a queued request waits for its key, too, and holds up no other", { timeout: 150_000 }, async () => {
    const { target, expect, restart, signet } = one;
    const queued = await expect(201, "POST", "/v1/sources", {
      ...{ provider: "gitlab", secrets: ["token-of-another"], origin: target.answer("/later", 500), mode: "queue" },
    });
    const post = (id) => {
      const headers = { "x-gitlab-token": "token-of-another", "x-gitlab-event-uuid": id };
      return request(queued.url, { method: "POST", headers, body: JSON.stringify({ id }) });
    };
    await restart(under(OLD, NEW));
    assert.equal((await post("one")).status, 202);
    await target.received("/later");
    await restart(under(NEW, OLD));
    await reseal(one);
    await restart(under(NEW));
    const count = target.requests("/later").length;
    target.answer("/later", 200);
    assert.equal((await post("two")).status, 202);
    await target.received("/later", count + 1);
    await sleep(15_000);
    assert.equal(target.requests("/later").length, count + 1, "the first one can't be opened");
    assert.match(signet.output, /ENCRYPTION_KEY does not hold/);
    await restart(under(NEW, OLD));
    const all = await target.received("/later", count + 2, 60_000);
    assert.equal(all.at(-1).json.id, "one");
    assert.equal(all.at(-1).headers["x-gitlab-token"], "token-of-another");
  });
});

describe("rows of an older version", () => {
  let one;
  before(async () => {
    one = await scene(under(OLD), { bare: true });
  });
  after(() => one.stop());

  test("stand open, are read, and are sealed when they are asked to be", { timeout: 120_000 }, async () => {
    const { target, subscribe, sendOne, expect, signet, settled } = one;
    const made = await subscribe({ url: target.url("/older"), events: ["older"], headers: { "X-A": "token-of-old" } });
    const source = await expect(201, "POST", "/v1/sources", {
      ...{ provider: "gitlab", secrets: ["secret-of-old"], origin: target.url("/source"), resign: true },
    });
    await settled(await sendOne({ type: "older", data: 1 }));
    await signet.kill();
    const open = ({ sealed, ...rest }, secrets) => {
      assert.ok(sealed);
      return JSON.stringify({ ...rest, ...secrets });
    };
    const ofSubscription = { secrets: { current: made.secret }, headers: { "X-A": "token-of-old" } };
    const ofSource = {
      ...{ secrets: ["secret-of-old"], learned: null, signingSecret: source.signingSecret, options: {} },
    };
    for (const { file, id, json } of rows(signet, "subscriptions")) {
      const text = open(JSON.parse(json), ofSubscription);
      change(file, "UPDATE subscriptions SET json = ? WHERE id = ?", text, id);
    }
    for (const { file, id, json } of rows(signet, "sources")) {
      change(file, "UPDATE sources SET json = ? WHERE id = ?", open(JSON.parse(json), ofSource), id);
    }
    for (const { file, name, value } of rows(signet, "meta").filter((row) => row.name === "destination")) {
      const text = open(JSON.parse(value), ofSubscription);
      change(file, "UPDATE meta SET value = ? WHERE name = ?", text, name);
    }
    assert.ok(holding(signet, made.secret).length > 1);

    await signet.start();
    await settled(await sendOne({ type: "older", data: 2 }));
    const [, second] = await target.received("/older", 2);
    assert.ok(verifies(made.secret, second) && second.headers["x-a"] === "token-of-old");
    assert.equal((await expect(200, "GET", `/v1/subscriptions/${made.id}/secret`)).secret, made.secret);
    await reseal(one);
    await settled(await sendOne({ type: "older", data: 3 }));
    assert.ok(verifies(made.secret, (await target.received("/older", 3)).at(-1)));
    const headers = { "x-gitlab-token": "secret-of-old" };
    assert.equal((await request(source.url, { method: "POST", headers, body: "{}" })).status, 200);
    assert.ok(verifies(source.signingSecret, (await target.received("/source"))[0]));
    await signet.kill();
    assert.equal(keysOf(signet).length, 1);
    for (const { json } of [...rows(signet, "subscriptions"), ...rows(signet, "sources")]) {
      for (const secret of [made.secret, "token-of-old", "secret-of-old", source.signingSecret]) {
        assert.ok(!json.includes(secret));
      }
    }
  });
});

describe("keys that are none", () => {
  test("one that is too short is told, and the local one seals nothing in a deployment", async () => {
    const one = await scene({ ...OPERATOR, ENCRYPTION_KEY: "too-short" });
    try {
      const answer = await one.api("GET", "/healthz");
      assertProblem(answer, 503, { code: "not_configured" });
      assertProblem(await one.api("GET", "/v1/subscriptions"), 503, { code: "not_configured" });
      await one.restart({ OPERATOR_KEY: "a-key-of-ones-own", ENCRYPTION_KEY: "local-encryption-key" });
      assert.deepEqual(await health(one), ["ok", "encryption_key_not_set"]);
    } finally {
      await one.stop();
    }
  });
});
