import { duration, whole } from "../../lib/format.js";
import { Due } from "../../ui/due.jsx";
import { Status, Time } from "../../ui/text.jsx";
import { destination } from "./destinations.js";

/** A delivery's row. The link is as large as the row. */
export function Row({ of, index, top, names, to, isOpen, isFirst, onFocus }) {
  const { id, status, event, attemptCount, maxAttempts, createdAt, completedAt, nextAttemptAt } = of;
  const took = status === "delivered" && completedAt ? Date.parse(completedAt) - Date.parse(createdAt) : null;
  const isWaiting = status === "pending" && nextAttemptAt;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table's own layout has no rows at places of one's choice
    // biome-ignore lint/a11y/useFocusableInteractive: its link is what has the focus
    <div role="row" aria-rowindex={index + 2} class={isOpen ? "dl-row open" : "dl-row"} style={{ top: `${top}px` }}>
      <Cell>
        <Status of={status} />
      </Cell>
      <Cell cut title={event.type}>
        <a
          class="whole"
          href={to}
          data-id={id}
          tabIndex={isFirst ? 0 : -1}
          aria-current={isOpen || undefined}
          onFocus={onFocus}
        >
          {event.type}
        </a>
      </Cell>
      <Cell cut title={of.url ?? undefined}>
        {destination(of, names)}
      </Cell>
      <Cell number>
        {whole(attemptCount)}
        {/* Those by hand may be more than the schedule has. */}
        {attemptCount <= maxAttempts && <span class="soft"> / {whole(maxAttempts)}</span>}
      </Cell>
      <Cell number>
        <Time at={createdAt} />
      </Cell>
      {isWaiting ? (
        <Cell number>
          <Due at={nextAttemptAt} late="due" />
        </Cell>
      ) : (
        <None />
      )}
      {took === null ? <None /> : <Cell number>{duration(took)}</Cell>}
    </div>
  );
}

const None = () => (
  <Cell none>
    <span class="soft">–</span>
  </Cell>
);

export function Cell({ head = false, cut = false, number = false, none = false, title, children }) {
  const kinds = [cut && "cut", number && "number", none && "dl-none"].filter(Boolean).join(" ");
  return (
    <div role={head ? "columnheader" : "cell"} class={kinds || undefined} title={title}>
      {children}
    </div>
  );
}
