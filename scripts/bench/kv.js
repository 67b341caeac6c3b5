// A KV namespace in memory, behind the protocol workerd speaks for one. Production reads KV from a cache
// beside the Worker; this stand-in is about as cheap, so that the run measures the gateway and not a simulator.
const values = new Map();

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const key = decodeURIComponent(pathname.slice(1));
    if (request.method === "PUT") {
      values.set(key, { body: await request.arrayBuffer(), metadata: request.headers.get("CF-KV-Metadata") });
      return new Response(null);
    }
    if (request.method === "DELETE") {
      values.delete(key);
      return new Response(null);
    }
    const value = values.get(key);
    if (!value) return new Response("Not Found", { status: 404 });
    return new Response(value.body, { headers: value.metadata ? { "CF-KV-Metadata": value.metadata } : {} });
  },
};
