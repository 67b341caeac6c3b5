// Serves the worker on this machine. What follows `npm start --` goes to `wrangler dev`.
import { spawn } from "node:child_process";
import net from "node:net";
import path from "node:path";
import { build } from "./build.mjs";
import { claim } from "./lock.mjs";
import { buildPages } from "./pages.mjs";
import { at, bin, main, root, SIGNALS, Trouble, toolEnv } from "./project.mjs";
import { setupNode } from "./setup.mjs";

const GRACE_MS = 5000;

main(async () => {
  const given = process.argv.slice(2);
  const port = Number(option(given, "--port") ?? 8787);
  const host = option(given, "--ip") ?? "127.0.0.1";
  const parent = process.ppid;
  await setupNode();
  await build();
  await buildPages();
  await ensureFree(port, host);
  ensureOwnState(option(given, "--persist-to") ?? ".wrangler/state");

  // A process group of its own, so that whatever wrangler starts can be ended with it.
  const args = [at("node_modules/wrangler/bin/wrangler.js"), "dev", ...given];
  if (!option(given, "--port")) args.push("--port", String(port));
  if (!option(given, "--ip")) args.push("--ip", host);
  // Any free port: two servers started at the same moment would both pick wrangler's default.
  if (!option(given, "--inspector-port")) args.push("--inspector-port", "0");
  const wrangler = spawn(bin("node"), args, {
    cwd: root,
    env: toolEnv(),
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  // Even if this process is killed outright: then its end of the pipe closes, and the guard ends the group.
  const guard = spawn("sh", ["-c", "cat >/dev/null; kill -KILL -$1 2>/dev/null", "guard", String(wrangler.pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });

  let stopping = false;
  const stop = (signal) => {
    if (stopping) return;
    stopping = true;
    tell(wrangler.pid, signal);
    setTimeout(() => tell(wrangler.pid, "SIGKILL"), GRACE_MS).unref();
  };
  for (const signal of SIGNALS) process.on(signal, () => stop(signal));
  // npm killed outright tells nobody: notice that it is gone.
  if (process.env.npm_lifecycle_event) {
    setInterval(() => process.ppid === parent || stop("SIGTERM"), 1000).unref();
  }
  wrangler.on("exit", (code) => {
    process.exitCode = stopping ? 0 : (code ?? 1);
    guard.stdin.end();
  });
  await new Promise((resolve) => guard.on("exit", resolve));
});

/** The value of `--name value` or `--name=value`. */
function option(args, name) {
  const index = args.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (index < 0) return undefined;
  return args[index].includes("=") ? args[index].slice(name.length + 1) : args[index + 1];
}

function tell(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // Gone already.
  }
}

/** Two servers on the same files would each run every object, and deliver everything twice. */
function ensureOwnState(folder) {
  const holder = claim(path.resolve(root, folder, "signet.pid"));
  if (holder === null) return;
  throw new Trouble(
    `process ${holder} serves from ${folder}: give this one a place of its own with --persist-to FOLDER`,
  );
}

/** wrangler would take another port or fail at length. */
async function ensureFree(port, host) {
  const server = net.createServer();
  const error = await new Promise((resolve) => {
    server.once("error", resolve);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
  if (error?.code === "EADDRINUSE") {
    throw new Trouble(
      `port ${port} on ${host} is in use: stop what listens there, or \`npm start -- --port ${port + 1}\``,
    );
  }
  if (error) throw new Trouble(`cannot listen on ${host}, port ${port}: ${error.message}`);
}
