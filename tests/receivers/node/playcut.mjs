// Playcut's page, its Express receiver, as printed (without the TypeScript cast).
// biome-ignore-all format: the page's own code stays as it is printed there.
// biome-ignore-all lint: likewise.
import { createHmac } from "crypto";
import express from "express";

export function playcut(app) {
  app.post("/webhooks/playcut", express.raw({ type: "application/json" }), (req, res) => {
    const sig = req.headers["x-playcut-signature"];
    const expected =
      "sha256=" + createHmac("sha256", process.env.PLAYCUT_WEBHOOK_SECRET).update(req.body).digest("hex");

    if (expected !== sig) return res.status(401).send("Invalid signature");

    const event = JSON.parse(req.body.toString());
    // handle event...
    console.log(JSON.stringify(event));
    res.json({ ok: true });
  });
}
