// npm run bench -- --profile: V8's sampling profiler, driven over workerd's inspector, watches a contender under
// load. It names the runtime's own functions too (`exec`, `fetch`, `Headers`), which is where the time goes; V8's
// log (`--prof`) would put all of them down to "workerd". Compare shares, not rates: sampling costs a third.
import { writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { openArena } from "./arena.mjs";

const SAMPLE_MICROSECONDS = 200;
const WARM_UP_SECONDS = 3;
const TOP = 40;

/** A debugger's connection: `call(method, params)` answers its result. */
async function connect(port) {
  const [{ webSocketDebuggerUrl }] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    const settle = waiting.get(id);
    waiting.delete(id);
    if (error) settle?.reject(new Error(error.message));
    else settle?.resolve(result);
  };
  let last = 0;
  const call = (method, params = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return { call, close: () => socket.close() };
}

/** A function's name and file. Rust's names lose their hashes; a bundle is one long line, so lines say nothing there. */
function label({ functionName, url, lineNumber, columnNumber }) {
  const name = functionName.replace(/::h[0-9a-f]{16}/g, "").replace(/\[[0-9a-f]{10,16}\]/g, "") || "(anonymous)";
  if (!url || url.includes("wasm")) return name;
  return `${name}  ${path.basename(url)}:${lineNumber + 1}:${columnNumber + 1}`;
}

/** Where a frame's own time goes: our wasm, our JavaScript, a function of the runtime's own, or V8 itself. */
function kind({ functionName, url }) {
  if (url) return url.includes("wasm") ? "wasm" : "JavaScript";
  return /^\((?!anonymous)/.test(functionName) ? functionName : "the runtime's functions";
}

/** Seconds by kind and by function: `self` (a function of the runtime's is told apart by its caller) and `total`. */
function sumUp({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) byId.get(child).parent = node;
  const kinds = new Map();
  const self = new Map();
  const total = new Map();
  const add = (map, key, time) => map.set(key, (map.get(key) ?? 0) + time / 1e6);
  samples.forEach((id, index) => {
    const node = byId.get(id);
    const time = timeDeltas[index];
    add(kinds, kind(node.callFrame), time);
    const native = !node.callFrame.url && node.parent?.callFrame.functionName !== "(root)";
    add(self, native ? `${label(node.callFrame)}  <- ${label(node.parent.callFrame)}` : label(node.callFrame), time);
    const stack = new Set();
    for (let frame = node; frame.parent; frame = frame.parent) stack.add(label(frame.callFrame));
    for (const name of stack) add(total, name, time);
  });
  return { kinds, self, total };
}

function print(title, times, busy, events) {
  console.log(`\n${title}\n  share  µs/event`);
  const rows = [...times].filter(([name]) => name !== "(idle)").sort((a, b) => b[1] - a[1]);
  for (const [name, time] of rows.slice(0, TOP)) {
    const share = `${((100 * time) / busy).toFixed(1)} %`.padStart(7);
    console.log(`${share}${((time / events) * 1e6).toFixed(1).padStart(10)}  ${name.slice(0, 110)}`);
  }
}

export async function profile(contender, { seconds, ...setting }) {
  const arena = await openArena([contender], { ...setting, inspect: true });
  try {
    await arena.round(contender, WARM_UP_SECONDS);
    const { call, close } = await connect(arena.inspector(contender));
    await call("Profiler.enable");
    await call("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
    await call("Profiler.start");
    const figures = await arena.round(contender, seconds);
    const { profile } = await call("Profiler.stop");
    close();

    const { kinds, self, total } = sumUp(profile);
    const all = [...self.values()].reduce((sum, time) => sum + time, 0);
    const busy = all - (self.get("(idle)") ?? 0);
    const file = path.join(os.tmpdir(), `${contender.name.toLowerCase()}.cpuprofile`);
    await writeFile(file, JSON.stringify(profile));
    console.log(
      `${contender.name}, profiled: ${figures.delivered.toFixed(0)} delivered/s, JavaScript and wasm busy ${((100 * busy) / all).toFixed(0)} % of the time`,
    );
    print("By kind", kinds, busy, figures.events);
    print("Own time", self, busy, figures.events);
    print("With all it called", total, busy, figures.events);
    console.log(`\nWhole profile, for Chrome's DevTools or speedscope: ${file}`);
  } finally {
    await arena.close();
  }
}
