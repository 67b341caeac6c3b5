// The browser that the tests open the dashboard in: one that is there already, or Debian's.
import { existsSync } from "node:fs";
import { ask, exec, step, Trouble } from "./project.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** Where the browser is; `CHROMIUM` names another one. */
export function chromium() {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const found = NAMES.map((name) => ask("sh", ["-c", `command -v ${name}`], process.env)).find(Boolean);
  return found ?? (existsSync(ON_A_MAC) ? ON_A_MAC : null);
}

export async function setupChromium() {
  if (chromium()) return;
  if (existsSync("/usr/bin/apt-get") && process.getuid() === 0) {
    const install = "apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null";
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await step("installing Chromium for the tests (120 MB, 1 to 2 minutes, once)", () =>
      exec("sh", ["-c", install], { env }),
    );
  }
  if (chromium()) return;
  throw new Trouble(
    "the tests need Chromium or Chrome: install it (on Debian `apt-get install chromium`), or name it by CHROMIUM=/path/to/it",
  );
}
