/** A sentence of the API's, with what stands between backticks set as code. Nothing else of it means anything. */
export function Marked({ text }) {
  return text.split("`").map((part, at, all) => {
    // A lone backtick is one.
    if (at === all.length - 1 && at % 2 === 1) return `\`${part}`;
    return at % 2 === 1 ? <code key={at}>{part}</code> : part;
  });
}
