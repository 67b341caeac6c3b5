// Sums up a round, and rounds.

/** Nearest-rank percentile of an ascending list; NaN of none. */
export function percentile(ascending, share) {
  if (ascending.length === 0) return NaN;
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)];
}

export function median(values) {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length >> 1;
  return ascending.length % 2 ? ascending[middle] : (ascending[middle - 1] + ascending[middle]) / 2;
}

/** One round's figures out of what the load generator posted, what the receiver saw, and workerd's CPU time in ms. */
export function sumUp({ posted, refused, start, elapsed }, { arrivals, repeats }, cpu) {
  const arrivedAt = new Map(arrivals);
  const end = start + elapsed;
  const latencies = [];
  let inTime = 0;
  for (const [number, began] of posted) {
    const arrived = arrivedAt.get(number);
    if (arrived === undefined) continue;
    latencies.push(arrived - began);
    // Only what arrived while the load ran: a gateway that accepts and puts off gains nothing by it.
    if (arrived <= end) inTime += 1;
  }
  latencies.sort((a, b) => a - b);
  return {
    events: latencies.length,
    accepted: (posted.length / elapsed) * 1000,
    delivered: (inTime / elapsed) * 1000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpu: cpu / latencies.length,
    missing: posted.length - latencies.length,
    repeats,
    refused,
  };
}
