// Runs another script of ours on our own node, with everything set up and built: `node scripts/run.mjs FILE …`.
import { build } from "./build.mjs";
import { buildPages } from "./pages.mjs";
import { bin, exec, main } from "./project.mjs";
import { setupNode } from "./setup.mjs";

main(async () => {
  await setupNode();
  await build();
  await buildPages();
  process.exitCode = (await exec(bin("node"), process.argv.slice(2))).code;
});
