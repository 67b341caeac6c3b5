// What somebody who uses Signet has: subscriptions, sources, keys and applications, and the deliveries of a day.
import { createHmac } from "node:crypto";
import { request } from "../../tests/support/http.mjs";
import { fill, openLog, placeOf } from "../../tests/support/log-rows.mjs";
import { DAY, times } from "./day.mjs";
import { eventOf } from "./events.mjs";

/**
 * `host` is where it delivers to: all lead to one receiver, which takes so many `ms`, and answers `status` by now, or for a
 * `share` of them something else. `aDay` is how many deliveries it had, `failing` the share of them that failed for good,
 * `left` how somebody left it.
 */
const SUBSCRIPTIONS = [
  { name: "Order fulfilment", host: "fulfilment.acme.example/hooks/orders", events: ["order.*"], aDay: 7_800, ms: 90 },
  {
    name: "Ledger",
    host: "ledger.acme.example/signet",
    events: ["invoice.*", "payment.*"],
    more: { secretType: "ed25519" },
    aDay: 3_300,
    ms: 240,
    share: [0.12, 502],
  },
  {
    name: "CRM sync",
    host: "crm.acme.example/api/events",
    events: ["customer.*"],
    aDay: 2_100,
    ms: 400,
    failing: 0.04,
    status: 503,
  },
  {
    name: "Data warehouse",
    host: "ingest.warehouse.example/v2/append",
    events: ["invoice.*"],
    left: "pause",
    aDay: 0,
    ms: 60,
  },
  {
    name: "Old shop",
    host: "shop.acme.example/webhook.php",
    events: ["order.*"],
    aDay: 900,
    ms: 700,
    failing: 0.2,
    status: 410,
  },
  {
    name: "Sketch exports",
    host: "render.studio.example/done",
    events: ["sketch.*"],
    more: { profile: "sketchpen" },
    aDay: 1_500,
    ms: 130,
  },
  {
    name: "Video exports",
    host: "media.studio.example/jobs",
    events: ["video.*"],
    more: { profile: "ssemble" },
    aDay: 1_200,
    ms: 310,
    failing: 0.03,
    share: [0.25, 500],
  },
  {
    name: "Chat alerts",
    host: "chat.acme.example/in/ops",
    events: ["alert.*"],
    more: { rateLimit: { perSecond: 5 }, filter: { severity: ["high", "critical"] } },
    aDay: 480,
    ms: 150,
    share: [0.2, 429],
  },
];

/** Everything but what happens while one watches. Answers ids by names. */
export async function build({ signet, target, expect, subscribe, settled }) {
  const world = { subscriptions: {}, sources: {} };
  for (const one of SUBSCRIPTIONS) {
    const { name, host, events, more } = one;
    const made = await subscribe({ name, url: target.url(`/${host}`), events, ...more });
    world.subscriptions[name] = made.id;
    // The log has to hold one, to be told from others on the disk.
    const test = await expect(200, "POST", `/v1/subscriptions/${made.id}/test`, {});
    await settled(test.deliveryId);
  }
  await signet.kill();
  for (const one of SUBSCRIPTIONS) past(signet.disk, placeOf(world.subscriptions[one.name]), one);
  await signet.start();
  for (const one of SUBSCRIPTIONS) answersNow(target, one);
  for (const { name, left } of SUBSCRIPTIONS.filter(({ left }) => left)) {
    await expect(200, "POST", `/v1/subscriptions/${world.subscriptions[name]}/${left}`);
  }
  await sources({ target, expect }, world);
  await access(expect);
  return world;
}

/** Writes the day before into a subscription's log. */
function past(disk, place, { events, aDay, ms, failing = 0 }) {
  if (aDay === 0) return;
  const file = openLog(disk, place);
  const all = times(aDay);
  const made = all.map((_, n) => eventOf(events, n));
  const what = (n) => {
    // An hour in the morning was a bad one.
    const isBad = Math.abs(all[n] - (Date.now() - 0.3 * DAY)) < 2_000_000;
    const failed = pseudo(n) < (isBad ? failing * 6 + 0.12 : failing + 0.002);
    const count = failed ? 3 : pseudo(n + 7) < 0.015 ? 2 : 1;
    const gap = 5_000;
    const lasted = Math.round(ms * (0.6 + pseudo(n + 3) ** 4 * 6));
    const took = lasted + gap * (count - 1);
    return { stage: failed ? 5 : 4, kind: made[n].type, count, took, gap, test: 0 };
  };
  const body = (n) =>
    JSON.stringify({ type: made[n].type, timestamp: new Date(all[n]).toISOString(), data: made[n].data });
  fill(file, { place, count: aDay, at: (n) => all[n], what, body });
  file.close();
}

function answersNow(target, { host, ms, status = 204, share: [share, other] = [0, 0] }) {
  target.answer(`/${host}`, (request, number) => ({
    // What is refused is refused again.
    status:
      pseudo(/"(?:vid|alr|inv|pay)_(\w+)"/.exec(request.text)?.[1].charCodeAt(4) ?? number) < share ? other : status,
    headers: { "content-type": "application/json" },
    body: status === 503 ? '{"error":"maintenance","message":"The database is being moved. Back at 16:00 UTC."}' : "",
    delay: Math.round(ms * (0.6 + pseudo(number))),
  }));
}

/** The same for the same number, and like chance from one to the next. */
export function pseudo(number) {
  const x = Math.sin(number * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
}

async function sources({ target, expect }, world) {
  const secret = "It's a Secret to Everybody";
  const github = await expect(201, "POST", "/v1/sources", {
    name: "GitHub, all repositories",
    provider: "github",
    secrets: [secret],
    origin: target.url("/deploys.acme.example/hooks/github"),
  });
  const telegram = await expect(201, "POST", "/v1/sources", {
    name: "Support bot",
    provider: "telegram",
    secrets: ["a_secret_token"],
    origin: target.url("/support.acme.example/telegram"),
    mode: "queue",
  });
  world.sources = { github: github.id, telegram: telegram.id };
  for (let n = 0; n < 14; n++) {
    const body = JSON.stringify({
      ref: "refs/heads/main",
      after: `${n}`.repeat(40).slice(0, 40),
      pusher: { name: "kim" },
    });
    const key = n % 5 === 3 ? "another" : secret;
    const headers = {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": `72d3162e-cc78-11e3-81ab-4c9367dc0${900 + n}`,
      ...(n % 7 === 5
        ? {}
        : { "x-hub-signature-256": `sha256=${createHmac("sha256", key).update(body).digest("hex")}` }),
    };
    await request(github.url, { method: "POST", headers, body });
    const message = JSON.stringify({ update_id: 9_000 + n, message: { text: "Where is my order?", chat: { id: 42 } } });
    const token = n % 6 === 2 ? "a_guess" : "a_secret_token";
    const signed = { "content-type": "application/json", "x-telegram-bot-api-secret-token": token };
    await request(telegram.url, { method: "POST", headers: signed, body: message });
  }
}

async function access(expect) {
  const keys = [
    ["Shop backend", ["events:write"]],
    ["Support desk", ["subscriptions:read", "deliveries:read", "sources:read"]],
    ["Terraform", ["subscriptions:read", "subscriptions:write", "sources:read", "sources:write"]],
    ["On call", undefined],
  ];
  for (const [label, scopes] of keys) await expect(201, "POST", "/v1/api-keys", { label, scopes });
  for (const [name, profile] of [
    ["Harbour Books", "standard"],
    ["Lumen Studio", "sketchpen"],
    ["Northwind Prints", "standard"],
  ]) {
    await expect(201, "POST", "/v1/applications", { name, profile });
  }
}
