// The log of every gateway that a test starts is searched for every secret that the test used. Here that search is tried.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Leaks } from "./support/leaks.mjs";
import { startSignet } from "./support/signet.mjs";

for (const bare of [false, true]) {
  test(`there is a log to be searched, and secrets to look for${bare ? ", without wrangler" : ""}`, async () => {
    const signet = await startSignet({ bare });
    const before = signet.leaks.count;
    const { json } = await signet.api("POST", "/v1/subscriptions", { url: "http://127.0.0.1:9/", events: ["none"] });
    await signet.api("POST", "/v1/api-keys", { label: "x" });
    await signet.api("POST", "/v1/portal-links", {});
    await signet.api("POST", "/v1/sources", {
      provider: "github",
      secrets: ["a".repeat(20)],
      origin: "http://127.0.0.1:9/",
    });
    assert.equal(signet.leaks.count - before, 4);
    assert.match(signet.output, /"log":"request".*"route":"\/v1\/api-keys"/);
    assert.ok(!signet.output.includes(json.secret));
    await signet.stop();
  });
}

test("a secret in an answer that should hold none is found", () => {
  const leaks = new Leaks();
  leaks.add("whsec_c2VjcmV0");
  const holds = { status: 200, text: '{"secret":"whsec_c2VjcmV0"}' };
  assert.equal(leaks.answered("POST", "/v1/subscriptions", holds), undefined, "it is shown when it is made");
  assert.equal(leaks.answered("GET", "/v1/subscriptions/sub_1/secret", holds), undefined, "and where it is asked for");
  for (const [method, where, status] of [
    ["GET", "/v1/subscriptions", 200],
    ["GET", "/v1/deliveries/del_1", 200],
    ["POST", "/v1/subscriptions", 422],
    ["GET", "/v1/subscriptions/sub_1/secret", 503],
  ]) {
    assert.equal(leaks.answered(method, where, { ...holds, status }), "whsec_c2VjcmV0", `${method} ${where} ${status}`);
  }
});

test("a secret in a line of the log is found", () => {
  const leaks = new Leaks();
  leaks.note({ data: [{ webhookSecret: "whsec_c2VjcmV0" }], url: "http://a.example/#token=pt_default.abc.def" });
  leaks.printed(Buffer.from('{"log":"request"}\n[wrangler:info] GET /?whsec_c2VjcmV0\nsaid whsec_c2Vj'));
  leaks.printed(Buffer.from("cmV0 aloud\npt_default.abc.def\n"));
  assert.deepEqual(leaks.find(), ["said whsec_c2VjcmV0 aloud", "pt_default.abc.def"]);
});
