// Makes www/openapi.json, which `GET /openapi.json` answers, of the parts in scripts/openapi, one for each area; with
// --check, says whether it is as it would be made.
import { readFileSync, writeFileSync } from "node:fs";
import * as applications from "./openapi/applications.mjs";
import * as deliveries from "./openapi/deliveries.mjs";
import * as events from "./openapi/events.mjs";
import * as keys from "./openapi/keys.mjs";
import * as operations from "./openapi/operations.mjs";
import * as profiles from "./openapi/profiles.mjs";
import * as rest from "./openapi/rest.mjs";
import * as shared from "./openapi/shared.mjs";
import * as signals from "./openapi/signals.mjs";
import * as sources from "./openapi/sources.mjs";
import * as stats from "./openapi/stats.mjs";
import * as subscriptions from "./openapi/subscriptions.mjs";
import { at, isMain, Trouble } from "./project.mjs";

const FILE = at("www/openapi.json");

const DESCRIPTION = `A gateway for webhooks: it delivers yours, and verifies those that come to you.

JSON is camelCase, times are RFC 3339 in UTC with milliseconds, whole numbers are written without a fraction. Every call but those to a source, \`/healthz\`, \`/receiver\` and
this document needs a key; \`x-signet-scope\` is the scope that it must have, \`any\` where a key alone will do, \`operator\`
where it must be the operator's. \`x-signet-limit\` is how large a body may be, in bytes. What is refused is answered as
RFC 9457 \`application/problem+json\` with a stable \`code\`; a method that a path does not have with 405
\`method_not_allowed\` and \`Allow\`. Where \`null\` is allowed it means the same as leaving the field out, but in
\`PATCH\`, where it sets the field back.`;

function document() {
  const read = (file) => JSON.parse(readFileSync(at(file), "utf8"));
  const areas = [applications, keys, subscriptions, events, deliveries, stats, operations, profiles, sources, rest];
  const names = {
    ProfileName: shared.nameOf(read("src/profile/builtin.json")),
    ProviderName: { type: "string", enum: read("src/provider/table.json").map(({ name }) => name) },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Signet",
      version: read("package.json").version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The gateway that this document comes from." }],
    tags: [...areas, signals].map(({ tag }) => tag),
    paths: Object.fromEntries(areas.flatMap(({ paths }) => paths)),
    webhooks: signals.webhooks,
    components: {
      schemas: Object.assign(names, shared.schemas, ...[...areas, signals].map(({ schemas }) => schemas)),
      ...shared.components,
    },
  };
}

/** Makes the document, or only says whether it is as it would be made. */
export function openapi({ check = false } = {}) {
  const text = `${JSON.stringify(document(), null, 1)}\n`;
  if (!check) writeFileSync(FILE, text);
  else if (readFileSync(FILE, "utf8") !== text) {
    throw new Trouble("www/openapi.json is not made from its parts as they are: run `node scripts/openapi.mjs`");
  }
}

if (isMain(import.meta.url)) openapi({ check: process.argv.includes("--check") });
