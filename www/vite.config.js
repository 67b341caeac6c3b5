// Builds the dashboard into build/www, which the Worker serves. Nothing of it is inline: the pages' Content-Security-Policy
// allows none, in scripts or styles.
import { readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;

/** The API's document lies beside the pages as it is. */
const openapi = {
  name: "openapi",
  generateBundle() {
    const source = readFileSync(path.join(here, "openapi.json"));
    this.emitFile({ type: "asset", fileName: "openapi.json", source });
  },
};

export default defineConfig({
  root: here,
  publicDir: false,
  plugins: [openapi],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: path.join(here, "../build/www"),
    // scripts/pages.mjs removes what the build before left, once this one is there.
    emptyOutDir: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    // A data: URL is no file of ours to the policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
