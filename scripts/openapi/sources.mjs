// Sources: in front of a receiver. And the providers that they verify.
import {
  answer,
  at,
  body,
  boolean,
  choice,
  id,
  inPath,
  integer,
  links,
  list,
  map,
  nullable,
  open,
  page,
  paging,
  pagingByName,
  ref,
  refusal,
  sent,
  shown,
  text,
  time,
} from "./parts.mjs";
import { secretAnswer, TOKEN, url } from "./shared.mjs";

const TAG = "Sources";
const EXPLAIN_LIMIT = 4 * 1024 * 1024;
const NOT_VERIFIED = [
  ...["signature_missing", "signature_malformed", "signature_mismatch"],
  ...["timestamp_missing", "timestamp_malformed", "timestamp_out_of_tolerance", "key_unavailable"],
];
const OUTCOMES = ["verified", "refused", "unverified", "duplicate", "under_way", "handshake"];
const ALPHABET = "[A-Za-z0-9+/]";
/** Base64 with padding, of which one text alone stands for some bytes. */
const BASE64 = `^(${ALPHABET}{4})*(${ALPHABET}[AQgw]==|${ALPHABET}{2}[AEIMQUYcgkosw048]=)?$`;

const signer = (named, scheme) => ({
  anyOf: [
    named,
    { type: "object", required: ["signature"], properties: { signature: scheme }, additionalProperties: false },
  ],
});

const option = text(2048, { minLength: 1 });

const fields = {
  name: nullable(text(256, { minLength: 1 })),
  secrets: nullable(
    list(
      { type: "string" },
      { maxItems: 20, description: "Any one that matches will do. Each must be of the provider's form." },
    ),
  ),
  mode: nullable(
    choice(["proxy", "queue"], { default: "proxy", description: "`queue`: 202 at once, delivered with retries." }),
  ),
  enforce: nullable(boolean({ default: true, description: "`false` lets through what is not verified, marked so." })),
  resign: nullable(
    boolean({ default: false, description: "`true` signs what was verified anew, as Standard Webhooks." }),
  ),
  toleranceSeconds: nullable(integer(0, 4_294_967_295, { description: "Left out: the provider's own." })),
  timeoutSeconds: nullable(integer(1, 100, { default: 25 })),
  deduplicate: nullable(boolean({ default: true })),
  publicUrl: nullable({
    ...text(2048, { format: "uri", pattern: "^[Hh][Tt][Tt][Pp][Ss]?://" }),
    description: "The URL that the provider was given, where requests come under another one and the URL is signed.",
  }),
  options: nullable(map(option, { description: "What the provider needs besides secrets, see its entry." })),
  route: nullable(
    sent(
      { host: { type: "string", minLength: 1 }, path: text(1024, { pattern: "^/[^?#]*$" }) },
      {
        required: ["host", "path"],
        description: "Requests to that host and path are this source's. `/*` may end the path.",
      },
    ),
  ),
};

const asked = {
  provider: {
    ...signer(ref("ProviderName"), ref("VerifyingScheme")),
    description: "A provider's name, or a signature of your own.",
  },
  origin: url("Where verified requests go."),
  ...fields,
};

const source = {
  id: id("src"),
  name: nullable({ type: "string" }),
  url: { type: "string", description: "What the provider is given." },
  provider: signer({ type: "string" }, ref("Scheme")),
  secretCount: nullable(integer(0, 20, { description: "Null, as `resign` and `options`, where they can't be read." })),
  origin: { type: "string" },
  mode: choice(["proxy", "queue"]),
  enforce: boolean(),
  resign: nullable(boolean()),
  signingSecret: { type: "string", description: "What signs for the origin. Shown where it was made alone." },
  toleranceSeconds: nullable({ type: "integer" }),
  timeoutSeconds: { type: "integer" },
  deduplicate: boolean(),
  publicUrl: nullable({ type: "string" }),
  options: nullable(map(nullable({ type: "string" }), { description: "`null` stands for one that is secret." })),
  route: nullable(shown({ host: { type: "string" }, path: { type: "string" } })),
  createdAt: time(),
  updatedAt: time(),
};

const header = { type: "string", maxLength: 16_384, pattern: "^[^\\r\\n\\u0000]*$" };
const values = { anyOf: [header, list(header)] };
const name = { type: "string", pattern: `^${TOKEN}{1,256}$` };

export const tag = {
  name: TAG,
  description: "In front of a receiver: what the provider's signature does not prove stays outside.",
};

export const schemas = {
  SourceToCreate: sent(asked, { required: ["provider", "origin"] }),
  SourceChanges: sent({
    ...asked,
    options: nullable(
      map(nullable(option), { description: "`null` keeps what is stored under that name, where there is something." }),
    ),
  }),
  Source: shown(source, { optional: ["signingSecret"] }),
  SourceRequest: shown({
    id: id("req"),
    time: time(),
    method: { type: "string" },
    path: { type: "string", description: "What stood behind the source's own path, and the query." },
    outcome: choice(OUTCOMES),
    reason: nullable(choice(NOT_VERIFIED)),
    status: { type: "integer" },
    durationMs: { type: "integer" },
    messageId: nullable({ type: "string" }),
    delivery: nullable(id("del")),
    count: { type: "integer", minimum: 1, description: "How many were like it, itself included." },
  }),
  CapturedRequest: sent(
    {
      method: nullable({ type: "string", pattern: "^[A-Za-z-]{1,32}$", default: "POST" }),
      url: nullable(text(16_384, { pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^\\u0000- \\u007f-\\u009f]*$" })),
      headers: {
        anyOf: [
          map(values, { propertyNames: name, maxProperties: 256 }),
          list(
            { type: "array", prefixItems: [name, values], items: false, minItems: 2, maxItems: 2 },
            { maxItems: 256 },
          ),
        ],
        description: "Names and values, or a list of pairs; at most 256 values and 128 KiB.",
      },
      body: nullable(text(1_048_576, { description: "At most 1 MiB." })),
      bodyBase64: nullable({
        type: "string",
        pattern: BASE64,
        description: "In place of `body`, for bytes that are no text.",
      }),
      at: nullable(time("The time to judge the tolerance by; now when left out.")),
    },
    {
      required: ["headers"],
      not: {
        // A null is as good as nothing.
        required: ["body", "bodyBase64"],
        properties: { body: { type: "string" }, bodyBase64: { type: "string" } },
      },
    },
  ),
  Explanation: shown({
    verified: boolean(),
    reason: nullable(choice(NOT_VERIFIED)),
    steps: list(shown({ step: { type: "string" }, ok: boolean(), detail: { type: "string" } })),
    hints: list(shown({ code: { type: "string" }, detail: { type: "string" } })),
  }),
  Provider: shown(
    {
      name: { type: "string" },
      title: { type: "string" },
      docs: { type: "string" },
      signatures: list({
        anyOf: [ref("Scheme"), shown({ own: { type: "string", description: "A way of its own." } })],
      }),
      secret: { type: "string", description: "What a secret is, and where it is found." },
      options: map({ type: "string" }, { description: "What else it needs, each with what that is." }),
      secretOptions: list({ type: "string" }, { description: "Which of these are never shown again." }),
      handshakes: list({ type: "string" }),
      notes: { type: "string" },
    },
    { optional: ["secretOptions", "notes"] },
  ),
};

const one = { parameters: [inPath("id", id("src"), "`src_…`")] };
const LINKED = ["getSource", "updateSource", "deleteSource", "listSourceRequests", "explainRequest"];
const CODES = ["invalid_url", "private_address", "route_taken"];

const arrived = {
  "2XX": {
    description: "The origin's answer; `queue` mode: 202 `{id, deliveries}`; known again: 200 `{duplicate: true}`.",
  },
  400: refusal(400, ["invalid_path"]),
  401: refusal(401, ["not_verified"], {}),
  404: refusal(404, ["not_found"]),
  409: refusal(409, ["under_way"], { "Retry-After": { schema: { type: "integer" } } }),
  411: refusal(411, ["length_required"]),
  413: refusal(413, ["body_too_large"]),
  502: refusal(502, [
    "origin_unreachable",
    "origin_dns",
    "origin_tls",
    "origin_status",
    "origin_blocked",
    "confirmation_failed",
  ]),
  503: { $ref: "#/components/responses/Unavailable" },
  504: refusal(504, ["origin_timeout"]),
  default: { description: "Whatever else the origin answers." },
};
const visit = {
  description:
    "Any method; and any path below, which is added to the origin's. What is verified reaches the origin with method, " +
    "query, headers and body untouched. Over 25 MiB: 413. Not verified: 401, always the same; the reason stands in the source's log.",
  responses: arrived,
};

export const paths = [
  at("/v1/sources", TAG, {
    get: {
      operationId: "listSources",
      summary: "List sources",
      scope: "sources:read",
      parameters: paging(),
      answers: { 200: answer("A page, newest first.", page("Source")) },
    },
    post: {
      operationId: "createSource",
      summary: "Make a source",
      description:
        "422 also for secrets and options that are not the provider's, none where one is needed, and an origin that would come back by the source's own route.",
      scope: "sources:write",
      send: body(ref("SourceToCreate"), {
        "A provider's": {
          provider: "github",
          secrets: ["It's a Secret to Everybody"],
          origin: "https://origin.example.com/hooks/github",
        },
        "With everything": {
          name: "GitHub",
          provider: "github",
          secrets: ["It's a Secret to Everybody"],
          origin: "https://origin.example.com/hooks/github",
          mode: "queue",
          enforce: true,
          resign: true,
          toleranceSeconds: 300,
          timeoutSeconds: 25,
          deduplicate: true,
          publicUrl: null,
          options: {},
          route: { host: "api.example.com", path: "/hooks/github" },
        },
        "A signature of one's own": {
          provider: {
            signature: {
              header: "X-Signature",
              content: "{body}",
              secretEncoding: "utf8",
              encoding: "hex",
              format: "sha256={signature}",
            },
          },
          secrets: ["s3cret"],
          origin: "https://origin.example.com/hooks",
        },
      }),
      answers: {
        201: answer("It is made. `url` is what the provider is given.", ref("Source"), {
          links: links("id", "$response.body#/id", LINKED),
        }),
      },
      codes: { 409: ["too_many_sources"], 422: CODES },
    },
  }),
  at(
    "/v1/sources/{id}",
    TAG,
    {
      get: {
        operationId: "getSource",
        summary: "Read a source",
        scope: "sources:read",
        answers: { 200: answer("Without its secrets.", ref("Source")) },
      },
      patch: {
        operationId: "updateSource",
        summary: "Change a source",
        description:
          "What is left out stays; `null` sets a field back to what it is when left out. `secrets` replaces them all.",
        scope: "sources:write",
        send: body(ref("SourceChanges"), {
          "Longer patience": { timeoutSeconds: 60, name: null },
        }),
        answers: { 200: answer("As it is now.", ref("Source")) },
        codes: { 422: CODES },
      },
      delete: {
        operationId: "deleteSource",
        summary: "Delete a source",
        scope: "sources:write",
        answers: { 204: answer("It is gone.") },
      },
    },
    one,
  ),
  at(
    "/v1/sources/{id}/learned-secret",
    TAG,
    {
      get: {
        operationId: "getLearnedSecret",
        summary: "Read the secret that the provider told in a handshake",
        description: "Each reading is logged. 404 where it told none.",
        scope: "secrets:read",
        answers: { 200: answer("The secret.", secretAnswer) },
      },
    },
    one,
  ),
  at(
    "/v1/sources/{id}/requests",
    TAG,
    {
      get: {
        operationId: "listSourceRequests",
        summary: "List what came",
        description: "The newest 200 that were refused, and the newest 200 others.",
        scope: "sources:read",
        parameters: paging(),
        answers: { 200: answer("A page, newest first.", page("SourceRequest")) },
      },
    },
    one,
  ),
  at(
    "/v1/sources/{id}/explain",
    TAG,
    {
      post: {
        operationId: "explainRequest",
        summary: "Find out why a request is not verified",
        scope: "sources:read",
        send: body(
          ref("CapturedRequest"),
          {
            "A captured request": {
              method: "POST",
              url: "https://gateway.example.com/in/src_01hy5w2z00c8k1f6n3sp5ge000r4",
              headers: {
                "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
              },
              body: "Hello, World!",
              at: "2026-05-18T12:00:00Z",
            },
            "As pairs, with bytes": { headers: [["Content-Type", "text/plain"]], bodyBase64: "SGVsbG8=" },
          },
          { limit: EXPLAIN_LIMIT },
        ),
        answers: { 200: answer("Step by step, with hints.", ref("Explanation")) },
      },
    },
    one,
  ),
  at("/v1/providers", TAG, {
    get: {
      operationId: "listProviders",
      summary: "List the providers that a source can verify",
      scope: "any",
      parameters: pagingByName(),
      answers: { 200: answer("A page.", page("Provider")) },
    },
  }),
  at(
    "/v1/providers/{name}",
    TAG,
    {
      get: {
        operationId: "getProvider",
        summary: "Read a provider",
        scope: "any",
        answers: { 200: answer("The provider.", ref("Provider")) },
      },
    },
    { parameters: [inPath("name", ref("ProviderName"), "The provider's name.")] },
  ),
  at(
    "/in/{source}",
    TAG,
    {
      get: { operationId: "shakeHands", summary: "A provider asks whether somebody is there", ...visit },
      post: { operationId: "receive", summary: "A provider sends a webhook", ...visit },
    },
    { parameters: [inPath("source", id("src"), "`src_…`")], make: open },
  ),
];
