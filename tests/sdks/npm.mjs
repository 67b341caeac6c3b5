// npm's SDKs: how each signs, where it can, and how it verifies.
//
// A message has url, method, headers (lower-case names), body (text), secret, id, seconds and what an SDK needs besides.
// Signing resolves to {headers, body?}; verifying to whether the message is genuine, or throws.
import { createHash } from "node:crypto";

export const npm = {
  "@linear/sdk": {
    async verify({ headers, body, secret }) {
      const { LinearWebhookClient } = await import("@linear/sdk/webhooks");
      return new LinearWebhookClient(secret).verify(Buffer.from(body), headers["linear-signature"]);
    },
  },
  "@notionhq/client": {
    async sign({ body, secret }) {
      const { signWebhookPayload } = (await import("@notionhq/client")).default;
      return { headers: { "X-Notion-Signature": await signWebhookPayload({ body, verificationToken: secret }) } };
    },
    async verify({ headers, body, secret }) {
      const { verifyWebhookSignature } = (await import("@notionhq/client")).default;
      return verifyWebhookSignature({ body, signature: headers["x-notion-signature"], verificationToken: secret });
    },
  },
  "@octokit/webhooks-methods": {
    async sign({ id, body, secret }) {
      const { sign } = await import("@octokit/webhooks-methods");
      return { headers: { "X-GitHub-Delivery": id, "X-Hub-Signature-256": await sign(secret, body) } };
    },
    async verify({ headers, body, secret }) {
      const { verify } = await import("@octokit/webhooks-methods");
      return verify(secret, body, headers["x-hub-signature-256"]);
    },
  },
  "@sanity/webhook": {
    async sign({ body, secret, seconds }) {
      const { encodeSignatureHeader } = await import("@sanity/webhook");
      return { headers: { "sanity-webhook-signature": await encodeSignatureHeader(body, seconds * 1000, secret) } };
    },
    async verify({ headers, body, secret }) {
      const { isValidRequest } = await import("@sanity/webhook");
      return isValidRequest({ headers, body }, secret);
    },
  },
  "@sendgrid/eventwebhook": {
    async verify({ headers, body, secret }) {
      const { EventWebhook, EventWebhookHeader } = (await import("@sendgrid/eventwebhook")).default;
      const library = new EventWebhook();
      const [signature, timestamp] = [EventWebhookHeader.SIGNATURE(), EventWebhookHeader.TIMESTAMP()].map(
        (name) => headers[name.toLowerCase()],
      );
      return library.verifySignature(library.convertPublicKeyToECDSA(secret), body, signature, timestamp);
    },
  },
  "@workos-inc/node": {
    async sign({ body, secret, seconds }) {
      const time = seconds * 1000;
      const signature = await (await workos()).computeSignature(time, JSON.parse(body), secret);
      return { headers: { "WorkOS-Signature": `t=${time}, v1=${signature}` } };
    },
    async verify({ headers, body, secret }) {
      const sigHeader = headers["workos-signature"];
      return (await workos()).verifyHeader({ payload: JSON.parse(body), sigHeader, secret });
    },
  },
  braintree: {
    async sign(message) {
      const sample = (await braintree(message)).webhookTesting.sampleNotification("subscription_canceled", "sub_1");
      return {
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: `${new URLSearchParams(sample)}`,
      };
    },
    async verify(message) {
      const form = new URLSearchParams(message.body);
      const library = (await braintree(message)).webhookNotification;
      return (await library.parse(form.get("bt_signature"), form.get("bt_payload"))).subscription.id === "sub_1";
    },
  },
  "discord-interactions": {
    async verify({ headers, body, secret }) {
      const { verifyKey } = (await import("discord-interactions")).default;
      return verifyKey(body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], secret);
    },
  },
  "livekit-server-sdk": {
    async sign({ body, secret, key }) {
      const { AccessToken } = await import("livekit-server-sdk");
      const token = new AccessToken(key, secret, { ttl: 300 });
      token.sha256 = createHash("sha256").update(body).digest("base64");
      return { headers: { Authorization: await token.toJwt(), "Content-Type": "application/webhook+json" } };
    },
    async verify({ headers, body, secret, key }) {
      const { WebhookReceiver } = await import("livekit-server-sdk");
      const event = await new WebhookReceiver(key, secret).receive(body, headers.authorization);
      return event.event === JSON.parse(body).event;
    },
  },
  replicate: {
    async verify({ headers, body, secret }) {
      const { validateWebhook } = (await import("replicate")).default;
      const [id, timestamp, signature] = standard(headers, "webhook");
      return validateWebhook({ id, timestamp, signature, body, secret });
    },
  },
  resend: {
    async verify({ headers, body, secret }) {
      const { Resend } = await import("resend");
      const [id, timestamp, signature] = standard(headers, "svix");
      const request = { payload: body, headers: { id, timestamp, signature }, webhookSecret: secret };
      return Boolean(new Resend("re_test").webhooks.verify(request));
    },
  },
  standardwebhooks: {
    async sign(message) {
      const { Webhook } = await import("standardwebhooks");
      return { headers: signedStandard(new Webhook(message.secret), message, "webhook") };
    },
    async verify({ headers, body, secret }) {
      const { Webhook } = await import("standardwebhooks");
      return Boolean(new Webhook(secret).verify(body, headers));
    },
  },
  stripe: {
    async sign({ body, secret, seconds }) {
      const { webhooks } = await stripe();
      const header = webhooks.generateTestHeaderString({ payload: body, secret, timestamp: seconds });
      return { headers: { "Stripe-Signature": header } };
    },
    async verify({ headers, body, secret }) {
      const { webhooks } = await stripe();
      return Boolean(webhooks.constructEvent(body, headers["stripe-signature"], secret));
    },
  },
  svix: {
    async sign(message) {
      const { Webhook } = await import("svix");
      return { headers: signedStandard(new Webhook(message.secret), message, "svix") };
    },
    async verify({ headers, body, secret }) {
      const { Webhook } = await import("svix");
      return Boolean(new Webhook(secret).verify(body, headers));
    },
  },
};

function standard(headers, prefix) {
  return ["id", "timestamp", "signature"].map((name) => headers[`${prefix}-${name}`]);
}

function signedStandard(library, { id, seconds, body }, prefix) {
  const signature = library.sign(id, new Date(seconds * 1000), body);
  return { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: `${seconds}`, [`${prefix}-signature`]: signature };
}

async function stripe() {
  const { Stripe } = await import("stripe");
  return new Stripe("sk_test_none");
}

async function workos() {
  const { WorkOS } = await import("@workos-inc/node");
  return new WorkOS("sk_test_none").webhooks;
}

async function braintree({ key, secret }) {
  const library = (await import("braintree")).default;
  const environment = library.Environment.Sandbox;
  return new library.BraintreeGateway({ environment, merchantId: "none", publicKey: key, privateKey: secret });
}
