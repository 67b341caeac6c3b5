// ClipCabinet's page, its Node receiver, as printed (without the TypeScript types).
// biome-ignore-all format: the page's own code stays as it is printed there.
// biome-ignore-all lint: likewise.
import crypto from "node:crypto";
import express from "express";

const SECRET = process.env.CLIPCABINET_WEBHOOK_SECRET; // whsec_...

export function verifyClipCabinetWebhook(
  rawBody,
  signatureHeader,
) {
  if (!signatureHeader.startsWith("sha256=")) return false;
  const expected = "sha256=" + crypto
    .createHmac("sha256", SECRET)
    .update(rawBody)
    .digest("hex");
  return crypto.timingSafeEqual(
    Buffer.from(signatureHeader),
    Buffer.from(expected),
  );
}

export function clipcabinet(app) {
  // Express example
  app.post("/hooks/clipcabinet", express.raw({ type: "application/json" }), (req, res) => {
    const sig = req.header("X-ClipCabinet-Signature") ?? "";
    if (!verifyClipCabinetWebhook(req.body.toString("utf8"), sig)) {
      return res.status(401).send("invalid signature");
    }
    const event = JSON.parse(req.body.toString("utf8"));
    // ... handle event
    console.log(JSON.stringify(event));
    res.status(200).send("ok");
  });
}
