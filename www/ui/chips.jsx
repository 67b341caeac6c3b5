// A list of short texts: each is typed, then stands as a chip that can be taken away.
import { X } from "lucide";
import { useRef, useState } from "preact/hooks";
import { whenReleased } from "../lib/press.js";
import "./chips.css";
import { Field } from "./field.jsx";
import { Icon } from "./icon.jsx";

/**
 * The same with a label; while one is typed, its fault stands below.
 *
 * @param {{value: string[], onInput: (value: string[]) => void, check?: (text: string) => string | undefined, parts?: RegExp}} props
 *   `check` says what is wrong with one; `parts` is what ends one besides Enter, so that several can be pasted
 */
export function Chips({ label, hint, fault, optional, check, parts, ...box }) {
  const [draft, setDraft] = useState("");
  const draftFault = draft === "" ? undefined : check?.(draft);
  return (
    <Field label={label} hint={hint} fault={draftFault ?? fault} optional={optional}>
      {(tied) => <ChipsBox {...box} {...tied} check={check} parts={parts} onDraft={setDraft} />}
    </Field>
  );
}

/** The list alone, for where something else names it. */
export function ChipsBox({ value, onInput, check, parts, placeholder, onBlur, onDraft, ...tied }) {
  const [draft, setDraft] = useState("");
  const box = useRef(null);

  const add = (texts) => {
    const more = texts.map((text) => text.trim()).filter((text) => text !== "" && !value.includes(text));
    if (more.length > 0) onInput([...value, ...new Set(more)]);
  };
  const write = (text) => {
    setDraft(text);
    onDraft?.(text);
  };
  const typed = (text) => {
    const pieces = parts ? text.split(parts) : [text];
    write(pieces.pop());
    add(pieces);
  };
  const finish = () => {
    add([draft]);
    write("");
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && draft.trim() !== "") {
      event.preventDefault();
      finish();
    } else if (event.key === "Backspace" && draft === "" && value.length > 0) onInput(value.slice(0, -1));
  };
  const take = (at) => {
    onInput(value.filter((_, other) => other !== at));
    box.current?.querySelector("input")?.focus();
  };
  return (
    <div class={`chips${tied["aria-invalid"] ? " bad" : ""}`} ref={box}>
      {value.map((text, at) => (
        <span key={`${at} ${text}`} class={`chip${check?.(text) ? " bad" : ""}`}>
          <span class="cut">{text}</span>
          <button type="button" aria-label={`Remove ${text}`} onClick={() => take(at)}>
            <Icon of={X} />
          </button>
        </span>
      ))}
      <input
        {...tied}
        value={draft}
        placeholder={value.length === 0 ? placeholder : undefined}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        onInput={(event) => typed(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          // One chip more may take one line more.
          whenReleased(finish);
          onBlur?.();
        }}
      />
    </div>
  );
}
