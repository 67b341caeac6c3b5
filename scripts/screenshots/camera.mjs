// A browser that takes pictures of the dashboard. The receiver's address is shown as the hosts that its paths begin with.
import { chromium as playwright } from "playwright-core";
import { OPERATOR_KEY } from "../../tests/support/signet.mjs";
import { chromium } from "../chromium.mjs";

const ARGS = ["--no-sandbox", "--disable-dev-shm-usage"];
/** For what is read after the page is there: figures, lists. */
const SETTLED_MS = 700;

export async function openCamera(signet, target) {
  const browser = await playwright.launch({ executablePath: chromium(), args: ARGS });
  return { sit: (view) => sit(browser, signet, target, view), close: () => browser.close() };
}

async function sit(browser, signet, target, { width, height, dark = false, scale = 1 }) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  await context.route(/\/v1\//, (route) => hosted(route, target));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const visit = async ({ where, key = OPERATOR_KEY }) => {
    // A page of its own each time: nothing of the one before stays open.
    await page.goto("about:blank");
    await page.goto(`${signet.url}/#${where}`);
    if (key === null) return;
    const field = page.getByLabel("Key or portal link");
    await field.or(page.locator("main")).first().waitFor();
    if (await field.isVisible()) {
      await field.fill(key);
      await page.keyboard.press("Enter");
    }
    await page.getByRole("heading").first().waitFor();
    await page.waitForLoadState("networkidle");
  };
  return {
    take: async (picture, file) => {
      await visit(picture);
      await picture.act?.(page);
      await page.waitForTimeout(SETTLED_MS);
      await page.screenshot({ path: file, animations: "disabled" });
    },
    end: async () => {
      // What a page was just asking for is of no use to anybody any more.
      await context.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    },
  };
}

/** An answer in which `http://127.0.0.1:4000/crm.example/hook` is `https://crm.example/hook`. */
async function hosted(route, target) {
  const answer = await route.fetch();
  const body = (await answer.text()).replaceAll(target.url("/"), "https://");
  await route.fulfill({ response: answer, body });
}
