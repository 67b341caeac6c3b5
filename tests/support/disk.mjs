// What a gateway's objects have on their disk, while it does not run: a bare one's, whose files are named by class.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Opens a database and closes it again. */
function within(file, work) {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const tablesOf = (database) =>
  database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => name)
    // The runtime's own: the time of the alarm.
    .filter((name) => name !== "_cf_METADATA");

/** The folder of a class. */
const folder = (disk, type) => path.join(disk, "objects", type);

/** All objects of a class: each one's file, and the rows of its tables by their names. An object that is empty has none. */
export function objects(disk, type) {
  if (!existsSync(folder(disk, type))) return [];
  const files = readdirSync(folder(disk, type)).filter(
    (name) => name.endsWith(".sqlite") && name !== "metadata.sqlite",
  );
  return files.map((name) => {
    const file = path.join(folder(disk, type), name);
    const rows = within(file, (database) =>
      Object.fromEntries(
        tablesOf(database).map((table) => [table, database.prepare(`SELECT * FROM "${table}"`).all()]),
      ),
    );
    return { file, rows };
  });
}

/** Those of a class that hold anything: a table of their own, whether it has rows or not. */
export function held(disk, type) {
  return objects(disk, type).filter(({ rows }) => Object.keys(rows).length > 0);
}

/** The alarms of a class that stand. */
export function alarms(disk, type) {
  const file = path.join(folder(disk, type), "metadata.sqlite");
  if (!existsSync(file)) return [];
  return within(file, (database) =>
    tablesOf(database).includes("_cf_ALARM") ? database.prepare("SELECT actor_id FROM _cf_ALARM").all() : [],
  );
}

/** The object that keeps the log of a subscription or of a source. */
export function logOf(disk, id) {
  const found = held(disk, "Subscription").find(({ rows }) =>
    rows.meta?.some(({ value }) => value.includes(`"${id}"`)),
  );
  if (!found) throw new Error(`no object's log is that of ${id}`);
  return found;
}

/** Writes into a file of an object. */
export function write(file, work) {
  within(file, (database) => {
    database.exec("BEGIN");
    work(database);
    database.exec("COMMIT");
  });
}
