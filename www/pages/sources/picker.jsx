// Choosing a provider among some hundred and fifty: a field that lists what fits as one types (the ARIA combobox).
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Field } from "../../ui/field.jsx";
import { CUSTOM, search } from "./search.js";

const OWN = { name: CUSTOM, title: "Custom signature" };

/** @param {{providers: object[], value: string, fault?: string, onInput: (name: string) => void, onBlur: () => void}} props */
export function Picker({ providers, value, fault, onInput, onBlur }) {
  const chosen = value === CUSTOM ? OWN : providers.find(({ name }) => name === value);
  // What was typed, or null where nothing is being looked for.
  const [typed, setTyped] = useState(null);
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const input = useRef(null);
  const id = useId();
  const isOpen = typed !== null;
  const found = isOpen ? [...search(providers, typed), OWN] : [];
  const current = Math.min(at, found.length - 1);

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current, isOpen]);
  // What is typed next stands in the place of what is chosen; selected any later, it would take a letter typed meanwhile along.
  useLayoutEffect(() => {
    if (!isOpen && input.current === document.activeElement) input.current.select();
  }, [isOpen]);

  const look = (text) => {
    setTyped(text);
    const stands = text === "" ? search(providers, "").findIndex(({ name }) => name === value) : 0;
    setAt(Math.max(0, stands));
  };
  const close = () => setTyped(null);
  const pick = (one) => {
    onInput(one.name);
    close();
  };

  const keys = {
    ArrowDown: () => (isOpen ? setAt(Math.min(current + 1, found.length - 1)) : look("")),
    ArrowUp: () => (isOpen ? setAt(Math.max(current - 1, 0)) : look("")),
    PageDown: () => isOpen && setAt(Math.min(current + 8, found.length - 1)),
    PageUp: () => isOpen && setAt(Math.max(current - 8, 0)),
    Enter: () => isOpen && pick(found[current]),
    Escape: () => isOpen && close(),
  };
  const onKeyDown = (event) => {
    if (!(event.key in keys)) return;
    // Enter in a closed field sends the form, as in every other.
    if (isOpen || event.key.startsWith("Arrow")) event.preventDefault();
    keys[event.key]();
  };

  return (
    <div class="src-picker">
      <Field label="Provider" hint="Who sends the webhooks. Type to search." fault={fault}>
        {(tied) => (
          <input
            {...tied}
            ref={input}
            class="input"
            role="combobox"
            aria-expanded={isOpen}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={isOpen ? `${id}-${found[current].name}` : undefined}
            autocomplete="off"
            spellcheck={false}
            placeholder="GitHub, Stripe, Shopify …"
            value={typed ?? chosen?.title ?? ""}
            onFocus={(event) => event.currentTarget.select()}
            onClick={() => !isOpen && look("")}
            onInput={(event) => look(event.currentTarget.value)}
            onKeyDown={onKeyDown}
            onBlur={() => {
              close();
              onBlur();
            }}
          />
        )}
      </Field>
      <div id={`${id}-list`} ref={list} class="src-picker-list" role="listbox" aria-label="Providers" hidden={!isOpen}>
        {found.map((one, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, where the focus stays
          <div
            key={one.name}
            id={`${id}-${one.name}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            class={one === OWN ? "src-own" : undefined}
            // The focus stays in the field.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(one)}
          >
            <span class="cut">{one.title}</span>
            <span class="soft small cut">{one === OWN ? "not in the list: describe it" : one.name}</span>
          </div>
        ))}
      </div>
      <div class="unseen" role="status">
        {isOpen ? `${found.length - 1} providers` : ""}
      </div>
    </div>
  );
}
