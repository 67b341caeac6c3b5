// Signatures that a profile of one's own may have, between them everything that such an object can say.
const HEADER = "X-Brand-Signature";
const TIME = "X-Brand-Time";

/** `rotated`: the secret is changed, and both sign. `secretType`: of the new one, where it is of another kind. */
export const cases = [
  {
    name: "sha1 in hex, a list with the time in it",
    rotated: true,
    signature: {
      algorithm: "hmac-sha1",
      secretEncoding: "utf8",
      content: "{timestamp}.{body}",
      encoding: "hex",
      header: HEADER,
      format: "t={timestamp},v1={signature}",
      separator: ",",
    },
  },
  {
    name: "sha512 in base64, the secret in hex, milliseconds behind a line break",
    signature: {
      algorithm: "hmac-sha512",
      secretEncoding: "hex",
      content: "{timestamp}\n{body}",
      encoding: "base64",
      header: HEADER,
      format: "{signature}",
      timestampHeader: TIME,
      timestampFormat: "milliseconds",
    },
    secretFormat: "{hex}",
  },
  {
    name: "sha384 in upper-case hex, RFC 3339, and text that is code in some language",
    signature: {
      algorithm: "hmac-sha384",
      secretEncoding: "whsec",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: meant as it stands
      content: "{id}\"'`\\n ${id} #{id} $id {{id} #@x %s é✓ {timestamp}\\{body}",
      encoding: "hex-upper",
      header: HEADER,
      format: "a\"b'c`d\\e$f#{signature}",
      timestampHeader: TIME,
      timestampFormat: "rfc3339",
      idHeader: "X-Brand-Id",
    },
    secretFormat: "whsec_{base64}",
  },
  {
    name: "md5 in base64 for URLs, an HTTP date at the end",
    signature: {
      algorithm: "hmac-md5",
      secretEncoding: "whsec",
      content: "{timestamp}/{body}",
      encoding: "base64url",
      header: HEADER,
      format: "s={signature};t={timestamp}",
      timestampFormat: "http-date",
    },
    secretFormat: "key_{hex}",
  },
  {
    name: "the time in every item of the list, the body twice",
    rotated: true,
    signature: {
      algorithm: "hmac-sha256",
      secretEncoding: "base64",
      content: "{body}{timestamp}{body}",
      encoding: "hex",
      header: HEADER,
      format: "{timestamp}|{signature}",
      separator: "|| ",
    },
  },
  {
    name: "RFC 3339 before the signature, a tolerance of a minute",
    tolerance: 60,
    signature: {
      algorithm: "hmac-sha256",
      secretEncoding: "utf8",
      content: "{timestamp}{body}",
      encoding: "base64url",
      header: HEADER,
      format: "/t={timestamp}-{signature}/",
      timestampFormat: "rfc3339",
      toleranceSeconds: 60,
    },
  },
  {
    name: "a time that is sent and not signed, the list before it",
    rotated: true,
    signature: {
      algorithm: "hmac-sha256",
      secretEncoding: "utf8",
      content: "{body}",
      encoding: "base64",
      header: HEADER,
      format: "v1={signature};t={timestamp}",
      separator: ";",
    },
  },
  {
    name: "base64 for URLs in a list, the time behind it",
    rotated: true,
    signature: {
      algorithm: "hmac-sha512",
      secretEncoding: "utf8",
      content: "{timestamp}.{body}",
      encoding: "base64url",
      header: HEADER,
      format: "v1={signature}, t={timestamp}",
      separator: ", ",
      timestampFormat: "milliseconds",
    },
  },
  {
    name: "Ed25519 as Standard Webhooks has it",
    rotated: true,
    signature: { algorithm: "ed25519", format: "v1a,{signature}", separator: " " },
  },
  {
    name: "Ed25519 in hex over the body alone",
    signature: { algorithm: "ed25519", content: "{body}", encoding: "hex", header: HEADER, format: "{signature}" },
  },
  {
    name: "Ed25519 in base64 for URLs behind the time",
    signature: {
      algorithm: "ed25519",
      content: "{timestamp}.{body}.é",
      encoding: "base64url",
      header: HEADER,
      format: "t={timestamp}.{signature}",
    },
  },
  {
    name: "Ed25519 in upper-case hex, the body first",
    signature: {
      algorithm: "ed25519",
      content: "{body}/{timestamp}",
      encoding: "hex-upper",
      header: HEADER,
      format: "ed/{signature}",
      timestampHeader: TIME,
    },
  },
  { name: "a shared secret exchanged for a key pair", rotated: true, secretType: "ed25519", signature: {} },
];

/** What no receiver can read for certain. */
export const unreadable = [
  { algorithm: "token" },
  { encoding: "text" },
  { timestampFormat: "sundial" },
  // Where one signature ends, and the next begins.
  { encoding: "base64", format: "{signature}", separator: "==" },
  { encoding: "hex", format: "{signature}", separator: "a" },
  { format: "{signature}", separator: "gn" },
  // Where the time begins, and ends.
  { timestampHeader: undefined, format: "{signature}e{timestamp}", separator: undefined },
  { timestampHeader: undefined, format: "{timestamp}1{signature}", separator: undefined },
  { timestampHeader: undefined, format: "t={timestamp},v={signature}", separator: ",", timestampFormat: "http-date" },
  { timestampHeader: undefined, format: "{timestamp}/{signature}", separator: " ", asymmetricFormat: "{signature}" },
  // What HTTP does not carry.
  { format: "{signature} ", separator: undefined },
  // What nobody can see in a program.
  { content: "{body}\u0000" },
  { content: "{body}\u202e" },
];
