import { BASE64_SECRET, HEX_SECRET, program, runs, SEVERAL, STALE, used, variable, WHSEC_SECRET } from "./plan.js";

const PACKAGES = [
  "crypto/ed25519",
  "crypto/hmac",
  "crypto/md5",
  "crypto/sha1",
  "crypto/sha256",
  "crypto/sha512",
  "encoding/base64",
  "encoding/hex",
  "fmt",
  "io",
  "log",
  "net/http",
  "os",
  "regexp",
  "strconv",
  "strings",
  "time",
];

export const go = {
  id: "go",
  name: "Go",
  file: "receiver.go",
  run: "go run receiver.go",

  write(it) {
    const name = variable(it);
    const all = runs(it.content);
    const code = program(
      it.isPublic ? publicKey(name ? `os.Getenv("${name}")` : quote(it.publicKey)) : secretKey(it.secretEncoding),
      (it.isPublic || it.time?.pattern) && "",
      it.isPublic && `var signatures = regexp.MustCompile(${raw(it.signatures)})`,
      it.time?.pattern && `var sentAt = regexp.MustCompile(${raw(it.time.pattern)})`,
      "",
      "func isGenuine(header http.Header, body []byte) bool {",
      it.id && `\tid := header.Get(${quote(it.id)})`,
      it.time?.header && `\ttimestamp := header.Get(${quote(it.time.header)})`,
      it.time?.pattern && [
        `\tfound := sentAt.FindStringSubmatch(header.Get(${quote(it.header)}))`,
        "\tif found == nil {",
        "\t\treturn false",
        "\t}",
        "\ttimestamp := found[1]",
      ],
      it.isDated && stale(it),
      (it.id || it.time) && "",
      it.isPublic ? judgePublic(it, all) : judge(it, all),
      "}",
      "",
      "func main() {",
      name && [`\tif os.Getenv("${name}") == "" {`, `\t\tlog.Fatal("${name} is not set")`, "\t}"],
      '\tport := os.Getenv("PORT")',
      '\tif port == "" {',
      '\t\tport = "3000"',
      "\t}",
      '\thttp.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {',
      "\t\tbody, err := io.ReadAll(r.Body)",
      "\t\tif err != nil || !isGenuine(r.Header, body) {",
      "\t\t\tw.WriteHeader(http.StatusUnauthorized)",
      "\t\t\treturn",
      "\t\t}",
      "\t\t// The event is yours: json.Unmarshal(body, &event)",
      "\t\tw.WriteHeader(http.StatusNoContent)",
      "\t})",
      '\tlog.Fatal(http.ListenAndServe(":"+port, nil))',
      "}",
    );
    const imports = used(PACKAGES, code).map((path) => `\t"${path}"`);
    return program("package main", "", "import (", imports, ")", "", code.trimEnd());
  },
};

const quote = (text) => JSON.stringify(text);

const raw = (text) => {
  const pattern = text.replace("\\`", "\\x60");
  return `\`${pattern}\``;
};

const joined = (parts) => parts.map((part) => part.name ?? quote(part)).join(" + ");

function secretKey(encoding) {
  const lines = {
    hex: [`\t// ${HEX_SECRET}`, '\tkey, err := hex.DecodeString(secret[strings.LastIndex(secret, "_")+1:])'],
    base64: [
      `\t// ${BASE64_SECRET}`,
      '\ttext := strings.TrimRight(secret[strings.LastIndex(secret, "_")+1:], "=")',
      "\tkey, err := base64.RawStdEncoding.DecodeString(text)",
    ],
    whsec: [
      `\t// ${WHSEC_SECRET}`,
      '\tif !strings.HasPrefix(secret, "whsec_") {',
      "\t\treturn []byte(secret)",
      "\t}",
      '\tkey, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(secret[6:], "="))',
    ],
  }[encoding];
  if (!lines) return 'var key = []byte(os.Getenv("WEBHOOK_SECRET"))';
  return [
    'var key = readKey(os.Getenv("WEBHOOK_SECRET"))',
    "",
    "func readKey(secret string) []byte {",
    lines,
    ...fatal("key"),
  ];
}

function publicKey(value) {
  return [
    `var key = readKey(${value})`,
    "",
    "func readKey(text string) ed25519.PublicKey {",
    "\t// Behind whpk_ are the key's 32 bytes in base64.",
    '\tkey, err := base64.RawStdEncoding.DecodeString(strings.Trim(text[strings.LastIndex(text, "_")+1:], "="))',
    ...fatal("key", " || len(key) != ed25519.PublicKeySize"),
  ];
}

const fatal = (value, more = "") => [
  `\tif err != nil${more} {`,
  '\t\tlog.Fatal("the key can\'t be read")',
  "\t}",
  `\treturn ${value}`,
  "}",
];

function stale({ timeFormat, tolerance }) {
  const read = {
    seconds: ["seconds", "strconv.ParseInt(timestamp, 10, 64)", "time.Unix(seconds, 0)"],
    milliseconds: ["millis", "strconv.ParseInt(timestamp, 10, 64)", "time.UnixMilli(millis)"],
    rfc3339: ["sent", "time.Parse(time.RFC3339, timestamp)", "sent"],
    "http-date": ["sent", "http.ParseTime(timestamp)", "sent"],
  };
  const [name, value, at] = read[timeFormat];
  return [
    `\t// ${STALE}`,
    `\t${name}, err := ${value}`,
    `\tif err != nil || time.Since(${at}).Abs() > ${tolerance}*time.Second {`,
    "\t\treturn false",
    "\t}",
  ];
}

function judgePublic(it, all) {
  const read = {
    base64: "base64.StdEncoding.DecodeString(found[1])",
    base64url: "base64.RawURLEncoding.DecodeString(found[1])",
  };
  const [first, second] = all;
  const isUsual = all.length === 2 && second === null;
  return [
    isUsual
      ? [`\tcontent := []byte(${joined(first)})`, "\tcontent = append(content, body...)"]
      : `\tcontent := ${all.length === 1 ? "body" : `[]byte(${all.map((run) => (run ? joined(run) : "string(body)")).join(" + ")})`}`,
    `\tfor _, found := range signatures.FindAllStringSubmatch(header.Get(${quote(it.header)}), -1) {`,
    `\t\tsignature, err := ${read[it.encoding] ?? "hex.DecodeString(found[1])"}`,
    "\t\tif err == nil && ed25519.Verify(key, content, signature) {",
    "\t\t\treturn true",
    "\t\t}",
    "\t}",
    "\treturn false",
  ];
}

function judge(it, all) {
  const hash = { sha1: "sha1.New", sha384: "sha512.New384", md5: "md5.New" }[it.hash] ?? `${it.hash}.New`;
  const written = {
    hex: "hex.EncodeToString(mac.Sum(nil))",
    "hex-upper": 'fmt.Sprintf("%X", mac.Sum(nil))',
    base64: "base64.StdEncoding.EncodeToString(mac.Sum(nil))",
    base64url: "base64.RawURLEncoding.EncodeToString(mac.Sum(nil))",
  };
  const same = (given) => `hmac.Equal([]byte(${given}), []byte(expected))`;
  const header = `header.Get(${quote(it.header)})`;
  return [
    `\tmac := hmac.New(${hash}, key)`,
    all.map((run) => `\tmac.Write(${run ? `[]byte(${joined(run)})` : "body"})`),
    `\tsignature := ${written[it.encoding]}`,
    `\texpected := ${joined(it.item)}`,
    it.separator
      ? [
          `\t// ${SEVERAL}`,
          `\tfor _, item := range strings.Split(${header}, ${quote(it.separator)}) {`,
          `\t\tif ${same("item")} {`,
          "\t\t\treturn true",
          "\t\t}",
          "\t}",
          "\treturn false",
        ]
      : `\treturn ${same(header)}`,
  ];
}
