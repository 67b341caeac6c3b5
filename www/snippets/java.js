import { BASE64_SECRET, HEX_SECRET, program, runs, SEVERAL, STALE, used, variable, WHSEC_SECRET } from "./plan.js";

const CLASSES = [
  "com.sun.net.httpserver.Headers",
  "com.sun.net.httpserver.HttpServer",
  "java.net.InetSocketAddress",
  "java.nio.charset.StandardCharsets",
  "java.security.GeneralSecurityException",
  "java.security.KeyFactory",
  "java.security.MessageDigest",
  "java.security.PublicKey",
  "java.security.Signature",
  "java.security.SignatureException",
  "java.security.spec.X509EncodedKeySpec",
  "java.time.DateTimeException",
  "java.time.Duration",
  "java.time.Instant",
  "java.time.ZonedDateTime",
  "java.time.format.DateTimeFormatter",
  "java.util.Base64",
  "java.util.HexFormat",
  "java.util.List",
  "java.util.regex.Pattern",
  "javax.crypto.Mac",
  "javax.crypto.spec.SecretKeySpec",
];

export const java = {
  id: "java",
  name: "Java",
  file: "Receiver.java",
  run: "java Receiver.java",

  write(it) {
    const name = variable(it);
    const code = program(
      "public class Receiver {",
      indent(
        it.isPublic ? publicKey(name ? `System.getenv("${name}")` : quote(it.publicKey)) : secretKey(it.secretEncoding),
      ),
      "",
      "    static boolean isGenuine(Headers headers, byte[] body) throws GeneralSecurityException {",
      indent(
        indent([
          it.id && `var id = ${first(it.id)};`,
          it.time?.header && `var timestamp = ${first(it.time.header)};`,
          `var header = ${first(it.header)};`,
          it.time?.pattern && [
            `var found = Pattern.compile(${quote(it.time.pattern)}).matcher(header);`,
            "if (!found.find()) return false;",
            "var timestamp = found.group(1);",
          ],
          it.isDated && stale(it),
          "",
          judge(it),
        ]),
      ),
      "    }",
      "",
      "    public static void main(String[] arguments) throws Exception {",
      '        var port = Integer.parseInt(System.getenv().getOrDefault("PORT", "3000"));',
      "        var server = HttpServer.create(new InetSocketAddress(port), 0);",
      '        server.createContext("/", exchange -> {',
      "            try (exchange) {",
      "                var body = exchange.getRequestBody().readAllBytes();",
      "                // Where it is genuine, the event is yours: new String(body, StandardCharsets.UTF_8)",
      "                exchange.sendResponseHeaders(isGenuine(exchange.getRequestHeaders(), body) ? 204 : 401, -1);",
      "            } catch (GeneralSecurityException impossible) {",
      "                throw new IllegalStateException(impossible);",
      "            }",
      "        });",
      "        server.start();",
      "    }",
      "}",
    );
    const imports = used(CLASSES, code).map((one) => `import ${one};`);
    return program(imports, "", code.trimEnd());
  },
};

const indent = (lines) =>
  [lines]
    .flat(Infinity)
    .filter((line) => typeof line === "string")
    .map((line) => line && `    ${line}`);

// Sources are read in the system's own encoding by some versions.
const quote = (text) =>
  JSON.stringify(text).replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Whether a text means itself as a regular expression. */
const isPlain = (text) => /^[\w ,;:&=-]+$/.test(text);

const first = (name) => `headers.getOrDefault(${quote(name)}, List.of("")).get(0)`;

const joined = (parts) => parts.map((part) => part.name ?? quote(part)).join(" + ");

function bytes(parts) {
  const text = joined(parts);
  return `${parts.length > 1 ? `(${text})` : text}.getBytes(StandardCharsets.UTF_8)`;
}

function secretKey(encoding) {
  const secret = 'System.getenv("WEBHOOK_SECRET")';
  const decoded = {
    hex: [`// ${HEX_SECRET}`, `static final byte[] KEY = HexFormat.of().parseHex(${secret}.replaceFirst("^.*_", ""));`],
    base64: [
      `// ${BASE64_SECRET}`,
      `static final byte[] KEY = Base64.getDecoder().decode(${secret}.replaceFirst("^.*_", ""));`,
    ],
    whsec: [
      `// ${WHSEC_SECRET}`,
      `static final String SECRET = ${secret};`,
      'static final byte[] KEY = SECRET.startsWith("whsec_")',
      "    ? Base64.getDecoder().decode(SECRET.substring(6))",
      "    : SECRET.getBytes(StandardCharsets.UTF_8);",
    ],
  };
  return decoded[encoding] ?? `static final byte[] KEY = ${secret}.getBytes(StandardCharsets.UTF_8);`;
}

function publicKey(value) {
  return [
    "// Behind whpk_ are the key's 32 bytes in base64; Java reads them behind a head that never changes.",
    "static PublicKey key() throws GeneralSecurityException {",
    `    var bytes = HexFormat.of().formatHex(Base64.getDecoder().decode(${value}.substring(5)));`,
    '    var spki = HexFormat.of().parseHex("302a300506032b6570032100" + bytes);',
    '    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(spki));',
    "}",
  ];
}

function stale({ timeFormat, tolerance }) {
  const read = {
    seconds: "Instant.ofEpochSecond(Long.parseLong(timestamp))",
    milliseconds: "Instant.ofEpochMilli(Long.parseLong(timestamp))",
    rfc3339: "Instant.parse(timestamp)",
    "http-date": "ZonedDateTime.parse(timestamp, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()",
  };
  const wrong = /seconds/.test(timeFormat) ? "NumberFormatException | DateTimeException" : "DateTimeException";
  return [
    `// ${STALE}`,
    "try {",
    `    var age = Duration.between(${read[timeFormat]}, Instant.now()).abs();`,
    `    if (age.compareTo(Duration.ofSeconds(${tolerance})) > 0) return false;`,
    `} catch (${wrong} unreadable) {`,
    "    return false;",
    "}",
  ];
}

function judge(it) {
  const fed = (name) => runs(it.content).map((run) => `${name}.update(${run ? bytes(run) : "body"});`);
  if (it.isPublic) {
    const read = {
      hex: "HexFormat.of().parseHex(text)",
      "hex-upper": "HexFormat.of().parseHex(text)",
      base64: "Base64.getDecoder().decode(text)",
      base64url: "Base64.getUrlDecoder().decode(text)",
    };
    return [
      'var signature = Signature.getInstance("Ed25519");',
      `for (var match : Pattern.compile(${quote(it.signatures)}).matcher(header).results().toList()) {`,
      "    var text = match.group(1);",
      "    signature.initVerify(key());",
      indent(fed("signature")),
      "    try {",
      `        if (signature.verify(${read[it.encoding]})) return true;`,
      "    } catch (SignatureException malformed) {",
      "        // Another one may hold.",
      "    }",
      "}",
      "return false;",
    ];
  }
  const written = {
    hex: "HexFormat.of().formatHex(mac.doFinal())",
    "hex-upper": "HexFormat.of().withUpperCase().formatHex(mac.doFinal())",
    base64: "Base64.getEncoder().encodeToString(mac.doFinal())",
    base64url: "Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal())",
  };
  const algorithm = `Hmac${it.hash.toUpperCase()}`;
  const same = (given) => `MessageDigest.isEqual(${given}.getBytes(StandardCharsets.UTF_8), expected)`;
  return [
    `var mac = Mac.getInstance("${algorithm}");`,
    `mac.init(new SecretKeySpec(KEY, "${algorithm}"));`,
    fed("mac"),
    `var signature = ${written[it.encoding]};`,
    `var expected = ${bytes(it.item)};`,
    it.separator
      ? [
          `// ${SEVERAL}`,
          `for (var item : header.split(${isPlain(it.separator) ? quote(it.separator) : `Pattern.quote(${quote(it.separator)})`})) {`,
          `    if (${same("item")}) return true;`,
          "}",
          "return false;",
        ]
      : `return ${same("header")};`,
  ];
}
