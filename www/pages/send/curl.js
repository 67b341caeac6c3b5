// A call as a command for a shell. The key stands there by name alone.
import { quoted } from "../deliveries/curl.js";

/**
 * @param {string} origin where Signet is
 * @param {string} path
 * @param {string} body JSON
 * @param {string | null} application the one that the operator acts on, where it is not the usual one
 */
export function curl(origin, path, body, application = null) {
  return [
    "curl --request POST",
    origin + path,
    '-H "Authorization: Bearer $KEY"',
    ...(application ? [`-H ${quoted(`Signet-Application: ${application}`)}`] : []),
    "-H 'Content-Type: application/json'",
    `--data-binary ${quoted(body)}`,
  ].join(" \\\n  ");
}
