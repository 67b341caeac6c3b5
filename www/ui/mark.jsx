/** A signet ring. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle cx="16" cy="18.5" r="10" fill="none" stroke="currentColor" stroke-width="4" />
      <rect x="9.5" y="2" width="13" height="9.5" rx="3" fill="currentColor" />
    </svg>
  );
}
