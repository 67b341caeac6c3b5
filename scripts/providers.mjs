// Makes docs/providers.md from the table of providers; with --check, says whether it is as it would be made.
import { readFileSync, writeFileSync } from "node:fs";
import { at, isMain, Trouble } from "./project.mjs";

const PAGE = at("docs/providers.md");

const INTRO = `# Providers

What a source can verify, by the name that \`provider\` takes. Made from \`src/provider/table.json\` by
\`node scripts/providers.mjs\`; \`GET /v1/providers\` answers the same table. How a source is made is in
[sources.md](sources.md).

Content: what is signed, \`{body}\` being the raw bytes. Tolerance: how far the signed time may lie from the present where a
source does not say; none where the provider documents none. Message id: what a message is known again by; where there is
none, it is by what was signed and the signature.
`;

function written(providers) {
  const rows = providers.map(row);
  const head = "| name | provider | signature | content | tolerance | message id | handshakes | source |";
  const table = [head, "|---|---|---|---|---|---|---|---|", ...rows].join("\n");
  return `${INTRO}\n${providers.length} providers.\n\n${table}\n\n## What each needs\n\n${providers.map(needs).join("\n\n")}\n`;
}

function row({ name, title, docs, signatures, handshakes = [] }) {
  const each = (of) => [...new Set(signatures.map(of).filter(Boolean))].join("<br>");
  return cells([
    code(name),
    title,
    each(signature),
    each(({ own, algorithm, content = "{body}" }) => (own || algorithm === "token" ? "" : code(content))),
    each(({ toleranceSeconds }) => toleranceSeconds !== undefined && `${toleranceSeconds} s`),
    each(({ idHeader, idField }) => (idHeader && code(idHeader)) || (idField && `${code(idField)} in the body`)),
    handshakes.map(code).join(" "),
    `[page](${docs})`,
  ]);
}

function signature({ own, algorithm, encoding = "hex", header, moreHeaders = [], format = "{signature}" }) {
  if (own) return "its own way";
  const headers = [header, ...moreHeaders].map(code).join(", ");
  if (algorithm === "token") return `${headers}: ${code(format.replace("{signature}", "{secret}"))}`;
  return `${headers}: ${code(format)}, ${algorithm}, ${encoding}`;
}

function needs({ name, title, secret, options = {}, secretOptions = [], notes }) {
  const mark = (option) => (secretOptions.includes(option) ? " (never shown again)" : "");
  const listed = Object.entries(options).map(([option, what]) => `- option ${code(option)}${mark(option)}: ${what}`);
  return [`### ${title} (${code(name)})`, "", `Secret: ${secret}`, ...(listed.length ? ["", ...listed] : [])]
    .concat(notes ? ["", notes] : [])
    .join("\n");
}

const code = (text) => `\`${text}\``;
const cells = (all) => `| ${all.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/** Makes the page, or only says whether it is as it would be made. */
export function providersPage({ check = false } = {}) {
  const page = written(JSON.parse(readFileSync(at("src/provider/table.json"), "utf8")));
  if (!check) writeFileSync(PAGE, page);
  else if (readFileSync(PAGE, "utf8") !== page) {
    throw new Trouble("docs/providers.md is not made from the table as it is: run `node scripts/providers.mjs`");
  }
}

if (isMain(import.meta.url)) providersPage({ check: process.argv.includes("--check") });
