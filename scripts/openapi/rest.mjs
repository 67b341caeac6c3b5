// What is left: the deployment itself.
import { answer, at, choice, integer, LACKING, list, nullable, open, query, ref, refusal, shown } from "./parts.mjs";

const TAG = "Deployment";

export const tag = { name: TAG, description: "The deployment itself." };

export const schemas = {
  Health: shown(
    { status: choice(["ok"]), warnings: list(shown({ code: { type: "string" }, detail: { type: "string" } })) },
    { optional: ["warnings"] },
  ),
  Reception: shown({
    received: { type: "boolean", const: true },
    id: nullable({ type: "string", description: "`webhook-id`" }),
    type: nullable({ type: "string", description: "`type`, or else `event`, of a JSON body." }),
    bytes: { type: "integer", minimum: 0 },
  }),
};

export const paths = [
  at(
    "/healthz",
    TAG,
    {
      get: {
        operationId: "getHealth",
        summary: "Ask whether the deployment can work",
        responses: {
          200: answer("It can.", ref("Health")),
          503: refusal(503, LACKING),
        },
      },
    },
    { make: open },
  ),
  at(
    "/openapi.json",
    TAG,
    {
      get: {
        operationId: "getOpenApi",
        summary: "Read this document",
        responses: { 200: answer("It.", { type: "object", required: ["openapi", "paths"] }) },
      },
    },
    { make: open },
  ),
  at(
    "/receiver",
    TAG,
    {
      post: {
        operationId: "tryReceiver",
        summary: "Have something received",
        description:
          "To try deliveries with: it takes any body of at most 256 KiB, verifies nothing and keeps nothing.",
        parameters: [query("status", integer(200, 599), "What to answer with, in place of 200.")],
        responses: {
          200: answer("What was received.", ref("Reception")),
          413: refusal(413, ["body_too_large"]),
          422: refusal(422, ["invalid_parameter"]),
          default: answer("The status that was asked for; with no body where that has none.", ref("Reception")),
        },
      },
    },
    { make: open },
  ),
  at("/metrics", TAG, {
    get: {
      operationId: "getMetrics",
      summary: "Read what this instance has cost since it started",
      scope: "operator",
      answers: {
        200: { description: "The Prometheus text format.", content: { "text/plain": { schema: { type: "string" } } } },
      },
    },
  }),
  at("/v1/reseal", TAG, {
    post: {
      operationId: "reseal",
      summary: "Seal what is stored under the newest key",
      description: "Until nothing remains: each call does a part.",
      scope: "operator",
      answers: {
        200: answer(
          "How far it is.",
          shown({
            applications: { type: "integer", minimum: 0 },
            remaining: { type: "integer", minimum: 0 },
            missing: list(
              { type: "string" },
              { description: "Keys that are not there; what is sealed under them stays." },
            ),
          }),
        ),
      },
    },
  }),
];
