// The dashboard's subscriptions, as somebody uses them: made, looked at, changed, mended when they fail, deleted.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { visitor } from "./support/browser.mjs";
import { DEV_VARS } from "./support/signet.mjs";
import { stage, uniquePath, uniqueType } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const {
  signet,
  target,
  expect,
  subscribe: made,
  send,
  sendOne,
  settled,
  profile,
} = await stage({
  vars: { ...DEV_VARS, CIRCUIT_BREAKER_SECONDS: "4" },
});
const MARKUP = '<img src=x onerror="alert(1)"><b>Ünïcode</b>';
await profile("eager", { retry: { delays: [0, ...Array(49).fill(0.4)], jitter: 0 } });

const page = await visitor(signet);
page.setDefaultTimeout(20_000);
await page.signIn(undefined, "/subscriptions");

/** One that gets nothing of what other tests send. */
const subscribe = (body) => made({ events: [uniqueType("its")], ...body });
const button = (name, on = page) => on.getByRole("button", { name, exact: true });
const field = (name) => page.getByLabel(new RegExp(`^${name}(?: \\(optional\\))?$`));
const said = (text, on = page) => on.getByText(text).first().waitFor();
const place = () => new URL(page.url()).hash.slice(1);
const read = (id) => expect(200, "GET", `/v1/subscriptions/${id}`);

/** Opens the page of a subscription. */
async function open({ id }, query = "") {
  await page.visit(`/subscriptions/${id}${query}`);
  await page.getByRole("navigation", { name: "Parts" }).waitFor();
}

async function more(name) {
  await button("More actions").click();
  await button(name).click();
  return page.getByRole("dialog");
}

/** What the page sends by a method from now on. */
function sent(method) {
  const bodies = [];
  page.on("request", (request) => request.method() === method && bodies.push(request.postDataJSON()));
  return bodies;
}

async function clean(pages, where, name) {
  for (const [scheme, one] of Object.entries(pages)) {
    await one.visit(where);
    await one.getByText(name).first().waitFor();
    assert.deepEqual(await one.axe(), [], `${where}, ${scheme}`);
  }
}

describe("making one", () => {
  test("faults as one types, then its secret once, then its page", async () => {
    await said("No subscriptions yet");
    assert.deepEqual(await page.axe(), []);
    await page.getByRole("link", { name: "New subscription" }).click();
    await field("URL").fill("ftp://example.com");
    await field("Events").fill("task.*, b*");
    await said("A * stands alone");
    await field("Name").focus();
    await said("A URL begins with https:// or http://.");
    await button("Make the subscription").click();
    assert.equal(await field("URL").getAttribute("aria-invalid"), "true");
    await until(() => field("URL").evaluate((it) => it === document.activeElement), {
      what: "the first fault to be focused",
    });

    const url = target.answer(uniquePath(), 204);
    await field("URL").fill(url);
    await button("Remove b*").click();
    await field("Name").fill(MARKUP);
    await page.getByText("Filter, headers and metadata").click();
    await button("Add a condition").click();
    await field("Attribute 1").fill("region");
    await field("Values 1").fill("eu");
    await field("Values 1").press("Enter");
    await field("Values 1").fill("us");
    await button("Add a header").click();
    await field("Header 1").fill("X-Team");
    await field("Value of header 1").fill("billing");
    await field("Metadata").fill('{"customer": "c_1"}');
    await page.getByText("Pace and order").click();
    await page.getByLabel("Attempts per second").fill("20");
    await said("X-Team:");
    await button("Make the subscription").click();

    const secret = await page.getByRole("region", { name: "secret" }).locator("code").textContent();
    assert.match(secret, /^whsec_/);
    assert.deepEqual(await page.axe(), []);
    await button("Copy secret").click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    await button("I've stored it").click();
    await page.getByRole("heading", { level: 1, name: MARKUP }).waitFor();
    const made = await read(place().split("/")[2]);
    assert.partialDeepStrictEqual(made, {
      url,
      name: MARKUP,
      events: ["task.*"],
      filter: { region: ["eu", "us"] },
      headers: { "X-Team": "billing" },
      metadata: { customer: "c_1" },
      rateLimit: { perSecond: 20 },
    });
    const { secret: kept } = await expect(200, "GET", `/v1/subscriptions/${made.id}/secret`);
    assert.equal(kept, secret);
    assert.equal(await page.getByText(secret).count(), 0, "it is shown once");
    assert.equal(await page.locator("main img").count(), 0, "a name is text");
  });

  test("what only the API knows is shown at its row", async () => {
    await profile("brand", { signature: { header: "X-Brand" } });
    await page.visit("/subscriptions");
    await page.getByRole("link", { name: "New subscription" }).click();
    await page.getByLabel("Profile").selectOption("brand");
    await field("URL").fill(target.url("/row"));
    await field("Events").fill("row,");
    await page.getByText("Filter, headers and metadata").click();
    for (const [at, name] of ["X-Other", "X-Team"].entries()) {
      await button("Add a header").click();
      await field(`Header ${at + 1}`).fill(name);
      await field(`Value of header ${at + 1}`).fill("a");
    }
    // Meanwhile the profile signs with what was a header like any other.
    await profile("brand", { signature: { header: "X-Team" } });
    await button("Make the subscription").click();
    await said("is a header that the profile signs with");
    const invalid = (name) => field(name).getAttribute("aria-invalid");
    assert.deepEqual([await invalid("Header 1"), await invalid("Header 2")], [null, "true"]);
    await field("Header 2").fill("X-Teams");
    await button("Make the subscription").click();
    await button("I've stored it").click();
  });

  test("with a key pair, or with a secret that is brought along", async () => {
    await page.visit("/subscriptions/new");
    await field("URL").fill(target.url("/pair"));
    await field("Events").fill("pair,");
    await field("Secret").selectOption("ed25519");
    await said("v1a,");
    await button("Make the subscription").click();
    const key = await page.getByRole("region", { name: "public key" }).locator("code").textContent();
    await button("I've stored it").click();
    await said(key);

    await page.visit("/subscriptions/new");
    await field("URL").fill(target.url("/own"));
    await field("Secret").selectOption("own");
    await field("Your secret").fill("whsec_!");
    await button("Make the subscription").click();
    await said("This profile reads base64");
    await field("Your secret").fill("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=");
    await page.getByLabel("Profile").selectOption("playcut");
    await said("X-Playcut-Signature:");
    assert.equal(await field("Secret").locator("option").count(), 2, "this profile takes no private keys");
  });
});

describe("what goes out", () => {
  test("the wire as a receiver sees it, with an example of one's own", async () => {
    const [path, type] = [uniquePath(), uniqueType("task")];
    const made = await subscribe({
      url: target.answer(path, 204),
      events: [type],
      profile: "playcut",
      headers: { "X-Own": "1" },
    });
    await open(made);
    await page.getByRole("link", { name: "Wire", exact: true }).click();
    assert.match(place(), /tab=wire/);
    await said("POST");
    await page.getByText("Change the example").click();
    await field("Data").fill('{"big": 12345678901234567890}');
    await said("12345678901234567890");
    await said(type);
    const shown = (await page.getByRole("region", { name: "Request" }).locator("dt").allTextContents()).map((it) =>
      it.replace(":", ""),
    );
    await sendOne({ type, data: { big: 1 } });
    const [{ headers }] = await target.received(path);
    for (const name of shown) assert.ok(name.toLowerCase() in headers, name);
    assert.ok(shown.includes("X-Own") && shown.includes("X-Playcut-Signature"));
    await said("+1 min");
    await said("3 attempts within 6 min");
    await field("Data").fill("{");
    await said("This is not JSON.");
  });

  test("the receiver's program, in the language that the address names", async () => {
    const made = await subscribe({ url: target.url("/receiver") });
    await open(made, "?tab=receiver");
    await said("node receiver.mjs");
    await page.getByRole("navigation", { name: "Languages" }).getByRole("link", { name: "Go", exact: true }).click();
    await said("package main");
    assert.match(place(), /language=go/);
    await page.goBack();
    await said("node receiver.mjs");
    await page.goForward();
    await button("Copy receiver.go")
      .or(page.getByRole("button", { name: /^Copy .*\.go$/ }))
      .first()
      .click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^package main/);
  });
});

test("editing sends what was changed and null for what was emptied", async () => {
  const made = await subscribe({
    url: target.url("/edit"),
    name: "Before",
    events: ["a.b"],
    headers: { "X-A": "1" },
    concurrency: 4,
  });
  await open(made, "?tab=edit");
  const patches = sent("PATCH");
  await button("Save changes").click();
  await said("Nothing was changed");
  await field("Name").fill("After");
  await button("Remove header 1").click();
  await page.getByLabel("At once").fill("");
  await field("Events").fill("c.*");
  await field("Events").press("Enter");
  await said("Changed: name, events, headers, concurrency");
  // What somebody else changes meanwhile stays.
  await expect(200, "PATCH", `/v1/subscriptions/${made.id}`, { metadata: { by: "another" } });
  await button("Save changes").click();
  await page.getByRole("heading", { level: 1, name: "After" }).waitFor();
  assert.deepEqual(patches, [{ name: "After", events: ["a.b", "c.*"], headers: null, concurrency: null }]);
  assert.partialDeepStrictEqual(await read(made.id), {
    name: "After",
    headers: {},
    concurrency: null,
    metadata: { by: "another" },
  });
  await field("URL").fill("https://");
  await button("Save changes").click();
  await said("This is not a whole URL.");
  assert.equal(patches.length, 1);
});

describe("a destination that fails", () => {
  test("is told in words, tried by hand, and is well again once it is mended", async () => {
    const [path, type] = [uniquePath(), uniqueType()];
    const answer = { status: 500 };
    const made = await subscribe({
      url: target.answer(path, () => answer.status),
      events: [type],
      name: "Fails",
      profile: "eager",
    });
    for (let n = 0; n < 12; n++) await send({ type, data: n });
    await open(made);
    await said("attempts failed in a row");
    await said(/Next try (?:now|in \d+s)/);
    await said("12 deliveries are pending.");
    await page.getByRole("img", { name: /^Deliveries by hour; .*12 pending/ }).waitFor();
    await page.visit("/subscriptions?status=failing");
    await page.getByRole("link", { name: "Fails", exact: true }).click();

    await button("Send a test").click();
    await field("Data").fill('{"n": 1}');
    await button("Send the test").click();
    await said("Not delivered: the receiver answered 500.");
    answer.status = 204;
    await button("Send another").click();
    await said("Delivered: the receiver answered 204.");
    await page.getByRole("link", { name: "See the delivery" }).click();
    const id = place().split("/")[2];
    assert.equal((await settled(id)).event.type, "webhook.test");
    await open(made);
    await said("Everything goes out.");
    await said("No delivery is pending.");
    await page.getByRole("link", { name: "All deliveries" }).click();
    assert.equal(place(), `/deliveries?subscription=${made.id}`);
  });

  test("that answers 410 is disabled: the page says why, and brings it back", async () => {
    const [path, type] = [uniquePath(), uniqueType()];
    const made = await subscribe({ url: target.answer(path, 410), events: [type], name: "Gone" });
    await settled(await sendOne({ type, data: 1 }));
    await open(made);
    await said("Disabled because the destination answered 410 Gone");
    assert.deepEqual(await page.axe(), []);
    await button("Resume").first().click();
    await button("Pause").waitFor();
    assert.equal((await read(made.id)).status, "active");
  });

  test("is recovered, and what was missed is replayed, each as an operation", async () => {
    const [path, type] = [uniquePath(), uniqueType()];
    await profile("once", { retry: { delays: [0], jitter: 0 } });
    const made = await subscribe({ url: target.answer(path, [500, 204]), events: [type], profile: "once" });
    const id = await sendOne({ type, data: 1 });
    await settled(id, { status: "failed" });
    await open(made);
    await more("Recover failed deliveries");
    await button("Recover").click();
    await until(() => place().startsWith("/operations/op_"), { what: "the operation's page" });
    await settled(id, { status: "delivered" });

    await open(made);
    await more("Replay events");
    await field("Time").selectOption("own");
    await field("Since").fill("2100-01-01T00:00");
    await page.getByLabel("Until").fill("2099-01-01T00:00");
    await button("Replay").click();
    await said("It ends before it begins.");
    await field("Time").selectOption("3600");
    await field("Types").fill(type);
    await field("Events").selectOption(made.id);
    await button("Replay").click();
    await until(() => place().startsWith("/operations/op_"), { what: "the operation's page" });
    await target.received(path, 3);
  });
});

test("paused and resumed", async () => {
  const type = uniqueType();
  const made = await subscribe({ url: target.answer(uniquePath(), 204), events: [type] });
  await open(made);
  await button("Pause").click();
  await said("what comes in is recorded and held");
  await sendOne({ type, data: 1 });
  await said("1 delivery is pending.");
  await button("Resume").first().click();
  await said("No delivery is pending.");
});

describe("its secret", () => {
  test("is rotated: shown once, and until when the old one signs", async () => {
    const [path, type] = [uniquePath(), uniqueType()];
    const made = await subscribe({ url: target.answer(path, 204), events: [type] });
    await open(made);
    await more("Rotate the secret");
    await field("The old secret signs too").selectOption("3600");
    await page.getByRole("dialog").getByRole("button", { name: "Rotate the secret" }).click();
    await said("The old secret signs too until");
    const secret = await page.getByRole("region", { name: "secret" }).locator("code").textContent();
    assert.notEqual(secret, made.secret);
    await page.keyboard.press("Escape");
    await said("Store the secret first");
    assert.deepEqual(await page.axe(), []);
    await button("I've stored it").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await page.getByText(secret).count(), 0);
    await sendOne({ type, data: 1 });
    const [{ headers }] = await target.received(path);
    assert.equal(headers["webhook-signature"].split(" ").length, 2, "both sign");

    await more("Show the secret");
    await said("Each reading is logged");
    assert.equal(await page.getByText(secret).count(), 0);
    await button("Show it").click();
    await said(secret);
    await button("Done").click();
  });

  test("can't overlap where there is room for one signature", async () => {
    const made = await subscribe({ url: target.url("/single"), profile: "playcut" });
    await open(made);
    await more("Rotate the secret");
    await said("room for one signature");
    await page.getByRole("dialog").getByLabel("Secret", { exact: true }).selectOption("own");
    await field("Your secret").fill("brought-along");
    await page.getByRole("dialog").getByRole("button", { name: "Rotate the secret" }).click();
    await said("The old secret signs no longer.");
    await button("I've stored it").click();
  });
});

test("deleting says what it cancels, and can be left", async () => {
  const type = uniqueType();
  const made = await subscribe({ url: target.answer(uniquePath(), 204), events: [type], name: "Deleted soon" });
  await expect(200, "POST", `/v1/subscriptions/${made.id}/pause`);
  await sendOne({ type, data: 1 });
  await sendOne({ type, data: 2 });
  await open(made);
  await more("Delete");
  await said("2 deliveries that are pending are cancelled.");
  await page.keyboard.press("Escape");
  assert.equal((await read(made.id)).status, "paused");
  await more("Delete");
  await button("Delete it").click();
  await page.getByRole("heading", { level: 1, name: "Subscriptions" }).waitFor();
  await expect(404, "GET", `/v1/subscriptions/${made.id}`);
  await page.visit(`/subscriptions/${made.id}`);
  await said("Not found");
});

describe("the list", () => {
  test("is searched and narrowed in the address, and loaded on", async () => {
    const tenant = await expect(201, "POST", "/v1/applications", { name: "many" });
    const as = { authorization: `Bearer ${tenant.key}` };
    const make = (n) =>
      expect(201, "POST", "/v1/subscriptions", { url: `https://c${n}.example.com/hook`, name: `Customer ${n}` }, as);
    for (let n = 0; n < 104; n += 8) await Promise.all(Array.from({ length: 8 }, (_, at) => make(n + at)));
    await page.visit(`/subscriptions?application=${tenant.id}`);
    await said("100 of 104");
    const rows = () => page.getByRole("row").count();
    assert.equal(await rows(), 101);
    await button("Load more").click();
    await until(async () => (await rows()) === 105, { what: "all rows" });
    await page.getByLabel("Search").fill("customer 10");
    await until(async () => (await rows()) === 6, { what: "10 and 100 to 103" });
    await page.reload();
    await until(async () => (await rows()) === 6, { what: "the same after a reload" });
    await page.getByRole("button", { name: /^Paused/ }).click();
    await said("None is like that");
    await button("Show all").click();
    await until(async () => (await rows()) === 101, { what: "all again" });
  });

  test("and every page are sound to those who listen, in light and dark", async () => {
    const type = uniqueType("heard");
    const made = await subscribe({
      url: target.url("/axe"),
      name: MARKUP,
      events: [type, "c.*", "d"],
      metadata: { a: 1 },
    });
    await settled(await sendOne({ type, data: 1 }));
    const both = { light: page, dark: await visitor(signet, { dark: true }) };
    await both.dark.signIn();
    await clean(both, "/subscriptions", "100% of 1");
    await clean(both, "/subscriptions/new", "webhook-signature:");
    await clean(both, `/subscriptions/${made.id}`, type);
    await clean(both, `/subscriptions/${made.id}?tab=edit`, "webhook-signature:");
    await clean(both, `/subscriptions/${made.id}?tab=wire`, "webhook-signature:");
    await clean(both, `/subscriptions/${made.id}?tab=receiver`, "receiver.mjs");
  });
});

test("a link that may only read shows everything and offers nothing", async () => {
  const made = await subscribe({ url: target.url("/seen"), name: "Seen only" });
  const scopes = ["subscriptions:read", "deliveries:read"];
  const link = await expect(201, "POST", "/v1/portal-links", { scopes });
  const guest = await visitor(signet, { width: 375, height: 800 });
  await guest.goto(link.url);
  await guest.getByRole("navigation", { name: "Pages" }).waitFor();
  await guest.visit("/subscriptions");
  await said("Seen only", guest);
  assert.equal(await guest.getByRole("link", { name: "New subscription" }).count(), 0);
  await guest.getByRole("link", { name: "Seen only" }).click();
  await said("Everything goes out.", guest);
  for (const name of ["Send a test", "Pause", "Resume", "More actions"])
    assert.equal(await guest.getByRole("button", { name }).count(), 0, name);
  assert.equal(await guest.getByRole("link", { name: "Edit", exact: true }).count(), 0);
  for (const tab of ["overview", "edit", "wire", "receiver"]) {
    await guest.visit(`/subscriptions/${made.id}?tab=${tab}`);
    await guest.getByRole("navigation", { name: "Parts" }).waitFor();
    assert.equal(
      await guest.evaluate(() => document.documentElement.scrollWidth > innerWidth),
      false,
      `${tab} is no wider than the window`,
    );
  }
  await guest.visit("/subscriptions/new");
  await said("Not yours to make", guest);
});
