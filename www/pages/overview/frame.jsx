// What charts over time have in common: axes, a column to point at for each part of the time, and what it says there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { href } from "../../lib/router.js";
import { timeTicks } from "./ticks.js";
import { between, clock } from "./times.js";

const TOP = 8;
const BOTTOM = 22;

/**
 * @param {{label: string, parts: {since: string, until: string}[], ticks: number[], written: (tick: number) => string,
 *   height: number, at: number | null, onAt: (at: number | null) => void, told: (part: object) => any, spoken: (part: object) =>
 *   string, children: (scale: {x: (n: number) => number, y: (value: number) => number, width: number}) => any}} props
 *   `at`: which part is pointed at; `told` what is shown of it, `spoken` the same in words; `children` draws
 */
export function Frame({ label, parts, ticks, written, height, at, onAt, told, spoken, children }) {
  const element = useRef(null);
  const width = useWidth(element);
  // A few parts' worth of keys would be too many to step over: one of them is stepped on, arrows go on from there.
  const [stop, setStop] = useState(parts.length - 1);
  const stopped = Math.min(stop, parts.length - 1);

  const left = 14 + 7 * Math.max(...ticks.map((tick) => written(tick).length));
  const inner = Math.max(0, width - left - 2);
  const step = inner / parts.length;
  const bottom = height - BOTTOM;
  const x = (n) => left + n * step;
  const y = (value) => bottom - (value / ticks.at(-1)) * (bottom - TOP);
  const [since, until] = [Date.parse(parts[0].since), Date.parse(parts.at(-1).until) + 1];
  const along = (time) => left + ((time - since) / (until - since)) * inner;

  const moved = (event) => {
    const to = { ArrowLeft: stopped - 1, ArrowRight: stopped + 1, Home: 0, End: parts.length - 1 }[event.key];
    if (event.key === "Escape") onAt(null);
    if (to === undefined) return;
    event.preventDefault();
    element.current.querySelectorAll("a")[Math.max(0, Math.min(to, parts.length - 1))].focus();
  };

  return (
    <div class="over-chart" ref={element}>
      {/* biome-ignore lint/a11y/useSemanticElements: of links, not of fields */}
      <svg
        {...{ width, height }}
        class="number"
        role="group"
        aria-label={label}
        onMouseLeave={() => onAt(null)}
        onKeyDown={moved}
      >
        {ticks.map((tick) => (
          // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can be focused
          <g key={tick} class="gridline" aria-hidden="true">
            <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} />
            <text x={left - 8} y={y(tick)} dy="0.32em" text-anchor="end">
              {written(tick)}
            </text>
          </g>
        ))}
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: nor here */}
        <g class="clock" aria-hidden="true">
          {timeTicks(since, until, Math.floor(inner / 76)).map((tick) => (
            <text key={tick.at} x={along(tick.at)} y={height - 4} text-anchor="middle">
              {clock(tick)}
            </text>
          ))}
        </g>
        {at !== null && parts[at] && <rect class="pointed" x={x(at)} y={TOP} width={step} height={bottom - TOP} />}
        {children({ x, y, step })}
        {parts.map((part, n) => (
          <a
            key={part.since}
            class="part"
            href={href("/deliveries", { since: part.since, until: part.until })}
            aria-label={`${between(part)}: ${spoken(part)}`}
            tabindex={n === stopped ? 0 : -1}
            onMouseEnter={() => onAt(n)}
            onFocus={() => {
              setStop(n);
              onAt(n);
            }}
            onBlur={() => onAt(null)}
          >
            <rect x={x(n)} y={TOP} width={step} height={bottom - TOP} />
          </a>
        ))}
      </svg>
      {at !== null && parts[at] && (
        <Tip left={x(at) + step / 2} width={width} key={parts[at].since}>
          <strong>{between(parts[at])}</strong>
          {told(parts[at])}
        </Tip>
      )}
    </div>
  );
}

/** Beside what it is about, and inside the chart. */
function Tip({ left, width, children }) {
  const isRight = left > width / 2;
  const place = isRight ? { right: `${width - left + 12}px` } : { left: `${left + 12}px` };
  return (
    <div class="over-tip number" style={place} aria-hidden="true">
      {children}
    </div>
  );
}

function useWidth(element) {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => setWidth(element.current.clientWidth), []);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setWidth(contentRect.width));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
