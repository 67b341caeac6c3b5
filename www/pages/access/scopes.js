// What a key may, in words, and the choices of it that are made most.

/** Scope, what it allows. */
export const SCOPES = [
  ["events:write", "Post events"],
  ["subscriptions:read", "See subscriptions"],
  ["subscriptions:write", "Make, change and delete subscriptions"],
  ["deliveries:read", "See deliveries, events and figures"],
  ["deliveries:write", "Test, retry, cancel and replay deliveries"],
  ["sources:read", "See sources and their requests"],
  ["sources:write", "Make, change and delete sources"],
  ["keys:write", "Make and revoke keys and links"],
  ["secrets:read", "Read signing secrets"],
];

const CHOICES = [
  ["events", "Post events", (scope) => scope === "events:write"],
  ["see", "See everything", (scope) => scope.endsWith(":read") && scope !== "secrets:read"],
  ["hooks", "Own webhooks", (scope) => /^(?:subscriptions|deliveries):/.test(scope)],
  ["all", "Everything", () => true],
];

/** The choices of scopes that `allowed` leaves something of, no two alike: `[id, words, scopes]`. */
export function choices(allowed) {
  const found = [];
  for (const [id, words, fits] of CHOICES) {
    const scopes = ordered(allowed.filter(fits));
    if (scopes.length > 0 && !found.some(([, , other]) => same(other, scopes))) found.push([id, words, scopes]);
  }
  return found;
}

/** Which of the choices some scopes are, or null. */
export const chosen = (all, scopes) => all.find(([, , of]) => same(of, ordered(scopes)))?.[0] ?? null;

/** What a key with these scopes may, in a word or two for a table. */
export function inShort(scopes) {
  const every = SCOPES.map(([scope]) => scope);
  const choice = chosen(choices(every), scopes);
  if (choice) return choices(every).find(([id]) => id === choice)[1];
  if (scopes.length === 1) return SCOPES.find(([scope]) => scope === scopes[0])?.[1] ?? scopes[0];
  return `${scopes.length} of ${every.length} scopes`;
}

export const ordered = (scopes) => SCOPES.map(([scope]) => scope).filter((scope) => scopes.includes(scope));

const same = (one, other) => one.length === other.length && one.every((scope, at) => scope === other[at]);
