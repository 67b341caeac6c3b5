// A caller, a process of its own: so many signed requests over so many keep-alive connections.
import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { now } from "./clock.mjs";

function call(url, agent, headers, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
      response
        .resume()
        .on("end", () => resolve(response.statusCode))
        .on("error", reject);
    });
    outgoing.on("error", reject).end(body);
  });
}

async function run({ url, secret, connections, requests, bytes, first }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const body = Buffer.from(JSON.stringify({ pad: "x".repeat(bytes - 10) }));
  const headers = {
    "content-type": "application/json",
    "content-length": body.length,
    "user-agent": "GitHub-Hookshot/044aadd",
    accept: "*/*",
    "x-github-event": "push",
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  const latencies = [];
  const others = {}; // any status but the origin's → how many
  let next = first;
  const start = now();
  const connection = async () => {
    while (next < first + requests) {
      const delivery = { "x-github-delivery": `bench-${next++}` }; // each is a message of its own
      const began = now();
      const outcome = await call(url, agent, { ...headers, ...delivery }, body).catch((error) => error.code);
      if (outcome === 299) latencies.push(now() - began);
      else others[outcome] = (others[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const elapsed = now() - start;
  agent.destroy();
  return { latencies, others, elapsed, next };
}

process.on("message", async (order) => process.send(await run(order)));
process.on("disconnect", () => process.exit());
