// VideoVector and Ssemble print no verification: they sign as Standard Webhooks, whose own library is the judge.
import express from "express";
import { Webhook } from "standardwebhooks";

export function standard(app) {
  for (const [path, secret] of [
    ["/webhooks/videovector", process.env.VIDEOVECTOR_WEBHOOK_SECRET],
    ["/webhooks/ssemble", process.env.SSEMBLE_WEBHOOK_SECRET],
    ["/webhooks/standard", process.env.STANDARD_WEBHOOK_SECRET],
  ]) {
    app.post(path, express.raw({ type: "application/json" }), (req, res) => {
      try {
        new Webhook(secret).verify(req.body, req.headers);
      } catch (error) {
        return res.status(401).send(error.message);
      }
      res.status(200).send("ok");
    });
  }
}
