// npm run screenshots: every page of the dashboard, and its drawers and dialogs, in light, dark and narrow, into
// build/screenshots/. `-- --readme` takes the README's into docs/images/ instead. A Signet of its own, on a fresh disk,
// with a day behind it.
import { mkdirSync, rmSync, statSync } from "node:fs";
import { receiver } from "../tests/support/receiver.mjs";
import { OPERATOR_KEY, startSignet } from "../tests/support/signet.mjs";
import { calls } from "../tests/support/stage.mjs";
import { setupChromium } from "./chromium.mjs";
import { at, main, step } from "./project.mjs";
import { album, README } from "./screenshots/album.mjs";
import { openCamera } from "./screenshots/camera.mjs";
import { live } from "./screenshots/live.mjs";
import { build } from "./screenshots/world.mjs";

const OUT = at("build/screenshots");
const IMAGES = at("docs/images");
/** Quick enough that one destination is seen to be spared. */
const vars = {
  OPERATOR_KEY,
  ENCRYPTION_KEY: "local-encryption-key",
  ALLOW_PRIVATE_DESTINATIONS: "true",
  CIRCUIT_BREAKER_SECONDS: "20",
  LOG: "none",
};
const VIEWS = [
  ["light", { width: 1280, height: 860 }],
  ["dark", { width: 1280, height: 860, dark: true }],
  ["narrow", { width: 375, height: 812 }],
];

/** A picture of the README is as sharp as it can be in so many bytes. */
const LIMIT = 250_000;
const SCALES = [2, 1.75, 1.5, 1.25, 1];

main(async () => {
  const isForReadme = process.argv.includes("--readme");
  await setupChromium();
  const target = await receiver();
  const signet = await startSignet({ vars });
  const on = { signet, target, ...calls(signet) };
  try {
    const world = await step("making a world with a day behind it", () => build(on));
    await step("letting it live for a while", () => live(on, world));
    const camera = await openCamera(signet, target);
    try {
      if (isForReadme) await step("taking the README's pictures", () => takeReadme(camera, world));
      else await step("taking pictures (3 to 5 minutes)", () => take(camera, world));
    } finally {
      await camera.close();
    }
  } finally {
    await signet.stop();
    await target.stop();
  }
});

async function take(camera, world) {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const [name, view] of VIEWS) {
    const sitting = await camera.sit(view);
    for (const picture of album(world)) await sitting.take(picture, `${OUT}/${picture.name}-${name}.png`);
    await sitting.end();
  }
  console.log(`signet: ${VIEWS.length * album(world).length} pictures are in ${OUT}`);
}

async function takeReadme(camera, world) {
  mkdirSync(IMAGES, { recursive: true });
  for (const name of README) {
    const picture = album(world).find((one) => one.name === name);
    const file = `${IMAGES}/${name}.png`;
    for (const scale of SCALES) {
      const sitting = await camera.sit({ width: 1440, height: 900, scale });
      await sitting.take(picture, file);
      await sitting.end();
      if (statSync(file).size <= LIMIT) break;
    }
    console.log(`signet: ${file} has ${statSync(file).size} bytes`);
  }
}
