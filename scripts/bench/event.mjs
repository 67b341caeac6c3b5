/** An event whose `data` is exactly `bytes` long as JSON (where they suffice) and carries its number. */
export function eventBody(number, bytes) {
  const bare = JSON.stringify({ n: number, pad: "" });
  const pad = "x".repeat(Math.max(0, bytes - bare.length));
  return Buffer.from(JSON.stringify({ type: "bench.event", data: { n: number, pad } }));
}
