// The receiver, a process of its own: answers 200 at once and notes when each event arrived.
import { createServer } from "node:http";
import { now } from "./clock.mjs";

let arrivals = new Map(); // event number → first arrival
let repeats = 0;

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const time = now();
    response.writeHead(200, { "content-length": 0 }).end();
    const number = Number(/"n":(\d+)/.exec(Buffer.concat(chunks))?.[1]);
    if (arrivals.has(number)) repeats += 1;
    else arrivals.set(number, time);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));

process.on("message", (question) => {
  if (question === "count") process.send({ count: arrivals.size });
  if (question === "take") {
    process.send({ arrivals: [...arrivals], repeats });
    arrivals = new Map();
    repeats = 0;
  }
});
process.on("disconnect", () => process.exit());
