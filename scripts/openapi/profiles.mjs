// Profiles: what deliveries look like, and when they are tried again. And how signatures are made, as data.
import {
  answer,
  at,
  body,
  boolean,
  choice,
  inPath,
  integer,
  links,
  list,
  map,
  nullable,
  number,
  page,
  pagingByName,
  ref,
  sent,
  shown,
  text,
} from "./parts.mjs";
import { eventType, headers, profileName, publicKey, TOKEN, url } from "./shared.mjs";
import { secretType, URL_CODES } from "./subscriptions.mjs";

const TAG = "Profiles";
const SIGNING = ["hmac-sha256", "hmac-sha1", "hmac-sha384", "hmac-sha512", "hmac-md5", "ed25519"];
const VERIFYING = [...SIGNING, "ecdsa-p256-sha256", "ecdsa-p256-sha1", "rsa-sha256", "rsa-sha1", "token"];
const SECRETS = ["utf8", "base64", "hex", "whsec"];
const ENCODINGS = ["hex", "hex-upper", "base64", "base64url"];
const TIMES = ["seconds", "milliseconds", "rfc3339", "http-date"];
const MAX_SECONDS = 4_294_967_295;

const header = (description) => nullable({ type: "string", pattern: `^${TOKEN}{1,128}$`, description });
const format = {
  ...text(256, { pattern: "^[ -~]*\\{signature\\}[ -~]*$" }),
  description: "How it stands there: `{signature}` once, `{timestamp}` once at most.",
};

/** A scheme that is sent; what it leaves out is as in `standard`. */
const scheme = (algorithms, encodings, content, more = {}) =>
  sent({
    algorithm: nullable(choice(algorithms)),
    secretEncoding: nullable(choice(SECRETS)),
    content: nullable(content),
    encoding: nullable(choice(encodings)),
    header: header("Where the signature stands."),
    format: nullable(format),
    separator: nullable({
      type: "string",
      pattern: "^[ -~]{1,4}$",
      description: "What parts the items of `format`; the one with `{signature}` is repeated for each secret in force.",
    }),
    timestampHeader: header("A header of its own for the timestamp."),
    timestampFormat: nullable(choice(TIMES)),
    toleranceSeconds: nullable(integer(0, MAX_SECONDS)),
    idHeader: header("A header of its own for the message's id."),
    ...more,
  });

const profile = {
  name: { type: "string" },
  builtIn: boolean(),
  signature: ref("Scheme"),
  headers: map({ type: "string" }),
  body: { description: "Any JSON, its strings templates." },
  retry: shown({ delays: list({ type: "number" }), jitter: number(0, 1) }),
  timeoutSeconds: integer(1, 60),
  secretFormat: { type: "string", description: "A prefix, then `{base64}` or `{hex}` of 32 random bytes." },
};

export const tag = {
  name: TAG,
  description:
    "What deliveries look like, and when they are tried again. A string of `body` that is one placeholder takes the JSON value itself.",
};

const placeholders = (names) => `Of text and ${names.map((name) => `\`{${name}}\``).join(", ")}.`;

export const schemas = {
  Scheme: shown(
    {
      algorithm: choice(VERIFYING),
      secretEncoding: choice(SECRETS),
      content: { type: "string", description: "What is signed, `{body}` being the raw bytes." },
      encoding: choice([...ENCODINGS, "text"]),
      header: { type: "string" },
      moreHeaders: list({ type: "string" }),
      format: { type: "string" },
      separator: { type: "string" },
      asymmetricFormat: { type: "string" },
      timestampHeader: { type: "string" },
      timestampField: { type: "string" },
      timestampFormat: choice(TIMES),
      toleranceSeconds: integer(0, MAX_SECONDS),
      idHeader: { type: "string" },
      idField: { type: "string" },
    },
    {
      optional: [
        ...[
          "moreHeaders",
          "separator",
          "asymmetricFormat",
          "timestampHeader",
          "timestampField",
          "timestampFormat",
          "toleranceSeconds",
        ],
        ...["idHeader", "idField"],
      ],
      description: "How a signature is made: over which bytes, with what, and where it stands.",
    },
  ),
  SigningScheme: scheme(
    SIGNING,
    ENCODINGS,
    text(256, { pattern: "\\{body\\}", description: placeholders(["id", "timestamp", "body"]) }),
    {
      asymmetricFormat: nullable({
        ...format,
        description:
          "`format` for secrets that begin with `whsk_`: those are Ed25519 private keys, whatever the algorithm.",
      }),
    },
  ),
  VerifyingScheme: scheme(
    VERIFYING,
    [...ENCODINGS, "text"],
    text(256, {
      description: `${placeholders(["id", "timestamp", "body", "method", "url", "path", "header:X-Name"])} \`{body}\` must be in it, but for a token.`,
    }),
    {
      moreHeaders: nullable(list({ type: "string", pattern: `^${TOKEN}{1,128}$` }, { maxItems: 16 })),
      timestampField: nullable(text(128, { minLength: 1, description: "Where the timestamp stands in a JSON body." })),
      idField: nullable(text(128, { minLength: 1, description: "Where the message's id stands in a JSON body." })),
    },
  ),
  Profile: shown(profile),
  DeliveryToPreview: sent({
    type: nullable({ ...eventType, default: "webhook.test" }),
    data: { description: "Any JSON." },
    url: nullable(url("Where it would go.")),
    headers: nullable(headers("As a subscription's.")),
    secret: nullable({ type: "string", description: "One to sign with; it must be of the profile's form." }),
    secretType,
    metadata: nullable(map({}, { description: "As a subscription's. Nothing of it goes out." })),
  }),
  PreviewedRequest: shown(
    {
      method: { type: "string" },
      url: { type: "string" },
      headers: list(shown({ name: { type: "string" }, value: { type: "string" } })),
      body: { type: "string", description: "The exact body." },
      secret: { type: "string", description: "What signs it: the one that was brought, or an example's." },
      publicKey,
    },
    { optional: ["publicKey"] },
  ),
  ProfileToPut: sent({
    name: nullable(profileName("The one in the path.")),
    builtIn: { description: "Not looked at: what is shown can be sent back." },
    signature: nullable(ref("SigningScheme")),
    headers: nullable(
      headers("Values of text, `{event.id}`, `{event.type}`, `{delivery.id}` and `{subscription.id}`."),
    ),
    body: { description: "Any JSON, at most 16 KiB, its strings templates." },
    retry: nullable(
      sent({
        delays: nullable(
          list(number(0, 2_592_000), {
            minItems: 1,
            maxItems: 50,
            description: "Seconds before each attempt.",
          }),
        ),
        jitter: nullable(number(0, 1, { description: "The share of a delay that chance may add." })),
      }),
    ),
    timeoutSeconds: nullable(integer(1, 60, { description: "For the whole exchange." })),
    secretFormat: nullable({
      type: "string",
      pattern: "^[A-Za-z0-9_-]{0,32}\\{(base64|hex)\\}$",
      description: "What secrets made here look like.",
    }),
  }),
};

const scope = "subscriptions:write";
const named = { parameters: [inPath("name", ref("ProfileName"), "The profile's name.")] };

export const paths = [
  at("/v1/profiles", TAG, {
    get: {
      operationId: "listProfiles",
      summary: "List profiles",
      description: "The built-in ones first, then the application's own by name.",
      scope: "any",
      parameters: pagingByName(),
      answers: { 200: answer("A page.", page("Profile")) },
    },
  }),
  at(
    "/v1/profiles/{name}",
    TAG,
    {
      get: {
        operationId: "getProfile",
        summary: "Read a profile",
        scope: "any",
        answers: { 200: answer("The profile.", ref("Profile")) },
      },
      put: {
        operationId: "putProfile",
        summary: "Make or replace a profile",
        description:
          "What it leaves out is as in `standard`. In force for the next attempt of every subscription under it. " +
          "422 also for templates with a placeholder that is not known, headers named twice or not to be set, and a " +
          "`secretFormat` that the signature can't read.",
        scope,
        send: body(ref("ProfileToPut"), {
          "A brand's own": {
            signature: {
              algorithm: "hmac-sha256",
              secretEncoding: "utf8",
              content: "{timestamp}.{body}",
              encoding: "hex",
              header: "X-Brand-Signature",
              format: "t={timestamp},v1={signature}",
              separator: ",",
            },
            headers: { "User-Agent": "Brand-Webhooks/1.0", "X-Brand-Event": "{event.type}" },
            body: { event: "{event.type}", video_id: "{data.id}", data: "{data}", created_at: "{event.unixTime}" },
            retry: { delays: [0, 60, 300], jitter: 0 },
            timeoutSeconds: 10,
            secretFormat: "whsec_{hex}",
          },
        }),
        answers: {
          200: answer("It is replaced.", ref("Profile")),
          201: answer("It is made.", ref("Profile"), {
            links: links("name", "$response.body#/name", ["getProfile", "deleteProfile"]),
          }),
        },
        codes: { 409: ["profile_built_in", "secret_does_not_fit", "too_many_profiles"] },
      },
      delete: {
        operationId: "deleteProfile",
        summary: "Delete a profile",
        scope,
        answers: { 204: answer("It is gone.") },
        codes: { 409: ["profile_built_in", "profile_in_use"] },
      },
    },
    named,
  ),
  at(
    "/v1/profiles/{name}/preview",
    TAG,
    {
      post: {
        operationId: "previewProfile",
        summary: "See what a delivery looks like",
        description:
          "Made and signed as a delivery is. Nothing is kept or sent, and no subscription's own secret is ever used. The " +
          "platform adds `Host`, `Content-Length` and what else it says of a connection; a delivery under a trace has " +
          "`traceparent` besides.",
        scope: "any",
        send: body(
          ref("DeliveryToPreview"),
          {
            "Under a secret of one's own": {
              type: "task.completed",
              data: { taskId: "abc123" },
              secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            },
            "With a private key": { secretType: "ed25519" },
          },
          { required: false },
        ),
        answers: { 200: answer("The request.", ref("PreviewedRequest")) },
        codes: URL_CODES,
      },
    },
    named,
  ),
];
