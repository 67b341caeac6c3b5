// Schemas that several areas share, and what every call has in common.
import { choice, id, integer, list, map, nullable, REFUSED, ref, shown, text, time } from "./parts.mjs";

const TYPE = "[A-Za-z0-9_.:/-]";
/** A header's name, RFC 9110, section 5.6.2. */
export const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]";
/** A header's value: visible ASCII without spaces around. */
const VALUE = "^([!-~]([ -~]*[!-~])?)?$";

/** What a key may be allowed. */
export const SCOPES = [
  "events:write",
  "subscriptions:read",
  "subscriptions:write",
  "deliveries:read",
  "deliveries:write",
  "sources:read",
  "sources:write",
  "keys:write",
  "secrets:read",
];

/** Where deliveries may go. */
export const url = (description) => ({
  ...text(2048, { format: "uri", pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^/\\\\?#@]+([/\\\\?#].*)?$" }),
  description:
    `${description} Without credentials, at a public host: not loopback, private, link-local, metadata or reserved, ` +
    "in any spelling (422 `private_address`). A fragment is dropped.",
});

export const eventType = { type: "string", pattern: `^${TYPE}{1,128}$`, examples: ["task.completed"] };

export const eventPatterns = {
  ...list(
    {
      type: "string",
      maxLength: 128,
      pattern: `^(\\*|${TYPE}+|${TYPE}+\\.\\*)$`,
      description: "A type, a type's beginning and `.*`, or `*`. `task.*` matches `task.a` and `task.a.b`, not `task`.",
    },
    { minItems: 1, maxItems: 100 },
  ),
  description: "Which types are wanted; left out it means all.",
};

/** A profile's name; these come with Signet. */
export const nameOf = (builtIn) => ({
  type: "string",
  pattern: "^[a-z][a-z0-9_-]{0,63}$",
  description: `Built in: ${builtIn.map(({ name }) => name).join(", ")}.`,
});

/** A profile by its name. */
export const profileName = (description) => ({ ...ref("ProfileName"), description });

/** Headers that may be set, names with values. */
export const headers = (description) => ({
  ...map(
    { type: "string", maxLength: 1024, pattern: VALUE },
    { propertyNames: { type: "string", pattern: `^${TOKEN}{1,128}$` }, maxProperties: 32 },
  ),
  description,
});

/** What is shown where a private key signs. */
export const publicKey = {
  type: "string",
  pattern: "^whpk_",
  description: "What verifies, where a private key signs.",
};

/** Whether a destination is spared. */
export const circuit = choice(["closed", "half-open", "open"], {
  description:
    "`closed`: everything goes out. `open`: the destination takes nothing and is spared. `half-open`: one attempt is made to see.",
});

export const secretAnswer = shown({ secret: { type: "string" } });

export const schemas = {
  Problem: {
    ...shown(
      {
        type: { type: "string" },
        title: { type: "string" },
        status: integer(400, 599),
        detail: { type: "string", description: "What is wrong, for a person." },
        code: { type: "string", pattern: "^[a-z][a-z0-9_]*$", description: "What is wrong, for a program; stable." },
        errors: list(
          shown({
            pointer: { type: "string", description: "An RFC 6901 pointer into the body." },
            detail: { type: "string" },
          }),
          { maxItems: 100, description: "The faults of a body, the first hundred of them." },
        ),
      },
      { optional: ["errors"] },
    ),
    description: "RFC 9457.",
  },
  Target: {
    ...shown(
      { id: id("del"), subscription: nullable(id("sub")), source: nullable(id("src")) },
      { optional: ["source"] },
    ),
    description: "A delivery of an event. `subscription` is null for a `webhookUrl` and for sources.",
  },
  TestResult: shown({
    delivered: { type: "boolean" },
    httpStatus: nullable(integer(100, 599)),
    deliveryId: id("del"),
    durationMs: { type: "integer", minimum: 0 },
    error: nullable(ref("AttemptError")),
  }),
  RotatedSecret: shown(
    {
      secret: { type: "string" },
      publicKey,
      previousSecretExpiresAt: time("Until then the one before signs too."),
    },
    { optional: ["publicKey"] },
  ),
};

export const components = {
  securitySchemes: {
    bearer: { type: "http", scheme: "bearer", description: "`Authorization: Bearer KEY`" },
    apiKey: { type: "apiKey", in: "header", name: "X-Api-Key" },
  },
  parameters: {
    Application: {
      name: "Signet-Application",
      in: "header",
      description:
        "Which application the operator acts on; `default` when left out. 404 for one that is not the caller's.",
      schema: { type: "string", pattern: "^(default|app_[0-9a-hjkmnp-tv-z]{28})$" },
    },
  },
  responses: REFUSED,
};
