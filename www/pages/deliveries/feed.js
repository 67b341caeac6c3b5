// The deliveries of a list as they are known so far: newest first, without gaps down to the last page that was read.
// What is new is put in place, or held until the reader comes back to the top; what has changed is changed in place.
const FIRST = 50;
const MORE = 250;
/** How many pages are read for what is new, before the list rather begins anew. */
const MOST_NEW = 4;
/** What was accepted at about the same time may be listed a little later. */
const OVERLAP = 10_000;

/** Where a delivery stands, or where it would: ids sort by time. */
export function find(rows, id) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].id > id) low = middle + 1;
    else high = middle;
  }
  return low;
}

const earlier = (time) => new Date(Date.parse(time) - OVERLAP).toISOString();
const latest = (one, other) => (one && one > other ? one : other);

export class Feed {
  rows = [];
  /** New ones that the reader has not asked to see. */
  held = [];
  /** Whether there are more new ones than were read. */
  isBehind = false;
  /** Whether a first page is there. */
  isOpen = false;
  isEnded = false;
  /** Whether somebody has just done something to many of them. */
  isStale = false;
  problem = null;
  #cursor = null;
  #reading = null;
  #stopped = new AbortController();

  /**
   * @param {object} query of the list, without `limit` and `cursor`
   * @param {() => void} changed is told of every change
   * @param {(query: object, how: {signal: AbortSignal}) => Promise<object>} read answers a page
   */
  constructor(query, changed, read) {
    this.query = query;
    this.changed = changed;
    this.read = read;
  }

  stop() {
    this.#stopped.abort();
  }

  #page(query) {
    return this.read(query, { signal: this.#stopped.signal });
  }

  /** Reads the next page: the first, or an older one. One at a time. */
  more() {
    if (this.isEnded) return Promise.resolve();
    this.#reading ??= this.#older();
    return this.#reading;
  }

  get isReading() {
    return this.#reading !== null;
  }

  async #older() {
    try {
      const limit = this.isOpen ? MORE : FIRST;
      const page = await this.#page({ ...this.query, limit, cursor: this.#cursor });
      this.problem = null;
      this.isOpen = true;
      this.#cursor = page.nextCursor;
      this.isEnded = page.nextCursor === null;
      for (const row of page.data) this.#add(row);
    } catch (problem) {
      if (this.#stopped.signal.aborted) return;
      this.problem = problem;
    }
    this.#reading = null;
    this.changed();
  }

  /**
   * Looks for what is new, and at how those in view are now.
   *
   * @param {{isAway: boolean, from: number, to: number}} view whether the top is out of sight, and which rows are in it
   */
  async turn({ isAway, from, to }) {
    if (!this.isOpen) return this.more();
    try {
      this.#fresh.clear();
      if (this.rows.length === 0) await this.#reopen();
      else await this.#look(isAway, this.rows.slice(from, to + 1));
      this.isStale = false;
      this.problem = null;
    } catch (problem) {
      if (this.#stopped.signal.aborted) return undefined;
      // What was read stays; the next turn is another try.
      if (problem.status !== 0) this.problem = problem;
    }
    return this.changed();
  }

  async #look(isAway, seen) {
    const isMoving = seen.some((row) => row.status === "pending") || (this.isStale && seen.length > 0);
    const isAtTop = isMoving && seen[0] === this.rows[0];
    await this.#newer(isAway, isAtTop ? seen.at(-1).createdAt : undefined);
    if (isMoving && !isAtTop) await this.#again(seen);
    if (isMoving && this.query.status) await this.#gone(seen);
  }

  /** What came since the newest, and how all are that were made `since`. */
  async #newer(isAway, since) {
    const newest = this.held[0] ?? this.rows[0];
    const from = newest && earlier(newest.createdAt);
    const query = { ...this.query, limit: MORE, since: latest(this.query.since, since && since < from ? since : from) };
    let cursor = null;
    for (let pages = 0; pages < MOST_NEW; pages += 1) {
      const page = await this.#page({ ...query, cursor });
      for (const row of page.data) this.#take(row, isAway);
      cursor = page.nextCursor;
      if (cursor === null || page.data.some((row) => row.id <= newest?.id)) return;
    }
    this.isBehind = true;
    if (!isAway) await this.#reopen();
  }

  /** How those in view are now, by the page of the list that they stand on. */
  async #again(seen) {
    const [until, since] = [seen[0].createdAt, seen.at(-1).createdAt];
    const page = await this.#page({ ...this.query, since, until, limit: MORE });
    for (const row of page.data) this.put(row);
  }

  /** Those that have left the list, since it is of one status, are shown as what they have become. */
  async #gone(seen) {
    const isLeft = (row) => !this.#fresh.has(row.id) && [this.query.status, "pending"].includes(row.status);
    const left = seen.filter(isLeft);
    if (left.length === 0) return;
    const { status, ...query } = this.query;
    const between = { since: left.at(-1).createdAt, until: left[0].createdAt, limit: MORE };
    for (const row of (await this.#page({ ...query, ...between })).data) this.put(row);
    // Where too many others lie between them, some are looked for where they lie.
    for (const { createdAt, subscription, source } of left.filter(isLeft).slice(0, 8)) {
      const page = await this.#page({ ...query, subscription, source, since: createdAt, until: createdAt });
      for (const row of page.data) this.put(row);
    }
  }

  /** Those that this turn has read. */
  #fresh = new Set();

  #take(row, isAway) {
    this.#fresh.add(row.id);
    if (this.put(row)) return;
    const last = this.rows.at(-1);
    // Older than what was read: its page comes by and by.
    if (last && row.id < last.id && !this.isEnded) return;
    if (isAway) this.held.splice(find(this.held, row.id), 0, row);
    else this.#add(row);
  }

  #add(row) {
    const at = find(this.rows, row.id);
    if (this.rows[at]?.id === row.id) this.rows[at] = row;
    else this.rows.splice(at, 0, row);
  }

  /** Puts what a delivery is now in its place; false where it has none. */
  put(row) {
    this.#fresh.add(row.id);
    for (const rows of [this.rows, this.held]) {
      const at = find(rows, row.id);
      if (rows[at]?.id === row.id) {
        rows[at] = row;
        return true;
      }
    }
    return false;
  }

  /** Shows what was held, or begins anew where that is not all. */
  async show() {
    if (this.isBehind) await this.#reopen();
    for (const row of this.held.splice(0)) this.#add(row);
    this.changed();
  }

  async #reopen() {
    const page = await this.#page({ ...this.query, limit: FIRST });
    this.isBehind = false;
    // Nothing there, and looked through before: so it stays.
    if (page.data.length === 0) return;
    this.held = [];
    this.rows = page.data;
    this.#cursor = page.nextCursor;
    this.isEnded = page.nextCursor === null;
  }

  /** The one before or after, by `step` of -1 or 1; undefined where there is none, or it is not known yet. */
  beside(id, step) {
    const at = find(this.rows, id);
    return this.rows[at]?.id === id ? this.rows[at + step] : undefined;
  }
}
