/** The parts of a page side by side, each an address: `parts` are `[where, words, isCurrent]`. */
export function Tabs({ label, parts }) {
  return (
    <nav class="segments tabs" aria-label={label}>
      {parts.map(([where, words, isCurrent]) => (
        <a key={words} href={where} aria-current={isCurrent ? "page" : undefined}>
          {words}
        </a>
      ))}
    </nav>
  );
}
