// A new secret: what it looks like, and what the old one is still good for.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { assertProblem, assertTime, verifies } from "./support/assertions.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";

const { signet, target, api, expect, subscribe, send } = await stage();

async function scene(profile, more = {}) {
  const type = uniqueType();
  const path = uniquePath();
  const made = await subscribe({ url: target.url(path), events: [type], profile, ...more });
  const rotate = (body) => expect(200, "POST", `/v1/subscriptions/${made.id}/rotate-secret`, body);
  let sent = 0;
  const next = async () => {
    await send({ type, data: sent });
    sent += 1;
    return (await target.received(path, sent)).at(-1);
  };
  return { ...made, rotate, next };
}

describe("where the format can carry two", () => {
  for (const profile of ["standard", "videovector", "ssemble"]) {
    test(`${profile}: both sign, the new one first`, async () => {
      const one = await scene(profile);
      const { secret, previousSecretExpiresAt } = await one.rotate({ overlapSeconds: 3_600 });
      assertTime(previousSecretExpiresAt);
      const request = await one.next();
      const [first, second, more] = request.headers["webhook-signature"].split(" ");
      assert.equal(more, undefined);
      const alone = (signature) => ({
        text: request.text,
        headers: { ...request.headers, "webhook-signature": signature },
      });
      assert.ok(verifies(secret, alone(first)));
      assert.ok(verifies(one.secret, alone(second)));
    });
  }
});

describe("where it can carry one", () => {
  for (const profile of ["playcut", "sketchpen", "clipcabinet"]) {
    test(`${profile}: the new one signs from now on`, async () => {
      const one = await scene(profile);
      const { secret } = await one.rotate({ overlapSeconds: 3_600 });
      assert.notEqual(secret, one.secret);
      const request = await one.next();
      const time = request.headers["x-sketchpen-timestamp"];
      const content = time ? `${time}.${request.text}` : request.text;
      const expected = `sha256=${createHmac("sha256", secret).update(content).digest("hex")}`;
      assert.equal(request.headers[`x-${profile}-signature`], expected);
    });
  }
});

test("a second rotation: the newest signs, and the first secret of all is out", async () => {
  const one = await scene("standard");
  const second = await one.rotate({ overlapSeconds: 3_600 });
  const third = await one.rotate({ overlapSeconds: 0 });
  const request = await one.next();
  assert.ok(verifies(third.secret, request));
  assert.ok(!verifies(second.secret, request), "an overlap of 0 leaves nothing of what was before");
  assert.ok(!verifies(one.secret, request));
});

test("the longest overlap is 7 days", async () => {
  const one = await scene("standard");
  const before = Date.now();
  const { previousSecretExpiresAt } = await one.rotate({ overlapSeconds: 604_800 });
  assert.ok(Math.abs(Date.parse(previousSecretExpiresAt) - before - 604_800_000) < 5_000);
  assertProblem(await api("POST", `/v1/subscriptions/${one.id}/rotate-secret`, { overlapSeconds: 604_801 }), 422, {
    pointers: ["/overlapSeconds"],
  });
});

test("the new secret and the overlap outlive a restart", async () => {
  const one = await scene("standard");
  const { secret } = await one.rotate();
  await signet.restart();
  const request = await one.next();
  assert.ok(verifies(secret, request));
  assert.ok(verifies(one.secret, request));
});
