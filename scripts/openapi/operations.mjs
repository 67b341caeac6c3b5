// Operations: what is done to many deliveries in the background, and how far it is.
import {
  answer,
  at,
  body,
  choice,
  id,
  inPath,
  links,
  nullable,
  page,
  paging,
  ref,
  sent,
  shown,
  time,
} from "./parts.mjs";
import { eventType } from "./shared.mjs";

const TAG = "Operations";
const count = (description) => ({ type: "integer", minimum: 0, description });

export const tag = {
  name: TAG,
  description: "What is done to many deliveries in the background. It outlives restarts.",
};

export const schemas = {
  Operation: shown({
    id: id("op"),
    kind: choice(["recover", "replay", "retry", "cancel"]),
    subscription: nullable(id("sub", { description: "The one subscription that it is about, where there is one." })),
    status: choice(["running", "done", "stopped", "failed"]),
    matched: count("How many it found when it began."),
    done: count("For how many of them it did what it is for: they are on their way, or called off."),
    failed: count("For how many it could not: what was to be sent is no longer there."),
    createdAt: time(),
    completedAt: nullable(time()),
    detail: nullable({ type: "string", description: "Why it could not go on." }),
  }),
  OperationStarted: shown({ operation: id("op"), matched: count("How many it found.") }),
};

/** The answer to what begins one. */
export const started = answer("It is under way.", ref("OperationStarted"), {
  links: links("id", "$response.body#/operation", ["getOperation", "stopOperation"]),
});

/** Which deliveries are meant: as in their list, and at least one of these. */
const chosen = (statuses) => ({
  ...sent({
    status: nullable(choice(statuses)),
    subscription: nullable(id("sub")),
    source: nullable(id("src")),
    event: nullable({ type: "string", description: "The deliveries of this event." }),
    type: nullable(eventType),
    since: nullable(time("Created then or later.")),
    until: nullable(time("Created then or before; now when left out.")),
  }),
  minProperties: 1,
});

const one = { parameters: [inPath("id", id("op"), "`op_…`")] };

export const paths = [
  at("/v1/deliveries/retry", TAG, {
    post: {
      operationId: "retryDeliveries",
      summary: "Try many deliveries again",
      description:
        "In the background. Without `status` the failed ones. What has ended begins its schedule anew; what is pending becomes due now. At least one field must be given.",
      scope: "deliveries:write",
      send: body(chosen(["failed", "cancelled", "pending"]), {
        "What failed in an outage": { since: "2026-05-18T12:00:00.000Z", until: "2026-05-18T13:00:00.000Z" },
      }),
      answers: { 202: started },
      codes: { 409: ["too_many_operations"] },
    },
  }),
  at("/v1/deliveries/cancel", TAG, {
    post: {
      operationId: "cancelDeliveries",
      summary: "Call many deliveries off",
      description: "In the background: pending ones. At least one field must be given.",
      scope: "deliveries:write",
      send: body(chosen(["pending"]), { "Of a type": { type: "task.progress" } }),
      answers: { 202: started },
      codes: { 409: ["too_many_operations"] },
    },
  }),
  at("/v1/operations", TAG, {
    get: {
      operationId: "listOperations",
      summary: "List operations",
      description: "Those that run, and the last thousand.",
      scope: "deliveries:read",
      parameters: paging(),
      answers: { 200: answer("A page, newest first.", page("Operation")) },
    },
  }),
  at(
    "/v1/operations/{id}",
    TAG,
    {
      get: {
        operationId: "getOperation",
        summary: "Read how far an operation is",
        scope: "deliveries:read",
        answers: { 200: answer("The operation.", ref("Operation")) },
      },
    },
    one,
  ),
  at(
    "/v1/operations/{id}/stop",
    TAG,
    {
      post: {
        operationId: "stopOperation",
        summary: "Stop an operation",
        description: "What it has done stays. A step that is under way is finished.",
        scope: "deliveries:write",
        answers: { 200: answer("As it is now.", ref("Operation")) },
        codes: { 409: ["not_running"] },
      },
    },
    one,
  ),
];
