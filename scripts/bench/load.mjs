// The load generator, a process of its own: a number of keep-alive connections, each of which posts the next
// event, or batch of events, as soon as the one before is answered.
import { Agent, request } from "node:http";
import { now } from "./clock.mjs";
import { eventBody } from "./event.mjs";

function post(url, agent, headers, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: "POST", agent, headers: { ...headers, "content-length": body.length } },
      (response) => {
        const chunks = [];
        response
          .on("data", (chunk) => chunks.push(chunk))
          .on("end", () => resolve([response.statusCode, chunks]))
          .on("error", reject);
      },
    );
    outgoing.on("error", reject).end(body);
  });
}

/** A batch in which some event was refused counts as refused. */
function outcomeOf([status, chunks], batch) {
  if (batch === undefined || status !== 202) return status;
  const accepted = Buffer.concat(chunks).toString().split('"deliveries":[{').length - 1;
  return accepted === batch ? status : "some of a batch";
}

/** `events`: no more than so many; `batch`: so many at a time. */
async function run({ url, headers, connections, seconds, bytes, first, events = Infinity, batch }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const posted = []; // [event number, when its POST began], accepted ones only
  const refused = {}; // status or error → how many
  const start = now();
  const end = start + seconds * 1000;
  let next = first;
  const connection = async () => {
    while (now() < end && next < first + events) {
      const numbers = Array.from({ length: batch ?? 1 }, () => next++);
      const bodies = numbers.map((number) => eventBody(number, bytes));
      const body = batch === undefined ? bodies[0] : Buffer.from(`[${bodies.join()}]`);
      const began = now();
      const outcome = await post(url, agent, headers, body).then(
        (answer) => outcomeOf(answer, batch),
        (error) => error.code ?? error.message,
      );
      if (outcome >= 200 && outcome < 300) for (const number of numbers) posted.push([number, began]);
      else refused[outcome] = (refused[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const elapsed = now() - start;
  agent.destroy();
  return { posted, refused, start, elapsed, next };
}

process.on("message", async (order) => process.send(await run(order)));
process.on("disconnect", () => process.exit());
