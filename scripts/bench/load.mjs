// The load generator, a process of its own: a number of keep-alive connections, each of which posts the next
// event as soon as the one before is answered.
import { Agent, request } from "node:http";
import { now } from "./clock.mjs";
import { eventBody } from "./event.mjs";

function post(url, agent, headers, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: "POST", agent, headers: { ...headers, "content-length": body.length } },
      (response) => {
        response
          .resume()
          .on("end", () => resolve(response.statusCode))
          .on("error", reject);
      },
    );
    outgoing.on("error", reject).end(body);
  });
}

async function run({ url, headers, connections, seconds, bytes, first }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const posted = []; // [event number, when its POST began], accepted ones only
  const refused = {}; // status or error → how many
  const start = now();
  const end = start + seconds * 1000;
  let next = first;
  const connection = async () => {
    while (now() < end) {
      const number = next++;
      const began = now();
      const outcome = await post(url, agent, headers, eventBody(number, bytes)).catch(
        (error) => error.code ?? error.message,
      );
      if (outcome >= 200 && outcome < 300) posted.push([number, began]);
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
