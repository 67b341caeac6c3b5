// The operator's own webhook: what Signet itself has to say.
import assert from "node:assert/strict";
import { verifies } from "./assertions.mjs";
import { document, judgeShown } from "./contract.mjs";
import { until } from "./wait.mjs";

/**
 * A subscription to Signet's own events, and what its receiver heard.
 *
 * @param {{target: object, expect: Function}} on
 */
export async function operatorsWebhook(
  { target, expect },
  { path = "/operator", events = ["signet.*"], ...more } = {},
) {
  const made = await expect(201, "POST", "/v1/subscriptions", { url: target.url(path), events, ...more });
  const heard = (matches = () => true) =>
    target.requests(path).filter(({ json }) => matches(json) && json.type.startsWith("signet."));
  return {
    ...made,
    path,
    heard,
    /** Waits until `count` notices that match came, each signed, and resolves to them. */
    hears: async (matches, count = 1, timeout = 15_000) => {
      const found = await until(() => heard(matches).length >= count && heard(matches), {
        timeout,
        what: () => `${count} notices; there came ${JSON.stringify(heard().map(({ json }) => json))}`.slice(0, 2_000),
      });
      for (const one of found) {
        assert.ok(verifies(made.secret, one), "a notice is signed");
        const name = document.webhooks[one.json.type].post.requestBody.content["application/json"].schema.$ref;
        judgeShown(name.split("/").at(-1), one.json);
      }
      return found.map(({ json }) => json);
    },
    /** Everything that was recorded for it, whatever became of it. */
    recorded: async () => {
      const all = [];
      let cursor = "";
      do {
        const page = await expect(200, "GET", `/v1/deliveries?subscription=${made.id}&limit=250${cursor}`);
        all.push(...page.data);
        cursor = page.nextCursor ? `&cursor=${page.nextCursor}` : null;
      } while (cursor !== null);
      return all;
    },
  };
}

/** Matches notices of a type about what has these values in its data. */
export const about =
  (type, data = {}) =>
  (json) =>
    json.type === type && Object.entries(data).every(([name, value]) => json.data[name] === value);
