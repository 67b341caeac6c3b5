// What each SDK is asked about: a provider, a secret and a message of the kind that this provider sends.
//
// - `sdk`: how it signs and verifies; one that can't sign gets what Signet signs, or what `made` puts together by hand
//   where a scheme can't say it: from the provider's page, in a few lines.
// - `keys`: for a public key, {secret: the public half, signing: the private one}
// - `url`: what the provider was told to call, where that is signed; `adds`: what it adds to it
// - `change`: what somebody on the way would change, where that is not the word "hundred" in the body
// - `unsigned`: what is signed, where the body's form comes with the signature
// - `way`: which of the provider's ways it is, from 1, where that is not the first
// - `unsignable`: why Signet can't sign such a message
// - `overlooks`: why the SDK lets a changed message pass; Signet never does
import { createHash, createHmac, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { npm } from "./npm.mjs";
import { pypi } from "./pypi.mjs";

const URL = "https://hooks.example.com/from/provider";
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
/** Base64 of 32 bytes, of which some need both letters of the alphabet's end. */
const BASE64 = "+/8AQk9PS1MgQVJFIE5PVCBTRUNSRVRTISB/f3+//+8=";
const now = () => Date.now();
const text = 'one hundred – ünïcode ✓ <&> / \\ "quoted" \u2028 😀';
const event = (more = {}) => JSON.stringify({ id: "evt_1", type: "invoice.paid", data: { text }, ...more });

/** Names the SDK, by its registry's name, and the provider that it is of. */
const from = {
  npm: (name, provider, more) => ({ name: `npm ${name}`, provider, sdk: npm[name], ...more }),
  pypi: (name, provider, can, more) => ({ name: `PyPI ${name}`, provider, sdk: pypi(name, can), ...more }),
};
const SIGNS = { signs: true };

export const cases = [
  from.npm("@linear/sdk", "linear", {
    secret: "lin_wh_of_no_account",
    body: () => event({ action: "create", webhookTimestamp: now() }),
  }),
  from.npm("@notionhq/client", "notion", { secret: "secret_of_no_workspace" }),
  from.npm("@octokit/webhooks-methods", "github", { secret: "It's a Secret to Everybody" }),
  from.npm("@sanity/webhook", "sanity", { secret: "sanity's secret" }),
  from.npm("@sendgrid/eventwebhook", "sendgrid", {
    keys: publicKey("ec", { namedCurve: "P-256" }),
    unsignable: "ECDSA's private key is SendGrid's",
    // The trailing line break that SendGrid sends is signed with the rest.
    body: () => `${JSON.stringify([{ email: "a@example.com", event: "processed", sg_event_id: "1", text }])}\r\n`,
    made: ({ seconds, body, keys }) => ({
      headers: {
        "X-Twilio-Email-Event-Webhook-Signature": sign("sha256", `${seconds}${body}`, keys.signing).toString("base64"),
        "X-Twilio-Email-Event-Webhook-Timestamp": `${seconds}`,
      },
    }),
  }),
  from.npm("@workos-inc/node", "workos", { secret: "workos secret" }),
  from.npm("braintree", "braintree", {
    secret: "private_key_of_no_merchant",
    extra: { key: "public_key" },
    options: { publicKey: "public_key" },
    unsigned: `<notification><timestamp type="datetime">2026-05-18T12:00:00Z</timestamp>
      <kind>subscription_canceled</kind><subject><subscription><id>sub_1</id><transactions type="array"/>
      <add_ons type="array"/><discounts type="array"/></subscription></subject></notification>`,
    change: ({ body }) => ({ body: body.replace("bt_payload=", "bt_payload=IC") }),
  }),
  from.npm("discord-interactions", "discord", {
    keys: ed25519("hex"),
    body: () => event({ type: 2, application_id: "1" }),
  }),
  from.npm("livekit-server-sdk", "livekit", {
    secret: "livekit's secret, of 32 characters",
    extra: { key: "APIofNobody" },
    options: { apiKey: "APIofNobody" },
    body: () => JSON.stringify({ event: "room_started", id: "EV_1", room: { name: text }, createdAt: "1760000000" }),
  }),
  from.npm("replicate", "replicate", { secret: `whsec_${BASE64}` }),
  from.npm("resend", "resend", { secret: `whsec_${BASE64}`, body: () => event({ type: "email.sent" }) }),
  from.npm("standardwebhooks", "standard-webhooks", { secret: `whsec_${BASE64}` }),
  from.npm("stripe", "stripe", { secret: "whsec_of_no_account", body: () => event({ object: "event" }) }),
  from.npm("svix", "svix", { secret: `whsec_${BASE64}` }),
  from.npm("svix", "clerk", { name: "npm svix, as Clerk's page has it", secret: `whsec_${BASE64}` }),

  from.pypi("Adyen", "adyen", SIGNS, {
    secret: "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
    body: () => JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem: adyenItem() }] }),
    // A signature inside the body, for each item.
    way: 2,
  }),
  from.pypi("Adyen", "adyen", SIGNS, {
    name: "PyPI Adyen, for a platform's webhooks",
    secret: "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
    extra: { whole: true },
  }),
  from.pypi("boxsdk", "box", SIGNS, { secret: "box's primary key" }),
  from.pypi("castle", "castle", {}, { secret: "castle's API secret" }),
  from.pypi(
    "coinbase-commerce",
    "coinbase-commerce",
    {},
    {
      secret: "coinbase's shared secret",
      body: () => JSON.stringify({ id: 1, event: { id: "24934862-d980-46cb-9402-43c81b0cdba6", text } }),
    },
  ),
  from.pypi("connect-sdk-python3", "worldline", {}, { secret: "worldline's secret key" }),
  from.pypi(
    "dropbox-sign",
    "dropbox-sign",
    {},
    {
      secret: "dropbox-sign-api-key-of-nobody",
      made: dropboxSign,
      unsigned: JSON.stringify({ event: { event_type: "signature_request_sent", event_metadata: {} } }),
      // No more than the time and the type is signed.
      change: ({ body }) => ({ body: body.replace("signature_request_sent", "signature_request_paid") }),
    },
  ),
  from.pypi("easypost", "easypost", {}, { secret: "easypost's secret" }),
  from.pypi("fintoc", "fintoc", {}, { secret: "whsec_of_no_account" }),
  from.pypi(
    "gocardless_pro",
    "gocardless",
    {},
    {
      secret: "gocardless' secret",
      body: () => JSON.stringify({ events: [{ id: "EV1", text }], meta: { webhook_id: "WB1" } }),
    },
  ),
  from.pypi(
    "messagebird",
    "messagebird",
    {},
    {
      secret: "messagebird's signing key, 32 bytes",
      url: `${URL}?channel=1`,
      made: ({ seconds, secret, url, body }) => ({
        headers: {
          "MessageBird-Signature-JWT": jwt(secret, {
            iss: "MessageBird",
            nbf: seconds,
            exp: seconds + 60,
            jti: "e3d7b8a1",
            url_hash: sha256(url),
            payload_hash: sha256(body),
          }),
        },
      }),
    },
  ),
  from.pypi("paddle-python-sdk", "paddle", SIGNS, { secret: "pdl_ntfset_of_no_account" }),
  from.pypi("plivo", "plivo", SIGNS, {
    name: "PyPI plivo, a call's form",
    secret: "plivo's auth token",
    url: `${URL}?b=2&a=it+is`,
    headers: FORM,
    body: () => "To=%2B14158889999&From=14156667777&Text=one+hundred+%E2%9C%93&Empty=",
  }),
  from.pypi("plivo", "plivo", SIGNS, {
    name: "PyPI plivo, a call's GET",
    secret: "plivo's auth token",
    method: "GET",
    url: `${URL}?To=14158889999&From=14156667777&Text=one+hundred`,
    body: () => "",
    change: ({ query }) => ({ query: query.replace("hundred", "thousand") }),
  }),
  from.pypi(
    "plivo",
    "plivo",
    {},
    {
      name: "PyPI plivo, a message",
      secret: "plivo's auth token",
      extra: { version: 2 },
      unsignable: "version 3 is what Signet signs",
      url: `${URL}?q=1`,
      headers: FORM,
      body: () => "From=14156667777&Text=hundred",
      made: ({ id, secret }) => ({
        headers: {
          "X-Plivo-Signature-V2": hmac("sha256", secret, URL + id, "base64"),
          "X-Plivo-Signature-V2-Nonce": id,
        },
      }),
      // Neither query nor body is signed.
      change: ({ headers }) => ({ headers: { ...headers, "X-Plivo-Signature-V2-Nonce": "another" } }),
    },
  ),
  from.pypi("polar-sdk", "polar", {}, { secret: "polar_whs_of_no_organization" }),
  from.pypi(
    "polar-sdk",
    "polar",
    {},
    {
      name: "PyPI polar-sdk, a secret of September 2026 or later",
      secret: `whsec_${BASE64}`,
      body: () => event({ type: "order.paid" }),
      // Polar went over to signing as Standard Webhooks' own libraries do.
      made: npm.standardwebhooks.sign,
      way: 2,
    },
  ),
  from.pypi("pusher", "pusher", SIGNS, {
    secret: "pusher's secret",
    extra: { key: "app-key" },
    body: () => JSON.stringify({ time_ms: now(), events: [{ name: "channel_occupied", channel: text }] }),
  }),
  from.pypi("razorpay", "razorpay", {}, { secret: "razorpay's secret" }),
  from.pypi("shopifyapp", "shopify", {}, { secret: "shpss_of_no_app" }),
  from.pypi("slack_sdk", "slack", SIGNS, {
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    body: () => event({ type: "event_callback", event_id: "Ev1" }),
  }),
  from.pypi("slack_sdk", "slack", SIGNS, {
    name: "PyPI slack_sdk, a slash command",
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    headers: FORM,
    body: () => "command=%2Fpay&text=one+hundred+%E2%9C%93",
  }),
  from.pypi(
    "squareup",
    "square",
    {},
    {
      secret: "square's signature key",
      url: URL,
      made: ({ secret, url, body }) => ({
        headers: { "x-square-hmacsha256-signature": hmac("sha256", secret, url + body, "base64") },
      }),
    },
  ),
  from.pypi("standardwebhooks", "supabase", SIGNS, {
    name: "PyPI standardwebhooks, as Supabase's page has it",
    secret: `v1,whsec_${BASE64}`,
  }),
  from.pypi(
    "telnyx",
    "telnyx",
    {},
    {
      keys: ed25519("base64"),
      body: () => JSON.stringify({ data: { id: "1", event_type: "message.received", text } }),
    },
  ),
  from.pypi("twilio", "twilio", SIGNS, {
    name: "PyPI twilio, a call's form",
    secret: "twilio's auth token",
    url: `${URL}?foo=1&bar=2`,
    headers: FORM,
    body: () => "CallSid=CA1&To=%2B18005551212&Body=one+hundred+%E2%9C%93+&Empty=",
  }),
  from.pypi("twilio", "twilio", SIGNS, {
    name: "PyPI twilio, a GET",
    secret: "twilio's auth token",
    method: "GET",
    url: `${URL}?CallSid=CA1&Body=one+hundred`,
    body: () => "",
    change: ({ query }) => ({ query: query.replace("hundred", "thousand") }),
  }),
  from.pypi("twilio", "twilio", SIGNS, {
    name: "PyPI twilio, JSON",
    secret: "twilio's auth token",
    url: URL,
    adds: (body) => `?bodySHA256=${sha256(body)}`,
  }),
  from.pypi("twilio", "twilio", SIGNS, {
    name: "PyPI twilio, with a shared key and SHA-256",
    secret: "twilio's shared key",
    url: `${URL}?foo=1`,
    headers: FORM,
    extra: { settings: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256" },
    unsignable: "SHA-1 is what Signet signs with",
    body: () => "CallSid=CA1&Body=one+hundred",
  }),
  from.pypi(
    "vonage-jwt",
    "vonage",
    {},
    {
      secret: "vonage's signature secret, long enough",
      made: ({ seconds, secret, body }) => ({
        headers: {
          Authorization: `Bearer ${jwt(secret, { iss: "Vonage", iat: seconds, jti: "1", payload_hash: sha256(body) })}`,
        },
      }),
      overlooks: "its verify_signature is given the token alone, whose payload_hash is the caller's to compare",
    },
  ),
].map((one) => ({
  method: "POST",
  headers: {},
  options: {},
  extra: {},
  body: () => event(),
  change: hundredfold,
  ...one,
}));

export function hmac(algorithm, key, content, encoding) {
  return createHmac(algorithm, key).update(content).digest(encoding);
}

function hundredfold({ body }) {
  if (!body.includes("hundred")) throw new Error(`nothing to change in ${body}`);
  return { body: body.replace("hundred", "thousand") };
}

function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

function jwt(secret, claims) {
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return `${parts.join(".")}.${hmac("sha256", secret, parts.join("."), "base64url")}`;
}

/** A public key as base64 of its SPKI, as SendGrid shows it. */
function publicKey(kind, options) {
  const { publicKey, privateKey } = generateKeyPairSync(kind, options);
  return { secret: publicKey.export({ type: "spki", format: "der" }).toString("base64"), signing: privateKey };
}

/** A raw public key, and the seed that Signet signs with. */
function ed25519(encoding) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })).export({ format: "jwk" });
  return {
    secret: Buffer.from(x, "base64url").toString(encoding),
    signing: Buffer.from(d, "base64url").toString(encoding),
  };
}

function adyenItem() {
  return {
    amount: { currency: "EUR", value: 1130 },
    eventCode: "AUTHORISATION",
    eventDate: "2026-05-18T12:00:00+02:00",
    merchantAccountCode: "TestMerchant",
    merchantReference: "one hundred – ünïcode: ✓",
    originalReference: "8313547924770610",
    pspReference: "7914073381342284",
    success: "true",
  };
}

/** A multipart form with one field, as Dropbox Sign posts it. */
function dropboxSign({ seconds, secret }) {
  const event = { event_time: `${seconds}`, event_type: "signature_request_sent", event_metadata: {} };
  event.event_hash = hmac("sha256", secret, event.event_time + event.event_type, "hex");
  const lines = [
    "--line",
    'Content-Disposition: form-data; name="json"',
    "",
    JSON.stringify({ event }),
    "--line--",
    "",
  ];
  return { headers: { "Content-Type": "multipart/form-data; boundary=line" }, body: lines.join("\r\n") };
}
