// How schemas and operations are written down: one function for each thing that many of them share.

export const ref = (name) => ({ $ref: `#/components/schemas/${name}` });

/** The characters behind the prefix of an id. */
const BARE_ID = "[0-9a-hjkmnp-tv-z]{28}";
export const id = (prefix, extra = {}) => ({ type: "string", pattern: `^${prefix}_${BARE_ID}$`, ...extra });

export const text = (maxLength, extra = {}) => ({ type: "string", maxLength, ...extra });
export const time = (description) => ({ type: "string", format: "date-time", ...(description && { description }) });
export const integer = (minimum, maximum, extra = {}) => ({ type: "integer", minimum, maximum, ...extra });
export const number = (minimum, maximum, extra = {}) => ({ type: "number", minimum, maximum, ...extra });
export const boolean = (extra = {}) => ({ type: "boolean", ...extra });
export const list = (items, extra = {}) => ({ type: "array", items, ...extra });
export const choice = (values, extra = {}) => ({ type: "string", enum: values, ...extra });

/**
 * Lets a schema's value be null too, which means the same as leaving it out. What that means is said in words:
 * generators of clients take a field with a `default` for one that is always there.
 */
export function nullable({ default: otherwise, ...given }) {
  const means = otherwise === undefined ? "" : `Left out: \`${otherwise}\`.`;
  const description = [given.description, means].filter(Boolean).join(" ");
  const schema = description ? { ...given, description } : given;
  if (typeof schema.type !== "string") return { anyOf: [schema, { type: "null" }] };
  return { ...schema, type: [schema.type, "null"], ...(schema.enum && { enum: [...schema.enum, null] }) };
}

/** An object with names of one's own. */
export const map = (values, extra = {}) => ({ type: "object", additionalProperties: values, ...extra });

/** An object that is answered: everything in it is always there, but for what is optional. */
export function shown(properties, { optional = [], ...extra } = {}) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", required, properties, ...extra };
}

/** An object that is sent: nothing in it has to be there but what is required, and nothing may be there besides. */
export function sent(properties, { required = [], ...extra } = {}) {
  const needs = required.length > 0 ? { required } : {};
  return { type: "object", ...needs, properties, additionalProperties: false, ...extra };
}

/** A page of a list. */
export const page = (item) =>
  shown({
    data: list(ref(item)),
    nextCursor: nullable({
      type: "string",
      description: "`cursor` of the next page, which there is even where this one is short",
    }),
  });

/** An answer in JSON. */
export const answer = (description, schema, { example, headers, links } = {}) => ({
  description,
  ...(headers && { headers }),
  ...(schema && { content: { "application/json": { schema, ...(example !== undefined && { example }) } } }),
  ...(links && { links }),
});

/** What a call that made something leads to: operations, each with where its id stands in the answer. */
export const links = (parameter, expression, operations) =>
  Object.fromEntries(
    operations.map((operationId) => [operationId, { operationId, parameters: { [parameter]: expression } }]),
  );

/** A parameter of the query. */
export const query = (name, schema, description) => ({ name, in: "query", description, schema });

const LIMIT = query("limit", integer(1, 250, { default: 50 }), "How many.");

/** The parameters of a list whose cursor is an id without its prefix, or else a name. */
export const paging = (cursor = { type: "string", pattern: `^${BARE_ID}$` }) => [
  LIMIT,
  query("cursor", cursor, "The `nextCursor` of the page before."),
];

/** The parameters of a list that is short and goes by names. */
export const pagingByName = () => paging({ type: "string", minLength: 1 });

export const inPath = (name, schema, description) => ({ name, in: "path", required: true, description, schema });

/** What is wrong, by status; each with its codes. */
const REFUSALS = {
  400: "The body is not JSON, not UTF-8, nested deeper than 128 levels, or broke off.",
  401: "There is no key, or an unknown one.",
  403: "The key may not do this.",
  404: "It does not exist, or is somebody else's.",
  409: "Something stands against it now.",
  411: "The length of the body has to be said.",
  413: "The body is too large.",
  422: "A wrong type or value, an unknown field or parameter, or something given twice. `errors` names each place.",
  429: "Too many wrong keys came from there.",
  502: "The origin gave no answer.",
  503: "The deployment lacks a key, or a part of it did not answer.",
  504: "The origin gave no answer in time.",
};

const HEADERS = {
  401: { "WWW-Authenticate": { required: true, schema: { type: "string", const: "Bearer" } } },
  429: { "Retry-After": { required: true, description: "In seconds.", schema: { type: "integer", minimum: 1 } } },
  503: { "Retry-After": { description: "In seconds.", schema: { type: "integer", minimum: 1 } } },
};

/** A refusal with one of these codes. */
export const refusal = (status, codes, headers = HEADERS[status]) => ({
  description: REFUSALS[status],
  ...(headers && { headers }),
  content: {
    "application/problem+json": { schema: { allOf: [ref("Problem"), { properties: { code: { enum: codes } } }] } },
  },
});

/** What a deployment may lack. */
export const LACKING = ["not_configured", "encryption_key_missing", "secrets_unreadable", "unavailable"];

/** Refusals that nearly every call knows. */
export const REFUSED = {
  Unauthorized: refusal(401, ["unauthorized"]),
  Forbidden: refusal(403, ["forbidden", "missing_scope"]),
  NotFound: refusal(404, ["not_found"]),
  BadBody: refusal(400, ["invalid_json", "body_incomplete"]),
  TooLarge: refusal(413, ["body_too_large"]),
  TooManyAttempts: refusal(429, ["too_many_attempts"]),
  Unavailable: refusal(503, LACKING),
};
const known = (name) => ({ $ref: `#/components/responses/${name}` });

/** How large a body may be where nobody says otherwise, in bytes. */
const BODY_LIMIT = 256 * 1024;

/** The JSON body of a request. */
export const body = (schema, examples, { required = true, limit, description, more = {} } = {}) => ({
  limit,
  requestBody: {
    required,
    ...(description && { description }),
    content: { "application/json": { schema, examples: named(examples) }, ...more },
  },
});

const named = (examples) =>
  Object.fromEntries(Object.entries(examples).map(([summary, value]) => [summary, { value }]));

/**
 * A call that needs a key. `scope` is the one that the key must have, `any` where a key alone will do, `operator` where
 * it must be the operator's.
 */
export function call({ scope, parameters = [], send, method, answers, codes = {}, ...operation }) {
  const has = (place) => parameters.some((one) => one.in === place);
  const changes = method !== "get" && method !== "delete";
  const refused = { 401: known("Unauthorized"), 403: known("Forbidden"), 404: known("NotFound") };
  if (send) refused[400] = known("BadBody");
  if (changes) refused[413] = known("TooLarge");
  const invalid = [...(send ? ["invalid_body"] : []), ...(has("query") ? ["invalid_parameter"] : [])];
  const cursor = parameters.some((one) => one.name === "cursor") ? ["invalid_cursor"] : [];
  const all = { ...codes, 422: [...invalid, ...cursor, ...(codes[422] ?? [])] };
  for (const [status, some] of Object.entries(all)) if (some.length > 0) refused[status] = refusal(status, some);
  const roles = scope === "any" ? [] : [scope];
  return {
    ...operation,
    "x-signet-scope": scope,
    ...(changes && { "x-signet-limit": send?.limit ?? BODY_LIMIT }),
    security: [{ bearer: roles }, { apiKey: roles }],
    parameters: [...parameters, { $ref: "#/components/parameters/Application" }],
    ...(send && { requestBody: send.requestBody }),
    responses: { ...answers, ...refused, 429: known("TooManyAttempts"), 503: known("Unavailable") },
  };
}

/** A call that needs no key. */
export const open = ({ method: _, ...operation }) => ({ ...operation, "x-signet-scope": "none", security: [] });

/** The operations of one path. `make` is `call` or `open`. */
export const at = (path, tag, methods, { parameters, make = call } = {}) => [
  path,
  {
    ...(parameters && { parameters }),
    ...Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [method, make({ tags: [tag], method, ...operation })]),
    ),
  },
];
