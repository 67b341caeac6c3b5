import { useEffect, useState } from "preact/hooks";

/** What one types, until the address says otherwise. */
export function useDraft(value) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  return { value: draft, onInput: (event) => setDraft(event.currentTarget.value) };
}
