// What nearly every test file starts from: a gateway, a receiver, and the calls a producer makes, each with its expected answer.
import assert from "node:assert/strict";
import { after } from "node:test";
import { receiver } from "./receiver.mjs";
import { startSignet } from "./signet.mjs";
import { until } from "./wait.mjs";

/** Starts a gateway and a receiver that both end with the test file. SIGNET_TEST_LOG=1 shows what the gateway printed. */
export async function stage(options) {
  const signet = await startSignet(options);
  after(async () => {
    await signet.stop();
    if (process.env.SIGNET_TEST_LOG) console.log(signet.output);
    // A panic fails the requests of others too; a test that got its answer all the same must not hide it.
    assert.doesNotMatch(signet.output, /panicked|\bunreachable\b/);
  });
  const target = await receiver();
  after(() => target.stop());
  return { signet, target, api: signet.api.bind(signet), ...calls(signet) };
}

/** The calls of everyday use. Each fails the test when the answer is not the one for success. */
export function calls(signet) {
  const api = signet.api.bind(signet);

  const expect = async (status, method, where, body, headers) => {
    const answer = await api(method, where, body, headers);
    assert.equal(answer.status, status, `${method} ${where} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    return answer.json;
  };

  return {
    /** Any call, with the status it must have; resolves to the JSON. */
    expect,
    /** Makes a subscription and resolves to it, its secret included. */
    subscribe: (body) => expect(201, "POST", "/v1/subscriptions", body),
    /** Posts an event and resolves to the answer. */
    send: (event, headers) => expect(202, "POST", "/v1/events", event, headers),
    /** Posts an event that one subscription gets, and resolves to that delivery's id. */
    sendOne: async (event, headers) => {
      const { deliveries } = await expect(202, "POST", "/v1/events", event, headers);
      assert.equal(deliveries.length, 1, "the event has one delivery");
      return deliveries[0].id;
    },
    delivery: (id) => expect(200, "GET", `/v1/deliveries/${id}`),
    /** Waits until a delivery is no longer pending (or has the status named) and resolves to it. */
    settled: (id, { status, timeout = 15_000 } = {}) => {
      let last;
      return until(
        async () => {
          last = await expect(200, "GET", `/v1/deliveries/${id}`);
          return (status ? last.status === status : last.status !== "pending") && last;
        },
        { timeout, every: 50, what: () => `${id} to be ${status ?? "settled"}; it is ${JSON.stringify(last)}` },
      );
    },
    /** Waits until a delivery has `count` recorded attempts and resolves to it. */
    attempted: (id, count, timeout = 15_000) => {
      let last;
      return until(
        async () => {
          last = await expect(200, "GET", `/v1/deliveries/${id}`);
          return last.attempts.length >= count && last;
        },
        { timeout, every: 50, what: () => `${count} attempts of ${id}; it is ${JSON.stringify(last)}` },
      );
    },
    /** Makes (or replaces) a custom profile. */
    profile: (name, body) =>
      api("PUT", `/v1/profiles/${name}`, body).then((answer) => {
        assert.ok([200, 201].includes(answer.status), `PUT /v1/profiles/${name}: ${answer.status} ${answer.text}`);
        return answer.json;
      }),
  };
}

let serial = 0;

/** An event type that no other test of this file uses. */
export function uniqueType(prefix = "thing") {
  serial += 1;
  return `${prefix}.n${serial}`;
}

/** A receiver's path that no other test of this file uses. */
export function uniquePath(prefix = "/hook") {
  serial += 1;
  return `${prefix}-${serial}`;
}
