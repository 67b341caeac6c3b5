// The official Python client's parser reads what `GET /metrics` answers.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./signet.mjs";

const SCRIPT = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([
    {"name": family.name, "type": family.type, "help": family.documentation,
     "samples": [{"name": one.name, "labels": one.labels, "value": one.value} for one in family.samples]}
    for family in families
]))
`;

/**
 * The families of a text, as the parser read them; it throws at what it can't read.
 *
 * @param {string} text
 * @returns {{name: string, type: string, help: string, samples: {name: string, labels: Record<string, string>, value: number}[]}[]}
 */
export function families(text) {
  const python = path.join(ROOT, ".venv/bin/python");
  if (!existsSync(python)) throw new Error(`${python} is missing: \`npm test\` sets it up`);
  const { status, stdout, stderr } = spawnSync(python, ["-c", SCRIPT], { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`the parser refused:\n${stderr}`);
  return JSON.parse(stdout);
}
