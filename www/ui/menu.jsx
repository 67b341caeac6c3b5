// Further actions behind a button: shown below it, until one is chosen or the focus goes elsewhere.
import { Ellipsis } from "lucide";
import { useId, useRef, useState } from "preact/hooks";
import { Button } from "./button.jsx";
import "./menu.css";

/** About as wide as its words are. */
const WIDTH = 240;

/** @param {{label: string, items: {words: string, run: () => void, danger?: boolean}[]}} props */
export function Menu({ label, items }) {
  const [open, setOpen] = useState(false);
  const [isLeft, setLeft] = useState(false);
  const element = useRef(null);
  const id = useId();
  if (items.length === 0) return null;
  const turn = () => {
    // It reaches to the left of its button, unless the window ends there.
    setLeft(element.current.getBoundingClientRect().right < WIDTH);
    setOpen(!open);
  };
  const close = () => {
    setOpen(false);
    element.current?.querySelector("button")?.focus();
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape" && open) close();
    const all = [...element.current.querySelectorAll("ul button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || all.length === 0) return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement);
    all[(at + step + all.length) % all.length].focus();
  };
  // biome-ignore-start lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside
  return (
    <div
      class="menu"
      ref={element}
      onKeyDown={onKeyDown}
      onFocusOut={(event) => element.current.contains(event.relatedTarget) || setOpen(false)}
    >
      <Button icon={Ellipsis} label={label} aria-expanded={open} aria-controls={id} onClick={turn} />
      <ul id={id} hidden={!open} class={isLeft ? "left" : undefined}>
        {items.map(({ words, run, danger }) => (
          <li key={words}>
            <button
              type="button"
              class={danger ? "danger" : undefined}
              onClick={() => {
                close();
                run();
              }}
            >
              {words}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
  // biome-ignore-end lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside
}
