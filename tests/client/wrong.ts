// What must not compile: each line that is expected to be an error is one, or this file is.
import type { components } from "./api.d.ts";
import type { Client } from "./round-trip.ts";

type Sent<Name extends keyof components["schemas"]> = components["schemas"][Name];

export async function wrong(client: Client) {
  // @ts-expect-error: url is required
  await client.POST("/v1/subscriptions", { body: { events: ["*"] } });
  // @ts-expect-error: there is no such field
  const misspelt: Sent<"SubscriptionToCreate"> = { url: "https://example.com/hook", evnts: ["*"] };
  await client.POST("/v1/subscriptions", { body: misspelt });
  // @ts-expect-error: a number is no type of event
  await client.POST("/v1/events", { body: { type: 7, data: {} } });
  // @ts-expect-error: there is no such status
  await client.GET("/v1/deliveries", { params: { query: { status: "lost" } } });
  // @ts-expect-error: the id is required
  await client.GET("/v1/deliveries/{id}");
  // @ts-expect-error: there is no such provider
  await client.POST("/v1/sources", { body: { provider: "gihtub", origin: "https://example.com" } });
  // @ts-expect-error: there is no such scope
  await client.POST("/v1/api-keys", { body: { label: "x", scopes: ["events:read"] } });
  // @ts-expect-error: there is no such path
  await client.GET("/v1/event");
  const { data } = await client.GET("/v1/subscriptions/{id}", { params: { path: { id: "sub_1" } } });
  // @ts-expect-error: a secret is shown at creation alone
  data?.secret;
}
