// Schemathesis against a gateway: requests made from the document, valid ones and others, in chains too. Every answer
// has to be one that the document has, what is valid has to be accepted, and what is not refused.
//
//     npm run schemathesis -- --max-examples 200 --seed 7
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { document } from "../support/contract.mjs";
import { OPERATOR_KEY, ROOT } from "../support/signet.mjs";
import { prepared } from "./prepared.mjs";
import { waiting } from "./waiting.mjs";

/**
 * What is not the gateway's own to answer: an origin answers for a source, the pages' server for a file, and the receiver
 * whatever it is asked to.
 */
const NOT_OURS = ["shakeHands", "receive", "getOpenApi", "tryReceiver"];

/**
 * Runs it, and resolves to its exit code and what it printed.
 *
 * @param {{signet: object, target: object, calls: object, options?: string[], show?: boolean}} how `calls` as stage.mjs
 *   makes them; `show` prints what it prints
 */
export async function schemathesis({ signet, target, calls, options = [], show = false }) {
  const folder = mkdtempSync(path.join(tmpdir(), "signet-schemathesis-"));
  const file = path.join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(without([...waiting, ...NOT_OURS])));
  const config = path.join(ROOT, "tests/openapi/schemathesis.toml");
  const args = ["--config-file", config, "run", file, "--url", signet.url, "--checks", "all"];
  // How long an answer takes on a busy machine says nothing of the API.
  args.push("--max-response-time", "30");
  args.push("--header", `Authorization: Bearer ${OPERATOR_KEY}`, ...options);
  const env = {
    ...process.env,
    SIGNET_PREPARED: JSON.stringify(await prepared(target, calls)),
    SIGNET_RECEIVER: target.url("/schemathesis"),
    SCHEMATHESIS_HOOKS: path.join(ROOT, "tests/openapi/hooks.py"),
    PYTHONDONTWRITEBYTECODE: "1",
    NO_COLOR: "1",
  };
  try {
    return await ran(path.join(ROOT, ".venv/bin/schemathesis"), args, { cwd: folder, env }, show);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The document without some of its operations. */
function without(names) {
  const copy = structuredClone(document);
  for (const [template, item] of Object.entries(copy.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (names.includes(operation.operationId)) delete item[method];
      for (const { links = {} } of Object.values(operation.responses ?? {})) {
        for (const name of names) delete links[name];
      }
    }
    if (!Object.values(item).some((one) => one.operationId)) delete copy.paths[template];
  }
  return copy;
}

function ran(command, args, options, show) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
        if (show) process.stdout.write(chunk);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
