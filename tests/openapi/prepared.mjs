// What has to be there before everything in the document can be asked for.
import { document } from "../support/contract.mjs";
import { request } from "../support/http.mjs";
import { until } from "../support/wait.mjs";

/** Makes one of each, and resolves to their ids by the paths that they are asked for at. */
export async function prepared(target, { api, expect, subscribe, send, settled, profile }) {
  const url = target.url("/schemathesis");
  const one = await subscribe({ url, events: ["schemathesis.*"] });
  const other = await subscribe({ url: target.answer("/schemathesis/down", 500), events: ["schemathesis.failed"] });
  const events = [
    await send({ type: "schemathesis.sent", data: { id: 7 } }),
    await send({ type: "schemathesis.failed", data: { id: 8 }, id: "prepared-1" }),
  ];
  const deliveries = events.flatMap((event) => event.deliveries.map(({ id }) => id));
  await settled(events[0].deliveries[0].id);
  const [proxied, queued] = await Promise.all(
    ["proxy", "queue"].map((mode) =>
      expect(201, "POST", "/v1/sources", { provider: "github", secrets: ["s3cret"], origin: url, mode }),
    ),
  );
  await profile("brand", {});
  const learning = await expect(201, "POST", "/v1/sources", { provider: "asana", origin: url });
  await request(learning.url, { method: "POST", headers: { "x-hook-secret": "0".repeat(64) }, body: "{}" });
  const operation = await stopped(one.id, { api, expect, send });
  const application = await expect(201, "POST", "/v1/applications", { name: "Prepared" });
  const key = await expect(201, "POST", "/v1/api-keys", { label: "Prepared", webhookUrl: url, events: ["none"] });
  const paths = {
    "/v1/sources/{id}/learned-secret": [learning.id],
    // One whose signature nobody changes.
    "/v1/profiles/{name}/preview": ["standard"],
    "/v1/subscriptions/{id}": [one.id, other.id],
    "/v1/events/{id}": events.map(({ id }) => id),
    "/v1/deliveries/{id}": deliveries,
    "/v1/sources/{id}": [proxied.id, queued.id],
    "/v1/profiles/{name}": ["brand"],
    "/v1/operations/{id}": [operation],
    "/v1/providers/{name}": ["github", "stripe"],
    "/v1/applications/{id}": ["default", application.id],
    "/v1/api-keys/{id}": [key.id],
  };
  const below = (template) => Object.entries(paths).find(([start]) => `${template}/`.startsWith(`${start}/`))?.[1];
  return Object.fromEntries(Object.keys(document.paths).flatMap((it) => (below(it) ? [[it, below(it)]] : [])));
}

/** An operation that was stopped before it came to its end: a big one, begun again where the machine was quicker. */
async function stopped(subscription, { api, expect, send }) {
  await Promise.all(Array.from({ length: 60 }, (_, n) => send({ type: "schemathesis.sent", data: n })));
  return until(
    async () => {
      const since = "2026-01-01T00:00:00.000Z";
      const { operation } = await expect(202, "POST", `/v1/subscriptions/${subscription}/replay`, { since });
      return (await api("POST", `/v1/operations/${operation}/stop`)).status === 200 && operation;
    },
    { what: "an operation to be stopped" },
  );
}
