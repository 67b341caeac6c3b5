// What is left: the deployment itself.
import { answer, at, choice, LACKING, list, open, ref, refusal, shown } from "./parts.mjs";

const TAG = "Deployment";

export const tag = { name: TAG, description: "The deployment itself." };

export const schemas = {
  Health: shown(
    { status: choice(["ok"]), warnings: list(shown({ code: { type: "string" }, detail: { type: "string" } })) },
    { optional: ["warnings"] },
  ),
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
