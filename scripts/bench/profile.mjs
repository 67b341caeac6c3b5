// npm run bench -- --profile: workerd writes V8's own sampling log while a contender is under load, and
// `node --prof-process` sums it up.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { openArena } from "./arena.mjs";

const TOP = 25;

export async function profile(contender, { seconds, ...setting }) {
  const folder = await mkdtemp(path.join(tmpdir(), "signet-profile-"));
  const log = path.join(folder, "v8.log");
  const v8Flags = ["--prof", `--logfile=${log}`, "--no-logfile-per-isolate"];
  try {
    const arena = await openArena([contender], { ...setting, v8Flags });
    const figures = await arena.round(contender, seconds).finally(arena.close);
    console.log(`${contender.name} under V8's profiler: ${figures.delivered.toFixed(0)} delivered/s\n`);
    const { stdout } = await promisify(execFile)(process.execPath, ["--prof-process", log], { maxBuffer: 1 << 28 });
    console.log(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
