// Sketchpen's page: verifySignature as printed. The page prints no route, so this one is the least there can be.
// biome-ignore-all format: the page's own code stays as it is printed there.
// biome-ignore-all lint: likewise.
import crypto from "node:crypto";
import express from "express";

function verifySignature(payloadStr, signatureHeader, timestampHeader, secret) {
  const message = `${timestampHeader}.${payloadStr}`;
  const expected = crypto
    .createHmac('sha256', secret)
    .update(message)
    .digest('hex');
    
  const expectedSig = `sha256=${expected}`;
  return crypto.timingSafeEqual(
    Buffer.from(signatureHeader),
    Buffer.from(expectedSig)
  );
}

export function sketchpen(app) {
  app.post("/webhook", express.text({ type: "application/json" }), (req, res) => {
    const signature = req.header("X-Sketchpen-Signature");
    const timestamp = req.header("X-Sketchpen-Timestamp");
    if (!verifySignature(req.body, signature, timestamp, process.env.SKETCHPEN_WEBHOOK_SECRET)) {
      return res.status(401).send("invalid signature");
    }
    res.status(200).send("ok");
  });
}
