// A real browser that opens the dashboard of a test's gateway. Whatever a page asks of another host, whatever its policy
// forbids and whatever it throws fails the test that opened it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium as playwright } from "playwright-core";
import { chromium } from "../../scripts/chromium.mjs";
import { OPERATOR_KEY } from "./signet.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Debian's Chromium has no sandbox for root; /dev/shm is small in containers. */
const ARGS = ["--no-sandbox", "--disable-dev-shm-usage"];

let launched;
// Here, not where it is launched: that is in the middle of a test, and would be its end.
after(async () => (await launched)?.close());

/** One browser for the whole test file. */
function browser() {
  launched ??= playwright.launch({ executablePath: chromium(), args: ARGS });
  return launched;
}

/**
 * A visitor of a gateway: a browser profile of its own, with one page.
 *
 * @param {{url: string}} signet
 * @param {{dark?: boolean, width?: number, height?: number, still?: boolean}} [options] `still`: without motion, as somebody asked for
 *   by the system
 * @returns the page of playwright, with more: `visit(hash)`, `signIn(key)`, `axe()`, `faults`, `allow(pattern)`
 */
export async function visitor(signet, { dark = false, width = 1280, height = 900, still = true } = {}) {
  const context = await (await browser()).newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: still ? "reduce" : "no-preference",
    permissions: ["clipboard-read", "clipboard-write"],
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  const allowed = [];
  const fault = (text) => allowed.some((pattern) => pattern.test(text)) || faults.push(text);
  page.on("pageerror", (error) => fault(`threw ${error.stack ?? error}`));
  page.on("console", (message) => {
    // The browser notes every answer that is none of success; what a page makes of it is for its test to see.
    // A feature that the policy names may be unknown to this browser.
    const isAnswer = /Failed to load resource|net::ERR_|Permissions-Policy.*Unrecognized/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isAnswer) fault(`${message.type()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== signet.url) fault(`asks for ${request.url()}`);
  });
  after(async () => {
    await context.close();
    assert.deepEqual(faults, [], "the page asked nobody else, threw nothing, and did nothing that its policy forbids");
  });

  /** Opens a page by what stands behind the `#`, as a link would. */
  page.visit = async (hash = "/") => {
    const to = `${signet.url}/#${hash}`;
    await page.goto(to);
  };
  /** Signs in through the form. */
  page.signIn = async (key = OPERATOR_KEY, hash = "/") => {
    await page.visit(hash);
    await page.getByLabel("Key or portal link").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
  };
  /** What axe-core finds serious or critical, as `rule: element` lines. */
  page.axe = async () => {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return violations
      .filter(({ impact }) => ["serious", "critical"].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  };
  page.faults = faults;
  /** Faults that a test means to cause. */
  page.allow = (pattern) => allowed.push(pattern);
  return page;
}
