import { BASE64_SECRET, HEX_SECRET, program, runs, SEVERAL, STALE, used, variable, WHSEC_SECRET } from "./plan.js";

export const python = {
  id: "python",
  name: "Python",
  file: "receiver.py",
  run: "python3 receiver.py",

  write(it) {
    const name = variable(it);
    const code = program(
      it.isDated && it.timeFormat === "rfc3339" && "from datetime import datetime",
      it.isDated && it.timeFormat === "http-date" && "from email.utils import parsedate_to_datetime",
      "from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer",
      it.isPublic && [
        "",
        "from cryptography.exceptions import InvalidSignature  # pip install cryptography",
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey",
      ],
      "",
      it.isPublic ? publicKey(name ? `os.environ["${name}"]` : quote(it.publicKey)) : secretKey(it.secretEncoding),
      "",
      "",
      "def is_genuine(headers, body):",
      it.id && `    id = headers.get(${quote(it.id)}, "")`,
      it.time?.header && `    timestamp = headers.get(${quote(it.time.header)}, "")`,
      `    header = headers.get(${quote(it.header)}, "")`,
      it.time?.pattern && [
        `    found = re.search(r"${it.time.pattern.replace("\\z", "\\Z")}", header)`,
        '    timestamp = found[1] if found else ""',
      ],
      it.isDated && stale(it),
      "",
      judge(it),
      "",
      "",
      "class Receiver(BaseHTTPRequestHandler):",
      "    def do_POST(self):",
      '        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))',
      "        if is_genuine(self.headers, body):",
      "            # The event is yours: json.loads(body)",
      "            self.send_response(204)",
      "        else:",
      "            self.send_response(401)",
      "        self.end_headers()",
      "",
      "",
      'ThreadingHTTPServer(("", int(os.environ.get("PORT", 3000))), Receiver).serve_forever()',
    );
    const imports = used(["base64", "hashlib", "hmac", "os", "re", "time"], code).map((module) => `import ${module}`);
    return program(imports, code.trimEnd());
  },
};

function quote(text) {
  return JSON.stringify(text);
}

function template(parts) {
  if (parts.every((part) => typeof part === "string")) return quote(parts.join(""));
  if (parts.length === 1) return parts[0].name;
  const inner = (text) => quote(text).slice(1, -1).replace(/[{}]/g, "$&$&");
  return `f"${parts.map((part) => (part.name ? `{${part.name}}` : inner(part))).join("")}"`;
}

function secretKey(encoding) {
  const secret = 'os.environ["WEBHOOK_SECRET"]';
  const decoded = {
    hex: [`# ${HEX_SECRET}`, `KEY = bytes.fromhex(${secret}.rpartition("_")[2])`],
    base64: [`# ${BASE64_SECRET}`, `KEY = base64.b64decode(${secret}.rpartition("_")[2] + "==")`],
    whsec: [
      `# ${WHSEC_SECRET}`,
      `SECRET = ${secret}`,
      'KEY = base64.b64decode(SECRET[6:] + "==") if SECRET.startswith("whsec_") else SECRET.encode()',
    ],
  };
  return decoded[encoding] ?? `KEY = ${secret}.encode()`;
}

function publicKey(value) {
  return [
    "# Behind whpk_ are the key's 32 bytes in base64.",
    `KEY = Ed25519PublicKey.from_public_bytes(base64.b64decode(${value}[5:] + "=="))`,
  ];
}

function stale({ timeFormat, tolerance }) {
  const read = {
    seconds: "int(timestamp)",
    milliseconds: "int(timestamp) / 1000",
    rfc3339: 'datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()',
    "http-date": "parsedate_to_datetime(timestamp).timestamp()",
  };
  return [
    `    # ${STALE}`,
    "    try:",
    `        age = time.time() - ${read[timeFormat]}`,
    `    except ${timeFormat === "http-date" ? "(TypeError, ValueError)" : "ValueError"}:`,
    "        return False",
    `    if abs(age) > ${tolerance}:`,
    "        return False",
  ];
}

function judge(it) {
  const bytes = runs(it.content).map((run) => (run ? `${template(run)}.encode()` : "body"));
  const isBody = bytes.join() === "body";
  const content = !isBody && `    content = ${bytes.join(" + ")}`;
  const whole = isBody ? "body" : "content";
  if (it.isPublic) {
    const read = {
      base64: "base64.b64decode(signature)",
      base64url: 'base64.urlsafe_b64decode(signature + "==")',
    };
    return [
      content,
      `    for signature in re.findall(r"${it.signatures}", header):`,
      "        try:",
      `            KEY.verify(${read[it.encoding] ?? "bytes.fromhex(signature)"}, ${whole})`,
      "            return True",
      "        except InvalidSignature:",
      "            pass",
      "    return False",
    ];
  }
  const digest = `hmac.new(KEY, ${whole}, hashlib.${it.hash})`;
  const written = {
    hex: `${digest}.hexdigest()`,
    "hex-upper": `${digest}.hexdigest().upper()`,
    base64: `base64.b64encode(${digest}.digest()).decode()`,
    base64url: `base64.urlsafe_b64encode(${digest}.digest()).decode().rstrip("=")`,
  };
  const same = (given) => `hmac.compare_digest(${given}.encode(), expected)`;
  return [
    content,
    `    signature = ${written[it.encoding]}`,
    `    expected = ${template(it.item)}.encode()`,
    it.separator
      ? [`    # ${SEVERAL}`, `    return any(${same("item")} for item in header.split(${quote(it.separator)}))`]
      : `    return ${same("header")}`,
  ];
}
