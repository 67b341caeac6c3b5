// What most subscriptions do without, folded away: which events by their attributes, headers, notes; pace and order.
import { ChipsBox } from "../../ui/chips.jsx";
import { CheckField, TextArea, TextField } from "../../ui/field.jsx";
import { Rows } from "../../ui/rows.jsx";
import { filterFaults, headerFaults } from "./checks.js";

function Fold({ title, open, onToggle, children }) {
  return (
    <details class="subs-fold" open={open} onToggle={(event) => onToggle(event.currentTarget.open)}>
      <summary>{title}</summary>
      <div class="stack">{children}</div>
    </details>
  );
}

/** What the API said of single rows, by what their pointers end in, as long as the field has not been changed since. */
function saidOf(form, name) {
  const own = (form.problem?.errors ?? []).filter(({ pointer }) => pointer.startsWith(`/${name}/`));
  const unescaped = (text) => text.replaceAll("~1", "/").replaceAll("~0", "~");
  return new Map(own.map(({ pointer, detail }) => [unescaped(pointer.slice(name.length + 2)), detail]));
}

export function Matched({ form, profile, ...fold }) {
  const { field, values } = form;
  const filter = field("filter");
  const headers = field("headers");
  const said = saidOf(form, "headers");
  const own = headerFaults(values.headers, profile);
  const headersFaults = headers.fault ? values.headers.map(({ name }, at) => own[at] ?? said.get(name)) : [];
  return (
    <Fold title="Filter, headers and metadata" {...fold}>
      <Rows
        label="Filter"
        hint="Only events whose attributes have one of the values, in every row."
        one="condition"
        add="Add a condition"
        rows={values.filter}
        blank={{ key: "", values: [] }}
        fault={filter.fault}
        faults={filter.fault ? filterFaults(values.filter) : []}
        onInput={filter.onInput}
      >
        {(row, change, at, fault) => (
          <>
            <input
              class="input mono"
              aria-label={`Attribute ${at + 1}`}
              aria-invalid={fault ? "true" : undefined}
              placeholder="attribute"
              spellcheck={false}
              value={row.key}
              onInput={(event) => change({ key: event.currentTarget.value })}
              onBlur={filter.onBlur}
            />
            <ChipsBox
              aria-label={`Values ${at + 1}`}
              aria-invalid={fault ? "true" : undefined}
              placeholder="value, Enter, next value"
              value={row.values}
              onInput={(values) => change({ values })}
            />
          </>
        )}
      </Rows>
      <Rows
        label="Headers"
        hint="Sent with each delivery. Their values can be read by whoever may read the subscription."
        one="header"
        add="Add a header"
        rows={values.headers}
        blank={{ name: "", value: "" }}
        fault={headers.fault}
        faults={headersFaults}
        onInput={headers.onInput}
      >
        {(row, change, at, fault) => (
          <>
            <input
              class="input mono"
              aria-label={`Header ${at + 1}`}
              aria-invalid={fault ? "true" : undefined}
              placeholder="X-Name"
              spellcheck={false}
              value={row.name}
              onInput={(event) => change({ name: event.currentTarget.value })}
              onBlur={headers.onBlur}
            />
            <input
              class="input mono"
              aria-label={`Value of header ${at + 1}`}
              placeholder="value"
              spellcheck={false}
              value={row.value}
              onInput={(event) => change({ value: event.currentTarget.value })}
              onBlur={headers.onBlur}
            />
          </>
        )}
      </Rows>
      <TextArea
        {...field("metadata")}
        label="Metadata"
        optional
        mono
        rows={4}
        placeholder={'{"customer": "c_123"}'}
        hint="Your own notes, as a JSON object. Nothing of it is sent."
      />
    </Fold>
  );
}

export function Pace({ form, ...fold }) {
  const { field, values } = form;
  const number = { inputmode: "decimal", autocomplete: "off", optional: true };
  return (
    <Fold title="Pace and order" {...fold}>
      <div class="subs-thirds">
        <TextField {...field("rateLimit")} {...number} label="Attempts per second" placeholder="no limit" />
        <TextField {...field("concurrency")} {...number} label="At once" placeholder="32" />
        <TextField {...field("shards")} {...number} label="Shards" placeholder="1" />
      </div>
      <p class="hint">
        Shards share the deliveries to a destination that takes more than one object can send; each takes its share of
        the limits.
      </p>
      <div>
        <CheckField
          label="In order"
          hint="Each delivery waits until the one before is delivered, failed or cancelled."
          checked={values.ordered}
          onInput={field("ordered").onInput}
          aria-invalid={field("ordered").fault ? "true" : undefined}
        />
        <div class={field("ordered").fault ? "fault" : undefined} aria-live="polite">
          {field("ordered").fault}
        </div>
      </div>
    </Fold>
  );
}
