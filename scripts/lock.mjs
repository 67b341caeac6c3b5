// Files that say which process has something to itself; what a process leaves behind when killed counts for nothing.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { at } from "./project.mjs";

/** Takes `file` for this process until it ends; tells the process that has it if there is one, and else null. */
export function claim(file) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      process.once("exit", () => release(file));
      return null;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = read(file);
    if (alive(holder)) return holder;
    rmSync(file, { force: true });
  }
}

function release(file) {
  if (read(file) === process.pid) rmSync(file, { force: true });
}

let depth = 0;

/** One set-up or build at a time in a checkout: two `npm start` at once must not install over each other. */
export async function withLock(work) {
  const file = at(".tools/lock");
  if (depth === 0) {
    let told = false;
    for (let holder = claim(file); holder !== null; holder = claim(file)) {
      if (!told) console.log(`signet: waiting for process ${holder}, which is setting up or building this checkout …`);
      told = true;
      await sleep(200);
    }
  }
  depth += 1;
  try {
    return await work();
  } finally {
    depth -= 1;
    if (depth === 0) release(file);
  }
}

function read(file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return Number.NaN;
  }
}

function alive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
