// Signs as a profile's `signature` says, to have at hand what Signet would never send: what is old, or another's.
import { createHmac, createPrivateKey, sign } from "node:crypto";

const WRITTEN = {
  hex: (bytes) => bytes.toString("hex"),
  "hex-upper": (bytes) => bytes.toString("hex").toUpperCase(),
  base64: (bytes) => bytes.toString("base64"),
  base64url: (bytes) => bytes.toString("base64url"),
};

const TIMES = {
  seconds: (at) => String(Math.floor(at / 1000)),
  milliseconds: String,
  rfc3339: (at) => new Date(at).toISOString(),
  "http-date": (at) => new Date(at).toUTCString(),
};

/** The headers of a message that is signed with each of the secrets. */
export function signed(scheme, secrets, { id = "msg_1", at = Date.now(), body }) {
  const timestamp = TIMES[scheme.timestampFormat ?? "seconds"](at);
  const values = { "{id}": id, "{timestamp}": timestamp, "{body}": body };
  const fill = (text, signature) =>
    text.replace(/\{timestamp\}/g, () => timestamp).replace("{signature}", () => signature);
  const content = scheme.content.split(/(\{id\}|\{timestamp\}|\{body\})/).map((part) => values[part] ?? part);
  const signatures = [secrets].flat().map((secret) => made(scheme, secret, content.join("")));
  const items = scheme.separator ? scheme.format.split(scheme.separator) : [scheme.format];
  const written = items.flatMap((item) =>
    item.includes("{signature}")
      ? signatures.map(({ bytes, isPublic }) =>
          fill((isPublic && scheme.asymmetricFormat) || item, WRITTEN[scheme.encoding](bytes)),
        )
      : fill(item),
  );
  return {
    [scheme.header]: written.join(scheme.separator),
    ...(scheme.timestampHeader ? { [scheme.timestampHeader]: timestamp } : {}),
    ...(scheme.idHeader ? { [scheme.idHeader]: id } : {}),
  };
}

function made(scheme, secret, content) {
  if (secret.startsWith("whsk_")) {
    // A seed becomes PKCS #8 behind a head that never changes (RFC 8410).
    const seed = Buffer.from(secret.slice(5), "base64").subarray(0, 32);
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    return { bytes: sign(null, Buffer.from(content), key), isPublic: true };
  }
  const bare = secret.replace("whsec_", "");
  const isBase64 = scheme.secretEncoding === "base64" || (scheme.secretEncoding === "whsec" && bare !== secret);
  const key =
    scheme.secretEncoding === "hex" ? Buffer.from(bare, "hex") : isBase64 ? Buffer.from(bare, "base64") : secret;
  return { bytes: createHmac(scheme.algorithm.slice(5), key).update(content).digest(), isPublic: false };
}
