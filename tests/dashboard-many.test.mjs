// A hundred thousand deliveries: the list is as quick as with ten, and nobody reads all of them for it. What a page takes is
// printed; times decide nothing.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asked, bulkOf } from "../www/pages/deliveries/filters.js";
import { assertBounded, bigLogs } from "./support/big-log.mjs";
import { visitor } from "./support/browser.mjs";
import { usual } from "./support/log-rows.mjs";
import { stage } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const COUNT = 100_000;
const HOUR = 3_600_000;
/** One call goes through so many rows and no more. */
const LOOKED = 45_000;

/** Some are called off, and some wait: tried once, where `waits` says so, or for their first attempt. */
const some = (waits) => (n) => {
  const later = { stage: 1, took: 0, test: 0, nextAt: Date.now() + 10 * HOUR };
  if (waits(n)) return { ...later, kind: "waits", count: 1 };
  if (n % 500 === 300) return { ...later, kind: "held", count: 0 };
  if (n % 1_000 === 600) return { stage: 6, kind: "common", count: 0, took: 5, test: 0 };
  return usual(n);
};

const on = await stage();
/** So many wait that calling them off can be seen. */
const what = some((n) => [1, 3, 4].includes(n % 5));
const [log] = await bigLogs(on, [COUNT], { what, subscription: { name: "The long one" } });
const page = await visitor(on.signet, { still: false });
/** The same without pages, whose statements are seen. */
const bare = await stage({ bare: true, watched: true });
const [watched] = await bigLogs(bare, [COUNT], { what: some((n) => n % 500 === 250) });

describe("in the browser", () => {
  const list = page.getByRole("table", { name: "Deliveries" });
  const count = () => list.getAttribute("aria-rowcount");
  /** When the first rows were drawn, in ms since the page was opened, and since the list was. */
  const drawn = async () => {
    await list.waitFor();
    const mark = () => page.evaluate(() => performance.getEntriesByName("deliveries:drawn")[0]?.startTime);
    const whole = await until(mark);
    const opened = await page.evaluate(() => performance.getEntriesByName("deliveries:opened")[0].startTime);
    return { whole, list: whole - opened };
  };

  test("the first rows are there at once", async (t) => {
    await page.signIn(undefined, "/deliveries");
    await list.waitFor();
    for (const what of ["at first", "again", "and again"]) {
      await page.reload();
      const { whole, list } = await drawn();
      t.diagnostic(`rows drawn ${what}: ${Math.round(whole)} ms after opening, ${Math.round(list)} ms after the list`);
      assert.ok(whole < 20_000);
    }
  });

  test("thousands of rows are scrolled through with some dozens in the page", async (t) => {
    const seen = await page.evaluate(async () => {
      const frame = () => new Promise(requestAnimationFrame);
      const frames = [];
      let most = 0;
      let last = await frame();
      const end = performance.now() + 60_000;
      while (scrollY < 4_000 * 40 && performance.now() < end) {
        scrollBy(0, 1_500);
        const now = await frame();
        frames.push(now - last);
        last = now;
        most = Math.max(most, document.querySelectorAll('[role="row"]').length);
      }
      frames.sort((a, b) => a - b);
      const at = (share) => Math.round(frames[Math.floor(frames.length * share)]);
      return { most, half: at(0.5), most95: at(0.95), longest: at(0.999), scrolled: scrollY / 40 };
    });
    t.diagnostic(
      `${Math.round(seen.scrolled)} rows scrolled through; frames: half within ${seen.half} ms, 95 in 100 within ${seen.most95} ms, the longest ${seen.longest} ms; at most ${seen.most} rows in the page`,
    );
    assert.ok(seen.most < 100, `${seen.most} rows`);
    assert.ok(seen.scrolled >= 4_000, `${seen.scrolled} rows`);
    assert.equal(await count(), "-1", "how many there are is not known yet");
    const rows = list.getByRole("row").filter({ hasText: "The long one" });
    await until(async () => (await rows.count()) > 10, { what: "rows where one has come to" });
    const place = await page.evaluate(() => scrollY);
    await on.sendOne({ type: log.type, data: {} });
    await page.getByRole("button", { name: "1 new" }).click();
    await until(() => page.evaluate(() => scrollY === 0));
    await list.getByRole("row").nth(1).getByText(log.type).waitFor();
    assert.ok(place > 40_000);
  });

  test("what is rare is found, though most pages of the list are empty", async (t) => {
    const begun = performance.now();
    await page.visit("/deliveries?type=rare");
    await until(async () => (await count()) === "11", { timeout: 30_000, what: "all ten of them, and the head" });
    t.diagnostic(`ten of ${COUNT} found to the end in ${Math.round(performance.now() - begun)} ms`);
    await page.visit("/deliveries?type=absent");
    await page.getByRole("heading", { name: "No delivery matches" }).waitFor();
  });

  test("what is done to thousands is watched, and stopped", async () => {
    await page.visit(`/deliveries?subscription=${log.id}`);
    await page.getByRole("button", { name: "Cancel all that match" }).click();
    await page.getByText(/About 60,200 pending deliveries match/).waitFor();
    await page.getByRole("button", { name: "Cancel them" }).click();
    const progress = page.getByRole("region", { name: "Operation" });
    await progress.getByRole("button", { name: "Stop" }).click();
    await page
      .getByRole("dialog", { name: "Stop this operation" })
      .getByRole("button", { name: "Stop operation" })
      .click();
    await progress.getByText("stopped").waitFor();
    const said = await progress.textContent();
    const [done, matched] = /([\d,]+) of ([\d,]+)/
      .exec(said)
      .slice(1)
      .map((text) => Number(text.replaceAll(",", "")));
    assert.ok(done < matched && matched > 60_000, said);
    await page.visit("/operations");
    await page.getByRole("row").filter({ hasText: "stopped" }).getByText("Cancel").waitFor();
  });
});

describe("what the page asks for", () => {
  const { signet, expect } = bare;
  const log = watched;
  const now = Date.now();
  const at = (row) => new Date(row.time).toISOString();

  /** The list's calls: a first page, an older one, what is new, and those in view again. */
  async function looks(filters) {
    const query = asked(filters, now);
    const page = (more) => expect(200, "GET", `/v1/deliveries?${new URLSearchParams({ ...query, ...more })}`);
    const first = await page({ limit: 50 });
    if (first.nextCursor) await page({ limit: 250, cursor: first.nextCursor });
    const [newest, oldest] = [log.rows.at(-1), log.rows.at(-40)];
    const since = query.since && query.since > at(newest) ? query.since : at(newest);
    await page({ limit: 250, since });
    await page({ limit: 250, since: at(oldest), until: at(newest) });
  }

  const event = log.rows[COUNT / 2].id.replace("del_", "evt_");
  for (const filters of [
    {},
    { status: "pending" },
    { status: "delivered" },
    { status: "failed" },
    { status: "cancelled" },
    { scheduled: "true" },
    { type: "rare" },
    { type: "waits", status: "pending" },
    { type: "absent" },
    { event },
    { subscription: log.id },
    { subscription: log.id, status: "failed", type: "common" },
    { time: "1h" },
    { time: "24h", status: "failed" },
    { time: "7d", type: "rare" },
    { since: at(log.rows[50_000]), until: at(log.rows[60_000]), status: "failed" },
  ]) {
    test(JSON.stringify(filters), async () => {
      await signet.statements();
      await looks(filters);
      await assertBounded(signet, LOOKED, JSON.stringify(filters));
    });
  }

  test("counting what would be retried", async () => {
    const { status, subscription, ...window } = bulkOf("retry", { subscription: log.id, time: "24h" }, now);
    await signet.statements();
    const stats = `/v1/subscriptions/${subscription}/stats?${new URLSearchParams(window)}`;
    const { counts } = await expect(200, "GET", stats);
    assert.equal(counts[status], COUNT / 50);
    const all = await expect(200, "GET", `/v1/stats?${new URLSearchParams({ since: "2000-01-01T00:00:00.000Z" })}`);
    assert.equal(all.counts.failed, COUNT / 50);
    await assertBounded(signet, LOOKED, "stats");
  });
});
