// Whether what a gateway has printed holds a secret that was used with it.

/** Fields whose values are secrets, in what is sent and in what is answered. */
const FIELDS = new Set(["key", "secret", "secrets", "webhookSecret", "signingSecret", "verifyToken"]);
/** What a caller is told of its own key is the key's id. */
const KEY_ID = /^key_[0-9a-z]{28}$/;
/** What is shorter may stand in a log by chance. */
const SHORTEST = 12;

/** The secrets of one gateway, and all that it has printed. */
export class Leaks {
  #secrets = new Set();
  #printed = [];

  /** Remembers a text that must not be printed. */
  add(secret) {
    if (typeof secret === "string" && secret.length >= SHORTEST && !KEY_ID.test(secret)) this.#secrets.add(secret);
  }

  /** Remembers the secrets in a body, sent or answered. */
  note(value) {
    if (Array.isArray(value)) {
      for (const one of value) this.note(one);
    } else if (value !== null && typeof value === "object") {
      for (const [name, one] of Object.entries(value)) {
        if (FIELDS.has(name)) for (const secret of [one].flat()) this.add(secret);
        if (name === "url" && typeof one === "string") this.add(one.split("#token=")[1]);
        this.note(one);
      }
    }
  }

  printed(chunk) {
    this.#printed.push(chunk);
  }

  /** The secret that an answer holds which should hold none: a refusal, or what is read of things that have some. */
  answered(method, where, { status, text }) {
    // The table of providers and the API's document are everybody's: what stands there is no secret.
    const shows = method !== "GET" || /\/(learned-)?secret(\?|$)|^\/(v1\/providers|openapi\.json)/.test(where);
    if (status < 400 && shows) return undefined;
    return [...this.#secrets].find((secret) => text.includes(secret));
  }

  /** How many secrets there are to be searched for. */
  get count() {
    return this.#secrets.size;
  }

  /** The lines that hold one. What wrangler says itself of requests is not Signet's log. */
  find() {
    const text = Buffer.concat(this.#printed).toString("utf8");
    const lines = text.split("\n").filter((line) => !line.startsWith("[wrangler:"));
    const said = lines.join("\n");
    const found = [...this.#secrets].filter((secret) => said.includes(secret));
    return lines.filter((line) => found.some((secret) => line.includes(secret)));
  }
}
