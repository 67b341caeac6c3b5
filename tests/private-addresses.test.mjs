// A deployment that may not reach private addresses: they are refused in every spelling, and again before each attempt.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { assertProblem } from "./support/assertions.mjs";
import { receiver } from "./support/receiver.mjs";
import { startSignet } from "./support/signet.mjs";
import { calls } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const KEY = { authorization: "Bearer a-key-of-ones-own" };

// Private addresses are allowed at first, for a subscription to be made that later must not be served.
const signet = await startSignet({ vars: { OPERATOR_KEY: "a-key-of-ones-own", ALLOW_PRIVATE_DESTINATIONS: "true" } });
after(() => signet.stop());
const target = await receiver();
after(() => target.stop());
const call = (method, where, body) => calls(signet).expect(method === "GET" ? 200 : 202, method, where, body, KEY);

const made = await signet.api("POST", "/v1/subscriptions", { url: target.url("/inside"), events: ["inside"] }, KEY);
assert.equal(made.status, 201, made.text);
await call("POST", "/v1/events", { type: "inside", data: {} });
await target.received("/inside");
signet.vars = { OPERATOR_KEY: "a-key-of-ones-own" };
await signet.restart();

const REFUSED = [
  // Loopback, in the spellings that a URL parser takes for it.
  "http://127.0.0.1/",
  "https://127.0.0.1:8443/hook",
  "http://127.0.0.2/",
  "http://127.255.255.254/",
  "http://127.1/",
  "http://127.0.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0x7f.0.0.1/",
  "http://0177.0.0.1/",
  "http://017700000001/",
  "http://127.0.0.1./",
  "http://%31%32%37.0.0.1/",
  "http://127。0。0。1/",
  "http://\uff11\uff12\uff17.0.0.1/",
  "http://①②⑦.0.0.1/",
  "http:127.0.0.1/",
  "http:\\\\127.0.0.1\\",
  "HTTP://127.0.0.1/",
  "http://0/",
  "http://0.0.0.0/",
  "http://0.1.2.3/",
  // Private, shared, link-local and the clouds' metadata.
  "http://10.0.0.1/",
  "http://10.255.255.255/",
  "http://0xa000001/",
  "http://172.16.0.1/",
  "http://172.31.255.255/",
  "http://192.168.0.1/",
  "http://192.168.255.255/",
  "http://100.64.0.1/",
  "http://100.127.255.255/",
  "http://169.254.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  // Reserved: protocol assignments, documentation, benchmarks, multicast, the rest and broadcast.
  "http://192.0.0.1/",
  "http://192.0.2.1/",
  "http://198.18.0.1/",
  "http://198.19.255.255/",
  "http://198.51.100.1/",
  "http://203.0.113.1/",
  "http://224.0.0.1/",
  "http://239.255.255.255/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  // IPv6 of the same kinds, and IPv4 within it.
  "http://[::1]/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://[::0001]:8080/",
  "http://[::]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::127.0.0.1]/",
  "http://[64:ff9b::127.0.0.1]/",
  "http://[64:ff9b::a00:1]/",
  "http://[64:ff9b:1::1]/",
  "http://[2002:7f00:1::]/",
  "http://[2002:a00:1::1]/",
  "http://[fc00::1]/",
  "http://[fd12:3456:789a::1]/",
  "http://[fd00:ec2::254]/",
  "http://[fe80::1]/",
  "http://[FEBF::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://[2001:db8::1]/",
  "http://[100::1]/",
  // Names that are not public.
  "http://localhost/",
  "http://LOCALHOST/",
  "http://localhost./",
  "http://localhost:8787/",
  "http://my.localhost/",
  "http://printer.local/",
  "http://printer.LOCAL./",
  "http://db.internal/",
  "http://metadata.google.internal/computeMetadata/v1/",
  "http://intranet/",
  "http://kubernetes/",
  "http://a/",
];

const ACCEPTED = [
  "https://example.com/hook",
  "http://example.com/",
  "https://EXAMPLE.com:8443/",
  "https://sub.domain.example.co.uk/path?query=1",
  "https://bücher.example.com/",
  "https://xn--bcher-kva.example.com/",
  "http://8.8.8.8/",
  "https://1.1.1.1/hook",
  "http://172.15.255.255/",
  "http://172.32.0.1/",
  "http://192.167.255.255/",
  "http://100.63.255.255/",
  "http://100.128.0.1/",
  "http://11.0.0.1/",
  "http://126.255.255.255/",
  "http://128.0.0.1/",
  "http://[2606:4700:4700::1111]/",
  "http://[::ffff:8.8.8.8]/",
  "https://localhost.example.com/",
  "https://local.example.com/",
  "https://mylocal.com/",
  "https://internal.example.com/",
  "https://127.0.0.1.example.com/",
];

describe("refused as a subscription's URL and as a webhookUrl", () => {
  for (const url of REFUSED) {
    test(url, async () => {
      const subscription = await signet.api("POST", "/v1/subscriptions", { url }, KEY);
      assertProblem(subscription, 422, { code: "private_address", pointers: ["/url"] });
      const patch = await signet.api("PATCH", `/v1/subscriptions/${made.json.id}`, { url }, KEY);
      assertProblem(patch, 422, { code: "private_address", pointers: ["/url"] });
      const event = await signet.api("POST", "/v1/events", { type: "none", data: {}, webhookUrl: url }, KEY);
      assertProblem(event, 422, { code: "private_address", pointers: ["/webhookUrl"] });
    });
  }
});

describe("accepted", () => {
  for (const url of ACCEPTED) {
    test(url, async () => {
      const answer = await signet.api("POST", "/v1/subscriptions", { url, events: ["nothing.is.sent"] }, KEY);
      assert.equal(answer.status, 201, answer.text);
    });
  }
});

test("what was allowed once is asked again before each attempt", async () => {
  const before = target.requests("/inside").length;
  const { deliveries } = await call("POST", "/v1/events", { type: "inside", data: {} });
  const seen = await until(async () => {
    const delivery = await call("GET", `/v1/deliveries/${deliveries[0].id}`);
    return delivery.attempts.length > 0 && delivery;
  });
  assert.partialDeepStrictEqual(seen.attempts[0], { responseStatus: null, error: "blocked_address" });
  assert.equal(target.requests("/inside").length, before, "nothing was sent");

  const where = `/v1/subscriptions/${made.json.id}/test`;
  const tried = await calls(signet).expect(200, "POST", where, undefined, KEY);
  assert.partialDeepStrictEqual(tried, { delivered: false, httpStatus: null, error: "blocked_address" });
  assert.equal(target.requests("/inside").length, before);
});
