// The list: as many rows as fit the window, of as many as there are.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { whole } from "../../lib/format.js";
import { Button } from "../../ui/button.jsx";
import { Notice } from "../../ui/say.jsx";
import { find } from "./feed.js";
import { Cell, Row } from "./row.jsx";
import { useNarrow, useRange } from "./use-range.js";

const COLUMNS = ["Status", "Event type", "Destination", "Attempts", "Created", "Next attempt", "Took"];
/** Pixels, as the style has them. */
const HEIGHT = { narrow: 68, wide: 40 };
const HEAD = 36;
/** So many rows before the end, older ones are read. */
const AHEAD = 120;

/**
 * @param {{feed: import("./feed.js").Feed, view: {current: object}, names: Map<string, string>, opened?: string,
 *   at: (id: string) => string}} props `view` is told what is in sight; `at` is a delivery's address
 */
export function Table({ feed, view, names, opened, at }) {
  const height = HEIGHT[useNarrow() ? "narrow" : "wide"];
  const { rows } = feed;
  const { element, from, to } = useRange(rows.length, height);
  const [active, setActive] = useState(opened);
  const wanted = useRef(null);

  const place = find(rows, active ?? "");
  const isActiveThere = active !== undefined && rows[place]?.id === active;
  // The row that has the focus stays, wherever one scrolls.
  const shown = Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
  if (isActiveThere && place < from) shown.unshift(place);
  if (isActiveThere && place > to) shown.push(place);

  const top = () => element.current.getBoundingClientRect().top;
  view.current = { isAway: element.current !== null && top() < -height, from, to };

  const more = feed.isOpen && !feed.isEnded && !feed.problem && !feed.isReading && to > rows.length - AHEAD;
  useEffect(() => {
    if (more) feed.more();
  });

  const reveal = (index) => {
    const above = top() + index * height - HEAD;
    const below = top() + (index + 1) * height - innerHeight;
    if (above < 0) scrollBy(0, above);
    else if (below > 0) scrollBy(0, below);
  };
  const focus = (index) => {
    if (!rows[index]) return;
    setActive(rows[index].id);
    reveal(index);
    wanted.current = rows[index].id;
  };
  useLayoutEffect(() => {
    const link = wanted.current && element.current?.querySelector(`a[data-id="${wanted.current}"]`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
  });

  // Whoever closes a delivery is back at its row.
  const last = useRef(opened);
  useEffect(() => {
    if (opened) setActive(opened);
    else if (last.current) {
      const index = find(rows, last.current);
      if (rows[index]?.id === last.current) requestAnimationFrame(() => focus(index));
    }
    last.current = opened;
  }, [opened]);

  const step = useRef(null);
  step.current = (by) => focus(isActiveThere ? place + by : Math.max(0, Math.ceil(-top() / height)));
  useEffect(() => {
    const key = (event) => {
      const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const isInside = element.current?.contains(event.target);
      const isLetter = event.key.length === 1 && !event.target.closest("input, select, textarea");
      if (!isInside && !isLetter) return;
      event.preventDefault();
      step.current(by);
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);

  const first = isActiveThere ? active : rows[from]?.id;
  return (
    <>
      <div class="dl-news" aria-live="polite">
        {(feed.held.length > 0 || feed.isBehind) && (
          <Button
            small
            kind="primary"
            onClick={async () => {
              await feed.show();
              scrollTo(0, 0);
            }}
          >
            {whole(feed.held.length)}
            {feed.isBehind && "+"} new
          </Button>
        )}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a table's own layout has no rows at places of one's choice */}
      <div
        class="dl-table panel"
        role="table"
        aria-label="Deliveries"
        aria-rowcount={feed.isEnded ? rows.length + 1 : -1}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" class="dl-head">
          {/* biome-ignore lint/a11y/useSemanticElements: as above */}
          {/* biome-ignore lint/a11y/useFocusableInteractive: a row of headers is none */}
          <div role="row" aria-rowindex={1} class="dl-row">
            {COLUMNS.map((name) => (
              <Cell key={name} head>
                {name}
              </Cell>
            ))}
          </div>
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" class="dl-rows" ref={element} style={{ height: `${rows.length * height}px` }}>
          {shown.map((index) => {
            const row = rows[index];
            return (
              <Row
                key={row.id}
                of={row}
                index={index}
                top={index * height}
                names={names}
                to={at(row.id)}
                isOpen={row.id === opened}
                isFirst={row.id === first}
                onFocus={() => setActive(row.id)}
              />
            );
          })}
        </div>
      </div>
      <Foot feed={feed} />
    </>
  );
}

function Foot({ feed }) {
  if (feed.problem) {
    return (
      <Notice kind="bad">
        <span>{feed.problem.message}</span>
        <Button small onClick={() => feed.more()}>
          Try again
        </Button>
      </Notice>
    );
  }
  return (
    <p class="soft small dl-foot" role="status">
      {feed.isEnded ? "That is all." : "Looking further back…"}
    </p>
  );
}
