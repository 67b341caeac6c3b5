// The few calls of Signet's API that the demo needs.
import { readFile } from "node:fs/promises";

/** Something to tell the person at the terminal in one line, without a stack. */
export class Trouble extends Error {}

const ROOT = new URL("../../", import.meta.url);

/** The operator's key: from the environment, else from .dev.vars, where the local gateway has it from. */
async function operatorKey() {
  if (process.env.OPERATOR_KEY) return process.env.OPERATOR_KEY;
  const variables = await readFile(new URL(".dev.vars", ROOT), "utf8").catch(() => "");
  const key = /^OPERATOR_KEY\s*=\s*["']?([^"'\s]+)/m.exec(variables)?.[1];
  if (!key) throw new Trouble("No operator key: set OPERATOR_KEY, or put it into .dev.vars.");
  return key;
}

export async function connect(url) {
  const headers = { authorization: `Bearer ${await operatorKey()}`, "content-type": "application/json" };

  /** Answers the JSON, null for an empty answer; throws `Trouble` with what the problem says. */
  return async function call(method, path, body) {
    const init = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) };
    const response = await fetch(new URL(path, url), init).catch(() => {
      throw new Trouble(
        `Nothing answers at ${url}. Start the gateway with \`npm start\` in another terminal, then run this again.`,
      );
    });
    const text = await response.text();
    if (response.ok) return text ? JSON.parse(text) : null;
    throw new Trouble(`${method} ${path} answered ${response.status}: ${explain(text)}`);
  };
}

function explain(text) {
  try {
    const { code, detail, title } = JSON.parse(text);
    return `${detail ?? title} (${code})`;
  } catch {
    return text.slice(0, 200) || "no body";
  }
}
