// The dashboard's style sheets are one: what a page says of its own must not reach another page. And all of it stays small.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pagesSize } from "../scripts/pages.mjs";
import { ROOT } from "./support/signet.mjs";

const PAGES = path.join(ROOT, "www/pages");

/** Each page's folder (or file) with the selectors of its style sheets. */
function rooms() {
  const found = new Map();
  for (const file of readdirSync(PAGES, { recursive: true }).filter((name) => name.endsWith(".css"))) {
    const [room] = file.split(path.sep);
    const text = readFileSync(path.join(PAGES, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const selectors = [...text.matchAll(/([^{};]+)\{/g)].map(([, selector]) => selector.trim());
    const styled = selectors.filter((selector) => !/^(?:@|from|to|\d)/.test(selector));
    found.set(room, [...(found.get(room) ?? []), ...styled]);
  }
  return found;
}

/** The selectors of a list, of which a comma in brackets ends none. */
const each = (selector) => selector.split(/,(?![^(]*\))/).map((one) => one.trim());

test("what a page styles begins with a name of its own, and no two pages share one", () => {
  const owners = new Map();
  for (const [room, selectors] of rooms()) {
    const names = new Set(selectors.flatMap(each).map((one) => /\.([a-z]+)/.exec(one)?.[1] ?? one));
    assert.equal(names.size, 1, `${room} styles ${[...names].join(", ")}`);
    const [name] = names;
    assert.equal(owners.get(name), undefined, `${room} and ${owners.get(name)} both style .${name}-…`);
    owners.set(name, room);
  }
  assert.ok(owners.size >= 7, "there are style sheets");
});

test("script and style are at most 120 KB gzipped", () => {
  const size = pagesSize();
  assert.ok(size > 10_000 && size <= 120_000, `${size} bytes`);
});
