// JSON to be written by hand: whether it is any is said as one types, and where it stops being any.
import { useRef } from "preact/hooks";
import { bytes, pretty } from "../../lib/format.js";
import { Button } from "../../ui/button.jsx";
import { Field } from "../../ui/field.jsx";
import { jsonFault } from "./json.js";

export function DataField({ value, fault, onInput, onBlur }) {
  const area = useRef(null);
  const found = jsonFault(value);
  const show = () => {
    area.current.focus();
    area.current.setSelectionRange(found.offset, found.offset + 1);
  };
  return (
    <div class="send-data">
      <Field label="Data" fault={fault}>
        {(tied) => (
          <textarea
            {...tied}
            ref={area}
            class="area mono"
            rows={Math.max(9, Math.min(22, value.split("\n").length + 1))}
            spellcheck={false}
            autocomplete="off"
            required
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
            onBlur={onBlur}
          />
        )}
      </Field>
      <div class="tools">
        <span class="soft small number">{found ? place(found, fault) : `JSON, ${bytes(size(value))}`}</span>
        <span class="row">
          {found && (
            <Button kind="plain" small onClick={show}>
              Go to the fault
            </Button>
          )}
          <Button kind="plain" small disabled={found !== null} onClick={() => onInput(pretty(value))}>
            Format
          </Button>
        </span>
      </div>
    </div>
  );
}

const size = (text) => new TextEncoder().encode(text).length;

/** In passing while one still types; once it is told as a fault it need not be said twice. */
const place = (found, fault) => (fault ? "" : `Line ${found.line}, column ${found.column}: ${found.message}`);
