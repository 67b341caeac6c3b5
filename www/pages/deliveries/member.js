/**
 * The text of a member of a JSON object as it was written: a number of twenty digits stays one. Undefined where there is none.
 *
 * @param {string} text valid JSON, an object
 */
export function member(text, name) {
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)];
  const wanted = JSON.stringify(name);
  let depth = 0;
  for (const [at, { 0: token }] of tokens.entries()) {
    if (depth === 1 && token === wanted && tokens[at + 1]?.[0] === ":") return text.slice(...value(tokens, at + 2));
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
  }
  return undefined;
}

/** Where a value begins and ends. */
function value(tokens, first) {
  let depth = 0;
  for (let at = first; at < tokens.length; at += 1) {
    const { 0: token, index } = tokens[at];
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth === 0) return [tokens[first].index, index + token.length];
  }
  return [0, 0];
}
