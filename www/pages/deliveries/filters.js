// What the page's address says of which deliveries are shown, as the API is asked for it.

/** What the list is narrowed by, as it stands in the address. */
export const NAMES = ["status", "scheduled", "type", "subscription", "source", "event", "time", "since", "until"];

/** How far the choices of time reach back, in ms. */
export const TIMES = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 };

const STATUSES = ["pending", "delivered", "failed", "cancelled"];

/**
 * The filters of an address; what the API would not take is left out.
 *
 * @param {URLSearchParams} query
 */
export function filtersOf(query) {
  const filters = {};
  for (const name of NAMES) if (query.get(name)) filters[name] = query.get(name);
  if (!STATUSES.includes(filters.status)) delete filters.status;
  if (filters.scheduled !== "true") delete filters.scheduled;
  if (!(filters.time in TIMES)) delete filters.time;
  for (const name of ["since", "until"]) {
    if (filters.time || Number.isNaN(Date.parse(filters[name]))) delete filters[name];
  }
  return filters;
}

/** The query of the list for these filters. */
export function asked({ time, ...filters }, now = Date.now()) {
  return time ? { ...filters, since: new Date(now - TIMES[time]).toISOString() } : filters;
}

/**
 * The body of `POST /v1/deliveries/retry` or `…/cancel` for these filters, or null where no such call means the same:
 * what was delivered is not tried again by the thousand, only what is pending can be called off, and neither knows what is
 * scheduled.
 */
export function bulkOf(kind, filters, now = Date.now()) {
  const { scheduled, status, ...rest } = asked(filters, now);
  if (scheduled) return null;
  if (kind === "cancel") return status && status !== "pending" ? null : { status: "pending", ...rest };
  return status === "delivered" ? null : { status: status ?? "failed", ...rest };
}

/** Where an id that somebody pasted leads: to a delivery, or to an event's deliveries. */
export function sought(text) {
  const id = text.trim();
  if (id === "") return null;
  return /^del_[0-9a-z]{28}$/.test(id) ? { delivery: id } : { event: id };
}

/** A time as `<input type="datetime-local">` has it, in the reader's own zone. */
export function local(time) {
  if (!time) return "";
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The other way round; null for what is none. A minute is meant to its end where it is one's last. */
export function fromLocal(text, isEnd = false) {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time + (isEnd ? 59_999 : 0)).toISOString();
}
