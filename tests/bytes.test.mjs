// Data is the producer's: it arrives as it was written, whatever it is.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { assertProblem } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { target, api, subscribe, settled } = await stage();

const MIB = 1024 * 1024;

/** Posts `raw` as the data of an event, as it stands, and gives what arrived. */
async function sentAsIs(raw, wrap = (type, data) => `{"type":"${type}","data":${data}}`) {
  const type = uniqueType();
  const path = uniquePath();
  const made = await subscribe({ url: target.url(path), events: [type] });
  const answer = await api("POST", "/v1/events", wrap(type, raw));
  assert.equal(answer.status, 202, answer.text);
  const [request] = await target.received(path);
  const { id, deliveries } = answer.json;
  return { type, made, request, id, delivery: await settled(deliveries[0].id) };
}

describe("data arrives byte for byte", { concurrency: true }, () => {
  const table = {
    "big numbers": '{"n":12345678901234567890,"m":-98765432109876543210987654321}',
    "numbers as they were written": "[1.0,1e2,1E+2,-0,0.10,1e400,123456789.123456789123456789]",
    "keys given twice": '{"a":1,"a":2,"b":{"c":1,"c":2}}',
    "keys in their order": '{"z":1,"a":2,"10":3,"9":4,"":5}',
    "white space inside": '{ "a" : [ 1 ,\n\t2 ] }',
    "escapes as they were written": '"\\u00fc\\/\\u0041\\n\\ud83d\\ude00"',
    "characters as they were written": '"ü 漢字 🎈 \u2028 \u2029 \ufeff \u007f"',
    "a lone surrogate": '{"s":"\\ud800","t":"\\udc00\\ud800"}',
    "an escaped zero": '"a\\u0000b"',
    "what would end a script": '"</script><!-- & \' -->"',
    "a placeholder": '"{event.type} {data} {secret}"',
    null: "null",
    false: "false",
    zero: "0",
    "an empty text": '""',
    "an empty list": "[]",
    "an empty object": "{}",
    "a text": '"text"',
    __proto__: '{"__proto__":{"a":1},"constructor":2}',
  };
  for (const [name, raw] of Object.entries(table)) {
    test(name, async () => {
      const { type, made, request, id, delivery } = await sentAsIs(raw);
      const data = request.text.slice(request.text.indexOf('"data":') + 7, -1);
      assert.equal(data, raw);
      assert.ok(request.text.startsWith(`{"type":"${type}","timestamp":"`));
      const signed = new Webhook(made.secret);
      const { "webhook-id": messageId, "webhook-timestamp": time } = request.headers;
      const expected = signed.sign(messageId, new Date(Number(time) * 1_000), request.text);
      assert.equal(request.headers["webhook-signature"], expected, "the signature is over these bytes");
      assert.equal(delivery.payload, request.text);
      const event = await api("GET", `/v1/events/${id}`);
      assert.equal(event.status, 200);
      assert.ok(event.text.includes(`"data":${raw}`), `the event is read back as it was written: ${event.text}`);
    });
  }

  test("a length in bytes, not in characters", async () => {
    const { request } = await sentAsIs(`"${"🎈".repeat(1_000)}"`);
    assert.equal(Number(request.headers["content-length"] ?? request.body.length), request.body.length);
  });
});

describe("sizes", () => {
  const wrapping = '{"type":"size.test","data":""}'.length;

  test("an event of exactly 1 MiB is taken, delivered and kept", async () => {
    const path = uniquePath();
    const made = await subscribe({ url: target.url(path), events: ["size.test"] });
    const body = `{"type":"size.test","data":"${"x".repeat(MIB - wrapping)}"}`;
    assert.equal(Buffer.byteLength(body), MIB);
    const answer = await api("POST", "/v1/events", body);
    assert.equal(answer.status, 202, answer.text);
    const [request] = await target.received(path);
    assert.equal(request.json.data.length, MIB - wrapping);
    new Webhook(made.secret).verify(request.text, request.headers);
    const delivery = await settled(answer.json.deliveries[0].id);
    assert.equal(delivery.status, "delivered");
    assert.equal(delivery.payload, request.text);
  });

  test("one byte more is too much", async () => {
    const body = `{"type":"size.test","data":"${"x".repeat(MIB - wrapping + 1)}"}`;
    assertProblem(await api("POST", "/v1/events", body), 413);
    assertProblem(await api("POST", "/v1/events", `${" ".repeat(MIB)}{"type":"size.test","data":1}`), 413);
  });

  test("1 MiB of the densest JSON is read in good time", async () => {
    for (const raw of [`[${"0,".repeat(500_000)}0]`, `[${"[],".repeat(340_000)}[]]`, `"${"\\n".repeat(500_000)}"`]) {
      const started = Date.now();
      const { request } = await sentAsIs(raw);
      assert.ok(request.text.includes(raw.slice(-1_000)));
      assert.ok(Date.now() - started < 10_000);
    }
  });
});

describe("depth", () => {
  const levels = (count) => "[".repeat(count) + "]".repeat(count);

  test("128 levels are delivered as they are", async () => {
    // The event's own object is the first of them.
    const raw = levels(127);
    const { request } = await sentAsIs(raw);
    assert.ok(request.text.includes(`"data":${raw}`));
  });

  test("129 are refused", async () => {
    assertProblem(await api("POST", "/v1/events", `{"type":"deep","data":${levels(128)}}`), 400);
    assertProblem(
      await api("POST", "/v1/events", `{"type":"deep","data":{"a":${'{"a":'.repeat(127)}1${"}".repeat(128)}}`),
      400,
    );
  });

  test("brackets in a text are no levels", async () => {
    const raw = `"${"[{".repeat(1_000)} \\" ${"[".repeat(1_000)}"`;
    const { request } = await sentAsIs(raw);
    assert.ok(request.text.includes(raw));
  });
});

test("what the receiver is sent is declared as what it is", async () => {
  const { request } = await sentAsIs('{"a":"ü"}');
  assert.match(request.headers["content-type"], /^application\/json/);
  assert.equal(request.method, "POST");
  assert.equal(request.headers["user-agent"] !== undefined, true, "somebody says who is calling");
  for (const name of ["authorization", "cookie", "signet-application", "idempotency-key"]) {
    assert.equal(request.headers[name], undefined, `${name} is not passed on`);
  }
});
