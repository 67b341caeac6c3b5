// What the list is narrowed by, all of it in the address.
import { Search } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { go, refine } from "../../lib/router.js";
import { Button } from "../../ui/button.jsx";
import { Segments } from "../../ui/field.jsx";
import { Icon } from "../../ui/icon.jsx";
import { bare } from "./destinations.js";
import { NAMES, sought } from "./filters.js";
import { Times } from "./times.jsx";
import { useDraft } from "./use-draft.js";

const STATUSES = [
  ["", "All"],
  ["pending", "Pending"],
  ["scheduled", "Scheduled"],
  ["delivered", "Delivered"],
  ["failed", "Failed"],
  ["cancelled", "Cancelled"],
];

/** @param {{filters: object, known: object, types: string[]}} props `types` are suggested */
export function FilterBar({ filters, known, types }) {
  const isNarrowed = Object.keys(filters).length > 0;
  const status = filters.scheduled ? "scheduled" : (filters.status ?? "");
  const states = useRef(null);
  // Where they are wider than the window, the one that holds is in sight.
  useEffect(() => {
    states.current.scrollLeft = states.current.querySelector('[aria-pressed="true"]').offsetLeft / 2;
  }, [status]);
  return (
    <search class="dl-filters">
      <div class="dl-statuses" ref={states}>
        <Segments
          label="Status"
          options={STATUSES}
          value={status}
          onInput={(chosen) =>
            refine(
              chosen === "scheduled"
                ? { status: null, scheduled: "true" }
                : { status: chosen || null, scheduled: null },
            )
          }
        />
      </div>
      <Ids event={filters.event ?? ""} query={filters} />
      <Types value={filters.type ?? ""} types={types} />
      <Destinations filters={filters} {...known} />
      <Times filters={filters} />
      {isNarrowed && (
        <Button kind="plain" small onClick={() => refine(Object.fromEntries(NAMES.map((name) => [name, null])))}>
          Clear filters
        </Button>
      )}
    </search>
  );
}

/** What one types counts once one is done: each filter is a place to go back to. */
function Types({ value, types }) {
  const draft = useDraft(value);
  return (
    <label class="dl-filter">
      <span class="unseen">Event type</span>
      <input
        class="input"
        {...draft}
        list="delivery-types"
        placeholder="Event type"
        spellcheck={false}
        autocomplete="off"
        onChange={(event) => refine({ type: event.currentTarget.value.trim() || null })}
      />
      <datalist id="delivery-types">
        {types.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
    </label>
  );
}

function Destinations({ filters, subscriptions, sources }) {
  const chosen = filters.subscription ?? filters.source ?? "";
  const all = [...subscriptions, ...sources];
  const choose = (id) =>
    refine({ subscription: id.startsWith("sub_") ? id : null, source: id.startsWith("src_") ? id : null });
  const group = (label, ones, words) =>
    ones.length > 0 && (
      <optgroup label={label}>
        {ones.map((one) => (
          <option key={one.id} value={one.id} selected={one.id === chosen}>
            {words(one)}
          </option>
        ))}
      </optgroup>
    );
  return (
    <label class="dl-filter">
      <span class="unseen">Destination</span>
      <select class="select" value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="" selected={chosen === ""}>
          All destinations
        </option>
        {/* One that was deleted has a history still. */}
        {chosen && !all.some(({ id }) => id === chosen) && (
          <option value={chosen} selected>
            {chosen}
          </option>
        )}
        {group("Subscriptions", subscriptions, ({ name, url }) => name ?? bare(url))}
        {group("Sources", sources, ({ name, id }) => name ?? id)}
      </select>
    </label>
  );
}

/** A delivery's id opens it; any other is an event's. */
function Ids({ event, query }) {
  const draft = useDraft(event);
  const look = (text) => {
    const found = sought(text);
    if (found?.delivery) go(`/deliveries/${found.delivery}`, query);
    else refine({ event: found?.event ?? null });
  };
  return (
    <label class="dl-filter dl-id">
      <span class="unseen">Delivery or event id</span>
      <Icon of={Search} />
      <input
        class="input"
        {...draft}
        type="search"
        placeholder="Delivery or event id"
        spellcheck={false}
        autocomplete="off"
        onChange={(change) => change.currentTarget.value.trim() !== event && look(change.currentTarget.value)}
        onPaste={(paste) => {
          const text = paste.clipboardData.getData("text");
          if (!sought(text)?.delivery) return;
          paste.preventDefault();
          look(text);
        }}
      />
    </label>
  );
}
