// How deliveries went: figures of a time, in parts if one likes, and of each destination.
import { answer, at, id, integer, list, nullable, number, query, ref, shown, time } from "./parts.mjs";
import { circuit } from "./shared.mjs";

const TAG = "Stats";

export const tag = { name: TAG, description: "How the deliveries of an application went." };

const count = { type: "integer", minimum: 0 };
const counts = shown(
  Object.fromEntries(["pending", "delivered", "failed", "cancelled"].map((status) => [status, count])),
);
const rates = {
  successRate: nullable(number(0, 1, { description: "Null where nothing has ended yet." })),
  latencyMs: nullable({
    ...shown({ p50: { type: "number" }, p95: { type: "number" }, p99: { type: "number" } }),
    description:
      "From acceptance to completion of those delivered: exact below 128 ms, within one percent above. Null where there are none.",
  }),
};
const all = { counts, total: count, attempts: count, ...rates };

/** What is told of a time. */
export const figures = {
  since: time(),
  until: time(),
  ...all,
  series: list(ref("StatsPart"), {
    maxItems: 400,
    description: "With `interval`: the parts of the time, oldest first, empty ones too.",
  }),
};

/** The parameters of such a time. */
export const windowed = [
  query("since", time(), "From then on, by the deliveries' creation; a day before `until` when left out."),
  query("until", time(), "Up to then; now when left out. Not before `since` (422)."),
  query("interval", integer(1, 31_536_000), "Parts of so many seconds, at most 400 (422)."),
];

export const schemas = {
  StatsPart: shown({
    since: time("A multiple of the interval, but for the first part."),
    until: time("Inclusive: the millisecond before the next part."),
    counts,
    ...rates,
  }),
  DestinationStats: {
    ...shown({
      subscription: nullable(id("sub")),
      source: nullable(id("src")),
      ...all,
      circuit,
      failingSince: nullable(time("When the first attempt failed after the last that did not.")),
      waiting: { ...count, description: "Pending deliveries, whenever they were made." },
      retryAt: nullable(time("When the next one goes out to see, where it is spared.")),
    }),
    description: "Both `subscription` and `source` are null for all `webhookUrl`s together.",
  },
  Stats: shown(
    {
      ...figures,
      destinations: list(ref("DestinationStats"), {
        maxItems: 100,
        description: "Those that fail first; without those that have nothing to show, and those that were deleted.",
      }),
    },
    { optional: ["series"] },
  ),
};

export const paths = [
  at("/v1/stats", TAG, {
    get: {
      operationId: "getStats",
      summary: "Read how all deliveries went",
      scope: "deliveries:read",
      parameters: windowed,
      answers: { 200: answer("Counts, success rate, and latency, and how each destination does.", ref("Stats")) },
    },
  }),
];
