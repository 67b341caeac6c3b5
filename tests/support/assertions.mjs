// Shapes that many answers share.
import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";

/**
 * Asserts that an answer is an RFC 9457 problem.
 *
 * @param {{status: number, headers: object, json: any, text: string}} answer
 * @param {number} status
 * @param {{code?: string, pointers?: string[]}} [expected] `pointers`: each must be among the body's `errors`
 */
export function assertProblem(answer, status, { code, pointers } = {}) {
  const shown = `${answer.status} ${answer.text.slice(0, 400)}`;
  assert.equal(answer.status, status, `the status is ${status}, but came ${shown}`);
  assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json\b/, shown);
  const problem = answer.json;
  for (const name of ["type", "title", "detail", "code"]) {
    assert.equal(typeof problem[name], "string", `a problem has the string ${name}: ${shown}`);
  }
  assert.equal(problem.status, status, "the body names the status too");
  assert.match(problem.code, /^[a-z][a-z0-9_]*$/, "the code is a stable name");
  if (code) assert.equal(problem.code, code, shown);
  if (!pointers) return;
  assert.ok(Array.isArray(problem.errors), `each fault is named: ${shown}`);
  for (const one of problem.errors) {
    assert.equal(typeof one.pointer, "string", shown);
    assert.equal(typeof one.detail, "string", shown);
  }
  const named = problem.errors.map((one) => one.pointer);
  for (const pointer of pointers)
    assert.ok(named.includes(pointer), `${pointer} is named among ${JSON.stringify(named)}`);
}

/** Asserts RFC 3339 UTC with milliseconds. */
export function assertTime(text, name = "the time") {
  assert.match(String(text), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, name);
  assert.ok(!Number.isNaN(Date.parse(text)), name);
}

/** Asserts a prefix and 28 lower-case Crockford base32 characters. */
export function assertId(text, prefix) {
  assert.match(String(text), new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{28}$`));
}

/** Whether Standard Webhooks' own library takes a request for one signed with `secret`. */
export function verifies(secret, { text, headers }) {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}
