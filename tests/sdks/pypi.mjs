// PyPI's SDKs, asked one question after another through judge.py.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../support/signet.mjs";

let judge;

/**
 * An SDK of PyPI, by the name that judge.py knows it by.
 *
 * @param {string} sdk
 * @param {{signs?: boolean, verifies?: boolean}} [can]
 */
export function pypi(sdk, { signs = false, verifies = true } = {}) {
  const said = async (call, message) => {
    const { error, ...answer } = await ask({ sdk, call, message });
    if (error !== undefined) throw new Error(`${sdk}: ${error}`);
    return answer;
  };
  return {
    ...(signs ? { sign: (message) => said("sign", message) } : {}),
    ...(verifies ? { verify: async (message) => (await said("verify", message)).genuine } : {}),
  };
}

/** Ends the process that the questions go to. */
export function dismiss() {
  judge?.child.kill("SIGKILL");
  judge = undefined;
}

async function ask(question) {
  judge ??= start();
  const { child, answers } = judge;
  child.stdin.write(`${JSON.stringify(question)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error(`judge.py ended:\n${judge.said}`);
  return JSON.parse(value);
}

function start() {
  const python = path.join(ROOT, ".venv/bin/python");
  if (!existsSync(python)) throw new Error(`${python} is missing: \`npm test\` sets it up`);
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(python, [path.join(import.meta.dirname, "judge.py")], { env });
  const one = { child, said: "", answers: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  child.stderr.on("data", (chunk) => {
    one.said = (one.said + chunk).slice(-5_000);
  });
  child.stdin.on("error", () => {});
  return one;
}
