// One HTTP request, exactly as told: no redirects, no headers of its own but Host and Content-Length, the answer's bytes as they came.
import http from "node:http";

/**
 * @param {string} url
 * @param {{method?: string, headers?: Record<string, string>, body?: string | Buffer, agent?: http.Agent, timeout?: number}} [options]
 * @returns {Promise<{status: number, headers: Record<string, string>, text: string, json: any}>}
 */
export function request(url, { method = "GET", headers = {}, body, agent, timeout = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const length = bytes === undefined || "transfer-encoding" in headers ? {} : { "content-length": bytes.length };
    const call = http.request(url, { method, headers: { ...length, ...headers }, agent }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: answer.statusCode, headers: answer.headers, text, json: parsed(answer.headers, text) });
      });
    });
    call.setTimeout(timeout, () => call.destroy(new Error(`${method} ${url}: no answer within ${timeout} ms`)));
    call.on("error", reject);
    call.end(bytes);
  });
}

function parsed(headers, text) {
  if (text === "" || !/\bjson\b/.test(headers["content-type"] ?? "")) return undefined;
  return JSON.parse(text);
}
