// The six profiles, each with an event as its page prints it. VideoVector's page prints no event and Ssemble's
// names the fields only: those two are made up of the names that the pages give.
import { clipcabinet, playcut, sketchpen, standardWebhooks } from "./verify.mjs";

const LIBRARY = "the official standardwebhooks library";

export const products = [
  {
    profile: "standard",
    title: "Standard Webhooks, Signet's default",
    event: {
      type: "contact.created",
      data: {
        id: "1f81eb52-5198-4599-803e-771906343485",
        type: "contact",
        first_name: "John",
        last_name: "Doe",
        email: "johndoe@example.com",
      },
    },
    verify: standardWebhooks,
    judge: LIBRARY,
  },
  {
    profile: "playcut",
    title: "Playcut",
    event: {
      type: "task.completed",
      data: {
        taskId: "abc123",
        taskType: "GEMINI_TEXT_TO_IMAGE",
        status: "COMPLETED",
        output: { assetIds: ["asset_xyz"] },
      },
    },
    verify: playcut,
    judge: "the receiver on Playcut's page",
  },
  {
    profile: "sketchpen",
    title: "Sketchpen",
    event: {
      type: "video.completed",
      data: {
        id: "8c0f6f0e-3f0a-4d5c-9a51-0b8f1d6a2e77",
        status: "completed",
        prompt: "A paper plane over the sea",
        video_url: "https://cdn.example.com/v/8c0f6f0e.mp4",
        audio_url: "https://cdn.example.com/v/8c0f6f0e.mp3",
        thumbnail_url: "https://cdn.example.com/v/8c0f6f0e.jpg",
        created_at: "2024-01-01T00:00:00.000000",
        updated_at: "2024-01-01T00:00:05.000000",
      },
    },
    verify: sketchpen,
    judge: "the receiver on Sketchpen's page",
  },
  {
    profile: "videovector",
    title: "VideoVector",
    subscription: {
      name: "Prompt terminal notifications",
      filter: { index_ids: ["idx_archive"] },
      metadata: { owner: "review-ops" },
    },
    event: {
      type: "prompt_run.completed",
      attributes: { index_ids: ["idx_archive"] },
      data: { prompt_run_id: "prun_4821", index_id: "idx_archive", status: "completed" },
    },
    verify: standardWebhooks,
    judge: LIBRARY,
  },
  {
    profile: "clipcabinet",
    title: "ClipCabinet",
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
    verify: clipcabinet,
    judge: "the receiver on ClipCabinet's page",
  },
  {
    profile: "ssemble",
    title: "Ssemble, to a receiver that fails twice",
    answers: [500, 503, 200],
    event: {
      type: "shorts.completed",
      data: {
        requestId: "req_7Hs2kQ",
        status: "completed",
        shorts: [
          {
            id: "short_1",
            title: "The one thing nobody tells you",
            video_url: "https://cdn.example.com/s/short_1.mp4",
            duration: 34.5,
            viral_score: 8.7,
          },
        ],
      },
    },
    verify: standardWebhooks,
    judge: LIBRARY,
  },
];
