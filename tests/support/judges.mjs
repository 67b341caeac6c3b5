// Starts the receivers of tests/receivers: other people's code that says whether a delivery is genuine.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { after } from "node:test";
import { ROOT } from "./signet.mjs";

const HERE = path.join(ROOT, "tests/receivers");

/**
 * Starts the Node and the Python receivers with the secrets they are to verify with; both end with the test file.
 *
 * @param {Record<string, string>} secrets by the names that the pages read from the environment
 * @returns {Promise<Record<"node" | "python", string>>} each one's origin
 */
export async function judges(secrets) {
  const python = path.join(ROOT, ".venv/bin/python");
  if (!existsSync(python)) throw new Error(`${python} is missing: \`npm test\` sets it up`);
  const [node, flask] = await Promise.all([
    start(process.execPath, path.join(HERE, "node/server.mjs"), secrets),
    start(python, path.join(HERE, "python/server.py"), secrets),
  ]);
  return { node, python: flask };
}

async function start(command, file, secrets) {
  const env = { ...process.env, ...secrets, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(command, [file], { env, stdio: ["pipe", "pipe", "pipe"] });
  after(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-5_000);
  });
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} did not start:\n${said}`)), 30_000);
    let printed = "";
    child.stdout.on("data", (chunk) => {
      printed = (printed + chunk).slice(-1_000);
      const port = /listening on (\d+)/.exec(printed)?.[1];
      if (port) {
        clearTimeout(timer);
        resolve(port);
      }
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`${file} ended with ${code}:\n${said}`));
    });
  });
  return `http://127.0.0.1:${port}`;
}
