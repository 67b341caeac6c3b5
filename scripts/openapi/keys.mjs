// Keys of an application, and links to the portal.
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
  nullable,
  page,
  paging,
  ref,
  sent,
  shown,
  text,
  time,
} from "./parts.mjs";
import { eventPatterns, profileName, SCOPES, url } from "./shared.mjs";
import { testBody } from "./subscriptions.mjs";

const TAG = "Keys";
const scope = "keys:write";
const label = text(256, { minLength: 1 });
const scopes = list(choice(SCOPES), { minItems: 1 });
const asked = {
  ...nullable(scopes),
  description: "No more than the maker's own. Left out: the same as the maker's, for the operator all.",
};
const hint = { type: "string", description: "The end of the key, to tell it from others." };

export const tag = { name: TAG, description: "What opens an application to programs, and to people for a while." };

export const schemas = {
  ApiKeyToCreate: sent(
    {
      label,
      scopes: asked,
      webhookUrl: nullable(url("Makes a subscription of its own.")),
      events: nullable(eventPatterns),
      profile: nullable(profileName("The profile of that subscription.")),
    },
    { required: ["label"] },
  ),
  Me: shown({
    kind: choice(["operator", "key", "link"]),
    application: shown({ id: { type: "string" }, name: { type: "string" }, profile: { type: "string" } }),
    key: nullable(id("key", { description: "The key that calls, or that the link ends with." })),
    scopes: list(choice(SCOPES)),
    expiresAt: nullable(time("When the link ends.")),
  }),
  ApiKey: shown({ id: id("key"), label, scopes, hint, subscription: nullable(id("sub")), createdAt: time() }),
  NewApiKey: shown(
    {
      id: id("key"),
      label,
      scopes,
      key: { type: "string", pattern: "^sk_", description: "Shown here alone." },
      hint,
      createdAt: time(),
      webhookSecret: { type: "string", description: "What signs deliveries to `webhookUrl`. Shown here alone." },
      subscription: nullable(id("sub", { description: "The subscription that was made for `webhookUrl`." })),
    },
    { optional: ["webhookSecret"] },
  ),
};

const one = { parameters: [inPath("id", id("key"), "`key_…`")] };

export const paths = [
  at("/v1/me", TAG, {
    get: {
      operationId: "getMe",
      summary: "Ask who is calling",
      description: "`application` is the one that this call acts on.",
      scope: "any",
      answers: { 200: answer("Whose key it is, and what it may.", ref("Me")) },
    },
  }),
  at("/v1/api-keys", TAG, {
    get: {
      operationId: "listApiKeys",
      summary: "List keys",
      scope,
      parameters: paging(),
      answers: { 200: answer("A page, without the keys themselves.", page("ApiKey")) },
    },
    post: {
      operationId: "createApiKey",
      summary: "Make a key",
      description:
        "With `webhookUrl` a subscription is made too, which needs `subscriptions:write` besides; `events` and `profile` " +
        "are for that alone (422 without).",
      scope,
      send: body(ref("ApiKeyToCreate"), {
        "That may send alone": { label: "Backend", scopes: ["events:write"] },
        "With a webhook": {
          label: "Customer 42",
          scopes: ["deliveries:read"],
          webhookUrl: "https://example.com/hook",
        },
      }),
      answers: {
        201: answer("It is made. `key` is shown once.", ref("NewApiKey"), {
          links: links("id", "$response.body#/id", ["getApiKey", "deleteApiKey", "testApiKeyWebhook"]),
        }),
      },
      codes: { 409: ["too_many_keys"], 422: ["invalid_url", "private_address"] },
    },
  }),
  at(
    "/v1/api-keys/{id}",
    TAG,
    {
      get: {
        operationId: "getApiKey",
        summary: "Read what is known of a key",
        scope,
        answers: { 200: answer("Without the key itself.", ref("ApiKey")) },
      },
      delete: {
        operationId: "deleteApiKey",
        summary: "Revoke a key",
        scope,
        answers: { 204: answer("It opens nothing any more.") },
      },
    },
    one,
  ),
  at(
    "/v1/api-keys/{id}/webhook/test",
    TAG,
    {
      post: {
        operationId: "testApiKeyWebhook",
        summary: "Send a test to a key's webhook",
        description: "As a subscription's test.",
        scope: "deliveries:write",
        send: testBody,
        answers: { 200: answer("How it went.", ref("TestResult")) },
      },
    },
    one,
  ),
  at("/v1/portal-links", TAG, {
    post: {
      operationId: "createPortalLink",
      summary: "Make a link to the portal",
      scope,
      send: body(
        sent({
          expiresIn: nullable(integer(1, 604_800, { default: 3600, description: "In seconds." })),
          scopes: asked,
        }),
        { "For an hour": { expiresIn: 3600, scopes: ["subscriptions:read", "deliveries:read"] } },
        { required: false },
      ),
      answers: { 201: answer("The link.", shown({ url: { type: "string", format: "uri" }, expiresAt: time() })) },
    },
  }),
];
