// What the form holds, and what of it is sent: all that was filled in for a new subscription, only what changed for one that
// is there.

export const EMPTY = {
  url: "",
  name: "",
  events: [],
  profile: "",
  secretType: "shared",
  secret: "",
  filter: [],
  headers: [],
  metadata: "",
  rateLimit: "",
  concurrency: "",
  shards: "",
  ordered: false,
};

/** A subscription as the form holds it. Rows of what is an object, text of what is a number. */
export function valuesOf(subscription) {
  const { name, url, events, profile, filter, headers, metadata, rateLimit, concurrency, shards, ordered } =
    subscription;
  return {
    ...EMPTY,
    url,
    name: name ?? "",
    events: isAll(events) ? [] : events,
    profile,
    filter: Object.entries(filter).map(([key, values]) => ({ key, values })),
    headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value })),
    metadata: Object.keys(metadata).length > 0 ? JSON.stringify(metadata, null, 2) : "",
    rateLimit: rateLimit ? String(rateLimit.perSecond) : "",
    concurrency: concurrency === null ? "" : String(concurrency),
    shards: shards === 1 ? "" : String(shards),
    ordered,
  };
}

/** The body of `POST /v1/subscriptions`. */
export function bodyOf(values) {
  const body = Object.fromEntries(Object.entries(fieldsOf(values)).filter(([, value]) => value !== null));
  return { ...body, ...secretOf(values) };
}

/** The body of `PATCH`, with null for what was emptied; an empty object where nothing changed. */
export function changesOf(subscription, values) {
  const before = fieldsOf(valuesOf(subscription));
  const isOther = ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]);
  return Object.fromEntries(Object.entries(fieldsOf(values)).filter(isOther));
}

/** What secret is wanted, as creating, rotating and previewing take it. */
export function secretOf({ secretType, secret }) {
  if (secretType === "own") return { secret };
  return secretType === "ed25519" ? { secretType } : {};
}

/** Rows of headers as an object; one that is empty is none. */
export function headersOf(rows) {
  const filled = rows.filter(({ name, value }) => name !== "" || value !== "");
  return filled.length > 0 ? Object.fromEntries(filled.map(({ name, value }) => [name, value])) : null;
}

/** Each field as the API has it; null for what is as it is when left out. */
function fieldsOf(values) {
  const filter = values.filter.filter(({ key, values }) => key !== "" || values.length > 0);
  return {
    url: values.url,
    name: values.name || null,
    events: isAll(values.events) ? null : values.events,
    profile: values.profile || null,
    filter: filter.length > 0 ? Object.fromEntries(filter.map(({ key, values }) => [key, values])) : null,
    headers: headersOf(values.headers),
    metadata: values.metadata.trim() ? JSON.parse(values.metadata) : null,
    rateLimit: values.rateLimit === "" ? null : { perSecond: Number(values.rateLimit) },
    concurrency: values.concurrency === "" ? null : Number(values.concurrency),
    shards: values.shards === "" ? null : Number(values.shards),
    ordered: values.ordered || null,
  };
}

const isAll = (events) => events.length === 0 || (events.length === 1 && events[0] === "*");
