import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows beyond the window's edges, so that nothing is empty while one scrolls. */
const BEYOND = 8;

/**
 * Which rows of a long list are in the window, as the window is scrolled: `from` and `to`, some beyond its edges included.
 * All rows are as high as `height` says, in pixels.
 */
export function useRange(count, height) {
  const element = useRef(null);
  const [range, setRange] = useState({ from: 0, to: 40 });
  const measure = useCallback(() => {
    if (!element.current) return;
    const { top } = element.current.getBoundingClientRect();
    const from = Math.max(0, Math.floor(-top / height) - BEYOND);
    const to = Math.ceil((innerHeight - top) / height) + BEYOND;
    setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
  }, [height]);
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [measure]);
  useLayoutEffect(measure, [measure, count]);
  return { element, from: Math.min(range.from, count), to: Math.min(range.to, count - 1) };
}

/** Whether the window is too narrow for a line each, as the style has it. */
export function useNarrow() {
  const [isNarrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const change = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", change);
    return () => NARROW.removeEventListener("change", change);
  }, []);
  return isNarrow;
}

const NARROW = matchMedia("(max-width: 68rem)");
