// Events as a shop with a studio would have them.
const money = (n) => ({ amount: 1_290 + ((n * 737) % 48_000), currency: "EUR" });
const id = (prefix, n) => `${prefix}_${(8_412_000 + n * 37).toString(36)}`;

const KINDS = {
  "order.created": (n) => ({ order: id("ord", n), customer: id("cus", n % 90), total: money(n), items: 1 + (n % 5) }),
  "order.paid": (n) => ({ order: id("ord", n), paid: money(n), method: ["card", "sepa", "wallet"][n % 3] }),
  "order.shipped": (n) => ({ order: id("ord", n), carrier: ["DHL", "UPS", "PostNord"][n % 3], parcels: 1 + (n % 2) }),
  "invoice.finalized": (n) => ({ invoice: id("inv", n), total: money(n), dueDays: 14 }),
  "payment.settled": (n) => ({ payment: id("pay", n), settled: money(n) }),
  "customer.updated": (n) => ({ customer: id("cus", n % 90), changed: ["email", "address", "language"].slice(n % 3) }),
  "sketch.exported": (n) => ({ sketch: id("skt", n), format: ["png", "svg"][n % 2], width: 1_920, height: 1_080 }),
  "video.rendered": (n) => ({ video: id("vid", n), seconds: 12 + (n % 48), resolution: "1080p" }),
  "alert.raised": (n) => ({ alert: id("alr", n), what: ["queue is long", "disk is full", "latency"][n % 3] }),
};

/** The `n`th event that some patterns of types want. */
export function eventOf(patterns, n) {
  const wanted = Object.keys(KINDS).filter((type) =>
    patterns.some((pattern) => pattern === "*" || type.startsWith(pattern.replace("*", ""))),
  );
  const type = wanted[n % wanted.length];
  return { type, data: KINDS[type](n) };
}

/** Any event, as one would post it. */
export function anyEvent(n) {
  const event = eventOf(["*"], n);
  return { ...event, attributes: { severity: n % 2 ? "high" : "critical", region: ["eu", "us"][n % 2] } };
}
