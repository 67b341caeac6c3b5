// Many clients change the same application at once: at the end everything agrees on what they were told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem, verifies } from "./support/assertions.mjs";
import { chance, seed } from "./support/random.mjs";
import { stage } from "./support/stage.mjs";
import { bearer, tenant } from "./support/tenant.mjs";
import { inParallel, sleep, until } from "./support/wait.mjs";

const CLIENTS = 20;
const SHARED = 40;
/** How many each client makes for itself. */
const OWN = 8;
const STEPS = 30;
const TYPES = ["a.one", "a.two", "a.three", "b.one", "b.two", "c"];
const PATTERNS = [...TYPES, "a.*", "b.*", "*"];
/** What of a shared subscription is changed: each of these by one client. */
const PARTS = ["name", "events", "url", "metadata", "headers", "status", "secret"];

const { signet, target } = await stage({ bare: true });

/** All pages of a list. */
async function all(own, kind, limit) {
  const found = [];
  let cursor = "";
  do {
    const page = await own.expect(200, "GET", `/v1/${kind}?limit=${limit}${cursor}`);
    found.push(...page.data);
    cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
  } while (cursor);
  return found;
}

/** What KV has of an application, once it is what `isRight` says. */
function snapshot(own, isRight) {
  let last;
  return until(
    async () => {
      last = JSON.parse(await signet.kept(`application:${own.id}`));
      return isRight(last) && last;
    },
    { what: () => `KV to agree; it has ${JSON.stringify(last).slice(0, 2_000)}` },
  );
}

const byId = (list) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
const wants = ({ events }, type) =>
  events.some((one) => one === "*" || one === type || (one.endsWith(".*") && type.startsWith(one.slice(0, -1))));

/** Clients and their model: for each subscription what the API has to say of it, and its secret. */
class Model {
  #serial = 0;
  subscriptions = new Map();

  constructor(own) {
    this.own = own;
  }

  #value(part, random) {
    this.#serial += 1;
    const values = {
      name: () => `name ${this.#serial}`,
      url: () => target.url(`/lost-${this.#serial}`),
      events: () => [...new Set([random.pick(PATTERNS), random.pick(PATTERNS)])],
      metadata: () => ({ n: this.#serial }),
      headers: () => ({ "X-N": `${this.#serial}` }),
    };
    return values[part]();
  }

  async make(random) {
    const body = Object.fromEntries(["name", "url", "events"].map((part) => [part, this.#value(part, random)]));
    const { secret, ...shown } = await this.own.subscribe(body);
    this.subscriptions.set(shown.id, { shown, secret });
    return shown.id;
  }

  /** Changes one part of a subscription, which nobody else changes now. */
  async change(id, part, random) {
    const { expect } = this.own;
    const where = `/v1/subscriptions/${id}`;
    const known = this.subscriptions.get(id);
    if (part === "secret") {
      known.secret = (await expect(200, "POST", `${where}/rotate-secret`, { overlapSeconds: 0 })).secret;
    } else if (part === "status") {
      const status = random.pick(["active", "paused"]);
      await expect(200, "POST", `${where}/${status === "active" ? "resume" : "pause"}`);
      known.shown.status = status;
    } else {
      const value = this.#value(part, random);
      const answer = await expect(200, "PATCH", where, { [part]: value });
      assert.deepEqual(answer[part], value, "the answer has the change");
      known.shown[part] = value;
    }
  }

  async remove(id) {
    await this.own.expect(204, "DELETE", `/v1/subscriptions/${id}`);
    this.subscriptions.delete(id);
  }
}

test("200 subscriptions, changed by 20 clients at once", async (t) => {
  const from = seed();
  t.diagnostic(`SIGNET_TEST_SEED=${from}`);
  const random = chance(from);
  const own = await tenant(signet);
  const model = new Model(own);
  const shared = await inParallel(Array.from({ length: SHARED }), CLIENTS, (_, n) => model.make(chance(from + n)));
  // Which client changes which part of which shared one.
  const turns = Array.from({ length: CLIENTS }, () => []);
  for (const id of shared) for (const part of PARTS) random.pick(turns).push([id, part]);

  let steps = 0;
  await Promise.all(
    turns.map(async (mine, client) => {
      // Each its own, so that its plan does not depend on whose answer comes first.
      const random = chance(from - client - 1);
      const made = [];
      for (let n = 0; n < OWN; n++) made.push(await model.make(random));
      for (let n = 0; n < STEPS; n++) {
        steps += 1;
        const choice = random.below(10);
        if (choice < 6 && mine.length > 0) await model.change(...random.pick(mine), random);
        else if (choice < 9 || made.length < 3) await model.change(random.pick(made), random.pick(PARTS), random);
        else await model.remove(made.splice(random.below(made.length), 1)[0]);
      }
    }),
  );
  // Half of the shared ones go, all at once with a last change of the others.
  const doomed = shared.filter((_, n) => n % 2 === 0);
  const kept = shared.filter((_, n) => n % 2 === 1);
  await Promise.all([...doomed.map((id) => model.remove(id)), ...kept.map((id) => model.change(id, "name", random))]);
  const expected = byId(model.subscriptions.values().map(({ shown }) => ({ ...shown, updatedAt: "" })));
  t.diagnostic(`${steps} changes by ${CLIENTS} clients; ${expected.length} subscriptions are left`);

  await t.test("the list has them, in pages of every size, and each is read as it is listed", async () => {
    for (const limit of [7, 50, 250]) {
      const listed = await all(own, "subscriptions", limit);
      assert.deepEqual(byId(listed.map((one) => ({ ...one, updatedAt: "" }))), expected, `${limit} to a page`);
    }
    const listed = await all(own, "subscriptions", 250);
    const read = await inParallel(listed, 8, ({ id }) => own.expect(200, "GET", `/v1/subscriptions/${id}`));
    assert.deepEqual(read, listed);
    for (const id of doomed) assertProblem(await own.api("GET", `/v1/subscriptions/${id}`), 404);
  });

  await t.test("each has the secret that was told last", async () => {
    await inParallel([...model.subscriptions], 8, async ([id, { secret }]) => {
      assert.deepEqual(await own.expect(200, "GET", `/v1/subscriptions/${id}/secret`), { secret }, id);
    });
  });

  await t.test("KV has them", async () => {
    const brief = ({ id, events, profile }) => ({ id, events, profile });
    const wanted = JSON.stringify(expected.map(brief));
    await snapshot(own, ({ subscriptions }) => JSON.stringify(byId(subscriptions).map(brief)) === wanted);
  });

  await t.test("an event of each type goes to those that want it now, and to no other", async () => {
    for (const type of TYPES) {
      const wanting = expected.filter((one) => wants(one, type));
      const active = wanting.filter((one) => one.status === "active");
      const { deliveries } = await own.send({ type, data: type });
      const got = deliveries.map((one) => one.subscription);
      assert.deepEqual(got.sort(), wanting.map((one) => one.id).sort(), type);
      const requests = () => target.requests().filter((one) => one.json.data === type);
      await until(() => requests().length >= active.length, { what: () => `${active.length} requests of ${type}` });
      const arrived = requests().map((one) => [target.url(one.path), one.headers["x-n"]].join());
      assert.deepEqual(arrived.sort(), active.map((one) => [one.url, one.headers["X-N"]].join()).sort(), type);
      for (const one of requests()) {
        const { id } = active.find(({ url }) => url === target.url(one.path));
        assert.ok(verifies(model.subscriptions.get(id).secret, one), `${id} signs with its own newest secret`);
      }
    }
    const before = target.requests().length;
    await sleep(300);
    assert.equal(target.requests().length, before, "and those that are paused get nothing");
  });
});

test("50 keys, made and revoked by 10 clients at once", async (t) => {
  const from = seed();
  t.diagnostic(`SIGNET_TEST_SEED=${from}`);
  const own = await tenant(signet);
  const live = new Map();
  const revoked = [];
  await Promise.all(
    Array.from({ length: 10 }, async (_, client) => {
      const random = chance(from + client);
      const mine = [];
      for (let n = 0; n < 5; n++) {
        const scopes = random.pick([["events:write"], ["deliveries:read", "events:write"], ["subscriptions:read"]]);
        const label = `${client}.${n}`;
        const made = await own.expect(201, "POST", "/v1/api-keys", { label, scopes });
        assert.deepEqual([made.label, new Set(made.scopes)], [label, new Set(scopes)]);
        mine.push(made);
        live.set(made.id, made);
        if (random.below(2)) continue;
        const [gone] = mine.splice(random.below(mine.length), 1);
        await own.expect(204, "DELETE", `/v1/api-keys/${gone.id}`);
        live.delete(gone.id);
        revoked.push(gone);
      }
    }),
  );
  t.diagnostic(`${live.size} are left, ${revoked.length} were revoked`);
  const listed = (await all(own, "api-keys", 7)).filter((one) => one.label !== "First key");
  assert.deepEqual(byId(listed), byId([...live.values()].map(({ key, ...shown }) => shown)));
  const posting = [...live.values()].filter((one) => one.scopes.includes("events:write"));
  const ids = JSON.stringify(byId(posting).map((one) => one.id));
  const inKv = ({ keys }) => byId(keys).map((one) => one.id);
  const first = await own.expect(200, "GET", "/v1/api-keys").then(({ data }) => data.at(-1).id);
  await snapshot(own, (kept) => JSON.stringify(inKv(kept).filter((id) => id !== first)) === ids);
  const post = ({ key }) => bearer(signet.api.bind(signet), key)("POST", "/v1/events", { type: "x", data: 1 });
  for (const one of live.values()) assert.equal((await post(one)).status, posting.includes(one) ? 202 : 403, one.label);
  for (const one of revoked) assertProblem(await post(one), 401, { code: "unauthorized" });
});

test("30 profiles, made, changed and deleted by 10 clients at once", async () => {
  const own = await tenant(signet);
  const expected = new Map();
  await Promise.all(
    Array.from({ length: 10 }, async (_, client) => {
      for (let n = 0; n < 3; n++) {
        const name = `p-${client}-${n}`;
        await own.expect(201, "PUT", `/v1/profiles/${name}`, {});
        await own.expect(200, "PUT", `/v1/profiles/${name}`, { timeoutSeconds: client + 1 });
        expected.set(name, client + 1);
        if (n === 1) {
          await own.expect(204, "DELETE", `/v1/profiles/${name}`);
          expected.delete(name);
        }
      }
    }),
  );
  const listed = (await all(own, "profiles", 9)).filter((one) => one.name.startsWith("p-"));
  assert.deepEqual(new Map(listed.map((one) => [one.name, one.timeoutSeconds])), expected);
  const kept = await snapshot(own, ({ profiles }) => profiles.length === expected.size);
  assert.deepEqual(new Set(kept.profiles.map((one) => one.name)), new Set(expected.keys()));
});
