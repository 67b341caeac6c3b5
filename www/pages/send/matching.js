// Which subscriptions get an event, by the rules of docs/api.md.

const has = (object, key) => Object.hasOwn(object, key);

/** Whether a pattern means a type: itself, what is below its beginning (`task.*`), or all (`*`). */
export function means(pattern, type) {
  if (!pattern.endsWith("*")) return pattern === type;
  const stem = pattern.slice(0, -1);
  return stem === "" || (type.startsWith(stem) && type.length > stem.length);
}

/** Whether an event's attributes share a value with every key of a filter. */
export function passes(filter, attributes) {
  return Object.entries(filter).every(([key, wanted]) => {
    if (!has(attributes, key)) return false;
    return [attributes[key]].flat().some((value) => wanted.includes(value));
  });
}

/**
 * What would become of an event.
 *
 * @returns {{wanted: object[], held: object[], off: object[], filtered: object[]}} `wanted`: active subscriptions that
 *   get it; `held`: paused ones, for which it waits; `off`: disabled ones, which would want it and don't get it;
 *   `filtered`: those that want the type, and not these attributes
 */
export function matching(subscriptions, type, attributes) {
  const typed = subscriptions.filter(({ events }) => events.some((pattern) => means(pattern, type)));
  const fitting = typed.filter(({ filter }) => passes(filter, attributes));
  const of = (status) => fitting.filter((one) => one.status === status);
  return {
    wanted: of("active"),
    held: of("paused"),
    off: of("disabled"),
    filtered: typed.filter((one) => !fitting.includes(one)),
  };
}
