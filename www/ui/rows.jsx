// Rows of a form: each a few fields of its own, added and taken away one by one.
import { Plus, Trash2 } from "lucide";
import { useRef } from "preact/hooks";
import { Button } from "./button.jsx";
import { Icon } from "./icon.jsx";
import "./rows.css";

/**
 * @param {{label: string, rows: object[], onInput: (rows: object[]) => void, blank: object, add: string, faults?: string[],
 *   one: string, children: (row: object, change: (part: object) => void, at: number, fault?: string) => any}} props
 *   `one` is what a row is called; `children` draws its fields, `change` takes what is new of it
 */
export function Rows({ label, hint, fault, rows, onInput, blank, add, one, faults = [], children }) {
  const element = useRef(null);
  const focus = (at) =>
    requestAnimationFrame(() =>
      element.current?.querySelectorAll(":scope > ul > li")[at]?.querySelector("input")?.focus(),
    );
  const more = () => {
    onInput([...rows, blank]);
    focus(rows.length);
  };
  const without = (at) => {
    onInput(rows.filter((_, other) => other !== at));
    if (rows.length > 1) focus(Math.max(0, at - 1));
    else element.current?.querySelector("button.add")?.focus();
  };
  const change = (at) => (part) => onInput(rows.map((row, other) => (other === at ? { ...row, ...part } : row)));
  // What is said of one row is said there.
  const elsewhere = fault && !faults.some(Boolean);
  return (
    <fieldset class="form-rows" ref={element}>
      <legend>{label}</legend>
      {hint && <div class="hint">{hint}</div>}
      {rows.length > 0 && (
        <ul>
          {rows.map((row, at) => (
            <li key={at}>
              <div class="cells">
                {children(row, change(at), at, faults[at])}
                <Button kind="plain" icon={Trash2} label={`Remove ${one} ${at + 1}`} onClick={() => without(at)} />
              </div>
              <div class={faults[at] ? "fault" : undefined} aria-live="polite">
                {faults[at]}
              </div>
            </li>
          ))}
        </ul>
      )}
      {elsewhere && <div class="fault">{fault}</div>}
      <div>
        <button type="button" class="button small add" onClick={more}>
          <Icon of={Plus} />
          {add}
        </button>
      </div>
    </fieldset>
  );
}
