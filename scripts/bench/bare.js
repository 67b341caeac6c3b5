// The yardstick: the least a JavaScript Worker can do that still keeps the promise. An event is appended to
// an object's SQLite before it is answered, then sent to the receiver, then its row is settled. No keys, no
// subscriptions, no signature, no retries: whatever Signet does more than this is its own cost.
import { DurableObject } from "cloudflare:workers";

const accepted = () => new Response(null, { status: 202 });

export default {
  async fetch(request, env) {
    const body = await request.text();
    const destination = env.DESTINATIONS.getByName("receiver");
    const stored = await destination.fetch("http://object/", { method: "POST", body });
    return stored.ok ? accepted() : new Response(null, { status: 503 });
  },
};

export class Destination extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, body TEXT NOT NULL, status INTEGER) WITHOUT ROWID`);
  }

  async fetch(request) {
    const id = crypto.randomUUID();
    const body = await request.text();
    this.sql.exec("INSERT OR IGNORE INTO delivery (id, body) VALUES (?, ?)", id, body);
    this.deliver(id, body);
    return accepted();
  }

  async deliver(id, body) {
    const answer = await fetch(this.env.RECEIVER, { method: "POST", body });
    await answer.arrayBuffer();
    this.sql.exec("UPDATE delivery SET status = ? WHERE id = ?", answer.status, id);
  }
}
