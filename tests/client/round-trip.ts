// A program as a customer would write it: typed by nothing but the API's document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

type Delivery = components["schemas"]["WholeDelivery"];

export function connect(baseUrl: string, key: string) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
}
export type Client = ReturnType<typeof connect>;

/** What was answered, or an error with the problem's own code. */
function granted<T>({ data, error }: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  if (data === undefined) throw new Error("nothing was answered");
  return data;
}

/** A subscription, an event, its delivery and the attempts, and the end of it all. */
export async function deliver(client: Client, url: string) {
  const subscription = granted(
    await client.POST("/v1/subscriptions", {
      body: { url, events: ["client.*"], filter: { team: ["review"] }, rateLimit: { perSecond: 50 } },
    }),
  );
  const secret: string = subscription.secret;
  const sent = granted(
    await client.POST("/v1/events", {
      params: { header: { "Idempotency-Key": "client-1" } },
      body: { type: "client.sent", data: { id: 7 }, attributes: { team: "review" } },
    }),
  );
  const page = granted(
    await client.GET("/v1/deliveries", {
      params: { query: { subscription: subscription.id, event: sent.id, limit: 10 } },
    }),
  );
  const [listed] = page.data;
  if (!listed) throw new Error("no delivery is listed");
  const delivery = await settled(client, listed.id);
  const statuses = delivery.attempts.map((attempt): number | null => attempt.responseStatus);

  const tested = granted(
    await client.POST("/v1/subscriptions/{id}/test", { params: { path: { id: subscription.id } }, body: {} }),
  );
  const event = granted(await client.GET("/v1/events/{id}", { params: { path: { id: sent.id } } }));
  const removed = await client.DELETE("/v1/subscriptions/{id}", { params: { path: { id: subscription.id } } });
  return { secret, delivery, statuses, tested, event, removed: removed.response.status };
}

async function settled(client: Client, id: string): Promise<Delivery> {
  for (;;) {
    const delivery = granted(await client.GET("/v1/deliveries/{id}", { params: { path: { id } } }));
    if (delivery.status !== "pending") return delivery;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A source, and why a request to it is not verified. */
export async function explain(client: Client, origin: string) {
  const source = granted(
    await client.POST("/v1/sources", { body: { provider: "github", secrets: ["s3cret"], origin, mode: "queue" } }),
  );
  const explained = granted(
    await client.POST("/v1/sources/{id}/explain", {
      params: { path: { id: source.id } },
      body: { headers: { "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` }, body: "{}" },
    }),
  );
  const steps: string[] = explained.steps.map(({ step, ok }) => `${step} ${ok}`);
  return { verified: explained.verified, reason: explained.reason, steps };
}

/** A key that may do little, and what it is refused. */
export async function limit(client: Client, baseUrl: string) {
  const made = granted(await client.POST("/v1/api-keys", { body: { label: "Reader", scopes: ["deliveries:read"] } }));
  const limited = connect(baseUrl, made.key);
  const { data } = await limited.GET("/v1/deliveries");
  const { error } = await limited.POST("/v1/events", { body: { type: "client.sent", data: null } });
  const keys = granted(await client.GET("/v1/api-keys"));
  await client.DELETE("/v1/api-keys/{id}", { params: { path: { id: made.id } } });
  return { allowed: data !== undefined, refused: error?.code, listed: keys.data.some(({ id }) => id === made.id) };
}

/** What a refusal tells. */
export async function refuse(client: Client) {
  const { error } = await client.POST("/v1/events", { body: { type: "not a type", data: 1 } });
  return { code: error?.code, pointers: error?.errors?.map(({ pointer }) => pointer) };
}
