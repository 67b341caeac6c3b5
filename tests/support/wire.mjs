// HTTP/1.1 as it stands on the wire: a client that sends the very bytes it is told to, and an origin that keeps and answers such.
// Texts stand for bytes as in Latin-1, one character each.
import net from "node:net";
import { freePort } from "./ports.mjs";

/** Bytes of a text, or of bytes. */
export const bytes = (of) => (typeof of === "string" ? Buffer.from(of, "latin1") : Buffer.from(of));

/** A request line or a status line with the headers below it. */
export function head(first, headers = []) {
  return bytes(`${[first, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\r\n")}\r\n\r\n`);
}

/** A body in chunks, as `Transfer-Encoding: chunked` has it. */
export function chunked(...parts) {
  const chunks = parts
    .filter(({ length }) => length > 0)
    .map((part) => Buffer.concat([bytes(`${part.length.toString(16)}\r\n`), bytes(part), CRLF]));
  return Buffer.concat([...chunks, bytes("0\r\n\r\n")]);
}
const CRLF = Buffer.from("\r\n");

/**
 * Sends bytes and reads one answer. `parts` are texts, bytes, and functions, which are given the conversation so far
 * (`{messages, received}`) and waited for before what follows them is sent.
 *
 * @param {number} port
 * @param {Array<string | Buffer | Function>} parts
 * @param {{method?: string, timeout?: number}} [options] `method`: an answer to HEAD has no body
 * @returns {Promise<Message & {status: number, reason: string, interim: number[], closed: boolean}>}
 *   the answer; `closed` where the connection ended in the middle of it
 */
export function exchange(port, parts, { method, timeout = 20_000 } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const reader = new Reader((first) => bodyless(first, method));
    const interim = [];
    const timer = setTimeout(() => give(new Error(`no answer within ${timeout} ms`)), timeout);
    const give = (error, closed = false) => {
      clearTimeout(timer);
      socket.destroy();
      if (error) return reject(error);
      const message = reader.message;
      const [, status, reason] = /^HTTP\/1\.1 (\d+) ?(.*)$/.exec(message.first) ?? [null, "0", message.first];
      resolve(Object.assign(message, { status: Number(status), reason, interim, closed }));
    };
    socket.on("data", (data) => {
      reader.add(data);
      while (reader.done && /^HTTP\/1\.1 1\d\d/.test(reader.message.first)) {
        interim.push(Number(reader.message.first.slice(9, 12)));
        reader.next();
      }
      if (reader.done) give();
    });
    socket.on("end", () =>
      reader.message ? give(null, !reader.ended()) : give(new Error("closed without an answer")),
    );
    // A reset in the middle of an answer is an end of it, too.
    socket.on("error", (error) => (reader.message ? give(null, true) : give(error)));
    const so = {
      interim,
      get message() {
        return reader.message;
      },
    };
    send(socket, parts, so).catch((error) => give(error));
  });
}

/** Writes one part after the other, no faster than they are taken. */
async function send(socket, parts, so) {
  for (const part of parts) {
    if (socket.destroyed) return;
    if (typeof part === "function") await part(so, socket);
    else if (!socket.write(bytes(part)))
      await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
  }
}

/** Headers that the runtime joins where they are repeated; all others stay lines of their own. */
const JOINED = ["accept", "authorization", "cookie", "vary", "via"];

/** A message's headers by their names, each with all its values in their order, but for those named in `without`. */
export function byName(message, without = {}) {
  const all = {};
  for (const [name, value] of message.headers) {
    const key = name.toLowerCase();
    if (!(key in without)) all[key] = [...(all[key] ?? []), value];
  }
  for (const name of JOINED) if (all[name]) all[name] = [all[name].join(", ")];
  return Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Whether an answer with this status line has no body whatever its headers say. */
function bodyless(first, method) {
  return method === "HEAD" || /^HTTP\/1\.1 (1\d\d|204|304)/.test(first);
}

/** Starts an origin that keeps what comes, and answers 200 with `ok` until it is told otherwise by `answer(path, …)`. */
export async function wireOrigin() {
  const one = new WireOrigin(await freePort());
  await one.up();
  return one;
}

/** What is answered: bytes, or a function of (socket, request) that writes them itself. */
const OK = Buffer.concat([head("HTTP/1.1 200 OK", [["Content-Length", "2"]]), bytes("ok")]);

class WireOrigin {
  #server;
  #sockets = new Set();
  #answers = new Map();
  #watchers = new Map();
  /** What came, in the order of its end. */
  requests = [];

  constructor(port) {
    this.port = port;
  }

  url(path = "/") {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  answer(path, answer) {
    this.#answers.set(path, answer);
    return this.url(path);
  }

  /** Calls `watcher` with (request, socket) whenever something of a request for `path` has come. */
  watch(path, watcher) {
    this.#watchers.set(path, watcher);
  }

  /** The requests whose target begins with `path`. */
  of(path) {
    return this.requests.filter((request) => request.target.startsWith(path));
  }

  async up() {
    this.#server = net.createServer((socket) => this.#serve(socket));
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.port, "127.0.0.1", 1024, resolve);
    });
  }

  async down() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket) {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    const reader = new Reader((_, message) => !message.values("transfer-encoding").length && !length(message));
    socket.on("data", (data) => {
      reader.add(data);
      if (reader.message?.fresh) {
        reader.message.fresh = false;
        if (reader.message.values("expect").length > 0) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      }
      if (reader.message) this.#watchers.get(reader.message.first.split(" ")[1])?.(reader.message, socket);
      while (reader.done) {
        const request = reader.message;
        [request.method, request.target] = request.first.split(" ");
        this.requests.push(request);
        const path = request.target.split("?")[0];
        const answer = this.#answers.get(path) ?? OK;
        if (typeof answer === "function") answer(socket, request);
        else socket.write(request.method === "HEAD" ? answer.subarray(0, answer.indexOf("\r\n\r\n") + 4) : answer);
        reader.next();
      }
    });
  }
}

const length = (message) => Number(message.values("content-length")[0] ?? 0);

/** A request or an answer as it was read. */
class Message {
  /** The request line or the status line. */
  first;
  /** Names and values, in their order. */
  headers;
  /** Whether the body came in chunks. */
  chunked = false;
  /** Whether nobody has looked at it. */
  fresh = true;
  #parts = [];

  constructor(lines) {
    this.first = lines[0];
    this.headers = lines.slice(1).map((line) => {
      const [, name, value] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [null, line, ""];
      return [name, value];
    });
  }

  values(name) {
    return this.headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  }

  add(part) {
    if (part.length > 0) this.#parts.push(part);
  }

  get size() {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  get body() {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  get text() {
    return this.body.toString("latin1");
  }
}

/** Reads messages out of what comes, however it is cut. */
class Reader {
  message;
  done = false;
  #isBodyless;
  #rest = Buffer.alloc(0);
  #left = 0;
  #mode = "head";

  constructor(isBodyless) {
    this.#isBodyless = isBodyless;
  }

  add(data) {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    this.#read();
  }

  /** Whether the message is whole, now that the connection has ended. */
  ended() {
    if (this.#mode === "all") this.done = true;
    return this.done;
  }

  /** Goes on to the message that follows. */
  next() {
    this.message = undefined;
    this.done = false;
    this.#mode = "head";
    this.#read();
  }

  #read() {
    while (!this.done && this.#step());
  }

  /** Reads one thing; false where more has to come. */
  #step() {
    if (this.#mode === "head") {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end === -1) return false;
      this.message = new Message(
        this.#take(end + 4)
          .subarray(0, end)
          .toString("latin1")
          .split("\r\n"),
      );
      const { message } = this;
      const framed = message.values("content-length").length > 0;
      message.chunked = /chunked/i.test(message.values("transfer-encoding")[0] ?? "");
      if (this.#isBodyless(message.first, message)) this.done = true;
      else if (message.chunked) this.#mode = "size";
      else if (framed) this.#bounded(length(message));
      else this.#mode = "all";
      return true;
    }
    if (this.#mode === "size") {
      const end = this.#rest.indexOf("\r\n");
      if (end === -1) return false;
      const size = Number.parseInt(this.#take(end + 2).toString("latin1"), 16);
      if (size === 0) this.#mode = "trailer";
      else this.#bounded(size);
      return true;
    }
    if (this.#mode === "trailer") {
      const end = this.#rest.indexOf("\r\n");
      if (end === -1) return false;
      const line = this.#take(end + 2);
      this.done = line.length === 2;
      return true;
    }
    if (this.#rest.length === 0) return false;
    if (this.#mode === "all") {
      this.message.add(this.#take(this.#rest.length));
      return false;
    }
    if (this.#left > 0) {
      const part = this.#take(Math.min(this.#left, this.#rest.length));
      this.#left -= part.length;
      this.message.add(part);
      if (this.#left === 0 && !this.message.chunked) this.done = true;
      return true;
    }
    // The line break behind a chunk.
    if (this.#rest.length < 2) return false;
    this.#take(2);
    this.#mode = "size";
    return true;
  }

  #bounded(size) {
    this.#mode = "bytes";
    this.#left = size;
    if (size === 0) this.done = true;
  }

  #take(count) {
    const part = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return part;
  }
}
