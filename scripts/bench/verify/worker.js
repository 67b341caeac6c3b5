// Verifies a GitHub signature so many times, in one of four ways: `?how=wasm&bytes=1000&times=100`.
import { Bench, initSync } from "./verify_wasm.js";
import module from "./verify_wasm_bg.wasm";

const SECRET = "It's a Secret to Everybody";
const HMAC = { name: "HMAC", hash: "SHA-256" };
const encoded = new TextEncoder().encode(SECRET);
const importKey = () => crypto.subtle.importKey("raw", encoded, HMAC, false, ["sign", "verify"]);

let bench;
let kept;

/** A body, its signature, and the headers that it comes with, as the proxy reads them. */
async function prepared(bytes) {
  const body = new Uint8Array(bytes).map((_, at) => 32 + ((at * 7) % 90));
  kept ??= await importKey();
  const signature = new Uint8Array(await crypto.subtle.sign(HMAC, kept, body));
  const lines = ["content-type", "application/json", "x-hub-signature-256", `sha256=${signature.toHex()}`].join("\n");
  return { body, signature, lines };
}

async function asked(key, { body, signature }, times) {
  let held = 0;
  for (let time = 0; time < times; time += 1) {
    if (await crypto.subtle.verify(HMAC, key ?? (await importKey()), signature, body)) held += 1;
  }
  return held;
}

const WAYS = {
  wasm: (setting, times) => bench.computed(setting.body, setting.lines, times),
  asked: (setting, times) => bench.asked(setting.body, setting.lines, times),
  imported: (setting, times) => asked(null, setting, times),
  kept: (setting, times) => asked(kept, setting, times),
};

export default {
  async fetch(request) {
    if (!bench) {
      initSync({ module });
      bench = Bench.of(SECRET);
    }
    const query = new URL(request.url).searchParams;
    const setting = await prepared(Number(query.get("bytes")));
    const times = Number(query.get("times"));
    const began = performance.now();
    const held = await WAYS[query.get("how")](setting, times);
    if (held !== times) return new Response(`${held} of ${times} held`, { status: 500 });
    return Response.json({ elapsed: performance.now() - began });
  },
};
