// The dashboard's door: who comes in, where to, how long they stay, and what they are told when it ends.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { visitor } from "./support/browser.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";
import { linkToken, tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, expect } = await stage();

const FIELD = "Key or portal link";
const rooms = (page) => page.getByRole("navigation", { name: "Pages" });
const heading = (page, name) => page.getByRole("heading", { level: 1, name });
const linkTo = (token) => `token=${token}`;

/** Opens what stands behind the `#`, whatever it is. */
const open = (page, hash) => page.goto(`${signet.url}/#${hash}`);
const keyWith = (scopes, by = expect) => by(201, "POST", "/v1/api-keys", { label: "A program", scopes });
const hashOf = (page) => new URL(page.url()).hash;
const isAt = (page, hash) => until(() => hashOf(page) === hash, { what: () => `${hash}; it is ${hashOf(page)}` });

/** Types a key, that may not be taken. */
async function tries(page, key) {
  await page.getByLabel(FIELD).fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

describe("the key", () => {
  test("that nobody has is refused, in words, and nothing of it is kept", async () => {
    const page = await visitor(signet);
    await page.visit("/");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Paste your key here.").waitFor();
    await tries(page, "two words");
    await page.getByText("A key is one word of plain characters.").waitFor();
    await tries(page, "sk_default_nobody");
    await page.getByText(/Signet knows no such key/).waitFor();
    assert.equal(await page.getByLabel(FIELD).evaluate((field) => field === document.activeElement), true);
    assert.equal(await page.getByLabel(FIELD).getAttribute("aria-invalid"), "true");
    await page.getByLabel(FIELD).fill("x");
    assert.equal(await page.getByText(/Signet knows no such key/).count(), 0, "what is changed is judged anew");
    assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);
  });

  test("is in this tab's memory alone: in no address, no other store, no text", async () => {
    const page = await visitor(signet);
    const urls = [];
    page.on("request", (request) => urls.push(request.url()));
    await page.signIn();
    await page.visit("/access");
    await page.getByText("Operator", { exact: true }).waitFor();
    assert.equal(await page.title(), "API keys · Signet");
    for (const url of [...urls, page.url()]) assert.ok(!url.includes(OPERATOR_KEY), url);
    const kept = await page.evaluate(async () => ({
      session: Object.entries({ ...sessionStorage }),
      others: [Object.keys(localStorage), document.cookie, (await indexedDB.databases()).length, await caches.keys()],
      history: JSON.stringify(history.state),
      html: document.documentElement.outerHTML,
    }));
    const holders = kept.session.filter(([, text]) => text.includes(OPERATOR_KEY)).map(([name]) => name);
    assert.deepEqual(holders, ["signet.key"]);
    assert.deepEqual(kept.others, [[], "", 0, []]);
    assert.ok(!kept.html.includes(OPERATOR_KEY) && !kept.history.includes(OPERATOR_KEY));
  });

  test("outlives a reload, and not a sign-out", async () => {
    const page = await visitor(signet);
    await page.signIn(OPERATOR_KEY, "/access?tab=links");
    await page.reload();
    await rooms(page).waitFor();
    await isAt(page, "#/access?tab=links");
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading(page, "Sign in").waitFor();
    assert.equal(await page.title(), "Sign in · Signet");
    assert.equal(hashOf(page), "#/", "what was looked at is nobody else's to know");
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.reload();
    await heading(page, "Sign in").waitFor();
    assert.equal(await rooms(page).count(), 0);
  });

  test("may be pasted with the word that stands before it in a header", async () => {
    const page = await visitor(signet);
    await page.signIn(`  Authorization: Bearer ${OPERATOR_KEY} `);
  });

  test("that is revoked is at its end at the next call, and whoever comes back is where they were", async () => {
    const page = await visitor(signet);
    const { id, key } = await keyWith(["keys:write", "subscriptions:read"]);
    await page.signIn(key, "/access?tab=links");
    await expect(204, "DELETE", `/v1/api-keys/${id}`);
    await page.getByRole("button", { name: "Make a link" }).click();
    await page.getByText("Your key is no longer valid. It may have been revoked.").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.getByLabel(FIELD).fill(OPERATOR_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await rooms(page).waitFor();
    assert.equal(hashOf(page), "#/access?tab=links");
    assert.equal(await page.getByText("no longer valid").count(), 0);
  });

  test("of one tab is not another's", async () => {
    const acme = await tenant(signet, { name: "Acme tab" });
    const first = await visitor(signet);
    await first.signIn();
    const second = await first.context().newPage();
    await second.goto(`${signet.url}/#/access`);
    await heading(second, "Sign in").waitFor();
    await second.getByLabel(FIELD).fill(acme.key);
    await second.getByRole("button", { name: "Sign in" }).click();
    await second.getByText("Acme tab").waitFor();
    await first.reload();
    await first.getByText("Operator", { exact: true }).waitFor();
    await second.getByRole("button", { name: "Sign out" }).click();
    await first.reload();
    await first.getByText("Operator", { exact: true }).waitFor();
  });
});

describe("where one comes to", () => {
  test("a link into the dashboard leads there once one is signed in", async () => {
    const page = await visitor(signet);
    await page.signIn(OPERATOR_KEY, "/access?tab=applications&new=application");
    await page.getByRole("dialog", { name: "New application" }).waitFor();
    assert.equal(hashOf(page), "#/access?tab=applications&new=application");
  });

  test("the pages are those that the key may see, and the first of them stands for the overview", async () => {
    const page = await visitor(signet);
    const { key } = await keyWith(["subscriptions:read", "sources:read"]);
    await page.signIn(key);
    await heading(page, "Subscriptions").waitFor();
    assert.deepEqual(await rooms(page).getByRole("link").allInnerTexts(), ["Subscriptions", "Sources"]);
    await isAt(page, "#/subscriptions");
    await page.goBack();
    await page.visit("/access");
    await page.getByText("does not have the scope keys:write").waitFor();
    assert.deepEqual(await page.axe(), []);
  });

  test("a key that opens no page is told so", async () => {
    const page = await visitor(signet);
    const { key } = await keyWith(["secrets:read"]);
    await page.visit("/");
    await tries(page, key);
    await page.getByRole("heading", { name: "This key opens no page" }).waitFor();
    await page.getByText("secrets:read").waitFor();
  });

  test("an application that is not there, or is somebody else's", async () => {
    const page = await visitor(signet);
    await page.visit("/access?application=app_none");
    await page.getByLabel(FIELD).fill(OPERATOR_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "There is no such application" }).waitFor();
    assert.deepEqual(await page.axe(), []);
    await page.getByRole("button", { name: "Go to your own" }).click();
    await heading(page, "Access").waitFor();
    assert.equal(hashOf(page), "#/access");

    const [acme, other] = [await tenant(signet), await tenant(signet)];
    const theirs = await visitor(signet);
    await theirs.signIn(acme.key, `/access?application=${acme.id}`);
    await theirs.visit(`/access?application=${other.id}`);
    await theirs.getByText("There is no such application").waitFor();
    assert.equal(await rooms(theirs).count(), 0);
  });

  test("a page that is not there", async () => {
    const page = await visitor(signet);
    await page.signIn(OPERATOR_KEY, "/nothing/here");
    await page.getByText("There is no such page").waitFor();
  });
});

describe("a portal link", () => {
  test("opens its application alone, and leaves the address at once", async () => {
    const acme = await tenant(signet, { name: "Acme portal" });
    const token = await linkToken(acme.expect, { scopes: ["deliveries:read", "keys:write"] });
    const page = await visitor(signet);
    await open(page, linkTo(token));
    await rooms(page).waitFor();
    assert.equal(hashOf(page), "#/");
    await page.getByText("Acme portal").waitFor();
    await page.getByText(/This link ends/).waitFor();
    assert.equal(await page.getByRole("button", { name: /^Application:/ }).count(), 0, "there is nothing to choose");
    await page.visit("/access");
    await page.getByText("No keys yet").or(page.getByRole("table")).waitFor();
    assert.equal(await page.getByRole("button", { name: "New key" }).count(), 0, "a link makes none");
    await page.goBack();
    await page.goBack();
    assert.ok(!page.url().includes(token), "it is not in the history either");
  });

  test("may be pasted where a key goes", async () => {
    const page = await visitor(signet);
    const { url } = await expect(201, "POST", "/v1/portal-links", {});
    await page.signIn(url);
    await page.getByText(/This link ends/).waitFor();
  });

  test("whose time is over says so, and what to do", async () => {
    const token = await linkToken(expect, { expiresIn: 1 });
    await sleep(1_100);
    const page = await visitor(signet);
    await open(page, linkTo(token));
    await page.getByText(/This link ended on .*\. Ask for a new one where you got it\./).waitFor();
    assert.ok(!page.url().includes(token));
    await tries(page, token);
    await page.getByLabel(FIELD).and(page.locator("[aria-invalid]")).waitFor();
    await open(page, linkTo(token.slice(0, -4)));
    await page
      .getByText(/This link ended/)
      .first()
      .waitFor();
  });

  test("that was cut, or withdrawn with its key, says so", async () => {
    const page = await visitor(signet);
    await open(page, linkTo((await linkToken(expect, {})).slice(0, -4)));
    await page.getByText(/This link is not valid.* Ask for a new one where you got it\./).waitFor();
  });

  test("that ends while it is used", async () => {
    const token = await linkToken(expect, { expiresIn: 5, scopes: ["subscriptions:read"] });
    const page = await visitor(signet);
    await open(page, linkTo(token));
    await rooms(page).waitFor();
    await page.getByText(/This link ended on/).waitFor();
    assert.equal(await rooms(page).count(), 0);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  test("opened in a tab where somebody is signed in takes their place there", async () => {
    const page = await visitor(signet);
    await page.signIn();
    const token = await linkToken(expect, { scopes: ["subscriptions:read"] });
    await open(page, linkTo(token));
    await page.getByText(/This link ends/).waitFor();
    assert.deepEqual(await rooms(page).getByRole("link").allInnerTexts(), ["Subscriptions"]);
    assert.ok(!page.url().includes(token));
  });
});

for (const dark of [false, true]) {
  test(`the sign-in is for everybody, ${dark ? "dark" : "light"} and narrow`, async () => {
    const page = await visitor(signet, { dark, width: 375 });
    await page.visit("/");
    await tries(page, "sk_default_nobody");
    await page.getByText(/Signet knows no such key/).waitFor();
    assert.deepEqual(await page.axe(), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
  });
}

test("what one sees stays while Signet does not answer, and is kept up to date again by itself", async () => {
  await keyWith(["events:write"]);
  const [inside, outside] = [await visitor(signet), await visitor(signet)];
  await inside.signIn(OPERATOR_KEY, "/access");
  await inside.getByRole("rowheader", { name: "A program" }).first().waitFor();
  await outside.visit("/");
  await signet.kill();
  await tries(outside, OPERATOR_KEY);
  await outside.getByText("Signet does not answer. Try again in a moment.").waitFor();
  await inside.getByText("Signet does not answer.", { exact: false }).waitFor({ timeout: 40_000 });
  assert.ok((await inside.getByRole("rowheader", { name: "A program" }).count()) > 0, "what was read is still there");
  assert.ok(await rooms(inside).isVisible());
  assert.deepEqual(await inside.axe(), []);
  await signet.start();
  await expect(201, "POST", "/v1/api-keys", { label: "Made meanwhile" });
  await inside.getByRole("alert").waitFor({ state: "detached", timeout: 20_000 });
  await inside.getByRole("rowheader", { name: "Made meanwhile" }).waitFor({ timeout: 20_000 });
  await outside.getByRole("button", { name: "Sign in" }).click();
  await rooms(outside).waitFor();
});
