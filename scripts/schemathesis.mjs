// A longer run of tests/schemathesis.test.mjs: `npm run schemathesis -- --max-examples 500 --seed 7`. Whatever
// `schemathesis run` takes may follow.
import { at, main, run, toolEnv } from "./project.mjs";

const given = process.argv.slice(2);
const SCHEMATHESIS = (given.length > 0 ? given : ["--max-examples", "200"]).join(" ");

main(() =>
  run(process.execPath, [at("scripts/test.mjs"), "schemathesis.test.mjs"], { env: toolEnv({ SCHEMATHESIS }) }),
);
