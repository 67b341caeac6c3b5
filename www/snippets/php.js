import { BASE64_SECRET, HEX_SECRET, program, SEVERAL, STALE, variable, WHSEC_SECRET } from "./plan.js";

export const php = {
  id: "php",
  name: "PHP",
  file: "receiver.php",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  run: "php -S 0.0.0.0:${PORT:-3000} receiver.php",

  write(it) {
    const name = variable(it);
    const names = [it.id, it.time?.header, it.header].filter(Boolean);
    // PHP makes variables of them, and other characters get lost.
    if (names.some((one) => /[^\w-]/.test(one))) return null;
    return program(
      "<?php",
      "",
      name && `$key = getenv('${name}') ?: throw new Exception('${name} is not set');`,
      it.isPublic ? publicKey(name ? "$key" : quote(it.publicKey)) : secretKey[it.secretEncoding],
      "",
      "function isGenuine(string $body, string $key): bool",
      "{",
      it.id && `    $id = ${server(it.id)};`,
      it.time?.header && `    $timestamp = ${server(it.time.header)};`,
      `    $header = ${server(it.header)};`,
      it.time?.pattern && [
        `    preg_match(${pattern(it.time.pattern)}, $header, $found);`,
        "    $timestamp = $found[1] ?? '';",
      ],
      it.isDated && [
        `    // ${STALE}`,
        `    if (abs(${age(it)}) > ${it.tolerance}) {`,
        "        return false;",
        "    }",
      ],
      "",
      judge(it),
      "}",
      "",
      "$body = file_get_contents('php://input');",
      "if (!isGenuine($body, $key)) {",
      "    http_response_code(401);",
      "    exit;",
      "}",
      "// The event is yours: json_decode($body)",
      "http_response_code(204);",
    );
  },
};

const server = (name) => `$_SERVER['HTTP_${name.toUpperCase().replaceAll("-", "_")}'] ?? ''`;

function quote(text) {
  if (/[\n\r\t]/.test(text)) return JSON.stringify(text).replaceAll("$", "\\$");
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

const pattern = (text) => `'/${text.replace(/\\(?=[\\'])/g, "\\\\")}/'`;

const joined = (parts) => parts.map((part) => (part.name ? `$${part.name}` : quote(part))).join(" . ");

const secretKey = {
  hex: [`// ${HEX_SECRET}`, "$key = hex2bin(preg_replace('/^.*_/', '', $key));"],
  base64: [`// ${BASE64_SECRET}`, "$key = base64_decode(preg_replace('/^.*_/', '', $key));"],
  whsec: [`// ${WHSEC_SECRET}`, "$key = str_starts_with($key, 'whsec_') ? base64_decode(substr($key, 6)) : $key;"],
};

function publicKey(value) {
  return ["// Behind whpk_ are the key's 32 bytes in base64.", `$key = base64_decode(substr(${value}, 5));`];
}

function age({ timeFormat }) {
  if (timeFormat === "seconds") return "time() - (int) $timestamp";
  if (timeFormat === "milliseconds") return "time() - (int) $timestamp / 1000";
  return "time() - (int) strtotime($timestamp)";
}

function judge(it) {
  const content = joined(it.content);
  if (it.isPublic) {
    const read = {
      base64: "base64_decode($signature)",
      base64url: "base64_decode(strtr($signature, '-_', '+/'))",
    };
    return [
      `    preg_match_all(${pattern(it.signatures.replace("+/]", "+\\/]"))}, $header, $signatures);`,
      "    foreach ($signatures[1] as $signature) {",
      `        if (sodium_crypto_sign_verify_detached(${read[it.encoding] ?? "hex2bin($signature)"}, ${content}, $key)) {`,
      "            return true;",
      "        }",
      "    }",
      "    return false;",
    ];
  }
  const hmac = (more = "") => `hash_hmac('${it.hash}', ${content}, $key${more})`;
  const written = {
    hex: hmac(),
    "hex-upper": `strtoupper(${hmac()})`,
    base64: `base64_encode(${hmac(", true")})`,
    base64url: `rtrim(strtr(base64_encode(${hmac(", true")}), '+/', '-_'), '=')`,
  };
  return [
    `    $signature = ${written[it.encoding]};`,
    `    $expected = ${joined(it.item)};`,
    it.separator
      ? [
          `    // ${SEVERAL}`,
          `    foreach (explode(${quote(it.separator)}, $header) as $item) {`,
          "        if (hash_equals($expected, $item)) {",
          "            return true;",
          "        }",
          "    }",
          "    return false;",
        ]
      : "    return hash_equals($expected, $header);",
  ];
}
