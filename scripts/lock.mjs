// One set-up or build at a time in a checkout: two `npm start` at once must not install over each other.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { at } from "./project.mjs";

const file = at(".tools/lock");
let depth = 0;

export async function withLock(work) {
  if (depth === 0) await acquire();
  depth += 1;
  try {
    return await work();
  } finally {
    depth -= 1;
    if (depth === 0) rmSync(file, { force: true });
  }
}

async function acquire() {
  mkdirSync(at(".tools"), { recursive: true });
  for (let told = false; ; await sleep(200)) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = read();
    if (holder && !alive(holder)) {
      rmSync(file, { force: true });
    } else if (!told) {
      console.log(`signet: waiting for process ${holder ?? "?"}, which is setting up or building this checkout …`);
      told = true;
    }
  }
}

function read() {
  try {
    return Number(readFileSync(file, "utf8")) || null;
  } catch {
    return null;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
