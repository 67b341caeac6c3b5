// Receivers to paste: for a profile's `signature`, a whole program in each language that verifies what is signed so.
import { go } from "./go.js";
import { java } from "./java.js";
import { isStandard, nodeLibrary, pythonLibrary } from "./library.js";
import { node } from "./node.js";
import { php } from "./php.js";
import { plan, variable } from "./plan.js";
import { python } from "./python.js";
import { ruby } from "./ruby.js";

const writers = [node, python, go, ruby, php, java, nodeLibrary, pythonLibrary];

/** What there is to choose from: the file to put the program in, what to install before where it needs that, how it is started. */
export const languages = writers.map(({ id, name, file, install, run }) => ({ id, name, file, install, run }));

/**
 * A program that answers 204 to what is genuine and 401 to everything else.
 *
 * @param {string} id a language's
 * @param {{scheme: object, publicKey?: string}} how a profile's `signature`; with a subscription's `publicKey`, for that key
 * @returns {string | null} null where the language can't say it
 */
export function snippet(id, { scheme, publicKey }) {
  const writer = writers.find((one) => one.id === id);
  if (!writer) return null;
  if (writer === nodeLibrary || writer === pythonLibrary) return isStandard(scheme, publicKey) ? writer.write() : null;
  const it = plan(scheme, publicKey ?? undefined);
  return it && writer.write(it);
}

/** The environment variable that the program wants besides `PORT`; null where the key stands in it. */
export function secretVariable({ scheme, publicKey }) {
  const it = plan(scheme, publicKey ?? undefined);
  return it && variable(it);
}
