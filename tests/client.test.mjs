// A typed client made from the API's document: it compiles, makes the whole round trip, and what the document does not
// allow does not compile.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { OPERATOR_KEY, ROOT } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";

const HERE = path.join(ROOT, "tests/client");
const { signet, target } = await stage();

before(() => compiler("openapi-typescript", path.join(ROOT, "www/openapi.json"), "-o", "api.d.ts"));

test("the client compiles, and what must not compile does not", { timeout: 120_000 }, async () => {
  await compiler("tsc", "--project", ".");
});

test("the client makes the round trip", async () => {
  const { connect, deliver, explain, limit, refuse } = await import("./client/round-trip.ts");
  const client = connect(signet.url, OPERATOR_KEY);

  const { secret, delivery, statuses, tested, event, removed } = await deliver(client, target.url("/client"));
  assert.match(secret, /^whsec_/);
  assert.deepEqual([delivery.status, statuses, delivery.attemptCount], ["delivered", [200], 1]);
  assert.equal(target.requests("/client")[0].text, delivery.payload);
  assert.deepEqual([tested.delivered, tested.httpStatus], [true, 200]);
  assert.deepEqual([event.id, event.data, removed], ["client-1", { id: 7 }, 204]);

  const { verified, reason, steps } = await explain(client, target.url("/client"));
  assert.deepEqual([verified, reason], [false, "signature_mismatch"]);
  assert.ok(steps.length > 1);

  assert.deepEqual(await refuse(client), { code: "invalid_body", pointers: ["/type"] });
  assert.deepEqual(await limit(client, signet.url), { allowed: true, refused: "missing_scope", listed: true });
});

/** Runs one of the tools of tests/client; what it prints is why it failed. */
async function compiler(tool, ...args) {
  const run = promisify(execFile)(path.join(HERE, "node_modules/.bin", tool), args, { cwd: HERE });
  await run.catch((error) => assert.fail(`${tool}: ${error.stdout}${error.stderr}`));
}
