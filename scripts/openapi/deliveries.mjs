// Deliveries: an event on its way to one destination, and every attempt.
import {
  answer,
  at,
  boolean,
  choice,
  id,
  inPath,
  integer,
  links,
  list,
  nullable,
  page,
  paging,
  query,
  ref,
  shown,
  text,
  time,
} from "./parts.mjs";

const TAG = "Deliveries";
const STATUS = choice(["pending", "delivered", "failed", "cancelled"]);

const delivery = {
  id: id("del"),
  event: shown({ id: { type: "string" }, type: { type: "string" } }),
  subscription: nullable(id("sub", { description: "Null for a `webhookUrl` and for a source." })),
  source: nullable(id("src")),
  url: nullable({ type: "string" }),
  status: STATUS,
  attemptCount: { type: "integer", minimum: 0 },
  maxAttempts: { type: "integer", minimum: 0 },
  nextAttemptAt: nullable(time()),
  createdAt: time(),
  completedAt: nullable(time()),
};

export const tag = { name: TAG, description: "An event on its way to one destination, with every attempt." };

export const schemas = {
  AttemptError: choice(["timeout", "connection", "tls", "dns", "redirect", "blocked_address", "response_too_large"], {
    description: "Why no HTTP status came.",
  }),
  Attempt: shown({
    number: { type: "integer", minimum: 1 },
    trigger: choice(["schedule", "manual", "test"]),
    startedAt: time(),
    durationMs: { type: "integer", minimum: 0 },
    responseStatus: nullable(integer(100, 599)),
    responseBody: nullable(text(16_384, { description: "The beginning of it, at most 16 KiB." })),
    responseBodyTruncated: boolean(),
    error: nullable(ref("AttemptError")),
  }),
  Delivery: shown(delivery),
  RequestToSend: shown(
    {
      method: { type: "string" },
      url: { type: "string" },
      headers: list(
        shown({ name: { type: "string" }, value: nullable({ type: "string", description: "Null: not for you." }) }),
      ),
      body: nullable({ type: "string", description: "Null for one that is no UTF-8." }),
      bodyBase64: { type: "string", description: "In place of `body`." },
    },
    { optional: ["bodyBase64"] },
  ),
  WholeDelivery: shown({
    ...delivery,
    payload: nullable({
      type: "string",
      description: "The exact body, the same in every attempt; null once its time is over.",
    }),
    attempts: list(ref("Attempt")),
  }),
};

const one = { parameters: [inPath("id", id("del"), "`del_…`")] };

export const paths = [
  at("/v1/deliveries", TAG, {
    get: {
      operationId: "listDeliveries",
      summary: "List deliveries",
      scope: "deliveries:read",
      parameters: [
        query("status", STATUS, "Only these."),
        query("subscription", { type: "string" }, "Only those of this subscription, `sub_…`."),
        query("source", { type: "string" }, "Only those of this source, `src_…`."),
        query("event", { type: "string" }, "Only those of this event."),
        query("type", { type: "string" }, "Only those of events of this type."),
        query("since", time(), "Created then or later."),
        query("until", time(), "Created then or before."),
        query("scheduled", choice(["true"]), "Only those whose first attempt is still to come, at a time that is set."),
        query(
          "retrying",
          choice(["true"]),
          "Only those that were tried and wait for another attempt, the soonest first: a glance at `limit` of them, without a `nextCursor`. Goes with `subscription`, `source` and `limit` alone.",
        ),
        ...paging(),
      ],
      answers: { 200: answer("A page, newest first, without payloads and attempts.", page("Delivery")) },
    },
  }),
  at(
    "/v1/deliveries/{id}",
    TAG,
    {
      get: {
        operationId: "getDelivery",
        summary: "Read a delivery",
        scope: "deliveries:read",
        answers: {
          200: answer("The delivery with its payload and attempts.", ref("WholeDelivery"), {
            links: links("id", "$response.body#/event/id", ["getEvent"]),
          }),
        },
      },
    },
    one,
  ),
  at(
    "/v1/deliveries/{id}/request",
    TAG,
    {
      get: {
        operationId: "getDeliveryRequest",
        summary: "See what an attempt made now would send",
        description:
          "Whatever its status, its timestamp and signature those of this moment; of a request to a source, as it would go " +
          "to the origin. The values of a subscription's `headers` are for keys with `subscriptions:read`; those of a " +
          "request's own headers, and its query, which may hold a provider's token, for keys with `secrets:read`: each " +
          "such reading is logged. The platform adds `Host`, `Content-Length` and what else it says of a connection.",
        scope: "deliveries:write",
        answers: { 200: answer("The request.", ref("RequestToSend")) },
        codes: { 409: ["subscription_deleted", "payload_expired", "blocked_address"] },
      },
    },
    one,
  ),
  at(
    "/v1/deliveries/{id}/retry",
    TAG,
    {
      post: {
        operationId: "retryDelivery",
        summary: "Try a delivery now",
        description: "Whatever its status; a pending delivery's schedule goes on beside it.",
        scope: "deliveries:write",
        answers: { 202: answer("The attempt is under way.", ref("Delivery")) },
        codes: { 409: ["subscription_deleted", "payload_expired"] },
      },
    },
    one,
  ),
  at(
    "/v1/deliveries/{id}/cancel",
    TAG,
    {
      post: {
        operationId: "cancelDelivery",
        summary: "Call a delivery off",
        scope: "deliveries:write",
        answers: { 200: answer("As it is now.", ref("Delivery")) },
        codes: { 409: ["not_pending"] },
      },
    },
    one,
  ),
];
