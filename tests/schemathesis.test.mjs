// The document as schemathesis reads it: what it makes of it, valid or not, is answered as the document says.
// SCHEMATHESIS holds options for a longer run, as `npm run schemathesis` sets it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { schemathesis } from "./openapi/schemathesis.mjs";
import { stage } from "./support/stage.mjs";

// Whatever URLs are made up, nothing is sent beyond this machine.
const { signet, target, ...calls } = await stage({ bare: true, reach: ["127.0.0.0/8"] });

const OPTIONS = ["--seed", "1", "--max-examples", "12"];

test("schemathesis finds nothing", { timeout: 3_600_000 }, async () => {
  const given = (process.env.SCHEMATHESIS ?? "").split(" ").filter(Boolean);
  const { code, output } = await schemathesis({
    signet,
    target,
    calls,
    options: [...OPTIONS, ...given],
    show: given.length > 0,
  });
  assert.equal(code, 0, output.slice(-20_000));
});
