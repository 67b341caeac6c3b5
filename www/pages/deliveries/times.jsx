// When deliveries were created: reaching back from now, or from one moment to another.
import { useState } from "preact/hooks";
import { refine } from "../../lib/router.js";
import { fromLocal, local } from "./filters.js";
import { useDraft } from "./use-draft.js";

const TIMES = [
  ["", "Any time"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["custom", "From … to …"],
];

export function Times({ filters: { time, since, until } }) {
  const isCustom = Boolean(since || until);
  const [isOpen, setOpen] = useState(false);
  const shown = isCustom || isOpen ? "custom" : (time ?? "");
  const choose = (chosen) => {
    setOpen(chosen === "custom");
    if (chosen !== "custom") refine({ time: chosen || null, since: null, until: null });
  };
  return (
    <>
      <label class="dl-filter">
        <span class="unseen">Created</span>
        <select class="select" value={shown} onChange={(event) => choose(event.currentTarget.value)}>
          {TIMES.map(([value, text]) => (
            <option key={value} value={value} selected={value === shown}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {shown === "custom" && (
        <div class="dl-moments">
          <Moment label="From" value={since} onChange={(at) => refine({ time: null, since: at })} />
          <Moment label="To" value={until} isEnd onChange={(at) => refine({ time: null, until: at })} />
        </div>
      )}
    </>
  );
}

function Moment({ label, value, isEnd = false, onChange }) {
  const draft = useDraft(local(value));
  return (
    <label class="dl-filter dl-moment">
      <span class="soft small">{label}</span>
      <input
        class="input"
        type="datetime-local"
        {...draft}
        onBlur={(event) => {
          const { value: typed } = event.currentTarget;
          if (typed !== local(value)) onChange(fromLocal(typed, isEnd));
        }}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </label>
  );
}
