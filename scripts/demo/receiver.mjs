// A local receiver: one path per product, keeps what arrived as it came, answers what the product's script says.
import { createServer } from "node:http";

export async function startReceiver(products) {
  const arrivals = new Map(products.map(({ profile }) => [profile, []]));
  const answers = new Map(products.map(({ profile, answers = [200] }) => [profile, answers]));

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const profile = request.url.slice(1);
    const arrived = arrivals.get(profile);
    if (!arrived) return response.writeHead(404).end();
    const script = answers.get(profile);
    const status = script[Math.min(arrived.length, script.length - 1)];
    arrived.push({
      at: Date.now(),
      method: request.method,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks),
      status,
    });
    response.writeHead(status, { "content-type": "text/plain" }).end(status === 200 ? "ok" : "not now");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    arrivals,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
