// The receivers that the dashboard shows, run as they stand: they take what Signet sends, and nothing else.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { languages, secretVariable, snippet } from "../www/snippets/index.js";
import { cases, unreadable } from "./snippets/cases.mjs";
import { gofmt, start, stopAll, tool } from "./snippets/programs.mjs";
import { signed } from "./snippets/signer.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, expect, subscribe, send, settled, profile } = await stage();
after(stopAll);

const { data: profiles } = await expect(200, "GET", "/v1/profiles");
const standard = profiles.find((one) => one.name === "standard");
/** Built-in profiles that sign as one before them sign as that: their programs are the same. */
const seen = new Set();
const builtIn = profiles.filter(({ builtIn, signature }) => {
  const text = JSON.stringify(signature);
  return builtIn && !seen.has(text) && seen.add(text);
});

const data = { text: "ünïcode ✓", amount: 1.5, nested: [{}, null, "\u2028"] };

for (const { name, signature } of builtIn) {
  suite(name, { profile: name, signature, rotated: signature.separator !== undefined });
}
for (const [number, one] of cases.entries()) {
  const { signature, secretFormat } = one;
  const { name } = await profile(`own-${number}`, { signature, ...(secretFormat ? { secretFormat } : {}) });
  suite(one.name, { ...one, profile: name, signature: (await expect(200, "GET", `/v1/profiles/${name}`)).signature });
}

function suite(name, one) {
  describe(name, () => {
    for (const language of languages) {
      const isPublic = one.signature.algorithm === "ed25519" || one.secretType === "ed25519";
      const isLibrary = language.id.endsWith("-library");
      if (isLibrary && one.profile !== "standard") continue;
      const skip = !tool(language.id, isPublic) && `${language.name} is not installed, or a package of it`;
      test(language.name, { skip, timeout: 120_000 }, () => receives(language, one));
    }
  });
}

async function receives(language, one) {
  const type = uniqueType();
  const subscription = await subscribe({ url: target.url("/nowhere"), events: ["none"], profile: one.profile });
  const known = [subscription];
  if (one.rotated) {
    const how = one.secretType ? { secretType: one.secretType } : {};
    known.push(await expect(200, "POST", `/v1/subscriptions/${subscription.id}/rotate-secret`, how));
  }
  const [old, current = old] = known;

  // One that listens with each secret, and one subscription for each, which signs with both.
  const programs = [];
  for (const { secret, publicKey } of known) {
    const text = snippet(language.id, { scheme: one.signature, publicKey });
    assert.ok(text, "there is a program");
    assert.ok(!text.includes(secret), "no secret stands in it");
    if (language.id === "go") assert.equal(await gofmt(text), "");
    const variable = secretVariable({ scheme: one.signature, publicKey });
    assert.equal(variable, publicKey ? null : "WEBHOOK_SECRET");
    const env = variable ? { [variable]: secret } : {};
    programs.push({ secret, ...(await start(language, text, { env, isPublic: Boolean(publicKey) })) });
  }
  const path = uniquePath();
  for (const url of [target.url(path), ...programs.map(({ url }) => url)]) {
    const made = await subscribe({ url, events: [type], profile: one.profile, secret: old.secret });
    if (current !== old) {
      await expect(200, "POST", `/v1/subscriptions/${made.id}/rotate-secret`, { secret: current.secret });
    }
  }
  const { deliveries } = await send({ type, data });
  assert.equal(deliveries.length, programs.length + 1);
  for (const { id } of deliveries) {
    const { status, attempts } = await settled(id);
    assert.deepEqual([status, attempts.length], ["delivered", 1], JSON.stringify(attempts));
  }
  const [message] = await target.received(path);
  for (const program of programs) await judges(program, one, message);
  for (const program of programs) program.stop();
}

/** What came, sent again as it was and otherwise. */
async function judges({ url, secret }, { signature, tolerance = 300 }, { headers, body }) {
  const names = [signature.header, signature.timestampHeader, signature.idHeader].filter(Boolean);
  const own = Object.fromEntries(names.map((name) => [name, headers[name.toLowerCase()]]));
  const answers = async (status, what, changed = {}, sent = body) => {
    const answer = await request(url, { method: "POST", headers: { ...own, ...changed }, body: sent });
    assert.equal(answer.status, status, what);
  };
  await answers(204, "the same again");

  const other = Buffer.from(body);
  other[other.length - 2] ^= 1;
  await answers(401, "another body", {}, other);
  await answers(401, "no body", {}, "");
  const value = own[signature.header];
  const every = value.replace(/[a-f1-9A-F]{3}/g, "000").replace(/[g-zG-Z]{3}/g, "AAA");
  assert.notEqual(every, value);
  await answers(401, "other signatures", { [signature.header]: every });
  await answers(401, "the beginning of a header", { [signature.header]: value.slice(0, 24) });
  await answers(401, "an empty header", { [signature.header]: "" });
  await answers(401, "no ASCII", { [signature.header]: `é${value.slice(0, 24)}` });

  const made = (how, by = secret) => signed(signature, by, { body, ...how });
  await answers(204, "signed by whoever knows the secret", made({}));
  const stranger = secret.startsWith("whsk_") ? `whsk_${"A".repeat(43)}=` : secret.replace(/.{6}=?$/, "000000=");
  await answers(401, "signed with another secret", made({}, stranger));
  if (signature.content.includes("{timestamp}")) {
    for (const [status, seconds] of [
      [204, 30 - tolerance],
      [204, tolerance - 30],
      [401, -tolerance - 30],
      [401, tolerance + 30],
      [401, -1_000_000_000],
    ]) {
      await answers(status, `signed at ${seconds} s from now`, made({ at: Date.now() + seconds * 1000 }));
    }
    if (signature.timestampHeader) {
      const { [signature.timestampHeader]: _, ...without } = made({});
      await answers(401, "without the time", { ...without, [signature.timestampHeader]: "" });
      await answers(401, "with something else for a time", { [signature.timestampHeader]: "soon" });
    }
  }
  if (signature.content.includes("{id}")) {
    await answers(401, "another id", { [signature.idHeader]: `${own[signature.idHeader]}x` });
  }
  await answers(204, "the same again, after all that");
}

describe("what can't be written", () => {
  for (const change of unreadable) {
    test(JSON.stringify(change), () => {
      for (const { id } of languages) {
        if (!id.endsWith("-library")) {
          assert.equal(snippet(id, { scheme: { ...standard.signature, ...change } }), null, id);
        }
      }
    });
  }

  test("with a library, what is not signed as Standard Webhooks", () => {
    const publicKey = `whpk_${"A".repeat(43)}=`;
    const others = [
      { content: "{body}" },
      { header: "X-Other" },
      { encoding: "hex" },
      { timestampFormat: "milliseconds" },
    ];
    for (const id of ["node-library", "python-library"]) {
      assert.ok(snippet(id, { scheme: standard.signature }));
      assert.equal(snippet(id, { scheme: standard.signature, publicKey }), null);
      for (const change of others) assert.equal(snippet(id, { scheme: { ...standard.signature, ...change } }), null);
    }
  });

  test("a language that nobody knows, a key that is none", () => {
    const scheme = standard.signature;
    assert.equal(snippet("cobol", { scheme }), null);
    assert.equal(snippet("node", { scheme, publicKey: 'whpk_"; process.exit(); "' }), null);
  });
});

test("whatever a profile says of a signature, a program takes it, or there is none", async () => {
  const body = Buffer.from('{"text":"ü"}');
  const secrets = ["one", "two", `whsk_${Buffer.alloc(32, 1).toString("base64")}`];
  process.env.WEBHOOK_SECRET = "one";
  let written = 0;
  for (const scheme of schemes()) {
    const text = snippet("node", { scheme });
    if (text === null) continue;
    written += 1;
    const code = text.replace(/^createServer[\s\S]*/m, "export { isGenuine };");
    const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const takes = (by, sent = body) => {
      const headers = Object.entries(signed(scheme, by, { body: body.toString() }));
      return isGenuine(Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])), sent);
    };
    const told = `${JSON.stringify(scheme)}\n${text}`;
    assert.ok(takes("one"), told);
    assert.ok(!takes("two"), told);
    assert.ok(!takes("one", Buffer.from("{}")), told);
    if (!scheme.separator) continue;
    for (const both of [["one", "two"], ["two", "one"], secrets, secrets.toReversed()]) assert.ok(takes(both), told);
  }
  assert.ok(written > 300, `${written} were written`);
});

/** Signatures whose parts stand side by side in every way that a profile may have them. */
function* schemes() {
  const scheme = { algorithm: "hmac-sha256", header: "X-Brand-Signature" };
  const times = ["seconds", "milliseconds", "rfc3339", "http-date"];
  let number = 0;
  for (const between of ["", ",", ".", "1", "e", "=", "-", ":", " ", "Z", ",x", "t="]) {
    for (const separator of [undefined, ",", " ", ", ", "e", "=", "-", ":", "==", "gn"]) {
      for (const form of ["a{signature}", "{timestamp}@{signature}e", "e{signature}@{timestamp}"]) {
        for (const encoding of ["hex", "hex-upper", "base64", "base64url"]) {
          const format = form.replace("@", between);
          if (format.includes("}{")) continue;
          number += 1;
          const isDated = format.includes("{timestamp}");
          const content = `{body}${between}${isDated ? "{timestamp}" : ""}`;
          yield { ...scheme, content, encoding, format, separator, timestampFormat: times[number % 5] };
        }
      }
    }
  }
}

test("without a subscription, a program reads the public key from the environment", () => {
  const how = { scheme: { ...standard.signature, algorithm: "ed25519" } };
  assert.equal(secretVariable(how), "WEBHOOK_PUBLIC_KEY");
  for (const { id } of languages) {
    const text = snippet(id, how);
    if (!id.endsWith("-library")) assert.match(text, /WEBHOOK_PUBLIC_KEY/);
  }
});
