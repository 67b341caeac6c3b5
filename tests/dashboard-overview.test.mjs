// The overview as somebody sees it who opens it every day, and on the first.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { visitor } from "./support/browser.mjs";
import { startSignet } from "./support/signet.mjs";
import { stage, uniquePath } from "./support/stage.mjs";
import { linkToken, tenant } from "./support/tenant.mjs";
import { sleep, until } from "./support/wait.mjs";

const { signet, target } = await stage();

/** A figure at the head of the page. */
const figure = (page, name) =>
  page
    .locator("dl > div")
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator("dd")
    .first();
const chart = (page) => page.getByRole("group", { name: "Deliveries over time" });
const panel = (page, name) => page.locator("section").filter({ has: page.getByRole("heading", { name, exact: true }) });
/** What stands behind the `#`. */
const where = (page) => new URL(page.url()).hash.slice(1);

const COLUMN = 30 * 60_000;

/** An application with deliveries that went well, that failed, and that wait. */
async function busy() {
  // All in one column of a day's chart.
  const left = COLUMN - (Date.now() % COLUMN);
  if (left < 15_000) await sleep(left);
  const made = await tenant(signet);
  const { subscribe, send, settled, attempted } = made;
  const good = await subscribe({ name: "Billing", url: target.url(uniquePath()), events: ["order.*"] });
  const bad = await subscribe({ name: "Warehouse", url: target.answer(uniquePath(), 503), events: ["task.*"] });
  const gone = await subscribe({ url: target.answer(uniquePath(), 410), events: ["user.*"] });
  for (let count = 0; count < 3; count += 1) {
    const { deliveries } = await send({ type: "order.created", data: count });
    await settled(deliveries[0].id);
  }
  const failed = await send({ type: "user.gone", data: 1 });
  await settled(failed.deliveries[0].id, { status: "failed" });
  const waiting = (await send({ type: "task.completed", data: 1 })).deliveries[0].id;
  await attempted(waiting, 1);
  return { ...made, good, bad, gone, waiting };
}

describe("first run", () => {
  test("a button leads to a webhook that arrives, step by step", async () => {
    const { key, expect } = await tenant(signet);
    const page = await visitor(signet);
    await page.signIn(key);
    await page.getByRole("heading", { name: "Send a first webhook" }).waitFor();
    assert.deepEqual(await page.axe(), []);
    const commands = await page.getByRole("region", { name: "commands" }).textContent();
    assert.match(commands, /Bearer \$KEY/);
    assert.ok(commands.includes(`${signet.url}/receiver`));
    assert.ok(!commands.includes(key), "the key itself is nowhere");

    await page.getByRole("button", { name: "Send a first webhook" }).click();
    await page.getByText("Receiver answered 200").waitFor();
    const steps = await page.locator("ol > li").allTextContents();
    for (const [at, name] of [
      "Subscription made",
      "Event accepted",
      "Delivery attempted",
      "Receiver answered 200",
    ].entries()) {
      assert.ok(steps[at].startsWith(`${name}: done`), steps[at]);
    }
    const answer = JSON.parse(await page.getByRole("region", { name: "answer" }).locator("pre").textContent());
    assert.deepEqual([answer.received, answer.type], [true, "hello.world"]);

    const [subscription, ...more] = (await expect(200, "GET", "/v1/subscriptions")).data;
    assert.deepEqual(more, []);
    assert.equal(subscription.name, "Sample receiver");
    assert.equal(subscription.url, `${signet.url}/receiver`);
    const [delivery] = (await expect(200, "GET", "/v1/deliveries")).data;
    assert.equal(
      await page.getByRole("link", { name: "See the delivery" }).getAttribute("href"),
      `#/deliveries/${delivery.id}`,
    );
    const real = page.getByRole("link", { name: "Make a real subscription" });
    assert.equal(await real.getAttribute("href"), "#/subscriptions/new");

    // What is looked at is in the address.
    await page.reload();
    await page.getByText("Receiver answered 200").waitFor();

    const before = where(page);
    await page.getByRole("button", { name: "Send another" }).click();
    await until(() => where(page) !== before && where(page).includes("first="));
    await page.getByText("Receiver answered 200").waitFor();
    assert.equal((await expect(200, "GET", "/v1/subscriptions")).data.length, 1, "the sample is used again");
    assert.deepEqual(await page.axe(), []);

    await page.getByRole("link", { name: "Go to the overview" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await until(async () => (await figure(page, "Deliveries").textContent()) === "2");
  });

  test("where private addresses are refused it is said what to do", async () => {
    const key = "a-key-of-ones-own";
    const closed = await startSignet({ vars: { OPERATOR_KEY: key } });
    after(() => closed.stop());
    const page = await visitor(closed);
    await page.signIn(key);
    await page.getByRole("button", { name: "Send a first webhook" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("ALLOW_PRIVATE_DESTINATIONS=true").waitFor();
    await alert.getByText(`${closed.url}/receiver`).waitFor();
    assert.equal(await page.getByText("Subscription made: done").count(), 0);
  });

  test("who may only look is told that there is nothing yet", async () => {
    const { expect } = await tenant(signet);
    const page = await visitor(signet);
    await page.goto(
      `${signet.url}/#token=${await linkToken(expect, { scopes: ["deliveries:read", "subscriptions:read"] })}`,
    );
    await page.getByRole("heading", { name: "Nothing has been sent yet" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Send a first webhook" }).count(), 0);
  });
});

describe("figures", async () => {
  const made = await busy();

  test("are the API's", async () => {
    const page = await visitor(signet);
    await page.signIn(made.key);
    await chart(page).waitFor();
    assert.equal(await figure(page, "Deliveries").textContent(), "5");
    assert.equal(await figure(page, "Success rate").textContent(), "75%");
    assert.match(await figure(page, "Attempts").textContent(), /^[5-9]$/, "what waits may have been tried again");
    for (const name of ["p50", "p95", "p99"])
      assert.match(await figure(page, `Latency ${name}`).textContent(), /^[\d.]+ m?s$/);
    for (const [status, count] of Object.entries({ delivered: 3, failed: 1, pending: 1, cancelled: 0 })) {
      const link = panel(page, "Deliveries").getByRole("link", { name: `${status} ${count}`, exact: true });
      assert.match(await link.getAttribute("href"), new RegExp(`^#/deliveries\\?status=${status}&since=.+&until=.+$`));
    }
    assert.deepEqual(await page.axe(), []);
  });

  test("of a column are shown to the pointer, the keyboard and readers, and lead to its deliveries", async () => {
    const page = await visitor(signet);
    await page.signIn(made.key);
    const columns = chart(page).getByRole("link");
    await columns.first().waitFor();
    assert.equal(await columns.count(), 48);
    const busiest = chart(page).getByRole("link", { name: /: 3 delivered, 1 failed, 1 pending$/ });
    await busiest.hover();
    const tip = chart(page).locator("..").locator(".over-tip");
    assert.match(await tip.textContent(), /delivered3failed1pending1success rate75%$/);
    await page.mouse.move(0, 0);
    await tip.waitFor({ state: "detached" });

    // One stop for the whole chart; arrows go on from there.
    await page.getByRole("link", { name: "cancelled 0" }).focus();
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    const last = await columns.last().getAttribute("aria-label");
    assert.equal(await focused(), last);
    await page.keyboard.press("Home");
    assert.equal(await focused(), await columns.first().getAttribute("aria-label"));
    await tip.getByText("No deliveries").waitFor();
    await page.keyboard.press("Escape");
    await tip.waitFor({ state: "detached" });
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(), await columns.nth(1).getAttribute("aria-label"));
    await page.keyboard.press("Tab");
    assert.match(await focused(), /: (p95 .+|nothing delivered)$/, "the next stop is the other chart");

    const cells = page.getByRole("table", { name: /over time/ }).getByRole("row", { name: / 3 1 1 0 75% / });
    assert.equal(await cells.count(), 1);

    await busiest.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Deliveries" }).waitFor();
    const [path, query] = where(page).split("?");
    assert.equal(path, "/deliveries");
    const [since, till] = ["since", "until"].map((name) => new Date(new URLSearchParams(query).get(name)).getTime());
    assert.equal(till - since, 30 * 60_000 - 1);
    const listed = await made.expect(200, "GET", `/v1/deliveries?${query}`);
    assert.equal(listed.data.length, 5);
  });

  test("are of the window in the address", async () => {
    const page = await visitor(signet);
    await page.signIn(made.key);
    await chart(page).waitFor();
    for (const [name, window, columns] of [
      ["1 hour", "1h", 60],
      ["7 days", "7d", 56],
      ["24 hours", null, 48],
    ]) {
      await page.getByRole("button", { name, exact: true }).click();
      await until(async () => (await chart(page).getByRole("link").count()) === columns);
      assert.equal(where(page), window ? `/?window=${window}` : "/");
      assert.equal(await page.getByRole("button", { name, exact: true }).getAttribute("aria-pressed"), "true");
    }
    await page.goBack();
    await until(async () => (await chart(page).getByRole("link").count()) === 56);
    await page.reload();
    await until(async () => (await chart(page).getByRole("link").count()) === 56);
  });

  test("keep themselves up to date, and the focus where it is", async () => {
    const one = await tenant(signet);
    await one.subscribe({ url: target.url(uniquePath()) });
    const page = await visitor(signet);
    await page.signIn(one.key, "/?window=1h");
    await page.getByText("No deliveries in the last hour.").waitFor();
    const column = chart(page).getByRole("link").nth(3);
    await column.focus();
    const label = await column.getAttribute("aria-label");
    await one.send({ type: "order.created", data: 1 });
    await until(async () => (await figure(page, "Deliveries").textContent()) === "1");
    await until(async () => (await figure(page, "Success rate").textContent()) === "100%", { timeout: 12_000 });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), label);
  });

  test("show first what fails, by its name, and lead there", async () => {
    const page = await visitor(signet);
    // The list's first page has not all of them.
    await page.route("**/v1/subscriptions?limit=250", (route) =>
      route.fulfill({ json: { data: [], nextCursor: "x" } }),
    );
    await page.signIn(made.key);
    const rows = panel(page, "Destinations").locator("tbody tr");
    await rows.getByText("Warehouse").waitFor();
    const cells = async (at) => rows.nth(at).locator("td").allTextContents();
    const [gone, warehouse, billing] = [await cells(0), await cells(1), await cells(2)];
    assert.deepEqual(gone.slice(1), ["disabled", "0%", "1", "0", "–"]);
    assert.equal(warehouse[0], `Warehouse${made.bad.url}`);
    assert.match(warehouse[1], /^failingsince .+$/);
    assert.deepEqual(warehouse.slice(2), ["–", "0", "1", "–"]);
    assert.deepEqual(billing, [`Billing${made.good.url}`, "active", "100%", "0", "0", "–"]);
    const link = rows.getByRole("link", { name: "Warehouse" });
    assert.equal(await link.getAttribute("href"), `#/subscriptions/${made.bad.id}`);
    const unnamed = rows.first().getByRole("link", { name: made.gone.url });
    assert.equal(await unnamed.getAttribute("href"), `#/subscriptions/${made.gone.id}`);
  });

  test("show what waits for a retry, and when", async () => {
    const page = await visitor(signet);
    await page.signIn(made.key);
    const waiting = panel(page, "Waiting for a retry").getByRole("link");
    await waiting.getByText("Warehouse").waitFor();
    assert.equal(await waiting.count(), 1);
    assert.match(await waiting.textContent(), /^task\.completedWarehouse(in .+|now|waits its turn)attempt \d+ of \d+$/);
    await waiting.click();
    assert.equal(where(page), `/deliveries/${made.waiting}`);
  });

  test("are shown in the dark, on a telephone, and without sideways scrolling", async () => {
    const page = await visitor(signet, { dark: true, width: 360, height: 740 });
    await page.signIn(made.key);
    await chart(page).getByRole("link").first().waitFor();
    assert.deepEqual(await page.axe(), []);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= window, `${content} in ${window}`);
  });
});

test("a link that may see deliveries alone sees figures without names", async () => {
  const made = await busy();
  const page = await visitor(signet);
  const refused = [];
  page.on("response", (response) => response.status() === 403 && refused.push(response.url()));
  await page.goto(`${signet.url}/#token=${await linkToken(made.expect, { scopes: ["deliveries:read"] })}`);
  await panel(page, "Destinations").getByText(made.bad.id).waitFor();
  assert.equal(await figure(page, "Deliveries").textContent(), "5");
  assert.equal(await panel(page, "Destinations").getByRole("link").count(), 0);
  assert.deepEqual(refused, [], "nothing was asked for in vain");
  assert.deepEqual(await page.axe(), []);
});
