// npm run sign: what it prints is what a provider would send, as others verify it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { at } from "../scripts/project.mjs";

const BODY = '{"id":"evt_1","text":"ünïcode \'quoted\' $HOME"}';
const SECRET = "whsec_c2VjcmV0IG9mIHRoZSBlbmRwb2ludA==";
const TIME = "1700000000";
const folder = mkdtempSync(path.join(os.tmpdir(), "signet-sign-"));

before(async () => {
  writeFileSync(path.join(folder, "body.json"), BODY);
  writeFileSync(path.join(folder, "bytes"), Buffer.from([0xff, 0x00, 0x27, 0x0a]));
  // Compiled here, so that no test waits for it, or sees it said.
  const { code, err } = await sign("--provider", "github", "--secret", "x");
  assert.equal(code, 0, err);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd: folder, encoding: "buffer", ...options }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, out: out.toString(), bytes: out, err: err.toString() });
    });
    child.stdin.end(options.input ?? "");
  });
}

/** As npm starts it: with the caller's folder in the environment. */
function sign(...args) {
  const { input } = typeof args.at(-1) === "object" ? args.pop() : {};
  return run(process.execPath, [at("scripts/sign.mjs"), ...args], { env: { ...process.env, INIT_CWD: folder }, input });
}

/** What was said, but that it waits: another cargo may be at work in this checkout. */
const said = (err) => err.replace(/^signet: compiling .*\n/m, "");

/** What was printed, as headers by lower-case names, and what follows them. */
function parse(out) {
  const [head, ...rest] = out.split("\n\n");
  const lines = head.split("\n").filter(Boolean);
  for (const line of lines) assert.match(line, /^[\w-]+: \S.*$/);
  const headers = Object.fromEntries(lines.map((line) => /^([\w-]+): (.*)$/.exec(line).slice(1)));
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { headers: lower, rest: rest.join("\n\n") };
}

async function headers(...args) {
  const { code, out, err } = await sign(...args);
  assert.equal(code, 0, err);
  assert.equal(said(err), "", "nothing is said beside the result");
  return parse(out);
}

const hmac = (algorithm, key, content, encoding) => createHmac(algorithm, key).update(content).digest(encoding);

test("the command of the docs, pasted", async () => {
  const line = `npm run -s --prefix '${at()}' sign -- --provider stripe --secret ${SECRET} --body-file body.json --timestamp ${TIME}`;
  const { code, out, err } = await run("sh", ["-c", line]);
  assert.equal(code, 0, err);
  const { headers, rest } = parse(out);
  const signature = hmac("sha256", SECRET, `${TIME}.${BODY}`, "hex");
  assert.deepEqual(headers, {
    "content-type": "application/json",
    "stripe-signature": `t=${TIME},v1=${signature}`,
  });
  assert.equal(rest, "");
});

test("the body alone, with the time, with the id, with the URL", async () => {
  const github = await headers("--provider", "github", "--secret", "s", "--body", BODY, "--id=72d3162e");
  assert.equal(github.headers["x-hub-signature-256"], `sha256=${hmac("sha256", "s", BODY, "hex")}`);
  assert.equal(github.headers["x-github-delivery"], "72d3162e");

  const slack = await headers(
    "--provider",
    "slack",
    "--secret",
    "s",
    "--body",
    "a=1&b=2",
    "--timestamp",
    "2023-11-14T22:13:20Z",
  );
  assert.equal(slack.headers["content-type"], "application/x-www-form-urlencoded");
  assert.equal(slack.headers["x-slack-request-timestamp"], TIME);
  assert.equal(slack.headers["x-slack-signature"], `v0=${hmac("sha256", "s", `v0:${TIME}:a=1&b=2`, "hex")}`);

  const millis = await headers("--provider", "front", "--secret", "s", "--timestamp", "1700000000123");
  assert.equal(millis.headers["x-front-request-timestamp"], "1700000000123");
  assert.equal(millis.headers["content-type"], undefined, "no body has no type");

  const square = await headers(
    "--provider",
    "square",
    "--secret",
    "s",
    "--body",
    BODY,
    "--url",
    "https://a.example/hook?x=y",
  );
  const expected = hmac("sha256", "s", `https://a.example/hook?x=y${BODY}`, "base64");
  assert.equal(square.headers["x-square-hmacsha256-signature"], expected);
});

test("the official library takes what standard-webhooks and svix sign", async () => {
  const webhook = new Webhook(SECRET);
  const standard = await headers("--provider", "standard-webhooks", "--secret", SECRET, "--body-file", "body.json");
  assert.deepEqual(webhook.verify(BODY, standard.headers), JSON.parse(BODY));
  const again = await headers("--provider", "standard-webhooks", "--secret", SECRET, "--body-file", "body.json");
  assert.notEqual(again.headers["webhook-id"], standard.headers["webhook-id"], "each message has an id of its own");
  assert.throws(() => webhook.verify(`${BODY}\n`, standard.headers));
  const { headers: svix } = await headers("--provider", "svix", "--secret", SECRET, "--body", BODY, "--id", "msg_1");
  const renamed = Object.fromEntries(
    Object.entries(svix).map(([name, value]) => [name.replace("svix-", "webhook-"), value]),
  );
  webhook.verify(BODY, renamed);
});

test("a private key signs for those who verify with the public one", async () => {
  const seed = Buffer.alloc(32, 7);
  const point = Buffer.from("6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=", "base64");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") }, format: "jwk" });
  const discord = await headers(
    "--provider",
    "discord",
    "--secret",
    seed.toString("hex"),
    "--body",
    BODY,
    "--timestamp",
    TIME,
  );
  const signature = Buffer.from(discord.headers["x-signature-ed25519"], "hex");
  assert.ok(verify(null, Buffer.from(`${TIME}${BODY}`), key, signature));
  const standard = await headers(
    "--provider",
    "standard-webhooks",
    "--secret",
    `whsk_${seed.toString("base64")}`,
    "--id",
    "msg_1",
    "--timestamp",
    TIME,
  );
  const [version, value] = standard.headers["webhook-signature"].split(",");
  assert.equal(version, "v1a");
  assert.ok(verify(null, Buffer.from(`msg_1.${TIME}.`), key, Buffer.from(value, "base64")));
});

test("credentials, options and ways", async () => {
  const postmark = await headers("--provider", "postmark", "--secret", "pass", "--option", "username=me");
  assert.equal(postmark.headers.authorization, `Basic ${Buffer.from("me:pass").toString("base64")}`);
  const okta = await headers("--provider=okta", "--secret=a=b", "--option=header=X-Token");
  assert.equal(okta.headers["x-token"], "a=b");
  const token = await headers("--provider", "gitlab", "--secret", "plain token", "--body", BODY);
  assert.equal(token.headers["x-gitlab-token"], "plain token", "the way that the secret fits");
  const second = await headers("--provider", "gitlab", "--secret", SECRET, "--way", "2");
  assert.equal(second.headers["x-gitlab-token"], SECRET);
  const livekit = await headers("--provider", "livekit", "--secret", "s", "--option", "apiKey=k", "--body", BODY);
  const [head, claims, signature] = livekit.headers.authorization.split(".");
  assert.equal(signature, hmac("sha256", "s", `${head}.${claims}`, "base64url"));
  const { iss, sha256 } = JSON.parse(Buffer.from(claims, "base64url"));
  assert.deepEqual([iss, sha256], ["k", createHash("sha256").update(BODY).digest("base64")]);
});

test("a URL or a body that the signature changes is printed too", async () => {
  const url = "https://a.example/hook";
  const twilio = await headers("--provider", "twilio", "--secret", "s", "--body", BODY, "--url", url);
  const changed = `${url}?bodySHA256=${createHash("sha256").update(BODY).digest("hex")}`;
  assert.equal(twilio.rest, `URL: ${changed}\n`);
  assert.equal(twilio.headers["x-twilio-signature"], hmac("sha1", "s", changed, "base64"));
  const form = await headers("--provider", "twilio", "--secret", "s", "--body", "B=2&A=1", "--url", url);
  assert.equal(form.rest, "");
  assert.equal(form.headers["x-twilio-signature"], hmac("sha1", "s", `${url}A1B2`, "base64"));

  const mailgun = await headers(
    "--provider",
    "mailgun",
    "--secret",
    "s",
    "--body",
    '{"event-data":{}}',
    "--timestamp",
    TIME,
  );
  const { timestamp, token, signature } = JSON.parse(mailgun.rest).signature;
  assert.equal(timestamp, TIME);
  assert.equal(signature, hmac("sha256", "s", timestamp + token, "hex"));
});

test("the JSON form is the request whole", async () => {
  const { code, out, err } = await sign(
    "--provider",
    "github",
    "--secret",
    "s",
    "--body-file",
    "body.json",
    "--url",
    "https://a.example/",
    "--format",
    "json",
    "--method",
    "PUT",
  );
  assert.equal(code, 0, err);
  const { method, url, headers, body } = JSON.parse(out);
  assert.deepEqual([method, url, body], ["PUT", "https://a.example/", BODY]);
  assert.equal(Object.fromEntries(headers)["X-Hub-Signature-256"], `sha256=${hmac("sha256", "s", BODY, "hex")}`);
  const bytes = await sign("--provider", "github", "--secret", "s", "--body-file", "-", "--format", "json", {
    input: Buffer.from([255, 1]),
  });
  assert.equal(JSON.parse(bytes.out).bodyBase64, "/wE=");
});

test("the curl command sends what was signed, whatever is in it", async () => {
  const requests = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { headers, method, url } = request;
    requests.push({ headers, method, url, body: Buffer.concat(parts) });
    response.end("thanks");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/hook?a=b&c='d'`;
  try {
    for (const [args, body, kind] of [
      [["--body", BODY], BODY, "application/json"],
      [["--body-file", "body.json"], BODY, "application/json"],
      [["--body", "@body.json\n"], "@body.json\n", "text/plain; charset=utf-8"],
      [["--body-file", "bytes"], Buffer.from([255, 0, 39, 10]), "application/octet-stream"],
      [
        ["--body-file", "-", { input: Buffer.from([255, 0, 39, 10]) }],
        Buffer.from([255, 0, 39, 10]),
        "application/octet-stream",
      ],
      [[], "", undefined],
      [["--method", "PATCH", "--body", "a=b"], "a=b", "application/x-www-form-urlencoded"],
    ]) {
      const made = await sign("--provider", "github", "--secret", "s", "--url", url, "--format", "curl", ...args);
      assert.equal(made.code, 0, made.err);
      assert.match(made.out, /^(printf [^\n]* \| )?curl -X \w+ 'http/);
      const sent = await run("sh", ["-c", `${made.out.replace("curl ", "curl -sS ")}`]);
      assert.equal(sent.out, "thanks", `${sent.err}\n${made.out}`);
      const request = requests.pop();
      assert.deepEqual(request.body, Buffer.from(body), made.out);
      assert.equal(request.method, args.includes("PATCH") ? "PATCH" : "POST");
      assert.equal(request.url, "/hook?a=b&c='d'");
      assert.equal(request.headers["content-type"], kind, made.out);
      assert.equal(request.headers["x-hub-signature-256"], `sha256=${hmac("sha256", "s", body, "hex")}`);
    }
  } finally {
    server.close();
  }
});

test("help", async () => {
  const { code, out } = await sign("--help");
  assert.equal(code, 0);
  assert.match(out, /--provider NAME/);
  const nothing = await sign();
  assert.deepEqual([nothing.code, nothing.out], [1, ""]);
  assert.match(nothing.err, /--provider NAME/);
});

for (const [what, args, words] of [
  ["no provider", ["--secret", "s"], /--provider is needed/],
  ["no secret", ["--provider", "github"], /--secret is needed/],
  ["an unknown provider", ["--provider", "githup", "--secret", "s"], /no provider githup \(there is .*github/],
  ["an unknown flag", ["--provider", "github", "--secret", "s", "--bdoy", "x"], /--bdoy is not known/],
  ["a word too many", ["--provider", "github", "--secret", "s", "x"], /x is not known/],
  ["a flag without its value", ["--provider", "github", "--secret"], /--secret needs a value/],
  [
    "a flag given twice",
    ["--provider", "github", "--secret", "s", "--url", "http://a", "--url", "http://b"],
    /--url is given twice/,
  ],
  ["two bodies", ["--provider", "github", "--secret", "s", "--body", "a", "--body-file", "b"], /exclude each other/],
  [
    "a file that is not there",
    ["--provider", "github", "--secret", "s", "--body-file", "none.json"],
    /none\.json: .*(No such file|not find)/,
  ],
  ["no URL", ["--provider", "github", "--secret", "s", "--url", "a.example"], /--url needs the whole URL/],
  ["a time that is none", ["--provider", "github", "--secret", "s", "--timestamp", "soon"], /--timestamp needs/],
  ["a form that is none", ["--provider", "github", "--secret", "s", "--format", "xml"], /headers, curl or json/],
  ["curl without a URL", ["--provider", "github", "--secret", "s", "--format", "curl"], /needs --url/],
  ["an option without a value", ["--provider", "github", "--secret", "s", "--option", "a"], /needs name=value/],
  [
    "an option that nothing reads",
    ["--provider", "livekit", "--secret", "s", "--option", "apikee=a"],
    /no option apikee: it has apiKey/,
  ],
  ["a way that is none", ["--provider", "github", "--secret", "s", "--way", "2"], /signs in 1 way/],
  ["a secret that is none", ["--provider", "clerk", "--secret", "not base64!"], /the secret must be base64/],
  [
    "a provider that keeps its key",
    ["--provider", "sendgrid", "--secret", "s"],
    /can't be signed here: the provider holds the private key/,
  ],
  [
    "a URL that is signed and missing",
    ["--provider", "square", "--secret", "s"],
    /the URL is signed: it has to be given/,
  ],
  ["a time that the body lacks", ["--provider", "linear", "--secret", "s", "--body", "{}"], /webhookTimestamp/],
]) {
  test(`bad usage: ${what}`, async () => {
    const { code, out, err } = await sign(...args);
    assert.deepEqual([code, out], [1, ""], err);
    assert.match(err, words);
    assert.match(said(err), /^signet: [^\n]+\n$/, "one line");
  });
}
