// One product's part of the demo: what arrived, whether its signature holds, and what the gateway's history says.
import { bad, bold, clip, dim, good, json, section, yellow } from "./terminal.mjs";

// How the request travelled, which says nothing of the webhook.
const FRAMING = /^(host|connection|content-length|transfer-encoding|accept-encoding|accept|cf-.*)$/;

/** Node lists raw headers flat; they keep the spelling that came over the wire. */
const pairs = (flat) => flat.flatMap((name, index) => (index % 2 ? [] : [[name, flat[index + 1]]]));

const clock = (time) => new Date(time).toISOString().slice(11, 23);

function bodyLines(body) {
  try {
    return json(JSON.parse(body)).map((line) => clip(line));
  } catch {
    return [bad("not JSON"), clip(body.toString("utf8"))];
  }
}

/** The page's own check, and its counterpart: the same check must refuse the body with one byte more. */
function check(arrival, { verify, secret }) {
  const longer = Buffer.concat([arrival.body, Buffer.from(" ")]); // still JSON: only the signature can tell
  return { holds: verify(arrival, secret), refusesLonger: !verify({ ...arrival, body: longer }, secret) };
}

function signatureLines(product, arrivals) {
  const checks = arrivals.map((arrival) => check(arrival, product));
  const failed = checks.findIndex(({ holds }) => !holds);
  if (failed >= 0) return { ok: false, lines: [bad(`attempt ${failed + 1} not verified by ${product.judge}`)] };
  if (checks.some(({ refusesLonger }) => !refusesLonger)) {
    return { ok: false, lines: [bad(`${product.judge} accepts another body too, so this proves nothing`)] };
  }
  const lines = [good(`verified by ${product.judge}, and refused with one byte added`)];
  if (arrivals.length > 1) {
    const same = arrivals.every(({ body }) => body.equals(arrivals[0].body));
    const count = `${arrivals.length} attempts`;
    lines.push(
      same ? good(`${count}, each verified, the body the same to the byte`) : bad(`${count} with different bodies`),
    );
    if (!same) return { ok: false, lines };
  }
  return { ok: true, lines };
}

function attemptLine(attempt, next) {
  const outcome = attempt.responseStatus ?? attempt.error;
  const ended = Date.parse(attempt.startedAt) + attempt.durationMs;
  const then = next ? yellow(`tried again ${((Date.parse(next.startedAt) - ended) / 1000).toFixed(1)} s later`) : "";
  const columns = [
    `#${attempt.number}`,
    clock(attempt.startedAt),
    String(outcome).padEnd(4),
    `${attempt.durationMs} ms`.padStart(7),
  ];
  return [...columns, then].join("  ").trimEnd();
}

function historyLines({ status, attempts, attemptCount, maxAttempts, nextAttemptAt }) {
  const lines = attempts.map((attempt, index) => attemptLine(attempt, attempts[index + 1]));
  const count = `${attemptCount} of at most ${maxAttempts} ${maxAttempts === 1 ? "attempt" : "attempts"}`;
  const due = nextAttemptAt ? `, next attempt at ${clock(nextAttemptAt)}` : "";
  const summary = `${status}, ${count}${due}`;
  lines.push(status === "delivered" ? good(summary) : bad(summary));
  return lines;
}

/** Prints it; true if it arrived, verified, and the gateway knows it is delivered. */
export function report(product, posted, arrivals, delivery) {
  console.log(`\n${bold(product.profile)}${dim(` · ${product.title}`)}`);
  section("event", [`${product.event.type}  ${dim(clip(`${posted.event} → ${delivery.id}`, 80))}`]);
  const last = arrivals.at(-1);
  if (!last) {
    section("arrived", [bad("nothing")]);
    section("history", historyLines(delivery));
    return false;
  }
  const lag = `${Math.max(0, arrivals[0].at - posted.at)} ms after the event`;
  const times = arrivals.length > 1 ? `; ${arrivals.length} times, the last one shown` : "";
  section("arrived", [`${last.method} /${product.profile}, ${last.body.length} bytes, ${lag}${times}`]);
  const headers = pairs(last.rawHeaders).filter(([name]) => !FRAMING.test(name.toLowerCase()));
  section(
    "headers",
    headers.map(([name, value]) => clip(`${name}: ${value}`)),
  );
  section("body", bodyLines(last.body));
  const signature = signatureLines(product, arrivals);
  section("signature", signature.lines);
  section("history", historyLines(delivery));
  return signature.ok && delivery.status === "delivered";
}
