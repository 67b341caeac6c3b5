// The dashboard's pages about sources, as somebody uses them in a browser.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { visitor } from "./support/browser.mjs";
import { request } from "./support/http.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const { signet, target, api, expect } = await stage();

const SECRET = "It's a Secret to Everybody";
const HOSTILE = `<img src=x onerror="alert(1)">`;

const signature = (secret, body) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** Sends what GitHub would. */
function deliver(
  url,
  { secret = SECRET, body = `{"at":${Math.random()}}`, header = "x-hub-signature-256", more = {} } = {},
) {
  return request(url, { method: "POST", headers: { [header]: signature(secret, body), ...more }, body });
}

const create = (more = {}) =>
  expect(201, "POST", "/v1/sources", { provider: "github", secrets: [SECRET], origin: target.url("/origin"), ...more });

/** Signs in and opens a page. */
async function open(hash, options) {
  const page = await visitor(signet, options);
  await page.signIn(undefined, "/sources");
  await page.visit(hash);
  return page;
}

const idIn = (page) => /\/sources\/(src_\w+)/.exec(page.url())?.[1];
const rows = (page) => page.getByRole("region", { name: "Recent requests" }).getByRole("row");

test("a GitHub source is made by searching and by keyboard, and shows what comes", async () => {
  const path = uniquePath();
  const page = await open("/sources");
  await page.getByRole("heading", { name: "No sources yet" }).waitFor();
  assert.deepEqual(await page.axe(), []);
  await page.getByRole("link", { name: "New source" }).first().click();

  const provider = page.getByRole("combobox", { name: "Provider" });
  await provider.focus();
  await page.keyboard.type("gitl");
  await page.getByRole("option", { name: "GitLab" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await provider.inputValue(), "", "what was not chosen is gone");
  await page.keyboard.type("git");
  await page.keyboard.press("ArrowDown");
  assert.match(
    await page.getByRole("listbox", { name: "Providers" }).getByRole("option", { selected: true }).textContent(),
    /SHA-1/,
  );
  assert.deepEqual(await page.axe(), [], "with the list open");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  assert.equal(await provider.inputValue(), "GitHub");
  const needs = page.getByRole("complementary", { name: "What the provider needs" });
  await needs.getByText("The webhook's secret, as entered in its settings.").waitFor();
  const docs = needs.getByRole("link", { name: "own documentation" });
  assert.deepEqual(
    [await docs.getAttribute("rel"), new URL(await docs.getAttribute("href")).host],
    ["noreferrer", "docs.github.com"],
  );

  await page.keyboard.type("pay");
  await page.getByRole("option", { name: "PayPal" }).click();
  await page.getByLabel("webhookId").waitFor();
  assert.equal(await page.getByText("webhookId (optional)").count(), 0);
  await page.keyboard.type("github");
  await page.keyboard.press("Enter");
  assert.equal(await page.getByLabel("webhookId").count(), 0);

  // Sent too early, it says what is missing, and goes there.
  await page.keyboard.press("Enter");
  await page.getByText("At least one is needed").waitFor();
  await page.getByText("Say where verified requests go.").waitFor();
  const secret = page.getByRole("textbox", { name: "Secret" });
  await until(() => secret.evaluate((it) => it === document.activeElement), {
    what: "the first fault to have the focus",
  });
  await page.keyboard.type(SECRET);
  await page.getByRole("textbox", { name: "Origin" }).fill(target.url(path));
  await page.getByRole("textbox", { name: /^Name/ }).fill(HOSTILE);
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { name: "Paste this URL at GitHub" }).waitFor();
  const made = await expect(200, "GET", `/v1/sources/${idIn(page)}`);
  assert.equal(made.url, `${signet.url}/in/${made.id}`);
  await page.getByRole("heading", { name: HOSTILE, level: 1 }).waitFor();
  const setup = page.getByRole("region", { name: "Set up" });
  await setup.getByText(made.url).waitFor();
  await setup.getByRole("button", { name: "Copy the URL" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), made.url);
  await setup.getByText("Waiting for the first request").waitFor();
  assert.deepEqual(await page.axe(), []);

  assert.equal((await deliver(made.url)).status, 200);
  assert.equal(target.requests(path).length, 1);
  await setup.getByRole("link", { name: "Went on to the origin" }).waitFor();
  assert.equal((await deliver(made.url, { secret: "forged" })).status, 401);
  assert.equal(
    (await request(`${made.url}/deep?q=${encodeURIComponent(HOSTILE)}`, { method: "POST", body: "{}" })).status,
    401,
  );
  assert.equal(target.requests(path).length, 1, "nothing forged came through");

  await page.getByRole("navigation", { name: "Parts of this source" }).getByRole("link", { name: "Requests" }).click();
  const why = ["No signature came along", "The signature does not match any secret", "Went on to the origin"];
  await until(async () => (await rows(page).count()) === 4, { what: "three requests" });
  for (const [at, text] of why.entries())
    await rows(page)
      .nth(at + 1)
      .getByText(text)
      .waitFor();
  assert.deepEqual(await page.axe(), []);
  await page.getByRole("button", { name: "Not verified" }).click();
  await until(async () => (await rows(page).count()) === 3, { what: "the verified one to be left out" });
  assert.match(page.url(), /outcome=refused/);
  await page.goBack();
  await until(async () => (await rows(page).count()) === 4, { what: "all again" });

  await page.getByRole("link", { name: why[1] }).click();
  const drawer = page.getByRole("dialog", { name: why[1] });
  await drawer.getByText("Usually the secret here is not the one set at the provider").waitFor();
  assert.deepEqual(await page.axe(), []);
  const address = page.url();
  await page.reload();
  await drawer.waitFor();
  assert.equal(page.url(), address);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: why[0] }).click();
  await page.getByRole("dialog", { name: why[0] }).getByText("/deep?q=").waitFor();
  await page.keyboard.press("Escape");

  // It is in the list, as text, and the counts with it.
  await page.getByRole("link", { name: "← Sources" }).click();
  const row = page.getByRole("row").filter({ hasText: HOSTILE });
  await row.getByText("1 verified").waitFor();
  await row.getByText("2 not verified").waitFor();
  await row.getByRole("button", { name: /Copy the URL/ }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), made.url);
  assert.equal(await page.locator("main img").count(), 0);
});

/** Whether the field of that name has the focus. */
const focusIn = (page, name) => async () => {
  const field = page.getByRole("textbox", { name });
  return (await field.count()) === 1 && field.evaluate((it) => it === document.activeElement);
};

test("secrets are rotated: a new one beside the old one, then without it", async () => {
  const made = await create();
  const page = await open(`/sources/${made.id}?tab=settings`);
  const replace = async (...secrets) => {
    await page.getByRole("checkbox", { name: /^Keep the/ }).uncheck();
    for (const [at, secret] of secrets.entries()) {
      if (at > 0) await page.getByRole("button", { name: "Another secret" }).click();
      // A new field has the focus.
      if (at === 0) await page.getByRole("textbox", { name: "Secret" }).focus();
      else await until(focusIn(page, `Secret ${at + 1}`), { what: "the new field to have the focus" });
      await page.keyboard.type(secret);
    }
    await page.getByRole("button", { name: "Save changes" }).click();
    const words = secrets.length > 1 ? `Keep the ${secrets.length} stored secrets` : "Keep the stored secret";
    await page.getByRole("checkbox", { name: words, checked: true }).waitFor();
  };
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Nothing was changed.").waitFor();

  await page.getByRole("checkbox", { name: "Keep the stored secret" }).uncheck();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("At least one is needed").waitFor();
  await page.getByRole("checkbox", { name: "Keep the stored secret" }).check();

  await replace("brand new", SECRET);
  for (const secret of ["brand new", SECRET]) assert.equal((await deliver(made.url, { secret })).status, 200, secret);
  await replace("brand new");
  assert.equal((await deliver(made.url, { secret: "brand new" })).status, 200);
  assert.equal((await deliver(made.url)).status, 401, "the old one counts no more");
  assert.equal((await expect(200, "GET", `/v1/sources/${made.id}`)).secretCount, 1);
  assert.ok(!(await page.content()).includes("brand new"), "what was typed is gone");

  await page.getByRole("link", { name: "Requests" }).click();
  await rows(page).nth(1).getByText("The signature does not match any secret").waitFor();
});

test("settings: what was changed is sent, what is wrong is told at its field", async () => {
  const other = await create({ route: { host: "taken.example", path: "/hooks" } });
  const made = await create({ name: "before" });
  const page = await open(`/sources/${made.id}?tab=settings`);
  await page.getByText("Advanced").click();
  await page.getByRole("textbox", { name: /^Timeout/ }).fill("101");
  await page.getByRole("textbox", { name: /^Route: host/ }).fill("taken.example");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Must be a whole number from 1 to 100.").waitFor();
  await page.getByText("A route needs a path too.").waitFor();
  await page.getByRole("textbox", { name: /^Timeout/ }).fill("7");
  await page.getByRole("textbox", { name: /^Route: path/ }).fill(other.route.path);
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("is taken by another source").waitFor();
  assert.equal(await page.getByRole("textbox", { name: /^Route: path/ }).getAttribute("aria-invalid"), "true");
  assert.deepEqual(await page.axe(), []);

  await page.getByRole("textbox", { name: /^Route: path/ }).fill("/mine/*");
  await page.getByRole("textbox", { name: /^Name/ }).fill("after");
  await page.getByRole("radio", { name: /Queue/ }).check();
  await page.getByRole("checkbox", { name: /Sign anew/ }).check();
  const [sent] = await Promise.all([
    page.waitForRequest((one) => one.method() === "PATCH"),
    page.getByRole("button", { name: "Save changes" }).click(),
  ]);
  const route = { host: "taken.example", path: "/mine/*" };
  assert.deepEqual(sent.postDataJSON(), { name: "after", mode: "queue", resign: true, timeoutSeconds: 7, route });
  const once = page.getByRole("region", { name: "New signing secret" });
  await once.getByText(/^whsec_/).waitFor();
  await until(() => once.getByRole("heading").evaluate((it) => it === document.activeElement), {
    what: "it to be looked at",
  });
  await once.getByRole("button", { name: "I have it" }).click();
  await once.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "after", level: 1 }).waitFor();

  await page.getByRole("button", { name: "Delete source" }).click();
  const asked = page.getByRole("dialog", { name: "Delete this source?" });
  await asked.getByRole("button", { name: "Keep it as it is" }).click();
  await expect(200, "GET", `/v1/sources/${made.id}`);
  await page.getByRole("button", { name: "Delete source" }).click();
  await asked.getByRole("button", { name: "Delete source" }).click();
  await page.getByRole("heading", { name: "Sources", level: 1 }).waitFor();
  assert.equal((await api("GET", `/v1/sources/${made.id}`)).status, 404);
});

test("a captured request is explained: a changed body, the wrong secret, a good one", async () => {
  const made = await create();
  const compact = '{"action":"opened","number":1}';
  await deliver(made.url, { secret: "another", body: compact });
  const page = await open(`/sources/${made.id}?outcome=refused`);
  await page.getByRole("link", { name: "does not match any secret" }).click();
  await page.getByRole("link", { name: "Explain this request" }).click();
  await page.getByText("From the log: the signature does not match any secret").waitFor();
  assert.equal(await page.getByLabel("URL", { exact: true }).inputValue(), made.url);
  assert.match(await page.getByLabel("Came at").inputValue(), /^20\d\d-.*Z$/);

  const explain = async (pasted) => {
    await page.getByLabel("Paste a curl command, raw HTTP or JSON").fill(pasted);
    await page.getByText(/^Read: POST, 1 header, with a body/).waitFor();
    await page.getByRole("button", { name: "Explain" }).click();
  };
  const report = page.getByRole("region", { name: "Explanation" });
  const hints = report.getByRole("list", { name: "Hints" });

  const pretty = JSON.stringify(JSON.parse(compact), null, 2);
  await explain(
    `curl -X POST ${made.url} -H 'X-Hub-Signature-256: ${signature(SECRET, compact)}' --data-raw '${pretty}'`,
  );
  await report.getByRole("heading", { name: "It is not verified" }).waitFor();
  await hints.getByText("Body reserialized").waitFor();
  await hints.getByText(/compact JSON/).waitFor();
  assert.deepEqual(await page.axe(), []);

  await explain(`POST /in/${made.id} HTTP/1.1\nX-Hub-Signature-256: ${signature("another", compact)}\n\n${compact}`);
  await hints.getByText("Wrong secret").waitFor();
  await report.getByText("Secrets tried").waitFor();
  assert.equal(await page.getByLabel("Body", { exact: true }).inputValue(), compact);

  const headers = { "X-Hub-Signature-256": signature(SECRET, compact) };
  await explain(JSON.stringify({ url: made.url, headers, bodyBase64: Buffer.from(compact).toString("base64") }));
  await report.getByRole("heading", { name: "It is verified" }).waitFor();
  assert.equal(await hints.count(), 0);

  await page.getByLabel("Headers").fill(`X-Hub-Signature-256: ${HOSTILE}\nnonsense`);
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("“nonsense” is no header").waitFor();
  await page.getByLabel("Headers").fill(`X-Hub-Signature-256: ${HOSTILE}`);
  await page.getByLabel("URL", { exact: true }).fill("/only/a/path");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText(/must be the whole URL/i).waitFor();
  await page.getByLabel("URL", { exact: true }).fill(made.url);
  await page.getByRole("button", { name: "Explain" }).click();
  await report
    .getByText("The signature is not in this provider’s form")
    .or(report.getByText("not in this provider's form"))
    .waitFor();
  assert.equal(await page.locator("main img").count(), 0);
});

test("a provider that is in no table is described", async () => {
  const page = await open("/sources/new");
  const provider = page.getByRole("combobox", { name: "Provider" });
  await provider.fill("sketchpen");
  await page.getByRole("option", { name: /Custom signature/ }).click();
  const scheme = page.getByRole("textbox", { name: "Signature" });
  await page.getByRole("textbox", { name: "Secret" }).fill("pencil");
  await page.getByRole("textbox", { name: "Origin" }).fill(target.url("/sketch"));
  await scheme.fill("{");
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByText("Is no JSON yet").waitFor();
  const described = {
    header: "X Sketchpen",
    content: "{body}",
    secretEncoding: "utf8",
    encoding: "hex",
    format: "sha256={signature}",
  };
  await scheme.fill(JSON.stringify({ signature: described }));
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByText(/^header must/i).waitFor();
  assert.deepEqual(await page.axe(), []);
  await scheme.fill(JSON.stringify({ signature: { ...described, header: "X-Sketchpen" } }));
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByRole("heading", { name: "Paste this URL at the provider" }).waitFor();
  const made = await expect(200, "GET", `/v1/sources/${idIn(page)}`);
  assert.equal(made.provider.signature.header, "X-Sketchpen");
  assert.equal((await deliver(made.url, { secret: "pencil", header: "x-sketchpen" })).status, 200);
  await page.getByRole("link", { name: "Went on to the origin" }).waitFor();
});

test("what a provider needs besides secrets: kept when it is secret, told where it is wrong", async () => {
  const page = await open("/sources/new");
  await page.getByRole("combobox", { name: "Provider" }).fill("meta");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Secret" }).fill(SECRET);
  await page.getByRole("textbox", { name: "Origin" }).fill(target.url("/meta"));
  await page.getByLabel("verifyToken").fill("x".repeat(2_049));
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByText("must have 1 to 2048 characters").waitFor();
  assert.equal(await page.getByLabel("verifyToken").getAttribute("aria-invalid"), "true");
  await page.getByLabel("verifyToken").fill("tell me");
  await page.getByRole("button", { name: "Create source" }).click();
  await page.getByRole("heading", { name: "Paste this URL at Meta" }).waitFor();
  const { id, url, options } = await expect(200, "GET", `/v1/sources/${idIn(page)}`);
  assert.deepEqual(options, { verifyToken: null });

  await page.visit(`/sources/${id}?tab=settings`);
  await page.getByText("One is stored: leave this empty to keep it.").waitFor();
  assert.equal(await page.getByLabel("verifyToken").inputValue(), "");
  await page.getByRole("textbox", { name: /^Name/ }).fill("renamed");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("heading", { name: "renamed", level: 1 }).waitFor();
  const asked = "hub.mode=subscribe&hub.challenge=42&hub.verify_token=";
  assert.equal((await request(`${url}?${asked}tell%20me`)).text, "42", "the stored one still counts");
  assert.notEqual((await request(`${url}?${asked}other`)).text, "42");
});

test("queue mode: 202 at once, and deliveries of its own to an origin that fails", async () => {
  const origin = target.answer(uniquePath("/failing"), 500);
  const page = await open("/sources/new");
  await page.getByRole("combobox", { name: "Provider" }).fill("GitHub");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Secret" }).fill(SECRET);
  await page.getByRole("textbox", { name: "Origin" }).fill(origin);
  await page.getByRole("radio", { name: /Queue/ }).check();
  await page.getByRole("checkbox", { name: /Sign anew/ }).check();
  await page.getByRole("button", { name: "Create source" }).click();
  await page
    .getByRole("region", { name: "New signing secret" })
    .getByText(/^whsec_/)
    .waitFor();
  const made = await expect(200, "GET", `/v1/sources/${idIn(page)}`);
  const answer = await deliver(made.url);
  assert.equal(answer.status, 202);
  await page.reload();
  await page.getByRole("link", { name: "Queued for the origin" }).click();
  assert.equal(await page.getByText(/whsec_/).count(), 0, "it is shown once");
  const [delivery] = answer.json.deliveries;
  const drawer = page.getByRole("dialog", { name: "Queued for the origin" });
  const link = drawer.getByRole("link", { name: delivery.id ?? delivery });
  assert.equal(await link.getAttribute("href"), `#/deliveries/${delivery.id ?? delivery}`);
  await page.keyboard.press("Escape");
  const deliveries = page.locator("main").getByRole("link", { name: "Deliveries" });
  assert.equal(await deliveries.getAttribute("href"), `#/deliveries?source=${made.id}`);
  await target.received(new URL(origin).pathname);
});

test("a secret that the provider tells is read when somebody asks", async () => {
  const made = await create({ provider: "asana", secrets: [] });
  const page = await open(`/sources/${made.id}?tab=setup`);
  await page.getByText("None has come yet.").waitFor();
  const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
  await request(made.url, { method: "POST", headers: { "x-hook-secret": secret }, body: "{}" });
  await page.reload();
  await page.getByRole("button", { name: "Show the learned secret" }).click();
  await page.getByText(secret).waitFor();
});

test("who may only read is offered nothing else", async () => {
  const made = await create();
  const { key } = await expect(201, "POST", "/v1/api-keys", { label: "reads", scopes: ["sources:read"] });
  const page = await visitor(signet);
  await page.signIn(key, "/sources");
  await page.getByRole("link", { name: "GitHub" }).first().waitFor();
  assert.equal(await page.getByRole("link", { name: "New source" }).count(), 0);
  await page.visit(`/sources/${made.id}?tab=settings`);
  await page.getByText("you can look, not change").waitFor();
  for (const name of ["Save changes", "Delete source"])
    assert.equal(await page.getByRole("button", { name }).count(), 0);
  await page.visit("/sources/new");
  await page.getByText("Your key has no scope sources:write.").waitFor();
});

test("by dark, and on a phone", async () => {
  const made = await create({
    name: "x".repeat(256),
    enforce: false,
    mode: "queue",
    origin: target.url(`/${"long".repeat(80)}`),
  });
  for (let n = 0; n < 3; n++) await deliver(made.url, { secret: n % 2 ? "forged" : SECRET });
  const pages = ["/sources", "/sources/new", "", "?tab=setup", "?tab=explain", "?tab=settings"];
  for (const options of [{ dark: true }, { width: 360, height: 740 }, { width: 1920, height: 1080 }]) {
    const page = await open("/sources", options);
    for (const one of pages) {
      await page.visit(one.startsWith("/") ? one : `/sources/${made.id}${one}`);
      await page.getByRole("main").getByRole("heading", { level: 1 }).waitFor();
      await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
      if (one === "") await page.getByText("does not match").waitFor();
      if (options.dark) assert.deepEqual(await page.axe(), [], one);
      const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window, `${one} at ${window} is ${wide} wide`);
    }
  }
});
