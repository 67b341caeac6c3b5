// Subscriptions: where events go.

import { started } from "./operations.mjs";
import {
  answer,
  at,
  body,
  choice,
  id,
  inPath,
  integer,
  links,
  list,
  map,
  nullable,
  number,
  page,
  paging,
  ref,
  sent,
  shown,
  text,
  time,
} from "./parts.mjs";
import { circuit, eventPatterns, eventType, headers, profileName, publicKey, secretAnswer, url } from "./shared.mjs";
import { figures, windowed } from "./stats.mjs";

const TAG = "Subscriptions";
export const URL_CODES = { 422: ["invalid_url", "private_address"] };

const filterBy = map(list(text(256), { minItems: 1, maxItems: 256 }), {
  propertyNames: text(256),
  maxProperties: 32,
  description: "For each key the event's attribute must share a value. Keys and values have at most 256 bytes each.",
});
const rate = { perSecond: number(0.01, 10_000) };

const fields = {
  name: nullable(text(256)),
  events: nullable(eventPatterns),
  event: nullable({ ...eventPatterns.items, description: "In place of `events`, for one." }),
  filter: nullable(filterBy),
  metadata: nullable(map({}, { description: "Your own notes, at most 16 KiB as JSON." })),
  profile: nullable(
    profileName("What deliveries look like, and when they are tried again. Left out: the application's."),
  ),
  headers: nullable(
    headers(
      "Headers on each delivery. Not those that frame or sign, nor what begins with `webhook-`, `Signet-`, `CF-` or " +
        "`X-Forwarded-`; no name twice in another case.",
    ),
  ),
  rateLimit: nullable(sent(rate, { required: ["perSecond"], description: "Attempts by schedule wait their turn." })),
  concurrency: nullable(integer(1, 32, { default: 32, description: "How many attempts may be under way at once." })),
  ordered: nullable({
    type: "boolean",
    default: false,
    description: "Each delivery waits until the one before is delivered, failed or cancelled. Not with several shards.",
  }),
  shards: nullable(
    integer(1, 32, {
      default: 1,
      description:
        "How many objects share the deliveries, for a destination that outgrows one; each takes its share of the limits.",
    }),
  ),
};
export const secretType = nullable(
  choice(["shared", "ed25519"], {
    default: "shared",
    description:
      "What secret is made; not beside `secret`. `ed25519`: a private key (`whsk_…`), whose other half is `publicKey`, " +
      "where the profile signs as Standard Webhooks does.",
  }),
);
const notBoth = { not: { required: ["event", "events"] } };

/** What `rotate-secret` takes, of a subscription and of an application. */
export const rotation = body(
  sent({
    overlapSeconds: nullable(
      integer(0, 604_800, {
        default: 86_400,
        description:
          "How long the old secret signs too, where the format carries two. 0: the new one signs alone, whatever earlier rotations allowed.",
      }),
    ),
    secret: nullable({
      type: "string",
      description: "One to use instead of a new one; it must be of the profile's form.",
    }),
    secretType,
  }),
  { "With an hour's overlap": { overlapSeconds: 3600 } },
  { required: false },
);

/** What a test takes. */
export const testBody = body(
  sent({
    type: nullable({ ...eventType, default: "webhook.test" }),
    data: { description: "Any JSON." },
  }),
  { "A type and data": { type: "task.completed", data: { taskId: "abc123" } } },
  { required: false },
);

const subscription = {
  id: id("sub"),
  name: nullable({ type: "string" }),
  url: { type: "string" },
  events: list({ type: "string" }, { minItems: 1 }),
  filter: map(list({ type: "string" })),
  metadata: map({}),
  profile: { type: "string" },
  headers: nullable(map({ type: "string" }, { description: "Null where they can't be read: see `/healthz`." })),
  rateLimit: nullable(shown(rate)),
  concurrency: nullable(integer(1, 32)),
  ordered: { type: "boolean" },
  shards: integer(1, 32),
  status: choice(["active", "paused", "disabled"]),
  disabledReason: nullable(
    choice(["gone", "failing"], {
      description: "`gone`: the destination answered 410. `failing`: for too long it took nothing.",
    }),
  ),
  failingSince: nullable(time("Since when it takes nothing, where that has lasted so long that it is spared.")),
  publicKey,
  createdAt: time(),
  updatedAt: time(),
};

export const tag = { name: TAG, description: "Where events go, which ones, and in what form." };

export const schemas = {
  SubscriptionToCreate: sent(
    {
      url: url("Where deliveries go."),
      ...fields,
      secret: nullable({
        type: "string",
        description: "One that you bring along; it must be of the profile's form.",
      }),
      secretType,
    },
    { required: ["url"], ...notBoth },
  ),
  SubscriptionChanges: sent({ url: url("Where deliveries go."), ...fields }, notBoth),
  Subscription: shown(subscription, { optional: ["publicKey"] }),
  NewSubscription: shown(
    { ...subscription, secret: { type: "string", description: "What signs its deliveries." } },
    { optional: ["publicKey"] },
  ),
  SubscriptionStats: shown({ subscription: id("sub"), ...figures }, { optional: ["series"] }),
  SubscriptionHealth: shown({
    subscription: id("sub"),
    circuit,
    failingSince: nullable(time("When the first attempt failed after the last that did not.")),
    consecutiveFailures: {
      type: "integer",
      minimum: 0,
      description: "Attempts by schedule that failed since; a restart may forget some beyond the tenth.",
    },
    retryAt: nullable(time("When one attempt is made, while it is spared.")),
    waiting: { type: "integer", minimum: 0, description: "Pending deliveries." },
  }),
};

const one = { parameters: [inPath("id", id("sub"), "`sub_…`")] };
const each = (path, methods) => at(`/v1/subscriptions/{id}${path}`, TAG, methods, one);
const window = { since: time("From then on, by creation."), until: nullable(time("Up to then; now when left out.")) };

export const paths = [
  at("/v1/subscriptions", TAG, {
    get: {
      operationId: "listSubscriptions",
      summary: "List subscriptions",
      scope: "subscriptions:read",
      parameters: paging(),
      answers: { 200: answer("A page, newest first.", page("Subscription")) },
    },
    post: {
      operationId: "createSubscription",
      summary: "Make a subscription",
      description:
        "Types that begin with `signet.` are Signet's own events: the operator may ask for them in the application " +
        "`default`, in a subscription of their own (else 422), of which there may be 30 (else 409).",
      scope: "subscriptions:write",
      send: body(ref("SubscriptionToCreate"), {
        "Only where to": { url: "https://example.com/hook" },
        "With everything": {
          url: "https://example.com/hook",
          name: "Review events",
          events: ["prompt_run.*"],
          filter: { index_ids: ["idx_archive"] },
          metadata: { owner: "review-ops" },
          profile: "standard",
          headers: { "X-Team": "review" },
          rateLimit: { perSecond: 50 },
          ordered: false,
          shards: 1,
          secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        },
      }),
      answers: {
        201: answer("It is made, and gets every event that is sent from now on.", ref("NewSubscription"), {
          links: links("id", "$response.body#/id", [
            "getSubscription",
            "updateSubscription",
            "deleteSubscription",
            "testSubscription",
            "pauseSubscription",
            "resumeSubscription",
            "rotateSubscriptionSecret",
            "getSubscriptionSecret",
          ]),
        }),
      },
      codes: { ...URL_CODES, 409: ["too_many_subscriptions"] },
    },
  }),
  each("", {
    get: {
      operationId: "getSubscription",
      summary: "Read a subscription",
      scope: "subscriptions:read",
      answers: { 200: answer("Without its secret.", ref("Subscription")) },
    },
    patch: {
      operationId: "updateSubscription",
      summary: "Change a subscription",
      description:
        "What is left out stays; `null` sets a field back to what it is when left out. 422 for a profile that can't sign with the subscription's secret.",
      scope: "subscriptions:write",
      send: body(ref("SubscriptionChanges"), {
        "Other events": { events: ["task.completed", "task.failed"], rateLimit: null },
      }),
      answers: { 200: answer("As it is now.", ref("Subscription")) },
      codes: URL_CODES,
    },
    delete: {
      operationId: "deleteSubscription",
      summary: "Delete a subscription",
      description: "What was pending is cancelled; the history stays.",
      scope: "subscriptions:write",
      answers: { 204: answer("It is gone.") },
    },
  }),
  each("/test", {
    post: {
      operationId: "testSubscription",
      summary: "Send a test",
      description: "One synthetic event, now, without retries, also while paused.",
      scope: "deliveries:write",
      send: testBody,
      answers: {
        200: answer("How it went.", ref("TestResult"), {
          links: links("id", "$response.body#/deliveryId", ["getDelivery", "retryDelivery", "cancelDelivery"]),
        }),
      },
    },
  }),
  each("/pause", {
    post: {
      operationId: "pauseSubscription",
      summary: "Hold deliveries",
      description: "They are recorded, and go out when it is resumed.",
      scope: "subscriptions:write",
      answers: { 200: answer("As it is now.", ref("Subscription")) },
    },
  }),
  each("/resume", {
    post: {
      operationId: "resumeSubscription",
      summary: "Let deliveries go out again",
      description: "Also brings back one that was disabled.",
      scope: "subscriptions:write",
      answers: { 200: answer("As it is now.", ref("Subscription")) },
    },
  }),
  each("/rotate-secret", {
    post: {
      operationId: "rotateSubscriptionSecret",
      summary: "Replace the secret",
      scope: "subscriptions:write",
      send: rotation,
      answers: { 200: answer("The new secret.", ref("RotatedSecret")) },
    },
  }),
  each("/secret", {
    get: {
      operationId: "getSubscriptionSecret",
      summary: "Read the secret",
      description: "Each reading is logged.",
      scope: "secrets:read",
      answers: { 200: answer("The secret in force.", secretAnswer) },
    },
  }),
  each("/stats", {
    get: {
      operationId: "getSubscriptionStats",
      summary: "Read how deliveries went",
      scope: "deliveries:read",
      parameters: windowed,
      answers: { 200: answer("Counts, success rate, and latency of deliveries.", ref("SubscriptionStats")) },
    },
  }),
  each("/health", {
    get: {
      operationId: "getSubscriptionHealth",
      summary: "Read how the destination does",
      description: "Of several `shards` the worst.",
      scope: "deliveries:read",
      answers: { 200: answer("How it does now.", ref("SubscriptionHealth")) },
    },
  }),
  each("/recover", {
    post: {
      operationId: "recoverDeliveries",
      summary: "Try failed deliveries again",
      description:
        "In the background: those that had failed when this is answered, each once, on a fresh schedule. Tests are left out.",
      scope: "deliveries:write",
      send: body(sent({ ...window, status: nullable(choice(["failed"])) }, { required: ["since"] }), {
        "Since an outage": { since: "2026-05-18T12:00:00.000Z" },
      }),
      answers: { 202: started },
      codes: { 409: ["too_many_operations"] },
    },
  }),
  each("/replay", {
    post: {
      operationId: "replayEvents",
      summary: "Deliver events again, as new deliveries",
      description:
        "In the background: events of the window that the subscription's `events` and `filter` want, also those that nobody wanted when they came. Each is rendered under the subscription's profile; `deliverAt` counts no more. What came to sources is left out.",
      scope: "deliveries:write",
      send: body(
        sent(
          {
            ...window,
            types: nullable(eventPatterns),
            from: nullable(
              id("sub", { description: "Only what this subscription got; left out: the application's events." }),
            ),
          },
          { required: ["since"] },
        ),
        { "A day's": { since: "2026-05-18T00:00:00.000Z", until: "2026-05-19T00:00:00.000Z", types: ["task.*"] } },
      ),
      answers: { 202: started },
      codes: { 409: ["too_many_operations"] },
    },
  }),
];
