// Builds the dashboard, www/, into build/www, unless that is of these very sources already.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { withLock } from "./lock.mjs";
import { at, bin, isMain, main, run, step } from "./project.mjs";
import { setupNode } from "./setup.mjs";

const OUT = at("build/www");
const STAMP = at("build/.www-stamp");
/** Of script and style together: what somebody on a slow line waits for. */
const GZIP_LIMIT = 120 * 1024;

export async function buildPages() {
  if (fresh()) return;
  await setupNode();
  await withLock(async () => {
    if (fresh()) return;
    const sources = digest();
    const began = Date.now();
    await step("building the dashboard (some seconds)", () =>
      run(bin("node"), [at("node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn", at("www")]),
    );
    // What the build before left goes only now: a server that runs meanwhile always has a page to show.
    for (const file of filesIn(OUT)) if (statSync(file).mtimeMs < began) rmSync(file);
    writeFileSync(STAMP, sources);
    const kib = pagesSize() / 1024;
    console.log(`signet: the dashboard's script and style are ${kib.toFixed(1)} KiB gzipped`);
    if (kib * 1024 > GZIP_LIMIT) console.log(`signet: warning: that is more than ${GZIP_LIMIT / 1024} KiB`);
  });
}

/** How large script and style are together, gzipped, in bytes. */
export function pagesSize() {
  const files = filesIn(OUT).filter((file) => /\.(?:js|css)$/.test(file));
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
}

function fresh() {
  return existsSync(path.join(OUT, "index.html")) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest();
}

function digest() {
  const hash = createHash("sha256").update(readFileSync(at("package-lock.json")));
  for (const file of filesIn(at("www")).sort())
    hash.update(`\0${path.relative(at(), file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

if (isMain(import.meta.url)) main(buildPages);
