// Deliveries and operations as somebody works with them in a browser.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { visitor } from "./support/browser.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const { signet, target, expect, subscribe, send, sendOne, settled, attempted, profile } = await stage();
const FAILING = { status: 500, headers: { "content-type": "text/html" } };

await profile("slow", { retry: { delays: [0, 3_600], jitter: 0 } });
await profile("soon", { retry: { delays: [0, 6], jitter: 0 } });
await profile("once", { retry: { delays: [0], jitter: 0 }, timeoutSeconds: 1 });

const page = await visitor(signet);
await page.signIn();

const list = (on = page) => on.getByRole("table", { name: "Deliveries" });
const rowOf = (type, on = page) => list(on).getByRole("row").filter({ hasText: type });
const drawer = (on = page) => on.getByRole("dialog");
const address = () => page.evaluate(() => location.hash);
const hash = (path, query) => `${path}?${new URLSearchParams(query)}`;
/** How many rows the list shows, its head left out. */
const shown = async (on = page) => (await list(on).getByRole("row").count()) - 1;

/** A subscription to a type of its own, at a receiver that answers as it is told. */
async function destination(answer, more = {}) {
  const path = uniquePath();
  const type = uniqueType("thing");
  const subscription = await subscribe({ url: target.answer(path, answer), events: [type], profile: "once", ...more });
  return { ...subscription, path, type };
}

describe("one delivery", () => {
  const HOSTILE = `</code></pre><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">`;

  test("is found and read by the keyboard alone, and what it holds is only text", async () => {
    const { type } = await destination({ ...FAILING, body: HOSTILE }, { profile: "slow", name: `<b>${HOSTILE}</b>` });
    const id = await sendOne({ type, data: { html: HOSTILE, number: 12_345.678 } });
    await attempted(id, 1);
    await page.visit(hash("/deliveries", { type }));
    await rowOf(type).waitFor();
    assert.equal(await shown(), 1);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await drawer()
      .getByRole("heading", { name: `pending ${type}` })
      .waitFor();
    assert.match(await address(), new RegExp(`^#/deliveries/${id}\\?`));
    const attempts = drawer().getByRole("list", { name: "Attempts" });
    await attempts.getByText("500 Internal Server Error").waitFor();
    await attempts.getByText(HOSTILE).waitFor();
    await attempts.getByText(/^Attempt 2 of 2 in (60 min 0 s|59 min \d+ s|1 h 0 min)$/).waitFor();
    await attempts.getByText(/^Attempt 1 · by schedule · .* · took \d/).waitFor();

    await drawer().getByRole("button", { name: "Request", exact: true }).click();
    await drawer().getByRole("region", { name: "Address" }).getByText(`POST ${target.url()}`).waitFor();
    await drawer()
      .getByRole("region", { name: "Headers" })
      .getByText(/webhook-signature: v1,/)
      .waitFor();
    await drawer().getByRole("region", { name: "Body" }).getByText("onerror=").waitFor();
    assert.match(await address(), /show=request/);
    await page.reload();
    await drawer().getByRole("region", { name: "Body" }).getByText("onerror=").waitFor();

    await drawer().getByRole("button", { name: "Event", exact: true }).click();
    await drawer().getByRole("region", { name: "Data" }).getByText("12345.678").waitFor();
    await page.keyboard.press("Escape");
    await drawer().waitFor({ state: "detached" });
    await until(() => page.evaluate((id) => document.activeElement?.dataset.id === id, id), {
      what: "the focus to be back at the row",
    });
    assert.equal(await address(), `#/deliveries?type=${type}`);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  });

  test("is retried once the receiver is mended, and the list hears of it", async () => {
    const { type, path } = await destination({ hang: true });
    const id = await sendOne({ type, data: {} });
    await settled(id, { status: "failed" });
    await page.visit(hash("/deliveries", { type }));
    await rowOf(type).getByText("failed").waitFor();
    await rowOf(type).getByRole("link").click();
    await drawer()
      .getByText(/^No answer within \d s$/)
      .waitFor();
    await drawer().getByText("No more attempts: failed for good").waitFor();
    target.answer(path, 204);
    await drawer().getByRole("button", { name: "Retry" }).click();
    await drawer().getByText("204 No Content").waitFor();
    await drawer()
      .getByText(/Attempt 2 · by hand/)
      .waitFor();
    await drawer()
      .getByRole("heading", { name: `delivered ${type}` })
      .waitFor();
    await page.keyboard.press("Escape");
    await rowOf(type).getByText("delivered").waitFor();
    assert.equal((await settled(id)).attemptCount, 2);
  });

  test("counts down to its next attempt, and shows it without being asked", async () => {
    const { type } = await destination([{ status: 503, body: "busy" }, 200], { profile: "soon" });
    const id = await sendOne({ type, data: {} });
    await attempted(id, 1);
    await page.visit(`/deliveries/${id}`);
    await drawer()
      .getByText(/^Attempt 2 of 2 in \d s$/)
      .waitFor();
    await drawer().getByText("Attempt 2 · by schedule").waitFor();
    await drawer()
      .getByText(/^Delivered in/)
      .waitFor();
  });

  test("says why it is held", async () => {
    const { type, id: subscription } = await destination(200);
    await expect(200, "POST", `/v1/subscriptions/${subscription}/pause`);
    const id = await sendOne({ type, data: {} });
    await page.visit(`/deliveries/${id}`);
    await drawer().getByText("Attempt 1 of 1 is held").waitFor();
    await drawer().getByText("It is paused.").waitFor();
    await expect(200, "POST", `/v1/subscriptions/${subscription}/resume`);
    await drawer().getByText("200 OK").waitFor();
  });

  test("is cancelled when somebody means it", async () => {
    const { type } = await destination(500, { profile: "slow" });
    const id = await sendOne({ type, data: {} });
    await attempted(id, 1);
    await page.visit(`/deliveries/${id}`);
    await drawer().getByRole("button", { name: "Cancel" }).click();
    const asked = page.getByRole("dialog", { name: "Cancel this delivery" });
    await asked.getByRole("button", { name: "Keep it as it is" }).click();
    await drawer()
      .getByRole("heading", { name: `pending ${type}` })
      .waitFor();
    await drawer().getByRole("button", { name: "Cancel" }).click();
    await asked.getByRole("button", { name: "Cancel delivery" }).click();
    await drawer()
      .getByRole("heading", { name: `cancelled ${type}` })
      .waitFor();
    assert.equal((await settled(id)).status, "cancelled");
  });

  test("as curl it reaches the receiver from a shell, and verifies", async () => {
    const { type, path, secret } = await destination(200, { headers: { "X-It's": '$(id) `id` "two"  spaces' } });
    const data = { text: 'it\'s $(touch hacked) `touch hacked` \\ "quoted" !! \n é 😀', more: "'; touch hacked; '" };
    const id = await sendOne({ type, data });
    await settled(id, { status: "delivered" });
    const [sent] = await target.received(path);
    await page.visit(`/deliveries/${id}`);
    await drawer().getByRole("button", { name: "Copy as curl" }).click();
    await drawer().getByText("Copied", { exact: true }).first().waitFor({ state: "attached" });
    const command = await page.evaluate(() => navigator.clipboard.readText());
    await promisify(execFile)("sh", ["-c", command], { cwd: signet.disk });
    const [, pasted] = await target.received(path, 2);
    assert.deepEqual(pasted.body, sent.body);
    assert.equal(pasted.headers["x-it's"], '$(id) `id` "two"  spaces');
    for (const name of ["content-type", "user-agent", "webhook-id"]) {
      assert.equal(pasted.headers[name], sent.headers[name], name);
    }
    assert.ok(!("accept" in pasted.headers), "curl adds nothing of its own");
    assert.deepEqual(new Webhook(secret).verify(pasted.text, pasted.headers).data, data);
  });

  test("leads to those beside it, and to the others of its event", async () => {
    const { type } = await destination(200);
    await subscribe({ url: target.url(uniquePath()), events: [type], name: "The other one" });
    const ids = [];
    for (let n = 0; n < 2; n++) ids.push(...(await send({ type, data: { n } })).deliveries.map((one) => one.id));
    const newestFirst = ids.sort().reverse();
    await page.visit(hash("/deliveries", { type }));
    await until(async () => (await shown()) === 4);
    await list().getByRole("link", { name: type }).first().click();
    await until(async () => (await address()).includes(newestFirst[0]));
    const newer = drawer().getByRole("button", { name: "Newer delivery (k)" });
    assert.ok(await newer.isDisabled());
    await page.keyboard.press("j");
    await until(async () => (await address()).includes(newestFirst[1]));
    await drawer().getByRole("button", { name: "Older delivery (j)" }).click();
    await until(async () => (await address()).includes(newestFirst[2]));
    await page.keyboard.press("k");
    await until(async () => (await address()).includes(newestFirst[1]));
    await drawer().getByRole("button", { name: "Event", exact: true }).click();
    const other = drawer().getByRole("listitem").filter({ hasNotText: "(this one)" }).getByRole("link");
    await other.click();
    await until(async () => !(await address()).includes(newestFirst[1]));
    await page.goBack();
    await until(async () => (await address()).includes(newestFirst[1]));
  });

  test("whose body is no longer kept says so", async () => {
    const { type } = await destination(200);
    const id = await sendOne({ type, data: {} });
    await settled(id);
    await page.route(`**/v1/deliveries/${id}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), payload: null } });
    });
    await page.visit(hash(`/deliveries/${id}`, { show: "request" }));
    await drawer().getByText("no longer kept").waitFor();
    assert.ok(await drawer().getByRole("button", { name: "Retry" }).isDisabled());
    assert.equal(await drawer().getByRole("button", { name: "Copy as curl" }).count(), 0);
    await page.unroute(`**/v1/deliveries/${id}`);
  });

  test("is only read by whoever may only read", async () => {
    const { type } = await destination(500);
    const id = await sendOne({ type, data: { secret: "none" } });
    await settled(id);
    const { key } = await expect(201, "POST", "/v1/api-keys", { label: "reader", scopes: ["deliveries:read"] });
    const reader = await visitor(signet);
    await reader.signIn(key, hash("/deliveries", { type }));
    await rowOf(type, reader).getByText("127.0.0.1").waitFor();
    assert.equal(await reader.getByRole("button", { name: "Retry all that match" }).count(), 0);
    await rowOf(type, reader).getByRole("link").click();
    await drawer(reader).getByRole("button", { name: "Request", exact: true }).click();
    await drawer(reader).getByRole("region", { name: "Body" }).getByText("none").waitFor();
    for (const name of ["Retry", "Copy as curl"]) {
      assert.equal(await drawer(reader).getByRole("button", { name }).count(), 0);
    }
  });
});

describe("the list", () => {
  test("is narrowed by what stands in its address, back and forward", async () => {
    const { id: subscription, type, path } = await destination(200, { name: "The warehouse" });
    const done = await sendOne({ type, data: {} });
    await settled(done, { status: "delivered" });
    target.answer(path, 500);
    const failed = await sendOne({ type, data: {}, id: `order-${type}` });
    await settled(failed, { status: "failed" });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await sendOne({ type, data: {}, deliverAt: later });

    await page.visit("/deliveries");
    await page.getByLabel("Event type").fill(type);
    await page.keyboard.press("Enter");
    await until(async () => (await shown()) === 3, { what: "three of the type" });
    assert.equal(await address(), `#/deliveries?type=${type}`);
    const steps = [
      ["Delivered", 1, "status=delivered"],
      ["Failed", 1, "status=failed"],
      ["Scheduled", 1, "scheduled=true"],
      ["Pending", 1, "status=pending"],
      ["All", 3, `type=${type}`],
    ];
    for (const [name, count, part] of steps) {
      await page.getByRole("group", { name: "Status" }).getByRole("button", { name }).click();
      await until(async () => (await shown()) === count, { what: `${count} of ${name}` });
      assert.ok((await address()).includes(part), `${await address()} has ${part}`);
    }
    await page.goBack();
    await page.goBack();
    await until(async () => (await address()).includes("scheduled=true"));
    await rowOf(type)
      .getByText(/^in 59 ?m/)
      .waitFor();
    await page.goForward();
    await page.goForward();
    await until(async () => (await shown()) === 3);

    await page.getByLabel("Destination").selectOption({ label: "The warehouse" });
    await until(async () => (await address()).includes(`subscription=${subscription}`));
    await page.getByLabel("Created").selectOption("Last hour");
    await until(async () => (await address()).includes("time=1h") && (await shown()) === 3);
    await page.getByLabel("Created").selectOption("From … to …");
    await page.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No delivery matches" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "No delivery matches" }).waitFor();
    await page.getByRole("search").getByRole("button", { name: "Clear filters" }).click();
    await until(async () => (await shown()) >= 3);
    assert.equal(await address(), "#/deliveries");

    const ids = page.getByLabel("Delivery or event id");
    await ids.fill(`order-${type}`);
    await page.keyboard.press("Enter");
    await until(async () => (await shown()) === 1, { what: "the one of the producer's id" });
    await page.evaluate((id) => navigator.clipboard.writeText(id), done);
    await ids.focus();
    await page.keyboard.press("Control+V");
    await drawer()
      .getByRole("heading", { name: `delivered ${type}` })
      .waitFor();
  });

  test("shows a source's deliveries by the source's name", async () => {
    const origin = target.url(uniquePath());
    const made = { name: "The bot", provider: "telegram", secrets: ["a_secret"], origin, mode: "queue" };
    const source = await expect(201, "POST", "/v1/sources", made);
    const headers = { "x-telegram-bot-api-secret-token": "a_secret" };
    await fetch(source.url, { method: "POST", body: '{"update":1}', headers });
    await page.visit(hash("/deliveries", { source: source.id }));
    await rowOf("telegram").getByText("The bot").waitFor();
    await rowOf("telegram").getByText("delivered").waitFor();
    assert.equal(await page.getByLabel("Destination").inputValue(), source.id);
    await rowOf("telegram").getByRole("link").click();
    await drawer().getByRole("button", { name: "Request", exact: true }).click();
    await drawer().getByRole("region", { name: "Body" }).getByText("update").waitFor();
  });

  test("keeps itself up to date, and the reader's place", async () => {
    const { type, path } = await destination(500, { profile: "slow" });
    const first = await sendOne({ type, data: {} });
    await page.visit(hash("/deliveries", { type }));
    await rowOf(type).getByText("pending").waitFor();
    const events = Array.from({ length: 60 }, (_, n) => ({ type, data: { n } }));
    await expect(202, "POST", "/v1/events/batch", events);
    await until(async () => (await list().getAttribute("aria-rowcount")) === "62", { what: "those that came in" });
    await attempted(first, 1);

    // What changes is changed in place, wherever one looks.
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const last = list().getByRole("row").last();
    await until(async () => (await last.getByText("1 / 2").count()) === 1, { what: "its attempt" });
    target.answer(path, 200);
    await expect(202, "POST", `/v1/deliveries/${first}/retry`);
    await last.getByText("delivered").waitFor();

    const place = await page.evaluate(() => scrollY);
    for (let n = 0; n < 3; n++) await sendOne({ type, data: { n } });
    const news = page.getByRole("button", { name: "3 new" });
    await news.waitFor();
    assert.equal(await page.evaluate(() => scrollY), place);
    assert.equal(await list().getAttribute("aria-rowcount"), "62");
    await news.click();
    await until(async () => (await list().getAttribute("aria-rowcount")) === "65");
    assert.equal(await page.evaluate(() => scrollY), 0);
  });

  test("is walked through by arrow keys, with one row to tab to", async () => {
    await page.visit("/operations");
    await page.visit("/deliveries");
    await list().waitFor();
    await page.keyboard.press("j");
    const at = () => page.evaluate(() => Number(document.activeElement.closest("[role=row]")?.ariaRowIndex));
    await until(async () => (await at()) === 2);
    for (let n = 0; n < 45; n++) await page.keyboard.press("ArrowDown");
    await until(async () => (await at()) === 47);
    assert.ok(await page.evaluate(() => scrollY > 0), "the focus stays in sight");
    assert.equal(await list().locator('a[tabindex="0"]').count(), 1);
    await page.keyboard.press("k");
    await until(async () => (await at()) === 46);
    // Far from where one looks, the row that has the focus keeps it.
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(100);
    assert.equal(await at(), 46);
  });
});

describe("many at once", () => {
  test("all that match are retried, with the progress in place and under operations", async () => {
    const { type, path, id: subscription } = await destination(500);
    const events = Array.from({ length: 30 }, (_, n) => ({ type, data: { n } }));
    const { results } = await expect(202, "POST", "/v1/events/batch", events);
    for (const { deliveries } of results) await settled(deliveries[0].id, { status: "failed" });
    target.answer(path, 200);
    await page.visit(hash("/deliveries", { status: "failed", subscription, type }));
    await until(async () => (await shown()) > 20);
    await page.getByRole("button", { name: "Retry all that match" }).click();
    const asked = page.getByRole("dialog", { name: "Retry failed deliveries" });
    await asked.getByText("About 30 failed deliveries match.").waitFor();
    await asked.getByText(type).waitFor();
    await asked.getByRole("button", { name: "Retry them" }).click();
    const progress = page.getByRole("region", { name: "Operation" });
    await progress.getByText("30 of 30").waitFor();
    assert.match(await address(), /operation=op_/);
    await until(async () => (await list().getByText("delivered").count()) > 20, { what: "the rows to be delivered" });
    await progress.getByRole("link", { name: "Details" }).click();
    await drawer().getByText("30 of 30").waitFor();
    await page.keyboard.press("Escape");
    const row = page.getByRole("row").filter({ hasText: "30 of 30" });
    await row.getByText("done").waitFor();
    await row.getByRole("progressbar", { name: "Progress of retry" }).waitFor();
    await page.goBack();
    await page.goBack();
    await progress.getByRole("button", { name: "Dismiss" }).click();
    await progress.waitFor({ state: "detached" });
  });

  test("all that match are cancelled", async () => {
    const { type } = await destination(500, { profile: "slow" });
    const { results } = await expect(
      202,
      "POST",
      "/v1/events/batch",
      [1, 2, 3].map((data) => ({ type, data })),
    );
    for (const { deliveries } of results) await attempted(deliveries[0].id, 1);
    await page.visit(hash("/deliveries", { type }));
    await page.getByRole("button", { name: "Cancel all that match" }).click();
    await page.getByText("About 3 pending deliveries match.").waitFor();
    await page.getByRole("button", { name: "Cancel them" }).click();
    await page.getByRole("region", { name: "Operation" }).getByText("3 of 3").waitFor();
    await until(async () => (await list().getByText("cancelled").count()) === 3);
  });

  test("nothing is offered that the API would refuse", async () => {
    for (const [query, retry, cancel] of [
      [{ status: "delivered" }, false, false],
      [{ scheduled: "true" }, false, false],
      [{ status: "failed" }, true, false],
      [{ status: "pending" }, true, true],
    ]) {
      await page.visit(hash("/deliveries", query));
      const enabled = (name) => page.getByRole("button", { name }).isEnabled();
      await until(async () => (await enabled("Retry all that match")) === retry);
      assert.equal(await enabled("Cancel all that match"), cancel, JSON.stringify(query));
    }
  });

  test("a subscription is recovered", async () => {
    const { type, path, id: subscription } = await destination(500, { name: "To be mended" });
    const id = await sendOne({ type, data: {} });
    await settled(id, { status: "failed" });
    target.answer(path, 200);
    await page.visit(hash("/deliveries", { subscription }));
    await page.getByRole("button", { name: "Recover…" }).click();
    const asked = page.getByRole("dialog", { name: "Recover a subscription" });
    await asked.getByText("To be mended").waitFor();
    await asked.getByRole("button", { name: "Last hour" }).click();
    await asked.getByRole("button", { name: "Recover", exact: true }).click();
    await page.getByRole("region", { name: "Operation" }).getByText("1 of 1").waitFor();
    await rowOf(type).getByText("delivered").waitFor();
    await page.visit("/operations");
    await page.getByRole("row").filter({ hasText: "To be mended" }).getByText("Recover").waitFor();
  });
});

describe("for everybody", () => {
  for (const [name, how] of [
    ["light", {}],
    ["dark", { dark: true }],
    ["narrow", { width: 360, height: 740 }],
  ]) {
    test(name, async () => {
      const { deliveries } = await expect(200, "GET", "/v1/deliveries?status=failed&limit=1").then(
        async ({ data }) => ({
          deliveries: data,
        }),
      );
      const other = await visitor(signet, how);
      await other.signIn(undefined, "/deliveries");
      await list(other).waitFor();
      const wide = () =>
        other.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.deepEqual(await other.axe(), []);
      assert.ok((await wide()) <= 0, "nothing is wider than the window");
      if (how.width) {
        await other.setViewportSize({ width: 900, height: 740 });
        assert.ok((await wide()) <= 0, "nor than one that is neither wide nor narrow");
        await other.setViewportSize(how);
      }
      for (const show of ["", "request", "event"]) {
        await other.visit(hash(`/deliveries/${deliveries[0].id}`, { show }));
        await drawer(other).getByRole("button", { name: "Retry" }).waitFor();
        assert.deepEqual(await other.axe(), [], show);
      }
      await other.visit(hash("/deliveries", { status: "failed", since: "2026-01-01T00:00:00.000Z" }));
      await other.getByRole("button", { name: "Retry all that match" }).click();
      await drawer(other).getByText("About").waitFor();
      assert.deepEqual(await other.axe(), []);
      await other.visit("/operations");
      await other.getByRole("row").nth(1).waitFor();
      assert.deepEqual(await other.axe(), []);
      assert.ok((await wide()) <= 0, "nothing is wider than the window");
      await other.getByRole("row").nth(1).getByRole("link").first().click();
      await drawer(other).getByText("Completed").waitFor();
      assert.deepEqual(await other.axe(), []);
    });
  }
});
