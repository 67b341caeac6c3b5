// An application of a test's own, and the calls with its keys.
import { calls } from "./stage.mjs";

/** The gateway's calls with another key than the operator's. */
export const bearer = (api, key) => (method, where, body, headers) =>
  api(method, where, body, { authorization: `Bearer ${key}`, ...headers });

/** Makes an application. What comes back is what the API answered, and every call of `calls` with its first key. */
export async function tenant(signet, body = {}) {
  const made = await calls(signet).expect(201, "POST", "/v1/applications", { name: "Acme", ...body });
  const api = bearer(signet.api.bind(signet), made.key);
  return { ...made, api, ...calls({ api }) };
}

/** The token of a link that `expect` may make. */
export async function linkToken(expect, body) {
  const { url } = await expect(201, "POST", "/v1/portal-links", body);
  return new URLSearchParams(new URL(url).hash.slice(1)).get("token");
}
