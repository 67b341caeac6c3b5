import { BASE64_SECRET, HEX_SECRET, program, runs, SEVERAL, STALE, variable, WHSEC_SECRET } from "./plan.js";

export const node = {
  id: "node",
  name: "Node.js",
  file: "receiver.mjs",
  run: "node receiver.mjs",

  write(it) {
    const name = variable(it);
    const value = name === null ? quote(it.publicKey) : "secret";
    const usesHeader = !it.time?.pattern;
    const value_of = `headers[${quote(it.header.toLowerCase())}] ?? ""`;
    return program(
      `import { ${it.isPublic ? "createPublicKey, verify" : "createHmac, timingSafeEqual"} } from "node:crypto";`,
      'import { createServer } from "node:http";',
      "",
      name
        ? [
            `const { ${name}: secret, PORT: port = 3000 } = process.env;`,
            `if (!secret) throw new Error("${name} is not set");`,
          ]
        : "const { PORT: port = 3000 } = process.env;",
      "",
      it.isPublic ? publicKey(value) : secretKey(it.secretEncoding),
      "",
      "function isGenuine(headers, body) {",
      it.id && `  const id = headers[${quote(it.id.toLowerCase())}];`,
      it.time?.header && `  const timestamp = headers[${quote(it.time.header.toLowerCase())}];`,
      !usesHeader && [
        `  const header = ${value_of};`,
        `  const timestamp = /${js(it.time.pattern)}/.exec(header)?.[1];`,
      ],
      it.isDated && [`  // ${STALE}`, `  if (!(Math.abs(${age(it)}) <= ${limit(it)})) return false;`],
      (it.id || it.time) && "",
      judge(it, usesHeader ? `(${value_of})` : "header"),
      "}",
      "",
      "createServer((request, response) => {",
      "  const chunks = [];",
      '  request.on("data", (chunk) => chunks.push(chunk));',
      '  request.on("end", () => {',
      "    const body = Buffer.concat(chunks);",
      "    if (!isGenuine(request.headers, body)) return response.writeHead(401).end();",
      "    // The event is yours: JSON.parse(body)",
      "    response.writeHead(204).end();",
      "  });",
      "}).listen(port);",
    );
  },
};

export function quote(text) {
  return JSON.stringify(text);
}

function template(parts) {
  if (parts.every((part) => typeof part === "string")) return quote(parts.join(""));
  if (parts.length === 1) return parts[0].name;
  const inner = (text) =>
    quote(text)
      .slice(1, -1)
      .replaceAll('\\"', '"')
      .replace(/`|\$\{/g, "\\$&");
  return `\`${parts.map((part) => (part.name ? `\${${part.name}}` : inner(part))).join("")}\``;
}

const js = (pattern) => pattern.replace("\\A", "^").replace("\\z", "$");

function secretKey(encoding) {
  if (encoding === "utf8") return 'const key = Buffer.from(secret, "utf8");';
  if (encoding === "whsec") {
    return [
      `// ${WHSEC_SECRET}`,
      'const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);',
    ];
  }
  return [
    `// ${encoding === "hex" ? HEX_SECRET : BASE64_SECRET}`,
    `const key = Buffer.from(secret.replace(/^.*_/, ""), "${encoding}");`,
  ];
}

function publicKey(value) {
  return [
    "// Behind whpk_ are the key's 32 bytes in base64.",
    `const x = Buffer.from(${value}.slice(5), "base64").toString("base64url");`,
    'const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });',
  ];
}

function age({ timeFormat }) {
  if (timeFormat === "seconds") return "Date.now() / 1000 - timestamp";
  return `Date.now() - ${timeFormat === "milliseconds" ? "timestamp" : "Date.parse(timestamp)"}`;
}

const limit = ({ timeFormat, tolerance }) => (timeFormat === "seconds" ? tolerance : tolerance * 1000);

function judge(it, header) {
  const all = runs(it.content);
  const { encoding } = it;
  if (it.isPublic) {
    const bytes = all.map((run) => (run ? `Buffer.from(${template(run)})` : "body"));
    const format = encoding === "hex-upper" ? "hex" : encoding;
    return [
      `  const content = ${bytes.length === 1 ? bytes[0] : `Buffer.concat([${bytes.join(", ")}])`};`,
      `  const signatures = ${header}.matchAll(/${it.signatures}/g);`,
      `  return [...signatures].some(([, text]) => verify(null, content, key, Buffer.from(text, "${format}")));`,
    ];
  }
  const updates = all.map((run) => `.update(${run ? template(run) : "body"})`).join("");
  const digest = encoding === "hex-upper" ? '.digest("hex").toUpperCase()' : `.digest("${encoding}")`;
  return [
    `  const signature = createHmac("${it.hash}", key)${updates}${digest};`,
    `  const expected = Buffer.from(${template(it.item)});`,
    it.separator
      ? [
          `  // ${SEVERAL}`,
          `  return ${header}.split(${quote(it.separator)}).some((item) => {`,
          "    const given = Buffer.from(item);",
          "    return given.length === expected.length && timingSafeEqual(given, expected);",
          "  });",
        ]
      : [
          `  const given = Buffer.from(${header.replace(/^\((.*)\)$/, "$1")});`,
          "  return given.length === expected.length && timingSafeEqual(given, expected);",
        ],
  ];
}
