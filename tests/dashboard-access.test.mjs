// The dashboard's page about who may do what: keys, portal links, and the operator's applications.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { visitor } from "./support/browser.mjs";
import { OPERATOR_KEY } from "./support/signet.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { bearer, linkToken, tenant } from "./support/tenant.mjs";
import { inParallel, until } from "./support/wait.mjs";

const { signet, target, api, expect } = await stage();

const hashOf = (page) => new URL(page.url()).hash;
const isAt = (page, hash) => until(() => hashOf(page) === hash, { what: () => `${hash}; it is ${hashOf(page)}` });
const dialog = (page, name) => page.getByRole("dialog", { name });
const click = (within, name) => within.getByRole("button", { name, exact: true }).click();
const row = (page, name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });

/** What is shown once, by its name. */
const shown = (within, name) =>
  within.getByRole("heading", { name, level: 3, exact: true }).locator("..").getByRole("code").first().textContent();

/** The text that the last click on Copy put on the clipboard. */
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

/** Signet's own pages, but so small that there are several. */
const smallPages = (page, limit) =>
  page.route(/limit=250/, (route) =>
    route.continue({ url: route.request().url().replace("limit=250", `limit=${limit}`) }),
  );

async function own(body) {
  const acme = await tenant(signet, body);
  const page = await visitor(signet);
  return { acme, page };
}

describe("keys", () => {
  test("one is made, shown once, used, and revoked", async () => {
    const { acme, page } = await own();
    await page.signIn(acme.key, "/access");
    await click(page, "New key");
    await isAt(page, "#/access?new=key");
    const form = dialog(page, "New key");
    await click(form, "Make the key");
    await form.getByText("Give it a label.").waitFor();
    await form.getByLabel("Label").fill("Shop backend");
    await click(form, "See everything");
    await form.getByLabel("See sources and their requests").uncheck();
    await form.getByLabel("Post events").check();
    await click(form, "Make the key");
    const made = dialog(page, "The key “Shop backend” is made");
    await made.waitFor();
    const key = await shown(made, "Key");
    assert.match(key, /^sk_/);
    await made.getByRole("button", { name: "Copy key" }).click();
    await made.getByText("Copied", { exact: true }).waitFor();
    assert.equal(await copied(page), key);
    assert.deepEqual(await page.axe(), []);
    await page.keyboard.press("Escape");
    await page.mouse.click(5, 5);
    assert.ok(await made.isVisible(), "what is shown once is not lost by a slip");
    await click(made, "Done");
    await isAt(page, "#/access");
    assert.ok(!(await page.content()).includes(key), "it is not shown again");

    const { data } = await acme.expect(200, "GET", "/v1/api-keys");
    const listed = data.find(({ label }) => label === "Shop backend");
    assert.deepEqual(listed.scopes, ["events:write", "subscriptions:read", "deliveries:read"]);
    const theirs = bearer(api, key);
    assert.equal((await theirs("POST", "/v1/events", { type: "a.b", data: {} })).status, 202);
    await row(page, "Shop backend").getByText(`sk_…${listed.hint}`).waitFor();
    await row(page, "Shop backend").getByText("3 of 9 scopes").waitFor();

    await page.getByRole("button", { name: "Revoke Shop backend" }).click();
    const asked = dialog(page, "Revoke “Shop backend”?");
    await asked.getByText(/is refused from now on, everywhere/).waitFor();
    assert.deepEqual(await page.axe(), []);
    await click(asked, "Keep it as it is");
    await acme.expect(200, "GET", `/v1/api-keys/${listed.id}`);
    await page.getByRole("button", { name: "Revoke Shop backend" }).click();
    await click(asked, "Revoke the key");
    await row(page, "Shop backend").waitFor({ state: "detached" });
    assertProblem(await theirs("GET", "/v1/subscriptions"), 401, { code: "unauthorized" });
  });

  test("one comes with a webhook, and what is wrong is said at its field", async () => {
    const { acme, page } = await own();
    await page.signIn(acme.key, "/access?new=key");
    const form = dialog(page, "New key");
    await form.getByLabel("Label").fill("Customer 42");
    await form.getByLabel("Deliver to a webhook as well").check();
    await click(form, "Make the key");
    await form.getByText("Give a URL with https:// or http://.").waitFor();
    await form.getByLabel("Webhook URL").fill("https://user:password@example.com/");
    await form.getByLabel("Event types").fill("order.*, *.paid");
    await click(form, "Make the key");
    await form.getByText(/must be a type/i).waitFor();
    await form.getByLabel("Event types").fill("order.*, invoice.paid");
    await click(form, "Make the key");
    await form.getByText(/user name|password|credentials/i).waitFor();
    const path = uniquePath();
    await form.getByLabel("Webhook URL").fill(target.url(path));
    await form.getByLabel("Profile").selectOption("sketchpen");
    assert.deepEqual(await page.axe(), []);
    await click(form, "Make the key");
    const made = dialog(page, "The key “Customer 42” is made");
    await made.waitFor();
    const secret = await shown(made, "Webhook secret");
    await made.getByText("Copy both now").waitFor();
    await click(made, "Done");

    const { data } = await acme.expect(200, "GET", "/v1/subscriptions");
    assert.equal(data.length, 1);
    assert.deepEqual([data[0].events, data[0].profile], [["order.*", "invoice.paid"], "sketchpen"]);
    assert.equal((await acme.expect(200, "GET", `/v1/subscriptions/${data[0].id}/secret`)).secret, secret);
    await acme.send({ type: "order.made", data: {} });
    await target.received(path);
    await row(page, "Customer 42").getByRole("link", { name: "Subscription" }).click();
    await isAt(page, `#/subscriptions/${data[0].id}`);
  });

  test("nobody hands on more than they may", async () => {
    const { acme, page } = await own();
    const { key } = await acme.expect(201, "POST", "/v1/api-keys", {
      label: "Few",
      scopes: ["keys:write", "deliveries:read"],
    });
    await page.signIn(key, "/access?new=key");
    const form = dialog(page, "New key");
    await form.getByLabel("Label").fill("Fewer");
    const boxes = await form.getByRole("checkbox").count();
    assert.equal(boxes, 2, "two scopes, and no webhook");
    await click(form, "Cancel");
    await row(page, "Few").getByText("yours").waitFor();
    assert.equal(await page.getByRole("link", { name: "Applications" }).count(), 0, "those are the operator's");
    await page.visit("/access?tab=applications");
    await page.getByRole("table").getByText("Few").waitFor();
  });

  test("whoever revokes their own is told first, and then signed out", async () => {
    const { acme, page } = await own();
    const { key } = await acme.expect(201, "POST", "/v1/api-keys", { label: "Mine" });
    await page.signIn(key, "/access");
    await page.getByRole("button", { name: "Revoke Mine" }).click();
    const asked = dialog(page, "Revoke “Mine”?");
    await asked.getByText(/you will be signed out/).waitFor();
    await click(asked, "Revoke the key");
    await page.getByText("You revoked the key that you were signed in with.").waitFor();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  test("more than a page of them", async () => {
    const { acme, page } = await own();
    for (const label of ["One", "Two", "Three", "Four"]) await acme.expect(201, "POST", "/v1/api-keys", { label });
    await smallPages(page, 3);
    await page.signIn(acme.key, "/access");
    await page.getByText("The newest 3 are shown.").waitFor();
    assert.equal(await row(page, "One").count(), 0);
    await click(page, "Show more");
    await row(page, "One").waitFor();
    await page.getByText("are shown.").waitFor({ state: "detached" });
    // Those made here, the first of the application, and the head.
    assert.equal(await page.getByRole("row").count(), 6);
  });
});

describe("portal links", () => {
  test("one is made, and opens what it was made for", async () => {
    const { acme, page } = await own({ name: "Acme" });
    await page.signIn(acme.key, "/access");
    await page.getByRole("link", { name: "Portal links" }).click();
    await isAt(page, "#/access?tab=links");
    await page.getByLabel("It lasts").selectOption({ label: "15 minutes" });
    await click(page, "See everything");
    await click(page, "Make a link");
    const made = page.getByRole("region", { name: "The link" });
    await made.getByText(/Whoever has this link may use it. It ends in 1[45]/).waitFor();
    await made.getByRole("button", { name: "Copy link" }).click();
    const url = await made.getByRole("code").textContent();
    await until(async () => (await copied(page)) === url, { what: "the link to be copied" });
    assert.deepEqual(await page.axe(), []);

    const visited = await visitor(signet);
    await visited.goto(url);
    await visited.getByText(/This link ends/).waitFor();
    const rooms = await visited.getByRole("navigation", { name: "Pages" }).getByRole("link").allInnerTexts();
    assert.deepEqual(rooms, ["Overview", "Deliveries", "Subscriptions", "Sources", "Operations"]);
    await page.getByRole("link", { name: "API keys" }).click();
    await page.goBack();
    await isAt(page, "#/access?tab=links");
    assert.equal(await made.count(), 0, "it is shown once");
  });

  test("without scopes there is none", async () => {
    const page = await visitor(signet);
    await page.signIn(OPERATOR_KEY, "/access?tab=links");
    await click(page, "Post events");
    await page.getByLabel("Post events").and(page.getByRole("checkbox")).uncheck();
    await click(page, "Make a link");
    await page.getByText("Choose one at least.").waitFor();
  });

  test("a link's own visitors make shorter ones, and no keys", async () => {
    const { acme, page } = await own();
    const token = await linkToken(acme.expect, {});
    await page.signIn(token, "/access?new=key");
    await row(page, /./).first().waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.getByRole("link", { name: "Portal links" }).click();
    await page.getByText("At most as long as your own link.").waitFor();
    await click(page, "Make a link");
    await page.getByRole("region", { name: "The link" }).waitFor();
  });
});

describe("applications", () => {
  test("one is made, shown once, looked at, changed and deleted", async () => {
    const page = await visitor(signet);
    await page.signIn(OPERATOR_KEY, "/access");
    await page.getByRole("button", { name: "Application: default" }).click();
    await click(dialog(page, "Switch application"), "New application");
    await isAt(page, "#/access?tab=applications&new=application");
    const form = dialog(page, "New application");
    await click(form, "Make the application");
    await form.getByText("Give it a name.").waitFor();
    await form.getByLabel("Name").fill("Sketch & Pen");
    await form.getByLabel("Profile").selectOption("sketchpen");
    assert.deepEqual(await page.axe(), []);
    await click(form, "Make the application");
    const made = dialog(page, "“Sketch & Pen” is made");
    const key = await shown(made, "Key");
    assert.ok((await shown(made, "Secret")).length > 16);
    const theirs = bearer(api, key);
    const subscription = await theirs("POST", "/v1/subscriptions", { url: target.url(uniquePath()) });
    assert.equal(subscription.status, 201);
    await made.getByRole("link", { name: "Switch to it" }).click();
    await page.getByRole("button", { name: "Application: Sketch & Pen" }).waitFor();
    const id = new URLSearchParams(hashOf(page).split("?")[1]).get("application");
    assert.match(id, /^app_/);

    await page.visit(`/access?tab=applications&application=${id}`);
    await row(page, "Sketch & Pen").getByText("shown", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Change Sketch & Pen" }).click();
    await dialog(page, "Change “Sketch & Pen”").getByLabel("Name").fill("Sketchpen");
    await click(dialog(page, "Change “Sketch & Pen”"), "Save");
    await row(page, "Sketchpen").getByText("sketchpen", { exact: true }).waitFor();
    assert.equal((await expect(200, "GET", `/v1/applications/${id}`)).name, "Sketchpen");

    await page.getByRole("button", { name: "Delete Sketchpen" }).click();
    const asked = dialog(page, "Delete “Sketchpen”?");
    await asked.getByText(/Its deliveries stop/).waitFor();
    await click(asked, "Delete the application");
    await asked.getByText("That is not its name.").waitFor();
    await expect(200, "GET", `/v1/applications/${id}`);
    await asked.getByRole("textbox").fill("Sketchpen");
    await click(asked, "Delete the application");
    await row(page, "Sketchpen").waitFor({ state: "detached" });
    await isAt(page, "#/access?tab=applications");
    assertProblem(await theirs("GET", "/v1/subscriptions"), 401, { code: "unauthorized" });
    assert.equal(await page.getByRole("button", { name: "Delete default" }).count(), 0);
  });

  test("among many the one is found by its name, and the page stays", async () => {
    const names = Array.from({ length: 30 }, (_, at) => `Customer ${at}`);
    await inParallel(names, 8, (name) => expect(201, "POST", "/v1/applications", { name }));
    const page = await visitor(signet);
    await smallPages(page, 10);
    await page.signIn(OPERATOR_KEY, "/access?tab=links");
    await page.getByRole("button", { name: "Application: default" }).click();
    const choice = dialog(page, "Switch application");
    await choice.getByLabel("Search").fill("customer 1");
    await choice.getByText("11 found").waitFor();
    assert.deepEqual(await page.axe(), []);
    await choice.getByLabel("Search").fill("Customer 0");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.firstChild.textContent), "Customer 0");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Application: Customer 0" }).waitFor();
    assert.match(hashOf(page), /^#\/access\?application=app_/);
    await page.getByRole("link", { name: "Portal links" }).click();
    await page.getByText("opens this dashboard for Customer 0 alone").waitFor();
    await page.getByRole("button", { name: "Application: Customer 0" }).click();
    await choice.getByLabel("Search").fill("default");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Application: default" }).waitFor();
    await isAt(page, "#/access");
    await page.visit("/access?tab=applications");
    await page.getByText("The newest 10 are shown.").waitFor();
  });
});

for (const dark of [false, true]) {
  test(`every part is for everybody, ${dark ? "dark" : "light"}, wide and narrow`, async () => {
    await expect(201, "POST", "/v1/api-keys", { label: `A ${"very ".repeat(40)}long label`, scopes: ["events:write"] });
    const page = await visitor(signet, { dark });
    await page.signIn(OPERATOR_KEY, "/access");
    for (const where of ["/access", "/access?tab=links", "/access?tab=applications", "/access?new=key"]) {
      await page.visit(where);
      for (const width of [1280, 375]) {
        await page.setViewportSize({ width, height: 900 });
        await page.getByRole("heading", { level: 1, name: "Access", includeHidden: true }).waitFor();
        if (where.includes("new")) await dialog(page, "New key").waitFor();
        else if (!where.includes("links")) await page.getByRole("rowheader").first().waitFor();
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${where} is ${overflow} px too wide at ${width}`);
        assert.deepEqual(await page.axe(), [], `${where} at ${width}`);
      }
    }
  });
}
