// Events: what a producer posts.
import { answer, at, body, inPath, links, list, map, nullable, ref, sent, shown, text, time } from "./parts.mjs";
import { eventType, url } from "./shared.mjs";

const TAG = "Events";
const EVENT_LIMIT = 1024 * 1024;
const BATCH_LIMIT = 8 * 1024 * 1024;

const own = { type: "string", pattern: "^[!-~]{1,256}$" };
const attributes = map(
  { anyOf: [text(256), list(text(256), { maxItems: 256 })] },
  { propertyNames: text(256), maxProperties: 64 },
);
const ours = (description) => nullable({ ...time(description), pattern: "^(19[7-9]|[2-9][0-9]{2})[0-9]-" });

const example = {
  type: "task.completed",
  data: { taskId: "abc123" },
  id: "my-id-1",
  occurredAt: "2026-05-18T12:00:00.000Z",
  attributes: { index_ids: ["idx_archive"] },
};

const traceContext = [
  {
    name: "traceparent",
    in: "header",
    description: "W3C Trace Context: what every attempt then carries on. One that is not well formed counts as none.",
    schema: { type: "string" },
  },
  { name: "tracestate", in: "header", description: "Goes on with it, as it came.", schema: { type: "string" } },
];

const accepted = {
  id: { type: "string" },
  deliveries: list(ref("Target")),
  duplicate: { const: true, description: "The id was accepted before; nothing was sent." },
};

export const tag = { name: TAG, description: "What happened. An answer of 202 means: durably stored." };

export const schemas = {
  EventToSend: sent(
    {
      type: { ...eventType, description: "Not one that begins with `signet.`: those are Signet's own." },
      data: { description: "Any JSON, passed on byte for byte." },
      id: nullable({
        ...own,
        description: "The same id again answers the same deliveries and sends nothing; with other JSON it is a 409.",
      }),
      occurredAt: ours("When it happened; now when left out."),
      attributes: {
        ...nullable(attributes),
        description: "What subscriptions filter by. Keys and values have at most 256 bytes each.",
      },
      webhookUrl: nullable(url("A delivery of its own, under the application's profile and secret.")),
      deliverAt: ours("Not to be sent before; up to 30 days ahead."),
    },
    { required: ["type", "data"] },
  ),
  AcceptedEvent: shown(accepted, { optional: ["duplicate"] }),
  Event: shown({
    id: { type: "string" },
    type: { type: "string" },
    data: { description: "As it was posted." },
    attributes: map({ anyOf: [{ type: "string" }, list({ type: "string" })] }),
    occurredAt: time(),
    createdAt: time(),
    deliveries: list(ref("Target")),
  }),
};

const named = { parameters: [inPath("id", own, "`evt_…`, or the id that its producer gave it.")] };

export const paths = [
  at("/v1/events", TAG, {
    post: {
      operationId: "sendEvent",
      summary: "Send an event",
      description:
        "413 also for an event whose body under a profile would have more than 1,900,000 bytes. 422 for a `deliverAt` more than 30 days ahead, and for an event that more than 20,000 subscriptions want (`too_many_deliveries`).",
      scope: "events:write",
      parameters: [
        {
          name: "Idempotency-Key",
          in: "header",
          description: "Stands in for `id` where the body has none.",
          schema: own,
        },
        ...traceContext,
      ],
      send: body(
        ref("EventToSend"),
        {
          "Only what happened": { type: "task.completed", data: { taskId: "abc123" } },
          "With an id": example,
          "To a URL of its own": { type: "shorts.completed", data: { id: 7 }, webhookUrl: "https://example.com/hook" },
        },
        { limit: EVENT_LIMIT },
      ),
      answers: {
        202: answer("It is stored, and on its way to everybody who wants it.", ref("AcceptedEvent"), {
          example: {
            id: "my-id-1",
            deliveries: [{ id: "del_01hy5w3k00qx7v9h2m4tbd8000r4", subscription: "sub_01hy5w2z00c8k1f6n3sp5ge000r4" }],
          },
          links: {
            ...links("id", "$response.body#/id", ["getEvent"]),
            ...links("id", "$response.body#/deliveries/0/id", ["getDelivery", "retryDelivery", "cancelDelivery"]),
          },
        }),
      },
      codes: {
        409: ["id_conflict"],
        422: ["invalid_url", "private_address", "invalid_header", "too_many_deliveries"],
      },
    },
  }),
  at("/v1/events/batch", TAG, {
    post: {
      operationId: "sendEvents",
      summary: "Send up to 1,000 events",
      description:
        "Each is taken or refused for itself: its result is what `POST /v1/events` would have answered, a problem among them (413 for an event over 1 MiB, 400 for a line that is not JSON). Subscriptions get them in the order given. A batch that would make more than 20,000 deliveries, or 64 MiB of them, is taken up to there; the rest is 503, to be sent again.",
      scope: "events:write",
      parameters: [
        {
          name: "Idempotency-Key",
          in: "header",
          description: "Event n of the batch, from 0, gets the id `key:n` where it has none.",
          schema: { type: "string", pattern: "^[!-~]{1,252}$" },
        },
        ...traceContext,
      ],
      send: body(
        list(ref("EventToSend"), { minItems: 1, maxItems: 1000 }),
        { Two: [example, { type: "task.failed", data: { taskId: "abc124" } }] },
        {
          limit: BATCH_LIMIT,
          more: {
            "application/x-ndjson": {
              schema: { type: "string", description: "An event on each line." },
              examples: { Two: { value: '{"type":"task.completed","data":1}\n{"type":"task.failed","data":2}\n' } },
            },
          },
        },
      ),
      answers: {
        202: answer(
          "What became of each, in their order.",
          shown({ results: list({ anyOf: [ref("AcceptedEvent"), ref("Problem")] }) }),
        ),
      },
      codes: { 422: ["invalid_header"] },
    },
  }),
  at(
    "/v1/events/{id}",
    TAG,
    {
      get: {
        operationId: "getEvent",
        summary: "Read an event",
        description: "Also one that nobody wanted. Once the time of its data is over it is a 404 `payload_expired`.",
        scope: "deliveries:read",
        answers: { 200: answer("The event.", ref("Event")) },
        codes: { 404: ["not_found", "payload_expired"] },
      },
    },
    named,
  ),
  at(
    "/v1/events/{id}/cancel",
    TAG,
    {
      post: {
        operationId: "cancelEvent",
        summary: "Call an event off",
        description: "All its deliveries that are still pending, whoever was to get them.",
        scope: "deliveries:write",
        answers: {
          200: answer(
            "How many were pending, and are cancelled now; and how many had ended before.",
            shown({
              id: { type: "string" },
              cancelled: { type: "integer", minimum: 0 },
              ended: { type: "integer", minimum: 0 },
            }),
          ),
        },
      },
    },
    named,
  ),
];
