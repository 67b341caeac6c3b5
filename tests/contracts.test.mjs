// The five products' promises to their customers, word for word: what goes over the wire passes the receivers that
// their pages print, and looks as the pages say.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { judges } from "./support/judges.mjs";
import { stage, uniquePath } from "./support/stage.mjs";

const SECRETS = {
  PLAYCUT_WEBHOOK_SECRET: createHash("sha256").update("playcut").digest("hex"),
  SKETCHPEN_WEBHOOK_SECRET: "whsec_abc123-used-as-it-is-written",
  CLIPCABINET_WEBHOOK_SECRET: "whsec_used/as+written=",
  VIDEOVECTOR_WEBHOOK_SECRET: `whsec_${Buffer.from("videovector's 24 bytes..").toString("base64")}`,
  SSEMBLE_WEBHOOK_SECRET: `whsec_${Buffer.from("ssemble's 24 bytes......").toString("base64")}`,
  STANDARD_WEBHOOK_SECRET: `whsec_${Buffer.from("standard's 24 bytes.....").toString("base64")}`,
};

const { target, expect, subscribe, send, sendOne, settled, delivery, attempted, api } = await stage();
const { node, python } = await judges(SECRETS);

const PRODUCTS = {
  playcut: {
    path: "/webhooks/playcut",
    secretForm: /^[0-9a-f]{64}$/,
    event: {
      type: "task.completed",
      occurredAt: "2026-05-18T12:00:00.000Z",
      data: {
        taskId: "abc123",
        taskType: "GEMINI_TEXT_TO_IMAGE",
        status: "COMPLETED",
        output: { assetIds: ["asset_xyz"] },
      },
    },
    check({ json, headers }, event) {
      assert.deepEqual(Object.keys(json), ["id", "type", "createdAt", "data"]);
      assert.match(json.id, /^whev_[0-9a-f]{16}$/);
      assert.equal(json.type, event.type);
      assert.equal(json.createdAt, "2026-05-18T12:00:00.000Z");
      assert.match(headers["x-playcut-signature"], /^sha256=[0-9a-f]{64}$/);
    },
  },
  sketchpen: {
    path: "/webhook",
    secretForm: /^whsec_\S{20,}$/,
    event: {
      type: "video.completed",
      occurredAt: "2024-03-23T22:56:07.999Z",
      data: {
        id: "4a6c2f9e-6f0e-4a52-9d8a-1f2e3d4c5b6a",
        status: "completed",
        prompt: "...",
        video_url: "https://...",
        audio_url: "https://...",
        thumbnail_url: "https://...",
        created_at: "2024-01-01T00:00:00.000000",
        updated_at: "2024-01-01T00:00:05.000000",
      },
    },
    check({ json, headers, at }, event) {
      assert.deepEqual(Object.keys(json), ["event", "video_id", "data", "created_at"]);
      assert.equal(json.event, event.type);
      assert.equal(json.video_id, event.data.id);
      assert.equal(json.created_at, 1711234567);
      assert.match(headers["x-sketchpen-signature"], /^sha256=[0-9a-f]{64}$/);
      assert.match(headers["x-sketchpen-timestamp"], /^\d{10}$/);
      assert.ok(Math.abs(Number(headers["x-sketchpen-timestamp"]) - at / 1_000) < 5, "Unix seconds of the attempt");
    },
  },
  videovector: {
    path: "/webhooks/videovector",
    secretForm: /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/,
    event: {
      type: "prompt_run.completed",
      occurredAt: "2026-05-18T12:00:00.000Z",
      attributes: { index_ids: ["idx_archive"] },
      data: { prompt_run_id: "run_1", index_id: "idx_archive", state: "completed" },
    },
    check: checkStandard,
  },
  clipcabinet: {
    path: "/hooks/clipcabinet",
    secretForm: /^whsec_\S{20,}$/,
    event: {
      type: "recording.completed",
      occurredAt: "2026-04-30T22:00:14.512Z",
      data: {
        recordingId: "cmokuzps0000355mi4lufpkqa",
        userId: "user_2yPcKa4qR8w3vXk5",
        title: "Walking through the deploy pipeline",
        kind: "video",
        source: "extension",
        sourceUrl: "https://github.com/yourorg/yourapp/actions/runs/1234567",
        sourceDomain: "github.com",
        durationSec: 412,
        tags: ["ops", "deploy"],
        starred: false,
        summary: "Stepped through the GitHub Actions run that failed at the migrate step...",
        counts: { transcriptTurns: 84, frames: 18, artifacts: 6 },
        links: { appUrl: "https://clipcabinet.com/recordings/cmokuzps0000355mi4lufpkqa", shareUrl: null },
        createdAt: "2026-04-30T21:53:22.108Z",
      },
    },
    check({ json, headers, rawHeaders }, event, id) {
      assert.deepEqual(Object.keys(json), ["event", "deliveryId", "occurredAt", "data"]);
      assert.equal(json.event, event.type);
      assert.equal(json.deliveryId, id);
      assert.equal(json.occurredAt, "2026-04-30T22:00:14.512Z");
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers["user-agent"], "ClipCabinet-Webhooks/1.0");
      assert.equal(headers["x-clipcabinet-event"], "recording.completed");
      assert.equal(headers["x-clipcabinet-delivery"], id);
      assert.match(headers["x-clipcabinet-signature"], /^sha256=[0-9a-f]{64}$/);
      assert.ok(rawHeaders.length > 0);
    },
  },
  ssemble: {
    path: "/webhooks/ssemble",
    secretForm: /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/,
    event: {
      type: "shorts.completed",
      occurredAt: "2026-05-18T12:00:00.000Z",
      data: {
        requestId: "req_1",
        shorts: [
          {
            id: "s1",
            title: "The Best Bit",
            video_url: "https://example.com/s1.mp4",
            duration: 31.5,
            viral_score: 8.25,
          },
        ],
      },
    },
    check({ json, headers }, event, id) {
      assert.deepEqual(Object.keys(json), ["event", "requestId", "status", "timestamp", "data"]);
      assert.equal(json.event, event.type);
      assert.equal(json.requestId, "req_1");
      assert.equal(json.status, "completed");
      assert.equal(json.timestamp, "2026-05-18T12:00:00.000Z");
      assertStandardHeaders(headers, id);
    },
  },
  standard: {
    path: "/webhooks/standard",
    secretForm: /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/,
    event: {
      type: "user.created",
      occurredAt: "2022-11-03T20:26:10.344Z",
      data: { id: "1f81eb52", first_name: "John" },
    },
    check: checkStandard,
  },
};

function checkStandard({ json, headers }, event, id) {
  assert.deepEqual(Object.keys(json), ["type", "timestamp", "data"]);
  assert.equal(json.type, event.type);
  assert.equal(json.timestamp, event.occurredAt);
  assertStandardHeaders(headers, id);
}

function assertStandardHeaders(headers, id) {
  assert.equal(headers["webhook-id"], id);
  assert.match(headers["webhook-timestamp"], /^\d{10}$/);
  assert.match(headers["webhook-signature"], /^v1,[A-Za-z0-9+/]{43}=$/);
}

for (const [profile, product] of Object.entries(PRODUCTS)) {
  const variable = `${profile.toUpperCase()}_WEBHOOK_SECRET`;
  const secret = SECRETS[variable];
  const events = [product.event.type];

  describe(profile, () => {
    test("looks on the wire as its page says", async () => {
      const path = uniquePath();
      const made = await subscribe({ url: target.url(path), events, profile, secret });
      const id = await sendOne(product.event);
      const [request] = await target.received(path);
      assert.equal(request.method, "POST");
      assert.match(request.headers["content-type"], /^application\/json/);
      assert.deepEqual(request.json.data, product.event.data);
      product.check(request, product.event, id);
      // Nothing of another product's, and nothing of the standard's where the page knows nothing of it.
      for (const name of Object.keys(request.headers)) {
        if (/signature|timestamp|delivery|webhook|event/.test(name)) {
          const own = ["playcut", "sketchpen", "clipcabinet"].includes(profile) ? `x-${profile}-` : "webhook-";
          assert.ok(name.startsWith(own), `${name} is none of ${profile}'s headers`);
        }
      }
      await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
    });

    for (const [language, origin] of Object.entries({ node, python })) {
      test(`passes the receiver in ${language}, whose wrong secret refuses it`, async () => {
        const url = origin + product.path;
        const wrong = secret.replace(/[a-f0-9](?=[^a-f0-9]*$)/, (last) => (last === "0" ? "1" : "0"));
        assert.notEqual(wrong, secret);
        const good = await subscribe({ url, events, profile, secret });
        const bad = await subscribe({ url, events, profile, secret: wrong });
        const { deliveries } = await send(product.event);
        const idOf = (subscription) => deliveries.find((one) => one.subscription === subscription.id).id;

        const accepted = await settled(idOf(good));
        assert.equal(accepted.status, "delivered", JSON.stringify(accepted.attempts));
        assert.match(accepted.attempts[0].responseBody.replaceAll(/\s/g, ""), /^(ok|\{"ok":true\})$/);

        const refused = await attempted(idOf(bad), 1);
        assert.equal(refused.attempts[0].responseStatus, 401, "the receiver can tell");
        for (const one of [good, bad]) await expect(204, "DELETE", `/v1/subscriptions/${one.id}`);
      });
    }

    test("makes secrets of its own form, which its receivers take as they are", async () => {
      const path = uniquePath();
      const made = await subscribe({ url: target.url(path), events, profile });
      assert.match(made.secret, product.secretForm);
      await send(product.event);
      const [request] = await target.received(path);
      // The judges know one secret each, so this one is verified by the same judge started anew.
      const fresh = await judges({ ...SECRETS, [variable]: made.secret });
      for (const origin of Object.values(fresh)) {
        const answer = await fetch(origin + product.path, {
          method: "POST",
          headers: relevant(request.headers),
          body: request.body,
        });
        assert.equal(answer.status, 200, await answer.text());
      }
      await expect(204, "DELETE", `/v1/subscriptions/${made.id}`);
    });
  });
}

/** The headers of a request that can be sent again by hand. */
function relevant(headers) {
  const kept = Object.entries(headers).filter(([name]) => /^(x-|webhook-|content-type|user-agent)/.test(name));
  return Object.fromEntries(kept);
}

describe("what the pages say besides", () => {
  test("Playcut: a failed task's error, and the same id for the same event everywhere", async () => {
    const paths = [uniquePath(), uniquePath()];
    for (const path of paths) await subscribe({ url: target.url(path), events: ["task.failed"], profile: "playcut" });
    const data = { taskId: "abc123", status: "FAILED", error: { message: "no credits" } };
    await send({ type: "task.failed", data });
    await send({ type: "task.failed", data });
    const [first, second] = await target.received(paths[0], 2);
    assert.deepEqual(first.json.data, data);
    assert.notEqual(first.json.id, second.json.id, "another event, another id");
    const elsewhere = await target.received(paths[1], 2);
    assert.deepEqual(new Set(elsewhere.map((one) => one.json.id)), new Set([first.json.id, second.json.id]));
  });

  test("ClipCabinet: recording.failed and comment.added", async () => {
    const path = uniquePath();
    await subscribe({ url: target.url(path), events: ["recording.failed", "comment.added"], profile: "clipcabinet" });
    const failed = {
      recordingId: "cmokuzps0000355mi4lufpka",
      title: null,
      errorMessage: "Transcribe step exceeded the 10-minute timeout",
    };
    const comment = {
      commentId: "cmt_3kLpQv8aWmZ7t",
      body: "What was the env var that was unset?",
      timestampMs: 184500,
    };
    await sendOne({ type: "recording.failed", data: failed });
    await target.received(path);
    await sendOne({ type: "comment.added", data: comment });
    const [one, two] = await target.received(path, 2);
    assert.equal(one.headers["x-clipcabinet-event"], "recording.failed");
    assert.deepEqual(one.json.data, failed);
    assert.equal(two.headers["x-clipcabinet-event"], "comment.added");
    assert.deepEqual(two.json.data, comment);
  });

  test("ClipCabinet: a manual retry carries the same delivery id, in the header and in the body", async () => {
    const path = uniquePath();
    await subscribe({ url: target.answer(path, [500, 200]), events: ["recording.retried"], profile: "clipcabinet" });
    const id = await sendOne({ type: "recording.retried", data: {} });
    await target.received(path);
    await expect(202, "POST", `/v1/deliveries/${id}/retry`);
    const [first, second] = await target.received(path, 2);
    assert.equal(second.headers["x-clipcabinet-delivery"], id);
    assert.equal(second.json.deliveryId, id);
    assert.ok(first.body.equals(second.body));
    assert.equal(
      first.headers["x-clipcabinet-signature"],
      second.headers["x-clipcabinet-signature"],
      "over the body alone",
    );
  });

  test("Sketchpen: register with one event and X-Api-Key, delete with 204", async () => {
    const headers = { authorization: null, "x-api-key": "local-operator-key" };
    const body = { url: target.url("/webhook"), event: "video.failed", profile: "sketchpen" };
    const made = await api("POST", "/v1/subscriptions", body, headers);
    assert.equal(made.status, 201);
    assert.match(made.json.secret, /^whsec_/);
    const secret = await api("GET", `/v1/subscriptions/${made.json.id}/secret`, undefined, headers);
    assert.equal(secret.json.secret, made.json.secret);
    assert.equal((await api("DELETE", `/v1/subscriptions/${made.json.id}`, undefined, headers)).status, 204);
  });

  test("VideoVector: scoped by events and index, tested, paused, watched and retried", async () => {
    const path = uniquePath();
    const made = await subscribe({
      name: "Prompt terminal notifications",
      url: target.answer(path, [200, 500, 200]),
      events: ["prompt_run.completed", "prompt_run.failed"],
      filter: { index_ids: ["idx_other"] },
      metadata: { owner: "review-ops" },
      profile: "videovector",
    });
    const test = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`);
    assert.partialDeepStrictEqual(test, { delivered: true, httpStatus: 200 });
    const event = { type: "prompt_run.failed", data: {}, attributes: { index_ids: ["idx_other"] } };
    const id = await sendOne(event);
    const seen = await attempted(id, 1);
    assert.equal(seen.attempts[0].responseStatus, 500);
    assert.notEqual(seen.nextAttemptAt, null);
    await expect(202, "POST", `/v1/deliveries/${id}/retry`);
    assert.equal((await settled(id)).status, "delivered");
    assert.deepEqual(JSON.parse((await delivery(id)).payload).data, {});
    assert.equal((await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`)).status, "paused");
  });

  test("Ssemble: requestId and status, when the data does not name them", async () => {
    const path = uniquePath();
    await subscribe({ url: target.url(path), events: ["shorts.failed"], profile: "ssemble" });
    const { id } = await send({ type: "shorts.failed", data: { reason: "too short" } });
    await target.received(path);
    await send({ type: "shorts.failed", data: { requestId: "req_2", status: "refunded" }, id: "own-id" });
    const [one, two] = (await target.received(path, 2)).map((request) => request.json);
    assert.equal(one.requestId, id);
    assert.equal(one.status, "failed");
    assert.equal(two.requestId, "req_2");
    assert.equal(two.status, "refunded");
  });
});
