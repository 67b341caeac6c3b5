// Providers' own SDKs as judges, in both directions: what they sign, a source lets through; what Signet signs, they take
// for genuine; and whatever was changed on the way, both refuse.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { cases, hmac } from "./sdks/cases.mjs";
import { npm } from "./sdks/npm.mjs";
import { dismiss } from "./sdks/pypi.mjs";
import { request } from "./support/http.mjs";
import { ROOT } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { signet, target, expect, subscribe, sendOne, profile } = await stage();
after(dismiss);

const providers = await everyProvider();

// Compiled here, so that no test waits for it.
before(() => printed(["--provider=github", "--secret=x"]), { timeout: 600_000 });

for (const one of cases) {
  const scheme = signable(one);
  const directions = [
    one.sdk.sign && "what it signs, Signet verifies",
    one.made && "what its page describes, both verify",
    (scheme || !one.unsignable) && "what Signet signs, it verifies",
  ];

  test(`${one.name}: ${directions.filter(Boolean).join("; ")}`, async () => {
    assert.ok(directions.some(Boolean), "somebody can sign");
    const door = await source(one);
    if (one.sdk.sign || one.made) await judged(one, door, await signed(one));
    if (scheme) await judged(one, door, await signedBySignet(one, scheme));
    else if (!one.unsignable) await judged(one, door, await signedByHand(one));
  });
}

// While a secret is being changed, both sign, and a receiver who has either of them is to take the message.
for (const name of ["npm replicate", "npm resend", "npm standardwebhooks", "npm stripe", "npm svix"]) rotated(name);
for (const name of ["PyPI paddle-python-sdk", "PyPI polar-sdk"]) rotated(name);
rotated("PyPI standardwebhooks, as Supabase's page has it");
// These read one signature of a list. Their providers send one.
rotated("npm @workos-inc/node", { takesOld: false });
rotated("PyPI fintoc", { takesNew: false });

function rotated(name, { takesOld = true, takesNew = true } = {}) {
  const secrets = [takesOld && "by the old one", takesNew && "by the new one"].filter(Boolean).join(" and ");
  test(`${name}, while a secret is changed: takes what Signet signs with two, ${secrets}`, async () => {
    const one = find(name);
    const secret = one.secret.replace(/.{4}$/, "new=");
    const message = await signedBySignet(one, signable(one), secret);
    assert.equal((await verdict(one, message)) === true, takesOld);
    assert.equal((await verdict({ ...one, secret }, message)) === true, takesNew);
    assert.notEqual(await verdict({ ...one, secret: one.secret.replace(/.{4}$/, "odw=") }, message), true);
    for (const known of [one.secret, secret]) {
      assert.equal((await knock(await source({ ...one, secret: known }), message)).status, 200);
    }
  });
}

/** A genuine message is taken by the SDK and by the source, and reaches the origin; a changed one by neither. */
async function judged(one, door, message) {
  const changed = { ...message, ...one.change(message) };
  if (one.sdk.verify) {
    const refusal = await verdict(one, changed);
    if (one.overlooks) assert.equal(refusal, true, `the SDK no longer overlooks a change: ${one.overlooks}`);
    else assert.notEqual(refusal, true, "the SDK refuses what was changed");
    // In this order, so that an SDK that fails at everything after its first call is not taken for one that refuses.
    assert.equal(await verdict(one, message), true, "the SDK takes it for genuine");
  }
  const before = target.requests(door.path).length;
  const passed = await knock(door, message);
  assert.equal(passed.status, 200, `the source lets it through: ${passed.text}`);
  const arrived = target.requests(door.path).slice(before);
  assert.equal(arrived.length, 1, "it reaches the origin, once");
  assert.equal(arrived[0].text, message.body, "as it was");
  assert.equal(arrived[0].headers["signet-verified"], "true");
  const refused = await knock(door, changed);
  assert.equal(refused.status, 401, `the source refuses what was changed: ${refused.text}`);
  assert.equal(refused.json.code, "not_verified");
  assert.equal(target.requests(door.path).length, before + 1, "which never reaches the origin");
}

// Where an SDK and Signet differ, and why: an SDK that comes round breaks its test, which is then to be changed.

test("WorkOS' SDK prints the JSON anew and refuses a genuine body with spaces; Signet takes the bytes", async () => {
  const one = find("npm @workos-inc/node");
  const message = { ...(await signed(one)), body: '{"id": "evt_1", "amount": 1.0}' };
  const time = message.seconds * 1000;
  const content = `${time}.${message.body}`;
  message.headers = { "WorkOS-Signature": `t=${time}, v1=${hmac("sha256", one.secret, content, "hex")}` };
  assert.notEqual(await verdict(one, message), true);
  assert.equal((await knock(await source(one), message)).status, 200);
});

test("Stripe's SDK looks at the age alone; Signet refuses a time to come too", async () => {
  const one = find("npm stripe");
  const message = await signed(one, { seconds: seconds() + 3600 });
  assert.equal(await verdict(one, message), true);
  assert.equal((await knock(await source(one), message)).status, 401);
});

test("Stripe's SDK takes the last of two times; Signet refuses them", async () => {
  const one = find("npm stripe");
  const message = await signed(one);
  message.headers = { "Stripe-Signature": `t=1,${message.headers["Stripe-Signature"]}` };
  assert.equal(await verdict(one, message), true);
  assert.equal((await knock(await source(one), message)).status, 401);
});

test("the Standard Webhooks libraries sign a number's usual spelling; Signet signs the text that came", async () => {
  for (const name of ["npm standardwebhooks", "PyPI standardwebhooks, as Supabase's page has it"]) {
    const one = find(name);
    const message = await signed(one);
    message.headers["webhook-timestamp"] = `0${message.seconds}`;
    assert.equal(await verdict(one, message), true, name);
    assert.equal((await knock(await source(one), message)).status, 401, name);
  }
});

test("EasyPost's SDK normalises a secret; Signet wants it so", async () => {
  const one = find("PyPI easypost");
  const [composed, decomposed] = ["Zoë's secret".normalize("NFC"), "Zoë's secret".normalize("NFKD")];
  const message = await signed({
    ...one,
    made: ({ body }) => ({
      headers: { "X-Hmac-Signature": `hmac-sha256-hex=${hmac("sha256", decomposed, body, "hex")}` },
    }),
  });
  assert.equal(await verdict({ ...one, secret: composed }, message), true);
  assert.equal((await knock(await source({ ...one, secret: decomposed }), message)).status, 200);
});

test("SDKs of Replicate and Sanity take a message of any age; Signet does not, or not once it is told how old", async () => {
  const old = seconds() - 86_400;
  for (const [name, sdk, more] of [
    ["npm replicate", npm.svix, {}],
    ["npm @sanity/webhook", npm["@sanity/webhook"], { toleranceSeconds: 300 }],
  ]) {
    const one = find(name);
    const message = await signed({ ...one, sdk }, { seconds: old });
    if (sdk === npm.svix) message.headers = renamed(message.headers, "svix-", "webhook-");
    assert.equal(await verdict(one, message), true, name);
    assert.equal((await knock(await source(one, { toleranceSeconds: 2 * 86_400 }), message)).status, 200, name);
    assert.equal((await knock(await source(one, more), message)).status, 401, name);
  }
});

/** A message that the SDK signs, or that stands in the case as made by hand. */
async function signed(one, { seconds: at = seconds() } = {}) {
  const secret = one.keys?.secret ?? one.secret;
  const body = one.body();
  const url = (one.url ?? "https://hooks.example.com/") + (one.adds?.(body) ?? "");
  const plain = { ...one.extra, method: one.method, url, headers: one.headers, body, secret, id: "msg_1", seconds: at };
  const { headers, body: other = body } = await (one.sdk.sign ?? one.made)({ ...plain, keys: one.keys });
  return { ...plain, headers: { ...one.headers, ...headers }, body: other, query: queryOf(url) };
}

/** A message that Signet sends to a subscription whose profile signs as the provider does; with `next` too, if given. */
async function signedBySignet(one, scheme, next) {
  const [type, hook] = [uniqueType(), uniquePath()];
  const name = type.replace(".", "-");
  await profile(name, { signature: scheme, body: "{data}", headers: one.headers, retry: { delays: [0] } });
  const secret = one.keys?.signing ?? one.secret;
  const { id } = await subscribe({ url: target.url(hook), events: [type], profile: name, secret });
  if (next) await expect(200, "POST", `/v1/subscriptions/${id}/rotate-secret`, { secret: next, overlapSeconds: 3600 });
  await sendOne({ type, data: JSON.parse(one.body()) });
  const [{ headers, text: body, method }] = await target.received(hook);
  // Of the headers, those of the connection were for the first hop.
  const { host: _, connection: _c, "content-length": _l, "transfer-encoding": _t, ...rest } = headers;
  return {
    ...one.extra,
    method,
    url: target.url(hook),
    headers: rest,
    body,
    secret: one.keys?.secret ?? one.secret,
    query: "",
  };
}

/** A message that `npm run sign` prints, for what no profile can say: a URL that is signed, a provider's own way. */
async function signedByHand(one) {
  const body = one.unsigned ?? one.body();
  const given = { provider: one.provider, secret: one.secret, method: one.method, way: one.way, format: "json" };
  const url = one.url ?? "https://hooks.example.com/";
  const args = Object.entries({ ...given, url, "body-file": body && "-" }).filter(([, value]) => value);
  const options = Object.entries(one.options).map(([name, value]) => ["option", `${name}=${value}`]);
  const said = await printed(
    [...args, ...options].map(([name, value]) => `--${name}=${value}`),
    body,
  );
  const signed = JSON.parse(said);
  return {
    ...one.extra,
    method: signed.method,
    url: signed.url,
    headers: { ...Object.fromEntries(signed.headers), ...one.headers },
    body: signed.body ?? "",
    secret: one.secret,
    query: queryOf(signed.url),
  };
}

function printed(args, input) {
  return new Promise((resolve, reject) => {
    const file = path.join(ROOT, "scripts/sign.mjs");
    const child = execFile(process.execPath, [file, ...args], (error, out) => (error ? reject(error) : resolve(out)));
    child.stdin.end(input);
  });
}

/** The provider's first scheme as a profile may have it: without what is for verifying alone. */
function signable(one) {
  const [way] = providers.get(one.provider).signatures;
  if (way.own || one.way || one.unsignable) return undefined;
  const { moreHeaders: _, timestampField: _t, idField: _i, ...scheme } = way;
  const saysAll = !/\{(url|method|path|header:[^}]*)\}/.test(scheme.content ?? "");
  return saysAll && isJson(one.body()) ? scheme : undefined;
}

async function verdict(one, message) {
  const lower = Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const url = message.url.split("?")[0] + message.query;
  try {
    return await one.sdk.verify({
      ...message,
      url,
      headers: Object.fromEntries(lower),
      secret: one.keys?.secret ?? one.secret,
    });
  } catch (error) {
    return error.message;
  }
}

/** A source of the case's provider, with an origin path of its own. */
async function source(one, more = {}) {
  const where = uniquePath("/origin");
  const made = await expect(201, "POST", "/v1/sources", {
    provider: one.provider,
    secrets: [one.keys?.secret ?? one.secret],
    origin: target.url(where),
    deduplicate: false,
    resign: false,
    options: one.options,
    ...(one.url ? { publicUrl: one.url.split("?")[0] } : {}),
    ...more,
  });
  return { url: signet.url + new URL(made.url, signet.url).pathname, path: where };
}

function knock(door, { method, headers, body, query }) {
  return request(door.url + query, { method, headers, body: method === "GET" ? undefined : body });
}

async function everyProvider() {
  const { data } = await expect(200, "GET", "/v1/providers?limit=250");
  return new Map(data.map((one) => [one.name, one]));
}

function find(name) {
  return cases.find((one) => one.name === name) ?? assert.fail(`no case ${name}`);
}

function renamed(headers, prefix, other) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace(prefix, other), value]));
}

function queryOf(url) {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at);
}

function isJson(text) {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

function seconds() {
  return Math.floor(Date.now() / 1000);
}
