// Sending an event by hand and seeing what becomes of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { visitor } from "./support/browser.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { linkToken, tenant } from "./support/tenant.mjs";
import { until } from "./support/wait.mjs";

const { signet, target } = await stage();

const where = (page) => new URL(page.url()).hash.slice(1);
const panel = (page, name) => page.locator("section").filter({ has: page.getByRole("heading", { name, exact: true }) });
const sent = (page) => panel(page, "Sent");
const command = (page) => page.getByRole("region", { name: "command" }).locator("pre").textContent();
const button = (page) => page.getByRole("button", { name: "Send event" });

/** An application's form, filled in as it is told. */
async function form(made, { type, data, ...options } = {}) {
  const page = await visitor(signet, options);
  await page.signIn(made.key, "/send");
  await button(page).waitFor();
  if (type !== undefined) await page.getByLabel("Type", { exact: true }).fill(type);
  if (data !== undefined) await page.getByLabel("Data", { exact: true }).fill(data);
  return page;
}

const more = (page) => page.getByText("More", { exact: true }).click();

describe("an event that is sent", () => {
  test("is watched to each of its ends: one that takes it, one that takes it later", async () => {
    const made = await tenant(signet);
    const [good, late] = [uniquePath(), uniquePath()];
    await made.subscribe({ name: "Billing", url: target.url(good) });
    await made.subscribe({ name: "Warehouse", url: target.answer(late, [503, 200]) });
    const page = await form(made, { type: "order.created", data: '{"large": 12345678901234567890}' });
    await button(page).click();

    const row = (name) => sent(page).getByRole("link").filter({ hasText: name });
    await row("Billing").getByText("delivered").waitFor();
    await row("Billing").getByText("answered 200").waitFor();
    await row("Warehouse").getByText("answered 503").waitFor();
    assert.match(await row("Warehouse").textContent(), /pending.*in \d+ sattempt 1 of \d+/);
    await row("Warehouse").getByText("delivered").waitFor({ timeout: 15_000 });
    await row("Warehouse").getByText("attempt 2 of").waitFor();
    await row("Warehouse").getByText("answered 200").waitFor();
    assert.match(target.requests(good)[0].text, /"large":\s?12345678901234567890/, "as it was written");
    assert.equal(target.requests(late).length, 2);

    // What is looked at is in the address, and each delivery is a link.
    await page.reload();
    const before = panel(page, "Sent before").getByRole("link").filter({ hasText: "Billing" });
    await before.getByText("answered 200").waitFor();
    const { data } = await made.expect(200, "GET", "/v1/deliveries");
    const billing = data.find(({ url }) => url.endsWith(good));
    await before.click();
    assert.equal(where(page), `/deliveries/${billing.id}`);
    await page.goBack();
    await before.waitFor();
  });

  test("that nobody wants says so, and so does an address that was never one", async () => {
    const made = await tenant(signet);
    const page = await form(made, { type: "nobody.wants" });
    await panel(page, "Who gets it").getByText("Nobody subscribes yet.").waitFor();
    await button(page).click();
    await sent(page).getByText("nobody wanted it").waitFor();
    await page.reload();
    await panel(page, "Sent before").getByText("nobody wanted it").waitFor();
    await page.visit("/send?event=evt_none");
    await page.getByText("There is no event with this id.").waitFor();
  });

  test("can wait for its time", async () => {
    const made = await tenant(signet);
    await made.subscribe({ name: "Later", url: target.url(uniquePath()) });
    const page = await form(made, { type: "order.created" });
    await more(page);
    const later = new Date(Date.now() + 7_000_000).toISOString().slice(0, 19);
    await page.getByLabel("Deliver at").fill(later);
    await button(page).click();
    await sent(page).getByText("Later").waitFor();
    assert.match(await sent(page).getByRole("link").textContent(), /Laterin 1 h 5\d minnot tried yet$/);
  });

  test("with an id that was used is a duplicate, or a conflict at the id", async () => {
    const made = await tenant(signet);
    const path = uniquePath();
    await made.subscribe({ name: "Once", url: target.url(path) });
    const page = await form(made, { type: "order.created", data: '{"n": 1}' });
    await more(page);
    await page.getByLabel("Id (optional)").fill("order-1");
    await button(page).click();
    await sent(page).getByText("answered 200").waitFor();
    assert.equal(await sent(page).getByText("was accepted before").count(), 0);
    await button(page).click();
    await sent(page).getByText("was accepted before").waitFor();
    await sent(page).getByText("answered 200").waitFor();
    assert.equal(target.requests(path).length, 1);

    await page.getByLabel("Data", { exact: true }).fill('{"n": 2}');
    await button(page).click();
    await page.getByText("Another event was accepted under this id.").waitFor();
    await until(() => page.getByLabel("Id (optional)").evaluate((field) => field === document.activeElement));
    assert.equal(await page.getByLabel("Id (optional)").getAttribute("aria-invalid"), "true");
    assert.equal(await page.getByText("Another event was accepted").count(), 1, "it is said once");
  });

  test("can be sent by the keyboard alone", async () => {
    const made = await tenant(signet);
    await made.subscribe({ name: "Keys", url: target.url(uniquePath()) });
    const page = await form(made);
    await page.getByLabel("Type", { exact: true }).fill("order.created");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
    await page.keyboard.press("Control+Enter");
    await sent(page).getByText("answered 200").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "TEXTAREA", "the focus stays");
    assert.deepEqual(await page.axe(), []);
  });
});

describe("the form", () => {
  test("says where JSON is none, and lays it out where it is some", async () => {
    const made = await tenant(signet);
    const page = await form(made, { type: "order.created" });
    const data = page.getByLabel("Data", { exact: true });
    await data.fill('{\n  "a": [1, 2,]\n}');
    await page.getByText("Line 2, column 13: no comma before ]").waitFor();
    assert.equal(await data.getAttribute("aria-invalid"), null, "not yet a fault: one still types");
    await button(page).click();
    await until(async () => (await data.getAttribute("aria-invalid")) === "true");
    assert.match(
      await data.evaluate((area) => document.getElementById(area.getAttribute("aria-describedby")).textContent),
      /^Line 2, column 13/,
    );
    assert.equal(where(page), "/send", "nothing was sent");
    await page.getByRole("button", { name: "Go to the fault" }).click();
    assert.equal(await data.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)), ",");
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Format" }).click();
    assert.equal(await data.inputValue(), '{\n  "a": [\n    1,\n    2\n  ]\n}');
    await page.getByText(/^JSON, \d+ B$/).waitFor();
    assert.deepEqual(await page.axe(), []);
  });

  test("begins with examples: made up, and the last of each type that was sent", async () => {
    const made = await tenant(signet);
    await made.subscribe({ url: target.url(uniquePath()) });
    await made.send({ type: "stock.moved", data: { old: true } });
    await made.send({ type: "stock.moved", data: { from: "A", to: "B" } });
    const page = await form(made);
    const data = page.getByLabel("Data", { exact: true });
    const examples = page.getByLabel("Begin with");
    await examples.selectOption({ label: "invoice.paid" });
    assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "invoice.paid");
    assert.match(JSON.parse(await data.inputValue()).invoiceId, /^inv_/);
    await examples.selectOption({ label: "stock.moved" });
    assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "stock.moved");
    await until(async () => (await data.inputValue()) === JSON.stringify({ from: "A", to: "B" }, null, 2));
  });

  test("tells beforehand who gets it", async () => {
    const made = await tenant(signet);
    const { subscribe, expect } = made;
    const url = target.url(uniquePath());
    await subscribe({ name: "Everything", url });
    await subscribe({ name: "Orders", url, events: ["order.*"] });
    await subscribe({ name: "Tasks", url, events: ["task.*"] });
    await subscribe({ name: "Ops", url, events: ["order.created"], filter: { team: ["ops"] } });
    const paused = await subscribe({ name: "Partner", url, events: ["order.created"] });
    await expect(200, "POST", `/v1/subscriptions/${paused.id}/pause`);
    const page = await form(made, { type: "order.created" });
    const told = panel(page, "Who gets it");
    await told.getByText("3 of 5 subscriptions get it.").waitFor();
    await told.getByText("1 is paused").waitFor();
    await told.getByText("team = ops").waitFor();
    assert.deepEqual((await told.getByRole("link").allTextContents()).sort(), ["Everything", "Orders", "Partner"]);
    await more(page);
    await page.getByLabel("Attributes").fill("team = ops, sales");
    await told.getByText("4 of 5 subscriptions get it.").waitFor();
    await page.getByLabel("Type", { exact: true }).fill("task.done.late");
    await told.getByText("2 of 5 subscriptions get it.").waitFor();

    // And it is so.
    await button(page).click();
    for (const name of ["Everything", "Tasks"]) await sent(page).getByRole("link").filter({ hasText: name }).waitFor();
    assert.equal(await sent(page).getByRole("link").count(), 2);
  });

  test("tells about how many where there are more than it looks at", async () => {
    const made = await tenant(signet);
    await made.subscribe({ name: "One", url: target.url(uniquePath()) });
    const page = await visitor(signet);
    await page.route("**/v1/subscriptions?limit=250", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), nextCursor: "more" } });
    });
    await page.signIn(made.key, "/send");
    await panel(page, "Who gets it").getByText("About 1 subscription gets it, going by the newest 1.").waitFor();
  });

  test("shows the curl that does the same, without the key", async () => {
    const made = await tenant(signet);
    const page = await form(made, { type: "order.created", data: `{"it's": 1}` });
    await more(page);
    await page.getByLabel("Webhook URL").fill("https://hooks.example.com/a");
    const text = await command(page);
    assert.ok(text.includes(`${signet.url}/v1/events`));
    assert.ok(text.includes('-H "Authorization: Bearer $KEY"'));
    assert.ok(
      text.includes(`{"type":"order.created","data":{"it'\\''s": 1},"webhookUrl":"https://hooks.example.com/a"}`),
    );
    assert.ok(!text.includes(made.key));
  });

  test("shows what the API refuses where it belongs, what was folded too", async () => {
    const made = await tenant(signet);
    const page = await form(made, { type: "order.created" });
    await more(page);
    const url = page.getByLabel("Webhook URL");
    await url.fill("https://user:word@hooks.example.com/");
    await more(page);
    await button(page).click();
    await until(async () => (await url.getAttribute("aria-invalid")) === "true");
    await until(() => url.isVisible());
    assert.equal(where(page), "/send");
    await url.fill("");
    await page.getByLabel("Data", { exact: true }).fill("[".repeat(200) + "]".repeat(200));
    await button(page).click();
    await page.getByRole("alert").waitFor();
    assert.deepEqual(await page.axe(), []);
  });

  test("is whole in the dark and on a telephone", async () => {
    const made = await tenant(signet);
    await made.subscribe({ url: target.url(`${uniquePath()}/${"long/".repeat(30)}`) });
    const page = await form(made, { dark: true, width: 360, height: 740 });
    await more(page);
    await button(page).click();
    await sent(page).getByText("answered 200").waitFor();
    assert.deepEqual(await page.axe(), []);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= window, `${content} in ${window}`);
  });
});

test("a link that may only send does so, and watches nothing", async () => {
  const made = await tenant(signet);
  await made.subscribe({ name: "Unseen", url: target.url(uniquePath()) });
  const page = await visitor(signet);
  await page.goto(`${signet.url}/#token=${await linkToken(made.expect, { scopes: ["events:write"] })}`);
  await page.getByRole("link", { name: "Send an event" }).click();
  await button(page).waitFor();
  const refused = [];
  page.on("response", (response) => response.status() === 403 && refused.push(response.url()));
  await page.reload();
  await button(page).click();
  await sent(page).getByText("It has 1 delivery, which you can't see.").waitFor();
  assert.equal(await panel(page, "Who gets it").count(), 0);
  assert.deepEqual(refused, [], "nothing was asked for in vain");
});
