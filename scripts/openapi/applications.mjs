// Applications: one for each product that sends. The operator's alone.

import { answer, at, body, id, inPath, links, nullable, page, paging, ref, sent, shown, text, time } from "./parts.mjs";
import { profileName, publicKey } from "./shared.mjs";
import { rotation } from "./subscriptions.mjs";

const TAG = "Applications";
const ID = { anyOf: [{ const: "default" }, id("app")] };
const scope = "operator";
const name = text(256, { minLength: 1 });
const profile = nullable(
  profileName("The profile of deliveries to a `webhookUrl`, and of subscriptions that name none."),
);

const application = {
  id: { type: "string", pattern: "^(default|app_[0-9a-hjkmnp-tv-z]{28})$" },
  name,
  profile: ref("ProfileName"),
  publicKey,
};

export const schemas = {
  Application: shown({ ...application, createdAt: time() }, { optional: ["publicKey"] }),
  NewApplication: shown(
    {
      ...application,
      key: { type: "string", pattern: "^sk_", description: "A key with all scopes. Shown here alone." },
      secret: {
        type: "string",
        description: "What signs deliveries to a `webhookUrl`. Shown here and after rotation alone.",
      },
      createdAt: time(),
    },
    { optional: ["publicKey"] },
  ),
};

export const tag = { name: TAG, description: "One for each product that sends. `default` always exists." };

const one = { parameters: [inPath("id", ID, "`default` or `app_…`")] };

export const paths = [
  at("/v1/applications", TAG, {
    get: {
      operationId: "listApplications",
      summary: "List applications",
      scope,
      parameters: paging(),
      answers: { 200: answer("A page.", page("Application")) },
    },
    post: {
      operationId: "createApplication",
      summary: "Make an application",
      description: "Its profile is a built-in one: it has none of its own yet.",
      scope,
      send: body(sent({ name, profile }, { required: ["name"] }), {
        "Under a profile": { name: "Sketchpen", profile: "sketchpen" },
      }),
      answers: {
        201: answer("It is made. `key` and `secret` are shown once.", ref("NewApplication"), {
          links: links("id", "$response.body#/id", ["getApplication", "updateApplication", "deleteApplication"]),
        }),
      },
      codes: { 409: ["application_exists"] },
    },
  }),
  at(
    "/v1/applications/{id}",
    TAG,
    {
      get: {
        operationId: "getApplication",
        summary: "Read an application",
        scope,
        answers: { 200: answer("The application.", ref("Application")) },
      },
      patch: {
        operationId: "updateApplication",
        summary: "Change an application",
        description: "422 for a profile that can't sign with the application's secret.",
        scope,
        send: body(sent({ name: nullable(name), profile }), { "Another name": { name: "Sketchpen EU" } }),
        answers: { 200: answer("As it is now.", ref("Application")) },
      },
      delete: {
        operationId: "deleteApplication",
        summary: "Delete an application",
        description: "Its deliveries stop, its keys open nothing any more.",
        scope,
        answers: { 204: answer("It is gone.") },
        codes: { 409: ["application_is_default"] },
      },
    },
    one,
  ),
  at(
    "/v1/applications/{id}/rotate-secret",
    TAG,
    {
      post: {
        operationId: "rotateApplicationSecret",
        summary: "Replace the secret that signs deliveries to a webhookUrl",
        scope,
        send: rotation,
        answers: { 200: answer("The new secret.", ref("RotatedSecret")) },
      },
    },
    one,
  ),
];
