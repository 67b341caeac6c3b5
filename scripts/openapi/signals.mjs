// Signet's own events: what it sends to its operator.
import { choice, id, integer, nullable, ref, shown, time } from "./parts.mjs";

const application = { type: "string", pattern: "^(default|app_[0-9a-hjkmnp-tv-z]{28})$", description: "Whose it is." };
const since = nullable(time("Since when its destination took nothing, where that is known."));

/** Each kind: when it is sent, and its data. */
const KINDS = {
  "signet.subscription.disabled": {
    name: "SubscriptionDisabled",
    summary: "A subscription was disabled: its destination said 410, or failed for too long",
    data: { application, subscription: id("sub"), reason: choice(["gone", "failing"]), failingSince: since },
    at: { disabledAt: time() },
  },
  "signet.subscription.failing": {
    name: "SubscriptionFailing",
    summary: "A destination takes nothing, and is spared: one attempt at a time, now and then",
    data: { application, subscription: id("sub"), failingSince: since },
  },
  "signet.subscription.recovered": {
    name: "SubscriptionRecovered",
    summary: "It takes deliveries again",
    data: { application, subscription: id("sub"), failingSince: since },
    at: { recoveredAt: time() },
  },
  "signet.delivery.failed": {
    name: "DeliveryFailed",
    summary: "A delivery has used up its schedule, or was answered with 410",
    data: {
      application,
      subscription: nullable(id("sub", { description: "Null for a `webhookUrl` and for a source." })),
      source: nullable(id("src")),
      delivery: id("del"),
      event: shown({ id: { type: "string" }, type: { type: "string" } }),
      attemptCount: integer(1, 4_294_967_295),
      responseStatus: nullable(integer(100, 599, { description: "What the last attempt was answered with." })),
      error: nullable(ref("AttemptError")),
    },
    at: { createdAt: time(), failedAt: time() },
  },
  "signet.secret.rotated": {
    name: "SecretRotated",
    summary: "A signing secret was rotated",
    data: { application, subscription: nullable(id("sub", { description: "Null: the application's own." })) },
    at: { rotatedAt: time(), previousSecretExpiresAt: time("Until then the one before signs too.") },
  },
};

const header = (name, description) => ({ name, in: "header", required: true, description, schema: { type: "string" } });

const HEADERS = [
  header("webhook-id", "The delivery's id, the same in every attempt."),
  header("webhook-timestamp", "Seconds since 1970."),
  header("webhook-signature", "By the subscription's secret, as Standard Webhooks has it."),
];

export const schemas = Object.fromEntries(
  Object.entries(KINDS).map(([type, { name, data, at = {} }]) => [
    name,
    shown({ type: { const: type }, timestamp: time("When it happened."), data: shown({ ...data, ...at }) }),
  ]),
);

/** The `webhooks` of the document. */
export const webhooks = Object.fromEntries(
  Object.entries(KINDS).map(([type, { name, summary }]) => [
    type,
    {
      post: {
        operationId: `on${name}`,
        tags: ["Operator's webhooks"],
        summary,
        parameters: HEADERS,
        requestBody: { required: true, content: { "application/json": { schema: ref(name) } } },
        responses: { "2XX": { description: "It is taken. Anything else is tried again." } },
      },
    },
  ]),
);

export const tag = {
  name: "Operator's webhooks",
  description:
    "What Signet itself has to say of all applications: to the operator's subscriptions of the application `default` " +
    "whose `events` all begin with `signet.`, under the profile `standard` in this form.",
};
