// A receiver: a real HTTP server that keeps every request as it came and answers as it was told.
import http from "node:http";
import { freePort } from "./ports.mjs";
import { until } from "./wait.mjs";

/**
 * What to answer with, one of
 * - a status: `204`
 * - `{status?, headers?, body?, delay?, bodyDelay?}`: `delay` ms before the headers, `bodyDelay` ms between headers and body
 * - `{hang: true}`: the request is read, an answer never comes
 * - `{close: true}`: the socket is closed without an answer
 * - `{endless: true}`: a body that never ends, as fast as it is taken
 * - `{breakOff: true}`: the connection is closed after what there is of the body
 * - a list of these: one for each request in turn, the last one for all that follow
 * - a function of (request, number) that gives one of these; the number starts at 1
 *
 * @typedef {number | object | Array | Function} Answer
 */

/** Starts a receiver on a port of its own, which answers 200 until told otherwise by `answer(path, …)`. */
export async function receiver() {
  const one = new Receiver(await freePort());
  await one.up();
  return one;
}

class Receiver {
  #server;
  #answers = new Map();
  #requests = [];
  #open = 0;
  /** The most requests of one path that were under way at the same time. */
  mostAtOnce = 0;

  constructor(port) {
    this.port = port;
  }

  url(path = "/") {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Says how requests for `path` are answered from now on. The counting for lists starts anew. */
  answer(path, answer) {
    this.#answers.set(path, { answer, count: 0 });
    return this.url(path);
  }

  /** The requests for a path (or all), in the order of their arrival. */
  requests(path) {
    return path === undefined ? this.#requests : this.#requests.filter((one) => one.path === path);
  }

  /** Waits until `count` requests for `path` came in and answers them all. */
  received(path, count = 1, timeout = 10_000) {
    return until(() => this.requests(path).length >= count && this.requests(path), {
      timeout,
      what: () => `${count} requests for ${path}; ${this.requests(path).length} came`,
    });
  }

  /** Takes connections (again), on the same port. */
  async up() {
    this.#server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
      this.#take(request, response),
    );
    this.#server.on("clientError", (_, socket) => socket.destroy());
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.port, "127.0.0.1", 4096, resolve);
    });
  }

  /** Refuses connections from now on, and breaks those that are open. */
  async down() {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async stop() {
    await this.down();
  }

  #take(request, response) {
    const at = Date.now();
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    response.on("close", () => {
      this.#open -= 1;
    });
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const one = new Received(request, Buffer.concat(chunks), at);
      this.#requests.push(one);
      const told = this.#answers.get(one.path) ?? { answer: 200, count: 0 };
      told.count += 1;
      this.#reply(response, chosen(told.answer, one, told.count));
    });
  }

  #reply(response, answer) {
    response.on("error", () => {});
    if (answer.hang) return;
    if (answer.close) {
      response.socket.destroy();
      return;
    }
    const {
      status = 200,
      headers = {},
      body = "",
      delay = 0,
      bodyDelay = 0,
      endless = false,
      breakOff = false,
    } = answer;
    later(delay, () => {
      response.writeHead(status, headers);
      if (endless) return pour(response);
      if (bodyDelay) response.flushHeaders();
      later(bodyDelay, () => {
        if (breakOff) response.write(body, () => later(50, () => response.socket?.destroy()));
        else response.end(body);
      });
    });
  }
}

/** One request as it arrived. */
class Received {
  constructor(request, body, at) {
    this.method = request.method;
    this.target = request.url;
    this.path = request.url.split("?")[0];
    /** Lower-case names, as node gives them. */
    this.headers = request.headers;
    /** Names and values in turn, as they stood on the wire. */
    this.rawHeaders = request.rawHeaders;
    /** The body's bytes. */
    this.body = body;
    /** Milliseconds since 1970 at which the headers were in. */
    this.at = at;
  }

  get text() {
    return this.body.toString("utf8");
  }

  get json() {
    return JSON.parse(this.text);
  }
}

function chosen(answer, request, number) {
  if (Array.isArray(answer)) return chosen(answer[Math.min(number, answer.length) - 1], request, number);
  if (typeof answer === "function") return chosen(answer(request, number), request, number);
  return typeof answer === "number" ? { status: answer } : answer;
}

function later(delay, action) {
  if (delay) setTimeout(action, delay).unref();
  else action();
}

function pour(response) {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const more = () => {
    while (!response.destroyed) {
      if (!response.write(chunk)) return;
    }
  };
  response.on("drain", more);
  more();
}
